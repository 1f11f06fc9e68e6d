//! Direct solution of `(I − γJ)x = b` for many γ and J of one pattern: dense or sparse, with exchanges when they are needed.

use super::dense::DenseLu;
use super::pattern_lu::PatternLu;
use super::sparse::{NewtonPattern, minimum_degree};
use super::sparse_lu::SparseLu;
use ansatz_compiler::system::jacobian::Pattern;

/// Factors of `I − γJ`.
pub enum Direct {
    /// Dense LU with partial pivoting.
    Dense {
        /// Its factors.
        lu: DenseLu,
        /// Where the entries of the Jacobian stand in the dense matrix.
        entries: Vec<u32>,
    },
    /// Sparse LU in minimum degree order without exchanges.
    Pattern(Box<PatternLu>),
    /// Sparse LU with partial pivoting.
    Sparse(Box<SparseLu>),
}

/// The matrix has no inverse to working accuracy, or an entry is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Singular;

impl Direct {
    /// Dense factors.
    pub fn dense(pattern: &Pattern) -> Self {
        let columns = pattern.column_starts.windows(2).enumerate();
        let entries = columns.flat_map(|(j, range)| {
            let rows = &pattern.row_indices[range[0] as usize..range[1] as usize];
            rows.iter().map(move |i| (j * pattern.n) as u32 + i)
        });
        Self::Dense {
            lu: DenseLu::new(pattern.n),
            entries: entries.collect(),
        }
    }

    /// Sparse factors: without exchanges while the pivots allow it, then with them.
    pub fn sparse(pattern: &Pattern) -> Self {
        let ordered = NewtonPattern::new(pattern, minimum_degree(pattern).0);
        Self::Pattern(Box::new(PatternLu::new(&ordered.filled())))
    }

    /// Factors `I − γJ` from the values of the Jacobian in its pattern's order.
    ///
    /// # Errors
    /// No usable factors, even with exchanges.
    pub fn factor(
        &mut self,
        pattern: &Pattern,
        jacobian: &[f64],
        gamma: f64,
    ) -> Result<(), Singular> {
        let factored = match self {
            Self::Dense { lu, entries } => {
                let next_diagonal = lu.n() + 1;
                let fill = |a: &mut [f64]| {
                    for (&at, value) in entries.iter().zip(jacobian) {
                        a[at as usize] = -gamma * value;
                    }
                    a.iter_mut()
                        .step_by(next_diagonal)
                        .for_each(|diagonal| *diagonal += 1.0);
                };
                lu.factor(fill).is_ok()
            }
            Self::Pattern(lu) => {
                if lu.factor(jacobian, gamma).is_err() {
                    *self = Self::Sparse(Box::new(SparseLu::new(pattern)));
                    return self.factor(pattern, jacobian, gamma);
                }
                true
            }
            Self::Sparse(lu) => lu.factor(jacobian, gamma).is_ok(),
        };
        if factored { Ok(()) } else { Err(Singular) }
    }

    /// `b = (I − γJ)⁻¹ b`
    pub fn solve(&mut self, b: &mut [f64]) {
        match self {
            Self::Dense { lu, .. } => lu.solve(b),
            Self::Pattern(lu) => lu.solve(b),
            Self::Sparse(lu) => lu.solve(b),
        }
    }
}
