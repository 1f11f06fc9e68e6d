//! Fourier transforms over the axes of a grid, planned once: real nodes to half-complex modes and back.
//!
//! Each axis is a pass of transforms along contiguous rows. A pass begins by transposing, in narrow strips, so that its axis becomes the contiguous one; going
//! forward it stays so. The order of modes is therefore not that of nodes: [`Transform::mode_axes`] tells it. Where high modes of the real axis are known to be 0 they
//! are not stored, and the passes of the other axes do not see them.
//! Strips run in parallel; each is computed on its own, so results do not depend on threads.

use std::sync::Arc;

use rayon::iter::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

pub use rustfft::num_complex::Complex64;

use super::layout::Shape;

/// Columns that are transposed together: two cache lines of complex numbers.
const STRIP: usize = 8;
/// Nodes per task below which threads do not pay.
const TASK: usize = 8192;
/// Tasks at most: more than the threads that memory can feed.
const MAX_TASKS: usize = 64;

/// A transform over some axes of a grid, with its scratch space.
#[derive(Clone)]
pub struct Transform {
    real: Pass<dyn RealToComplex<f64>, dyn ComplexToReal<f64>>,
    /// The passes after the real one.
    complex: Vec<Pass<dyn Fft<f64>, dyn Fft<f64>>>,
    mode_axes: Vec<(usize, usize)>,
    /// One over the number of nodes transformed.
    scale: f64,
    /// Modes between passes.
    between: [Vec<Complex64>; 2],
    /// Nodes before the last transposition, where the real axis is not the contiguous one.
    nodes: Vec<f64>,
    n_nodes: usize,
    tasks: Vec<Scratch>,
}

/// Transforms along one axis: the array before is `outer × n × fast`, after it `outer × fast × m`; m differs from n in the real transform only.
struct Pass<F: ?Sized, I: ?Sized> {
    n: usize,
    m: usize,
    fast: usize,
    forward: Arc<F>,
    inverse: Arc<I>,
}

impl<F: ?Sized, I: ?Sized> Pass<F, I> {
    /// Moves the axis to the front of `order`.
    fn new(
        order: &mut Vec<(usize, usize)>,
        axis: usize,
        n: usize,
        m: usize,
        (forward, inverse): (Arc<F>, Arc<I>),
    ) -> Self {
        let place = order.iter().position(|&(known, _)| known == axis);
        let place = place.expect("every axis has a place");
        let fast = order[..place].iter().map(|&(_, n)| n).product();
        order.remove(place);
        order.insert(0, (axis, m));
        Pass {
            n,
            m,
            fast,
            forward,
            inverse,
        }
    }
}

impl<F: ?Sized, I: ?Sized> Clone for Pass<F, I> {
    fn clone(&self) -> Self {
        Pass {
            forward: self.forward.clone(),
            inverse: self.inverse.clone(),
            ..*self
        }
    }
}

/// What a task needs.
#[derive(Clone)]
struct Scratch {
    fft: Vec<Complex64>,
    complex: Vec<Complex64>,
    real: Vec<f64>,
    /// All modes of a row of the real axis.
    spectrum: Vec<Complex64>,
}

impl Transform {
    /// Over the marked axes.
    ///
    /// # Panics
    /// If no axis is marked.
    pub fn new(shape: Shape, transformed: [bool; 3]) -> Transform {
        Transform::truncated(shape, transformed, usize::MAX)
    }

