//! Any text is read or refused: streams of tokens and damaged examples go through parsing, formatting, names, units and
//! equations without a panic or a hang, and what is read means the same when it is printed or formatted.
//!
//! `FUZZ_CASES=100000 cargo test --test any_text` looks at that many new texts instead of a few that are always the same.

use ansatz_compiler::assemble;
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::import::import_net;
use ansatz_compiler::model::elaborate;
use ansatz_compiler::source::Sources;
use ansatz_compiler::syntax::{format, is_incomplete, parse};
use ansatz_tests::{Files, files_under, rendered, repository, tree};
use proptest::prelude::*;

/// Pieces of the language, and a few of no language.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "model", "use", "const", "param", "species", "fixed species", "var", "let", "fn", "unit", "init", "rule", "simulate",
    "plot", "reactions combinatoric off", "dt(x)", "dtt(x)", "A", "B", "x", "y", "k", "t", "pi", "e", "f", "f(x)", "exp", "kinetics", "hill",
    "uM", "s", "min", "0", "1", "2.5", "1e-3", "1e308", "99999999999999999999", "1/3", "[", "]", "(", ")", "{", "}", ",", ";", "\n", "\n", ":",
    "=", "+=", "==", "!=", "<", "<=", "->", "<->", "=>", "<=>", "∅", "@", "+", "-", "*", "/", "^", "if", "then", "else", "and", "or", "not", "..",
    "against", "phase", "until = 1", "save", "points(3)", "output", "as", "of", "\"text\"", "\"", "# comment\n", "·", "∂t(x)", "∇²", "²", "\u{0}", "'", "é",
];

fn config(cases: u32) -> ProptestConfig {
    match std::env::var("FUZZ_CASES").map(|cases| cases.parse()) {
        Ok(Ok(cases)) => ProptestConfig {
            cases,
            failure_persistence: None,
            ..ProptestConfig::default()
        },
        Ok(Err(_)) | Err(_) => tree::config(cases),
    }
}

fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.join(" "))
}

/// A change to a text at two places, given as parts of its length.
type Edit = (u8, f64, f64, &'static str);

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let edit = (0..4_u8, 0.0..1.0, 0.0..0.1, prop::sample::select(PIECES));
    prop::collection::vec(edit, 1..6)
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for &(kind, at, length, piece) in edits {
        let start = (at * chars.len() as f64) as usize;
        let end = (start + (length * chars.len() as f64) as usize).min(chars.len());
        let range: Vec<char> = chars[start..end].to_vec();
        let new: Vec<char> = match kind {
            0 => Vec::new(),
            1 => range.repeat(2),
            2 => range.into_iter().rev().collect(),
            _ => piece.chars().collect(),
        };
        chars.splice(start..end, new);
    }
    chars.into_iter().collect()
}

/// The texts of the files of a folder.
fn texts(folder: &str, extension: &str) -> Vec<String> {
    let files = files_under(&repository().join(folder), extension).into_iter();
    let read = |path| std::fs::read_to_string(path).expect("the files are readable");
    files.map(read).collect()
}

/// Takes a text as far as it goes.
fn follow(text: &str) {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let source = sources.add("text", text).expect("the text is short");
    let ast = parse(&source, &mut diagnostics);
    is_incomplete(text);
    if let Some(formatted) = format(text) {
        let again = sources.add("formatted", formatted.as_str());
        let again = parse(&again.expect("short"), &mut Diagnostics::new());
        assert_eq!(ast.to_string(), again.to_string(), "{text}");
        assert_eq!(format(&formatted), Some(formatted), "{text}");
    }
    let model = elaborate(&ast, &mut sources, &Files, &mut diagnostics);
    if !diagnostics.has_errors() {
        assemble(model, &mut diagnostics).map(|system| system.to_string());
    }
    rendered(diagnostics, &sources);
}

#[test]
fn towers_of_powers_are_numbers_or_stay_as_they_are() {
    follow(
        "let a = 2^2^2^2\nlet b = 2^2^2^2^2^2\nlet c = 9^9^9^9^9^9*0\nvar x = 1/2^2^2^2^2^2\ndt(x) = x^(2^2^2^2^2^2)",
    );
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn streams_of_tokens_are_read_or_refused(text in pieces()) {
        follow(&text);
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn damaged_examples_are_read_or_refused(text in prop::sample::select(texts("examples", "model")), edits in edits()) {
        follow(&edited(&text, &edits));
    }

    #[test]
    fn damaged_corpus_files_are_read_or_refused(text in prop::sample::select(texts("tests/corpus", "model")), edits in edits()) {
        follow(&edited(&text, &edits));
    }

    #[test]
    fn damaged_networks_are_read_or_refused(text in prop::sample::select(texts("tests/corpus/foreign", "net")), edits in edits()) {
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let source = sources.add("text.net", edited(&text, &edits)).expect("the text is short");
        let ast = import_net(&source, &mut diagnostics);
        elaborate(&ast, &mut sources, &Files, &mut diagnostics);
    }
}
