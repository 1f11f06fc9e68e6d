//! Rosenbrock-Wanner methods: linearly implicit, one factorization of `I - hγJ` per step, no Newton iteration.
//!
//! Linear invariants `wᵀu` of the equations are kept to rounding: `wᵀf = 0` and `wᵀJ = 0` give `wᵀU_i = 0` for every stage.
//!
//! # References
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996, IV.7.

use super::combination::Combination;
use super::control::{self, Controller, MAX_REJECTIONS};
use super::stepper::{Start, Stepper};
use super::tableau::rosenbrock::Rosenbrock;
use crate::{failure::Failure, linalg::direct::Direct, problem::Problem, solution::Counts};

/// Share of the integral part in the step controller: none. On the stiff reference problems every share costs steps
/// (`benches/work_precision.rs`).
const PI_BETA: f64 = 0.0;
/// Up to this many states dense factors, with their unrolled loops, are faster than sparse ones.
const LARGEST_DENSE: usize = 8;

/// A Rosenbrock method with its state.
pub struct RosenbrockStepper {
    tableau: &'static Rosenbrock,
    rows: Rows,
    controller: Controller,
    factors: Direct,
    /// Ends of the last step and its size; `h_next` is what the controller proposes.
    t_old: f64,
    t: f64,
    h: f64,
    h_next: f64,
    u_old: Vec<f64>,
    u: Vec<f64>,
    /// Result of the step being tried, swapped with `u` when accepted.
    trial: Vec<f64>,
    /// `f(t_old, u_old)`
    f: Vec<f64>,
    /// `f` at a stage.
    f_stage: Vec<f64>,
    /// Values of the Jacobian at `u_old`, in the order of its pattern.
    jacobian: Vec<f64>,
    /// `∂f/∂t` at `u_old`; stays zero for autonomous systems.
    dfdt: Vec<f64>,
    /// Stages `U_0, U_1, …`, each of length n.
    stages: Vec<f64>,
    /// `K_1, K_2, K_3` of dense output, each of length n.
    dense: Vec<f64>,
}

/// The tableau for this number of states.
struct Rows {
    /// Rows of `a` and of `C`, stage by stage.
    stages: Vec<Combination<2>>,
    dense: Combination<3>,
}

impl RosenbrockStepper {
    /// A method that begins at `start`.
    pub fn new(
        tableau: &'static Rosenbrock,
        problem: &mut Problem<'_>,
        start: Start<'_>,
        counts: &mut Counts,
    ) -> Self {
        let n = start.u.len();
        let zeros = || vec![0.0; n];
        let pattern = problem.equations.pattern();
        let mut stepper = Self {
            tableau,
            rows: Rows {
                stages: tableau
                    .a
                    .iter()
                    .zip(tableau.c_lower)
                    .map(|(a, c)| Combination::new([a, c], n))
                    .collect(),
                dense: Combination::new(tableau.dense, n),
            },
            controller: Controller::new(tableau.embedded_order + 1, PI_BETA),
            factors: if n <= LARGEST_DENSE {
                Direct::dense(pattern)
            } else {
                Direct::sparse(pattern)
            },
            t_old: start.t,
            t: start.t,
            h: 0.0,
            h_next: 0.0,
            u_old: start.u.to_vec(),
            u: start.u.to_vec(),
            trial: zeros(),
            f: zeros(),
            f_stage: zeros(),
            jacobian: vec![0.0; pattern.row_indices.len()],
            dfdt: zeros(),
            stages: vec![0.0; n * tableau.c.len()],
            dense: vec![0.0; n * tableau.dense.len()],
        };
        stepper.h_next = start.h.unwrap_or_else(|| {
            problem.equations.rhs(start.t, start.u, &mut stepper.f);
            counts.rhs += 1;
            let work = stepper.stages.split_at_mut(n);
            let work = (&mut stepper.trial[..], work.0);
            control::first_step(
                problem,
                (start.t, start.u, &stepper.f),
                tableau.order,
                work,
                counts,
            )
        });
        stepper
    }

    /// `u_old = u` with f and its derivatives there.
    fn begin(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) {
        self.t_old = self.t;
        self.u_old.copy_from_slice(&self.u);
        problem.equations.rhs(self.t, &self.u, &mut self.f);
        problem
            .equations
            .jacobian(self.t, &self.u, &mut self.jacobian);
        problem
            .equations
            .time_derivative(self.t, &self.u, &mut self.dfdt);
        counts.rhs += 1;
        counts.jacobian += 1;
    }

