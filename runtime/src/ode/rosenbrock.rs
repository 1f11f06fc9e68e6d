//! Rosenbrock-Wanner methods: linearly implicit, one factorization of `I - hγJ` per step, no Newton iteration.
//!
//! Linear invariants `wᵀu` of the equations are kept to rounding: `wᵀf = 0` and `wᵀJ = 0` give `wᵀU_i = 0` for every stage.
//!
//! # References
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996, IV.7.

use super::combination::Combination;
use super::control::{self, Controller};
use super::one_step::{Formula, OneStep, Step};
use super::stepper::Start;
use super::tableau::rosenbrock::Rosenbrock;
use crate::{linalg::direct::Direct, problem::Problem, solution::Counts};

/// Share of the integral part in the step controller: none. On the stiff reference problems every share costs steps
/// (`benches/work_precision.rs`).
const PI_BETA: f64 = 0.0;
/// Up to this many states dense factors, with their unrolled loops, are faster than sparse ones.
const LARGEST_DENSE: usize = 8;

/// A Rosenbrock method with its stages.
pub struct RosenbrockWanner {
    tableau: &'static Rosenbrock,
    rows: Rows,
    factors: Direct,
    /// `f` at the beginning of the step.
    f: Vec<f64>,
    /// Values of the Jacobian there, in the order of its pattern.
    jacobian: Vec<f64>,
    /// `∂f/∂t` there; stays zero for autonomous systems.
    dfdt: Vec<f64>,
    /// `f` at a stage.
    f_stage: Vec<f64>,
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

/// A method that begins at `start`.
pub fn rosenbrock(
    tableau: &'static Rosenbrock,
    problem: &mut Problem<'_>,
    start: Start<'_>,
    counts: &mut Counts,
) -> OneStep<RosenbrockWanner> {
    let n = start.u.len();
    let pattern = problem.equations.pattern();
    let stages = tableau.a.iter().zip(tableau.c_lower);
    let mut formula = RosenbrockWanner {
        tableau,
        rows: Rows {
            stages: stages.map(|(a, c)| Combination::new([a, c], n)).collect(),
            dense: Combination::new(tableau.dense, n),
        },
        factors: if n <= LARGEST_DENSE {
            Direct::dense(pattern)
        } else {
            Direct::sparse(pattern)
        },
        f: vec![0.0; n],
        jacobian: vec![0.0; pattern.row_indices.len()],
        dfdt: vec![0.0; n],
        f_stage: vec![0.0; n],
        stages: vec![0.0; n * tableau.c.len()],
        dense: vec![0.0; n * tableau.dense.len()],
    };
    let h = start.h.unwrap_or_else(|| {
        problem.equations.rhs(start.t, start.u, &mut formula.f);
        counts.rhs += 1;
        let work = (&mut formula.f_stage[..], &mut formula.stages[..n]);
        control::first_step(
            problem,
            (start.t, start.u, &formula.f),
            tableau.order,
            work,
            counts,
        )
    });
    OneStep::new(
        formula,
        start,
        h,
        Controller::new(tableau.embedded_order + 1, PI_BETA),
    )
}

impl Formula for RosenbrockWanner {
    fn name(&self) -> &'static str {
        self.tableau.name
    }

    fn begin(
        &mut self,
        step: &Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) -> Result<(), usize> {
        let (t, u) = (step.t_old, &step.u_old);
        problem.equations.rhs(t, u, &mut self.f);
        problem.equations.jacobian(t, u, &mut self.jacobian);
        problem.equations.time_derivative(t, u, &mut self.dfdt);
        counts.rhs += 1;
        counts.jacobian += 1;
        if let Some(entry) = self.jacobian.iter().position(|value| !value.is_finite()) {
            return Err(problem.equations.pattern().row_indices[entry] as usize);
        }
        self.f
            .iter()
            .position(|value| !value.is_finite())
            .map_or(Ok(()), Err)
    }

    fn attempt(&mut self, step: &mut Step, problem: &mut Problem<'_>, counts: &mut Counts) -> bool {
        let (n, h, gamma) = (step.u_old.len(), step.h, self.tableau.gamma);
        counts.factorizations += 1;
        let pattern = problem.equations.pattern();
        if self
            .factors
            .factor(pattern, &self.jacobian, h * gamma)
            .is_err()
        {
            return false;
        }
        for i in 0..self.tableau.c.len() {
            let (before, here) = self.stages.split_at_mut(i * n);
            let stage = &mut here[..n];
            let (argument, u_old) = (&mut step.u_new[..n], &step.u_old[..n]);
            self.rows.stages[i].each(n, before, |i, [a, c]| {
                argument[i] = u_old[i] + a;
                stage[i] = c;
            });
            let f = if i == 0 {
                &self.f
            } else {
                problem.equations.rhs(
                    step.t_old + self.tableau.c[i] * h,
                    argument,
                    &mut self.f_stage,
                );
                &self.f_stage
            };
            // The equation of the stage times hγ.
            let d = h * h * gamma * self.tableau.d[i];
            for ((stage, f), dfdt) in stage.iter_mut().zip(f).zip(&self.dfdt) {
                *stage = h * gamma * f + gamma * *stage + d * dfdt;
            }
            self.factors.solve(stage);
        }
        counts.rhs += self.tableau.c.len() as u64 - 1;
        step.error
            .copy_from_slice(&self.stages[self.stages.len() - n..]);
        for (u_new, error) in step.u_new.iter_mut().zip(&step.error) {
            *u_new += error;
        }
        true
    }

    fn jacobian(&self) -> Option<&[f64]> {
        Some(&self.jacobian)
    }

    fn prepare_dense(&mut self, step: &Step, _problem: &mut Problem<'_>, _counts: &mut Counts) {
        let n = step.u_old.len();
        let (k1, rest) = self.dense.split_at_mut(n);
        let (k2, k3) = rest.split_at_mut(n);
        self.rows.dense.each(n, &self.stages, |i, [s1, s2, s3]| {
            k1[i] = s1;
            k2[i] = s2;
            k3[i] = s3;
        });
    }

    fn interpolate(&self, step: &Step, theta: f64, out: &mut [f64]) {
        let n = out.len();
        let [k1, k2, k3] = [0, 1, 2].map(|l| &self.dense[l * n..][..n]);
        for i in 0..n {
            let bend = k1[i] + theta * (k2[i] + theta * k3[i]);
            out[i] = (1.0 - theta) * step.u_old[i] + theta * (step.u_new[i] + (1.0 - theta) * bend);
        }
    }
}
