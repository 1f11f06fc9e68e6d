//! The constants of a tree: Levenberg–Marquardt with exact derivatives, under the best linear scaling of the whole.
//!
//! # References
//! - D. W. Marquardt, *An algorithm for least-squares estimation of nonlinear parameters*, SIAM J. Appl. Math. 11 (1963) 431–441.
//! - M. Keijzer, *Improving symbolic regression with interval arithmetic and linear scaling*, EuroGP 2003.

use super::batch::Batch;
use super::tree::Tree;
use crate::linalg::dense::DenseLu;

/// What a formula should reproduce.
#[derive(Debug, Clone)]
pub struct Samples {
    /// `inputs[i]` is input `i` of all samples.
    pub inputs: Vec<Vec<f64>>,
    /// The value wanted for each.
    pub target: Vec<f64>,
    /// Variance of `target`; positive.
    pub variance: f64,
}

/// How `offset + slope·tree` fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Mean squared error over the variance of the target.
    pub loss: f64,
    /// Factor of the tree.
    pub slope: f64,
    /// Added constant.
    pub offset: f64,
}

impl Fit {
    const NONE: Fit = Fit {
        loss: f64::INFINITY,
        slope: 0.0,
        offset: 0.0,
    };
}

impl Samples {
    /// Samples that have a variance; `None` for a constant target.
    pub fn new(inputs: Vec<Vec<f64>>, target: Vec<f64>) -> Option<Samples> {
        let n = target.len() as f64;
        let mean = target.iter().sum::<f64>() / n;
        let variance = target.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / n;
        (variance.is_finite() && variance > 0.0).then_some(Samples {
            inputs,
            target,
            variance,
        })
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.target.len()
    }
}

/// The best linear scaling of a tree as it is.
pub fn scaled(tree: &Tree, samples: &Samples, batch: &mut Batch) -> Fit {
    let (mut f, mut ff, mut fy, mut y) = (0.0, 0.0, 0.0, 0.0);
    let n = samples.len();
    batch.for_each_block(tree, &samples.inputs, n, |start, values| {
        for (v, t) in values.iter().zip(&samples.target[start..]) {
            f += v;
            ff += v * v;
            fy += v * t;
            y += t;
        }
        ff.is_finite()
    });
    let n = n as f64;
    let (spread, common) = (ff - f * f / n, fy - f * y / n);
    if !spread.is_finite() {
        return Fit::NONE;
    }
    let slope = if spread > 1e-14 * ff {
        common / spread
    } else {
        0.0
    };
    let offset = (y - slope * f) / n;
    Fit {
        loss: loss(tree, slope, offset, samples, batch),
        slope,
        offset,
    }
}

/// The loss for a given scaling.
pub fn loss(tree: &Tree, slope: f64, offset: f64, samples: &Samples, batch: &mut Batch) -> f64 {
    let mut sum = 0.0;
    batch.for_each_block(tree, &samples.inputs, samples.len(), |start, values| {
        let pairs = values.iter().zip(&samples.target[start..]);
        sum += pairs
            .map(|(v, t)| (offset + slope * v - t).powi(2))
            .sum::<f64>();
        sum.is_finite()
    });
    if sum.is_finite() {
        sum / (samples.len() as f64 * samples.variance)
    } else {
        f64::INFINITY
    }
}

/// Losses below this are rounding.
pub const EXACT: f64 = 1e-26;
/// A step that improves the loss by less than this share ends the fit.
const PROGRESS: f64 = 1e-6;

/// Fits the constants and the scaling, at most `iterations` steps; the constants of the tree are changed to the best found.
pub fn fit(tree: &mut Tree, samples: &Samples, iterations: usize, batch: &mut Batch) -> Fit {
    let best = scaled(tree, samples, batch);
    let free: Vec<usize> = (0..tree.constants.len()).collect();
    if free.is_empty() {
        return best;
    }
    let normal = Normal::new(free, true);
    descend(tree, best, normal, samples, iterations, batch, scaled)
}

/// Fits some of the constants, without scaling.
pub fn fit_some(
    tree: &mut Tree,
    free: &[usize],
    samples: &Samples,
    iterations: usize,
    batch: &mut Batch,
) -> Fit {
    let plain = |tree: &Tree, samples: &Samples, batch: &mut Batch| Fit {
        loss: loss(tree, 1.0, 0.0, samples, batch),
        slope: 1.0,
        offset: 0.0,
    };
    let best = plain(tree, samples, batch);
    if free.is_empty() {
        return best;
    }
    let normal = Normal::new(free.to_vec(), false);
    descend(tree, best, normal, samples, iterations, batch, plain)
}

