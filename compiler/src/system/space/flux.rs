//! Conservation form: `row = -Σ ∂flux/∂x + source`, found by integrating products.

use std::collections::BTreeMap;

use super::forms::Atom;
use super::setting::Setting;
use crate::terms::{Number, Pool, SymbolId, Term, View};

/// A row as fluxes by axis and a source without derivatives.
#[derive(Debug, Clone, PartialEq)]
pub struct FluxForm {
    /// What flows along each axis.
    pub fluxes: Vec<Term>,
    /// What is made at each place.
    pub source: Term,
}

/// What is not a derivative yet: products and their coefficients.
type Rest = BTreeMap<Term, Term>;

impl Setting {
    /// The conservation form of a row, or a part of it that is not the divergence of anything found.
    ///
    /// # Errors
    /// The part.
    pub fn flux_form(
        &mut self,
        pool: &mut Pool,
        fields: &[SymbolId],
        row: Term,
    ) -> Result<FluxForm, Term> {
        let mut fluxes = vec![Vec::new(); self.axes.len()];
        let mut source = Vec::new();
        let mut rest = Rest::new();
        for (&(atom, mut orders), &coefficient) in self.form(pool, row).iter() {
            let inner = match atom {
                Atom::Field(field) => pool.var(fields[field]),
                Atom::Other(a) => a,
            };
            if let Some(axis) = orders.iter().position(|n| *n > 0) {
                orders[axis] -= 1;
                let flux = self.derivative(pool, inner, orders);
                fluxes[axis].push(pool.mul(coefficient, flux));
            } else if self.has_derivatives(pool, inner) {
                rest.insert(inner, coefficient);
            } else {
                source.push(pool.mul(coefficient, inner));
            }
        }
        while let Some((&product, &coefficient)) = rest.first_key_value() {
            let Some((axis, potential)) = self.potential(pool, fields, product) else {
                return Err(pool.mul(coefficient, product));
            };
            if !self.take(
                pool,
                fields,
                axis,
                potential,
                coefficient,
                &mut rest,
                &mut source,
            ) {
                return Err(pool.mul(coefficient, product));
            }
            fluxes[axis].push(pool.mul(coefficient, potential));
        }
        let negative = |pool: &mut Pool, sum: Vec<Term>| {
            let sum = pool.sum(&sum);
            pool.neg(sum)
        };
        let fluxes = fluxes.into_iter().map(|sum| negative(pool, sum)).collect();
        Ok(FluxForm {
            fluxes,
            source: pool.sum(&source),
        })
    }

    /// Whether derivatives of fields occur.
    pub fn has_derivatives(&self, pool: &Pool, t: Term) -> bool {
        self.extent(pool, &[t])
            .values()
            .any(|orders| *orders != [0; 3])
    }

    /// Of `m·dx(u)` with a monomial m: the axis and `∫ m du`.
    fn potential(
        &self,
        pool: &mut Pool,
        fields: &[SymbolId],
        product: Term,
    ) -> Option<(usize, Term)> {
        let factors = match pool.view(product) {
            View::Product(_, factors) => factors.to_vec(),
            View::Number(_)
            | View::Symbol(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Call(..) => {
                vec![(product, Number::ONE)]
            }
        };
        let mut slopes = factors
            .iter()
            .filter(|(base, _)| self.has_derivatives(pool, *base));
        let ((slope, power), None) = (slopes.next()?.clone(), slopes.next()) else {
            return None;
        };
        let (inner, axis) = self.partial(pool, slope)?;
        let field = self.as_field(pool, inner)?;
        if !power.is_one() {
            return None;
        }
        let others: Vec<_> = factors
            .into_iter()
            .filter(|(base, _)| *base != slope)
            .collect();
        let mut exponent = Number::ONE;
        for (base, n) in &others {
            if *base == inner {
                exponent = &exponent + n;
            } else if pool.symbols_in(&[*base]).contains(&fields[field]) {
                return None;
            }
        }
        let coefficient = exponent.recip()?;
        let mut factors = others;
        factors.push((inner, Number::ONE));
        Some((axis, pool.monomial(coefficient, &factors)))
    }

    /// Takes `coefficient·∂potential` out of the rest; whether all of it was there.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step of a loop over all of these"
    )]
    fn take(
        &self,
        pool: &mut Pool,
        fields: &[SymbolId],
        axis: usize,
        potential: Term,
        coefficient: Term,
        rest: &mut Rest,
        source: &mut Vec<Term>,
    ) -> bool {
        for symbol in fields {
            let by_field = pool.derivative(potential, *symbol);
            let field = pool.var(*symbol);
            let slope = pool.partial(field, self.axes[axis]);
            let part = pool.mul(by_field, slope);
            let number = match pool.view(part) {
                View::Number(n) if n.is_zero() => continue,
                View::Product(n, _) => n.clone(),
                View::Number(_)
                | View::Symbol(_)
                | View::Constant(_)
                | View::Sum(..)
                | View::Call(..) => Number::ONE,
            };
            let Some(inverse) = number.recip() else {
                return false;
            };
            let unit = pool.scale(&inverse, part);
            let wanted = pool.scale(&number, coefficient);
            if rest.get(&unit) != Some(&wanted) {
                return false;
            }
            rest.remove(&unit);
        }
        let explicit = pool.derivative(potential, self.axes[axis]);
        let explicit = pool.mul(coefficient, explicit);
        source.push(pool.neg(explicit));
        true
    }
}
