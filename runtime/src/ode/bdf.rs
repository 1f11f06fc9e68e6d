//! Backward differentiation formulas of variable order (1 to 5) and step in fixed-leading-coefficient form.
//!
//! # References
//! - [BBH89] P. N. Brown, G. D. Byrne, A. C. Hindmarsh, *VODE: a variable-coefficient ODE solver*, SIAM J. Sci. Stat.
//!   Comput. 10 (1989) 1038–1051, doi:10.1137/0910062.
//! - [JSD80] K. R. Jackson, R. Sacks-Davis, *An alternative implementation of variable step-size multistep formulas for
//!   stiff ODEs*, ACM Trans. Math. Softw. 6 (1980) 295–318, doi:10.1145/355900.355903.
//! - [HBGLSSW05] A. C. Hindmarsh et al., *SUNDIALS: suite of nonlinear and differential/algebraic equation solvers*,
//!   ACM Trans. Math. Softw. 31 (2005) 363–396, doi:10.1145/1089014.1089020.

use super::bdf_coefficients::{Coefficients, decrease, increase};
use super::control::first_step;
use super::newton::{Before, Newton, NewtonFailure, Stage, Weights, worst};
use super::newton_matrix::{LinearSolver, NewtonMatrix, Tuning};
pub use super::nordsieck::MAX_ORDER;
use super::nordsieck::Nordsieck;
use super::stepper::{Start, Stepper};
use crate::failure::Failure;
use crate::linalg::vector::{weighted_max, weighted_rms};
use crate::problem::Problem;
use crate::solution::Counts;

/// Part of the largest component's error that counts beside the root mean square, which lets one of thousands of components
/// exceed its tolerance `√n` times: with this, ten times.
const LARGEST_COMPONENT: f64 = 0.1;
/// Step changes below this factor are not worth a new matrix. [BBH89] has 1.5; with 1.2 the steps of BCR, egfr_net and
/// fceri_gamma2 fell by 30, 20 and 60 %, the factorizations by 10 %: errors of inexact corrections otherwise keep small steps small.
const SMALLEST_GROWTH: f64 = 1.2;
/// Growth allowed after the first step, in the first steps, and later [HBGLSSW05].
const LARGEST_GROWTH: [f64; 3] = [1e4, 10.0, 10.0];
/// Steps that count as first [HBGLSSW05].
const FIRST_STEPS: u64 = 10;
/// Smallest factor after an error test failure, and largest after repeated ones [BBH89].
const SHRINK: [f64; 2] = [0.1, 0.2];
/// Factor after a failure of Newton's iteration [BBH89].
const SHRINK_NEWTON: f64 = 0.25;
/// Keeps the step factors finite [BBH89].
const ADD_ON: f64 = 1e-6;
/// Error test failures after which the order falls [BBH89].
const FAILURES_TO_LOWER: u32 = 3;
/// Error test failures in a row that do not come from the step size but from inexact corrections before.
const FAILURES_TO_TIGHTEN: u32 = 2;
/// Error test failures that end the run. [BBH89] has 7; twice as many let a run with inexact corrections come back to the
/// scale of its fastest modes and go on.
const MAX_ERROR_FAILURES: u32 = 15;
/// Newton failures that end the run [BBH89].
const MAX_NEWTON_FAILURES: u32 = 10;
/// Steps at constant order after a restart at order 1 [BBH89].
const LONG_WAIT: u32 = 10;

