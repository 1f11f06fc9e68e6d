//! The linear systems `(I − γJ)x = b` of Newton's iteration: dense LU, sparse LU or preconditioned GMRES.
//!
//! # References
//! - [BBH89] P. N. Brown, G. D. Byrne, A. C. Hindmarsh, *VODE: a variable-coefficient ODE solver*, SIAM J. Sci. Stat.
//!   Comput. 10 (1989) 1038–1051, doi:10.1137/0910062.
//! - [HBGLSSW05] A. C. Hindmarsh et al., *SUNDIALS: suite of nonlinear and differential/algebraic equation solvers*,
//!   ACM Trans. Math. Softw. 31 (2005) 363–396, doi:10.1145/1089014.1089020.

use super::conservation::Conservation;
use super::krylov::{Krylov, Preconditioner};
use super::newton::{Linearisation, Weights};
use crate::linalg::direct::Direct;
use crate::linalg::sparse::minimum_degree;
use crate::problem::{Equations, Problem};
use crate::solution::Counts;
use ansatz_compiler::system::jacobian::Pattern;

/// Up to this size systems are solved by dense LU, whatever solver is asked for: it is as fast as a sparse one (multistate and
/// multisite2, 9 and 66 states), and GMRES would need products in all directions, which cost more and tell less (Robertson at
/// t = 1e11 has condition 1e14: residuals are then small where errors are not).
const LARGEST_DENSE: usize = 12;
/// Up to this cost of a factorization (multiplications per entry of the Jacobian) sparse LU beats GMRES with ILU: multisite2
/// with 20 takes half the time of GMRES, egfr_net with 280 ten times as much.
const MOST_FILL: f64 = 100.0;
/// Up to this size matrices that are more than half full are factored whole: their incomplete factors would cost as much (a rod of 33
/// Chebyshev nodes takes a fifth of the time, and what is conserved is conserved to rounding).
const LARGEST_FULL: usize = 500;
/// From this cost on GMRES with the diagonal is tried first where vectors are short: multisite2 takes 0.8 ms instead of 1.3 with
/// LU. Where it does not converge, incomplete factors replace the diagonal.
const FILL_FOR_DIAGONAL: f64 = 10.0;
/// Matrices of more than so many states with more than so many entries per state fill up for certain; the ordering that tells
/// how much would take longer than the solution.
const FILLS_UP: (usize, usize) = (200, 16);

/// How the iteration and the step control are adapted to a linear solver.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// The change of `γ` since the last set-up that asks for a new one.
    pub gamma_change: f64,
    /// Newton's tolerance as part of the error test.
    pub newton_tolerance: f64,
    /// Safety divisors of the error estimates for order q − 1, q, q + 1, by which the next step is chosen.
    pub bias: [f64; 3],
}

/// [BBH89] has 0.3, 0.1 and 6, 6, 10. A frozen Jacobian makes errors of corrections near Newton's tolerance, which the next
/// predictions carry on: a tolerance of 0.01 takes up to 35 % fewer steps and, with a larger bias, as much time for errors 2 to 10
/// times smaller (Robertson, HIRES, OREGO, van der Pol, multisite2: `benches/work_precision.rs`, `benches/networks.rs`).
const TUNING_DIRECT: Tuning = Tuning {
    gamma_change: 0.3,
    newton_tolerance: 0.01,
    bias: [20.0, 20.0, 30.0],
};
/// Products follow the current Jacobian, so corrections are as exact as GMRES makes them. `γ` of a preconditioner may be older:
/// 0.3, 0.5, 0.7 and 0.9 take the same iterations on BCR, egfr_net and fceri_gamma2, and ever fewer set-ups.
const TUNING_KRYLOV: Tuning = Tuning {
    gamma_change: 0.6,
    newton_tolerance: 0.1,
    bias: [6.0, 6.0, 10.0],
};

