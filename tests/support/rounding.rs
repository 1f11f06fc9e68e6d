//! Running error analysis: values of terms by the reference interpreter, each with a bound on what rounding may do to it, in whatever order
//! a kernel adds and multiplies.
//!
//! The model: one operation makes an error of one unit roundoff, a library function one of a few units of its argument and of its value, and the
//! errors of the operands are carried through. Bounds hold to first order with a factor of two to spare.
//!
//! # References
//! [Hig02] N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002, doi:10.1137/1.9780898718027, sections 3.3 (running error analysis)
//! and 4.2 (sums in any order).

use ansatz_compiler::terms::{CONSTANTS, Number, Op, Outputs, Pool, Term, View};

/// Bound on the relative error of one operation, twice the unit roundoff.
const UNIT: f64 = f64::EPSILON;
/// Units of error that a library function makes in its argument and in its value.
const FUNCTION_UNITS: f64 = 4.0;
/// Binary orders of magnitude that the parts of a product may span before one on the way may overflow.
const LARGEST_SPAN: f64 = 1000.0;

/// A value and a bound on the error of any computation of it; infinite where rounding decides what the value is.
#[derive(Debug, Clone, Copy)]
pub struct Rounded {
    /// The value, not finite where the term is undefined.
    pub value: f64,
    /// The bound.
    pub error: f64,
}

impl Rounded {
    fn exact(value: f64) -> Rounded {
        Rounded { value, error: 0.0 }
    }

    /// Whether another computation may have given `other`.
    pub fn allows(self, other: f64) -> bool {
        // The interpreter and the other computation both err.
        let close = (other - self.value).abs() <= 2.0 * self.error;
        close || self.error == f64::INFINITY || !(self.value.is_finite() || other.is_finite())
    }

    /// Where the arguments of a function may be: at the ends of twice the error, or at an integer in it.
    fn elsewhere(self) -> Vec<f64> {
        if self.error == 0.0 {
            return Vec::new();
        }
        let reach = 2.0 * (self.error + FUNCTION_UNITS * UNIT * self.value.abs());
        let whole = self.value.round();
        let mut places = vec![self.value - reach, self.value + reach];
        places.extend(((whole - self.value).abs() <= reach).then_some(whole));
        places
    }
}

/// The rows of `outputs`; `symbols[s.0]` is the value of symbol `s`.
pub fn rows(pool: &Pool, outputs: &Outputs, symbols: &[f64]) -> Vec<Rounded> {
    let values = eval(pool, &outputs.values, symbols);
    let row = |i| {
        let row = outputs.row(i).iter();
        sum(&Number::ZERO, row.map(|(k, c)| (values[*k as usize], c)))
    };
    (0..outputs.n_rows()).map(row).collect()
}

/// The values of terms.
pub fn eval(pool: &Pool, roots: &[Term], symbols: &[f64]) -> Vec<Rounded> {
    let mut values = vec![Rounded::exact(0.0); pool.len()];
    for t in pool.reachable(roots) {
        values[t.index()] = match pool.view(t) {
            View::Number(n) => Rounded::exact(n.to_f64()),
            View::Symbol(s) => Rounded::exact(symbols[s.0 as usize]),
            View::Constant(name) => {
                let known = CONSTANTS.iter().find(|c| c.0 == name);
                Rounded::exact(known.expect("the pool knows the constant").1)
            }
            View::Sum(head, parts) => sum(head, parts.iter().map(|(t, c)| (values[t.index()], c))),
            View::Product(head, parts) => {
                product(head, parts.iter().map(|(t, e)| (values[t.index()], e)))
            }
            View::Call(op, args) => call(
                op,
                &args.iter().map(|a| values[a.index()]).collect::<Vec<_>>(),
            ),
        };
    }
    roots.iter().map(|t| values[t.index()]).collect()
}

/// The parts added in any order [Hig02, eq. (4.4)].
fn sum<'a>(head: &Number, parts: impl Iterator<Item = (Rounded, &'a Number)>) -> Rounded {
    let head = head.to_f64();
    let (mut value, mut size, mut carried, mut n) = (head, head.abs(), 0.0, 2.0);
    for (part, c) in parts {
        let c = c.to_f64();
        value += c * part.value;
        size += (c * part.value).abs();
        carried += c.abs() * part.error;
        n += 1.0;
    }
    settled(value, carried, n * UNIT * size)
}

/// The factors multiplied and divided in any order.
fn product<'a>(head: &Number, factors: impl Iterator<Item = (Rounded, &'a Number)>) -> Rounded {
    let mut all = Rounded::exact(head.to_f64());
    let mut span = 0.0;
    for (base, exponent) in factors {
        let e = exponent.to_f64();
        let raise = |x: &[f64]| if e == 1.0 { x[0] } else { x[0].powf(e) };
        let factor = function(raise, &[base], 1.0 + e.abs());
        if base.value != 0.0 {
            span += (e * base.value.abs().log2()).abs();
        }
        let value = all.value * factor.value;
        let carried =
            all.value.abs() * factor.error + (factor.value.abs() + factor.error) * all.error;
        all = settled(value, carried, UNIT * value.abs());
    }
    match span > LARGEST_SPAN {
        true => undecided(all.value),
        false => all,
    }
}

fn call(op: Op, args: &[Rounded]) -> Rounded {
    if let (Op::If, &[condition, then, otherwise]) = (op, args) {
        let truth = function(|x| f64::from(x[0] != 0.0), &[condition], 0.0);
        let chosen = if condition.value != 0.0 {
            then
        } else {
            otherwise
        };
        return if truth.error == 0.0 {
            chosen
        } else {
            undecided(chosen.value)
        };
    }
    let result = function(
        |x| op.apply(x),
        args,
        if op.is_logical() { 0.0 } else { FUNCTION_UNITS },
    );
    if matches!(op, Op::Equal | Op::NotEqual) && may_meet(args[0], args[1]) {
        return undecided(result.value);
    }
    result
}

/// Whether rounding may make two values equal or unequal.
fn may_meet(a: Rounded, b: Rounded) -> bool {
    let reach = 2.0 * (a.error + b.error);
    reach > 0.0 && (a.value - b.value).abs() <= reach
}

/// A function whose own error is so many units of its value. The errors of its arguments move it as far as it moves when each goes where it may be.
fn function(f: impl Fn(&[f64]) -> f64, args: &[Rounded], units: f64) -> Rounded {
    let mut x: Vec<f64> = args.iter().map(|a| a.value).collect();
    let value = f(&x);
    let mut carried = 0.0;
    for (i, arg) in args.iter().enumerate() {
        let mut furthest: f64 = 0.0;
        for place in arg.elsewhere() {
            x[i] = place;
            let moved = f(&x);
            furthest = furthest.max(match (value.is_finite(), moved.is_finite()) {
                (true, true) => (moved - value).abs(),
                (false, false) => 0.0,
                (true, false) | (false, true) => f64::INFINITY,
            });
        }
        x[i] = arg.value;
        carried += furthest;
    }
    settled(value, carried, units * UNIT * value.abs())
}

/// A value with the errors of its operands and its own; one that is undefined is certainly so, or not at all.
fn settled(value: f64, carried: f64, own: f64) -> Rounded {
    match (carried.is_finite(), value.is_finite()) {
        (true, true) => Rounded {
            value,
            error: carried + own,
        },
        (true, false) => Rounded::exact(value),
        (false, _) => undecided(value),
    }
}

fn undecided(value: f64) -> Rounded {
    Rounded {
        value,
        error: f64::INFINITY,
    }
}