/// The damped steps, from a tree that fits as `best`.
fn descend(
    tree: &mut Tree,
    mut best: Fit,
    mut normal: Normal,
    samples: &Samples,
    iterations: usize,
    batch: &mut Batch,
    measure: impl Fn(&Tree, &Samples, &mut Batch) -> Fit,
) -> Fit {
    let mut damping = 1e-3;
    let mut lu = DenseLu::new(normal.n);
    let mut step = vec![0.0; normal.n];
    let mut is_current = false;
    for _ in 0..iterations {
        if !best.loss.is_finite() || best.loss < EXACT || damping > 1e8 {
            break;
        }
        if !is_current {
            normal.accumulate(tree, best, samples, batch);
            is_current = true;
        }
        if !normal.step(damping, &mut lu, &mut step) {
            damping *= 10.0;
            continue;
        }
        let mut trial = tree.clone();
        for (&k, s) in normal.free.iter().zip(&step) {
            trial.constants[k] += s;
        }
        let fit = measure(&trial, samples, batch);
        if fit.loss < best.loss {
            let gain = 1.0 - fit.loss / best.loss;
            *tree = trial;
            best = fit;
            is_current = false;
            damping = (damping * 0.1).max(1e-12);
            if gain < PROGRESS {
                break;
            }
        } else {
            damping *= 8.0;
        }
    }
    best
}

/// `JᵀJ` and `Jᵀr` for the free constants and, under scaling, the slope and the offset.
struct Normal {
    free: Vec<usize>,
    is_scaled: bool,
    n: usize,
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl Normal {
    fn new(free: Vec<usize>, is_scaled: bool) -> Normal {
        let n = free.len() + if is_scaled { 2 } else { 0 };
        Normal {
            free,
            is_scaled,
            n,
            matrix: vec![0.0; n * n],
            right: vec![0.0; n],
        }
    }

    fn accumulate(&mut self, tree: &Tree, fit: Fit, samples: &Samples, batch: &mut Batch) {
        let n = self.n;
        self.matrix.fill(0.0);
        self.right.fill(0.0);
        let mut row = vec![0.0; n];
        let (matrix, right) = (&mut self.matrix, &mut self.right);
        let (free, is_scaled) = (&self.free, self.is_scaled);
        batch.for_each_gradient(
            tree,
            &samples.inputs,
            samples.len(),
            |start, values, gradient| {
                for (i, (v, t)) in values.iter().zip(&samples.target[start..]).enumerate() {
                    for (slot, &k) in row.iter_mut().zip(free) {
                        *slot = fit.slope * gradient[k][i];
                    }
                    if is_scaled {
                        row[n - 2] = *v;
                        row[n - 1] = 1.0;
                    }
                    let residual = t - fit.offset - fit.slope * v;
                    for (a, &x) in row.iter().enumerate() {
                        right[a] += x * residual;
                        for (b, &y) in row[..=a].iter().enumerate() {
                            matrix[a * n + b] += x * y;
                        }
                    }
                }
            },
        );
        for a in 0..n {
            for b in 0..a {
                self.matrix[b * n + a] = self.matrix[a * n + b];
            }
        }
    }

    /// The damped step; false if there is none.
    fn step(&self, damping: f64, lu: &mut DenseLu, step: &mut [f64]) -> bool {
        let n = self.n;
        let factored = lu.factor(|a| {
            a.copy_from_slice(&self.matrix);
            for i in 0..n {
                a[i * n + i] += damping * self.matrix[i * n + i] + f64::MIN_POSITIVE;
            }
        });
        step.copy_from_slice(&self.right);
        if factored.is_err() {
            return false;
        }
        lu.solve(step);
        step.iter().all(|s| s.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Binary, Node, Unary};
    use super::*;

    #[test]
    fn constants_inside_and_outside_are_found() {
        let x: Vec<f64> = (0..200).map(|i| f64::from(i) / 50.0).collect();
        let y = x.iter().map(|x| 3.0 * (-0.7 * x).exp() - 2.0).collect();
        let samples = Samples::new(vec![x], y).unwrap();
        let mut tree = Tree {
            nodes: vec![
                Node::Constant,
                Node::Variable(0),
                Node::Binary(Binary::Mul),
                Node::Unary(Unary::Exp),
            ],
            constants: vec![-0.1],
        };
        let fit = fit(&mut tree, &samples, 50, &mut Batch::default());
        assert!(fit.loss < 1e-20, "{fit:?}");
        assert!((tree.constants[0] + 0.7).abs() < 1e-9 && (fit.slope - 3.0).abs() < 1e-8);
    }
}
