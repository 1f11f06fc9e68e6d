//! Statements, precedence, spans, and what a prompt needs.

use super::{good, source};
use crate::diagnostic::Diagnostics;
use crate::syntax::ast::ItemKind;
use crate::syntax::{is_incomplete, parse_expression};

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
