//! What only the whole stage can show: statements, spans, recovery and bounds.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::ast::{ExprKind, ItemKind};
use super::{Ast, is_incomplete, parse, parse_expression};
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

#[test]
fn every_statement_is_read() {
    let text = r#"
model Everything "a doc"
use kinetics: hill, mm
use "parts/gene.model" as gene
const R: J/(mol*K) = 8.314462618
param k_on: 1/(uM*s) = 0.04 "binding rate"
param n = 2, tau = 1/3 "two"
species A: uM = 10, B = 0
fixed species O2 = 0.2
var x = 1, y = 0
let total: uM = A + B
fn mm(S: uM, Vmax, Km: uM): uM/s = Vmax*S/(Km + S) "rate"
unit mM = 1e-3*mol/L
init x = 5 [uM]
init dt(x) = 0
bind: R + L <-> RL @ k_on, k_off "named"
2 X + Y -> 3*X @ k
0 -> mRNA @ f(P)
∅ → mRNA @ f(P)
S => P @ mm(S, Vmax, Km)
A + E <=> B + E @ kf*A*E - kr*B*E
reactions combinatoric off {
    A -> B @ 1
    B -> A @ 2; C -> A @ 3
}
dt(x) = sigma*(y - x)
dtt(theta) = -g/L*sin(theta)
∂t(u) += if t < 5 and not (u ≥ 2) then a else if b then c else d
rule cancel: x/x => 1 if nonzero(x)
simulate decay {
    until = 1e5; save = log(1e-6, 1e5, 200)
    atol = {
        A = 1e-9,
        default = 1e-12
    }
    times = [1, 2, 5]
    output = A, B, total
}
plot { A, B against t; logx; of = decay; title = "fig" }
plot p {
    phase x, y
}
"#;
    let ast = good(text);
    assert_eq!(ast.items.len(), 33);
    let combinatoric: Vec<bool> = ast
        .items
        .iter()
        .filter_map(|i| match &i.kind {
            ItemKind::Reaction(r) => Some(r.combinatoric),
            _ => None,
        })
        .collect();
    assert_eq!(
        combinatoric,
        [true, true, true, true, true, true, false, false, false]
    );
}

#[test]
fn printed_trees_read_the_same() {
    let text = r#"use kinetics: hill, mm
param k: 1e-3*mol/(L*s)/m^2*K^0.5 = 0.04 "a \"quoted\" \\ doc"
param j: 1/s, i: s^(1/3)
let a = (a - (b - c) - d)/(e/f)/(g*h)*-x^-y^z
let b = (-a)^2 - -a^2 + (a^b)^c
let c = if (if a then b else c) then (not a) == b else if not not a or b and (c or d) then f() else g(1, if a then b else c)
let d = (a < b) < c and (a and b) and (c and d)
let e = 1e-7 + 3 [uM] - 1/3*2.5e300
A + 2 B <-> 0 @ a, b "doc"
simulate {
    atol = { a = 1, b = 2 }
    t = [1, 2 [s]]
    empty = []
}
plot p {
    x, y^2 against 2*t
    logx
    logy
    of = q
    title = "T"
}
"#;
    let ast = good(text);
    let printed = ast.to_string();
    let again = good(&printed);
    assert_eq!(without_spans(&ast), without_spans(&again), "{printed}");
    assert_eq!(printed, again.to_string());
    assert!(
        printed.contains("let a = (a - (b - c) - d)/(e/f)/(g*h)*-x^-y^z"),
        "{printed}"
    );
    assert!(
        printed.contains(": 0.001*mol/(L*s*m^2)*K^0.5 ="),
        "{printed}"
    );
}

#[test]
fn spans_cover_what_they_name() {
    let text = "param a = 1\n  bind: A + 2 B <-> C @ (k + 1)*f(x), 3 [1/s] \"doc\" # comment\n";
    let ast = good(text);
    let shown = |span: crate::source::Span| &text[span.start as usize..span.end as usize];
    assert_eq!(shown(ast.items[0].span), "a = 1");
    let ItemKind::Reaction(reaction) = &ast.items[1].kind else {
        panic!("a reaction");
    };
    assert!(shown(ast.items[1].span).starts_with("bind: A"));
    assert!(shown(ast.items[1].span).ends_with("\"doc\""));
    assert_eq!(shown(reaction.reactants[1].species.span), "B");
    let rates: Vec<_> = reaction
        .rates
        .iter()
        .map(|&e| shown(ast.expr(e).span))
        .collect();
    assert_eq!(rates, ["(k + 1)*f(x)", "3 [1/s]"]);
}

