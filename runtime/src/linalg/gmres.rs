//! The generalized minimal residual method.

use super::vector::{axpy, dot, norm, scale_into};

/// A basis that grew by less than this part of a vector is orthogonalised again.
const REORTHOGONALISE: f64 = 1e-3;

/// Workspace of GMRES in the Euclidean norm from a zero start; scaling and preconditioning are the operator's.
///
/// # References
/// - \[SS86\] Y. Saad, M. H. Schultz, *GMRES: a generalized minimal residual algorithm for solving nonsymmetric linear
///   systems*, SIAM J. Sci. Stat. Comput. 7 (1986) 856–869, doi:10.1137/0907058.
#[derive(Debug, Clone)]
pub struct Gmres {
    n: usize,
    max_iterations: usize,
    /// `max_iterations + 1` orthonormal vectors of length `n`.
    basis: Vec<f64>,
    /// Columns of the Hessenberg matrix, reduced to triangular form; column `j` has `max_iterations + 1` rows.
    hessenberg: Vec<f64>,
    rotations: Vec<(f64, f64)>,
    residual: Vec<f64>,
    /// A column of the inverse of the triangle.
    inverse: Vec<f64>,
}

/// How a solution ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GmresResult {
    /// Products with the operator.
    pub iterations: usize,
    /// Estimated norm of the error of the solution: its residual times the largest growth of a direction under the inverse that
    /// the products have shown. Not a number when the operator is singular.
    pub error: f64,
}

impl Gmres {
    /// Allocates for systems of `n` equations and at most `max_iterations` products per solution.
    pub fn new(n: usize, max_iterations: usize) -> Self {
        Gmres {
            n,
            max_iterations,
            basis: vec![0.0; (max_iterations + 1) * n],
            hessenberg: vec![0.0; (max_iterations + 1) * max_iterations],
            rotations: vec![(1.0, 0.0); max_iterations],
            residual: vec![0.0; max_iterations + 1],
            inverse: vec![0.0; max_iterations],
        }
    }

    /// Replaces `b` by an `x` with an estimated error of at most `tolerance`, or the best after `max_iterations`; `apply(v, out)` is
    /// `out = A·v`. As long as nothing else is known, directions are taken not to grow under `A⁻¹`.
    pub fn solve(
        &mut self,
        b: &mut [f64],
        tolerance: f64,
        mut apply: impl FnMut(&[f64], &mut [f64]),
    ) -> GmresResult {
        let (n, rows) = (self.n, self.max_iterations + 1);
        let beta = norm(b);
        if beta <= tolerance {
            b.fill(0.0);
            return GmresResult {
                iterations: 0,
                error: beta,
            };
        }
        scale_into(1.0 / beta, b, &mut self.basis[..n]);
        self.residual[0] = beta;
        let (mut k, mut error, mut growth) = (0, beta, 1.0f64);
        while k < self.max_iterations && error > tolerance {
            let (old, new) = self.basis.split_at_mut((k + 1) * n);
            let w = &mut new[..n];
            apply(&old[k * n..], w);
            let column = &mut self.hessenberg[k * rows..(k + 1) * rows];
            let length = orthogonalise(old, w, &mut column[..=k]);
            column[k + 1] = length;
            if length > 0.0 {
                w.iter_mut().for_each(|x| *x /= length);
            }
            self.rotate(k);
            k += 1;
            growth = growth.max(self.inverse_column(k));
            error = self.residual[k].abs() * growth;
            if length == 0.0 {
                break;
            }
        }
        self.combine(b, k);
        GmresResult {
            iterations: k,
            error,
        }
    }

    /// Norm of the last column of the inverse of the leading triangle of size `k`.
    fn inverse_column(&mut self, k: usize) -> f64 {
        let rows = self.max_iterations + 1;
        let x = &mut self.inverse[..k];
        x.fill(0.0);
        x[k - 1] = 1.0;
        for j in (0..k).rev() {
            let (above, diagonal) = self.hessenberg[j * rows..=j * rows + j].split_at(j);
            x[j] /= diagonal[0];
            let xj = x[j];
            axpy(-xj, above, &mut x[..j]);
        }
        norm(x)
    }

    /// Applies the earlier Givens rotations to column `k` and a new one that clears its subdiagonal.
    fn rotate(&mut self, k: usize) {
        let rows = self.max_iterations + 1;
        let column = &mut self.hessenberg[k * rows..(k + 1) * rows];
        for (i, &(c, s)) in self.rotations[..k].iter().enumerate() {
            (column[i], column[i + 1]) = (
                c * column[i] + s * column[i + 1],
                c * column[i + 1] - s * column[i],
            );
        }
        let r = column[k].hypot(column[k + 1]);
        let (c, s) = if r > 0.0 {
            (column[k] / r, column[k + 1] / r)
        } else {
            (1.0, 0.0)
        };
        column[k] = r;
        self.rotations[k] = (c, s);
        self.residual[k + 1] = -s * self.residual[k];
        self.residual[k] *= c;
    }

