//! Incomplete LU of Newton matrices `I − γJ` with dropping by size in the error norm, for GMRES.
//!
//! Most entries of a large network's Newton matrix hardly matter: on the BCR network 5,000 of 31,000 do, and the factors
//! made of them precondition as well as ILU(0) on all, at a sixth of the cost per solution. An entry or fill-in `a_ij` is
//! kept if it is large in the scaled matrix whose norm the solver measures errors in:
//! `|a_ij|·w_i/w_j > τ·(|d_i|·|d_j|)^¼`, `w` the inverse error weights and `d` the diagonal. With the power ½, dropping
//! relative to the diagonal, slow modes (where `I` matters beside a large `γJ`) are lost at large `γ`; with 0 the factors
//! fill up; ¼ was the best of both on the networks measured.

use super::sparse::{ABSENT, NewtonPattern, SmallPivot};
use ansatz_compiler::system::jacobian::Pattern;

/// The factors `(I − γJ) ≈ LU`, `L` with unit diagonal, stored by rows whose entries change with every factorization.
///
/// # References
/// Y. Saad, *ILUT: a dual threshold incomplete LU factorization*, Numer. Linear Algebra Appl. 1 (1994) 387–402,
/// doi:10.1002/nla.1680010405. Here without a bound on the entries per row.
#[derive(Debug, Clone)]
pub struct Ilut {
    pattern: NewtonPattern,
    diagonal_source: Vec<u32>,
    lower: FactorRows,
    upper: FactorRows,
    inverse_diagonal: Vec<f64>,
    /// One row of the matrix during elimination; zero elsewhere.
    row: Vec<f64>,
    present: ColumnSet,
    /// `w_i/|d_i|^¼`, with which a row is scaled; columns by the inverse of `w_j·|d_j|^¼`.
    row_scale: Vec<f64>,
    column_scale: Vec<f64>,
}

/// Rows of a triangular factor.
#[derive(Debug, Clone)]
struct FactorRows {
    starts: Vec<u32>,
    entries: Vec<Entry>,
    /// The rows that have entries, as most have none; with where they end in the lower triangle, start in the upper one.
    filled: Vec<(u32, u32)>,
}

/// An entry of a factor: value and column side by side, as they are used together, in single precision, which is far
/// more than what dropping leaves.
#[derive(Debug, Clone, Copy)]
struct Entry {
    value: f32,
    column: u32,
}

impl Ilut {
    /// Allocates for Jacobians of this pattern. States are eliminated in their own order: neighbours in a model are mostly
    /// neighbours in its list of states, and minimum degree orderings gave no better factors on the networks measured.
    pub fn new(jacobian: &Pattern) -> Self {
        let n = jacobian.n;
        let pattern = NewtonPattern::new(jacobian, (0..n as u32).collect());
        let diagonal = (0..n).map(|i| {
            let range = pattern.rows.range(i);
            let at = pattern.rows.columns[range.clone()].partition_point(|&j| (j as usize) < i);
            pattern.source[range][at]
        });
        Ilut {
            diagonal_source: diagonal.collect(),
            pattern,
            lower: FactorRows::new(n),
            upper: FactorRows::new(n),
            inverse_diagonal: vec![1.0; n],
            row: vec![0.0; n],
            present: ColumnSet::new(n),
            row_scale: vec![0.0; n],
            column_scale: vec![0.0; n],
        }
    }

    /// Entries of the last factorization.
    pub fn n_entries(&self) -> usize {
        self.lower.entries.len() + self.upper.entries.len() + self.inverse_diagonal.len()
    }

    /// Factors `I − γJ` from the values of the Jacobian in its pattern's order; `weights`: inverse error weights;
    /// `drop`: the threshold τ.
    ///
    /// # Errors
    /// A pivot is zero or not finite.
    pub fn factor(
        &mut self,
        jacobian: &[f64],
        gamma: f64,
        weights: &[f64],
        drop: f64,
    ) -> Result<(), SmallPivot> {
        self.scale(jacobian, gamma, weights);
        self.lower.clear();
        self.upper.clear();
        for i in 0..self.row.len() {
            let threshold = drop / self.row_scale[i];
            self.scatter(i, jacobian, gamma, threshold);
            let pivot = self.eliminate(i, threshold);
            if pivot == 0.0 || !pivot.is_finite() {
                return Err(SmallPivot);
            }
            self.inverse_diagonal[i] = 1.0 / pivot;
        }
        Ok(())
    }

