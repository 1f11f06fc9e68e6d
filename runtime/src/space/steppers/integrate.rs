//! The loop over the steps of split equations: targets, step sizes, limits, interruption. What it guarantees is said in [`super`].

use super::super::finite::all_modes_finite;
use super::combine::weighted_square;
use super::equations::SplitEquations;
use super::targets::{Targets, cut, fixed_step};
use crate::failure::Failure;
use crate::ode::control::{Controller, is_too_small};
use crate::solution::Counts;
use rustfft::num_complex::Complex;

/// An initial value problem of split equations with what the user asked of its solution.
pub struct SplitProblem<'a> {
    /// The equations.
    pub equations: &'a mut dyn SplitEquations,
    /// Start time.
    pub t0: f64,
    /// End time, not before the start.
    pub t_end: f64,
    /// Initial state in modes.
    pub u0: &'a [Complex<f64>],
    /// How steps are chosen.
    pub step: StepSize<'a>,
    /// Limit on steps.
    pub max_steps: u64,
    /// Times at which the solution is wanted, ascending; `None`: at every step.
    pub save_at: Option<&'a [f64]>,
    /// Asked between steps with the time reached; returning `true` stops the run.
    pub interrupt: &'a mut dyn FnMut(f64) -> bool,
}

/// How steps are chosen.
#[derive(Debug, Clone, Copy)]
pub enum StepSize<'a> {
    /// This one, and shorter ones only to end on a saved time.
    Fixed(f64),
    /// By the error estimated.
    Adaptive {
        /// Relative tolerance.
        rtol: f64,
        /// Absolute tolerance per field.
        atol: &'a [f64],
    },
}

/// Where a solver puts saved states: called with ascending times.
pub type SplitSink<'a> = dyn FnMut(f64, &[Complex<f64>]) + 'a;

/// The error allowed.
pub(super) struct Tolerances<'a> {
    rtol: f64,
    atol: &'a [f64],
    /// Per mode, twice each.
    weights: Vec<f64>,
}

/// A method with its state. Workspaces are allocated by its constructor.
pub(super) trait SplitStepper {
    /// Tries a step from `t` of size `h`; gives the norm of the error, 1 being just accepted. Without tolerances 0. Not a number when a
    /// value is not finite.
    fn attempt(
        &mut self,
        equations: &mut dyn SplitEquations,
        step: (f64, f64),
        tolerances: Option<&Tolerances<'_>>,
        counts: &mut Counts,
    ) -> f64;
    /// Takes the step that was tried.
    fn accept(&mut self);
    /// The state reached.
    fn u(&self) -> &[Complex<f64>];
    /// The same, to be corrected.
    fn u_mut(&mut self) -> &mut [Complex<f64>];
    /// `N` at the state reached.
    fn rate(
        &mut self,
        equations: &mut dyn SplitEquations,
        t: f64,
        counts: &mut Counts,
    ) -> &[Complex<f64>];
    /// State and error of the last step tried.
    fn tried(&self) -> (&[Complex<f64>], &[Complex<f64>]);
}

impl Tolerances<'_> {
    /// Of a field, its error against what is allowed.
    fn of_fields<'a>(
        &'a self,
        e: &'a [Complex<f64>],
        u: &'a [Complex<f64>],
        v: &'a [Complex<f64>],
    ) -> impl Iterator<Item = f64> + 'a {
        let n = self.weights.len() / 2;
        self.atol.iter().enumerate().map(move |(field, atol)| {
            let rms =
                |u: &[Complex<f64>]| weighted_square(&self.weights, &u[field * n..][..n]).sqrt();
            let (before, after) = (rms(u), rms(v));
            // Infinite values would allow any error.
            rms(e) / (atol + self.rtol * before.max(after)) + 0.0 * after
        })
    }

    /// Largest error of a field against what is allowed. Not a number when `e` or `v` holds a value that is not finite.
    pub(super) fn norm(&self, e: &[Complex<f64>], u: &[Complex<f64>], v: &[Complex<f64>]) -> f64 {
        // max would pass over what is not a number.
        self.of_fields(e, u, v).fold(
            0.0,
            |largest, error| if error <= largest { largest } else { error },
        )
    }
}

/// Attempts at one step before it is given up.
const MAX_ATTEMPTS: u32 = 60;
/// Share of the integral part in the PI controller, as for explicit Runge-Kutta methods: `N` is not stiff.
const PI_BETA: f64 = 0.4;
/// Rungs of the ladder of step sizes for each power of two. The step is on average 8 % shorter than it might be.
const RUNGS: f64 = 4.0;
/// A size this part below a rung counts as on it.
const SLACK: f64 = 1e-9;

/// Runs a method of this order to the end time; saved states go to `sink`. Gives the time reached.
pub(super) fn integrate(
    stepper: &mut dyn SplitStepper,
    orders: (u32, u32),
    problem: &mut SplitProblem<'_>,
    sink: &mut SplitSink<'_>,
    counts: &mut Counts,
) -> (f64, Result<(), Failure>) {
    let tolerances = match problem.step {
        StepSize::Fixed(_) => None,
        StepSize::Adaptive { rtol, atol } => Some(Tolerances {
            rtol,
            atol,
            weights: problem
                .equations
                .weights()
                .iter()
                .flat_map(|&w| [w; 2])
                .collect(),
        }),
    };
    let mut run = Run {
        stepper,
        tolerances,
        controller: Controller::new(orders.1 + 1, PI_BETA),
        t: problem.t0,
        h: 0.0,
        anchor: (problem.t0, 0),
    };
    let result = run.run(orders.0, problem, sink, counts);
    (run.t, result)
}

