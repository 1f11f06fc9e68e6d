//! Text to parts of the language, where a test knows that the text is right.
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_compiler::terms::Rule;
use ansatz_compiler::{model, syntax};

/// The rules of a text.
///
/// # Panics
/// If something is wrong with the text.
pub fn read_rules(text: &str) -> Vec<Rule> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let source = sources.add("test", text).expect("the text is short");
    let ast = syntax::parse(&source, &mut diagnostics);
    let rules = model::rules(&ast, &mut diagnostics);
    assert!(
        diagnostics.is_empty(),
        "{text}: {:?}",
        diagnostics.into_vec()
    );
    rules
}