/// The method with its state.
pub struct Bdf {
    newton: Newton,
    tuning: Tuning,
    z: Nordsieck,
    /// The polynomial is expanded at this time.
    t: f64,
    order: usize,
    /// Step for which the array is scaled.
    h: f64,
    /// Factor for the next step, and its order.
    eta: f64,
    next_order: usize,
    /// Largest factor for the next step.
    eta_max: f64,
    /// Steps until the order may change.
    wait: u32,
    /// `tau[i]`: the i-th last step; tau[1] is the last.
    tau: [f64; MAX_ORDER + 2],
    coefficients: Coefficients,
    /// The correction of the step before the last, kept for an order increase, with its `tq[5]`.
    kept: Vec<f64>,
    kept_tq5: f64,
    steps: u64,
    e: Vec<f64>,
    y: Vec<f64>,
    psi: Vec<f64>,
    scale: Vec<f64>,
    weights: Vec<f64>,
    last_h: f64,
    last_order: usize,
    max_order: usize,
}
impl Bdf {
    /// Allocates and evaluates the start; orders up to `max_order`.
    pub fn new(
        problem: &mut Problem<'_>,
        start: Start<'_>,
        solver: LinearSolver,
        max_order: usize,
        counts: &mut Counts,
    ) -> Self {
        let n = start.u.len();
        let newton = Newton::new(NewtonMatrix::new(problem, start.u, solver), n);
        let mut z = Nordsieck::new(n);
        z.row_mut(0).copy_from_slice(start.u);
        problem.equations.rhs(start.t, start.u, z.row_mut(1));
        counts.rhs += 1;
        let (mut scale, mut weights) = (vec![0.0; n], vec![0.0; n]);
        set_weights(&mut scale, &mut weights, problem, start.u);
        let (mut e, mut psi) = (vec![0.0; n], vec![0.0; n]);
        let h = start.h.unwrap_or_else(|| {
            let at_start = (start.t, start.u, z.row(1));
            first_step(problem, at_start, 1, (&mut e, &mut psi), counts)
        });
        let h = h.min(problem.t_end - start.t);
        z.row_mut(1).iter_mut().for_each(|x| *x *= h);
        Bdf {
            tuning: newton.tuning(),
            newton,
            t: start.t,
            z,
            order: 1,
            h,
            eta: 1.0,
            next_order: 1,
            eta_max: LARGEST_GROWTH[0],
            wait: 2,
            tau: [h; MAX_ORDER + 2],
            coefficients: Coefficients::default(),
            kept: vec![0.0; n],
            kept_tq5: 0.0,
            steps: 0,
            e,
            y: start.u.to_vec(),
            psi,
            scale,
            weights,
            last_h: h,
            last_order: 1,
            max_order,
        }
    }

    fn change_order(&mut self, order: usize) {
        if order == self.order {
            return;
        }
        if order > self.order {
            increase(&mut self.z, &self.kept, self.order, self.h, &self.tau);
        } else if self.order > 2 {
            decrease(&mut self.z, self.order, self.h, &self.tau);
        }
        self.order = order;
        self.wait = order as u32 + 1;
    }

    fn rescale(&mut self, eta: f64) {
        if eta != 1.0 {
            self.z.rescale(self.order, eta);
            self.h *= eta;
        }
    }

    /// Never steps past the end; hits it exactly.
    fn fit_to_end(&mut self, t_end: f64) {
        let h = self.h * self.eta;
        if self.t + h * (1.0 + 1e-10) >= t_end || self.t + h == self.t {
            self.eta = (t_end - self.t) / self.h;
        }
    }

    /// One attempt at a step.
    fn attempt(
        &mut self,
        problem: &mut Problem<'_>,
        before: Before,
        t: f64,
        counts: &mut Counts,
    ) -> Result<f64, NewtonFailure> {
        self.z.predict(self.order);
        self.coefficients = Coefficients::new(self.order, self.h, &self.tau, self.wait == 1);
        let gamma = self.h / self.coefficients.l[1];
        let factor = 1.0 / self.coefficients.l[1];
        for (psi, z) in self.psi.iter_mut().zip(self.z.row(1)) {
            *psi = factor * z;
        }
        let stage = Stage {
            t,
            predicted: self.z.row(0),
            psi: &self.psi,
            gamma,
            weights: Weights {
                scale: &self.scale,
                inverse: &self.weights,
            },
            tolerance: self.tuning.newton_tolerance / self.coefficients.tq[2],
            steps: self.steps,
            before,
        };
        let norm = self
            .newton
            .solve(problem.equations, &stage, &mut self.e, &mut self.y, counts);
        norm.map(|()| error_norm(&self.e, &self.weights) * self.coefficients.tq[2])
    }

