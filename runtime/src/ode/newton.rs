//! Newton's iteration for implicit formulas, with frozen matrices and control of the convergence rate.
//!
//! # References
//! - [HBGLSSW05] A. C. Hindmarsh, P. N. Brown, K. E. Grant, S. L. Lee, R. Serban, D. E. Shumaker, C. S. Woodward,
//!   *SUNDIALS: suite of nonlinear and differential/algebraic equation solvers*, ACM Trans. Math. Softw. 31 (2005)
//!   363–396, doi:10.1145/1089014.1089020.
//! - [BBH89] P. N. Brown, G. D. Byrne, A. C. Hindmarsh, *VODE: a variable-coefficient ODE solver*, SIAM J. Sci. Stat.
//!   Comput. 10 (1989) 1038–1051, doi:10.1137/0910062.

use super::newton_matrix::{NewtonMatrix, SingularMatrix, Tuning};
use crate::linalg::vector::weighted_rms;
use crate::problem::Equations;
use crate::solution::Counts;

/// Most iterations per attempt [BBH89].
const MAX_ITERATIONS: usize = 3;
/// The estimated rate of convergence falls at most by this factor per iteration [BBH89].
const RATE_DECREASE: f64 = 0.3;
/// Corrections that grow by this factor mean divergence [BBH89].
const DIVERGENCE: f64 = 2.0;
/// A bad convergence with `γ` this close to the last set-up is blamed on the Jacobian [BBH89].
const GAMMA_CHANGE_OF_JACOBIAN: f64 = 0.2;
/// Steps after which the matrix is set up again [BBH89].
const STEPS_PER_SETUP: u64 = 20;
/// Steps after which the Jacobian is evaluated again [BBH89].
const STEPS_PER_JACOBIAN: u64 = 51;

/// What the attempt before this one came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// It was a step.
    Step,
    /// The error was too large.
    ErrorTest,
    /// Newton's iteration did not converge.
    Convergence,
}

/// Why an iteration failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewtonFailure {
    /// No convergence, worst in this state.
    Diverged(usize),
    /// No usable factors of the matrix.
    Singular,
    /// The right-hand side is not finite in this state.
    NotFinite(usize),
}

/// The equation of one step: find `e` with `e + ψ = γ f(t, y₀ + e)`.
pub struct Stage<'a> {
    /// Time.
    pub t: f64,
    /// Prediction `y₀`.
    pub predicted: &'a [f64],
    /// `ψ`
    pub psi: &'a [f64],
    /// `γ`
    pub gamma: f64,
    /// Error weights.
    pub weights: Weights<'a>,
    /// Tolerance for the weighted norm of the error of `e`.
    pub tolerance: f64,
    /// Steps made so far.
    pub steps: u64,
    /// The attempt before.
    pub before: Before,
}

/// Where a linear system stands.
pub struct Linearisation<'a> {
    /// Time.
    pub t: f64,
    /// State.
    pub y: &'a [f64],
    /// `f(t, y)`
    pub du: &'a [f64],
    /// Current `γ`.
    pub gamma: f64,
    /// `γ` of the last set-up.
    pub gamma_at_setup: f64,
    /// Error weights.
    pub weights: Weights<'a>,
    /// Newton's tolerance.
    pub tolerance: f64,
    /// Whether it is the first of an iteration: then a residual that only shrank will do.
    pub first: bool,
}

/// The error allowed to each state, `rtol·|u| + atol`, and its inverse, in which errors are measured.
#[derive(Debug, Clone, Copy)]
pub struct Weights<'a> {
    /// The error allowed.
    pub scale: &'a [f64],
    /// Its inverse.
    pub inverse: &'a [f64],
}

/// Newton's iteration with its matrix.
pub struct Newton {
    matrix: NewtonMatrix,
    gamma_at_setup: f64,
    steps_at_setup: u64,
    steps_at_jacobian: u64,
    never_set_up: bool,
    rate: f64,
    residual: Vec<f64>,
    du: Vec<f64>,
}

impl Newton {
    /// Allocates.
    pub fn new(matrix: NewtonMatrix, n: usize) -> Self {
        Newton {
            matrix,
            gamma_at_setup: 1.0,
            steps_at_setup: 0,
            steps_at_jacobian: 0,
            never_set_up: true,
            rate: 1.0,
            residual: vec![0.0; n],
            du: vec![0.0; n],
        }
    }

