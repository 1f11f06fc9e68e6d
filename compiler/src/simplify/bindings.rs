//! Partial matches: what pattern variables stand for so far, and which parts of a node are used.
use super::language::{self, Graph, Node, Weights};
use super::pattern::CompiledRule;
use super::shape::{Exponent, Shape, ShapeId};
use super::value::Value;
use crate::terms::{Number, Op};
use egg::Id;
use smallvec::SmallVec;
use std::cell::Cell;

/// Matches kept per node and rule.
pub(super) const MATCHES_PER_NODE: usize = 64;
/// Longer sums and products are matched by their first parts only.
pub(super) const PARTS_PER_NODE: usize = 48;

pub(super) type Bindings = SmallVec<[Option<Value>; 4]>;

pub(super) struct Matcher<'a> {
    pub graph: &'a Graph,
    pub rule: &'a CompiledRule,
    pub fuel: &'a Fuel,
}

/// How many more times a piece may compare a pattern with a class: the bound on the time spent searching.
#[derive(Debug)]
pub(super) struct Fuel(Cell<u32>);

impl Fuel {
    pub fn new(steps: u32) -> Fuel {
        Fuel(Cell::new(steps))
    }

    pub fn is_empty(&self) -> bool {
        self.0.get() == 0
    }

    /// Takes one step, if there is one left.
    pub fn step(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

/// Parts of a node that a partial match has not used yet.
#[derive(Clone)]
pub(super) struct Partial {
    pub values: Bindings,
    /// Bit i: part i is used.
    pub used: u64,
}

impl Matcher<'_> {
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.rule.shapes[id]
    }

    pub fn is_free(&self, shape: ShapeId, values: &Bindings) -> bool {
        matches!(self.shape(shape), Shape::Variable(v) if values[*v].is_none())
    }

    /// Binds a variable, or compares with what it is bound to.
    pub fn bind(&self, variable: usize, value: Value, mut values: Bindings) -> Vec<Bindings> {
        let value = self.normal(value);
        match &values[variable] {
            Some(bound) if *bound == value => vec![values],
            Some(_) => Vec::new(),
            None => {
                values[variable] = Some(value);
                vec![values]
            }
        }
    }

    /// One form for equal values: a number, else a class of the e-graph, else parts.
    pub fn normal(&self, value: Value) -> Value {
        match value {
            Value::Class(id) => match language::constant(self.graph, id) {
                Some(n) => Value::number(n.clone()),
                None => Value::Class(self.graph.find(id)),
            },
            Value::Sum(head, parts) if parts.is_empty() => Value::number(head),
            Value::Sum(head, mut parts) => match parts.as_slice() {
                [(id, k)] if head.is_zero() && k.is_one() => self.normal(Value::Class(*id)),
                [(id, k)] if head.is_zero() => {
                    self.normal(Value::Product(k.clone(), vec![(*id, Number::ONE)]))
                }
                [..] => {
                    parts.sort_by_key(|(id, _)| self.graph.find(*id));
                    let (w, ids) = language::split(head.clone(), parts.clone());
                    match self.graph.lookup(Node::Sum(w, ids)) {
                        Some(id) => self.normal(Value::Class(id)),
                        None => Value::Sum(head, parts),
                    }
                }
            },
            Value::Product(head, parts) if parts.is_empty() => Value::number(head),
            Value::Product(head, mut parts) => match parts.as_slice() {
                [(id, e)] if head.is_one() && e.is_one() => self.normal(Value::Class(*id)),
                [..] => {
                    parts.sort_by(|a, b| {
                        (self.graph.find(a.0), &a.1).cmp(&(self.graph.find(b.0), &b.1))
                    });
                    let (w, ids) = language::split(head.clone(), parts.clone());
                    match self.graph.lookup(Node::Product(w, ids)) {
                        Some(id) => self.normal(Value::Class(id)),
                        None => Value::Product(head, parts),
                    }
                }
            },
            Value::Bag(op, ids) => Value::Bag(op, ids),
        }
    }

    /// Parts of a sum; its constant is one more, a number, when the pattern has none of its own.
    pub fn sum_parts(&self, w: &Weights, ids: &[Id], with_head: bool) -> Vec<(Value, Number)> {
        let mut parts: Vec<(Value, Number)> = ids
            .iter()
            .zip(w.each.iter())
            .take(PARTS_PER_NODE)
            .map(|(id, k)| (Value::Class(*id), k.clone()))
            .collect();
        if with_head && !w.head.is_zero() {
            parts.push((Value::number(Number::ONE), w.head.clone()));
        }
        parts
    }

    /// Positions of shapes, those first that match the fewest terms.
    pub fn by_tightness(&self, shapes: impl Iterator<Item = ShapeId>) -> SmallVec<[usize; 4]> {
        let looseness = |shape: ShapeId| match self.shape(shape) {
            Shape::Number(_) | Shape::Constant(_) | Shape::Call(..) | Shape::Sum(..) => 0,
            Shape::Product(..) if !self.absorbs(shape) => 1,
            Shape::Product(..) => 2,
            Shape::Variable(_) => 3,
        };
        let mut order: SmallVec<[(u8, usize); 4]> =
            shapes.enumerate().map(|(i, s)| (looseness(s), i)).collect();
        order.sort();
        order.into_iter().map(|(_, i)| i).collect()
    }

    /// Whether a shape matches any multiple of what it matches.
    pub fn absorbs(&self, shape: ShapeId) -> bool {
        match self.shape(shape) {
            Shape::Variable(_) => true,
            Shape::Product(_, parts) => parts
                .iter()
                .any(|(s, e)| is_one(e) && matches!(self.shape(*s), Shape::Variable(_))),
            Shape::Number(_) | Shape::Constant(_) | Shape::Sum(..) | Shape::Call(..) => false,
        }
    }

    /// Extends each partial match by each unused part that `fits`.
    pub fn extend<P>(
        &self,
        partials: Vec<Partial>,
        parts: &[P],
        fits: impl Fn(&P, &Bindings) -> Vec<Bindings>,
    ) -> Vec<Partial> {
        let mut extended = Vec::new();
        for partial in partials {
            for (i, part) in parts.iter().enumerate() {
                if partial.used >> i & 1 == 1 {
                    continue;
                }
                for values in fits(part, &partial.values) {
                    extended.push(Partial {
                        values,
                        used: partial.used | 1 << i,
                    });
                }
                if extended.len() > MATCHES_PER_NODE {
                    return extended;
                }
            }
        }
        extended
    }
}

pub(super) fn is_one(exponent: &Exponent) -> bool {
    matches!(exponent, Exponent::Number(e) if e.is_one())
}

pub(super) fn is_bag(op: Op) -> bool {
    matches!(op, Op::Min | Op::Max | Op::And | Op::Or)
}
