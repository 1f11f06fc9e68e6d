//! Where values stand along an axis, and which of them get a tick.

/// An axis range, linear or logarithmic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Ends of the range; on a logarithmic axis, their decimal logarithms.
    low: f64,
    high: f64,
    log: bool,
}

/// Ticks of an axis; places are shares of its length.
#[derive(Debug, Default, PartialEq)]
pub struct Ticks {
    /// With labels.
    pub major: Vec<(f64, Label)>,
    /// Without.
    pub minor: Vec<f64>,
    /// The power of ten that all labels are to be multiplied by.
    pub factor: Option<i32>,
}

/// A tick label: text, and after it an exponent set high.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Label {
    pub text: String,
    pub exponent: Option<i32>,
}

/// Data whose spread is below this share of their size are taken for constant: rounding is nothing to look at.
const ROUNDING: f64 = 1e-10;
/// A range below this cannot be divided into steps.
const SMALLEST: f64 = 1e-290;
/// Numbers below this exponent of ten, or from the other on, are written with a power of ten.
const PLAIN: std::ops::Range<i32> = -3..5;
/// More decades than this show no marks between the powers of ten.
const MAX_SUBDIVIDED: usize = 12;

impl Scale {
    /// A scale for finite values (positive for a logarithmic one), with a margin in shares of the range.
    pub fn of(values: impl Iterator<Item = f64>, log: bool, margin: f64) -> Scale {
        let (low, high) = values
            .map(|v| if log { v.log10() } else { v })
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let size = low.abs().max(high.abs());
        let width = high - low;
        let margin = if width <= ROUNDING * size || width < SMALLEST {
            if log || size < SMALLEST {
                1.0
            } else {
                size / 2.0
            }
        } else {
            margin * width
        };
        let bounded = |v: f64| v.clamp(-f64::MAX / 4.0, f64::MAX / 4.0);
        Scale {
            low: bounded(low - margin),
            high: bounded(high + margin),
            log,
        }
    }

    /// Where a value stands: 0 at the lower end, 1 at the upper.
    pub fn place(&self, value: f64) -> f64 {
        let v = if self.log { value.log10() } else { value };
        (v - self.low) / (self.high - self.low)
    }

    /// At most about `most` ticks.
    pub fn ticks(&self, most: usize) -> Ticks {
        if !self.log {
            return self.linear_ticks(most);
        }
        let (first, last) = self.decades();
        if last > first {
            return self.decade_ticks(most);
        }
        let within = self.steps_within_decades(&[1, 2, 5]);
        if within.len() > 2 {
            return self.log_ticks(within, &[3, 4, 6, 7, 8, 9]);
        }
        let plain = Scale {
            low: 10f64.powf(self.low),
            high: 10f64.powf(self.high),
            log: false,
        };
        let mut ticks = plain.linear_ticks(most);
        for (place, _) in &mut ticks.major {
            *place = self.place(plain.low + *place * (plain.high - plain.low));
        }
        ticks
    }

    fn linear_ticks(&self, most: usize) -> Ticks {
        let (factor_of_ten, digit) = nice_step((self.high - self.low) / most as f64);
        let step = f64::from(digit) * 10f64.powi(factor_of_ten);
        let first = (self.low / step - 1e-9).ceil();
        let count = (self.high / step + 1e-9).floor() - first;
        let ticks: Vec<f64> = (0..=count as usize).map(|i| first + i as f64).collect();
        let largest = ticks.iter().map(|i| (i * step).abs()).fold(0.0, f64::max);
        let exponent = largest.log10().floor() as i32;
        let factor = (largest > 0.0 && !PLAIN.contains(&exponent)).then_some(exponent);
        let decimals = (factor.unwrap_or(0) - factor_of_ten).max(0) as usize;
        let unit = 10f64.powi(-factor.unwrap_or(0));
        let label = |i: f64| Label {
            text: signed(format!("{:.decimals$}", i * step * unit)),
            exponent: None,
        };
        Ticks {
            major: ticks
                .into_iter()
                .map(|i| (self.place(i * step), label(i)))
                .collect(),
            minor: Vec::new(),
            factor,
        }
    }

    /// Exponents of the first and last power of ten in the range.
    fn decades(&self) -> (i32, i32) {
        let (first, last) = ((self.low - 1e-9).ceil(), (self.high + 1e-9).floor());
        (first as i32, last as i32)
    }

