//! Initial value problems of ordinary differential equations.
//!
//! One adaptive loop drives every method ([`Stepper`]) of the table [`METHODS`]. What a run ([`solve`]) guarantees:
//! - Saved times never steer the steps: a run with other saved times takes the same steps. States within a step come from dense output
//!   of about the accuracy of the method; states at the ends of steps, and at `t0` and `t_end`, are the states themselves.
//! - It ends exactly at `t_end`. Saved times before `t0` or after `t_end` are left out.
//! - The sink gets ascending times, and each as soon as it is passed: when a run fails or is interrupted, all saved times up to the time
//!   reached have been delivered.
//! - `max_steps` bounds accepted and rejected steps together. A step is accepted when the root mean square over the states of
//!   `error / (atol + rtol·max(|u_old|, |u_new|))` is at most 1 and all values are finite (BDF weighs by `|u_old|`).
//! - Memory is allocated when a method starts, not in its steps. The same problem gives the same bits.
mod auto;
mod bdf;
mod bdf_coefficients;
mod combination;
mod conservation;
pub(crate) mod control;
mod explicit_rk;
mod integrate;
mod krylov;
mod methods;
mod newton;
mod newton_matrix;
mod nordsieck;
mod one_step;
mod rock;
mod rosenbrock;
mod stepper;
mod tableau;
pub use bdf::Bdf;
pub use methods::{METHODS, Method, Order, solve};
pub use newton_matrix::LinearSolver;
pub use stepper::{Start, Stepper};
