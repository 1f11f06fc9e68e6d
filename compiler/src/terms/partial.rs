//! The derivative column of the table of operators: partial derivatives of single calls.
//!
//! A [`Chain`](super::op::Derivative::Chain) entry takes the call itself, its arguments and the argument to differentiate by.

use super::{Number, Op, Pool, Term};

/// `n/d`, for the constants below.
fn ratio(n: i64, d: i64) -> Number {
    Number::ratio(n, d).expect("denominators below are not zero")
}

fn recip(pool: &mut Pool, t: Term) -> Term {
    pool.monomial(Number::ONE, &[(t, Number::MINUS_ONE)])
}

fn square(pool: &mut Pool, t: Term) -> Term {
    pool.monomial(Number::ONE, &[(t, Number::integer(2))])
}

/// `constant + sign·x²`
fn quadratic(pool: &mut Pool, constant: i64, sign: i64, x: Term) -> Term {
    let square = square(pool, x);
    pool.linear(constant.into(), &[(square, sign.into())])
}

pub(super) fn ln(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    recip(pool, x[0])
}

/// `1/(x·ln(base))`
fn log_of_base(pool: &mut Pool, x: Term, base: i64) -> Term {
    let base = pool.int(base);
    let scale = pool.call(Op::Ln, &[base]);
    let minus = Number::MINUS_ONE;
    pool.monomial(Number::ONE, &[(x, minus.clone()), (scale, minus)])
}

pub(super) fn log10(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    log_of_base(pool, x[0], 10)
}

pub(super) fn log2(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    log_of_base(pool, x[0], 2)
}

pub(super) fn sqrt(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    pool.monomial(ratio(1, 2), &[(x[0], ratio(-1, 2))])
}

pub(super) fn cbrt(pool: &mut Pool, this: Term, _: &[Term], _: usize) -> Term {
    pool.monomial(ratio(1, 3), &[(this, Number::integer(-2))])
}

pub(super) fn abs(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    pool.call(Op::Sign, x)
}

pub(super) fn sin(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    pool.call(Op::Cos, x)
}

pub(super) fn cos(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    let sin = pool.call(Op::Sin, x);
    pool.neg(sin)
}

pub(super) fn tan(pool: &mut Pool, this: Term, _: &[Term], _: usize) -> Term {
    quadratic(pool, 1, 1, this)
}

/// `coefficient · (constant + sign·x²)^(-1/2)`
fn inverse_root(pool: &mut Pool, coefficient: i64, constant: i64, sign: i64, x: Term) -> Term {
    let inside = quadratic(pool, constant, sign, x);
    pool.monomial(coefficient.into(), &[(inside, ratio(-1, 2))])
}

pub(super) fn asin(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    inverse_root(pool, 1, 1, -1, x[0])
}

pub(super) fn acos(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    inverse_root(pool, -1, 1, -1, x[0])
}

pub(super) fn atan(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    let inside = quadratic(pool, 1, 1, x[0]);
    recip(pool, inside)
}

pub(super) fn sinh(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    pool.call(Op::Cosh, x)
}

pub(super) fn cosh(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    pool.call(Op::Sinh, x)
}

pub(super) fn tanh(pool: &mut Pool, this: Term, _: &[Term], _: usize) -> Term {
    quadratic(pool, 1, -1, this)
}

pub(super) fn asinh(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    inverse_root(pool, 1, 1, 1, x[0])
}

/// `(x - 1)^(-1/2)·(x + 1)^(-1/2)`, undefined below 1 as `acosh` is.
pub(super) fn acosh(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    let below = pool.linear(Number::MINUS_ONE, &[(x[0], Number::ONE)]);
    let above = pool.linear(Number::ONE, &[(x[0], Number::ONE)]);
    pool.monomial(Number::ONE, &[(below, ratio(-1, 2)), (above, ratio(-1, 2))])
}

pub(super) fn atanh(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    let inside = quadratic(pool, 1, -1, x[0]);
    recip(pool, inside)
}

