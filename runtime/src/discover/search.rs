//! Which candidates belong to a model, by the likelihood of whole trajectories: terms go and come as posterior odds say.

use super::corrected::Correction;
use super::refit::{Fit, Question, Start, refit};
use super::select::cost_of_a_term;
use super::shooting::{Measurement, Run, linearise};
use crate::failure::Failure;

/// Most changes of the model.
const MAX_CHANGES: usize = 30;

/// A model that a search may begin with or has ended with.
pub struct Model<'d> {
    /// What is added.
    pub correction: Correction,
    /// The trajectories.
    pub runs: Vec<Run<'d>>,
    /// The measurement, noise as the fit leaves it.
    pub measurement: Measurement,
    /// The fit.
    pub fit: Fit,
}

impl Model<'_> {
    /// Twice the logarithm of the odds, up to a constant.
    fn score(&self, n_candidates: usize) -> f64 {
        let gram = &self.fit.linearised.gram;
        let likelihood: f64 = self
            .fit
            .linearised
            .residuals
            .iter()
            .filter(|(sum, n)| *n > 0 && *sum > 0.0)
            .map(|(sum, n)| *n as f64 * (sum / *n as f64).ln())
            .sum();
        let cost = cost_of_a_term(gram.n_samples() as f64, n_candidates);
        -likelihood - cost * self.correction.candidates.len() as f64
    }
}