    fn scale(&mut self, jacobian: &[f64], gamma: f64, weights: &[f64]) {
        for (i, w) in weights.iter().enumerate() {
            let diagonal = self.diagonal_value(i, jacobian, gamma);
            let root = diagonal.abs().sqrt().sqrt().max(f64::MIN_POSITIVE);
            self.row_scale[i] = w / root;
            self.column_scale[i] = 1.0 / (w * root);
        }
    }

    fn diagonal_value(&self, i: usize, jacobian: &[f64], gamma: f64) -> f64 {
        match self.diagonal_source[i] {
            ABSENT => 1.0,
            source => 1.0 - gamma * jacobian[source as usize],
        }
    }

    /// Row `i` of the matrix without its small entries.
    fn scatter(&mut self, i: usize, jacobian: &[f64], gamma: f64, threshold: f64) {
        let range = self.pattern.rows.range(i);
        let (columns, sources) = (
            &self.pattern.rows.columns[range.clone()],
            &self.pattern.source[range],
        );
        for (&column, &source) in columns.iter().zip(sources) {
            let j = column as usize;
            if j == i {
                continue;
            }
            let value = -gamma * jacobian[source as usize];
            if value.abs() * self.column_scale[j] > threshold {
                self.row[j] = value;
                self.present.insert(j);
            }
        }
        if let (Some(&first), Some(&last)) = (columns.first(), columns.last()) {
            self.present.begin(first as usize);
            self.present.reach(last as usize);
        }
        self.row[i] = self.diagonal_value(i, jacobian, gamma);
        self.present.insert(i);
    }

    /// Eliminates row `i` with the rows above it, keeps what is large, returns the pivot.
    fn eliminate(&mut self, i: usize, threshold: f64) -> f64 {
        let mut pivot = 0.0;
        while let Some(j) = self.present.take_next() {
            let value = std::mem::replace(&mut self.row[j], 0.0);
            if j == i {
                pivot = value;
                continue;
            }
            if value.abs() * self.column_scale[j] <= threshold {
                continue;
            }
            if j > i {
                self.upper.push(value, j);
                continue;
            }
            let factor = value * self.inverse_diagonal[j];
            self.lower.push(factor, j);
            let pivot_row = self.upper.row(j);
            for entry in pivot_row {
                self.row[entry.column as usize] -= factor * f64::from(entry.value);
                self.present.insert(entry.column as usize);
            }
            if let Some(last) = pivot_row.last() {
                self.present.reach(last.column as usize);
            }
        }
        self.end_row(i);
        pivot
    }

    fn end_row(&mut self, i: usize) {
        let (start, end) = (self.lower.starts[i], self.lower.entries.len() as u32);
        self.lower.starts[i + 1] = end;
        if end > start {
            self.lower.filled.push((i as u32, end));
        }
        let (start, end) = (self.upper.starts[i], self.upper.entries.len() as u32);
        self.upper.starts[i + 1] = end;
        if end > start {
            self.upper.filled.push((i as u32, start));
        }
    }

    /// `b = (LU)⁻¹ b`
    pub fn solve(&self, b: &mut [f64]) {
        let mut start = 0;
        for &(i, end) in &self.lower.filled {
            b[i as usize] -= dot(&self.lower.entries[start..end as usize], b);
            start = end as usize;
        }
        b.iter_mut()
            .zip(&self.inverse_diagonal)
            .for_each(|(b, d)| *b *= d);
        let mut end = self.upper.entries.len();
        for &(i, start) in self.upper.filled.iter().rev() {
            let rest = dot(&self.upper.entries[start as usize..end], b);
            b[i as usize] -= rest * self.inverse_diagonal[i as usize];
            end = start as usize;
        }
    }
}

fn dot(row: &[Entry], x: &[f64]) -> f64 {
    row.iter()
        .map(|entry| f64::from(entry.value) * x[entry.column as usize])
        .sum()
}