    /// All stages of a step from `t_old`, `u_old`; leaves the new state in `trial` and returns the error norm.
    fn try_step(&mut self, problem: &mut Problem<'_>, h: f64, counts: &mut Counts) -> f64 {
        let h_gamma = h * self.tableau.gamma;
        counts.factorizations += 1;
        let pattern = problem.equations.pattern();
        if self
            .factors
            .factor(pattern, &self.jacobian, h_gamma)
            .is_err()
        {
            return f64::INFINITY;
        }
        let n = self.u.len();
        for i in 0..self.tableau.c.len() {
            let (before, here) = self.stages.split_at_mut(i * n);
            let stage = &mut here[..n];
            let (trial, u_old) = (&mut self.trial[..n], &self.u_old[..n]);
            self.rows.stages[i].each(n, before, |i, [a, c]| {
                trial[i] = u_old[i] + a;
                stage[i] = c;
            });
            let f = if i == 0 {
                &self.f
            } else {
                let t = self.t_old + self.tableau.c[i] * h;
                problem.equations.rhs(t, &self.trial, &mut self.f_stage);
                &self.f_stage
            };
            let (gamma, d) = (self.tableau.gamma, h_gamma * h * self.tableau.d[i]);
            for ((stage, f), dfdt) in stage.iter_mut().zip(f).zip(&self.dfdt) {
                *stage = h_gamma * f + gamma * *stage + d * dfdt;
            }
            self.factors.solve(stage);
        }
        counts.rhs += self.tableau.c.len() as u64 - 1;
        let error = &self.stages[self.stages.len() - n..];
        for (trial, error) in self.trial.iter_mut().zip(error) {
            *trial += error;
        }
        control::error_norm(error, &self.u_old, &self.trial, problem.atol, problem.rtol)
    }

    fn error(&self) -> &[f64] {
        &self.stages[self.stages.len() - self.u.len()..]
    }

    fn failure(&self, problem: &Problem<'_>) -> Failure {
        let (t, h) = (self.t, self.h_next);
        match self
            .error()
            .iter()
            .chain(&self.trial)
            .position(|value| !value.is_finite())
        {
            Some(position) => Failure::NotFinite {
                t,
                h,
                state: position % self.u.len(),
            },
            None => Failure::StepTooSmall {
                t,
                h,
                state: self.worst_component(problem),
            },
        }
    }
}

impl Stepper for RosenbrockStepper {
    fn name(&self) -> String {
        self.tableau.name.to_owned()
    }

    fn advance(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure> {
        self.begin(problem, counts);
        let t = self.t;
        if let Some(state) = self.f.iter().position(|value| !value.is_finite()) {
            return Err(Failure::NotFinite {
                t,
                h: self.h_next,
                state,
            });
        }
        for _ in 0..MAX_REJECTIONS {
            let (h, t_new) = control::cut_at_end(t, self.h_next, problem.t_end);
            if control::is_too_small(t, h) && t_new < problem.t_end {
                break;
            }
            let error = self.try_step(problem, h, counts);
            self.h = h;
            self.h_next = h * self.controller.factor(error);
            if error <= 1.0 {
                counts.steps += 1;
                self.t = t_new;
                std::mem::swap(&mut self.u, &mut self.trial);
                return Ok(());
            }
            counts.rejected += 1;
        }
        Err(self.failure(problem))
    }

    fn t(&self) -> f64 {
        self.t
    }

    fn u(&self) -> &[f64] {
        &self.u
    }

    fn prepare_dense(&mut self, _problem: &mut Problem<'_>, _counts: &mut Counts) {
        let n = self.u.len();
        let (k1, rest) = self.dense.split_at_mut(n);
        let (k2, k3) = rest.split_at_mut(n);
        self.rows.dense.each(n, &self.stages, |i, [s1, s2, s3]| {
            k1[i] = s1;
            k2[i] = s2;
            k3[i] = s3;
        });
    }

    fn interpolate(&self, t: f64, out: &mut [f64]) {
        let n = out.len();
        let theta = (t - self.t_old) / self.h;
        let [k1, k2, k3] = [0, 1, 2].map(|l| &self.dense[l * n..][..n]);
        for i in 0..n {
            let bend = k1[i] + theta * (k2[i] + theta * k3[i]);
            out[i] = (1.0 - theta) * self.u_old[i] + theta * (self.u[i] + (1.0 - theta) * bend);
        }
    }

    fn last_step(&self) -> f64 {
        self.h
    }

    fn worst_component(&self, problem: &Problem<'_>) -> usize {
        control::worst_component(
            self.error(),
            &self.u_old,
            &self.u,
            problem.atol,
            problem.rtol,
        )
    }
}
