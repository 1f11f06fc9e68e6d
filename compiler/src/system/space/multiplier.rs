//! Arithmetic of Fourier multipliers and how derivatives become them.

use super::program::{GridAxis, Multiplier};
use super::setting::Orders;
use super::weights::{Place, central};
use crate::terms::{Number, Op, Pool, Term};

/// How the derivatives of an axis act on its modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// `(ik)^n`
    Exact,
    /// As central differences of this accuracy.
    Central(u32),
}

impl Multiplier {
    /// A real number over parameters.
    pub fn real(pool: &mut Pool, re: Term) -> Multiplier {
        Multiplier {
            re,
            im: pool.int(0),
        }
    }

    /// Whether it is 0.
    pub fn is_zero(&self, pool: &Pool) -> bool {
        let is_zero = |t| pool.as_number(t).is_some_and(Number::is_zero);
        is_zero(self.re) && is_zero(self.im)
    }

    /// Sum.
    pub fn plus(self, pool: &mut Pool, other: Multiplier) -> Multiplier {
        Multiplier {
            re: pool.add(self.re, other.re),
            im: pool.add(self.im, other.im),
        }
    }

    /// Multiple.
    pub fn scaled(self, pool: &mut Pool, by: Term) -> Multiplier {
        Multiplier {
            re: product(pool, by, self.re),
            im: product(pool, by, self.im),
        }
    }

    /// Product.
    pub fn times(self, pool: &mut Pool, other: Multiplier) -> Multiplier {
        let (ac, bd) = (
            product(pool, self.re, other.re),
            product(pool, self.im, other.im),
        );
        let (ad, bc) = (
            product(pool, self.re, other.im),
            product(pool, self.im, other.re),
        );
        Multiplier {
            re: pool.sub(ac, bd),
            im: pool.add(ad, bc),
        }
    }

    /// Quotient.
    pub fn over(self, pool: &mut Pool, other: Multiplier) -> Multiplier {
        let zero = pool.int(0);
        if other.im == zero {
            return Multiplier {
                re: pool.div(self.re, other.re),
                im: self.im_over(pool, other.re),
            };
        }
        let two = Number::integer(2);
        let squares = [other.re, other.im].map(|t| pool.monomial(Number::ONE, &[(t, two.clone())]));
        let norm = pool.sum(&squares);
        let minus = pool.neg(other.im);
        let product = self.times(
            pool,
            Multiplier {
                re: other.re,
                im: minus,
            },
        );
        Multiplier {
            re: pool.div(product.re, norm),
            im: product.im_over(pool, norm),
        }
    }

    /// `im/by`, 0 for 0 even where `by` may vanish.
    fn im_over(self, pool: &mut Pool, by: Term) -> Term {
        if pool.as_number(self.im).is_some_and(Number::is_zero) {
            return self.im;
        }
        pool.div(self.im, by)
    }
}

/// `a·b`, and 0 for 0 even where the other factor may be undefined (a spacing never is 0).
fn product(pool: &mut Pool, a: Term, b: Term) -> Term {
    let zero = pool.int(0);
    if a == zero || b == zero {
        zero
    } else {
        pool.mul(a, b)
    }
}

/// `∂^orders` as a multiplier; axes that are not transformed must not be differentiated.
pub fn derivative(
    pool: &mut Pool,
    axes: &[GridAxis],
    bases: &[Basis],
    orders: Orders,
) -> Multiplier {
    let one = pool.int(1);
    let mut product = Multiplier::real(pool, one);
    for ((axis, basis), order) in axes.iter().zip(bases).zip(orders) {
        if order == 0 {
            continue;
        }
        let size = match basis {
            Basis::Exact => {
                let k = pool.var(axis.wavenumber);
                pool.monomial(Number::ONE, &[(k, i64::from(order).into())])
            }
            Basis::Central(accuracy) => difference(pool, axis, order, *accuracy),
        };
        // i^n for the exact one; differences have their sign already.
        let turns = match basis {
            Basis::Exact => order % 4,
            Basis::Central(_) => order % 2,
        };
        let zero = pool.int(0);
        let minus = pool.neg(size);
        let factor = match turns {
            0 => Multiplier { re: size, im: zero },
            1 => Multiplier { re: zero, im: size },
            2 => Multiplier {
                re: minus,
                im: zero,
            },
            _ => Multiplier {
                re: zero,
                im: minus,
            },
        };
        product = product.times(pool, factor);
    }
    product
}

/// `Σ w·cos(d·k·h)/h^n` of an even difference, `Σ w·sin(d·k·h)/h^n` of an odd one.
fn difference(pool: &mut Pool, axis: &GridAxis, order: u8, accuracy: u32) -> Term {
    let (k, h) = (pool.var(axis.wavenumber), pool.var(axis.spacing));
    let wave = if order.is_multiple_of(2) {
        Op::Cos
    } else {
        Op::Sin
    };
    let formula = central(order.into(), accuracy as usize, Place::Node);
    let mut constant = Number::ZERO;
    let mut parts = Vec::new();
    for (distance, weight) in formula {
        let steps = distance / 2;
        match steps {
            0 => constant = weight,
            1.. => {
                let angle = pool.monomial(i64::from(steps).into(), &[(k, 1.into()), (h, 1.into())]);
                let value = pool.call(wave, &[angle]);
                parts.push((value, &weight + &weight));
            }
            _ => {} // counted with its mirror image
        }
    }
    let sum = pool.linear(constant, &parts);
    pool.monomial(
        Number::ONE,
        &[(sum, 1.into()), (h, (-i64::from(order)).into())],
    )
}
