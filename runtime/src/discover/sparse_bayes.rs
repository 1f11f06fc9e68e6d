//! The relevance vector machine: sparse Bayesian regression by type-II maximum likelihood.
//!
//! # References
//! - M. E. Tipping, *Sparse Bayesian learning and the relevance vector machine*, J. Mach. Learn. Res. 1 (2001) 211–244.
//! - M. E. Tipping, A. C. Faul, *Fast marginal likelihood maximisation for sparse Bayesian models*, AISTATS 2003.

use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, Side};

use super::gram::Gram;

/// The posterior of the coefficients that are not zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Columns with a coefficient, ascending.
    pub columns: Vec<usize>,
    /// Their means.
    pub mean: Vec<f64>,
    /// Their standard deviations.
    pub deviation: Vec<f64>,
    /// Standard deviation of the noise of a sample.
    pub noise: f64,
    /// Logarithm of the marginal likelihood, of columns and target scaled to norm 1.
    pub log_evidence: f64,
}

/// Most changes of the model; far more than any regression needs.
const MAX_CHANGES: usize = 5000;
/// Change of the logarithm of a precision below which it has converged.
const CONVERGED: f64 = 1e-7;
/// The share of `yᵀy` below which a residual is rounding.
const ROUNDING: f64 = 1e-15;

/// Maximises the marginal likelihood over the precision of each coefficient and that of the noise.
///
/// Coefficients whose precision goes to infinity are zero. Deterministic: the change that gains most is made first.
pub fn relevance_vector_machine(gram: &Gram) -> Posterior {
    let (gram, norms) = gram.normalised();
    let m = gram.n_columns();
    let mut search = Search {
        gram: &gram,
        precision: vec![f64::INFINITY; m],
        noise_precision: 10.0 * (gram.n_samples().max(1) as f64),
    };
    for _ in 0..MAX_CHANGES {
        let state = search.state();
        let before = search.noise_precision;
        search.noise_precision = search.noise_precision_from(&state);
        let settled = (search.noise_precision / before).ln().abs() < CONVERGED;
        let state = search.state();
        let Some(change) = search.best_change(&state) else {
            if settled {
                break;
            }
            continue;
        };
        search.precision[change.column] = change.precision;
    }
    let state = search.state();
    let target = norms[m];
    let scale = |k: usize| target / norms[state.active[k]];
    Posterior {
        mean: (0..state.active.len())
            .map(|k| state.mean[k] * scale(k))
            .collect(),
        deviation: (0..state.active.len())
            .map(|k| state.covariance[(k, k)].sqrt() * scale(k))
            .collect(),
        noise: target / search.noise_precision.sqrt(),
        log_evidence: search.log_evidence(&state),
        columns: state.active,
    }
}

/// Shares of a normalised column that are added to its norm squared where rounding has left a Gram matrix with a pivot below 0.
const RIDGES: [f64; 4] = [0.0, 1e-14, 1e-12, 1e-9];

struct Search<'g> {
    gram: &'g Gram,
    /// By column; infinite: the coefficient is 0.
    precision: Vec<f64>,
    noise_precision: f64,
}

/// The posterior for given precisions.
struct State {
    active: Vec<usize>,
    covariance: Mat<f64>,
    mean: Vec<f64>,
    log_determinant: f64,
    /// Inverse of the active columns' Gram matrix.
    inverse: Mat<f64>,
}

impl State {
    /// What the active columns leave of a column, as a share of its norm squared.
    fn left_of(&self, cross: &[f64], norm: f64) -> f64 {
        (norm - quadratic(&self.inverse, cross)) / norm
    }
}

struct Change {
    column: usize,
    precision: f64,
    gain: f64,
}

