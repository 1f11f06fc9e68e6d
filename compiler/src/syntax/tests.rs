//! What only the whole stage can show: statements, spans, recovery and bounds.

use super::ast::ItemKind;
use super::{Ast, parse};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Sources};

fn source(text: &str) -> Source {
    Sources::new()
        .add("test.model", text)
        .expect("the text is small")
}

/// The tree of a text without mistakes.
fn good(text: &str) -> Ast {
    let mut diagnostics = Diagnostics::new();
    let ast = parse(&source(text), &mut diagnostics);
    for d in diagnostics.iter() {
        panic!(
            "{text}\n{d}: {:?} {:?}",
            d.help().map(|h| h.to_string()),
            d.labels().map(|l| l.collect::<Vec<_>>())
        );
    }
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
