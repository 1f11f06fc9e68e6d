//! Exact rational numbers that widen to big integers instead of wrapping.

use std::num::NonZeroU64;

use num_integer::{Integer, Roots};
use num_rational::BigRational;
use num_traits::{Pow, Signed, ToPrimitive, Zero};

/// Results of [`Number::checked_pow`] and [`Number::checked_mul`] have at most this many bits above and below the
/// fraction bar, so that `2^2^2^2^2^2` cannot exhaust memory. All of `f64`'s range needs 1,075.
pub const MAX_BITS: u64 = 1 << 16;

/// Larger numbers are not searched for exact roots, which would take milliseconds.
const MAX_ROOT_BITS: u64 = 4096;

/// An exact rational in lowest terms.
///
/// Ratios of two `i64` are stored inline (16 bytes in all), others on the heap; a value has one representation only.
#[derive(Clone, PartialEq, Eq)]
pub struct Number(pub(super) Repr);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Repr {
    /// Numerator and denominator; the denominator is at most `i64::MAX`.
    Small(i64, NonZeroU64),
    /// Only what does not fit `Small`.
    Big(Box<BigRational>),
}

impl Number {
    /// 0
    pub const ZERO: Number = Number(Repr::Small(0, NonZeroU64::MIN));
    /// 1
    pub const ONE: Number = Number(Repr::Small(1, NonZeroU64::MIN));
    /// -1
    pub const MINUS_ONE: Number = Number(Repr::Small(-1, NonZeroU64::MIN));

    /// The integer `n`.
    pub const fn integer(n: i64) -> Number {
        Number(Repr::Small(n, NonZeroU64::MIN))
    }

    /// `n/d`; `None` when `d` is zero.
    pub fn ratio(n: i64, d: i64) -> Option<Number> {
        (d != 0).then(|| Number::reduced(n.into(), d.into()))
    }

    /// `n/d` reduced; `d` is not zero and both are above `i128::MIN`.
    pub(super) fn reduced(n: i128, d: i128) -> Number {
        let g = match (i64::try_from(n), i64::try_from(d)) {
            (Ok(n), Ok(d)) => i128::from(n.unsigned_abs().gcd(&d.unsigned_abs())),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => n.gcd(&d),
        };
        let (n, d) = if d < 0 {
            (-n / g, -d / g)
        } else {
            (n / g, d / g)
        };
        match (i64::try_from(n), i64::try_from(d)) {
            (Ok(n), Ok(d)) => Number(Repr::Small(n, positive(d))),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Number(Repr::Big(Box::new(BigRational::new_raw(
                n.into(),
                d.into(),
            )))),
        }
    }

    /// The canonical representation of a reduced big rational.
    pub(super) fn from_big(r: BigRational) -> Number {
        match (r.numer().to_i64(), r.denom().to_i64()) {
            (Some(n), Some(d)) => Number(Repr::Small(n, positive(d))),
            (Some(_) | None, Some(_) | None) => Number(Repr::Big(Box::new(r))),
        }
    }

    pub(super) fn to_big(&self) -> BigRational {
        match &self.0 {
            Repr::Small(n, d) => BigRational::new_raw((*n).into(), d.get().into()),
            Repr::Big(r) => (**r).clone(),
        }
    }

    /// The exact value of a finite float.
    pub fn from_f64(x: f64) -> Option<Number> {
        BigRational::from_float(x).map(Number::from_big)
    }

    /// The nearest `f64`, ties to even; infinite beyond its range.
    pub fn to_f64(&self) -> f64 {
        const EXACT: u64 = 1 << 53;
        match &self.0 {
            Repr::Small(n, d) if d.get() == 1 => *n as f64,
            Repr::Small(n, d) if n.unsigned_abs() <= EXACT && d.get() <= EXACT => {
                *n as f64 / d.get() as f64
            }
            Repr::Small(..) => nearest_f64(&self.to_big()),
            Repr::Big(r) => nearest_f64(r),
        }
    }

