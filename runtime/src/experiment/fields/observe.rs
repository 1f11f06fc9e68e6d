//! Rows from states: fields with their given nodes, `let`s, and what plots show.

use ansatz_compiler::Program;
use ansatz_compiler::codegen::{self, Evaluator, Inputs, Tier};
use ansatz_compiler::model::entities::Observable;
use ansatz_compiler::terms::{Outputs, SymbolId, Term};

use super::super::frame::{ArrayOf, FrameArray, FrameAxis, FrameGrid};
use super::super::simulate::Row;
use super::nodes::scalar_states;
use super::part::{Numbers, Part, couple, parameter_symbols};
use super::setup::SetupError;
use super::watch::Watch;
use crate::space::layout::Layout;

/// What is observed of one grid.
struct GridRows {
    /// Puts given nodes in place, where there are some.
    fix: Option<Part>,
    coupling: Option<Part>,
    /// Fields and reductions of `let`s and curves.
    observed: Option<Part>,
    /// Numbers of them: over states, couplings, reductions.
    scalars: Option<Evaluator>,
    /// By number: whether a curve of a plot, not a `let`.
    is_shown: Vec<bool>,
    /// Numbers of fields.
    n: usize,
    watch: Watch,
}

/// Makes rows of states.
pub(super) struct Observer<'p> {
    program: &'p Program,
    numbers: Numbers,
    scalar_states: Vec<usize>,
    grids: Vec<GridRows>,
    /// By grid: all arrays that are saved.
    frames: Vec<Vec<f64>>,
    lets: Option<Evaluator>,
    observables: Vec<f64>,
    shown: Vec<f64>,
    arguments: Vec<f64>,
    results: Vec<f64>,
}

impl<'p> Observer<'p> {
    pub fn new(
        program: &'p Program,
        parameters: &[f64],
        layouts: &[Layout],
    ) -> Result<Observer<'p>, SetupError> {
        let (mut grids, mut frames) = (Vec::new(), Vec::new());
        for (i, layout) in layouts.iter().enumerate() {
            grids.push(GridRows::new(program, i, parameters, layout)?);
            let programs = &program.grids[i].programs;
            let n_arrays = programs.fields.len() + programs.observed.fields.len();
            frames.push(vec![0.0; n_arrays * layout.shape.len()]);
        }
        let lets =
            (!program.observables.is_empty()).then(|| program.observables().evaluator(parameters));
        Ok(Observer {
            program,
            numbers: Numbers::of(program),
            scalar_states: scalar_states(program),
            grids,
            frames,
            lets,
            observables: Vec::new(),
            shown: Vec::new(),
            arguments: Vec::new(),
            results: Vec::new(),
        })
    }

    /// What has looked wrong so far.
    pub fn watches(&self) -> impl Iterator<Item = &Watch> {
        self.grids.iter().map(|grid| &grid.watch)
    }

    /// The row of a state: numbers, then fields.
    pub fn row(&mut self, t: f64, u: &[f64], sink: &mut dyn FnMut(Row<'_>)) {
        self.numbers.t = t;
        for (&state, &value) in self.scalar_states.iter().zip(u) {
            self.numbers.states[state] = value;
        }
        let mut start = self.scalar_states.len();
        for (i, grid) in self.grids.iter_mut().enumerate() {
            let fields = &u[start..start + grid.n];
            start += grid.n;
            if let Some(part) = &mut grid.coupling {
                couple(self.program, i, part, &mut self.numbers, fields);
            }
        }
        self.observables.clear();
        self.shown.clear();
        self.observe_numbers(t);
        let mut start = self.scalar_states.len();
        for (grid, frame) in self.grids.iter_mut().zip(&mut self.frames) {
            let (fields, observed) = frame.split_at_mut(grid.n);
            fields.copy_from_slice(&u[start..start + grid.n]);
            start += grid.n;
            if let Some(part) = &mut grid.fix {
                part.fix_nodes(&self.numbers, fields);
            }
            grid.watch.look(t, fields);
            let Some(part) = &mut grid.observed else {
                continue;
            };
            part.run(&self.numbers, fields, observed);
            let Some(evaluator) = &mut grid.scalars else {
                continue;
            };
            self.arguments.clear();
            self.arguments.extend(&self.numbers.states);
            self.arguments.extend(&self.numbers.couplings);
            self.arguments.extend(part.executor.reductions());
            self.results.resize(grid.is_shown.len(), 0.0);
            evaluator.eval(t, &self.arguments, &mut self.results);
            for (&value, is_shown) in self.results.iter().zip(&grid.is_shown) {
                match is_shown {
                    true => self.shown.push(value),
                    false => self.observables.push(value),
                }
            }
        }
        let frames: Vec<&[f64]> = self.frames.iter().map(Vec::as_slice).collect();
        self.arguments.clear();
        self.arguments.extend(&self.numbers.states);
        self.arguments.extend(&self.numbers.couplings);
        sink(Row {
            t,
            states: &self.arguments,
            observables: &self.observables,
            fields: &frames,
            shown: &self.shown,
        });
    }

    fn observe_numbers(&mut self, t: f64) {
        let Some(evaluator) = &mut self.lets else {
            return;
        };
        self.arguments.clear();
        self.arguments.extend(&self.numbers.states);
        self.arguments.extend(&self.numbers.couplings);
        self.observables.resize(self.program.observables.len(), 0.0);
        evaluator.eval(t, &self.arguments, &mut self.observables);
    }
}

