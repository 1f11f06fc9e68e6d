//! Which range an axis shows, and how numbers are written along it.

use std::ops::Range;

/// Data whose spread is below this share of their size are taken for constant: rounding is nothing to look at.
const ROUNDING: f64 = 1e-10;
/// A range below this cannot be divided into steps.
const SMALLEST: f64 = 1e-290;
/// Numbers of other sizes are written with a power of ten.
const PLAIN: Range<f64> = 1e-3..1e5;
/// Decimals of a plain number end here.
const FINEST: f64 = 1e-6;
/// A step between two ticks may be less than it is meant to be by this share.
const ROUNDED: f64 = 1e-6;
/// Digits of a number with a power of ten.
const DIGITS: usize = 4;
/// Numbers that need more digits are plain in this range.
const LONGER: Range<f64> = 1e-3..1e7;

/// The range of finite values (positive ones for a logarithmic axis), with a margin in shares of it.
pub fn range(values: impl Iterator<Item = f64>, log: bool, margin: f64) -> Range<f64> {
    let (low, high) = values
        .map(|v| if log { v.log10() } else { v })
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
    let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    let size = low.abs().max(high.abs());
    let width = high - low;
    let margin = if width > ROUNDING * size && width > SMALLEST {
        margin * width
    } else if log || size < SMALLEST {
        1.0
    } else {
        size / 2.0
    };
    let bounded = |v: f64| v.clamp(-f64::MAX / 4.0, f64::MAX / 4.0);
    let end = |v: f64| if log { 10f64.powf(v) } else { bounded(v) };
    end(low - margin)..end(high + margin)
}

/// Even numbers in a range, at most so many intervals between them.
pub fn ticks(ends: [f64; 2], most: usize) -> Vec<f64> {
    let [from, to] = ends;
    let raw = (to / 2.0 - from / 2.0) / most.max(1) as f64 * 2.0;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power);
    let step = step.into_iter().find(|step| *step >= raw * (1.0 - 1e-9));
    let Some(step) = step.filter(|step| step.is_finite() && *step > 0.0) else {
        return vec![from];
    };
    // A tick may miss its end by rounding.
    let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
    let n = (last - first + 1.0).max(0.0) as usize;
    (0..n).map(|k| (first + k as f64) * step).collect()
}

/// A tick as it is meant: what rounding leaves of zero on a linear axis is zero.
pub fn tick(v: f64, shown: &Range<f64>, log: bool) -> f64 {
    let is_rounding = v.abs() < ROUNDING * (shown.end / 2.0 - shown.start / 2.0);
    if is_rounding && !log { 0.0 } else { v }
}

/// Ticks as texts, with as many digits as tell them apart.
pub fn labels(ticks: &[f64]) -> Vec<String> {
    let size = ticks.iter().fold(0.0, |size: f64, v| size.max(v.abs()));
    let step = match ticks {
        [a, b, ..] => (b - a) * (1.0 + ROUNDED),
        _ => size,
    };
    let digits = |v: f64| v.log10().floor() as i32;
    let is_plain = PLAIN.contains(&size) && step >= FINEST;
    if size == 0.0 || is_plain || digits(size) - digits(step) < DIGITS as i32 {
        return ticks.iter().map(|&v| number(v)).collect();
    }
    let text = |&v: &f64| match LONGER.contains(&size) {
        true => signed(&format!("{v:.0$}", (-digits(step)).max(0) as usize)),
        false => power(v, (digits(size) - digits(step)) as usize),
    };
    ticks.iter().map(text).collect()
}

/// A number at an axis: plain near 1, else with a power of ten.
pub fn number(v: f64) -> String {
    if v == 0.0 || PLAIN.contains(&v.abs()) {
        let text = format!("{v:.6}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        return signed(if text == "-0" { "0" } else { text });
    }
    power(v, DIGITS - 1)
}

/// A number with a power of ten and at most so many decimals.
fn power(v: f64, decimals: usize) -> String {
    let text = format!("{v:.decimals$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    match mantissa {
        "1" => format!("10{}", raised(exponent)),
        "-1" => format!("−10{}", raised(exponent)),
        mantissa => format!("{}×10{}", signed(mantissa), raised(exponent)),
    }
}

/// With a proper minus sign.
fn signed(text: &str) -> String {
    text.replacen('-', "−", 1)
}

/// An exponent in superscript digits.
fn raised(exponent: &str) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize]);
    exponent.chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_and_extreme_data_have_a_range() {
        for values in [
            &[0.0][..],
            &[1e300, 1e300],
            &[-f64::MAX, f64::MAX],
            &[5e-324],
            &[],
        ] {
            let range = range(values.iter().copied(), false, 0.04);
            assert!(range.start < range.end, "{values:?}");
        }
        let decades = range([1e-3, 1e3].into_iter(), true, 0.0);
        assert!(
            (decades.start / 1e-3 - 1.0).abs() < 1e-9 && (decades.end / 1e3 - 1.0).abs() < 1e-9
        );
    }

    #[test]
    fn ticks_are_even_and_inside() {
        let texts = |ends, most| labels(&ticks(ends, most));
        assert_eq!(texts([0.0, 1.0], 5), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(texts([-1.5, 1.5], 5), ["−1", "0", "1"]);
        assert_eq!(
            texts([0.0, 100.53], 6),
            ["0", "20", "40", "60", "80", "100"]
        );
        assert_eq!(
            texts([2e-7, 9e-7], 4),
            ["2×10⁻⁷", "4×10⁻⁷", "6×10⁻⁷", "8×10⁻⁷"]
        );
        let close = texts([101_324.5, 101_325.5], 5);
        assert_eq!(close[..2], ["101324.6", "101324.8"]);
        let far = texts([1e9, 1e9 + 1.0], 2);
        assert_eq!(far, ["10⁹", "1.0000000005×10⁹", "1.000000001×10⁹"]);
        let fine = texts([1.0, 1.0 + 3e-7], 3);
        assert_eq!(fine[1], "1.0000001");
        for ends in [[-f64::MAX, f64::MAX], [0.0, 5e-324], [1.0, 1.0 + 1e-15]] {
            assert!(ticks(ends, 5).len() <= 20);
        }
    }

    #[test]
    fn numbers_are_short() {
        let texts = [0.0, -0.5, 20.0, 1e-5, 2.5e9, -3e-12, -1e7].map(number);
        let expected = ["0", "−0.5", "20", "10⁻⁵", "2.5×10⁹", "−3×10⁻¹²", "−10⁷"];
        assert_eq!(texts, expected);
    }
}
