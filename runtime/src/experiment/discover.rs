//! `discover`: which terms a model lacks, from observations.

use std::convert::Infallible;

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::{Discover, Method};

use super::evolved::evolved;
use super::finding::{Finding, found};
use super::first_choice::{FirstChoice, indistinct, merged, starts};
use super::partial::partial;
use crate::discover::check::DataProblem;
use crate::discover::constants::on_grid;
use crate::discover::corrected::{Corrected, Correction};
use crate::discover::flow::TIGHT;
use crate::discover::gram::Gram;
use crate::discover::library::Library;
use crate::discover::noise::noise_levels;
use crate::discover::observations::{Observations, Observed, Trajectory};
use crate::discover::refit::Question;
use crate::discover::replay::{Replay, explained, replay};
use crate::discover::residual::one_interval_grams;
use crate::discover::search::best_of;
use crate::discover::shooting::{LEAST_NOISE, Measurement, Run};
use crate::discover::smooth::smooth;
use crate::discover::weak::{Track, weak_grams};

/// Most rounds of linearising anew about the corrected model.
pub(super) const MAX_ROUNDS: usize = 8;
/// Relative change of the coefficients below which they have settled.
const SETTLED: f64 = 1e-6;
/// Most Newton steps after that.
const MAX_POLISH: usize = 4;

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
    let finding = find(program, discover, parameters, data)?;
    doubt(&finding, data)?;
    Ok(finding)
}

/// Neighbouring samples agree no more than this, over the size of what they measure: they look like noise.
const INCOHERENT: f64 = 0.5;

/// A model that explains this share of a run is no bad one.
const EXPLAINED: f64 = 0.5;

/// Refuses data whose neighbouring samples have nothing to do with each other: because the model itself changes that fast, and then
/// what was found may be an alias, or because noise hides all, and then nothing is found. A model that explains a run is not doubted.
fn doubt(finding: &Finding, data: &Observations) -> Result<(), DataProblem> {
    let shares = |data: &Observations| -> Vec<f64> {
        let levels = noise_levels(data).into_iter().zip(data.deviations());
        levels.map(|(level, size)| level / size).collect()
    };
    let seen = shares(data);
    let noise = seen.iter().copied().fold(f64::INFINITY, f64::min);
    let runs = finding.replays.iter().zip(&data.trajectories);
    let is_explained = |([before, _], trajectory): (&[Replay; 2], &Trajectory)| {
        let share = explained(before, trajectory, &finding.columns, data.columns.len());
        share.is_some_and(|share| share > EXPLAINED)
    };
    if noise.is_infinite() || noise < INCOHERENT || runs.into_iter().any(is_explained) {
        return Ok(());
    }
    let simulated = simulated(finding, data);
    let intervals = || data.trajectories.iter().flat_map(|t| t.times.windows(2));
    let interval = intervals().map(|w| w[1] - w[0]).sum::<f64>() / intervals().count() as f64;
    if simulated.is_some_and(|model| shares(&model).iter().any(|s| *s > INCOHERENT)) {
        return Err(DataProblem::IntervalTooLong { interval });
    }
    match finding.found.is_empty() || !finding.is_stable() {
        true => Err(DataProblem::HopelessNoise { noise }),
        false => Ok(()),
    }
}

/// What the model as it is gives in the place of the data; `None` if it cannot be run.
fn simulated(finding: &Finding, data: &Observations) -> Option<Observations> {
    let n = finding.columns.len();
    let mut out = data.clone();
    out.columns = (0..n).map(Observed::State).collect();
    for (trajectory, [before, _]) in out.trajectories.iter_mut().zip(&finding.replays) {
        if before.states.len() != n * trajectory.times.len() {
            return None;
        }
        trajectory.values.clone_from(&before.states);
    }
    Some(out)
}

