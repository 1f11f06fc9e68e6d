//! Exact rational numbers that widen to big integers instead of wrapping.

/// An exact rational in lowest terms.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(i64); // representation: see the terms owner

impl Number {
    /// 0
    pub const ZERO: Number = Number(0);
    /// 1
    pub const ONE: Number = Number(1);
    /// -1
    pub const MINUS_ONE: Number = Number(-1);

    /// The integer `n`.
    pub fn integer(_n: i64) -> Number {
        todo!()
    }
    /// `n/d`; `None` when `d` is zero.
    pub fn ratio(_n: i64, _d: i64) -> Option<Number> {
        todo!()
    }
    /// Reads `2`, `0.5`, `3e7`, `1_000`, `.5`, `6.022e23` exactly. `None` if malformed or if the exponent is beyond ±400.
    pub fn parse(_text: &str) -> Option<Number> {
        todo!()
    }
    /// The exact value of a finite float.
    pub fn from_f64(_x: f64) -> Option<Number> {
        todo!()
    }
    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        todo!()
    }
    /// The value if it is an integer that fits.
    pub fn as_i64(&self) -> Option<i64> {
        todo!()
    }
    /// Numerator and denominator (> 0) if both fit.
    pub fn as_ratio(&self) -> Option<(i64, i64)> {
        todo!()
    }
    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        todo!()
    }
    /// Whether it is 1.
    pub fn is_one(&self) -> bool {
        todo!()
    }
    /// Whether it is an integer.
    pub fn is_integer(&self) -> bool {
        todo!()
    }
    /// -1, 0 or 1.
    pub fn signum(&self) -> i32 {
        todo!()
    }
    /// Exact integer power; `None` for 0 to a negative power or when the result would pass a fixed bit limit.
    pub fn checked_pow(&self, _exponent: i64) -> Option<Number> {
        todo!()
    }
    /// 1/x; `None` for 0.
    pub fn recip(&self) -> Option<Number> {
        todo!()
    }
    // and Add, Sub, Mul, Neg (owned and by reference), Display (`3`, `1/3`; decimals that terminate shortly may print as `0.04`),
    // From<i64>, Ord by value.
}
