//! The entry: model to system.
use super::System;
use crate::{diagnostic::Diagnostics, model::Model};

/// Builds the rate equations (ODE interpretation) of a model.
pub fn assemble(_model: Model, _diagnostics: &mut Diagnostics) -> System {
    todo!()
}
