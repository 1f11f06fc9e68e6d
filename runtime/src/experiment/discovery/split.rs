//! The flow of fields whose linear part is diagonal in modes, with its tangents by new coefficients.

use ansatz_compiler::Program;
use ansatz_compiler::program::space::compile_split;
use ansatz_compiler::system::space::program::Split;
use ansatz_compiler::system::space::tangent::split_tangent;
use ansatz_compiler::system::space::values;
use ansatz_compiler::terms::Term;

use super::flow::Pair;
use crate::experiment::SetupError;
use crate::experiment::fields::{Numbers, OPTIONS, Part, Source, parameter_symbols, sources};
use crate::space::execute::Executor;
use crate::space::split::SplitExecutor;
use crate::space::steppers::{SplitEquations, TangentStepper};
use crate::space::transform::Complex64;

/// The flow in modes. Coordinates are the parts of the modes that are stored, scaled so that their squares add up to the mean square
/// over the nodes.
pub(super) struct SplitFlow {
    rests: RestOfColumns,
    stepper: TangentStepper,
    /// The state, then its tangents.
    columns: Vec<Complex64>,
    /// By mode: coordinates over modes.
    scales: Vec<f64>,
    steps: Vec<(f64, usize)>,
}

/// What is not linear, of a state and its tangents.
struct RestOfColumns {
    executor: SplitExecutor,
    tangent: Option<Tangent>,
    library: Option<Part>,
    numbers: Numbers,
    pairs: Vec<Pair>,
    n_fields: usize,
    n_modes: usize,
    len: usize,
    kept: Vec<f64>,
    nodes: Vec<f64>,
    terms: Vec<f64>,
    pushed: Vec<Complex64>,
}

struct Tangent {
    executor: Executor,
    scalars: Vec<f64>,
    time: Option<usize>,
    pair: Vec<Complex64>,
}

impl SplitFlow {
    /// `None` where not all is diagonal in modes.
    ///
    /// # Errors
    /// Memory does not suffice, or a term is beyond the scheme.
    pub fn new(
        program: &Program,
        parameters: &[f64],
        terms: &[Term],
        pairs: &[Pair],
    ) -> Result<Option<SplitFlow>, SetupError> {
        let grid = &program.grids[0];
        let Some(split) = &grid.programs.split else {
            return Ok(None);
        };
        let symbols = parameter_symbols(program);
        let code = program.with_pool(|pool| compile_split(pool, split, &symbols, OPTIONS))?;
        let scalars = sources(program, &code.nonlinear.scalars, &[]);
        let time = |scalars: &[Source]| scalars.iter().position(|s| *s == Source::Time);
        let executor = SplitExecutor::new(&code, parameters, time(&scalars))?;
        let tangent = program.with_pool(|pool| split_tangent(pool, &grid.evolution));
        let Some(nonlinear) = tangent else {
            return Ok(None);
        };
        let split = Split {
            nonlinear,
            ..split.clone()
        };
        let tangent = program.with_pool(|pool| compile_split(pool, &split, &symbols, OPTIONS))?;
        if tangent.nonlinear.keep != code.nonlinear.keep {
            return Ok(None);
        }
        let (n_fields, n_modes) = (executor.n_fields(), executor.n_modes());
        let is_linear = split.nonlinear.pointwise_terms().is_empty();
        let of_scalars = sources(program, &tangent.nonlinear.scalars, &[]);
        let tangent = Tangent {
            executor: Executor::new(&tangent.nonlinear, parameters)?,
            scalars: vec![0.0; of_scalars.len()],
            time: time(&of_scalars),
            pair: vec![Complex64::default(); 2 * n_fields * n_modes],
        };
        let library = match pairs.is_empty() {
            true => None,
            false => Some(library(program, parameters, terms)?),
        };
        let weights = executor.weights();
        let len = executor.layout().shape.len();
        let rests = RestOfColumns {
            kept: executor.kept().to_vec(),
            tangent: (!is_linear).then_some(tangent),
            library,
            numbers: Numbers::of(program),
            pairs: pairs.to_vec(),
            nodes: vec![0.0; n_fields * len],
            terms: vec![0.0; terms.len() * len],
            pushed: vec![Complex64::default(); n_modes],
            n_fields,
            n_modes,
            len,
            executor,
        };
        Ok(Some(SplitFlow {
            stepper: TangentStepper::new(&rests.executor.linear()),
            columns: Vec::new(),
            scales: weights.iter().map(|w| w.sqrt()).collect(),
            steps: Vec::new(),
            rests,
        }))
    }

    /// Number of coordinates.
    pub fn n_coordinates(&self) -> usize {
        2 * self.rests.n_fields * self.rests.n_modes
    }

    /// The coordinates of nodes.
    pub fn coordinates(&mut self, nodes: &[f64], out: &mut [f64]) {
        let length = self.rests.n_fields * self.rests.n_modes;
        self.columns.resize(length, Complex64::default());
        self.rests
            .executor
            .to_modes(nodes, &mut self.columns[..length]);
        self.write(0, out);
    }

    /// The nodes of coordinates.
    pub fn nodes(&mut self, coordinates: &[f64], nodes: &mut [f64]) {
        self.read(coordinates);
        let length = self.rests.n_fields * self.rests.n_modes;
        let modes = &self.columns[..length];
        self.rests.executor.to_nodes(modes, nodes);
    }

