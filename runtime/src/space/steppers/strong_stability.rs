//! Explicit methods that preserve strong stability: every stage is a convex combination of steps of Euler's method, so that what
//! holds for those (no new extrema, positive densities) holds for the method, as long as the step keeps to the bound the equations give.
//!
//! # References
//! - [SO88] C.-W. Shu, S. Osher, *Efficient implementation of essentially non-oscillatory shock-capturing schemes*, J. Comput. Phys. 77
//!   (1988) 439–471, doi:10.1016/0021-9991(88)90177-5.
//! - [GKS11] S. Gottlieb, D. I. Ketcheson, C.-W. Shu, *Strong Stability Preserving Runge–Kutta and Multistep Time Discretizations*,
//!   World Scientific 2011, doi:10.1142/7498.

use super::super::finite::all_finite;
use super::targets::{Targets, cut, fixed_step};
use crate::failure::Failure;
use crate::ode::control::is_too_small;
use crate::problem::Sink;
use crate::solution::{Counts, Outcome};

/// `du/dt = f(t, u)` at nodes or cells, with the largest step for which a step of Euler's method is stable.
pub trait BoundedEquations {
    /// Length of `u`.
    fn n_states(&self) -> usize;
    /// `du = f(t, u)`
    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]);
    /// `out` becomes the stage from `u`; gives whether all its values are finite.
    fn stage(&mut self, t: f64, u: &[f64], stage: Stage<'_>, out: &mut [f64]) -> bool {
        self.rhs(t, u, out);
        stage.update(u, out);
        out.iter().all(|value| value.is_finite())
    }
    /// The largest stable step of Euler's method at this state; infinite where any is.
    fn largest_step(&mut self, t: f64, u: &[f64]) -> f64;
    /// The component that bounds it.
    fn limiting_state(&mut self, t: f64, u: &[f64]) -> usize;
}

/// What a stage makes of a state `u`: `keep·start + (1 − keep)·(u + step·f(t, u))`.
#[derive(Debug, Clone, Copy)]
pub struct Stage<'a> {
    /// The state at the start of the step.
    pub start: &'a [f64],
    /// Its weight.
    pub keep: f64,
    /// The step of Euler's method.
    pub step: f64,
}

impl Stage<'_> {
    /// Of the first components: `out` holds their rates, then the stage.
    pub fn update(&self, u: &[f64], out: &mut [f64]) {
        for ((out, u), start) in out.iter_mut().zip(u).zip(self.start) {
            let moved = u + self.step * *out;
            *out = moved + self.keep * (start - moved);
        }
    }
}

/// An initial value problem of such equations.
pub struct BoundedProblem<'a> {
    /// The equations.
    pub equations: &'a mut dyn BoundedEquations,
    /// Start time.
    pub t0: f64,
    /// End time, not before the start.
    pub t_end: f64,
    /// Initial state.
    pub u0: &'a [f64],
    /// How steps are chosen.
    pub step: BoundedStep,
    /// Limit on steps.
    pub max_steps: u64,
    /// Times at which the solution is wanted, ascending; `None`: at every step.
    pub save_at: Option<&'a [f64]>,
    /// Asked between steps with the time reached; returning `true` stops the run.
    pub interrupt: &'a mut dyn FnMut(f64) -> bool,
}

/// How steps are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BoundedStep {
    /// This one, and shorter ones only to end on a saved time; refused where it is too long.
    Fixed(f64),
    /// This part (at most 1) of the largest step that the method allows.
    Courant(f64),
}

/// A method: stages `u_i = keep_i u_0 + (1 − keep_i)(u_(i−1) + step_i h f(u_(i−1)))` [SO88].
#[derive(Debug)]
pub struct StrongStability {
    /// Name in the literature.
    pub name: &'static str,
    /// Order.
    pub order: u32,
    /// One line.
    pub about: &'static str,
    /// The paper, in short.
    pub reference: &'static str,
    /// Its largest step in units of that of Euler's method.
    pub coefficient: f64,
    /// Time, weight of the start, and step of each stage.
    stages: &'static [(f64, f64, f64)],
}

/// All methods.
pub const STRONG_STABILITY: &[StrongStability] = &[
    StrongStability {
        name: "Euler",
        order: 1,
        about: "explicit method of Euler, one evaluation per step",
        reference: "Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I (1993), I.7",
        coefficient: 1.0,
        stages: &[(0.0, 0.0, 1.0)],
    },
    StrongStability {
        name: "SSPRK3",
        order: 3,
        about: "strong stability preserving method of order 3 in three stages",
        reference: "Shu, Osher, J. Comput. Phys. 77 (1988) 439",
        coefficient: 1.0,
        stages: &[(0.0, 0.0, 1.0), (1.0, 0.75, 1.0), (0.5, 1.0 / 3.0, 1.0)],
    },
    StrongStability {
        name: "SSPRK43",
        order: 3,
        about: "strong stability preserving method of order 3 in four stages with twice the step",
        reference: "Gottlieb, Ketcheson, Shu, Strong Stability Preserving Time Discretizations (2011)",
        coefficient: 2.0,
        stages: &[
            (0.0, 0.0, 0.5),
            (0.5, 0.0, 0.5),
            (1.0, 2.0 / 3.0, 0.5),
            (0.5, 0.0, 0.5),
        ],
    },
];

