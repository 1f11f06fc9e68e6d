//! Error against time: every method on every reference problem, at the tolerances where solvers are compared and around them.
//!
//! `cargo bench -p ansatz-runtime --bench work_precision [-- PROBLEM|all [SOLVER …]]` prints a row per problem, method and tolerance: the largest error
//! relative to the reference (`tests/support/reference.rs`), the time of a solution, compilation excluded, and what was counted.

mod timing;

use ansatz_runtime::experiment::Compiled;
use ansatz_runtime::ode::METHODS;
use ansatz_tests::reference::{Initial, NON_STIFF, Reference, STIFF, Tolerances, run_equations};
use timing::median_seconds;

/// Factors on the tolerances of a problem.
const FACTORS: [f64; 4] = [100.0, 10.0, 1.0, 0.1];
/// Limit on steps: methods that do not suit a problem are left out.
const MAX_STEPS: u64 = 20_000;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let (wanted, solvers) = match arguments.split_first() {
        Some((wanted, solvers)) => (Some(wanted), solvers),
        None => (None, &[][..]),
    };
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
        problems.filter(|problem| wanted.is_none_or(|name| name == "all" || name == problem.name))
    {
        let methods = METHODS.iter().map(|method| method.name).chain(["auto"]);
        for method in methods.filter(|name| solvers.is_empty() || solvers.iter().any(|s| s == name))
        {
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
