//! What only the whole stage can show.

mod bounds;
mod printing;
mod reading;

use super::{Ast, parse};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Sources};

fn source(text: &str) -> Source {
    Sources::new()
        .add("test.model", text)
        .expect("the text is small")
}

/// The tree, and the messages with where each begins.
fn read(text: &str) -> (Ast, Vec<(String, usize)>) {
    let mut diagnostics = Diagnostics::new();
    let ast = parse(&source(text), &mut diagnostics);
    let messages = diagnostics.iter().map(|d| {
        let label = d.labels().and_then(|mut labels| labels.next());
        (d.to_string(), label.map_or(usize::MAX, |l| l.offset()))
    });
    (ast, messages.collect())
}

/// The tree of a text without mistakes.
fn good(text: &str) -> Ast {
    let (ast, messages) = read(text);
    assert_eq!(messages, [], "{text}");
    ast
}

/// A tree for comparison: everything but where it stands.
fn without_spans(ast: &Ast) -> String {
    let text = format!("{:?}{:?}", ast.items, ast.exprs);
    let mut parts = text.split("Span {");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once('}').expect("a span is closed").1
    })
}
