//! Where a run can be taken up again: its state at a time at which a leg ends.
//!
//! A run with checkpoints begins anew at each of them, with steps chosen as at the start. So it makes no difference to a single bit whether it
//! was interrupted there.

use crate::solution::Counts;

/// The state of a run at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Time.
    pub t: f64,
    /// Counts up to then.
    pub counts: Counts,
    /// The state as the method keeps it: nodes, or real and imaginary parts of modes.
    pub state: Vec<f64>,
}

/// Called with every checkpoint.
pub type Keep<'a> = dyn FnMut(&Checkpoint) + 'a;

/// Checkpoints of a run.
pub struct Checkpoints<'a> {
    /// Time from one to the next.
    pub every: f64,
    /// What to do with them.
    pub keep: &'a mut Keep<'a>,
}

impl Checkpoints<'_> {
    /// The time of the next checkpoint.
    pub(super) fn after(&self, t: f64) -> f64 {
        // A time that was reached is a multiple up to rounding.
        const SLACK: f64 = 1e-9;
        ((t / self.every + SLACK).floor() + 1.0) * self.every
    }
}
