//! `dt(x) = …`, `dt(x) += …` and `dtt(x) = …`.

use rustc_hash::{FxHashMap, FxHashSet};

use super::elaborate::Elaboration;
use super::entities::{Model, Reaction, StateId, StateKind};
use super::error::ModelError;
use super::measure::Measure;
use super::scope::{EntityId, FileId, Origin};
use super::space::{SpaceError, solve_balance};
use super::values::{at, changing_state, noun, unlike};
use super::warnings::push_first;
use crate::source::Span;
use crate::syntax::ast::{Equation, ItemKind};
use crate::terms::Number;

/// Which rates have been given.
#[derive(Default)]
struct Given {
    /// States whose whole rate is given by `=`, and where.
    whole: FxHashMap<StateId, Span>,
    /// States whose rate is their velocity.
    following: FxHashSet<StateId>,
}

/// Adds the rates of all files.
pub(super) fn build(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    let mut given = Given::default();
    for file in world.file_ids() {
        if world.file(file).origin == Origin::Std {
            continue;
        }
        for item in &world.ast(file).items {
            match &item.kind {
                ItemKind::Equation(equation) => {
                    add(e, file, equation, item.span, &mut given, model);
                }
                ItemKind::Balance { left, right } => {
                    for (id, rate) in solve_balance(e, file, *left, *right, model) {
                        let state = position(e, id);
                        if claim(e, state, item.span, &mut given, model) {
                            model.rates.push((state, rate));
                        }
                    }
                }
                ItemKind::Model { .. }
                | ItemKind::Use(_)
                | ItemKind::Declare(_)
                | ItemKind::Unit { .. }
                | ItemKind::Function(_)
                | ItemKind::Reaction(_)
                | ItemKind::Domain(_)
                | ItemKind::Boundary(_)
                | ItemKind::Constraint(_)
                | ItemKind::Scheme(_)
                | ItemKind::Init { .. }
                | ItemKind::Simulate(_)
                | ItemKind::Discover(_)
                | ItemKind::Plot(_)
                | ItemKind::Rule(_)
                | ItemKind::Unsupported { .. } => {}
            }
        }
    }
    report_given_by_reactions(e, &mut given, model);
}

fn add(
    e: &mut Elaboration,
    file: FileId,
    equation: &Equation,
    span: Span,
    given: &mut Given,
    model: &mut Model,
) {
    let Some(id) = changing_state(e, file, equation.target) else {
        return;
    };
    let value_at = at(file, equation.value);
    let value = e.lowering.value(value_at, e.diagnostics);
    let parts = e.world.space.parts(id);
    if !value.fits(parts.len()) {
        let error = unlike(e, id, value_at);
        return e.diagnostics.push(error);
    }
    for (&part, &amount) in parts.iter().zip(value.parts()) {
        let changed = if equation.order == 2 {
            e.world.velocities[&part]
        } else {
            part
        };
        let state = position(e, changed);
        let is_free = equation.adds || claim(e, state, span, given, model);
        if equation.order == 2 {
            follow_velocity(e, part, span, given, model);
        }
        let wanted = rate_measure(e, changed);
        let term = e.lowering.terms.convert(amount, wanted);
        if is_free {
            model.rates.push((state, term));
        }
    }
}

/// The unit in which the rate of a state counts.
pub(super) fn rate_measure(e: &mut Elaboration, state: EntityId) -> Measure {
    let units = &mut e.lowering.terms.units;
    units
        .measures
        .quotient(units.of[state.0 as usize], units.time)
}

fn position(e: &Elaboration, id: EntityId) -> StateId {
    e.positions[id.0 as usize].expect("what has a rate is a state")
}

/// Notes that the whole rate of a state is given at `span`; reports it if it was given before.
fn claim(
    e: &mut Elaboration,
    state: StateId,
    span: Span,
    given: &mut Given,
    model: &Model,
) -> bool {
    let Some(first) = given.whole.insert(state, span) else {
        return true;
    };
    report_twice(e, state, first, span, model);
    false
}

fn report_twice(e: &mut Elaboration, state: StateId, first: Span, second: Span, model: &Model) {
    e.diagnostics.push(ModelError::RateGivenTwice {
        name: model.states[state.0 as usize].name.clone(),
        first: first.into(),
        second: second.into(),
    });
}

/// The first order half of a `dtt` equation: `dt(x)` is the state that the other half changes.
fn follow_velocity(
    e: &mut Elaboration,
    id: EntityId,
    span: Span,
    given: &mut Given,
    model: &mut Model,
) {
    let state = position(e, id);
    let velocity = e.lowering.terms.values[e.world.velocities[&id].0 as usize];
    let rate = velocity.expect("a velocity has its symbol").term;
    if given.following.insert(state) && claim(e, state, span, given, model) {
        model.rates.push((state, rate));
    }
}

/// A rate given as a whole by `dt(x) =` may not be changed by reactions too.
fn report_given_by_reactions(e: &mut Elaboration, given: &mut Given, model: &Model) {
    if given.whole.is_empty() {
        return;
    }
    for reaction in &model.reactions {
        for (state, _) in reaction.reactants.iter().chain(&reaction.products) {
            if given.whole.contains_key(state) && changes(reaction, *state) {
                let first = given.whole.remove(state).expect("it is among them");
                report_twice(e, *state, first, reaction.span, model);
            }
        }
    }
}

fn changes(reaction: &Reaction, state: StateId) -> bool {
    let on = |side: &[(StateId, Number)]| {
        let found = side.iter().find(|(s, _)| *s == state);
        found.map_or(Number::ZERO, |(_, n)| n.clone())
    };
    on(&reaction.reactants) != on(&reaction.products)
}

/// Warns of states that neither a reaction nor an equation has anything to do with; a field must have one.
pub(super) fn report_unchanged(e: &mut Elaboration, model: &Model) {
    let mut changed = vec![false; model.states.len()];
    for reaction in &model.reactions {
        for (state, _) in reaction.reactants.iter().chain(&reaction.products) {
            changed[state.0 as usize] = true;
        }
    }
    for (state, _) in model.rates.iter().chain(&model.diffusion) {
        changed[state.0 as usize] = true;
    }
    let states = model.states.iter().zip(changed);
    let still = states.filter(|(state, changed)| !changed && state.kind != StateKind::FixedSpecies);
    let (fields, still): (Vec<_>, Vec<_>) = still.partition(|(state, _)| state.domain.is_some());
    for (field, _) in fields {
        e.diagnostics.push(SpaceError::FieldWithoutEquation {
            name: field.name.clone(),
            at: field.span.into(),
        });
    }
    let warnings = still
        .into_iter()
        .map(|(state, _)| ModelError::UnchangedState {
            kind: noun(state),
            name: state.name.clone(),
            at: state.span.into(),
        });
    push_first(warnings, e.diagnostics);
}
