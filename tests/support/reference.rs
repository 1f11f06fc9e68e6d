//! Problems with known solutions, and runs of solvers on them.

use std::path::Path;

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Tier;
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_compiler::system::conservation::ConservedTotal;
use ansatz_runtime::experiment::Compiled;
use ansatz_runtime::ode;
use ansatz_runtime::problem::{Equations, Problem};
use ansatz_runtime::solution::Outcome;

use crate::{Files, rendered, repository};

/// A problem with a reference solution in `tests/corpus/ode`.
pub struct Reference {
    /// Name of the `.csv` file.
    pub name: &'static str,
    /// The model, from the root of the repository.
    pub model: &'static str,
    /// Relative tolerance at which methods are compared.
    pub rtol: f64,
    /// Absolute tolerance.
    pub atol: f64,
    /// How much the error at any time may exceed the relative tolerance, which bounds the errors of single steps.
    pub growth: f64,
    /// Last time to compare.
    pub until: f64,
}

/// Smooth problems.
pub const NON_STIFF: &[Reference] = &[
    // Chaotic: errors of the reference grow after t = 15.
    Reference {
        name: "lorenz",
        model: "examples/lorenz.model",
        rtol: 1e-9,
        atol: 1e-12,
        growth: 500.0,
        until: 15.0,
    },
    Reference {
        name: "lotka_volterra",
        model: "examples/lotka_volterra.model",
        rtol: 1e-9,
        atol: 1e-12,
        growth: 5000.0,
        until: 100.0,
    },
    Reference {
        name: "brusselator_ode",
        model: "examples/brusselator.model",
        rtol: 1e-9,
        atol: 1e-12,
        growth: 500.0,
        until: 20.0,
    },
    Reference {
        name: "pleiades",
        model: "tests/corpus/ode/pleiades.model",
        rtol: 1e-9,
        atol: 1e-12,
        growth: 10000.0,
        until: 3.0,
    },
];

/// Stiff problems.
pub const STIFF: &[Reference] = &[
    Reference {
        name: "robertson",
        model: "examples/robertson.model",
        rtol: 1e-6,
        atol: 1e-12,
        growth: 500.0,
        until: 1e11,
    },
    Reference {
        name: "hires",
        model: "tests/corpus/ode/hires.model",
        rtol: 1e-6,
        atol: 1e-9,
        growth: 500.0,
        until: 321.8122,
    },
    Reference {
        name: "orego",
        model: "examples/oregonator.model",
        rtol: 1e-6,
        atol: 1e-9,
        growth: 500.0,
        until: 360.0,
    },
    Reference {
        name: "pollu",
        model: "tests/corpus/ode/pollu.model",
        rtol: 1e-6,
        atol: 1e-12,
        growth: 500.0,
        until: 60.0,
    },
    Reference {
        name: "vdpol",
        model: "examples/van_der_pol.model",
        rtol: 1e-6,
        atol: 1e-9,
        growth: 500.0,
        until: 2.0,
    },
];

/// A trajectory: saved times and states.
pub type Trajectory = Vec<(f64, Vec<f64>)>;

impl Reference {
    /// Saved times and states, in the order of the model's states.
    pub fn solution(&self) -> Trajectory {
        let path = repository()
            .join("tests/corpus/ode")
            .join(self.name)
            .with_extension("csv");
        let mut rows = read_trajectory(&path);
        rows.retain(|(t, _)| *t <= self.until);
        rows
    }

    /// The compiled model.
    pub fn program(&self) -> Program {
        let path = repository().join(self.model);
        let text = std::fs::read_to_string(&path).expect("the model is there");
        compiled(&path.display().to_string(), text)
    }

    /// Runs a method at the tolerances of the problem.
    pub fn run(&self, program: &Program, method: &str, max_steps: u64) -> (Trajectory, Outcome) {
        self.run_at(program, method, 1.0, max_steps)
    }

    /// Runs a method at tolerances `factor` times as large.
    pub fn run_at(
        &self,
        program: &Program,
        method: &str,
        factor: f64,
        max_steps: u64,
    ) -> (Trajectory, Outcome) {
        let times: Vec<f64> = self.solution().iter().map(|(t, _)| *t).collect();
        let end = *times.last().expect("a reference has rows");
        let tolerances = Tolerances {
            rtol: factor * self.rtol,
            atol: factor * self.atol,
            max_steps,
        };
        run(program, method, end, &times, tolerances)
    }

