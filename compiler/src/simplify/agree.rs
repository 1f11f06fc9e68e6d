//! Whether two terms are the same partial function, judged at sample points with error bounds carried along.
//!
//! Plain floating-point comparison cannot tell a wrong rule from cancellation, nor an undefined value from an overflow. Here each value
//! comes with a bound on its rounding error, and a point at which the arithmetic of `f64` decides nothing (overflow, underflow, a jump
//! or the edge of a domain within the error) is unclear and proves nothing either way.
use crate::terms::{Number, Op, Pool, SymbolId, Term, View};
use rustc_hash::FxHashMap;

/// A value at a sample point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// A real number and a bound on its error.
    Value(f64, f64),
    /// Undefined, whatever the rounding.
    Undefined,
    /// Not decided by the arithmetic of `f64`.
    Unclear,
}

use Measured::{Unclear, Undefined, Value};

/// Rounding error of a library function, relative to its value: 4 units in the last place.
const FUNCTION_ERROR: f64 = 4.0 * f64::EPSILON;
/// Values further apart than this, relative to the larger, and than their errors differ.
const TOLERANCE: f64 = 1e-9;

/// Whether two values are the same; `None` when that is unclear.
pub fn agree(a: Measured, b: Measured) -> Option<bool> {
    match (a, b) {
        (Unclear, _) | (_, Unclear) => None,
        (Undefined, Undefined) => Some(true),
        (Undefined, Value(..)) | (Value(..), Undefined) => Some(false),
        (Value(a, a_error), Value(b, b_error)) => {
            let scale = a.abs().max(b.abs());
            let error = a_error + b_error;
            match (a - b).abs() <= TOLERANCE * scale + error {
                // Agreement within an error larger than the value says nothing.
                true if error > 1e-3 * scale && scale > 0.0 => None,
                agrees => Some(agrees),
            }
        }
    }
}

/// The value of a term at a point.
pub fn measure(pool: &Pool, root: Term, point: &dyn Fn(SymbolId) -> f64) -> Measured {
    let mut values: FxHashMap<Term, Measured> = FxHashMap::default();
    for t in pool.reachable(&[root]) {
        let value = match pool.view(t) {
            View::Number(n) => number(n),
            View::Symbol(s) => Value(point(s), 0.0),
            View::Constant(name) => constant(name),
            View::Sum(head, parts) => parts.iter().fold(number(head), |sum, (t, k)| {
                add(sum, multiply(number(k), values[t]))
            }),
            View::Product(head, parts) => parts.iter().fold(number(head), |product, (t, e)| {
                multiply(product, power(values[t], number(e)))
            }),
            View::Call(op, args) => {
                let args: Vec<Measured> = args.iter().map(|t| values[t]).collect();
                call(op, &args)
            }
        };
        values.insert(t, value);
    }
    values[&root]
}

/// An exact number.
pub fn number(n: &Number) -> Measured {
    let x = n.to_f64();
    let exact = Number::from_f64(x).is_some_and(|y| y == *n);
    finite(x, if exact { 0.0 } else { x.abs() * f64::EPSILON })
}

/// π or e.
pub fn constant(name: &str) -> Measured {
    let found = crate::terms::CONSTANTS.iter().find(|c| c.0 == name);
    let value = found.expect("the pool makes known constants only").1;
    Value(value, value * f64::EPSILON)
}

/// a + b
pub fn add(a: Measured, b: Measured) -> Measured {
    both(a, b, |(a, a_error), (b, b_error)| {
        let sum = a + b;
        let b_virtual = sum - a;
        let rounding = (a - (sum - b_virtual)) + (b - b_virtual);
        finite(sum, rounding.abs() + a_error + b_error)
    })
}

/// a·b
pub fn multiply(a: Measured, b: Measured) -> Measured {
    both(a, b, |(a, a_error), (b, b_error)| {
        let product = a * b;
        let is_exact = a == 0.0 || b == 0.0;
        if !is_exact && product.abs() < f64::MIN_POSITIVE {
            return Unclear;
        }
        let rounding = if is_exact {
            0.0
        } else {
            a.mul_add(b, -product).abs()
        };
        finite(
            product,
            rounding + a.abs() * b_error + b.abs() * a_error + a_error * b_error,
        )
    })
}

/// a^b
pub fn power(a: Measured, b: Measured) -> Measured {
    match b {
        Value(1.0, 0.0) => a,
        Value(..) | Undefined | Unclear => call(Op::Pow, &[a, b]),
    }
}

