//! Outputs as sparse linear combinations of shared values: `out = N·v`, the form a reaction network has (`du = N·v`).

use super::{Number, Pool, Term};

/// `out[i] = Σ coefficient·values[k]` over the entries of row `i`. Values are shared between rows and never flattened into them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs {
    /// The shared values (fluxes, group totals, partial derivatives).
    pub values: Vec<Term>,
    /// `entries[starts[i]..starts[i + 1]]` is row `i`; length: rows + 1.
    pub starts: Vec<u32>,
    /// Position in `values`, and coefficient.
    pub entries: Vec<(u32, Number)>,
}

impl Outputs {
    /// No rows.
    pub fn new() -> Self {
        Outputs {
            values: Vec::new(),
            starts: vec![0],
            entries: Vec::new(),
        }
    }

    /// One row per term, coefficient 1.
    pub fn of_terms(terms: &[Term]) -> Self {
        let mut out = Outputs::new();
        for &t in terms {
            let value = out.add_value(t);
            out.add_row(&[(value, Number::ONE)]);
        }
        out
    }

    /// Adds a shared value and returns its position.
    pub fn add_value(&mut self, value: Term) -> u32 {
        self.values.push(value);
        (self.values.len() - 1) as u32
    }

    /// Adds a row.
    pub fn add_row(&mut self, row: &[(u32, Number)]) {
        self.entries.extend_from_slice(row);
        self.starts.push(self.entries.len() as u32);
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The entries of row `i`.
    pub fn row(&self, i: usize) -> &[(u32, Number)] {
        &self.entries[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    /// Row `i` as one term (flattens the shared values).
    pub fn row_term(&self, pool: &mut Pool, i: usize) -> Term {
        let terms: Vec<_> = self
            .row(i)
            .iter()
            .map(|(k, c)| (self.values[*k as usize], c.clone()))
            .collect();
        pool.linear(Number::ZERO, &terms)
    }
}
