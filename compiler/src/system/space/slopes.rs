//! Conditions with derivatives at the faces of Chebyshev axes.
//!
//! A derivative that conditions give is an array of its own: that of the polynomial through the nodes, with what is given put in
//! place at the faces. Higher derivatives are taken of this array. So nodes on faces follow the equation, and what flows through a
//! face is what the condition says, whatever it depends on.
//!
//! # References
//! C. Canuto, M. Y. Hussaini, A. Quarteroni, T. A. Zang, *Spectral Methods: Fundamentals in Single Domains*, Springer 2006,
//! doi:10.1007/978-3-540-30726-6.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::closure::solved_for;
use super::conditions::{Requirement, face_name};
use super::error::SpaceError;
use super::lower::Lowering;
use super::program::{ArrayId, ArrayKind, Closure, Side, Step};
use super::reads::Reads;
use super::setting::{Orders, Role};
use super::spectral::FieldArrays;
use crate::model::entities::Method;
use crate::terms::{SymbolId, Term};

/// A derivative across faces: field, axis, order.
type Across = (usize, usize, u8);

/// A derivative of a field that conditions give at faces.
#[derive(Debug, Clone)]
pub(super) struct Slope {
    of: Across,
    symbol: SymbolId,
    name: String,
    /// What is 0 at which end.
    conditions: Vec<(Side, Term)>,
}

/// Arrays and closures of slopes while they are made.
#[derive(Default)]
struct Made {
    /// Derivatives of the polynomials through the nodes.
    plain: BTreeMap<Across, ArrayId>,
    /// Those with what is given in place.
    closed: BTreeMap<Across, ArrayId>,
    closures: Vec<Closure>,
}

