//! Evaluation that knows where a value does not exist and how far rounding may have moved it.
//!
//! A term means a partial function of real numbers: undefined parts make the whole undefined, except in the branch of a conditional that
//! is not chosen. Where rounding could decide between defined and undefined, or between branches, the outcome is unclear and tests pass over it.

use ansatz_compiler::terms::{Number, Op, Pool, Term, View};

/// What evaluation found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// A value and a bound for its rounding error.
    Value(f64, f64),
    /// There is no value.
    Undefined,
    /// Rounding does not allow to say.
    Unclear,
}

use Outcome::{Unclear, Undefined, Value};

/// Larger values are unclear, since overflow is near.
const LARGEST: f64 = 1e60;
/// Relative error of an operation that is not exact.
const EPSILON: f64 = 4.0 * f64::EPSILON;

/// A value that is exact.
pub fn exact(value: f64) -> Outcome {
    Value(value, 0.0)
}

/// The value of a number.
pub fn number(n: &Number) -> Outcome {
    let value = n.to_f64();
    let is_exact = n.as_ratio().is_some_and(|(n, d)| {
        let fits = n.unsigned_abs() < 1 << 53;
        fits && d.count_ones() == 1
    });
    Value(value, if is_exact { 0.0 } else { value.abs() * EPSILON })
}

fn checked(value: f64, error: f64) -> Outcome {
    let is_clear = value.abs() < LARGEST && error <= 1e-4 * (1.0 + value.abs());
    if is_clear {
        // The real numbers have no negative zero.
        Value(value + 0.0, error)
    } else {
        Unclear
    }
}

fn both(a: Outcome, b: Outcome, f: impl Fn(f64, f64, f64, f64) -> Outcome) -> Outcome {
    match (a, b) {
        (Value(x, dx), Value(y, dy)) => f(x, dx, y, dy),
        (Undefined, Undefined | Value(..)) | (Value(..), Undefined) => Undefined,
        (Unclear, Undefined | Value(..) | Unclear) | (Undefined | Value(..), Unclear) => Unclear,
    }
}

/// a + b
pub fn add(a: Outcome, b: Outcome) -> Outcome {
    both(a, b, |x, dx, y, dy| {
        let sum = x + y;
        let rest = sum - x;
        let is_exact = x - (sum - rest) + (y - rest) == 0.0;
        checked(
            sum,
            dx + dy + if is_exact { 0.0 } else { sum.abs() * EPSILON },
        )
    })
}

/// a·b
pub fn mul(a: Outcome, b: Outcome) -> Outcome {
    both(a, b, |x, dx, y, dy| {
        let product = x * y;
        let rounding = if x.mul_add(y, -product) == 0.0 {
            0.0
        } else {
            product.abs() * EPSILON
        };
        checked(product, x.abs() * dy + y.abs() * dx + dx * dy + rounding)
    })
}

/// a^b
pub fn pow(a: Outcome, b: Outcome) -> Outcome {
    call(Op::Pow, &[a, b])
}

/// A function applied.
pub fn call(op: Op, args: &[Outcome]) -> Outcome {
    if op == Op::If {
        return match args[0] {
            Value(c, dc) if dc > 0.0 && c.abs() <= dc => Unclear,
            Value(c, _) => args[if c != 0.0 { 1 } else { 2 }],
            Undefined => Undefined,
            Unclear => Unclear,
        };
    }
    if args.contains(&Unclear) {
        return Unclear;
    }
    if args.contains(&Undefined) {
        return Undefined;
    }
    let pairs = args.iter().map(|a| match a {
        Value(x, dx) => (*x, *dx),
        Undefined | Unclear => (f64::NAN, 0.0),
    });
    let (values, errors): (Vec<f64>, Vec<f64>) = pairs.unzip();
    apply(op, &values, &errors)
}

/// Applies a function at a point and beside it.
fn apply(op: Op, values: &[f64], errors: &[f64]) -> Outcome {
    let value = op.apply(values);
    let is_exact = value == 0.0 || op.is_logical() || value.fract() == 0.0 && op != Op::Ln;
    let mut error = if is_exact { 0.0 } else { value.abs() * EPSILON };
    let mut is_clear = true;
    for (i, &by) in errors.iter().enumerate().filter(|(_, by)| **by > 0.0) {
        for moved in [values[i] - 4.0 * by, values[i] + 4.0 * by] {
            let mut beside = values.to_vec();
            beside[i] = moved;
            let other = op.apply(&beside);
            is_clear &= other.is_finite() && value.is_finite();
            error += (other - value).abs();
        }
    }
    if !is_clear || (op.is_total() && !value.is_finite()) {
        return Unclear;
    }
    if value.is_finite() {
        checked(value, error)
    } else {
        Undefined
    }
}

/// The outcome of a term; `symbols[s.0]` is the value of symbol `s`.
pub fn eval(pool: &Pool, root: Term, symbols: &[f64]) -> Outcome {
    let mut outcomes = vec![Unclear; root.index() + 1];
    for t in pool.reachable(&[root]) {
        let of = |t: &Term| outcomes[t.index()];
        outcomes[t.index()] = match pool.view(t) {
            View::Number(n) => number(n),
            View::Symbol(s) => exact(symbols[s.0 as usize]),
            View::Constant(_) => Value(pool.eval(&[t], symbols)[0], EPSILON),
            View::Sum(constant, entries) => {
                let parts = entries.iter().map(|(t, c)| mul(number(c), of(t)));
                parts.fold(number(constant), add)
            }
            View::Product(coefficient, factors) => {
                let powers = factors.iter().map(|(b, e)| power(of(b), e));
                powers.fold(number(coefficient), mul)
            }
            View::Call(op, args) => call(op, &args.iter().map(of).collect::<Vec<_>>()),
        };
    }
    outcomes[root.index()]
}

/// A power with an exact exponent.
pub fn power(base: Outcome, exponent: &Number) -> Outcome {
    // The exponent counts as exact, so that a negative base is not taken for unclear when the exponent is an integer.
    pow(base, exact(exponent.to_f64()))
}

/// Fails when the outcomes contradict each other.
pub fn assert_agree(a: Outcome, b: Outcome, what: &dyn std::fmt::Display) {
    match (a, b) {
        (Value(x, dx), Value(y, dy)) => {
            let allowed = 1e3 * (dx + dy) + 1e-13 * x.abs();
            assert!((x - y).abs() <= allowed, "{x} and {y} differ: {what}");
        }
        (Undefined, Undefined)
        | (Unclear, Value(..) | Undefined | Unclear)
        | (Value(..) | Undefined, Unclear) => {}
        (Value(..), Undefined) | (Undefined, Value(..)) => panic!("{a:?} against {b:?}: {what}"),
    }
}
