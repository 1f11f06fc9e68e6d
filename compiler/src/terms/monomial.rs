//! Products, made canonical.
//!
//! Sums and products apply only equalities that hold for all real values of the symbols, undefined values included. A power with a
//! fractional exponent is undefined for a negative base, one with a negative exponent for a zero base. Hence:
//!
//! | equality | applied when |
//! |---|---|
//! | `0·t = 0`, `t - t = 0` | `t` is total; else what may be undefined in it stays with coefficient 0: `0·x³·ln(x)² = 0·ln(x)` |
//! | `b^p·b^q = b^(p+q)` | p, q integers of equal sign; or of equal sign and p + q no integer; or b > 0; or b ≥ 0 and equal sign |
//! | `b^p·b^q = b^(p+q-1/2)·b^(1/2)` | p or q fractional, both positive, p + q an integer (negative: signs reversed): the domain b ≥ 0 stays |
//! | `(b^p)^q = b^(p·q)` | q an integer or p odd or fractional or b ≥ 0. The domain stays as above, and when p < 0 and q < 0: |
//! | `(b^p)^q = (b^-1)^(-p·q)` | and `(b^(-1/2))^(-2·p·q)` where p or q is fractional: b ≠ 0 and b > 0 stay |
//! | `(a·b)^q = a^q·b^q` | q an integer, or a > 0 |
//! | `t·0^-1 = 0·0^-1`: undefined | always |
//! | `(n/d)^q` | folds when exact; else its exponent is brought into (0, 1) |
//! | `c·(a + b) = c·a + c·b` | c a number |
//!
//! Products of more than 32 factors are not taken apart any more and stand as one factor in others.
//! Here b > 0 and b ≥ 0 mean that the form shows it ([`Pool::is_positive`]).

use super::pool::Kind;
use super::{Number, Pool, Term};

/// Products of more factors are not taken apart inside another product, so that a chain of n derivatives has a size of order n, not n².
const MAX_FLAT: usize = 32;
/// Exact roots are looked for up to this degree.
const MAX_ROOT: i64 = 64;

type Entries = Vec<(Term, Number)>;

impl Pool {
    /// `coefficient·Π base^exponent`, made canonical. A factor with exponent 0 counts
    /// as 1, whether its base is defined or not.
    pub fn monomial(&mut self, mut coefficient: Number, factors: &[(Term, Number)]) -> Term {
        let mut entries = self.buffer();
        for (b, e) in factors {
            self.push_power(*b, e, &mut coefficient, &mut entries);
        }
        let product = self.finish_product(coefficient, &mut entries);
        self.recycle(entries);
        product
    }

    /// Multiplies the parts of a product by `b^e`.
    fn push_power(&mut self, b: Term, e: &Number, coefficient: &mut Number, entries: &mut Entries) {
        if e.is_zero() {
            return;
        }
        match self.kind(b) {
            Kind::Number => {
                let power = e.as_i64().and_then(|k| self.head(b).checked_pow(k));
                match power.and_then(|p| coefficient.checked_mul(&p)) {
                    Some(product) => *coefficient = product,
                    None => entries.push((b, e.clone())),
                }
            }
            Kind::Product if e.is_integer() && self.entries(b).len() > MAX_FLAT => {
                self.push_coefficient(self.head(b).clone(), e, coefficient, entries);
                entries.push((self.without_coefficient(b), e.clone()));
            }
            Kind::Product if e.is_one() => {
                self.push_coefficient(self.head(b).clone(), e, coefficient, entries);
                entries.extend_from_slice(self.entries(b));
            }
            Kind::Product if e.is_integer() => self.push_integer_power(b, e, coefficient, entries),
            Kind::Product => self.push_fractional_power(b, e, coefficient, entries),
            Kind::Sum | Kind::Symbol | Kind::Constant | Kind::Call(_) => {
                entries.push((b, e.clone()))
            }
        }
    }

    fn push_coefficient(
        &mut self,
        n: Number,
        e: &Number,
        coefficient: &mut Number,
        entries: &mut Entries,
    ) {
        if !n.is_one() {
            let n = self.number(n);
            self.push_power(n, e, coefficient, entries);
        }
    }

