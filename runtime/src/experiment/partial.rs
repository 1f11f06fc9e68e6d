//! `discover` when some states are not measured: an ensemble smoother finds first states, the likelihood does the rest.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::{Assimilate, Discover, Filter as Kind, Method};

use super::discover::{levels, run};
use super::finding::{Finding, found};
use super::first_choice::{FirstChoice, indistinct};
use crate::discover::check::DataProblem;
use crate::discover::corrected::{Corrected, Correction};
use crate::discover::filter::{Assimilated, Filter, Prior, Scheme, assimilate};
use crate::discover::library::Library;
use crate::discover::observations::{Observations, Observed, Trajectory};
use crate::discover::refit::{Question, loosely};
use crate::discover::replay::replay;
use crate::discover::search::{Model, best_of};
use crate::discover::shooting::{Measurement, Run, Watched};
use crate::failure::Failure;

/// Members for each state, and at least so many.
const MEMBERS: (usize, usize) = (4, 24);
/// The forecast of an imperfect model is less certain than its members say.
const INFLATION: f64 = 1.1;
/// Samples over which an analysis is carried back.
const LAG: usize = 20;
/// How little is known of a state that is not measured: this share of its size.
const IGNORANCE: f64 = 0.5;

/// Discovers from partial observations; `measured` says which column each state has.
///
/// # Errors
/// Why the data do not allow it.
pub(super) fn partial(
    program: &Program,
    discover: &Discover,
    parameters: &[f64],
    data: &Observations,
    measured: Vec<Option<usize>>,
) -> Result<Finding, DataProblem> {
    let is_measured = |c: &Observed| matches!(c, Observed::State(_) | Observed::Observable(_));
    let is_blind = !data.columns.iter().any(is_measured) || discover.method == Method::Evolve;
    if let Some(state) = measured
        .iter()
        .position(Option::is_none)
        .filter(|_| is_blind)
    {
        return Err(DataProblem::Unobserved {
            state: program.states[state].name.clone(),
        });
    }
    let library = Library::of(program, discover);
    let question = Question {
        program,
        parameters,
        discover,
        library: &library,
    };
    let model = question.corrected(&Correction::default());
    let (_, u0) = program.start();
    let mut measurement = measurement(&model, discover, data, measured, &u0);
    let mut runs: Vec<Run<'_>> = Vec::new();
    for trajectory in &data.trajectories {
        let states = smoothed(&model, trajectory, &measurement, &u0, discover)?;
        runs.push(run(trajectory, &states.mean, data.n_rows(), u0.len()));
    }
    let fails = |failure: Failure| DataProblem::ModelDoesNotRun {
        reason: failure.to_string(),
    };
    let linear = loosely(question, &mut runs, &mut measurement).map_err(fails)?;
    let first = FirstChoice::of(discover, &library, &[linear.gram]);
    let starts = [first.choice.correction.clone(), Correction::default()];
    let best = best_of(question, &starts, &runs, &measurement).map_err(fails)?;
    let log_odds = best.log_odds(question, &runs);
    Ok(finding(question, data, best, first, log_odds))
}

/// What is known of the states: noise and size of those measured from the data, of the others from a run of the model.
fn measurement(
    model: &Corrected,
    discover: &Discover,
    data: &Observations,
    measured: Vec<Option<usize>>,
    u0: &[f64],
) -> Measurement {
    let (levels, deviations) = (levels(discover, data), data.deviations());
    let shares: Vec<f64> = levels.iter().zip(&deviations).map(|(l, d)| l / d).collect();
    let share = shares.iter().sum::<f64>() / shares.len() as f64;
    let unit = vec![1.0; u0.len()];
    let free = replay(model, &data.trajectories[0], u0, &unit);
    let scale = |state: usize| match measured[state] {
        Some(column) => deviations[column].max(f64::MIN_POSITIVE),
        None => size(&free.states, state, u0),
    };
    let scales: Vec<f64> = (0..u0.len()).map(scale).collect();
    let noise = (0..u0.len()).map(|state| match measured[state] {
        Some(column) => levels[column].max(f64::EPSILON * scales[state]),
        None => share * scales[state],
    });
    Measurement {
        noise: noise.collect(),
        width: data.columns.len(),
        watched: watched(data, &levels, &deviations),
        column_of: measured,
        scales,
        slack: 1.0,
    }
}

