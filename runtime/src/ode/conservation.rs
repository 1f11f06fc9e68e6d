//! Conserved totals: corrections that keep linear invariants `W·u` to round-off.
//!
//! Right-hand sides of networks satisfy `W·f = 0`, so exact Newton corrections keep `W·u`; those from iterative solvers do not.
//! A correction `δ` is therefore replaced by the nearest one in the error norm that restores the totals,
//! `δ + D Wᵀ (W D Wᵀ)⁻¹ (totals − W(u + δ))` with `D` the squared error weights. The same projection inside GMRES keeps its
//! search directions free of the modes that the conserved totals make singular.
//!
//! # References
//! E. Hairer, C. Lubich, G. Wanner, *Geometric Numerical Integration*, 2nd ed., Springer 2006, IV.4, doi:10.1007/3-540-30666-8.

use crate::linalg::vector::{axpy, dot};
use ansatz_compiler::system::conservation::ConservedTotal;

/// Totals kept; a dense factorization of this size is still cheap beside a step. The totals of most states come first.
const MOST_TOTALS: usize = 100;

/// Rows of `W` with at least this part of all states are stored densely: walking along is faster than gathering.
const DENSE_ROW: f64 = 0.2;

/// The totals, and the factors of `W D Wᵀ`.
#[derive(Debug, Clone)]
pub struct Conservation {
    totals: Vec<f64>,
    rows: Vec<Row>,
    /// Lower Cholesky factor of `W D Wᵀ`, row-major.
    factor: Vec<f64>,
    defect: Vec<f64>,
}

/// A row of `W` and of `W D`.
#[derive(Debug, Clone)]
struct Row {
    /// The states of the entries, ascending; empty: all states.
    states: Vec<u32>,
    weights: Vec<f64>,
    scaled: Vec<f64>,
}

impl Conservation {
    /// Keeps the totals that `u` has.
    pub fn new(conserved: &[ConservedTotal], u: &[f64]) -> Self {
        // A total of one state says that its derivative is zero, which every method keeps.
        let mut kept: Vec<&ConservedTotal> = conserved
            .iter()
            .filter(|total| total.weights.len() > 1)
            .collect();
        kept.sort_by_key(|total| std::cmp::Reverse(total.weights.len()));
        kept.truncate(MOST_TOTALS);
        let rows: Vec<Row> = kept.iter().map(|total| Row::new(total, u.len())).collect();
        Conservation {
            totals: rows.iter().map(|row| row.dot(u)).collect(),
            factor: vec![0.0; rows.len() * rows.len()],
            defect: vec![0.0; rows.len()],
            rows,
        }
    }

    /// Takes new error weights: `scale` is the error allowed to each state.
    pub fn set_scale(&mut self, scale: &[f64]) {
        let m = self.rows.len();
        for k in 0..m {
            self.rows[k].set_scale(scale);
            for l in 0..=k {
                self.factor[k * m + l] = self.rows[k].scaled_dot(&self.rows[l]);
            }
        }
        self.cholesky();
    }

    fn cholesky(&mut self) {
        let m = self.rows.len();
        for k in 0..m {
            for l in 0..=k {
                let (above, row) = (
                    &self.factor[l * m..l * m + l],
                    &self.factor[k * m..k * m + l],
                );
                let rest = self.factor[k * m + l] - dot(above, row);
                self.factor[k * m + l] = if l < k {
                    rest / self.factor[l * m + l]
                } else {
                    rest.sqrt()
                };
            }
        }
    }

    /// Corrects `delta` so that `u + delta` has the totals.
    pub fn restore(&mut self, u: &[f64], delta: &mut [f64]) {
        for ((defect, total), row) in self.defect.iter_mut().zip(&self.totals).zip(&self.rows) {
            *defect = total - row.dot(u) - row.dot(delta);
        }
        self.add(delta);
    }

    /// Takes from `delta` what would change the totals.
    pub fn project(&mut self, delta: &mut [f64]) {
        for (defect, row) in self.defect.iter_mut().zip(&self.rows) {
            *defect = -row.dot(delta);
        }
        self.add(delta);
    }

