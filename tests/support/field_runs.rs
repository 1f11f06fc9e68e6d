//! Runs of models with fields, and the reference solutions they are compared with.

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_compiler::{Program, compile};
use ansatz_runtime::experiment::{FrameGrid, GivenError, Simulation, Warning};
use ansatz_runtime::solution::Outcome;

use crate::{Files, rendered, repository};

/// A compiled model, which is right.
pub fn program(text: &str) -> Program {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let source = sources.add("test", text).expect("the model is short");
    let program = compile(&source, &mut sources, &Files, Tier::Auto, &mut diagnostics);
    program.unwrap_or_else(|| panic!("{}", rendered(diagnostics, &sources)))
}

/// The text of `examples/fields/NAME.model`.
pub fn example(name: &str) -> String {
    let path = repository().join(format!("examples/fields/{name}.model"));
    std::fs::read_to_string(path).expect("examples are readable")
}

/// What a run left.
pub struct Saved {
    /// By grid.
    pub grids: Vec<FrameGrid>,
    /// Names of the observables that are numbers.
    pub names: Vec<String>,
    /// In order of time.
    pub rows: Vec<SavedRow>,
    /// How it ended.
    pub outcome: Outcome,
    /// What looked wrong.
    pub warnings: Vec<Warning>,
}

/// One saved time.
pub struct SavedRow {
    /// Time.
    pub t: f64,
    /// States; fields are not a number.
    pub states: Vec<f64>,
    /// Observables that are numbers.
    pub numbers: Vec<f64>,
    /// By grid: all arrays, one behind the other.
    pub fields: Vec<Vec<f64>>,
}

/// Runs the first experiment of a model.
pub fn run(text: &str) -> Saved {
    run_program(&program(text))
}

/// Runs the first experiment of a program.
pub fn run_program(program: &Program) -> Saved {
    let mut none = |path: &str, _: &str, _: &[usize]| {
        Err(GivenError::Unreadable {
            why: format!("no file {path}"),
        })
    };
    let experiment = &program.experiments[0];
    let mut simulation =
        Simulation::new(program, experiment, &mut none).expect("the run can begin");
    let mut rows = Vec::new();
    let outcome = simulation.run(
        &mut |row| {
            rows.push(SavedRow {
                t: row.t,
                states: row.states.to_vec(),
                numbers: row.observables.to_vec(),
                fields: row.fields.iter().map(|grid| grid.to_vec()).collect(),
            });
        },
        &mut |_| false,
        None,
    );
    let names = simulation.numbers().0.into_iter();
    Saved {
        names: names.map(|observable| observable.name).collect(),
        grids: simulation.grids().to_vec(),
        warnings: simulation.warnings(),
        outcome: outcome
            .expect("the run can begin")
            .expect("the solver exists"),
        rows,
    }
}

impl Saved {
    /// The row of a time.
    pub fn row(&self, t: f64) -> &SavedRow {
        let close = |row: &&SavedRow| (row.t - t).abs() < 1e-9 * t.max(1.0);
        let row = self.rows.iter().find(close);
        row.unwrap_or_else(|| panic!("t = {t} was not saved: {:?}", self.outcome))
    }

    /// A field or a `let` of the first grid at a time.
    pub fn array(&self, t: f64, name: &str) -> &[f64] {
        let grid = &self.grids[0];
        let place = grid.arrays.iter().position(|array| array.name == name);
        let place = place.unwrap_or_else(|| panic!("no array `{name}`"));
        &self.row(t).fields[0][place * grid.len()..][..grid.len()]
    }

    /// A number at a time.
    pub fn number(&self, t: f64, name: &str) -> f64 {
        let place = self.names.iter().position(|known| known == name);
        self.row(t).numbers[place.unwrap_or_else(|| panic!("no number `{name}`"))]
    }

    /// The largest difference of fields at a time to rows `x, …, value, …` of a reference.
    pub fn difference(&self, t: f64, names: &[&str], rows: &[Vec<f64>]) -> f64 {
        let n_axes = self.grids[0].axes.len();
        let mut largest = 0.0;
        for row in rows {
            let (at, values) = row.split_at(n_axes);
            let node = self
                .node(at)
                .expect("the grid has the nodes of the reference");
            for (name, value) in names.iter().zip(values) {
                largest = f64::max(largest, (self.array(t, name)[node] - value).abs());
            }
        }
        largest
    }

    /// The node at these coordinates, if there is one.
    pub fn node(&self, at: &[f64]) -> Option<usize> {
        let (mut node, mut stride) = (0, 1);
        for (axis, x) in self.grids[0].axes.iter().zip(at) {
            let size = (axis.ends[1] - axis.ends[0]).abs();
            let place = axis.nodes.iter();
            let place = place
                .enumerate()
                .find(|(_, node)| (*node - x).abs() < 1e-9 * size);
            node += stride * place?.0;
            stride *= axis.nodes.len();
        }
        Some(node)
    }
}

/// Rows of numbers of `tests/data/fields/NAME.csv`.
pub fn reference(name: &str) -> Vec<Vec<f64>> {
    let path = repository().join(format!("tests/data/fields/{name}.csv"));
    let text = std::fs::read_to_string(path).expect("references are readable");
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    let number = |text: &str| text.parse().expect("references hold numbers");
    rows.map(|line| line.split(',').map(number).collect())
        .collect()
}
