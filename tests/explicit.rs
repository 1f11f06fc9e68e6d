//! Explicit methods for fields: strong stability within the largest step, and stabilised methods on diffusion.

use ansatz_compiler::system::jacobian::Pattern;
use ansatz_runtime::failure::Failure;
use ansatz_runtime::ode;
use ansatz_runtime::problem::{Equations, Problem};
use ansatz_runtime::solution::Outcome;
use ansatz_runtime::space::steppers::{
    BoundedEquations, BoundedProblem, BoundedStep, STRONG_STABILITY, Stage, solve_bounded,
};
use ansatz_tests::fields::Fields;
use std::f64::consts::PI;

/// Difference between observed and claimed order.
const ORDER_MARGIN: f64 = 0.2;

/// A pulse that is carried around a ring by differences of first order: no new extrema up to a Courant number of 1.
struct Advection {
    n: usize,
}

impl BoundedEquations for Advection {
    fn n_states(&self) -> usize {
        self.n
    }
    fn rhs(&mut self, _t: f64, u: &[f64], du: &mut [f64]) {
        for i in 0..self.n {
            du[i] = -(u[i] - u[(i + self.n - 1) % self.n]) * self.n as f64;
        }
    }
    fn largest_step(&mut self, _t: f64, _u: &[f64]) -> f64 {
        1.0 / self.n as f64
    }
    fn limiting_state(&mut self, _t: f64, _u: &[f64]) -> usize {
        0
    }
}

/// `u_t = u cos t`, for which any step is stable.
struct Growth;

impl BoundedEquations for Growth {
    fn n_states(&self) -> usize {
        1
    }
    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        du[0] = u[0] * t.cos();
    }
    fn largest_step(&mut self, _t: f64, _u: &[f64]) -> f64 {
        f64::INFINITY
    }
    fn limiting_state(&mut self, _t: f64, _u: &[f64]) -> usize {
        0
    }
}

fn run_bounded(
    method: &str,
    equations: &mut dyn BoundedEquations,
    u0: &[f64],
    step: BoundedStep,
    times: &[f64],
) -> (Vec<(f64, Vec<f64>)>, Outcome) {
    let mut saved = Vec::new();
    let mut problem = BoundedProblem {
        equations,
        t0: 0.0,
        t_end: *times.last().expect("times"),
        u0,
        step,
        max_steps: 10_000,
        save_at: Some(times),
        interrupt: &mut |_| false,
    };
    let outcome = solve_bounded(method, &mut problem, &mut |t, u| {
        saved.push((t, u.to_vec()))
    });
    (saved, outcome.expect("a row of the table"))
}

#[test]
fn strong_stability_methods_have_their_order() {
    for method in STRONG_STABILITY {
        let error = |steps: f64| {
            let step = BoundedStep::Fixed(2.0 / steps);
            let (saved, _) = run_bounded(method.name, &mut Growth, &[1.0], step, &[2.0]);
            (saved[0].1[0] - 2f64.sin().exp()).abs()
        };
        let order = (error(40.0) / error(80.0)).log2();
        assert!(
            (order - f64::from(method.order)).abs() < ORDER_MARGIN,
            "{}: {order:.2}",
            method.name
        );
    }
}

#[test]
fn strong_stability_methods_make_no_new_extrema_up_to_their_largest_step() {
    let u0: Vec<f64> = (0..50)
        .map(|i| f64::from(u8::from((10..20).contains(&i))))
        .collect();
    let outside = |u: &[f64]| u.iter().map(|u| (-u).max(u - 1.0)).fold(0.0, f64::max);
    for method in STRONG_STABILITY {
        let mut ring = Advection { n: 50 };
        let times = [0.0, 0.013, 0.5, 1.0];
        let (saved, outcome) = run_bounded(
            method.name,
            &mut ring,
            &u0,
            BoundedStep::Courant(1.0),
            &times,
        );
        assert_eq!((outcome.failure, outcome.t), (None, 1.0));
        assert_eq!(saved.iter().map(|(t, _)| *t).collect::<Vec<_>>(), times);
        for (_, u) in &saved {
            assert!(outside(u) < 1e-14);
            assert!((u.iter().sum::<f64>() - 10.0).abs() < 1e-12);
        }
        // Steps are as long as they may be: about 50 per unit of time and Courant number.
        assert!(outcome.counts.steps as f64 <= 54.0 / method.coefficient);
        let too_long = BoundedStep::Fixed(1.01 * method.coefficient / 50.0);
        let (_, outcome) = run_bounded(method.name, &mut ring, &u0, too_long, &times[3..]);
        assert!(matches!(
            outcome.failure,
            Some(Failure::StepTooLong { t: 0.0, .. })
        ));
    }
}

/// Diffusion on `[0, 1]` between fixed ends by second differences, in which sines decay each at its rate.
struct Diffusion {
    n: usize,
    pattern: Pattern,
}

