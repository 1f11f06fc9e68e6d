//! Numerical trouble, named with time, step and the worst component.

/// Why a run stopped early. `state` is the position of the worst component.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Failure {
    #[error("the step size fell to {h:e} at t = {t}")]
    StepTooSmall { t: f64, h: f64, state: usize },
    #[error("Newton's iteration failed at t = {t} with step {h:e}")]
    NewtonDiverged { t: f64, h: f64, state: usize },
    #[error("the step {h:e} is longer than {largest:e}, the longest stable one, at t = {t}")]
    StepTooLong {
        t: f64,
        h: f64,
        largest: f64,
        state: usize,
    },
    #[error("a value is not finite at t = {t} with step {h:e}")]
    NotFinite { t: f64, h: f64, state: usize },
    #[error("{steps} steps were not enough: t = {t} reached with step {h:e}")]
    TooManySteps {
        t: f64,
        h: f64,
        steps: u64,
        state: usize,
    },
    #[error("stopped at t = {t}")]
    Interrupted { t: f64 },
}

impl Failure {
    /// Position of the worst component, where there is one.
    pub fn worst_state(&self) -> Option<usize> {
        match *self {
            Failure::StepTooSmall { state, .. }
            | Failure::NewtonDiverged { state, .. }
            | Failure::NotFinite { state, .. }
            | Failure::StepTooLong { state, .. }
            | Failure::TooManySteps { state, .. } => Some(state),
            Failure::Interrupted { .. } => None,
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Failure::StepTooSmall { .. } => {
                "the solution may blow up there: look at the last rows, or relax `atol`"
            }
            Failure::NewtonDiverged { .. } => {
                "look for jumps or poles in the equations near that time, or relax `rtol`"
            }
            Failure::StepTooLong { .. } => {
                "give a shorter `dt`, or none: the longest stable step is then taken"
            }
            Failure::NotFinite { .. } => {
                "look for a division by zero or the logarithm of a negative number near that time"
            }
            Failure::TooManySteps { .. } => {
                "raise `max_steps`, relax `rtol`, or try another `solver`"
            }
            Failure::Interrupted { .. } => "run again to go on from the start",
        }
    }
}