fn find(
    program: &Program,
    discover: &Discover,
    parameters: &[f64],
    data: &Observations,
) -> Result<Finding, DataProblem> {
    let measured = data.column_of_states(program.states.len());
    let experiment = on_grid(discover, &measured, data);
    let columns = measured.iter().copied().collect::<Option<Vec<usize>>>();
    let Some(columns) = columns.filter(|_| discover.assimilate.is_none()) else {
        return partial(program, &experiment, parameters, data, measured);
    };
    let deviations = data.deviations();
    let scales: Vec<f64> = columns
        .iter()
        .map(|&c| deviations[c].max(f64::MIN_POSITIVE))
        .collect();
    let noise = levels(discover, data);
    let (experiment, proposals) = match discover.method {
        Method::Evolve => evolved(program, discover, parameters, data, &columns, &noise),
        Method::RelevanceVectorMachine | Method::Ard | Method::Stlsq => (experiment, Vec::new()),
    };
    let library = Library::of(program, &experiment);
    let mut task = Task {
        question: Question {
            program,
            parameters,
            discover: &experiment,
            library: &library,
        },
        data,
        columns,
        scales,
        noise,
    };
    let is_linear = experiment.library.iter().all(|t| t.constants.is_empty());
    if is_linear && discover.method != Method::Evolve && is_clean(data, &task.noise) {
        return Ok(task.clean());
    }
    task.assume_least_noise();
    task.noisy(proposals)
}

/// Standard deviation of the noise of each column: given or estimated.
pub(super) fn levels(discover: &Discover, data: &Observations) -> Vec<f64> {
    match discover.noise {
        Some(share) => data.deviations().iter().map(|d| share * d).collect(),
        None => noise_levels(data),
    }
}

/// Noise below this share of what happens in an interval does not blur a one-interval residual.
pub(super) const CLEAN: f64 = 1e-4;

/// Whether one interval tells enough: the noise of no column is more than a trifle of its increments.
fn is_clean(data: &Observations, noise: &[f64]) -> bool {
    let width = data.columns.len();
    (0..width).all(|c| {
        let (mut sum, mut n) = (0.0, 0);
        for trajectory in &data.trajectories {
            for i in 1..trajectory.times.len() {
                let step = trajectory.row(i, width)[c] - trajectory.row(i - 1, width)[c];
                if step.is_finite() {
                    sum += step * step;
                    n += 1;
                }
            }
        }
        noise[c] < CLEAN * (sum / f64::from(n.max(1))).sqrt()
    })
}

struct Task<'a> {
    question: Question<'a>,
    data: &'a Observations,
    /// Column of each state.
    columns: Vec<usize>,
    /// Size of each state.
    scales: Vec<f64>,
    /// Noise of each column.
    noise: Vec<f64>,
}

