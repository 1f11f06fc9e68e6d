//! `discover` on a model of fields.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::{Discover, Method};

use super::discover::{CLEAN, MAX_ROUNDS, deviations_of, has_settled, polish, rms};
use super::discovery::flow::distance;
use super::discovery::observations::{FieldData, Interval};
use super::discovery::question::FieldQuestion;
use super::discovery::replay::replay;
use super::discovery::residual::one_interval_grams;
use super::discovery::spectrum::Spectrum;
use super::fields::SetupError;
use super::finding::{Finding, found};
use super::first_choice::{indistinct, merged};
use crate::discover::bagging::inclusion;
use crate::discover::check::DataProblem;
use crate::discover::choose_by_exchange;
use crate::discover::corrected::Correction;
use crate::discover::gram::Gram;
use crate::discover::library::Library;
use crate::discover::refit::Question;
use crate::discover::replay::Replay;
use crate::discover::select::Choice;
use crate::space::layout::Shape;

/// Error allowed of a step, over what happens in it, where the data are clean.
const TIGHT: f64 = 1e-10;
/// The same in replays.
const LOOSE: f64 = 1e-5;

/// Discovers what the equations of fields lack.
///
/// # Errors
/// Why the data do not allow it.
pub fn discover_fields(
    program: &Program,
    discover: &Discover,
    parameters: &[f64],
    data: &FieldData,
) -> Result<Finding, DataProblem> {
    check(program, discover, data)?;
    let library = Library::of(program, discover);
    let does_not_run = |error: SetupError| DataProblem::ModelDoesNotRun {
        reason: error.to_string(),
    };
    let deviations = data.deviations();
    let spectrum = Spectrum::of(shape(program), data);
    let noise = match discover.noise {
        Some(share) => deviations.iter().map(|d| share * d).collect(),
        None => spectrum.noise,
    };
    let keeping = program.keeping(&spectrum.band);
    let task = FieldTask {
        question: FieldQuestion {
            question: Question {
                program: &keeping,
                parameters,
                discover,
                library: &library,
            },
            data,
        },
        scales: deviations
            .iter()
            .map(|d| d.max(f64::MIN_POSITIVE))
            .collect(),
        noise,
        band: spectrum.band.to_f64(),
        intervals: data.short_intervals(),
    };
    if !is_clean(data, &task.intervals, &task.noise) {
        return Err(DataProblem::NotSupported {
            why: "the data are noisy, and only clean data of fields can be used yet",
        });
    }
    task.clean().map_err(does_not_run)
}

/// What cannot work, said before any computing.
fn check(program: &Program, discover: &Discover, data: &FieldData) -> Result<(), DataProblem> {
    let why = match &program.grids[..] {
        _ if program.states.iter().any(|s| s.domain.is_none()) => {
            "there are numbers beside the fields"
        }
        _ if discover.method == Method::Evolve => "`method = evolve` is for numbers",
        _ if discover.library.iter().any(|t| !t.constants.is_empty()) => {
            "rates that saturate are for numbers"
        }
        [grid] if (grid.programs.split.iter()).any(|split| split.mirror.is_none()) => "",
        [_] => "not every axis is periodic",
        _ => "there are fields on more than one domain",
    };
    if !why.is_empty() {
        return Err(DataProblem::NotSupported { why });
    }
    for run in &data.runs {
        if let Some(pair) = run.times.windows(2).find(|w| w[1] <= w[0]) {
            return Err(DataProblem::TimesDoNotAscend {
                name: run.name.clone(),
                earlier: pair[0],
                later: pair[1],
            });
        }
    }
    let n_intervals = data.intervals().len();
    if n_intervals == 0 {
        return Err(DataProblem::TooFewSamples {
            name: "the data".into(),
            found: data.n_frames(),
            unknowns: 1,
        });
    }
    Ok(())
}

/// The grid of the fields.
fn shape(program: &Program) -> Shape {
    let mut n = [1; 3];
    let axes = program.grids[0].evolution.axes.iter();
    n.iter_mut()
        .zip(axes)
        .for_each(|(n, axis)| *n = axis.points as usize);
    Shape {
        n,
        periodic: [true; 3],
    }
}