    /// `(c·Π b^p)^e` for an integer e ≠ 1: factor by factor.
    fn push_integer_power(
        &mut self,
        product: Term,
        e: &Number,
        coefficient: &mut Number,
        entries: &mut Entries,
    ) {
        self.push_coefficient(self.head(product).clone(), e, coefficient, entries);
        for (b, p) in self.entries(product).to_vec() {
            self.push_nested_power(b, &p, e, coefficient, entries);
        }
    }

    /// `(c·Π b^p)^e` for a fractional e: positive factors come out, and the rest if it is one power.
    fn push_fractional_power(
        &mut self,
        product: Term,
        e: &Number,
        coefficient: &mut Number,
        entries: &mut Entries,
    ) {
        let c = self.head(product).clone();
        if c.is_zero() {
            entries.push((product, e.clone()));
            return;
        }
        let sign = Number::integer(c.signum().into());
        self.push_coefficient(c.abs(), e, coefficient, entries);
        let factors = self.entries(product).to_vec();
        let (outside, inside): (Entries, Entries) =
            factors.into_iter().partition(|(b, _)| self.is_positive(*b));
        for (b, p) in &outside {
            self.push_nested_power(*b, p, e, coefficient, entries);
        }
        match inside.as_slice() {
            [] => self.push_coefficient(sign, e, coefficient, entries),
            [(b, p)] if sign.is_one() && (!p.is_even() || self.is_non_negative(*b)) => {
                self.push_nested_power(*b, p, e, coefficient, entries);
            }
            _ => {
                let rest = self.intern_entries(Kind::Product, sign, &inside);
                entries.push((rest, e.clone()));
            }
        }
    }

    /// `(b^p)^e = b^(p·e)`, undefined for b < 0 when p or e is fractional. The base of a product's factor may be a product itself
    /// when an earlier power could not be taken apart; each level of that at least halves the exponent, so the recursion is short.
    fn push_nested_power(
        &mut self,
        b: Term,
        p: &Number,
        e: &Number,
        coefficient: &mut Number,
        entries: &mut Entries,
    ) {
        let power = p * e;
        let is_fractional = !p.is_integer() || !e.is_integer();
        let is_limited = is_fractional && !self.is_non_negative(b);
        if p.signum() < 0 && e.signum() < 0 && self.may_vanish(b) {
            self.push_double_inverse(b, &power, is_limited, entries);
        } else if is_limited && power.is_integer() {
            push_limited(b, power, entries);
        } else {
            self.push_power(b, &power, coefficient, entries);
        }
    }

    /// Whether a base may be 0, as far as its form shows.
    fn may_vanish(&self, b: Term) -> bool {
        let is_inverse = |b| self.entries(b).iter().all(|(_, e)| e.signum() < 0);
        !(self.is_positive(b) || self.kind(b) == Kind::Product && is_inverse(b))
    }

    /// `b^n` for b ≠ 0, or for b > 0, n positive: `(b^-1)^-n`, `(b^(-1/2))^(-2·n)`. Only the latter for products, whose
    /// inverse would be taken apart.
    fn push_double_inverse(
        &mut self,
        b: Term,
        n: &Number,
        is_limited: bool,
        entries: &mut Entries,
    ) {
        let is_limited = is_limited || self.kind(b) == Kind::Product;
        let k = Number::integer(if is_limited { -2 } else { -1 });
        let inner = k.recip().expect("k is not zero");
        let inverse = self.intern_entries(Kind::Product, Number::ONE, &[(b, inner)]);
        entries.push((inverse, n * &k));
    }

