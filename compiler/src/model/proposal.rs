//! Reactions that a model may lack: all of at most two molecules to at most two by mass action, and those that saturate.

use super::discovery::{Constant, LibraryTerm};
use super::elaborate::Elaboration;
use super::entities::{Model, StateId, StateKind};
use super::library::{Factor, Library, MAX_MEMBERS, Member, monomial};
use super::lower::Amount;
use super::measure::Measure;
use super::nodes::as_name;
use super::scope::{EntityId, FileId};
use crate::syntax::ast::{Expr, ExprKind};
use crate::terms::{Number, Term};

/// Species on one side of a reaction, and how many of each.
pub type Complex = Vec<(StateId, u32)>;

/// A reaction that may be missing.
pub(super) struct Proposal {
    pub reactants: Complex,
    pub products: Complex,
    pub law: Law,
    /// Position of the term of the rate among the members.
    pub rate: usize,
}

/// A form of rates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Law {
    /// The product of the amounts.
    MassAction,
    /// `S^h/(K^h + S^h)`, times the amount of a catalyst if there is one: Michaelis and Menten's law for `h = 1`, Hill's above.
    Saturating(u32),
}

/// The largest exponent of Hill's law.
const MAX_EXPONENT: u32 = 8;
/// The name of the constant of a saturating rate.
const HALF: &str = "‹K›";

/// What `reactions(A, B, michaelis_menten)` names.
pub(super) struct Reacting {
    species: Vec<StateId>,
    laws: Vec<Law>,
}

/// The species and forms of rates named in `reactions(A, B, michaelis_menten, hill(2))`; mass action where no form is named.
pub(super) fn reacting(
    e: &mut Elaboration,
    file: FileId,
    args: &[Expr],
    model: &Model,
) -> Option<Reacting> {
    let mut out = Reacting {
        species: Vec::new(),
        laws: Vec::new(),
    };
    for &arg in args {
        match named(e, file, arg, model) {
            Some(species) => out.species.push(species),
            None => out.laws.push(law(e, file, arg)?),
        }
    }
    out.species.sort_unstable();
    out.species.dedup();
    if out.laws.is_empty() {
        out.laws.push(Law::MassAction);
    }
    Some(out)
}

fn named(e: &Elaboration, file: FileId, expr: Expr, model: &Model) -> Option<StateId> {
    let name = as_name(e.world.ast(file), expr)?;
    let id: EntityId = e.world.entity_named(file, name.name)?;
    let state = e.positions[id.0 as usize]?;
    match model.states[state.0 as usize].kind {
        StateKind::Species | StateKind::FixedSpecies => Some(state),
        StateKind::Variable => None,
    }
}

fn law(e: &Elaboration, file: FileId, expr: Expr) -> Option<Law> {
    let ast = e.world.ast(file);
    if let ExprKind::Call(function, args) = &ast.expr(expr).kind {
        let [exponent] = args[..] else { return None };
        let ExprKind::Number(n) = &ast.expr(exponent).kind else {
            return None;
        };
        let n = u32::try_from(n.as_i64()?).ok()?;
        let is_hill = ast.name(function.name) == "hill" && (1..=MAX_EXPONENT).contains(&n);
        return is_hill.then_some(Law::Saturating(n));
    }
    match ast.name(as_name(ast, expr)?.name) {
        "mass_action" => Some(Law::MassAction),
        "michaelis_menten" => Some(Law::Saturating(1)),
        _ => None,
    }
}

/// All reactions of these forms.
pub(super) fn reactions(
    e: &mut Elaboration,
    reacting: &Reacting,
    model: &Model,
    library: &mut Library,
) -> Option<()> {
    for &law in &reacting.laws {
        match law {
            Law::MassAction => by_mass_action(e, &reacting.species, model, library)?,
            Law::Saturating(h) => saturating(e, &reacting.species, h, model, library)?,
        }
    }
    Some(())
}

/// All reactions of at most two molecules to at most two.
fn by_mass_action(
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
            if !known.iter().any(same) {
                let sides = (reactants.clone(), products.clone());
                propose(e, sides, Law::MassAction, rate, model, library);
            }
        }
    }
    Some(())
}

