//! What only the whole stage can show: statements, spans, recovery and bounds.

use miette::Diagnostic as _;

use super::ast::{DeclKind, ExprKind, ItemKind, SettingValue};
use super::{Ast, parse};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Sources};

fn source(text: &str) -> Source {
    Sources::new()
        .add("test.model", text)
        .expect("the text is small")
}

fn read(text: &str) -> (Ast, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let ast = parse(&source(text), &mut diagnostics);
    let codes = diagnostics
        .iter()
        .map(|d| d.code().expect("all have codes").to_string())
        .collect();
    (ast, codes)
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