    /// After `failures` failed error tests, of which the last had the error `dsm`.
    fn retry_smaller(
        &mut self,
        problem: &mut Problem<'_>,
        failures: u32,
        dsm: f64,
        counts: &mut Counts,
    ) {
        self.eta_max = 1.0;
        if failures <= FAILURES_TO_LOWER {
            let mut eta = factor(self.tuning.bias[1], dsm, self.order + 1).max(SHRINK[0]);
            if failures >= 2 {
                eta = eta.min(SHRINK[1]);
            }
            self.rescale(eta);
        } else if self.order > 1 {
            self.change_order(self.order - 1);
            self.rescale(SHRINK[0]);
        } else {
            self.h *= SHRINK[0];
            self.wait = LONG_WAIT;
            let (h, t) = (self.h, self.t);
            self.e.copy_from_slice(self.z.row(0));
            problem.equations.rhs(t, &self.e, self.z.row_mut(1));
            counts.rhs += 1;
            self.z.row_mut(1).iter_mut().for_each(|x| *x *= h);
        }
    }

    /// What ends the run: trouble of Newton's iteration, else of the error test.
    fn failure(&self, trouble: Option<NewtonFailure>) -> Failure {
        let (t, h) = (self.t, self.h);
        let state = worst(&self.e, &self.weights);
        match trouble {
            None => Failure::StepTooSmall { t, h, state },
            Some(NewtonFailure::Singular) => Failure::NewtonDiverged { t, h, state },
            Some(NewtonFailure::Diverged(state)) => Failure::NewtonDiverged { t, h, state },
            Some(NewtonFailure::NotFinite(state)) => Failure::NotFinite { t, h, state },
        }
    }

    fn accept(&mut self, t: f64) {
        self.steps += 1;
        self.t = t;
        for i in (2..=self.order).rev() {
            self.tau[i] = self.tau[i - 1];
        }
        if self.order == 1 && self.steps > 1 {
            self.tau[2] = self.tau[1];
        }
        self.tau[1] = self.h;
        self.z.correct(self.order, &self.coefficients.l, &self.e);
        self.last_h = self.h;
        self.last_order = self.order;
        self.wait = self.wait.saturating_sub(1);
    }

    /// Chooses order and size of the next step [BBH89, 2.4].
    fn plan(&mut self, dsm: f64) {
        let order = self.order;
        self.next_order = order;
        if self.eta_max == 1.0 {
            self.wait = self.wait.max(2);
            self.eta = 1.0;
        } else {
            let same = factor(self.tuning.bias[1], dsm, order + 1);
            self.eta = same;
            if self.wait == 0 {
                self.wait = 2;
                let lower = self.factor_lower();
                let higher = self.factor_higher();
                let best = lower.max(same).max(higher);
                self.eta = best;
                if best < SMALLEST_GROWTH {
                    self.eta = 1.0;
                } else if best != same {
                    self.next_order = if best == lower { order - 1 } else { order + 1 };
                }
            }
            self.eta = if self.eta < SMALLEST_GROWTH {
                1.0
            } else {
                self.eta.min(self.eta_max)
            };
        }
        if self.wait == 1 && order < self.max_order || self.next_order > order {
            self.kept.copy_from_slice(&self.e);
            self.kept_tq5 = self.coefficients.tq[5];
        }
        self.eta_max = LARGEST_GROWTH[if self.steps <= FIRST_STEPS { 1 } else { 2 }];
    }

    fn factor_lower(&self) -> f64 {
        if self.order == 1 {
            return 0.0;
        }
        let error = error_norm(self.z.row(self.order), &self.weights) * self.coefficients.tq[1];
        factor(self.tuning.bias[0], error, self.order)
    }

