//! Parameters, states and named expressions with their values.

use super::definitions::{check_initial_values, first_varying, timed};
use super::elaborate::{Elaboration, can_change};
use super::entities::{Model, Observable, Parameter, State, StateId, StateKind};
use super::error::ModelError;
use super::lower::Amount;
use super::measure::Measure;
use super::scope::{EntityId, EntityKind, FileId, Meaning, Origin};
use super::walk::At;
use crate::syntax::ast::{DeclKind, Expr, Ident, ItemKind};
use crate::terms::Term;

/// Gives every state its symbol and place, and finds its initial value.
pub(super) fn declare_states(e: &mut Elaboration, model: &mut Model) {
    add_states(e, model);
    e.initial = given_initial_values(e);
    let initial = |id: EntityId| e.initial[id.0 as usize].map(|at| (at.file, at.expr));
    check_initial_values(e.world, &initial, e.diagnostics);
}

/// Fills in parameters, observables and initial values, and the values that names stand for.
pub(super) fn build(e: &mut Elaboration, order: &[EntityId], model: &mut Model) {
    value_states(e, model);
    for &id in order {
        match e.world.entity(id).kind {
            EntityKind::Value(DeclKind::Const | DeclKind::Param) => add_parameter(e, id, model),
            EntityKind::Value(DeclKind::Let) => define(e, id),
            EntityKind::Value(DeclKind::Species | DeclKind::FixedSpecies | DeclKind::Var)
            | EntityKind::Function
            | EntityKind::Velocity => {}
        }
    }
    add_observables(e, model);
    set_initial_values(e, order, model);
}

/// Every state gets its symbol; initial values come later, when all symbols are known.
fn add_states(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    for id in world.entity_ids() {
        let entity = world.entity(id);
        let kind = match entity.kind {
            EntityKind::Value(DeclKind::Species) => StateKind::Species,
            EntityKind::Value(DeclKind::FixedSpecies) => StateKind::FixedSpecies,
            EntityKind::Value(DeclKind::Var) => StateKind::Variable,
            EntityKind::Value(DeclKind::Const | DeclKind::Param | DeclKind::Let)
            | EntityKind::Function
            | EntityKind::Velocity => continue,
        };
        if world.file(entity.file).origin == Origin::Std {
            continue;
        }
        add_state(e, id, kind, model);
        if let Some(&velocity) = world.velocities.get(&id) {
            add_state(e, velocity, StateKind::Variable, model);
        }
    }
}

fn add_state(e: &mut Elaboration, id: EntityId, kind: StateKind, model: &mut Model) {
    let pool = &mut e.lowering.terms.pool;
    let name = e.called[id.0 as usize].clone();
    let symbol = pool.symbol(&name);
    let term = pool.var(symbol);
    e.positions[id.0 as usize] = Some(StateId(model.states.len() as u32));
    let is_velocity = e.world.entity(id).kind == EntityKind::Velocity;
    let declared = e.world.declaration(id).filter(|_| !is_velocity);
    model.states.push(State {
        name,
        symbol,
        kind,
        initial: term,
        unit: None,
        doc: declared.and_then(|d| d.doc.clone()),
        span: e.world.span(id),
    });
}

/// What the names of states stand for, now that their units are known.
fn value_states(e: &mut Elaboration, model: &mut Model) {
    e.state_symbols = model.states.iter().map(|s| s.symbol).collect();
    e.state_measures = vec![Measure::ONE; model.states.len()];
    for id in e.world.entity_ids() {
        let Some(state) = e.positions[id.0 as usize] else {
            continue;
        };
        let measure = e.lowering.terms.units.of[id.0 as usize];
        e.state_measures[state.0 as usize] = measure;
        let state = &mut model.states[state.0 as usize];
        state.unit = e.lowering.terms.units.unit(measure);
        e.lowering.terms.values[id.0 as usize] = Some(Amount {
            term: state.initial,
            measure,
        });
    }
}

fn value_of(e: &Elaboration, id: EntityId) -> Option<At> {
    let expr = e.world.declaration(id)?.value?;
    let file = e.world.entity(id).file;
    Some(At { file, expr })
}