/// The columns that measure expressions.
fn watched(data: &Observations, levels: &[f64], deviations: &[f64]) -> Vec<Watched> {
    let columns = data.columns.iter().enumerate();
    let watched = columns.filter_map(|(column, observed)| match *observed {
        Observed::State(_) => None,
        Observed::Observable(observable) => {
            let scale = deviations[column].max(f64::MIN_POSITIVE);
            Some(Watched {
                observable,
                column,
                noise: levels[column].max(f64::EPSILON * scale),
                scale,
            })
        }
    });
    watched.collect()
}

/// Standard deviation of a state along a run, or its first value when it does not change.
fn size(states: &[f64], state: usize, u0: &[f64]) -> f64 {
    let values = states.iter().skip(state).step_by(u0.len());
    let values: Vec<f64> = values.copied().filter(|v| v.is_finite()).collect();
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    let deviation = (square / values.len().max(1) as f64).sqrt();
    match (deviation, u0[state].abs()) {
        (d, _) if d > 0.0 => d,
        (_, first) if first > 0.0 => first,
        _ => 1.0,
    }
}

fn smoothed(
    model: &Corrected,
    trajectory: &Trajectory,
    measurement: &Measurement,
    u0: &[f64],
    discover: &Discover,
) -> Result<Assimilated, DataProblem> {
    let row = trajectory.row(0, measurement.width);
    let first = |state: usize| {
        let value = measurement.column_of[state].map(|c| row[c]);
        value.filter(|v| v.is_finite())
    };
    let n = u0.len();
    let mut prior = Prior {
        mean: (0..n).map(|s| first(s).unwrap_or(u0[s])).collect(),
        deviation: (0..n)
            .map(|s| match first(s) {
                Some(_) => measurement.noise[s],
                None => IGNORANCE * measurement.scales[s],
            })
            .collect(),
    };
    let filter = filter(discover, n);
    let cycles = discover.assimilate.map_or(1, |a| a.cycles);
    let run = |prior: &Prior| {
        let done = assimilate(model, trajectory, measurement, prior, &filter);
        done.map_err(|failure| DataProblem::ModelDoesNotRun {
            reason: failure.to_string(),
        })
    };
    let mut found = run(&prior)?;
    for _ in 1..cycles {
        // The next cycle begins at the first state found, and is as unsure of it as the first cycle was.
        prior.mean.copy_from_slice(&found.mean[..n]);
        found = run(&prior)?;
    }
    Ok(found)
}

/// The filter asked for; what is not said has defaults.
fn filter(discover: &Discover, n_states: usize) -> Filter<'static> {
    let asked = discover.assimilate.unwrap_or(Assimilate {
        filter: Kind::Smoother,
        members: None,
        inflation: None,
        lag: None,
        cycles: 1,
    });
    let (scheme, lag) = match asked.filter {
        Kind::Stochastic => (Scheme::Stochastic, 0),
        Kind::Transform => (Scheme::Transform, 0),
        Kind::Smoother => (Scheme::Transform, asked.lag.map_or(LAG, |lag| lag as usize)),
    };
    let members = (MEMBERS.0 * n_states).max(MEMBERS.1);
    Filter {
        scheme,
        members: asked.members.map_or(members, |m| m as usize),
        inflation: asked.inflation.unwrap_or(INFLATION),
        localisation: None,
        lag,
        seed: discover.seed,
    }
}

fn finding(
    question: Question<'_>,
    data: &Observations,
    best: Model<'_>,
    first: FirstChoice,
    log_odds: f64,
) -> Finding {
    let FirstChoice { all, choice, .. } = first;
    let before = question.corrected(&Correction::default());
    let scales = &best.measurement.scales;
    let replays = best.runs.iter().map(|run| {
        [&before, &best.fit.corrected]
            .map(|model| replay(model, run.trajectory, &run.states[0], scales))
    });
    let noise = (0..data.columns.len()).map(|column| {
        let state = best
            .measurement
            .column_of
            .iter()
            .position(|c| *c == Some(column));
        let watched = best.measurement.watched.iter().find(|w| w.column == column);
        let noise = state.map(|s| best.measurement.noise[s]);
        noise.or(watched.map(|w| w.noise)).unwrap_or(f64::NAN)
    });
    Finding {
        experiment: question.discover.clone(),
        found: found(&best.correction, &best.fit.deviations, &choice),
        noise: noise.collect(),
        columns: best.measurement.column_of.clone(),
        path: choice.path,
        log_odds,
        residuals: [f64::NAN, best.fit.variance.sqrt()],
        replays: replays.collect(),
        indistinct: indistinct(question.discover, &all, &best.correction.candidates),
    }
}
