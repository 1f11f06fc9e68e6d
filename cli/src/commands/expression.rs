//! `ansatz simplify` and `ansatz diff`: one expression, every name in it a real number.

use std::collections::BTreeSet;

use ansatz_compiler::pipeline::standard_rules;
use ansatz_compiler::simplify::{Facts, Simplifier};
use ansatz_compiler::syntax::ast::ExprKind;
use ansatz_compiler::terms::{Pool, Term};

use crate::failure::Failure;
use crate::say::say;
use crate::study::Study;

pub fn simplify(
    text: &str,
    positive: &[String],
    explain: bool,
    latex: bool,
) -> Result<(), Failure> {
    let (mut pool, term) = read(text)?;
    let mut facts = Facts::default();
    for name in positive {
        let symbol = pool.symbol(name);
        facts.bounds.insert(symbol, (0.0, f64::INFINITY, true));
    }
    let simplifier = Simplifier::new(&standard_rules());
    let (term, proof) = simplifier.explain(&mut pool, term, &facts);
    if explain {
        crate::say::print(format_args!("{proof}"));
    }
    print(&pool, term, latex);
    Ok(())
}

pub fn diff(text: &str, by: &str, latex: bool) -> Result<(), Failure> {
    let (mut pool, term) = read(text)?;
    let symbol = pool.symbol(by);
    let derivative = pool.derivative(term, symbol);
    let simplified =
        Simplifier::new(&standard_rules()).simplify(&mut pool, &[derivative], &Facts::default());
    print(&pool, simplified[0], latex);
    Ok(())
}

fn print(pool: &Pool, term: Term, latex: bool) {
    say!(
        "{}",
        if latex {
            pool.latex(term).to_string()
        } else {
            pool.display(term).to_string()
        }
    );
}

/// Reads an expression as a model in which every name that is not a function is a state.
fn read(text: &str) -> Result<(Pool, Term), Failure> {
    let mut probe = Study::of_text("expression", format!("let value_ = {text}"))?;
    probe.stop_on_errors()?;
    let names: BTreeSet<&str> = probe
        .ast
        .exprs
        .iter()
        .filter_map(|node| match node.kind {
            ExprKind::Name(name) => Some(probe.ast.name(name)),
            _ => None,
        })
        .filter(|name| !["t", "time", "pi", "π", "e"].contains(name))
        .collect();
    let declared: String = names
        .iter()
        .map(|name| format!("; var {name} = 0; dt({name}) = 0"))
        .collect();
    let mut study = Study::of_text("expression", format!("let value_ = {text}{declared}"))?;
    let model = study.elaborate()?;
    let value = model.observables[0].value;
    Ok((model.pool, value))
}
