//! Semi-discrete equations at the nodes, with the equations of numbers beside them: what methods for ordinary differential equations see.
//!
//! The state is the scalar states, then the fields of each grid, one array behind the other.

use std::cell::OnceCell;

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::system::jacobian::Pattern;
use ansatz_compiler::system::space::GridBlock;
use ansatz_compiler::system::space::stage::stage;
use ansatz_compiler::system::space::tangent::tangent;

use super::inverse::LinearInverse;
use super::part::{Numbers, Part, couple};
use super::pattern::{Colouring, pattern};
use super::setup::SetupError;
use crate::problem::Equations;
use crate::space::layout::Shape;
use crate::space::steppers::{BoundedEquations, Stage};

/// One grid.
pub(super) struct GridNodes {
    pub full: Part,
    coupling: Option<Part>,
    rates: Option<Part>,
    /// Largest stable step, where it is the same over the run.
    largest_step: Option<f64>,
    /// Stages without the start of the step and with it, when a method asks for them.
    stages: Option<[Part; 2]>,
    /// Derivative of `full`, when a method has asked for it and there is one.
    tangent: Option<Part>,
    inverse: Option<LinearInverse>,
    /// Where its fields stand in the state.
    pub range: std::ops::Range<usize>,
}

/// The equations of all grids and numbers.
pub(super) struct NodeEquations<'p> {
    pub program: &'p Program,
    pub parameters: Vec<f64>,
    pub numbers: Numbers,
    /// Time as the equations see it stays below this: they jump there.
    limit: f64,
    /// Scalar states: positions in `Program::states`.
    pub scalars: Vec<usize>,
    pub grids: Vec<GridNodes>,
    evaluator: Option<Evaluator>,
    /// Arguments and results of the equations of numbers.
    u: Vec<f64>,
    du: Vec<f64>,
    n: usize,
    shapes: Vec<Shape>,
    pattern: OnceCell<(Pattern, Colouring)>,
    work: [Vec<f64>; 2],
}

impl<'p> NodeEquations<'p> {
    /// Compiles and allocates; grids have these shapes.
    pub fn new(
        program: &'p Program,
        parameters: &[f64],
        shapes: &[Shape],
    ) -> Result<NodeEquations<'p>, SetupError> {
        let scalars: Vec<usize> = scalar_states(program);
        let mut n = scalars.len();
        let mut grids = Vec::new();
        for (grid, shape) in program.grids.iter().zip(shapes) {
            let len = grid.programs.fields.len() * shape.len();
            let is_used = !grid.programs.coupling.symbols.is_empty();
            let coupling = is_used
                .then(|| Part::new(program, &grid.programs.coupling.program, parameters))
                .transpose()?;
            grids.push(GridNodes {
                full: Part::new(program, &grid.programs.full, parameters)?,
                coupling,
                rates: None,
                largest_step: None,
                stages: None,
                tangent: None,
                inverse: None,
                range: n..n + len,
            });
            n += len;
        }
        let has_numbers = !scalars.is_empty();
        Ok(NodeEquations {
            program,
            parameters: parameters.to_vec(),
            numbers: Numbers::of(program),
            limit: f64::INFINITY,
            evaluator: has_numbers.then(|| program.rhs.evaluator(parameters)),
            u: vec![0.0; program.states.len() + program.couplings.len()],
            du: vec![0.0; program.states.len()],
            scalars,
            grids,
            n,
            shapes: shapes.to_vec(),
            pattern: OnceCell::new(),
            work: [const { Vec::new() }; 2],
        })
    }

    /// Compiles the programs of stages, and of the rates that bound a step.
    pub fn with_stages(mut self) -> Result<Self, SetupError> {
        let program = self.program;
        for (nodes, grid) in self.grids.iter_mut().zip(&program.grids) {
            let part = |keeps_start| {
                let full = &grid.programs.full;
                let stage = program.with_pool(|pool| stage(pool, full, keeps_start));
                let given: Vec<_> = [Some(stage.step), stage.keep]
                    .into_iter()
                    .flatten()
                    .collect();
                let part = Part::with_given(program, &stage.program, &self.parameters, &given);
                part.map(|mut part| {
                    part.executor.watch_last();
                    part
                })
            };
            nodes.stages = Some([part(false)?, part(true)?]);
            let rates = &grid.programs.rates;
            if rates.advection.or(rates.diffusion).is_some() {
                let part = Part::new(self.program, &rates.program, &self.parameters)?;
                nodes.rates = Some(part);
            }
        }
        Ok(self)
    }

    /// From now on the equations are evaluated before this time, also by a step that ends on it.
    pub fn stay_before(&mut self, time: f64) {
        self.limit = time.next_down();
    }

    /// Sets time, scalar states and what the grids compute of a state.
    pub fn set_numbers(&mut self, t: f64, u: &[f64]) {
        let t = t.min(self.limit);
        self.numbers.t = t;
        for (&state, &value) in self.scalars.iter().zip(u) {
            self.numbers.states[state] = value;
        }
        for (i, nodes) in self.grids.iter_mut().enumerate() {
            if let Some(part) = &mut nodes.coupling {
                let fields = &u[nodes.range.clone()];
                couple(self.program, i, part, &mut self.numbers, fields);
            }
        }
    }

    fn scalar_rates(&mut self, t: f64, du: &mut [f64]) {
        let Some(evaluator) = &mut self.evaluator else {
            return;
        };
        let n = self.program.states.len();
        self.u[..n].copy_from_slice(&self.numbers.states);
        self.u[n..].copy_from_slice(&self.numbers.couplings);
        evaluator.eval(t.min(self.limit), &self.u, &mut self.du);
        for (rate, &state) in du.iter_mut().zip(&self.scalars) {
            *rate = self.du[state];
        }
    }

    /// Whether the derivative of every grid is a program, and no numbers stand beside the fields.
    fn has_tangents(&mut self) -> bool {
        if !self.scalars.is_empty() || !self.program.couplings.is_empty() {
            return false;
        }
        for (nodes, grid) in self.grids.iter_mut().zip(&self.program.grids) {
            if nodes.tangent.is_none() {
                let program = self.program;
                let space = program.with_pool(|pool| tangent(pool, &grid.evolution));
                let part = space.map(|space| Part::new(program, &space, &self.parameters));
                nodes.tangent = part.and_then(Result::ok);
            }
        }
        self.grids.iter().all(|nodes| nodes.tangent.is_some())
    }

    fn structure(&self) -> &(Pattern, Colouring) {
        let made = || pattern(self.program, self.scalars.len(), &self.shapes);
        self.pattern.get_or_init(made)
    }
}

