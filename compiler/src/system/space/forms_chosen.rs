//! Which of the equal forms of the rows is lowered: the one with the fewest transforms, then the cheapest pointwise steps.

use std::collections::BTreeMap;

use super::error::SpaceError;
use super::evolution::Evolution;
use super::forms::Atom;
use super::lower::{Entry, Goal, Lowering};
use super::program::SpaceProgram;
use crate::model::field_rules;
use crate::simplify::{Facts, FieldRules, FieldSums, Proof, cost};
use crate::terms::{Number, Pool, Term, View};

/// Rows and their other forms.
#[derive(Debug, Clone)]
pub(super) struct Forms {
    of: Vec<Term>,
    others: Vec<Vec<Term>>,
}

/// For each sum of products that is rewritten before it is lowered: the sum, and how.
pub fn rewritten(pool: &mut Pool, evolution: &Evolution) -> Vec<(Term, Proof)> {
    let Ok(mut lowering) = Lowering::new(pool, evolution) else {
        return Vec::new();
    };
    let goal = lowering.rows_goal(Entry::Modes);
    if !lowering.has_equal_forms(&goal) {
        return Vec::new();
    }
    match lowering.cheapest(&goal) {
        Ok((Some(form), _)) => lowering.proofs(&goal.terms, form),
        Ok((None, _)) | Err(_) => Vec::new(), // errors were reported when the programs were made
    }
}

/// Products of a row that have the same symbolic coefficient.
#[derive(Debug, Clone)]
struct Group {
    row: usize,
    coefficient: Term,
    parts: Vec<(Term, Number)>,
}

impl Lowering<'_> {
    /// Whether rows may be lowered in another form: where products are exact up to what is cut off.
    pub fn has_equal_forms(&self, goal: &Goal) -> bool {
        goal.rows && self.is_spectral() && self.is_periodic()
    }

    /// The cheapest program of rows, and which of the other forms it is of.
    pub fn cheapest(&mut self, goal: &Goal) -> Result<(Option<usize>, SpaceProgram), SpaceError> {
        let program = self.spectral(goal)?;
        let mut best = (self.price(&program), None, program);
        for (i, terms) in self.equal_forms(&goal.terms).into_iter().enumerate() {
            let other = self.spectral(&Goal {
                terms,
                ..goal.clone()
            })?;
            let price = self.price(&other);
            if price < best.0 {
                best = (price, Some(i), other);
            }
        }
        Ok((best.1, best.2))
    }

    fn price(&self, program: &SpaceProgram) -> (usize, u64) {
        let pointwise = cost(self.pool, &program.pointwise_terms(), &Facts::default());
        (program.n_transforms(), pointwise)
    }

    /// Other forms of rows.
    fn equal_forms(&mut self, rows: &[Term]) -> Vec<Vec<Term>> {
        if let Some(forms) = &self.forms
            && forms.of == rows
        {
            return forms.others.clone();
        }
        let (groups, rest) = self.groups(rows);
        let others: Vec<Vec<Term>> = if groups.is_empty() {
            Vec::new()
        } else {
            let forms = self.search(&groups, FieldRules::equal_forms);
            let forms = forms.iter();
            forms
                .map(|sums| self.rows_of(&groups, &rest, sums))
                .collect()
        };
        self.forms = Some(Forms {
            of: rows.to_vec(),
            others: others.clone(),
        });
        others
    }

    fn proofs(&mut self, rows: &[Term], form: usize) -> Vec<(Term, Proof)> {
        let (groups, _) = self.groups(rows);
        let proofs = self.search(&groups, |rules, pool, given| {
            rules.explain(pool, given, form)
        });
        let sum = |group: &Group| self.pool.linear(Number::ZERO, &group.parts);
        let sums: Vec<Term> = groups.iter().map(sum).collect();
        sums.into_iter()
            .zip(proofs)
            .filter(|(_, proof)| !proof.steps.is_empty())
            .collect()
    }

    fn search<T>(
        &mut self,
        groups: &[Group],
        with: impl FnOnce(&FieldRules, &mut Pool, FieldSums) -> T,
    ) -> T {
        let sums: Vec<Vec<(Term, Number)>> = groups.iter().map(|g| g.parts.clone()).collect();
        let given = FieldSums {
            sums: &sums,
            fields: &self.evolution.symbols(),
            n_integrated: self.evolution.fields.len(),
            coordinates: &self.setting.axes.clone(),
            equal: &self.equal_factors(&sums),
        };
        let mut rules = field_rules();
        rules.extend(self.evolution.rules.iter().cloned());
        with(&FieldRules::new(&rules), self.pool, given)
    }

    /// The products of all rows, and what is left of each row.
    fn groups(&mut self, rows: &[Term]) -> (Vec<Group>, Vec<Term>) {
        let symbols = self.evolution.symbols();
        let mut groups: BTreeMap<(usize, Term), Vec<(Term, Number)>> = BTreeMap::new();
        let mut others = Vec::new();
        for (row, &t) in rows.iter().enumerate() {
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

    fn rows_of(&mut self, groups: &[Group], rest: &[Term], sums: &[Term]) -> Vec<Term> {
        let mut rows: Vec<Vec<Term>> = rest.iter().map(|t| vec![*t]).collect();
        for (group, sum) in groups.iter().zip(sums) {
            rows[group.row].push(self.pool.mul(group.coefficient, *sum));
        }
        rows.iter().map(|parts| self.pool.sum(parts)).collect()
    }
}
