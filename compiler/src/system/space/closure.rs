//! Ghost values: the polynomial through nodes next to a face that satisfies the conditions there, beyond the face.
//!
//! All weights are exact. A condition with derivatives is solved for its highest one; lower ones in it are taken from the
//! nodes, one-sided. A condition on the value itself fixes the node on the face, when there is one.

use rustc_hash::FxHashMap;

use super::conditions::{End, Requirement};
use super::error::SpaceError;
use super::program::{ArrayId, Closure, GridAxis, NodeKind, Read};
use super::reads::Reads;
use super::setting::Setting;
use super::stencil::Source;
use super::weights::hermite;
use crate::model::entities::Side;
use crate::terms::{Number, Pool, SymbolId, Term};

/// Builds the closures of fields at faces.
pub(super) struct Closing<'a> {
    pub pool: &'a mut Pool,
    pub setting: &'a Setting,
    pub axes: &'a [GridAxis],
    pub sources: &'a [Source],
    /// Name of the face and place of the field, for errors.
    pub face: String,
    pub at: miette::SourceSpan,
}

/// How ghost values are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// One polynomial of this degree for all.
    Degree(usize),
    /// Each from its mirror image: robust where fields jump.
    Mirror,
}

impl Closing<'_> {
    /// The closure of a field at an end.
    pub fn close(
        &mut self,
        field: usize,
        end: End,
        conditions: &[Requirement],
        depth: usize,
        reach: Reach,
    ) -> Result<Closure, SpaceError> {
        let mut reads = Reads::default();
        let (mut node, mut slopes, mut is_open) = (None, Vec::new(), conditions.is_empty());
        for condition in conditions {
            match *condition {
                Requirement::Outflow => is_open = true,
                Requirement::Equation(residual, order) => {
                    let value = self.solved(&mut reads, field, end, residual, order)?;
                    if order == 0 && self.has_node(end.0) {
                        node = Some(value);
                    } else {
                        slopes.push((usize::from(order), value));
                    }
                }
            }
        }
        let mut ghosts = Vec::new();
        for layer in 1..=depth {
            let nodes: Vec<usize> = match reach {
                // One less where nothing is known beyond the face: enough for the order of a first derivative, and stable.
                Reach::Degree(degree) if is_open => (0..degree).collect(),
                Reach::Degree(degree) => (0..(degree + 1).saturating_sub(slopes.len())).collect(),
                Reach::Mirror if is_open => vec![0],
                Reach::Mirror => vec![if self.has_node(end.0) {
                    layer
                } else {
                    layer - 1
                }],
            };
            ghosts.push(self.ghost(&mut reads, field, end, layer, &nodes, &slopes));
        }
        let terms: Vec<Term> = ghosts.iter().copied().chain(node).collect();
        Ok(Closure {
            array: self.sources[field].array,
            axis: end.0,
            side: end.1,
            reads: reads.used(self.pool, &terms),
            node,
            ghosts,
        })
    }

    fn has_node(&self, axis: usize) -> bool {
        match self.axes[axis].nodes {
            NodeKind::Ends | NodeKind::Lobatto => true,
            NodeKind::Cells { .. } | NodeKind::Periodic => false,
        }
    }

    /// The distance of an inner node from the face, in spacings.
    fn distance(&self, axis: usize, node: i64) -> Number {
        let half = i64::from(!self.has_node(axis));
        Number::ratio(2 * node + half, 2).expect("2 is not 0")
    }

    fn read(&mut self, reads: &mut Reads, field: usize, end: End, node: usize) -> Term {
        let mut offset = [0; 3];
        offset[end.0] = inward(end.1) * node as i8;
        let source = &self.sources[field];
        reads.read(self.pool, &source.name, source.array, offset)
    }

    /// What the highest derivative of the field is, by the condition (along the coordinate, not inward).
    fn solved(
        &mut self,
        reads: &mut Reads,
        field: usize,
        end: End,
        residual: Term,
        order: u8,
    ) -> Result<Term, SpaceError> {
        let symbol = self.pool.symbol(&self.sources[field].name);
        let unknown = self
            .pool
            .symbol(&format!("d({})", self.sources[field].name));
        let target = self.pool.var(unknown);
        let mut map = FxHashMap::default();
        for t in self.pool.reachable(&[residual]) {
            let (inner, orders) = self.setting.chain(self.pool, t);
            if let Some(of) = self.setting.as_field(self.pool, inner) {
                let is_target =
                    self.pool.as_symbol(inner) == Some(symbol) && orders[end.0] == order;
                let value = match is_target {
                    true => target,
                    false => self.one_sided(reads, of, end, orders[end.0]),
                };
                map.insert(t, value);
            }
        }
        let residual = self.pool.substitute(&[residual], &map)[0];
        solved_for(self.pool, residual, unknown).ok_or_else(|| SpaceError::NonlinearCondition {
            field: self.sources[field].name.clone(),
            face: self.face.clone(),
            at: self.at,
        })
    }

    /// A derivative at the face from the nodes alone.
    fn one_sided(&mut self, reads: &mut Reads, field: usize, end: End, order: u8) -> Term {
        const ACCURACY: i64 = 4;
        if order == 0 && self.has_node(end.0) {
            return self.read(reads, field, end, 0);
        }
        let nodes: Vec<Number> = (0..ACCURACY + i64::from(order))
            .map(|j| self.distance(end.0, j))
            .collect();
        let weights = super::weights::weights(order.into(), &nodes, &Number::ZERO);
        let mut sum = Vec::new();
        for (j, weight) in weights.into_iter().enumerate() {
            sum.push((self.read(reads, field, end, j), weight));
        }
        let sum = self.pool.linear(Number::ZERO, &sum);
        let h = self.pool.var(self.axes[end.0].spacing);
        let sign = turned(end.1, order.into());
        self.pool
            .monomial(sign, &[(sum, 1.into()), (h, (-i64::from(order)).into())])
    }

    /// The polynomial at a ghost.
    fn ghost(
        &mut self,
        reads: &mut Reads,
        field: usize,
        end: End,
        layer: usize,
        nodes: &[usize],
        slopes: &[(usize, Term)],
    ) -> Term {
        let places: Vec<Number> = nodes
            .iter()
            .map(|j| self.distance(end.0, *j as i64))
            .collect();
        let orders: Vec<usize> = slopes.iter().map(|s| s.0).collect();
        let at = self.distance(end.0, -(layer as i64));
        let weights =
            hermite(&places, &orders, &at).expect("nodes and conditions fix a polynomial");
        let (of_nodes, of_slopes) = weights.split_at(nodes.len());
        let mut sum = Vec::new();
        for (j, weight) in nodes.iter().zip(of_nodes) {
            sum.push((self.read(reads, field, end, *j), weight.clone()));
        }
        let h = self.pool.var(self.axes[end.0].spacing);
        for ((order, slope), weight) in slopes.iter().zip(of_slopes) {
            let power = self
                .pool
                .monomial(Number::ONE, &[(h, (*order as i64).into())]);
            let part = self.pool.mul(power, *slope);
            sum.push((part, weight * &turned(end.1, *order)));
        }
        self.pool.linear(Number::ZERO, &sum)
    }
}

