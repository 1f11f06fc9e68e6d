//! Conserved totals: corrections that keep linear invariants `W·u` to round-off.
//!
//! Right-hand sides of networks satisfy `W·f = 0`, so exact Newton corrections keep `W·u`; those from iterative solvers do not.
//! A correction `δ` is therefore replaced by the nearest one in the error norm that restores the totals,
//! `δ + D Wᵀ (W D Wᵀ)⁻¹ (totals − W(u + δ))` with `D` the squared error weights. The same projection inside GMRES keeps its
//! search directions free of the modes that the conserved totals make singular.
//!
//! # References
//! E. Hairer, C. Lubich, G. Wanner, *Geometric Numerical Integration*, 2nd ed., Springer 2006, IV.4, doi:10.1007/3-540-30666-8.

use ansatz_compiler::system::conservation::ConservedTotal;

/// Totals kept; a dense factorization of this size is still cheap beside a step. The totals of most states come first.
const MOST_TOTALS: usize = 100;

/// The totals, and the factors of `W D Wᵀ`.
#[derive(Debug, Clone)]
pub struct Conservation {
    totals: Vec<f64>,
    /// Rows of `W`: row `k` has the entries `starts[k]..starts[k + 1]`.
    starts: Vec<u32>,
    states: Vec<u32>,
    weights: Vec<f64>,
    /// `D Wᵀ`, entry by entry.
    scaled: Vec<f64>,
    /// The entries of `W` in the column of each state that is in several rows, as pairs of a row and an entry.
    shared: Vec<Vec<(u32, u32)>>,
    /// Lower Cholesky factor of `W D Wᵀ`, row-major.
    factor: Vec<f64>,
    defect: Vec<f64>,
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
        let mut new = Conservation {
            totals: Vec::new(),
            starts: vec![0],
            states: Vec::new(),
            weights: Vec::new(),
            scaled: Vec::new(),
            shared: vec![Vec::new(); u.len()],
            factor: vec![0.0; kept.len() * kept.len()],
            defect: vec![0.0; kept.len()],
        };
        for (k, total) in kept.iter().enumerate() {
            for &(state, weight) in &total.weights {
                new.shared[state as usize].push((k as u32, new.states.len() as u32));
                new.states.push(state);
                new.weights.push(weight);
            }
            new.starts.push(new.states.len() as u32);
            new.totals.push(
                total
                    .weights
                    .iter()
                    .map(|&(i, weight)| weight * u[i as usize])
                    .sum(),
            );
        }
        new.scaled = new.weights.clone();
        new.shared.retain(|column| column.len() > 1);
        new
    }

    /// Takes new error weights: `scale` is the error allowed to each state.
    pub fn set_scale(&mut self, scale: &[f64]) {
        let m = self.totals.len();
        for ((scaled, weight), &i) in self.scaled.iter_mut().zip(&self.weights).zip(&self.states) {
            *scaled = weight * scale[i as usize] * scale[i as usize];
        }
        self.factor.fill(0.0);
        for k in 0..m {
            let row = self.row(k);
            let (weights, scaled) = (&self.weights[row.clone()], &self.scaled[row]);
            self.factor[k * m + k] = weights.iter().zip(scaled).map(|(w, s)| w * s).sum();
        }
        for column in &self.shared {
            for (at, &(k, a)) in column.iter().enumerate() {
                for &(l, b) in &column[..at] {
                    self.factor[k as usize * m + l as usize] +=
                        self.weights[a as usize] * self.scaled[b as usize];
                }
            }
        }
        self.cholesky();
    }

    fn cholesky(&mut self) {
        let m = self.totals.len();
        for k in 0..m {
            for l in 0..=k {
                let (above, row) = (
                    &self.factor[l * m..l * m + l],
                    &self.factor[k * m..k * m + l],
                );
                let rest =
                    self.factor[k * m + l] - above.iter().zip(row).map(|(a, b)| a * b).sum::<f64>();
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
        for k in 0..self.totals.len() {
            self.defect[k] = self.totals[k] - self.total(k, |i| u[i] + delta[i]);
        }
        self.add(delta);
    }

    /// Takes from `delta` what would change the totals.
    pub fn project(&mut self, delta: &mut [f64]) {
        for k in 0..self.totals.len() {
            self.defect[k] = -self.total(k, |i| delta[i]);
        }
        self.add(delta);
    }

    fn row(&self, k: usize) -> std::ops::Range<usize> {
        self.starts[k] as usize..self.starts[k + 1] as usize
    }

    fn total(&self, k: usize, value: impl Fn(usize) -> f64) -> f64 {
        let row = self.row(k);
        let pairs = self.states[row.clone()].iter().zip(&self.weights[row]);
        pairs.map(|(&i, weight)| weight * value(i as usize)).sum()
    }

    /// Adds `D Wᵀ (W D Wᵀ)⁻¹ defect`.
    fn add(&mut self, delta: &mut [f64]) {
        let m = self.totals.len();
        for k in 0..m {
            let row = &self.factor[k * m..=k * m + k];
            let known: f64 = row[..k].iter().zip(&self.defect).map(|(f, x)| f * x).sum();
            self.defect[k] = (self.defect[k] - known) / row[k];
        }
        for k in (0..m).rev() {
            let known: f64 = (k + 1..m)
                .map(|l| self.factor[l * m + k] * self.defect[l])
                .sum();
            self.defect[k] = (self.defect[k] - known) / self.factor[k * m + k];
        }
        for k in 0..m {
            let (row, multiplier) = (self.row(k), self.defect[k]);
            for (&i, scaled) in self.states[row.clone()].iter().zip(&self.scaled[row]) {
                delta[i as usize] += scaled * multiplier;
            }
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