    /// The same with at most `most` modes of the first marked axis: the others are 0.
    ///
    /// # Panics
    /// If no axis is marked.
    pub fn truncated(shape: Shape, transformed: [bool; 3], most: usize) -> Transform {
        let mut order: Vec<(usize, usize)> = shape.n.iter().copied().enumerate().collect();
        let mut axes = (0..3).filter(|&axis| transformed[axis]);
        let first = axes.next().expect("a transform has an axis");
        let n = shape.n[first];
        let mut planner = RealFftPlanner::new();
        let plans = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let real = Pass::new(&mut order, first, n, (n / 2 + 1).min(most), plans);
        let mut planner = FftPlanner::new();
        let mut complex = Vec::new();
        for axis in axes {
            let n = shape.n[axis];
            let plans = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
            complex.push(Pass::new(&mut order, axis, n, n, plans));
        }
        let n_modes: usize = order.iter().map(|&(_, n)| n).product();
        let between =
            [0, 1].map(|i| vec![Complex64::default(); if i < complex.len() { n_modes } else { 0 }]);
        let n_transformed = complex.iter().map(|pass| pass.n).product::<usize>() * n;
        let nodes = vec![0.0; if real.fast > 1 { shape.len() } else { 0 }];
        let n_tasks = (shape.len() / TASK).clamp(1, MAX_TASKS);
        Transform {
            tasks: (0..n_tasks)
                .map(|_| Scratch::new(&real, &complex))
                .collect(),
            n_nodes: shape.len(),
            scale: 1.0 / n_transformed as f64,
            mode_axes: order,
            real,
            complex,
            between,
            nodes,
        }
    }

    /// Number of modes.
    pub fn n_modes(&self) -> usize {
        self.mode_axes.iter().map(|&(_, n)| n).product()
    }

    /// Axis and length of each dimension of the modes, the contiguous one first; axes that are not transformed keep their nodes.
    pub fn mode_axes(&self) -> &[(usize, usize)] {
        &self.mode_axes
    }

    /// The axis that has half of its modes: from 0 to n/2, or fewer.
    pub fn half_axis(&self) -> usize {
        // The later passes put their axes before it.
        self.mode_axes[self.complex.len()].0
    }

    /// Nodes to modes, not scaled.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn forward(&mut self, nodes: &[f64], modes: &mut [Complex64]) {
        assert!(nodes.len() == self.n_nodes && modes.len() == self.n_modes());
        let ([first, second], tasks) = (&mut self.between, &mut self.tasks);
        match &self.complex[..] {
            [] => forward_real(&self.real, nodes, modes, tasks),
            [y] => {
                forward_real(&self.real, nodes, first, tasks);
                forward_complex(y, first, modes, tasks);
            }
            [y, z, ..] => {
                forward_real(&self.real, nodes, first, tasks);
                forward_complex(y, first, second, tasks);
                forward_complex(z, second, modes, tasks);
            }
        }
    }

    /// Modes to nodes, divided by the number of nodes transformed.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn inverse(&mut self, modes: &[Complex64], nodes: &mut [f64]) {
        assert!(nodes.len() == self.n_nodes && modes.len() == self.n_modes());
        let (real, scale, tasks) = (&self.real, self.scale, &mut self.tasks);
        let [first, second] = &mut self.between;
        let aside = &mut self.nodes;
        let out = if real.fast == 1 {
            &mut *nodes
        } else {
            &mut aside[..]
        };
        match &self.complex[..] {
            [] => {
                let plane = (real.m, modes.len() / real.m);
                by_strips(modes, plane, out, tasks, |plane, first, out, scratch| {
                    for (i, out) in out.chunks_exact_mut(real.n).enumerate() {
                        let Scratch { spectrum, fft, .. } = &mut *scratch;
                        let (stored, cut) = spectrum.split_at_mut(real.m);
                        plane.rows_scaled(first + i, scale, stored);
                        cut.fill(Complex64::default());
                        inverse_row(&*real.inverse, spectrum, out, fft);
                    }
                });
            }
            [y] => {
                inverse_rows(y, modes, scale, first, tasks);
                inverse_real(real, first, (y.fast, y.n), columns, out, tasks);
            }
            [y, z, ..] => {
                inverse_rows(z, modes, scale, first, tasks);
                by_strips(
                    first,
                    (z.fast, z.n),
                    second,
                    tasks,
                    |plane, column, out, scratch| {
                        plane.columns(column, out);
                        y.inverse.process_with_scratch(out, &mut scratch.fft);
                    },
                );
                inverse_real(real, second, (y.fast, y.n), columns, out, tasks);
            }
        }
        if real.fast > 1 {
            by_strips(
                aside,
                (real.fast, real.n),
                nodes,
                tasks,
                |plane, column, out, _| {
                    plane.columns(column, out);
                },
            );
        }
    }
}

