//! Step size control of the one-step methods: error norm, controller, first step.
//!
//! # References
//! - [HNW93] E. Hairer, S. P. Nørsett, G. Wanner, *Solving Ordinary Differential Equations I*, 2nd ed., Springer 1993.
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996.
//! - [G91] K. Gustafsson, *Control theoretic techniques for stepsize selection in explicit Runge-Kutta methods*,
//!   ACM Trans. Math. Softw. 17 (1991) 533-554, doi:10.1145/210232.210242.

use crate::{problem::Problem, solution::Counts};

/// Root mean square of `e_i / (atol_i + rtol·max(|u_i|, |v_i|))`: 1 is just accepted [HNW93, eq. (II.4.11)].
/// Not a number when `e` or `v` holds a value that is not finite.
pub fn error_norm(e: &[f64], u: &[f64], v: &[f64], atol: &[f64], rtol: f64) -> f64 {
    let mut sum = 0.0;
    for (((e, u), v), atol) in e.iter().zip(u).zip(v).zip(atol) {
        let ratio = e / (atol + rtol * u.abs().max(v.abs()));
        // An infinite v makes the ratio 0; 0·v is then not a number, and else nothing.
        sum += ratio * ratio + 0.0 * v;
    }
    (sum / e.len().max(1) as f64).sqrt()
}

/// Position of the component that fails the error test most, or of the first that is not finite.
pub fn worst_component(e: &[f64], u: &[f64], v: &[f64], atol: &[f64], rtol: f64) -> usize {
    let mut worst = (0, -1.0);
    for i in 0..e.len() {
        let ratio = (e[i] / (atol[i] + rtol * u[i].abs().max(v[i].abs()))).abs();
        if !(ratio + 0.0 * v[i]).is_finite() {
            return i;
        }
        if ratio > worst.1 {
            worst = (i, ratio);
        }
    }
    worst.0
}

/// PI controller: `h_new = h · safety · err_n^(-α) · err_(n-1)^β` [G91], [HW96, eq. (IV.2.43)].
#[derive(Debug, Clone)]
pub struct Controller {
    alpha: f64,
    beta: f64,
    error_before: f64,
    just_rejected: bool,
}

/// Safety factor, [HNW93, II.4].
const SAFETY: f64 = 0.9;
/// Smallest and largest change of the step in one go, [HNW93, II.4] (code DOPRI5).
const FACTOR: (f64, f64) = (0.2, 10.0);
/// Change of the step after a value that is not finite; a quarter leaves the region quickly and does not overshoot.
const FACTOR_NOT_FINITE: f64 = 0.25;
/// Errors below this count as this, so that one lucky step does not slow the next, [HW96, IV.2] (code DOPRI5).
const LEAST_ERROR: f64 = 1e-4;

impl Controller {
    /// For a method whose error estimate is of order `k` in h (embedded order + 1). `beta` is the share of the integral part in units of 1/k:
    /// 0.4 for non-stiff problems [G91], 0 leaves the classical controller.
    pub fn new(k: u32, beta: f64) -> Self {
        let k = f64::from(k);
        Self {
            // [HW96, IV.2]: α = 1/k - 0.75 β keeps the loop stable.
            alpha: (1.0 - 0.75 * beta) / k,
            beta: beta / k,
            error_before: LEAST_ERROR,
            just_rejected: false,
        }
    }

    /// Factor for the next step after one with this error norm; the step is accepted if `error <= 1`.
    pub fn factor(&mut self, error: f64) -> f64 {
        if !error.is_finite() {
            self.just_rejected = true;
            return FACTOR_NOT_FINITE;
        }
        if error > 1.0 {
            self.just_rejected = true;
            return (SAFETY * error.powf(-self.alpha)).clamp(FACTOR.0, 1.0);
        }
        // No power of zero: FACTOR.1 bounds the growth anyway.
        let error = error.max(f64::MIN_POSITIVE);
        let factor = SAFETY * error.powf(-self.alpha) * self.error_before.powf(self.beta);
        self.error_before = error.max(LEAST_ERROR);
        // After a rejection the step does not grow at once, [HNW93, II.4].
        let largest = if self.just_rejected { 1.0 } else { FACTOR.1 };
        self.just_rejected = false;
        factor.clamp(FACTOR.0, largest)
    }
}

