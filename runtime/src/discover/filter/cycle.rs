//! Forecast and analysis in turn over a trajectory, with a smoother that carries each analysis back.

use faer::Mat;
use rayon::prelude::*;

use super::weights::{Evidence, Scheme, weights};
use crate::discover::corrected::Corrected;
use crate::discover::flow::Flow;
use crate::discover::observations::Trajectory;
use crate::discover::shooting::Measurement;
use crate::failure::Failure;
use crate::random::Random;
use ansatz_compiler::codegen::Evaluator;

/// A filter.
#[derive(Clone)]
pub struct Filter<'a> {
    /// How an analysis is made.
    pub scheme: Scheme,
    /// Number of members, at least 2.
    pub members: usize,
    /// Factor on the variance of each forecast.
    pub inflation: f64,
    /// How much an observation of the second state counts for the first: 1 near, 0 far; `None`: everything counts.
    pub localisation: Option<&'a (dyn Fn(usize, usize) -> f64 + Sync)>,
    /// An analysis is carried back over so many samples.
    pub lag: usize,
    /// Seed of the members and of perturbed observations.
    pub seed: u64,
}

/// What is known before the first observation: a normal distribution, by state.
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// Means.
    pub mean: Vec<f64>,
    /// Standard deviations.
    pub deviation: Vec<f64>,
}

/// The states that a filter found, row-major by sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Assimilated {
    /// Means of the members.
    pub mean: Vec<f64>,
    /// Their standard deviations.
    pub deviation: Vec<f64>,
}

/// Relative tolerance of the forecasts; the spread of the members is far larger.
const RTOL: f64 = 1e-6;

/// Assimilates the samples of a trajectory. The result does not depend on the number of threads.
///
/// # Errors
/// A member cannot be integrated.
pub fn assimilate(
    model: &Corrected,
    trajectory: &Trajectory,
    measurement: &Measurement,
    prior: &Prior,
    filter: &Filter<'_>,
) -> Result<Assimilated, Failure> {
    let n = prior.mean.len();
    let mut now: Vec<Vec<f64>> = (0..filter.members)
        .map(|k| draw(prior, filter.seed, k))
        .collect();
    let mut random = Random::new(filter.seed, filter.members as u64 + 1);
    let mut watch = Watch::new(model);
    let mut past: Vec<Vec<Vec<f64>>> = Vec::new();
    let mut out = Assimilated {
        mean: Vec::with_capacity(n * trajectory.times.len()),
        deviation: Vec::with_capacity(n * trajectory.times.len()),
    };
    for (i, &t) in trajectory.times.iter().enumerate() {
        if i > 0 {
            let times = [trajectory.times[i - 1], t];
            forecast(model, times, &mut now, measurement)?;
        }
        past.push(now);
        let sample = (t, trajectory.row(i, measurement.width));
        analyse(
            sample,
            &mut past,
            measurement,
            filter,
            &mut watch,
            &mut random,
        );
        now = past.last().expect("it was pushed").clone();
        if past.len() > filter.lag + 1 {
            out.push(&past.remove(0));
        }
    }
    past.iter().for_each(|ensemble| out.push(ensemble));
    Ok(out)
}

fn draw(prior: &Prior, seed: u64, member: usize) -> Vec<f64> {
    let mut random = Random::new(seed, member as u64);
    let pairs = prior.mean.iter().zip(&prior.deviation);
    pairs.map(|(mean, d)| mean + d * random.normal()).collect()
}

/// Each member for itself: the threads do not matter.
fn forecast(
    model: &Corrected,
    times: [f64; 2],
    members: &mut [Vec<f64>],
    measurement: &Measurement,
) -> Result<(), Failure> {
    let flow = || {
        let Corrected {
            program,
            parameters,
            ..
        } = model;
        Flow::new(
            program,
            parameters,
            &[],
            &[],
            false,
            &measurement.scales,
            RTOL,
        )
    };
    members
        .par_iter_mut()
        .try_for_each_init(flow, |flow, member| {
            let start = member.clone();
            flow.run(&times, &start, &mut |_, pushed| {
                member.copy_from_slice(pushed.state);
            })
        })
}

/// Values of the expressions of the model.
struct Watch {
    evaluator: Evaluator,
    values: Vec<f64>,
}

impl Watch {
    fn new(model: &Corrected) -> Watch {
        let kernel = model.program.observables();
        Watch {
            evaluator: kernel.evaluator(&model.parameters),
            values: vec![0.0; model.program.observables.len()],
        }
    }
}

