//! Reaction networks: time of the solution alone, its error, and how well conserved totals are kept.
//!
//! `ANSATZ_NETWORKS=FOLDER [ANSATZ_REFERENCES=FOLDER] cargo bench -p ansatz-runtime --bench networks [-- NAME [SOLVER …]]` runs every
//! `.net` file of the folder (or the one of this name) with `auto` (or the solvers named) and prints a row for each: the time of a
//! solution, compilation excluded, its largest error relative to `NAME.csv` of the second folder (times and states), the largest relative
//! change of a conserved total over the saved times, and what was counted. A run goes to the last time of the reference, without one to
//! [`UNTIL`].

mod timing;

use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_runtime::experiment::Compiled;
use ansatz_tests::files_under;
use ansatz_tests::reference::{
    Initial, Tolerances, Trajectory, compiled, largest_error, read_trajectory, run_equations,
};
use timing::median_seconds;

/// End of runs without a reference.
const UNTIL: f64 = 1e3;
/// The tolerances at which solvers of these networks are compared in the literature.
const TOLERANCES: Tolerances = Tolerances {
    rtol: 1e-6,
    atol: 1e-9,
    max_steps: 100_000,
};

fn main() {
    let Some(folder) = std::env::var_os("ANSATZ_NETWORKS") else {
        println!("ANSATZ_NETWORKS names no folder of .net files: nothing to run");
        return;
    };
    let references = std::env::var_os("ANSATZ_REFERENCES").map(PathBuf::from);
    let arguments = std::env::args().skip(1).filter(|a| !a.starts_with('-'));
    let arguments: Vec<String> = arguments.collect();
    let (wanted, solvers) = match arguments.split_first() {
        Some((wanted, solvers)) => (Some(wanted.as_str()), solvers.to_vec()),
        None => (None, Vec::new()),
    };
    println!(
        "{:16} {:28} {:>8} {:>9} {:>9} {:>9} {:>7} {:>8} {:>7} {:>8} {:>7} {:>7}",
        "network",
        "method",
        "until",
        "ms",
        "error",
        "drift",
        "steps",
        "rejected",
        "rhs",
        "jacobian",
        "factors",
        "linear"
    );
    for path in files_under(Path::new(&folder), "net") {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if wanted.is_some_and(|wanted| wanted != name) {
            continue;
        }
        let reference = references
            .as_ref()
            .map(|folder| folder.join(&*name).with_extension("csv"))
            .filter(|path| path.exists())
            .map(|path| read_trajectory(&path));
        let text = std::fs::read_to_string(&path).expect("the network can be read");
        let program = compiled(&path.display().to_string(), text);
        if solvers.is_empty() {
            measure(&name, &program, "auto", reference.as_ref());
        }
        for solver in &solvers {
            measure(&name, &program, solver, reference.as_ref());
        }
    }
}

fn measure(name: &str, program: &Program, solver: &str, reference: Option<&Trajectory>) {
    let (parameters, u0) = program.start();
    let mut equations = Compiled::new(program, &parameters);
    let initial = Initial {
        u0: &u0,
        conserved: &program.conserved,
    };
    let times: Vec<f64> = match reference {
        Some(reference) => reference.iter().map(|(t, _)| *t).collect(),
        None => vec![UNTIL],
    };
    let until = *times.last().expect("a reference has rows");
    let mut solve = || run_equations(&mut equations, initial, solver, until, &times, TOLERANCES);
    let (trajectory, outcome) = solve();
    if let Some(failure) = outcome.failure {
        println!("{name:16} {:28} {failure}", outcome.method);
        return;
    }
    let milliseconds = 1e3
        * median_seconds(|| {
            solve();
        });
    let error = reference.map_or("-".into(), |reference| {
        let scale = TOLERANCES.atol / TOLERANCES.rtol;
        format!("{:.1e}", largest_error(&trajectory, reference, scale))
    });
    let (drift, counts) = (largest_drift(program, &u0, &trajectory), outcome.counts);
    println!(
        "{name:16} {:28} {until:8.0e} {milliseconds:9.3} {error:>9} {drift:9.1e} {:7} {:8} {:7} {:8} {:7} {:7}",
        if solver == "auto" {
            format!("auto: {}", outcome.method)
        } else {
            outcome.method
        },
        counts.steps,
        counts.rejected,
        counts.rhs,
        counts.jacobian,
        counts.factorizations,
        counts.linear_iterations
    );
}

/// Change of a conserved total from its start, relative to the sum of the sizes of its parts.
fn largest_drift(program: &Program, u0: &[f64], trajectory: &Trajectory) -> f64 {
    let mut largest = 0.0;
    for total in &program.conserved {
        let sums = |u: &[f64]| {
            let parts = total.weights.iter().map(|&(i, w)| w * u[i as usize]);
            parts.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()))
        };
        let (start, _) = sums(u0);
        for (_, u) in trajectory {
            let (sum, size) = sums(u);
            if sum != start {
                largest = f64::max(largest, (sum - start).abs() / size);
            }
        }
    }
    largest
}
