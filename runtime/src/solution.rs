//! What came out of a run, beside the trajectory.

/// Counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted steps.
    pub steps: u64,
    /// Rejected steps (error test).
    pub rejected: u64,
    /// Right-hand side evaluations.
    pub rhs: u64,
    /// Jacobian evaluations.
    pub jacobian: u64,
    /// Jacobian-vector products.
    pub jvp: u64,
    /// Matrix factorizations, preconditioner set-ups included.
    pub factorizations: u64,
    /// Iterations of linear solvers.
    pub linear_iterations: u64,
    /// Newton iterations.
    pub newton_iterations: u64,
    /// Newton failures.
    pub newton_failures: u64,
}

impl Counts {
    /// The sum.
    pub fn plus(&self, other: &Counts) -> Counts {
        Counts {
            steps: self.steps + other.steps,
            rejected: self.rejected + other.rejected,
            rhs: self.rhs + other.rhs,
            jacobian: self.jacobian + other.jacobian,
            jvp: self.jvp + other.jvp,
            factorizations: self.factorizations + other.factorizations,
            linear_iterations: self.linear_iterations + other.linear_iterations,
            newton_iterations: self.newton_iterations + other.newton_iterations,
            newton_failures: self.newton_failures + other.newton_failures,
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The method that finished the run (`Tsit5`, `Rodas5P`, `BDF`), and with which linear solver.
    pub method: String,
    /// Why `auto` chose it, and any switches; empty when the user chose.
    pub reason: String,
    /// Counts.
    pub counts: Counts,
    /// Time reached.
    pub t: f64,
    /// State reached; of split equations nothing.
    pub u: Vec<f64>,
    /// `None`: reached the end.
    pub failure: Option<crate::failure::Failure>,
}
