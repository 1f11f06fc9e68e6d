//! Small symmetric systems, in which what depends on the columns before is left out.

/// Factors of a Gram matrix.
#[derive(Debug, Default, Clone)]
pub struct Cholesky {
    n: usize,
    /// Lower triangle, row-major.
    factors: Vec<f64>,
    /// Which columns take part.
    pub is_kept: Vec<bool>,
}

/// The least share of its norm squared that a column must have to itself.
const DEPENDENT: f64 = 1e-11;

impl Cholesky {
    /// Factors the `n × n` matrix of which the lower triangle is given.
    pub fn factor(&mut self, matrix: &[f64], n: usize) {
        self.n = n;
        self.factors.clear();
        self.factors.extend_from_slice(&matrix[..n * n]);
        self.is_kept.clear();
        self.is_kept.resize(n, true);
        let l = &mut self.factors;
        for j in 0..n {
            let diagonal = l[j * n + j];
            let pivot = diagonal - (0..j).map(|k| l[j * n + k].powi(2)).sum::<f64>();
            // Not `<=`: what is not a number is left out, too.
            self.is_kept[j] = pivot > DEPENDENT * diagonal && pivot.is_finite();
            let root = if self.is_kept[j] { pivot.sqrt() } else { 1.0 };
            l[j * n + j] = root;
            for i in j + 1..n {
                let dot: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
                let below = (l[i * n + j] - dot) / root;
                l[i * n + j] = if self.is_kept[j] { below } else { 0.0 };
            }
            if !self.is_kept[j] {
                l[j * n..j * n + j].fill(0.0);
            }
        }
    }

    /// Solves in place; 0 for columns that do not take part.
    pub fn solve(&self, x: &mut [f64]) {
        let (n, l) = (self.n, &self.factors);
        for i in 0..n {
            let dot: f64 = (0..i).map(|k| l[i * n + k] * x[k]).sum();
            x[i] = if self.is_kept[i] {
                (x[i] - dot) / l[i * n + i]
            } else {
                0.0
            };
        }
        for i in (0..n).rev() {
            let dot: f64 = (i + 1..n).map(|k| l[k * n + i] * x[k]).sum();
            x[i] = (x[i] - dot) / l[i * n + i];
        }
    }
}

/// Inner product, in eight partial sums so that additions do not wait for one another.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependent_columns_get_nothing() {
        let columns = [
            [1.0, 2.0, 3.0, 4.0],
            [2.0, 4.0, 6.0, 8.0],
            [1.0, 0.0, 1.0, 0.0],
        ];
        let target = [4.0, 4.0, 8.0, 8.0];
        let mut matrix = [0.0; 9];
        for i in 0..3 {
            for j in 0..3 {
                matrix[i * 3 + j] = dot(&columns[i], &columns[j]);
            }
        }
        let mut x: Vec<f64> = columns.iter().map(|c| dot(c, &target)).collect();
        let mut cholesky = Cholesky::default();
        cholesky.factor(&matrix, 3);
        cholesky.solve(&mut x);
        assert_eq!(cholesky.is_kept, [true, false, true]);
        let error = (x[0] - 2.0).abs() + x[1].abs() + (x[2] - 2.0).abs();
        assert!(error < 1e-12, "{x:?}");
    }
}
