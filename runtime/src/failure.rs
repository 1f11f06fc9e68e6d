//! Numerical trouble, named with time, step and the worst component.

/// Why a run stopped early. `state` is the position of the worst component.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Failure {
    #[error("the step size fell to {h:e} at t = {t}")]
    StepTooSmall { t: f64, h: f64, state: usize },
    #[error("Newton's iteration failed at t = {t} with step {h:e}")]
    NewtonDiverged { t: f64, h: f64, state: usize },
    #[error("a value is not finite at t = {t}")]
    NotFinite { t: f64, h: f64, state: usize },
    #[error("{steps} steps were not enough: t = {t} reached")]
    TooManySteps {
        t: f64,
        h: f64,
        steps: u64,
        state: usize,
    },
    #[error("stopped at t = {t}")]
    Interrupted { t: f64 },
}
