//! What all one-step methods do alike: try, measure the error, accept or repeat with a smaller step.

use super::control::{self, Controller};
use super::stepper::{Start, Stepper};
use crate::{failure::Failure, problem::Problem, solution::Counts};

/// A method that makes a step from nothing but the state at its beginning.
pub trait Formula {
    /// Name in the literature.
    fn name(&self) -> &'static str;
    /// Evaluates what all attempts from `step.t_old`, `step.u_old` share; says which component is not finite.
    fn begin(
        &mut self,
        step: &Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) -> Result<(), usize>;
    /// Tries `step.h`: fills `step.u_new` and `step.error`. False: the step is too large for the formula.
    fn attempt(&mut self, step: &mut Step, problem: &mut Problem<'_>, counts: &mut Counts) -> bool;
    /// The step was accepted.
    fn accepted(&mut self) {}
    /// Values of the Jacobian at the beginning of the step, if it evaluates them.
    fn jacobian(&self) -> Option<&[f64]> {
        None
    }
    /// Evaluates what only dense output needs.
    fn prepare_dense(&mut self, step: &Step, problem: &mut Problem<'_>, counts: &mut Counts);
    /// The state at `t_old + theta·h`.
    fn interpolate(&self, step: &Step, theta: f64, out: &mut [f64]);
}

/// A step: the last one accepted, or the one being tried.
pub struct Step {
    /// Time at the beginning.
    pub t_old: f64,
    /// State at the beginning.
    pub u_old: Vec<f64>,
    /// Size.
    pub h: f64,
    /// State at the end.
    pub u_new: Vec<f64>,
    /// Estimate of the local error.
    pub error: Vec<f64>,
}

/// A one-step method under error control.
pub struct OneStep<F> {
    /// The formula.
    pub formula: F,
    step: Step,
    /// Time reached; `step.u_new` is the state reached, except during [`Stepper::advance`].
    t: f64,
    h_next: f64,
    controller: Controller,
}

/// Attempts at one step before it is given up.
const MAX_ATTEMPTS: u32 = 60;

impl<F: Formula> OneStep<F> {
    /// Begins at `start`; its first step must be known.
    pub fn new(formula: F, start: Start<'_>, h: f64, controller: Controller) -> Self {
        let step = Step {
            t_old: start.t,
            u_old: start.u.to_vec(),
            h,
            u_new: start.u.to_vec(),
            error: vec![0.0; start.u.len()],
        };
        Self {
            formula,
            step,
            t: start.t,
            h_next: h,
            controller,
        }
    }

    fn attempts(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure> {
        for _ in 0..MAX_ATTEMPTS {
            let (h, t) = control::cut_at_end(self.t, self.h_next, problem.t_end);
            if control::is_too_small(self.t, h) && t < problem.t_end {
                break;
            }
            self.step.h = h;
            let possible = self.formula.attempt(&mut self.step, problem, counts);
            let error = if possible {
                self.error_norm(problem)
            } else {
                f64::INFINITY
            };
            self.h_next = h * self.controller.factor(error);
            if error <= 1.0 {
                self.t = t;
                counts.steps += 1;
                self.formula.accepted();
                return Ok(());
            }
            counts.rejected += 1;
        }
        Err(self.failure(problem))
    }

    fn error_norm(&self, problem: &Problem<'_>) -> f64 {
        let Step {
            error,
            u_old,
            u_new,
            ..
        } = &self.step;
        control::error_norm(error, u_old, u_new, problem.atol, problem.rtol)
    }

    fn failure(&self, problem: &Problem<'_>) -> Failure {
        let (t, h, state) = (self.t, self.step.h, self.worst_component(problem));
        if self.step.error[state].is_finite() && self.step.u_new[state].is_finite() {
            Failure::StepTooSmall { t, h, state }
        } else {
            Failure::NotFinite { t, h, state }
        }
    }
}

impl<F: Formula> Stepper for OneStep<F> {
    fn name(&self) -> String {
        self.formula.name().to_owned()
    }

    fn advance(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure> {
        self.step.t_old = self.t;
        self.step.u_old.copy_from_slice(&self.step.u_new);
        let begun = self.formula.begin(&self.step, problem, counts);
        let not_finite = |state| Failure::NotFinite {
            t: self.t,
            h: self.h_next,
            state,
        };
        let result = begun
            .map_err(not_finite)
            .and_then(|()| self.attempts(problem, counts));
        if result.is_err() {
            self.step.u_new.copy_from_slice(&self.step.u_old);
        }
        result
    }

    fn t(&self) -> f64 {
        self.t
    }

    fn u(&self) -> &[f64] {
        &self.step.u_new
    }

    fn prepare_dense(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) {
        self.formula.prepare_dense(&self.step, problem, counts);
    }

    fn interpolate(&self, t: f64, out: &mut [f64]) {
        let theta = (t - self.step.t_old) / self.step.h;
        self.formula.interpolate(&self.step, theta, out);
    }

    fn last_step(&self) -> f64 {
        self.step.h
    }

    fn jacobian(&self) -> Option<&[f64]> {
        self.formula.jacobian()
    }

    fn worst_component(&self, problem: &Problem<'_>) -> usize {
        let Step {
            error,
            u_old,
            u_new,
            ..
        } = &self.step;
        control::worst_component(error, u_old, u_new, problem.atol, problem.rtol)
    }
}
