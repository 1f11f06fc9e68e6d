//! BioNetGen's `mratio(a, b, z) = M(a+1, b+1, z)/M(a, b, z)`, Kummer's function of neighbouring arguments.
//!
//! # References
//! [DLMF] NIST Digital Library of Mathematical Functions, section 13.5, continued fraction of M(a,b,z)/M(a+1,b+1,z);
//! its partial numerators are checked against the series by the test below. Evaluated by the modified Lentz method.

use rustc_hash::FxHashMap;

use crate::syntax::ast::{Ast, BinaryOp, Expr, ExprKind, NameId, UnaryOp};
use crate::terms::{Number, Op};

/// `mratio` of three expressions over parameters whose definitions are `values`; `None` if one of them is not constant.
pub(super) fn fold_mratio(
    ast: &Ast,
    values: &FxHashMap<NameId, Expr>,
    [a, b, z]: [Expr; 3],
) -> Option<Number> {
    let known = evaluate_all(ast, values);
    let at = |e: Expr| known[e.0 as usize];
    let ratio = mratio(at(a), at(b), at(z));
    // The shortest decimal that reads back as the same float.
    ratio
        .is_finite()
        .then(|| Number::parse(&format!("{ratio:e}")))?
}

/// Values of all expressions so far, NaN where they are not constant. Children come before parents.
fn evaluate_all(ast: &Ast, values: &FxHashMap<NameId, Expr>) -> Vec<f64> {
    let mut known: Vec<f64> = Vec::with_capacity(ast.exprs.len());
    for node in &ast.exprs {
        let at = |e: &Expr| known[e.0 as usize];
        let value = match &node.kind {
            ExprKind::Number(n) | ExprKind::Quantity(n, _) => n.to_f64(),
            ExprKind::Name(name) => values.get(name).map_or(f64::NAN, |e| {
                known.get(e.0 as usize).copied().unwrap_or(f64::NAN)
            }),
            ExprKind::Unary(UnaryOp::Neg, x) => -at(x),
            ExprKind::Unary(UnaryOp::Not, x) => f64::from(at(x) == 0.0),
            ExprKind::Binary(op, x, y) => binary(*op, at(x), at(y)),
            ExprKind::Call(name, args) => {
                let args: Vec<f64> = args.iter().map(at).collect();
                Op::by_name(ast.name(name.name)).map_or(f64::NAN, |op| op.apply(&args))
            }
            ExprKind::If(c, x, y) => {
                if at(c) != 0.0 {
                    at(x)
                } else {
                    at(y)
                }
            }
            ExprKind::Tuple(_) | ExprKind::Text(_) | ExprKind::Error => f64::NAN,
        };
        known.push(value);
    }
    known
}

fn binary(op: BinaryOp, x: f64, y: f64) -> f64 {
    match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Div => x / y,
        BinaryOp::Pow => x.powf(y),
        BinaryOp::Less => f64::from(x < y),
        BinaryOp::LessEqual => f64::from(x <= y),
        BinaryOp::Greater => f64::from(x > y),
        BinaryOp::GreaterEqual => f64::from(x >= y),
        BinaryOp::Equal => f64::from(x == y),
        BinaryOp::NotEqual => f64::from(x != y),
        BinaryOp::And => f64::from(x != 0.0 && y != 0.0),
        BinaryOp::Or => f64::from(x != 0.0 || y != 0.0),
    }
}

/// A denominator of the recurrence that vanished is moved here.
const TINY: f64 = 1e-300;
/// Terms after which the fraction is given up.
const MAX_TERMS: u32 = 1_000_000;

/// `M(a+1, b+1, z)/M(a, b, z)`; not a number if the fraction does not settle.
fn mratio(a: f64, b: f64, z: f64) -> f64 {
    let mut fraction = 1.0;
    let (mut c, mut d) = (1.0, 0.0);
    for k in 1..=MAX_TERMS {
        let numerator = z * partial_numerator(a, b, k);
        d = nonzero(1.0 + numerator * d).recip();
        c = nonzero(1.0 + numerator / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            return 1.0 / fraction;
        }
    }
    f64::NAN
}

/// u_k: `(a-b-n)/((b+2n)(b+2n+1))` for k = 2n+1, `(a+n)/((b+2n-1)(b+2n))` for k = 2n. // [DLMF, 13.5.2]
fn partial_numerator(a: f64, b: f64, k: u32) -> f64 {
    let n = f64::from(k / 2);
    if k % 2 == 1 {
        (a - b - n) / ((b + 2.0 * n) * (b + 2.0 * n + 1.0))
    } else {
        (a + n) / ((b + 2.0 * n - 1.0) * (b + 2.0 * n))
    }
}

fn nonzero(x: f64) -> f64 {
    if x == 0.0 { TINY } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kummer(a: f64, b: f64, z: f64) -> f64 {
        let (mut term, mut sum) = (1.0, 1.0);
        for n in 0..200 {
            let n = f64::from(n);
            term *= (a + n) / (b + n) * z / (n + 1.0);
            sum += term;
        }
        sum
    }

    #[test]
    fn fraction_equals_the_quotient_of_series() {
        for (a, b, z) in [
            (0.5, 1.5, 2.0),
            (-3.0, 2.0, -1.5),
            (2.0, 7.0, -4.0),
            (1.0, 1.0, 3.0),
        ] {
            let expected = kummer(a + 1.0, b + 1.0, z) / kummer(a, b, z);
            let found = mratio(a, b, z);
            assert!(
                (found / expected - 1.0).abs() < 1e-12,
                "{a} {b} {z}: {found} {expected}"
            );
        }
    }
}
