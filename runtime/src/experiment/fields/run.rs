//! One trajectory of fields, from the start to the end time.

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Observable, Simulate};
use ansatz_compiler::program::space::compile_split;

use super::super::frame::FrameGrid;
use super::super::simulate::{DEFAULT_MAX_STEPS, Row, Start, save_times};
use super::choose::{FieldMethod, choose};
use super::nodes::{NodeEquations, scalar_states};
use super::observe::{Observer, frame_grid, observed_numbers};
use super::part::{Numbers, OPTIONS, Source, parameter_symbols, sources};
use super::setup::{GivenData, SetupError};
use super::start::{names, place, start};
use super::watch::{Warning, Watch};
use crate::ode;
use crate::problem::Problem;
use crate::solution::Outcome;
use crate::space::layout::Layout;
use crate::space::split::SplitExecutor;
use crate::space::steppers::{
    BoundedProblem, BoundedStep, SplitProblem, StepSize, solve, solve_bounded,
};
use crate::space::transform::{Complex64, Transform};

/// Part of the largest stable step that is taken where the step is not given.
const COURANT: f64 = 0.8;

/// A run that is ready to begin.
pub struct FieldRun<'p> {
    program: &'p Program,
    experiment: &'p Simulate,
    t_end: f64,
    method: FieldMethod,
    reason: String,
    engine: Engine<'p>,
    observer: Observer<'p>,
    layouts: Vec<Layout>,
    grids: Vec<FrameGrid>,
    /// Numbers, then fields.
    u0: Vec<f64>,
    n_scalars: usize,
}

enum Engine<'p> {
    Split {
        executor: Box<SplitExecutor>,
        /// For saved states, while the executor is lent to the stepper.
        transform: Box<Transform>,
    },
    Nodes(Box<NodeEquations<'p>>),
}

