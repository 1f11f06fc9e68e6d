//! Which candidates belong to a model, by the likelihood of whole trajectories: terms go and come as posterior odds say.

use super::corrected::Correction;
use super::gram::{Gram, Solution};
use super::refit::{Fit, Question, Start, refit};
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
    /// How much more likely it is than the model as it is, fitted to the same samples, as a natural logarithm; infinite if that
    /// cannot be fitted.
    pub fn log_odds(&self, question: Question<'_>, runs: &[Run<'_>]) -> f64 {
        let (mut runs, mut measurement) = (runs.to_vec(), self.measurement.clone());
        let mut nothing = Correction::default();
        let fit = refit(
            question,
            &mut nothing,
            &mut runs,
            &mut measurement,
            Start::Loose,
        );
        let own = score(question, &self.correction, &self.fit, &measurement);
        let as_it_is = fit.map_or(f64::NEG_INFINITY, |fit| {
            score(question, &nothing, &fit, &measurement)
        });
        0.5 * (own - as_it_is)
    }
}

/// Twice the logarithm of the odds, up to a constant.
fn score(
    question: Question<'_>,
    correction: &Correction,
    fit: &Fit,
    measurement: &Measurement,
) -> f64 {
    let residuals = fit.linearised.residuals.iter().enumerate();
    let likelihood: f64 = residuals
        .filter(|(_, (_, n))| *n > 0)
        .map(|(channel, (sum, n))| {
            let variance = sum / *n as f64 + measurement.of_solver(channel);
            *n as f64 * variance.ln()
        })
        .sum();
    let n_samples = fit.linearised.gram.n_samples() as f64;
    -likelihood - question.cost(&correction.candidates, n_samples)
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
    let mut best: Option<(f64, Model<'d>)> = None;
    let mut failure = None;
    for start in starts {
        let mut correction = start.clone();
        let (mut runs, mut measurement) = (runs.to_vec(), measurement.clone());
        match search(question, &mut correction, &mut runs, &mut measurement) {
            Ok(fit) => {
                let score = score(question, &correction, &fit, &measurement);
                let model = Model {
                    correction,
                    runs,
                    measurement,
                    fit,
                };
                if best.as_ref().is_none_or(|(least, _)| score > *least) {
                    best = Some((score, model));
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    match (best, failure) {
        (Some((_, best)), _) => Ok(best),
        (None, failure) => Err(failure.expect("there is a model to start from")),
    }
}

/// Fits, then removes the weakest term or adds the strongest as long as that is more probable; ends with the best it has seen.
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
    let is_good = |correction: &Correction, fit: &Fit| outside(question, correction, fit).is_none();
    let mut best = (f64::NEG_INFINITY, correction.clone(), runs.clone());
    for _ in 0..MAX_CHANGES {
        reweigh(&fit, measurement);
        let reached = score(question, correction, &fit, measurement);
        if reached > best.0 && is_good(correction, &fit) {
            best = (reached, correction.clone(), runs.clone());
        }
        let n_samples = fit.linearised.gram.n_samples() as f64;
        let superfluous = outside(question, correction, &fit)
            .or_else(|| weakest(question, correction, &fit, n_samples));
        let next = match superfluous {
            Some(k) => without(correction, k),
            None => match neighbour(question, correction, &fit, runs, measurement) {
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
    let reached = score(question, correction, &fit, measurement);
    if best.0 > reached || (best.0.is_finite() && !is_good(correction, &fit)) {
        (_, *correction, *runs) = best;
    }
    reweigh(&fit, measurement);
    match refit(question, correction, runs, measurement, Start::Tight) {
        Ok(last) => Ok(last),
        Err(_) => Ok(fit),
    }
}

/// The noise is what the fit leaves.
fn reweigh(fit: &Fit, measurement: &mut Measurement) {
    for (channel, (sum, n)) in fit.linearised.residuals.iter().enumerate() {
        if *n > 0 {
            let variance = sum / *n as f64 + measurement.of_solver(channel);
            measurement.set_noise(channel, variance.sqrt());
        }
    }
}

/// The term that breaks its bounds by most standard errors.
fn outside(question: Question<'_>, correction: &Correction, fit: &Fit) -> Option<usize> {
    let excess = (0..correction.candidates.len()).map(|k| {
        let candidate = &question.discover.candidates[correction.candidates[k]];
        let c = correction.coefficients[k];
        let beyond = (candidate.lower - c).max(c - candidate.upper);
        (k, beyond / fit.deviations[k])
    });
    excess
        .filter(|(_, beyond)| *beyond > 0.0)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(k, _)| k)
}

/// The term that the likelihood misses least, if it is worth less than it costs.
fn weakest(
    question: Question<'_>,
    correction: &Correction,
    fit: &Fit,
    n_samples: f64,
) -> Option<usize> {
    let surplus = |k: usize| {
        let gain = match correction.constants[k].is_empty() {
            true => (correction.coefficients[k] / fit.deviations[k]).powi(2),
            false => gain(correction, fit, k),
        };
        gain - question.cost_of(correction.candidates[k], n_samples)
    };
    let all = (0..correction.candidates.len()).map(|k| (k, surplus(k)));
    let least = all.min_by(|a, b| a.1.total_cmp(&b.1));
    least.filter(|(_, surplus)| *surplus < 0.0).map(|(k, _)| k)
}

/// What a term with its constants gains in twice the log likelihood, by the linear problem about the fit.
fn gain(correction: &Correction, fit: &Fit, k: usize) -> f64 {
    let all = fit
        .linearised
        .gram
        .with_target_plus(&correction.coefficients);
    let columns = 0..all.n_columns();
    let rest = columns
        .clone()
        .filter(|&c| fit.corrected.columns[c].of != k);
    let with = all.solve(&columns.collect::<Vec<usize>>());
    let without = all.solve(&rest.collect::<Vec<usize>>());
    match (with, without) {
        (Some(with), Some(without)) => (without.residual - with.residual) / fit.variance,
        // Its numbers cannot be told from those of others.
        (None, _) | (_, None) => 0.0,
    }
}

fn without(correction: &Correction, k: usize) -> Correction {
    let mut out = correction.clone();
    out.candidates.remove(k);
    out.coefficients.remove(k);
    out.constants.remove(k);
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
) -> Option<Correction> {
    let all = Columns::of(question, correction, fit, runs, measurement)?;
    let n_samples = all.gram.n_samples() as f64;
    let present = &correction.candidates;
    // Twice the logarithm of the odds, up to a constant.
    let score = |candidates: &[usize], residual: f64| {
        -residual / fit.variance - question.cost(candidates, n_samples)
    };
    let mut best = (score(present, all.solve(present)?.residual), None);
    for kept in subsets(present) {
        for candidate in (0..question.discover.candidates.len()).filter(|c| !present.contains(c)) {
            let mut candidates = kept.clone();
            candidates.insert(candidates.partition_point(|&c| c < candidate), candidate);
            let Some(mut solution) = all.solve(&candidates) else {
                continue;
            };
            solution.coefficients.truncate(candidates.len());
            let score = score(&candidates, solution.residual);
            if score > best.0 + MARGIN && is_allowed(question, &candidates, &solution.coefficients)
            {
                let next = Correction::of(question.discover, candidates, solution.coefficients);
                best = (score, Some(next.with_constants_of(correction)));
            }
        }
    }
    best.1
}

/// The linear problem about a fit: a column for each candidate, then one for each constant of those present.
struct Columns {
    gram: Gram,
    /// By candidate present, the columns of its constants.
    constants: Vec<(usize, Vec<usize>)>,
}

impl Columns {
    fn of(
        question: Question<'_>,
        correction: &Correction,
        fit: &Fit,
        runs: &[Run<'_>],
        measurement: &Measurement,
    ) -> Option<Columns> {
        let Question { library, .. } = question;
        let own = &fit.corrected;
        let mut terms = library.terms.clone();
        let mut forcings = library.pair_forcings();
        let first = forcings.len();
        forcings.extend(own.forcings(terms.len()));
        terms.extend(own.terms());
        let linear = linearise(own, &terms, &forcings, runs, measurement).ok()?;
        let mut sums = library.sums.clone();
        let mut constants: Vec<(usize, Vec<usize>)> = Vec::new();
        for (k, &candidate) in correction.candidates.iter().enumerate() {
            sums[candidate] = vec![(first + k, 1.0)];
            constants.push((candidate, Vec::new()));
        }
        for (k, column) in own.columns.iter().enumerate().skip(constants.len()) {
            constants[column.of].1.push(sums.len());
            sums.push(vec![(first + k, 1.0)]);
        }
        let known = correction.all_coefficients(question.discover.candidates.len());
        let gram = linear.gram.combined(&sums).with_target_plus(&known);
        Some(Columns { gram, constants })
    }

    /// Least squares on these candidates; the numbers of their constants follow the coefficients.
    fn solve(&self, candidates: &[usize]) -> Option<Solution> {
        let inside = self.constants.iter();
        let inside = inside.filter(|(candidate, _)| candidates.contains(candidate));
        let inside = inside.flat_map(|(_, columns)| columns);
        let columns: Vec<usize> = candidates.iter().chain(inside).copied().collect();
        self.gram.solve(&columns)
    }
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
