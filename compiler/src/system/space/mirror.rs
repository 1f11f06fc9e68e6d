//! Fields that go on beyond walls as their mirror images: even where their slope vanishes, odd where they do.
//!
//! Where the equations keep that, fields between walls are half a period of periodic ones whose modes are cosines and sines, and
//! differences at walls are those of the images. Everything that holds for periodic grids holds for them.

use super::conditions::Requirement;
use super::evolution::Evolution;
use super::forms::Atom;
use super::lower::Lowering;
use super::program::{Mirror, Parity, Side};
use super::setting::Role;
use crate::model::entities::Method;
use crate::terms::{Op, Pool, Term, View};

/// Why fields do not go on beyond walls as their mirror images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum NoMirror {
    #[error("`{axis}` is not evenly spaced with central differences")]
    Scheme { axis: String },
    #[error("the equations use means or extrema")]
    Reductions,
    #[error("`{field}` is neither odd nor even about both ends of `{axis}`")]
    Conditions { field: String, axis: String },
    #[error("the equation of `{field}` does not keep it {parity} about the ends of `{axis}`")]
    Row {
        field: String,
        axis: String,
        parity: &'static str,
    },
}

impl Evolution {
    /// What fields are about the ends of axes; `None` where there are no walls, or other schemes.
    pub fn images(&self, pool: &mut Pool) -> Option<Result<Mirror, NoMirror>> {
        if self.axes.iter().all(|axis| axis.periodic) {
            return None;
        }
        match Lowering::new(pool, self).ok()?.mirrored() {
            Ok((_, mirror)) => Some(Ok(mirror)),
            Err(NoMirror::Scheme { .. }) => None,
            Err(why) => Some(Err(why)),
        }
    }
}

