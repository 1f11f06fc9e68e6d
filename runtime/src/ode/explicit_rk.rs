//! Explicit Runge-Kutta methods: one stepper over all tableaus.
//!
//! # References
//! - [HNW93] E. Hairer, S. P. Nørsett, G. Wanner, *Solving Ordinary Differential Equations I*, 2nd ed., Springer 1993, II.4-II.6.
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996, IV.2.

use super::combination::Combination;
use super::control::{self, Controller, MAX_REJECTIONS};
use super::stepper::{Start, Stepper};
use super::tableau::explicit::Explicit;
use crate::{failure::Failure, problem::Problem, solution::Counts};

/// Share of the integral part in the PI controller [G91].
const PI_BETA: f64 = 0.4;

/// A Runge-Kutta pair with its state.
pub struct ExplicitRk {
    tableau: &'static Explicit,
    rows: Rows,
    controller: Controller,
    /// Ends of the last step and its size; `h_next` is what the controller proposes.
    t_old: f64,
    t: f64,
    h: f64,
    h_next: f64,
    u_old: Vec<f64>,
    u: Vec<f64>,
    /// Argument of a stage.
    argument: Vec<f64>,
    /// Result of the step being tried, swapped with `u` when accepted.
    trial: Vec<f64>,
    error: Vec<f64>,
    /// Stage derivatives `k_0, k_1, …`, each of length n.
    k: Vec<f64>,
    /// Where `f(t, u)` stands in `k`; `None`: not evaluated yet.
    f_at: Option<usize>,
}

/// The tableau for this number of states.
struct Rows {
    a: Vec<Combination<1>>,
    /// Weights of the new state and of the error.
    end: Combination<2>,
    /// Difference of the arguments of the twins.
    twins: Combination<1>,
}

impl Rows {
    fn new(tableau: &Explicit, n: usize) -> Self {
        let minus = |a: &[f64], b: &[f64]| {
            let b = b.iter().copied().chain(std::iter::repeat(0.0));
            a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>()
        };
        let (p, q) = tableau.twins;
        Self {
            a: tableau.a.iter().map(|a| Combination::new([a], n)).collect(),
            end: Combination::new([tableau.b, &minus(tableau.b, tableau.b_hat)], n),
            twins: Combination::new([&minus(tableau.a[q], tableau.a[p])], n),
        }
    }
}

impl ExplicitRk {
    /// A method that begins at `start`.
    pub fn new(
        tableau: &'static Explicit,
        problem: &mut Problem<'_>,
        start: Start<'_>,
        counts: &mut Counts,
    ) -> Self {
        let n = start.u.len();
        let zeros = || vec![0.0; n];
        let mut stepper = Self {
            tableau,
            rows: Rows::new(tableau, n),
            controller: Controller::new(tableau.embedded_order + 1, PI_BETA),
            t_old: start.t,
            t: start.t,
            h: 0.0,
            h_next: 0.0,
            u_old: start.u.to_vec(),
            u: start.u.to_vec(),
            argument: zeros(),
            trial: zeros(),
            error: zeros(),
            k: vec![0.0; n * tableau.c.len()],
            f_at: Some(0),
        };
        problem.equations.rhs(start.t, start.u, &mut stepper.k[..n]);
        counts.rhs += 1;
        stepper.h_next = start.h.unwrap_or_else(|| {
            let work = (&mut stepper.argument[..], &mut stepper.trial[..]);
            control::first_step(
                problem,
                (start.t, start.u, &stepper.k[..n]),
                tableau.order,
                work,
                counts,
            )
        });
        stepper
    }

    /// Estimate of `h·|λ|` for the dominant eigenvalue over the last step [HW96, IV.2, eq. (2.50)], relative to the length of the stability
    /// interval: near 1 the step is held down by stability.
    pub fn stiffness(&self) -> f64 {
        let n = self.u.len();
        let (p, q) = self.tableau.twins;
        let (k_p, k_q) = (&self.k[p * n..][..n], &self.k[q * n..][..n]);
        let (mut rise, mut run) = (0.0, 0.0);
        self.rows.twins.each(n, &self.k, |i, [difference]| {
            rise += (k_q[i] - k_p[i]).powi(2);
            run += difference * difference;
        });
        // run lacks the factor h², so that the root is h·|λ|.
        if run > 0.0 {
            (rise / run).sqrt() / self.tableau.stability
        } else {
            0.0
        }
    }

