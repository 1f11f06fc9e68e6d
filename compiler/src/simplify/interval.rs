//! Closed intervals of reals with outward rounding: what the simplifier proves signs with.
//!
//! # References
//! R. E. Moore, R. B. Kearfott, M. J. Cloud, *Introduction to Interval Analysis*, SIAM (2009), doi:10.1137/1.9780898717716.
use crate::terms::Number;

/// All reals between `low` and `high`; the ends are reals or infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Units in the last place by which the value of a library function is trusted.
const ULPS: u32 = 8;

impl Interval {
    pub const REALS: Interval = Interval {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };
    pub const UNIT: Interval = Interval::new(0.0, 1.0);
    pub const NON_NEGATIVE: Interval = Interval::new(0.0, f64::INFINITY);

    pub const fn new(low: f64, high: f64) -> Interval {
        Interval { low, high }
    }

    /// The narrowest interval around an exact number.
    pub fn of_number(n: &Number) -> Interval {
        let x = n.to_f64();
        if !x.is_finite() {
            return match n.signum() {
                1 => Interval::new(f64::MAX, f64::INFINITY),
                _ => Interval::new(f64::NEG_INFINITY, f64::MIN),
            };
        }
        if n.as_i64().is_some_and(|i| i.unsigned_abs() < 1 << 53)
            || Number::from_f64(x).is_some_and(|y| y == *n)
        {
            return Interval::new(x, x);
        }
        Interval::new(x.next_down(), x.next_up())
    }

    pub fn contains_zero(self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }

    pub fn is_non_negative(self) -> bool {
        self.low >= 0.0
    }

    pub fn add(self, other: Interval) -> Interval {
        let (low, low_error) = two_sum(self.low, other.low);
        let (high, high_error) = two_sum(self.high, other.high);
        Interval::rounded(low, low_error == 0.0, high, high_error == 0.0)
    }

    pub fn mul(self, other: Interval) -> Interval {
        let mut low = (f64::INFINITY, true);
        let mut high = (f64::NEG_INFINITY, true);
        for (a, b) in [
            (self.low, other.low),
            (self.low, other.high),
            (self.high, other.low),
            (self.high, other.high),
        ] {
            // An end at infinity stands for "unbounded": times an end at zero it still bounds nothing but zero.
            let (p, exact) = if a == 0.0 || b == 0.0 {
                (0.0, true)
            } else {
                let p = a * b;
                (p, p.is_finite() && p != 0.0 && a.mul_add(b, -p) == 0.0)
            };
            if p < low.0 || (p == low.0 && !exact) {
                low = (p, exact);
            }
            if p > high.0 || (p == high.0 && !exact) {
                high = (p, exact);
            }
        }
        // A product that underflowed keeps its sign: zero is a bound on that side, the next number on the other.
        let sign_known = !self.crosses_zero() && !other.crosses_zero();
        let low_exact = low.1 || (low.0 == 0.0 && sign_known && high.0 > 0.0);
        let high_exact = high.1 || (high.0 == 0.0 && sign_known && low.0 < 0.0);
        Interval::rounded(low.0, low_exact, high.0, high_exact)
    }

    /// Both hold: the intersection. Contradictory facts (a rule of the user's may be wrong) keep `self`.
    pub fn meet(self, other: Interval) -> Interval {
        let both = Interval::new(self.low.max(other.low), self.high.min(other.high));
        if both.low <= both.high { both } else { self }
    }

    /// Either holds: the hull.
    pub fn hull(self, other: Interval) -> Interval {
        Interval::new(self.low.min(other.low), self.high.max(other.high))
    }

    /// Image under a function that never falls; `f(0) = 0` and `f(1) ∈ {0, 1}` are taken as exact.
    pub fn increasing(self, f: impl Fn(f64) -> f64) -> Interval {
        Interval::new(lower(self.low, &f), upper(self.high, &f))
    }

    pub fn neg(self) -> Interval {
        Interval::new(-self.high, -self.low)
    }

