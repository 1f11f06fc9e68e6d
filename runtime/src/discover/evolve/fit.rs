//! The constants of a sum of terms: coefficients and offset by linear least squares, the constants inside of terms by
//! Levenberg–Marquardt on what is left (variable projection), with exact derivatives.
//!
//! # References
//! - D. W. Marquardt, *An algorithm for least-squares estimation of nonlinear parameters*, SIAM J. Appl. Math. 11 (1963) 431–441.
//! - L. Kaufman, *A variable projection method for solving separable nonlinear least squares problems*, BIT 15 (1975) 49–57.

use super::batch::Batch;
use super::cholesky::{Cholesky, dot};
use super::forest::{Forest, free_nodes};
use super::samples::Samples;
use super::tree::Node;

/// The best constants for given terms.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Mean squared error over the variance of the target.
    pub loss: f64,
    /// By term.
    pub coefficients: Vec<f64>,
    /// Added constant.
    pub offset: f64,
}

/// Which constants are given, and so not fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// By constant inside of terms.
    pub inside: Vec<bool>,
    /// By term: its coefficient.
    pub coefficients: Vec<Option<f64>>,
    /// The offset.
    pub offset: Option<f64>,
}

/// How long to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Most steps.
    pub steps: usize,
    /// A step that improves the loss by less than this share is the last.
    pub progress: f64,
}

/// Losses below this are rounding.
pub const EXACT: f64 = 1e-26;
/// Losses below this are those of the true formula on data without noise: ten digits of all values.
pub const PERFECT: f64 = 1e-20;
/// Losses below this are not known from normal equations alone; the coefficients are refined once.
const REFINED: f64 = 1e-8;
/// Damping at the start, and when a fit gives up.
const DAMPING: (f64, f64) = (1e-3, 1e7);

/// What a sum of terms may have added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// A constant, which is fitted.
    Fitted,
    /// Nothing.
    None,
}

impl Given {
    /// Everything is fitted, except for the offset if there is none.
    pub fn only(offset: Offset, forest: &Forest) -> Given {
        Given {
            inside: vec![false; forest.constants.len()],
            coefficients: vec![None; forest.n_terms()],
            offset: match offset {
                Offset::Fitted => None,
                Offset::None => Some(0.0),
            },
        }
    }
}

/// Fits, and keeps the space for it.
#[derive(Debug, Default)]
pub struct Fitter {
    batch: Batch,
    cholesky: Cholesky,
    /// Values of the terms, less their means when there is an offset to fit, times the roots of the weights.
    columns: Vec<f64>,
    means: Vec<f64>,
    residual: Vec<f64>,
    gram: Vec<f64>,
    gradient: Vec<f64>,
    /// Fits so far.
    pub fits: u64,
    /// Evaluations of a node on a sample so far.
    pub evaluations: u64,
}

