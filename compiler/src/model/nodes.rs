//! What expressions are made of: their parts, in the order in which passes want them.

use smallvec::{SmallVec, smallvec};

use super::scope::FileId;
use crate::source::Span;
use crate::syntax::Ast;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, NameId, UnaryOp};

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub file: FileId,
    pub expr: Expr,
}

/// A term of a sum or a factor of a product, and whether it is subtracted or divided by.
pub(super) type Part<T> = (T, bool);

/// The parts of a sum or product, or plain operands.
pub(super) type Parts<T> = SmallVec<[Part<T>; 4]>;

/// The children of an expression, left to right. `dt(x)` is one name and has none.
pub(super) fn children(ast: &Ast, e: Expr) -> SmallVec<[Expr; 3]> {
    match &ast.expr(e).kind {
        ExprKind::Number(_)
        | ExprKind::Quantity(..)
        | ExprKind::Name(_)
        | ExprKind::Text(_)
        | ExprKind::Error => SmallVec::new(),
        ExprKind::Unary(_, a) => SmallVec::from_slice(&[*a]),
        ExprKind::Binary(_, a, b) => SmallVec::from_slice(&[*a, *b]),
        ExprKind::Call(..) if rate_of(ast, e).is_some() => SmallVec::new(),
        ExprKind::Call(_, args) | ExprKind::Tuple(args) => args.iter().copied().collect(),
        ExprKind::If(c, a, b) => SmallVec::from_slice(&[*c, *a, *b]),
    }
}

/// The name `x` and its place, if the expression is `dt(x)`.
pub(super) fn rate_of(ast: &Ast, e: Expr) -> Option<(NameId, Span)> {
    let ExprKind::Call(function, args) = &ast.expr(e).kind else {
        return None;
    };
    let [arg] = &args[..] else { return None };
    if ast.name(function.name) != "dt" {
        return None;
    }
    as_name(ast, *arg).map(|name| (name.name, name.span))
}

/// The name, if the expression is one.
pub(super) fn as_name(ast: &Ast, e: Expr) -> Option<Ident> {
    let node = ast.expr(e);
    let ExprKind::Name(name) = node.kind else {
        return None;
    };
    Some(Ident {
        name,
        span: node.span,
    })
}

/// What an expression is evaluated from, left to right: all parts of a sum or product, else its children.
pub(super) fn operands(ast: &Ast, e: Expr) -> Parts<Expr> {
    match chain(&ast.expr(e).kind) {
        Some(Chain::Sum) => sum_parts(ast, e),
        Some(Chain::Product) => product_parts(ast, e),
        None => children(ast, e).into_iter().map(|e| (e, false)).collect(),
    }
}

/// What comes whole, however it is nested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    Sum,
    Product,
}

/// The form of a sum or product.
pub(super) fn chain(kind: &ExprKind) -> Option<Chain> {
    match kind {
        ExprKind::Unary(UnaryOp::Neg, _) => Some(Chain::Sum),
        ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => Some(Chain::Sum),
        ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div, ..) => Some(Chain::Product),
        ExprKind::Number(_)
        | ExprKind::Quantity(..)
        | ExprKind::Name(_)
        | ExprKind::Unary(UnaryOp::Not, _)
        | ExprKind::Binary(..)
        | ExprKind::Call(..)
        | ExprKind::If(..)
        | ExprKind::Tuple(_)
        | ExprKind::Text(_)
        | ExprKind::Error => None,
    }
}

fn sum_parts(ast: &Ast, e: Expr) -> Parts<Expr> {
    let mut found = Parts::new();
    let mut stack: Parts<Expr> = smallvec![(e, false)];
    while let Some((e, minus)) = stack.pop() {
        let kind = &ast.expr(e).kind;
        if let ExprKind::Unary(UnaryOp::Neg, a) = *kind {
            stack.push((a, !minus));
        } else if let ExprKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), a, b) = *kind {
            stack.push((b, minus ^ (op == BinaryOp::Sub)));
            stack.push((a, minus));
        } else {
            found.push((e, minus));
        }
    }
    found
}

/// A divisor stays whole: `a/(b/c)` is undefined where `c` is zero, `a*c/b` is not.
fn product_parts(ast: &Ast, e: Expr) -> Parts<Expr> {
    let mut found = Parts::new();
    let mut stack: Parts<Expr> = smallvec![(e, false)];
    while let Some((e, below)) = stack.pop() {
        if let ExprKind::Binary(op @ (BinaryOp::Mul | BinaryOp::Div), a, b) = ast.expr(e).kind
            && !below
        {
            stack.push((b, op == BinaryOp::Div));
            stack.push((a, false));
        } else {
            found.push((e, below));
        }
    }
    found
}

/// Appends the nodes of an expression, children before parents.
pub(super) fn post_order(ast: &Ast, root: Expr, out: &mut Vec<Expr>) {
    order(root, out, |e, stack| stack.extend(children(ast, e)));
}

/// Appends the nodes of an expression that are evaluated, operands before what they are evaluated to.
pub(super) fn evaluation_order(ast: &Ast, root: Expr, out: &mut Vec<Expr>) {
    order(root, out, |e, stack| {
        stack.extend(operands(ast, e).iter().map(|part| part.0))
    });
}

fn order(root: Expr, out: &mut Vec<Expr>, below: impl Fn(Expr, &mut Vec<Expr>)) {
    let start = out.len();
    let mut stack = vec![root];
    // Parents before children, right before left: reversed, that is post-order.
    while let Some(e) = stack.pop() {
        out.push(e);
        below(e, &mut stack);
    }
    out[start..].reverse();
}
