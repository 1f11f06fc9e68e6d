//! Finite-volume fluxes along one axis: reconstruction on both sides of every cell face, a numerical flux, differences.
//!
//! Everything runs along the first axis, whatever the axis of the flux: across rows, the five rows around a row are reconstructed together; along rows, a row with
//! its neighbours is copied out and read at five positions. Blocks of rows run in parallel; a block computes the faces at its ends for itself.

use ansatz_compiler::codegen::row::RowEvaluator;
use ansatz_compiler::program::space::FluxCode;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use smallvec::SmallVec;

use super::field::Field;
use super::layout::{Coordinate, Layout, Shape};
use super::weno::reconstruct;

/// Cells beyond the ends of a row that its faces read.
const DEPTH: usize = 3;
/// Nodes per block: few ends of blocks to compute twice, enough blocks for threads.
const BLOCK_NODES: usize = 32768;
/// Planes per block across planes, at least, for the same reason.
const BLOCK_PLANES: usize = 8;

type Outputs<'a> = SmallVec<[&'a mut [f64]; 8]>;

/// Fluxes along an axis of a grid, with scratch space.
pub struct FluxSweep {
    plan: Plan,
    blocks: Vec<Block>,
}

/// What all blocks share.
struct Plan {
    shape: Shape,
    axis: usize,
    n_states: usize,
    coordinates: Vec<Coordinate>,
    /// One over the distance of faces.
    per_spacing: f64,
}

/// Successive rows.
struct Block {
    first: usize,
    n: usize,
    evaluator: RowEvaluator,
    scratch: Scratch,
}

/// Rows by state or by flux, one behind the other.
struct Scratch {
    /// A row of cells and their neighbours.
    padded: Vec<f64>,
    /// Reconstructed at the upper face of cells.
    upper: Vec<f64>,
    /// The same of the row before.
    upper_before: Vec<f64>,
    /// Reconstructed at the lower face of cells.
    lower: Vec<f64>,
    /// Through faces.
    fluxes: Vec<f64>,
    /// The same of the row of faces before.
    fluxes_before: Vec<f64>,
}

impl FluxSweep {
    /// On a grid; `parameters` are those of the model, then the constants.
    pub fn new(code: &FluxCode, layout: &Layout, parameters: &[f64]) -> FluxSweep {
        let shape = layout.shape;
        let [nx, ny, nz] = shape.n;
        let uniform = layout.named.iter().rfind(|c| c.axis == code.axis);
        let faces = &uniform.expect("every axis has a coordinate").faces;
        let length = faces[faces.len() - 1] - faces[0];
        let plan = Plan {
            shape,
            axis: code.axis,
            n_states: code.states.len(),
            coordinates: layout.named.clone(),
            per_spacing: (faces.len() - 1) as f64 / length,
        };
        let block = match code.axis {
            2 => ny * (BLOCK_NODES / (nx * ny)).max(BLOCK_PLANES).min(nz),
            _ => (BLOCK_NODES / nx).clamp(1, ny * nz),
        };
        let blocks = (0..ny * nz).step_by(block).map(|first| Block {
            first,
            n: block.min(ny * nz - first),
            evaluator: code.kernel.evaluator(parameters),
            scratch: Scratch::new(&plan, code.to.len()),
        });
        FluxSweep {
            blocks: blocks.collect(),
            plan,
        }
    }

    /// Changes the parameters; the grid stays.
    pub fn set_parameters(&mut self, parameters: &[f64]) {
        for block in &mut self.blocks {
            block.evaluator.set_parameters(parameters);
        }
    }

    /// Computes `-∂F/∂x` at all nodes from the states.
    ///
    /// # Panics
    /// If a length is not that of the grid, or a state lacks ghosts.
    pub fn run(&mut self, scalars: &[f64], states: &[Field], out: &mut [&mut [f64]]) {
        let (plan, len) = (&self.plan, self.plan.shape.len());
        assert!(out.iter().all(|out| out.len() == len), "lengths of outputs");
        assert!(states.iter().all(|state| state.nodes.len() == len));
        let block_len = self.blocks[0].n * plan.shape.n[0];
        let mut parts: Vec<Outputs> = self.blocks.iter().map(|_| Outputs::new()).collect();
        for out in out {
            let pieces = out.chunks_mut(block_len).zip(&mut parts);
            pieces.for_each(|(piece, part)| part.push(piece));
        }
        let work = |block: &mut Block, mut out| block.run(plan, scalars, states, &mut out);
        match (&mut self.blocks[..], parts.pop()) {
            ([block], Some(out)) => work(block, out),
            (blocks, last) => {
                parts.extend(last);
                let blocks = blocks.par_iter_mut().zip(parts);
                blocks.for_each(|(block, out)| work(block, out));
            }
        }
    }
}

impl Scratch {
    fn new(plan: &Plan, n_fluxes: usize) -> Scratch {
        let states = vec![0.0; plan.n_states * plan.cells_per_row()];
        let fluxes = vec![0.0; n_fluxes * plan.faces_per_row()];
        Scratch {
            padded: vec![0.0; plan.shape.n[0] + 2 * DEPTH],
            upper: states.clone(),
            upper_before: states.clone(),
            lower: states,
            fluxes: fluxes.clone(),
            fluxes_before: fluxes,
        }
    }
}

impl Plan {
    /// Faces computed together.
    fn faces_per_row(&self) -> usize {
        self.shape.n[0] + usize::from(self.axis == 0)
    }

    /// Cells reconstructed together: along a row also those beyond its ends.
    fn cells_per_row(&self) -> usize {
        self.shape.n[0] + if self.axis == 0 { 2 } else { 0 }
    }

