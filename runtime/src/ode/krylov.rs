//! Newton's linear systems by scaled, preconditioned GMRES without forming the matrix.
//!
//! # References
//! - [BH89] P. N. Brown, A. C. Hindmarsh, *Reduced storage matrix methods in stiff ODE systems*, Appl. Math. Comput. 31
//!   (1989) 40–91, doi:10.1016/0096-3003(89)90110-0.

use super::conservation::Conservation;
use super::newton::{Linearisation, Weights};
use crate::linalg::gmres::Gmres;
use crate::linalg::ilut::Ilut;
use crate::linalg::sparse::ABSENT;
use crate::linalg::vector::norm;
use crate::problem::Equations;
use crate::solution::Counts;
use ansatz_compiler::system::jacobian::Pattern;

/// Part of Newton's tolerance to which linear systems are solved [BH89], measured in the estimated error and not in the residual.
const LINEAR_TOLERANCE: f64 = 0.05;
/// Products per linear system. Convergence takes two or three of them with ILU; what takes more than this asks for a new
/// preconditioner.
const MAX_ITERATIONS: usize = 12;
/// Dropping threshold of the incomplete factors at first, the best of 0.01, 0.02, 0.05, 0.1 on BCR, egfr_net and
/// fceri_gamma2.
const DROP: f64 = 0.02;
/// By what the threshold falls when convergence is bad.
const DROP_DECREASE: f64 = 0.1;

/// An approximate inverse of `I − γJ`.
pub enum Preconditioner {
    /// The diagonal.
    Diagonal {
        /// Where the diagonal stands in the values of the Jacobian.
        entries: Vec<u32>,
        /// Its inverse.
        inverse: Vec<f64>,
    },
    /// That of the equations.
    Own {
        /// Whether they have one.
        is_there: bool,
    },
    /// Incomplete factors.
    Ilu {
        /// The factors.
        factors: Box<Ilut>,
        /// Their dropping threshold.
        drop: f64,
    },
}

impl Preconditioner {
    /// The diagonal of a Jacobian with this pattern.
    pub fn diagonal(pattern: &Pattern) -> Self {
        let mut entries = vec![ABSENT; pattern.n];
        for (j, range) in pattern.column_starts.windows(2).enumerate() {
            let rows = &pattern.row_indices[range[0] as usize..range[1] as usize];
            if let Ok(k) = rows.binary_search(&(j as u32)) {
                entries[j] = range[0] + k as u32;
            }
        }
        Preconditioner::Diagonal {
            inverse: vec![1.0; pattern.n],
            entries,
        }
    }

    /// Incomplete factors for a Jacobian with this pattern.
    pub fn ilu(pattern: &Pattern) -> Self {
        Preconditioner::Ilu {
            factors: Box::new(Ilut::new(pattern)),
            drop: DROP,
        }
    }

    fn set_up(
        &mut self,
        equations: &mut dyn Equations,
        jacobian: &[f64],
        gamma: f64,
        weights: &[f64],
    ) -> bool {
        match self {
            Preconditioner::Own { is_there } => {
                *is_there = equations.set_up_preconditioner(gamma);
                true
            }
            Preconditioner::Diagonal { entries, inverse } => {
                for (inverse, &k) in inverse.iter_mut().zip(&*entries) {
                    *inverse = if k == ABSENT {
                        1.0
                    } else {
                        1.0 / (1.0 - gamma * jacobian[k as usize])
                    };
                }
                inverse.iter().all(|x| x.is_finite())
            }
            Preconditioner::Ilu { factors, drop } => {
                factors.factor(jacobian, gamma, weights, *drop).is_ok()
            }
        }
    }

    fn apply(&self, equations: &mut dyn Equations, b: &mut [f64]) {
        match self {
            Preconditioner::Own { is_there: true } => equations.precondition(b),
            Preconditioner::Own { is_there: false } => {}
            Preconditioner::Diagonal { inverse, .. } => {
                b.iter_mut().zip(inverse).for_each(|(x, d)| *x *= *d)
            }
            Preconditioner::Ilu { factors, .. } => factors.solve(b),
        }
    }
}