    /// Name of the linear solver.
    pub fn name(&self) -> &'static str {
        self.matrix.name()
    }

    /// What suits its linear solver.
    pub fn tuning(&self) -> Tuning {
        self.matrix.tuning()
    }

    /// After trouble that the error estimates show: makes inexact corrections more exact.
    pub fn tighten(&mut self, equations: &dyn Equations) {
        self.matrix.tighten(equations);
    }

    /// Solves for the correction `e` and `y = y₀ + e`; `e` and `y` are of use only on success.
    ///
    /// # Errors
    /// No convergence with a fresh matrix.
    pub fn solve(
        &mut self,
        equations: &mut dyn Equations,
        stage: &Stage<'_>,
        e: &mut [f64],
        y: &mut [f64],
        counts: &mut Counts,
    ) -> Result<(), NewtonFailure> {
        let mut setup = self.never_set_up
            || stage.before != Before::Step
            || stage.steps - self.steps_at_setup >= STEPS_PER_SETUP
            || (stage.gamma / self.gamma_at_setup - 1.0).abs() > self.matrix.tuning().gamma_change;
        let mut fresh_jacobian = self.never_set_up
            || stage.before == Before::Convergence
            || stage.steps - self.steps_at_jacobian >= STEPS_PER_JACOBIAN;
        loop {
            e.fill(0.0);
            y.copy_from_slice(stage.predicted);
            self.evaluate(equations, stage.t, y, counts);
            let mut current = false;
            if setup {
                self.set_up(equations, stage, y, fresh_jacobian, counts)?;
                current = fresh_jacobian;
            }
            match self.iterate(equations, stage, e, y, counts) {
                Ok(()) => return Ok(()),
                Err(failure @ NewtonFailure::NotFinite(_)) => return Err(failure),
                Err(failure) if current => {
                    counts.newton_failures += 1;
                    self.matrix.tighten(equations);
                    return Err(failure);
                }
                Err(_) => {
                    let near =
                        (stage.gamma / self.gamma_at_setup - 1.0).abs() < GAMMA_CHANGE_OF_JACOBIAN;
                    fresh_jacobian = near;
                    setup = true;
                }
            }
        }
    }

    fn evaluate(&mut self, equations: &mut dyn Equations, t: f64, y: &[f64], counts: &mut Counts) {
        equations.rhs(t, y, &mut self.du);
        counts.rhs += 1;
    }

    fn set_up(
        &mut self,
        equations: &mut dyn Equations,
        stage: &Stage<'_>,
        y: &[f64],
        fresh: bool,
        counts: &mut Counts,
    ) -> Result<(), NewtonFailure> {
        if fresh {
            self.matrix.evaluate_jacobian(equations, stage.t, y, counts);
            self.steps_at_jacobian = stage.steps;
        }
        self.never_set_up = false;
        self.steps_at_setup = stage.steps;
        self.gamma_at_setup = stage.gamma;
        self.rate = 1.0;
        self.matrix
            .set_up(equations, stage.gamma, stage.weights, counts)
            .map_err(|SingularMatrix| NewtonFailure::Singular)
    }

    fn iterate(
        &mut self,
        equations: &mut dyn Equations,
        stage: &Stage<'_>,
        e: &mut [f64],
        y: &mut [f64],
        counts: &mut Counts,
    ) -> Result<(), NewtonFailure> {
        let mut previous = 0.0;
        for m in 0..MAX_ITERATIONS {
            for (((r, &du), &e), &psi) in self
                .residual
                .iter_mut()
                .zip(&self.du)
                .zip(&*e)
                .zip(stage.psi)
            {
                *r = stage.gamma * du - e - psi;
            }
            counts.newton_iterations += 1;
            let at = Linearisation {
                t: stage.t,
                y,
                du: &self.du,
                gamma: stage.gamma,
                gamma_at_setup: self.gamma_at_setup,
                weights: stage.weights,
                tolerance: stage.tolerance,
                first: m == 0,
            };
            let solved = self
                .matrix
                .solve(equations, &at, &mut self.residual, counts);
            let delta = weighted_rms(&self.residual, stage.weights.inverse);
            for (((y, e), &d), &p) in y
                .iter_mut()
                .zip(e.iter_mut())
                .zip(&self.residual)
                .zip(stage.predicted)
            {
                *e += d;
                *y = p + *e;
            }
            if !delta.is_finite() || !solved {
                return Err(self.failure(stage));
            }
            if m > 0 {
                self.rate = (RATE_DECREASE * self.rate).max(delta / previous);
            }
            if delta * self.rate.min(1.0) <= stage.tolerance {
                return Ok(());
            }
            if m > 0 && delta > DIVERGENCE * previous || m + 1 == MAX_ITERATIONS {
                break;
            }
            previous = delta;
            self.evaluate(equations, stage.t, y, counts);
        }
        Err(self.failure(stage))
    }

    fn failure(&self, stage: &Stage<'_>) -> NewtonFailure {
        match self.du.iter().position(|x| !x.is_finite()) {
            Some(state) => NewtonFailure::NotFinite(state),
            None => NewtonFailure::Diverged(worst(&self.residual, stage.weights.inverse)),
        }
    }
}

/// The state with the largest weighted part of `v`.
pub fn worst(v: &[f64], weights: &[f64]) -> usize {
    let mut worst = 0;
    let mut largest = -1.0;
    for (i, (v, w)) in v.iter().zip(weights).enumerate() {
        let size = (v * w).abs();
        if size > largest || size.is_nan() {
            (worst, largest) = (i, size);
        }
    }
    worst
}