fn forward_real(
    pass: &Pass<dyn RealToComplex<f64>, dyn ComplexToReal<f64>>,
    nodes: &[f64],
    modes: &mut [Complex64],
    tasks: &mut [Scratch],
) {
    let Pass { n, m, fast, .. } = *pass;
    let columns = if fast == 1 { nodes.len() / n } else { fast };
    by_strips(
        nodes,
        (n, columns),
        modes,
        tasks,
        |plane, first, out, scratch| {
            let rows = &mut scratch.real[..out.len() / m * n];
            if fast == 1 {
                rows.copy_from_slice(&plane.data[first * n..first * n + rows.len()]);
            } else {
                plane.columns(first, rows);
            }
            for (row, out) in rows.chunks_exact_mut(n).zip(out.chunks_exact_mut(m)) {
                let spectrum = &mut scratch.spectrum[..];
                let is_whole = m == spectrum.len();
                let modes = if is_whole { &mut *out } else { &mut *spectrum };
                pass.forward
                    .process_with_scratch(row, modes, &mut scratch.fft)
                    .expect("the lengths are those of the plan");
                if !is_whole {
                    out.copy_from_slice(&spectrum[..m]);
                }
            }
        },
    );
}

fn forward_complex(
    pass: &Pass<dyn Fft<f64>, dyn Fft<f64>>,
    from: &[Complex64],
    to: &mut [Complex64],
    tasks: &mut [Scratch],
) {
    by_strips(
        from,
        (pass.n, pass.fast),
        to,
        tasks,
        |plane, column, out, scratch| {
            plane.columns(column, out);
            pass.forward.process_with_scratch(out, &mut scratch.fft);
        },
    );
}

/// Inverse transforms of the rows as they stand.
fn inverse_rows(
    pass: &Pass<dyn Fft<f64>, dyn Fft<f64>>,
    from: &[Complex64],
    scale: f64,
    to: &mut [Complex64],
    tasks: &mut [Scratch],
) {
    by_strips(
        from,
        (pass.n, from.len() / pass.n),
        to,
        tasks,
        |plane, row, out, scratch| {
            plane.rows_scaled(row, scale, out);
            pass.inverse.process_with_scratch(out, &mut scratch.fft);
        },
    );
}

/// Inverse real transforms of rows that `read` takes from a plane.
fn inverse_real(
    pass: &Pass<dyn RealToComplex<f64>, dyn ComplexToReal<f64>>,
    from: &[Complex64],
    plane: (usize, usize),
    read: impl Fn(Plane<Complex64>, usize, &mut [Complex64]) + Sync,
    nodes: &mut [f64],
    tasks: &mut [Scratch],
) {
    let Pass { n, m, .. } = *pass;
    by_strips(from, plane, nodes, tasks, |plane, first, out, scratch| {
        let rows = &mut scratch.complex[..out.len() / n * m];
        read(plane, first, rows);
        for (row, out) in rows.chunks_exact_mut(m).zip(out.chunks_exact_mut(n)) {
            let spectrum = &mut scratch.spectrum[..];
            let modes = if m == spectrum.len() {
                row
            } else {
                spectrum[..m].copy_from_slice(row);
                spectrum[m..].fill(Complex64::default());
                spectrum
            };
            inverse_row(&*pass.inverse, modes, out, &mut scratch.fft);
        }
    });
}

/// All modes of a row to its nodes.
fn inverse_row(
    inverse: &dyn ComplexToReal<f64>,
    modes: &mut [Complex64],
    out: &mut [f64],
    fft: &mut [Complex64],
) {
    // Real but for rounding.
    modes[0].im = 0.0;
    if let Some(last) = modes.last_mut().filter(|_| out.len().is_multiple_of(2)) {
        last.im = 0.0;
    }
    inverse
        .process_with_scratch(modes, out, fft)
        .expect("the lengths are those of the plan");
}