    fn finish_product(&mut self, mut coefficient: Number, entries: &mut Entries) -> Term {
        while self.merge_powers(entries) {
            for (b, e) in std::mem::take(entries) {
                self.push_power(b, &e, &mut coefficient, entries);
            }
        }
        self.fold_number_powers(&mut coefficient, entries);
        if entries.iter().any(|(b, _)| self.is_nowhere_defined(*b)) {
            return self.undefined();
        }
        if let [(b, e)] = entries.as_slice()
            && e.is_one()
            && self.kind(*b) == Kind::Product
            && !coefficient.is_one()
        {
            *entries = self.entries(*b).to_vec();
        }
        if coefficient.is_zero() {
            entries.retain(|(b, e)| !self.facts_of_power(*b, e).is_total());
            entries
                .iter_mut()
                .for_each(|(b, e)| *e = self.domain_of_power(*b, e));
            entries.dedup();
        }
        match entries.as_slice() {
            [] => self.number(coefficient),
            [(b, e)] if e.is_one() && coefficient.is_one() => *b,
            [(b, e)] if e.is_one() && self.kind(*b) == Kind::Sum => {
                let b = *b;
                self.linear(Number::ZERO, &[(b, coefficient)])
            }
            _ => self.intern_entries(Kind::Product, coefficient, entries),
        }
    }

    /// The exponent that stands for all exponents with which the power is undefined at the same values of the base.
    fn domain_of_power(&self, b: Term, e: &Number) -> Number {
        let is_whole = e.is_integer() || (e.signum() < 0 && self.is_non_negative(b));
        let d = if is_whole { 1 } else { 2 };
        Number::ratio(e.signum().into(), d).expect("1 and 2 are not zero")
    }

    /// `0·0^-1`, which has no value.
    pub(super) fn undefined(&mut self) -> Term {
        let zero = self.number(Number::ZERO);
        self.intern_entries(Kind::Product, Number::ZERO, &[(zero, Number::MINUS_ONE)])
    }

    /// Whether a base that stands in a product shows that the product has no value: a 0 whose power could not be folded.
    pub(super) fn is_nowhere_defined(&self, b: Term) -> bool {
        let is_zero = |t: Term| self.as_number(t).is_some_and(Number::is_zero);
        is_zero(b) || (self.kind(b) == Kind::Product && is_zero(self.entries(b)[0].0))
    }

    /// Sorts factors and merges powers of equal bases; true when a merged base can now be taken apart.
    fn merge_powers(&mut self, entries: &mut Entries) -> bool {
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
        if entries.windows(2).all(|w| w[0].0 != w[1].0) {
            return false;
        }
        let mut again = false;
        let mut merged = self.buffer();
        for group in entries.chunk_by(|a, b| a.0 == b.0) {
            let before = merged.len();
            self.merge_group(group, &mut merged);
            let is_one_power = merged.len() == before + 1 && group.len() > 1;
            again |= is_one_power && self.kind(group[0].0) == Kind::Product;
        }
        std::mem::swap(entries, &mut merged);
        self.recycle(merged);
        again
    }

    /// Merges powers of one base, sorted by falling exponent.
    fn merge_group(&self, group: &[(Term, Number)], merged: &mut Entries) {
        let b = group[0].0;
        if group.len() == 1 {
            merged.push(group[0].clone());
            return;
        }
        if self.is_positive(b) {
            let sum = total(group);
            if !sum.is_zero() {
                merged.push((b, sum));
            }
            return;
        }
        let negative_from = group.partition_point(|(_, e)| e.signum() > 0);
        let (positive, negative) = group.split_at(negative_from);
        for powers in [positive, negative]
            .into_iter()
            .filter(|powers| !powers.is_empty())
        {
            let sum = total(powers);
            let is_limited =
                powers.iter().any(|(_, e)| !e.is_integer()) && !self.is_non_negative(b);
            if is_limited && sum.is_integer() {
                push_limited(b, sum, merged);
            } else {
                merged.push((b, sum));
            }
        }
    }

    /// Takes out of powers of numbers what is exact.
    fn fold_number_powers(&mut self, coefficient: &mut Number, entries: &mut Entries) {
        if entries.iter().all(|(b, _)| self.kind(*b) != Kind::Number) {
            return;
        }
        entries.retain_mut(|(b, e)| match self.as_number(*b) {
            Some(n) => match fold_power(n, e)
                .and_then(|(n, rest)| Some((coefficient.checked_mul(&n)?, rest)))
            {
                Some((product, rest)) => {
                    *coefficient = product;
                    *e = rest;
                    !e.is_zero()
                }
                None => true,
            },
            None => true,
        });
    }
}

