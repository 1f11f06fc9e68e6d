//! What is known of a value: exact constant, interval, sign, whether it is an integer and whether it is defined everywhere.
use super::interval::Interval;
use crate::terms::{Number, Op, SymbolId};
use rustc_hash::{FxHashMap, FxHashSet};

/// What is known of symbols: closed intervals; absent: any real.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Bounds by symbol, low and high, and whether zero is excluded.
    pub bounds: FxHashMap<SymbolId, (f64, f64, bool)>,
    /// Symbols that keep their value during a run (parameters): what is made of them alone is computed once and costs next to nothing.
    pub fixed: FxHashSet<SymbolId>,
}

impl Facts {
    /// What is known of one symbol.
    pub(super) fn of_symbol(&self, symbol: SymbolId) -> Known {
        let (low, high, nonzero) =
            self.bounds
                .get(&symbol)
                .copied()
                .unwrap_or((f64::NEG_INFINITY, f64::INFINITY, false));
        Known {
            interval: Interval::new(low, high),
            nonzero,
            fixed: self.fixed.contains(&symbol),
            ..Known::REAL
        }
    }
}

/// What is known of a value. Everything but `defined` speaks of the points at which the value is defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Known {
    /// The exact value.
    pub constant: Option<Number>,
    pub interval: Interval,
    pub nonzero: bool,
    pub integer: bool,
    /// Defined wherever the symbols have values that the facts allow.
    pub defined: bool,
    /// Made of numbers and fixed symbols only.
    pub fixed: bool,
    /// How often the interval was narrowed. Classes can depend on themselves (`x = x/2 + y`), and intervals then narrow for ever.
    narrowed: u8,
}

/// How often an interval may be narrowed.
const MAX_NARROWED: u8 = 4;

impl Known {
    /// A real symbol of which nothing else is known.
    pub const REAL: Known = Known {
        constant: None,
        interval: Interval::REALS,
        nonzero: false,
        integer: false,
        defined: true,
        fixed: false,
        narrowed: 0,
    };

    /// Of a term of which nothing is known.
    pub const NOTHING: Known = Known {
        defined: false,
        ..Known::REAL
    };

    pub fn number(n: &Number) -> Known {
        Known {
            constant: Some(n.clone()),
            interval: Interval::of_number(n),
            nonzero: !n.is_zero(),
            integer: n.is_integer(),
            defined: true,
            fixed: true,
            narrowed: 0,
        }
    }

    /// A named constant; all of ours lie between 2 and 4.
    pub fn named_constant() -> Known {
        Known {
            interval: Interval::new(2.0, 4.0),
            nonzero: true,
            fixed: true,
            ..Known::REAL
        }
    }

    pub fn is_nonzero(&self) -> bool {
        self.nonzero || !self.interval.contains_zero()
    }

    pub fn is_positive(&self) -> bool {
        self.is_nonzero() && self.interval.is_non_negative()
    }

    pub fn is_non_negative(&self) -> bool {
        self.interval.is_non_negative()
    }

    /// Takes over what is known of an equal value. Returns whether `self` and `other` now say more than before.
    pub fn merge(&mut self, other: &Known) -> (bool, bool) {
        let interval = match (&self.constant, &other.constant) {
            (None, Some(n)) => Interval::of_number(n),
            (None, None) if self.narrowed < MAX_NARROWED => self.interval.meet(other.interval),
            (None, None) | (Some(_), _) => self.interval,
        };
        let both = Known {
            constant: self.constant.clone().or_else(|| other.constant.clone()),
            interval,
            nonzero: self.nonzero || other.nonzero,
            integer: self.integer || other.integer,
            defined: self.defined || other.defined,
            fixed: self.fixed || other.fixed,
            narrowed: self.narrowed
                + u8::from(interval != self.interval && self.narrowed < MAX_NARROWED),
        };
        let changed = (both != *self, both.says_more_than(other));
        *self = both;
        changed
    }

    fn says_more_than(&self, other: &Known) -> bool {
        let narrowed = other.narrowed;
        *other
            != Known {
                narrowed,
                ..self.clone()
            }
    }

