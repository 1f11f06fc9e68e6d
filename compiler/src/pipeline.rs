//! Simplification of a whole system: which layer works on which block, and what is known of the symbols.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostics;
use crate::model::entities::{StateId, StateKind};
use crate::simplify::{Facts, Proof, Simplifier, factor_network};
use crate::source::Sources;
use crate::system::System;
use crate::system::equations::Block;
use crate::system::space::forms_chosen::rewritten;
use crate::system::space::program::SpaceProgram;
use crate::terms::{Rule, Term};
use crate::{model, stdlib, syntax};

/// Simplifies a system: scalar equations, rate laws and observables by equality saturation, networks by factoring.
pub fn simplified(mut system: System) -> System {
    let facts = facts(&system);
    let roots = roots(&system);
    let simplifier = simplifier(&system);
    let simpler = simplifier.simplify(&mut system.pool, &roots, &facts);
    replace(&mut system, &simpler);
    let is_state = state_symbols(&system);
    for block in &mut system.blocks {
        if let Block::Network(outputs) = block {
            *outputs = factor_network(&mut system.pool, outputs, &|symbol| {
                is_state[symbol.0 as usize]
            });
        }
    }
    system
}

/// The text of [`field_proofs`] and [`proofs`].
pub fn explained(mut system: System) -> String {
    let mut proofs = field_proofs(&mut system);
    proofs.extend(self::proofs(&mut system));
    let text = |(term, proof): (Term, Proof)| format!("{}\n{proof}\n", system.pool.display(term));
    proofs.into_iter().map(text).collect()
}

/// Each sum of products of fields that is rewritten before it is lowered, with the proof, rule by rule.
pub fn field_proofs(system: &mut System) -> Vec<(Term, Proof)> {
    let mut proofs = Vec::new();
    for block in &system.blocks {
        if let Block::Grid(grid) = block {
            proofs.extend(rewritten(&mut system.pool, &grid.evolution));
        }
    }
    proofs
}

/// Each term that simplification rewrites, with the proof, rule by rule.
pub fn proofs(system: &mut System) -> Vec<(Term, Proof)> {
    let facts = facts(system);
    let simplifier = simplifier(system);
    let mut seen = BTreeSet::new();
    let mut proofs = Vec::new();
    for term in roots(system).into_iter().filter(|t| seen.insert(*t)) {
        let (simpler, proof) = simplifier.explain(&mut system.pool, term, &facts);
        if simpler != term {
            proofs.push((term, proof));
        }
    }
    proofs
}

/// The rules of the standard library, then the model's own.
fn simplifier(system: &System) -> Simplifier {
    let mut rules = standard_rules();
    rules.extend(system.rules.iter().cloned());
    Simplifier::new(&rules)
}

/// What holds of every run: species are not negative; parameters have the sign they have now, because another value means another compilation.
pub fn facts(system: &System) -> Facts {
    let mut facts = Facts::default();
    let (parameters, _) = system.start();
    for (parameter, value) in system.parameters.iter().zip(parameters) {
        facts.fixed.insert(parameter.symbol);
        if parameter.is_const && value.is_finite() {
            facts
                .bounds
                .insert(parameter.symbol, (value, value, value != 0.0));
        } else if value > 0.0 {
            facts
                .bounds
                .insert(parameter.symbol, (0.0, f64::INFINITY, true));
        } else if value < 0.0 {
            facts
                .bounds
                .insert(parameter.symbol, (f64::NEG_INFINITY, 0.0, true));
        }
    }
    for state in &system.states {
        match state.kind {
            StateKind::Species | StateKind::FixedSpecies => {
                facts
                    .bounds
                    .insert(state.symbol, (0.0, f64::INFINITY, false));
            }
            StateKind::Variable => {}
        }
    }
    facts
}

/// The rules of the standard library, group by group.
///
/// # Panics
/// If a rule does not read: the texts are ours.
pub fn standard_rules() -> Vec<Rule> {
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let mut rules = Vec::new();
    for (group, text) in stdlib::RULES {
        let source = sources.add(*group, *text).expect("the rules are short");
        let ast = syntax::parse(&source, &mut diagnostics);
        rules.extend(model::rules(&ast, &mut diagnostics));
    }
    let problems: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "standard rules: {problems:?}");
    rules
}

/// Everything that is evaluated during a run, in a fixed order.
fn roots(system: &System) -> Vec<Term> {
    let blocks = system.blocks.iter().flat_map(|block| match block {
        Block::Scalar(rates) => rates.iter().map(|(_, term)| *term).collect::<Vec<_>>(),
        Block::Network(outputs) => outputs.values.clone(),
        Block::Grid(grid) => grid
            .programs
            .all()
            .flat_map(SpaceProgram::pointwise_terms)
            .collect(),
    });
    blocks
        .chain(system.observables.iter().map(|o| o.value))
        .collect()
}

/// Puts terms in the places of [`roots`].
fn replace(system: &mut System, terms: &[Term]) {
    let mut next = terms.iter().copied();
    let mut take = |place: &mut Term| *place = next.next().expect("one term per root");
    for block in &mut system.blocks {
        match block {
            Block::Scalar(rates) => rates
                .iter_mut()
                .for_each(|(_, term): &mut (StateId, Term)| take(term)),
            Block::Network(outputs) => outputs.values.iter_mut().for_each(&mut take),
            Block::Grid(grid) => {
                let programs = grid.programs.all_mut();
                programs.for_each(|program| program.replace_pointwise_terms(&mut take));
            }
        }
    }
    system
        .observables
        .iter_mut()
        .for_each(|o| take(&mut o.value));
}

fn state_symbols(system: &System) -> Vec<bool> {
    let mut is_state = vec![false; system.pool.n_symbols()];
    for state in &system.states {
        is_state[state.symbol.0 as usize] = true;
    }
    is_state
}
