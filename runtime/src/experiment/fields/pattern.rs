//! Which nodes the right-hand side at a node depends on, and columns of the Jacobian that one product gives together.
//!
//! # References
//! - [CPR74] A. R. Curtis, M. J. D. Powell, J. K. Reid, *On the estimation of sparse Jacobian matrices*, J. Inst. Math. Appl. 13 (1974)
//!   117–119, doi:10.1093/imamat/13.1.117.

use crate::space::layout::Shape;
use ansatz_compiler::Program;
use ansatz_compiler::system::jacobian::Pattern;
use ansatz_compiler::system::space::program::{ArrayId, Closure, Read, Side, SpaceProgram, Step};

/// Columns in groups no two of which share a row [CPR74].
pub(super) struct Colouring {
    pub groups: Vec<Vec<u32>>,
}

/// What reads reach on either side of a cell face along the axis of a flux.
const FLUX_REACH: i8 = 3;

/// The pattern of a state of so many numbers, then the fields of the grids; every grid has its shape.
pub(super) fn pattern(
    program: &Program,
    n_scalars: usize,
    shapes: &[Shape],
) -> (Pattern, Colouring) {
    let mut rows: Vec<Vec<u32>> = Vec::new();
    let fields = program.grids.iter().zip(shapes);
    let n: usize = n_scalars
        + fields
            .map(|(grid, shape)| grid.programs.fields.len() * shape.len())
            .sum::<usize>();
    let is_coupled = !program.couplings.is_empty();
    let all: Vec<u32> = (0..n as u32).collect();
    rows.resize(n_scalars, all.clone());
    let mut start = n_scalars;
    for (grid, &shape) in program.grids.iter().zip(shapes) {
        let len = grid.programs.fields.len() * shape.len();
        let reach = (!is_coupled)
            .then(|| Reach::new(program, &grid.programs.full, shape))
            .flatten();
        match reach {
            Some(reach) => rows.extend(reach.rows(n_scalars, start)),
            None if is_coupled => rows.resize(start + len, all.clone()),
            None => {
                let scalars = 0..n_scalars as u32;
                let dense: Vec<u32> = scalars.chain(start as u32..(start + len) as u32).collect();
                rows.resize(start + len, dense);
            }
        }
        start += len;
    }
    let colouring = colour(&rows, n);
    (by_columns(&rows, n), colouring)
}

fn by_columns(rows: &[Vec<u32>], n: usize) -> Pattern {
    let mut column_starts = vec![0; n + 1];
    for &column in rows.iter().flatten() {
        column_starts[column as usize + 1] += 1;
    }
    for j in 0..n {
        column_starts[j + 1] += column_starts[j];
    }
    let mut next = column_starts.clone();
    let mut row_indices = vec![0; rows.iter().map(Vec::len).sum()];
    for (row, columns) in rows.iter().enumerate() {
        for &column in columns {
            row_indices[next[column as usize] as usize] = row as u32;
            next[column as usize] += 1;
        }
    }
    Pattern {
        n,
        column_starts,
        row_indices,
    }
}

fn colour(rows: &[Vec<u32>], n: usize) -> Colouring {
    let pattern = by_columns(rows, n);
    let mut colours = vec![u32::MAX; n];
    let mut groups: Vec<Vec<u32>> = Vec::new();
    // By colour: the last column that it is forbidden to.
    let mut forbidden: Vec<u32> = Vec::new();
    for column in 0..n as u32 {
        let starts = &pattern.column_starts[column as usize..];
        for &row in &pattern.row_indices[starts[0] as usize..starts[1] as usize] {
            for &other in &rows[row as usize] {
                let colour = colours[other as usize];
                if colour != u32::MAX {
                    forbidden[colour as usize] = column;
                }
            }
        }
        let free = forbidden.iter().position(|&last| last != column);
        let colour = free.unwrap_or(groups.len());
        if colour == groups.len() {
            groups.push(Vec::new());
            forbidden.push(u32::MAX);
        }
        groups[colour].push(column);
        colours[column as usize] = colour as u32;
    }
    Colouring { groups }
}

/// Where the arrays of a program of local steps come from.
struct Reach<'a> {
    space: &'a SpaceProgram,
    shape: Shape,
    /// By array: what one value of it is computed from.
    reads: Vec<Vec<Read>>,
    /// By array: the field that it is.
    field: Vec<Option<usize>>,
}