    /// The [error](largest_error) of a trajectory.
    pub fn error(&self, trajectory: &Trajectory) -> f64 {
        largest_error(trajectory, &self.solution(), self.atol / self.rtol)
    }
}

/// Reads a `.csv` of times and states.
pub fn read_trajectory(path: &Path) -> Trajectory {
    let mut reader = csv::Reader::from_path(path).expect("the trajectory is there");
    let rows = reader.records().map(|record| {
        let record = record.expect("rows of equal length");
        let mut numbers = record
            .iter()
            .map(|field| field.parse::<f64>().expect("a number"));
        let t = numbers.next().expect("a time");
        (t, numbers.collect())
    });
    rows.collect()
}

/// The error measure: the largest `|u − reference| / (|reference| + scale)` over states and times, with `scale = atol/rtol`.
pub fn largest_error(trajectory: &Trajectory, reference: &Trajectory, scale: f64) -> f64 {
    let rows = trajectory.iter().zip(reference);
    let errors = rows.flat_map(|((_, u), (_, reference))| {
        let states = u.iter().zip(reference);
        states.map(|(u, r)| (u - r).abs() / (r.abs() + scale))
    });
    errors.fold(0.0, f64::max)
}

/// What a run may cost and how wrong it may be.
#[derive(Clone, Copy)]
pub struct Tolerances {
    /// Relative.
    pub rtol: f64,
    /// Absolute, for all states.
    pub atol: f64,
    /// Limit on steps.
    pub max_steps: u64,
}

/// Compiles model text that is right.
pub fn compiled(name: &str, text: String) -> Program {
    let mut sources = Sources::new();
    let source = sources
        .add(name.to_owned(), text)
        .expect("the file is not too long");
    let mut diagnostics = Diagnostics::new();
    let program = ansatz_compiler::compile(
        &source,
        &mut sources,
        &Files,
        Tier::MachineCode,
        &mut diagnostics,
    );
    program.unwrap_or_else(|| panic!("{}", rendered(diagnostics, &sources)))
}

/// Compiles a model of `tests/corpus/ode`.
pub fn corpus_model(name: &str) -> Program {
    let path = repository()
        .join("tests/corpus/ode")
        .join(Path::new(name).with_extension("model"));
    compiled(
        name,
        std::fs::read_to_string(path).expect("the model is there"),
    )
}

/// Runs a method from the model's initial values at t = 0 to `t_end`.
pub fn run(
    program: &Program,
    method: &str,
    t_end: f64,
    save_at: &[f64],
    tolerances: Tolerances,
) -> (Trajectory, Outcome) {
    let (parameters, u0) = program.start();
    let mut equations = Compiled::new(program, &parameters);
    let initial = Initial {
        u0: &u0,
        conserved: &program.conserved,
    };
    run_equations(&mut equations, initial, method, t_end, save_at, tolerances)
}

/// Initial values, and the totals that they fix.
#[derive(Clone, Copy)]
pub struct Initial<'a> {
    /// State at t = 0.
    pub u0: &'a [f64],
    /// Linear invariants.
    pub conserved: &'a [ConservedTotal],
}

/// Runs a method on equations from t = 0 to `t_end`.
pub fn run_equations(
    equations: &mut dyn Equations,
    initial: Initial<'_>,
    method: &str,
    t_end: f64,
    save_at: &[f64],
    tolerances: Tolerances,
) -> (Trajectory, Outcome) {
    let mut problem = Problem {
        equations,
        t0: 0.0,
        t_end,
        u0: initial.u0,
        rtol: tolerances.rtol,
        atol: &vec![tolerances.atol; initial.u0.len()],
        conserved: initial.conserved,
        max_steps: tolerances.max_steps,
        save_at: Some(save_at),
        interrupt: &mut |_| false,
    };
    let mut trajectory = Vec::new();
    let outcome = ode::solve(method, &mut problem, &mut |t, u| {
        trajectory.push((t, u.to_vec()));
    });
    (trajectory, outcome.expect("a method of the table"))
}