/// The normal equations of the constants inside, with the coefficients projected out.
struct Projected {
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl Fitter {
    /// Fits, and changes the constants of the forest; `None` if values are not finite.
    pub fn fit(
        &mut self,
        forest: &mut Forest,
        given: &Given,
        samples: &Samples,
        effort: Effort,
    ) -> Option<Fit> {
        self.fits += 1;
        let mut best = self.linear(forest, given, samples)?;
        let free = free_inside(forest, given);
        if free.is_empty() || effort.steps == 0 {
            return Some(best);
        }
        let mut damping = DAMPING.0;
        let mut projected = self.project(forest, given, &best, samples, &free);
        let mut trial = forest.clone();
        for _ in 0..effort.steps {
            if best.loss < EXACT || damping > DAMPING.1 {
                break;
            }
            let step = projected.step(damping, &mut self.cholesky);
            for (&(k, _), s) in free.iter().zip(&step) {
                trial.constants[k] = forest.constants[k] + s;
            }
            let fit = self.linear(&trial, given, samples);
            let Some(fit) = fit.filter(|f| f.loss < best.loss) else {
                damping *= 8.0;
                continue;
            };
            let gain = 1.0 - fit.loss / best.loss;
            forest.constants.copy_from_slice(&trial.constants);
            best = fit;
            if gain < effort.progress {
                break;
            }
            damping = (damping * 0.1).max(1e-12);
            projected = self.project(forest, given, &best, samples, &free);
        }
        Some(best)
    }

    /// What a fit leaves of the target, weighted.
    pub fn residual(&mut self, forest: &Forest, fit: &Fit, samples: &Samples) -> Vec<f64> {
        let given = Given {
            inside: vec![true; forest.constants.len()],
            coefficients: fit.coefficients.iter().copied().map(Some).collect(),
            offset: Some(fit.offset),
        };
        // Values that are not finite leave a residual that is not, either.
        let _ = self.linear(forest, &given, samples);
        self.residual.clone()
    }

    /// Coefficients and offset for the constants as they are. Leaves columns, factors and residual for `project`.
    fn linear(&mut self, forest: &Forest, given: &Given, samples: &Samples) -> Option<Fit> {
        let n = samples.count();
        self.batch
            .values(forest, &samples.inputs, n, &mut self.columns);
        self.evaluations += (n * forest.nodes.len()) as u64;
        self.residual.clear();
        self.residual.extend_from_slice(&samples.target);
        let (offset, is_centred) = (given.offset.unwrap_or(0.0), given.offset.is_none());
        self.means.clear();
        for column in self.columns.chunks_exact_mut(n) {
            self.means.push(samples.level(column, is_centred));
        }
        if !is_centred {
            self.residual.iter_mut().for_each(|r| *r -= offset);
        }
        let mean = samples.level(&mut self.residual, is_centred);
        let coefficients = self.solve(given, n)?;
        let squares = dot(&self.residual, &self.residual);
        let loss = squares / (n as f64 * samples.variance);
        let shift: f64 = coefficients
            .iter()
            .zip(&self.means)
            .map(|(c, m)| c * m)
            .sum();
        loss.is_finite().then_some(Fit {
            loss,
            offset: if is_centred { mean - shift } else { offset },
            coefficients,
        })
    }

    /// The coefficients; leaves the residual.
    fn solve(&mut self, given: &Given, n: usize) -> Option<Vec<f64>> {
        let m = given.coefficients.len();
        let columns = &self.columns;
        let mut coefficients = vec![0.0; m];
        for (j, known) in given.coefficients.iter().enumerate() {
            if let Some(value) = *known {
                coefficients[j] = value;
                subtract(&mut self.residual, value, &columns[j * n..][..n]);
            }
        }
        let free: Vec<usize> = (0..m)
            .filter(|&j| given.coefficients[j].is_none())
            .collect();
        self.gram.clear();
        self.gram.resize(free.len() * free.len(), 0.0);
        for (a, &i) in free.iter().enumerate() {
            for (b, &j) in free[..=a].iter().enumerate() {
                let product = dot(&columns[i * n..][..n], &columns[j * n..][..n]);
                if !product.is_finite() {
                    return None;
                }
                self.gram[a * free.len() + b] = product;
            }
        }
        self.cholesky.factor(&self.gram, free.len());
        let before = dot(&self.residual, &self.residual);
        for _ in 0..2 {
            let mut x: Vec<f64> = free
                .iter()
                .map(|&j| dot(&columns[j * n..][..n], &self.residual))
                .collect();
            self.cholesky.solve(&mut x);
            for (&j, x) in free.iter().zip(&x) {
                coefficients[j] += x;
                subtract(&mut self.residual, *x, &columns[j * n..][..n]);
            }
            if dot(&self.residual, &self.residual) > REFINED * before {
                break;
            }
        }
        Some(coefficients)
    }

    /// After `linear` at the same constants.
    fn project(
        &mut self,
        forest: &Forest,
        given: &Given,
        fit: &Fit,
        samples: &Samples,
        free: &[(usize, usize)],
    ) -> Projected {
        let n = samples.count();
        let nodes: Vec<usize> = free.iter().map(|&(_, node)| node).collect();
        self.batch.gradient(
            forest,
            &fit.coefficients,
            &samples.inputs,
            n,
            &nodes,
            &mut self.gradient,
        );
        self.evaluations += 2 * (n * forest.nodes.len()) as u64;
        for derivative in self.gradient.chunks_exact_mut(n) {
            samples.level(derivative, given.offset.is_none());
        }
        // The part of each derivative that the coefficients cannot follow.
        let (columns, gradient) = (&self.columns, &mut self.gradient);
        let linear: Vec<usize> = (0..forest.n_terms())
            .filter(|&j| given.coefficients[j].is_none())
            .collect();
        for derivative in gradient.chunks_exact_mut(n) {
            let mut x: Vec<f64> = linear
                .iter()
                .map(|&j| dot(&columns[j * n..][..n], derivative))
                .collect();
            self.cholesky.solve(&mut x);
            for (&j, x) in linear.iter().zip(&x) {
                subtract(derivative, *x, &columns[j * n..][..n]);
            }
        }
        let m = free.len();
        let mut matrix = vec![0.0; m * m];
        let part = |k: usize| &gradient[k * n..][..n];
        for a in 0..m {
            for b in 0..=a {
                matrix[a * m + b] = dot(part(a), part(b));
            }
        }
        let right = (0..m).map(|k| dot(part(k), &self.residual)).collect();
        Projected { matrix, right }
    }
}

impl Projected {
    /// The damped step.
    fn step(&mut self, damping: f64, cholesky: &mut Cholesky) -> Vec<f64> {
        let m = self.right.len();
        let mut damped = self.matrix.clone();
        for k in 0..m {
            damped[k * m + k] *= 1.0 + damping;
        }
        cholesky.factor(&damped, m);
        let mut step = self.right.clone();
        cholesky.solve(&mut step);
        step
    }
}

/// The constants to fit: their numbers and their nodes.
fn free_inside(forest: &Forest, given: &Given) -> Vec<(usize, usize)> {
    let free = free_nodes(&forest.nodes, &forest.ends);
    let constants = (0..forest.nodes.len()).filter(|&i| forest.nodes[i] == Node::Constant);
    constants
        .enumerate()
        .filter(|(k, node)| !given.inside[*k] && free.contains(node))
        .collect()
}

/// `y -= a·x`
fn subtract(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= a * x;
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{Binary, Unary};
    use super::*;

    /// `exp(c·x)`, `x`
    fn forest() -> Forest {
        Forest {
            nodes: vec![
                Node::Constant,
                Node::Variable(0),
                Node::Binary(Binary::Mul),
                Node::Unary(Unary::Exp),
                Node::Variable(0),
            ],
            constants: vec![-0.1],
            ends: vec![3, 4],
        }
    }

    fn samples() -> Samples {
        let x: Vec<f64> = (0..200).map(|i| f64::from(i) / 50.0).collect();
        let y = x.iter().map(|x| 3.0 * (-0.7 * x).exp() - 2.0 + 0.5 * x);
        let y = y.collect();
        Samples::new(vec![x], y).unwrap()
    }

    const EFFORT: Effort = Effort {
        steps: 50,
        progress: 1e-9,
    };

    #[test]
    fn constants_inside_and_outside_are_found() {
        let mut forest = forest();
        let nothing = Given::only(Offset::Fitted, &forest);
        let fit = Fitter::default()
            .fit(&mut forest, &nothing, &samples(), EFFORT)
            .unwrap();
        assert!(fit.loss < 1e-24, "{fit:?}");
        let found = [
            forest.constants[0],
            fit.coefficients[0],
            fit.coefficients[1],
            fit.offset,
        ];
        for (found, truth) in found.iter().zip([-0.7, 3.0, 0.5, -2.0]) {
            assert!((found - truth).abs() < 1e-9, "{found} {truth}");
        }
    }

    #[test]
    fn what_is_given_stays() {
        let mut forest = forest();
        let given = Given {
            inside: vec![false],
            coefficients: vec![None, Some(0.5)],
            offset: Some(-2.0),
        };
        let fit = Fitter::default()
            .fit(&mut forest, &given, &samples(), EFFORT)
            .unwrap();
        assert!(fit.loss < 1e-24, "{fit:?}");
        assert_eq!((fit.coefficients[1], fit.offset), (0.5, -2.0));
        assert!((forest.constants[0] + 0.7).abs() < 1e-9);
    }
}
