//! The sparse analytic Jacobian, as shared partial derivatives and combinations of them.
//!
//! With `f = N·v(u)` the Jacobian is `N·∂v/∂u`: the partial derivatives of the shared values stay shared between the rows
//! that a value goes to, and factored values keep their factors.
use rustc_hash::FxHashMap;

use super::equations::System;
use crate::terms::{Number, Outputs, SymbolId, Term};

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
pub fn jacobian(system: &mut System) -> Jacobian {
    let rhs = system.right_hand_side();
    let partials = partials(system, &rhs.values);
    let columns = Contributions::of(&rhs, &partials, system.states.len());
    columns.combine(&rhs, partials.values)
}

/// The partial derivatives of shared values.
struct Partials {
    /// Distinct derivatives.
    values: Vec<Term>,
    /// `entries[starts[k]..starts[k + 1]]` belong to shared value k.
    starts: Vec<u32>,
    /// State, and position in `values`.
    entries: Vec<(u32, u32)>,
}

impl Partials {
    fn of(&self, value: u32) -> &[(u32, u32)] {
        let k = value as usize;
        &self.entries[self.starts[k] as usize..self.starts[k + 1] as usize]
    }
}

fn partials(system: &mut System, values: &[Term]) -> Partials {
    let symbols: Vec<SymbolId> = system.states.iter().map(|s| s.symbol).collect();
    let rows = system.pool.jacobian(values, &symbols);
    let mut positions = vec![u32::MAX; system.pool.len()];
    let mut distinct = Vec::new();
    let entries = rows.entries.iter().map(|&(state, derivative)| {
        let position = &mut positions[derivative.index()];
        if *position == u32::MAX {
            *position = distinct.len() as u32;
            distinct.push(derivative);
        }
        (state, *position)
    });
    Partials {
        entries: entries.collect(),
        starts: rows.starts,
        values: distinct,
    }
}

/// All products of a coefficient and a partial derivative, sorted by column and then row.
struct Contributions {
    n: usize,
    starts: Vec<u32>,
    entries: Vec<Contribution>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Contribution {
    row: u32,
    /// Position of the derivative.
    partial: u32,
    /// Position of the coefficient in the entries of the right-hand side.
    coefficient: u32,
}

impl Contributions {
    /// Rows are visited in order and dealt out to their columns, so that no sorting is needed.
    fn of(rhs: &Outputs, partials: &Partials, n: usize) -> Self {
        let mut starts = vec![0u32; n + 1];
        for (value, _) in &rhs.entries {
            for (column, _) in partials.of(*value) {
                starts[*column as usize + 1] += 1;
            }
        }
        for j in 0..n {
            starts[j + 1] += starts[j];
        }
        let mut next = starts.clone();
        let mut entries = vec![Contribution::default(); starts[n] as usize];
        for i in 0..rhs.n_rows() {
            for coefficient in rhs.starts[i]..rhs.starts[i + 1] {
                for &(column, partial) in partials.of(rhs.entries[coefficient as usize].0) {
                    let position = &mut next[column as usize];
                    entries[*position as usize] = Contribution {
                        row: i as u32,
                        partial,
                        coefficient,
                    };
                    *position += 1;
                }
            }
        }
        Contributions { n, starts, entries }
    }

    /// Sums what falls on the same entry; entries that cancel are not part of the pattern.
    fn combine(mut self, rhs: &Outputs, values: Vec<Term>) -> Jacobian {
        let mut out = Outputs::new();
        out.values = values;
        out.entries.reserve(self.entries.len());
        let mut pattern = Pattern {
            n: self.n,
            column_starts: vec![0],
            row_indices: Vec::new(),
        };
        let mut row = Vec::new();
        for j in 0..self.n {
            let column = &mut self.entries[self.starts[j] as usize..self.starts[j + 1] as usize];
            for run in column.chunk_by_mut(|a, b| a.row == b.row) {
                combine_run(rhs, run, &mut row);
                if !row.is_empty() {
                    out.add_row(&row);
                    pattern.row_indices.push(run[0].row);
                }
            }
            pattern.column_starts.push(pattern.row_indices.len() as u32);
        }
        Jacobian {
            pattern,
            values: out,
        }
    }
}

/// `Σ coefficient·partial` of one entry, equal partials together.
fn combine_run(rhs: &Outputs, run: &mut [Contribution], row: &mut Vec<(u32, Number)>) {
    run.sort_unstable_by_key(|c| (c.partial, c.coefficient));
    row.clear();
    for same in run.chunk_by(|a, b| a.partial == b.partial) {
        let mut sum = rhs.entries[same[0].coefficient as usize].1.clone();
        for more in &same[1..] {
            sum = &sum + &rhs.entries[more.coefficient as usize].1;
        }
        if !sum.is_zero() {
            row.push((same[0].partial, sum));
        }
    }
}

/// `J·v`: one row per state, over the symbols of the direction returned with it (one per state).
///
/// The derivation is applied to the factored values, whose structure it keeps.
pub fn jacobian_vector_product(system: &mut System) -> (Outputs, Vec<SymbolId>) {
    let mut rhs = system.right_hand_side();
    let mut direction = Vec::with_capacity(system.states.len());
    let mut along = FxHashMap::default();
    for state in &system.states {
        // No name in a model has brackets, so these symbols are new.
        let symbol = system.pool.symbol(&format!("d({})", state.name));
        direction.push(symbol);
        along.insert(state.symbol, system.pool.var(symbol));
    }
    rhs.values = system.pool.derivation(&rhs.values, &along);
    (without_zeros(system, rhs), direction)
}

/// `∂f/∂t`, or `None` when the system is autonomous.
pub fn time_derivative(system: &mut System) -> Option<Outputs> {
    let mut rhs = system.right_hand_side();
    if !system.pool.symbols_in(&rhs.values).contains(&system.time) {
        return None;
    }
    let one = system.pool.int(1);
    let clock = FxHashMap::from_iter([(system.time, one)]);
    rhs.values = system.pool.derivation(&rhs.values, &clock);
    let rhs = without_zeros(system, rhs);
    (!rhs.entries.is_empty()).then_some(rhs)
}

/// Drops the values that are zero.
fn without_zeros(system: &System, outputs: Outputs) -> Outputs {
    let is_zero = |t: Term| system.pool.as_number(t).is_some_and(Number::is_zero);
    let mut out = Outputs::new();
    let mut kept = vec![None; outputs.values.len()];
    for (k, &value) in outputs.values.iter().enumerate() {
        if !is_zero(value) {
            kept[k] = Some(out.add_value(value));
        }
    }
    let mut row = Vec::new();
    for i in 0..outputs.n_rows() {
        row.clear();
        let entries = outputs.row(i).iter();
        row.extend(entries.filter_map(|(k, c)| Some((kept[*k as usize]?, c.clone()))));
        out.add_row(&row);
    }
    out
}