    /// `x = V·y` with `y` from the triangular system of the first `k` columns.
    fn combine(&mut self, x: &mut [f64], k: usize) {
        let (n, rows) = (self.n, self.max_iterations + 1);
        x.fill(0.0);
        let last = self.residual[k];
        for j in (0..k).rev() {
            let column = &self.hessenberg[j * rows..(j + 1) * rows];
            let y = if column[j] == 0.0 {
                0.0
            } else {
                self.residual[j] / column[j]
            };
            for (r, h) in self.residual[..j].iter_mut().zip(column) {
                *r -= h * y;
            }
            axpy(y, &self.basis[j * n..(j + 1) * n], x);
        }
        self.residual[k] = last;
    }
}

/// Modified Gram-Schmidt: takes from `w` its parts along the basis, returns what length remains.
fn orthogonalise(basis: &[f64], w: &mut [f64], parts: &mut [f64]) -> f64 {
    let before = norm(w);
    for (v, part) in basis.chunks_exact(w.len()).zip(parts.iter_mut()) {
        *part = dot(v, w);
        axpy(-*part, v, w);
    }
    let length = norm(w);
    if length > REORTHOGONALISE * before {
        return length;
    }
    for (v, part) in basis.chunks_exact(w.len()).zip(parts.iter_mut()) {
        let more = dot(v, w);
        *part += more;
        axpy(-more, v, w);
    }
    norm(w)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A nonsymmetric matrix with eigenvalues away from zero.
    fn apply(v: &[f64], out: &mut [f64]) {
        for i in 0..v.len() {
            let left = if i > 0 { v[i - 1] } else { 0.0 };
            let right = v.get(i + 1).copied().unwrap_or(0.0);
            out[i] = (3.0 + i as f64 * 0.1) * v[i] - left - 0.5 * right;
        }
    }

    fn distance(a: &[f64], b: &[f64]) -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            .sqrt()
    }

    fn product(x: &[f64]) -> Vec<f64> {
        let mut ax = vec![0.0; x.len()];
        apply(x, &mut ax);
        ax
    }

    #[test]
    fn reaches_the_tolerance() {
        let solution: Vec<f64> = (0..40).map(|i| (i as f64).sin()).collect();
        for tolerance in [1e-2, 1e-6, 1e-10] {
            let mut x = product(&solution);
            let result = Gmres::new(40, 40).solve(&mut x, tolerance, apply);
            assert!(result.error <= tolerance && result.iterations < 40);
            assert!(distance(&solution, &x) <= tolerance);
        }
    }

    #[test]
    fn reduces_the_error_within_its_iterations_and_reports_the_residual() {
        let b = vec![1.0; 40];
        let mut x = b.clone();
        let result = Gmres::new(40, 3).solve(&mut x, 1e-12, apply);
        assert_eq!(result.iterations, 3);
        let residual = distance(&product(&x), &b);
        // All directions shrink under this inverse.
        assert!(residual < 0.1 * norm(&b) && (residual - result.error).abs() < 1e-13);
    }

    #[test]
    fn bounds_the_error_where_residuals_are_small_but_errors_are_not() {
        // Directions grow by factors of up to 10⁴ under the inverse.
        let weak = |v: &[f64], out: &mut [f64]| {
            for (i, (out, v)) in out.iter_mut().zip(v).enumerate() {
                *out = v * 10f64.powf(-0.8 * (i % 6) as f64);
            }
        };
        let mut x = vec![0.0; 30];
        weak(&[1.0; 30], &mut x);
        let result = Gmres::new(30, 10).solve(&mut x, 1e-3, weak);
        assert!(result.error <= 1e-3 && result.iterations <= 6);
        assert!(distance(&x, &[1.0; 30]) <= 1e-3);
    }

    #[test]
    fn a_singular_operator_has_no_estimate() {
        let mut x = vec![1.0; 4];
        let result = Gmres::new(4, 4).solve(&mut x, 1e-3, |_, out| out.fill(0.0));
        assert!(result.error.is_nan());
    }

    #[test]
    fn stops_at_an_invariant_subspace() {
        let mut x = vec![2.0; 10];
        let result = Gmres::new(10, 5).solve(&mut x, 0.0, |v, out| out.copy_from_slice(v));
        assert_eq!(result.iterations, 1);
        assert!(x.iter().all(|x| (x - 2.0).abs() < 1e-15));
    }
}
