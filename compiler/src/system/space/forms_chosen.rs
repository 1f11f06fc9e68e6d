//! Which of the equal forms of the rows is lowered: the one with the fewest transforms, then the cheapest pointwise steps.

use std::collections::BTreeMap;

use super::error::SpaceError;
use super::forms::Atom;
use super::lower::{Goal, Lowering};
use super::program::SpaceProgram;
use crate::model::field_rules;
use crate::simplify::{EqualForm, Facts, FieldRules, FieldSums, cost};
use crate::terms::{Number, Term, View};

/// The rows in one form.
#[derive(Debug, Clone, Default)]
pub(super) struct RowsForm {
    pub rows: Vec<Term>,
    /// What was rewritten, by which rules, in order, and what they made of it.
    pub rewritten: Vec<Rewritten>,
}

/// A sum of products, and the rules that lead to the form that is lowered.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewritten {
    /// As the equations have it.
    pub sum: Term,
    /// Names of rules, and the whole sum after each.
    pub steps: Vec<(String, Term)>,
}

/// Products of a row that have the same symbolic coefficient.
#[derive(Debug, Clone)]
struct Group {
    row: usize,
    coefficient: Term,
    parts: Vec<(Term, Number)>,
}

impl Lowering<'_> {
    /// The cheapest program of rows on periodic axes, and its form.
    pub fn cheapest(&mut self, goal: &Goal) -> Result<SpaceProgram, SpaceError> {
        let program = self.spectral(goal)?;
        let mut best = (self.price(&program), program, RowsForm::default());
        for form in self.equal_forms() {
            let terms = form.rows.clone();
            let other = self.spectral(&Goal {
                terms,
                ..goal.clone()
            })?;
            let price = self.price(&other);
            if price < best.0 {
                best = (price, other, form);
            }
        }
        self.rewritten = best.2.rewritten;
        Ok(best.1)
    }

    fn price(&self, program: &SpaceProgram) -> (usize, u64) {
        let pointwise = cost(self.pool, &program.pointwise_terms(), &Facts::default());
        (program.n_transforms(), pointwise)
    }

    /// Other forms of the rows.
    fn equal_forms(&mut self) -> Vec<RowsForm> {
        if let Some(forms) = &self.forms {
            return forms.clone();
        }
        let (groups, others) = self.groups();
        let forms = if groups.is_empty() {
            Vec::new()
        } else {
            let sums: Vec<Vec<(Term, Number)>> = groups.iter().map(|g| g.parts.clone()).collect();
            let equal = self.equal_factors(&sums);
            let given = FieldSums {
                sums: &sums,
                fields: &self.evolution.symbols(),
                n_integrated: self.evolution.fields.len(),
                coordinates: &self.setting.axes.clone(),
                equal: &equal,
            };
            let rules = FieldRules::new(&field_rules());
            let forms = rules.equal_forms(self.pool, given);
            let forms = forms.into_iter();
            forms
                .map(|form| self.rows_of(&groups, &others, form))
                .collect()
        };
        self.forms.insert(forms).clone()
    }

    /// The products of all rows, and what is left of each row.
    fn groups(&mut self) -> (Vec<Group>, Vec<Term>) {
        let symbols = self.evolution.symbols();
        let mut groups: BTreeMap<(usize, Term), Vec<(Term, Number)>> = BTreeMap::new();
        let mut others = Vec::new();
        for (row, t) in self.rows.clone().into_iter().enumerate() {
            let mut rest = Vec::new();
            for (&(atom, orders), &coefficient) in self.setting.form(self.pool, t).iter() {
                let inner = match atom {
                    Atom::Field(field) => self.pool.var(symbols[field]),
                    Atom::Other(t) => t,
                };
                let part = self.setting.derivative(self.pool, inner, orders);
                match atom {
                    Atom::Other(t) if self.setting.facts(self.pool, t).has_fields() => {
                        let (number, symbolic) = self.number_of(coefficient);
                        groups
                            .entry((row, symbolic))
                            .or_default()
                            .push((part, number));
                    }
                    Atom::Field(_) | Atom::Other(_) => rest.push(self.pool.mul(coefficient, part)),
                }
            }
            others.push(self.pool.sum(&rest));
        }
        let group = |((row, coefficient), parts)| Group {
            row,
            coefficient,
            parts,
        };
        (groups.into_iter().map(group).collect(), others)
    }

    /// A coefficient as a number times what is symbolic.
    fn number_of(&mut self, coefficient: Term) -> (Number, Term) {
        match self.pool.view(coefficient) {
            View::Number(n) => (n.clone(), self.pool.int(1)),
            View::Product(n, factors) => {
                let (n, factors) = (n.clone(), factors.to_vec());
                (n, self.pool.monomial(Number::ONE, &factors))
            }
            View::Symbol(_) | View::Constant(_) | View::Sum(..) | View::Call(..) => {
                (Number::ONE, coefficient)
            }
        }
    }

    /// What constraints say of the derivatives of fields that occur in the sums: that of the vorticity is that of a Laplacian. Not of
    /// the fields themselves, whose constant part a constraint may not see.
    fn equal_factors(&mut self, sums: &[Vec<(Term, Number)>]) -> Vec<(Term, Term)> {
        let terms: Vec<Term> = sums.iter().flatten().map(|(t, _)| *t).collect();
        let used = self.pool.symbols_in(&terms);
        let symbols = self.evolution.symbols();
        let mut equal = Vec::new();
        for residual in self.residuals.clone() {
            let form = self.setting.form(self.pool, residual);
            let is_linear = form.keys().all(|(atom, _)| matches!(atom, Atom::Field(_)));
            for (&(atom, orders), &coefficient) in form.iter().filter(|_| is_linear) {
                let (Atom::Field(field), [0, 0, 0]) = (atom, orders) else {
                    continue;
                };
                let is_once = form.keys().filter(|(other, _)| *other == atom).count() == 1;
                let Some(number) = self.pool.as_number(coefficient).cloned() else {
                    continue;
                };
                if !is_once || !used.contains(&symbols[field]) {
                    continue;
                }
                let others = form.iter().filter(|((other, _), _)| *other != atom);
                let others = self.setting.term_of(self.pool, &symbols, others);
                let factor = -&number.recip().expect("coefficients are not zero");
                let others = self.pool.scale(&factor, others);
                for axis in self.setting.axes.clone() {
                    let field = self.pool.var(symbols[field]);
                    let sides = [field, others].map(|t| self.pool.partial(t, axis));
                    equal.push((sides[0], sides[1]));
                }
            }
        }
        equal
    }

    fn rows_of(&mut self, groups: &[Group], others: &[Term], form: EqualForm) -> RowsForm {
        let mut rows: Vec<Vec<Term>> = others.iter().map(|t| vec![*t]).collect();
        let mut rewritten = Vec::new();
        for ((group, sum), steps) in groups.iter().zip(form.sums).zip(form.steps) {
            rows[group.row].push(self.pool.mul(group.coefficient, sum));
            if !steps.is_empty() {
                let sum = self.pool.linear(Number::ZERO, &group.parts);
                rewritten.push(Rewritten { sum, steps });
            }
        }
        RowsForm {
            rows: rows.iter().map(|parts| self.pool.sum(parts)).collect(),
            rewritten,
        }
    }
}