/// `coefficient/√π · exp(-x²)`
fn gaussian(pool: &mut Pool, coefficient: i64, x: Term) -> Term {
    let exponent = quadratic(pool, 0, -1, x);
    let exp = pool.call(Op::Exp, &[exponent]);
    let pi = pool.constant("pi");
    pool.monomial(
        coefficient.into(),
        &[(pi, ratio(-1, 2)), (exp, Number::ONE)],
    )
}

pub(super) fn erf(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    gaussian(pool, 2, x[0])
}

pub(super) fn erfc(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    gaussian(pool, -2, x[0])
}

pub(super) fn gamma(pool: &mut Pool, this: Term, x: &[Term], _: usize) -> Term {
    let digamma = ln_gamma(pool, this, x, 0);
    pool.mul(this, digamma)
}

pub(super) fn ln_gamma(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    let zero = pool.int(0);
    pool.call(Op::PolyGamma, &[zero, x[0]])
}

pub(super) fn polygamma(pool: &mut Pool, _: Term, x: &[Term], i: usize) -> Term {
    if i == 0 {
        return pool.undefined();
    }
    let next = pool.linear(Number::ONE, &[(x[0], Number::ONE)]);
    pool.call(Op::PolyGamma, &[next, x[1]])
}

/// By z, from M' = (a/b)·M(a+1, b+1, z): `r·((a+1)/(b+1)·r₊ - (a/b)·r)` with the ratio r₊ of the next arguments. [DLMF, 13.3.15]
/// There is no such form by a and b.
pub(super) fn kummer_ratio(pool: &mut Pool, r: Term, x: &[Term], i: usize) -> Term {
    let (a, b, z) = (x[0], x[1], x[2]);
    if i < 2 {
        return pool.undefined();
    }
    let next_a = pool.linear(Number::ONE, &[(a, Number::ONE)]);
    let next_b = pool.linear(Number::ONE, &[(b, Number::ONE)]);
    let next = pool.call(Op::KummerRatio, &[next_a, next_b, z]);
    let one = Number::ONE;
    let up = pool.monomial(
        Number::ONE,
        &[
            (r, one.clone()),
            (next_a, one.clone()),
            (next_b, Number::MINUS_ONE),
            (next, one.clone()),
        ],
    );
    let down = pool.monomial(
        Number::ONE,
        &[
            (r, Number::integer(2)),
            (a, one.clone()),
            (b, Number::MINUS_ONE),
        ],
    );
    pool.linear(Number::ZERO, &[(up, one), (down, Number::MINUS_ONE)])
}

/// `6x - 6x²` inside (0, 1), else 0.
pub(super) fn smoothstep(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    let (zero, one) = (pool.int(0), pool.int(1));
    let above = pool.call(Op::Less, &[zero, x[0]]);
    let below = pool.call(Op::Less, &[x[0], one]);
    let inside = pool.call(Op::And, &[above, below]);
    let square = square(pool, x[0]);
    let slope = pool.linear(Number::ZERO, &[(x[0], 6.into()), (square, (-6).into())]);
    pool.call(Op::If, &[inside, slope, zero])
}

pub(super) fn expm1(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    pool.call(Op::Exp, x)
}

pub(super) fn ln1p(pool: &mut Pool, _: Term, x: &[Term], _: usize) -> Term {
    let inside = pool.linear(Number::ONE, &[(x[0], Number::ONE)]);
    recip(pool, inside)
}

/// `b·a^(b - 1)` and `a^b·ln(a)`, whose limit at `a = 0`, b > 0 is 0.
pub(super) fn pow(pool: &mut Pool, this: Term, x: &[Term], i: usize) -> Term {
    if i == 0 {
        let less = pool.linear(Number::MINUS_ONE, &[(x[1], Number::ONE)]);
        let power = pool.pow(x[0], less);
        return pool.mul(x[1], power);
    }
    let ln = pool.call(Op::Ln, &x[..1]);
    let product = pool.mul(this, ln);
    if pool.as_number(x[0]).is_some_and(|n| !n.is_zero()) {
        return product;
    }
    let zero = pool.int(0);
    let vanishes = pool.call(Op::Equal, &[this, zero]);
    pool.call(Op::If, &[vanishes, zero, product])
}

