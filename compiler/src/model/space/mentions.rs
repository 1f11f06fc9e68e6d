//! Where words and texts stand that are neither names nor values: `boundary`, `outflow(u)`, `data("file.npz", "name")`.

use super::{SpaceCall, SpaceError, space_call};
use crate::model::scope::{FileId, World};
use crate::syntax::Ast;
use crate::syntax::ast::{Boundary, Expr, ExprKind, Ident, Relation};

/// The expressions of a boundary condition that are values.
pub(in crate::model) fn boundary_values(
    ast: &Ast,
    boundary: &Boundary,
) -> impl Iterator<Item = Expr> {
    let faces = boundary
        .faces
        .iter()
        .filter_map(|face| Some((face.left, face.right?)));
    let conditions = boundary.conditions.iter().flat_map(|condition| {
        let argument = outflow_argument(ast, *condition);
        [Some(argument.unwrap_or(condition.left)), condition.right]
    });
    faces
        .flat_map(|(left, right)| [left, right])
        .chain(conditions.flatten())
}

/// `u`, of a condition `outflow(u)`.
pub(super) fn outflow_argument(ast: &Ast, condition: Relation) -> Option<Expr> {
    let ExprKind::Call(function, args) = &ast.expr(condition.left).kind else {
        return None;
    };
    match args[..] {
        [of] if ast.name(function.name) == "outflow" && condition.right.is_none() => Some(of),
        _ => None,
    }
}

/// The error of a text that is given to a function other than `data`.
pub(in crate::model) fn misplaced_text(
    world: &World,
    file: FileId,
    function: Ident,
    args: &[Expr],
) -> Option<SpaceError> {
    let ast = world.ast(file);
    let is_text = |e: &&Expr| matches!(ast.expr(**e).kind, ExprKind::Text(_));
    let &arg = args.iter().find(is_text)?;
    let text = ast.name(function.name);
    let takes_text = space_call(world, text) == Some(SpaceCall::Data);
    (!takes_text).then(|| SpaceError::InvalidPointData {
        function: text.into(),
        expected: "only `data(\"file.npz\", \"name\")` takes text",
        at: ast.expr(arg).span.into(),
    })
}
