//! Which condition closes which field at which face, and whether there are as many as the equations need.
//!
//! A field whose highest derivative along an axis has order 2m needs m conditions at each end. Of order 2m + 1 it needs 2m + 1
//! at both ends together, at least m at each: for advection, data where it flows in and `outflow` where it flows out.

use std::collections::BTreeMap;

use super::error::SpaceError;
use super::evolution::Evolution;
use super::setting::Setting;
use crate::model::entities::{ConditionKind, Side};
use crate::terms::{Pool, Term};

/// One end of one axis.
pub type End = (usize, Side);

/// A condition on a field at an end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Requirement {
    /// The residual is 0; the highest order with which the field is differentiated in it.
    Equation(Term, u8),
    /// Nothing comes in.
    Outflow,
}

/// Conditions by field and end.
pub type Requirements = BTreeMap<(usize, End), Vec<Requirement>>;

/// The number of conditions that each field needs at each end of an axis: least and most.
pub fn needed(order: u8) -> (usize, usize) {
    let half = usize::from(order / 2);
    (half, half + usize::from(order % 2))
}

/// Gives every condition to a field and counts.
///
/// # Errors
/// One per mistake.
///
/// # Panics
/// If a condition holds no field or stands at a periodic axis; elaboration refuses both.
pub fn assign(
    pool: &Pool,
    setting: &Setting,
    evolution: &Evolution,
    equations: &[Term],
    conditions: &[ConditionKind],
) -> Result<Requirements, Vec<SpaceError>> {
    let extent = setting.extent(pool, equations);
    let order = |field: usize, axis: usize| extent.get(&field).map_or(0, |orders| orders[axis]);
    let mut found = Requirements::new();
    let mut errors = Vec::new();
    // Faces with a wrong condition: it counts for the one that may be missing.
    let mut wrong = Vec::new();
    for (condition, kind) in evolution.conditions.iter().zip(conditions) {
        let (axis, side) = (condition.face.axis, condition.face.side);
        let face = face_name(evolution, axis, side);
        let at = condition.span.into();
        let (field, requirement) = match *kind {
            ConditionKind::Outflow(state) => {
                let field = evolution.fields.iter().position(|f| f.state == state);
                let Some(field) = field else { continue };
                (field, Requirement::Outflow)
            }
            ConditionKind::Equation(residual) => {
                let of = setting.extent(pool, &[residual]);
                let sideways =
                    |orders: &[u8; 3]| orders.iter().enumerate().any(|(a, n)| a != axis && *n > 0);
                if of.values().any(sideways) {
                    errors.push(SpaceError::SidewaysCondition { face, at });
                    wrong.push((axis, side));
                    continue;
                }
                let wants = |field: usize| {
                    let count = found.get(&(field, (axis, side))).map_or(0, Vec::len);
                    count < needed(order(field, axis)).1
                };
                let most = of.iter().max_by_key(|(field, orders)| {
                    (orders[axis], wants(**field), std::cmp::Reverse(**field))
                });
                let (&field, orders) =
                    most.expect("elaboration refuses conditions without a field");
                if orders[axis] >= order(field, axis).max(1) {
                    let field = evolution.names()[field].to_owned();
                    errors.push(SpaceError::ConditionOrder {
                        field,
                        face,
                        order: orders[axis],
                        at,
                    });
                    wrong.push((axis, side));
                    continue;
                }
                (field, Requirement::Equation(residual, orders[axis]))
            }
        };
        found
            .entry((field, (axis, side)))
            .or_default()
            .push(requirement);
        let (count, most) = (
            found[&(field, (axis, side))].len(),
            needed(order(field, axis)).1,
        );
        if count > most {
            let field = evolution.names()[field].to_owned();
            errors.push(SpaceError::SurplusCondition {
                field,
                face,
                needed: most,
                at,
            });
        }
    }
    for field in 0..evolution.names().len() {
        let at = evolution.span(field).into();
        for axis in (0..evolution.axes.len()).filter(|a| !evolution.axes[*a].periodic) {
            let count = |side| found.get(&(field, (axis, side))).map_or(0, Vec::len);
            let n = order(field, axis);
            let least = if n == 1 { 1 } else { needed(n).0 };
            for side in [Side::Lower, Side::Upper] {
                if count(side) < least && !wrong.contains(&(axis, side)) {
                    let face = face_name(evolution, axis, side);
                    let field = evolution.names()[field].to_owned();
                    errors.push(SpaceError::MissingCondition {
                        field,
                        face,
                        needed: least,
                        order: n,
                        at,
                    });
                }
            }
            let total = count(Side::Lower) + count(Side::Upper);
            if n > 1 && n % 2 == 1 && total >= 2 * least && total != usize::from(n) {
                let (axis, field) = (
                    evolution.axes[axis].name.clone(),
                    evolution.names()[field].to_owned(),
                );
                errors.push(SpaceError::OddConditions {
                    field,
                    axis,
                    needed: n.into(),
                    found: total,
                    at,
                });
            }
        }
    }
    if errors.is_empty() {
        Ok(found)
    } else {
        Err(errors)
    }
}

/// `the lower end of x`
pub fn face_name(evolution: &Evolution, axis: usize, side: Side) -> String {
    let end = match side {
        Side::Lower => "lower",
        Side::Upper => "upper",
    };
    format!("the {end} end of `{}`", evolution.axes[axis].name)
}