/// GMRES with its preconditioner.
pub struct Krylov {
    gmres: Gmres,
    preconditioner: Preconditioner,
    conservation: Conservation,
    shifted: Vec<f64>,
    du: Vec<f64>,
}

impl Krylov {
    /// Allocates for `n` states.
    pub fn new(preconditioner: Preconditioner, conservation: Conservation, n: usize) -> Self {
        Krylov {
            gmres: Gmres::new(n, MAX_ITERATIONS.min(n)),
            preconditioner,
            conservation,
            shifted: vec![0.0; n],
            du: vec![0.0; n],
        }
    }

    /// Name, with the preconditioner's.
    pub fn name(&self) -> &'static str {
        match self.preconditioner {
            Preconditioner::Own { .. } => "GMRES with the linear part",
            Preconditioner::Diagonal { .. } => "GMRES with diagonal",
            Preconditioner::Ilu { .. } => "GMRES with ILU",
        }
    }

    /// Makes the preconditioner; false: it has none with these values.
    pub fn set_up(
        &mut self,
        equations: &mut dyn Equations,
        jacobian: &[f64],
        gamma: f64,
        weights: Weights<'_>,
    ) -> bool {
        self.conservation.set_scale(weights.scale);
        self.preconditioner
            .set_up(equations, jacobian, gamma, weights.inverse)
    }

    /// Makes the next preconditioners closer to the matrix.
    pub fn tighten(&mut self, equations: &dyn Equations) {
        match &mut self.preconditioner {
            Preconditioner::Own { .. } => {}
            Preconditioner::Diagonal { .. } => {
                self.preconditioner = Preconditioner::ilu(equations.pattern());
            }
            Preconditioner::Ilu { drop, .. } => *drop *= DROP_DECREASE,
        }
    }

    /// `b = (I − γJ)⁻¹ b` to a part of Newton's tolerance, and such that `y + b` has the conserved totals; false: it did not
    /// converge.
    pub fn solve(
        &mut self,
        equations: &mut dyn Equations,
        at: &Linearisation<'_>,
        b: &mut [f64],
        counts: &mut Counts,
    ) -> bool {
        let Krylov {
            gmres,
            preconditioner,
            conservation,
            shifted,
            du,
        } = self;
        let (weights, scale) = (at.weights.inverse, at.weights.scale);
        preconditioner.apply(equations, b);
        conservation.project(b);
        multiply(b, weights);
        let (before, root_n) = (norm(b), (b.len() as f64).sqrt());
        let tolerance = LINEAR_TOLERANCE * at.tolerance * root_n;
        if at.first && before <= tolerance {
            multiply(b, scale);
            conservation.restore(at.y, b);
            return true;
        }
        // J·v by a difference quotient along a vector of weighted norm 1 [BH89].
        let quotient = at.gamma / root_n;
        let result = gmres.solve(b, tolerance, |v, out| {
            for (((shifted, v), scale), y) in shifted.iter_mut().zip(v).zip(scale).zip(at.y) {
                *shifted = y + root_n * v * scale;
            }
            equations.rhs(at.t, shifted, du);
            for ((((out, v), scale), du), at_y) in
                out.iter_mut().zip(v).zip(scale).zip(&*du).zip(at.du)
            {
                *out = v * scale - quotient * (du - at_y);
            }
            preconditioner.apply(equations, out);
            conservation.project(out);
            multiply(out, weights);
        });
        counts.rhs += result.iterations as u64;
        counts.linear_iterations += result.iterations as u64;
        multiply(b, scale);
        conservation.restore(at.y, b);
        result.error <= tolerance || at.first && result.error < before
    }
}

fn multiply(x: &mut [f64], by: &[f64]) {
    x.iter_mut().zip(by).for_each(|(x, by)| *x *= by);
}
