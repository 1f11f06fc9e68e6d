//! The flow of a compiled model over an interval, with its derivatives by the start and by new coefficients.
//!
//! With `u' = f(t, u) + Σ c_k g_k(t, u)`, the derivative `s_k` of the solution by `c_k` obeys `s_k' = J·s_k + g_k`, and that by
//! the start `Φ' = J·Φ`. They are integrated together with `u` by a method of the table, under one error control: what comes
//! out is the tangent of the very steps that gave the state. This is the seam to other kinds of models: a stepper of fields
//! gives the same [`Pushed`].

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::system::jacobian::Pattern;
use ansatz_compiler::terms::Term;

use crate::failure::Failure;
use crate::ode;
use crate::problem::{Equations, Problem};

/// A contribution to the rates with one coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct Forcing {
    /// Position among the terms.
    pub term: usize,
    /// States that it changes, and how much.
    pub changes: Vec<(usize, f64)>,
}

/// A state of the model and its tangents at some time.
#[derive(Debug, Clone, Copy)]
pub struct Pushed<'a> {
    /// Time.
    pub t: f64,
    /// The state.
    pub state: &'a [f64],
    /// One column after the other, each as long as the state: first those by the start, if asked for, then one for each forcing.
    pub tangents: &'a [f64],
}

/// Relative tolerance of the flow for clean data: a thousandth of what coefficients are known to.
pub const TIGHT: f64 = 1e-10;
/// Absolute tolerance over the scale of a state, as a share of the relative one.
const ATOL: f64 = 1e-2;
/// Relative tolerance above which a method of low order is cheaper.
const LOOSE: f64 = 1e-8;
/// Steps after which an explicit method gives up an interval: the model is stiff.
const MAX_EXPLICIT_STEPS: u64 = 2000;
/// A whole trajectory may take so many times the steps of an interval.
pub const LONG: u64 = 50;
/// Steps after which any method does.
const MAX_STEPS: u64 = 20_000;

/// Integrates one model with its tangents.
pub struct Flow<'p> {
    equations: Tangent<'p>,
    scales: Vec<f64>,
    rtol: f64,
    with_start: bool,
    u: Vec<f64>,
    atol: Vec<f64>,
    is_stiff: bool,
}

