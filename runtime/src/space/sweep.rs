//! One sweep over a grid: a stencil computed at every node, row by row.
//!
//! Neighbours along the outer axes are rows of their own, so wrapping around is a choice of row. Along the row, the nodes near its ends are gathered with their
//! neighbours into small strips and computed apart; all others are computed straight from the arrays. Where nothing depends on the coordinates, successive rows
//! are one long row. Blocks of rows run in parallel; how a grid is cut into blocks depends on the grid alone, so results do not depend on threads.

use ansatz_compiler::codegen::row::{RowEvaluator, RowKernel, RowSource, Stencil};
use smallvec::SmallVec;

use super::field::Field;
use super::finite::all_finite;
use super::layout::{Coordinate, Shape};

/// A stencil on a grid, with its scratch space.
pub struct Sweep {
    plan: Plan,
    blocks: Vec<Block>,
}

/// What all blocks share.
struct Plan {
    shape: Shape,
    kernel: RowKernel,
    rows: Vec<RowSource>,
    coordinates: Vec<Coordinate>,
    /// Whether rows must be computed one by one.
    single: bool,
    /// Farthest rows read along the second axis, before and after.
    reach: (usize, usize),
    /// Nodes near the ends of a row: first one and number.
    segments: SmallVec<[(usize, usize); 2]>,
    /// Rows per block.
    block: usize,
    /// Whether blocks look for results that are not finite.
    is_watched: bool,
}

/// Successive rows.
struct Block {
    first: usize,
    n: usize,
    evaluator: RowEvaluator,
    /// Strips of inputs, then of outputs.
    strips: Vec<f64>,
    /// Whether all its results of the last run are finite, where that is looked at.
    is_finite: bool,
}

/// Nodes per block: enough to make threads worth their while, few enough to stay in the second-level cache.
const BLOCK_NODES: usize = 16384;
/// Rows whose strips are computed together.
const STRIP_ROWS: usize = 64;

type Outputs<'a> = SmallVec<[&'a mut [f64]; 8]>;
type Rows<'a> = SmallVec<[&'a [f64]; 32]>;

impl Sweep {
    /// `coordinates`: those of the stencil, in order.
    pub fn new(
        stencil: &Stencil,
        shape: Shape,
        coordinates: &[Coordinate],
        parameters: &[f64],
    ) -> Sweep {
        let Stencil { kernel, rows } = stencil.clone();
        let [nx, ny, nz] = shape.n;
        let along = rows
            .iter()
            .any(|row| matches!(row, RowSource::Coordinate(_)));
        let reach = rows.iter().fold((0, 0), |reach, row| match row {
            RowSource::Array { offset, .. } => (
                reach.0.max(-offset[0].min(0) as usize),
                reach.1.max(offset[0].max(0) as usize),
            ),
            RowSource::Coordinate(_) => reach,
        });
        let plan = Plan {
            single: kernel.varies_by_row() || along,
            segments: segments(shape, kernel.margin()),
            block: (BLOCK_NODES / nx.max(1)).clamp(1, (ny * nz).max(1)),
            shape,
            kernel,
            rows,
            coordinates: coordinates.to_vec(),
            reach,
            is_watched: false,
        };
        let blocks = (0..ny * nz).step_by(plan.block).map(|first| Block {
            first,
            n: plan.block.min(ny * nz - first),
            evaluator: plan.kernel.evaluator(parameters),
            strips: vec![0.0; plan.strip_len()],
            is_finite: true,
        });
        Sweep {
            blocks: blocks.collect(),
            plan,
        }
    }

    /// Changes the parameters.
    pub fn set_parameters(&mut self, parameters: &[f64]) {
        for block in &mut self.blocks {
            block.evaluator.set_parameters(parameters);
        }
    }

    /// From now on runs look for results that are not finite, while those are at hand.
    pub fn watch(&mut self) {
        self.plan.is_watched = true;
    }

    /// Whether all results of the last run are finite, if it looked.
    pub fn is_finite(&self) -> bool {
        self.blocks.iter().all(|block| block.is_finite)
    }

    /// Computes all nodes of `out` from `fields` (the arrays of the stencil, by their number).
    ///
    /// # Panics
    /// If a length is not that of the grid, or an array lacks ghosts that are read.
    pub fn run(&mut self, scalars: &[f64], fields: &[Field], out: &mut [&mut [f64]]) {
        let len = self.plan.shape.len();
        assert!(out.iter().all(|out| out.len() == len), "lengths of outputs");
        assert!(
            fields.iter().all(|field| field.nodes.len() == len),
            "lengths of arrays"
        );
        let out = out.iter_mut().map(|out| &mut **out).collect();
        let (plan, blocks) = (&self.plan, &mut self.blocks[..]);
        run_blocks(plan, blocks, scalars, fields, out);
    }
}

/// Nodes near the ends of a row, whose neighbours are not all in the row.
fn segments(shape: Shape, (before, after): (usize, usize)) -> SmallVec<[(usize, usize); 2]> {
    let nx = shape.n[0];
    let mut segments: SmallVec<[(usize, usize); 2]> = SmallVec::new();
    if nx <= before + after {
        segments.push((0, nx));
    } else if shape.periodic[0] {
        segments.push((nx - after, after + before));
    } else {
        segments.extend([(0, before), (nx - after, after)]);
    }
    segments.retain(|segment| segment.1 > 0);
    segments
}