    /// The value if it is an integer that fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.0 {
            Repr::Small(n, d) if d.get() == 1 => Some(n),
            Repr::Small(..) | Repr::Big(_) => None,
        }
    }

    /// Numerator and denominator (> 0) if both fit.
    pub fn as_ratio(&self) -> Option<(i64, i64)> {
        match self.0 {
            Repr::Small(n, d) => Some((n, d.get() as i64)),
            Repr::Big(_) => None,
        }
    }

    /// Numerator.
    pub fn numerator(&self) -> Number {
        match &self.0 {
            Repr::Small(n, _) => Number::integer(*n),
            Repr::Big(r) => Number::from_big(r.numer().clone().into()),
        }
    }

    /// Denominator, > 0.
    pub fn denominator(&self) -> Number {
        match &self.0 {
            Repr::Small(_, d) => Number::integer(d.get() as i64),
            Repr::Big(r) => Number::from_big(r.denom().clone().into()),
        }
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        *self == Number::ZERO
    }

    /// Whether it is 1.
    pub fn is_one(&self) -> bool {
        *self == Number::ONE
    }

    /// Whether it is an integer.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(_, d) => d.get() == 1,
            Repr::Big(r) => r.is_integer(),
        }
    }

    /// Whether it is an even integer.
    pub fn is_even(&self) -> bool {
        match &self.0 {
            Repr::Small(n, d) => d.get() == 1 && n.is_even(),
            Repr::Big(r) => r.is_integer() && r.numer().is_even(),
        }
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> i32 {
        match &self.0 {
            Repr::Small(n, _) => n.signum() as i32,
            Repr::Big(r) if r.is_negative() => -1,
            Repr::Big(_) => 1,
        }
    }

    /// The absolute value.
    pub fn abs(&self) -> Number {
        if self.signum() < 0 {
            -self
        } else {
            self.clone()
        }
    }

    /// The greatest integer not above it.
    pub fn floor(&self) -> Number {
        match &self.0 {
            Repr::Small(n, d) => Number::integer(n.div_floor(&(d.get() as i64))),
            Repr::Big(r) => Number::from_big(r.floor()),
        }
    }

    /// Bits of the larger of numerator and denominator.
    pub(super) fn bits(&self) -> u64 {
        match &self.0 {
            Repr::Small(n, d) => u64::from(64 - (n.unsigned_abs() | d.get()).leading_zeros()),
            Repr::Big(r) => r.numer().bits().max(r.denom().bits()),
        }
    }

    /// Exact integer power; `None` for 0 to a negative power or when the result could pass `MAX_BITS`.
    pub fn checked_pow(&self, exponent: i64) -> Option<Number> {
        if exponent < 0 {
            return self.recip()?.checked_pow(exponent.checked_neg()?);
        }
        if self.is_one() || exponent == 0 {
            return Some(Number::ONE);
        }
        if *self == Number::MINUS_ONE {
            return Some(Number::integer(if exponent.is_even() { 1 } else { -1 }));
        }
        if self.is_zero() {
            return Some(Number::ZERO);
        }
        if self.bits().saturating_mul(exponent.unsigned_abs()) > MAX_BITS {
            return None;
        }
        let e = exponent as u32;
        if let Repr::Small(n, d) = self.0
            && let (Some(n), Some(d)) = (n.checked_pow(e), (d.get() as i64).checked_pow(e))
        {
            return Some(Number(Repr::Small(n, positive(d))));
        }
        let r = self.to_big();
        let power = BigRational::new_raw(Pow::pow(r.numer(), e), Pow::pow(r.denom(), e));
        Some(Number::from_big(power))
    }

    /// The product; `None` when it could pass `MAX_BITS`.
    pub fn checked_mul(&self, other: &Number) -> Option<Number> {
        (self.bits() + other.bits() <= MAX_BITS).then(|| self * other)
    }

    /// The exact `q`-th root, if the number is not negative and has one. Numbers of more than `MAX_ROOT_BITS` are not tried.
    pub fn exact_root(&self, q: u32) -> Option<Number> {
        if self.signum() < 0 || q == 0 {
            return None;
        }
        if let Repr::Small(n, d) = self.0 {
            let (n, d) = (n.unsigned_abs(), d.get());
            let (a, b) = (n.nth_root(q), d.nth_root(q));
            let exact = a.checked_pow(q) == Some(n) && b.checked_pow(q) == Some(d);
            return exact.then(|| Number(Repr::Small(a as i64, positive(b as i64))));
        }
        if self.bits() > MAX_ROOT_BITS {
            return None;
        }
        let r = self.to_big();
        let (a, b) = (r.numer().nth_root(q), r.denom().nth_root(q));
        let exact = Pow::pow(&a, q) == *r.numer() && Pow::pow(&b, q) == *r.denom();
        exact.then(|| Number::from_big(BigRational::new_raw(a, b)))
    }

    /// 1/x; `None` for 0.
    pub fn recip(&self) -> Option<Number> {
        match &self.0 {
            Repr::Small(0, _) => None,
            Repr::Small(n, d) => Some(Number::reduced(d.get().into(), (*n).into())),
            Repr::Big(r) => Some(Number::from_big(r.recip())),
        }
    }
}

