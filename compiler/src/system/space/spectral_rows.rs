//! Rows, constraints and reductions in modes.

use std::collections::{BTreeMap, BTreeSet};

use super::forms::{Atom, Form};
use super::lower::Entry;
use super::program::{ArrayId, Cut, Mean, Multiplier};
use super::reductions::Reduced;
use super::setting::Orders;
use super::spectral::Spectral;
use crate::terms::Term;

/// An operator on one atom: `Σ coefficient·∂^orders`.
type Operator = BTreeMap<Orders, Term>;

/// The part of a row that is not linear in fields with constant coefficients.
#[derive(Debug, Clone, Default)]
struct Products {
    /// What is done to each product.
    operators: BTreeMap<Term, Operator>,
    /// What is the same everywhere.
    raised: Option<Term>,
}

impl Spectral<'_> {
    /// Replaces reductions by computed scalars.
    pub fn reduce(&mut self, reduced: &[Reduced]) {
        for r in reduced {
            let array = self.value_array(r.of);
            self.builder.reduce(array, r.kind, r.symbol);
            self.builder.reductions.push(r.symbol);
        }
    }

    /// An array with the value of a term in nodes.
    pub fn value_array(&mut self, t: Term) -> ArrayId {
        let value = self.value(t);
        let reads = self.reads.used(self.pool, &[value]);
        if let [read] = reads.as_slice()
            && self.pool.as_symbol(value) == Some(read.symbol)
            && !self.builder.inputs.contains(&read.array)
        {
            return read.array;
        }
        self.builder.pointwise(self.pool, &self.reads, &[value])[0]
    }

    /// `field = -(other parts)/(own multiplier)` in modes; whether the residual is linear in the field.
    pub fn solve(&mut self, field: usize, residual: Term, mean: Option<Term>) -> bool {
        let form = self.setting.form(self.pool, residual);
        let zero = self.pool.int(0);
        let mut own = Multiplier { re: zero, im: zero };
        let mut others = Vec::new();
        let mut atoms = Vec::new();
        // What the operator makes of a constant, and constants on the other side.
        let (mut of_constants, mut constants) = (Vec::new(), Vec::new());
        for (&(atom, orders), &coefficient) in form.iter() {
            match atom {
                Atom::Field(f) if f == field => {
                    if orders == [0; 3] {
                        of_constants.push(coefficient);
                    }
                    let part = self.multiplier(orders, coefficient);
                    own = own.plus(self.pool, part);
                }
                Atom::Other(a) if self.is_uniform(a) => {
                    constants.push(self.pool.mul(coefficient, a));
                }
                Atom::Other(a) if self.setting.extent(self.pool, &[a]).contains_key(&field) => {
                    return false;
                }
                Atom::Other(a) => {
                    atoms.push(a);
                    others.push((atom, orders, coefficient));
                }
                Atom::Field(_) => others.push((atom, orders, coefficient)),
            }
        }
        self.forward_atoms(&atoms);
        let mut terms = Vec::new();
        for (atom, orders, coefficient) in others {
            let minus = self.pool.neg(coefficient);
            let part = self.multiplier(orders, minus);
            terms.push((self.modes_of(atom), part.over(self.pool, own)));
        }
        let mean = match mean {
            Some(mean) => Mean::Set(mean),
            // Nothing but `mean` says what the mean is.
            None if of_constants.is_empty() => Mean::Set(zero),
            None if constants.is_empty() => Mean::Computed,
            None => {
                let (by, sum) = (self.pool.sum(&of_constants), self.pool.sum(&constants));
                let quotient = self.pool.div(sum, by);
                Mean::Raised(self.pool.neg(quotient))
            }
        };
        let modes = self.diagonal(terms, Cut::All, mean);
        self.fields[field].modes = Some(modes);
        true
    }

    /// The rows in modes: nonlinear parts only, or with the linear ones and back in nodes.
    pub fn rows_in_modes(&mut self, rows: &[Term], entry: Entry) -> Vec<ArrayId> {
        let complete = entry == Entry::Nodes;
        let forms: Vec<_> = rows
            .iter()
            .map(|t| self.setting.form(self.pool, *t))
            .collect();
        let products: Vec<_> = forms.iter().map(|form| self.products(form)).collect();
        let forwarded = self.forward_products(&products);
        let mut outputs = Vec::new();
        for ((form, products), terms) in forms.iter().zip(&products).zip(forwarded) {
            let linear = self.linear_terms(form, complete);
            let mean = products.raised.map_or(Mean::Computed, Mean::Raised);
            let keep = self.cut.clone();
            let modes = if linear.is_empty() || keep == Cut::All {
                let all = terms.into_iter().chain(linear).collect();
                self.diagonal(all, keep, mean)
            } else {
                let cut = self.diagonal(terms, keep, mean);
                let one = self.pool.int(1);
                let one = Multiplier::real(self.pool, one);
                let all = linear.into_iter().chain([(cut, one)]).collect();
                self.diagonal(all, Cut::All, Mean::Computed)
            };
            outputs.push(if complete {
                self.builder.inverse(modes)
            } else {
                modes
            });
        }
        outputs
    }

    /// The parts of fields: of solved ones always, of the others in a complete row.
    fn linear_terms(&mut self, form: &Form, complete: bool) -> Vec<(ArrayId, Multiplier)> {
        let mut terms = Vec::new();
        for (&(atom, orders), &coefficient) in form {
            let Atom::Field(field) = atom else { continue };
            let is_input = self.builder.inputs.iter().any(|a| {
                self.fields[field].modes == Some(*a) || self.fields[field].nodes == Some(*a)
            });
            if complete || !is_input {
                let modes = self.field_modes(field);
                terms.push((modes, self.multiplier(orders, coefficient)));
            }
        }
        terms
    }

    /// What is done to every atom of a form that is not a field.
    fn products(&mut self, form: &Form) -> Products {
        let mut products = Products::default();
        let mut raised = Vec::new();
        for (&(atom, orders), &coefficient) in form {
            let Atom::Other(a) = atom else { continue };
            if !self.is_uniform(a) {
                products
                    .operators
                    .entry(a)
                    .or_default()
                    .insert(orders, coefficient);
            } else if orders == [0; 3] {
                raised.push(self.pool.mul(coefficient, a));
            }
        }
        products.raised = (!raised.is_empty()).then(|| self.pool.sum(&raised));
        products
    }

    /// Whether an atom is the same everywhere, so that it has one mode only.
    fn is_uniform(&mut self, a: Term) -> bool {
        let facts = self.setting.facts(self.pool, a);
        !facts.has_fields() && !facts.in_space
    }

    /// Transforms the products of all rows, each once or, where that needs fewer transforms, summed as far as the same operator
    /// acts on them. By row: the arrays with their multipliers.
    fn forward_products(&mut self, rows: &[Products]) -> Vec<Vec<(ArrayId, Multiplier)>> {
        let grouped: Vec<Vec<(Term, Operator)>> =
            rows.iter().map(|row| self.grouped(row)).collect();
        let singly: Vec<Vec<(Term, Operator)>> = rows
            .iter()
            .map(|row| row.operators.clone().into_iter().collect())
            .collect();
        let distinct = |rows: &[Vec<(Term, Operator)>]| -> BTreeSet<Term> {
            rows.iter().flatten().map(|(t, _)| *t).collect()
        };
        let rows = if distinct(&singly).len() <= distinct(&grouped).len() {
            singly
        } else {
            grouped
        };
        let wanted: Vec<Term> = distinct(&rows).into_iter().collect();
        let arrays = self.forward_atoms(&wanted);
        let array_of: BTreeMap<Term, ArrayId> = wanted.into_iter().zip(arrays).collect();
        let mut out = vec![Vec::new(); rows.len()];
        for (terms, row) in out.iter_mut().zip(&rows) {
            for (product, operator) in row {
                for (orders, coefficient) in operator {
                    terms.push((array_of[product], self.multiplier(*orders, *coefficient)));
                }
            }
        }
        out
    }

    /// The products of a row, summed where the same operator acts on them.
    fn grouped(&mut self, row: &Products) -> Vec<(Term, Operator)> {
        let mut groups: BTreeMap<Operator, Vec<Term>> = BTreeMap::new();
        for (&a, operator) in &row.operators {
            let (scale, unit) = self.normalised(operator);
            groups
                .entry(unit)
                .or_default()
                .push(self.pool.mul(scale, a));
        }
        let sums = groups
            .into_iter()
            .map(|(operator, parts)| (self.pool.sum(&parts), operator));
        sums.collect()
    }

    /// An operator as a multiple of one whose first coefficient is 1.
    fn normalised(&mut self, operator: &Operator) -> (Term, Operator) {
        let scale = *operator.values().next().expect("operators have parts");
        let unit = operator.iter().map(|(o, c)| (*o, self.pool.div(*c, scale)));
        let mut unit: Operator = unit.collect();
        let one = self.pool.int(1);
        if let Some(first) = unit.values_mut().next() {
            *first = one; // c/c, also where that may be undefined
        }
        (scale, unit)
    }
}
