//! Error against time: every method on every reference problem, at the tolerances where solvers are compared and around them.
//!
//! `cargo bench -p ansatz-runtime --bench work_precision [-- PROBLEM]` prints a row per problem, method and tolerance: the largest error
//! relative to the reference (`tests/support/reference.rs`), the time of a solution, compilation excluded, and what was counted.

use std::time::{Duration, Instant};

use ansatz_runtime::experiment::Compiled;
use ansatz_runtime::ode::METHODS;
use ansatz_tests::reference::{Initial, NON_STIFF, Reference, STIFF, Tolerances, run_equations};

/// Factors on the tolerances of a problem.
const FACTORS: [f64; 4] = [100.0, 10.0, 1.0, 0.1];
/// Limit on steps: methods that do not suit a problem are left out.
const MAX_STEPS: u64 = 20_000;
/// Batches of runs, of whose mean times the median counts.
const BATCHES: usize = 7;
/// Time of a batch.
const BATCH: Duration = Duration::from_millis(30);

fn main() {
    let wanted = std::env::args()
        .nth(1)
        .filter(|argument| !argument.starts_with('-'));
    println!(
        "{:16} {:24} {:>8} {:>9} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "problem",
        "method",
        "rtol",
        "error",
        "ms",
        "steps",
        "rejected",
        "rhs",
        "jacobian",
        "factors"
    );
    let problems = NON_STIFF.iter().chain(STIFF);
    for problem in
        problems.filter(|problem| wanted.as_ref().is_none_or(|name| name == problem.name))
    {
        for method in METHODS.iter().map(|method| method.name).chain(["auto"]) {
            measure(problem, method);
        }
    }
}

fn measure(problem: &Reference, method: &str) {
    let program = problem.program();
    let (parameters, u0) = program.start();
    let mut equations = Compiled::new(&program, &parameters);
    let initial = Initial {
        u0: &u0,
        conserved: &program.conserved,
    };
    let times: Vec<f64> = problem.solution().iter().map(|(t, _)| *t).collect();
    for factor in FACTORS {
        let tolerances = Tolerances {
            rtol: factor * problem.rtol,
            atol: factor * problem.atol,
            max_steps: MAX_STEPS,
        };
        let mut solve = || {
            run_equations(
                &mut equations,
                initial,
                method,
                problem.until,
                &times,
                tolerances,
            )
        };
        let (trajectory, outcome) = solve();
        if outcome.failure.is_some() {
            continue;
        }
        let seconds = median_seconds(|| {
            solve();
        });
        let (error, counts) = (problem.error(&trajectory), outcome.counts);
        println!(
            "{:16} {:24} {:8.0e} {error:9.1e} {:10.4} {:8} {:8} {:8} {:8} {:8}",
            problem.name,
            if method == "auto" {
                format!("auto: {}", outcome.method)
            } else {
                outcome.method
            },
            tolerances.rtol,
            seconds * 1e3,
            counts.steps,
            counts.rejected,
            counts.rhs,
            counts.jacobian,
            counts.factorizations
        );
    }
}

fn median_seconds(mut solve: impl FnMut()) -> f64 {
    let mut means: Vec<f64> = (0..BATCHES).map(|_| mean_seconds(&mut solve)).collect();
    means.sort_by(f64::total_cmp);
    means[BATCHES / 2]
}

fn mean_seconds(solve: &mut impl FnMut()) -> f64 {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let mut runs = 0;
    while start.elapsed() < BATCH {
        solve();
        runs += 1;
    }
    let seconds = match (cpu, cpu_seconds()) {
        (Some(before), Some(after)) => after - before,
        _ => start.elapsed().as_secs_f64(),
    };
    seconds / f64::from(runs)
}

/// Time that this thread has spent on a processor, where Linux tells it: other processes do not count.
fn cpu_seconds() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = status.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds * 1e-9)
}
