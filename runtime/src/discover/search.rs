//! Which candidates belong to a model, by the likelihood of whole trajectories: terms go and come as posterior odds say.

use super::corrected::Correction;
use super::gram::Gram;
use super::refit::{Fit, Question, Start, refit};
use super::select::cost_of_a_term;
use super::shooting::{Measurement, Run, linearise};
use crate::failure::Failure;

/// Most changes of the model.
const MAX_CHANGES: usize = 30;

/// Fits, then removes the weakest term or adds the strongest as long as that is more probable.
///
/// # Errors
/// The first model cannot be integrated.
pub fn search(
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
        let next = match weakest(correction, &fit).filter(|(_, gain)| *gain < cost) {
            Some((k, _)) => without(correction, k),
            None => match strongest(question, correction, &fit, runs, measurement) {
                Some((candidate, coefficient, gain)) if gain > cost => {
                    with(correction, candidate, coefficient)
                }
                Some(_) | None => break,
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
    Ok(fit)
}

/// The noise is what the fit leaves.
fn reweigh(fit: &Fit, measurement: &mut Measurement) {
    let residuals = measurement.noise.iter_mut().zip(&fit.linearised.residuals);
    for (noise, (sum, n)) in residuals.filter(|(_, (sum, n))| *n > 0 && *sum > 0.0) {
        *noise = (sum / *n as f64).sqrt();
    }
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

fn with(correction: &Correction, candidate: usize, coefficient: f64) -> Correction {
    let at = correction.candidates.partition_point(|&c| c < candidate);
    let mut out = correction.clone();
    out.candidates.insert(at, candidate);
    out.coefficients.insert(at, coefficient);
    out
}

/// The candidate that would gain most, its coefficient and gain, all by the linear problem about the fit.
fn strongest(
    question: Question<'_>,
    correction: &Correction,
    fit: &Fit,
    runs: &[Run<'_>],
    measurement: &Measurement,
) -> Option<(usize, f64, f64)> {
    let forcings = question.library.pair_forcings();
    let linear = linearise(
        &fit.corrected,
        &question.library.terms,
        &forcings,
        runs,
        measurement,
    );
    let gram = linear.ok()?.gram.combined(&question.library.sums);
    let present = &correction.candidates;
    let base = gram.solve(present)?.residual;
    (0..gram.n_columns())
        .filter(|candidate| !present.contains(candidate))
        .filter_map(|candidate| gain(question, &gram, present, base, candidate))
        .max_by(|a, b| a.2.total_cmp(&b.2))
        .map(|(candidate, coefficient, gain)| (candidate, coefficient, gain / fit.variance))
}

fn gain(
    question: Question<'_>,
    gram: &Gram,
    present: &[usize],
    base: f64,
    candidate: usize,
) -> Option<(usize, f64, f64)> {
    let mut columns = present.to_vec();
    columns.push(candidate);
    let fit = gram.solve(&columns)?;
    let coefficient = *fit.coefficients.last()?;
    let bounds = &question.discover.candidates[candidate];
    let is_allowed = (bounds.lower..=bounds.upper).contains(&coefficient);
    is_allowed.then_some((candidate, coefficient, base - fit.residual))
}