/// The unknown of a residual that is linear in it.
pub(super) fn solved_for(pool: &mut Pool, residual: Term, unknown: SymbolId) -> Option<Term> {
    let (zero, target) = (pool.int(0), pool.var(unknown));
    let slope = pool.derivative(residual, unknown);
    if slope == zero || pool.symbols_in(&[slope]).contains(&unknown) {
        return None;
    }
    let rest = pool.substitute(&[residual], &FxHashMap::from_iter([(target, zero)]))[0];
    let quotient = pool.div(rest, slope);
    Some(pool.neg(quotient))
}

/// The direction of the index away from a face.
fn inward(side: Side) -> i8 {
    match side {
        Side::Lower => 1,
        Side::Upper => -1,
    }
}

/// The sign by which a derivative inward differs from one along the coordinate.
fn turned(side: Side, order: usize) -> Number {
    match side {
        Side::Upper if order % 2 == 1 => Number::MINUS_ONE,
        Side::Upper | Side::Lower => Number::ONE,
    }
}

/// How deep each array is read beyond the ends of an axis.
pub(super) fn depth(reads: &[Read], array: ArrayId, end: End) -> usize {
    let of = reads.iter().filter(|read| read.array == array);
    let outward = of.map(|read| -i64::from(read.offset[end.0]) * i64::from(inward(end.1)));
    outward.max().unwrap_or(0).max(0) as usize
}
