//! Values to colours.

use colorous::Gradient;

/// Colours of a scale; the rest of a palette of 256 are greys for letters and lines.
pub const SHADES: usize = 224;

/// A range of values and its colours: viridis, or blue–white–red for values on both sides of zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Value of the first colour.
    pub low: f64,
    /// Value of the last colour.
    pub high: f64,
    is_signed: bool,
}

/// Part of the larger side that the smaller must reach for the values to count as signed.
const SIGNED: f64 = 0.25;
/// Values whose spread is below this share of their size are taken for constant, as in curves.
const ROUNDING: f64 = 1e-10;

impl Scale {
    /// The scale of these values; what is not finite is left out.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Scale {
        let finite = values.into_iter().filter(|v| v.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let size = high.max(-low);
        if low < 0.0 && high > 0.0 && (-low).min(high) >= SIGNED * size {
            return Scale {
                low: -size,
                high: size,
                is_signed: true,
            };
        }
        let is_constant = high - low <= ROUNDING * high.abs().max(low.abs());
        let margin = match is_constant {
            true if size == 0.0 => 1.0,
            true => high.abs().max(low.abs()) / 2.0,
            false => 0.0,
        };
        Scale {
            low: low - margin,
            high: high + margin,
            is_signed: false,
        }
    }

    /// Number of the colour of a value; what is not finite has none.
    pub fn shade(&self, value: f64) -> Option<u8> {
        // Halves, because the difference of two large numbers can be too large.
        let part = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        let last = (SHADES - 1) as f64;
        value
            .is_finite()
            .then(|| (part.clamp(0.0, 1.0) * last).round() as u8)
    }

    /// The colours.
    pub fn colors(&self) -> [[u8; 3]; SHADES] {
        let gradient: Gradient = if self.is_signed {
            colorous::RED_BLUE
        } else {
            colorous::VIRIDIS
        };
        std::array::from_fn(|i| {
            let i = if self.is_signed { SHADES - 1 - i } else { i };
            let color = gradient.eval_rational(i, SHADES);
            [color.r, color.g, color.b]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_follow_the_values() {
        let signed = Scale::of([-1.0, 2.0, f64::NAN]);
        assert_eq!((signed.low, signed.high), (-2.0, 2.0));
        assert_eq!(
            (signed.shade(0.0), signed.shade(f64::NAN)),
            (Some(112), None)
        );
        let plain = Scale::of([-0.01, 2.0]);
        assert_eq!((plain.low, plain.high), (-0.01, 2.0));
        assert_eq!((plain.shade(5.0), plain.shade(-5.0)), (Some(223), Some(0)));
        let huge = Scale::of([-f64::MAX, f64::MAX]);
        assert_eq!(huge.shade(-f64::MAX), Some(0));
    }

    #[test]
    fn constant_and_missing_values_have_a_scale() {
        for values in [&[3.0, 3.0][..], &[-3.0], &[0.0], &[], &[1.0, 1.0 + 1e-15]] {
            let scale = Scale::of(values.iter().copied());
            let inside = values.iter().all(|&v| scale.low < v && v < scale.high);
            assert!(scale.low < scale.high && inside, "{scale:?}");
        }
    }
}