impl FactorRows {
    fn new(n: usize) -> Self {
        FactorRows {
            starts: vec![0; n + 1],
            entries: Vec::new(),
            filled: Vec::with_capacity(n),
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.filled.clear();
    }

    fn push(&mut self, value: f64, column: usize) {
        self.entries.push(Entry {
            value: value as f32,
            column: column as u32,
        });
    }

    fn row(&self, i: usize) -> &[Entry] {
        &self.entries[self.starts[i] as usize..self.starts[i + 1] as usize]
    }
}

/// A set of columns from which they are taken in ascending order while larger ones come in.
#[derive(Debug, Clone)]
struct ColumnSet {
    words: Vec<u64>,
    /// No column before this word is in the set.
    first: usize,
    /// Nor after this one.
    last: usize,
}

impl ColumnSet {
    fn new(n: usize) -> Self {
        let words = vec![0; n.div_ceil(64)];
        ColumnSet {
            words,
            first: 0,
            last: 0,
        }
    }

    /// Adds a column; [`ColumnSet::reach`] must follow for the largest of those added.
    fn insert(&mut self, column: usize) {
        self.words[column / 64] |= 1 << (column % 64);
    }

    /// Says how far the columns added reach.
    fn reach(&mut self, column: usize) {
        self.last = self.last.max(column / 64);
    }

    fn take_next(&mut self) -> Option<usize> {
        while self.first <= self.last {
            let word = &mut self.words[self.first];
            if *word != 0 {
                let bit = word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(self.first * 64 + bit);
            }
            self.first += 1;
        }
        None
    }

    /// Starts to take from this column on; the set must be empty before it and when this is called for the next row.
    fn begin(&mut self, column: usize) {
        self.first = column / 64;
        self.last = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::super::sparse::tests::{grid_jacobian, multiply};
    use super::*;

    fn error_with(drop: f64, gamma: f64, weights: &[f64]) -> (f64, usize) {
        let (jacobian, values) = grid_jacobian(8);
        let mut lu = Ilut::new(&jacobian);
        let x: Vec<f64> = (0..jacobian.n).map(|i| 1.0 + (i as f64).sin()).collect();
        let mut b = multiply(&jacobian, &values, gamma, &x);
        // Twice: a factorization leaves nothing behind.
        lu.factor(&values, 10.0 * gamma, weights, 0.0)
            .expect("regular");
        lu.factor(&values, gamma, weights, drop)
            .expect("the diagonal dominates");
        lu.solve(&mut b);
        let error = b
            .iter()
            .zip(&x)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        (error, lu.n_entries())
    }

    #[test]
    fn without_dropping_it_is_exact_to_single_precision() {
        let weights = vec![1.0; 64];
        for gamma in [0.0, 1e-3, 0.2] {
            assert!(error_with(0.0, gamma, &weights).0 < 1e-5);
        }
    }

    #[test]
    fn dropping_trades_entries_for_accuracy() {
        let weights = vec![1.0; 64];
        let (fine, coarse, none) = (
            error_with(1e-3, 0.1, &weights),
            error_with(0.03, 0.1, &weights),
            error_with(10.0, 0.1, &weights),
        );
        assert!(fine.0 < coarse.0 && coarse.0 < none.0 && coarse.0 < 0.1);
        assert!(fine.1 > coarse.1 && coarse.1 > none.1 && none.1 == 64);
    }

    #[test]
    fn size_is_measured_in_the_error_norm() {
        // The coupling from a state known only coarsely (small w) to one known finely (large w) is kept.
        let weights: Vec<f64> = (0..64)
            .map(|i| if i % 2 == 0 { 1e3 } else { 1.0 })
            .collect();
        let (_, entries) = error_with(0.5, 1e-3, &weights);
        assert!(entries > 64 && entries < 64 + 224);
    }

    #[test]
    fn reports_a_zero_pivot_and_recovers() {
        let (jacobian, good) = grid_jacobian(2);
        let mut bad = vec![0.0; good.len()];
        let diagonal = (jacobian.column_starts[1]..jacobian.column_starts[2])
            .find(|&k| jacobian.row_indices[k as usize] == 1);
        bad[diagonal.expect("present") as usize] = 1.0;
        let mut lu = Ilut::new(&jacobian);
        assert_eq!(lu.factor(&bad, 1.0, &[1.0; 4], 10.0), Err(SmallPivot));
        lu.factor(&good, 0.1, &[1.0; 4], 0.0).expect("regular");
        let mut b = multiply(&jacobian, &good, 0.1, &[1.0, 2.0, 3.0, 4.0]);
        lu.solve(&mut b);
        assert!(
            b.iter()
                .zip([1.0, 2.0, 3.0, 4.0])
                .all(|(b, x)| (b - x).abs() < 1e-6)
        );
    }
}