impl Task<'_> {
    fn assume_least_noise(&mut self) {
        for (&column, scale) in self.columns.iter().zip(&self.scales) {
            self.noise[column] = self.noise[column].max(LEAST_NOISE * scale);
        }
    }

    /// One-interval residuals of a corrected model: a column for each pair of the library.
    fn pairs(&self, correction: &Correction) -> Vec<Gram> {
        let Question { library, .. } = self.question;
        let corrected = self.question.corrected(correction);
        one_interval_grams(&corrected, library, self.data, &self.columns, &self.scales)
    }

    /// The same with a column for each candidate.
    fn gram(&self, correction: &Correction) -> Gram {
        let Question { library, .. } = self.question;
        merged(&self.pairs(correction)).combined(&library.sums)
    }

    /// One-interval residuals, linearised anew about the corrected model until it stays.
    fn clean(&self) -> Finding {
        let Question {
            discover, library, ..
        } = self.question;
        let unsure = self.variance_of_the_solver();
        let mut correction = Correction::default();
        let mut before = None;
        let mut last: Option<FirstChoice> = None;
        for _ in 0..MAX_ROUNDS {
            let known = library.of_pairs(&correction);
            let pairs = self.pairs(&correction);
            let pairs = pairs.iter().map(|g| g.with_target_plus(&known));
            let pairs: Vec<Gram> = pairs.map(|g| g.with_noise(unsure)).collect();
            let first = FirstChoice::of(discover, library, &pairs);
            before.get_or_insert_with(|| rms(&first.all));
            let is_settled = has_settled(&correction, &first.choice.correction);
            correction = first.choice.correction.clone();
            last = Some(first);
            if is_settled {
                break;
            }
        }
        let candidates = correction.candidates.clone();
        let polished = polish(&mut correction, &candidates, |correction| {
            Ok::<Gram, Infallible>(self.gram(correction))
        });
        let Ok(all) = polished;
        let mut first = last.expect("there is a first round");
        first.resample(discover);
        let choice = first.choice;
        let deviations = deviations_of(&all, &correction);
        Finding {
            experiment: discover.clone(),
            found: found(&correction, &deviations, &choice),
            noise: self.noise.clone(),
            columns: self.columns.iter().map(|&c| Some(c)).collect(),
            log_odds: choice.log_odds,
            path: choice.path,
            residuals: [before.expect("there is a first round"), rms(&all)],
            replays: self.replays(&self.question.corrected(&correction), &self.first_rows()),
            indistinct: indistinct(discover, &all, &correction.candidates),
        }
    }

    /// What the tolerance of the solver leaves open in a one-interval residual: no term is there to explain it.
    fn variance_of_the_solver(&self) -> f64 {
        let trajectories = self.data.trajectories.iter();
        let rates = trajectories
            .flat_map(|t| t.times.windows(2))
            .map(|w| (TIGHT / (w[1] - w[0])).powi(2));
        rates.clone().sum::<f64>() / rates.count().max(1) as f64
    }

    /// The weak form for a first choice, unless there are proposals; the likelihood of whole trajectories for the rest.
    fn noisy(&self, proposals: Vec<Correction>) -> Result<Finding, DataProblem> {
        let Question {
            discover, library, ..
        } = self.question;
        let n = self.scales.len();
        let noise: Vec<f64> = self.columns.iter().map(|&c| self.noise[c]).collect();
        let (tracks, half_width) = self.tracks();
        let corrected = self.question.corrected(&Correction::default());
        let pairs = weak_grams(&corrected, library, &tracks, half_width, &noise);
        let mut first = FirstChoice::of(discover, library, &pairs);
        first.resample(discover);
        let FirstChoice { all, choice, .. } = first;
        let before = rms(&all);
        let starts = match proposals.is_empty() {
            true => starts(discover, &all, &choice.correction),
            false => proposals,
        };
        let measurement = Measurement {
            column_of: self.columns.iter().map(|&c| Some(c)).collect(),
            width: self.data.columns.len(),
            noise,
            scales: self.scales.clone(),
            watched: Vec::new(),
            slack: 1.0,
        };
        let pairs = self.data.trajectories.iter().zip(&tracks);
        let runs: Vec<Run<'_>> = pairs
            .map(|(trajectory, track)| run(trajectory, &track.smoothed, self.data.n_rows(), n))
            .collect();
        let best = best_of(self.question, &starts, &runs, &measurement);
        let best = best.map_err(|failure| DataProblem::ModelDoesNotRun {
            reason: failure.to_string(),
        })?;
        let mut noise = self.noise.clone();
        for (state, &column) in self.columns.iter().enumerate() {
            noise[column] = best.measurement.noise[state];
        }
        Ok(Finding {
            experiment: discover.clone(),
            found: found(&best.correction, &best.fit.deviations, &choice),
            noise,
            columns: best.measurement.column_of.clone(),
            log_odds: best.log_odds(self.question, &runs),
            path: choice.path,
            residuals: [before, best.fit.variance.sqrt()],
            replays: self.replays(
                &best.fit.corrected,
                &best
                    .runs
                    .iter()
                    .map(|run| run.states[0].clone())
                    .collect::<Vec<_>>(),
            ),
            indistinct: indistinct(discover, &all, &best.correction.candidates),
        })
    }

    /// The first complete sample of each trajectory is its first one, or the model's start where it is not.
    fn first_rows(&self) -> Vec<Vec<f64>> {
        let width = self.data.columns.len();
        let rows = self.data.trajectories.iter().map(|t| {
            let row = t.row(0, width);
            self.columns.iter().map(|&c| row[c]).collect()
        });
        rows.collect()
    }

    fn replays(&self, after: &Corrected, starts: &[Vec<f64>]) -> Vec<[Replay; 2]> {
        let before = self.question.corrected(&Correction::default());
        let trajectories = self.data.trajectories.iter().zip(starts);
        trajectories
            .map(|(trajectory, start)| {
                [&before, after].map(|model| replay(model, trajectory, start, &self.scales))
            })
            .collect()
    }

    /// Smoothed trajectories, and half the width of the bumps that test them.
    fn tracks(&self) -> (Vec<Track>, f64) {
        let n = self.scales.len();
        let width = self.data.columns.len();
        let mut widths = Vec::new();
        let tracks = self.data.trajectories.iter().map(|trajectory| {
            let mut track = Track {
                times: trajectory.times.clone(),
                raw: vec![0.0; n * trajectory.times.len()],
                smoothed: vec![0.0; n * trajectory.times.len()],
            };
            for (state, &column) in self.columns.iter().enumerate() {
                let smoothed = smooth(trajectory, width, column, self.noise[column]);
                widths.push(smoothed.half_width);
                for (i, &value) in smoothed.values.iter().enumerate() {
                    let measured = trajectory.row(i, width)[column];
                    track.smoothed[i * n + state] = value;
                    track.raw[i * n + state] = if measured.is_finite() {
                        measured
                    } else {
                        value
                    };
                }
            }
            track
        });
        let tracks = tracks.collect();
        widths.sort_by(f64::total_cmp);
        let spans = self.data.trajectories.iter().map(|t| {
            let (first, last) = (t.times.first(), t.times.last());
            last.zip(first).map_or(0.0, |(last, first)| last - first)
        });
        let widest = WIDEST_BUMP * spans.fold(0.0, f64::max);
        let half_width = BUMP_WIDTH * widths[widths.len() / 2];
        (tracks, half_width.min(widest))
    }
}