/// Searches from each of these models and keeps the most probable one.
///
/// # Errors
/// None of them can be integrated.
pub fn best_of<'d>(
    question: Question<'_>,
    starts: &[Correction],
    runs: &[Run<'d>],
    measurement: &Measurement,
) -> Result<Model<'d>, Failure> {
    let n_candidates = question.discover.candidates.len();
    let mut best: Option<Model<'d>> = None;
    let mut failure = None;
    for start in starts {
        let mut correction = start.clone();
        let (mut runs, mut measurement) = (runs.to_vec(), measurement.clone());
        match search(question, &mut correction, &mut runs, &mut measurement) {
            Ok(fit) => {
                let model = Model {
                    correction,
                    runs,
                    measurement,
                    fit,
                };
                let is_better = |b: &Model<'_>| model.score(n_candidates) > b.score(n_candidates);
                if best.as_ref().is_none_or(is_better) {
                    best = Some(model);
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    match (best, failure) {
        (Some(best), _) => Ok(best),
        (None, failure) => Err(failure.expect("there is a model to start from")),
    }
}

/// Fits, then removes the weakest term or adds the strongest as long as that is more probable.
///
/// # Errors
/// The first model cannot be integrated.
fn search(
    question: Question<'_>,
    correction: &mut Correction,
    runs: &mut Vec<Run<'_>>,
    measurement: &mut Measurement,
) -> Result<Fit, Failure> {
    let mut fit = refit(question, correction, runs, measurement, Start::Loose)?;
    let mut seen = vec![correction.candidates.clone()];
    for _ in 0..MAX_CHANGES {
        reweigh(&fit, measurement);
        let n_samples = fit.linearised.gram.n_samples() as f64;
        let cost = cost_of_a_term(n_samples, question.discover.candidates.len());
        let superfluous = outside(question, correction, &fit)
            .or_else(|| weakest(correction, &fit).filter(|(_, gain)| *gain < cost));
        let next = match superfluous {
            Some((k, _)) => without(correction, k),
            None => match neighbour(question, correction, &fit, runs, measurement, cost) {
                Some(next) => next,
                None => break,
            },
        };
        if seen.contains(&next.candidates) {
            break;
        }
        seen.push(next.candidates.clone());
        let (mut tried, mut tried_runs) = (next, runs.clone());
        match refit(
            question,
            &mut tried,
            &mut tried_runs,
            measurement,
            Start::Tight,
        ) {
            Ok(better) => {
                fit = better;
                *correction = tried;
                *runs = tried_runs;
            }
            // A model that cannot be run is not an answer.
            Err(_) => break,
        }
    }
    reweigh(&fit, measurement);
    match refit(question, correction, runs, measurement, Start::Tight) {
        Ok(last) => Ok(last),
        Err(_) => Ok(fit),
    }
}

/// The noise is what the fit leaves.
fn reweigh(fit: &Fit, measurement: &mut Measurement) {
    let residuals = measurement.noise.iter_mut().zip(&fit.linearised.residuals);
    for (noise, (sum, n)) in residuals.filter(|(_, (sum, n))| *n > 0 && *sum > 0.0) {
        *noise = (sum / *n as f64).sqrt();
    }
}

/// The term that breaks its bounds most, and by how many standard errors.
fn outside(question: Question<'_>, correction: &Correction, fit: &Fit) -> Option<(usize, f64)> {
    let excess = (0..correction.candidates.len()).map(|k| {
        let candidate = &question.discover.candidates[correction.candidates[k]];
        let c = correction.coefficients[k];
        let beyond = (candidate.lower - c).max(c - candidate.upper);
        (k, beyond / fit.deviations[k])
    });
    excess
        .filter(|(_, beyond)| *beyond > 0.0)
        .max_by(|a, b| a.1.total_cmp(&b.1))
}

/// The term that the likelihood misses least, and by how much (twice its logarithm).
fn weakest(correction: &Correction, fit: &Fit) -> Option<(usize, f64)> {
    let gains = correction.coefficients.iter().zip(&fit.deviations);
    gains
        .map(|(c, d)| (c / d).powi(2))
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

fn without(correction: &Correction, k: usize) -> Correction {
    let mut out = correction.clone();
    out.candidates.remove(k);
    out.coefficients.remove(k);
    out
}

/// The most probable model that differs by one term added, exchanged, or put in the place of two; `None` if none is more
/// probable. All by the linear problem about the fit.
fn neighbour(
    question: Question<'_>,
    correction: &Correction,
    fit: &Fit,
    runs: &[Run<'_>],
    measurement: &Measurement,
    cost: f64,
) -> Option<Correction> {
    let forcings = question.library.pair_forcings();
    let linear = linearise(
        &fit.corrected,
        &question.library.terms,
        &forcings,
        runs,
        measurement,
    );
    let known = correction.all_coefficients(question.discover.candidates.len());
    let gram = linear.ok()?.gram.combined(&question.library.sums);
    let gram = gram.with_target_plus(&known);
    let present = &correction.candidates;
    // Twice the logarithm of the odds, up to a constant.
    let score =
        |columns: &[usize], residual: f64| -residual / fit.variance - cost * columns.len() as f64;
    let mut best = (score(present, gram.solve(present)?.residual), None);
    for kept in subsets(present) {
        for candidate in (0..gram.n_columns()).filter(|c| !present.contains(c)) {
            let mut columns = kept.clone();
            columns.insert(columns.partition_point(|&c| c < candidate), candidate);
            let Some(solution) = gram.solve(&columns) else {
                continue;
            };
            let score = score(&columns, solution.residual);
            if score > best.0 + MARGIN && is_allowed(question, &columns, &solution.coefficients) {
                let next = Correction {
                    candidates: columns,
                    coefficients: solution.coefficients,
                };
                best = (score, Some(next));
            }
        }
    }
    best.1
}

/// Gains below this are rounding.
const MARGIN: f64 = 1e-6;

/// All columns, and all without one or two of them.
fn subsets(columns: &[usize]) -> Vec<Vec<usize>> {
    let mut out = vec![columns.to_vec()];
    for i in 0..columns.len() {
        let mut one = columns.to_vec();
        one.remove(i);
        for j in i..one.len() {
            let mut two = one.clone();
            two.remove(j);
            out.push(two);
        }
        out.push(one);
    }
    out
}

fn is_allowed(question: Question<'_>, columns: &[usize], coefficients: &[f64]) -> bool {
    columns.iter().zip(coefficients).all(|(&k, c)| {
        let candidate = &question.discover.candidates[k];
        (candidate.lower..=candidate.upper).contains(c)
    })
}
