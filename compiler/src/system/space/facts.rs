//! What is known of every term: its degree in the fields and what it varies with.

use super::setting::{Role, Setting};
use crate::terms::{Op, Pool, Term, View};

/// Degree in the fields and their derivatives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Degree {
    /// A polynomial of this degree.
    Polynomial(u32),
    /// Anything else.
    NonPolynomial,
}

/// What is known of a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermFacts {
    /// Degree in the fields.
    pub degree: Degree,
    /// Whether coordinates or given data occur, outside of fields.
    pub in_space: bool,
    /// Whether time, scalar states or reductions occur.
    pub in_time: bool,
}

impl TermFacts {
    const CONSTANT: TermFacts = TermFacts {
        degree: Degree::Polynomial(0),
        in_space: false,
        in_time: false,
    };

    /// A number over parameters only.
    pub fn is_constant(self) -> bool {
        self == TermFacts::CONSTANT
    }

    /// Whether fields occur.
    pub fn has_fields(self) -> bool {
        self.degree != Degree::Polynomial(0)
    }

    /// Everything of both.
    fn with(self, other: TermFacts) -> TermFacts {
        TermFacts {
            degree: self.degree.max(other.degree),
            in_space: self.in_space || other.in_space,
            in_time: self.in_time || other.in_time,
        }
    }
}

/// Facts of all terms seen so far, by index.
#[derive(Debug, Clone, Default)]
pub(super) struct FactTable(Vec<Option<TermFacts>>);

impl Setting {
    /// What is known of a term; each shared term is looked at once.
    pub fn facts(&mut self, pool: &Pool, t: Term) -> TermFacts {
        self.facts.0.resize(pool.len(), None);
        if let Some(facts) = self.facts.0[t.index()] {
            return facts;
        }
        for t in pool.reachable(&[t]) {
            if self.facts.0[t.index()].is_none() {
                self.facts.0[t.index()] = Some(self.facts_of(pool, t));
            }
        }
        self.known(t)
    }

    fn known(&self, t: Term) -> TermFacts {
        self.facts.0[t.index()].expect("children come first")
    }

    fn facts_of(&self, pool: &Pool, t: Term) -> TermFacts {
        let constant = TermFacts::CONSTANT;
        match pool.view(t) {
            View::Number(_) | View::Constant(_) => constant,
            View::Symbol(symbol) => match self.role(symbol) {
                Role::Field(_) => TermFacts {
                    degree: Degree::Polynomial(1),
                    ..constant
                },
                Role::Coordinate(_) | Role::Given => TermFacts {
                    in_space: true,
                    ..constant
                },
                Role::Varying => TermFacts {
                    in_time: true,
                    ..constant
                },
                Role::Constant => constant,
            },
            View::Sum(_, parts) => parts
                .iter()
                .fold(constant, |sum, (part, _)| sum.with(self.known(*part))),
            View::Product(_, factors) => {
                let mut facts = constant;
                let mut degree = Degree::Polynomial(0);
                for (base, exponent) in factors {
                    let base = self.known(*base);
                    facts = facts.with(base);
                    let power = exponent.as_i64().and_then(|e| u32::try_from(e).ok());
                    degree = match (degree, base.degree, power) {
                        (sum, Degree::Polynomial(0), _) => sum,
                        (Degree::Polynomial(sum), Degree::Polynomial(d), Some(e)) => {
                            Degree::Polynomial(sum + d * e)
                        }
                        (_, _, _) => Degree::NonPolynomial,
                    };
                }
                TermFacts { degree, ..facts }
            }
            View::Call(op, args) => self.facts_of_call(pool, t, op, args),
        }
    }

    fn facts_of_call(&self, pool: &Pool, t: Term, op: Op, args: &[Term]) -> TermFacts {
        if let Some((inner, _)) = self.partial(pool, t) {
            return self.known(inner);
        }
        let all = args
            .iter()
            .fold(TermFacts::CONSTANT, |sum, arg| sum.with(self.known(*arg)));
        if Op::REDUCTIONS.contains(&op) {
            return TermFacts {
                in_time: true,
                ..TermFacts::CONSTANT
            };
        }
        let degree = if all.has_fields() {
            Degree::NonPolynomial
        } else {
            all.degree
        };
        TermFacts { degree, ..all }
    }
}
