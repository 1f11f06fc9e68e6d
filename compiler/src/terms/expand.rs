//! Multiplying out.

use num_bigint::BigInt;

use super::pool::Kind;
use super::{Number, Pool, Term};

/// Expansions with more terms in any intermediate sum are refused.
pub const MAX_TERMS: u64 = 5_000_000;
/// Expansions whose coefficients could need more bits in all are refused (2 GiB).
const MAX_COEFFICIENT_BITS: u64 = 1 << 34;

type Entries = Vec<(Term, Number)>;

impl Pool {
    /// Multiplies out all products and positive integer powers of sums, also inside functions and denominators.
    /// `None` when a sum would get more than [`MAX_TERMS`] terms.
    pub fn expand(&mut self, t: Term) -> Option<Term> {
        let order = self.reachable(&[t]);
        let mut memo: Vec<Option<Term>> = vec![None; t.index() + 1];
        for t in order {
            let rebuilt =
                self.rebuild(t, |child| memo[child.index()].expect("children come first"));
            let mut expanded = self.expand_product(rebuilt)?;
            // Powers that merge can bring new sums to light: `x·(x² + 1)^(1/2)·(x² + 1)^(1/2)`.
            while let Some(next) = self.expand_terms(expanded)? {
                expanded = next;
            }
            memo[t.index()] = Some(expanded);
        }
        memo[t.index()]
    }

    /// Expands the products among the terms of a sum; `None` inside when there is nothing to do.
    fn expand_terms(&mut self, t: Term) -> Option<Option<Term>> {
        let is_expandable = |&(t, _): &(Term, Number)| self.has_sum_power(t);
        if self.kind(t) != Kind::Sum || !self.entries(t).iter().any(is_expandable) {
            return Some(None);
        }
        let constant = self.head(t).clone();
        let mut entries = self.entries(t).to_vec();
        for (t, _) in &mut entries {
            *t = self.expand_product(*t)?;
        }
        Some(Some(self.linear(constant, &entries)))
    }

    /// Whether the term is a product with a positive integer power of a sum.
    fn has_sum_power(&self, t: Term) -> bool {
        self.kind(t) == Kind::Product && self.entries(t).iter().any(|f| self.is_sum_power(f))
    }

    fn is_sum_power(&self, (base, exponent): &(Term, Number)) -> bool {
        self.kind(*base) == Kind::Sum && exponent.is_integer() && exponent.signum() > 0
    }

    /// Distributes a product over the sums among its factors.
    fn expand_product(&mut self, t: Term) -> Option<Term> {
        if !self.has_sum_power(t) {
            return Some(t);
        }
        let factors = self.entries(t).iter().cloned();
        let (sums, rest): (Entries, Entries) = factors.partition(|f| self.is_sum_power(f));
        let monomial = self.monomial(self.head(t).clone(), &rest);
        let mut product = vec![(monomial, Number::ONE)];
        for (base, exponent) in sums {
            let power = self.expand_power(base, exponent.as_i64()?)?;
            product = self.distribute(&product, &power)?;
        }
        Some(self.linear(Number::ZERO, &product))
    }

    /// The terms of the product of two sums, equal ones merged.
    fn distribute(&mut self, a: &Entries, b: &Entries) -> Option<Entries> {
        if let [(t, c)] = a.as_slice()
            && self.as_number(*t).is_some_and(Number::is_one)
            && c.is_one()
        {
            return Some(b.clone());
        }
        if a.len() as u64 * b.len() as u64 > MAX_TERMS {
            return None;
        }
        let mut product = Vec::with_capacity(a.len() * b.len());
        for (s, c) in a {
            for (t, d) in b {
                product.push((self.mul(*s, *t), c * d));
            }
        }
        let sum = self.linear(Number::ZERO, &product);
        Some(self.parts_of(sum))
    }

    /// A sum as a list of terms and coefficients, its constant as the last.
    fn parts_of(&mut self, sum: Term) -> Entries {
        if self.kind(sum) != Kind::Sum {
            return vec![(sum, Number::ONE)];
        }
        let mut parts = self.entries(sum).to_vec();
        let constant = self.head(sum).clone();
        if !constant.is_zero() {
            let one = self.int(1);
            parts.push((one, constant));
        }
        parts
    }

