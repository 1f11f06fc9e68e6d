//! Observations made of a model: its own solver, reproducible noise.

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Tier;
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::elaborate;
use ansatz_compiler::pipeline::simplified;
use ansatz_compiler::program::compile;
use ansatz_compiler::source::Sources;
use ansatz_compiler::syntax::parse;
use ansatz_compiler::system::assemble;
use ansatz_runtime::discover::observations::{Observations, Observed, Trajectory};
use ansatz_runtime::experiment::{Start, simulate};
use ansatz_runtime::random::Random;

use crate::{Files, rendered};

/// Initial values that differ from those of the model.
pub type Overrides = &'static [(&'static str, f64)];

/// The program of a text.
///
/// # Panics
/// If the text has errors.
pub fn program(text: &str) -> Program {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let source = sources.add("model", text).expect("the text is short");
    let ast = parse(&source, &mut diagnostics);
    let model = elaborate(&ast, &mut sources, &Files, &mut diagnostics);
    assert!(
        !diagnostics.has_errors(),
        "{}",
        rendered(diagnostics, &sources)
    );
    let system = assemble(model, &mut Diagnostics::new());
    compile(simplified(system), Tier::Tables)
}

/// All states at the saved times of the first experiment, from each start, with normal noise: `noise` times the standard deviation
/// of each column.
///
/// # Panics
/// If the model cannot be simulated.
pub fn observe(truth: &Program, starts: &[Overrides], noise: f64, seed: u64) -> Observations {
    let experiment = &truth.experiments[0];
    let mut data = Observations {
        columns: (0..truth.states.len()).map(Observed::State).collect(),
        trajectories: Vec::new(),
    };
    for overrides in starts {
        let mut start = Start::of(truth, experiment);
        for (name, value) in *overrides {
            let state = truth.states.iter().position(|s| s.name == *name);
            start.u0[state.expect("the state exists")] = *value;
        }
        let mut trajectory = Trajectory {
            name: "test".into(),
            times: Vec::new(),
            values: Vec::new(),
        };
        let mut save = |row: ansatz_runtime::experiment::Row| {
            trajectory.times.push(row.t);
            trajectory.values.extend_from_slice(row.states);
        };
        let outcome = simulate(truth, experiment, &start, &mut save, &mut |_| false);
        assert!(outcome.expect("the solver exists").failure.is_none());
        data.trajectories.push(trajectory);
    }
    add_noise(&mut data, noise, seed);
    data
}

/// Adds normal noise, `noise` times the standard deviation of each column.
pub fn add_noise(data: &mut Observations, noise: f64, seed: u64) {
    let deviations = data.deviations();
    let mut random = Random::new(seed, 0);
    for trajectory in &mut data.trajectories {
        for row in trajectory.values.chunks_exact_mut(deviations.len()) {
            for (value, deviation) in row.iter_mut().zip(&deviations) {
                *value += noise * deviation * random.normal();
            }
        }
    }
}

/// The data as CSV, runs apart by an empty line, values to six digits.
pub fn csv(truth: &Program, data: &Observations) -> String {
    let names: Vec<&str> = truth.states.iter().map(|s| s.name.as_str()).collect();
    let mut out = format!("t,{}\n", names.join(","));
    for (i, trajectory) in data.trajectories.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for (t, row) in trajectory
            .times
            .iter()
            .zip(trajectory.values.chunks_exact(names.len()))
        {
            let cells: Vec<String> = row.iter().map(|v| format!("{}", six_digits(*v))).collect();
            out += &format!("{},{}\n", six_digits(*t), cells.join(","));
        }
    }
    out
}

fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}")
        .parse()
        .expect("a number as we wrote it")
}