    fn decade_ticks(&self, most: usize) -> Ticks {
        let (first, last) = self.decades();
        let stride = (last - first + 1).unsigned_abs().div_ceil(most as u32) as i32;
        let is_plain = first >= PLAIN.start && last < PLAIN.end;
        let label = |e: i32| match is_plain {
            true => power_of_ten(1, e),
            false => Label {
                text: "10".into(),
                exponent: Some(e),
            },
        };
        let is_major = |e: i32| e.rem_euclid(stride) == 0;
        let minor = if stride > 1 || (last - first) as usize > MAX_SUBDIVIDED {
            (first..=last)
                .filter(|&e| !is_major(e))
                .map(|e| self.place_of_log(f64::from(e)))
                .collect()
        } else {
            let steps = self.steps_within_decades(&[2, 3, 4, 5, 6, 7, 8, 9]);
            steps.into_iter().map(|(place, ..)| place).collect()
        };
        Ticks {
            major: (first..=last)
                .filter(|&e| is_major(e))
                .map(|e| (self.place_of_log(f64::from(e)), label(e)))
                .collect(),
            minor,
            factor: None,
        }
    }

    fn log_ticks(&self, major: Vec<(f64, i32, i32)>, between: &[i32]) -> Ticks {
        let minor = self.steps_within_decades(between);
        Ticks {
            major: major
                .into_iter()
                .map(|(place, digit, e)| (place, power_of_ten(digit, e)))
                .collect(),
            minor: minor.into_iter().map(|(place, ..)| place).collect(),
            factor: None,
        }
    }

    /// Place, digit and exponent of all `digit·10^exponent` in the range.
    fn steps_within_decades(&self, digits: &[i32]) -> Vec<(f64, i32, i32)> {
        let exponents = self.low.floor() as i32..=self.high.floor() as i32;
        exponents
            .flat_map(|e| digits.iter().map(move |&d| (d, e)))
            .map(|(d, e)| (self.place_of_log(f64::from(d).log10() + f64::from(e)), d, e))
            .filter(|(place, ..)| (-1e-9..=1.0 + 1e-9).contains(place))
            .collect()
    }

    fn place_of_log(&self, log: f64) -> f64 {
        (log - self.low) / (self.high - self.low)
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`: the exponent and the digit.
fn nice_step(least: f64) -> (i32, i32) {
    let exponent = least.log10().floor() as i32;
    let scaled = least / 10f64.powi(exponent);
    match [1, 2, 5]
        .into_iter()
        .find(|&d| f64::from(d) >= scaled * (1.0 - 1e-9))
    {
        Some(digit) => (exponent, digit),
        None => (exponent + 1, 1),
    }
}

/// `0.02`, `500`, `2×10` with an exponent.
fn power_of_ten(digit: i32, exponent: i32) -> Label {
    if PLAIN.contains(&exponent) {
        let decimals = (-exponent).max(0) as usize;
        let value = f64::from(digit) * 10f64.powi(exponent);
        return Label {
            text: format!("{value:.decimals$}"),
            exponent: None,
        };
    }
    Label {
        text: if digit == 1 {
            "10".into()
        } else {
            format!("{digit}×10")
        },
        exponent: Some(exponent),
    }
}

/// With a proper minus sign, and none before zero.
pub(super) fn signed(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| matches!(b, b'0' | b'.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], log: bool) -> (Vec<String>, Option<i32>) {
        let ticks = Scale::of(values.iter().copied(), log, 0.0).ticks(6);
        let text = |l: &Label| match l.exponent {
            Some(e) => format!("{}^{e}", l.text),
            None => l.text.clone(),
        };
        for (place, _) in &ticks.major {
            assert!((-1e-6..=1.0 + 1e-6).contains(place), "{place}");
        }
        (
            ticks.major.iter().map(|(_, l)| text(l)).collect(),
            ticks.factor,
        )
    }

    #[test]
    fn linear_ticks_are_round_and_of_one_precision() {
        assert_eq!(
            labels(&[0.0, 1.0], false).0,
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(&[-3.0, 3.0], false).0,
            ["−3", "−2", "−1", "0", "1", "2", "3"]
        );
        let (large, factor) = labels(&[0.0, 2e9], false);
        assert_eq!((large[1].as_str(), factor), ("0.5", Some(9)));
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten_or_parts_of_a_decade() {
        assert_eq!(labels(&[1e-5, 1e11], true).0[0], "10^-3");
        assert_eq!(labels(&[0.1, 100.0], true).0, ["0.1", "1", "10", "100"]);
        assert_eq!(labels(&[2e-7, 7e-7], true).1, Some(-7));
        assert_eq!(labels(&[1.5, 9.0], true).0, ["2", "4", "6", "8"]);
    }

    #[test]
    fn constant_and_extreme_data_have_a_range() {
        for values in [
            &[0.0][..],
            &[1e300, 1e300],
            &[-f64::MAX, f64::MAX],
            &[5e-324],
            &[],
        ] {
            let scale = Scale::of(values.iter().copied(), false, 0.04);
            assert!(
                scale.low < scale.high && !scale.ticks(6).major.is_empty(),
                "{values:?}"
            );
        }
    }
}