/// Something measured in a sample.
struct Seen {
    /// The state, unless it is an expression.
    state: Option<usize>,
    value: f64,
    noise: f64,
    /// What each member predicts.
    predicted: Vec<f64>,
}

/// What a sample measures, beside the members' predictions.
fn seen(
    (t, row): (f64, &[f64]),
    members: &[Vec<f64>],
    measurement: &Measurement,
    watch: &mut Watch,
) -> Vec<Seen> {
    let mut out = Vec::new();
    for (state, column) in measurement.column_of.iter().enumerate() {
        if let Some(column) = *column {
            out.push(Seen {
                state: Some(state),
                value: row[column],
                noise: measurement.noise[state],
                predicted: members.iter().map(|member| member[state]).collect(),
            });
        }
    }
    for watched in &measurement.watched {
        let predict = |member: &Vec<f64>| {
            watch.evaluator.eval(t, member, &mut watch.values);
            watch.values[watched.observable]
        };
        out.push(Seen {
            state: None,
            value: row[watched.column],
            noise: watched.noise,
            predicted: members.iter().map(predict).collect(),
        });
    }
    out.retain(|seen| seen.value.is_finite());
    out
}

/// Applies the weights of the observations of a sample to the present ensemble and to those before it.
fn analyse(
    sample: (f64, &[f64]),
    ensembles: &mut [Vec<Vec<f64>>],
    measurement: &Measurement,
    filter: &Filter<'_>,
    watch: &mut Watch,
    random: &mut Random,
) {
    let n = measurement.scales.len();
    let present = ensembles.last().expect("the present ensemble is there");
    let observed = seen(sample, present, measurement, watch);
    if observed.is_empty() {
        return;
    }
    let m = present.len();
    let mean = |seen: &Seen| seen.predicted.iter().sum::<f64>() / m as f64;
    let means: Vec<f64> = observed.iter().map(mean).collect();
    let anomalies = Mat::from_fn(observed.len(), m, |o, k| {
        observed[o].predicted[k] - means[o]
    });
    let innovations: Vec<f64> = observed
        .iter()
        .zip(&means)
        .map(|(s, m)| s.value - m)
        .collect();
    let mut solve = |counts: &dyn Fn(usize) -> f64| {
        let precisions: Vec<f64> = observed
            .iter()
            .map(|seen| seen.state.map_or(1.0, counts) * seen.noise.powi(-2))
            .collect();
        let evidence = Evidence {
            anomalies: &anomalies,
            innovations: &innovations,
            precisions: &precisions,
            inflation: filter.inflation,
        };
        weights(filter.scheme, &evidence, random)
    };
    match filter.localisation {
        None => {
            let weights = solve(&|_| 1.0);
            for ensemble in ensembles.iter_mut() {
                (0..n).for_each(|state| combine(ensemble, state, &weights));
            }
        }
        Some(counts) => {
            for state in 0..n {
                let weights = solve(&|observed| counts(state, observed));
                for ensemble in ensembles.iter_mut() {
                    combine(ensemble, state, &weights);
                }
            }
        }
    }
}

fn means(ensemble: &[Vec<f64>]) -> Vec<f64> {
    let m = ensemble.len() as f64;
    (0..ensemble[0].len())
        .map(|s| ensemble.iter().map(|member| member[s]).sum::<f64>() / m)
        .collect()
}

/// One state of all members: the mean plus the weighted anomalies.
fn combine(ensemble: &mut [Vec<f64>], state: usize, weights: &Mat<f64>) {
    let m = ensemble.len();
    let mean = ensemble.iter().map(|member| member[state]).sum::<f64>() / m as f64;
    let anomalies: Vec<f64> = ensemble.iter().map(|member| member[state] - mean).collect();
    for (k, member) in ensemble.iter_mut().enumerate() {
        let change: f64 = (0..m).map(|j| anomalies[j] * weights[(j, k)]).sum();
        member[state] = mean + change;
    }
}

impl Assimilated {
    fn push(&mut self, ensemble: &[Vec<f64>]) {
        let means = means(ensemble);
        let m = ensemble.len() as f64;
        for (s, mean) in means.iter().enumerate() {
            let squares = ensemble.iter().map(|member| (member[s] - mean).powi(2));
            self.deviation
                .push((squares.sum::<f64>() / (m - 1.0)).sqrt());
        }
        self.mean.extend(means);
    }
}