#[test]
fn operators_bind_as_in_the_paper() {
    for (text, meaning) in [
        ("-x^2", "-(x^2)"),
        ("2^-3^2", "2^(-(3^2))"),
        ("a^b^c", "a^(b^c)"),
        ("a - b - c", "(a - b) - c"),
        ("a/b*c", "(a/b)*c"),
        ("not a < b and c or d", "((not (a < b)) and c) or d"),
        (
            "if a then b else if c then d else e + f",
            "if a then b else (if c then d else (e + f))",
        ),
        ("a*-b", "a*(-b)"),
        ("+a + +b", "a + b"),
    ] {
        let let_of = |text: &str| good(&format!("let y = {text}")).to_string();
        assert_eq!(let_of(text), let_of(meaning));
    }
}

#[test]
fn unicode_reads_as_its_twin() {
    let unicode = good(
        "∂t(x) = a·b\n∂tt(y) = if a ≤ b and c ≥ d and e ≠ f then 1 else 2\n∅ → A @ 1\nA ⇌ ∅ @ 1, 2\nA ⇒ B @ 1",
    );
    let ascii = good(
        "dt(x) = a*b\ndtt(y) = if a <= b and c >= d and e != f then 1 else 2\n0 -> A @ 1\nA <-> 0 @ 1, 2\nA => B @ 1",
    );
    assert_eq!(unicode.to_string(), ascii.to_string());
}

#[test]
fn words_of_statements_are_free_as_names() {
    let ast = good(
        "species model, use, init, plot\nparam species = 1, rule = 2\nmodel -> init @ species*rule\n\
         plot: use + model <-> 0 @ rule, fn\ndt(simulate) = param + at + for",
    );
    assert_eq!(ast.items.len(), 9);
}

#[test]
fn one_expression_is_read_for_the_prompt() {
    let mut ast = good("param k = 1");
    let mut diagnostics = Diagnostics::new();
    let e = parse_expression(&source("x/(1 +\n x)\n"), &mut ast, &mut diagnostics);
    assert_eq!(ast.show(e.expect("it is one")).to_string(), "x/(1 + x)");
    for wrong in ["", "a b", "param k = 1", "a; b", "(a"] {
        let mut diagnostics = Diagnostics::new();
        assert_eq!(
            parse_expression(&source(wrong), &mut ast, &mut diagnostics),
            None
        );
        assert_eq!(diagnostics.iter().count(), 1, "{wrong}");
    }
}

#[test]
fn incomplete_statements_ask_for_more() {
    for text in [
        "let a = (1 +",
        "simulate {",
        "let a = 1 +",
        "A -> B @",
        "let a = if b then c",
        "f(a,",
        "let a = # why",
    ] {
        assert!(is_incomplete(text), "{text}");
    }
    for text in [
        "",
        "let a = 1",
        "rule r: a => b if c",
        "let a = 1)",
        "simulate { until = 3 }",
    ] {
        assert!(!is_incomplete(text), "{text}");
    }
}

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
    assert!(
        size_of::<super::ast::ExprNode>() <= 40,
        "{}",
        size_of::<super::ast::ExprNode>()
    );
    assert!(
        size_of::<super::ast::Item>() <= 144,
        "{}",
        size_of::<super::ast::Item>()
    );
    assert!(size_of::<super::layout::Lexeme>() <= 12);
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
    #[test]
    fn any_tokens_are_read_or_refused(picks in prop::collection::vec(0..WORDS.len(), 0..120)) {
        let text: Vec<&str> = picks.iter().map(|&i| WORDS[i]).collect();
        let text = text.join(" ");
        let (ast, messages) = read(&text);
        let mut places: Vec<_> = messages.iter().map(|m| m.1).collect();
        places.dedup();
        prop_assert_eq!(places.len(), messages.len(), "a mistake is reported twice");
        if messages.is_empty() {
            prop_assert_eq!(without_spans(&good(&ast.to_string())).len(), without_spans(&good(&good(&ast.to_string()).to_string())).len());
        }
        for (i, node) in ast.exprs.iter().enumerate() {
            let earlier = |e: &super::ast::Expr| (e.0 as usize) < i;
            let is_ordered = match &node.kind {
                ExprKind::Unary(_, a) => earlier(a),
                ExprKind::Binary(_, a, b) => earlier(a) && earlier(b),
                ExprKind::If(a, b, c) => earlier(a) && earlier(b) && earlier(c),
                ExprKind::Call(_, args) => args.iter().all(earlier),
                ExprKind::Number(_) | ExprKind::Quantity(..) | ExprKind::Name(_) | ExprKind::Error => true,
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
