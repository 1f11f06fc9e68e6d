//! What the texts of the project say is true: every model in them reads as announced and runs, every error has its line in the
//! manual and its file in the corpus, and models are laid out as `ansatz fmt` does it.

use std::collections::BTreeSet;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::elaborate;
use ansatz_compiler::pipeline::simplified;
use ansatz_compiler::program::compile;
use ansatz_compiler::show::STAGES;
use ansatz_compiler::source::Sources;
use ansatz_compiler::syntax::{format, parse};
use ansatz_compiler::system::assemble;
use ansatz_compiler::terms::Op;
use ansatz_runtime::experiment::{GivenError, Simulation};
use ansatz_runtime::ode::METHODS;
use ansatz_tests::mistakes::{codes_of_corpus, expected, found};
use ansatz_tests::rust::{assert_none, files};
use ansatz_tests::{Files, blocks, files_under, rendered, repository};

/// The texts for users.
const TEXTS: &[&str] = &["README.md", "docs/language.md"];

fn text_of(path: &str) -> String {
    let text = std::fs::read_to_string(repository().join(path));
    text.expect("texts of the repository are readable")
}

#[test]
fn every_model_in_the_texts_reads_as_announced_and_runs() {
    let mut n_blocks = 0;
    for path in TEXTS {
        for (line, block) in blocks(&text_of(path), "model") {
            n_blocks += 1;
            check(&block, &format!("{path}:{line}"));
        }
    }
    assert!(n_blocks > 10, "the manual has examples");
}

/// Reads a model: its errors are those announced, its warnings at least those; without errors its experiments run.
fn check(text: &str, place: &str) {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let source = sources.add("example", text).expect("the example is short");
    let ast = parse(&source, &mut diagnostics);
    let model = elaborate(&ast, &mut sources, &Files, &mut diagnostics);
    let (found, expected) = (found(&diagnostics, &sources), expected(text));
    let is_announced = |mistake: &String| expected.contains(mistake);
    let agrees = expected.iter().all(|mistake| found.contains(mistake))
        && found
            .iter()
            .filter(|mistake| mistake.contains("error: "))
            .all(is_announced);
    assert!(
        agrees,
        "{place}: announced {expected:?}\n{}",
        rendered(diagnostics, &sources)
    );
    if diagnostics_stop(&found) {
        return;
    }
    assert_eq!(
        format(text).as_deref(),
        Some(text),
        "{place} is laid out as `ansatz fmt` does it"
    );
    let system = assemble(model, &mut Diagnostics::new());
    let program = compile(simplified(system), Tier::Tables);
    for experiment in &program.experiments {
        let mut none = |path: &str, _: &str, _: &[usize]| {
            Err(GivenError::Unreadable {
                why: format!("no file {path}"),
            })
        };
        let simulation = Simulation::new(&program, experiment, &mut none);
        let mut simulation = simulation.unwrap_or_else(|e| panic!("{place}: {e}"));
        let outcome = simulation.run(&mut |_| {}, &mut |_| false, None);
        let outcome = outcome.unwrap_or_else(|e| panic!("{place}: {e}"));
        let failure = outcome.expect("the solver exists").failure;
        assert!(failure.is_none(), "{place}: {failure:?}");
    }
}

fn diagnostics_stop(found: &[String]) -> bool {
    found.iter().any(|mistake| mistake.contains("error: "))
}

/// Errors without a file of their name in the corpus, and why.
const WITHOUT_FILE: &[(&str, &str)] = &[(
    "too_many_errors",
    "it takes 201 mistakes, which a test writes: `compiler/src/syntax/tests/bounds.rs`",
)];

#[test]
fn every_error_has_a_file_in_the_corpus() {
    let in_corpus = codes_of_corpus();
    let codes = all_codes();
    assert!(codes.len() > 40, "codes are found");
    let is_excepted = |code: &String| WITHOUT_FILE.iter().any(|(c, _)| c == code);
    let missing = codes
        .difference(&in_corpus)
        .filter(|code| !is_excepted(code));
    assert_none(
        missing.cloned().collect(),
        "errors without a file of their name in the corpus that expects them",
    );
}

/// The codes of all mistakes that are reported.
fn all_codes() -> BTreeSet<String> {
    let files = files()
        .into_iter()
        .filter(|f| f.path.ends_with("/error.rs"));
    files.flat_map(|file| codes_of(&file.text)).collect()
}

/// The codes in `#[diagnostic(code(…))]`.
fn codes_of(text: &str) -> Vec<String> {
    let parts = text.split("code(").skip(1);
    let codes = parts.filter_map(|part| part.split_once(')'));
    codes.map(|(code, _)| code.to_owned()).collect()
}

#[test]
fn the_manual_lists_every_error_once() {
    let manual = text_of("docs/language.md");
    let (_, list) = manual
        .split_once("## Errors and warnings")
        .expect("the manual has a list of errors");
    let rows = list
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut listed: Vec<&str> = rows.collect();
    listed.sort_unstable();
    let codes = all_codes();
    assert_eq!(listed, codes.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn the_manual_names_every_function_stage_and_solver() {
    let manual = text_of("docs/language.md");
    let is_named =
        |name: &str| manual.contains(&format!("`{name}`")) || manual.contains(&format!("`{name}("));
    let functions = Op::ALL
        .iter()
        .map(|op| op.name())
        .filter(|name| name.starts_with(char::is_alphabetic));
    let stages = STAGES.iter().map(|(name, _)| *name);
    let solvers = METHODS.iter().map(|method| method.name);
    let missing = functions
        .chain(stages)
        .chain(solvers)
        .filter(|name| !is_named(name));
    assert_none(missing.map(str::to_owned).collect(), "not in the manual");
}

/// Where models stand.
const MODEL_FOLDERS: &[&str] = &["stdlib", "examples", "cli", "tests/corpus"];

#[test]
fn models_are_in_the_layout_of_the_formatter() {
    let mut found = Vec::new();
    let files = MODEL_FOLDERS
        .iter()
        .flat_map(|folder| files_under(&repository().join(folder), "model"));
    for path in files {
        let text = std::fs::read_to_string(&path).expect("models are readable");
        match format(&text) {
            Some(formatted) if formatted == text => {}
            Some(_) => found.push(format!("{}: run `ansatz fmt`", path.display())),
            None if path.to_string_lossy().contains("corpus/malformed/") => {}
            None => found.push(format!("{}: cannot be read", path.display())),
        }
    }
    assert_none(found, "models that `ansatz fmt` would change");
}
