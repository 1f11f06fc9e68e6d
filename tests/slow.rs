//! Texts and runs of a size that takes seconds: `cargo test --test slow`.

use std::fmt::Write;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::elaborate;
use ansatz_compiler::source::Sources;
use ansatz_compiler::{assemble, read};
use ansatz_tests::field_runs::{example, reference, run};
use ansatz_tests::{Files, rendered};

/// Bytes of a long line.
const LONG: usize = 50_000_000;
/// Species of a large model.
const MANY: usize = 1_000_000;

/// How many states and messages a text gives.
fn outcome(name: &str, text: String) -> (usize, String) {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let source = sources.add(name, text).expect("it is below the limit");
    let ast = read(&source, &mut diagnostics);
    let model = elaborate(&ast, &mut sources, &Files, &mut diagnostics);
    let n_states = model.states.len();
    if !diagnostics.has_errors() {
        assemble(model, &mut diagnostics);
    }
    (n_states, rendered(diagnostics, &sources))
}

#[test]
fn a_line_of_50_megabytes_is_read() {
    let sum = "x + ".repeat(LONG / 4);
    let (n_states, messages) = outcome("sum", format!("var x = 1\ndt(x) = {sum}x"));
    assert_eq!((n_states, messages.as_str()), (1, ""));
}

#[test]
fn a_line_of_50_megabytes_is_refused_in_a_few_lines() {
    for piece in ["x", "(", ")", "1", "\"", "é", "-"] {
        let (_, messages) = outcome("line", piece.repeat(LONG / piece.len()));
        assert!(!messages.is_empty(), "{piece}");
        assert!(messages.len() < 200_000, "{piece}: {}", messages.len());
    }
}

#[test]
fn a_million_species_are_read() {
    let mut model = "species S0 = 1".to_owned();
    let mut net = "begin parameters\n1 k 1\nend parameters\nbegin species\n1 A(x~0) 1\n".to_owned();
    for i in 1..MANY {
        write!(model, ", S{i} = 0").expect("writing to a string cannot fail");
        writeln!(net, "{} A(x~{i}) 0", i + 1).expect("writing to a string cannot fail");
    }
    net += "end species\nbegin reactions\n";
    for i in 1..MANY {
        write!(model, "\nS{} -> S{i} @ 1", i - 1).expect("writing to a string cannot fail");
        writeln!(net, "{i} {i} {} k", i + 1).expect("writing to a string cannot fail");
    }
    net += "end reactions\n";
    for (name, text) in [("chain.model", model), ("chain.net", net)] {
        let (n_states, messages) = outcome(name, text);
        assert_eq!((n_states, messages.as_str()), (MANY, ""), "{name}");
    }
}

/// The reference has 128² modes; products of three factors need twice as many nodes to keep as many.
#[test]
fn a_spot_grows_into_rolls_as_the_reference_says() {
    let text = example("gray_scott_rolls").replace("128 points", "256 points");
    let saved = run(&text);
    assert_eq!(saved.warnings, []);
    for (name, expected) in [("mean_u", 0.856810424425), ("mean_v", 0.051323576287)] {
        let error = (saved.number(500.0, name) - expected).abs();
        assert!(error < 1e-7, "{name}: {error:e}");
    }
    let error = saved.difference(500.0, &["u", "v"], &reference("gray_scott_spin2"));
    assert!(error < 1e-5, "{error:e}");
}
