//! The methods at work: the number of stages for a step, the recurrence, the last stages, and the error.
//!
//! # References
//! [AM01] and [A02] as in [`super`].

use super::super::control::{self, Controller};
use super::super::one_step::{Formula, OneStep, Step};
use super::super::stepper::Start;
use super::composition::Finish;
use super::polynomial::Polynomial;
use super::radius::Radius;
use crate::{problem::Problem, solution::Counts};

/// A stabilised method.
#[derive(Debug)]
pub struct Stabilised {
    /// Name in the literature.
    pub name: &'static str,
    /// Order.
    pub order: u32,
    /// One line.
    pub about: &'static str,
    /// Order of the embedded result.
    embedded_order: u32,
    least_stages: usize,
    most_stages: usize,
}

/// Most stages: beyond, rounding in the recurrence grows and steps are longer than accuracy lets them be [AM01], [A02].
pub const ALL: &[&Stabilised] = &[
    &Stabilised {
        name: "ROCK2",
        order: 2,
        about: "stabilised explicit method of order 2 for diffusion at moderate accuracy",
        embedded_order: 1,
        least_stages: 3,
        most_stages: 200,
    },
    &Stabilised {
        name: "ROCK4",
        order: 4,
        about: "stabilised explicit method of order 4 for diffusion",
        embedded_order: 3,
        least_stages: 5,
        most_stages: 152,
    },
];

/// Share of the integral part in the PI controller [G91].
const PI_BETA: f64 = 0.4;
/// Ratio of numbers of stages that are tried one after the other: each has its own coefficients, and coefficients take time.
const GROWTH: f64 = 1.06;

/// Coefficients for a number of stages.
struct Coefficients {
    stages: usize,
    polynomial: Polynomial,
    /// The last four stages of the method of order 4.
    finish: Option<Finish>,
}

/// A stabilised method with its state.
pub struct Rock {
    method: &'static Stabilised,
    /// Coefficients met so far.
    known: Vec<Coefficients>,
    radius: Radius,
    /// Whether this step was tried before.
    tried: bool,
    /// `f` at the beginning of the step, and at its end where `end_known`.
    f: Vec<f64>,
    f_end: Vec<f64>,
    end_known: bool,
    /// `f` of stages, and the two values of the recurrence.
    k: Vec<f64>,
    g: [Vec<f64>; 2],
    /// Arguments of the last stages of the method of order 4.
    arguments: [Vec<f64>; 3],
}

/// A method that begins at `start`.
pub fn rock(
    method: &'static Stabilised,
    problem: &mut Problem<'_>,
    start: Start<'_>,
    counts: &mut Counts,
) -> OneStep<Rock> {
    let zeros = || vec![0.0; start.u.len()];
    let mut formula = Rock {
        method,
        known: Vec::new(),
        radius: Radius::new(start.u.len()),
        tried: false,
        f: zeros(),
        f_end: zeros(),
        end_known: true,
        k: zeros(),
        g: [zeros(), zeros()],
        arguments: [zeros(), zeros(), zeros()],
    };
    problem.equations.rhs(start.t, start.u, &mut formula.f_end);
    counts.rhs += 1;
    let h = start.h.unwrap_or_else(|| {
        let [v, f] = &mut formula.g;
        let at = (start.t, start.u, &formula.f_end[..]);
        control::first_step(problem, at, method.order, (v, f), counts)
    });
    let controller = Controller::new(method.embedded_order + 1, PI_BETA);
    OneStep::new(formula, start, h, controller)
}

impl Stabilised {
    /// Least number of stages on the ladder that is damped at `z = −reach`; `None`: too many.
    fn stages(&self, reach: f64) -> Option<usize> {
        let mut stages = self.least_stages;
        while self.reach(stages) < reach {
            stages = (stages + 1).max((stages as f64 * GROWTH) as usize);
            if stages > self.most_stages {
                return None;
            }
        }
        Some(stages)
    }

    /// A bound from below on the length that the polynomials have (see the tests).
    fn reach(&self, stages: usize) -> f64 {
        let square = (stages * stages) as f64;
        match self.order {
            2 => 0.8 * square - 1.2,
            _ => 0.348 * square - 3.0,
        }
    }

    fn coefficients(&self, stages: usize) -> Coefficients {
        let polynomial = match self.order {
            2 => Polynomial::order_2(stages),
            _ => Polynomial::order_4(stages),
        };
        debug_assert!(self.reach(stages) <= polynomial.length);
        let finish = (self.order == 4).then(|| Finish::after(&polynomial.recurrence));
        Coefficients {
            stages,
            polynomial,
            finish,
        }
    }
}

impl Rock {
    /// The stages of the recurrence from `u_old`; leaves their result in `g[1]` and gives its time.
    fn recurrence(
        &mut self,
        at: usize,
        step: &Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) -> f64 {
        let (h, recurrence) = (step.h, &self.known[at].polynomial.recurrence);
        let [before, value] = &mut self.g;
        // The first stage has no weight for the value before it, which must be finite all the same.
        before.copy_from_slice(&step.u_old);
        value.copy_from_slice(&step.u_old);
        // Times in units of h from t_old go through the same recurrence.
        let (mut c_before, mut c) = (0.0, 0.0);
        for (j, &(mu, kappa)) in recurrence.iter().enumerate() {
            let k = if j == 0 {
                &self.f
            } else {
                problem
                    .equations
                    .rhs(step.t_old + c * h, value, &mut self.k);
                counts.rhs += 1;
                &self.k
            };
            std::mem::swap(before, value);
            // `before` now holds the newest value, `value` the one before it.
            for ((value, before), k) in value.iter_mut().zip(before.iter()).zip(k) {
                *value = (h * mu) * k + (1.0 + kappa) * before - kappa * *value;
            }
            (c_before, c) = (c, mu + (1.0 + kappa) * c - kappa * c_before);
        }
        step.t_old + c * h
    }

