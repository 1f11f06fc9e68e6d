//! The steps of a program that are local, one node after the other.

use super::super::program::{
    ArrayId, Closure, GridAxis, NodeKind, Read, Reduction, Side, Solve, SpaceProgram, Step,
};
use crate::terms::{Pool, SymbolId, Term};

use super::spectrum::Complex;

/// The contents of an array.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// One number per node.
    Nodes(Vec<f64>),
    /// One number per mode, negative frequencies along every transformed axis included.
    Modes(Vec<Complex>),
}

/// Runs a program. `symbols[s.0]` is the value of scalar `s`.
pub struct Interpreter<'a> {
    pub(super) program: &'a SpaceProgram,
    pub(super) pool: &'a Pool,
    pub(super) symbols: Vec<f64>,
    pub(super) arrays: Vec<Values>,
}

/// Node numbers by axis; outside of the grid for ghosts.
type Place = [i64; 3];

impl<'a> Interpreter<'a> {
    /// Computes constants and runs the set-up steps.
    pub fn new(program: &'a SpaceProgram, pool: &'a Pool, scalars: &[f64]) -> Self {
        let mut symbols = vec![f64::NAN; pool.n_symbols()];
        for (symbol, value) in program.scalars.iter().zip(scalars) {
            symbols[symbol.0 as usize] = *value;
        }
        for (symbol, term) in &program.constants {
            symbols[symbol.0 as usize] = pool.eval(&[*term], &symbols)[0];
        }
        let empty = Values::Nodes(Vec::new());
        let arrays = vec![empty; program.arrays.len()];
        let mut interpreter = Interpreter {
            program,
            pool,
            symbols,
            arrays,
        };
        for step in &program.setup {
            interpreter.step(step);
        }
        interpreter
    }

    /// The value of one more scalar.
    pub fn set(&mut self, scalar: SymbolId, value: f64) {
        self.symbols[scalar.0 as usize] = value;
    }

    /// The value of a scalar, constant or reduction.
    pub fn scalar(&self, symbol: SymbolId) -> f64 {
        self.symbols[symbol.0 as usize]
    }

    /// Runs the steps from these inputs and returns the outputs.
    pub fn run(&mut self, inputs: &[Values]) -> Vec<Values> {
        for (array, values) in self.program.inputs.iter().zip(inputs) {
            self.arrays[array.0 as usize] = values.clone();
        }
        self.fix_nodes(&self.program.inputs);
        for step in &self.program.steps {
            self.step(step);
        }
        let outputs = self.program.outputs.iter();
        outputs.map(|a| self.arrays[a.0 as usize].clone()).collect()
    }

    /// Runs a program whose outputs are the rates of its inputs: those of fixed nodes are 0.
    pub fn rates(&mut self, inputs: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let inputs: Vec<Values> = inputs.iter().cloned().map(Values::Nodes).collect();
        let outputs = self.run(&inputs);
        let fields = self.program.inputs.iter().zip(outputs);
        fields
            .map(|(array, values)| self.held(*array, values))
            .collect()
    }

    /// The inputs of the last run, fixed nodes in place.
    pub fn inputs(&self) -> Vec<&[f64]> {
        self.program.inputs.iter().map(|a| self.nodes(*a)).collect()
    }

    pub(super) fn held(&self, array: ArrayId, values: Values) -> Vec<f64> {
        let Values::Nodes(mut values) = values else {
            panic!("rates are nodes");
        };
        for closure in self.closures_with_node(array) {
            for index in self.face(closure) {
                values[self.flat(index)] = 0.0;
            }
        }
        values
    }

    /// The coordinates of all nodes along an axis.
    pub fn coordinates(&self, axis: usize) -> Vec<f64> {
        let points = i64::from(self.axes()[axis].points);
        (0..points)
            .map(|i| self.coordinate(axis, i as f64).0)
            .collect()
    }

    /// A term over coordinates and scalars at all nodes.
    pub fn sample(&self, t: Term) -> Vec<f64> {
        let mut symbols = self.symbols.clone();
        let places = self.places().into_iter();
        places
            .map(|place| {
                self.stand_at(&mut symbols, place.map(|i| i as f64));
                self.pool.eval(&[t], &symbols)[0]
            })
            .collect()
    }

