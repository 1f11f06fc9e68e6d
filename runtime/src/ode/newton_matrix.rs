//! The linear systems `(I − γJ)x = b` of Newton's iteration: dense LU, sparse LU or preconditioned GMRES.

use super::conservation::Conservation;
use super::krylov::{Krylov, Preconditioner};
use super::newton::Linearisation;
use crate::linalg::dense::DenseLu;
use crate::linalg::pattern_lu::PatternLu;
use crate::linalg::sparse::{NewtonPattern, minimum_degree};
use crate::linalg::sparse_lu::SparseLu;
use crate::problem::Equations;
use crate::solution::Counts;

/// Up to this size a dense factorization is as fast as a sparse one, measured on the networks of up to 66 states.
const LARGEST_DENSE: usize = 12;
/// Up to this cost of a factorization (multiplications per entry of the Jacobian) sparse LU beats GMRES with ILU.
const MOST_FILL: f64 = 100.0;

/// How linear systems are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearSolver {
    /// Dense LU with partial pivoting.
    Dense,
    /// Sparse LU in minimum degree order without pivoting.
    PatternLu,
    /// Sparse LU with partial pivoting.
    SparseLu,
    /// GMRES without preconditioner.
    Gmres,
    /// GMRES with the diagonal.
    GmresDiagonal,
    /// GMRES with incomplete factors.
    GmresIlu,
}

impl LinearSolver {
    /// Chooses by size and by the fill of a sparse factorization.
    pub fn choose(equations: &dyn Equations) -> Self {
        let pattern = equations.pattern();
        if pattern.n <= LARGEST_DENSE {
            return LinearSolver::Dense;
        }
        let (_, multiplications) = minimum_degree(pattern);
        if multiplications <= MOST_FILL * pattern.row_indices.len() as f64 {
            LinearSolver::PatternLu
        } else {
            LinearSolver::GmresIlu
        }
    }
}

/// The Jacobian last evaluated, and what solves with it.
pub struct NewtonMatrix {
    jacobian: Vec<f64>,
    factors: Factors,
}

enum Factors {
    Dense {
        lu: DenseLu,
        /// Where the entries of the Jacobian stand in the dense matrix.
        entries: Vec<u32>,
    },
    Pattern(Box<PatternLu>),
    Sparse(Box<SparseLu>),
    Krylov(Box<Krylov>),
}

/// The matrix has no usable factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingularMatrix;

impl NewtonMatrix {
    /// Analyses the Jacobian's pattern and allocates.
    pub fn new(equations: &dyn Equations, solver: LinearSolver) -> Self {
        let pattern = equations.pattern();
        let n = pattern.n;
        let ordered = || NewtonPattern::new(pattern, minimum_degree(pattern).0);
        let krylov = |preconditioner| Factors::Krylov(Box::new(Krylov::new(n, preconditioner)));
        let factors = match solver {
            LinearSolver::Dense => Factors::Dense {
                lu: DenseLu::new(n),
                entries: column_major_positions(equations),
            },
            LinearSolver::PatternLu => {
                Factors::Pattern(Box::new(PatternLu::new(&ordered().filled())))
            }
            LinearSolver::SparseLu => Factors::Sparse(Box::new(SparseLu::new(pattern))),
            LinearSolver::Gmres => krylov(Preconditioner::None),
            LinearSolver::GmresDiagonal => krylov(Preconditioner::diagonal(pattern)),
            LinearSolver::GmresIlu => krylov(Preconditioner::ilu(pattern)),
        };
        NewtonMatrix {
            jacobian: vec![0.0; pattern.row_indices.len()],
            factors,
        }
    }

    /// Name of the linear solver.
    pub fn name(&self) -> &'static str {
        match &self.factors {
            Factors::Dense { .. } => "dense LU",
            Factors::Pattern(_) | Factors::Sparse(_) => "sparse LU",
            Factors::Krylov(krylov) => krylov.name(),
        }
    }

    /// Evaluates the Jacobian for the next set-ups.
    pub fn evaluate_jacobian(
        &mut self,
        equations: &mut dyn Equations,
        t: f64,
        y: &[f64],
        counts: &mut Counts,
    ) {
        equations.jacobian(t, y, &mut self.jacobian);
        counts.jacobian += 1;
    }

    /// Factors `I − γJ`, or makes its preconditioner.
    ///
    /// # Errors
    /// No usable factors, even with exchanges.
    pub fn set_up(
        &mut self,
        equations: &dyn Equations,
        gamma: f64,
        weights: &[f64],
        counts: &mut Counts,
    ) -> Result<(), SingularMatrix> {
        counts.factorizations += 1;
        let jacobian = &self.jacobian;
        let factored = match &mut self.factors {
            Factors::Dense { lu, entries } => {
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
            Factors::Pattern(lu) => {
                if lu.factor(jacobian, gamma).is_err() {
                    // From here on with exchanges.
                    self.factors = Factors::Sparse(Box::new(SparseLu::new(equations.pattern())));
                    return self.set_up(equations, gamma, weights, counts);
                }
                true
            }
            Factors::Sparse(lu) => lu.factor(jacobian, gamma).is_ok(),
            Factors::Krylov(krylov) => krylov.set_up(jacobian, gamma, weights),
        };
        if factored {
            Ok(())
        } else {
            Err(SingularMatrix)
        }
    }

    /// After trouble: makes inexact solutions more exact.
    pub fn tighten(&mut self) {
        if let Factors::Krylov(krylov) = &mut self.factors {
            krylov.tighten();
        }
    }

    /// `b = (I − γJ)⁻¹ b`, by GMRES to a part of Newton's tolerance; false: it did not converge.
    pub fn solve(
        &mut self,
        equations: &mut dyn Equations,
        at: &Linearisation<'_>,
        conservation: &mut Conservation,
        b: &mut [f64],
        counts: &mut Counts,
    ) -> bool {
        match &mut self.factors {
            Factors::Dense { lu, .. } => lu.solve(b),
            Factors::Pattern(lu) => lu.solve(b),
            Factors::Sparse(lu) => lu.solve(b),
            Factors::Krylov(krylov) => return krylov.solve(equations, at, conservation, b, counts),
        }
        if at.gamma != at.gamma_at_setup {
            // Makes up for the old γ of the factors where γJ dominates [HBGLSSW05, 2.1].
            let factor = 2.0 / (1.0 + at.gamma / at.gamma_at_setup);
            b.iter_mut().for_each(|x| *x *= factor);
        }
        true
    }
}

fn column_major_positions(equations: &dyn Equations) -> Vec<u32> {
    let pattern = equations.pattern();
    let mut positions = Vec::with_capacity(pattern.row_indices.len());
    for (j, range) in pattern.column_starts.windows(2).enumerate() {
        for &i in &pattern.row_indices[range[0] as usize..range[1] as usize] {
            positions.push((j * pattern.n) as u32 + i);
        }
    }
    positions
}