impl Diffusion {
    fn decay(&self, k: usize) -> f64 {
        let h = 1.0 / (self.n + 1) as f64;
        (2.0 / h * (0.5 * k as f64 * PI * h).sin()).powi(2)
    }

    fn at(&self, t: f64) -> Vec<f64> {
        let mode = |x: f64, k: usize| (k as f64 * PI * x).sin() * (-self.decay(k) * t).exp();
        let nodes = (1..=self.n).map(|i| i as f64 / (self.n + 1) as f64);
        nodes
            .map(|x| [1, 3, 10, 150].iter().map(|&k| mode(x, k)).sum())
            .collect()
    }
}

impl Equations for Diffusion {
    fn n_states(&self) -> usize {
        self.n
    }
    fn rhs(&mut self, _t: f64, u: &[f64], du: &mut [f64]) {
        let square = ((self.n + 1) * (self.n + 1)) as f64;
        for i in 0..self.n {
            let left = if i > 0 { u[i - 1] } else { 0.0 };
            let right = u.get(i + 1).copied().unwrap_or(0.0);
            du[i] = square * (left - 2.0 * u[i] + right);
        }
    }
    fn pattern(&self) -> &Pattern {
        &self.pattern
    }
    fn jacobian(&mut self, _t: f64, _u: &[f64], _values: &mut [f64]) {
        unreachable!("explicit methods need no Jacobian")
    }
    fn jvp(&mut self, t: f64, _u: &[f64], v: &[f64], jv: &mut [f64]) {
        self.rhs(t, v, jv);
    }
    fn time_derivative(&mut self, _t: f64, _u: &[f64], _dfdt: &mut [f64]) -> bool {
        false
    }
}

#[test]
fn stabilised_methods_take_diffusion_in_few_evaluations() {
    for (method, rtol, most) in [
        ("ROCK2", 1e-3, 2000),
        ("ROCK4", 1e-3, 1500),
        ("ROCK4", 1e-6, 3000),
    ] {
        let mut diffusion = Diffusion {
            n: 200,
            pattern: Pattern::default(),
        };
        let (start, exact) = (diffusion.at(0.0), diffusion.at(0.1));
        let mut problem = Problem {
            equations: &mut diffusion,
            t0: 0.0,
            t_end: 0.1,
            u0: &start,
            rtol,
            atol: &[1e-6; 200],
            conserved: &[],
            max_steps: 10_000,
            save_at: Some(&[0.1]),
            interrupt: &mut |_| false,
        };
        let mut end = vec![];
        let outcome = ode::solve(method, &mut problem, &mut |_, u| end = u.to_vec())
            .expect("a row of the table");
        assert_eq!(outcome.failure, None, "{method}");
        let error = end
            .iter()
            .zip(&exact)
            .map(|(u, exact)| (u - exact).abs())
            .fold(0.0, f64::max);
        assert!(error < rtol, "{method}, {rtol:e}: {error:e}");
        // A method of four stages without stabilisation takes 23 000.
        assert!(
            outcome.counts.rhs < most,
            "{method}, {rtol:e}: {:?}",
            outcome.counts
        );
    }
}

/// A stage in one pass over the grid is the rate by the program of rates, then the update.
#[test]
fn stages_in_one_pass_are_what_rates_make() {
    for text in [
        "field u on d = 0, v on d = 0
         dt(u) = lap(u) + u^2*v + t
         dt(v) = lap(v) - u^2*v
         scheme central(order = 4)",
        "field u on d = 0
         dt(u) = -dx(u^2/2) - dy(u^2/2)
         scheme weno(order = 5)",
        "field u on d = 0
         dt(u) = -u*dx(u) + lap(u)
         scheme fourier",
        "field u on d = 0, v on d = 0
         dt(u) = v - mean(u)
         dt(v) = v - mean(u)",
        "field u on d = 0, psi on d
         constraint lap(psi) = u, mean(psi) = 0
         dt(u) = psi",
    ] {
        let mut fields = Fields::new(
            &format!(
                "domain d: x in 0..6, 24 points, periodic; y in 0..1, 12 points, periodic
                 {text}"
            ),
            f64::INFINITY,
        );
        let u = fields.nodes(&|field, [x, y, _]| (x + field as f64).sin() + y * y);
        let start: Vec<f64> = u.iter().map(|u| u * u).collect();
        for keep in [0.0, 0.75] {
            let stage = Stage {
                start: &start,
                keep,
                step: 0.01,
            };
            let (mut one_pass, mut two) = (vec![0.0; u.len()], vec![0.0; u.len()]);
            fields.run_stage(0.3, &u, stage, &mut one_pass);
            fields.stage(0.3, &u, stage, &mut two);
            for (a, b) in one_pass.iter().zip(&two) {
                assert!((a - b).abs() < 1e-13, "{a} {b}: {text}");
            }
        }
    }
}