/// Positions of the states that are no fields.
pub(super) fn scalar_states(program: &Program) -> Vec<usize> {
    let states = program.states.iter().enumerate();
    let scalars = states.filter(|(_, state)| state.domain.is_none());
    scalars.map(|(i, _)| i).collect()
}

impl Equations for NodeEquations<'_> {
    fn n_states(&self) -> usize {
        self.n
    }

    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        self.set_numbers(t, u);
        for nodes in &mut self.grids {
            let range = nodes.range.clone();
            nodes
                .full
                .run(&self.numbers, &u[range.clone()], &mut du[range]);
        }
        self.scalar_rates(t, du);
    }

    fn pattern(&self) -> &Pattern {
        &self.structure().0
    }

    fn jacobian(&mut self, t: f64, u: &[f64], values: &mut [f64]) {
        self.structure();
        let (pattern, colouring) = self.pattern.take().expect("just made");
        let mut direction = vec![0.0; self.n];
        let mut product = vec![0.0; self.n];
        for columns in &colouring.groups {
            direction.fill(0.0);
            columns
                .iter()
                .for_each(|&column| direction[column as usize] = 1.0);
            self.jvp(t, u, &direction, &mut product);
            for &column in columns {
                let starts = &pattern.column_starts;
                let entries =
                    starts[column as usize] as usize..starts[column as usize + 1] as usize;
                for k in entries {
                    values[k] = product[pattern.row_indices[k] as usize];
                }
            }
        }
        self.pattern = OnceCell::from((pattern, colouring));
    }

    fn jvp(&mut self, t: f64, u: &[f64], v: &[f64], jv: &mut [f64]) {
        if self.has_tangents() {
            self.set_numbers(t, u);
            for nodes in &mut self.grids {
                let range = nodes.range.clone();
                let pair = [&u[range.clone()], &v[range.clone()]];
                let tangent = nodes.tangent.as_mut().expect("all grids have one");
                tangent.run_on(&self.numbers, pair, &mut jv[range]);
            }
            return;
        }
        difference(self, t, u, v, jv);
    }

    fn time_derivative(&mut self, t: f64, u: &[f64], dfdt: &mut [f64]) -> bool {
        let step = f64::EPSILON.sqrt() * t.abs().max(1.0);
        let mut before = vec![0.0; self.n];
        Equations::rhs(self, t, u, &mut before);
        Equations::rhs(self, t + step, u, dfdt);
        for (after, before) in dfdt.iter_mut().zip(&before) {
            *after = (*after - before) / step;
        }
        true
    }

    fn set_up_preconditioner(&mut self, gamma: f64) -> bool {
        for (i, nodes) in self.grids.iter_mut().enumerate() {
            if nodes.inverse.is_none() {
                nodes.inverse =
                    LinearInverse::new(self.program, i, &self.parameters, self.shapes[i]);
            }
            match &mut nodes.inverse {
                Some(inverse) => inverse.set_up(gamma),
                None => return false,
            }
        }
        true
    }

    fn precondition(&mut self, b: &mut [f64]) {
        for nodes in &mut self.grids {
            if let Some(inverse) = &mut nodes.inverse {
                inverse.apply(&mut b[nodes.range.clone()]);
            }
        }
    }
}