/// Half the width of a bump over half the window of the smoothing.
const BUMP_WIDTH: f64 = 2.0;
/// The widest half of a bump, as a share of the longest run: some must stand side by side.
const WIDEST_BUMP: f64 = 0.2;
/// Segments of all runs together: enough that none is long, few enough that they are fitted fast.
const SEGMENTS: usize = 400;

/// A trajectory with nodes at equal numbers of samples, their states smoothed.
pub(super) fn run<'d>(
    trajectory: &'d Trajectory,
    smoothed: &[f64],
    n_rows: usize,
    n: usize,
) -> Run<'d> {
    let stride = n_rows.div_ceil(SEGMENTS).max(1);
    let last = trajectory.times.len() - 1;
    let nodes: Vec<usize> = (0..last.max(1)).step_by(stride).collect();
    let states = nodes.iter().map(|&i| smoothed[i * n..(i + 1) * n].to_vec());
    Run {
        trajectory,
        states: states.collect(),
        nodes,
    }
}

/// Newton's iteration on the residuals themselves, whose regression `gram` gives: they lose no digits to what is explained already.
/// `columns` are those of the correction.
pub(super) fn polish<E>(
    correction: &mut Correction,
    columns: &[usize],
    gram: impl Fn(&Correction) -> Result<Gram, E>,
) -> Result<Gram, E> {
    let mut all = gram(correction)?;
    for _ in 0..MAX_POLISH {
        let Some(step) = all.solve(columns) else {
            break;
        };
        let old = correction.coefficients.clone();
        for (c, d) in correction.coefficients.iter_mut().zip(&step.coefficients) {
            *c += d;
        }
        let next = gram(correction)?;
        if next.target() >= all.target() {
            correction.coefficients = old;
            break;
        }
        all = next;
    }
    Ok(all)
}

/// Root mean square of the target.
pub(super) fn rms(gram: &Gram) -> f64 {
    (gram.target() / gram.n_samples().max(1) as f64).sqrt()
}

pub(super) fn has_settled(old: &Correction, new: &Correction) -> bool {
    let change = |(a, b): (&f64, &f64)| (a - b).abs() <= SETTLED * b.abs();
    old.candidates == new.candidates && old.coefficients.iter().zip(&new.coefficients).all(change)
}

/// Standard errors of least squares; the target is what the correction leaves.
pub(super) fn deviations_of(all: &Gram, correction: &Correction) -> Vec<f64> {
    let columns = &correction.candidates;
    let residual = all.target();
    let freedom = (all.n_samples() as f64 - columns.len() as f64).max(1.0);
    match all.inverse(columns) {
        Some(inverse) => (0..columns.len())
            .map(|k| (inverse[(k, k)] * residual / freedom).sqrt())
            .collect(),
        None => vec![f64::NAN; columns.len()],
    }
}