    fn stage(&mut self, problem: &mut Problem<'_>, i: usize, h: f64) {
        let n = self.u.len();
        let (argument, u_old) = (&mut self.argument[..n], &self.u_old[..n]);
        self.rows.a[i].each(n, &self.k, |i, [sum]| argument[i] = u_old[i] + h * sum);
        let t = self.t_old + self.tableau.c[i] * h;
        problem
            .equations
            .rhs(t, argument, &mut self.k[i * n..][..n]);
    }

    /// All stages of a step from `t_old`, `u_old`; leaves the new state in `trial` and returns the error norm.
    fn try_step(&mut self, problem: &mut Problem<'_>, h: f64, counts: &mut Counts) -> f64 {
        let n = self.u.len();
        let stages = self.tableau.b.len();
        for i in 1..stages {
            self.stage(problem, i, h);
        }
        counts.rhs += stages as u64 - 1;
        let (trial, error, u_old) = (&mut self.trial[..n], &mut self.error[..n], &self.u_old[..n]);
        self.rows.end.each(n, &self.k, |i, [b, difference]| {
            trial[i] = u_old[i] + h * b;
            error[i] = h * difference;
        });
        control::error_norm(error, u_old, trial, problem.atol, problem.rtol)
    }

    /// Makes the end of the last step the beginning of the next: `u_old = u`, `k_0 = f(t, u)`.
    fn begin(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) {
        let n = self.u.len();
        self.t_old = self.t;
        self.u_old.copy_from_slice(&self.u);
        match self.f_at {
            Some(0) => {}
            Some(stage) => self.k.copy_within(stage * n..(stage + 1) * n, 0),
            None => {
                problem.equations.rhs(self.t, &self.u, &mut self.k[..n]);
                counts.rhs += 1;
            }
        }
        self.f_at = Some(0);
    }
}

impl Stepper for ExplicitRk {
    fn name(&self) -> String {
        self.tableau.name.to_owned()
    }

    fn advance(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) -> Result<(), Failure> {
        self.begin(problem, counts);
        let n = self.u.len();
        let t = self.t;
        if let Some(state) = self.k[..n].iter().position(|value| !value.is_finite()) {
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
                self.f_at =
                    (self.tableau.at_end < self.tableau.b.len()).then_some(self.tableau.at_end);
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

    fn prepare_dense(&mut self, problem: &mut Problem<'_>, counts: &mut Counts) {
        for i in self.tableau.b.len()..self.tableau.c.len() {
            self.stage(problem, i, self.h);
            counts.rhs += 1;
        }
        self.f_at = Some(self.tableau.at_end);
    }

    fn interpolate(&self, t: f64, out: &mut [f64]) {
        let n = out.len();
        let theta = (t - self.t_old) / self.h;
        out.copy_from_slice(&self.u_old);
        for (i, row) in self.tableau.dense.iter().enumerate() {
            let weight = self.h * row.iter().rev().fold(0.0, |sum, c| (sum + c) * theta);
            if weight != 0.0 {
                for (out, k) in out.iter_mut().zip(&self.k[i * n..][..n]) {
                    *out += weight * k;
                }
            }
        }
    }

    fn last_step(&self) -> f64 {
        self.h
    }

    fn worst_component(&self, problem: &Problem<'_>) -> usize {
        control::worst_component(
            &self.error,
            &self.u_old,
            &self.u,
            problem.atol,
            problem.rtol,
        )
    }
}

impl ExplicitRk {
    fn failure(&self, problem: &Problem<'_>) -> Failure {
        let (t, h) = (self.t, self.h);
        match self
            .error
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