impl<'p> FieldRun<'p> {
    /// Compiles what the run needs, allocates it, and computes where it starts.
    ///
    /// # Errors
    /// Memory does not suffice, the method does not fit, or data cannot be read.
    pub fn new(
        program: &'p Program,
        experiment: &'p Simulate,
        at: &Start,
        data: &mut GivenData<'_>,
    ) -> Result<FieldRun<'p>, SetupError> {
        let (method, reason) = choose(program, experiment)?;
        let scalars = scalar_states(program);
        let mut u0: Vec<f64> = scalars.iter().map(|&state| at.u0[state]).collect();
        let mut numbers = Numbers::of(program);
        for &state in &scalars {
            numbers.states[state] = at.u0[state];
        }
        let mut layouts = Vec::new();
        for grid in 0..program.grids.len() {
            let (fields, layout) = start(program, grid, &at.parameters, &numbers, data)?;
            u0.extend(fields);
            layouts.push(layout);
        }
        let engine = match method {
            FieldMethod::Split(_) => split_engine(program, at, &layouts[0])?,
            FieldMethod::Bounded(_) | FieldMethod::Nodes(_) => {
                let shapes: Vec<_> = layouts.iter().map(|layout| layout.shape).collect();
                let equations = NodeEquations::new(program, &at.parameters, &shapes)?;
                Engine::Nodes(Box::new(match method {
                    FieldMethod::Bounded(_) => equations.with_rates()?,
                    FieldMethod::Split(_) | FieldMethod::Nodes(_) => equations,
                }))
            }
        };
        let grids = layouts.iter().enumerate();
        Ok(FieldRun {
            program,
            experiment,
            t_end: at.t_end,
            method,
            reason,
            engine,
            observer: Observer::new(program, &at.parameters, &layouts)?,
            grids: grids.map(|(i, l)| frame_grid(program, i, l)).collect(),
            layouts,
            u0,
            n_scalars: scalars.len(),
        })
    }

    /// Grids and what is saved on them.
    pub fn grids(&self) -> &[FrameGrid] {
        &self.grids
    }

    /// The observables of rows, in order, and which curves of plots the shown numbers are.
    pub fn numbers(&self) -> (Vec<Observable>, Vec<(usize, usize)>) {
        observed_numbers(self.program)
    }

    /// What has looked wrong so far.
    pub fn warnings(&self) -> Vec<Warning> {
        let watches = self.observer.watches();
        watches.flat_map(Watch::warnings).cloned().collect()
    }

    /// Name and place of a component that a failure names.
    pub fn component(&self, state: usize) -> String {
        if let Engine::Split { transform, .. } = &self.engine {
            let field = state / transform.n_modes();
            let fields = &self.program.grids[0].evolution.fields;
            return fields.get(field).map_or(String::new(), |f| f.name.clone());
        }
        let Some(mut rest) = state.checked_sub(self.n_scalars) else {
            let state = scalar_states(self.program)[state];
            return self.program.states[state].name.clone();
        };
        for (i, (grid, layout)) in self.program.grids.iter().zip(&self.layouts).enumerate() {
            let (fields, len) = (&grid.evolution.fields, layout.shape.len());
            if rest < fields.len() * len {
                let at = place(layout, &names(self.program, i), rest % len);
                return format!("{} at {at}", fields[rest / len].name);
            }
            rest -= fields.len() * len;
        }
        String::new()
    }

    /// Runs to the end time; rows go to `sink` in ascending time, also those before a failure.
    ///
    /// # Errors
    /// The run cannot begin.
    pub fn run(
        &mut self,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Outcome, SetupError> {
        let times = save_times(&self.experiment.save, self.t_end);
        let mut outcome = match self.method {
            FieldMethod::Split(method) => {
                self.run_split(method, times.as_deref(), sink, interrupt)?
            }
            FieldMethod::Bounded(method) => {
                self.run_bounded(method, times.as_deref(), sink, interrupt)
            }
            FieldMethod::Nodes(method) => self.run_nodes(method, times.as_deref(), sink, interrupt),
        };
        outcome.reason.clone_from(&self.reason);
        Ok(outcome)
    }

    fn max_steps(&self) -> u64 {
        self.experiment.max_steps.unwrap_or(DEFAULT_MAX_STEPS)
    }

    /// Absolute tolerance of a state.
    fn atol(&self, state: usize) -> f64 {
        let own = self.experiment.atol_of.iter();
        let own = own.rev().find(|(id, _)| id.0 as usize == state);
        own.map_or(self.experiment.atol, |(_, value)| *value)
    }

    fn run_split(
        &mut self,
        method: &str,
        save_at: Option<&[f64]>,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Outcome, SetupError> {
        let fields = &self.program.grids[0].programs.fields;
        let atol: Vec<f64> = fields.iter().map(|f| self.atol(f.0 as usize)).collect();
        let max_steps = self.max_steps();
        let Engine::Split {
            executor,
            transform,
        } = &mut self.engine
        else {
            unreachable!("methods for modes have a split engine")
        };
        let (len, n_modes) = (self.layouts[0].shape.len(), transform.n_modes());
        let mut modes = vec![Complex64::default(); atol.len() * n_modes];
        executor.to_modes(&self.u0, &mut modes);
        let mut nodes = self.u0.clone();
        let mut problem = SplitProblem {
            equations: &mut **executor,
            t0: 0.0,
            t_end: self.t_end,
            u0: &modes,
            step: match self.experiment.dt {
                Some(dt) => StepSize::Fixed(dt),
                None => StepSize::Adaptive {
                    rtol: self.experiment.rtol,
                    atol: &atol,
                },
            },
            max_steps,
            save_at,
            interrupt,
        };
        let observer = &mut self.observer;
        let outcome = solve(method, &mut problem, &mut |t, modes| {
            let fields = modes.chunks_exact(n_modes).zip(nodes.chunks_exact_mut(len));
            fields.for_each(|(modes, nodes)| transform.inverse(modes, nodes));
            observer.row(t, &nodes, sink);
        })?;
        Ok(outcome)
    }

    fn run_bounded(
        &mut self,
        method: &str,
        save_at: Option<&[f64]>,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
    ) -> Outcome {
        let max_steps = self.max_steps();
        let Engine::Nodes(equations) = &mut self.engine else {
            unreachable!("methods for nodes have their engine")
        };
        let observer = &mut self.observer;
        let mut problem = BoundedProblem {
            equations: &mut **equations,
            t0: 0.0,
            t_end: self.t_end,
            u0: &self.u0,
            step: match self.experiment.dt {
                Some(dt) => BoundedStep::Fixed(dt),
                None => BoundedStep::Courant(COURANT),
            },
            max_steps,
            save_at,
            interrupt,
        };
        let outcome = solve_bounded(method, &mut problem, &mut |t, u| observer.row(t, u, sink));
        outcome.expect("the method was found")
    }

    fn run_nodes(
        &mut self,
        method: &str,
        save_at: Option<&[f64]>,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
    ) -> Outcome {
        let max_steps = self.max_steps();
        let mut atol: Vec<f64> = scalar_states(self.program)
            .into_iter()
            .map(|state| self.atol(state))
            .collect();
        for (grid, layout) in self.program.grids.iter().zip(&self.layouts) {
            for field in &grid.programs.fields {
                let n = atol.len() + layout.shape.len();
                atol.resize(n, self.atol(field.0 as usize));
            }
        }
        let (rtol, t_end) = (self.experiment.rtol, self.t_end);
        let Engine::Nodes(equations) = &mut self.engine else {
            unreachable!("methods for nodes have their engine")
        };
        let observer = &mut self.observer;
        let mut problem = Problem {
            equations: &mut **equations,
            t0: 0.0,
            t_end,
            u0: &self.u0,
            rtol,
            atol: &atol,
            conserved: &[],
            max_steps,
            save_at,
            interrupt,
        };
        let outcome = ode::solve(method, &mut problem, &mut |t, u| observer.row(t, u, sink));
        outcome.expect("the method was found")
    }
}

fn split_engine<'p>(
    program: &'p Program,
    at: &Start,
    layout: &Layout,
) -> Result<Engine<'p>, SetupError> {
    let grid = &program.grids[0];
    let split = grid.programs.split.as_ref();
    let split = split.expect("the method was chosen because there is a split");
    let parameters = parameter_symbols(program);
    let code = program.with_pool(|pool| compile_split(pool, split, &parameters, OPTIONS))?;
    let scalars = sources(program, &code.nonlinear.scalars);
    let time = scalars.iter().position(|source| *source == Source::Time);
    let mut transformed = [false; 3];
    transformed[..grid.evolution.axes.len()].fill(true);
    Ok(Engine::Split {
        executor: Box::new(SplitExecutor::new(&code, &at.parameters, time)?),
        transform: Box::new(Transform::new(layout.shape, transformed)),
    })
}
