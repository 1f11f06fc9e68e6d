//! What the one adaptive loop asks of a method.
use crate::{failure::Failure, problem::Problem, solution::Counts};

/// Where a method begins.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// Time.
    pub t: f64,
    /// State.
    pub u: &'a [f64],
    /// First step to try; `None`: the method finds one.
    pub h: Option<f64>,
}

/// A method with its state. Workspaces are allocated by its constructor; steps do not allocate.
pub trait Stepper {
    /// Name and linear solver, as reported (`Tsit5`, `BDF, GMRES with ILU`).
    fn name(&self) -> String;
    /// Takes one accepted step (error control and rejections inside), never past `problem.t_end` and exactly onto it at last.
    /// The step does not depend on the times to be saved.
    ///
    /// # Errors
    /// The step could not be made; `t` and `u` still hold the last accepted state.
    fn advance(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure>;
    /// Time reached.
    fn t(&self) -> f64;
    /// State reached.
    fn u(&self) -> &[f64];
    /// Called once after a step, before the first [`Stepper::interpolate`] in it: the place for evaluations that only dense output needs.
    fn prepare_dense(&mut self, _problem: &mut Problem<'_>, _counts: &mut Counts) {}
    /// The state at a time within the last step, to the accuracy of the method (dense output).
    fn interpolate(&self, t: f64, out: &mut [f64]);
    /// Size of the last step, for the start of a method that takes over.
    fn last_step(&self) -> f64;
    /// Values of the Jacobian at the beginning of the last step, from methods that evaluate them there.
    fn jacobian(&self) -> Option<&[f64]> {
        None
    }
    /// Position of the component with the largest error in the last step tried, for messages.
    fn worst_component(&self, problem: &Problem<'_>) -> usize;
}