    /// One step of the state and its tangents by a number of equal steps; coordinates of all columns go to `out`.
    pub fn run(
        &mut self,
        times: [f64; 2],
        n_steps: usize,
        start: &[f64],
        n_tangents: usize,
        out: &mut [f64],
    ) {
        let length = self.rests.n_fields * self.rests.n_modes;
        self.read(start);
        self.columns
            .resize((1 + n_tangents) * length, Complex64::default());
        self.columns[length..].fill(Complex64::default());
        let h = (times[1] - times[0]) / n_steps as f64;
        for i in 0..n_steps {
            let t = times[0] + i as f64 * h;
            let rests = &mut self.rests;
            self.stepper
                .step(t, h, &mut self.columns, &mut |t, columns, out| {
                    rests.rests(t, columns, out)
                });
            for column in self.columns.chunks_exact_mut(length) {
                self.rests.executor.make_real(column);
            }
        }
        for (column, out) in out.chunks_exact_mut(2 * length).enumerate() {
            self.write(column, out);
        }
    }

    /// Steps that were found to be enough for intervals of this length.
    pub fn known_steps(&self, duration: f64) -> Option<usize> {
        let close = |known: f64| (known - duration).abs() < 1e-9 * duration;
        let found = self.steps.iter().find(|(known, _)| close(*known));
        found.map(|(_, n)| *n)
    }

    /// Notes how many steps are enough.
    pub fn know_steps(&mut self, duration: f64, n: usize) {
        self.steps.push((duration, n));
    }

    /// By coordinate of one field: its frequency over the highest of the grid, the largest along any axis; infinite of what is cut off.
    pub fn frequencies(&self) -> Vec<f64> {
        let kept = self.rests.kept.iter();
        let modes = self.rests.executor.frequencies().iter().zip(kept);
        let of_mode = |(m, kept): (&f64, &f64)| if *kept > 0.0 { *m } else { f64::INFINITY };
        modes.flat_map(|mode| [of_mode(mode); 2]).collect()
    }

    fn read(&mut self, coordinates: &[f64]) {
        let n_modes = self.rests.n_modes;
        let length = self.rests.n_fields * n_modes;
        self.columns.resize(length, Complex64::default());
        let pairs = coordinates.chunks_exact(2).enumerate();
        for (i, pair) in pairs {
            let scale = self.scales[i % n_modes];
            self.columns[i] = Complex64::new(pair[0] / scale, pair[1] / scale);
        }
    }

    fn write(&self, column: usize, out: &mut [f64]) {
        let n_modes = self.rests.n_modes;
        let length = self.rests.n_fields * n_modes;
        let modes = &self.columns[column * length..][..length];
        for (i, (mode, out)) in modes.iter().zip(out.chunks_exact_mut(2)).enumerate() {
            let scale = self.scales[i % n_modes];
            out.copy_from_slice(&[mode.re * scale, mode.im * scale]);
        }
    }
}

fn library(program: &Program, parameters: &[f64], terms: &[Term]) -> Result<Part, SetupError> {
    let evolution = &program.grids[0].evolution;
    let space = program.with_pool(|pool| values(pool, evolution, terms));
    let space = space.map_err(|errors| SetupError::terms(&errors))?;
    Part::new(program, &space, parameters)
}

impl RestOfColumns {
    fn evaluate_terms(&mut self, t: f64, state: &[Complex64]) {
        self.executor.to_nodes(state, &mut self.nodes);
        self.numbers.t = t;
        if let Some(library) = &mut self.library {
            library.run(&self.numbers, &self.nodes, &mut self.terms);
        }
    }

    /// The modes of a term, cut as those of fields are.
    fn transform_term(&mut self, term: usize) {
        let values = &self.terms[term * self.len..(term + 1) * self.len];
        self.executor.transform().forward(values, &mut self.pushed);
        for (mode, kept) in self.pushed.iter_mut().zip(&self.kept) {
            *mode *= kept;
        }
    }

    fn rests(&mut self, t: f64, columns: &[Complex64], out: &mut [Complex64]) {
        let length = self.n_fields * self.n_modes;
        let (state, tangents) = columns.split_at(length);
        let (of_state, of_tangents) = out.split_at_mut(length);
        self.executor.nonlinear(t, state, of_state);
        if tangents.is_empty() {
            return;
        }
        match &mut self.tangent {
            Some(tangent) => {
                if let Some(time) = tangent.time {
                    tangent.scalars[time] = t;
                }
                tangent.pair[..length].copy_from_slice(state);
                let columns = tangents.chunks_exact(length);
                for (s, out) in columns.zip(of_tangents.chunks_exact_mut(length)) {
                    tangent.pair[length..].copy_from_slice(s);
                    tangent
                        .executor
                        .run_modes(&tangent.scalars, &tangent.pair, out);
                }
            }
            None => of_tangents.fill(Complex64::default()),
        }
        self.evaluate_terms(t, state);
        let mut transformed = None;
        for k in 0..self.pairs.len() {
            let Pair { term, field } = self.pairs[k];
            if transformed != Some(term) {
                self.transform_term(term);
                transformed = Some(term);
            }
            let out = &mut of_tangents[k * length + field * self.n_modes..][..self.n_modes];
            out.iter_mut()
                .zip(&self.pushed)
                .for_each(|(out, mode)| *out += mode);
        }
    }
}
