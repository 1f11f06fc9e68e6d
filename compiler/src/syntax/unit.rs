//! Units as written: a product of powers, read from the expression it was parsed as.

use super::ast::{BinaryOp, Expr, ExprKind, ExprNode, Ident, UnaryOp, UnitExpr};
use super::error::SyntaxError;
use crate::source::Span;
use crate::terms::Number;

/// Most nodes in a unit; the exact product of many factors would be a huge number.
const MAX_NODES: usize = 1000;

/// The unit that an expression says; `nodes` are its nodes, the first of which has id `base`, the last is its root.
/// Exponents go down from the root, parents before children.
pub fn unit_of(nodes: &[ExprNode], base: u32) -> Result<UnitExpr, SyntaxError> {
    let root = nodes.len() - 1;
    if nodes.len() > MAX_NODES {
        return Err(SyntaxError::MalformedUnit {
            reason: "it is too long",
            at: nodes[root].span.into(),
        });
    }
    let constants = constants(nodes, base);
    let mut exponents: Vec<Option<Number>> = vec![None; nodes.len()];
    exponents[root] = Some(Number::ONE);
    let mut unit = UnitExpr {
        factor: Number::ONE,
        powers: Vec::new(),
        span: nodes[root].span,
    };
    for i in (0..nodes.len()).rev() {
        let Some(exponent) = exponents[i].take() else {
            continue;
        };
        let node = &nodes[i];
        let mut set = |e: Expr, exponent| exponents[(e.0 - base) as usize] = Some(exponent);
        match &node.kind {
            ExprKind::Name(name) => {
                let ident = Ident {
                    name: *name,
                    span: node.span,
                };
                unit.powers.push((ident, exponent));
            }
            ExprKind::Number(n) => {
                let power = exponent.as_i64().and_then(|k| n.checked_pow(k));
                let factor = power.filter(|f| f.signum() > 0);
                unit.factor = &unit.factor * &factor.ok_or_else(|| not_a_factor(node.span))?;
            }
            ExprKind::Binary(BinaryOp::Mul, a, b) => {
                set(*a, exponent.clone());
                set(*b, exponent);
            }
            ExprKind::Binary(BinaryOp::Div, a, b) => {
                set(*b, -&exponent);
                set(*a, exponent);
            }
            ExprKind::Binary(BinaryOp::Pow, a, k) => {
                let k = constants[(k.0 - base) as usize].as_ref();
                let power = k.map(|k| k * &exponent).filter(|p| p.as_ratio().is_some());
                set(*a, power.ok_or_else(|| not_an_exponent(node.span))?);
            }
            ExprKind::Binary(..)
            | ExprKind::Unary(..)
            | ExprKind::Quantity(..)
            | ExprKind::Call(..)
            | ExprKind::If(..)
            | ExprKind::Tuple(_)
            | ExprKind::Text(_)
            | ExprKind::Error => return Err(not_a_product(node.span)),
        }
    }
    unit.powers.reverse();
    Ok(unit)
}

fn not_a_factor(at: Span) -> SyntaxError {
    SyntaxError::MalformedUnit {
        reason: "a factor must be a positive number to an integer power",
        at: at.into(),
    }
}

fn not_an_exponent(at: Span) -> SyntaxError {
    SyntaxError::MalformedUnit {
        reason: "an exponent must be a number such as `2`, `-1` or `(1/2)`",
        at: at.into(),
    }
}

fn not_a_product(at: Span) -> SyntaxError {
    SyntaxError::MalformedUnit {
        reason: "only names, numbers, `*`, `/` and `^` can stand in it",
        at: at.into(),
    }
}

/// The values of the nodes that are numbers: literals, their negatives and ratios.
fn constants(nodes: &[ExprNode], base: u32) -> Vec<Option<Number>> {
    let mut values: Vec<Option<Number>> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let value = |e: &Expr| values[(e.0 - base) as usize].as_ref();
        let constant = match &node.kind {
            ExprKind::Number(n) => Some(n.clone()),
            ExprKind::Unary(UnaryOp::Neg, a) => value(a).map(|a| -a),
            ExprKind::Binary(BinaryOp::Div, a, b) => {
                let inverse = value(b).and_then(Number::recip);
                value(a).zip(inverse).map(|(a, b)| a * &b)
            }
            ExprKind::Binary(..)
            | ExprKind::Unary(..)
            | ExprKind::Quantity(..)
            | ExprKind::Name(_)
            | ExprKind::Call(..)
            | ExprKind::If(..)
            | ExprKind::Tuple(_)
            | ExprKind::Text(_)
            | ExprKind::Error => None,
        };
        values.push(constant.filter(|n| n.as_ratio().is_some()));
    }
    values
}
