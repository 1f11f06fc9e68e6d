//! Initial value problems of ordinary differential equations.
mod bdf;
mod bdf_coefficients;
mod combination;
mod control;
mod explicit_rk;
mod integrate;
mod krylov;
mod methods;
mod newton;
mod newton_matrix;
mod nordsieck;
mod rosenbrock;
mod stepper;
mod tableau;
pub use bdf::Bdf;
pub use methods::{METHODS, Method, Order, solve};
pub use newton_matrix::LinearSolver;
pub use stepper::{Start, Stepper};