impl<'p> Flow<'p> {
    /// The flow of `program` with these parameters; `scales` are sizes of the states, `rtol` the relative tolerance.
    pub fn new(
        program: &'p Program,
        parameters: &[f64],
        terms: &[Term],
        forcings: &[Forcing],
        with_start: bool,
        scales: &[f64],
        rtol: f64,
    ) -> Flow<'p> {
        let n = program.states.len();
        let n_tangents = forcings.len() + if with_start { n } else { 0 };
        Flow {
            equations: Tangent::new(program, parameters, terms, forcings, with_start),
            scales: scales.to_vec(),
            rtol,
            with_start,
            u: vec![0.0; n * (1 + n_tangents)],
            atol: vec![0.0; n * (1 + n_tangents)],
            is_stiff: false,
        }
    }

    /// Goes from `start` at the first time through all others, ascending; each is handed to `sink` with its position.
    ///
    /// # Errors
    /// Why the model could not be integrated that far.
    pub fn run(
        &mut self,
        times: &[f64],
        start: &[f64],
        sink: &mut dyn FnMut(usize, Pushed<'_>),
    ) -> Result<(), Failure> {
        let (Some(&t0), Some(&t_end)) = (times.first(), times.last()) else {
            return Ok(());
        };
        self.prepare(t0, t_end, start);
        self.go(times, MAX_EXPLICIT_STEPS, MAX_STEPS, sink)
    }

    /// The same over many intervals, with so many times more steps.
    ///
    /// # Errors
    /// Why the model could not be integrated that far.
    pub fn run_long(
        &mut self,
        times: &[f64],
        start: &[f64],
        more: u64,
        sink: &mut dyn FnMut(usize, Pushed<'_>),
    ) -> Result<(), Failure> {
        let (Some(&t0), Some(&t_end)) = (times.first(), times.last()) else {
            return Ok(());
        };
        self.prepare(t0, t_end, start);
        self.go(times, more * MAX_EXPLICIT_STEPS, more * MAX_STEPS, sink)
    }

    fn go(
        &mut self,
        times: &[f64],
        explicit: u64,
        any: u64,
        sink: &mut dyn FnMut(usize, Pushed<'_>),
    ) -> Result<(), Failure> {
        if !self.is_stiff {
            let method = if self.rtol > LOOSE { "Tsit5" } else { "Vern7" };
            let done = self.integrate(method, explicit, times, sink);
            if !matches!(done, Err(Failure::TooManySteps { .. })) {
                return done;
            }
            self.is_stiff = true;
        }
        self.integrate("BDF_LU", any, times, sink)
    }

    /// The state at the start, tangents there, and tolerances in the size that tangents will reach.
    fn prepare(&mut self, t0: f64, t_end: f64, start: &[f64]) {
        let n = start.len();
        self.u.fill(0.0);
        self.u[..n].copy_from_slice(start);
        for (atol, scale) in self.atol.iter_mut().zip(&self.scales) {
            *atol = ATOL * self.rtol * scale;
        }
        let n_start = if self.with_start { n } else { 0 };
        for j in 0..n_start {
            self.u[n * (1 + j) + j] = 1.0;
            for i in 0..n {
                self.atol[n * (1 + j) + i] = self.rtol * self.scales[i] / self.scales[j];
            }
        }
        self.equations.evaluate_terms(t0, start);
        for (k, forcing) in self.equations.forcings.iter().enumerate() {
            let rate = self.equations.values[forcing.term].abs();
            let share = forcing
                .changes
                .iter()
                .map(|&(i, share)| share.abs() / self.scales[i])
                .fold(0.0, f64::max);
            let size = (rate * share * (t_end - t0)).max(f64::MIN_POSITIVE / self.rtol);
            for i in 0..n {
                self.atol[n * (1 + n_start + k) + i] = self.rtol * size * self.scales[i];
            }
        }
    }

    fn integrate(
        &mut self,
        method: &str,
        max_steps: u64,
        times: &[f64],
        sink: &mut dyn FnMut(usize, Pushed<'_>),
    ) -> Result<(), Failure> {
        let n = self.scales.len();
        let mut problem = Problem {
            equations: &mut self.equations,
            t0: times[0],
            t_end: times[times.len() - 1],
            u0: &self.u,
            rtol: self.rtol,
            atol: &self.atol,
            conserved: &[],
            max_steps,
            save_at: Some(times),
            interrupt: &mut |_| false,
        };
        let mut k = 0;
        let outcome = ode::solve(method, &mut problem, &mut |t, u| {
            let (state, tangents) = u.split_at(n);
            sink(k, Pushed { t, state, tangents });
            k += 1;
        });
        match outcome.expect("the method is in the table").failure {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

/// The equations of a state and its tangents.
struct Tangent<'p> {
    program: &'p Program,
    rhs: Evaluator,
    jacobian: Evaluator,
    terms: Option<Evaluator>,
    forcings: Vec<Forcing>,
    n_start: usize,
    /// Values of the Jacobian's non-zeros.
    entries: Vec<f64>,
    /// Values of the terms.
    values: Vec<f64>,
    /// The Jacobian of each column is that of the model: how columns depend on the state is left to Newton's iteration.
    pattern: Pattern,
}

impl<'p> Tangent<'p> {
    fn new(
        program: &'p Program,
        parameters: &[f64],
        terms: &[Term],
        forcings: &[Forcing],
        with_start: bool,
    ) -> Self {
        let n_start = if with_start { program.states.len() } else { 0 };
        let n_columns = 1 + n_start + forcings.len();
        let jacobian = program.jacobian().1.evaluator(parameters);
        let used =
            (!forcings.is_empty()).then(|| program.terms_kernel(terms).evaluator(parameters));
        let one = &program.jacobian().0;
        Tangent {
            program,
            rhs: program.rhs.evaluator(parameters),
            jacobian,
            terms: used,
            forcings: forcings.to_vec(),
            n_start,
            entries: vec![0.0; one.row_indices.len()],
            values: vec![0.0; terms.len()],
            pattern: repeated(one, n_columns),
        }
    }

    fn evaluate_terms(&mut self, t: f64, u: &[f64]) {
        if let Some(terms) = &mut self.terms {
            terms.eval(t, u, &mut self.values);
        }
    }
}

/// A pattern along the diagonal, so many times.
fn repeated(one: &Pattern, times: usize) -> Pattern {
    let mut out = Pattern {
        n: one.n * times,
        column_starts: vec![0],
        row_indices: Vec::new(),
    };
    for block in 0..times {
        let first = (block * one.n) as u32;
        for j in 0..one.n {
            let rows = one.column_starts[j] as usize..one.column_starts[j + 1] as usize;
            let rows = one.row_indices[rows].iter().map(|r| r + first);
            out.row_indices.extend(rows);
            out.column_starts.push(out.row_indices.len() as u32);
        }
    }
    out
}

/// `out = J·v`
fn multiply(pattern: &Pattern, entries: &[f64], v: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    for (j, &value) in v.iter().enumerate() {
        let range = pattern.column_starts[j] as usize..pattern.column_starts[j + 1] as usize;
        for k in range {
            out[pattern.row_indices[k] as usize] += entries[k] * value;
        }
    }
}

impl Equations for Tangent<'_> {
    fn n_states(&self) -> usize {
        self.pattern.n
    }

    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        let n = self.program.states.len();
        let (state, tangents) = u.split_at(n);
        let (rate, rates) = du.split_at_mut(n);
        self.rhs.eval(t, state, rate);
        if tangents.is_empty() {
            return;
        }
        self.jacobian.eval(t, state, &mut self.entries);
        self.evaluate_terms(t, state);
        let pattern = &self.program.jacobian().0;
        for (v, out) in tangents.chunks_exact(n).zip(rates.chunks_exact_mut(n)) {
            multiply(pattern, &self.entries, v, out);
        }
        let forced = rates.chunks_exact_mut(n).skip(self.n_start);
        for (forcing, out) in self.forcings.iter().zip(forced) {
            for &(i, share) in &forcing.changes {
                out[i] += share * self.values[forcing.term];
            }
        }
    }

    fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    fn jacobian(&mut self, t: f64, u: &[f64], values: &mut [f64]) {
        let n = self.program.states.len();
        self.jacobian.eval(t, &u[..n], &mut self.entries);
        for block in values.chunks_exact_mut(self.entries.len().max(1)) {
            block.copy_from_slice(&self.entries);
        }
    }

    fn jvp(&mut self, t: f64, u: &[f64], v: &[f64], jv: &mut [f64]) {
        let n = self.program.states.len();
        self.jacobian.eval(t, &u[..n], &mut self.entries);
        let pattern = &self.program.jacobian().0;
        for (v, out) in v.chunks_exact(n).zip(jv.chunks_exact_mut(n)) {
            multiply(pattern, &self.entries, v, out);
        }
    }

    fn time_derivative(&mut self, _t: f64, _u: &[f64], _dfdt: &mut [f64]) -> bool {
        // Only Rosenbrock methods ask, and they are not used here.
        false
    }
}
