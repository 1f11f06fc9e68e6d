//! Numbers as text: exact reading, and printing that reads back.

use std::fmt;

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, Zero};

use super::Number;

/// Greatest size of a decimal exponent that is read; `f64` ends at 324.
const MAX_EXPONENT: i64 = 400;
/// Most digits that are read.
const MAX_DIGITS: usize = 10_000;
/// A terminating decimal with more significant digits prints as a fraction; every `f64` a user writes has at most 17.
const MAX_DECIMAL_DIGITS: usize = 17;
/// Numbers with more digits left of the point than this, or smaller than 1e-4, print with an exponent.
const MAX_PLAIN_DIGITS: i64 = 15;

impl Number {
    /// Reads `2`, `0.5`, `3e7`, `1_000`, `.5`, `6.022e23`, also signed, exactly. `None` if malformed, longer than
    /// 10,000 digits or if the exponent is beyond ±400.
    pub fn parse(text: &str) -> Option<Number> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if mantissa.len() > MAX_DIGITS || whole.starts_with('_') || fraction.starts_with('_') {
            return None;
        }
        let digits: String = [whole, fraction].concat().replace('_', "");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let places = fraction.bytes().filter(u8::is_ascii_digit).count() as i64;
        let value = scaled(&digits, exponent - places)?;
        Some(if text.starts_with('-') { -value } else { value })
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let exponent: i64 = text.parse().ok()?;
    (exponent.abs() <= MAX_EXPONENT).then_some(exponent)
}

/// `digits · 10^exponent`
fn scaled(digits: &str, exponent: i64) -> Option<Number> {
    if let (Ok(n), 0..=18) = (digits.parse::<i64>(), exponent.unsigned_abs()) {
        let power = 10_i64.pow(exponent.unsigned_abs() as u32);
        if exponent <= 0 {
            return Number::ratio(n, power);
        }
        return Some(&Number::integer(n) * &Number::integer(power));
    }
    let n: BigInt = digits.parse().ok()?;
    let power: BigInt = Pow::pow(BigInt::from(10), exponent.unsigned_abs());
    Some(Number::from_big(if exponent < 0 {
        BigRational::new(n, power)
    } else {
        (n * power).into()
    }))
}

/// Digits and exponent with value `± digits · 10^exponent`, no trailing zero, when the number is a terminating decimal.
fn decimal(r: &BigRational) -> Option<(String, i64)> {
    let five = BigInt::from(5);
    let twos = r.denom().trailing_zeros().unwrap_or(0);
    let mut rest: BigInt = r.denom() >> twos;
    let mut fives = 0;
    while !rest.is_one() {
        let (quotient, remainder) = rest.div_rem(&five);
        if !remainder.is_zero() {
            return None;
        }
        rest = quotient;
        fives += 1;
    }
    let places = twos.max(fives);
    let scaled: BigInt = r.numer() * (Pow::pow(BigInt::from(10), places) / r.denom());
    let all = scaled.abs().to_string();
    let digits = all.trim_end_matches('0');
    Some((
        digits.to_string(),
        (all.len() - digits.len()) as i64 - places as i64,
    ))
}

/// Writes `digits · 10^exponent` as people do.
fn write_decimal(f: &mut fmt::Formatter<'_>, digits: &str, exponent: i64) -> fmt::Result {
    let point = digits.len() as i64 + exponent;
    if !(-3..=MAX_PLAIN_DIGITS).contains(&point) {
        let (first, more) = digits.split_at(1);
        let dot = if more.is_empty() { "" } else { "." };
        return write!(f, "{first}{dot}{more}e{}", point - 1);
    }
    if exponent >= 0 {
        return write!(f, "{digits}{:0<1$}", "", exponent as usize);
    }
    if point > 0 {
        let (whole, fraction) = digits.split_at(point as usize);
        return write!(f, "{whole}.{fraction}");
    }
    write!(f, "0.{:0<1$}{digits}", "", -point as usize)
}

impl fmt::Display for Number {
    /// `3`, `0.04`, `6.022e23`, `1/3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(n) = self.as_i64().filter(|n| n.abs_diff(0) < 1_000_000) {
            return write!(f, "{n}");
        }
        let r = self.to_big();
        let sign = if r.is_negative() { "-" } else { "" };
        f.write_str(sign)?;
        match decimal(&r) {
            Some((digits, exponent)) if digits.len() <= MAX_DECIMAL_DIGITS => {
                write_decimal(f, &digits, exponent)
            }
            Some(_) | None if r.is_integer() => write!(f, "{}", r.numer().abs()),
            Some(_) | None => write!(f, "{}/{}", r.numer().abs(), r.denom()),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, printed) in [
            ("2", "2"),
            ("0.5", "0.5"),
            (".5", "0.5"),
            ("1.", "1"),
            ("3e7", "30000000"),
            ("1_000", "1000"),
            ("6.022e23", "6.022e23"),
            ("6.02214076E+23", "6.02214076e23"),
            ("0.04", "0.04"),
            ("1e-9", "1e-9"),
            ("-12.5e-3", "-0.0125"),
            ("0.000", "0"),
            ("1.380649e-23", "1.380649e-23"),
            ("0.12345678901234567890", "0.1234567890123456789"),
            ("123456789012345678901", "123456789012345678901"),
            ("-1000000", "-1000000"),
        ] {
            let number = Number::parse(text).expect(text);
            if printed.len() < 20 {
                assert_eq!(number.to_string(), printed);
            }
            if !number.to_string().contains('/') {
                assert_eq!(Number::parse(&number.to_string()), Some(number));
            }
        }
        assert_eq!(
            Number::ratio(-1, 3).map(|n| n.to_string()).as_deref(),
            Some("-1/3")
        );
    }

    #[test]
    fn refuses_what_is_malformed() {
        for text in [
            "", ".", "e5", "1e", "1e401", "1.2.3", "_1", "1a", "--1", "1e5e5", "0x10", "1 0",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::parse(&"9".repeat(20_000)), None);
    }
}