    /// `head + Σ coefficient·part`
    pub fn sum<'a>(head: &Number, parts: impl Iterator<Item = (&'a Number, &'a Known)>) -> Known {
        let mut sum = Known::number(head);
        for (k, part) in parts {
            let scaled = Known::number(k).times(part);
            sum = Known {
                constant: match (&sum.constant, &scaled.constant) {
                    (Some(a), Some(b)) => Some(a + b),
                    (Some(_) | None, Some(_) | None) => None,
                },
                interval: sum.interval.add(scaled.interval),
                nonzero: false,
                integer: sum.integer && scaled.integer,
                defined: sum.defined && scaled.defined,
                fixed: sum.fixed && scaled.fixed,
                narrowed: 0,
            };
        }
        sum
    }

    /// `head · Π part^exponent`
    pub fn product<'a>(
        head: &Number,
        parts: impl Iterator<Item = (&'a Number, &'a Known)>,
    ) -> Known {
        parts.fold(Known::number(head), |product, (e, part)| {
            product.times(&part.power(e))
        })
    }

    fn times(&self, other: &Known) -> Known {
        Known {
            constant: match (&self.constant, &other.constant) {
                (Some(a), Some(b)) => a.checked_mul(b),
                (Some(_) | None, Some(_) | None) => None,
            },
            interval: self.interval.mul(other.interval),
            nonzero: self.is_nonzero() && other.is_nonzero(),
            integer: self.integer && other.integer,
            defined: self.defined && other.defined,
            fixed: self.fixed && other.fixed,
            narrowed: 0,
        }
    }

    /// `self^exponent`
    pub fn power(&self, exponent: &Number) -> Known {
        if exponent.is_one() {
            return self.clone();
        }
        let whole = exponent.as_i64();
        let needs_nonzero = exponent.signum() < 0;
        let needs_non_negative = !exponent.is_integer();
        Known {
            constant: whole.and_then(|n| self.constant.as_ref()?.checked_pow(n)),
            interval: self.interval.power(exponent),
            // A negative power is never zero where it is defined.
            nonzero: needs_nonzero || self.is_nonzero() || exponent.is_zero(),
            integer: self.integer && whole.is_some_and(|n| n >= 0),
            defined: self.defined
                && (!needs_nonzero || self.is_nonzero())
                && (!needs_non_negative || self.is_non_negative()),
            fixed: self.fixed,
            narrowed: 0,
        }
    }

    /// An operator or function applied.
    pub fn call(op: Op, args: &[&Known]) -> Known {
        let constant = exact_call(op, args);
        if let Some(n) = &constant {
            return Known {
                defined: args.iter().all(|a| a.defined),
                ..Known::number(n)
            };
        }
        let interval = call_interval(op, args);
        Known {
            constant: None,
            interval,
            nonzero: matches!(op, Op::Exp | Op::Cosh | Op::Gamma | Op::Erfc)
                || (op == Op::Pow && args[0].is_positive())
                || (is_odd(op) && args[0].is_nonzero())
                || (matches!(op, Op::Min | Op::Max | Op::Abs)
                    && args.iter().all(|a| a.is_nonzero()))
                || (op == Op::If && args[1].is_nonzero() && args[2].is_nonzero()),
            integer: call_is_integer(op, args),
            defined: args.iter().all(|a| a.defined) && call_is_defined(op, args),
            fixed: args.iter().all(|a| a.fixed),
            narrowed: 0,
        }
    }

    fn decide(&self, other: &Known, op: Op) -> Option<bool> {
        let (a, b) = (self.interval, other.interval);
        let apart = a.high < b.low
            || b.high < a.low
            || (self.is_nonzero() && is_zero(other))
            || (is_zero(self) && other.is_nonzero());
        let same = a.low == a.high
            && b.low == b.high
            && a.low == b.low
            && self.constant.is_some()
            && self.constant == other.constant;
        match op {
            Op::Less if a.high < b.low => Some(true),
            Op::Less if a.low >= b.high => Some(false),
            Op::LessEqual if a.high <= b.low => Some(true),
            Op::LessEqual if a.low > b.high => Some(false),
            Op::Equal | Op::NotEqual if apart => Some(op == Op::NotEqual),
            Op::Equal | Op::NotEqual if same => Some(op == Op::Equal),
            _ => None,
        }
    }
}