fn add_parameter(e: &mut Elaboration, id: EntityId, model: &mut Model) {
    let name = e.called[id.0 as usize].clone();
    let measure = e.lowering.terms.units.of[id.0 as usize];
    let terms = &mut e.lowering.terms;
    let symbol = terms.pool.symbol(&name);
    let term = terms.pool.var(symbol);
    terms.values[id.0 as usize] = Some(Amount { term, measure });
    let is_const = e.world.entity(id).kind == EntityKind::Value(DeclKind::Const);
    let value = match value_of(e, id) {
        Some(at) => constant_term(e, at, &name, measure),
        None => {
            report_missing(e, id, if is_const { "constant" } else { "parameter" });
            term
        }
    };
    let terms = &mut e.lowering.terms;
    if let Some(n) = terms.pool.as_number(value).filter(|_| is_const).cloned() {
        terms.literals.insert(term, n);
    }
    model.parameters.push(Parameter {
        name,
        symbol,
        value,
        is_const,
        unit: terms.units.unit(measure),
        doc: e.world.declaration(id).and_then(|d| d.doc.clone()),
        span: e.world.span(id),
    });
}

/// The term, in the unit wanted, of an expression that may not change while the model runs; `of` is what it is for.
pub(super) fn constant_term(e: &mut Elaboration, at: At, of: &str, wanted: Measure) -> Term {
    if let Some(on) = first_varying(e.world, at, None, &e.varies) {
        e.diagnostics.push(ModelError::NotConstant {
            name: of.into(),
            on,
            at: e.world.ast(at.file).expr(at.expr).span.into(),
        });
    }
    e.lowering.given(at, wanted, e.diagnostics)
}

fn report_missing(e: &mut Elaboration, id: EntityId, kind: &'static str) {
    e.diagnostics.push(ModelError::MissingValue {
        kind,
        name: e.world.name(id).into_owned(),
        at: e.world.span(id).into(),
    });
}

/// Expands a `let`.
fn define(e: &mut Elaboration, id: EntityId) {
    match value_of(e, id) {
        Some(at) => {
            let amount = define_as(e, id, at);
            e.lowering.terms.values[id.0 as usize] = Some(amount);
        }
        None => report_missing(e, id, "named expression"),
    }
}

fn define_as(e: &mut Elaboration, id: EntityId, at: At) -> Amount {
    let declares = e.world.declaration(id).is_some_and(|d| d.unit.is_some());
    if !declares {
        return e.lowering.amount(at, e.diagnostics);
    }
    let measure = e.lowering.terms.units.of[id.0 as usize];
    let term = e.lowering.given(at, measure, e.diagnostics);
    Amount { term, measure }
}

/// The `let`s of the user's files are observed, in declared order.
fn add_observables(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    for id in world.entity_ids() {
        let entity = world.entity(id);
        let is_let = entity.kind == EntityKind::Value(DeclKind::Let);
        if !is_let || world.file(entity.file).origin == Origin::Std {
            continue;
        }
        let Some(value) = e.lowering.terms.values[id.0 as usize] else {
            continue;
        };
        model.observables.push(Observable {
            name: e.called[id.0 as usize].clone(),
            value: value.term,
            unit: e.lowering.terms.units.unit(value.measure),
            doc: world.declaration(id).and_then(|d| d.doc.clone()),
        });
    }
}

fn set_initial_values(e: &mut Elaboration, order: &[EntityId], model: &mut Model) {
    let world = e.world;
    let timed = timed(world, order);
    for id in world.entity_ids() {
        let Some(state) = e.positions[id.0 as usize] else {
            continue;
        };
        match e.initial[id.0 as usize] {
            Some(at) => {
                let wanted = e.lowering.terms.units.of[id.0 as usize];
                let initial = e.lowering.given(at, wanted, e.diagnostics);
                let state = &mut model.states[state.0 as usize];
                state.initial = initial;
                match e.lowering.terms.pool.as_number(initial) {
                    Some(n) if n.signum() < 0 && state.kind != StateKind::Variable => {
                        e.diagnostics.push(ModelError::NegativeAmount {
                            name: world.name(id).into_owned(),
                            at: span_of(e, at).into(),
                        });
                    }
                    Some(_) | None => {}
                }
                if first_varying(world, at, None, &timed).is_some() {
                    e.diagnostics.push(ModelError::TimeInInitialValue {
                        name: world.name(id).into_owned(),
                        at: span_of(e, at).into(),
                    });
                }
            }
            None => e.diagnostics.push(ModelError::MissingInitialValue {
                kind: noun(model.states[state.0 as usize].kind),
                name: world.name(id).into_owned(),
                at: world.span(id).into(),
            }),
        }
    }
}

