//! What a linear regression needs to know of its samples: inner products of the columns, and of the columns with the target.

use faer::linalg::solvers::{DenseSolveCore, Solve};
use faer::{Mat, Side};

/// `ΦᵀΦ`, `Φᵀy` and `yᵀy` of samples seen so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Gram {
    n_columns: usize,
    n_samples: u64,
    /// Row-major, with the target as last column.
    products: Vec<f64>,
}

/// A least-squares solution on some of the columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Coefficients, in the order of the columns asked for.
    pub coefficients: Vec<f64>,
    /// `‖y - Φc‖²`
    pub residual: f64,
}

impl Gram {
    /// No samples yet.
    pub fn new(n_columns: usize) -> Gram {
        Gram {
            n_columns,
            n_samples: 0,
            products: vec![0.0; (n_columns + 1) * (n_columns + 1)],
        }
    }

    /// Inner products already at hand, row-major, with the target as last column.
    ///
    /// # Panics
    /// If there are not `(n_columns + 1)²` of them.
    pub fn of_products(n_columns: usize, n_samples: u64, products: Vec<f64>) -> Gram {
        assert_eq!(products.len(), (n_columns + 1).pow(2), "a square matrix");
        Gram {
            n_columns,
            n_samples,
            products,
        }
    }

    /// Number of columns, without the target.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Number of samples.
    pub fn n_samples(&self) -> u64 {
        self.n_samples
    }

    /// Takes in samples: `columns[j][i]` is column `j` of sample `i`. A sample with a value that is not finite is left out.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn add(&mut self, columns: &[&[f64]], target: &[f64]) {
        assert_eq!(columns.len(), self.n_columns, "one slice per column");
        let all: Vec<&[f64]> = columns.iter().copied().chain([target]).collect();
        assert!(
            all.iter().all(|c| c.len() == target.len()),
            "samples are complete"
        );
        if all.iter().any(|c| c.iter().any(|v| !v.is_finite())) {
            return self.add_finite(&all);
        }
        self.add_products(&all);
        self.n_samples += target.len() as u64;
    }

    fn add_finite(&mut self, all: &[&[f64]]) {
        let n = all[0].len();
        let good: Vec<usize> = (0..n)
            .filter(|&i| all.iter().all(|c| c[i].is_finite()))
            .collect();
        let kept: Vec<Vec<f64>> = all
            .iter()
            .map(|c| good.iter().map(|&i| c[i]).collect())
            .collect();
        let kept: Vec<&[f64]> = kept.iter().map(Vec::as_slice).collect();
        self.add_products(&kept);
        self.n_samples += good.len() as u64;
    }

    fn add_products(&mut self, all: &[&[f64]]) {
        let width = self.n_columns + 1;
        for i in 0..width {
            for j in i..width {
                let product = dot(all[i], all[j]);
                self.products[i * width + j] += product;
                if i != j {
                    self.products[j * width + i] += product;
                }
            }
        }
    }

    /// Adds the samples of another.
    ///
    /// # Panics
    /// If it has other columns.
    pub fn merge(&mut self, other: &Gram) {
        assert_eq!(self.n_columns, other.n_columns, "the same columns");
        self.n_samples += other.n_samples;
        for (a, b) in self.products.iter_mut().zip(&other.products) {
            *a += b;
        }
    }

    /// The Gram matrix of sums of columns: new column `k` is `Σ share·column` over `sums[k]`.
    pub fn combined(&self, sums: &[Vec<(usize, f64)>]) -> Gram {
        let mut out = Gram::new(sums.len());
        out.n_samples = self.n_samples;
        let width = sums.len() + 1;
        let target = [(self.n_columns, 1.0)];
        let sum = |k: usize| sums.get(k).map_or(&target[..], Vec::as_slice);
        let mut half = vec![0.0; self.n_columns + 1];
        for i in 0..width {
            for (j, h) in half.iter_mut().enumerate() {
                *h = sum(i)
                    .iter()
                    .map(|&(c, share)| share * self.between(c, j))
                    .sum();
            }
            for j in i..width {
                let product = sum(j).iter().map(|&(c, share)| share * half[c]).sum();
                out.products[i * width + j] = product;
                out.products[j * width + i] = product;
            }
        }
        out
    }

    /// The same samples with `Σ coefficient·column` added to the target.
    pub fn with_target_plus(&self, coefficients: &[f64]) -> Gram {
        let mut sums: Vec<Vec<(usize, f64)>> =
            (0..self.n_columns).map(|c| vec![(c, 1.0)]).collect();
        let mut target = vec![(self.n_columns, 1.0)];
        let terms = coefficients.iter().enumerate().filter(|(_, c)| **c != 0.0);
        target.extend(terms.map(|(k, &c)| (k, c)));
        sums.push(target);
        let all = self.combined(&sums);
        // The new target is the last column; the old one, behind it, is left out.
        let (wide, width) = (self.n_columns + 2, self.n_columns + 1);
        let mut out = self.clone();
        for i in 0..width {
            for j in 0..width {
                out.products[i * width + j] = all.products[i * wide + j];
            }
        }
        out
    }

    /// The same samples with independent noise of this variance in each value of the target: no fit leaves less.
    pub fn with_noise(mut self, variance: f64) -> Gram {
        let last = self.products.len() - 1;
        self.products[last] += variance * self.n_samples as f64;
        self
    }

    /// Inverse of the Gram matrix of some columns; `None` if they depend on one another.
    pub fn inverse(&self, columns: &[usize]) -> Option<Mat<f64>> {
        let norm = |i: usize| self.between(columns[i], columns[i]).sqrt();
        self.solve(columns)?;
        let n = columns.len();
        let scaled = Mat::from_fn(n, n, |i, j| {
            self.between(columns[i], columns[j]) / (norm(i) * norm(j))
        });
        let inverse = scaled.llt(Side::Lower).ok()?.inverse();
        Some(Mat::from_fn(n, n, |i, j| {
            inverse[(i, j)] / (norm(i) * norm(j))
        }))
    }

    /// Inner product of two columns.
    pub fn between(&self, i: usize, j: usize) -> f64 {
        self.products[i * (self.n_columns + 1) + j]
    }

    /// Inner product of a column with the target.
    pub fn with_target(&self, i: usize) -> f64 {
        self.between(i, self.n_columns)
    }

    /// `yᵀy`
    pub fn target(&self) -> f64 {
        self.between(self.n_columns, self.n_columns)
    }

    /// The same samples with columns and target scaled to norm 1 (what is 0 stays), and the norms, the target's last.
    pub fn normalised(&self) -> (Gram, Vec<f64>) {
        let width = self.n_columns + 1;
        let norms: Vec<f64> = (0..width).map(|i| self.between(i, i).sqrt()).collect();
        let inverse = |i: usize| if norms[i] > 0.0 { 1.0 / norms[i] } else { 0.0 };
        let mut out = self.clone();
        for i in 0..width {
            for j in 0..width {
                out.products[i * width + j] *= inverse(i) * inverse(j);
            }
        }
        (out, norms)
    }

    /// Least squares on these columns; `None` if they depend on one another to working accuracy.
    pub fn solve(&self, columns: &[usize]) -> Option<Solution> {
        let norm = |i: usize| self.between(i, i).sqrt();
        if columns.iter().any(|&i| norm(i) == 0.0) {
            return None;
        }
        if columns.is_empty() {
            return Some(Solution {
                coefficients: Vec::new(),
                residual: self.residual(&[], &[]),
            });
        }
        let scaled = Mat::from_fn(columns.len(), columns.len(), |i, j| {
            let (i, j) = (columns[i], columns[j]);
            self.between(i, j) / (norm(i) * norm(j))
        });
        let right = Mat::from_fn(columns.len(), 1, |i, _| {
            self.with_target(columns[i]) / norm(columns[i])
        });
        let factors = scaled.llt(Side::Lower).ok()?;
        let pivots = factors.L();
        if (0..columns.len()).any(|i| pivots[(i, i)] < DEPENDENT) {
            return None;
        }
        let solved = factors.solve(&right);
        let coefficients: Vec<f64> = columns
            .iter()
            .enumerate()
            .map(|(k, &i)| solved[(k, 0)] / norm(i))
            .collect();
        let residual = self.residual(columns, &coefficients);
        Some(Solution {
            coefficients,
            residual,
        })
    }

    /// `‖y - Φc‖²` of given coefficients: never below what rounding leaves of it.
    pub fn residual(&self, columns: &[usize], coefficients: &[f64]) -> f64 {
        let pairs = || columns.iter().zip(coefficients);
        let linear: f64 = pairs().map(|(&i, c)| c * self.with_target(i)).sum();
        let quadratic: f64 = pairs()
            .map(|(&i, a)| a * pairs().map(|(&j, b)| b * self.between(i, j)).sum::<f64>())
            .sum();
        let size = self.target().abs() + 2.0 * linear.abs() + quadratic.abs();
        (self.target() - 2.0 * linear + quadratic).max(f64::EPSILON * size)
    }
}