    pub(super) fn axes(&self) -> &'a [GridAxis] {
        &self.program.grid.axes
    }

    pub(super) fn nodes(&self, array: ArrayId) -> &[f64] {
        match &self.arrays[array.0 as usize] {
            Values::Nodes(values) => values,
            Values::Modes(_) => panic!("a{} is in modes", array.0),
        }
    }

    pub(super) fn modes(&self, array: ArrayId) -> &[Complex] {
        match &self.arrays[array.0 as usize] {
            Values::Modes(values) => values,
            Values::Nodes(_) => panic!("a{} is in nodes", array.0),
        }
    }

    pub(super) fn set_nodes(&mut self, array: ArrayId, values: Vec<f64>) {
        self.arrays[array.0 as usize] = Values::Nodes(values);
    }

    /// Number of nodes by axis, 1 beyond the last.
    pub(super) fn sizes(&self) -> [usize; 3] {
        let mut sizes = [1; 3];
        for (size, axis) in sizes.iter_mut().zip(self.axes()) {
            *size = axis.points as usize;
        }
        sizes
    }

    pub(super) fn flat(&self, place: Place) -> usize {
        let [nx, ny, _] = self.sizes();
        place[0] as usize + nx * (place[1] as usize + ny * place[2] as usize)
    }

    /// All places, the first axis fastest.
    pub(super) fn places(&self) -> Vec<Place> {
        let [nx, ny, nz] = self.sizes().map(|n| n as i64);
        let lines = (0..nz).flat_map(|k| (0..ny).map(move |j| (j, k)));
        lines
            .flat_map(|(j, k)| (0..nx).map(move |i| [i, j, k]))
            .collect()
    }

    /// The true and the uniform coordinate at a node number, which need not be whole.
    pub(super) fn coordinate(&self, axis: usize, position: f64) -> (f64, f64) {
        let axis = &self.axes()[axis];
        let ends = self.pool.eval(&[axis.from, axis.to], &self.symbols);
        let (from, to, n) = (ends[0], ends[1], f64::from(axis.points));
        let uniform = match axis.nodes {
            NodeKind::Ends => from + position * (to - from) / (n - 1.0),
            NodeKind::Periodic => from + position * (to - from) / n,
            NodeKind::Cells { periodic: _ } => from + (position + 0.5) * (to - from) / n,
            NodeKind::Lobatto => {
                let angle = std::f64::consts::PI * position / (n - 1.0);
                from + (to - from) * (1.0 - angle.cos()) / 2.0
            }
        };
        let Some((symbol, map)) = axis.map else {
            return (uniform, uniform);
        };
        let mut symbols = self.symbols.clone();
        symbols[symbol.0 as usize] = uniform;
        (self.pool.eval(&[map], &symbols)[0], uniform)
    }

    pub(super) fn stand_at(&self, symbols: &mut [f64], position: [f64; 3]) {
        for (a, axis) in self.axes().iter().enumerate() {
            let (place, uniform) = self.coordinate(a, position[a]);
            if let Some((symbol, _)) = axis.map {
                symbols[symbol.0 as usize] = uniform;
            }
            symbols[axis.coordinate.0 as usize] = place;
        }
    }

    /// The value at a place, which may lie beyond faces: later axes are looked at first, as their ghosts were made last.
    pub(super) fn value(&self, array: ArrayId, place: Place) -> f64 {
        let outside = |a: &usize| !(0..i64::from(self.axes()[*a].points)).contains(&place[*a]);
        let Some(a) = (0..self.axes().len()).rev().find(outside) else {
            return self.nodes(array)[self.flat(place)];
        };
        let (mut inner, n) = (place, i64::from(self.axes()[a].points));
        if matches!(
            self.axes()[a].nodes,
            NodeKind::Periodic | NodeKind::Cells { periodic: true }
        ) {
            inner[a] = place[a].rem_euclid(n);
            return self.value(array, inner);
        }
        let (side, layer) = if place[a] < 0 {
            (Side::Lower, -1 - place[a])
        } else {
            (Side::Upper, place[a] - n)
        };
        let mut closures = self.program.closures.iter();
        let closure = closures.find(|c| (c.array, c.axis, c.side) == (array, a, side));
        let closure = closure.expect("a read past a face has a closure");
        inner[a] = edge(side, n);
        self.closing(closure, closure.ghosts[layer as usize], inner)
    }

    /// A term of a closure at the node next to the face.
    pub(super) fn closing(&self, closure: &Closure, term: Term, place: Place) -> f64 {
        let mut symbols = self.symbols.clone();
        let mut position = place.map(|i| i as f64);
        if matches!(self.axes()[closure.axis].nodes, NodeKind::Cells { .. }) {
            position[closure.axis] += match closure.side {
                Side::Lower => -0.5,
                Side::Upper => 0.5,
            };
        }
        self.stand_at(&mut symbols, position);
        self.load(&mut symbols, &closure.reads, place);
        self.pool.eval(&[term], &symbols)[0]
    }

    pub(super) fn load(&self, symbols: &mut [f64], reads: &[Read], place: Place) {
        for read in reads {
            let mut at = place;
            at.iter_mut()
                .zip(read.offset)
                .for_each(|(i, o)| *i += i64::from(o));
            symbols[read.symbol.0 as usize] = self.value(read.array, at);
        }
    }

    pub(super) fn closures_with_node(
        &self,
        array: ArrayId,
    ) -> impl Iterator<Item = &'a Closure> + use<'a> {
        let closures = self.program.closures.iter();
        closures.filter(move |c| c.array == array && c.node.is_some())
    }

    /// The places on a face.
    pub(super) fn face(&self, closure: &Closure) -> Vec<Place> {
        let edge = edge(closure.side, i64::from(self.axes()[closure.axis].points));
        let places = self.places().into_iter();
        places.filter(|place| place[closure.axis] == edge).collect()
    }

    /// Puts the values of fixed nodes in place.
    pub(super) fn fix_nodes(&mut self, arrays: &[ArrayId]) {
        for array in arrays {
            for closure in self.closures_with_node(*array) {
                let node = closure.node.expect("the closures chosen have one");
                for place in self.face(closure) {
                    let (value, index) = (self.closing(closure, node, place), self.flat(place));
                    if let Values::Nodes(values) = &mut self.arrays[array.0 as usize] {
                        values[index] = value;
                    }
                }
            }
        }
    }

    pub(super) fn step(&mut self, step: &Step) {
        match step {
            Step::Pointwise { reads, outputs } => self.pointwise(reads, outputs),
            Step::Forward { from, to } => {
                let modes = self.forward(self.nodes(*from));
                self.arrays[to.0 as usize] = Values::Modes(modes);
            }
            Step::Inverse { from, to } => {
                let nodes = self.inverse(self.modes(*from));
                self.set_nodes(*to, nodes);
            }
            Step::Diagonal {
                terms,
                to,
                keep,
                mean,
            } => {
                let modes = self.diagonal(terms, keep, mean);
                self.arrays[to.0 as usize] = Values::Modes(modes);
            }
            Step::Along {
                axis,
                from,
                to,
                order,
            } => {
                let nodes = self.along(*axis, self.nodes(*from), *order);
                self.set_nodes(*to, nodes);
                self.fix_nodes(&[*to]);
            }
            Step::Flux(flux) => self.flux(flux),
            Step::Reduce { from, kind, to } => {
                self.symbols[to.0 as usize] = self.reduce(self.nodes(*from), *kind);
            }
            Step::Solve(solve) => self.solve(solve),
        }
    }

    pub(super) fn pointwise(&mut self, reads: &[Read], outputs: &[(ArrayId, Term)]) {
        let terms: Vec<Term> = outputs.iter().map(|o| o.1).collect();
        let mut results = vec![Vec::new(); terms.len()];
        let mut symbols = self.symbols.clone();
        for place in self.places() {
            self.stand_at(&mut symbols, place.map(|i| i as f64));
            self.load(&mut symbols, reads, place);
            for (result, value) in results.iter_mut().zip(self.pool.eval(&terms, &symbols)) {
                result.push(value);
            }
        }
        for ((array, _), result) in outputs.iter().zip(results) {
            self.set_nodes(*array, result);
        }
    }

    pub(super) fn reduce(&self, values: &[f64], kind: Reduction) -> f64 {
        let weights = self.weights();
        let terms = weights.iter().zip(values).map(|(w, value)| w * value);
        match kind {
            Reduction::Integral => terms.sum(),
            Reduction::Mean => terms.sum::<f64>() / weights.iter().sum::<f64>(),
            Reduction::Minimum => values.iter().copied().fold(f64::INFINITY, f64::min),
            Reduction::Maximum => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Weights of all nodes in integrals.
    pub(super) fn weights(&self) -> Vec<f64> {
        let axes: Vec<Vec<f64>> = (0..self.axes().len()).map(|a| self.quadrature(a)).collect();
        let weight = |place: Place| axes.iter().zip(place).map(|(w, i)| w[i as usize]).product();
        self.places().into_iter().map(weight).collect()
    }

    /// Solves by the dense matrix, found column by column.
    pub(super) fn solve(&mut self, solve: &Solve) {
        let n = self.nodes(solve.from).len();
        self.set_nodes(solve.to, vec![0.0; n]);
        let offset = self.residual(solve);
        let mut matrix = vec![vec![0.0; n + 1]; n];
        for j in 0..n {
            let mut unit = vec![0.0; n];
            unit[j] = 1.0;
            self.set_nodes(solve.to, unit);
            for ((row, value), zero) in matrix.iter_mut().zip(self.residual(solve)).zip(&offset) {
                row[j] = value - zero;
            }
        }
        let from = self.nodes(solve.from).to_vec();
        for (row, (value, zero)) in matrix.iter_mut().zip(from.iter().zip(&offset)) {
            row[n] = value - zero;
        }
        if let Some(mean) = solve.mean {
            self.border(&mut matrix, solve.to, mean);
        }
        let mut solution = eliminate(matrix);
        solution.truncate(n);
        std::mem::swap(&mut solution, self.nodes_mut(solve.to));
        self.fix_nodes(&[solve.to]);
    }

    /// One more equation, for the mean, and one more unknown: what is taken from every other equation so that all can hold.
    pub(super) fn border(&self, matrix: &mut Vec<Vec<f64>>, array: ArrayId, mean: Term) {
        let n = matrix.len();
        let mut taken = vec![1.0; n];
        for closure in self.closures_with_node(array) {
            let face = self.face(closure).into_iter();
            face.for_each(|place| taken[self.flat(place)] = 0.0);
        }
        for (row, taken) in matrix.iter_mut().zip(taken) {
            row.insert(n, taken);
        }
        let weights = self.weights();
        let volume: f64 = weights.iter().sum();
        let value = volume * self.pool.eval(&[mean], &self.symbols)[0];
        matrix.push(weights.into_iter().chain([0.0, value]).collect());
    }

    pub(super) fn nodes_mut(&mut self, array: ArrayId) -> &mut Vec<f64> {
        match &mut self.arrays[array.0 as usize] {
            Values::Nodes(values) => values,
            Values::Modes(_) => panic!("a{} is in modes", array.0),
        }
    }

    /// The operator applied to the unknown; at fixed nodes, the unknown less its value there plus the right-hand side.
    pub(super) fn residual(&mut self, solve: &Solve) -> Vec<f64> {
        let free = self.nodes(solve.to).to_vec();
        self.fix_nodes(&[solve.to]);
        let coefficients: Vec<Term> = solve.operator.iter().map(|o| o.1).collect();
        let mut symbols = self.symbols.clone();
        let mut result = Vec::new();
        for place in self.places() {
            self.stand_at(&mut symbols, place.map(|i| i as f64));
            let weights = self.pool.eval(&coefficients, &symbols);
            let terms = solve.operator.iter().zip(weights).map(|((offset, _), w)| {
                let mut at = place;
                at.iter_mut()
                    .zip(offset)
                    .for_each(|(i, o)| *i += i64::from(*o));
                w * self.value(solve.to, at)
            });
            result.push(terms.sum());
        }
        for closure in self.closures_with_node(solve.to) {
            for place in self.face(closure) {
                let i = self.flat(place);
                result[i] = free[i] - self.nodes(solve.to)[i] + self.nodes(solve.from)[i];
            }
        }
        result
    }
}

/// The number of the node next to a face.
fn edge(side: Side, points: i64) -> i64 {
    match side {
        Side::Lower => 0,
        Side::Upper => points - 1,
    }
}

/// Gauss elimination with partial pivoting; the right-hand side is the last column.
pub(in crate::system::space) fn eliminate(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rows.len();
    for k in 0..n {
        let size = |i: &usize| rows[*i][k].abs();
        let pivot = (k..n)
            .max_by(|a, b| size(a).total_cmp(&size(b)))
            .expect("rows remain");
        rows.swap(k, pivot);
        let (above, below) = rows.split_at_mut(k + 1);
        for row in below {
            let factor = row[k] / above[k][k];
            for (a, b) in row.iter_mut().zip(&above[k]).skip(k) {
                *a -= factor * b;
            }
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| rows[k][j] * rows[j][n]).sum();
        rows[k][n] = (rows[k][n] - known) / rows[k][k];
    }
    rows.iter().map(|row| row[n]).collect()
}
