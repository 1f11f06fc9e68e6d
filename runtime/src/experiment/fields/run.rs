//! One trajectory of fields, from the start to the end time.

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Observable, Simulate};
use ansatz_compiler::program::space::compile_split;

use super::super::frame::FrameGrid;
use super::super::simulate::{DEFAULT_MAX_STEPS, Row, Start, save_times};
use super::checkpoint::{Checkpoint, Checkpoints};
use super::choose::{FieldMethod, choose};
use super::images::FieldModes;
use super::nodes::{NodeEquations, scalar_states};
use super::observe::{Observer, frame_grid, observed_numbers};
use super::part::{Numbers, OPTIONS, Source, parameter_symbols, sources};
use super::setup::{GivenData, SetupError};
use super::start::{names, place, start};
use super::watch::{Warning, Watch};
use crate::ode;
use crate::problem::Problem;
use crate::solution::{Counts, Outcome};
use crate::space::layout::{Layout, Shape, TooLarge, check_memory};
use crate::space::split::SplitExecutor;
use crate::space::steppers::{
    BoundedProblem, BoundedStep, SplitProblem, StepSize, solve, solve_bounded,
};
use crate::space::transform::Complex64;

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
    parameters: Vec<f64>,
    /// Time reached, and counts up to then.
    t: f64,
    counts: Counts,
    /// The state reached: numbers, then fields.
    u: Vec<f64>,
    /// Initial values of all states of the program.
    start: Vec<f64>,
    n_scalars: usize,
}

