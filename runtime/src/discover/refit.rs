//! Gauss–Newton refit of a corrected model to all samples, from loose to tight segments.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Discover;

use super::corrected::{Corrected, Correction};
use super::library::Library;
use super::select::cost_of_a_term;
use super::shooting::{Linearised, Measurement, Run, linearise};
use crate::failure::Failure;

/// A model and what may be added to it.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The model as it is.
    pub program: &'a Program,
    /// Its parameters.
    pub parameters: &'a [f64],
    /// The experiment.
    pub discover: &'a Discover,
    /// Its library.
    pub library: &'a Library,
}

impl Question<'_> {
    /// The model with a correction.
    pub fn corrected(&self, correction: &Correction) -> Corrected {
        Corrected::new(self.program, self.parameters, self.discover, correction)
    }

    /// What these candidates must gain in twice the log likelihood.
    pub fn cost(&self, candidates: &[usize], n_samples: f64) -> f64 {
        let costs = candidates.iter().map(|&k| self.cost_of(k, n_samples));
        costs.sum()
    }

    /// The price of a coefficient, of each constant, and of choosing the candidate among all.
    pub fn cost_of(&self, candidate: usize, n_samples: f64) -> f64 {
        let Discover {
            candidates,
            library,
            ..
        } = self.discover;
        let candidate = &candidates[candidate];
        let n_constants = library[candidate.term as usize].constants.len() as f64;
        cost_of_a_term(n_samples, candidates.len())
            + n_constants * n_samples.max(2.0).ln()
            + candidate.price
    }
}

/// A fitted correction.
pub struct Fit {
    /// The model with it.
    pub corrected: Corrected,
    /// Linear about the fit, columns are the unknowns of the correction.
    pub linearised: Linearised,
    /// Standard errors of the unknowns: coefficients, then constants.
    pub deviations: Vec<f64>,
    /// Mean square of the residuals in units of the noise assumed.
    pub variance: f64,
}

/// Slacks, over the noise, from loose to so tight that it costs less than a thousandth of an error.
const SLACKS: [f64; 4] = [1.0, 0.1, 0.01, 1e-3];
/// Iterations at each slack but the last.
const ITERATIONS: usize = 3;
/// Iterations at the last slack.
const LAST_ITERATIONS: usize = 12;
/// Times that a step is halved.
const HALVINGS: usize = 6;
/// Relative decrease of the sum of squares below which it has converged.
const CONVERGED: f64 = 1e-8;