impl Lowering<'_> {
    /// The evolution on the grid that goes on to the mirror images of the other walls, with no walls left.
    pub fn mirrored(&mut self) -> Result<(Evolution, Mirror), NoMirror> {
        if !self.reduced.is_empty() {
            return Err(NoMirror::Reductions);
        }
        let names = self.evolution.names().into_iter().map(str::to_owned);
        let names: Vec<String> = names.collect();
        let mut mirror = Mirror {
            axes: [false; 3],
            parities: vec![[Parity::Even; 3]; names.len()],
        };
        let mut evolution = self.evolution.clone();
        for (spec, choice) in self.evolution.axes.iter().zip(&self.evolution.choices) {
            if !matches!(choice.method, Method::Central { .. }) || spec.map.is_some() {
                let axis = spec.name.clone();
                return Err(NoMirror::Scheme { axis });
            }
        }
        for axis in (0..self.axes.len()).filter(|a| !self.evolution.axes[*a].periodic) {
            let name = &self.evolution.axes[axis].name;
            for (field, of_field) in names.iter().enumerate() {
                let parity = self.parity_at_ends(field, axis);
                mirror.parities[field][axis] = parity.ok_or_else(|| NoMirror::Conditions {
                    field: of_field.clone(),
                    axis: name.clone(),
                })?;
            }
            let parities: Vec<Parity> = mirror.parities.iter().map(|p| p[axis]).collect();
            let rows: Vec<Term> = self.rows.iter().chain(&self.residuals).copied().collect();
            for ((row, field), &parity) in rows.into_iter().zip(&names).zip(&parities) {
                if row != self.pool.int(0) && self.parity(row, axis, &parities) != Some(parity) {
                    return Err(NoMirror::Row {
                        field: field.clone(),
                        axis: name.clone(),
                        parity: parity.name(),
                    });
                }
            }
            mirror.axes[axis] = true;
            let spec = &mut evolution.axes[axis];
            let twice = self.pool.add(spec.to, spec.to);
            spec.to = self.pool.sub(twice, spec.from);
            spec.points = 2 * (spec.points - 1);
            spec.periodic = true;
        }
        evolution.conditions.retain(|c| !mirror.axes[c.face.axis]);
        evolution.observables.clear();
        evolution.shown.clear();
        evolution.coupled.clear();
        Ok((evolution, mirror))
    }

    /// What the conditions of a field say at both ends of an axis.
    fn parity_at_ends(&mut self, field: usize, axis: usize) -> Option<Parity> {
        let equations: Vec<Term> = self.rows.iter().chain(&self.residuals).copied().collect();
        let extent = self.setting.extent(self.pool, &equations);
        let order = extent.get(&field).map_or(0, |orders| orders[axis]);
        if order % 2 == 1 {
            return None;
        }
        let mut found = None;
        for side in [Side::Lower, Side::Upper] {
            let conditions = self.requirements.get(&(field, (axis, side)));
            for condition in conditions.cloned().unwrap_or_else(Vec::new) {
                let Requirement::Equation(residual, order) = condition else {
                    return None;
                };
                let mut orders = [0; 3];
                orders[axis] = order;
                let form = self.setting.form(self.pool, residual);
                let is_plain = form.len() == 1 && form.contains_key(&(Atom::Field(field), orders));
                let parity = if order % 2 == 0 {
                    Parity::Odd
                } else {
                    Parity::Even
                };
                if !is_plain || found.is_some_and(|found| found != parity) {
                    return None;
                }
                found = Some(parity);
            }
        }
        Some(found.unwrap_or(Parity::Even))
    }

    /// The parity of a term about the ends of an axis, given that of every field.
    fn parity(&self, root: Term, axis: usize, fields: &[Parity]) -> Option<Parity> {
        let mut parities: Vec<Option<Parity>> = vec![None; root.index() + 1];
        for t in self.pool.reachable(&[root]) {
            let of = |t: &Term| parities[t.index()];
            let parity = match self.pool.view(t) {
                View::Number(_) | View::Constant(_) => Some(Parity::Even),
                View::Symbol(symbol) => match self.setting.role(symbol) {
                    Role::Field(field) => Some(fields[field]),
                    Role::Coordinate(of) if of != axis => Some(Parity::Even),
                    Role::Coordinate(_) | Role::Given => None,
                    Role::Varying | Role::Constant => Some(Parity::Even),
                },
                View::Sum(constant, parts) => {
                    let constant = (!constant.is_zero()).then_some(Some(Parity::Even));
                    let mut all = parts.iter().map(|(t, _)| of(t)).chain(constant);
                    let first = all.next().flatten();
                    first.filter(|first| all.all(|other| other == Some(*first)))
                }
                View::Product(_, factors) => {
                    let mut product = Some(Parity::Even);
                    for (t, exponent) in factors {
                        product = match (product, of(t), exponent.as_i64()) {
                            (Some(product), Some(Parity::Even), _) => Some(product),
                            (Some(product), Some(Parity::Odd), Some(n)) if n % 2 == 0 => {
                                Some(product)
                            }
                            (Some(product), Some(Parity::Odd), Some(_)) => Some(product.other()),
                            (_, None, _) | (None, _, _) | (_, Some(Parity::Odd), None) => None,
                        };
                    }
                    product
                }
                View::Call(Op::Partial, args) => match self.setting.partial(self.pool, t) {
                    Some((inner, along)) if along == axis => of(&inner).map(Parity::other),
                    Some((inner, _)) => of(&inner),
                    None => of(&args[0]),
                },
                View::Call(op, [one]) if of(one) == Some(Parity::Odd) => {
                    if ODD.contains(&op) {
                        Some(Parity::Odd)
                    } else {
                        EVEN.contains(&op).then_some(Parity::Even)
                    }
                }
                View::Call(_, args) => {
                    let all_even = args.iter().all(|t| of(t) == Some(Parity::Even));
                    all_even.then_some(Parity::Even)
                }
            };
            parities[t.index()] = parity;
        }
        parities[root.index()]
    }
}

/// Odd functions of one argument.
const ODD: &[Op] = &[
    Op::Cbrt,
    Op::Sign,
    Op::Sin,
    Op::Tan,
    Op::Asin,
    Op::Atan,
    Op::Sinh,
    Op::Tanh,
    Op::Asinh,
    Op::Atanh,
    Op::Erf,
];
/// Even ones.
const EVEN: &[Op] = &[Op::Abs, Op::Cos, Op::Cosh];

impl Parity {
    /// Of the derivative.
    fn other(self) -> Parity {
        match self {
            Parity::Even => Parity::Odd,
            Parity::Odd => Parity::Even,
        }
    }

    /// As users read it.
    pub fn name(self) -> &'static str {
        match self {
            Parity::Even => "even",
            Parity::Odd => "odd",
        }
    }
}