    /// The row that stands so many rows further along the axis of the flux.
    fn shifted(&self, row: usize, steps: isize) -> [isize; 2] {
        let ny = self.shape.n[1];
        let [j, k] = [row % ny, row / ny].map(|i| i as isize);
        match self.axis {
            0 => [j, k],
            1 => [j + steps, k],
            _ => [j, k + steps],
        }
    }

    /// Coordinates of the axes but the first: of a row, or of the faces before it along the axis of the flux.
    fn fixed(&self, [j, k]: [isize; 2]) -> SmallVec<[f64; 4]> {
        let at = |c: &Coordinate| {
            let values = if c.axis == self.axis {
                &c.faces
            } else {
                &c.values
            };
            values[if c.axis == 1 { j } else { k } as usize]
        };
        let others = self.coordinates.iter().filter(|c| c.axis > 0);
        others.map(at).collect()
    }
}

impl Block {
    fn run(&mut self, plan: &Plan, scalars: &[f64], states: &[Field], out: &mut Outputs) {
        self.evaluator.set_scalars(scalars);
        let ny = plan.shape.n[1];
        let (first, end) = (self.first, self.first + self.n);
        match plan.axis {
            0 => (first..end).for_each(|row| self.along_row(plan, states, row, out)),
            1 => {
                let mut row = first;
                while row < end {
                    let n = (ny - row % ny).min(end - row);
                    self.across_rows(plan, states, (row, n, 1), out);
                    row += n;
                }
            }
            _ => {
                let columns = first..first + ny;
                let n = self.n / ny;
                columns.for_each(|row| self.across_rows(plan, states, (row, n, ny), out));
            }
        }
    }

    fn along_row(&mut self, plan: &Plan, states: &[Field], row: usize, out: &mut Outputs) {
        let Scratch {
            padded,
            upper_before: upper,
            lower,
            ..
        } = &mut self.scratch;
        let (nx, n) = (plan.shape.n[0], plan.cells_per_row());
        let cells = upper.chunks_exact_mut(n).zip(lower.chunks_exact_mut(n));
        for (state, (upper, lower)) in states.iter().zip(cells) {
            state.gather(plan.shape, row, -(DEPTH as isize), padded);
            reconstruct([0, 1, 2, 3, 4].map(|k| &padded[k..k + n]), upper, lower);
        }
        self.faces(plan, plan.shifted(row, 0));
        let fluxes = self.scratch.fluxes.chunks_exact(nx + 1);
        let start = (row - self.first) * nx;
        for (flux, out) in fluxes.zip(out) {
            let out = &mut out[start..start + nx];
            differences(&flux[..nx], &flux[1..], plan.per_spacing, out);
        }
    }

    /// n rows that follow each other along the axis of the flux, from `row` on; `stride` rows lie between them in memory.
    fn across_rows(
        &mut self,
        plan: &Plan,
        states: &[Field],
        (row, n, stride): (usize, usize, usize),
        out: &mut Outputs,
    ) {
        let nx = plan.shape.n[0];
        for step in -1..=n as isize {
            self.cells(plan, states, row, step);
            if step >= 0 {
                self.faces(plan, plan.shifted(row, step));
            }
            if step >= 1 {
                let before = self.scratch.fluxes_before.chunks_exact(nx);
                let fluxes = before.zip(self.scratch.fluxes.chunks_exact(nx));
                let start = (row - self.first + (step as usize - 1) * stride) * nx;
                for ((before, behind), out) in fluxes.zip(&mut *out) {
                    let out = &mut out[start..start + nx];
                    differences(before, behind, plan.per_spacing, out);
                }
            }
            let scratch = &mut self.scratch;
            std::mem::swap(&mut scratch.upper, &mut scratch.upper_before);
            std::mem::swap(&mut scratch.fluxes, &mut scratch.fluxes_before);
        }
    }

    /// Reconstructs the cells of a row.
    fn cells(&mut self, plan: &Plan, states: &[Field], row: usize, step: isize) {
        let n = plan.cells_per_row();
        let Scratch { upper, lower, .. } = &mut self.scratch;
        let cells = upper.chunks_exact_mut(n).zip(lower.chunks_exact_mut(n));
        for (state, (upper, lower)) in states.iter().zip(cells) {
            let rows = [-2, -1, 0, 1, 2].map(|offset| {
                let [j, k] = plan.shifted(row, step + offset);
                state.rows(plan.shape, state.row_at(plan.shape, j, k), 1)
            });
            reconstruct(rows, upper, lower);
        }
    }

    /// Computes the fluxes through faces: of a row of cells along it, or before it.
    fn faces(&mut self, plan: &Plan, place: [isize; 2]) {
        let scratch = &mut self.scratch;
        let (n_cells, n) = (plan.cells_per_row(), plan.faces_per_row());
        let below = scratch.upper_before.chunks_exact(n_cells);
        let above = scratch.lower.chunks_exact(n_cells);
        // Along a row, cell i stands before face i.
        let below = below.map(|row| &row[..n]);
        let above = above.map(|row| &row[n_cells - n..]);
        let along = plan.coordinates.iter().filter(|c| c.axis == 0);
        let along = along.map(|c| match plan.axis {
            0 => &c.faces[..],
            _ => &c.values[..],
        });
        let rows: SmallVec<[&[f64]; 16]> = below.chain(above).chain(along).collect();
        let mut out: Outputs = scratch.fluxes.chunks_exact_mut(n).collect();
        self.evaluator.set_coordinates(&plan.fixed(place));
        self.evaluator.run(&rows, &mut out);
    }
}

/// `(before - behind)·factor`
fn differences(before: &[f64], behind: &[f64], factor: f64, out: &mut [f64]) {
    for ((out, before), behind) in out.iter_mut().zip(before).zip(behind) {
        *out = (before - behind) * factor;
    }
}
