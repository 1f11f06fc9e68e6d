//! BioNetGen's own networks and trajectories: each `.net` file of the corpus is imported, compiled and integrated, and its groups
//! and functions are compared with the `.gdat` beside it; and written as `.model` text it means the same.

use std::path::Path;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::import::{import_net, to_model_text};
use ansatz_compiler::model::elaborate;
use ansatz_compiler::model::entities::{Save, Simulate};
use ansatz_compiler::pipeline::simplified;
use ansatz_compiler::source::Sources;
use ansatz_compiler::syntax::parse;
use ansatz_compiler::system::{System, assemble};
use ansatz_compiler::terms::Number;
use ansatz_compiler::{Program, program};
use ansatz_runtime::experiment::{Start, simulate};
use ansatz_tests::Files;
use ansatz_tests::network::{corpus, egfr, system};
use ansatz_tests::snapshot::run_trials;
use libtest_mimic::{Failed, Trial};

/// The largest error that is accepted, relative to the largest value in the column: files that are less accurate themselves.
/// Errors of oscillators are errors of phase.
const TOLERANCES: &[(&str, f64)] = &[
    ("CaOscillate_Func", 2e-5),
    ("CaOscillate_Sat", 2e-5),
    ("Repressilator", 2e-5),
    // The exact value at t = 9.8 is 48.02; the file says 48.02005.
    ("test_time", 1e-5),
];
/// The same for the other files.
const TOLERANCE: f64 = 1e-6;

/// Error that is accepted in columns of zeros.
const ROUNDING: f64 = 1e-12;

/// Columns that BioNetGen itself gets wrong: it held `time()` during its steps, so that `x_builtin` is 1.5 % off t²/2,
/// while `x_exact` beside it, the same integral written with a group, is right and is compared.
const WRONG_COLUMNS: &[(&str, usize)] = &[("test_time", 3)];

/// `michment.net` was written when the published run had reached this time and had added substrate.
const STARTS: &[(&str, f64)] = &[("michment", 10.0)];

fn main() {
    let mut trials = Vec::new();
    for path in corpus() {
        let name = path
            .file_stem()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        let gdat = path.with_extension("gdat");
        if gdat.exists() {
            let (path, name) = (path.clone(), name.clone());
            let trial = format!("{name}::trajectory");
            trials.push(Trial::test(trial, move || compare(&name, &path, &gdat)));
        }
        let trial = format!("{name}::model_text");
        trials.push(Trial::test(trial, move || reads_back(&path)));
    }
    trials.push(Trial::test("egfr_net::model_text", || reads_back(&egfr())));
    run_trials(trials)
}

/// The table of a `.gdat` file without its header: time, then one column per group and function.
fn table(path: &Path) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    let number = |word: &str| word.parse().expect("a number");
    let rows = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    rows.map(|line| line.split_whitespace().map(number).collect())
        .collect()
}

fn of(name: &str, list: &[(&str, f64)]) -> Option<f64> {
    list.iter()
        .find(|(n, _)| *n == name)
        .map(|(_, value)| *value)
}

fn compare(name: &str, path: &Path, gdat: &Path) -> Result<(), Failed> {
    let mut expected = table(gdat);
    if let Some(start) = of(name, STARTS) {
        expected.retain(|row| row[0] > start);
        expected.iter_mut().for_each(|row| row[0] -= start);
    }
    let times: Vec<f64> = expected.iter().map(|row| row[0]).collect();
    let found = run(system(path), times)?;
    if found.len() != expected.len() {
        return Err(format!("{} rows instead of {}", found.len(), expected.len()).into());
    }
    let tolerance = of(name, TOLERANCES).unwrap_or(TOLERANCE);
    let columns = (1..expected[0].len()).filter(|&column| !WRONG_COLUMNS.contains(&(name, column)));
    for column in columns {
        let largest = expected
            .iter()
            .fold(0.0, |m: f64, row| m.max(row[column].abs()));
        for (found, expected) in found.iter().zip(&expected) {
            let (x, y) = (found[column - 1], expected[column]);
            if (x - y).abs() > tolerance * largest + ROUNDING {
                let t = expected[0];
                return Err(format!("column {column} at t = {t}: {x} instead of {y}").into());
            }
        }
    }
    Ok(())
}

/// Observables at the times.
fn run(mut system: System, times: Vec<f64>) -> Result<Vec<Vec<f64>>, Failed> {
    let t_end = times.last().copied().unwrap_or(0.0);
    let until = Number::from_f64(t_end).ok_or("times are finite")?;
    let experiment = Simulate {
        save: Save::List(times),
        rtol: 1e-9,
        atol: 1e-10,
        ..Simulate::new("simulate".into(), system.pool.number(until))
    };
    let program: Program = program::compile(simplified(system), Tier::Tables);
    let start = Start::of(&program, &experiment);
    let mut rows = Vec::new();
    let mut save = |row: ansatz_runtime::experiment::Row| rows.push(row.observables.to_vec());
    let outcome = simulate(&program, &experiment, &start, &mut save, &mut |_| false)
        .ok_or("`auto` is a solver")?;
    match outcome.failure {
        None => Ok(rows),
        Some(failure) => Err(format!("{failure:?}").into()),
    }
}

/// The file's `.model` text gives the same equations as the file.
fn reads_back(path: &Path) -> Result<(), Failed> {
    let direct = system(path);
    let text = to_model_text(&imported(path));
    let mut sources = Sources::new();
    let source = sources
        .add("imported.model", text)
        .ok_or("the text is too long")?;
    let mut diagnostics = Diagnostics::new();
    let ast = parse(&source, &mut diagnostics);
    let model = elaborate(&ast, &mut sources, &Files, &mut diagnostics);
    let read = assemble(model, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(ansatz_tests::rendered(diagnostics, &sources).into());
    }
    let (direct, read) = (direct.to_string(), read.to_string());
    match direct.lines().zip(read.lines()).find(|(a, b)| a != b) {
        None if direct.len() == read.len() => Ok(()),
        None => Err("one text has more lines".into()),
        Some((a, b)) => Err(format!("{a}\n{b}").into()),
    }
}

fn imported(path: &Path) -> ansatz_compiler::syntax::Ast {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    let source = Sources::new()
        .add(path.display().to_string(), text)
        .expect("the file is not too long");
    import_net(&source, &mut Diagnostics::new())
}
