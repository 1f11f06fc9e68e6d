//! `constraint lap(psi) = -omega, mean(psi) = 0`: equations that hold at every time and determine a field.

use super::balance::difference;
use super::{SpaceCall, SpaceError, space_call};
use crate::model::elaborate::Elaboration;
use crate::model::entities::{Constraint, Model};
use crate::model::nodes::{as_name, post_order};
use crate::model::scope::{EntityId, EntityKind, FileId, Origin, World};
use crate::model::values::at;
use crate::source::Span;
use crate::syntax::ast::{DeclKind, Expr, ExprKind, ItemKind, Relation};
use crate::terms::Op;

/// The fields without an initial value that some constraint is about, in declared order.
pub(in crate::model) fn solved_fields(world: &World) -> Vec<EntityId> {
    if world.space.domains.is_empty() {
        return Vec::new();
    }
    let mut mentioned = Vec::new();
    let mut started = Vec::new();
    for file in world.file_ids() {
        for item in &world.ast(file).items {
            match &item.kind {
                ItemKind::Constraint(relations) => {
                    for expr in relations.iter().flat_map(sides) {
                        mentioned.extend(names_in(world, file, expr));
                    }
                }
                ItemKind::Init { target, .. } => {
                    started.extend(world.entity_named(file, target.name));
                }
                ItemKind::Model { .. }
                | ItemKind::Use(_)
                | ItemKind::Declare(_)
                | ItemKind::Unit { .. }
                | ItemKind::Function(_)
                | ItemKind::Reaction(_)
                | ItemKind::Equation(_)
                | ItemKind::Balance { .. }
                | ItemKind::Domain(_)
                | ItemKind::Boundary(_)
                | ItemKind::Scheme(_)
                | ItemKind::Simulate(_)
                | ItemKind::Discover(_)
                | ItemKind::Plot(_)
                | ItemKind::Rule(_)
                | ItemKind::Unsupported { .. } => {}
            }
        }
    }
    let is_solved = |id: &EntityId| {
        world.entity(*id).kind == EntityKind::Value(DeclKind::Field)
            && world.space.place(*id).varies()
            && world.declaration(*id).is_some_and(|d| d.value.is_none())
            && mentioned.contains(id)
            && !started.contains(id)
    };
    world.entity_ids().filter(is_solved).collect()
}

fn sides(relation: &Relation) -> impl Iterator<Item = Expr> + use<> {
    std::iter::once(relation.left).chain(relation.right)
}

fn names_in(world: &World, file: FileId, expr: Expr) -> Vec<EntityId> {
    let ast = world.ast(file);
    let mut nodes = Vec::new();
    post_order(ast, expr, &mut nodes);
    let names = nodes.into_iter().filter_map(|e| as_name(ast, e));
    names
        .filter_map(|name| world.entity_named(file, name.name))
        .collect()
}

/// Adds the constraints of all files.
pub(in crate::model) fn build(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    for file in world.file_ids() {
        if world.file(file).origin == Origin::Std {
            continue;
        }
        for item in &world.ast(file).items {
            if let ItemKind::Constraint(relations) = &item.kind {
                add(e, file, relations, item.span, model);
            }
        }
    }
    for (i, state) in model.solved.iter().enumerate() {
        if model.constraints.iter().all(|c| c.unknown != i) && !e.diagnostics.has_errors() {
            e.diagnostics.push(SpaceError::InvalidConstraint {
                problem: format!("of `{}` is missing", state.name),
                at: state.span.into(),
            });
        }
    }
}

fn add(e: &mut Elaboration, file: FileId, relations: &[Relation], span: Span, model: &mut Model) {
    for relation in relations {
        let Some(right) = relation.right else {
            let at = e.world.ast(file).expr(relation.left).span;
            report(e, "is no equation: it has no `=`".into(), at);
            continue;
        };
        match mean_of(e, file, relation.left, model) {
            Some(unknown) => add_mean(e, file, unknown, right, model),
            None => add_equation(e, file, relation.left, right, span, model),
        }
    }
}

fn report(e: &mut Elaboration, problem: String, at: Span) {
    let at = at.into();
    e.diagnostics
        .push(SpaceError::InvalidConstraint { problem, at });
}

/// The unknown of `mean(psi)`, if its constraint has been read.
fn mean_of(e: &Elaboration, file: FileId, expr: Expr, model: &Model) -> Option<usize> {
    let ast = e.world.ast(file);
    let ExprKind::Call(function, args) = &ast.expr(expr).kind else {
        return None;
    };
    let call = space_call(e.world, ast.name(function.name))?;
    let [arg] = args[..] else { return None };
    let id = e
        .world
        .entity_named(file, as_name(ast, arg)?.name)
        .filter(|_| call == SpaceCall::Reduction(Op::Mean))?;
    let unknown = e.solved.iter().position(|&solved| solved == id)?;
    let is_read = model.constraints.iter().any(|c| c.unknown == unknown);
    is_read.then_some(unknown)
}

fn add_mean(e: &mut Elaboration, file: FileId, unknown: usize, right: Expr, model: &mut Model) {
    let id = e.solved[unknown];
    let wanted = e.lowering.terms.units.of[id.0 as usize];
    let mean = e.lowering.given(at(file, right), wanted, e.diagnostics);
    let constraint = model.constraints.iter_mut().find(|c| c.unknown == unknown);
    if let Some(constraint) = constraint {
        constraint.mean = Some(mean);
    }
}

fn add_equation(
    e: &mut Elaboration,
    file: FileId,
    left: Expr,
    right: Expr,
    span: Span,
    model: &mut Model,
) {
    let ast = e.world.ast(file);
    let where_it_stands = ast.expr(left).span.to(ast.expr(right).span);
    let mut unknowns: Vec<usize> = [left, right]
        .into_iter()
        .flat_map(|expr| names_in(e.world, file, expr))
        .filter_map(|id| e.solved.iter().position(|&solved| solved == id))
        .filter(|unknown| model.constraints.iter().all(|c| c.unknown != *unknown))
        .collect();
    unknowns.sort_unstable();
    unknowns.dedup();
    let unknown = match unknowns[..] {
        [one] => one,
        [] => {
            let problem = "determines no field: every field in it has an initial value or a constraint already";
            return report(e, problem.into(), where_it_stands);
        }
        [first, second, ..] => {
            let (first, second) = (&model.solved[first].name, &model.solved[second].name);
            let problem = format!("could determine `{first}` or `{second}`");
            return report(e, problem, where_it_stands);
        }
    };
    let left = e.lowering.amount(at(file, left), e.diagnostics);
    let right = e.lowering.amount(at(file, right), e.diagnostics);
    let residual = difference(e, left, right);
    let symbol = model.solved[unknown].symbol;
    if !e
        .lowering
        .terms
        .pool
        .symbols_in(&[residual])
        .contains(&symbol)
    {
        let problem = format!("holds for every `{}`", model.solved[unknown].name);
        return report(e, problem, where_it_stands);
    }
    model.constraints.push(Constraint {
        unknown,
        residual,
        mean: None,
        span,
    });
}