/// Whether one interval tells enough.
fn is_clean(data: &FieldData, intervals: &[Interval], noise: &[f64]) -> bool {
    (0..data.n_fields).all(|field| {
        let increment = |interval: &Interval| {
            let [a, b] = [interval.from, interval.to].map(|frame| {
                let frame = data.frame(interval.run, frame);
                &frame[field * data.len..(field + 1) * data.len]
            });
            distance(a, b).powi(2)
        };
        let sum: f64 = intervals.iter().map(increment).sum();
        let mean = sum / (intervals.len() * data.len) as f64;
        noise[field] < CLEAN * mean.sqrt()
    })
}

/// Intervals that the choice among all candidates is made on; what is chosen is fitted to all.
const FEW: usize = 12;

struct FieldTask<'a> {
    question: FieldQuestion<'a>,
    scales: Vec<f64>,
    noise: Vec<f64>,
    /// Highest frequency with a signal, over that of the grid.
    band: f64,
    intervals: Vec<Interval>,
}

impl FieldTask<'_> {
    fn grams(
        &self,
        correction: &Correction,
        candidates: &[usize],
        intervals: &[Interval],
    ) -> Result<Vec<Gram>, SetupError> {
        let mut pushing = self.question.flow(correction, candidates, TIGHT)?;
        Ok(one_interval_grams(
            &self.question,
            &mut pushing,
            intervals,
            &self.scales,
            self.band,
        ))
    }

    /// Some of the intervals, spread over all of them: of clean data few tell all candidates apart.
    fn some_intervals(&self) -> Vec<Interval> {
        let n = self.intervals.len();
        let few = n.min(FEW);
        (0..few).map(|i| self.intervals[i * n / few]).collect()
    }

    /// One-interval residuals, linearised anew about the corrected model until it stays.
    fn clean(&self) -> Result<Finding, SetupError> {
        let discover = self.question.question.discover;
        let all: Vec<usize> = (0..discover.candidates.len()).collect();
        let some = self.some_intervals();
        let mut correction = Correction::default();
        let mut before = None;
        let mut last: Option<(Choice, Vec<Gram>)> = None;
        for _ in 0..MAX_ROUNDS {
            let known = correction.all_coefficients(all.len());
            let folds = self.grams(&correction, &all, &some)?;
            let folds: Vec<Gram> = folds.iter().map(|g| g.with_target_plus(&known)).collect();
            before.get_or_insert_with(|| rms(&merged(&folds)));
            let choice = choose_by_exchange(&folds, discover);
            let is_settled = has_settled(&correction, &choice.correction);
            correction = choice.correction.clone();
            last = Some((choice, folds));
            if is_settled {
                break;
            }
        }
        let found_ones = correction.candidates.clone();
        let own: Vec<usize> = (0..found_ones.len()).collect();
        let polished = polish(&mut correction, &own, |correction| {
            let folds = self.grams(correction, &found_ones, &self.intervals)?;
            Ok::<Gram, SetupError>(merged(&folds))
        })?;
        let (mut choice, folds) = last.expect("there is a first round");
        let shares = inclusion(&folds, &all, discover.seed, |drawn| {
            choose_by_exchange(drawn, discover)
        });
        choice.inclusion = all.iter().copied().zip(shares).collect();
        let of_columns = Correction::of(discover, own, correction.coefficients.clone());
        let deviations = deviations_of(&polished, &of_columns);
        Ok(Finding {
            experiment: discover.clone(),
            found: found(&correction, &deviations, &choice),
            noise: self.noise.clone(),
            columns: (0..self.scales.len()).map(Some).collect(),
            log_odds: choice.log_odds,
            path: choice.path,
            residuals: [before.expect("there is a first round"), rms(&polished)],
            replays: self.replays(&correction)?,
            indistinct: indistinct(discover, &merged(&folds), &correction.candidates),
        })
    }

    fn replays(&self, correction: &Correction) -> Result<Vec<[Replay; 2]>, SetupError> {
        let flow = |correction: &Correction| self.question.flow(correction, &[], LOOSE);
        let (mut before, mut after) = (flow(&Correction::default())?.flow, flow(correction)?.flow);
        let data = self.question.data;
        let runs = 0..data.runs.len();
        Ok(runs
            .map(|run| [&mut before, &mut after].map(|flow| replay(flow, data, run, &self.scales)))
            .collect())
    }
}