impl<'a> Reach<'a> {
    /// `None` where a step is not local.
    fn new(program: &Program, space: &'a SpaceProgram, shape: Shape) -> Option<Reach<'a>> {
        let mut reads = vec![Vec::new(); space.arrays.len()];
        for step in &space.steps {
            match step {
                Step::Pointwise {
                    reads: all,
                    outputs,
                } => {
                    for (to, term) in outputs {
                        let used = program.with_pool(|pool| pool.symbols_in(&[*term]));
                        let used = all.iter().filter(|read| used.contains(&read.symbol));
                        reads[to.0 as usize] = used.copied().collect();
                    }
                }
                Step::Flux(flux) => {
                    for to in &flux.to {
                        let of_state = |state: &Read| {
                            let state = *state;
                            (-FLUX_REACH..=FLUX_REACH).map(move |offset| {
                                let mut read = state;
                                read.offset[flux.axis] += offset;
                                read
                            })
                        };
                        let states = flux.states.iter();
                        reads[to.0 as usize] = states.flat_map(of_state).collect();
                    }
                }
                Step::Forward { .. }
                | Step::Inverse { .. }
                | Step::Diagonal { .. }
                | Step::Along { .. }
                | Step::Reduce { .. }
                | Step::Solve(_) => return None,
            }
        }
        let mut field = vec![None; space.arrays.len()];
        for (i, input) in space.inputs.iter().enumerate() {
            field[input.0 as usize] = Some(i);
        }
        Some(Reach {
            space,
            shape,
            reads,
            field,
        })
    }

    /// Columns of every row, ascending; numbers are the first columns and fields begin at `start`.
    fn rows(&self, n_scalars: usize, start: usize) -> Vec<Vec<u32>> {
        let len = self.shape.len();
        let mut rows = Vec::with_capacity(self.space.outputs.len() * len);
        for (i, &output) in self.space.outputs.iter().enumerate() {
            for node in 0..len {
                let mut columns: Vec<u32> = (0..n_scalars as u32).collect();
                // Newton's matrices have a diagonal.
                columns.push((start + i * len + node) as u32);
                self.collect(output, self.position(node), start, &mut columns);
                columns.sort_unstable();
                columns.dedup();
                rows.push(columns);
            }
        }
        rows
    }

    fn position(&self, node: usize) -> [isize; 3] {
        let [nx, ny, _] = self.shape.n;
        [node % nx, node / nx % ny, node / (nx * ny)].map(|i| i as isize)
    }

    /// Adds the field values that an array depends on at a position.
    fn collect(&self, array: ArrayId, at: [isize; 3], start: usize, columns: &mut Vec<u32>) {
        let mut open = vec![(array, at)];
        let mut seen: Vec<(ArrayId, [isize; 3])> = Vec::new();
        while let Some((array, at)) = open.pop() {
            let mut at = at;
            for (axis, i) in at.iter_mut().enumerate() {
                *i = self.shape.wrap(axis, *i);
            }
            if seen.contains(&(array, at)) {
                continue;
            }
            seen.push((array, at));
            let outside = |axis: &usize| !(0..self.shape.n[*axis] as isize).contains(&at[*axis]);
            if let Some(axis) = (0..3).rev().find(outside) {
                let side = if at[axis] < 0 {
                    Side::Lower
                } else {
                    Side::Upper
                };
                self.follow(array, axis, side, at, &mut open);
                continue;
            }
            match self.field[array.0 as usize] {
                Some(field) => {
                    let [nx, ny, _] = self.shape.n.map(|n| n as isize);
                    let node = at[0] + nx * (at[1] + ny * at[2]);
                    columns.push((start + field * self.shape.len() + node as usize) as u32);
                    self.follow_fixed(array, at, &mut open);
                }
                None => {
                    for read in &self.reads[array.0 as usize] {
                        let mut next = at;
                        for (i, offset) in next.iter_mut().zip(read.offset) {
                            *i += isize::from(offset);
                        }
                        open.push((read.array, next));
                    }
                }
            }
        }
    }

    /// What the closure of an array reads.
    fn follow(
        &self,
        array: ArrayId,
        axis: usize,
        side: Side,
        at: [isize; 3],
        open: &mut Vec<(ArrayId, [isize; 3])>,
    ) {
        let ours = |c: &&Closure| c.array == array && c.axis == axis && c.side == side;
        for closure in self.space.closures.iter().filter(ours) {
            let face = match side {
                Side::Lower => 0,
                Side::Upper => self.shape.n[axis] as isize - 1,
            };
            for read in &closure.reads {
                let mut next = at;
                next[axis] = face + isize::from(read.offset[axis]);
                open.push((read.array, next));
            }
        }
    }

    /// What a fixed node depends on.
    fn follow_fixed(&self, array: ArrayId, at: [isize; 3], open: &mut Vec<(ArrayId, [isize; 3])>) {
        for closure in &self.space.closures {
            let face = match closure.side {
                Side::Lower => 0,
                Side::Upper => self.shape.n[closure.axis] as isize - 1,
            };
            if closure.array == array && closure.node.is_some() && at[closure.axis] == face {
                self.follow(array, closure.axis, closure.side, at, open);
            }
        }
    }
}
