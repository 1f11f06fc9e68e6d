//! LU factorization of Newton matrices on a fixed pattern without exchanges.

use super::sparse::{ABSENT, NewtonPattern, Rows, SmallPivot};
use std::cmp::Ordering;

/// A pivot smaller than this part of its row's largest entry ends the factorization: it would lose half of the digits.
const SMALLEST_PIVOT: f64 = 1e-8;

/// The factors of `P(I − γJ)Pᵀ = LU`, `L` with unit diagonal, stored by rows.
///
/// # References
/// T. A. Davis, *Direct Methods for Sparse Linear Systems*, SIAM 2006, chapter 6, doi:10.1137/1.9780898718881; the loops are
/// those of Y. Saad, *Iterative Methods for Sparse Linear Systems*, 2nd ed., SIAM 2003, algorithm 10.3 (IKJ),
/// doi:10.1137/1.9780898718003.
#[derive(Debug, Clone)]
pub struct PatternLu {
    lower: Rows,
    lower_source: Vec<u32>,
    lower_values: Vec<f64>,
    upper: Rows,
    upper_source: Vec<u32>,
    upper_values: Vec<f64>,
    diagonal_source: Vec<u32>,
    inverse_diagonal: Vec<f64>,
    /// Row `i` is the state `order[i]`; empty: states in their own order.
    order: Vec<u32>,
    /// One row of the matrix during the factorization, one vector during a solution.
    work: Vec<f64>,
}

impl PatternLu {
    /// Allocates factors on exactly this pattern: complete if it is [filled](NewtonPattern::filled).
    pub fn new(pattern: &NewtonPattern) -> Self {
        let n = pattern.order.len();
        let (mut lower, mut upper) = (Rows::default(), Rows::default());
        let (mut lower_source, mut upper_source, mut diagonal_source) =
            (Vec::new(), Vec::new(), Vec::new());
        for i in 0..n {
            for k in pattern.rows.range(i) {
                let j = pattern.rows.columns[k];
                match (j as usize).cmp(&i) {
                    Ordering::Less => {
                        lower.columns.push(j);
                        lower_source.push(pattern.source[k]);
                    }
                    Ordering::Equal => diagonal_source.push(pattern.source[k]),
                    Ordering::Greater => {
                        upper.columns.push(j);
                        upper_source.push(pattern.source[k]);
                    }
                }
            }
            lower.end_row();
            upper.end_row();
        }
        let in_order = pattern
            .order
            .iter()
            .enumerate()
            .all(|(i, &state)| i as u32 == state);
        PatternLu {
            lower_values: vec![0.0; lower.columns.len()],
            upper_values: vec![0.0; upper.columns.len()],
            lower,
            upper,
            lower_source,
            upper_source,
            diagonal_source,
            inverse_diagonal: vec![1.0; n],
            order: if in_order {
                Vec::new()
            } else {
                pattern.order.clone()
            },
            work: vec![0.0; n],
        }
    }

    /// Entries stored.
    pub fn n_entries(&self) -> usize {
        self.lower_values.len() + self.upper_values.len() + self.inverse_diagonal.len()
    }

    /// Factors `I − γJ` from the values of the Jacobian in its pattern's order.
    ///
    /// # Errors
    /// A pivot is too small or not finite.
    pub fn factor(&mut self, jacobian: &[f64], gamma: f64) -> Result<(), SmallPivot> {
        let entry = |source: u32| {
            if source == ABSENT {
                0.0
            } else {
                -gamma * jacobian[source as usize]
            }
        };
        let row = &mut self.work;
        for i in 0..self.inverse_diagonal.len() {
            let (below, above) = (self.lower.range(i), self.upper.range(i));
            // Every entry of the row is set here, so what updates leave in other columns of `row` is never read.
            for k in below.clone() {
                row[self.lower.columns[k] as usize] = entry(self.lower_source[k]);
            }
            for k in above.clone() {
                row[self.upper.columns[k] as usize] = entry(self.upper_source[k]);
            }
            row[i] = 1.0 + entry(self.diagonal_source[i]);
            for k in below {
                let pivot_row = self.lower.columns[k] as usize;
                let factor = row[pivot_row] * self.inverse_diagonal[pivot_row];
                self.lower_values[k] = factor;
                if factor != 0.0 {
                    let range = self.upper.range(pivot_row);
                    for (&j, &value) in self.upper.columns[range.clone()]
                        .iter()
                        .zip(&self.upper_values[range])
                    {
                        row[j as usize] -= factor * value;
                    }
                }
            }
            let mut largest = row[i].abs();
            for k in above {
                let value = row[self.upper.columns[k] as usize];
                self.upper_values[k] = value;
                largest = largest.max(value.abs());
            }
            if !(row[i].abs() > SMALLEST_PIVOT * largest && largest.is_finite()) {
                return Err(SmallPivot);
            }
            self.inverse_diagonal[i] = 1.0 / row[i];
        }
        Ok(())
    }

    /// `b = (LU)⁻¹ b`
    pub fn solve(&mut self, b: &mut [f64]) {
        if self.order.is_empty() {
            substitute(
                &self.lower,
                &self.lower_values,
                &self.upper,
                &self.upper_values,
                &self.inverse_diagonal,
                b,
            );
            return;
        }
        for (x, &state) in self.work.iter_mut().zip(&self.order) {
            *x = b[state as usize];
        }
        substitute(
            &self.lower,
            &self.lower_values,
            &self.upper,
            &self.upper_values,
            &self.inverse_diagonal,
            &mut self.work,
        );
        for (&x, &state) in self.work.iter().zip(&self.order) {
            b[state as usize] = x;
        }
    }
}

fn substitute(
    lower: &Rows,
    l: &[f64],
    upper: &Rows,
    u: &[f64],
    inverse_diagonal: &[f64],
    x: &mut [f64],
) {
    let n = x.len();
    for i in 0..n {
        x[i] -= dot(lower, l, i, x);
    }
    for i in (0..n).rev() {
        x[i] = (x[i] - dot(upper, u, i, x)) * inverse_diagonal[i];
    }
}

fn dot(rows: &Rows, values: &[f64], i: usize, x: &[f64]) -> f64 {
    let range = rows.range(i);
    let (columns, values) = (&rows.columns[range.clone()], &values[range]);
    let (mut even, mut odd) = (0.0, 0.0);
    let (pairs, value_pairs) = (columns.chunks_exact(2), values.chunks_exact(2));
    if let (Some(&j), Some(&v)) = (pairs.remainder().first(), value_pairs.remainder().first()) {
        even += v * x[j as usize];
    }
    for (j, v) in pairs.zip(value_pairs) {
        even += v[0] * x[j[0] as usize];
        odd += v[1] * x[j[1] as usize];
    }
    even + odd
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
