//! What the form of a term shows about its value, kept with each node.
//!
//! These facts hold for all finite real values of the symbols and license the merging and dropping that `linear` and `monomial` do.
//! What depends on declared bounds (species are ≥ 0) belongs to `simplify`.

use super::op::Range;
use super::pool::Kind;
use super::{Number, Op, Pool, Term};

/// Defined everywhere; and then perhaps ≥ 0; and then perhaps > 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Facts(u8);

impl Facts {
    /// May be undefined somewhere.
    pub(super) const NONE: Facts = Facts(0);
    /// Defined and finite everywhere.
    pub(super) const TOTAL: Facts = Facts(1);
    /// Defined and ≥ 0 everywhere.
    pub(super) const NON_NEGATIVE: Facts = Facts(2);
    /// Defined and > 0 everywhere.
    pub(super) const POSITIVE: Facts = Facts(3);

    pub(super) fn is_total(self) -> bool {
        self >= Facts::TOTAL
    }

    pub(super) fn is_non_negative(self) -> bool {
        self >= Facts::NON_NEGATIVE
    }

    pub(super) fn is_positive(self) -> bool {
        self == Facts::POSITIVE
    }

    fn of_number(n: &Number) -> Facts {
        match n.signum() {
            1 => Facts::POSITIVE,
            0 => Facts::NON_NEGATIVE,
            _ => Facts::TOTAL,
        }
    }

    /// Of a product of two; a sum of two differs in that one positive part suffices.
    fn times(self, other: Facts) -> Facts {
        self.min(other)
    }

    fn plus(self, other: Facts) -> Facts {
        let both = self.min(other);
        if both.is_non_negative() {
            self.max(other)
        } else {
            both
        }
    }
}

impl Pool {
    pub(super) fn facts_of_entries(
        &self,
        kind: Kind,
        head: &Number,
        entries: &[(Term, Number)],
    ) -> Facts {
        let head = Facts::of_number(head);
        match kind {
            Kind::Sum => entries.iter().fold(head, |facts, (t, c)| {
                facts.plus(self.facts(*t).times(Facts::of_number(c)))
            }),
            Kind::Product => entries.iter().fold(head, |facts, (b, e)| {
                facts.times(self.facts_of_power(*b, e))
            }),
            Kind::Number | Kind::Symbol | Kind::Constant | Kind::Call(_) => head,
        }
    }

    pub(super) fn facts_of_power(&self, base: Term, exponent: &Number) -> Facts {
        let facts = self.facts(base);
        if facts.is_positive() {
            return Facts::POSITIVE;
        }
        if exponent.signum() < 0 || !facts.is_total() {
            return Facts::NONE;
        }
        if facts.is_non_negative() || exponent.is_even() {
            return Facts::NON_NEGATIVE;
        }
        if exponent.is_integer() {
            Facts::TOTAL
        } else {
            Facts::NONE
        }
    }

    pub(super) fn facts_of_call(&self, op: Op, args: &[Term]) -> Facts {
        let of = |i: usize| self.facts(args[i]);
        let least = args
            .iter()
            .map(|&a| self.facts(a))
            .min()
            .unwrap_or(Facts::NONE);
        if op == Op::Pow && of(0).is_positive() && of(1).is_total() {
            return Facts::POSITIVE;
        }
        if !op.is_total() || !least.is_total() {
            return Facts::NONE;
        }
        if matches!(
            op,
            Op::Min | Op::Mean | Op::Integral | Op::Minimum | Op::Maximum
        ) {
            return least;
        }
        if op == Op::Max {
            return args.iter().map(|&a| self.facts(a)).max().unwrap_or(least);
        }
        if op == Op::If {
            return of(1).min(of(2));
        }
        match op.range() {
            Range::Any => Facts::TOTAL,
            Range::NonNegative => Facts::NON_NEGATIVE,
            Range::Positive => Facts::POSITIVE,
        }
    }
}