fn total(powers: &[(Term, Number)]) -> Number {
    powers.iter().fold(Number::ZERO, |sum, (_, e)| &sum + e)
}

/// `b^n` for b ≥ 0 only, n an integer: `b^(n - 1/2)·b^(1/2)`.
fn push_limited(b: Term, n: Number, entries: &mut Entries) {
    let half = Number::ratio(n.signum().into(), 2).expect("2 is not zero");
    entries.push((b, &n - &half));
    entries.push((b, half));
}

/// `n^e = factor·n^rest` with the rest in (0, 1), or 0 where the root is exact; `None` when nothing can be taken out.
fn fold_power(n: &Number, e: &Number) -> Option<(Number, Number)> {
    if n.is_zero() && e.signum() > 0 {
        return Some((Number::ZERO, Number::ZERO));
    }
    if e.is_integer() {
        return Some((n.checked_pow(e.as_i64()?)?, Number::ZERO));
    }
    if n.signum() <= 0 {
        return None;
    }
    let (p, q) = e.as_ratio()?;
    if let Some(root) = (q <= MAX_ROOT).then(|| n.exact_root(q as u32)).flatten() {
        return Some((root.checked_pow(p)?, Number::ZERO));
    }
    let whole = e.floor();
    Some((n.checked_pow(whole.as_i64()?)?, e - &whole))
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

    fn ratio(n: i64, d: i64) -> Number {
        Number::ratio(n, d).expect("not zero")
    }

    #[test]
    fn powers_keep_their_domain() {
        let p = &mut Pool::new();
        let [x, y, _] = symbols(p);
        let power = |p: &mut Pool, t, n, d| p.monomial(Number::ONE, &[(t, ratio(n, d))]);
        let root = power(p, x, 1, 2);
        let square = power(p, x, 2, 1);
        assert_ne!(power(p, root, 2, 1), x);
        assert_ne!(power(p, square, 1, 2), x);
        assert_eq!(power(p, root, 2, 1), p.mul(root, root));
        assert_eq!(power(p, root, 3, 1), power(p, x, 3, 2));
        assert_eq!(power(p, root, 1, 2), power(p, x, 1, 4));
        let inverse = power(p, x, -1, 1);
        assert_eq!(power(p, inverse, 2, 1), power(p, x, -2, 1));
        assert_ne!(power(p, inverse, -1, 1), x);
        let exp = p.call(Op::Exp, &[x]);
        let exp_root = power(p, exp, 1, 2);
        assert_eq!(power(p, exp_root, 2, 1), exp);
        let product = p.product(&[exp, y]);
        let product_root = power(p, product, 1, 2);
        let y_root = power(p, y, 1, 2);
        assert_eq!(product_root, p.mul(exp_root, y_root));
        let both = p.mul(x, y);
        let x_root = power(p, x, 1, 2);
        assert_ne!(power(p, both, 1, 2), p.mul(x_root, y_root));
        assert_eq!(
            power(p, both, -2, 1),
            p.monomial(Number::ONE, &[(x, ratio(-2, 1)), (y, ratio(-2, 1))])
        );
        let four = p.scale(&4.into(), x);
        assert_eq!(power(p, four, 1, 2), p.scale(&2.into(), x_root));
    }

    #[test]
    fn powers_of_numbers_fold_when_exact() {
        let p = &mut Pool::new();
        let four = p.int(4);
        let two = p.int(2);
        let half = p.number(ratio(1, 2));
        assert_eq!(p.pow(four, half), two);
        let root = p.pow(two, half);
        assert_ne!(p.as_number(root), Some(&2.into()));
        assert_eq!(p.mul(root, root), two);
        assert_eq!(p.div(two, root), root);
        assert_eq!(p.div(root, root), p.int(1));
        let tower = p.pow(two, four);
        let tower = p.pow(two, tower);
        let tower = p.pow(two, tower);
        let tower = p.pow(two, tower);
        assert_eq!(p.as_number(tower), None);
        assert!(p.is_positive(tower));
    }
}
