//! Sums, made canonical.
//!
//! `t - t` and `0·t` vanish only when `t` is total; else what may be undefined in it stays with coefficient 0. The rules of products
//! stand in `monomial`.

use super::pool::Kind;
use super::{Number, Pool, Term};

type Entries = Vec<(Term, Number)>;

impl Pool {
    /// `constant + Σ coefficient·term`, made canonical.
    pub fn linear(&mut self, mut constant: Number, terms: &[(Term, Number)]) -> Term {
        let mut entries = self.buffer();
        for (t, c) in terms {
            self.push_scaled(*t, c, &mut constant, &mut entries);
        }
        let sum = self.finish_sum(constant, &mut entries);
        self.recycle(entries);
        sum
    }

    /// Adds `c·t` to the parts of a sum.
    fn push_scaled(&mut self, t: Term, c: &Number, constant: &mut Number, entries: &mut Entries) {
        match self.kind(t) {
            Kind::Number => *constant += &(c * self.head(t)),
            Kind::Sum => {
                *constant += &(c * self.head(t));
                entries.extend(self.entries(t).iter().map(|(t, k)| (*t, c * k)));
            }
            Kind::Product => {
                let c = c * self.head(t);
                entries.push((self.without_coefficient(t), c));
            }
            Kind::Symbol | Kind::Constant | Kind::Call(_) => entries.push((t, c.clone())),
        }
    }

    /// A product without its coefficient; any other term as it is.
    pub(super) fn without_coefficient(&mut self, t: Term) -> Term {
        if self.kind(t) != Kind::Product || self.head(t).is_one() || self.is_nowhere_defined(t) {
            return t;
        }
        if let [(b, e)] = self.entries(t)
            && e.is_one()
        {
            return *b;
        }
        let mut entries = self.buffer();
        entries.extend_from_slice(self.entries(t));
        let unit = self.intern_entries(Kind::Product, Number::ONE, &entries);
        self.recycle(entries);
        unit
    }

    fn finish_sum(&mut self, constant: Number, entries: &mut Entries) -> Term {
        merge_equal(entries);
        if entries.iter().any(|e| e.1.is_zero()) {
            self.reduce_zeros(entries);
        }
        match entries.as_slice() {
            [] => self.number(constant),
            [(t, c)] if constant.is_zero() => {
                let (t, c) = (*t, c.clone());
                self.times(c, t)
            }
            _ => self.intern_entries(Kind::Sum, constant, entries),
        }
    }

    /// Drops terms with coefficient 0, or what is total in them.
    fn reduce_zeros(&mut self, entries: &mut Entries) {
        let zeros: Vec<Term> = entries
            .iter()
            .filter(|e| e.1.is_zero())
            .map(|e| e.0)
            .collect();
        entries.retain(|e| !e.1.is_zero());
        for t in zeros {
            let zero = self.monomial(Number::ZERO, &[(t, Number::ONE)]);
            if self.kind(zero) != Kind::Number {
                entries.push((self.without_coefficient(zero), Number::ZERO));
            }
        }
        merge_equal(entries);
    }

    /// `c·t` for a term that is no number, no sum and has no coefficient.
    fn times(&mut self, c: Number, t: Term) -> Term {
        if c.is_one() {
            return t;
        }
        if c.is_zero() || self.kind(t) != Kind::Product {
            return self.monomial(c, &[(t, Number::ONE)]);
        }
        let mut entries = self.buffer();
        entries.extend_from_slice(self.entries(t));
        let product = self.intern_entries(Kind::Product, c, &entries);
        self.recycle(entries);
        product
    }
}

/// Sorts the entries of a sum and adds up the coefficients of equal terms.
fn merge_equal(entries: &mut Entries) {
    if entries.is_sorted_by(|a, b| a.0 < b.0) {
        return;
    }
    entries.sort_unstable_by_key(|e| e.0);
    entries.dedup_by(|later, earlier| {
        let is_same = later.0 == earlier.0;
        if is_same {
            earlier.1 += &later.1;
        }
        is_same
    });
}

#[cfg(test)]
mod tests {
    use super::super::Op;
    use super::*;

    fn symbols(pool: &mut Pool) -> [Term; 3] {
        ["x", "y", "z"].map(|name| {
            let symbol = pool.symbol(name);
            pool.var(symbol)
        })
    }

    #[test]
    fn sums_and_products_are_unordered_and_flat() {
        let p = &mut Pool::new();
        let [x, y, z] = symbols(p);
        let (xy, yz) = (p.add(x, y), p.add(y, z));
        assert_eq!(p.add(xy, z), p.add(x, yz));
        let (xy, yz) = (p.mul(x, y), p.mul(z, y));
        assert_eq!(p.mul(xy, z), p.mul(x, yz));
        let two_x = p.scale(&2.into(), x);
        assert_eq!(p.add(x, x), two_x);
        let three = p.int(3);
        assert_eq!(p.product(&[three, x]), p.sum(&[x, two_x]));
        assert_eq!(p.sub(xy, xy), p.int(0));
        let sum = p.sum(&[x, y, three]);
        let negative = p.neg(sum);
        assert_eq!(p.sum(&[negative, y, three]), p.neg(x));
        assert_eq!(p.neg(negative), sum);
    }

    #[test]
    fn what_may_be_undefined_stays() {
        let p = &mut Pool::new();
        let [x, y, _] = symbols(p);
        let (zero, one) = (p.int(0), p.int(1));
        let quotient = p.div(x, x);
        assert_ne!(quotient, one);
        let ln = p.call(Op::Ln, &[x]);
        let nothing = p.sub(ln, ln);
        assert_eq!(nothing, p.mul(zero, ln));
        assert_ne!(nothing, zero);
        let longer = p.product(&[zero, y, ln]);
        assert_eq!(longer, nothing);
        assert_eq!(p.add(nothing, ln), ln);
        let product = p.mul(y, ln);
        let shifted = p.linear(2.into(), &[(product, 1.into()), (product, (-1).into())]);
        assert_eq!(shifted, p.linear(2.into(), &[(ln, Number::ZERO)]));
        let exp = p.call(Op::Exp, &[x]);
        assert_eq!(p.div(exp, exp), one);
        assert_eq!(p.mul(zero, exp), zero);
        let pole = p.div(zero, zero);
        assert!(!p.is_total(pole) && pole != zero && pole != one);
    }
}