/// `x/(x² + y²)` and `-y/(x² + y²)`
pub(super) fn atan2(pool: &mut Pool, _: Term, x: &[Term], i: usize) -> Term {
    let squares = x
        .iter()
        .map(|&t| (square(pool, t), Number::ONE))
        .collect::<Vec<_>>();
    let norm = pool.linear(Number::ZERO, &squares);
    let sign = if i == 0 {
        Number::ONE
    } else {
        Number::MINUS_ONE
    };
    pool.monomial(sign, &[(x[1 - i], Number::ONE), (norm, Number::MINUS_ONE)])
}

/// `1` and `-floor(a/b)`
pub(super) fn modulo(pool: &mut Pool, _: Term, x: &[Term], i: usize) -> Term {
    if i == 0 {
        return pool.int(1);
    }
    let quotient = pool.div(x[0], x[1]);
    let floor = pool.call(Op::Floor, &[quotient]);
    pool.neg(floor)
}

/// `(J_{n-1}(x) - J_{n+1}(x))/2`; the order is an integer, so that there is no derivative by it.
pub(super) fn bessel_j(pool: &mut Pool, _: Term, x: &[Term], i: usize) -> Term {
    if i == 0 {
        return pool.undefined();
    }
    let below = pool.linear(Number::MINUS_ONE, &[(x[0], Number::ONE)]);
    let above = pool.linear(Number::ONE, &[(x[0], Number::ONE)]);
    let below = pool.call(Op::BesselJ, &[below, x[1]]);
    let above = pool.call(Op::BesselJ, &[above, x[1]]);
    pool.linear(Number::ZERO, &[(below, ratio(1, 2)), (above, ratio(-1, 2))])
}

/// The derivative of the argument that `wins` against all arguments after it, tried from the first on.
fn of_the_winner(pool: &mut Pool, x: &[Term], dx: &[Term], best: Op) -> Term {
    let mut rest = x[x.len() - 1];
    let mut derivative = dx[x.len() - 1];
    for i in (0..x.len() - 1).rev() {
        let (low, high) = if best == Op::Min {
            (x[i], rest)
        } else {
            (rest, x[i])
        };
        let wins = pool.call(Op::LessEqual, &[low, high]);
        derivative = pool.call(Op::If, &[wins, dx[i], derivative]);
        rest = pool.call(best, &[x[i], rest]);
    }
    derivative
}

pub(super) fn min(pool: &mut Pool, x: &[Term], dx: &[Term]) -> Term {
    of_the_winner(pool, x, dx, Op::Min)
}

pub(super) fn max(pool: &mut Pool, x: &[Term], dx: &[Term]) -> Term {
    of_the_winner(pool, x, dx, Op::Max)
}

/// Linear: the derivative of the derivative.
pub(super) fn partial(pool: &mut Pool, x: &[Term], dx: &[Term]) -> Term {
    pool.call(Op::Partial, &[dx[0], x[1]])
}

/// Linear.
pub(super) fn mean(pool: &mut Pool, _: &[Term], dx: &[Term]) -> Term {
    pool.reduction(Op::Mean, dx[0])
}

/// Linear.
pub(super) fn integral(pool: &mut Pool, _: &[Term], dx: &[Term]) -> Term {
    pool.reduction(Op::Integral, dx[0])
}

/// Of an extremum over space: it would need to know where that is.
pub(super) fn no_derivative(pool: &mut Pool, _: &[Term], _: &[Term]) -> Term {
    pool.undefined()
}

pub(super) fn choice(pool: &mut Pool, x: &[Term], dx: &[Term]) -> Term {
    pool.call(Op::If, &[x[0], dx[1], dx[2]])
}
