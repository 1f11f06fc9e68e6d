//! What the one adaptive loop asks of a method.
use crate::{failure::Failure, problem::Problem, solution::Counts};

/// A method with its state. Workspaces are allocated by its constructor; steps do not allocate.
pub trait Stepper {
    /// Name and linear solver, as reported (`Tsit5`, `BDF, GMRES with ILU`).
    fn name(&self) -> String;
    /// Takes one accepted step (error control and rejections inside), never past `problem.t_end`.
    ///
    /// # Errors
    /// The step could not be made; `t` and `u` still hold the last accepted state.
    fn advance(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure>;
    /// Time reached.
    fn t(&self) -> f64;
    /// State reached.
    fn u(&self) -> &[f64];
    /// The state at a time within the last step, to the accuracy of the method (dense output).
    fn interpolate(&self, t: f64, out: &mut [f64]);
    /// Size of the last step, for the start of a method that takes over.
    fn last_step(&self) -> f64;
}
