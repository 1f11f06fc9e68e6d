//! Initial value problems of ordinary differential equations.
mod combination;
mod control;
mod explicit_rk;
mod integrate;
mod methods;
mod rosenbrock;
mod stepper;
mod tableau;
pub use methods::{METHODS, Method, Order, solve};
pub use stepper::{Start, Stepper};
