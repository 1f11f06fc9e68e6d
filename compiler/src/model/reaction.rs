//! Reactions: stoichiometry, mass action and rate laws.

use rustc_hash::FxHashMap;

use super::elaborate::Elaboration;
use super::entities::{Model, Rate, Reaction, StateId};
use super::error::ModelError;
use super::lower::Amount;
use super::measure::Measure;
use super::nodes::At;
use super::scope::{EntityId, EntityKind, FileId, Meaning, Origin};
use super::space::SpaceError;
use super::values::at;
use crate::source::Span;
use crate::syntax::ast::{self, Arrow, DeclKind, ItemKind, Participant};
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
    if let Some(p) = r
        .reactants
        .iter()
        .chain(&r.products)
        .find(|p| p.stoichiometry.is_zero())
    {
        // Most likely a rate without its `@` behind `0`: whatever else is wrong follows from that.
        e.diagnostics.push(ModelError::InvalidStoichiometry {
            value: p.stoichiometry.to_string(),
            species: e.world.ast(file).name(p.species.name).into(),
            problem: "is not positive",
            at: p.species.span.into(),
            help: Some("`0` stands alone for nothing; a rate stands behind `@`: `A -> 0 @ k`"),
        });
        return;
    }
    let reactants = side(e, file, r, &r.reactants, direction(r.arrow).0);
    let products = side(e, file, r, &r.products, direction(r.arrow).1);
    if !has_all_rates(e, r, span) {
        return;
    }
    let (Some(reactants), Some(products)) = (reactants, products) else {
        return;
    };
    let name = r.name.map(|n| e.world.ast(file).name(n.name).to_owned());
    let flow = Flow::of(e, reactants.iter().chain(&products));
    let mut push = |e: &mut Elaboration, name, reactants, products, rate| {
        let mut reaction = Reaction {
            name,
            reactants,
            products,
            rate,
            span,
        };
        flow.rescale(e, &mut reaction);
        model.reactions.push(reaction);
    };
    match r.arrow {
        Arrow::Law | Arrow::ReversibleLaw => {
            let law = e
                .lowering
                .term_in(at(file, r.rates[0]), flow.measure, e.diagnostics);
            push(e, name, reactants, products, Rate::Law(law));
        }
        Arrow::MassAction => {
            let rate = mass_action(e, at(file, r.rates[0]), &reactants, r.combinatoric, &flow);
            push(e, name, reactants, products, rate);
        }
        Arrow::ReversibleMassAction => {
            let forward = mass_action(e, at(file, r.rates[0]), &reactants, r.combinatoric, &flow);
            let backward = mass_action(e, at(file, r.rates[1]), &products, r.combinatoric, &flow);
            let reverse_name = name.as_ref().map(|n| format!("{n}_reverse"));
            push(e, name, reactants.clone(), products.clone(), forward);
            push(e, reverse_name, products, reactants, backward);
        }
    }
}

/// The unit in which the rate of a reaction counts: that of its first species, in the model's time.
struct Flow {
    amount: Measure,
    measure: Measure,
    /// Some species counts in a unit of another size.
    is_mixed: bool,
}

impl Flow {
    fn of<'s>(
        e: &mut Elaboration,
        participants: impl Iterator<Item = &'s (StateId, Number)>,
    ) -> Flow {
        let mut amount = None;
        let mut is_mixed = false;
        let units = &mut e.lowering.terms.units;
        for (state, _) in participants {
            let own = e.state_measures[state.0 as usize];
            let first = *amount.get_or_insert(own);
            is_mixed |= first != own && !units.measures.conversion(first, own).is_one();
        }
        let amount = amount.unwrap_or(Measure::ONE);
        Flow {
            amount,
            measure: units.measures.quotient(amount, units.time),
            is_mixed,
        }
    }

    /// Where species count in units of different sizes, each gets its share in its own unit, and the rate is written out.
    fn rescale(&self, e: &mut Elaboration, reaction: &mut Reaction) {
        if !self.is_mixed {
            return;
        }
        reaction.rate = Rate::Law(written_out(e, reaction));
        for (state, n) in reaction.reactants.iter_mut().chain(&mut reaction.products) {
            let own = e.state_measures[state.0 as usize];
            let scale = e.lowering.terms.units.measures.conversion(self.amount, own);
            match scale.as_number() {
                Some(factor) => *n = &*n * factor,
                None => e.diagnostics.push(ModelError::InvalidUnit {
                    unit: e.lowering.terms.units.measures.text(own),
                    problem: "species of one reaction must convert by a rational factor",
                    at: reaction.span.into(),
                }),
            }
        }
    }
}

