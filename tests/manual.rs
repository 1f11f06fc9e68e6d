//! Every error has its file in the corpus, and models are laid out as `ansatz fmt` does it.

use std::collections::BTreeSet;

use ansatz_compiler::syntax::format;
use ansatz_tests::mistakes::codes_of_corpus;
use ansatz_tests::rust::{assert_none, files};
use ansatz_tests::{files_under, repository};

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
