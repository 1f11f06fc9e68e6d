//! `simulate`: one trajectory.

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Save, Simulate};

use super::Compiled;
use crate::ode;
use crate::problem::Problem;
use crate::solution::Outcome;

/// Where a run starts: parameters, initial state and end time, evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Parameter values, in the program's order.
    pub parameters: Vec<f64>,
    /// Initial values, in the program's order.
    pub u0: Vec<f64>,
    /// End time.
    pub t_end: f64,
}

impl Start {
    /// Evaluates what an experiment starts from.
    pub fn of(program: &Program, experiment: &Simulate) -> Start {
        let (parameters, u0) = program.start();
        let t_end = program.value(experiment.until, &parameters, &u0);
        Start {
            parameters,
            u0,
            t_end,
        }
    }
}

/// A saved row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Time.
    pub t: f64,
    /// States, in the program's order, then its couplings: the arguments of its kernels. Fields are not a number here.
    pub states: &'a [f64],
    /// Observables that are numbers, as [`super::Simulation::numbers`] lists them.
    pub observables: &'a [f64],
    /// By grid: the values of its arrays, one behind the other, as the [`super::FrameGrid`] lists them; a node (i, j, k) stands at `i + nx·(j + ny·k)`.
    pub fields: &'a [&'a [f64]],
    /// Curves of plots that are numbers computed from fields.
    pub shown: &'a [f64],
}

/// Limit on steps when the experiment gives none.
pub const DEFAULT_MAX_STEPS: u64 = 10_000_000;

/// The largest number of rows a `save` setting may ask for.
pub const MAX_SAVED_ROWS: usize = 100_000_000;

/// Times a `save` setting means for a run from 0 to `t_end`; `None` for `steps`.
///
/// Times past the end are left out; the start is included except in lists and logarithmic series.
pub fn save_times(save: &Save, t_end: f64) -> Option<Vec<f64>> {
    match save {
        Save::Points(n) => Some(
            (0..=*n)
                .map(|i| t_end * f64::from(i) / f64::from((*n).max(1)))
                .collect(),
        ),
        Save::Every(dt) => {
            let n = (t_end / dt * (1.0 + 1e-12))
                .floor()
                .min(MAX_SAVED_ROWS as f64) as usize;
            Some((0..=n).map(|i| i as f64 * dt).collect())
        }
        Save::Log(from, to, n) => {
            let ratio = (to / from).ln() / f64::from(n.saturating_sub(1).max(1));
            let inner = (0..*n).map(|i| {
                if i + 1 == *n {
                    *to
                } else {
                    from * (ratio * f64::from(i)).exp()
                }
            });
            Some(inner.filter(|&t| t <= t_end * (1.0 + 1e-12)).collect())
        }
        Save::List(times) => Some(
            times
                .iter()
                .copied()
                .filter(|&t| t <= t_end * (1.0 + 1e-12))
                .collect(),
        ),
        Save::Steps => None,
    }
}

/// Runs an experiment; rows go to `sink` in ascending time, also those before a failure.
///
/// Returns `None` if no solver has the name asked for.
pub fn simulate(
    program: &Program,
    experiment: &Simulate,
    start: &Start,
    sink: &mut dyn FnMut(Row<'_>),
    interrupt: &mut dyn FnMut(f64) -> bool,
) -> Option<Outcome> {
    let mut equations = Compiled::new(program, &start.parameters);
    let mut atol = vec![experiment.atol; start.u0.len()];
    for &(state, value) in &experiment.atol_of {
        atol[state.0 as usize] = value;
    }
    let times = save_times(&experiment.save, start.t_end);
    let mut observables = vec![0.0; program.observables.len()];
    let mut observe = (!program.observables.is_empty())
        .then(|| program.observables().evaluator(&start.parameters));
    let mut problem = Problem {
        equations: &mut equations,
        t0: 0.0,
        t_end: start.t_end,
        u0: &start.u0,
        rtol: experiment.rtol,
        atol: &atol,
        conserved: &program.conserved,
        max_steps: experiment.max_steps.unwrap_or(DEFAULT_MAX_STEPS),
        save_at: times.as_deref(),
        interrupt,
    };
    ode::solve(&experiment.solver, &mut problem, &mut |t, u| {
        if let Some(evaluator) = &mut observe {
            evaluator.eval(t, u, &mut observables);
        }
        sink(Row {
            t,
            states: u,
            observables: &observables,
            fields: &[],
            shown: &[],
        });
    })
}
