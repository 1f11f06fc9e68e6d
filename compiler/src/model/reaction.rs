//! Reactions: stoichiometry, mass action and rate laws.

use super::elaborate::Elaboration;
use super::entities::{Model, Rate, Reaction, StateId};
use super::error::ModelError;
use super::scope::{EntityId, EntityKind, FileId, Meaning, Origin};
use super::values::at;
use crate::source::Span;
use crate::syntax::ast::{self, Arrow, DeclKind, Expr, ItemKind, Participant};
use crate::terms::{Number, Term};

/// The largest stoichiometry whose factorial is divided out.
const MAX_COMBINATORIC: i64 = 100;

/// Species with their stoichiometries.
type Side = Vec<(StateId, Number)>;

/// Adds the reactions of all files.
pub(super) fn build(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    for file in world.file_ids() {
        if world.file(file).origin == Origin::Std {
            continue;
        }
        for item in &world.ast(file).items {
            if let ItemKind::Reaction(r) = &item.kind {
                add(e, file, r, item.span, model);
            }
        }
    }
}

fn add(e: &mut Elaboration, file: FileId, r: &ast::Reaction, span: Span, model: &mut Model) {
    let reactants = side(e, file, r, &r.reactants, direction(r.arrow).0);
    let products = side(e, file, r, &r.products, direction(r.arrow).1);
    if !has_all_rates(e, r, span) {
        return;
    }
    let (Some(reactants), Some(products)) = (reactants, products) else {
        return;
    };
    let name = r.name.map(|n| e.world.ast(file).name(n.name).to_owned());
    match r.arrow {
        Arrow::MassAction => {
            let rate = mass_action(e, file, r.rates[0], &reactants, r.combinatoric);
            model.reactions.push(Reaction {
                name,
                reactants,
                products,
                rate,
                span,
            });
        }
        Arrow::ReversibleMassAction => {
            let forward = mass_action(e, file, r.rates[0], &reactants, r.combinatoric);
            let backward = mass_action(e, file, r.rates[1], &products, r.combinatoric);
            model.reactions.push(Reaction {
                name: name.clone(),
                reactants: reactants.clone(),
                products: products.clone(),
                rate: forward,
                span,
            });
            model.reactions.push(Reaction {
                name: name.map(|n| n + "_reverse"),
                reactants: products,
                products: reactants,
                rate: backward,
                span,
            });
        }
        Arrow::Law | Arrow::ReversibleLaw => {
            let rate = Rate::Law(e.lowering.term(at(file, r.rates[0]), e.diagnostics));
            model.reactions.push(Reaction {
                name,
                reactants,
                products,
                rate,
                span,
            });
        }
    }
}

/// Whether mass action reads the left and the right side.
fn direction(arrow: Arrow) -> (bool, bool) {
    match arrow {
        Arrow::MassAction => (true, false),
        Arrow::ReversibleMassAction => (true, true),
        Arrow::Law | Arrow::ReversibleLaw => (false, false),
    }
}

fn has_all_rates(e: &mut Elaboration, r: &ast::Reaction, span: Span) -> bool {
    let (arrow, wanted, expected, example) = match r.arrow {
        Arrow::MassAction => ("->", 1, "one rate constant", "k"),
        Arrow::ReversibleMassAction => ("<->", 2, "two rate constants", "k_forward, k_backward"),
        Arrow::Law => ("=>", 1, "one rate law", "k*A"),
        Arrow::ReversibleLaw => ("<=>", 1, "one net rate law", "kf*A - kr*B"),
    };
    let found = r.rates.len();
    if found == 0 {
        e.diagnostics.push(ModelError::MissingRate {
            arrow,
            example,
            at: span.into(),
        });
    } else if found != wanted {
        e.diagnostics.push(ModelError::WrongRateCount {
            arrow,
            expected,
            found: super::names::are(found),
            at: span.into(),
            help: (found == 2).then_some("a reversible reaction by mass action is written `<->`"),
        });
    }
    found == wanted
}

