//! Newton's linear systems by scaled, preconditioned GMRES without forming the matrix.
//!
//! # References
//! - [BH89] P. N. Brown, A. C. Hindmarsh, *Reduced storage matrix methods in stiff ODE systems*, Appl. Math. Comput. 31
//!   (1989) 40–91, doi:10.1016/0096-3003(89)90110-0.

use super::newton_matrix::Linearisation;
use crate::linalg::gmres::Gmres;
use crate::linalg::ilu::PatternLu;
use crate::linalg::sparse::ABSENT;
use crate::linalg::vector::norm;
use crate::problem::Equations;
use crate::solution::Counts;
use ansatz_compiler::system::jacobian::Pattern;

/// Part of Newton's tolerance to which linear systems are solved [BH89].
const LINEAR_TOLERANCE: f64 = 0.05;
/// Products per linear system, as in CVODE.
const MAX_ITERATIONS: usize = 5;

/// An approximate inverse of `I − γJ`.
pub enum Preconditioner {
    /// The identity.
    None,
    /// The diagonal.
    Diagonal {
        /// Where the diagonal stands in the values of the Jacobian.
        entries: Vec<u32>,
        /// Its inverse.
        inverse: Vec<f64>,
    },
    /// Incomplete factors.
    Ilu(PatternLu),
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

    fn set_up(&mut self, jacobian: &[f64], gamma: f64) -> bool {
        match self {
            Preconditioner::None => true,
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
            Preconditioner::Ilu(lu) => lu.factor(jacobian, gamma).is_ok(),
        }
    }

    fn apply(&mut self, b: &mut [f64]) {
        match self {
            Preconditioner::None => {}
            Preconditioner::Diagonal { inverse, .. } => {
                b.iter_mut().zip(inverse).for_each(|(x, d)| *x *= *d)
            }
            Preconditioner::Ilu(lu) => lu.solve(b),
        }
    }
}

/// GMRES with its preconditioner.
pub struct Krylov {
    gmres: Gmres,
    preconditioner: Preconditioner,
    shifted: Vec<f64>,
    du: Vec<f64>,
}

impl Krylov {
    /// Allocates for `n` states.
    pub fn new(n: usize, preconditioner: Preconditioner) -> Self {
        Krylov {
            gmres: Gmres::new(n, MAX_ITERATIONS),
            preconditioner,
            shifted: vec![0.0; n],
            du: vec![0.0; n],
        }
    }

    /// Name, with the preconditioner's.
    pub fn name(&self) -> &'static str {
        match self.preconditioner {
            Preconditioner::None => "GMRES",
            Preconditioner::Diagonal { .. } => "GMRES with diagonal",
            Preconditioner::Ilu(_) => "GMRES with ILU",
        }
    }

    /// Makes the preconditioner; false: it has none with these values.
    pub fn set_up(&mut self, jacobian: &[f64], gamma: f64) -> bool {
        self.preconditioner.set_up(jacobian, gamma)
    }

    /// `b = (I − γJ)⁻¹ b` to a part of Newton's tolerance; false: it did not converge.
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
            shifted,
            du,
        } = self;
        preconditioner.apply(b);
        b.iter_mut().zip(at.weights).for_each(|(x, w)| *x *= w);
        let (before, root_n) = (norm(b), (b.len() as f64).sqrt());
        let tolerance = LINEAR_TOLERANCE * at.tolerance * root_n;
        if at.first && before <= tolerance {
            b.iter_mut().zip(at.weights).for_each(|(x, w)| *x /= w);
            return true;
        }
        // J·v by a difference quotient along a vector of weighted norm 1 [BH89].
        let quotient = at.gamma / root_n;
        let result = gmres.solve(b, tolerance, |v, out| {
            for (((s, v), w), y) in shifted.iter_mut().zip(v).zip(at.weights).zip(at.y) {
                *s = y + root_n * v / w;
            }
            equations.rhs(at.t, shifted, du);
            for ((((out, v), w), du), at_y) in
                out.iter_mut().zip(v).zip(at.weights).zip(&*du).zip(at.du)
            {
                *out = v / w - quotient * (du - at_y);
            }
            preconditioner.apply(out);
            out.iter_mut().zip(at.weights).for_each(|(x, w)| *x *= w);
        });
        counts.rhs += result.iterations as u64;
        counts.linear_iterations += result.iterations as u64;
        b.iter_mut().zip(at.weights).for_each(|(x, w)| *x /= w);
        result.residual <= tolerance || at.first && result.residual < before
    }
}