/// The rate as one term.
fn written_out(e: &mut Elaboration, reaction: &Reaction) -> Term {
    let (constant, pool) = match reaction.rate {
        Rate::Law(law) => return law,
        Rate::MassAction { constant, .. } => (constant, &mut e.lowering.terms.pool),
    };
    let mut factors = vec![(constant, Number::ONE)];
    for (state, n) in &reaction.reactants {
        factors.push((pool.var(e.state_symbols[state.0 as usize]), n.clone()));
    }
    pool.monomial(Number::ONE, &factors)
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
            help: match (r.arrow, found) {
                (Arrow::MassAction | Arrow::Law | Arrow::ReversibleLaw, 2) => {
                    Some("a reversible reaction by mass action is written `<->`")
                }
                (Arrow::ReversibleMassAction, 1) => {
                    Some("write `@ k_forward, k_backward`, or `->` for one direction")
                }
                (
                    Arrow::MassAction
                    | Arrow::ReversibleMassAction
                    | Arrow::Law
                    | Arrow::ReversibleLaw,
                    _,
                ) => None,
            },
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
            Some(id) => match e.positions[id.0 as usize] {
                Some(state) => side.push((state, p.stoichiometry.clone())),
                None => {
                    all_fine = false;
                    e.diagnostics.push(SpaceError::VectorForScalar {
                        what: "a species".into(),
                        help: "a vector does not react".into(),
                        at: p.species.span.into(),
                    });
                }
            },
            None => all_fine = false,
        }
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
    all_fine.then(|| merged(side))
}

/// Adds up what is written of one species, in the order written; `A + A` is `2 A`.
fn merged(side: Side) -> Side {
    if side.len() < 2 {
        return side;
    }
    let mut merged: Side = Vec::with_capacity(side.len());
    let mut places: FxHashMap<StateId, usize> = FxHashMap::default();
    for (state, n) in side {
        // Most sides are short: looking through them is faster than hashing.
        let place = match merged.len() {
            0..=8 => merged.iter().position(|(s, _)| *s == state),
            _ => places.get(&state).copied(),
        };
        match place {
            Some(i) => merged[i].1 = &merged[i].1 + &n,
            None => merged.push((state, n)),
        }
        if merged.len() == 8 {
            places = merged
                .iter()
                .enumerate()
                .map(|(i, (s, _))| (*s, i))
                .collect();
        } else if merged.len() > 8 {
            places.entry(state).or_insert(merged.len() - 1);
        }
    }
    merged
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
        EntityKind::Value(
            DeclKind::Const | DeclKind::Param | DeclKind::Var | DeclKind::Let | DeclKind::Field,
        )
        | EntityKind::Domain
        | EntityKind::Coordinate
        | EntityKind::Component
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

/// The rate by mass action: the constant in such a unit that it multiplies the plain product of amounts.
fn mass_action(
    e: &mut Elaboration,
    rate: At,
    reactants: &Side,
    combinatoric: bool,
    flow: &Flow,
) -> Rate {
    let k = e.lowering.amount(rate, e.diagnostics);
    let mut constant = k.term;
    if e.lowering.terms.units.on {
        let measures = &mut e.lowering.terms.units.measures;
        let mut whole = k.measure;
        for (state, n) in reactants {
            let power = measures.power(e.state_measures[state.0 as usize], n);
            whole = measures.product(whole, power.unwrap_or(Measure::ANY));
        }
        let whole = Amount {
            term: k.term,
            measure: whole,
        };
        constant = e.lowering.terms.convert(whole, flow.measure);
    }
    if combinatoric {
        constant = divide_by_factorials(e, constant, reactants);
    }
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
