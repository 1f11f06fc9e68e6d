//! What leaves the compiler: kernels, layout, initial values, experiments: all that a solver needs.

use crate::codegen::Kernel;
use crate::model::entities::{Parameter, Plot, Simulate, State};
use crate::system::conservation::ConservedTotal;
use crate::system::jacobian::Pattern;
use crate::terms::{Pool, SymbolId};

/// A compiled model.
pub struct Program {
    /// Model name.
    pub name: String,
    /// Terms of initial values, parameter expressions and plot curves, evaluated once per run by the interpreter.
    pub pool: Pool,
    /// Time.
    pub time: SymbolId,
    /// Parameters.
    pub parameters: Vec<Parameter>,
    /// States; `u[i]`.
    pub states: Vec<State>,
    /// Names (and units, docs) of the observables, in order.
    pub observable_names: Vec<String>,
    /// `du = f(t, u, p)`
    pub rhs: Kernel,
    /// Non-zeros of `∂f/∂u` in pattern order.
    pub jacobian: Kernel,
    /// Where they stand.
    pub pattern: Pattern,
    /// `J·v`
    pub jvp: Kernel,
    /// `∂f/∂t`; `None`: autonomous.
    pub time_derivative: Option<Kernel>,
    /// Observables.
    pub observables: Kernel,
    /// Conserved totals.
    pub conserved: Vec<ConservedTotal>,
    /// `simulate` experiments.
    pub experiments: Vec<Simulate>,
    /// Plots.
    pub plots: Vec<Plot>,
    /// Plot curves: for each plot its curves, then its abscissa.
    pub plot_curves: Vec<Kernel>,
}
