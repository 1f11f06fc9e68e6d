//! What depends on what: the order in which definitions are evaluated, and circles among them.

use miette::LabeledSpan;

use super::error::ModelError;
use super::names::{Names, has_param};
use super::nodes::{At, as_name, post_order, rate_of};
use super::scope::{EntityId, EntityKind, FileId, Meaning, Origin, World};
use crate::diagnostic::Diagnostics;
use crate::syntax::Ast;
use crate::syntax::ast::{DeclKind, Expr, ExprKind, Function, NameId};

/// Constants, parameters, `let`s and functions that the model needs, each after what it needs itself; else in declared order.
/// Circles are reported.
pub(super) fn definition_order(
    world: &World,
    names: &Names,
    diagnostics: &mut Diagnostics,
) -> Vec<EntityId> {
    let is_root = |id: &EntityId| {
        let entity = world.entity(*id);
        is_definition(entity.kind)
            && (world.file(entity.file).origin != Origin::Std || names.used[id.0 as usize])
    };
    let roots = world.entity_ids().filter(is_root);
    let body_of = |id| body(world, id);
    sort(world, roots, &body_of, &is_definition, diagnostics)
}

/// Reports initial values that depend on each other in a circle. `initial` gives the file and expression of a state's.
pub(super) fn check_initial_values(
    world: &World,
    initial: &dyn Fn(EntityId) -> Option<(FileId, Expr)>,
    diagnostics: &mut Diagnostics,
) {
    let follow = |kind| {
        is_state(kind)
            || matches!(
                kind,
                EntityKind::Function | EntityKind::Value(DeclKind::Let)
            )
    };
    let roots = world
        .entity_ids()
        .filter(|&id| is_state(world.entity(id).kind));
    let body_of = |id: EntityId| {
        if is_state(world.entity(id).kind) {
            initial(id).map(|(file, expr)| (file, expr, None))
        } else {
            body(world, id)
        }
    };
    sort(world, roots, &body_of, &follow, diagnostics);
}

/// Everything in which a vector may be declared, and functions, each after what it mentions. Circles are reported elsewhere.
pub(super) fn shape_order(world: &World) -> Vec<EntityId> {
    let follow = |kind| is_state(kind) || is_definition(kind);
    let roots = world.entity_ids().filter(|&id| {
        let entity = world.entity(id);
        follow(entity.kind) && world.file(entity.file).origin != Origin::Std
    });
    let mut unreported = Diagnostics::new();
    sort(
        world,
        roots,
        &|id| body(world, id),
        &follow,
        &mut unreported,
    )
}

fn is_definition(kind: EntityKind) -> bool {
    match kind {
        EntityKind::Function => true,
        EntityKind::Velocity
        | EntityKind::Domain
        | EntityKind::Coordinate
        | EntityKind::Component => false,
        EntityKind::Value(kind) => match kind {
            DeclKind::Const | DeclKind::Param | DeclKind::Let => true,
            DeclKind::Species | DeclKind::FixedSpecies | DeclKind::Var | DeclKind::Field => false,
        },
    }
}

fn is_state(kind: EntityKind) -> bool {
    match kind {
        EntityKind::Function
        | EntityKind::Domain
        | EntityKind::Coordinate
        | EntityKind::Component => false,
        EntityKind::Velocity => true,
        EntityKind::Value(_) => !is_definition(kind),
    }
}

type Body<'w> = (FileId, Expr, Option<&'w Function>);

fn body<'w>(world: &'w World, id: EntityId) -> Option<Body<'w>> {
    let file = world.entity(id).file;
    if let Some(f) = world.function(id) {
        return Some((file, f.body, Some(f)));
    }
    let value = world.declaration(id)?.value?;
    Some((file, value, None))
}

/// How far the search has come with an entity.
#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

/// Depth-first, each entity after those its body mentions.
fn sort<'w>(
    world: &'w World,
    roots: impl Iterator<Item = EntityId>,
    body_of: &dyn Fn(EntityId) -> Option<Body<'w>>,
    follow: &dyn Fn(EntityKind) -> bool,
    diagnostics: &mut Diagnostics,
) -> Vec<EntityId> {
    let mut state = vec![State::New; world.entities.len()];
    let mut order = Vec::new();
    let mut stack: Vec<(EntityId, Vec<EntityId>)> = Vec::new();
    for root in roots {
        if state[root.0 as usize] == State::New {
            state[root.0 as usize] = State::Open;
            stack.push((root, needs(world, body_of(root), follow)));
        }
        while let Some((id, pending)) = stack.last_mut() {
            let id = *id;
            match pending.pop() {
                None => {
                    state[id.0 as usize] = State::Done;
                    order.push(id);
                    stack.pop();
                }
                Some(needed) => match state[needed.0 as usize] {
                    State::Done => {}
                    State::New => {
                        state[needed.0 as usize] = State::Open;
                        stack.push((needed, needs(world, body_of(needed), follow)));
                    }
                    State::Open => {
                        let on_stack = |e: &(EntityId, _)| e.0 == needed;
                        let from = stack.iter().position(on_stack).unwrap_or(0);
                        let circle: Vec<EntityId> = stack[from..].iter().map(|e| e.0).collect();
                        diagnostics.push(circular(world, &circle));
                    }
                },
            }
        }
    }
    order
}

