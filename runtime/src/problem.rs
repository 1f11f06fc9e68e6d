//! What a solver may know: sizes, right-hand side, Jacobian, sparsity, conserved totals.

use ansatz_compiler::system::conservation::ConservedTotal;
use ansatz_compiler::system::jacobian::Pattern;

/// `du/dt = f(t, u)` with its derivatives. Implemented by compiled programs ([`crate::experiment`]) and, in tests, by hand.
pub trait Equations {
    /// Length of `u`.
    fn n_states(&self) -> usize;
    /// `du = f(t, u)`; both of length `n_states`.
    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]);
    /// Sparsity of `∂f/∂u`.
    fn pattern(&self) -> &Pattern;
    /// Non-zeros of `∂f/∂u` in pattern order (compressed columns).
    fn jacobian(&mut self, t: f64, u: &[f64], values: &mut [f64]);
    /// `jv = ∂f/∂u(t, u)·v`
    fn jvp(&mut self, t: f64, u: &[f64], v: &[f64], jv: &mut [f64]);
    /// `dfdt = ∂f/∂t`; returns false, and leaves `dfdt` alone, when the system is autonomous.
    fn time_derivative(&mut self, t: f64, u: &[f64], dfdt: &mut [f64]) -> bool;
    /// Gets ready to apply `(I − γL)⁻¹`, where L is a part of the Jacobian that stays the same; false: there is none.
    fn set_up_preconditioner(&mut self, _gamma: f64) -> bool {
        false
    }
    /// `b = (I − γL)⁻¹ b` for the `γ` of the last set-up that succeeded.
    fn precondition(&mut self, _b: &mut [f64]) {}
}

/// An initial value problem with what the user asked of its solution.
pub struct Problem<'a> {
    /// The equations.
    pub equations: &'a mut dyn Equations,
    /// Start time.
    pub t0: f64,
    /// End time; may be before `t0` never.
    pub t_end: f64,
    /// Initial state.
    pub u0: &'a [f64],
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance per state.
    pub atol: &'a [f64],
    /// Linear invariants that the solution keeps.
    pub conserved: &'a [ConservedTotal],
    /// Limit on steps.
    pub max_steps: u64,
    /// Times at which the solution is wanted, ascending; `None`: at every step.
    pub save_at: Option<&'a [f64]>,
    /// Asked between steps with the time reached; returning `true` stops the run (Ctrl-C, progress display).
    pub interrupt: &'a mut dyn FnMut(f64) -> bool,
}

/// Where a solver puts saved states: called with ascending times.
pub type Sink<'a> = dyn FnMut(f64, &[f64]) + 'a;