/// What messages call a state of this kind.
pub(super) fn noun(kind: StateKind) -> &'static str {
    match kind {
        StateKind::Species => "species",
        StateKind::FixedSpecies => "fixed species",
        StateKind::Variable => "variable",
    }
}

/// By entity: its initial value, from the declaration or from `init`.
fn given_initial_values(e: &mut Elaboration) -> Vec<Option<At>> {
    let world = e.world;
    let mut given: Vec<Option<At>> = world
        .entity_ids()
        .map(|id| match world.entity(id).kind {
            EntityKind::Value(_) if e.positions[id.0 as usize].is_some() => value_of(e, id),
            EntityKind::Value(_) | EntityKind::Function | EntityKind::Velocity => None,
        })
        .collect();
    for file in world.file_ids() {
        for item in &world.ast(file).items {
            let ItemKind::Init {
                target,
                order,
                value,
            } = item.kind
            else {
                continue;
            };
            let Some(id) = init_target(e, file, target, order) else {
                continue;
            };
            if let Some(first) = given[id.0 as usize] {
                e.diagnostics.push(ModelError::DuplicateName {
                    name: format!("init {}", world.name(id)),
                    first: span_of(e, first).into(),
                    second: item.span.into(),
                });
                continue;
            }
            given[id.0 as usize] = Some(At { file, expr: value });
        }
    }
    given
}

fn span_of(e: &Elaboration, at: At) -> crate::source::Span {
    e.world.ast(at.file).expr(at.expr).span
}

fn init_target(e: &mut Elaboration, file: FileId, target: Ident, order: u8) -> Option<EntityId> {
    let id = state_named(e, file, target)?;
    if order == 0 {
        return Some(id);
    }
    if let Some(&velocity) = e.world.velocities.get(&id) {
        return Some(velocity);
    }
    let name = e.world.name(id).into_owned();
    e.diagnostics.push(ModelError::UnusedRate {
        name,
        at: target.span.into(),
    });
    None
}

/// The state that a name stands for; anything else is reported.
pub(super) fn state_named(e: &mut Elaboration, file: FileId, name: Ident) -> Option<EntityId> {
    let world = e.world;
    let id = match world.meaning(file, name.name) {
        Meaning::Time | Meaning::Pi | Meaning::Euler => {
            e.diagnostics.push(ModelError::ReservedName {
                name: world.ast(file).name(name.name).into(),
                meaning: "a built-in value",
                at: name.span.into(),
            });
            return None;
        }
        Meaning::Entity(_) | Meaning::Unknown => {
            e.names.entity(world, file, name, e.diagnostics)?
        }
    };
    if e.positions[id.0 as usize].is_some() {
        return Some(id);
    }
    report_no_state(e, id, name);
    None
}

/// The state whose rate is given; fixed species have none.
pub(super) fn changing_state(e: &mut Elaboration, file: FileId, name: Ident) -> Option<EntityId> {
    let id = state_named(e, file, name)?;
    if can_change(e.world, id) {
        return Some(id);
    }
    report_no_state(e, id, name);
    None
}

fn report_no_state(e: &mut Elaboration, id: EntityId, name: Ident) {
    e.diagnostics.push(ModelError::NotAState {
        name: e.world.name(id).into_owned(),
        what: e.world.describe(id),
        at: name.span.into(),
        declared: e.world.span(id).into(),
    });
}

/// The place of an expression at the top level of a file.
pub(super) fn at(file: FileId, expr: Expr) -> At {
    At { file, expr }
}
