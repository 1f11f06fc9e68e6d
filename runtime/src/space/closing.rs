//! Ghosts from boundary conditions: values beyond a face by the formulas of a space program, and nodes on it that are given.
//!
//! Formulas of the first axis are computed for all rows at once, over columns gathered near the face; those of the others line by line, each line with the ghosts
//! at its ends. Callers go axis after axis, so that ghosts of a later axis cover those of the earlier ones and corners are defined.

use ansatz_compiler::codegen::row::RowEvaluator;
use ansatz_compiler::program::space::FaceCode;
use ansatz_compiler::system::space::program::{NodeKind, Side};
use smallvec::SmallVec;

use super::field::{Field, Ghosts};
use super::layout::{Coordinate, Layout, Shape};

/// The formulas of one array at one face, with scratch space.
pub(super) struct Face {
    pub(super) axis: usize,
    side: Side,
    reads: Vec<(usize, i8)>,
    shape: Shape,
    node: Option<RowEvaluator>,
    ghosts: RowEvaluator,
    n_ghosts: usize,
    /// All that have a name; along the axis of the face that of the face only.
    coordinates: Vec<Coordinate>,
    inputs: Vec<f64>,
    outputs: Vec<f64>,
}

/// Which formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Formula {
    /// The node next to the face.
    Node,
    /// The ghosts.
    Ghosts,
}

/// A line along a face, along the first axis: its row at the node next to the face.
#[derive(Debug, Clone, Copy)]
struct Line {
    j: isize,
    k: isize,
}

impl Face {
    pub(super) fn new(
        code: &FaceCode,
        kind: NodeKind,
        layout: &Layout,
        parameters: &[f64],
    ) -> Face {
        let mut coordinates = layout.named.clone();
        for coordinate in coordinates.iter_mut().filter(|c| c.axis == code.axis) {
            let nodes = &coordinate.values;
            let place = match (kind, code.side) {
                (NodeKind::Cells { .. }, Side::Lower) => layout.ends[code.axis][0],
                (NodeKind::Cells { .. }, Side::Upper) => layout.ends[code.axis][1],
                (NodeKind::Ends | NodeKind::Periodic | NodeKind::Lobatto, Side::Lower) => nodes[0],
                (NodeKind::Ends | NodeKind::Periodic | NodeKind::Lobatto, Side::Upper) => {
                    nodes[nodes.len() - 1]
                }
            };
            coordinate.values = vec![place];
        }
        Face {
            axis: code.axis,
            side: code.side,
            reads: code
                .reads
                .iter()
                .map(|&(array, offset)| (array.0 as usize, offset))
                .collect(),
            shape: layout.shape,
            node: code.node.as_ref().map(|node| node.evaluator(parameters)),
            ghosts: code.ghosts.evaluator(parameters),
            n_ghosts: code.ghosts.n_outputs(),
            coordinates,
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// Whether the node next to the face is given.
    pub(super) fn fixes_node(&self) -> bool {
        self.node.is_some()
    }

    /// Layers of ghosts below and above along the axis.
    pub(super) fn depth(&self) -> [usize; 2] {
        match self.side {
            Side::Lower => [self.n_ghosts, 0],
            Side::Upper => [0, self.n_ghosts],
        }
    }

    /// Index along the axis: `steps` nodes from the one next to the face in the direction of the index.
    fn place(&self, steps: isize) -> isize {
        match self.side {
            Side::Lower => steps,
            Side::Upper => self.shape.n[self.axis] as isize - 1 + steps,
        }
    }

    /// Index of ghost layer 0, 1, ….
    fn beyond(&self, layer: usize) -> isize {
        match self.side {
            Side::Lower => -1 - layer as isize,
            Side::Upper => self.shape.n[self.axis] as isize + layer as isize,
        }
    }

    /// Lines of the face, for axes but the first; those of the third cover the ghost rows of the second.
    fn lines(&self, depth: [[usize; 2]; 3]) -> impl Iterator<Item = Line> + use<> {
        let [_, ny, nz] = self.shape.n.map(|n| n as isize);
        let (axis, place) = (self.axis, self.place(0));
        let [below, above] = depth[1].map(|n| n as isize);
        let range = if axis == 1 { 0..nz } else { -below..ny + above };
        range.map(move |i| match axis {
            1 => Line { j: place, k: i },
            _ => Line { j: i, k: place },
        })
    }

    /// Computes a formula at all nodes of the face, from the ghosts `depth` of its array; [`Face::write_ghosts`] or [`Face::write_nodes`] puts them in place.
    pub(super) fn compute<'a>(
        &mut self,
        formula: Formula,
        scalars: &[f64],
        field: impl Fn(usize) -> Field<'a>,
        depth: [[usize; 2]; 3],
    ) {
        if self.axis == 0 {
            self.compute_columns(formula, scalars, field);
        } else {
            self.compute_lines(formula, scalars, field, depth);
        }
    }

    fn compute_columns<'a>(
        &mut self,
        formula: Formula,
        scalars: &[f64],
        field: impl Fn(usize) -> Field<'a>,
    ) {
        let [nx, ny, nz] = self.shape.n;
        let n = ny * nz;
        self.inputs.clear();
        for &(array, offset) in &self.reads {
            let (nodes, i) = (field(array).nodes, self.place(isize::from(offset)));
            self.inputs
                .extend(nodes.chunks_exact(nx).map(|row| row[i as usize]));
        }
        let mut fixed: SmallVec<[f64; 4]> = SmallVec::new();
        for Coordinate { axis, values, .. } in &self.coordinates {
            match axis {
                0 => fixed.push(values[0]),
                1 => (0..nz).for_each(|_| self.inputs.extend(values)),
                _ => {
                    let planes = values.iter();
                    planes.for_each(|&z| self.inputs.extend(std::iter::repeat_n(z, ny)));
                }
            }
        }
        self.outputs.clear();
        self.run(formula, scalars, &fixed, n);
    }

