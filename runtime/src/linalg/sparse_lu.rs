//! Sparse LU of Newton matrices with partial pivoting (faer): the ordering and the symbolic factorization are made once.

use super::sparse::{ABSENT, SmallPivot};
use ansatz_compiler::system::jacobian::Pattern;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::linalg::lu::{
    LuRef, LuSymbolicParams, NumericLu, SymbolicLu, factorize_symbolic_lu,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMat};
use faer::{Conj, MatMut, Par};

/// The factors of `I − γJ`.
pub struct SparseLu {
    pattern: SymbolicSparseColMat<u32>,
    /// For each entry its position in the values of the Jacobian, or [`ABSENT`].
    source: Vec<u32>,
    /// Entries on the diagonal.
    diagonal: Vec<u32>,
    values: Vec<f64>,
    symbolic: SymbolicLu<u32>,
    numeric: NumericLu<u32, f64>,
    memory: MemBuffer,
}

impl SparseLu {
    /// Analyses the pattern of `I − γJ`: column approximate minimum degree ordering, supernodes where they pay.
    pub fn new(jacobian: &Pattern) -> Self {
        let n = jacobian.n;
        let (mut starts, mut rows, mut source, mut diagonal) =
            (vec![0], Vec::new(), Vec::new(), Vec::new());
        for (j, range) in jacobian.column_starts.windows(2).enumerate() {
            let mut entries: Vec<(u32, u32)> = (range[0]..range[1])
                .map(|k| (jacobian.row_indices[k as usize], k))
                .collect();
            let at = entries.partition_point(|entry| (entry.0 as usize) < j);
            if entries.get(at).is_none_or(|entry| entry.0 as usize != j) {
                entries.insert(at, (j as u32, ABSENT));
            }
            diagonal.push((rows.len() + at) as u32);
            rows.extend(entries.iter().map(|entry| entry.0));
            source.extend(entries.iter().map(|entry| entry.1));
            starts.push(rows.len() as u32);
        }
        let values = vec![0.0; rows.len()];
        let pattern = SymbolicSparseColMat::new_checked(n, n, starts, None, rows);
        let symbolic = factorize_symbolic_lu(pattern.as_ref(), LuSymbolicParams::default())
            .expect("the pattern fits in memory");
        let scratch = symbolic
            .factorize_numeric_lu_scratch::<f64>(Par::Seq, Default::default())
            .or(symbolic.solve_in_place_scratch::<f64>(1, Par::Seq));
        SparseLu {
            pattern,
            source,
            diagonal,
            values,
            symbolic,
            numeric: NumericLu::new(),
            memory: MemBuffer::new(scratch),
        }
    }

    /// Factors `I − γJ` from the values of the Jacobian in its pattern's order.
    ///
    /// # Errors
    /// The matrix is singular, or an entry is not finite.
    pub fn factor(&mut self, jacobian: &[f64], gamma: f64) -> Result<(), SmallPivot> {
        for (value, &source) in self.values.iter_mut().zip(&self.source) {
            *value = if source == ABSENT {
                0.0
            } else {
                -gamma * jacobian[source as usize]
            };
        }
        for &k in &self.diagonal {
            self.values[k as usize] += 1.0;
        }
        if self.values.iter().any(|value| !value.is_finite()) {
            return Err(SmallPivot);
        }
        let matrix = SparseColMatRef::new(self.pattern.as_ref(), &self.values);
        let stack = MemStack::new(&mut self.memory);
        self.symbolic
            .factorize_numeric_lu(
                &mut self.numeric,
                matrix,
                Par::Seq,
                stack,
                Default::default(),
            )
            .map(|_| ())
            .map_err(|_| SmallPivot)
    }

    /// `b = (I − γJ)⁻¹ b`
    pub fn solve(&mut self, b: &mut [f64]) {
        let n = b.len();
        let b = MatMut::from_column_major_slice_mut(b, n, 1);
        let factors = LuRef::new_unchecked(&self.symbolic, &self.numeric);
        factors.solve_in_place_with_conj(Conj::No, b, Par::Seq, MemStack::new(&mut self.memory));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sparse::tests::{grid_jacobian, multiply};
    use super::*;

    #[test]
    fn one_analysis_serves_many_factorizations() {
        for side in [1, 3, 8, 30] {
            let (jacobian, values) = grid_jacobian(side);
            let mut lu = SparseLu::new(&jacobian);
            // The larger γ need exchanges: the diagonal no longer dominates.
            for gamma in [0.0, 0.1, 0.7, 5.0] {
                let x: Vec<f64> = (0..jacobian.n).map(|i| 1.0 + (i as f64).sin()).collect();
                let mut b = multiply(&jacobian, &values, gamma, &x);
                lu.factor(&values, gamma).expect("regular");
                lu.solve(&mut b);
                let error = b
                    .iter()
                    .zip(&x)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f64::max);
                assert!(error < 1e-9, "side {side}, gamma {gamma}: {error:e}");
            }
        }
    }
}