    /// The two last stages of the method of order 2 [AM01, eq. (26)].
    fn finish_2(
        &mut self,
        at: usize,
        t: f64,
        step: &mut Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) {
        let (sigma, tau) = self.known[at].polynomial.factors[0];
        let (first, second) = (step.h * sigma, step.h * (tau / sigma - sigma));
        let [argument, value] = &mut self.g;
        problem.equations.rhs(t, value, &mut self.k);
        for ((argument, value), k) in argument.iter_mut().zip(value.iter()).zip(&self.k) {
            *argument = value + first * k;
        }
        problem.equations.rhs(t + first, argument, &mut self.f_end);
        counts.rhs += 2;
        let rates = self.k.iter().zip(&self.f_end);
        let results = step.u_new.iter_mut().zip(&mut step.error);
        for (((u_new, error), argument), (k, k_last)) in results.zip(argument.iter()).zip(rates) {
            *error = second * (k_last - k);
            *u_new = argument + first * k_last + *error;
        }
        self.end_known = false;
    }

    /// The four last stages of the method of order 4, and `f` at the end for the error.
    fn finish_4(
        &mut self,
        at: usize,
        t: f64,
        step: &mut Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) {
        let finish = self.known[at].finish.as_ref().expect("made for order 4");
        let (h, value) = (step.h, &self.g[1]);
        self.arguments
            .iter_mut()
            .for_each(|argument| argument.copy_from_slice(value));
        step.u_new.copy_from_slice(value);
        step.error.fill(0.0);
        for stage in 0..4 {
            let (c, argument) = match stage {
                0 => (0.0, value),
                _ => (
                    finish.a[stage - 1].iter().sum::<f64>(),
                    &self.arguments[stage - 1],
                ),
            };
            problem.equations.rhs(t + c * h, argument, &mut self.k);
            let add = |to: &mut [f64], weight: f64| {
                to.iter_mut()
                    .zip(&self.k)
                    .for_each(|(to, k)| *to += h * weight * k)
            };
            for (row, argument) in finish.a.iter().zip(&mut self.arguments).skip(stage) {
                add(argument, row[stage.min(2)]);
            }
            add(&mut step.u_new, finish.b[stage]);
            add(&mut step.error, finish.error[stage]);
        }
        problem
            .equations
            .rhs(step.t_old + h, &step.u_new, &mut self.f_end);
        counts.rhs += 5;
        let weight = h * finish.error[4];
        step.error
            .iter_mut()
            .zip(&self.f_end)
            .for_each(|(error, f)| *error += weight * f);
        self.end_known = true;
    }
}

impl Formula for Rock {
    fn name(&self) -> &'static str {
        self.method.name
    }

    fn begin(
        &mut self,
        step: &Step,
        problem: &mut Problem<'_>,
        counts: &mut Counts,
    ) -> Result<(), usize> {
        if self.end_known {
            std::mem::swap(&mut self.f, &mut self.f_end);
        } else {
            problem.equations.rhs(step.t_old, &step.u_old, &mut self.f);
            counts.rhs += 1;
        }
        self.end_known = false;
        if let Some(state) = self.f.iter().position(|value| !value.is_finite()) {
            return Err(state);
        }
        self.tried = false;
        Ok(())
    }

    fn attempt(&mut self, step: &mut Step, problem: &mut Problem<'_>, counts: &mut Counts) -> bool {
        let at = (step.t_old, &step.u_old[..], &self.f[..]);
        self.radius.update(at, self.tried, problem, counts);
        self.tried = true;
        let Some(stages) = self.method.stages(step.h * self.radius.bound()) else {
            return false;
        };
        let at = self.known.iter().position(|known| known.stages == stages);
        let at = at.unwrap_or_else(|| {
            self.known.push(self.method.coefficients(stages));
            self.known.len() - 1
        });
        let t = self.recurrence(at, step, problem, counts);
        if self.method.order == 2 {
            self.finish_2(at, t, step, problem, counts);
        } else {
            self.finish_4(at, t, step, problem, counts);
        }
        true
    }

    fn accepted(&mut self) {
        self.radius.accepted();
    }

    fn prepare_dense(&mut self, step: &Step, problem: &mut Problem<'_>, counts: &mut Counts) {
        if !self.end_known {
            problem
                .equations
                .rhs(step.t_old + step.h, &step.u_new, &mut self.f_end);
            counts.rhs += 1;
            self.end_known = true;
        }
    }

    /// Cubic Hermite interpolation.
    fn interpolate(&self, step: &Step, theta: f64, out: &mut [f64]) {
        let rest = 1.0 - theta;
        let (old, new) = (
            rest * rest * (1.0 + 2.0 * theta),
            theta * theta * (3.0 - 2.0 * theta),
        );
        let (f_old, f_new) = (step.h * theta * rest * rest, -step.h * theta * theta * rest);
        let states = step.u_old.iter().zip(&step.u_new);
        let rates = self.f.iter().zip(&self.f_end);
        for (out, ((u_old, u_new), (f, f_end))) in out.iter_mut().zip(states.zip(rates)) {
            *out = old * u_old + new * u_new + f_old * f + f_new * f_end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_reach_as_far_as_is_said() {
        for method in ALL {
            for stages in method.least_stages..=method.most_stages {
                let length = method.coefficients(stages).polynomial.length;
                let reach = method.reach(stages);
                assert!(
                    (0.93..=1.0).contains(&(reach / length)),
                    "{}: {reach} of {length}",
                    method.name
                );
            }
        }
    }
}