fn positive(d: i64) -> NonZeroU64 {
    NonZeroU64::new(d as u64).expect("denominators are positive")
}

/// Rounds a ratio correctly, also where numerator and denominator overflow `f64` or the result is subnormal.
fn nearest_f64(r: &BigRational) -> f64 {
    const MANTISSA: i64 = 53;
    const MIN_EXPONENT: i64 = -1022;
    if r.is_zero() {
        return 0.0;
    }
    // Scale so that the integer quotient has 64 or 65 bits; what is cut off only matters as "not zero".
    let shift = 64 - (r.numer().bits() as i64 - r.denom().bits() as i64);
    let n = r.numer().magnitude();
    let d = r.denom().magnitude();
    let (q, rest) = if shift >= 0 {
        (n << shift as u64).div_rem(d)
    } else {
        n.div_rem(&(d << (-shift) as u64))
    };
    let q = q.to_u128().expect("the quotient has at most 65 bits");
    let m = q << 1 | u128::from(!rest.is_zero());
    let lowest = -shift - 1;
    let length = i64::from(128 - m.leading_zeros());
    let top = lowest + length - 1;
    let kept = (MANTISSA - (MIN_EXPONENT - top).max(0)).max(-1);
    let dropped = (length - kept) as u32;
    let half = 1u128 << (dropped - 1);
    let mut rounded = m >> dropped;
    let tail = m & ((1u128 << dropped) - 1);
    if tail > half || (tail == half && rounded.is_odd()) {
        rounded += 1;
    }
    let exponent = (lowest + i64::from(dropped)).clamp(-5000, 5000) as i32;
    let size = libm::ldexp(rounded as f64, exponent);
    if r.is_negative() { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(n: i64, d: i64) -> Number {
        Number::ratio(n, d).expect("denominator is not zero")
    }

    #[test]
    fn is_two_words() {
        assert_eq!(size_of::<Number>(), 16);
    }

    #[test]
    fn never_wraps() {
        let max = Number::integer(i64::MAX);
        let min = Number::integer(i64::MIN);
        assert_eq!((&max + &Number::ONE).to_string(), "9223372036854775808");
        assert_eq!(&(&max + &Number::ONE) - &Number::ONE, max);
        assert_eq!(-&-&min, min);
        assert_eq!((-&min).to_string(), "9223372036854775808");
        assert_eq!(&max * &max.recip().expect("not zero"), Number::ONE);
        assert_eq!(ratio(i64::MIN, i64::MIN), Number::ONE);
        assert_eq!(ratio(1, i64::MIN).recip(), Some(min));
        assert!(&max * &max > max);
    }

    #[test]
    fn powers_are_bounded() {
        assert_eq!(Number::integer(2).checked_pow(10), Some(1024.into()));
        assert_eq!(ratio(2, 3).checked_pow(-2), Some(ratio(9, 4)));
        assert_eq!(Number::ZERO.checked_pow(-1), None);
        assert_eq!(Number::integer(2).checked_pow(1 << 40), None);
        assert_eq!(Number::MINUS_ONE.checked_pow(1 << 40), Some(Number::ONE));
        assert_eq!(Number::integer(7).checked_pow(i64::MIN), None);
        assert_eq!(ratio(8, 27).exact_root(3), Some(ratio(2, 3)));
        assert_eq!(ratio(8, 25).exact_root(2), None);
    }

    #[test]
    fn rounds_correctly() {
        let huge = Number::integer(10)
            .checked_pow(400)
            .expect("within the limit");
        let next = &huge + &Number::ONE;
        assert_eq!((&next * &huge.recip().expect("not zero")).to_f64(), 1.0);
        assert_eq!(huge.to_f64(), f64::INFINITY);
        for x in [0.1, 1e300, 5e-324, 2.2e-308, f64::MAX, -1.0 / 3.0, 1.5e-310] {
            assert_eq!(Number::from_f64(x).expect("finite").to_f64(), x);
        }
        for text in [
            "0.1",
            "1e23",
            "9007199254740993",
            "4.9e-324",
            "2.4e-324",
            "1.7976931348623158e308",
        ] {
            let parsed = Number::parse(text).expect("well formed");
            assert_eq!(Ok(parsed.to_f64()), text.parse(), "{text}");
        }
    }
}