/// The exact value of a call whose arguments are exact (or bounded well enough to decide it).
fn exact_call(op: Op, args: &[&Known]) -> Option<Number> {
    let truth = |b: bool| Number::integer(i64::from(b));
    if let [a] = args
        && let Some(n) = &a.constant
        && let Some(value) = op.exact(n)
    {
        return Some(value);
    }
    match (op, args) {
        (Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual, [a, b]) => a.decide(b, op).map(truth),
        (Op::And, _) if args.iter().all(|a| a.is_nonzero()) => Some(truth(true)),
        (Op::And, _) if args.iter().any(|a| is_zero(a)) => Some(truth(false)),
        (Op::Or, _) if args.iter().any(|a| a.is_nonzero()) => Some(truth(true)),
        (Op::Or, _) if args.iter().all(|a| is_zero(a)) => Some(truth(false)),
        (Op::Not, [a]) if a.is_nonzero() => Some(truth(false)),
        (Op::Step, [a]) if a.is_non_negative() => Some(truth(true)),
        (Op::Step, [a]) if a.interval.high < 0.0 => Some(truth(false)),
        (Op::Sign, [a]) if a.is_positive() => Some(Number::ONE),
        (Op::Sign, [a]) if a.interval.high <= 0.0 && a.is_nonzero() => Some(Number::MINUS_ONE),
        (Op::Min, _) => args.iter().map(|a| a.constant.clone()).min()?,
        (Op::Max, _) => {
            let all: Option<Vec<Number>> = args.iter().map(|a| a.constant.clone()).collect();
            all?.into_iter().max()
        }
        (Op::If, [c, a, b]) if a.constant.is_some() && a.constant == b.constant && c.defined => {
            a.constant.clone()
        }
        _ => None,
    }
}

fn is_zero(a: &Known) -> bool {
    a.constant.as_ref().is_some_and(Number::is_zero)
}

/// Where the values of a call lie.
fn call_interval(op: Op, args: &[&Known]) -> Interval {
    use std::f64::consts::PI;
    let a = args[0].interval;
    let all = || args.iter().map(|a| a.interval);
    match op {
        Op::Exp => a.increasing(f64::exp).meet(Interval::NON_NEGATIVE),
        Op::Ln => positive_part(a).increasing(f64::ln),
        Op::Log10 => positive_part(a).increasing(f64::log10),
        Op::Log2 => positive_part(a).increasing(f64::log2),
        Op::Sqrt => positive_part(a).increasing(f64::sqrt),
        Op::Cbrt => a.increasing(f64::cbrt),
        Op::Abs => a.abs(),
        Op::Sign => a
            .increasing(|x| if x == 0.0 { 0.0 } else { x.signum() })
            .meet(SYMMETRIC_UNIT),
        Op::Floor => Interval::new(a.low.floor(), a.high.floor()),
        Op::Ceil => Interval::new(a.low.ceil(), a.high.ceil()),
        Op::Sin | Op::Cos | Op::BesselJ => SYMMETRIC_UNIT,
        Op::Asin => Interval::new(-4.0, 4.0).meet(odd_sign(a)),
        Op::Acos => Interval::new(0.0, 4.0),
        Op::Atan => a.increasing(f64::atan),
        Op::Sinh => a.increasing(f64::sinh),
        Op::Cosh => Interval::new(1.0, f64::INFINITY),
        Op::Tanh => a.increasing(f64::tanh).meet(SYMMETRIC_UNIT),
        Op::Asinh => a.increasing(f64::asinh),
        Op::Acosh => Interval::NON_NEGATIVE,
        Op::Atanh => odd_sign(a),
        Op::Erf => a.increasing(libm::erf).meet(SYMMETRIC_UNIT),
        Op::Erfc => Interval::new(0.0, 2.0),
        Op::Gamma if a.is_non_negative() => Interval::NON_NEGATIVE,
        Op::Gamma | Op::LnGamma | Op::PolyGamma | Op::KummerRatio | Op::Tan | Op::Mod => {
            Interval::REALS
        }
        Op::Smoothstep => Interval::UNIT,
        Op::Expm1 => a
            .increasing(f64::exp_m1)
            .meet(Interval::new(-1.0, f64::INFINITY)),
        Op::Ln1p => Interval::new(a.low.max(-1.0), a.high.max(-1.0)).increasing(f64::ln_1p),
        Op::Pow if a.is_non_negative() => Interval::NON_NEGATIVE,
        Op::Pow | Op::Partial => Interval::REALS,
        Op::Mean | Op::Minimum | Op::Maximum => a,
        Op::Integral if a.is_non_negative() => Interval::NON_NEGATIVE,
        Op::Integral => Interval::REALS,
        Op::Atan2 => Interval::new(-PI.next_up(), PI.next_up()),
        Op::Min => all()
            .reduce(|a, b| Interval::new(a.low.min(b.low), a.high.min(b.high)))
            .unwrap_or(Interval::REALS),
        Op::Max => all()
            .reduce(|a, b| Interval::new(a.low.max(b.low), a.high.max(b.high)))
            .unwrap_or(Interval::REALS),
        Op::Step
        | Op::Less
        | Op::LessEqual
        | Op::Equal
        | Op::NotEqual
        | Op::And
        | Op::Or
        | Op::Not => Interval::UNIT,
        Op::If => args[1].interval.hull(args[2].interval),
    }
}