/// `J·v` by a difference of the right-hand side.
fn difference(equations: &mut NodeEquations<'_>, t: f64, u: &[f64], v: &[f64], jv: &mut [f64]) {
    let largest = |values: &[f64]| values.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let size = f64::EPSILON.sqrt() * largest(u).max(1.0) / largest(v).max(f64::MIN_POSITIVE);
    let [mut shifted, mut f] = std::mem::take(&mut equations.work);
    shifted.clear();
    shifted.extend(u.iter().zip(v).map(|(u, v)| u + size * v));
    f.resize(u.len(), 0.0);
    Equations::rhs(equations, t, u, &mut f);
    Equations::rhs(equations, t, &shifted, jv);
    for (jv, f) in jv.iter_mut().zip(&f) {
        *jv = (*jv - f) / size;
    }
    equations.work = [shifted, f];
}

/// The rates of advection and diffusion in units of those for which a step of Euler's method of length 1 is stable, as they were computed last.
fn rates_of(part: &Part, grid: &GridBlock) -> [f64; 2] {
    let rates = &grid.programs.rates;
    let mut values = part.executor.reductions();
    let mut next = |symbol: Option<_>| symbol.and_then(|_| values.next()).unwrap_or(0.0);
    let (advection, diffusion) = (next(rates.advection), next(rates.diffusion));
    // Courant number 1; eigenvalues of diffusion up to 2 over the step.
    [advection, diffusion / 2.0]
}

impl BoundedEquations for NodeEquations<'_> {
    fn n_states(&self) -> usize {
        self.n
    }

    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        Equations::rhs(self, t, u, du);
    }

    fn stage(&mut self, t: f64, u: &[f64], stage: Stage<'_>, out: &mut [f64]) -> bool {
        self.set_numbers(t, u);
        self.numbers.given = [stage.step, stage.keep];
        let mut is_finite = true;
        for nodes in &mut self.grids {
            let range = nodes.range.clone();
            let [plain, keeping] = nodes.stages.as_mut().expect("made for this method");
            let (part, start) = match stage.keep {
                0.0 => (plain, &[][..]),
                _ => (keeping, &stage.start[range.clone()]),
            };
            part.run_on(&self.numbers, [&u[range.clone()], start], &mut out[range]);
            is_finite &= part.executor.is_last_finite();
        }
        let n = self.scalars.len();
        self.scalar_rates(t, &mut out[..n]);
        stage.update(&u[..n], &mut out[..n]);
        is_finite && out[..n].iter().all(|value| value.is_finite())
    }

    fn largest_step(&mut self, t: f64, u: &[f64]) -> f64 {
        self.set_numbers(t, u);
        let mut least = f64::INFINITY;
        for (nodes, grid) in self.grids.iter_mut().zip(&self.program.grids) {
            let Some(part) = &mut nodes.rates else {
                continue;
            };
            if let Some(known) = nodes.largest_step {
                least = least.min(known);
                continue;
            }
            part.run(&self.numbers, &u[nodes.range.clone()], &mut []);
            let largest = 1.0 / rates_of(part, grid).iter().sum::<f64>();
            nodes.largest_step = part.is_constant.then_some(largest);
            least = least.min(largest);
        }
        least
    }

    fn limiting_state(&mut self, t: f64, u: &[f64]) -> usize {
        self.largest_step(t, u);
        let (mut largest, mut candidates) = (0.0, Vec::new());
        for ((nodes, grid), shape) in self.grids.iter().zip(&self.program.grids).zip(&self.shapes) {
            let Some(part) = &nodes.rates else {
                continue;
            };
            let [advection, diffusion] = rates_of(part, grid);
            if advection + diffusion > largest {
                largest = advection + diffusion;
                // Diffusion is the last of the results.
                let result = part.executor.reductions().count() - 1;
                let result = if diffusion > advection { result } else { 0 };
                let node = part.executor.place_of_maximum(result).unwrap_or(0);
                candidates = nodes
                    .range
                    .clone()
                    .skip(node)
                    .step_by(shape.len())
                    .collect();
            }
        }
        // Of the fields the one to which the rates answer most.
        let (mut v, mut jv) = (vec![0.0; self.n], vec![0.0; self.n]);
        let mut answer = |&state: &usize| {
            v.fill(0.0);
            v[state] = 1.0;
            self.jvp(t, u, &v, &mut jv);
            jv.iter().fold(0.0, |most: f64, rate| most.max(rate.abs()))
        };
        let answers = candidates.iter().map(|state| (*state, answer(state)));
        let most = answers.max_by(|a, b| a.1.total_cmp(&b.1));
        most.map_or(0, |(state, _)| state)
    }
}