    fn factor_higher(&mut self) -> f64 {
        if self.order == self.max_order || self.kept_tq5 == 0.0 {
            return 0.0;
        }
        let ratio = self.h / self.tau[2];
        let c = self.coefficients.tq[5] / self.kept_tq5 * ratio.powi(self.order as i32 + 1);
        for ((psi, e), kept) in self.psi.iter_mut().zip(&self.e).zip(&self.kept) {
            *psi = e - c * kept;
        }
        let error = error_norm(&self.psi, &self.weights) * self.coefficients.tq[3];
        factor(self.tuning.bias[2], error, self.order + 2)
    }
}

impl Stepper for Bdf {
    fn name(&self) -> String {
        format!("BDF, {}", self.newton.name())
    }

    fn advance(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure> {
        if self.steps > 0 {
            set_weights(&mut self.scale, &mut self.weights, problem, self.z.row(0));
        }
        self.fit_to_end(problem.t_end);
        self.change_order(self.next_order);
        self.rescale(self.eta);
        let (mut before, mut errors, mut divergences) = (Before::Step, 0, 0);
        let mut trouble = None;
        loop {
            let last = self.t + self.h * (1.0 + 1e-10) >= problem.t_end;
            let t = if last { problem.t_end } else { self.t + self.h };
            if t == self.t {
                return Err(self.failure(trouble));
            }
            match self.attempt(problem, before, t, counts) {
                Ok(dsm) if dsm <= 1.0 => {
                    self.accept(t);
                    self.plan(dsm);
                    counts.steps += 1;
                    return Ok(());
                }
                Ok(dsm) => {
                    self.z.restore(self.order);
                    counts.rejected += 1;
                    errors += 1;
                    before = Before::ErrorTest;
                    trouble = None;
                    if errors == MAX_ERROR_FAILURES {
                        return Err(self.failure(trouble));
                    }
                    if errors == FAILURES_TO_TIGHTEN {
                        self.newton.tighten(problem.equations);
                    }
                    self.retry_smaller(problem, errors, dsm, counts);
                }
                Err(failure) => {
                    self.z.restore(self.order);
                    divergences += 1;
                    before = Before::Convergence;
                    trouble = Some(failure);
                    self.eta_max = 1.0;
                    if divergences == MAX_NEWTON_FAILURES {
                        return Err(self.failure(trouble));
                    }
                    self.rescale(SHRINK_NEWTON);
                }
            }
        }
    }

    fn t(&self) -> f64 {
        self.t
    }

    fn u(&self) -> &[f64] {
        self.z.row(0)
    }

    fn interpolate(&self, t: f64, out: &mut [f64]) {
        self.z
            .evaluate(self.last_order, (t - self.t) / self.last_h, out);
    }

    fn last_step(&self) -> f64 {
        self.last_h
    }

    fn worst_component(&self, _problem: &Problem<'_>) -> usize {
        worst(&self.e, &self.weights)
    }
}

/// Root mean square or a part of the largest component, whatever is more.
fn error_norm(v: &[f64], weights: &[f64]) -> f64 {
    weighted_rms(v, weights).max(LARGEST_COMPONENT * weighted_max(v, weights))
}

/// By what the step may change for an error of one part in `bias` [BBH89].
fn factor(bias: f64, error: f64, power: usize) -> f64 {
    1.0 / ((bias * error).powf(1.0 / power as f64) + ADD_ON)
}

fn set_weights(scale: &mut [f64], weights: &mut [f64], problem: &Problem<'_>, u: &[f64]) {
    for (((s, w), u), atol) in scale.iter_mut().zip(weights).zip(u).zip(problem.atol) {
        *s = problem.rtol * u.abs() + atol;
        *w = 1.0 / *s;
    }
}

#[cfg(test)]
mod tests;
