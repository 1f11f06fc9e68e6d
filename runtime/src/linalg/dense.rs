//! LU factorization of small dense matrices in place: no allocation, partial pivoting.
//!
//! # References
//! - [GV13] G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th ed., Johns Hopkins University Press 2013, algorithm 3.4.1.

/// A square matrix, or its factors `P·A = L·U` after [`DenseLu::factor`]. Column-major, so that every inner loop runs down a column.
pub struct DenseLu {
    n: usize,
    a: Vec<f64>,
    /// Row swapped with row k in step k.
    pivots: Vec<usize>,
}

/// The matrix has no inverse to working accuracy, or an entry is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singular {
    /// The column without a pivot.
    pub column: usize,
}

impl DenseLu {
    /// Room for an n × n matrix.
    pub fn new(n: usize) -> Self {
        Self {
            n,
            a: vec![0.0; n * n],
            pivots: vec![0; n],
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
        let n = self.n;
        self.a.fill(0.0);
        fill(&mut self.a);
        for k in 0..n {
            let (left, right) = self.a.split_at_mut((k + 1) * n);
            let column = &mut left[k * n..];
            let p = largest_from(column, k);
            self.pivots[k] = p;
            let pivot = column[p];
            if pivot == 0.0 || !pivot.is_finite() {
                return Err(Singular { column: k });
            }
            column.swap(k, p);
            let inverse = 1.0 / pivot;
            for l in &mut column[k + 1..] {
                *l *= inverse;
            }
            let l = &column[k + 1..];
            for other in right.chunks_exact_mut(n) {
                other.swap(k, p);
                let factor = other[k];
                if factor != 0.0 {
                    subtract_multiple(&mut other[k + 1..], factor, l);
                }
            }
            // Row swaps of the columns to the left are left out: solve() swaps as it goes.
        }
        Ok(())
    }

    /// `b = A⁻¹ b`
    pub fn solve(&self, b: &mut [f64]) {
        let n = self.n;
        let b = &mut b[..n];
        for (k, column) in self.a.chunks_exact(n.max(1)).enumerate() {
            b.swap(k, self.pivots[k]);
            let factor = b[k];
            subtract_multiple(&mut b[k + 1..], factor, &column[k + 1..]);
        }
        for (k, column) in self.a.chunks_exact(n.max(1)).enumerate().rev() {
            b[k] /= column[k];
            let factor = b[k];
            subtract_multiple(&mut b[..k], factor, &column[..k]);
        }
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

#[inline]
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
