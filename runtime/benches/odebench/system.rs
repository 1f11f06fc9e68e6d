//! The systems of the file, and models made from right-hand sides as text.

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_compiler::{Program, compile};
use ansatz_runtime::experiment::{Row, Start, simulate};
use ansatz_tests::Files;

/// Samples of a trajectory.
pub const SAMPLES: usize = 512;
/// End of a trajectory; all begin at 0.
pub const END: f64 = 10.0;

/// A system of the benchmark.
pub struct System {
    pub id: u64,
    /// Right-hand sides in the language.
    pub rates: Vec<String>,
    /// Initial conditions: the one to learn from, and the new one.
    pub starts: [Vec<f64>; 2],
}

/// Reads the file.
pub fn systems(text: &str) -> Vec<System> {
    let file: serde_json::Value = serde_json::from_str(text).expect("the file is JSON");
    let entries = file.as_array().expect("the file is a list");
    entries.iter().map(system).collect()
}

fn system(entry: &serde_json::Value) -> System {
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(serde_json::Value::as_f64).collect()
    };
    let mut equations = entry["eq"]
        .as_str()
        .expect("systems have equations")
        .to_owned();
    // From the last on, so that `c_1` is not taken for the start of `c_10`.
    for (k, c) in numbers(&entry["consts"][0]).iter().enumerate().rev() {
        equations = equations.replace(&format!("c_{k}"), &format!("({c})"));
    }
    let equations = equations
        .replace("log(", "ln(")
        .replace("cot(", "1/tan(")
        .replace("3.)", "3)")
        .replace("/ 3. ", "/ 3 ");
    System {
        id: entry["id"].as_u64().expect("systems have numbers"),
        rates: equations.split('|').map(|r| r.trim().to_owned()).collect(),
        starts: [0, 1].map(|k| numbers(&entry["init"][k])),
    }
}

/// The name of a component.
pub fn name(k: usize) -> String {
    format!("x_{k}")
}

/// A compiled system.
pub struct Model {
    pub program: Program,
}

impl Model {
    /// With a library to discover from, if given; `None` if the text is no model.
    pub fn compile(rates: &[String], library: Option<&str>) -> Option<Model> {
        let mut text = String::new();
        for (k, rate) in rates.iter().enumerate() {
            text += &format!("var {0} = 0\ndt({0}) = {rate}\n", name(k));
        }
        text += &format!(
            "simulate {{ until = {END}; save = points({}); rtol = 1e-8; atol = 1e-11; max_steps = 100000 }}\n",
            SAMPLES - 1
        );
        if let Some(library) = library {
            text += &format!("discover {{ target = all; library = {library} }}\n");
        }
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let source = sources.add("odebench", text)?;
        let program = compile(&source, &mut sources, &Files, Tier::Auto, &mut diagnostics);
        program.map(|program| Model { program })
    }

    /// The trajectory from a state, by component; its first samples if so many are asked for. `None` if the numerics fail.
    pub fn run(&self, from: &[f64], samples: Option<usize>) -> Option<Vec<Vec<f64>>> {
        let experiment = &self.program.experiments[0];
        let mut start = Start::of(&self.program, experiment);
        start.u0 = from.to_vec();
        let mut out = vec![Vec::with_capacity(SAMPLES); from.len()];
        let wanted = samples.unwrap_or(SAMPLES);
        let mut sink = |row: Row<'_>| {
            out.iter_mut().zip(row.states).for_each(|(o, v)| o.push(*v));
        };
        let step = END / (SAMPLES - 1) as f64;
        let last = step * (wanted - 1) as f64;
        // One more sample may be saved before the run is stopped.
        let mut stop = |t: f64| t > last * (1.0 + 1e-9);
        let outcome = simulate(&self.program, experiment, &start, &mut sink, &mut stop)?;
        let is_enough = out[0].len() >= wanted;
        out.iter_mut()
            .for_each(|component| component.truncate(wanted));
        let is_finite = out.iter().flatten().all(|v| v.is_finite());
        (is_enough && is_finite && (outcome.failure.is_none() || samples.is_some())).then_some(out)
    }
}
