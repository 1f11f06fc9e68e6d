//! Field terms as stencils: terms over reads of neighbours.
//!
//! Derivatives become central differences of the narrowest form. A first derivative of something that holds first
//! derivatives along the same axis (`dx(D*dx(c))`) is taken between half-way points, where the inner ones are narrow too:
//! second order then has the compact three points, and what leaves one cell enters the next.

use rustc_hash::FxHashMap;

use super::program::{ArrayId, GridAxis};
use super::reads::Reads;
use super::setting::{Orders, Role, Setting};
use super::weights::{Place, central};
use crate::terms::{Number, Pool, SymbolId, Term};

/// Where a term is taken: half spacings from the node, by axis.
type At = [i32; 3];

/// A field as an array.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its name in reads.
    pub name: String,
    /// Where its values stand.
    pub array: ArrayId,
}

/// Lowers terms of one step to stencils.
pub(super) struct Stencils<'a> {
    pub pool: &'a mut Pool,
    pub setting: &'a mut Setting,
    /// By axis.
    pub axes: &'a [GridAxis],
    /// Accuracy by axis.
    pub accuracy: [u32; 3],
    /// By field.
    pub sources: Vec<Source>,
    pub reads: Reads,
    memo: FxHashMap<(Term, At), Term>,
}

impl<'a> Stencils<'a> {
    pub fn new(
        pool: &'a mut Pool,
        setting: &'a mut Setting,
        axes: &'a [GridAxis],
        accuracy: [u32; 3],
        sources: Vec<Source>,
    ) -> Self {
        Stencils {
            pool,
            setting,
            axes,
            accuracy,
            sources,
            reads: Reads::default(),
            memo: FxHashMap::default(),
        }
    }

    /// The term at the node, over reads.
    pub fn lower(&mut self, t: Term) -> Term {
        self.lower_at(t, [0; 3])
    }

    /// The term at a place, over reads; without recursion.
    pub fn lower_at(&mut self, t: Term, at: At) -> Term {
        let mut stack = vec![(t, at)];
        let mut missing = Vec::new();
        while let Some(&(t, at)) = stack.last() {
            if self.memo.contains_key(&(t, at)) {
                stack.pop();
                continue;
            }
            missing.clear();
            self.needs(t, at, &mut missing);
            missing.retain(|need| !self.memo.contains_key(need));
            if missing.is_empty() {
                let lowered = self.combine(t, at);
                self.memo.insert((t, at), lowered);
                stack.pop();
            } else {
                stack.append(&mut missing);
            }
        }
        self.memo[&(t, at)]
    }

    /// What has to be lowered before a term.
    fn needs(&mut self, t: Term, at: At, out: &mut Vec<(Term, At)>) {
        if self.setting.partial(self.pool, t).is_none() {
            self.pool.for_each_child(t, |child| out.push((child, at)));
            return;
        }
        let (inner, orders) = self.setting.chain(self.pool, t);
        if self.setting.as_field(self.pool, inner).is_none() {
            let parts = self.differences(inner, orders, at);
            out.extend(parts.into_iter().map(|(at, _)| (inner, at)));
        }
    }

    fn combine(&mut self, t: Term, at: At) -> Term {
        if self.setting.partial(self.pool, t).is_some() {
            let (inner, orders) = self.setting.chain(self.pool, t);
            return match self.setting.as_field(self.pool, inner) {
                Some(field) => self.field(field, orders, at),
                None => {
                    let parts = self.differences(inner, orders, at);
                    let sum = parts
                        .into_iter()
                        .map(|(at, w)| (self.memo[&(inner, at)], w));
                    let sum: Vec<_> = sum.collect();
                    let sum = self.pool.linear(Number::ZERO, &sum);
                    self.over_spacings(sum, orders)
                }
            };
        }
        if let Some(symbol) = self.pool.as_symbol(t) {
            return self.symbol(t, symbol, at);
        }
        let memo = &self.memo;
        self.pool.rebuild(t, |child| memo[&(child, at)])
    }

