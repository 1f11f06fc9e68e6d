//! BDF converges with each of its orders, and keeps conserved totals with every linear solver.

use super::*;
use crate::problem::Equations;
use ansatz_compiler::system::conservation::ConservedTotal;
use ansatz_compiler::system::jacobian::Pattern;

/// `u' = cos t − (u − sin t)`, with the solution `sin t`.
struct Sine(Pattern);

impl Equations for Sine {
    fn n_states(&self) -> usize {
        1
    }
    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        du[0] = t.cos() - (u[0] - t.sin());
    }
    fn pattern(&self) -> &Pattern {
        &self.0
    }
    fn jacobian(&mut self, _t: f64, _u: &[f64], values: &mut [f64]) {
        values[0] = -1.0;
    }
    fn jvp(&mut self, _t: f64, _u: &[f64], v: &[f64], jv: &mut [f64]) {
        jv[0] = -v[0];
    }
    fn time_derivative(&mut self, t: f64, _u: &[f64], dfdt: &mut [f64]) -> bool {
        dfdt[0] = t.cos() - t.sin();
        true
    }
}

/// `A₀ ⇌ A₁ ⇌ …` with rates from 10⁻³ to 10³ and dimers of neighbours.
struct Chain(Pattern);

impl Chain {
    fn new(n: usize) -> Self {
        let mut pattern = Pattern {
            n,
            column_starts: vec![0],
            row_indices: Vec::new(),
        };
        for j in 0..n as u32 {
            pattern
                .row_indices
                .extend(j.saturating_sub(1)..(j + 2).min(n as u32));
            pattern.column_starts.push(pattern.row_indices.len() as u32);
        }
        Chain(pattern)
    }

    /// Flux from `i` to `i + 1` and its derivatives.
    fn flux(i: usize, u: &[f64]) -> (f64, f64, f64) {
        let (a, b) = (u[i], u[i + 1]);
        let (k, back) = (
            10f64.powi(i as i32 % 7 - 3),
            10f64.powi(i as i32 * 5 % 7 - 3),
        );
        (k * a * (1.0 + b) - back * b, k * (1.0 + b), k * a - back)
    }
}

impl Equations for Chain {
    fn n_states(&self) -> usize {
        self.0.n
    }
    fn rhs(&mut self, _t: f64, u: &[f64], du: &mut [f64]) {
        du.fill(0.0);
        for i in 0..u.len() - 1 {
            let (flux, _, _) = Chain::flux(i, u);
            du[i] -= flux;
            du[i + 1] += flux;
        }
    }
    fn pattern(&self) -> &Pattern {
        &self.0
    }
    fn jacobian(&mut self, _t: f64, u: &[f64], values: &mut [f64]) {
        values.fill(0.0);
        let Pattern {
            column_starts,
            row_indices,
            ..
        } = &self.0;
        let mut add = |i: usize, j: usize, value: f64| {
            let column = column_starts[j] as usize..column_starts[j + 1] as usize;
            let at = row_indices[column.clone()].partition_point(|&row| (row as usize) < i);
            values[column.start + at] += value;
        };
        for i in 0..u.len() - 1 {
            let (_, da, db) = Chain::flux(i, u);
            add(i, i, -da);
            add(i, i + 1, -db);
            add(i + 1, i, da);
            add(i + 1, i + 1, db);
        }
    }
    fn jvp(&mut self, _t: f64, _u: &[f64], _v: &[f64], _jv: &mut [f64]) {
        unreachable!("products are by difference quotients")
    }
    fn time_derivative(&mut self, _t: f64, _u: &[f64], _dfdt: &mut [f64]) -> bool {
        false
    }
}

struct Asked<'a> {
    t_end: f64,
    tolerance: f64,
    max_order: usize,
    solver: LinearSolver,
    conserved: &'a [ConservedTotal],
}

/// The state at the end; `watch` sees every step.
fn run(
    equations: &mut dyn Equations,
    u0: &[f64],
    asked: Asked<'_>,
    watch: &mut dyn FnMut(f64, &[f64]),
) -> (Vec<f64>, Counts) {
    let atol = vec![asked.tolerance * 1e-3; u0.len()];
    let mut problem = Problem {
        equations,
        t0: 0.0,
        t_end: asked.t_end,
        u0,
        rtol: asked.tolerance,
        atol: &atol,
        conserved: asked.conserved,
        max_steps: u64::MAX,
        save_at: None,
        interrupt: &mut |_| false,
    };
    let mut counts = Counts::default();
    let start = Start {
        t: 0.0,
        u: u0,
        h: None,
    };
    let mut bdf = Bdf::new(
        &mut problem,
        start,
        asked.solver,
        asked.max_order,
        &mut counts,
    );
    while bdf.t() < asked.t_end {
        bdf.advance(&mut problem, &mut counts)
            .expect("the problem is smooth");
        watch(bdf.t(), bdf.u());
    }
    assert_eq!(bdf.t(), asked.t_end);
    (bdf.u().to_vec(), counts)
}

#[test]
fn each_order_converges_with_its_order() {
    let pattern = Pattern {
        n: 1,
        column_starts: vec![0, 1],
        row_indices: vec![0],
    };
    // From this power of ten down by three: the leading error term dominates, rounding does not.
    for (max_order, coarsest) in [(1, -3), (2, -5), (3, -6), (4, -7), (5, -8)] {
        let runs: Vec<(f64, f64)> = (0..7)
            .map(|halves| {
                let asked = Asked {
                    t_end: 40.0,
                    tolerance: 10f64.powf(f64::from(coarsest) - 0.5 * f64::from(halves)),
                    max_order,
                    solver: LinearSolver::Lu,
                    conserved: &[],
                };
                let mut error = 0.0f64;
                let mut watch = |t: f64, u: &[f64]| error = error.max((u[0] - t.sin()).abs());
                let (_, counts) = run(&mut Sine(pattern.clone()), &[0.0], asked, &mut watch);
                (-(counts.steps as f64).ln(), error.ln())
            })
            .collect();
        let order = slope(&runs);
        assert!(
            (order - max_order as f64).abs() < 0.2,
            "order {max_order} shows {order:.2}"
        );
    }
}

