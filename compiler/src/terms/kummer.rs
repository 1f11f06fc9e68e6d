//! Quotients of Kummer's function of neighbouring arguments.
//!
//! # References
//! [DLMF] NIST Digital Library of Mathematical Functions, section 13.5, continued fraction of M(a,b,z)/M(a+1,b+1,z);
//! its partial numerators are checked against the series by the test below. Evaluated by the modified Lentz method.
//!
//! For `b < 0` the fraction passes near its poles and loses up to nine digits; there the quotient of the two series is taken, unless it cancels more.

/// Digits that a series may lose are bounded by the size of its terms over the size of its sum.
const MAX_CANCELLATION: f64 = 1e3;
/// Terms after which a series is given up.
const MAX_SERIES_TERMS: u32 = 500;
/// A denominator of the recurrence that vanished is moved here.
const TINY: f64 = 1e-300;
/// Terms after which the fraction is given up.
const MAX_TERMS: u32 = 100_000;

/// `M(a+1, b+1, z)/M(a, b, z)`; not a number if the fraction does not settle.
pub fn ratio(a: f64, b: f64, z: f64) -> f64 {
    let series = || Some(series(a + 1.0, b + 1.0, z)? / series(a, b, z)?);
    let near_poles = if b < 0.0 { series() } else { None };
    near_poles.unwrap_or_else(|| fraction(a, b, z))
}

/// M(a, b, z) from its power series; nothing where its terms cancel or overflow. [DLMF, 13.2.2]
fn series(a: f64, b: f64, z: f64) -> Option<f64> {
    let (mut term, mut sum, mut size) = (1.0, 1.0, 1.0);
    for n in 0..MAX_SERIES_TERMS {
        let n = f64::from(n);
        term *= (a + n) / (b + n) * (z / (n + 1.0));
        sum += term;
        size += f64::abs(term);
        let falls = b + n > 0.0 && f64::abs((a + n) * z) < (b + n) * (n + 1.0);
        if falls && f64::abs(term) <= f64::EPSILON * f64::abs(sum) {
            return (size <= MAX_CANCELLATION * f64::abs(sum)).then_some(sum);
        }
    }
    None
}

fn fraction(a: f64, b: f64, z: f64) -> f64 {
    let mut fraction = 1.0;
    let (mut c, mut d) = (1.0, 0.0);
    for k in 1..=MAX_TERMS {
        let numerator = z * partial_numerator(a, b, k);
        d = nonzero(1.0 + numerator * d).recip();
        c = nonzero(1.0 + numerator / c);
        fraction *= c * d;
        let change = c * d;
        if (change - 1.0).abs() <= f64::EPSILON {
            return 1.0 / fraction;
        }
        if !change.is_finite() {
            break;
        }
    }
    f64::NAN
}

/// u_k: `(a-b-n)/((b+2n)(b+2n+1))` for k = 2n+1, `(a+n)/((b+2n-1)(b+2n))` for k = 2n. // [DLMF, 13.5.2]
fn partial_numerator(a: f64, b: f64, k: u32) -> f64 {
    let n = f64::from(k / 2);
    if k % 2 == 1 {
        (a - b - n) / ((b + 2.0 * n) * (b + 2.0 * n + 1.0))
    } else {
        (a + n) / ((b + 2.0 * n - 1.0) * (b + 2.0 * n))
    }
}

fn nonzero(x: f64) -> f64 {
    if x == 0.0 { TINY } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kummer(a: f64, b: f64, z: f64) -> f64 {
        let (mut term, mut sum) = (1.0, 1.0);
        for n in 0..200 {
            let n = f64::from(n);
            term *= (a + n) / (b + n) * z / (n + 1.0);
            sum += term;
        }
        sum
    }

    #[test]
    fn poles_of_the_fraction_cost_no_digits() {
        // By exact rational arithmetic; the fraction is off by 1e-9 in the first and 4e-13 in the second.
        let cases = [
            (
                0.4764683054738148,
                -9.013285386779007,
                1.957731325493604,
                -17.7050028617112,
            ),
            (
                -1.6663900306447288,
                -10.03869414510347,
                1.0,
                0.9148908171517123,
            ),
        ];
        for (a, b, z, expected) in cases {
            let found = ratio(a, b, z);
            assert!(
                (found / expected - 1.0).abs() < 1e-14,
                "{a} {b} {z}: {found} {expected}"
            );
        }
    }

    #[test]
    fn fraction_equals_the_quotient_of_series() {
        for (a, b, z) in [
            (0.5, 1.5, 2.0),
            (-3.0, 2.0, -1.5),
            (2.0, 7.0, -4.0),
            (1.0, 1.0, 3.0),
        ] {
            let expected = kummer(a + 1.0, b + 1.0, z) / kummer(a, b, z);
            let found = ratio(a, b, z);
            assert!(
                (found / expected - 1.0).abs() < 1e-12,
                "{a} {b} {z}: {found} {expected}"
            );
        }
    }
}
