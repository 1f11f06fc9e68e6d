//! Special functions that libm lacks or takes in another form.
//!
//! # References
//! - [DLMF] *NIST Digital Library of Mathematical Functions*, chapter 5 (gamma and polygamma), <https://dlmf.nist.gov/5>.

use std::f64::consts::PI;

/// Arguments are shifted up to here, where the asymptotic series with the terms below is exact to rounding.
const ASYMPTOTIC_FROM: f64 = 20.0;
/// Below this the recurrence for n ≥ 1 would be too long; the value there is NaN.
const LOWEST_ARGUMENT: f64 = -1e4;
/// Bernoulli numbers B₂, B₄, …, B₂₀.
const BERNOULLI: [f64; 10] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
];

/// Bessel function of the first kind of integer order; NaN for other orders.
pub fn bessel_j(n: f64, x: f64) -> f64 {
    if n.fract() != 0.0 || n.abs() > f64::from(i32::MAX) {
        return f64::NAN;
    }
    libm::jn(n as i32, x)
}

/// The `n`-th derivative of the digamma function, n = 0, 1, 2, …; NaN for other n and at the poles 0, -1, -2, ….
pub fn polygamma(n: f64, x: f64) -> f64 {
    let is_pole = x <= 0.0 && x.fract() == 0.0;
    if n < 0.0 || n.fract() != 0.0 || n > 100.0 || is_pole || x.is_nan() {
        return f64::NAN;
    }
    if n == 0.0 && x < 0.0 {
        return polygamma(0.0, 1.0 - x) - PI / (PI * x).tan(); // [DLMF, 5.5.4]
    }
    if x < LOWEST_ARGUMENT {
        return f64::NAN;
    }
    let order = n as i32;
    let sign = if order % 2 == 0 { -1.0 } else { 1.0 };
    let factorial = libm::tgamma(n + 1.0);
    let mut shifted = x;
    let mut steps = 0.0;
    while shifted < ASYMPTOTIC_FROM + n {
        steps += shifted.powi(-order - 1); // [DLMF, 5.15.5]
        shifted += 1.0;
    }
    sign * (factorial * steps + asymptotic(order, shifted))
}

/// `(-1)^(n+1) ψ⁽ⁿ⁾(x)` for large x [DLMF, 5.11.2 and 5.15.8, 5.15.9].
fn asymptotic(n: i32, x: f64) -> f64 {
    let order = f64::from(n);
    let below = libm::tgamma(order.max(1.0));
    let first = if n == 0 { -x.ln() } else { below * x.powi(-n) };
    let second = libm::tgamma(order + 1.0) * x.powi(-n - 1) / 2.0;
    let tail = BERNOULLI.iter().zip(1_i32..).map(|(b, k)| {
        let rising = libm::tgamma(f64::from(2 * k + n)) / libm::tgamma(f64::from(2 * k + 1));
        b * rising * x.powi(-2 * k - n)
    });
    first + second + tail.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let euler = 0.577_215_664_901_532_9;
        let apery = 1.202_056_903_159_594_2;
        for (value, expected) in [
            (polygamma(0.0, 1.0), -euler),
            (polygamma(0.0, 0.5), -euler - 2.0 * 2f64.ln()),
            (polygamma(1.0, 1.0), PI * PI / 6.0),
            (polygamma(2.0, 1.0), -2.0 * apery),
            (polygamma(3.0, 1.0), PI.powi(4) / 15.0),
            (polygamma(1.0, -0.5), PI * PI / 2.0 + 4.0),
            (polygamma(0.0, -0.5), polygamma(0.0, 0.5) + 2.0),
            (bessel_j(-1.0, 1.0), -bessel_j(1.0, 1.0)),
        ] {
            assert!(
                (value - expected).abs() < 1e-13 * expected.abs(),
                "{value} {expected}"
            );
        }
        assert!(bessel_j(0.5, 1.0).is_nan() && polygamma(0.0, -2.0).is_nan());
    }
}
