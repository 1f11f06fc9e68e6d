//! Arithmetic, order and hashing of numbers: in 64 bits where it fits, else in 128, else in big integers.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One;

use super::Number;
use super::number::Repr;

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Small(n, d) => {
                state.write_i64(*n);
                state.write_u64(d.get());
            }
            Repr::Big(r) => r.hash(state),
        }
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (&self.0, &other.0) {
            (Repr::Small(a, b), Repr::Small(c, d)) if b == d => a.cmp(c),
            (Repr::Small(a, b), Repr::Small(c, d)) => {
                let left = i128::from(*a) * i128::from(d.get());
                left.cmp(&(i128::from(*c) * i128::from(b.get())))
            }
            (Repr::Small(..) | Repr::Big(_), Repr::Small(..) | Repr::Big(_)) => {
                self.to_big().cmp(&other.to_big())
            }
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number::integer(n)
    }
}

impl Add for &Number {
    type Output = Number;
    fn add(self, other: &Number) -> Number {
        let (Repr::Small(a, b), Repr::Small(c, d)) = (&self.0, &other.0) else {
            return Number::from_big(self.to_big() + other.to_big());
        };
        if b.get() == 1
            && d.get() == 1
            && let Some(sum) = a.checked_add(*c)
        {
            return Number::integer(sum);
        }
        let (a, b) = (i128::from(*a), i128::from(b.get()));
        let (c, d) = (i128::from(*c), i128::from(d.get()));
        if b == d {
            return Number::reduced(a + c, b);
        }
        // |a|, |c| <= 2^63 and b, d < 2^63, so neither product nor their sum leaves i128.
        Number::reduced(a * d + c * b, b * d)
    }
}

impl Mul for &Number {
    type Output = Number;
    fn mul(self, other: &Number) -> Number {
        match (&self.0, &other.0) {
            (Repr::Small(a, b), Repr::Small(c, d)) => {
                if b.get() == 1
                    && d.get() == 1
                    && let Some(product) = a.checked_mul(*c)
                {
                    return Number::integer(product);
                }
                let n = i128::from(*a) * i128::from(*c);
                Number::reduced(n, i128::from(b.get()) * i128::from(d.get()))
            }
            (Repr::Big(r), Repr::Small(n, d)) | (Repr::Small(n, d), Repr::Big(r)) => {
                if *n == 0 {
                    Number::ZERO
                } else if d.get() == 1 && r.denom().is_one() {
                    Number::from_big(BigRational::new_raw(r.numer() * n, BigInt::one()))
                } else {
                    Number::from_big(self.to_big() * other.to_big())
                }
            }
            (Repr::Big(a), Repr::Big(b)) => Number::from_big(&**a * &**b),
        }
    }
}

impl Neg for &Number {
    type Output = Number;
    fn neg(self) -> Number {
        match &self.0 {
            Repr::Small(n, d) => match n.checked_neg() {
                Some(n) => Number(Repr::Small(n, *d)),
                None => Number::reduced(-i128::from(*n), d.get().into()),
            },
            Repr::Big(r) => Number::from_big(-&**r),
        }
    }
}

impl Sub for &Number {
    type Output = Number;
    fn sub(self, other: &Number) -> Number {
        self + &-other
    }
}

impl Neg for Number {
    type Output = Number;
    fn neg(self) -> Number {
        -&self
    }
}

impl AddAssign<&Number> for Number {
    fn add_assign(&mut self, other: &Number) {
        *self = &*self + other;
    }
}

impl MulAssign<&Number> for Number {
    fn mul_assign(&mut self, other: &Number) {
        *self = &*self * other;
    }
}

macro_rules! owned_operands {
    ($($operator:ident $method:ident),*) => {$(
        impl $operator for Number {
            type Output = Number;
            fn $method(self, other: Number) -> Number {
                (&self).$method(&other)
            }
        }
        impl $operator<&Number> for Number {
            type Output = Number;
            fn $method(self, other: &Number) -> Number {
                (&self).$method(other)
            }
        }
    )*};
}
owned_operands!(Add add, Sub sub, Mul mul);
