//! The flow of fields over an interval, with its derivatives by new coefficients: what [`crate::discover::flow`] is for numbers.
//!
//! States are given in coordinates whose squares add up to the mean square over the nodes: of all axes that are periodic the modes.

use ansatz_compiler::Program;
use ansatz_compiler::terms::Term;

use super::split::SplitFlow;
use crate::experiment::SetupError;

/// A term in the equation of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Position among the terms.
    pub term: usize,
    /// Position among the fields.
    pub field: usize,
}

/// A state and its tangents at the end of an interval.
#[derive(Debug, Clone, Default)]
pub struct Pushed {
    columns: Vec<f64>,
    n: usize,
}

impl Pushed {
    /// Coordinates of the state.
    pub fn state(&self) -> &[f64] {
        &self.columns[..self.n]
    }

    /// Coordinates of the derivative by the coefficient of a pair.
    pub fn tangent(&self, k: usize) -> &[f64] {
        &self.columns[(1 + k) * self.n..(2 + k) * self.n]
    }

    /// Whether no value is infinite or not a number.
    pub fn is_finite(&self) -> bool {
        self.columns.iter().all(|v| v.is_finite())
    }
}

/// Integrates one model of fields with its tangents.
pub struct FieldFlow {
    split: SplitFlow,
    n_pairs: usize,
    /// Relative error of an increment that is allowed.
    tolerance: f64,
}

/// Most steps of an interval.
const MAX_STEPS: usize = 4096;

impl FieldFlow {
    /// The flow of `program` with these parameters; tangents are derivatives by the coefficients of `pairs`. `tolerance` is the error allowed
    /// of what happens in an interval, relative to it.
    ///
    /// # Errors
    /// Memory does not suffice, or a term is beyond the scheme.
    pub fn new(
        program: &Program,
        parameters: &[f64],
        terms: &[Term],
        pairs: &[Pair],
        tolerance: f64,
    ) -> Result<FieldFlow, SetupError> {
        let split = SplitFlow::new(program, parameters, terms, pairs)?;
        Ok(FieldFlow {
            split: split.ok_or(SetupError::NoTangents)?,
            n_pairs: pairs.len(),
            tolerance,
        })
    }

    /// Number of coordinates of a state.
    pub fn n_coordinates(&self) -> usize {
        self.split.n_coordinates()
    }

    /// The coordinates of a state given at the nodes.
    pub fn coordinates(&mut self, nodes: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; self.n_coordinates()];
        self.split.coordinates(nodes, &mut out);
        out
    }

    /// The nodes of coordinates.
    pub fn nodes(&mut self, coordinates: &[f64], out: &mut [f64]) {
        self.split.nodes(coordinates, out);
    }

    /// By coordinate of one field: its frequency over the highest of the grid, the largest along any axis; infinite of what is cut off.
    pub fn frequencies(&self) -> Vec<f64> {
        self.split.frequencies()
    }

    /// Goes from `start` over an interval, with tangents.
    pub fn run(&mut self, times: [f64; 2], start: &[f64], out: &mut Pushed) {
        let n_steps = self.n_steps(times, start);
        self.go(times, n_steps, start, self.n_pairs, out);
    }

    /// The same without tangents; gives the number of steps.
    pub fn run_state(&mut self, times: [f64; 2], start: &[f64], out: &mut Pushed) -> usize {
        let n_steps = self.n_steps(times, start);
        self.go(times, n_steps, start, 0, out);
        n_steps
    }

    fn go(
        &mut self,
        times: [f64; 2],
        n_steps: usize,
        start: &[f64],
        n_tangents: usize,
        out: &mut Pushed,
    ) {
        out.n = self.n_coordinates();
        out.columns.resize((1 + n_tangents) * out.n, 0.0);
        self.split
            .run(times, n_steps, start, n_tangents, &mut out.columns);
    }

    /// Steps that are enough: twice as many change what happens by less than is allowed.
    fn n_steps(&mut self, times: [f64; 2], start: &[f64]) -> usize {
        let duration = times[1] - times[0];
        if let Some(n) = self.split.known_steps(duration) {
            return n;
        }
        let (mut coarse, mut fine) = (Pushed::default(), Pushed::default());
        let mut n = 1;
        self.go(times, n, start, 0, &mut coarse);
        while n < MAX_STEPS {
            self.go(times, 2 * n, start, 0, &mut fine);
            let change = distance(fine.state(), coarse.state());
            let increment = distance(fine.state(), start);
            if change <= self.tolerance * increment || increment == 0.0 {
                break;
            }
            std::mem::swap(&mut coarse, &mut fine);
            n *= 2;
        }
        self.split.know_steps(duration, n);
        n
    }
}

/// Of two vectors.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}