/// One side of a reaction, each species once; `None` if anything was wrong and has been reported.
fn side(
    e: &mut Elaboration,
    file: FileId,
    r: &ast::Reaction,
    participants: &[Participant],
    by_mass_action: bool,
) -> Option<Side> {
    let mut side: Side = Vec::with_capacity(participants.len());
    let mut all_fine = true;
    for p in participants {
        match species(e, file, p) {
            Some(id) => {
                let state = e.positions[id.0 as usize].expect("species are states");
                let earlier = if participants.len() == 1 {
                    None
                } else {
                    side.iter_mut().find(|(s, _)| *s == state)
                };
                match earlier {
                    Some((_, n)) => *n = &*n + &p.stoichiometry,
                    None => side.push((state, p.stoichiometry.clone())),
                }
            }
            None => all_fine = false,
        }
    }
    for p in participants {
        let combinatoric = by_mass_action && r.combinatoric;
        if let Some((problem, help)) = stoichiometry_problem(&p.stoichiometry, combinatoric) {
            all_fine = false;
            e.diagnostics.push(ModelError::InvalidStoichiometry {
                value: p.stoichiometry.to_string(),
                species: e.world.ast(file).name(p.species.name).into(),
                problem,
                at: p.species.span.into(),
                help,
            });
        }
    }
    all_fine.then_some(side)
}

fn stoichiometry_problem(
    n: &Number,
    combinatoric: bool,
) -> Option<(&'static str, Option<&'static str>)> {
    if n.signum() <= 0 {
        return Some(("is not positive", None));
    }
    if !combinatoric {
        return None;
    }
    if !n.is_integer() {
        let help = "write the whole rate law with `=>`, or switch the factorials off with `reactions combinatoric off { … }`";
        return Some(("is not an integer", Some(help)));
    }
    let is_small = n.as_i64().is_some_and(|n| n <= MAX_COMBINATORIC);
    (!is_small).then_some((
        "is too large for mass action",
        Some("write the whole rate law with `=>`"),
    ))
}

/// The species that a participant names.
fn species(e: &mut Elaboration, file: FileId, p: &Participant) -> Option<EntityId> {
    let world = e.world;
    let id = match world.meaning(file, p.species.name) {
        Meaning::Entity(id) => id,
        Meaning::Unknown | Meaning::Euler => {
            return e.names.unknown(world, file, p.species, e.diagnostics);
        }
        Meaning::Time | Meaning::Pi => {
            e.diagnostics.push(ModelError::ReservedName {
                name: world.ast(file).name(p.species.name).into(),
                meaning: "a built-in value",
                at: p.species.span.into(),
            });
            return None;
        }
    };
    match world.entity(id).kind {
        EntityKind::Value(DeclKind::Species | DeclKind::FixedSpecies) => Some(id),
        EntityKind::Value(DeclKind::Const | DeclKind::Param | DeclKind::Var | DeclKind::Let)
        | EntityKind::Function
        | EntityKind::Velocity => {
            e.diagnostics.push(ModelError::NotASpecies {
                name: world.name(id).into_owned(),
                what: world.describe(id),
                at: p.species.span.into(),
                declared: world.span(id).into(),
            });
            None
        }
    }
}

fn mass_action(
    e: &mut Elaboration,
    file: FileId,
    rate: Expr,
    reactants: &Side,
    combinatoric: bool,
) -> Rate {
    let k = e.lowering.term(at(file, rate), e.diagnostics);
    let constant = if combinatoric {
        divide_by_factorials(e, k, reactants)
    } else {
        k
    };
    Rate::MassAction {
        constant,
        combinatoric,
    }
}

fn divide_by_factorials(e: &mut Elaboration, k: Term, reactants: &Side) -> Term {
    if reactants.iter().all(|(_, n)| n.is_one()) {
        return k;
    }
    let mut product = Number::ONE;
    for (_, n) in reactants {
        for factor in 2..=n.as_i64().unwrap_or(1) {
            product = &product * &Number::integer(factor);
        }
    }
    let inverse = product.recip().expect("a factorial is not zero");
    e.lowering.terms.pool.scale(&inverse, k)
}
