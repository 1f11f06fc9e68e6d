//! Initial value problems of ordinary differential equations.
mod methods;
mod stepper;
pub use methods::{METHODS, Method, solve};
pub use stepper::Stepper;