/// How linear systems are solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinearSolver {
    /// Dense or sparse LU.
    Lu,
    /// GMRES with the diagonal as long as it converges, from 13 states on.
    GmresDiagonal,
    /// GMRES with incomplete factors, from 13 states on.
    GmresIlu,
    /// GMRES with what the equations offer ([`Equations::precondition`]), from 13 states on; no matrix is formed.
    GmresOwn,
}

impl LinearSolver {
    /// Chooses by size and by the fill of a sparse factorization.
    pub fn choose(pattern: &Pattern) -> Self {
        let (n, entries) = (pattern.n, pattern.row_indices.len());
        if n <= LARGEST_DENSE {
            return LinearSolver::Lu;
        }
        if n <= LARGEST_FULL && 2 * entries > n * n {
            return LinearSolver::Lu;
        }
        if n > FILLS_UP.0 && entries > FILLS_UP.1 * n {
            return LinearSolver::GmresIlu;
        }
        let (_, multiplications) = minimum_degree(pattern);
        let fill = multiplications / entries as f64;
        if fill > FILL_FOR_DIAGONAL && n <= FILLS_UP.0 {
            LinearSolver::GmresDiagonal
        } else if fill <= MOST_FILL {
            LinearSolver::Lu
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
    Krylov(Krylov),
}

/// The matrix has no usable factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingularMatrix;

impl NewtonMatrix {
    /// Analyses the Jacobian's pattern and allocates; `u`: the start, whose conserved totals are kept.
    pub fn new(problem: &Problem<'_>, u: &[f64], solver: LinearSolver) -> Self {
        let krylov = |preconditioner| {
            let conservation = Conservation::new(problem.conserved, u);
            Factors::Krylov(Krylov::new(preconditioner, conservation, u.len()))
        };
        if solver == LinearSolver::GmresOwn && u.len() > LARGEST_DENSE {
            return NewtonMatrix {
                jacobian: Vec::new(),
                factors: krylov(Preconditioner::Own { is_there: false }),
            };
        }
        let pattern = problem.equations.pattern();
        let factors = if pattern.n <= LARGEST_DENSE {
            Factors::Direct(Direct::dense(pattern))
        } else {
            match solver {
                LinearSolver::Lu => Factors::Direct(Direct::sparse(pattern)),
                LinearSolver::GmresDiagonal => krylov(Preconditioner::diagonal(pattern)),
                LinearSolver::GmresIlu | LinearSolver::GmresOwn => {
                    krylov(Preconditioner::ilu(pattern))
                }
            }
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

    /// What suits the linear solver.
    pub fn tuning(&self) -> Tuning {
        match &self.factors {
            Factors::Direct(_) => TUNING_DIRECT,
            Factors::Krylov(_) => TUNING_KRYLOV,
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
        if !self.jacobian.is_empty() {
            equations.jacobian(t, y, &mut self.jacobian);
            counts.jacobian += 1;
        }
    }

    /// Factors `I − γJ`, or makes its preconditioner.
    ///
    /// # Errors
    /// No usable factors, even with exchanges.
    pub fn set_up(
        &mut self,
        equations: &mut dyn Equations,
        gamma: f64,
        weights: Weights<'_>,
        counts: &mut Counts,
    ) -> Result<(), SingularMatrix> {
        counts.factorizations += 1;
        let jacobian = &self.jacobian;
        let factored = match &mut self.factors {
            Factors::Direct(direct) => direct.factor(equations.pattern(), jacobian, gamma).is_ok(),
            Factors::Krylov(krylov) => krylov.set_up(equations, jacobian, gamma, weights),
        };
        if factored {
            Ok(())
        } else {
            Err(SingularMatrix)
        }
    }

    /// After trouble: makes inexact solutions more exact.
    pub fn tighten(&mut self, equations: &dyn Equations) {
        if let Factors::Krylov(krylov) = &mut self.factors {
            krylov.tighten(equations);
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