struct Run<'a> {
    stepper: &'a mut dyn SplitStepper,
    tolerances: Option<Tolerances<'a>>,
    controller: Controller,
    t: f64,
    /// The step to take where no target is near.
    h: f64,
    /// Fixed steps are counted from the last target, so that their rounding does not add up.
    anchor: (f64, u64),
}

impl Run<'_> {
    fn run(
        &mut self,
        order: u32,
        problem: &mut SplitProblem<'_>,
        sink: &mut SplitSink<'_>,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        if !all_modes_finite(self.stepper.u()) {
            return Err(self.not_finite(self.stepper.u()));
        }
        let mut targets = Targets::new(problem.save_at, problem.t0, problem.t_end);
        (0..targets.due(self.t)).for_each(|_| sink(self.t, self.stepper.u()));
        if self.t < problem.t_end {
            self.h = match problem.step {
                StepSize::Fixed(dt) => dt,
                StepSize::Adaptive { .. } => rung(self.first_step(order, problem, counts)),
            };
        }
        while self.t < problem.t_end {
            if (problem.interrupt)(self.t) {
                return Err(Failure::Interrupted { t: self.t });
            }
            self.advance(targets.next(), problem, counts)?;
            (0..targets.due(self.t)).for_each(|_| sink(self.t, self.stepper.u()));
        }
        Ok(())
    }

    /// One accepted step, not past the target.
    fn advance(
        &mut self,
        target: f64,
        problem: &mut SplitProblem<'_>,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        for _ in 0..MAX_ATTEMPTS {
            if counts.steps + counts.rejected >= problem.max_steps {
                let (t, h, steps) = (self.t, self.h, problem.max_steps);
                return Err(Failure::TooManySteps {
                    t,
                    h,
                    steps,
                    state: self.worst(),
                });
            }
            let (h, t) = match problem.step {
                StepSize::Fixed(dt) => fixed_step(self.t, self.anchor, dt, target),
                StepSize::Adaptive { .. } => cut(self.t, self.h, target),
            };
            if is_too_small(self.t, h) && t < target {
                break;
            }
            let error = self.stepper.attempt(
                problem.equations,
                (self.t, h),
                self.tolerances.as_ref(),
                counts,
            );
            if self.tolerances.is_some() {
                self.control(h, error, counts.steps == 0);
            } else if !error.is_finite() {
                return Err(self.not_finite(self.stepper.tried().0));
            }
            if error <= 1.0 {
                self.stepper.accept();
                problem.equations.make_real(self.stepper.u_mut());
                counts.steps += 1;
                self.t = t;
                self.anchor = if t == target {
                    (t, 0)
                } else {
                    (self.anchor.0, self.anchor.1 + 1)
                };
                return Ok(());
            }
            counts.rejected += 1;
        }
        let (u, e) = self.stepper.tried();
        if all_modes_finite(u) && all_modes_finite(e) {
            Err(Failure::StepTooSmall {
                t: self.t,
                h: self.h,
                state: self.worst(),
            })
        } else {
            Err(self.not_finite(u))
        }
    }

    /// The step after one of size `h` with this error.
    fn control(&mut self, h: f64, error: f64, is_first: bool) {
        let factor = self.controller.factor(error);
        // At the start the size of the step is a guess, and the order is not seen yet.
        let factor = if is_first && error > 1.0 {
            factor * factor
        } else {
            factor
        };
        let next = rung(h * factor);
        let shortened = h < self.h;
        // A step that a target made short says nothing against the step before it.
        if error > 1.0 || !error.is_finite() || !shortened || next > self.h {
            self.h = next;
        }
    }

    /// First step by the sizes of the state and of `N` [HNW93, II.4, "Starting step size"], whose numbers these are; `L` is no matter.
    fn first_step(
        &mut self,
        order: u32,
        problem: &mut SplitProblem<'_>,
        counts: &mut Counts,
    ) -> f64 {
        let interval = problem.t_end - self.t;
        let tolerances = self.tolerances.as_ref().expect("adaptive");
        let size = tolerances.norm(self.stepper.u(), self.stepper.u(), self.stepper.u());
        let u = self.stepper.u().to_vec();
        let rate = self.stepper.rate(problem.equations, self.t, counts);
        let rate = tolerances.norm(rate, &u, &u);
        let guess = 0.01 * size / rate;
        let bound = (0.01 / rate).powf(1.0 / f64::from(order + 1));
        let h = (100.0 * guess).min(bound).min(interval);
        // Where N is zero, L alone is solved exactly; where the state is zero, the bound holds.
        if h > 0.0 && h.is_finite() {
            h
        } else {
            bound.min(interval)
        }
    }

    fn not_finite(&self, u: &[Complex<f64>]) -> Failure {
        let state = u.iter().position(|x| !x.is_finite()).unwrap_or(0);
        Failure::NotFinite {
            t: self.t,
            h: self.h,
            state,
        }
    }

    /// The mode with the largest part in the error, of the field that fails most.
    fn worst(&self) -> usize {
        let Some(tolerances) = &self.tolerances else {
            return 0;
        };
        let (u, e) = self.stepper.tried();
        let n = tolerances.weights.len() / 2;
        let largest = |values: &mut dyn Iterator<Item = f64>| {
            values
                .enumerate()
                .fold(
                    (0, 0.0),
                    |best, (i, value)| if value > best.1 { (i, value) } else { best },
                )
                .0
        };
        let field = largest(&mut tolerances.of_fields(e, self.stepper.u(), u));
        let parts = e[field * n..][..n]
            .iter()
            .zip(tolerances.weights.iter().step_by(2));
        field * n + largest(&mut parts.map(|(e, weight)| weight * e.norm_sqr()))
    }
}

/// The largest rung of the ladder that is not above `h`.
fn rung(h: f64) -> f64 {
    ((h.log2() * RUNGS + SLACK).floor() / RUNGS).exp2()
}
