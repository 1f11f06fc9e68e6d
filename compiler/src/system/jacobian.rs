//! The sparse analytic Jacobian, as shared partial derivatives and combinations of them.
use super::equations::System;
use crate::terms::{Outputs, SymbolId};

/// Sparsity pattern in compressed column form, rows sorted in each column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pattern {
    /// Matrix is n × n.
    pub n: usize,
    /// Column j holds `row_indices[column_starts[j]..column_starts[j + 1]]`.
    pub column_starts: Vec<u32>,
    /// Row indices.
    pub row_indices: Vec<u32>,
}

/// The Jacobian: entry k of the pattern is row k of `values`.
#[derive(Debug, Clone)]
pub struct Jacobian {
    /// Where the entries stand.
    pub pattern: Pattern,
    /// Their values.
    pub values: Outputs,
}

/// `∂f/∂u`.
pub fn jacobian(_system: &mut System) -> Jacobian {
    todo!()
}
/// `J·v`: one row per state, over the symbols of the direction returned with it (one per state).
pub fn jacobian_vector_product(_system: &mut System) -> (Outputs, Vec<SymbolId>) {
    todo!()
}
/// `∂f/∂t`, or `None` when the system is autonomous.
pub fn time_derivative(_system: &mut System) -> Option<Outputs> {
    todo!()
}
