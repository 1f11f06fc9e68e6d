//! Snapshots of the stages over a corpus of model files.
//!
//! A file opens with `# test: terms system`, the names of stages; each of them is one test, whose text stands in
//! `tests/snapshots/`. The examples are tested in the same way, with the stages of [`EXAMPLE_STAGES`].

use std::path::{Path, PathBuf};

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::show::{STAGES, show};
use ansatz_compiler::source::Sources;
use ansatz_tests::snapshot::{compare, run_trials, stem};
use ansatz_tests::{Files, files_under, rendered, repository};
use libtest_mimic::{Failed, Trial};

/// Stages tested for every example.
const EXAMPLE_STAGES: &str = "system simplified";

fn main() {
    let mut trials = Vec::new();
    for file in files_under(&repository().join("tests/corpus"), "model") {
        let text = std::fs::read_to_string(&file).expect("corpus files are readable");
        if let Some(stages) = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# test:"))
        {
            add_trials(&mut trials, &file, &stem(&file), stages);
        }
    }
    let examples = repository().join("examples");
    for file in files_under(&examples, "model") {
        let within = file.strip_prefix(&examples).expect("it is in the folder");
        let parts = within.with_extension("");
        let parts = parts.iter().map(|part| part.to_string_lossy());
        let name = parts.collect::<Vec<_>>().join("_");
        add_trials(&mut trials, &file, &name, EXAMPLE_STAGES);
    }
    run_trials(trials)
}

fn add_trials(trials: &mut Vec<Trial>, file: &Path, name: &str, stages: &str) {
    for stage in stages.split_whitespace().map(str::to_owned) {
        let file = file.to_owned();
        let name = name.to_owned();
        trials.push(Trial::test(format!("{name}::{stage}"), move || {
            check(&file, &name, &stage)
        }));
    }
}

fn check(file: &PathBuf, name: &str, stage: &str) -> Result<(), Failed> {
    let (_, which) = STAGES
        .iter()
        .find(|(n, _)| *n == stage)
        .ok_or_else(|| format!("no stage `{stage}`"))?;
    let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let source = sources
        .add(file.to_string_lossy(), text)
        .ok_or("too large")?;
    let product = show(&source, *which, &mut sources, &Files, &mut diagnostics);
    let product = product.ok_or_else(|| rendered(diagnostics, &sources))?;
    compare("", &format!("{name}__{stage}"), &product)
}