    /// `sum^n` by the multinomial theorem.
    fn expand_power(&mut self, sum: Term, n: i64) -> Option<Entries> {
        let parts = self.parts_of(sum);
        if n == 1 {
            return Some(parts);
        }
        let n = u32::try_from(n).ok()?;
        let n_terms = count_terms(parts.len() as u64, n.into())?;
        let widest = parts.iter().map(|(_, c)| c.bits()).max().unwrap_or(0);
        let bits = u64::from(n) * (widest + u64::from(parts.len().ilog2()) + 1);
        if n_terms.checked_mul(bits)? > MAX_COEFFICIENT_BITS {
            return None;
        }
        let is_direct = parts.iter().all(|(t, _)| self.kind(*t) != Kind::Product);
        let mut power = Vec::with_capacity(n_terms as usize);
        let mut walk = Multinomial::new(&parts, n);
        let mut factors = Vec::new();
        loop {
            factors.clear();
            factors.extend(
                walk.chosen
                    .iter()
                    .map(|&(i, k)| (parts[i as usize].0, Number::integer(k.into()))),
            );
            let term = if is_direct {
                self.intern_power_product(&mut factors)
            } else {
                self.monomial(Number::ONE, &factors)
            };
            power.push((term, walk.coefficient().clone()));
            if !walk.advance() {
                return Some(power);
            }
        }
    }

    /// A product of positive integer powers of distinct symbols, constants and calls, sorted; a factor 1 may stand at the end.
    fn intern_power_product(&mut self, factors: &mut Entries) -> Term {
        if factors
            .last()
            .is_some_and(|f| self.kind(f.0) == Kind::Number)
        {
            factors.pop();
        }
        match factors.as_slice() {
            [] => self.int(1),
            [(t, e)] if e.is_one() => *t,
            _ => self.intern_entries(Kind::Product, Number::ONE, factors),
        }
    }
}

/// Number of terms of a sum of `m` to the power `n`, `C(n + m - 1, n)`, if within [`MAX_TERMS`].
fn count_terms(m: u64, n: u64) -> Option<u64> {
    let mut count: u64 = 1;
    for k in 1..=n.min(m - 1) {
        // C(a, k) from C(a, k - 1), with a = n + m - 1; the division is exact.
        count = count.checked_mul(n + m - k)? / k;
        if count > MAX_TERMS {
            return None;
        }
    }
    Some(count)
}

/// Walks through all ways to distribute a power over the parts of a sum, with the multinomial coefficients times the powers of the parts'
/// own coefficients. From one to the next only the last one or two factors change, and so does the coefficient.
struct Multinomial<'a> {
    parts: &'a [(Term, Number)],
    /// Chosen parts, ascending, and their exponents, all positive.
    chosen: Vec<(u32, u32)>,
    /// `products[j]`: the coefficient of the first j choices; and how much of the power they leave.
    products: Vec<(Number, u32)>,
    /// `binomials[r][k] = C(r, k)`, made when first used.
    binomials: Vec<Vec<Number>>,
    /// `powers[i][k]` of the coefficient of part i, as far as used; empty where it is 1.
    powers: Vec<Vec<Number>>,
}

impl<'a> Multinomial<'a> {
    fn new(parts: &'a [(Term, Number)], n: u32) -> Self {
        let mut walk = Multinomial {
            parts,
            chosen: Vec::new(),
            products: vec![(Number::ONE, n)],
            binomials: vec![Vec::new(); n as usize + 1],
            powers: vec![Vec::new(); parts.len()],
        };
        walk.choose(0, n);
        walk
    }

    fn coefficient(&self) -> &Number {
        &self.products.last().expect("starts with one").0
    }

    /// Goes to the next choice; false after the last.
    fn advance(&mut self) -> bool {
        let last_part = self.parts.len() as u32 - 1;
        let Some((mut i, mut k)) = self.drop_last() else {
            return false;
        };
        let mut moved = 1;
        if i == last_part {
            moved = k + 1;
            match self.drop_last() {
                Some(before) => (i, k) = before,
                None => return false,
            }
        }
        if k > 1 {
            self.choose(i, k - 1);
        }
        self.choose(i + 1, moved);
        true
    }

    fn drop_last(&mut self) -> Option<(u32, u32)> {
        self.products.pop();
        self.chosen.pop()
    }

    fn choose(&mut self, part: u32, k: u32) {
        let (product, left) = self.products.last().expect("starts with one").clone();
        let mut coefficient = product;
        if k < left {
            coefficient *= self.binomial(left, k);
        }
        if !self.parts[part as usize].1.is_one() {
            coefficient *= self.power(part as usize, k as usize);
        }
        self.products.push((coefficient, left - k));
        self.chosen.push((part, k));
    }

    fn binomial(&mut self, r: u32, k: u32) -> &Number {
        let row = &mut self.binomials[r as usize];
        if row.is_empty() {
            let mut value = BigInt::from(1);
            for k in 0..=r {
                row.push(Number::from_big(value.clone().into()));
                value *= r - k;
                value /= k + 1;
            }
        }
        &row[k as usize]
    }

    fn power(&mut self, part: usize, k: usize) -> &Number {
        let powers = &mut self.powers[part];
        if powers.is_empty() {
            powers.push(Number::ONE);
        }
        while powers.len() <= k {
            let next = &powers[powers.len() - 1] * &self.parts[part].1;
            powers.push(next);
        }
        &powers[k]
    }
}