impl Search<'_> {
    fn state(&self) -> State {
        let active: Vec<usize> = (0..self.precision.len())
            .filter(|&i| self.precision[i].is_finite())
            .collect();
        let n = active.len();
        let beta = self.noise_precision;
        let information = |ridge: f64| {
            Mat::from_fn(n, n, |i, j| {
                let prior = if i == j {
                    self.precision[active[i]] + beta * ridge
                } else {
                    0.0
                };
                beta * self.gram.between(active[i], active[j]) + prior
            })
        };
        let factored = |&ridge: &f64| information(ridge).llt(Side::Lower).ok();
        let factors = RIDGES.iter().find_map(factored);
        let factors = factors.expect("a Gram matrix plus a ridge is positive definite");
        let covariance = factors.inverse();
        let mean = (0..n)
            .map(|i| {
                (0..n)
                    .map(|j| beta * covariance[(i, j)] * self.gram.with_target(active[j]))
                    .sum()
            })
            .collect();
        let log_determinant = (0..n).map(|i| 2.0 * factors.L()[(i, i)].ln()).sum();
        let plain = Mat::from_fn(n, n, |i, j| self.gram.between(active[i], active[j]));
        let inverse = plain.llt(Side::Lower).map_or_else(
            |_| Mat::from_fn(n, n, |i, j| beta * covariance[(i, j)]),
            |factors| factors.inverse(),
        );
        State {
            inverse,
            active,
            covariance,
            mean,
            log_determinant,
        }
    }

    /// MacKay's fixed point for the noise.
    fn noise_precision_from(&self, state: &State) -> f64 {
        let residual = self.gram.residual(&state.active, &state.mean).max(ROUNDING);
        let determined: f64 = state
            .active
            .iter()
            .enumerate()
            .map(|(k, &i)| 1.0 - self.precision[i] * state.covariance[(k, k)])
            .sum();
        (self.gram.n_samples() as f64 - determined).max(1.0) / residual
    }

    /// The change of one precision that raises the evidence most; `None` when all have converged.
    fn best_change(&self, state: &State) -> Option<Change> {
        let changes = (0..self.precision.len()).filter_map(|i| self.change(i, state));
        changes.fold(None, |best: Option<Change>, change| match best {
            Some(best) if best.gain >= change.gain => Some(best),
            Some(_) | None => Some(change),
        })
    }

    /// What the evidence says of one column (Tipping & Faul 2003, equations 21–22, 27, 32, 37).
    fn change(&self, i: usize, state: &State) -> Option<Change> {
        let beta = self.noise_precision;
        let cross: Vec<f64> = state
            .active
            .iter()
            .map(|&a| self.gram.between(i, a))
            .collect();
        let explained = quadratic(&state.covariance, &cross);
        let fitted: f64 = cross.iter().zip(&state.mean).map(|(c, m)| c * m).sum();
        let sparsity = beta * self.gram.between(i, i) - beta * beta * explained;
        let quality = beta * (self.gram.with_target(i) - fitted);
        let alpha = self.precision[i];
        let is_active = alpha.is_finite();
        let (s, q) = if is_active {
            (
                alpha * sparsity / (alpha - sparsity),
                alpha * quality / (alpha - sparsity),
            )
        } else {
            (sparsity, quality)
        };
        if !is_active && state.left_of(&cross, self.gram.between(i, i)) < INDISTINCT {
            return None;
        }
        let relevance = q * q - s;
        if relevance > 0.0 && s > 0.0 {
            let new = s * s / relevance;
            if !is_active {
                let gain = (quality * quality - sparsity) / sparsity
                    + (sparsity / (quality * quality)).ln();
                return Some(Change {
                    column: i,
                    precision: new,
                    gain,
                });
            }
            if (new / alpha).ln().abs() < CONVERGED {
                return None;
            }
            let step = 1.0 / new - 1.0 / alpha;
            let gain = quality * quality / (sparsity + 1.0 / step) - (sparsity * step).ln_1p();
            return Some(Change {
                column: i,
                precision: new,
                gain,
            });
        }
        is_active.then(|| Change {
            column: i,
            precision: f64::INFINITY,
            gain: quality * quality / (sparsity - alpha) - (-sparsity / alpha).ln_1p(),
        })
    }

    fn log_evidence(&self, state: &State) -> f64 {
        let n = self.gram.n_samples() as f64;
        let beta = self.noise_precision;
        let fitted: f64 = state
            .active
            .iter()
            .zip(&state.mean)
            .map(|(&i, m)| m * self.gram.with_target(i))
            .sum();
        let priors: f64 = state.active.iter().map(|&i| self.precision[i].ln()).sum();
        let misfit = beta * (self.gram.target() - fitted);
        0.5 * (n * (beta / std::f64::consts::TAU).ln() + priors - state.log_determinant - misfit)
    }
}

/// `xᵀ·A·x`
fn quadratic(a: &Mat<f64>, x: &[f64]) -> f64 {
    (0..x.len())
        .map(|j| x[j] * (0..x.len()).map(|k| a[(j, k)] * x[k]).sum::<f64>())
        .sum()
}

/// The share of a column's norm (squared) that must be left by the others for it to be told from them.
const INDISTINCT: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::*;

    /// Reproducible numbers in (-1, 1).
    fn noise(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        }
    }

    fn problem(level: f64) -> Gram {
        let mut random = noise(7);
        let columns: Vec<Vec<f64>> = (0..12)
            .map(|_| (0..400).map(|_| random()).collect())
            .collect();
        let y: Vec<f64> = (0..400)
            .map(|i| 2.0 * columns[3][i] - 0.05 * columns[8][i] + level * random())
            .collect();
        let mut gram = Gram::new(12);
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        gram.add(&slices, &y);
        gram
    }

    #[test]
    fn clean_data_give_the_exact_terms() {
        let posterior = relevance_vector_machine(&problem(0.0));
        let found: Vec<(usize, f64)> = posterior
            .columns
            .iter()
            .copied()
            .zip(posterior.mean.iter().copied())
            .collect();
        let of = |i: usize| found.iter().find(|f| f.0 == i).map_or(0.0, |f| f.1);
        assert!(
            (of(3) - 2.0).abs() < 1e-7 && (of(8) + 0.05).abs() < 1e-7,
            "{found:?}"
        );
        let others = found.iter().filter(|f| f.0 != 3 && f.0 != 8);
        assert!(
            others.map(|f| f.1.abs()).fold(0.0, f64::max) < 1e-7,
            "{found:?}"
        );
    }

    #[test]
    fn deviations_cover_the_truth() {
        let posterior = relevance_vector_machine(&problem(0.1));
        let k = posterior.columns.iter().position(|&i| i == 3).unwrap();
        assert!((posterior.mean[k] - 2.0).abs() < 4.0 * posterior.deviation[k]);
        // Uniform in ±0.1.
        assert!(
            (posterior.noise / (0.1 / 3f64.sqrt()) - 1.0).abs() < 0.1,
            "{}",
            posterior.noise
        );
        assert!(posterior.columns.len() < 7, "{:?}", posterior.columns);
    }

    #[test]
    fn equal_columns_do_not_both_enter() {
        let mut random = noise(3);
        let x: Vec<f64> = (0..100).map(|_| random()).collect();
        let y: Vec<f64> = x.iter().map(|v| v + 0.01 * random()).collect();
        let mut gram = Gram::new(2);
        gram.add(&[&x, &x], &y);
        assert_eq!(relevance_vector_machine(&gram).columns.len(), 1);
    }
}
