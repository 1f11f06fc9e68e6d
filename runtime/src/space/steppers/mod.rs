//! Time steppers of semi-discrete equations `du/dt = L u + N(t, u)`, whose linear part is diagonal (or a small block) in each mode.
//!
//! One loop drives every method of the table [`METHODS`]; it knows nothing of how the equations were made ([`SplitEquations`]).
//! What a run ([`solve`]) guarantees:
//! - Saved times and the end time are hit exactly: a step that would pass one is shortened to end on it, also where the step is fixed.
//! - A fixed step is taken as it is given. Otherwise a step is accepted when, for every field, the root mean square over space of the
//!   estimated error is at most `atol + rtol·rms(u)`. Step sizes come from a ladder, so that coefficients are seldom computed anew.
//! - The state before a step is kept until the step is accepted: a run that fails ends on the last good state.
//! - `max_steps` bounds accepted and rejected steps together. Steps do not allocate, except for coefficients of a new step size.
mod coefficients;
mod combine;
mod equations;
mod implicit;
mod integrate;
mod methods;
mod multistep;
mod number;
mod phi;
mod runge_kutta;
mod strong_stability;
mod tableau;
mod tangents;
mod targets;
pub use equations::{Linear, SplitEquations, Symbol};
pub use implicit::ImplicitPart;
pub use integrate::{SplitProblem, SplitSink, StepSize};
pub use methods::{METHODS, SplitError, SplitMethod, solve};
pub use strong_stability::{
    BoundedEquations, BoundedProblem, BoundedStep, STRONG_STABILITY, Stage, StrongStability,
    solve_bounded,
};
pub use tangents::{Rests, TangentStepper};
