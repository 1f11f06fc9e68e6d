//! Terms as linear combinations of derivatives: `t = Σ coefficient·∂^orders(atom)` with constant coefficients.
//!
//! An atom is a field or what is not linear in them (a product, a function, something given). This separates the linear
//! constant-coefficient part of an equation from the rest however the user wrote it, and says which derivatives of what
//! have to be computed.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::setting::{Orders, Setting};
use crate::terms::{Number, Pool, Term, View};

/// What is differentiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// A field.
    Field(usize),
    /// Something else; constants are multiples of the atom 1.
    Other(Term),
}

/// `Σ coefficient·∂^orders(atom)`; coefficients are constant over parameters and not 0.
pub type Form = BTreeMap<(Atom, Orders), Term>;

/// Forms of all terms seen so far, by index.
#[derive(Debug, Clone, Default)]
pub(super) struct FormTable(Vec<Option<Rc<Form>>>);

impl FormTable {
    fn of(&self, t: Term) -> &Rc<Form> {
        self.0[t.index()].as_ref().expect("children come first")
    }
}

impl Setting {
    /// The form of a term; each shared term is looked at once.
    pub fn form(&mut self, pool: &mut Pool, t: Term) -> Rc<Form> {
        for t in pool.reachable(&[t]) {
            self.forms.0.resize(pool.len(), None);
            if self.forms.0[t.index()].is_none() {
                let form = self.form_of(pool, t);
                self.forms.0[t.index()] = Some(Rc::new(form));
            }
        }
        self.forms.of(t).clone()
    }

    fn form_of(&mut self, pool: &mut Pool, t: Term) -> Form {
        if self.facts(pool, t).is_constant() {
            let one = pool.int(1);
            return Form::from([((Atom::Other(one), [0; 3]), t)]);
        }
        if let Some((inner, axis)) = self.partial(pool, t) {
            return self.differentiated(pool, inner, axis);
        }
        match pool.view(t) {
            View::Sum(constant, parts) => {
                let (constant, parts) = (constant.clone(), parts.to_vec());
                self.form_of_sum(pool, constant, &parts)
            }
            View::Product(coefficient, factors) => {
                let (coefficient, factors) = (coefficient.clone(), factors.to_vec());
                self.form_of_product(pool, coefficient, &factors)
            }
            View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Call(..) => {
                let one = pool.int(1);
                Form::from([((self.atom(pool, t), [0; 3]), one)])
            }
        }
    }

    fn atom(&self, pool: &Pool, t: Term) -> Atom {
        self.as_field(pool, t).map_or(Atom::Other(t), Atom::Field)
    }

    fn differentiated(&self, pool: &mut Pool, inner: Term, axis: usize) -> Form {
        let one = pool.int(1);
        let parts = self.forms.of(inner).iter();
        let varying = parts.filter(|((atom, _), _)| *atom != Atom::Other(one));
        let one_more = varying.map(|((atom, orders), coefficient)| {
            let mut orders = *orders;
            orders[axis] += 1;
            ((*atom, orders), *coefficient)
        });
        one_more.collect()
    }

    fn form_of_sum(&self, pool: &mut Pool, constant: Number, parts: &[(Term, Number)]) -> Form {
        let mut sums: BTreeMap<(Atom, Orders), Vec<(Term, Number)>> = BTreeMap::new();
        for (part, c) in parts {
            for (key, coefficient) in self.forms.of(*part).iter() {
                sums.entry(*key)
                    .or_default()
                    .push((*coefficient, c.clone()));
            }
        }
        let one = pool.int(1);
        if !constant.is_zero() {
            let key = (Atom::Other(one), [0; 3]);
            sums.entry(key).or_default().push((one, constant));
        }
        let total = |(key, sum): (_, Vec<_>)| (key, pool.linear(Number::ZERO, &sum));
        let form: Vec<_> = sums.into_iter().map(total).collect();
        let is_zero = |t: Term| pool.as_number(t).is_some_and(Number::is_zero);
        form.into_iter().filter(|(_, t)| !is_zero(*t)).collect()
    }

    fn form_of_product(
        &mut self,
        pool: &mut Pool,
        coefficient: Number,
        factors: &[(Term, Number)],
    ) -> Form {
        let is_constant = |f: &(Term, Number)| self.facts(pool, f.0).is_constant();
        let (constant, varying): (Vec<_>, Vec<_>) = factors.iter().cloned().partition(is_constant);
        let scale = pool.monomial(coefficient, &constant);
        let form = match varying.as_slice() {
            [(base, exponent)] if exponent.is_one() => (**self.forms.of(*base)).clone(),
            _ => {
                let (atom, one) = (pool.monomial(Number::ONE, &varying), pool.int(1));
                Form::from([((Atom::Other(atom), [0; 3]), one)])
            }
        };
        form.into_iter()
            .map(|(key, c)| (key, pool.mul(scale, c)))
            .collect()
    }

    /// A form as a term again.
    pub fn term_of<'a>(
        &self,
        pool: &mut Pool,
        fields: &[crate::terms::SymbolId],
        parts: impl IntoIterator<Item = (&'a (Atom, Orders), &'a Term)>,
    ) -> Term {
        let mut sum = Vec::new();
        for ((atom, orders), coefficient) in parts {
            let inner = match atom {
                Atom::Field(field) => pool.var(fields[*field]),
                Atom::Other(term) => *term,
            };
            let derivative = self.derivative(pool, inner, *orders);
            sum.push(pool.mul(*coefficient, derivative));
        }
        pool.sum(&sum)
    }
}
