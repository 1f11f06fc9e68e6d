//! LU factorization of small dense matrices in place: no allocation, partial pivoting.
//!
//! # References
//! - \[GV13\] G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th ed., Johns Hopkins University Press 2013, algorithm 3.4.1.

/// A square matrix, or its factors `P·A = L·U` after [`DenseLu::factor`]. Column-major, so that every inner loop runs down a column.
pub struct DenseLu {
    n: usize,
    /// `L` without its unit diagonal below, `U` on and above the diagonal.
    a: Vec<f64>,
    inverse_diagonal: Vec<f64>,
    /// Row i of `L·U` is row `order[i]` of `A`.
    order: Vec<usize>,
    work: Vec<f64>,
}

/// The matrix has no inverse to working accuracy, or an entry is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singular {
    /// The column without a pivot.
    pub column: usize,
}

/// Sizes for which loops are unrolled.
const SMALL: usize = 8;

/// Calls a function that is inlined with its first argument, the size, known up to [`SMALL`]: the compiler then unrolls the loops.
macro_rules! with_small_sizes_known {
    ($f:ident($n:expr, $($argument:expr),*)) => {
        match $n {
            1 => $f(1, $($argument),*),
            2 => $f(2, $($argument),*),
            3 => $f(3, $($argument),*),
            4 => $f(4, $($argument),*),
            5 => $f(5, $($argument),*),
            6 => $f(6, $($argument),*),
            7 => $f(7, $($argument),*),
            8 => $f(8, $($argument),*),
            n => $f(n, $($argument),*),
        }
    };
}

impl DenseLu {
    /// Room for an n × n matrix.
    pub fn new(n: usize) -> Self {
        Self {
            n,
            a: vec![0.0; n * n],
            inverse_diagonal: vec![0.0; n],
            order: vec![0; n],
            work: vec![0.0; n],
        }
    }

    /// Size.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Factors the matrix that `fill` writes, column-major, into a zeroed n × n slice.
    ///
    /// # Errors
    /// The matrix is singular.
    pub fn factor(&mut self, fill: impl FnOnce(&mut [f64])) -> Result<(), Singular> {
        self.a.fill(0.0);
        fill(&mut self.a);
        with_small_sizes_known!(factor(
            self.n,
            &mut self.a,
            &mut self.inverse_diagonal,
            &mut self.order
        ))
    }

    /// `b = A⁻¹ b`
    pub fn solve(&mut self, b: &mut [f64]) {
        let (a, inverse_diagonal, order) = (&self.a, &self.inverse_diagonal, &self.order);
        if self.n <= SMALL {
            // A local array, so that the whole solution stays in registers.
            let mut x = [0.0; SMALL];
            with_small_sizes_known!(substitute(self.n, a, inverse_diagonal, order, &mut x, b));
        } else {
            substitute(self.n, a, inverse_diagonal, order, &mut self.work, b);
        }
    }
}

#[inline(always)]
fn factor(
    n: usize,
    a: &mut [f64],
    inverse_diagonal: &mut [f64],
    order: &mut [usize],
) -> Result<(), Singular> {
    let (a, inverse_diagonal, order) =
        (&mut a[..n * n], &mut inverse_diagonal[..n], &mut order[..n]);
    for (i, order) in order.iter_mut().enumerate() {
        *order = i;
    }
    for k in 0..n {
        let p = largest_from(&a[k * n..(k + 1) * n], k);
        let pivot = a[k * n + p];
        if pivot == 0.0 || !pivot.is_finite() {
            return Err(Singular { column: k });
        }
        if p != k {
            order.swap(k, p);
            for column in a.chunks_exact_mut(n) {
                column.swap(k, p);
            }
        }
        let inverse = 1.0 / pivot;
        inverse_diagonal[k] = inverse;
        let (left, right) = a.split_at_mut((k + 1) * n);
        let l = &mut left[k * n + k + 1..];
        l.iter_mut().for_each(|l| *l *= inverse);
        for column in right.chunks_exact_mut(n) {
            let factor = column[k];
            if factor != 0.0 {
                subtract_multiple(&mut column[k + 1..], factor, l);
            }
        }
    }
    Ok(())
}

/// `b = A⁻¹ b`; `x` is work space.
#[inline(always)]
fn substitute(
    n: usize,
    a: &[f64],
    inverse_diagonal: &[f64],
    order: &[usize],
    x: &mut [f64],
    b: &mut [f64],
) {
    let (a, inverse_diagonal, order) = (&a[..n * n], &inverse_diagonal[..n], &order[..n]);
    let (x, b) = (&mut x[..n], &mut b[..n]);
    for (x, &i) in x.iter_mut().zip(order) {
        *x = b[i];
    }
    for k in 0..n {
        let factor = x[k];
        subtract_multiple(&mut x[k + 1..], factor, &a[k * n + k + 1..(k + 1) * n]);
    }
    for k in (0..n).rev() {
        x[k] *= inverse_diagonal[k];
        let factor = x[k];
        subtract_multiple(&mut x[..k], factor, &a[k * n..k * n + k]);
        b[k] = factor;
    }
}

fn largest_from(column: &[f64], k: usize) -> usize {
    let mut p = k;
    for i in k + 1..column.len() {
        if column[i].abs() > column[p].abs() {
            p = i;
        }
    }
    p
}

#[inline(always)]
fn subtract_multiple(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= factor * x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn residual(n: usize, a: &[f64], b: &[f64]) -> f64 {
        let mut lu = DenseLu::new(n);
        lu.factor(|m| m.copy_from_slice(a)).expect("regular");
        let mut x = b.to_vec();
        lu.solve(&mut x);
        let row = |i: usize| (0..n).map(|j| a[j * n + i] * x[j]).sum::<f64>() - b[i];
        (0..n).map(|i| row(i).abs()).fold(0.0, f64::max)
    }

    #[test]
    fn solves_matrices_that_need_pivots() {
        for n in 1..24 {
            // Zero diagonal, entries in [-1, 1] from a linear congruence.
            let entry = |i: usize, j: usize| {
                ((i * 7919 + j * 104_729 + i * j * 31) % 2003) as f64 / 1001.0 - 1.0
            };
            let a: Vec<f64> = (0..n * n)
                .map(|k| {
                    if k / n == k % n && n > 1 {
                        0.0
                    } else {
                        entry(k % n, k / n)
                    }
                })
                .collect();
            let b: Vec<f64> = (0..n).map(|i| 1.0 + i as f64).collect();
            assert!(
                residual(n, &a, &b) < 1e-9 * n as f64,
                "n = {n}: {}",
                residual(n, &a, &b)
            );
        }
    }

    #[test]
    fn names_the_column_without_pivot() {
        let mut lu = DenseLu::new(2);
        let singular = lu.factor(|m| m.copy_from_slice(&[1.0, 2.0, 2.0, 4.0]));
        assert_eq!(singular, Err(Singular { column: 1 }));
        assert!(
            lu.factor(|m| m.copy_from_slice(&[1.0, f64::NAN, 2.0, 4.0]))
                .is_err()
        );
    }
}
