//! What `discover` gives.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Discover;

use crate::discover::corrected::{Corrected, Correction};
use crate::discover::observations::Observations;
use crate::discover::path::Path;
use crate::discover::replay::{Replay, replay};
use crate::discover::select::Choice;

/// A term that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Position among the candidates.
    pub candidate: usize,
    /// Its coefficient.
    pub coefficient: f64,
    /// Standard error of the coefficient.
    pub deviation: f64,
    /// The constants inside of its term and their standard errors.
    pub constants: Vec<(f64, f64)>,
    /// Share of resampled data in which a regression alone chooses it, where data were resampled.
    pub inclusion: Option<f64>,
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The experiment with the candidates that were tried: each form of a rate from several starts, formulas that were searched for.
    pub experiment: Discover,
    /// What the model lacks.
    pub found: Vec<Found>,
    /// Standard deviation of the noise of each column.
    pub noise: Vec<f64>,
    /// Column of each state, if it has one.
    pub columns: Vec<Option<usize>>,
    /// The path of models.
    pub path: Path,
    /// How much more likely the corrected model is than the model as it is, as a natural logarithm; infinite where that cannot
    /// be run.
    pub log_odds: f64,
    /// One-interval error before and after, over the standard deviation of the data per unit of time.
    pub residuals: [f64; 2],
    /// Each trajectory simulated as a whole, by the model as it was and by the corrected one.
    pub replays: Vec<[Replay; 2]>,
    /// Pairs of a found term and another candidate that the data cannot tell apart, with their correlation.
    pub indistinct: Vec<(usize, usize, f64)>,
}

impl Finding {
    /// Whether the corrected model can be run over all trajectories.
    pub fn is_stable(&self) -> bool {
        self.replays.iter().all(|[_, after]| after.is_stable)
    }
}

/// The terms of a correction; `deviations` are those of its unknowns.
pub(super) fn found(correction: &Correction, deviations: &[f64], choice: &Choice) -> Vec<Found> {
    let (own, inside) = deviations.split_at(correction.candidates.len());
    let mut inside = inside.iter();
    let inclusion = |k: usize| {
        let share = choice.inclusion.iter().find(|(c, _)| *c == k);
        share.map(|(_, share)| *share)
    };
    let mut out = Vec::new();
    for (k, &candidate) in correction.candidates.iter().enumerate() {
        let constants = correction.constants[k].iter();
        out.push(Found {
            candidate,
            coefficient: correction.coefficients[k],
            deviation: own[k],
            constants: constants.copied().zip(inside.by_ref().copied()).collect(),
            inclusion: inclusion(candidate),
        });
    }
    out
}

/// Data that nothing was fitted to, simulated from their first rows by the model as it is and by the corrected one. Where the first
/// row has a gap, the model's own start is taken.
pub fn held_out(
    program: &Program,
    parameters: &[f64],
    finding: &Finding,
    data: &Observations,
) -> Vec<[Replay; 2]> {
    let experiment = &finding.experiment;
    let found = finding.found.iter();
    let correction = Correction {
        candidates: found.clone().map(|f| f.candidate).collect(),
        coefficients: found.clone().map(|f| f.coefficient).collect(),
        constants: found
            .map(|f| f.constants.iter().map(|c| c.0).collect())
            .collect(),
    };
    let models = [Correction::default(), correction]
        .map(|correction| Corrected::new(program, parameters, experiment, &correction));
    let (_, u0) = program.start();
    let (columns, deviations) = (data.column_of_states(u0.len()), data.deviations());
    let scale = |c: &Option<usize>| c.map(|c| deviations[c]).filter(|d| *d > 0.0);
    let scales: Vec<f64> = columns.iter().map(|c| scale(c).unwrap_or(1.0)).collect();
    let replays = data.trajectories.iter().map(|trajectory| {
        let row = trajectory.row(0, data.columns.len());
        let first = columns.iter().zip(&u0).map(|(c, own)| {
            let value = c.map(|c| row[c]).filter(|v| v.is_finite());
            value.unwrap_or(*own)
        });
        let first: Vec<f64> = first.collect();
        [0, 1].map(|k| replay(&models[k], trajectory, &first, &scales))
    });
    replays.collect()
}
