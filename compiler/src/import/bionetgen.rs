//! BioNetGen `.net` files, read line by line.
use crate::{diagnostic::Diagnostics, source::Source, syntax::Ast};

/// A mistake in a `.net` file.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ImportError {}

/// Reads a `.net` file.
pub fn import_net(_source: &Source, _diagnostics: &mut Diagnostics) -> Ast {
    todo!()
}