    fn symbol(&mut self, t: Term, symbol: SymbolId, at: At) -> Term {
        match self.setting.role(symbol) {
            Role::Field(field) => self.field(field, [0; 3], at),
            Role::Coordinate(axis) => {
                let h = self.pool.var(self.axes[axis].spacing);
                let half = Number::ratio(at[axis].into(), 2).expect("2 is not 0");
                self.pool
                    .linear(Number::ZERO, &[(t, Number::ONE), (h, half)])
            }
            Role::Given | Role::Varying | Role::Constant => t,
        }
    }

    /// A derivative of a field at a place, which may lie between nodes: differences and averages over the nearest nodes.
    fn field(&mut self, field: usize, orders: Orders, at: At) -> Term {
        let mut points = vec![([0; 3], Number::ONE)];
        for axis in 0..self.axes.len() {
            let sources = if at[axis] % 2 == 0 {
                Place::Node
            } else {
                Place::Half
            };
            let formula = central(orders[axis].into(), self.accuracy[axis] as usize, sources);
            points = times(&points, axis, at[axis], &formula);
        }
        let source = &self.sources[field];
        let mut sum = Vec::with_capacity(points.len());
        for (place, weight) in points {
            let offset = place.map(|p| (p / 2) as i8);
            let read = self
                .reads
                .read(self.pool, &source.name, source.array, offset);
            sum.push((read, weight));
        }
        let sum = self.pool.linear(Number::ZERO, &sum);
        self.over_spacings(sum, orders)
    }

    /// The places at which the argument of a derivative is taken, with weights.
    fn differences(&mut self, inner: Term, orders: Orders, at: At) -> Vec<(At, Number)> {
        let mut points = vec![(at, Number::ONE)];
        for axis in (0..self.axes.len()).filter(|axis| orders[*axis] > 0) {
            let is_odd = orders[axis] % 2 == 1;
            let sources = if is_odd && self.holds_odd(inner, axis) {
                Place::Half
            } else {
                Place::Node
            };
            let formula = central(orders[axis].into(), self.accuracy[axis] as usize, sources);
            points = times(&points, axis, 0, &formula);
        }
        points
    }

    /// Whether derivatives of odd order along an axis occur, not looking inside of derivatives.
    fn holds_odd(&self, t: Term, axis: usize) -> bool {
        let mut stack = vec![t];
        let mut seen = rustc_hash::FxHashSet::default();
        while let Some(t) = stack.pop() {
            if !seen.insert(t) {
                continue;
            }
            if self.setting.partial(self.pool, t).is_some() {
                if self.setting.chain(self.pool, t).1[axis] % 2 == 1 {
                    return true;
                }
            } else {
                self.pool.for_each_child(t, |child| stack.push(child));
            }
        }
        false
    }

    /// Divides by the spacings to the powers of the orders.
    fn over_spacings(&mut self, t: Term, orders: Orders) -> Term {
        let mut factors = vec![(t, Number::ONE)];
        for (axis, order) in self.axes.iter().zip(orders) {
            if order > 0 {
                let h = self.pool.var(axis.spacing);
                factors.push((h, (-i64::from(order)).into()));
            }
        }
        self.pool.monomial(Number::ONE, &factors)
    }
}

/// Shifts every point by the distances of a formula, and by `shift`, along an axis.
fn times(
    points: &[(At, Number)],
    axis: usize,
    shift: i32,
    formula: &[(i32, Number)],
) -> Vec<(At, Number)> {
    let of_point = |(at, weight): &(At, Number)| {
        let (at, weight) = (*at, weight.clone());
        let shifted = move |(distance, w): &(i32, Number)| {
            let mut at = at;
            at[axis] += shift + distance;
            (at, &weight * w)
        };
        formula.iter().map(shifted).collect::<Vec<_>>()
    };
    points.iter().flat_map(of_point).collect()
}
