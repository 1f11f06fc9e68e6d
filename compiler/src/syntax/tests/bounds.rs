//! Any text is read or refused, in bounded time, without recursion.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{good, read, without_spans};
use crate::syntax::ast::{Expr, ExprKind, ExprNode, Item};
use crate::syntax::layout::Lexeme;
use crate::syntax::{format, is_incomplete};

#[test]
fn deep_nests_are_read_or_refused_without_recursion() {
    const DEPTH: usize = 100_000;
    let nest = |open: &str, inner: &str, close: &str| {
        format!(
            "let y = {}{inner}{}\nparam after = 1",
            open.repeat(DEPTH),
            close.repeat(DEPTH)
        )
    };
    for (open, inner, close) in [
        ("(", "x", ")"),
        ("f(1 + ", "x", ")"),
        ("-", "x", ""),
        ("not ", "x", ""),
        ("if a then b else ", "c", ""),
        ("if ", "a", " then b else c"),
        ("2^", "x", ""),
        ("x + ", "x", ""),
    ] {
        let ast = good(&nest(open, inner, close));
        let printed = ast.to_string();
        assert_eq!(good(&printed).exprs.len(), ast.exprs.len());
    }
    for (open, inner, close) in [
        ("(", "", ")"),
        ("(", "x", ""),
        ("", "x", ")"),
        ("[", "x", ")"),
        ("{", "x", "}"),
        ("((", "x", ")"),
    ] {
        let (ast, messages) = read(&nest(open, inner, close));
        assert!(messages.len() <= 201, "{open} {close}");
        assert!(
            !messages.is_empty() && ast.items.len() <= 1,
            "{open} {close}"
        );
    }
    let unit = format!("param a: {}s{} = 1", "1/(".repeat(DEPTH), ")".repeat(DEPTH));
    assert_eq!(read(&unit).1[0].0, "not a unit: it is too long");
    let blocks = "reactions combinatoric off { ".repeat(DEPTH) + "A -> B @ 1" + &"}".repeat(DEPTH);
    assert_eq!(good(&blocks).items.len(), 1);
}

#[test]
fn a_file_of_another_kind_gives_200_mistakes_and_a_last_word() {
    let (_, messages) = read(&"x = 3\n".repeat(1000));
    assert_eq!(messages.len(), 201);
    assert_eq!(
        messages[200].0,
        "more than 200 mistakes, the rest is not shown"
    );
}

#[test]
fn long_tokens_are_read_or_refused() {
    const LENGTH: usize = 1_000_000;
    let long = "x".repeat(LENGTH);
    assert_eq!(good(&format!("param {long} = 1")).items.len(), 1);
    assert_eq!(good(&format!("param a = 1 # {long}")).items.len(), 1);
    assert_eq!(good(&format!("param a = 1 \"{long}\"")).items.len(), 1);
    for wrong in [
        format!("param a = {}", "1".repeat(LENGTH)),
        format!("{long} {long}"),
        format!("param a = \"{long}"),
        "\0".repeat(LENGTH),
        "+ ".repeat(LENGTH),
        "}".repeat(LENGTH),
    ] {
        let (_, messages) = read(&wrong);
        assert!(!messages.is_empty());
        assert!(messages[0].0.len() < 200);
    }
}

#[test]
fn many_declarations_are_read() {
    let mut text = String::new();
    for i in 0..100_000 {
        let _ = writeln!(text, "species S{i}: uM = {i}");
    }
    assert_eq!(good(&text).items.len(), 100_000);
}

#[test]
fn nodes_stay_small() {
    assert!(size_of::<ExprNode>() <= 40, "{}", size_of::<ExprNode>());
    assert!(size_of::<Item>() <= 144, "{}", size_of::<Item>());
    assert!(size_of::<Lexeme>() <= 12);
}

/// Words from which statements, good and bad, are put together.
const WORDS: [&str; 60] = [
    "param",
    "species",
    "fixed",
    "let",
    "fn",
    "unit",
    "init",
    "rule",
    "simulate",
    "plot",
    "reactions",
    "combinatoric",
    "off",
    "model",
    "use",
    "dt",
    "dtt",
    "x",
    "y",
    "k",
    "as",
    "against",
    "logx",
    "of",
    "title",
    "when",
    "for",
    "if",
    "then",
    "else",
    "and",
    "or",
    "not",
    "+",
    "-",
    "*",
    "/",
    "^",
    "<",
    "==",
    "=",
    "+=",
    "->",
    "<->",
    "=>",
    "@",
    ",",
    ":",
    ";",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "1",
    "2.5e3",
    "\"doc\"",
    "# note",
    "\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_tokens_are_read_or_refused(picks in prop::collection::vec(0..WORDS.len(), 0..120)) {
        let text: Vec<&str> = picks.iter().map(|&i| WORDS[i]).collect();
        let text = text.join(" ");
        let (ast, messages) = read(&text);
        let mut places: Vec<_> = messages.iter().map(|m| m.1).collect();
        places.dedup();
        prop_assert_eq!(places.len(), messages.len(), "a mistake is reported twice");
        if let Some(formatted) = format(&text) {
            prop_assert_eq!(without_spans(&ast), without_spans(&read(&formatted).0));
            prop_assert_eq!(format(&formatted), Some(formatted));
        }
        for (i, node) in ast.exprs.iter().enumerate() {
            let earlier = |e: &Expr| (e.0 as usize) < i;
            let is_ordered = match &node.kind {
                ExprKind::Unary(_, a) => earlier(a),
                ExprKind::Binary(_, a, b) => earlier(a) && earlier(b),
                ExprKind::If(a, b, c) => earlier(a) && earlier(b) && earlier(c),
                ExprKind::Call(_, args) | ExprKind::Tuple(args) => args.iter().all(earlier),
                ExprKind::Number(_) | ExprKind::Quantity(..) | ExprKind::Name(_) | ExprKind::Text(_) | ExprKind::Error => true,
            };
            prop_assert!(is_ordered);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(\\PC|\n|\0){0,200}") {
        read(&text);
        is_incomplete(&text);
    }
}