/// Of the line through points by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let (xy, xx) = points.iter().fold((0.0, 0.0), |(xy, xx), p| {
        (xy + (p.0 - x) * (p.1 - y), xx + (p.0 - x).powi(2))
    });
    xy / xx
}

#[test]
fn inexact_solvers_keep_totals_to_round_off_and_agree_with_exact_ones() {
    let n = 60;
    let conserved = [ConservedTotal {
        weights: (0..n).map(|i| (i, 1.0)).collect(),
    }];
    let mut u0 = vec![0.0; n as usize];
    u0[0] = 5.0;
    let mut chain = Chain::new(n as usize);
    let mut with = |solver, conserved| {
        let asked = Asked {
            t_end: 1e4,
            tolerance: 1e-6,
            max_order: MAX_ORDER,
            solver,
            conserved,
        };
        run(&mut chain, &u0, asked, &mut |_, _| ())
    };
    let (exact, _) = with(LinearSolver::Lu, &[]);
    for solver in [LinearSolver::GmresIlu, LinearSolver::GmresDiagonal] {
        let (u, counts) = with(solver, &conserved);
        assert!(counts.linear_iterations > 0);
        let total: f64 = u.iter().sum();
        assert!((total - 5.0).abs() < 5e-14, "{solver:?}: total {total}");
        let error = u
            .iter()
            .zip(&exact)
            .map(|(a, b)| (a - b).abs() / (b.abs() + 1e-3))
            .fold(0.0, f64::max);
        assert!(error < 1e-3, "{solver:?}: error {error:e}");
    }
    let drift = (with(LinearSolver::GmresDiagonal, &[]).0.iter().sum::<f64>() - 5.0).abs();
    assert!(
        drift > 1e-12,
        "without the projection the total would drift: {drift:e}"
    );
}

/// Two states, the second of which makes trouble.
struct Broken {
    pattern: Pattern,
    trouble: Trouble,
    evaluations: i32,
}

#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// The right-hand side is not a number from t = 1 on.
    Undefined,
    /// Every evaluation gives ten times the value of the last, so no iteration converges.
    Erratic,
    /// The Jacobian is not finite.
    NoFactors,
}

impl Equations for Broken {
    fn n_states(&self) -> usize {
        2
    }
    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        self.evaluations += 1;
        du[0] = -u[0];
        du[1] = match self.trouble {
            Trouble::Undefined => (1.0 - t).sqrt(),
            Trouble::Erratic => 10f64.powi(self.evaluations),
            Trouble::NoFactors => 1.0,
        };
    }
    fn pattern(&self) -> &Pattern {
        &self.pattern
    }
    fn jacobian(&mut self, _t: f64, _u: &[f64], values: &mut [f64]) {
        let last = match self.trouble {
            Trouble::Undefined | Trouble::Erratic => 0.0,
            Trouble::NoFactors => f64::NAN,
        };
        values.copy_from_slice(&[-1.0, last]);
    }
    fn jvp(&mut self, _t: f64, _u: &[f64], _v: &[f64], _jv: &mut [f64]) {
        unreachable!("products are by difference quotients")
    }
    fn time_derivative(&mut self, _t: f64, _u: &[f64], _dfdt: &mut [f64]) -> bool {
        false
    }
}

#[test]
fn failures_name_time_step_and_worst_state_and_keep_the_last_state() {
    for trouble in [Trouble::Undefined, Trouble::Erratic, Trouble::NoFactors] {
        let mut equations = Broken {
            pattern: Pattern {
                n: 2,
                column_starts: vec![0, 1, 2],
                row_indices: vec![0, 1],
            },
            trouble,
            evaluations: 0,
        };
        let u0 = [1.0, 0.0];
        let mut problem = Problem {
            equations: &mut equations,
            t0: 0.0,
            t_end: 2.0,
            u0: &u0,
            rtol: 1e-6,
            atol: &[1e-9; 2],
            conserved: &[],
            max_steps: u64::MAX,
            save_at: None,
            interrupt: &mut |_| false,
        };
        let start = Start {
            t: 0.0,
            u: &u0,
            h: None,
        };
        let mut counts = Counts::default();
        let mut bdf = Bdf::new(
            &mut problem,
            start,
            LinearSolver::Lu,
            MAX_ORDER,
            &mut counts,
        );
        let failure = loop {
            if let Err(failure) = bdf.advance(&mut problem, &mut counts) {
                break failure;
            }
        };
        let exact = (-bdf.t()).exp();
        assert!((bdf.u()[0] - exact).abs() < 1e-4 && bdf.u()[1].is_finite());
        match (trouble, &failure) {
            (Trouble::Undefined, Failure::NotFinite { t, h, state: 1 }) => {
                assert!((0.99..=1.0).contains(t) && *h > 0.0);
            }
            (Trouble::Erratic, Failure::NewtonDiverged { t, h, state: 1 })
            | (Trouble::NoFactors, Failure::NewtonDiverged { t, h, .. }) => {
                assert!(*t == 0.0 && *h > 0.0);
            }
            (Trouble::Undefined | Trouble::Erratic | Trouble::NoFactors, other) => {
                panic!("{trouble:?} ends with {other:?}")
            }
        }
        assert!(failure.to_string().contains("step"), "{failure}");
    }
}
