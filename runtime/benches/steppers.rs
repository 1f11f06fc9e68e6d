//! Steps of split equations against their own transforms, in one run.
//!
//! `cargo bench -p ansatz-runtime --bench steppers` prints, for Kuramoto-Sivashinsky with 1024 nodes, the time of a step, of the
//! transforms of a step alone, and their ratio: with all modes stored, and with those below two thirds only.

use std::time::Instant;

use ansatz_runtime::space::steppers::{METHODS, SplitEquations, SplitProblem, StepSize, solve};
use ansatz_tests::spectral::{kuramoto_sivashinsky, two_thirds};

/// Steps of a batch: shorter than a time slice.
const STEPS: u64 = 200;
/// Batches, of which the fastest counts: other processes only ever slow them down.
const BATCHES: usize = 200;

fn main() {
    let n = 1024;
    println!(
        "{:28} {:>6} {:>11} {:>11} {:>11} {:>6}",
        "method", "modes", "step µs", "FFTs µs", "N µs", "ratio"
    );
    for n_modes in [n / 2 + 1, two_thirds(n)] {
        for method in METHODS {
            measure(method.name, n, n_modes);
        }
    }
}

fn measure(method: &str, n: usize, n_modes: usize) {
    let (mut line, start) = kuramoto_sivashinsky(n, n_modes);
    let mut best = [f64::INFINITY; 3];
    let mut evaluations = 0.0;
    let mut out = start.clone();
    for _ in 0..BATCHES {
        let dt = 1.0 / 64.0;
        let mut problem = SplitProblem {
            equations: &mut line,
            t0: 0.0,
            t_end: dt * STEPS as f64,
            u0: &start,
            step: StepSize::Fixed(dt),
            max_steps: 2 * STEPS,
            save_at: Some(&[]),
            interrupt: &mut |_| false,
        };
        let begin = Instant::now();
        let outcome = solve(method, &mut problem, &mut |_, _| {}).expect("a row of the table");
        keep_least(&mut best[0], begin);
        assert_eq!(outcome.counts.steps, STEPS);
        evaluations = (outcome.counts.rhs as f64 / STEPS as f64).round();
        time(&mut best[1], evaluations, || line.transform_only());
        time(&mut best[2], evaluations, || {
            line.nonlinear(0.0, &start, &mut out)
        });
    }
    let [step, transforms, nonlinear] = best;
    println!(
        "{method:28} {n_modes:6} {step:11.2} {transforms:11.2} {nonlinear:11.2} {:6.2}   ({evaluations} evaluations)",
        step / transforms
    );
}

fn time(best: &mut f64, evaluations: f64, mut work: impl FnMut()) {
    let begin = Instant::now();
    for _ in 0..STEPS * evaluations as u64 {
        work();
    }
    keep_least(best, begin);
}

fn keep_least(best: &mut f64, begin: Instant) {
    *best = best.min(begin.elapsed().as_secs_f64() / STEPS as f64 * 1e6);
}