    /// Adds `D Wᵀ (W D Wᵀ)⁻¹ defect`.
    fn add(&mut self, delta: &mut [f64]) {
        let m = self.rows.len();
        for k in 0..m {
            let row = &self.factor[k * m..=k * m + k];
            self.defect[k] = (self.defect[k] - dot(&row[..k], &self.defect[..k])) / row[k];
        }
        for k in (0..m).rev() {
            let known: f64 = (k + 1..m)
                .map(|l| self.factor[l * m + k] * self.defect[l])
                .sum();
            self.defect[k] = (self.defect[k] - known) / self.factor[k * m + k];
        }
        for (row, &multiplier) in self.rows.iter().zip(&self.defect) {
            row.add_scaled(multiplier, delta);
        }
    }
}

impl Row {
    fn new(total: &ConservedTotal, n: usize) -> Self {
        let mut entries = total.weights.clone();
        entries.sort_unstable_by_key(|entry| entry.0);
        let (mut states, mut weights): (Vec<u32>, Vec<f64>) = entries.into_iter().unzip();
        if states.len() as f64 > DENSE_ROW * n as f64 {
            let mut all = vec![0.0; n];
            for (&i, &weight) in states.iter().zip(&weights) {
                all[i as usize] = weight;
            }
            states.clear();
            weights = all;
        }
        Row {
            states,
            scaled: weights.clone(),
            weights,
        }
    }

    fn set_scale(&mut self, scale: &[f64]) {
        let pairs = self.scaled.iter_mut().zip(&self.weights);
        if self.states.is_empty() {
            pairs
                .zip(scale)
                .for_each(|((scaled, weight), s)| *scaled = weight * s * s);
        } else {
            for ((scaled, weight), &i) in pairs.zip(&self.states) {
                let s = scale[i as usize];
                *scaled = weight * s * s;
            }
        }
    }

    fn dot(&self, u: &[f64]) -> f64 {
        if self.states.is_empty() {
            return dot(&self.weights, u);
        }
        self.states
            .iter()
            .zip(&self.weights)
            .map(|(&i, weight)| weight * u[i as usize])
            .sum()
    }

    /// Product of this row of `W D` with another one of `W`.
    fn scaled_dot(&self, other: &Row) -> f64 {
        if self.states.is_empty() {
            return other.dot(&self.scaled);
        }
        let scaled = self.states.iter().zip(&self.scaled);
        scaled.map(|(&i, scaled)| scaled * other.weight(i)).sum()
    }

    fn weight(&self, state: u32) -> f64 {
        if self.states.is_empty() {
            return self.weights[state as usize];
        }
        self.states
            .binary_search(&state)
            .map_or(0.0, |at| self.weights[at])
    }

    fn add_scaled(&self, multiplier: f64, delta: &mut [f64]) {
        if self.states.is_empty() {
            return axpy(multiplier, &self.scaled, delta);
        }
        for (&i, scaled) in self.states.iter().zip(&self.scaled) {
            delta[i as usize] += multiplier * scaled;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restores_overlapping_totals_with_the_smallest_change() {
        let total = |weights: &[(u32, f64)]| ConservedTotal {
            weights: weights.to_vec(),
        };
        let conserved = [
            total(&[(0, 1.0), (1, 1.0), (2, 2.0)]),
            total(&[(1, 1.0), (3, 3.0)]),
            total(&[(4, 1.0)]),
        ];
        let u = [10.0, 1e-3, 4.0, 2.0, 7.0];
        let scale = [1e-5, 1e-9, 4e-6, 2e-6, 7e-6];
        let mut conservation = Conservation::new(&conserved, &u);
        conservation.set_scale(&scale);
        let moved = [10.5, 2e-3, 3.9, 2.1, 7.0];
        let mut delta = [0.1, 1e-4, -0.2, 0.05, 0.0];
        let before = delta;
        conservation.restore(&moved, &mut delta);
        let after: Vec<f64> = moved.iter().zip(&delta).map(|(u, d)| u + d).collect();
        assert!((after[0] + after[1] + 2.0 * after[2] - 18.001).abs() < 1e-13);
        assert!((after[1] + 3.0 * after[3] - 6.001).abs() < 1e-13);
        // The small state, known best, hardly moves; the state without a total does not.
        assert!((delta[1] - before[1]).abs() < 1e-6 && delta[4] == 0.0);
        let mut direction = delta;
        conservation.project(&mut direction);
        assert!((direction[0] + direction[1] + 2.0 * direction[2]).abs() < 1e-13);
        let once = direction;
        conservation.project(&mut direction);
        assert!(
            once.iter()
                .zip(&direction)
                .all(|(a, b)| (a - b).abs() < 1e-15)
        );
    }
}