enum Engine<'p> {
    Split {
        executor: Box<SplitExecutor>,
        /// For saved states, while the executor is lent to the stepper.
        fields: Box<FieldModes>,
        /// The state reached.
        modes: Vec<Complex64>,
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
        let (method, reason) = choose(program, experiment, at)?;
        check_size(program)?;
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
            FieldMethod::Split(_) => split_engine(program, at, &u0, layouts[0].shape)?,
            FieldMethod::Bounded(_) | FieldMethod::Nodes(_) => {
                let shapes: Vec<_> = layouts.iter().map(|layout| layout.shape).collect();
                let equations = NodeEquations::new(program, &at.parameters, &shapes)?;
                Engine::Nodes(Box::new(match method {
                    FieldMethod::Bounded(_) => equations.with_stages()?,
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
            parameters: at.parameters.clone(),
            t: 0.0,
            counts: Counts::default(),
            start: at.u0.clone(),
            u: u0,
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
        let state = match &self.engine {
            Engine::Nodes(_) => state,
            // A mode is everywhere: where the field is largest.
            Engine::Split { fields, .. } => {
                let (field, len) = (state / fields.n_modes(), self.layouts[0].shape.len());
                let nodes = self.u[field * len..(field + 1) * len].iter().enumerate();
                let largest = nodes.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
                field * len + largest.map_or(0, |(node, _)| node)
            }
        };
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

    /// Runs to the end time; rows go to `sink` in ascending time, also those before a failure, and then the last good state.
    ///
    /// # Errors
    /// The run cannot begin.
    pub fn run(
        &mut self,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
        mut checkpoints: Option<Checkpoints<'_>>,
    ) -> Result<Outcome, SetupError> {
        let times = save_times(&self.experiment.save, self.t_end);
        let switches = self
            .program
            .switch_times(&self.parameters, &self.start, self.t_end);
        loop {
            let switch = switches.iter().find(|&&switch| switch > self.t).copied();
            let stop = checkpoints.as_ref().map(|c| c.after(self.t));
            let end = [switch, stop].into_iter().flatten();
            let end = end.fold(self.t_end, f64::min);
            if switch == Some(end) {
                self.engine.stay_before(end);
            }
            let leg = Leg {
                t0: self.t,
                t_end: end,
                save_at: times.as_deref().map(|times| between(times, self.t, end)),
                max_steps: self
                    .max_steps()
                    .saturating_sub(self.counts.steps + self.counts.rejected),
            };
            let mut outcome = match self.method {
                FieldMethod::Split(method) => self.run_split(method, leg, sink, interrupt)?,
                FieldMethod::Bounded(method) => self.run_bounded(method, leg, sink, interrupt),
                FieldMethod::Nodes(method) => self.run_nodes(method, leg, sink, interrupt),
            };
            self.counts = self.counts.plus(&outcome.counts);
            self.t = outcome.t;
            if outcome.failure.is_some() || self.t >= self.t_end {
                outcome.counts = self.counts;
                outcome.reason.clone_from(&self.reason);
                return Ok(outcome);
            }
            self.engine.stay_before(f64::INFINITY);
            if let Some(checkpoints) = checkpoints.as_mut().filter(|_| stop == Some(end)) {
                (checkpoints.keep)(&self.checkpoint());
            }
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            t: self.t,
            counts: self.counts,
            state: match &self.engine {
                Engine::Split { modes, .. } => modes.iter().flat_map(|m| [m.re, m.im]).collect(),
                Engine::Nodes(_) => self.u.clone(),
            },
        }
    }

    /// Goes on from a checkpoint of the same run; gives whether it fits.
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> bool {
        (self.t, self.counts) = (checkpoint.t, checkpoint.counts);
        match &mut self.engine {
            Engine::Split { modes, .. } if checkpoint.state.len() == 2 * modes.len() => {
                for (mode, parts) in modes.iter_mut().zip(checkpoint.state.chunks_exact(2)) {
                    *mode = Complex64::new(parts[0], parts[1]);
                }
            }
            Engine::Nodes(_) if checkpoint.state.len() == self.u.len() => {
                self.u.copy_from_slice(&checkpoint.state);
            }
            Engine::Split { .. } | Engine::Nodes(_) => return false,
        }
        true
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
        leg: Leg,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Outcome, SetupError> {
        let states = &self.program.grids[0].programs.fields;
        let atol: Vec<f64> = states.iter().map(|f| self.atol(f.0 as usize)).collect();
        let Engine::Split {
            executor,
            fields,
            modes,
        } = &mut self.engine
        else {
            unreachable!("methods for modes have a split engine")
        };
        let mut with_end = leg.save_at.clone();
        if let Some(times) = &mut with_end
            && times.last() != Some(&leg.t_end)
        {
            times.push(leg.t_end);
        }
        let start = modes.clone();
        let mut problem = SplitProblem {
            equations: &mut **executor,
            t0: leg.t0,
            t_end: leg.t_end,
            u0: &start,
            step: match self.experiment.dt {
                Some(dt) => StepSize::Fixed(dt),
                None => StepSize::Adaptive {
                    rtol: self.experiment.rtol,
                    atol: &atol,
                },
            },
            max_steps: leg.max_steps,
            save_at: with_end.as_deref(),
            interrupt,
        };
        let (observer, nodes) = (&mut self.observer, &mut self.u);
        let outcome = solve(method, &mut problem, &mut |t, u| {
            modes.copy_from_slice(u);
            if !leg.wants(t) {
                return;
            }
            fields.inverse(u, nodes);
            observer.row(t, nodes, sink);
        })?;
        Ok(outcome)
    }

    fn run_bounded(
        &mut self,
        method: &str,
        leg: Leg,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
    ) -> Outcome {
        let Engine::Nodes(equations) = &mut self.engine else {
            unreachable!("methods for nodes have their engine")
        };
        let observer = &mut self.observer;
        let mut problem = BoundedProblem {
            equations: &mut **equations,
            t0: leg.t0,
            t_end: leg.t_end,
            u0: &self.u,
            step: match self.experiment.dt {
                Some(dt) => BoundedStep::Fixed(dt),
                None => BoundedStep::Courant(COURANT),
            },
            max_steps: leg.max_steps,
            save_at: leg.save_at.as_deref(),
            interrupt,
        };
        let outcome = solve_bounded(method, &mut problem, &mut |t, u| {
            if leg.wants(t) {
                observer.row(t, u, sink);
            }
        });
        self.reached(outcome.expect("the method was found"), sink)
    }

    fn run_nodes(
        &mut self,
        method: &str,
        leg: Leg,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
    ) -> Outcome {
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
        let Engine::Nodes(equations) = &mut self.engine else {
            unreachable!("methods for nodes have their engine")
        };
        let observer = &mut self.observer;
        let mut problem = Problem {
            equations: &mut **equations,
            t0: leg.t0,
            t_end: leg.t_end,
            u0: &self.u,
            rtol: self.experiment.rtol,
            atol: &atol,
            conserved: &[],
            max_steps: leg.max_steps,
            save_at: leg.save_at.as_deref(),
            interrupt,
        };
        let outcome = ode::solve(method, &mut problem, &mut |t, u| {
            if leg.wants(t) {
                observer.row(t, u, sink);
            }
        });
        self.reached(outcome.expect("the method was found"), sink)
    }

    /// Keeps the state reached; after a failure it becomes a row.
    fn reached(&mut self, mut outcome: Outcome, sink: &mut dyn FnMut(Row<'_>)) -> Outcome {
        self.u = std::mem::take(&mut outcome.u);
        if outcome.failure.is_some() {
            self.observer.row(outcome.t, &self.u, sink);
        }
        outcome
    }
}

/// A part of a run in which the equations do not jump.
struct Leg {
    t0: f64,
    t_end: f64,
    save_at: Option<Vec<f64>>,
    max_steps: u64,
}

impl Leg {
    /// Whether a time that was reached is to be saved; the start of a leg has been saved as the end of the one before.
    fn wants(&self, t: f64) -> bool {
        match &self.save_at {
            Some(times) => times.contains(&t) || (t < self.t_end && t > self.t0),
            None => t > self.t0 || self.t0 == 0.0,
        }
    }
}

/// Times after the first one, but for a run's own start, up to the second.
fn between(times: &[f64], t0: f64, t_end: f64) -> Vec<f64> {
    let is_in = |t: &f64| (*t > t0 || t0 == 0.0) && *t <= t_end;
    times.iter().copied().filter(is_in).collect()
}

impl Engine<'_> {
    fn stay_before(&mut self, time: f64) {
        match self {
            Engine::Split { executor, .. } => executor.stay_before(time),
            Engine::Nodes(equations) => equations.stay_before(time),
        }
    }
}

/// Arrays per field that a method keeps beside those of the programs: stages, the state before a step, what is saved.
const ARRAYS_PER_FIELD: usize = 12;

/// Refuses a grid that does not fit into memory, before anything is allocated.
fn check_size(program: &Program) -> Result<(), TooLarge> {
    for grid in &program.grids {
        let len = grid.evolution.axes.iter();
        let len = len.fold(1, |n: usize, axis| n.saturating_mul(axis.points as usize));
        let of_programs: usize = grid.programs.all().map(|p| p.arrays.len()).sum();
        let mut n = of_programs + ARRAYS_PER_FIELD * grid.programs.fields.len();
        // Images double the grid along each of their axes.
        let split = grid.programs.split.as_ref();
        if let Some((split, mirror)) = split.and_then(|s| Some((s, s.mirror.as_ref()?))) {
            let doubled = mirror.axes.iter().filter(|has_images| **has_images).count();
            n += ((1 << doubled) - 1) * split.nonlinear.arrays.len();
        }
        check_memory(len, n)?;
    }
    Ok(())
}

fn split_engine<'p>(
    program: &'p Program,
    at: &Start,
    u0: &[f64],
    shape: Shape,
) -> Result<Engine<'p>, SetupError> {
    let grid = &program.grids[0];
    let split = grid.programs.split.as_ref();
    let split = split.expect("the method was chosen because there is a split");
    let parameters = parameter_symbols(program);
    let code = program.with_pool(|pool| compile_split(pool, split, &parameters, OPTIONS))?;
    let scalars = sources(program, &code.nonlinear.scalars, &[]);
    let time = scalars.iter().position(|source| *source == Source::Time);
    let mut executor = SplitExecutor::new(&code, &at.parameters, time)?;
    let transform = executor.transform().clone();
    let mut fields = FieldModes::new(transform, shape, split.mirror.as_ref());
    let mut modes = vec![Complex64::default(); grid.programs.fields.len() * fields.n_modes()];
    fields.forward(u0, &mut modes);
    executor.cut(&mut modes);
    Ok(Engine::Split {
        executor: Box::new(executor),
        fields: Box::new(fields),
        modes,
    })
}
