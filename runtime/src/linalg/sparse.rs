//! Sparsity patterns by rows, and the pattern of Newton matrices `I − γJ` under an ordering of the states.

use ansatz_compiler::system::jacobian::Pattern;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::amd;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Marks an entry of a Newton matrix that the Jacobian does not have (on the diagonal, or a fill-in).
pub const ABSENT: u32 = u32::MAX;

/// A pivot is too small, or an entry is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallPivot;

/// Row `i` has its entries in the columns `columns[starts[i]..starts[i + 1]]`, ascending.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Length n + 1.
    pub starts: Vec<u32>,
    /// Column indices.
    pub columns: Vec<u32>,
}

impl Default for Rows {
    /// No rows.
    fn default() -> Self {
        Rows {
            starts: vec![0],
            columns: Vec::new(),
        }
    }
}

impl Rows {
    /// Ends the row that was being filled.
    pub fn end_row(&mut self) {
        self.starts.push(self.columns.len() as u32);
    }

    /// Where the entries of row `i` are.
    pub fn range(&self, i: usize) -> std::ops::Range<usize> {
        self.starts[i] as usize..self.starts[i + 1] as usize
    }
}

/// The pattern of `P(I − γJ)Pᵀ` by rows, diagonal included.
#[derive(Debug, Clone)]
pub struct NewtonPattern {
    /// Entries.
    pub rows: Rows,
    /// For each entry its position in the values of the Jacobian, or [`ABSENT`].
    pub source: Vec<u32>,
    /// Row `i` is the state `order[i]`.
    pub order: Vec<u32>,
}

impl NewtonPattern {
    /// Orders the states as `order` says.
    pub fn new(jacobian: &Pattern, order: Vec<u32>) -> Self {
        let n = jacobian.n;
        let mut position = vec![0; n];
        for (i, &state) in order.iter().enumerate() {
            position[state as usize] = i as u32;
        }
        let mut entries: Vec<Vec<(u32, u32)>> = (0..n as u32).map(|i| vec![(i, ABSENT)]).collect();
        for (&j, range) in position.iter().zip(jacobian.column_starts.windows(2)) {
            for k in range[0]..range[1] {
                let i = position[jacobian.row_indices[k as usize] as usize];
                let row = &mut entries[i as usize];
                if i == j {
                    row[0].1 = k;
                } else {
                    row.push((j, k));
                }
            }
        }
        let mut pattern = NewtonPattern {
            rows: Rows::default(),
            source: Vec::new(),
            order,
        };
        for row in &mut entries {
            row.sort_unstable();
            pattern.push_row(row);
        }
        pattern
    }

    fn push_row(&mut self, row: &[(u32, u32)]) {
        self.rows.columns.extend(row.iter().map(|entry| entry.0));
        self.source.extend(row.iter().map(|entry| entry.1));
        self.rows.end_row();
    }

    /// Adds every entry that Gaussian elimination without exchanges fills in.
    pub fn filled(&self) -> Self {
        let n = self.order.len();
        let mut filled = NewtonPattern {
            rows: Rows::default(),
            source: Vec::new(),
            order: self.order.clone(),
        };
        // Where the entries right of the diagonal start in the rows made so far.
        let mut right: Vec<u32> = Vec::with_capacity(n);
        let mut last_row_with = vec![ABSENT; n];
        let mut pending = BinaryHeap::new();
        let mut row: Vec<(u32, u32)> = Vec::new();
        for i in 0..n as u32 {
            row.clear();
            let mut add = |j: u32, source: u32, pending: &mut BinaryHeap<Reverse<u32>>| {
                if last_row_with[j as usize] != i {
                    last_row_with[j as usize] = i;
                    row.push((j, source));
                    if j < i {
                        pending.push(Reverse(j));
                    }
                }
            };
            for k in self.rows.range(i as usize) {
                add(self.rows.columns[k], self.source[k], &mut pending);
            }
            while let Some(Reverse(pivot)) = pending.pop() {
                for k in right[pivot as usize]..filled.rows.starts[pivot as usize + 1] {
                    add(filled.rows.columns[k as usize], ABSENT, &mut pending);
                }
            }
            row.sort_unstable();
            let start = filled.rows.columns.len();
            right.push((start + row.partition_point(|entry| entry.0 <= i)) as u32);
            filled.push_row(&row);
        }
        filled
    }
}

/// Approximate minimum degree ordering of `J + Jᵀ`, and the multiplications that a factorization in this order takes.
///
/// # References
/// P. R. Amestoy, T. A. Davis, I. S. Duff, *An approximate minimum degree ordering algorithm*, SIAM J. Matrix Anal.
/// Appl. 17 (1996) 886–905, doi:10.1137/S0895479894278952.
pub fn minimum_degree(jacobian: &Pattern) -> (Vec<u32>, f64) {
    let n = jacobian.n;
    let matrix = SymbolicSparseColMatRef::new_checked(
        n,
        n,
        &jacobian.column_starts,
        None,
        &jacobian.row_indices,
    );
    let (mut order, mut inverse) = (vec![0u32; n], vec![0u32; n]);
    let mut memory = MemBuffer::new(amd::order_scratch::<u32>(n, jacobian.row_indices.len()));
    let cost = amd::order(
        &mut order,
        &mut inverse,
        matrix,
        amd::Control::default(),
        MemStack::new(&mut memory),
    )
    .expect("the pattern fits in memory");
    (order, cost.n_mult_subs_lu)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Pattern and values of a nonsymmetric Jacobian of an n × n grid, without some diagonal entries.
    pub(crate) fn grid_jacobian(side: usize) -> (Pattern, Vec<f64>) {
        let n = side * side;
        let mut pattern = Pattern {
            n,
            column_starts: vec![0],
            row_indices: Vec::new(),
        };
        let mut values = Vec::new();
        for j in 0..n {
            let (x, y) = (j % side, j / side);
            let neighbours = [
                (y > 0).then(|| j - side),
                (x > 0).then(|| j - 1),
                (j % 5 > 0).then_some(j),
                (x + 1 < side).then(|| j + 1),
                (y + 1 < side).then(|| j + side),
            ];
            for i in neighbours.into_iter().flatten() {
                pattern.row_indices.push(i as u32);
                values.push(if i == j {
                    -4.0
                } else {
                    1.0 + 0.1 * (i as f64).sin() + 0.3 * (j as f64).cos()
                });
            }
            pattern.column_starts.push(pattern.row_indices.len() as u32);
        }
        (pattern, values)
    }

    /// `(I − γJ)·x`
    pub(crate) fn multiply(pattern: &Pattern, values: &[f64], gamma: f64, x: &[f64]) -> Vec<f64> {
        let mut out = x.to_vec();
        for (j, range) in pattern.column_starts.windows(2).enumerate() {
            for k in range[0] as usize..range[1] as usize {
                out[pattern.row_indices[k] as usize] -= gamma * values[k] * x[j];
            }
        }
        out
    }

    #[test]
    fn newton_pattern_has_every_entry_once_and_a_diagonal() {
        let (jacobian, _) = grid_jacobian(6);
        let (order, _) = minimum_degree(&jacobian);
        let pattern = NewtonPattern::new(&jacobian, order);
        let mut found: Vec<u32> = pattern
            .source
            .iter()
            .copied()
            .filter(|&k| k != ABSENT)
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            (0..jacobian.row_indices.len() as u32).collect::<Vec<_>>()
        );
        for i in 0..jacobian.n {
            let row = &pattern.rows.columns[pattern.rows.range(i)];
            assert!(row.contains(&(i as u32)) && row.is_sorted());
        }
    }
}
