//! Units: exponents of base dimensions and an exact factor to the coherent SI unit.

use crate::terms::{Number, Pool, Term};

/// The base units: seven of the SI, and counted items.
pub const BASE: [&str; 8] = ["m", "kg", "s", "A", "K", "mol", "cd", "molecule"];

/// Exponents of the base units, in the order of [`BASE`].
pub type Dimension = [Number; BASE.len()];

/// The dimension of a pure number.
pub const NO_DIMENSION: Dimension = [Number::ZERO; BASE.len()];

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Unit {
    /// One of this unit is so many coherent SI units.
    pub scale: Scale,
    /// Exponents of the base units.
    pub dimension: Dimension,
    /// As the user wrote it, for output (`uM`).
    pub text: String,
}

impl Unit {
    /// Whether it is that of plain numbers.
    pub fn is_one(&self) -> bool {
        self.scale.is_one() && self.dimension == NO_DIMENSION
    }
}

/// An exact positive factor: the root of a rational number, for units like `min^(1/2)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Scale {
    radicand: Number,
    /// As small as possible.
    root: u32,
}

/// Larger powers and roots of units are refused, so that scales stay small.
const MAX_POWER: i64 = 100;

impl Scale {
    /// 1
    pub const ONE: Scale = Scale {
        radicand: Number::ONE,
        root: 1,
    };

    /// A rational factor.
    pub fn new(factor: Number) -> Scale {
        Scale {
            radicand: factor,
            root: 1,
        }
    }

    /// The factor, if it is rational.
    pub fn as_number(&self) -> Option<&Number> {
        (self.root == 1).then_some(&self.radicand)
    }

    /// Whether it is 1.
    pub fn is_one(&self) -> bool {
        self.root == 1 && self.radicand.is_one()
    }

    /// The product of two factors.
    pub(super) fn times(&self, other: &Scale) -> Option<Scale> {
        let root = num_integer::lcm(self.root, other.root);
        let a = self.radicand.checked_pow(i64::from(root / self.root))?;
        let b = other.radicand.checked_pow(i64::from(root / other.root))?;
        Some(reduced(a.checked_mul(&b)?, root))
    }

    /// A power of the factor; `None` if it is beyond what units may have.
    pub(super) fn power(&self, exponent: &Number) -> Option<Scale> {
        let (n, d) = exponent.as_ratio()?;
        if n.abs() > MAX_POWER || d > MAX_POWER {
            return None;
        }
        let root = self.root.checked_mul(d as u32)?;
        Some(reduced(self.radicand.checked_pow(n)?, root))
    }

    /// The term times this factor.
    pub(super) fn apply(&self, pool: &mut Pool, term: Term) -> Term {
        if self.is_one() {
            return term;
        }
        if let Some(factor) = self.as_number() {
            return pool.scale(factor, term);
        }
        let radicand = pool.number(self.radicand.clone());
        let exponent = Number::ratio(1, i64::from(self.root)).expect("roots are not zero");
        pool.monomial(Number::ONE, &[(term, Number::ONE), (radicand, exponent)])
    }
}

/// Takes all exact roots.
fn reduced(mut radicand: Number, mut root: u32) -> Scale {
    let mut p = 2;
    while p <= root {
        match radicand.exact_root(p).filter(|_| root.is_multiple_of(p)) {
            Some(r) => {
                radicand = r;
                root /= p;
            }
            None => p += 1,
        }
    }
    Scale { radicand, root }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_of_scales_are_exact_and_reduced() {
        let minute = Scale::new(Number::integer(60));
        let half = Number::ratio(1, 2).expect("not zero");
        let root = minute.power(&half).expect("small");
        assert_eq!(root.as_number(), None);
        assert_eq!(root.times(&root), Some(minute));
        let four = Scale::new(Number::integer(4));
        assert_eq!(four.power(&half), Some(Scale::new(Number::integer(2))));
    }
}
