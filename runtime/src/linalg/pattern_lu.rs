//! LU factorization of Newton matrices on a fixed pattern: sparse without exchanges, then dense with them.

use super::dense::DenseLu;
use super::sparse::{ABSENT, NewtonPattern, Rows, SmallPivot};

/// A pivot smaller than this part of its row's largest entry ends the factorization: it would lose half of the digits.
const SMALLEST_PIVOT: f64 = 1e-8;
/// Part of the entries present from which a block at the end is treated as dense.
const DENSE_BLOCK: f64 = 0.8;

/// The factors of `P(I − γJ)Pᵀ = LU`, `L` with unit diagonal. Elimination in minimum degree order fills a block at the end; it is
/// factored as a dense matrix, with exchanges of rows. What comes before is stored by rows, in fixed order.
///
/// # References
/// T. A. Davis, *Direct Methods for Sparse Linear Systems*, SIAM 2006, chapter 6, doi:10.1137/1.9780898718881; the loops are
/// those of Y. Saad, *Iterative Methods for Sparse Linear Systems*, 2nd ed., SIAM 2003, algorithm 10.3 (IKJ),
/// doi:10.1137/1.9780898718003.
pub struct PatternLu {
    /// Entries left of the diagonal and of the dense block.
    lower: Entries,
    /// Entries right of the diagonal in the rows before the dense block.
    upper: Entries,
    diagonal_source: Vec<u32>,
    /// Of the rows before the dense block.
    inverse_diagonal: Vec<f64>,
    block: DenseLu,
    /// For each entry of the dense block, by rows, its position in the values of the Jacobian, or `ABSENT`.
    block_source: Vec<u32>,
    /// Row `i` is the state `order[i]`.
    order: Vec<u32>,
    /// One row of the matrix during the factorization, one vector during a solution.
    work: Vec<f64>,
}

/// Part of a triangle, by rows.
#[derive(Debug, Clone, Default)]
struct Entries {
    rows: Rows,
    /// For each entry its position in the values of the Jacobian, or `ABSENT`.
    source: Vec<u32>,
    values: Vec<f64>,
    /// The rows that have entries.
    filled: Vec<u32>,
}

impl PatternLu {
    /// Allocates factors for exactly this pattern: complete if it is [filled](NewtonPattern::filled).
    pub fn new(pattern: &NewtonPattern) -> Self {
        let n = pattern.order.len();
        let first = first_of_dense_block(&pattern.rows, n);
        let (mut lower, mut upper) = (Entries::default(), Entries::default());
        let mut diagonal_source = Vec::with_capacity(n);
        let size = n - first;
        let mut block_source = vec![ABSENT; size * size];
        for i in 0..n {
            for k in pattern.rows.range(i) {
                let (j, source) = (pattern.rows.columns[k] as usize, pattern.source[k]);
                if j == i {
                    diagonal_source.push(source);
                }
                if i >= first && j >= first {
                    block_source[(i - first) * size + j - first] = source;
                } else if j < i {
                    lower.push(j, source);
                } else if j > i {
                    upper.push(j, source);
                }
            }
            lower.end_row();
            upper.end_row();
        }
        PatternLu {
            lower,
            upper,
            diagonal_source,
            inverse_diagonal: vec![1.0; first],
            block: DenseLu::new(size),
            block_source,
            order: pattern.order.clone(),
            work: vec![0.0; n],
        }
    }

    /// Factors `I − γJ` from the values of the Jacobian in its pattern's order.
    ///
    /// # Errors
    /// A pivot is too small or not finite.
    pub fn factor(&mut self, jacobian: &[f64], gamma: f64) -> Result<(), SmallPivot> {
        // An absent entry is out of bounds.
        let entry = |source: u32| -gamma * jacobian.get(source as usize).copied().unwrap_or(0.0);
        let (row, lower, upper) = (&mut self.work[..], &mut self.lower, &mut self.upper);
        let first = self.inverse_diagonal.len();
        for i in 0..first {
            // Every entry of the row is set here, so what updates leave in other columns of `row` is never read.
            lower.scatter(i, entry, row);
            upper.scatter(i, entry, row);
            row[i] = 1.0 + entry(self.diagonal_source[i]);
            lower.eliminate(i, upper, &self.inverse_diagonal, row);
            let largest = upper.gather(i, row).max(row[i].abs());
            if !(row[i].abs() > SMALLEST_PIVOT * largest && largest.is_finite()) {
                return Err(SmallPivot);
            }
            self.inverse_diagonal[i] = 1.0 / row[i];
        }
        let size = row.len() - first;
        let fill = |block: &mut [f64]| {
            for (i, sources) in self.block_source.chunks_exact(size.max(1)).enumerate() {
                lower.scatter(first + i, entry, row);
                for (x, &source) in row[first..].iter_mut().zip(sources) {
                    *x = entry(source);
                }
                row[first + i] += 1.0;
                lower.eliminate(first + i, upper, &self.inverse_diagonal, row);
                for (column, x) in block.chunks_exact_mut(size.max(1)).zip(&row[first..]) {
                    column[i] = *x;
                }
            }
        };
        self.block.factor(fill).map_err(|_| SmallPivot)
    }