/// What turns one species into another or into nothing, alone or by a catalyst, which may be the product; and what makes
/// one species in the presence of another.
fn saturating(
    e: &mut Elaboration,
    species: &[StateId],
    h: u32,
    model: &Model,
    library: &mut Library,
) -> Option<()> {
    let law = Law::Saturating(h);
    for &s in species {
        let others = || species.iter().copied().filter(move |p| *p != s);
        for catalyst in [None].into_iter().chain(others().map(Some)) {
            let rate = saturating_rate(e, s, h, catalyst, model, library);
            for product in [None].into_iter().chain(others().map(Some)) {
                let before = complex(&[Some(s), catalyst]);
                let after = complex(&[product, catalyst]);
                propose(e, (before, after), law, rate, model, library);
            }
            if catalyst.is_none() {
                for &product in species {
                    let (before, after) = (complex(&[Some(s)]), complex(&[Some(s), Some(product)]));
                    propose(e, (before, after), law, rate, model, library);
                }
            }
        }
        if library.reactions.len() > MAX_MEMBERS {
            return None;
        }
    }
    Some(())
}

/// The amounts of some species, ascending.
fn complex(species: &[Option<StateId>]) -> Complex {
    let mut species: Vec<StateId> = species.iter().copied().flatten().collect();
    species.sort_unstable();
    match species[..] {
        [a, b] if a == b => vec![(a, 2)],
        _ => species.into_iter().map(|s| (s, 1)).collect(),
    }
}

/// `S^h/(K^h + S^h)`, times a catalyst.
fn saturating_rate(
    e: &mut Elaboration,
    s: StateId,
    h: u32,
    catalyst: Option<StateId>,
    model: &Model,
    library: &mut Library,
) -> usize {
    let name = |s: StateId| model.states[s.0 as usize].name.as_str();
    let [substrate, factor] = [Some(s), catalyst].map(|s| {
        let symbol = s.map(|s| e.state_symbols[s.0 as usize]);
        symbol.map(|symbol| e.lowering.terms.pool.var(symbol))
    });
    let pool = &mut e.lowering.terms.pool;
    let symbol = pool.symbol(HALF);
    let half = pool.var(symbol);
    let exponent = pool.int(i64::from(h));
    let [top, half] = [substrate.expect("it was given"), half].map(|x| pool.pow(x, exponent));
    let below = pool.add(half, top);
    let mut term = pool.div(top, below);
    let power = match h {
        1 => String::new(),
        h => format!("^{h}"),
    };
    let mut text = format!("{0}{power}/({HALF}{power} + {0}{power})", name(s));
    let mut measure = Measure::ONE;
    if let (Some(factor), Some(catalyst)) = (factor, catalyst) {
        term = pool.mul(factor, term);
        text = format!("{}*{text}", name(catalyst));
        measure = e.state_measures[catalyst.0 as usize];
    }
    library.add_member(Member {
        term: LibraryTerm {
            term,
            text,
            constants: vec![Constant {
                symbol,
                name: HALF.to_owned(),
                like: Some(s),
                value: 1.0,
            }],
        },
        measure,
    })
}

/// Adds a reaction that does something, unless units reject it.
fn propose(
    e: &mut Elaboration,
    (reactants, products): (Complex, Complex),
    law: Law,
    rate: usize,
    model: &Model,
    library: &mut Library,
) {
    if !changes_anything(&reactants, &products, model) {
        return;
    }
    if !same_amounts(e, &reactants, &products) {
        library
            .rejected
            .push(text(&reactants, &products, law, model));
        return;
    }
    library.reactions.push(Proposal {
        reactants,
        products,
        law,
        rate,
    });
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

/// Nothing, one molecule, two molecules of these species, which ascend.
fn complexes(species: &[StateId]) -> Vec<Complex> {
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

/// `A + B -> C`; `A + B => C` where the rate is a law of its own.
pub(super) fn text(
    reactants: &[(StateId, u32)],
    products: &[(StateId, u32)],
    law: Law,
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
    let arrow = match law {
        Law::MassAction => "->",
        Law::Saturating(_) => "=>",
    };
    format!("{} {arrow} {}", side(reactants), side(products))
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
