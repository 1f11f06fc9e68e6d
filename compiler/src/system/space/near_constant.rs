//! Coefficients that vary little: their mean belongs to the linear part with constant coefficients, the rest of them does not.

use rustc_hash::FxHashMap;

use super::evolution::Evolution;
use super::forms::{Atom, Form};
use super::setting::{Orders, Role, Setting};
use crate::model::entities::Method;
use crate::terms::{Number, Pool, Term, View};

/// How far a coefficient may be from its mean, in units of it: with more, steps of what is left would be no longer than without a mean.
const LARGEST_DEVIATION: f64 = 0.5;
/// Places per axis at which a coefficient is looked at, by the number of axes along which it varies.
const PLACES: [i64; 4] = [1, 16, 8, 4];

/// `a·g` with a coefficient that is known at every place and an operator on fields.
struct Varying {
    coefficient: Term,
    of: Term,
}

impl Evolution {
    /// Whether a linear part with constant coefficients is stepped in modes.
    fn has_modes(&self) -> bool {
        let choices = self.choices.iter().zip(&self.axes);
        choices.into_iter().all(|(choice, axis)| {
            let fits = matches!(choice.method, Method::Fourier | Method::Central { .. });
            fits && axis.periodic && axis.map.is_none()
        })
    }

    /// Rows in which `a·∂²u` with a coefficient that varies little stands as `m·∂²u + (a - m)·∂²u` with its mean m, where that helps.
    pub(super) fn with_means(
        &self,
        pool: &mut Pool,
        setting: &mut Setting,
        rows: &[Term],
    ) -> Vec<Term> {
        if !self.has_modes() {
            return rows.to_vec();
        }
        let rows = rows.iter();
        rows.map(|row| self.with_mean(pool, setting, *row))
            .collect()
    }

    fn with_mean(&self, pool: &mut Pool, setting: &mut Setting, row: Term) -> Term {
        let form = setting.form(pool, row);
        let mut kept = Form::new();
        let mut sum = Vec::new();
        for (&(atom, orders), &factor) in form.iter() {
            let mean = match atom {
                Atom::Field(_) => None,
                Atom::Other(a) => varying(pool, setting, a, orders).and_then(|varying| {
                    let mean = self.mean(pool, setting, varying.coefficient)?;
                    Some((varying, mean))
                }),
            };
            let Some((varying, mean)) = mean else {
                kept.insert((atom, orders), factor);
                continue;
            };
            let left = pool.sub(varying.coefficient, mean);
            let left = pool.mul(left, varying.of);
            for (factor, of) in [(pool.mul(factor, mean), varying.of), (factor, left)] {
                let derivative = setting.derivative(pool, of, orders);
                sum.push(pool.mul(factor, derivative));
            }
        }
        if sum.is_empty() {
            return row;
        }
        sum.push(setting.term_of(pool, &self.symbols(), kept.iter()));
        pool.sum(&sum)
    }

    /// The mean of a coefficient over a few places, over parameters; `None` where it varies much with their values in the model.
    fn mean(&self, pool: &mut Pool, setting: &Setting, coefficient: Term) -> Option<Term> {
        let used = pool.symbols_in(&[coefficient]);
        let axes: Vec<usize> = (0..self.axes.len())
            .filter(|axis| used.contains(&setting.axes[*axis]))
            .collect();
        let n = PLACES[axes.len()];
        let mut values = vec![coefficient];
        for axis in axes {
            let spec = &self.axes[axis];
            let (from, length) = (spec.from, pool.sub(spec.to, spec.from));
            let x = pool.var(setting.axes[axis]);
            let mut at_places = Vec::new();
            for place in 0..n {
                let part = Number::ratio(2 * place + 1, 2 * n)?;
                let there = pool.linear(Number::ZERO, &[(from, Number::ONE), (length, part)]);
                let map = FxHashMap::from_iter([(x, there)]);
                at_places.extend(pool.substitute(&values, &map));
            }
            values = at_places;
        }
        let sum = pool.sum(&values);
        let mean = pool.scale(&Number::ratio(1, values.len() as i64)?, sum);
        values.push(mean);
        let mut symbols = vec![f64::NAN; pool.n_symbols()];
        for &(symbol, value) in &self.parameters {
            symbols[symbol.0 as usize] = pool.eval(&[value], &symbols)[0];
        }
        let numbers = pool.eval(&values, &symbols);
        let (middle, numbers) = numbers.split_last()?;
        let is_near = |a: &f64| (a - middle).abs() <= LARGEST_DEVIATION * middle.abs();
        numbers.iter().all(is_near).then_some(mean)
    }
}

/// A product of a coefficient over coordinates and an operator of even order, at least two, on fields.
fn varying(pool: &mut Pool, setting: &mut Setting, t: Term, outer: Orders) -> Option<Varying> {
    let View::Product(_, factors) = pool.view(t) else {
        return None;
    };
    let factors = factors.to_vec();
    let mut with_fields = factors
        .into_iter()
        .filter(|(f, _)| setting.facts(pool, *f).has_fields());
    let (of, exponent) = with_fields.next()?;
    if with_fields.next().is_some() || !exponent.is_one() {
        return None;
    }
    let is_stiff = |(atom, inner): &(Atom, Orders)| {
        let order: u8 = inner.iter().chain(&outer).sum();
        matches!(atom, Atom::Field(_)) && order >= 2 && order.is_multiple_of(2)
    };
    if !setting.form(pool, of).keys().all(is_stiff) {
        return None;
    }
    let one = pool.int(1);
    let coefficient = pool.substitute(&[t], &FxHashMap::from_iter([(of, one)]))[0];
    let in_time = setting.facts(pool, coefficient).in_time;
    let mut symbols = pool.symbols_in(&[coefficient]).into_iter();
    let is_given = symbols.any(|symbol| setting.role(symbol) == Role::Given);
    (!in_time && !is_given).then_some(Varying { coefficient, of })
}