    /// Where `x^exponent` lies for the `x` at which it is defined.
    pub fn power(self, exponent: &Number) -> Interval {
        match exponent.as_i64() {
            Some(0) => Interval::new(1.0, 1.0),
            Some(1) => self,
            Some(n) if n > 0 => self.integer_power(n % 2 == 0, n as f64),
            Some(n) => self.integer_power(n % 2 == 0, -(n as f64)).recip(),
            None => {
                let e = exponent.to_f64();
                let base = Interval::new(self.low.max(0.0), self.high.max(0.0));
                let positive = base.increasing(|x| x.powf(e.abs()));
                if e > 0.0 { positive } else { positive.recip() }
            }
        }
    }

    fn integer_power(self, even: bool, n: f64) -> Interval {
        if !even {
            return self.increasing(|x| x.powf(n));
        }
        let magnitude = self.abs();
        magnitude.increasing(|x| x.powf(n))
    }

    pub fn abs(self) -> Interval {
        if self.low >= 0.0 {
            self
        } else if self.high <= 0.0 {
            self.neg()
        } else {
            Interval::new(0.0, self.high.max(-self.low))
        }
    }

    /// Where `1/x` lies for `x ≠ 0`.
    pub fn recip(self) -> Interval {
        if self.low < 0.0 && self.high > 0.0 {
            return Interval::REALS;
        }
        if self.high <= 0.0 && self.low < 0.0 {
            return self.neg().recip().neg();
        }
        let low = if self.high == f64::INFINITY {
            0.0
        } else {
            lower(self.high, &|x: f64| 1.0 / x)
        };
        let high = if self.low <= 0.0 {
            f64::INFINITY
        } else {
            upper(self.low, &|x: f64| 1.0 / x)
        };
        Interval::new(low.max(0.0), high)
    }

    fn crosses_zero(self) -> bool {
        self.low < 0.0 && self.high > 0.0
    }

    fn rounded(low: f64, low_exact: bool, high: f64, high_exact: bool) -> Interval {
        Interval {
            low: if low.is_nan() {
                f64::NEG_INFINITY
            } else if low_exact {
                low
            } else {
                low.next_down()
            },
            high: if high.is_nan() {
                f64::INFINITY
            } else if high_exact {
                high
            } else {
                high.next_up()
            },
        }
    }
}

/// A float at most the true value of `f(x)`.
fn lower(x: f64, f: &impl Fn(f64) -> f64) -> f64 {
    let y = f(x);
    if y.is_nan() {
        return f64::NEG_INFINITY;
    }
    if is_exact(x, y) {
        return y;
    }
    if y == f64::INFINITY && x.is_finite() {
        return f64::MAX;
    }
    (0..ULPS).fold(y, |y, _| y.next_down())
}

/// A float at least the true value of `f(x)`.
fn upper(x: f64, f: &impl Fn(f64) -> f64) -> f64 {
    let y = f(x);
    if y.is_nan() {
        return f64::INFINITY;
    }
    if is_exact(x, y) {
        return y;
    }
    if y == f64::NEG_INFINITY && x.is_finite() {
        return f64::MIN;
    }
    (0..ULPS).fold(y, |y, _| y.next_up())
}

/// Values that every library function hits exactly: `f(0) ∈ {0, 1}`, `f(1) ∈ {0, 1}` and the limits at infinity.
fn is_exact(x: f64, y: f64) -> bool {
    (x == 0.0 || x == 1.0 || x.is_infinite()) && (y == 0.0 || y == 1.0 || y.is_infinite())
}

/// Sum and its exact rounding error. [Knuth, TAOCP 2, 4.2.2, Theorem B]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    if !sum.is_finite() {
        return (
            sum,
            if a.is_infinite() || b.is_infinite() {
                0.0
            } else {
                f64::NAN
            },
        );
    }
    let b_virtual = sum - a;
    let a_virtual = sum - b_virtual;
    (sum, (a - a_virtual) + (b - b_virtual))
}
