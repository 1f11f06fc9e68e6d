//! Ensemble Kalman filters and smoothers: states of a model from partial, sparse and noisy observations.
//!
//! The filter is given observations and the model, nothing else: it cannot see the truth.

mod cycle;
mod weights;

pub use cycle::{Assimilated, Filter, Prior, assimilate};
pub use weights::{Scheme, taper};
