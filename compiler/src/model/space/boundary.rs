//! `at y = 0: c = 1, dx(u) = 0`: what holds on the faces of a domain.

use smallvec::SmallVec;

use super::SpaceError;
use super::balance::{difference, is_zero};
use super::mentions::outflow_argument;
use super::place::place_of;
use crate::model::elaborate::Elaboration;
use crate::model::entities::{Condition, ConditionKind, DomainId, Face, Model, Side};
use crate::model::lower::Amount;
use crate::model::nodes::as_name;
use crate::model::scope::{FileId, Origin, World};
use crate::model::values::at;
use crate::source::Span;
use crate::syntax::ast::{Boundary, Expr, ItemKind, Relation};

/// Adds the conditions of all files.
pub(in crate::model) fn build(e: &mut Elaboration, model: &mut Model) {
    let world = e.world;
    for file in world.file_ids() {
        if world.file(file).origin == Origin::Std {
            continue;
        }
        for item in &world.ast(file).items {
            if let ItemKind::Boundary(boundary) = &item.kind {
                add(e, file, boundary, item.span, model);
            }
        }
    }
}

fn add(e: &mut Elaboration, file: FileId, boundary: &Boundary, item: Span, model: &mut Model) {
    let Some(domain) = domain(e, file, boundary) else {
        let first = boundary.conditions[0].left;
        let at = e.world.ast(file).expr(first).span.into();
        return e.diagnostics.push(SpaceError::InvalidCondition { at });
    };
    // A domain with mistakes of its own is not in the model.
    if model.domains.len() <= domain {
        return;
    }
    let mut named = Vec::new();
    for face in &boundary.faces {
        named.extend(faces(e, file, *face, domain, item, model));
    }
    for (i, &face) in named.iter().enumerate() {
        let n_diagnostics = e.diagnostics.len();
        e.lowering.set_face(Some((face.axis, face.side)));
        for condition in &boundary.conditions {
            let span = span_of(e, file, *condition);
            let kinds = read(e, file, *condition).into_iter();
            model
                .conditions
                .extend(kinds.map(|kind| Condition { face, kind, span }));
        }
        if i > 0 {
            // What is wrong with a condition has been reported for the first face.
            e.diagnostics.truncate(n_diagnostics);
        }
    }
    e.lowering.set_face(None);
}

/// The domain that the fields in the conditions live on.
fn domain(e: &Elaboration, file: FileId, boundary: &Boundary) -> Option<usize> {
    boundary.conditions.iter().find_map(|condition| {
        let sides = std::iter::once(condition.left).chain(condition.right);
        let mut places = sides.map(|expr| place_of(e.world, at(file, expr), None));
        places.find_map(|place| place.first_domain())
    })
}

fn span_of(e: &Elaboration, file: FileId, relation: Relation) -> Span {
    let ast = e.world.ast(file);
    let left = ast.expr(relation.left).span;
    let right = relation.right.map(|right| ast.expr(right).span);
    right.map_or(left, |right| left.to(right))
}

/// The conditions that one relation says, one per component.
fn read(e: &mut Elaboration, file: FileId, condition: Relation) -> Vec<ConditionKind> {
    if let Some(of) = outflow_argument(e.world.ast(file), condition) {
        return outflow(e, file, of);
    }
    let Some(right) = condition.right else {
        let at = e.world.ast(file).expr(condition.left).span.into();
        e.diagnostics.push(SpaceError::InvalidCondition { at });
        return Vec::new();
    };
    let left = e.lowering.value(at(file, condition.left), e.diagnostics);
    let right_value = e.lowering.value(at(file, right), e.diagnostics);
    let n = left.parts().len();
    let zero_fits = is_zero(e.world.ast(file), right);
    let right_parts: Vec<Amount> = match right_value.parts() {
        parts if parts.len() == n => parts.to_vec(),
        [one] if zero_fits || right_value.fits(n) => vec![*one; n],
        _ if left.fits(right_value.parts().len()) => return Vec::new(),
        _ => {
            report_unlike(e, file, right, n);
            return Vec::new();
        }
    };
    let pairs = left.parts().iter().zip(right_parts);
    pairs
        .map(|(&left, right)| ConditionKind::Equation(difference(e, left, right)))
        .collect()
}

fn report_unlike(e: &mut Elaboration, file: FileId, right: Expr, n: usize) {
    let at = e.world.ast(file).expr(right).span.into();
    let what = "the left side of the condition".to_owned();
    e.diagnostics.push(match n {
        1 => SpaceError::VectorForScalar {
            what,
            help: "take one of its components".into(),
            at,
        },
        _ => SpaceError::ScalarForVector {
            what,
            help: "write one value per component: `(0, 1)`, or `0` for all".into(),
            at,
        },
    });
}

