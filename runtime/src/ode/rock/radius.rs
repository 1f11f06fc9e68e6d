//! Spectral radius of the Jacobian by a power iteration on differences of the right-hand side, kept up through a run.
//!
//! # References
//! - [SSV98] B. P. Sommeijer, L. F. Shampine, J. G. Verwer, *RKC: an explicit solver for parabolic PDEs*,
//!   J. Comput. Appl. Math. 88 (1998) 315–326, doi:10.1016/S0377-0427(97)00219-7.

use crate::linalg::vector::norm;
use crate::{problem::Problem, solution::Counts};

/// Factor on the estimate, which converges from below [SSV98, section 3].
const SAFETY: f64 = 1.2;
/// Relative change of the estimate that ends an iteration [SSV98, section 3].
const CONVERGED: f64 = 0.01;
/// Products of an iteration.
const MAX_ITERATIONS: u32 = 50;
/// Steps after which the estimate is renewed [SSV98, section 3].
const RENEW_AFTER: u32 = 25;

/// The estimate.
pub(super) struct Radius {
    estimate: f64,
    /// Steps that it may still serve.
    serves: u32,
    direction: Vec<f64>,
    shifted: Vec<f64>,
    f: Vec<f64>,
}

impl Radius {
    /// For `n` states.
    pub(super) fn new(n: usize) -> Self {
        Radius {
            estimate: 0.0,
            serves: 0,
            direction: without_structure(n),
            shifted: vec![0.0; n],
            f: vec![0.0; n],
        }
    }

    /// The radius, with some safety.
    pub(super) fn bound(&self) -> f64 {
        SAFETY * self.estimate
    }

    /// Before a try of a step: renews the estimate after a while, and when an earlier try failed. `at`: time, state, and `f` there.
    pub(super) fn update(
        &mut self,
        at: (f64, &[f64], &[f64]),
        tried: bool,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) {
        if self.serves == 0 || (tried && self.serves < RENEW_AFTER) {
            self.renew(at, problem, counts);
            self.serves = RENEW_AFTER;
        }
    }

    /// A step was accepted.
    pub(super) fn accepted(&mut self) {
        self.serves -= 1;
    }

    fn renew(
        &mut self,
        (t, u, f): (f64, &[f64], &[f64]),
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) {
        let size = f64::EPSILON.sqrt() * norm(u).max(f64::EPSILON.sqrt());
        for _ in 0..MAX_ITERATIONS {
            let length = norm(&self.direction);
            let scale = size / length;
            for ((shifted, u), direction) in self.shifted.iter_mut().zip(u).zip(&self.direction) {
                *shifted = u + scale * direction;
            }
            problem.equations.rhs(t, &self.shifted, &mut self.f);
            counts.rhs += 1;
            for ((direction, f_shifted), f) in self.direction.iter_mut().zip(&self.f).zip(f) {
                *direction = f_shifted - f;
            }
            let grown = norm(&self.direction) / size;
            if !(grown > 0.0 && grown.is_finite()) {
                self.direction = without_structure(u.len());
                return;
            }
            let before = self.estimate;
            self.estimate = grown;
            if (grown - before).abs() <= CONVERGED * grown {
                return;
            }
        }
    }
}

/// Any vector of which no part is small: multiples of the golden ratio, modulo 1.
fn without_structure(n: usize) -> Vec<f64> {
    (1..=n)
        .map(|i| (i as f64 * 0.618_033_988_749_894_9).fract() - 0.5)
        .collect()
}