/// Fits coefficients, constants and states; all are changed to the fit. `tight` starts at the last slack: the states fit nearly already.
///
/// # Errors
/// The model with these coefficients cannot be integrated.
pub fn refit(
    question: Question<'_>,
    correction: &mut Correction,
    runs: &mut [Run<'_>],
    measurement: &mut Measurement,
    tight: Start,
) -> Result<Fit, Failure> {
    let mut corrected = question.corrected(correction);
    let first = match tight {
        Start::Loose => 0,
        Start::Tight => SLACKS.len() - 1,
    };
    let mut state = None;
    for (level, &slack) in SLACKS.iter().enumerate().skip(first) {
        measurement.slack = slack;
        let is_last = level + 1 == SLACKS.len();
        let iterations = if is_last { LAST_ITERATIONS } else { ITERATIONS };
        let mut at = about(&corrected, runs, measurement)?;
        for _ in 0..iterations {
            let before = total(&at);
            let step = coefficient_step(&at);
            let moved = try_step(&mut corrected, correction, runs, measurement, &at, &step);
            let Some(next) = moved else { break };
            let after = total(&next);
            at = next;
            if before - after <= CONVERGED * before {
                break;
            }
        }
        state = Some(at);
    }
    let linearised = state.expect("there is a last slack");
    Ok(assess(corrected, linearised, runs, measurement))
}

/// Fits the states alone to the samples and, loosely, to the model as it is: what is left in the gaps between segments is what
/// the model lacks. Gives that problem, linear in all pairs of the library.
///
/// # Errors
/// The model cannot be integrated.
pub fn loosely(
    question: Question<'_>,
    runs: &mut [Run<'_>],
    measurement: &mut Measurement,
) -> Result<Linearised, Failure> {
    let mut correction = Correction::default();
    let mut corrected = question.corrected(&correction);
    let terms = &question.library.terms;
    measurement.slack = SLACKS[0];
    for _ in 0..ITERATIONS {
        let at = linearise(&corrected, terms, &[], runs, measurement)?;
        let moved = try_step(&mut corrected, &mut correction, runs, measurement, &at, &[]);
        if moved.is_none() {
            break;
        }
    }
    linearise(
        &corrected,
        terms,
        &question.library.pair_forcings(),
        runs,
        measurement,
    )
}

/// How far the states are from the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// They come from the data.
    Loose,
    /// They come from a fit of nearly the same model.
    Tight,
}

/// Linear about the present states, in the unknowns of the model.
fn about(
    corrected: &Corrected,
    runs: &[Run<'_>],
    measurement: &Measurement,
) -> Result<Linearised, Failure> {
    let (terms, forcings) = (corrected.terms(), corrected.forcings(0));
    linearise(corrected, &terms, &forcings, runs, measurement)
}

fn total(at: &Linearised) -> f64 {
    at.misfit[0] + at.misfit[1]
}

fn coefficient_step(at: &Linearised) -> Vec<f64> {
    let all: Vec<usize> = (0..at.gram.n_columns()).collect();
    match at.gram.solve(&all) {
        Some(solution) => solution.coefficients,
        // Coefficients that cannot be told apart stay; the states still move.
        None => vec![0.0; all.len()],
    }
}

/// Goes along a step as far as the sum of squares decreases; `None` if it does not.
fn try_step(
    corrected: &mut Corrected,
    correction: &mut Correction,
    runs: &mut [Run<'_>],
    measurement: &Measurement,
    at: &Linearised,
    step: &[f64],
) -> Option<Linearised> {
    let state_steps = at.state_steps(step);
    let old_states: Vec<Vec<Vec<f64>>> = runs.iter().map(|run| run.states.clone()).collect();
    let old = correction.unknowns();
    let mut share = longest(correction, step);
    for _ in 0..HALVINGS {
        let moved = old.iter().zip(step).map(|(o, d)| o + share * d);
        let moved: Vec<f64> = moved.collect();
        correction.set(&moved);
        corrected.set(&moved);
        for ((run, steps), states) in runs.iter_mut().zip(&state_steps).zip(&old_states) {
            for ((state, step), old) in run.states.iter_mut().zip(steps).zip(states) {
                for ((u, d), o) in state.iter_mut().zip(step).zip(old) {
                    *u = o + share * d;
                }
            }
        }
        if let Ok(next) = about(corrected, runs, measurement)
            && total(&next) <= total(at)
        {
            return Some(next);
        }
        share *= 0.5;
    }
    correction.set(&old);
    corrected.set(&old);
    for (run, states) in runs.iter_mut().zip(old_states) {
        run.states = states;
    }
    None
}

/// The share of a step that a constant inside of a term may take at most of itself: it keeps its sign.
const BOLDEST: f64 = 0.8;

/// The share of a step that leaves each constant inside of a term its sign and order of magnitude.
fn longest(correction: &Correction, step: &[f64]) -> f64 {
    let inside = step.iter().skip(correction.coefficients.len());
    let constants = correction.constants.iter().flatten();
    let shares = constants.zip(inside).map(|(c, d)| BOLDEST * (c / d).abs());
    shares.filter(|share| share.is_finite()).fold(1.0, f64::min)
}

fn assess(
    corrected: Corrected,
    linearised: Linearised,
    runs: &[Run<'_>],
    measurement: &Measurement,
) -> Fit {
    let columns: Vec<usize> = (0..linearised.gram.n_columns()).collect();
    let n_states: usize = runs.iter().map(|run| run.states[0].len()).sum();
    let freedom = linearised.gram.n_samples() as f64 - (columns.len() + n_states) as f64;
    let of_solver = |(channel, (_, n)): (usize, &(f64, u64))| {
        *n as f64 * measurement.of_solver(channel) / measurement.noise_of(channel).powi(2)
    };
    let of_solver: f64 = linearised.residuals.iter().enumerate().map(of_solver).sum();
    let variance = (linearised.misfit[0] + of_solver) / freedom.max(1.0);
    let deviations = match linearised.gram.inverse(&columns) {
        Some(inverse) => columns
            .iter()
            .map(|&k| (inverse[(k, k)] * variance).sqrt())
            .collect(),
        None => vec![f64::INFINITY; columns.len()],
    };
    Fit {
        corrected,
        linearised,
        deviations,
        variance,
    }
}
