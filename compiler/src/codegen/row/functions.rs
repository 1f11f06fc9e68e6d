//! Elementary functions as polynomials over lanes, written once for every engine that runs row kernels; so all engines compute the same bits.
//!
//! Arguments are reduced (`x = n·ln 2 + r`, `x = n·π/2 + r`, `x = 2^k·m`) and Taylor series summed on the reduced interval, where they converge so fast that
//! the first neglected term is below a tenth of a unit in the last place. Errors stay below 1 unit in the last place, and
//! below 2.5 for `tanh`. Beyond [`reach`] the function of the operator table takes over.
//!
//! # References
//! [CW80] W. J. Cody, W. Waite, *Software Manual for the Elementary Functions*, Prentice-Hall 1980: argument reduction with π/2 in parts.

use std::f64::consts::{FRAC_2_PI, LOG2_E, SQRT_2};

use crate::terms::Op;

/// Arithmetic on lanes of `f64`, which are also bit patterns.
pub(super) trait Lanes {
    /// All lanes.
    type Value: Copy;

    fn constant(&mut self, x: f64) -> Self::Value;
    fn add(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn sub(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn mul(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn div(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// `a·b + c`, rounded once.
    fn mul_add(&mut self, a: Self::Value, b: Self::Value, c: Self::Value) -> Self::Value;
    /// All bits set where `a < b`, else none.
    fn less(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// Integer addition of 64-bit patterns.
    fn add_bits(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// Integer subtraction of 64-bit patterns.
    fn sub_bits(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn shift_left(&mut self, a: Self::Value, n: u8) -> Self::Value;
    /// Zeros come in from the left.
    fn shift_right(&mut self, a: Self::Value, n: u8) -> Self::Value;
    fn and(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn or(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn xor(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    /// `a` where the bits of the mask are set, else `b`.
    fn select(&mut self, mask: Self::Value, a: Self::Value, b: Self::Value) -> Self::Value;
}

/// Functions with a polynomial, and the largest |x| for which it holds; what is not below that, NaN included, is for the operator table.
pub(super) fn reach(op: Op) -> Option<f64> {
    match op {
        // Clamped, and right for NaN.
        Op::Exp | Op::Ln | Op::Tanh => Some(f64::INFINITY),
        // n·π/2 with n below 2^20 cancels exactly.
        Op::Sin | Op::Cos => Some(1e6),
        _ => None,
    }
}

/// `op(x)` for the functions with a [`reach`], within it.
#[inline(always)]
pub(super) fn function<L: Lanes>(l: &mut L, op: Op, x: L::Value) -> L::Value {
    match op {
        Op::Exp => exp(l, x),
        Op::Ln => ln(l, x),
        Op::Sin => circular(l, x, 0.0),
        Op::Cos => circular(l, x, 1.0),
        Op::Tanh => tanh(l, x),
        _ => unreachable!("functions without a reach are called"),
    }
}

/// Added to a number below 2^51 it leaves its nearest integer in the low bits.
const ROUNDER: f64 = 1.5 * (1u64 << 52) as f64;
/// ln 2, its leading 32 bits: integers below 2^21 times this are exact.
const LN2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
/// The rest of ln 2.
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// π/2 in three parts of 53 bits.
const HALF_PI: [f64; 3] = [
    std::f64::consts::FRAC_PI_2,
    6.123_233_995_736_766e-17,
    -1.497_384_904_859_183_3e-33,
];
/// Bits of the exponent field for 2^0.
const BIAS: u64 = 1023;
/// Width of the fraction.
const FRACTION: u8 = 52;

#[inline(always)]
fn bits<L: Lanes>(l: &mut L, pattern: u64) -> L::Value {
    l.constant(f64::from_bits(pattern))
}

/// `Σ coefficients[k]·x^k`
#[inline(always)]
fn polynomial<L: Lanes, const N: usize>(
    l: &mut L,
    x: L::Value,
    coefficients: [f64; N],
) -> L::Value {
    let mut sum = l.constant(coefficients[N - 1]);
    for k in (0..N - 1).rev() {
        let c = l.constant(coefficients[k]);
        sum = l.mul_add(sum, x, c);
    }
    sum
}

/// `±1/n!` for n = from, from + step, …; the sign alternates when asked.
const fn inverse_factorials<const N: usize>(from: u32, step: u32, alternates: bool) -> [f64; N] {
    let mut out = [0.0; N];
    let (mut k, mut n, mut factorial) = (0, 1, 1.0);
    while k < N {
        while n < from + k as u32 * step {
            n += 1;
            // Exact up to 18!, and rounded once or twice for the last terms, which are tiny.
            factorial *= n as f64;
        }
        let sign = if alternates && k % 2 == 1 { -1.0 } else { 1.0 };
        out[k] = sign / factorial;
        k += 1;
    }
    out
}

/// `2^n`: `rounded` is n + [`ROUNDER`], -1022 ≤ n ≤ 1023.
#[inline(always)]
fn power_of_two<L: Lanes>(l: &mut L, rounded: L::Value) -> L::Value {
    let bias = bits(l, BIAS);
    let biased = l.add_bits(rounded, bias);
    l.shift_left(biased, FRACTION)
}

/// n + [`ROUNDER`] and r with `x = n·ln 2 + r`.
#[inline(always)]
fn reduce_by_ln2<L: Lanes>(l: &mut L, x: L::Value) -> (L::Value, L::Value, L::Value) {
    let (scale, rounder) = (l.constant(LOG2_E), l.constant(ROUNDER));
    let rounded = l.mul_add(x, scale, rounder);
    let n = l.sub(rounded, rounder);
    let (high, low) = (l.constant(-LN2_HIGH), l.constant(-LN2_LOW));
    let r = l.mul_add(n, high, x);
    let r = l.mul_add(n, low, r);
    (rounded, n, r)
}

/// `exp(r) - 1` for |r| ≤ ln(2)/2.
#[inline(always)]
fn expm1_reduced<L: Lanes>(l: &mut L, r: L::Value) -> L::Value {
    let q = polynomial(l, r, const { inverse_factorials::<12>(2, 1, false) });
    let square = l.mul(r, r);
    l.mul_add(square, q, r)
}

#[inline(always)]
fn exp<L: Lanes>(l: &mut L, x: L::Value) -> L::Value {
    // Beyond these the result is ∞ or 0. Written so that NaN stays.
    let (most, least) = (l.constant(720.0), l.constant(-760.0));
    let above = l.less(most, x);
    let x = l.select(above, most, x);
    let below = l.less(x, least);
    let x = l.select(below, least, x);
    let (_, n, r) = reduce_by_ln2(l, x);
    let (one, half, rounder) = (l.constant(1.0), l.constant(0.5), l.constant(ROUNDER));
    let e = expm1_reduced(l, r);
    let e = l.add(one, e);
    // In two factors, so that results above 2^1023 and below 2^-1022 come out right.
    let first = l.mul_add(n, half, rounder);
    let n_first = l.sub(first, rounder);
    let n_second = l.sub(n, n_first);
    let second = l.add(n_second, rounder);
    let (first, second) = (power_of_two(l, first), power_of_two(l, second));
    let e = l.mul(e, first);
    l.mul(e, second)
}

/// `t/(t + 2)` with `t = exp(2|x|) - 1`.
#[inline(always)]
fn tanh<L: Lanes>(l: &mut L, x: L::Value) -> L::Value {
    let sign_bit = bits(l, 1 << 63);
    let sign = l.and(x, sign_bit);
    let magnitude = l.xor(x, sign);
    // 1 to the last bit from here on.
    let most = l.constant(22.0);
    let above = l.less(most, magnitude);
    let magnitude = l.select(above, most, magnitude);
    let double = l.add(magnitude, magnitude);
    let (rounded, _, r) = reduce_by_ln2(l, double);
    let p = expm1_reduced(l, r);
    let (one, two) = (l.constant(1.0), l.constant(2.0));
    let scale = power_of_two(l, rounded);
    let rest = l.sub(scale, one);
    let t = l.mul_add(scale, p, rest);
    let denominator = l.add(t, two);
    let quotient = l.div(t, denominator);
    l.or(quotient, sign)
}

/// `k·ln 2 + ln m` with `x = 2^k·m`, √½ ≤ m < √2, and `ln m = 2·atanh(s)`, `s = f/(2 + f)`, f = m - 1.
#[inline(always)]
fn ln<L: Lanes>(l: &mut L, x: L::Value) -> L::Value {
    let (smallest, zero) = (l.constant(f64::MIN_POSITIVE), l.constant(0.0));
    let subnormal = l.less(x, smallest);
    let (up, one) = (l.constant((1u64 << 54) as f64), l.constant(1.0));
    let factor = l.select(subnormal, up, one);
    let normal = l.mul(x, factor);
    // The exponent field steps at √½ after this addition.
    let shift = bits(l, (BIAS << FRACTION) - (SQRT_2 / 2.0).to_bits());
    let shifted = l.add_bits(normal, shift);
    let biased = l.shift_right(shifted, FRACTION);
    let exponent = l.shift_left(biased, FRACTION);
    let one_bits = bits(l, BIAS << FRACTION);
    let exponent = l.sub_bits(exponent, one_bits);
    let m = l.sub_bits(normal, exponent);
    let integer = bits(l, ((1u64 << FRACTION) as f64).to_bits());
    let biased = l.or(biased, integer);
    let (bias, bias_up) = (
        l.constant((1u64 << FRACTION) as f64 + BIAS as f64),
        l.constant((1u64 << FRACTION) as f64 + BIAS as f64 + 54.0),
    );
    let bias = l.select(subnormal, bias_up, bias);
    let k = l.sub(biased, bias);
    let (f, two, half) = (l.sub(m, one), l.constant(2.0), l.constant(0.5));
    let denominator = l.add(two, f);
    let s = l.div(f, denominator);
    let z = l.mul(s, s);
    let series = polynomial(l, z, const { odd_reciprocals::<11>() });
    let r = l.mul(z, series);
    let square = l.mul(f, f);
    let half_square = l.mul(half, square);
    let sum = l.add(half_square, r);
    let (high, low) = (l.constant(LN2_HIGH), l.constant(LN2_LOW));
    let k_low = l.mul(k, low);
    let correction = l.mul_add(s, sum, k_low);
    let rest = l.sub(half_square, correction);
    let rest = l.sub(rest, f);
    let k_high = l.mul(k, high);
    let value = l.sub(k_high, rest);
    let infinity = l.constant(f64::INFINITY);
    let is_finite = l.less(x, infinity);
    // ∞ and NaN are their own logarithms.
    let value = l.select(is_finite, value, x);
    let (minus_infinity, undefined) = (l.constant(f64::NEG_INFINITY), l.constant(f64::NAN));
    let is_positive = l.less(zero, x);
    let is_negative = l.less(x, zero);
    let not_positive = l.select(is_negative, undefined, minus_infinity);
    let not_positive = l.select(is_finite, not_positive, x);
    l.select(is_positive, value, not_positive)
}

/// `2/3, 2/5, 2/7, …`
const fn odd_reciprocals<const N: usize>() -> [f64; N] {
    let mut out = [0.0; N];
    let mut k = 0;
    while k < N {
        out[k] = 2.0 / (2 * k + 3) as f64;
        k += 1;
    }
    out
}

/// `sin(x + quarters·π/2)`, `x = n·π/2 + r` with r in two parts [CW80].
#[inline(always)]
fn circular<L: Lanes>(l: &mut L, x: L::Value, quarters: f64) -> L::Value {
    let (scale, rounder) = (l.constant(FRAC_2_PI), l.constant(ROUNDER));
    let rounded = l.mul_add(x, scale, rounder);
    let n = l.sub(rounded, rounder);
    let [high, middle, low] = HALF_PI.map(|part| l.constant(-part));
    // Exact: both are multiples of 2^-52, and so is the small difference.
    let r1 = l.mul_add(n, high, x);
    // Near a multiple of π/2 the second part cancels too, so its product and difference are taken with their errors.
    let plus_middle = l.constant(HALF_PI[1]);
    let w = l.mul(n, plus_middle);
    let error = l.mul_add(n, middle, w);
    let r = l.sub(r1, w);
    let change = l.sub(r, r1);
    let kept = l.sub(r, change);
    let of_r1 = l.sub(r1, kept);
    let of_w = l.add(w, change);
    let lost = l.sub(of_r1, of_w);
    let tail = l.add(lost, error);
    let tail = l.mul_add(n, low, tail);
    let z = l.mul(r, r);
    let (sine, cosine) = (sine(l, r, tail, z), cosine(l, r, tail, z));
    let quarters = l.constant(quarters);
    let quadrant = l.add(rounded, quarters);
    // All bits from the lowest one: 0 - (quadrant & 1).
    let (one_bit, no_bits) = (bits(l, 1), bits(l, 0));
    let odd_bit = l.and(quadrant, one_bit);
    let mask = l.sub_bits(no_bits, odd_bit);
    let value = l.select(mask, cosine, sine);
    let second = l.shift_left(quadrant, 62);
    let sign_bit = bits(l, 1 << 63);
    let sign = l.and(second, sign_bit);
    l.xor(value, sign)
}

/// `sin(r + tail)`, z = r²
#[inline(always)]
fn sine<L: Lanes>(l: &mut L, r: L::Value, tail: L::Value, z: L::Value) -> L::Value {
    // sin r = r + z·r·(s0 + z·rest), and the tail adds tail·cos r ≈ tail·(1 - z/2).
    let rest = polynomial(l, z, const { inverse_factorials::<8>(3, 2, true) });
    let cube = l.mul(z, r);
    let half = l.constant(0.5);
    let half_tail = l.mul(half, tail);
    let correction = l.mul(z, half_tail);
    let correction = l.sub(tail, correction);
    let small = l.mul(cube, rest);
    let small = l.sub(correction, small);
    l.add(r, small)
}

/// `cos(r + tail)`, z = r²
#[inline(always)]
fn cosine<L: Lanes>(l: &mut L, r: L::Value, tail: L::Value, z: L::Value) -> L::Value {
    let rest = polynomial(l, z, const { inverse_factorials::<7>(4, 2, true) });
    let (one, half) = (l.constant(1.0), l.constant(0.5));
    let half_square = l.mul(half, z);
    let leading = l.sub(one, half_square);
    let lost = l.sub(one, leading);
    let lost = l.sub(lost, half_square);
    let fourth = l.mul(z, z);
    let product = l.mul(r, tail);
    let small = l.sub(lost, product);
    let small = l.mul_add(fourth, rest, small);
    l.add(leading, small)
}

/// One lane, in plain arithmetic.
pub(super) struct One;

impl Lanes for One {
    type Value = f64;

    #[inline(always)]
    fn constant(&mut self, x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn add(&mut self, a: f64, b: f64) -> f64 {
        a + b
    }
    #[inline(always)]
    fn sub(&mut self, a: f64, b: f64) -> f64 {
        a - b
    }
    #[inline(always)]
    fn mul(&mut self, a: f64, b: f64) -> f64 {
        a * b
    }
    #[inline(always)]
    fn div(&mut self, a: f64, b: f64) -> f64 {
        a / b
    }
    #[inline(always)]
    fn mul_add(&mut self, a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
    #[inline(always)]
    fn less(&mut self, a: f64, b: f64) -> f64 {
        f64::from_bits(if a < b { u64::MAX } else { 0 })
    }
    #[inline(always)]
    fn add_bits(&mut self, a: f64, b: f64) -> f64 {
        f64::from_bits(a.to_bits().wrapping_add(b.to_bits()))
    }
    #[inline(always)]
    fn sub_bits(&mut self, a: f64, b: f64) -> f64 {
        f64::from_bits(a.to_bits().wrapping_sub(b.to_bits()))
    }
    #[inline(always)]
    fn shift_left(&mut self, a: f64, n: u8) -> f64 {
        f64::from_bits(a.to_bits() << n)
    }
    #[inline(always)]
    fn shift_right(&mut self, a: f64, n: u8) -> f64 {
        f64::from_bits(a.to_bits() >> n)
    }
    #[inline(always)]
    fn and(&mut self, a: f64, b: f64) -> f64 {
        f64::from_bits(a.to_bits() & b.to_bits())
    }
    #[inline(always)]
    fn or(&mut self, a: f64, b: f64) -> f64 {
        f64::from_bits(a.to_bits() | b.to_bits())
    }
    #[inline(always)]
    fn xor(&mut self, a: f64, b: f64) -> f64 {
        f64::from_bits(a.to_bits() ^ b.to_bits())
    }
    #[inline(always)]
    fn select(&mut self, mask: f64, a: f64, b: f64) -> f64 {
        if mask.to_bits() != 0 { a } else { b }
    }
}

/// `op(x)` for one value: the polynomial within its reach, else the operator table.
#[inline(always)]
pub(super) fn evaluate(op: Op, x: f64) -> f64 {
    match reach(op) {
        Some(limit) if x.abs() <= limit || limit == f64::INFINITY => function(&mut One, op, x),
        Some(_) | None => op.apply(&[x]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Difference in units of the last place of the expected value; 0 for equal bits or both NaN.
    fn ulps(value: f64, expected: f64) -> f64 {
        if value == expected || (value.is_nan() && expected.is_nan()) {
            return 0.0;
        }
        let ulp = (expected.abs().next_up() - expected.abs()).max(f64::from_bits(1));
        (value - expected).abs() / ulp
    }

    fn check(op: Op, arguments: impl Iterator<Item = f64>, limit: f64) {
        let mut worst = (0.0, 0.0);
        for x in arguments.flat_map(|x| [x, -x]) {
            let error = ulps(evaluate(op, x), op.apply(&[x]));
            assert!(!error.is_nan(), "{op:?}({x:e}) = {:e}", evaluate(op, x));
            if error > worst.0 {
                worst = (error, x);
            }
        }
        assert!(worst.0 <= limit, "{op:?}: {} ulp at {:e}", worst.0, worst.1);
    }

    /// Geometric from `a` to `b`.
    fn geometric(a: f64, b: f64, n: usize) -> impl Iterator<Item = f64> {
        let step = (b / a).ln() / n as f64;
        (0..n).map(move |i| a * (step * i as f64).exp())
    }

    const SPECIAL: [f64; 8] = [
        0.0,
        f64::INFINITY,
        f64::NAN,
        f64::MIN_POSITIVE,
        5e-324,
        1e-310,
        f64::MAX,
        1.0,
    ];

    #[test]
    fn functions_are_accurate_everywhere() {
        let wide = || geometric(1e-300, 1e300, 40_000).chain(SPECIAL);
        let near = || (0..40_000).map(|i| f64::from(i) * 7.3e-4);
        for (op, limit) in [
            (Op::Exp, 1.0),
            (Op::Ln, 1.0),
            (Op::Sin, 1.0),
            (Op::Cos, 1.0),
            // That of the C library is itself off by up to 2.1.
            (Op::Tanh, 4.5),
        ] {
            check(op, wide().chain(near()), limit);
        }
        check(
            Op::Exp,
            (0..40_000).map(|i| 700.0 + f64::from(i) * 1.3e-3),
            1.0,
        );
        check(Op::Ln, (0..40_000).map(|i| 0.5 + f64::from(i) * 3e-5), 1.0);
        let multiples = (1..600_000).step_by(13).map(|i| f64::from(i) * HALF_PI[0]);
        let around = multiples.flat_map(|x| [x, x.next_up(), x.next_down(), x + 0.3]);
        check(Op::Sin, around.clone(), 1.0);
        check(Op::Cos, around, 1.0);
    }
}