impl GridRows {
    fn new(
        program: &Program,
        index: usize,
        parameters: &[f64],
        layout: &Layout,
    ) -> Result<GridRows, SetupError> {
        let grid = &program.grids[index];
        let (programs, observed) = (&grid.programs, &grid.programs.observed);
        let part = |space| Part::new(program, space, parameters);
        let has_given = programs.full.closures.iter().any(|c| c.node.is_some());
        let fix = has_given.then(|| part(&programs.full)).transpose()?;
        let is_used = !programs.coupling.symbols.is_empty();
        let coupling = is_used
            .then(|| part(&programs.coupling.program))
            .transpose()?;
        let has_observables = !observed.observables.is_empty();
        let n_lets = observed.observables.len() - grid.evolution.shown.len();
        let terms: Vec<Term> = observed.scalars.iter().map(|scalar| scalar.1).collect();
        Ok(GridRows {
            fix,
            coupling,
            observed: has_observables
                .then(|| part(&observed.program))
                .transpose()?,
            scalars: (!terms.is_empty())
                .then(|| evaluator(program, &terms, &observed.program.reductions, parameters)),
            is_shown: observed.scalars.iter().map(|s| s.0 >= n_lets).collect(),
            n: programs.fields.len() * layout.shape.len(),
            watch: Watch::new(program, index, layout),
        })
    }
}

/// Terms over states, couplings and reductions.
fn evaluator(
    program: &Program,
    terms: &[Term],
    reductions: &[SymbolId],
    parameters: &[f64],
) -> Evaluator {
    let states = program.states.iter().map(|s| s.symbol);
    let others = program.couplings.iter().chain(reductions).copied();
    let inputs = Inputs {
        time: Some(program.time),
        states: states.chain(others).collect(),
        parameters: parameter_symbols(program),
        direction: Vec::new(),
    };
    let outputs = Outputs::of_terms(terms);
    let kernel = program.with_pool(|pool| codegen::compile(pool, &outputs, &inputs, Tier::Tables));
    kernel.evaluator(parameters)
}

/// Grids and arrays as they are saved.
pub(super) fn frame_grid(program: &Program, index: usize, layout: &Layout) -> FrameGrid {
    let grid = &program.grids[index];
    let evolution = &grid.evolution;
    let axes = evolution
        .axes
        .iter()
        .enumerate()
        .map(|(i, axis)| FrameAxis {
            name: axis.name.clone(),
            unit: axis.unit.clone(),
            ends: layout.ends[i],
            nodes: layout.coordinates[i].clone(),
            periodic: axis.periodic,
        });
    let fields = evolution.fields.iter().map(|field| {
        let state = field.state.0 as usize;
        FrameArray {
            name: field.name.clone(),
            unit: program.states[state].unit.clone(),
            of: ArrayOf::Field(state),
        }
    });
    let observed = &grid.programs.observed;
    let n_lets = observed.observables.len() - evolution.shown.len();
    let others = observed.fields.iter().map(|&i| {
        let observable: &Observable = &observed.observables[i];
        FrameArray {
            name: observable.name.clone(),
            unit: observable.unit.clone(),
            of: match i.checked_sub(n_lets) {
                None => ArrayOf::Let(i),
                Some(shown) => {
                    let (plot, curve) = evolution.shown[shown];
                    ArrayOf::Curve(plot, curve)
                }
            },
        }
    });
    FrameGrid {
        domain: evolution.name.clone(),
        axes: axes.collect(),
        arrays: fields.chain(others).collect(),
    }
}

/// Numbers among the `let`s of the grids, and the curves that are numbers, in the order of rows.
pub(super) fn observed_numbers(program: &Program) -> (Vec<Observable>, Vec<(usize, usize)>) {
    let mut lets = program.observables.clone();
    let mut curves = Vec::new();
    for grid in &program.grids {
        let observed = &grid.programs.observed;
        let n_lets = observed.observables.len() - grid.evolution.shown.len();
        for &(i, _) in &observed.scalars {
            match i.checked_sub(n_lets) {
                None => lets.push(observed.observables[i].clone()),
                Some(shown) => curves.push(grid.evolution.shown[shown]),
            }
        }
    }
    (lets, curves)
}