const SYMMETRIC_UNIT: Interval = Interval::new(-1.0, 1.0);

fn positive_part(a: Interval) -> Interval {
    Interval::new(a.low.max(0.0), a.high.max(0.0))
}

/// The half-line on which an odd increasing function of `a` lies.
fn odd_sign(a: Interval) -> Interval {
    if a.low >= 0.0 {
        Interval::NON_NEGATIVE
    } else if a.high <= 0.0 {
        Interval::NON_NEGATIVE.neg()
    } else {
        Interval::REALS
    }
}

/// Functions that vanish at zero only.
fn is_odd(op: Op) -> bool {
    matches!(
        op,
        Op::Cbrt
            | Op::Sign
            | Op::Asin
            | Op::Atan
            | Op::Sinh
            | Op::Tanh
            | Op::Asinh
            | Op::Atanh
            | Op::Erf
            | Op::Expm1
            | Op::Ln1p
            | Op::Sqrt
    )
}

fn call_is_integer(op: Op, args: &[&Known]) -> bool {
    match op {
        Op::Sign | Op::Floor | Op::Ceil | Op::Step => true,
        Op::Min | Op::Max | Op::Abs => args.iter().all(|a| a.integer),
        Op::If => args[1].integer && args[2].integer,
        _ => op.is_logical(),
    }
}

/// Whether a call is defined, given that its arguments are.
fn call_is_defined(op: Op, args: &[&Known]) -> bool {
    let a = args[0];
    let within = |low: f64, high: f64| a.interval.low >= low && a.interval.high <= high;
    match op {
        Op::Ln | Op::Log10 | Op::Log2 | Op::Gamma | Op::LnGamma => a.is_positive(),
        Op::Sqrt => a.is_non_negative(),
        Op::Tan => within(-1.57, 1.57),
        Op::Asin | Op::Acos => within(-1.0, 1.0),
        Op::Acosh => within(1.0, f64::INFINITY),
        Op::Atanh => a.interval.low > -1.0 && a.interval.high < 1.0,
        Op::Ln1p => a.interval.low > -1.0,
        Op::Pow => a.is_positive() || (a.is_non_negative() && args[1].is_positive()),
        Op::Mod => args[1].is_nonzero(),
        Op::BesselJ => a.integer,
        Op::PolyGamma => a.integer && a.is_non_negative() && args[1].is_positive(),
        _ => op.is_total(),
    }
}
