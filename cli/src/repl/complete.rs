//! What the line editor knows of the language: names to complete, and when a statement is not finished.

use ansatz_compiler::syntax::is_incomplete;
use ansatz_compiler::terms::Op;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use std::sync::Arc;

use super::COMMANDS;

/// Words that begin statements.
const KEYWORDS: &[&str] = &[
    "model",
    "use",
    "const",
    "param",
    "species",
    "fixed",
    "var",
    "let",
    "fn",
    "unit",
    "init",
    "rule",
    "simulate",
    "plot",
    "reactions",
    "dt",
    "dtt",
];

/// The helper of the line editor.
#[derive(Default)]
pub struct Editing {
    /// Names of the model so far.
    pub names: Arc<Vec<String>>,
}

impl Completer for Editing {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = &line[..pos];
        if let Some(command) = before.strip_prefix(':').filter(|c| !c.contains(' ')) {
            let found = COMMANDS
                .iter()
                .map(|c| c.0)
                .filter(|name| name.starts_with(command));
            return Ok((1, found.map(str::to_owned).collect()));
        }
        let start = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(1, char::len_utf8)
            });
        let word = &before[start..];
        let functions = Op::ALL.iter().map(|op| op.name());
        let known = self
            .names
            .iter()
            .map(String::as_str)
            .chain(functions)
            .chain(KEYWORDS.iter().copied());
        let mut found: Vec<String> = known
            .filter(|name| !word.is_empty() && name.starts_with(word))
            .map(str::to_owned)
            .collect();
        found.sort();
        found.dedup();
        Ok((start, found))
    }
}

impl Validator for Editing {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let open = !input.starts_with(':') && is_incomplete(input);
        Ok(if open {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Hinter for Editing {
    type Hint = String;
}

impl Highlighter for Editing {}

impl Helper for Editing {}