/// Halves the blocks until one is left.
fn run_blocks(plan: &Plan, blocks: &mut [Block], scalars: &[f64], fields: &[Field], out: Outputs) {
    match blocks {
        [] => {}
        [block] => block.run(plan, scalars, fields, out),
        _ => {
            let (first, second) = blocks.split_at_mut(blocks.len() / 2);
            let n = first.len() * plan.block * plan.shape.n[0];
            let (first_out, second_out): (Outputs, Outputs) =
                out.into_iter().map(|out| out.split_at_mut(n)).unzip();
            rayon::join(
                || run_blocks(plan, first, scalars, fields, first_out),
                || run_blocks(plan, second, scalars, fields, second_out),
            );
        }
    }
}

impl Plan {
    /// Rows of strips computed together.
    fn strip_rows(&self) -> usize {
        if self.single {
            1
        } else {
            STRIP_ROWS.min(self.block)
        }
    }

    fn strip_len(&self) -> usize {
        let (before, after) = self.kernel.margin();
        let widest = self.segments.iter().map(|&(_, n)| n + before + after);
        let n = self.rows.len() + self.kernel.n_outputs();
        widest.max().unwrap_or(0) * n * self.strip_rows()
    }

    /// How many rows from `row` on, at most `most`, find their neighbours in successive rows.
    fn run_length(&self, row: usize, most: usize) -> usize {
        let ny = self.shape.n[1];
        let (j, (before, after)) = (row % ny, self.reach);
        if self.single || j < before || j + after >= ny {
            1
        } else {
            most.min(ny - after - j)
        }
    }
}

impl Block {
    fn run(&mut self, plan: &Plan, scalars: &[f64], fields: &[Field], mut out: Outputs) {
        self.evaluator.set_scalars(scalars);
        let nx = plan.shape.n[0];
        let mut done = 0;
        while done < self.n {
            let row = self.first + done;
            let n = plan.run_length(row, self.n - done);
            let mut part: Outputs = out
                .iter_mut()
                .map(|out| &mut out[done * nx..(done + n) * nx])
                .collect();
            self.run_rows(plan, fields, row, n, &mut part);
            done += n;
        }
        if plan.is_watched {
            self.is_finite = out.iter().all(|out| all_finite(out));
        }
    }

    fn run_rows(&mut self, plan: &Plan, fields: &[Field], row: usize, n: usize, out: &mut Outputs) {
        let [nx, ny, _] = plan.shape.n;
        let (j, k) = (row % ny, row / ny);
        if plan.kernel.varies_by_row() {
            let outer = plan.coordinates.iter().filter(|c| c.axis > 0);
            let at_row = |c: &Coordinate| c.values[if c.axis == 1 { j } else { k }];
            let outer: SmallVec<[f64; 4]> = outer.map(at_row).collect();
            self.evaluator.set_coordinates(&outer);
        }
        let source = |source: &RowSource| match *source {
            RowSource::Coordinate(i) => &plan.coordinates[i as usize].values,
            RowSource::Array { array, offset } => {
                let row = fields[array as usize].row(plan.shape, j, k, offset);
                fields[array as usize].rows(plan.shape, row, n)
            }
        };
        let rows: Rows = plan.rows.iter().map(source).collect();
        let (before, after) = plan.kernel.margin();
        if n * nx > before + after {
            let mut inner: Outputs = out
                .iter_mut()
                .map(|out| &mut out[before..n * nx - after])
                .collect();
            self.evaluator.run(&rows, &mut inner);
        }
        for &segment in &plan.segments {
            for start in (0..n).step_by(plan.strip_rows()) {
                let n = plan.strip_rows().min(n - start);
                self.run_strip(plan, fields, (row + start, n), segment, start, out);
            }
        }
    }

    /// Computes the nodes of a segment in n rows, put one behind the other with the neighbours of their ends.
    fn run_strip(
        &mut self,
        plan: &Plan,
        fields: &[Field],
        (row, n): (usize, usize),
        (first, len): (usize, usize),
        start: usize,
        out: &mut Outputs,
    ) {
        let [nx, ny, _] = plan.shape.n;
        let (before, after) = plan.kernel.margin();
        let width = before + len + after;
        let (inputs, outputs) = self.strips.split_at_mut(plan.rows.len() * n * width);
        for (strip, source) in inputs.chunks_exact_mut(n * width).zip(&plan.rows) {
            let first = first as isize - before as isize;
            match *source {
                RowSource::Coordinate(i) => {
                    let x = &plan.coordinates[i as usize].values;
                    for piece in strip.chunks_exact_mut(width) {
                        for (i, value) in piece.iter_mut().enumerate() {
                            *value = x[(first + i as isize).rem_euclid(nx as isize) as usize];
                        }
                    }
                }
                RowSource::Array { array, offset } => {
                    let field = &fields[array as usize];
                    let from = field.row(plan.shape, row % ny, row / ny, offset);
                    field.gather_rows(plan.shape, from, first, width, strip);
                }
            }
        }
        let rows: Rows = inputs.chunks_exact(n * width).collect();
        let mut strips: Outputs = outputs[..plan.kernel.n_outputs() * n * width]
            .chunks_exact_mut(n * width)
            .map(|strip| &mut strip[..n * width - before - after])
            .collect();
        self.evaluator.run(&rows, &mut strips);
        for (out, strip) in out.iter_mut().zip(&strips) {
            let rows = out[start * nx..].chunks_exact_mut(nx);
            for (row, piece) in rows.zip(strip.chunks(width)) {
                for (i, &value) in piece[..len].iter().enumerate() {
                    let i = first + i;
                    row[if i < nx { i } else { i - nx }] = value;
                }
            }
        }
    }
}
