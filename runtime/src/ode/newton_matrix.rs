//! The linear systems `(I − γJ)x = b` of Newton's iteration: dense LU, sparse LU or preconditioned GMRES.

use super::conservation::Conservation;
use super::krylov::{Krylov, Preconditioner};
use super::newton::{Linearisation, Weights};
use crate::linalg::direct::Direct;
use crate::linalg::sparse::minimum_degree;
use crate::problem::{Equations, Problem};
use crate::solution::Counts;

/// Up to this size a dense factorization is as fast as a sparse one, measured on the networks of up to 66 states.
const LARGEST_DENSE: usize = 12;
/// Up to this cost of a factorization (multiplications per entry of the Jacobian) sparse LU beats GMRES with ILU.
const MOST_FILL: f64 = 100.0;

/// The change of `γ` since the last set-up that asks for a new one [BBH89].
const GAMMA_CHANGE: f64 = 0.3;
/// The same for preconditioners: 0.3, 0.5, 0.7 and 0.9 take the same iterations on BCR, egfr_net and fceri_gamma2, and ever
/// fewer set-ups.
const GAMMA_CHANGE_KRYLOV: f64 = 0.6;

/// How linear systems are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearSolver {
    /// Dense LU with partial pivoting.
    Dense,
    /// Sparse LU.
    Sparse,
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
            LinearSolver::Sparse
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
    Direct(Direct),
    Krylov(Box<Krylov>),
}

/// The matrix has no usable factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingularMatrix;

impl NewtonMatrix {
    /// Analyses the Jacobian's pattern and allocates; `u`: the start, whose conserved totals are kept.
    pub fn new(problem: &Problem<'_>, u: &[f64], solver: LinearSolver) -> Self {
        let pattern = problem.equations.pattern();
        let krylov = |preconditioner| {
            let conservation = Conservation::new(problem.conserved, u);
            Factors::Krylov(Box::new(Krylov::new(
                preconditioner,
                conservation,
                pattern.n,
            )))
        };
        let factors = match solver {
            LinearSolver::Dense => Factors::Direct(Direct::dense(pattern)),
            LinearSolver::Sparse => Factors::Direct(Direct::sparse(pattern)),
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
            Factors::Direct(Direct::Dense { .. }) => "dense LU",
            Factors::Direct(Direct::Pattern(_) | Direct::Sparse(_)) => "sparse LU",
            Factors::Krylov(krylov) => krylov.name(),
        }
    }

    /// By what part `γ` may differ from that of the last set-up.
    pub fn largest_gamma_change(&self) -> f64 {
        match &self.factors {
            Factors::Direct(_) => GAMMA_CHANGE,
            Factors::Krylov(_) => GAMMA_CHANGE_KRYLOV,
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
        weights: Weights<'_>,
        counts: &mut Counts,
    ) -> Result<(), SingularMatrix> {
        counts.factorizations += 1;
        let jacobian = &self.jacobian;
        let factored = match &mut self.factors {
            Factors::Direct(direct) => direct.factor(equations.pattern(), jacobian, gamma).is_ok(),
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
        b: &mut [f64],
        counts: &mut Counts,
    ) -> bool {
        match &mut self.factors {
            Factors::Direct(direct) => direct.solve(b),
            Factors::Krylov(krylov) => {
                return krylov.solve(equations, at, b, counts);
            }
        }
        if at.gamma != at.gamma_at_setup {
            // Makes up for the old γ of the factors where γJ dominates [HBGLSSW05, 2.1].
            let factor = 2.0 / (1.0 + at.gamma / at.gamma_at_setup);
            b.iter_mut().for_each(|x| *x *= factor);
        }
        true
    }
}
