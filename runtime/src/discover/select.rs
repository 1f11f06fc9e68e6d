//! Choosing terms from Gram matrices: relevance, then a path of models judged on held-out samples, then posterior odds.
//!
//! # References
//! - [M92] D. J. C. MacKay, *Bayesian interpolation*, Neural Comput. 4 (1992) 415–447, doi:10.1162/neco.1992.4.3.415.
//! - [BPK16] S. L. Brunton, J. L. Proctor, J. N. Kutz, *Discovering governing equations from data by sparse identification of
//!   nonlinear dynamical systems*, PNAS 113 (2016) 3932–3937, doi:10.1073/pnas.1517384113.

use ansatz_compiler::model::discovery::{Candidate, Discover, Method};
use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, Side};

use super::corrected::Correction;
use super::gram::Gram;
use super::path::{Path, path};
use super::sparse_bayes::relevance_vector_machine;

/// What was chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The candidates and their coefficients.
    pub correction: Correction,
    /// By candidate looked at: the share of resampled data in which it is chosen; empty where data were not resampled.
    pub inclusion: Vec<(usize, f64)>,
    /// The models that led there; their columns are candidates.
    pub path: Path,
    /// How much more likely the chosen model is than none, as a natural logarithm (Bayes information criterion).
    pub log_odds: f64,
}

/// Chooses among the candidates with a column in the folds; `of_column` says which.
pub fn choose(folds: &[Gram], of_column: &[usize], discover: &Discover) -> Choice {
    let Discover {
        candidates, method, ..
    } = discover;
    let mut all = folds[0].clone();
    folds[1..].iter().for_each(|fold| all.merge(fold));
    let relevant = match method {
        Method::RelevanceVectorMachine => relevance_vector_machine(&all).columns,
        Method::Ard => automatic_relevance(&all),
        Method::Stlsq | Method::Evolve => (0..all.n_columns()).collect(),
    };
    let relevant = within_bounds(&all, relevant, of_column, candidates);
    let mut path = path(folds, &relevant);
    let model = &path.models[path.chosen];
    let (columns, coefficients) = by_odds(&all, &model.columns);
    let log_odds = log_odds(&all, &columns);
    for model in &mut path.models {
        for column in &mut model.columns {
            *column = of_column[*column];
        }
    }
    Choice {
        correction: Correction::of(
            discover,
            columns.iter().map(|&c| of_column[c]).collect(),
            coefficients,
        ),
        inclusion: Vec::new(),
        path,
        log_odds,
    }
}

/// Leaves out, one by one, the column that breaks its bounds most.
pub(super) fn within_bounds(
    all: &Gram,
    mut columns: Vec<usize>,
    of_column: &[usize],
    candidates: &[Candidate],
) -> Vec<usize> {
    loop {
        let Some(fit) = all.solve(&columns) else {
            return columns;
        };
        let excess = |k: usize| {
            let candidate = &candidates[of_column[columns[k]]];
            let c = fit.coefficients[k];
            let beyond = (candidate.lower - c).max(c - candidate.upper);
            beyond * all.between(columns[k], columns[k]).sqrt()
        };
        let worst = (0..columns.len())
            .filter(|&k| excess(k) > 0.0)
            .max_by(|&a, &b| excess(a).total_cmp(&excess(b)));
        match worst {
            Some(k) => drop(columns.remove(k)),
            None => return columns,
        }
    }
}

/// Removes the columns without which the model is more probable; the rest with its coefficients.
fn by_odds(all: &Gram, columns: &[usize]) -> (Vec<usize>, Vec<f64>) {
    let mut columns = columns.to_vec();
    loop {
        let Some(fit) = all.solve(&columns) else {
            return (Vec::new(), Vec::new());
        };
        let n = all.n_samples() as f64;
        let weakest = (0..columns.len())
            .filter_map(|k| {
                let mut rest = columns.clone();
                rest.remove(k);
                let without = all.solve(&rest)?.residual;
                Some((k, n * (without / fit.residual).ln()))
            })
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match weakest {
            Some((k, gain)) if gain < cost_of_a_term(n, all.n_columns()) => {
                columns.remove(k);
            }
            Some(_) | None => return (columns, fit.coefficients),
        }
    }
}

/// What a term must gain in twice the log likelihood: the price of a parameter [Schwarz 1978], and of choosing it among others.
pub fn cost_of_a_term(n_samples: f64, n_candidates: usize) -> f64 {
    n_samples.max(2.0).ln() + 2.0 * (n_candidates.max(1) as f64).ln()
}

pub(super) fn log_odds(all: &Gram, columns: &[usize]) -> f64 {
    let n = all.n_samples() as f64;
    let Some(fit) = all.solve(columns) else {
        return 0.0;
    };
    let gain = n * (all.target() / fit.residual).ln();
    let cost = columns.len() as f64 * cost_of_a_term(n, all.n_columns());
    0.5 * (gain - cost)
}

/// Rounds of the fixed point; the precisions of irrelevant columns grow fast.
const MAX_ROUNDS: usize = 500;
/// The precision, over that of a column of the size of the target, beyond which a coefficient is zero.
const IRRELEVANT: f64 = 1e9;
/// Relative change of all precisions below which they have settled.
const SETTLED: f64 = 1e-6;

/// Automatic relevance determination: all columns at first, MacKay's fixed point for each precision [M92, eq. (4.9)].
fn automatic_relevance(all: &Gram) -> Vec<usize> {
    let (gram, norms) = all.normalised();
    let n = gram.n_samples() as f64;
    let mut columns: Vec<usize> = (0..gram.n_columns()).filter(|&c| norms[c] > 0.0).collect();
    let mut precisions = vec![1.0; columns.len()];
    let mut beta = 10.0 * n.max(1.0);
    for _ in 0..MAX_ROUNDS {
        let information = Mat::from_fn(columns.len(), columns.len(), |i, j| {
            let prior = if i == j { precisions[i] } else { 0.0 };
            beta * gram.between(columns[i], columns[j]) + prior
        });
        let Ok(factors) = information.llt(Side::Lower) else {
            return columns;
        };
        let covariance = factors.inverse();
        let mean: Vec<f64> = (0..columns.len())
            .map(|i| {
                let products = columns.iter().enumerate();
                products
                    .map(|(j, &c)| beta * covariance[(i, j)] * gram.with_target(c))
                    .sum()
            })
            .collect();
        let determined: Vec<f64> = (0..columns.len())
            .map(|i| (1.0 - precisions[i] * covariance[(i, i)]).clamp(0.0, 1.0))
            .collect();
        let residual = gram.residual(&columns, &mean);
        beta = ((n - determined.iter().sum::<f64>()).max(1.0) / residual).min(n / f64::EPSILON);
        let mut change = 0.0_f64;
        for (i, precision) in precisions.iter_mut().enumerate() {
            let new = determined[i] / (mean[i] * mean[i]).max(f64::MIN_POSITIVE);
            change = change.max((new / *precision).ln().abs());
            *precision = new;
        }
        let is_relevant = |i: &usize| precisions[*i] < IRRELEVANT && determined[*i] > 0.0;
        let kept: Vec<usize> = (0..columns.len()).filter(is_relevant).collect();
        let is_settled = kept.len() == columns.len() && change < SETTLED;
        columns = kept.iter().map(|&i| columns[i]).collect();
        precisions = kept.iter().map(|&i| precisions[i]).collect();
        if is_settled || columns.is_empty() {
            break;
        }
    }
    columns
}
