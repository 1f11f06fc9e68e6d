//! Parameters, states and named expressions with their values.

use super::definitions::{check_initial_values, first_varying, timed};
use super::elaborate::{Elaboration, can_change};
use super::entities::{DomainId, Model, Observable, Parameter, State, StateId, StateKind};
use super::error::ModelError;
use super::lower::Amount;
use super::measure::Measure;
use super::nodes::At;
use super::scope::{EntityId, EntityKind, FileId, Meaning, Origin};
use super::space::{SpaceError, Value};
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
            EntityKind::Value(
                DeclKind::Species | DeclKind::FixedSpecies | DeclKind::Var | DeclKind::Field,
            )
            | EntityKind::Domain
            | EntityKind::Coordinate
            | EntityKind::Component
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
    add_coordinates(e);
    for id in world.entity_ids() {
        let entity = world.entity(id);
        let kind = match entity.kind {
            EntityKind::Value(DeclKind::Species) => StateKind::Species,
            EntityKind::Value(DeclKind::FixedSpecies) => StateKind::FixedSpecies,
            EntityKind::Value(DeclKind::Var | DeclKind::Field) => StateKind::Variable,
            EntityKind::Value(DeclKind::Const | DeclKind::Param | DeclKind::Let)
            | EntityKind::Domain
            | EntityKind::Coordinate
            | EntityKind::Component
            | EntityKind::Function
            | EntityKind::Velocity => continue,
        };
        if world.file(entity.file).origin == Origin::Std {
            continue;
        }
        if e.solved.contains(&id) {
            let state = state_of(e, id, kind);
            model.solved.push(state);
            continue;
        }
        for part in world.space.parts(id) {
            add_state(e, part, kind, model);
            if let Some(&velocity) = world.velocities.get(&part) {
                add_state(e, velocity, StateKind::Variable, model);
            }
        }
    }
}

/// Coordinates are symbols that depend on themselves.
fn add_coordinates(e: &mut Elaboration) {
    for id in e.world.entity_ids() {
        if e.world.entity(id).kind == EntityKind::Coordinate {
            let terms = &mut e.lowering.terms;
            let symbol = terms.pool.symbol(&e.called[id.0 as usize]);
            terms.pool.set_dependence(symbol, &[symbol]);
            let term = terms.pool.var(symbol);
            let measure = Measure::ONE;
            terms.values[id.0 as usize] = Some(Amount { term, measure });
        }
    }
}

fn add_state(e: &mut Elaboration, id: EntityId, kind: StateKind, model: &mut Model) {
    e.positions[id.0 as usize] = Some(StateId(model.states.len() as u32));
    let state = state_of(e, id, kind);
    model.states.push(state);
}

/// A state with its symbol, which depends on the coordinates of its domain.
fn state_of(e: &mut Elaboration, id: EntityId, kind: StateKind) -> State {
    let name = e.called[id.0 as usize].clone();
    let symbol = e.lowering.terms.pool.symbol(&name);
    let domain = e.world.space.domain_of(id);
    if let Some(domain) = domain {
        e.lowering.terms.set_dependence(symbol, domain);
    }
    let is_velocity = e.world.entity(id).kind == EntityKind::Velocity;
    let declared = e.world.declaration(id).filter(|_| !is_velocity);
    State {
        name,
        symbol,
        kind,
        initial: e.lowering.terms.pool.var(symbol),
        domain: domain.map(|d| DomainId(d as u32)),
        unit: None,
        doc: declared.and_then(|d| d.doc.clone()),
        span: e.world.span(id),
    }
}

/// What the names of states stand for, now that their units are known.
fn value_states(e: &mut Elaboration, model: &mut Model) {
    e.state_symbols = model.states.iter().map(|s| s.symbol).collect();
    e.state_measures = vec![Measure::ONE; model.states.len()];
    for id in e.world.entity_ids() {
        if e.world.entity(id).kind == EntityKind::Coordinate {
            let measure = e.lowering.terms.units.of[id.0 as usize];
            if let Some(value) = &mut e.lowering.terms.values[id.0 as usize] {
                value.measure = measure;
            }
        }
    }
    for (i, &id) in e.solved.iter().enumerate() {
        let measure = e.lowering.terms.units.of[id.0 as usize];
        let state = &mut model.solved[i];
        state.unit = e.lowering.terms.units.unit(measure);
        let term = state.initial;
        state.initial = e.lowering.terms.pool.int(0);
        e.lowering.terms.values[id.0 as usize] = Some(Amount { term, measure });
    }
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
    let Some(at) = value_of(e, id) else {
        return report_missing(e, id, "named expression");
    };
    let value = define_as(e, id, at);
    let parts = e.world.space.parts(id);
    if !value.fits(parts.len()) {
        e.diagnostics.push(SpaceError::VectorForScalar {
            what: format!("`{}`", e.world.name(id)),
            help: "the gradient of a vector has no name; use it where it is needed".into(),
            at: span_of(e, at).into(),
        });
        return;
    }
    for (part, &amount) in parts.iter().zip(value.parts()) {
        e.lowering.terms.values[part.0 as usize] = Some(amount);
    }
}

