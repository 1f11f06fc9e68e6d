//! Explicit Runge-Kutta methods: one formula over all tableaus.
//!
//! # References
//! - [HNW93] E. Hairer, S. P. Nørsett, G. Wanner, *Solving Ordinary Differential Equations I*, 2nd ed., Springer 1993, II.4-II.6.
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996, IV.2.

use super::combination::Combination;
use super::control::{self, Controller};
use super::one_step::{Formula, OneStep, Step};
use super::stepper::Start;
use super::tableau::explicit::Explicit;
use crate::{problem::Problem, solution::Counts};

/// Share of the integral part in the PI controller [G91].
const PI_BETA: f64 = 0.4;

/// A Runge-Kutta pair with its stages.
pub struct ExplicitRk {
    tableau: &'static Explicit,
    rows: Rows,
    /// Stage derivatives `k_0, k_1, …`, each of length n.
    k: Vec<f64>,
    /// Argument of a stage.
    argument: Vec<f64>,
    /// Where `f` at the beginning of the next step stands in `k`; `None`: not evaluated yet.
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

/// A pair that begins at `start`.
pub fn explicit_rk(
    tableau: &'static Explicit,
    problem: &mut Problem<'_>,
    start: Start<'_>,
    counts: &mut Counts,
) -> OneStep<ExplicitRk> {
    let n = start.u.len();
    let mut formula = ExplicitRk {
        tableau,
        rows: Rows::new(tableau, n),
        k: vec![0.0; n * tableau.c.len()],
        argument: vec![0.0; n],
        f_at: Some(0),
    };
    let (f, rest) = formula.k.split_at_mut(n);
    problem.equations.rhs(start.t, start.u, f);
    counts.rhs += 1;
    let h = start.h.unwrap_or_else(|| {
        let work = (&mut formula.argument[..], &mut rest[..n]);
        control::first_step(problem, (start.t, start.u, f), tableau.order, work, counts)
    });
    OneStep::new(
        formula,
        start,
        h,
        Controller::new(tableau.embedded_order + 1, PI_BETA),
    )
}

impl ExplicitRk {
    /// Estimate of `h·|λ|` for the dominant eigenvalue over the last step [HW96, IV.2, eq. (2.50)], relative to the length of the stability
    /// interval: near 1 the step is held down by stability.
    pub fn stiffness(&self, problem: &Problem<'_>, u: &[f64]) -> f64 {
        let n = u.len();
        let (p, q) = self.tableau.twins;
        let (k_p, k_q) = (&self.k[p * n..][..n], &self.k[q * n..][..n]);
        let (mut rise, mut run) = (0.0, 0.0);
        self.rows.twins.each(n, &self.k, |i, [difference]| {
            let weight = 1.0 / (problem.atol[i] + problem.rtol * u[i].abs());
            rise += ((k_q[i] - k_p[i]) * weight).powi(2);
            run += (difference * weight).powi(2);
        });
        // run lacks the factor h², so that the root is h·|λ|.
        if run > 0.0 {
            (rise / run).sqrt() / self.tableau.stability
        } else {
            0.0
        }
    }

    fn stages(
        &mut self,
        stages: std::ops::Range<usize>,
        step: &Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) {
        let (n, h) = (step.u_old.len(), step.h);
        counts.rhs += stages.len() as u64;
        for i in stages {
            let (argument, u_old) = (&mut self.argument[..n], &step.u_old[..n]);
            self.rows.a[i].each(n, &self.k, |i, [sum]| argument[i] = u_old[i] + h * sum);
            let t = step.t_old + self.tableau.c[i] * h;
            problem
                .equations
                .rhs(t, argument, &mut self.k[i * n..][..n]);
        }
    }
}

impl Formula for ExplicitRk {
    fn name(&self) -> &'static str {
        self.tableau.name
    }

    fn begin(
        &mut self,
        step: &Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) -> Result<(), usize> {
        let n = step.u_old.len();
        match self.f_at {
            Some(stage) => self.k.copy_within(stage * n..(stage + 1) * n, 0),
            None => {
                problem
                    .equations
                    .rhs(step.t_old, &step.u_old, &mut self.k[..n]);
                counts.rhs += 1;
            }
        }
        self.f_at = Some(0);
        self.k[..n]
            .iter()
            .position(|value| !value.is_finite())
            .map_or(Ok(()), Err)
    }

    fn attempt(&mut self, step: &mut Step, problem: &mut Problem<'_>, counts: &mut Counts) -> bool {
        let n = step.u_old.len();
        self.stages(1..self.tableau.b.len(), step, problem, counts);
        let h = step.h;
        let (u_old, u_new, error) = (&step.u_old[..n], &mut step.u_new[..n], &mut step.error[..n]);
        self.rows.end.each(n, &self.k, |i, [b, difference]| {
            u_new[i] = u_old[i] + h * b;
            error[i] = h * difference;
        });
        true
    }

    fn accepted(&mut self) {
        let at_end = self.tableau.at_end;
        self.f_at = (at_end < self.tableau.b.len()).then_some(at_end);
    }

    fn prepare_dense(&mut self, step: &Step, problem: &mut Problem<'_>, counts: &mut Counts) {
        self.stages(
            self.tableau.b.len()..self.tableau.c.len(),
            step,
            problem,
            counts,
        );
        self.f_at = Some(self.tableau.at_end);
    }

    fn interpolate(&self, step: &Step, theta: f64, out: &mut [f64]) {
        let n = out.len();
        out.copy_from_slice(&step.u_old);
        for (i, row) in self.tableau.dense.iter().enumerate() {
            let weight = step.h * row.iter().rev().fold(0.0, |sum, c| (sum + c) * theta);
            if weight != 0.0 {
                for (out, k) in out.iter_mut().zip(&self.k[i * n..][..n]) {
                    *out += weight * k;
                }
            }
        }
    }
}
