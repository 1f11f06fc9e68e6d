//! Derivatives along axes of Chebyshev–Lobatto points: products with a matrix.
//!
//! # References
//! - [WR00] J. A. C. Weideman, S. C. Reddy, *A MATLAB differentiation matrix suite*, ACM Trans. Math. Softw. 26 (2000) 465–519, doi:10.1145/365723.365727.

use std::f64::consts::PI;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

/// Multiplications per task: enough to make threads worth their while.
const TASK: usize = 1 << 19;

/// A derivative along one axis of a grid.
pub(super) struct Differentiation {
    matrix: Mat<f64>,
    /// Distance of neighbours in memory: the nodes of the axes before.
    stride: usize,
}

impl Differentiation {
    /// The derivative of this order on n points over `length`.
    pub(super) fn new(n: usize, length: f64, order: u32, stride: usize) -> Differentiation {
        Differentiation {
            matrix: matrix(n, length, order),
            stride,
        }
    }

    /// Differentiates every line.
    ///
    /// # Panics
    /// If a length is not that of the grid.
    pub(super) fn run(&self, from: &[f64], to: &mut [f64]) {
        assert_eq!(from.len(), to.len(), "lengths of arrays");
        let (n, stride) = (self.matrix.nrows(), self.stride);
        if stride == 1 {
            // Lines are columns.
            let from = MatRef::from_column_major_slice(from, n, from.len() / n);
            return by_columns(to, n, n, |first, to| {
                let from = from.subcols(first, to.ncols());
                matmul(to, Accum::Replace, &self.matrix, from, 1.0, Par::Seq);
            });
        }
        // Lines are rows, plane by plane.
        let planes = from.chunks_exact(stride * n);
        for (from, to) in planes.zip(to.chunks_exact_mut(stride * n)) {
            let from = MatRef::from_column_major_slice(from, stride, n);
            by_columns(to, stride, n, |first, to| {
                let matrix = self.matrix.subrows(first, to.ncols()).transpose();
                matmul(to, Accum::Replace, from, matrix, 1.0, Par::Seq);
            });
        }
    }
}

/// Hands out the columns of a matrix, several at once: number of the first, columns. Each entry takes n multiplications.
fn by_columns(to: &mut [f64], n_rows: usize, n: usize, work: impl Fn(usize, MatMut<f64>) + Sync) {
    let per_task = (TASK / (n_rows * n)).max(1);
    let work = |task: usize, to: &mut [f64]| {
        let n_columns = to.len() / n_rows;
        let to = MatMut::from_column_major_slice_mut(to, n_rows, n_columns);
        work(task * per_task, to);
    };
    if to.len() <= n_rows * per_task {
        work(0, to);
    } else {
        let tasks = to.par_chunks_mut(n_rows * per_task).enumerate();
        tasks.for_each(|(task, to)| work(task, to));
    }
}

/// The derivative at the points `length·(1 - cos(πi/(n - 1)))/2`, by the recursion over orders [WR00, section 3]; rows sum to 0 as they should, which keeps
/// rounding errors small.
fn matrix(n: usize, length: f64, order: u32) -> Mat<f64> {
    let last = (n - 1) as f64;
    // x_i - x_j, without cancellation.
    let distance = |i: usize, j: usize| {
        let (i, j) = (i as f64, j as f64);
        let half = PI / (2.0 * last);
        // Beyond the middle by symmetry, as sines are good near 0.
        let sum = if i + j > last {
            2.0 * last - i - j
        } else {
            i + j
        };
        length * (half * sum).sin() * (half * (i - j)).sin()
    };
    let end = |i: usize| if i == 0 || i == n - 1 { 2.0 } else { 1.0 };
    let ratio = |i: usize, j: usize| {
        let sign = if (i + j).is_multiple_of(2) { 1.0 } else { -1.0 };
        sign * end(i) / end(j)
    };
    let mut matrix = Mat::identity(n, n);
    for order in 1..=order {
        for i in 0..n {
            let before = matrix[(i, i)];
            let mut sum = 0.0;
            for j in (0..n).filter(|&j| j != i) {
                let difference = ratio(i, j) * before - matrix[(i, j)];
                matrix[(i, j)] = f64::from(order) * difference / distance(i, j);
                sum += matrix[(i, j)];
            }
            matrix[(i, i)] = -sum;
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `exp(2x)` on 0..1.5 along an axis, with other axes around it.
    fn error(n: usize, order: u32, stride: usize, outer: usize) -> f64 {
        let length = 1.5;
        let x = |i: usize| length * (1.0 - (PI * i as f64 / (n - 1) as f64).cos()) / 2.0;
        let node = |i: usize| (i % stride + 1) as f64 * (2.0 * x(i / stride % n)).exp();
        let from: Vec<f64> = (0..stride * n * outer).map(node).collect();
        let mut to = vec![f64::NAN; from.len()];
        Differentiation::new(n, length, order, stride).run(&from, &mut to);
        let factor = 2f64.powi(order as i32);
        let errors = to
            .iter()
            .zip(&from)
            .map(|(a, b)| (a / (factor * b) - 1.0).abs());
        errors.fold(0.0, f64::max)
    }

    #[test]
    fn smooth_functions_are_differentiated_along_any_axis() {
        for (order, bound) in [(1, 1e-12), (2, 1e-10), (4, 1e-7)] {
            for (stride, outer) in [(1, 1), (1, 6), (5, 1), (3, 4), (700, 2)] {
                let error = error(20, order, stride, outer);
                assert!(error < bound, "{order} {stride} {outer}: {error}");
            }
        }
    }

    #[test]
    fn many_points_leave_small_rounding_errors() {
        for n in [33, 64, 129] {
            // n⁴ times the unit roundoff is what a second derivative costs.
            let error = error(n, 2, 1, 1);
            assert!(error < 1e-16 * (n as f64).powi(4), "{n}: {error}");
        }
    }
}
