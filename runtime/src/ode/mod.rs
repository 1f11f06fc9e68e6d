//! Initial value problems of ordinary differential equations.
mod methods;
pub use methods::{METHODS, Method, solve};