/// The entities to follow that a body mentions, the first mentioned last.
fn needs(world: &World, body: Option<Body>, follow: &dyn Fn(EntityKind) -> bool) -> Vec<EntityId> {
    let Some((file, root, function)) = body else {
        return Vec::new();
    };
    let ast = world.ast(file);
    if matches!(ast.expr(root).kind, ExprKind::Number(_)) {
        return Vec::new();
    }
    let mut nodes = Vec::new();
    post_order(ast, root, &mut nodes);
    let mut found = Vec::new();
    for &e in nodes.iter().rev() {
        let Some(name) = mentioned(ast, e) else {
            continue;
        };
        let is_param = function.is_some_and(|f| has_param(f, name));
        let mut entity = world.entity_named(file, name);
        entity = entity.map(|id| world.space.owner(id));
        if rate_of(ast, e).is_some() {
            entity = entity.and_then(|state| world.velocities.get(&state).copied());
        }
        found.extend(entity.filter(|&id| !is_param && follow(world.entity(id).kind)));
    }
    found
}

/// The name that an expression mentions itself: as a value, as a function, or in `dt(x)`.
fn mentioned(ast: &Ast, e: Expr) -> Option<NameId> {
    if let ExprKind::Call(function, _) = &ast.expr(e).kind {
        return Some(rate_of(ast, e).map_or(function.name, |(state, _)| state));
    }
    as_name(ast, e).map(|name| name.name)
}

/// By entity: what makes a definition change while the model runs, a state or time (`t`), if anything does.
pub(super) fn varying(world: &World, order: &[EntityId]) -> Vec<Option<String>> {
    let mut varies: Vec<Option<String>> = vec![None; world.entities.len()];
    for id in world.entity_ids() {
        if is_state(world.entity(id).kind) {
            varies[id.0 as usize] = Some(world.name(id).into_owned());
        }
    }
    spread(world, order, &mut varies);
    varies
}

/// By entity: what makes a definition depend on time itself, if anything does.
pub(super) fn timed(world: &World, order: &[EntityId]) -> Vec<Option<String>> {
    let mut timed = vec![None; world.entities.len()];
    spread(world, order, &mut timed);
    timed
}

/// Definitions vary with what they mention.
fn spread(world: &World, order: &[EntityId], varies: &mut [Option<String>]) {
    for &id in order {
        if let Some((file, expr, function)) = body(world, id) {
            varies[id.0 as usize] = first_varying(world, At { file, expr }, function, varies);
        }
    }
}

/// The first name in an expression that makes it change while the model runs.
pub(super) fn first_varying(
    world: &World,
    root: At,
    function: Option<&Function>,
    varies: &[Option<String>],
) -> Option<String> {
    let ast = world.ast(root.file);
    let mut nodes = Vec::new();
    post_order(ast, root.expr, &mut nodes);
    nodes.iter().find_map(|&e| {
        let name = mentioned(ast, e)?;
        if function.is_some_and(|f| has_param(f, name)) {
            return None;
        }
        match world.meaning(root.file, name) {
            Meaning::Entity(id) => varies[world.space.owner(id).0 as usize].clone(),
            Meaning::Time => Some(ast.name(name).into()),
            Meaning::Unknown | Meaning::Pi | Meaning::Euler => None,
        }
    })
}

/// So many members of a circle are named.
const MAX_NAMED: usize = 8;

fn circular(world: &World, circle: &[EntityId]) -> ModelError {
    let mut chain: Vec<String> = circle
        .iter()
        .take(MAX_NAMED)
        .map(|&id| format!("`{}`", world.name(id)))
        .collect();
    if circle.len() > MAX_NAMED {
        chain.push("…".into());
    }
    chain.extend(chain.first().cloned());
    let labels = circle.iter().take(MAX_NAMED).enumerate().map(|(i, &id)| {
        let next = world.name(circle[(i + 1) % circle.len()]).into_owned();
        let text = Some(format!("needs `{next}`"));
        let primary = i == 0;
        match primary {
            true => LabeledSpan::new_primary_with_span(text, world.span(id)),
            false => LabeledSpan::new_with_span(text, world.span(id)),
        }
    });
    ModelError::CyclicDefinition {
        chain: chain.join(" needs "),
        labels: labels.collect(),
    }
}
