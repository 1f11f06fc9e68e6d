//! LU factorization of Newton matrices on a fixed pattern without exchanges.

use super::sparse::{NewtonPattern, Rows, SmallPivot};
use super::vector::{axpy, dot};
use std::cmp::Ordering;
use std::ops::Range;

/// A pivot smaller than this part of its row's largest entry ends the factorization: it would lose half of the digits.
const SMALLEST_PIVOT: f64 = 1e-8;
/// Entries side by side from which a run pays.
const SHORTEST_RUN: usize = 8;

/// The factors of `P(I − γJ)Pᵀ = LU`, `L` with unit diagonal, stored by rows.
///
/// # References
/// T. A. Davis, *Direct Methods for Sparse Linear Systems*, SIAM 2006, chapter 6, doi:10.1137/1.9780898718881; the loops are
/// those of Y. Saad, *Iterative Methods for Sparse Linear Systems*, 2nd ed., SIAM 2003, algorithm 10.3 (IKJ),
/// doi:10.1137/1.9780898718003.
#[derive(Debug, Clone)]
pub struct PatternLu {
    lower: Triangle,
    upper: Triangle,
    diagonal_source: Vec<u32>,
    inverse_diagonal: Vec<f64>,
    /// Row `i` is the state `order[i]`.
    order: Vec<u32>,
    /// One row of the matrix during the factorization, one vector during a solution.
    work: Vec<f64>,
}

/// The entries on one side of the diagonal.
#[derive(Debug, Clone, Default)]
struct Triangle {
    rows: Rows,
    /// For each entry its position in the values of the Jacobian, or `ABSENT`.
    source: Vec<u32>,
    values: Vec<f64>,
    /// Where each row's run begins, the entries at its end that stand side by side: elimination in minimum degree order leaves a
    /// dense block at the end, which is worth loops without indices.
    runs: Vec<u32>,
}

impl PatternLu {
    /// Allocates factors on exactly this pattern: complete if it is [filled](NewtonPattern::filled).
    pub fn new(pattern: &NewtonPattern) -> Self {
        let n = pattern.order.len();
        let (mut lower, mut upper) = (Triangle::default(), Triangle::default());
        let mut diagonal_source = Vec::with_capacity(n);
        for i in 0..n {
            for k in pattern.rows.range(i) {
                let (j, source) = (pattern.rows.columns[k], pattern.source[k]);
                match (j as usize).cmp(&i) {
                    Ordering::Less => lower.push(j, source),
                    Ordering::Equal => diagonal_source.push(source),
                    Ordering::Greater => upper.push(j, source),
                }
            }
            lower.end_row();
            upper.end_row();
        }
        PatternLu {
            lower,
            upper,
            diagonal_source,
            inverse_diagonal: vec![1.0; n],
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
        let row = &mut self.work[..];
        for i in 0..row.len() {
            // Every entry of the row is set here, so what updates leave in other columns of `row` is never read.
            self.lower.scatter(i, entry, row);
            self.upper.scatter(i, entry, row);
            row[i] = 1.0 + entry(self.diagonal_source[i]);
            for k in self.lower.rows.range(i) {
                let pivot_row = self.lower.rows.columns[k] as usize;
                let factor = row[pivot_row] * self.inverse_diagonal[pivot_row];
                self.lower.values[k] = factor;
                if factor != 0.0 {
                    self.upper.add_row(pivot_row, -factor, row);
                }
            }
            let largest = self.upper.gather(i, row).max(row[i].abs());
            if !(row[i].abs() > SMALLEST_PIVOT * largest && largest.is_finite()) {
                return Err(SmallPivot);
            }
            self.inverse_diagonal[i] = 1.0 / row[i];
        }
        Ok(())
    }

    /// `b = (LU)⁻¹ b`
    pub fn solve(&mut self, b: &mut [f64]) {
        let x = &mut self.work[..];
        for (i, &state) in self.order.iter().enumerate() {
            x[i] = b[state as usize] - self.lower.row_dot(i, x);
        }
        for (i, &state) in self.order.iter().enumerate().rev() {
            x[i] = (x[i] - self.upper.row_dot(i, x)) * self.inverse_diagonal[i];
            b[state as usize] = x[i];
        }
    }
}

impl Triangle {
    fn push(&mut self, column: u32, source: u32) {
        self.rows.columns.push(column);
        self.source.push(source);
        self.values.push(0.0);
    }

    fn end_row(&mut self) {
        let start = self.rows.starts[self.rows.starts.len() - 1] as usize;
        let columns = &self.rows.columns[start..];
        let mut run = columns.len().saturating_sub(1);
        while run > 0 && columns[run - 1] + 1 == columns[run] {
            run -= 1;
        }
        if columns.len() - run < SHORTEST_RUN {
            run = columns.len();
        }
        self.runs.push((start + run) as u32);
        self.rows.end_row();
    }

    /// The entries of row `i` one by one, and those of its run with the columns it covers.
    fn split(&self, i: usize) -> (Range<usize>, Range<usize>, Range<usize>) {
        let row = self.rows.range(i);
        let run = self.runs[i] as usize..row.end;
        let first = self.rows.columns.get(run.start).map_or(0, |&j| j as usize);
        let covered = first..first + run.len();
        (row.start..run.start, run, covered)
    }

    fn scatter(&self, i: usize, entry: impl Fn(u32) -> f64, row: &mut [f64]) {
        let range = self.rows.range(i);
        for (&j, &source) in self.rows.columns[range.clone()]
            .iter()
            .zip(&self.source[range])
        {
            row[j as usize] = entry(source);
        }
    }

    /// Takes the values of row `i`; returns the largest size.
    fn gather(&mut self, i: usize, row: &[f64]) -> f64 {
        let range = self.rows.range(i);
        let mut largest = 0.0f64;
        for (&j, value) in self.rows.columns[range.clone()]
            .iter()
            .zip(&mut self.values[range])
        {
            *value = row[j as usize];
            largest = largest.max(value.abs());
        }
        largest
    }

    /// `x` plus `factor` times row `i`.
    fn add_row(&self, i: usize, factor: f64, x: &mut [f64]) {
        let (single, run, covered) = self.split(i);
        for (&j, value) in self.rows.columns[single.clone()]
            .iter()
            .zip(&self.values[single])
        {
            x[j as usize] += factor * value;
        }
        axpy(factor, &self.values[run], &mut x[covered]);
    }

    fn row_dot(&self, i: usize, x: &[f64]) -> f64 {
        let (row, run) = (self.rows.range(i), self.runs[i] as usize);
        let columns = self.rows.columns[row.start..run].iter();
        let sum: f64 = columns
            .zip(&self.values[row.start..run])
            .map(|(&j, value)| value * x[j as usize])
            .sum();
        // Most rows of small systems have no run: no work for it then.
        if run == row.end {
            return sum;
        }
        let run = &self.values[run..row.end];
        let first = self.rows.columns[row.end - run.len()] as usize;
        sum + dot(run, &x[first..first + run.len()])
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