    /// `b = (LU)⁻¹ b`
    pub fn solve(&mut self, b: &mut [f64]) {
        let x = &mut self.work[..];
        for (x, &state) in x.iter_mut().zip(&self.order) {
            *x = b[state as usize];
        }
        for &i in &self.lower.filled {
            x[i as usize] -= self.lower.row_dot(i as usize, x);
        }
        let first = self.inverse_diagonal.len();
        self.block.solve(&mut x[first..]);
        for i in (0..first).rev() {
            x[i] = (x[i] - self.upper.row_dot(i, x)) * self.inverse_diagonal[i];
        }
        for (x, &state) in x.iter().zip(&self.order) {
            b[state as usize] = *x;
        }
    }
}

/// Where the largest block at the end begins that is dense enough.
fn first_of_dense_block(rows: &Rows, n: usize) -> usize {
    // Entry (i, j) is in the blocks that begin at or before min(i, j).
    let mut entering = vec![0u32; n];
    for i in 0..n {
        for k in rows.range(i) {
            entering[i.min(rows.columns[k] as usize)] += 1;
        }
    }
    let (mut first, mut entries) = (n, 0.0);
    for begin in (0..n).rev() {
        entries += f64::from(entering[begin]);
        let size = (n - begin) as f64;
        if entries >= DENSE_BLOCK * size * size {
            first = begin;
        }
    }
    first
}

impl Entries {
    fn push(&mut self, column: usize, source: u32) {
        self.rows.columns.push(column as u32);
        self.source.push(source);
        self.values.push(0.0);
    }

    fn end_row(&mut self) {
        let row = self.rows.starts.len() - 1;
        if self.rows.columns.len() as u32 > self.rows.starts[row] {
            self.filled.push(row as u32);
        }
        self.rows.end_row();
    }

    fn scatter(&self, i: usize, entry: impl Fn(u32) -> f64, row: &mut [f64]) {
        let range = self.rows.range(i);
        let columns = &self.rows.columns[range.clone()];
        for (&j, &source) in columns.iter().zip(&self.source[range]) {
            row[j as usize] = entry(source);
        }
    }

    /// Takes the values of row `i`; returns the largest size.
    fn gather(&mut self, i: usize, row: &[f64]) -> f64 {
        let range = self.rows.range(i);
        let columns = &self.rows.columns[range.clone()];
        let mut largest = 0.0f64;
        for (&j, value) in columns.iter().zip(&mut self.values[range]) {
            *value = row[j as usize];
            largest = largest.max(value.abs());
        }
        largest
    }

    /// Clears row `i` left of the diagonal with the rows of `upper`; the multipliers become the values.
    fn eliminate(&mut self, i: usize, upper: &Entries, inverse_diagonal: &[f64], row: &mut [f64]) {
        for k in self.rows.range(i) {
            let pivot_row = self.rows.columns[k] as usize;
            let factor = row[pivot_row] * inverse_diagonal[pivot_row];
            self.values[k] = factor;
            if factor != 0.0 {
                let range = upper.rows.range(pivot_row);
                let columns = &upper.rows.columns[range.clone()];
                for (&j, value) in columns.iter().zip(&upper.values[range]) {
                    row[j as usize] -= factor * value;
                }
            }
        }
    }

    fn row_dot(&self, i: usize, x: &[f64]) -> f64 {
        let range = self.rows.range(i);
        let columns = &self.rows.columns[range.clone()];
        columns
            .iter()
            .zip(&self.values[range])
            .map(|(&j, value)| value * x[j as usize])
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sparse::minimum_degree;
    use super::super::sparse::tests::{grid_jacobian, multiply};
    use super::*;

    fn error_of(
        lu: &mut PatternLu,
        jacobian: &ansatz_compiler::system::jacobian::Pattern,
        values: &[f64],
        gamma: f64,
    ) -> f64 {
        let x: Vec<f64> = (0..jacobian.n).map(|i| 1.0 + (i as f64).sin()).collect();
        let mut b = multiply(jacobian, values, gamma, &x);
        lu.factor(values, gamma).expect("the diagonal dominates");
        lu.solve(&mut b);
        b.iter()
            .zip(&x)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn complete_factors_solve_exactly_for_every_gamma() {
        let (jacobian, values) = grid_jacobian(8);
        let pattern = NewtonPattern::new(&jacobian, minimum_degree(&jacobian).0).filled();
        let mut lu = PatternLu::new(&pattern);
        for gamma in [0.0, 1e-3, 0.1, 0.2] {
            assert!(error_of(&mut lu, &jacobian, &values, gamma) < 1e-12);
        }
    }

    #[test]
    fn refuses_a_zero_pivot() {
        let (jacobian, mut values) = grid_jacobian(2);
        let diagonal = (jacobian.column_starts[1]..jacobian.column_starts[2])
            .find(|&k| jacobian.row_indices[k as usize] == 1);
        values[diagonal.expect("present") as usize] = 1.0;
        let mut lu = PatternLu::new(&NewtonPattern::new(&jacobian, vec![1, 0, 2, 3]));
        assert_eq!(lu.factor(&values, 1.0), Err(SmallPivot));
    }
}
