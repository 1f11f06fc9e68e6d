//! `discover`: which terms a model lacks, from observations.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Discover;

use crate::discover::check::DataProblem;
use crate::discover::corrected::{Corrected, Correction};
use crate::discover::gram::Gram;
use crate::discover::library::Library;
use crate::discover::noise::noise_levels;
use crate::discover::observations::Observations;
use crate::discover::path::Path;
use crate::discover::residual::one_interval_grams;
use crate::discover::select::{Choice, choose};

/// A term that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Position among the candidates.
    pub candidate: usize,
    /// Its coefficient.
    pub coefficient: f64,
    /// Standard error of the coefficient.
    pub deviation: f64,
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What the model lacks.
    pub found: Vec<Found>,
    /// Standard deviation of the noise of each column.
    pub noise: Vec<f64>,
    /// The path of models.
    pub path: Path,
    /// How much more likely the corrected model is, as a natural logarithm.
    pub log_odds: f64,
    /// One-interval error before and after, over the standard deviation of the data per unit of time.
    pub residuals: [f64; 2],
}

/// Most rounds of linearising anew about the corrected model.
const MAX_ROUNDS: usize = 8;
/// Relative change of the coefficients below which they have settled.
const SETTLED: f64 = 1e-10;

/// Discovers.
///
/// # Errors
/// Why the data do not allow it.
pub fn discover(
    program: &Program,
    discover: &Discover,
    parameters: &[f64],
    data: &Observations,
) -> Result<Finding, DataProblem> {
    let columns: Vec<usize> = data
        .column_of_states(program.states.len())
        .into_iter()
        .enumerate()
        .map(|(i, column)| {
            column.ok_or_else(|| DataProblem::Unobserved {
                state: program.states[i].name.clone(),
            })
        })
        .collect::<Result<_, _>>()?;
    let deviations = data.deviations();
    let scales: Vec<f64> = columns
        .iter()
        .map(|&c| deviations[c].max(f64::MIN_POSITIVE))
        .collect();
    let noise = noise_levels(data);
    let library = Library::of(discover);
    let mut correction = Correction::default();
    let mut before = None;
    let mut last: Option<(Choice, Gram)> = None;
    for _ in 0..MAX_ROUNDS {
        let corrected = Corrected::new(program, parameters, discover, &correction);
        let pairs = one_interval_grams(&corrected, &library, data, &columns, &scales);
        let known = correction.all_coefficients(discover.candidates.len());
        let folds: Vec<Gram> = pairs
            .iter()
            .map(|g| g.combined(&library.sums).with_target_plus(&known))
            .collect();
        let mut all = folds[0].clone();
        folds[1..].iter().for_each(|fold| all.merge(fold));
        before.get_or_insert((all.target() / all.n_samples().max(1) as f64).sqrt());
        let of_column: Vec<usize> = (0..discover.candidates.len()).collect();
        let choice = choose(&folds, &of_column, &discover.candidates, discover.method);
        let is_settled = has_settled(&correction, &choice.correction);
        correction = choice.correction.clone();
        last = Some((choice, all));
        if is_settled {
            break;
        }
    }
    let (choice, all) = last.expect("there is a first round");
    let deviations = deviations_of(&all, &choice.correction);
    let after = all.residual(
        &choice.correction.candidates,
        &choice.correction.coefficients,
    );
    let found = choice
        .correction
        .candidates
        .iter()
        .zip(&choice.correction.coefficients)
        .zip(deviations)
        .map(|((&candidate, &coefficient), deviation)| Found {
            candidate,
            coefficient,
            deviation,
        });
    Ok(Finding {
        found: found.collect(),
        noise,
        log_odds: choice.log_odds,
        path: choice.path,
        residuals: [
            before.expect("there is a first round"),
            (after / all.n_samples().max(1) as f64).sqrt(),
        ],
    })
}

fn has_settled(old: &Correction, new: &Correction) -> bool {
    let change = |(a, b): (&f64, &f64)| (a - b).abs() <= SETTLED * b.abs();
    old.candidates == new.candidates && old.coefficients.iter().zip(&new.coefficients).all(change)
}

/// Standard errors of least squares.
fn deviations_of(all: &Gram, correction: &Correction) -> Vec<f64> {
    let columns = &correction.candidates;
    let residual = all.residual(columns, &correction.coefficients);
    let freedom = (all.n_samples() as f64 - columns.len() as f64).max(1.0);
    match all.inverse(columns) {
        Some(inverse) => (0..columns.len())
            .map(|k| (inverse[(k, k)] * residual / freedom).sqrt())
            .collect(),
        None => vec![f64::NAN; columns.len()],
    }
}