/// An operator or function applied; only the chosen branch of an `if` counts.
pub fn call(op: Op, args: &[Measured]) -> Measured {
    if op == Op::If {
        return choose(args);
    }
    if args.contains(&Undefined) {
        return if args.contains(&Unclear) {
            Unclear
        } else {
            Undefined
        };
    }
    let mut values = Vec::with_capacity(args.len());
    let mut errors = Vec::with_capacity(args.len());
    for arg in args {
        let Value(x, error) = *arg else {
            return Unclear;
        };
        values.push(x);
        errors.push(error);
    }
    let value = op.apply(&values);
    if is_outside(op, &values) || value.is_nan() {
        let is_certain =
            errors.iter().all(|e| *e == 0.0) || is_outside_nearby(op, &values, &errors);
        return if is_certain { Undefined } else { Unclear };
    }
    // The reciprocal of a value that may be zero.
    if op == Op::Pow && values[1] < 0.0 && values[0].abs() <= errors[0] {
        return Unclear;
    }
    let Some(spread) = spread(op, &values, &errors, value) else {
        return Unclear;
    };
    let vanishes = value.abs() < f64::MIN_POSITIVE && never_zero(op, &values);
    if vanishes {
        return Unclear;
    }
    let is_exact = is_piecewise(op) || value == 0.0 || (value.abs() == 1.0 && is_exact_at(&values));
    finite(
        value,
        spread
            + if is_exact {
                0.0
            } else {
                FUNCTION_ERROR * value.abs()
            },
    )
}

fn choose(args: &[Measured]) -> Measured {
    match args[0] {
        Value(c, error) if c.abs() > error || (c == 0.0 && error == 0.0) => {
            if c != 0.0 {
                args[1]
            } else {
                args[2]
            }
        }
        Value(..) | Unclear => Unclear,
        Undefined => Undefined,
    }
}

/// How far the errors of the arguments move the value; `None` over a jump or the edge of the domain.
fn spread(op: Op, values: &[f64], errors: &[f64], value: f64) -> Option<f64> {
    let mut total = 0.0;
    let mut moved = values.to_vec();
    for (i, error) in errors.iter().enumerate().filter(|(_, e)| **e > 0.0) {
        // An error below half a unit in the last place must still move the argument.
        let (x, up, down) = (values[i], values[i].next_up(), values[i].next_down());
        for x in [up.max(x + error), down.min(x - error)] {
            moved[i] = x;
            let difference = (op.apply(&moved) - value).abs();
            if !difference.is_finite() || (jumps(op) && difference != 0.0) {
                return None;
            }
            total += difference;
        }
        moved[i] = values[i];
    }
    Some(total)
}

fn jumps(op: Op) -> bool {
    op.is_logical() || matches!(op, Op::Sign | Op::Floor | Op::Ceil | Op::Step | Op::Mod)
}

/// Operators that choose or compare and never round.
fn is_piecewise(op: Op) -> bool {
    op.is_logical()
        || matches!(
            op,
            Op::Sign | Op::Floor | Op::Ceil | Op::Step | Op::Abs | Op::Min | Op::Max
        )
}

fn is_exact_at(values: &[f64]) -> bool {
    values.iter().all(|x| x.abs() == 1.0 || *x == 0.0)
}

/// Poles, at which `f64` gives infinity, and points outside of the domain at which it gives a number.
fn is_outside(op: Op, x: &[f64]) -> bool {
    match op {
        Op::Ln | Op::Log10 | Op::Log2 => x[0] <= 0.0,
        Op::Ln1p => x[0] <= -1.0,
        Op::Atanh => x[0].abs() >= 1.0,
        Op::Gamma | Op::LnGamma => x[0] <= 0.0 && x[0].fract() == 0.0,
        Op::Pow => (x[0] == 0.0 && x[1] < 0.0) || (x[0] < 0.0 && x[1].fract() != 0.0),
        Op::Mod => x[1] == 0.0,
        _ => false,
    }
}

/// Whether the point stays outside of the domain when the arguments move within their errors.
fn is_outside_nearby(op: Op, values: &[f64], errors: &[f64]) -> bool {
    [-1.0, 1.0].iter().all(|side| {
        let moved: Vec<f64> = values
            .iter()
            .zip(errors)
            .map(|(x, e)| x + side * e)
            .collect();
        is_outside(op, &moved) || op.apply(&moved).is_nan()
    })
}

/// Functions that are zero nowhere or only at zero: a vanishing value is an underflow.
fn never_zero(op: Op, values: &[f64]) -> bool {
    match op {
        Op::Exp | Op::Erfc | Op::Cosh | Op::Gamma => true,
        Op::Pow => values[0] != 0.0,
        _ => false,
    }
}

fn both(a: Measured, b: Measured, f: impl Fn((f64, f64), (f64, f64)) -> Measured) -> Measured {
    match (a, b) {
        (Unclear, _) | (_, Unclear) => Unclear,
        (Undefined, _) | (_, Undefined) => Undefined,
        (Value(a, a_error), Value(b, b_error)) => f((a, a_error), (b, b_error)),
    }
}

/// A value, unless it overflowed.
fn finite(value: f64, error: f64) -> Measured {
    if value.is_finite() && error.is_finite() {
        Value(value, error)
    } else {
        Unclear
    }
}
