//! Reactions that a model may lack: all of at most two molecules to at most two, by mass action.

use super::elaborate::Elaboration;
use super::entities::{Model, StateId, StateKind};
use super::library::{Factor, Library, MAX_MEMBERS, monomial};
use super::lower::Amount;
use super::nodes::as_name;
use super::scope::{EntityId, FileId};
use crate::syntax::ast::Expr;
use crate::terms::{Number, Term};

/// A reaction by mass action that may be missing.
pub(super) struct Proposal {
    pub reactants: Vec<(StateId, u32)>,
    pub products: Vec<(StateId, u32)>,
    /// Position of the product of the amounts among the members.
    pub rate: usize,
}

/// The species named in `reactions(A, B)`.
pub(super) fn species(
    e: &mut Elaboration,
    file: FileId,
    args: &[Expr],
    model: &Model,
) -> Option<Vec<StateId>> {
    let named = |expr: &Expr| {
        let name = as_name(e.world.ast(file), *expr)?;
        let id: EntityId = e.world.entity_named(file, name.name)?;
        let state = e.positions[id.0 as usize]?;
        match model.states[state.0 as usize].kind {
            StateKind::Species | StateKind::FixedSpecies => Some(state),
            StateKind::Variable => None,
        }
    };
    args.iter().map(named).collect()
}

/// All reactions of at most two molecules to at most two.
pub(super) fn reactions(
    e: &mut Elaboration,
    species: &[StateId],
    model: &Model,
    library: &mut Library,
) -> Option<()> {
    let complexes = complexes(species);
    if complexes.len().pow(2) > MAX_MEMBERS {
        return None;
    }
    let known: Vec<(Side, Side)> = model
        .reactions
        .iter()
        .map(|r| (sorted(&r.reactants), sorted(&r.products)))
        .collect();
    for reactants in &complexes {
        let rate = amounts(e, reactants, model)?;
        let rate = library.add(rate.0, rate.1);
        for products in complexes.iter().filter(|p| *p != reactants) {
            let same = |(r, p): &(Side, Side)| *r == numbers(reactants) && *p == numbers(products);
            if known.iter().any(same) || !changes_anything(reactants, products, model) {
                continue;
            }
            if !same_amounts(e, reactants, products) {
                library.rejected.push(text(reactants, products, model));
                continue;
            }
            library.reactions.push(Proposal {
                reactants: reactants.clone(),
                products: products.clone(),
                rate,
            });
        }
    }
    Some(())
}

type Side = Vec<(StateId, Number)>;

fn sorted(side: &[(StateId, Number)]) -> Side {
    let mut side = side.to_vec();
    side.sort_by_key(|(s, _)| *s);
    side
}

fn numbers(complex: &[(StateId, u32)]) -> Side {
    complex
        .iter()
        .map(|&(s, n)| (s, Number::integer(i64::from(n))))
        .collect()
}

/// Nothing, one molecule, two molecules; states ascending.
fn complexes(species: &[StateId]) -> Vec<Vec<(StateId, u32)>> {
    let mut species = species.to_vec();
    species.sort_unstable();
    species.dedup();
    let mut out = vec![Vec::new()];
    out.extend(species.iter().map(|&s| vec![(s, 1)]));
    for (i, &a) in species.iter().enumerate() {
        out.push(vec![(a, 2)]);
        out.extend(species[i + 1..].iter().map(|&b| vec![(a, 1), (b, 1)]));
    }
    out
}

/// The product of the amounts of a complex.
fn amounts(
    e: &mut Elaboration,
    complex: &[(StateId, u32)],
    model: &Model,
) -> Option<(Amount, String)> {
    let factors: Vec<Factor> = complex
        .iter()
        .map(|&(s, _)| {
            let symbol = e.state_symbols[s.0 as usize];
            let amount = Amount {
                term: e.lowering.terms.pool.var(symbol),
                measure: e.state_measures[s.0 as usize],
            };
            let text = model.states[s.0 as usize].name.clone();
            Factor { amount, text }
        })
        .collect();
    let exponents: Vec<u32> = complex.iter().map(|&(_, n)| n).collect();
    monomial(e, &factors, &exponents)
}

fn same_amounts(e: &mut Elaboration, a: &[(StateId, u32)], b: &[(StateId, u32)]) -> bool {
    let mut all = a
        .iter()
        .chain(b)
        .map(|(s, _)| e.state_measures[s.0 as usize]);
    let Some(first) = all.next() else { return true };
    all.all(|m| m == first)
}

/// Whether a reaction changes a state that is not held.
fn changes_anything(a: &[(StateId, u32)], b: &[(StateId, u32)], model: &Model) -> bool {
    net(a, b)
        .iter()
        .any(|(s, _)| model.states[s.0 as usize].kind != StateKind::FixedSpecies)
}

/// Products minus reactants, without zeros, states ascending.
pub(super) fn net(
    reactants: &[(StateId, u32)],
    products: &[(StateId, u32)],
) -> Vec<(StateId, i64)> {
    let consumed = reactants.iter().map(|&(s, n)| (s, -i64::from(n)));
    let mut net: Vec<(StateId, i64)> = consumed
        .chain(products.iter().map(|&(s, n)| (s, i64::from(n))))
        .collect();
    net.sort_by_key(|(s, _)| *s);
    net.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 += later.1;
        }
        same
    });
    net.retain(|(_, n)| *n != 0);
    net
}

/// `A + B -> C`
pub(super) fn text(
    reactants: &[(StateId, u32)],
    products: &[(StateId, u32)],
    model: &Model,
) -> String {
    let side = |side: &[(StateId, u32)]| {
        let part = |&(s, n): &(StateId, u32)| match n {
            1 => model.states[s.0 as usize].name.clone(),
            n => format!("{n} {}", model.states[s.0 as usize].name),
        };
        let parts: Vec<String> = side.iter().map(part).collect();
        match parts.is_empty() {
            true => "0".to_owned(),
            false => parts.join(" + "),
        }
    };
    format!("{} -> {}", side(reactants), side(products))
}

/// The coefficients of the states in a total that must be conserved; `None` unless it is a linear sum of them.
pub(super) fn weights(
    e: &mut Elaboration,
    total: Term,
    model: &Model,
) -> Option<Vec<(StateId, Number)>> {
    let mut out = Vec::new();
    let pool = &mut e.lowering.terms.pool;
    for (i, state) in model.states.iter().enumerate() {
        let by = pool.derivative(total, state.symbol);
        let weight = pool.as_number(by)?.clone();
        if !weight.is_zero() {
            out.push((StateId(i as u32), weight));
        }
    }
    (!out.is_empty()).then_some(out)
}
