//! What coefficients are computed in, mode by mode: real numbers, complex numbers, and small matrices of them.

use super::phi;
use rustfft::num_complex::Complex;
use std::ops::{Add, Div, Mul, Sub};

/// The operations that the coefficients of a method need. Products of the matrices met here commute: all are functions of one matrix.
pub(super) trait Number: Copy {
    /// A multiple of one.
    fn real(x: f64) -> Self;
    /// The sum.
    fn plus(self, other: Self) -> Self;
    /// The product.
    fn times(self, other: Self) -> Self;
    /// A multiple.
    fn scaled(self, by: f64) -> Self;
    /// The inverse.
    fn inverse(self) -> Self;
    /// `φ_0(z) = e^z`, `φ_1`, `φ_2`, `φ_3` (see [`super::phi`]).
    fn phi(self) -> [Self; 4];
    /// The same of half of it, and of it.
    fn phi_of_half_and_whole(self) -> [[Self; 4]; 2] {
        let half = self.scaled(0.5).phi();
        [half, phi::doubled(half)]
    }
}

/// What matrices are made of: real numbers where the linear part allows it, which take a quarter of the time.
pub(super) trait Entry:
    Copy
    + PartialEq
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// About its absolute value.
    fn size(self) -> f64;
    /// A multiple.
    fn scaled(self, by: f64) -> Self;
}

impl Entry for f64 {
    fn size(self) -> f64 {
        self.abs()
    }
    fn scaled(self, by: f64) -> Self {
        self * by
    }
}

impl Entry for Complex<f64> {
    fn size(self) -> f64 {
        self.l1_norm()
    }
    fn scaled(self, by: f64) -> Self {
        self * by
    }
}

impl Number for f64 {
    fn real(x: f64) -> Self {
        x
    }
    fn plus(self, other: Self) -> Self {
        self + other
    }
    fn times(self, other: Self) -> Self {
        self * other
    }
    fn scaled(self, by: f64) -> Self {
        self * by
    }
    fn inverse(self) -> Self {
        1.0 / self
    }
    fn phi(self) -> [Self; 4] {
        phi::scalar(self, self.abs(), f64::exp)
    }
}

impl Number for Complex<f64> {
    fn real(x: f64) -> Self {
        x.into()
    }
    fn plus(self, other: Self) -> Self {
        self + other
    }
    fn times(self, other: Self) -> Self {
        self * other
    }
    fn scaled(self, by: f64) -> Self {
        self * by
    }
    fn inverse(self) -> Self {
        1.0 / self
    }
    fn phi(self) -> [Self; 4] {
        phi::scalar(self, self.norm(), Complex::exp)
    }
}

/// A matrix, row by row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block<const N: usize, T = Complex<f64>>(pub(super) [[T; N]; N]);

impl<const N: usize, T: Entry> Block<N, T> {
    /// The matrix with these entries.
    pub(super) fn from_fn(entry: impl Fn(usize, usize) -> T) -> Self {
        Block(std::array::from_fn(|i| {
            std::array::from_fn(|j| entry(i, j))
        }))
    }

    /// Largest sum of a row.
    pub(super) fn norm(&self) -> f64 {
        let sums = self.0.iter().map(|row| row.iter().map(|x| x.size()).sum());
        sums.fold(0.0, f64::max)
    }
}

impl<const N: usize, T: Entry> Number for Block<N, T> {
    fn real(x: f64) -> Self {
        Block::from_fn(|i, j| T::from(if i == j { x } else { 0.0 }))
    }
    fn plus(self, other: Self) -> Self {
        Block::from_fn(|i, j| self.0[i][j] + other.0[i][j])
    }
    fn times(self, other: Self) -> Self {
        // Closures over ranges are not always inlined, and this is most of the work on weights.
        let mut product = [[T::from(0.0); N]; N];
        for (sums, row) in product.iter_mut().zip(&self.0) {
            for (a, column) in row.iter().zip(&other.0) {
                for (sum, b) in sums.iter_mut().zip(column) {
                    *sum = *sum + *a * *b;
                }
            }
        }
        Block(product)
    }
    fn scaled(self, by: f64) -> Self {
        Block::from_fn(|i, j| self.0[i][j].scaled(by))
    }
    /// By Gauss-Jordan elimination with row pivoting.
    fn inverse(self) -> Self {
        let (mut left, Block(mut right)) = (self.0, Block::<N, T>::real(1.0));
        for k in 0..N {
            let size = |i: usize| left[i][k].size();
            let pivot = (k..N).fold(k, |best, i| if size(i) > size(best) { i } else { best });
            left.swap(k, pivot);
            right.swap(k, pivot);
            let factor = T::from(1.0) / left[k][k];
            left[k].iter_mut().for_each(|x| *x = *x * factor);
            right[k].iter_mut().for_each(|x| *x = *x * factor);
            let (left_row, right_row) = (left[k], right[k]);
            for i in (0..N).filter(|&i| i != k) {
                let factor = left[i][k];
                for j in 0..N {
                    left[i][j] = left[i][j] - factor * left_row[j];
                    right[i][j] = right[i][j] - factor * right_row[j];
                }
            }
        }
        Block(right)
    }
    fn phi(self) -> [Self; 4] {
        phi::block(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_of_a_block_pivots() {
        let entries = [[0.0, 2.0, 1.0], [1.0, 0.0, 3.0], [4.0, 1.0, 0.0]];
        let block = Block::<3>::from_fn(|i, j| Complex::new(entries[i][j], (i * j) as f64));
        let product = block.times(block.inverse());
        let error = product.plus(Block::real(-1.0)).norm();
        assert!(error < 1e-15, "{error:e}");
    }
}