/// The least pivot of normalised columns that count as independent: with it half of the digits are left.
const DEPENDENT: f64 = 1e-7;

/// Four partial sums, so that additions do not wait for one another.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4
        .remainder()
        .iter()
        .zip(b4.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a4.zip(b4) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_squares_finds_the_coefficients_and_skips_gaps() {
        let x: Vec<f64> = (0..50).map(|i| f64::from(i) / 10.0).collect();
        let ones = vec![1.0; 50];
        let mut y: Vec<f64> = x.iter().map(|x| 3.0 - 2.0 * x).collect();
        y[7] = f64::NAN;
        let mut gram = Gram::new(2);
        gram.add(&[&ones[..20], &x[..20]], &y[..20]);
        let mut rest = Gram::new(2);
        rest.add(&[&ones[20..], &x[20..]], &y[20..]);
        gram.merge(&rest);
        assert_eq!(gram.n_samples(), 49);
        let solution = gram.solve(&[0, 1]).unwrap();
        assert!((solution.coefficients[0] - 3.0).abs() < 1e-12);
        assert!((solution.coefficients[1] + 2.0).abs() < 1e-12);
        assert!(solution.residual < 1e-12);
    }

    #[test]
    fn columns_that_depend_on_one_another_have_no_solution() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        let twice: Vec<f64> = x.iter().map(|x| 2.0 * x).collect();
        let mut gram = Gram::new(2);
        gram.add(&[&x, &twice], &x);
        assert_eq!(gram.solve(&[0, 1]), None);
        assert!(gram.solve(&[1]).is_some());
        assert_eq!(gram.solve(&[]).map(|s| s.residual), Some(gram.target()));
    }
}