fn outflow(e: &mut Elaboration, file: FileId, of: Expr) -> Vec<ConditionKind> {
    let name = as_name(e.world.ast(file), of);
    let state = name.and_then(|name| e.world.entity_named(file, name.name));
    let parts = state.map_or_else(SmallVec::new, |id| e.world.space.parts(id));
    let states: Vec<_> = parts
        .iter()
        .filter_map(|part| e.positions[part.0 as usize])
        .collect();
    if states.is_empty() {
        let at = e.world.ast(file).expr(of).span.into();
        e.diagnostics.push(SpaceError::InvalidCondition { at });
    }
    states.into_iter().map(ConditionKind::Outflow).collect()
}

/// The faces that one relation before the `:` names.
fn faces(
    e: &mut Elaboration,
    file: FileId,
    relation: Relation,
    domain: usize,
    item: Span,
    model: &Model,
) -> Vec<Face> {
    let face = |axis, side| Face {
        domain: DomainId(domain as u32),
        axis,
        side,
    };
    let axes = &model.domains[domain].axes;
    let ast = e.world.ast(file);
    let Some(right) = relation.right else {
        let is_boundary =
            as_name(ast, relation.left).is_some_and(|name| ast.name(name.name) == "boundary");
        let open: Vec<usize> = (0..axes.len()).filter(|&i| !axes[i].periodic).collect();
        if !is_boundary || open.is_empty() {
            let help = match is_boundary {
                true => "all its axes are periodic: it has no boundary",
                false => "write `at x = 0: …`, or `at boundary: …` for all faces",
            };
            report_face(e, domain, help.into(), ast.expr(relation.left).span);
        }
        let sides = open.into_iter().filter(|_| is_boundary);
        return sides
            .flat_map(|axis| [face(axis, Side::Lower), face(axis, Side::Upper)])
            .collect();
    };
    let coordinate = as_name(ast, relation.left)
        .and_then(|name| e.world.entity_named(file, name.name))
        .and_then(|id| {
            let coordinates = &e.world.space.domains[domain].coordinates;
            coordinates.iter().position(|&c| c == id)
        });
    let Some(axis) = coordinate else {
        let help = "the left side is one of its coordinates: `at x = 0: …`".into();
        report_face(e, domain, help, ast.expr(relation.left).span);
        return Vec::new();
    };
    if axes[axis].periodic {
        e.diagnostics.push(SpaceError::PeriodicFace {
            axis: axes[axis].name.clone(),
            at: span_of(e, file, relation).into(),
        });
        return Vec::new();
    }
    let id = e.world.space.domains[domain].coordinates[axis];
    if place_of(e.world, at(file, right), None).varies() {
        // Reported where the places of all expressions are checked.
        return Vec::new();
    }
    let unit = e.lowering.terms.units.of[id.0 as usize];
    let place = e.lowering.given(at(file, right), unit, e.diagnostics);
    if place == axes[axis].from {
        return vec![face(axis, Side::Lower)];
    }
    if place == axes[axis].to {
        return vec![face(axis, Side::Upper)];
    }
    let pool = &e.lowering.terms.pool;
    let (from, to) = (pool.display(axes[axis].from), pool.display(axes[axis].to));
    let name = &axes[axis].name;
    let help = format!(
        "its faces are at `{name} = {from}` and `{name} = {to}`, written as in the `domain`"
    );
    let span = span_of(e, file, relation);
    debug_assert!(item.start <= span.start, "a face stands in its statement");
    report_face(e, domain, help, span);
    Vec::new()
}

/// The first face that a condition is about, as its units know it: with `boundary` that of the first coordinate.
pub(in crate::model) fn first_face(
    world: &World,
    file: FileId,
    boundary: &Boundary,
) -> Option<(usize, Side)> {
    let name = as_name(world.ast(file), boundary.faces.first()?.left)?;
    let coordinate = world.entity_named(file, name.name);
    let position = coordinate.and_then(|id| {
        let mut domains = world.space.domains.iter();
        domains.find_map(|domain| domain.coordinates.iter().position(|&c| c == id))
    });
    Some((position.unwrap_or(0), Side::Upper))
}

fn report_face(e: &mut Elaboration, domain: usize, help: String, at: Span) {
    e.diagnostics.push(SpaceError::UnknownFace {
        domain: e.world.space.name(e.world, domain),
        help,
        at: at.into(),
    });
}