/// Solves with the method of this name; `None`: there is none. Saved and end times are hit exactly; a run that fails ends on the last
/// good state.
pub fn solve_bounded(
    method: &str,
    problem: &mut BoundedProblem<'_>,
    sink: &mut Sink<'_>,
) -> Option<Outcome> {
    let method = STRONG_STABILITY
        .iter()
        .find(|row| row.name.eq_ignore_ascii_case(method))?;
    let zeros = || vec![0.0; problem.u0.len()];
    let mut run = Run {
        method,
        t: problem.t0,
        u: problem.u0.to_vec(),
        stage: zeros(),
        next: zeros(),
        anchor: (problem.t0, 0),
    };
    let mut counts = Counts::default();
    let result = run.run(problem, sink, &mut counts);
    Some(Outcome {
        method: method.name.to_owned(),
        reason: String::new(),
        counts,
        t: run.t,
        u: run.u,
        failure: result.err(),
    })
}

struct Run {
    method: &'static StrongStability,
    t: f64,
    u: Vec<f64>,
    /// The last stage.
    stage: Vec<f64>,
    /// The one after it.
    next: Vec<f64>,
    /// Fixed steps are counted from the last target.
    anchor: (f64, u64),
}

impl Run {
    fn run(
        &mut self,
        problem: &mut BoundedProblem<'_>,
        sink: &mut Sink<'_>,
        counts: &mut Counts,
    ) -> Result<(), Failure> {
        if !all_finite(&self.u) {
            return Err(self.not_finite(&self.u, 0.0));
        }
        let mut targets = Targets::new(problem.save_at, problem.t0, problem.t_end);
        (0..targets.due(self.t)).for_each(|_| sink(self.t, &self.u));
        while self.t < problem.t_end {
            if (problem.interrupt)(self.t) {
                return Err(Failure::Interrupted { t: self.t });
            }
            let target = targets.next();
            let (h, t) = self.step_size(target, problem)?;
            if counts.steps >= problem.max_steps {
                return Err(Failure::TooManySteps {
                    t: self.t,
                    h,
                    steps: problem.max_steps,
                    state: 0,
                });
            }
            if !self.step(h, problem.equations, counts) {
                return Err(self.not_finite(&self.stage, h));
            }
            std::mem::swap(&mut self.u, &mut self.stage);
            counts.steps += 1;
            self.t = t;
            self.anchor = if t == target {
                (t, 0)
            } else {
                (self.anchor.0, self.anchor.1 + 1)
            };
            (0..targets.due(t)).for_each(|_| sink(t, &self.u));
        }
        Ok(())
    }

    /// The step to take, and the time it leads to.
    fn step_size(
        &self,
        target: f64,
        problem: &mut BoundedProblem<'_>,
    ) -> Result<(f64, f64), Failure> {
        let largest = self.method.coefficient * problem.equations.largest_step(self.t, &self.u);
        let (h, t) = match problem.step {
            BoundedStep::Fixed(dt) => fixed_step(self.t, self.anchor, dt, target),
            BoundedStep::Courant(part) => cut(self.t, part * largest, target),
        };
        if h > largest * (1.0 + ROUNDING) {
            return Err(Failure::StepTooLong {
                t: self.t,
                h,
                largest,
                state: problem.equations.limiting_state(self.t, &self.u),
            });
        }
        if h.is_nan() || (is_too_small(self.t, h) && t < target) {
            return Err(Failure::StepTooSmall {
                t: self.t,
                h,
                state: 0,
            });
        }
        Ok((h, t))
    }

    /// Leaves the state after a step `h` in `stage`; gives whether all its values are finite.
    fn step(&mut self, h: f64, equations: &mut dyn BoundedEquations, counts: &mut Counts) -> bool {
        let mut is_finite = true;
        for (i, &(c, keep, step)) in self.method.stages.iter().enumerate() {
            let before = if i == 0 { &self.u } else { &self.stage };
            let stage = Stage {
                start: &self.u,
                keep,
                step: step * h,
            };
            is_finite = equations.stage(self.t + c * h, before, stage, &mut self.next);
            counts.rhs += 1;
            std::mem::swap(&mut self.stage, &mut self.next);
        }
        is_finite
    }

    fn not_finite(&self, u: &[f64], h: f64) -> Failure {
        let state = u.iter().position(|value| !value.is_finite());
        Failure::NotFinite {
            t: self.t,
            h,
            state: state.unwrap_or(0),
        }
    }
}

/// A step that is longer than the largest by rounding only is not refused.
const ROUNDING: f64 = 1e-12;
