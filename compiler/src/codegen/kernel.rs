//! Compiled code as a safe callable. The only `unsafe` of the project is here.
use crate::terms::{Outputs, Pool, SymbolId};
use std::sync::Arc;

/// Which symbol stands where in the arguments of a kernel.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Time.
    pub time: Option<SymbolId>,
    /// `u[i]`
    pub states: Vec<SymbolId>,
    /// `p[i]`
    pub parameters: Vec<SymbolId>,
    /// `v[i]`, for Jacobian-vector products; empty otherwise.
    pub direction: Vec<SymbolId>,
}

/// How a kernel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Levelled tables walked by loops: ready at once.
    Tables,
    /// Machine code, compiled before the first evaluation.
    MachineCode,
    /// Tables first, machine code once enough evaluations have been made to pay for compiling. Deterministic: it counts, it does not measure.
    /// Both tiers give the same bits.
    Auto,
}

/// A compiled set of outputs; cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Kernel {
    _inner: Arc<()>,
}

/// Compiles outputs. Subterms that depend on parameters only are computed once per [`Kernel::evaluator`].
pub fn compile(_pool: &Pool, _outputs: &Outputs, _inputs: &Inputs, _tier: Tier) -> Kernel {
    todo!()
}

impl Kernel {
    /// Number of outputs.
    pub fn n_outputs(&self) -> usize {
        todo!()
    }
    /// Operations per evaluation, and per parameter change.
    pub fn operation_counts(&self) -> (usize, usize) {
        todo!()
    }
    /// Fixes the parameters.
    pub fn evaluator(&self, _parameters: &[f64]) -> Evaluator {
        todo!()
    }
}

/// A kernel with its parameters folded and its scratch space.
pub struct Evaluator {
    _kernel: Kernel,
}

impl Evaluator {
    /// `out = outputs(t, u)`; `out` has length `n_outputs`.
    pub fn eval(&mut self, _t: f64, _u: &[f64], _out: &mut [f64]) {
        todo!()
    }
    /// `out = outputs(t, u, v)` for kernels with a direction.
    pub fn eval_along(&mut self, _t: f64, _u: &[f64], _v: &[f64], _out: &mut [f64]) {
        todo!()
    }
    /// Changes the parameters.
    pub fn set_parameters(&mut self, _parameters: &[f64]) {
        todo!()
    }
}

impl std::fmt::Display for Kernel {
    /// The tape as stable text (`show --stage kernel`).
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