impl Scratch {
    fn new(
        real: &Pass<dyn RealToComplex<f64>, dyn ComplexToReal<f64>>,
        complex: &[Pass<dyn Fft<f64>, dyn Fft<f64>>],
    ) -> Scratch {
        let of_real = real
            .forward
            .get_scratch_len()
            .max(real.inverse.get_scratch_len());
        let of_complex = complex.iter().map(|pass| {
            let (forward, inverse) = (&pass.forward, &pass.inverse);
            forward
                .get_inplace_scratch_len()
                .max(inverse.get_inplace_scratch_len())
        });
        // Rows of the real transform that stand in one column of the pass after it.
        let rows = complex.first().map_or(1, |y| y.fast / real.m);
        Scratch {
            fft: vec![Complex64::default(); of_complex.fold(of_real, usize::max)],
            complex: vec![Complex64::default(); STRIP * real.m * rows],
            real: vec![0.0; STRIP * real.n],
            spectrum: vec![Complex64::default(); real.n / 2 + 1],
        }
    }
}

/// A matrix, row by row.
#[derive(Clone, Copy)]
struct Plane<'a, T> {
    data: &'a [T],
    n_rows: usize,
    n_columns: usize,
}

impl<T: Copy> Plane<'_, T> {
    /// Columns from `first` on, one behind the other.
    fn columns(self, first: usize, out: &mut [T]) {
        let n = out.len() / self.n_rows;
        if n == STRIP {
            // The same with a known length, which lets the compiler unroll.
            for (r, row) in self.data.chunks_exact(self.n_columns).enumerate() {
                let row = &row[first..first + STRIP];
                for c in 0..STRIP {
                    out[c * self.n_rows + r] = row[c];
                }
            }
        } else {
            for (r, row) in self.data.chunks_exact(self.n_columns).enumerate() {
                for (c, &value) in row[first..first + n].iter().enumerate() {
                    out[c * self.n_rows + r] = value;
                }
            }
        }
    }
}

impl Plane<'_, Complex64> {
    /// Contiguous pieces of length `n_rows` from number `first` on, times `scale`.
    fn rows_scaled(self, first: usize, scale: f64, out: &mut [Complex64]) {
        let from = &self.data[first * self.n_rows..][..out.len()];
        for (out, value) in out.iter_mut().zip(from) {
            *out = value * scale;
        }
    }
}

fn columns(plane: Plane<Complex64>, first: usize, out: &mut [Complex64]) {
    plane.columns(first, out);
}

/// Cuts `from` into planes of (rows, columns), and hands out the columns of each in strips: `work(plane, first column, what `to` has for the strip, scratch)`.
fn by_strips<T: Sync + Copy, U: Send>(
    from: &[T],
    (n_rows, n_columns): (usize, usize),
    to: &mut [U],
    tasks: &mut [Scratch],
    work: impl Fn(Plane<T>, usize, &mut [U], &mut Scratch) + Sync,
) {
    let n_planes = from.len() / (n_rows * n_columns);
    let per_column = to.len() / (n_planes * n_columns);
    let strips = n_columns.div_ceil(STRIP).div_ceil(tasks.len());
    let planes = from.chunks_exact(n_rows * n_columns);
    for (data, to) in planes.zip(to.chunks_exact_mut(per_column * n_columns)) {
        let plane = Plane {
            data,
            n_rows,
            n_columns,
        };
        let run = |task: usize, to: &mut [U], scratch: &mut Scratch| {
            for (i, to) in to.chunks_mut(per_column * STRIP).enumerate() {
                work(plane, (task * strips + i) * STRIP, to, scratch);
            }
        };
        match &mut *tasks {
            [scratch] => run(0, to, scratch),
            tasks => to
                .par_chunks_mut(per_column * STRIP * strips)
                .zip(tasks.par_iter_mut())
                .enumerate()
                .for_each(|(task, (to, scratch))| run(task, to, scratch)),
        }
    }
}