impl Lowering<'_> {
    /// The derivatives that conditions at Chebyshev axes give. They become fields behind all others.
    pub fn slopes(&mut self) -> Result<Vec<Slope>, SpaceError> {
        let mut conditions: BTreeMap<Across, Vec<(Side, Term)>> = BTreeMap::new();
        let extent = self.setting.extent(self.pool, &self.rows);
        for (&(field, (axis, side)), requirements) in &self.requirements {
            if self.evolution.choices[axis].method != Method::Chebyshev {
                continue;
            }
            for requirement in requirements {
                match *requirement {
                    Requirement::Equation(_, 0) => {}
                    Requirement::Equation(residual, order) => {
                        let given = conditions.entry((field, axis, order)).or_default();
                        given.push((side, residual));
                    }
                    Requirement::Outflow if extent.get(&field).is_some_and(|o| o[axis] == 1) => {}
                    Requirement::Outflow => {
                        return Err(SpaceError::ChebyshevCondition {
                            field: self.evolution.names()[field].to_owned(),
                            face: face_name(self.evolution, axis, side),
                            at: self.evolution.span(field).into(),
                        });
                    }
                }
            }
        }
        let (symbols, mut slopes) = (self.evolution.symbols(), Vec::new());
        for (of, conditions) in conditions {
            let (field, axis, order) = of;
            let u = self.pool.var(symbols[field]);
            let derivative = self.derivative_across(u, axis, order);
            // No name in a model has parentheses.
            let name = format!("given({})", self.pool.display(derivative));
            let symbol = self.pool.symbol(&name);
            let coordinates = self.pool.dependence(symbols[field]).to_vec();
            self.pool.set_dependence(symbol, &coordinates);
            let place = symbols.len() + slopes.len();
            self.setting.set_role(symbol, Role::Field(place));
            slopes.push(Slope {
                of,
                symbol,
                name,
                conditions,
            });
        }
        Ok(slopes)
    }

    fn derivative_across(&mut self, t: Term, axis: usize, order: u8) -> Term {
        let mut orders: Orders = [0; 3];
        orders[axis] = order;
        self.setting.derivative(self.pool, t, orders)
    }

    /// Terms in which derivatives are taken of the highest slope below them.
    pub fn over_slopes(&mut self, slopes: &[Slope], terms: &[Term]) -> Vec<Term> {
        if slopes.is_empty() {
            return terms.to_vec();
        }
        let terms = &self.with_inner_slopes(slopes, terms)[..];
        let mut map = FxHashMap::default();
        for t in self.pool.reachable(terms) {
            let (inner, mut orders) = self.setting.chain(self.pool, t);
            let Some(field) = self.setting.as_field(self.pool, inner) else {
                continue;
            };
            let below = |slope: &&Slope| slope.of.0 == field && slope.of.2 <= orders[slope.of.1];
            if let Some(slope) = slopes.iter().filter(below).max_by_key(|slope| slope.of.2) {
                orders[slope.of.1] -= slope.of.2;
                let of = self.pool.var(slope.symbol);
                let derivative = self.setting.derivative(self.pool, of, orders);
                map.insert(t, derivative);
            }
        }
        self.pool.substitute(terms, &map)
    }

    /// Terms in which what is differentiated more than once across faces shows its slopes: `∂²(u²)` is `∂(2u·∂u)`.
    fn with_inner_slopes(&mut self, slopes: &[Slope], terms: &[Term]) -> Vec<Term> {
        let mut terms = terms.to_vec();
        for axis in 0..self.axes.len() {
            if slopes.iter().all(|slope| slope.of.1 != axis) {
                continue;
            }
            loop {
                let map = self.hidden_slopes(axis, &terms);
                if map.is_empty() {
                    break;
                }
                terms = self.pool.substitute(&terms, &map);
            }
        }
        terms
    }

    /// Derivatives along an axis of what is no field, above or below another one, with the innermost one carried out.
    fn hidden_slopes(&mut self, axis: usize, terms: &[Term]) -> FxHashMap<Term, Term> {
        let mut map = FxHashMap::default();
        for t in self.pool.reachable(terms) {
            let (inner, orders) = self.setting.chain(self.pool, t);
            if orders[axis] == 0 || self.setting.as_field(self.pool, inner).is_some() {
                continue;
            }
            if orders[axis] > 1 {
                self.carry_out(axis, t, &mut map);
            }
            for below in self.pool.reachable(&[inner]) {
                let (inner, orders) = self.setting.chain(self.pool, below);
                if orders[axis] > 0 && self.setting.as_field(self.pool, inner).is_none() {
                    self.carry_out(axis, below, &mut map);
                }
            }
        }
        map
    }

    fn carry_out(&mut self, axis: usize, t: Term, map: &mut FxHashMap<Term, Term>) {
        let (inner, mut orders) = self.setting.chain(self.pool, t);
        let coordinate = self.setting.axes[axis];
        let one = self.pool.int(1);
        let mut directions = FxHashMap::from_iter([(coordinate, one)]);
        for symbol in self.pool.symbols_in(&[inner]) {
            if symbol != coordinate {
                let value = self.pool.var(symbol);
                directions.insert(symbol, self.pool.partial(value, coordinate));
            }
        }
        let derivative = self.pool.derivation(&[inner], &directions)[0];
        orders[axis] -= 1;
        let outer = self.setting.derivative(self.pool, derivative, orders);
        map.insert(t, outer);
    }

    /// Computes the slopes that terms use; they are appended to the fields. Gives the closures that put what is given in place.
    pub fn slope_arrays(
        &mut self,
        builder: &mut Builder,
        fields: &mut Vec<FieldArrays>,
        slopes: &[Slope],
        terms: &[Term],
    ) -> Result<Vec<Closure>, SpaceError> {
        let used = self.pool.symbols_in(terms);
        let mut made = Made::default();
        for slope in slopes {
            let (field, axis, order) = slope.of;
            let is_used = slopes.iter().any(|other| {
                (other.of.0, other.of.1) == (field, axis)
                    && other.of.2 >= order
                    && used.contains(&other.symbol)
            });
            if is_used {
                self.close_slope(builder, fields, slope, &mut made)?;
            }
            fields.push(FieldArrays {
                symbol: slope.symbol,
                name: slope.name.clone(),
                nodes: made.closed.get(&slope.of).copied(),
                modes: None,
            });
        }
        Ok(made.closures)
    }

    fn close_slope(
        &mut self,
        builder: &mut Builder,
        fields: &[FieldArrays],
        slope: &Slope,
        made: &mut Made,
    ) -> Result<(), SpaceError> {
        let (field, axis, order) = slope.of;
        let mut lower = (1..order).rev();
        let lower = lower.find_map(|n| Some((made.closed.get(&(field, axis, n)).copied()?, n)));
        let (from, n) = lower.unwrap_or((nodes(fields, field), 0));
        let to = builder.array(ArrayKind::Nodes);
        for &(side, residual) in &slope.conditions {
            let mut reads = Reads::default();
            let unknown = self.pool.symbol("given");
            let residual = self.at_face(
                builder,
                fields,
                slope.of,
                residual,
                unknown,
                (made, &mut reads),
            );
            let Some(node) = solved_for(self.pool, residual, unknown) else {
                return Err(SpaceError::NonlinearCondition {
                    field: self.evolution.names()[field].to_owned(),
                    face: face_name(self.evolution, axis, side),
                    at: self.evolution.span(field).into(),
                });
            };
            made.closures.push(Closure {
                array: to,
                axis,
                side,
                reads: reads.used(self.pool, &[node]),
                node: Some(node),
                ghosts: Vec::new(),
            });
        }
        // Behind the derivatives that the conditions read.
        along(builder, axis, (from, to), order - n);
        made.closed.insert(slope.of, to);
        Ok(())
    }

    /// A condition over reads at the face, and the slope as this symbol.
    fn at_face(
        &mut self,
        builder: &mut Builder,
        fields: &[FieldArrays],
        of: Across,
        residual: Term,
        unknown: SymbolId,
        (made, reads): (&mut Made, &mut Reads),
    ) -> Term {
        let mut map = FxHashMap::default();
        for t in self.pool.reachable(&[residual]) {
            let (inner, orders) = self.setting.chain(self.pool, t);
            let Some(field) = self.setting.as_field(self.pool, inner) else {
                continue;
            };
            let across = (field, of.1, orders[of.1]);
            let value = if across == of {
                self.pool.var(unknown)
            } else if across.2 == 0 {
                let array = nodes(fields, field);
                reads.read(self.pool, &fields[field].name, array, [0; 3])
            } else {
                let known = made.closed.get(&across).or(made.plain.get(&across));
                let array = known.copied().unwrap_or_else(|| {
                    let to = builder.array(ArrayKind::Nodes);
                    along(builder, across.1, (nodes(fields, field), to), across.2);
                    made.plain.insert(across, to);
                    to
                });
                let name = self.pool.display(t).to_string();
                reads.read(self.pool, &name, array, [0; 3])
            };
            map.insert(t, value);
        }
        self.pool.substitute(&[residual], &map)[0]
    }
}

fn nodes(fields: &[FieldArrays], field: usize) -> ArrayId {
    let nodes = fields[field].nodes;
    nodes.expect("between walls, fields enter as nodes and no constraint is solved")
}

fn along(builder: &mut Builder, axis: usize, (from, to): (ArrayId, ArrayId), order: u8) {
    builder.steps.push(Step::Along {
        axis,
        from,
        to,
        order: order.into(),
    });
}