    fn compute_lines<'a>(
        &mut self,
        formula: Formula,
        scalars: &[f64],
        field: impl Fn(usize) -> Field<'a>,
        depth: [[usize; 2]; 3],
    ) {
        let [left, right] = depth[0];
        let n = left + self.shape.n[0] + right;
        self.outputs.clear();
        for line in self.lines(depth) {
            self.inputs.clear();
            for &(array, offset) in &self.reads {
                let (field, steps) = (field(array), isize::from(offset));
                let row = match self.axis {
                    1 => field.row_at(self.shape, line.j + steps, line.k),
                    _ => field.row_at(self.shape, line.j, line.k + steps),
                };
                let start = self.inputs.len();
                self.inputs.resize(start + n, 0.0);
                field.gather(self.shape, row, -(left as isize), &mut self.inputs[start..]);
            }
            let mut fixed: SmallVec<[f64; 4]> = SmallVec::new();
            for Coordinate { axis, values, .. } in &self.coordinates {
                match axis {
                    0 => {
                        let places = (0..n).map(|i| i as isize - left as isize);
                        self.inputs.extend(places.map(|i| extended(values, i)));
                    }
                    1 => fixed.push(extended(values, line.j)),
                    _ => fixed.push(extended(values, line.k)),
                }
            }
            self.run(formula, scalars, &fixed, n);
        }
    }

    /// Runs the kernel over the inputs, each of length n, and appends its outputs.
    fn run(&mut self, formula: Formula, scalars: &[f64], fixed: &[f64], n: usize) {
        let (evaluator, n_outputs) = match formula {
            Formula::Ghosts => (&mut self.ghosts, self.n_ghosts),
            Formula::Node => (self.node.as_mut().expect("the node is given"), 1),
        };
        if n_outputs == 0 {
            return;
        }
        let start = self.outputs.len();
        self.outputs.resize(start + n_outputs * n, 0.0);
        let rows: SmallVec<[&[f64]; 16]> = self.inputs.chunks_exact(n).collect();
        let mut out: SmallVec<[&mut [f64]; 8]> =
            self.outputs[start..].chunks_exact_mut(n).collect();
        evaluator.set_scalars(scalars);
        evaluator.set_coordinates(fixed);
        evaluator.run(&rows, &mut out);
    }

    /// Puts computed ghosts in place.
    pub(super) fn write_ghosts(&self, ghosts: &mut Ghosts) {
        let shape = self.shape;
        let [nx, ny, nz] = shape.n;
        let [left, right] = ghosts.depth[0];
        if self.axis == 0 {
            for (layer, column) in self.outputs.chunks_exact(ny * nz).enumerate() {
                let place = match self.side {
                    Side::Lower => left - 1 - layer,
                    Side::Upper => left + layer,
                };
                let ends = ghosts.ends.chunks_exact_mut(left + right);
                ends.zip(column)
                    .for_each(|(ends, &value)| ends[place] = value);
            }
            return;
        }
        let n = left + nx + right;
        let layers = (0..self.n_ghosts).map(|layer| self.beyond(layer));
        let lines = self.lines(ghosts.depth).flat_map(|line| {
            layers.clone().map(move |beyond| {
                if self.axis == 1 {
                    (beyond, line.k)
                } else {
                    (line.j, beyond)
                }
            })
        });
        for ((j, k), values) in lines.zip(self.outputs.chunks_exact(n)) {
            let row = ghosts.row(shape, j, k);
            let (start, end) = (row * (left + right), (row + 1) * (left + right));
            let ends = &mut ghosts.ends[start..end];
            ends[..left].copy_from_slice(&values[..left]);
            ends[left..].copy_from_slice(&values[left + nx..]);
            let ghost = row - ny * nz;
            ghosts.rows[ghost * nx..(ghost + 1) * nx].copy_from_slice(&values[left..left + nx]);
        }
    }

    /// Puts computed nodes in place.
    pub(super) fn write_nodes(&self, nodes: &mut [f64]) {
        let mut values = self.outputs.iter();
        self.for_each_node(|i| {
            if let Some(&value) = values.next() {
                nodes[i] = value;
            }
        });
    }

    /// Sets the nodes next to the face to zero.
    pub(super) fn clear_nodes(&self, nodes: &mut [f64]) {
        self.for_each_node(|i| nodes[i] = 0.0);
    }

    /// Positions of the nodes next to the face, in order.
    pub(super) fn for_each_node(&self, mut visit: impl FnMut(usize)) {
        let [nx, ny, nz] = self.shape.n;
        let place = self.place(0) as usize;
        match self.axis {
            0 => (0..ny * nz).for_each(|row| visit(row * nx + place)),
            1 => (0..nz).for_each(|k| (0..nx).for_each(|i| visit(i + nx * (place + ny * k)))),
            _ => (0..nx * ny).for_each(|i| visit(i + nx * ny * place)),
        }
    }
}

/// The coordinate of node i, which may lie beyond the ends: there it goes on with the last distance.
fn extended(x: &[f64], i: isize) -> f64 {
    let n = x.len() as isize;
    match i {
        i if n < 2 || (0..n).contains(&i) => x[i.clamp(0, n - 1) as usize],
        i if i < 0 => x[0] + (x[1] - x[0]) * i as f64,
        i => {
            let last = x[n as usize - 1];
            last + (last - x[n as usize - 2]) * (i - n + 1) as f64
        }
    }
}