/// Whether a step of this size still moves the time.
pub fn is_too_small(t: f64, h: f64) -> bool {
    h <= 4.0 * f64::EPSILON * t.abs() || h < f64::MIN_POSITIVE
}

/// The step to take: `h`, cut at the end; and the time it leads to, exactly `t_end` for the last one.
/// A remainder of less than 1 % is taken along, and one of less than 2 steps is halved, so that no tiny last step arises.
pub fn cut_at_end(t: f64, h: f64, t_end: f64) -> (f64, f64) {
    let left = t_end - t;
    if h * 1.01 >= left {
        (left, t_end)
    } else if h * 2.0 > left {
        (0.5 * left, t + 0.5 * left)
    } else {
        (h, t + h)
    }
}

/// First step for a method of this order by comparing `f` at the start and after a small explicit Euler step [HNW93, II.4, "Starting step size"].
/// The bare numbers are those of its algorithm. `f0 = f(t, u)`; `work` is two vectors of the length of `u`. One evaluation of the right-hand side.
pub fn first_step(
    problem: &mut Problem<'_>,
    (t, u, f0): (f64, &[f64], &[f64]),
    order: u32,
    work: (&mut [f64], &mut [f64]),
    counts: &mut Counts,
) -> f64 {
    let (v, f1) = work;
    let interval = problem.t_end - t;
    let norm = |e: &[f64]| error_norm(e, u, u, problem.atol, problem.rtol);
    let (d0, d1) = (norm(u), norm(f0));
    let h0 = if d0 < 1e-5 || d1 < 1e-5 {
        1e-6 * interval.min(1.0)
    } else {
        0.01 * d0 / d1
    };
    let h0 = h0.min(interval);
    for i in 0..u.len() {
        v[i] = u[i] + h0 * f0[i];
    }
    problem.equations.rhs(t + h0, v, f1);
    counts.rhs += 1;
    for i in 0..u.len() {
        f1[i] -= f0[i];
    }
    let d2 = error_norm(f1, u, u, problem.atol, problem.rtol) / h0;
    let steepest = d1.max(d2);
    let h1 = if steepest <= 1e-15 {
        (h0 * 1e-3).max(1e-6 * interval.min(1.0))
    } else {
        (0.01 / steepest).powf(1.0 / f64::from(order + 1))
    };
    let h = (100.0 * h0).min(h1).min(interval);
    if h.is_finite() && h > 0.0 { h } else { h0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_lands_on_the_end_and_is_not_tiny() {
        for h in [0.05, 0.333, 0.4999, 0.501, 0.7, 0.995, 2.0] {
            let (mut t, mut smallest) = (0.1, f64::INFINITY);
            while t < 1.1 {
                let (cut, next) = cut_at_end(t, h, 1.1);
                smallest = smallest.min(cut);
                t = next;
            }
            assert_eq!(t, 1.1);
            assert!(smallest >= 0.49 * h.min(1.0), "h = {h}: {smallest}");
        }
    }

    #[test]
    fn the_controller_grows_only_after_success() {
        let mut controller = Controller::new(5, 0.4);
        assert!(controller.factor(1e-3) > 1.0);
        let after_rejection = controller.factor(100.0);
        assert!((FACTOR.0..0.9).contains(&after_rejection));
        assert!(controller.factor(1e-6) <= 1.0);
        assert!(controller.factor(1e-6) > 1.0);
        assert_eq!(controller.factor(f64::NAN), FACTOR_NOT_FINITE);
    }

    #[test]
    fn values_that_are_not_finite_fail_the_error_test() {
        let norm =
            |e: f64, v: f64| error_norm(&[0.0, e], &[1.0, 1.0], &[1.0, v], &[1e-6, 1e-6], 1e-3);
        assert!(norm(1e-4, 1.0) < 1.0);
        assert!(norm(f64::NAN, 1.0).is_nan());
        assert!(norm(1e-4, f64::INFINITY).is_nan());
        assert_eq!(
            worst_component(&[0.0, 1.0], &[1.0; 2], &[1.0; 2], &[1e-6; 2], 1e-3),
            1
        );
        assert_eq!(
            worst_component(&[1.0, f64::NAN], &[1.0; 2], &[1.0; 2], &[1e-6; 2], 1e-3),
            1
        );
    }
}