fn define_as(e: &mut Elaboration, id: EntityId, at: At) -> Value<Amount> {
    let declares = e.world.declaration(id).is_some_and(|d| d.unit.is_some());
    if !declares {
        return e.lowering.value(at, e.diagnostics);
    }
    let measure = e.lowering.terms.units.of[id.0 as usize];
    let value = e.lowering.given_value(at, measure, e.diagnostics);
    value.map(|_, &term| Amount { term, measure })
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
        for part in world.space.parts(id) {
            let Some(value) = e.lowering.terms.values[part.0 as usize] else {
                continue;
            };
            let is_uniform = e.lowering.terms.pool.is_uniform(value.term);
            let domain = world.space.place(id).first_domain().filter(|_| !is_uniform);
            model.observables.push(Observable {
                name: e.called[part.0 as usize].clone(),
                value: value.term,
                domain: domain.map(|d| DomainId(d as u32)),
                unit: e.lowering.terms.units.unit(value.measure),
                doc: world.declaration(id).and_then(|d| d.doc.clone()),
            });
        }
    }
}

fn set_initial_values(e: &mut Elaboration, order: &[EntityId], model: &mut Model) {
    let world = e.world;
    let timed = timed(world, order);
    for id in world.entity_ids() {
        let parts = world.space.parts(id);
        let Some(state) = e.positions[parts[0].0 as usize] else {
            continue;
        };
        if world.space.owner(id) != id {
            continue;
        }
        match e.initial[id.0 as usize] {
            Some(at) => {
                let wanted = e.lowering.terms.units.of[id.0 as usize];
                let initial = e.lowering.given_value(at, wanted, e.diagnostics);
                for (part, &term) in parts.iter().zip(initial.parts()) {
                    let state = e.positions[part.0 as usize].expect("its parts are states");
                    let state = &mut model.states[state.0 as usize];
                    state.initial = term;
                    match e.lowering.terms.pool.as_number(term) {
                        Some(n) if n.signum() < 0 && state.kind != StateKind::Variable => {
                            e.diagnostics.push(ModelError::NegativeAmount {
                                name: world.name(id).into_owned(),
                                at: span_of(e, at).into(),
                            });
                        }
                        Some(_) | None => {}
                    }
                }
                if !initial.fits(parts.len()) {
                    let error = unlike(e, id, at);
                    e.diagnostics.push(error);
                }
                if first_varying(world, at, None, &timed).is_some() {
                    e.diagnostics.push(ModelError::TimeInInitialValue {
                        name: world.name(id).into_owned(),
                        at: span_of(e, at).into(),
                    });
                }
            }
            None => e.diagnostics.push(ModelError::MissingInitialValue {
                kind: noun(&model.states[state.0 as usize]),
                name: world.name(id).into_owned(),
                at: world.span(id).into(),
            }),
        }
    }
}

/// The error of a vector where a number is wanted, or the other way round: `id` is what the value is for.
pub(super) fn unlike(e: &Elaboration, id: EntityId, value: At) -> SpaceError {
    let what = format!("`{}`", e.world.name(id));
    let at = span_of(e, value).into();
    match e.world.space.components.get(&id) {
        Some(components) => {
            let components = components.iter().map(|&c| format!("`{}`", e.world.name(c)));
            let components: Vec<String> = components.collect();
            let help = format!("its components are {}", components.join(" and "));
            SpaceError::ScalarForVector { what, help, at }
        }
        None => SpaceError::VectorForScalar {
            what,
            help: "take one of its components, like `v.x`".into(),
            at,
        },
    }
}

/// What messages call a state of this kind.
pub(super) fn noun(state: &State) -> &'static str {
    match state.kind {
        StateKind::Species => "species",
        StateKind::FixedSpecies => "fixed species",
        StateKind::Variable if state.domain.is_some() => "field",
        StateKind::Variable => "variable",
    }
}

/// By entity: its initial value, from the declaration or from `init`.
fn given_initial_values(e: &mut Elaboration) -> Vec<Option<At>> {
    let world = e.world;
    let mut given: Vec<Option<At>> = world
        .entity_ids()
        .map(|id| match world.entity(id).kind {
            EntityKind::Value(_) if is_state(e, id) => value_of(e, id),
            EntityKind::Value(_)
            | EntityKind::Domain
            | EntityKind::Coordinate
            | EntityKind::Component
            | EntityKind::Function
            | EntityKind::Velocity => None,
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
            let id = e.world.space.owner(id);
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

/// Whether an entity, or its components, are states.
fn is_state(e: &Elaboration, id: EntityId) -> bool {
    let parts = e.world.space.parts(id);
    parts
        .iter()
        .all(|part| e.positions[part.0 as usize].is_some())
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
    if is_state(e, id) {
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
