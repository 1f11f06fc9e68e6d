//! Finding unknown units by unification.
//!
//! An equation between two products of units determines one unknown in them, as in A. Kennedy, *Relational parametricity
//! and units of measure*, POPL 1997, doi:10.1145/263699.263761; exponents are rational here, so one division solves for any
//! unknown. Unknowns take the size of the unit too: an undeclared rate constant among `uM` and `min` is in `1/min` and no
//! factor appears.

use super::{Atom, AtomKind, Measure, Measures};
use crate::terms::Number;

impl Measures {
    /// Whether two measures agree, but for their sizes; finds unknowns so that they do.
    pub fn unify(&mut self, a: Measure, b: Measure) -> bool {
        if a == b || a == Measure::ANY || b == Measure::ANY {
            return true;
        }
        let ratio = self.quotient(a, b);
        let ratio = self.resolve(ratio);
        if ratio == Measure::ANY || self.is_number(ratio) {
            return true;
        }
        if let Some((atom, n)) = self.unknown_in(ratio) {
            self.solve(ratio, atom, &n);
            return true;
        }
        match self.matching_powers(ratio) {
            Some((one, other)) => self.unify(one, other) && self.unify(a, b),
            None => false,
        }
    }

    /// The unknown to solve for: the last one.
    fn unknown_in(&self, m: Measure) -> Option<(Atom, Number)> {
        let is_unknown = |(atom, _): &&(Atom, Number)| {
            matches!(self.atoms[atom.0 as usize], AtomKind::Unknown { .. })
        };
        let found = self.content(m).powers.iter().rfind(is_unknown);
        found.cloned()
    }

    /// Makes `ratio`, which holds `atom^n`, a pure one.
    fn solve(&mut self, ratio: Measure, atom: Atom, n: &Number) {
        let whole = self.of_atom(atom);
        let exponent = n.recip().map(|r| -r).expect("exponents are not zero");
        let power = self.power(whole, n);
        let rest = power.map(|power| self.quotient(ratio, power));
        let value = rest.and_then(|rest| self.power(rest, &exponent));
        if let AtomKind::Unknown { solution, .. } = &mut self.atoms[atom.0 as usize] {
            *solution = Some(value.unwrap_or(Measure::ANY));
        }
    }

    /// The bases of two open powers that cancel if their bases agree.
    fn matching_powers(&self, m: Measure) -> Option<(Measure, Measure)> {
        let open = |(atom, n): &(Atom, Number)| match self.atoms[atom.0 as usize] {
            AtomKind::Power { base, exponent } => Some((base, exponent, n.clone())),
            AtomKind::Unit { .. } | AtomKind::Unknown { .. } => None,
        };
        let powers: Vec<_> = self.content(m).powers.iter().filter_map(open).collect();
        powers
            .iter()
            .enumerate()
            .find_map(|(i, (base, exponent, n))| {
                let partner = powers[i + 1..].iter().find(|(b, e, k)| {
                    let is_open = !self.content(*b).is_plain || !self.content(*base).is_plain;
                    e == exponent && *k == -n.clone() && is_open
                })?;
                Some((*base, partner.0))
            })
    }
}
