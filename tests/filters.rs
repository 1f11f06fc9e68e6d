//! Ensemble filters: what they are told is all they know, and it is enough.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Discover;
use ansatz_runtime::discover::corrected::{Corrected, Correction};
use ansatz_runtime::discover::filter::{Assimilated, Filter, Prior, Scheme, assimilate};
use ansatz_runtime::discover::observations::Observations;
use ansatz_runtime::discover::shooting::Measurement;
use ansatz_tests::observed::{add_noise, observe, program};

const LORENZ: &str = "param sigma = 10, rho = 28, beta = 8/3\nvar x = 1, y = 3, z = 15\n\
    dt(x) = sigma*(y - x)\ndt(y) = x*(rho - z) - y\ndt(z) = x*y - beta*z\n\
    discover { library = [x] }\nsimulate { until = 6; save = every(0.05); rtol = 1e-9; atol = 1e-9 }\n";

struct Case {
    program: Program,
    truth: Observations,
    seen: Observations,
    measurement: Measurement,
}

/// Lorenz's system of which only `x` is seen, with 5 % noise.
fn case() -> Case {
    let program = program(LORENZ);
    let truth = observe(&program, &[&[]], 0.0, 1);
    let scales = truth.deviations();
    let mut seen = truth.clone();
    add_noise(&mut seen, 0.05, 7);
    for row in seen.trajectories[0].values.chunks_exact_mut(3) {
        row[1] = f64::NAN;
        row[2] = f64::NAN;
    }
    let measurement = Measurement {
        column_of: vec![Some(0), None, None],
        width: 3,
        noise: scales.iter().map(|s| 0.05 * s).collect(),
        scales,
        watched: Vec::new(),
        slack: 1.0,
    };
    Case {
        program,
        truth,
        seen,
        measurement,
    }
}

fn filter(scheme: Scheme, lag: usize) -> Filter<'static> {
    Filter {
        scheme,
        members: 24,
        inflation: 1.05,
        localisation: None,
        lag,
        seed: 3,
    }
}

impl Case {
    fn run(&self, seen: &Observations, filter: &Filter<'_>) -> Assimilated {
        let discover: &Discover = &self.program.discoveries[0];
        let (parameters, _) = self.program.start();
        let model = Corrected::new(&self.program, &parameters, discover, &Correction::default());
        let prior = Prior {
            mean: vec![0.0, 0.0, 25.0],
            deviation: self.measurement.scales.clone(),
        };
        let trajectory = &seen.trajectories[0];
        assimilate(&model, trajectory, &self.measurement, &prior, filter).unwrap()
    }

    /// Error of a state over its size, when the filter has settled.
    fn error(&self, found: &Assimilated, state: usize) -> f64 {
        let values = &self.truth.trajectories[0].values;
        let pairs = found
            .mean
            .iter()
            .zip(values)
            .skip(3 * 40 + state)
            .step_by(3);
        let n = pairs.clone().count() as f64;
        let square: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
        (square / n).sqrt() / self.measurement.scales[state]
    }
}

#[test]
fn both_schemes_find_what_is_not_seen_and_smoothing_helps() {
    let case = case();
    for scheme in [Scheme::Transform, Scheme::Stochastic] {
        let filtered = case.run(&case.seen, &filter(scheme, 0));
        let smoothed = case.run(&case.seen, &filter(scheme, 8));
        for state in 0..3 {
            let (a, b) = (case.error(&filtered, state), case.error(&smoothed, state));
            assert!(a < 0.15, "{scheme:?}: state {state} is off by {a}");
            assert!(
                b < 1.05 * a,
                "{scheme:?}: smoothing makes {a} of state {state} {b}"
            );
        }
    }
}

#[test]
fn the_filter_knows_the_observations_and_not_the_truth() {
    let case = case();
    // Observations of something else: the filter must follow them, away from the truth.
    let mut other = case.seen.clone();
    for row in other.trajectories[0].values.chunks_exact_mut(3) {
        row[0] = -row[0];
    }
    let found = case.run(&other, &filter(Scheme::Transform, 0));
    // Lorenz's equations keep their form under (x, y) → (-x, -y).
    let rows = found
        .mean
        .chunks_exact(3)
        .zip(other.trajectories[0].values.chunks_exact(3));
    let square: f64 = rows.map(|(a, b)| (a[0] - b[0]).powi(2)).sum();
    let error = (square / other.trajectories[0].times.len() as f64).sqrt();
    assert!(error < 2.0 * case.measurement.noise[0], "{error}");
    assert!(case.error(&found, 0) > 1.0);
    // What is not seen must not matter, whatever stands in the cells.
    let mut hidden = case.truth.clone();
    for (row, seen) in hidden.trajectories[0]
        .values
        .chunks_exact_mut(3)
        .zip(case.seen.trajectories[0].values.chunks_exact(3))
    {
        row[0] = seen[0];
    }
    let told = case.run(&hidden, &filter(Scheme::Transform, 4));
    assert_eq!(told, case.run(&case.seen, &filter(Scheme::Transform, 4)));
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let case = case();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap()
            .install(|| case.run(&case.seen, &filter(Scheme::Stochastic, 4)))
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn what_is_far_does_not_count() {
    let case = case();
    let own = |state: usize, observed: usize| if state == observed { 1.0 } else { 0.0 };
    let localised = Filter {
        localisation: Some(&own),
        ..filter(Scheme::Transform, 0)
    };
    let mut first = case.seen.clone();
    first.trajectories[0].times.truncate(1);
    first.trajectories[0].values.truncate(3);
    let (near, far) = (
        case.run(&first, &localised),
        case.run(&first, &filter(Scheme::Transform, 0)),
    );
    // Members are drawn independently, but a few of them are never uncorrelated.
    let mut blind = first.clone();
    blind.trajectories[0].values[0] = f64::NAN;
    let unseen = case.run(&blind, &localised);
    assert!((near.mean[2] - unseen.mean[2]).abs() < 1e-12);
    assert!((far.mean[2] - unseen.mean[2]).abs() > 1e-3 && near.mean[0] != unseen.mean[0]);
}
