//! Matching left sides in the e-graph modulo associativity and commutativity.
//!
//! At the root a sum (product, `min`, …) may have more parts than the pattern: what is left over is carried along. Sums also match up to
//! a common factor, `3*sin(x)^2 + 3*cos(x)^2` as `3*(sin(x)^2 + cos(x)^2)`. Below the root all parts must be used; there a lone
//! variable of the pattern takes all that the other parts of the pattern leave. The number of matches per node is bounded.
use super::bindings::{Bindings, Fuel, MATCHES_PER_NODE, Matcher, PARTS_PER_NODE, Partial, is_bag};
use super::language::{self, Graph, Kind, Node, Parts, Weights};
use super::pattern::CompiledRule;
use super::shape::{Exponent, Shape, ShapeId};
use super::value::Value;
use crate::terms::{Number, Op};
use egg::Id;
use smallvec::smallvec;

/// One way in which a node is an instance of a left side: `node = scale·lhs + rest`, `lhs·rest` or `op(lhs, rest…)`.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub values: Bindings,
    pub rest: Rest,
}

/// What a match leaves over at the root.
#[derive(Debug, Clone)]
pub(super) enum Rest {
    Nothing,
    /// `scale·lhs + head + Σ parts`
    Sum {
        scale: Number,
        head: Number,
        parts: Parts,
    },
    /// `head·lhs·Π parts`
    Product {
        head: Number,
        parts: Parts,
    },
    Bag(Op, Vec<Id>),
}

/// The kind of node that a rule can match.
pub(super) fn root_kind(rule: &CompiledRule) -> Kind {
    match rule.root() {
        Shape::Sum(..) => Kind::Sum,
        Shape::Product(..) => Kind::Product,
        Shape::Call(op, _) => Kind::Call(*op),
        Shape::Variable(_) | Shape::Number(_) | Shape::Constant(_) => {
            panic!("a compiled rule rewrites an operation")
        }
    }
}

/// The other kind of node that it can match: a pattern of one power with a variable exponent matches `pow` too.
pub(super) fn second_kind(rule: &CompiledRule) -> Option<Kind> {
    match rule.root() {
        Shape::Product(head, parts) if head.is_one() => match parts.as_slice() {
            [(_, Exponent::Shape(_))] => Some(Kind::Call(Op::Pow)),
            [..] => None,
        },
        Shape::Product(..) | Shape::Sum(..) | Shape::Call(..) => None,
        Shape::Variable(_) | Shape::Number(_) | Shape::Constant(_) => None,
    }
}

/// All ways (up to a bound) in which `node` is an instance of the left side of `rule`, conditions not yet checked.
pub(super) fn matches(graph: &Graph, rule: &CompiledRule, node: &Node, fuel: &Fuel) -> Vec<Match> {
    let matcher = Matcher { graph, rule, fuel };
    let start: Bindings = smallvec![None; rule.n_variables];
    let mut found = match (rule.root(), node) {
        (Shape::Sum(head, shapes), Node::Sum(w, ids)) => {
            matcher.root_sum(head, shapes, w, ids, start)
        }
        (Shape::Product(head, shapes), Node::Product(w, ids)) => {
            matcher.root_product(head, shapes, w, ids, start)
        }
        (Shape::Call(op, shapes), Node::Call(_, ids)) => matcher.root_call(*op, shapes, ids, start),
        (Shape::Product(head, shapes), Node::Call(Op::Pow, ids)) if head.is_one() => {
            matcher.root_power(shapes, ids, start)
        }
        _ => Vec::new(),
    };
    found.truncate(MATCHES_PER_NODE);
    found
}

/// All ways (up to a bound) in which all of `node` is an instance of the left side, conditions not yet checked: what the other factors of a
/// pattern leave is taken by its last variable.
pub(super) fn whole_matches(
    graph: &Graph,
    rule: &CompiledRule,
    node: &Node,
    fuel: &Fuel,
) -> Vec<Bindings> {
    let matcher = Matcher { graph, rule, fuel };
    let start: Bindings = smallvec![None; rule.n_variables];
    match (rule.root(), node) {
        (Shape::Product(head, shapes), Node::Product(w, ids)) => {
            let parts = language::parts(w, ids);
            matcher.whole_product(head, shapes, &w.head, &parts, start)
        }
        (Shape::Call(op, shapes), Node::Call(f, ids)) if op == f => {
            matcher.arguments(*op, shapes, ids, vec![start])
        }
        _ => Vec::new(),
    }
}

impl Matcher<'_> {
    fn root_sum(
        &self,
        head: &Number,
        shapes: &[(ShapeId, Number)],
        w: &Weights,
        ids: &[Id],
        start: Bindings,
    ) -> Vec<Match> {
        let parts = self.sum_parts(w, ids, head.is_zero());
        if parts.len() < shapes.len() {
            return Vec::new();
        }
        let mut found = Vec::new();
        let order = self.by_tightness(shapes.iter().map(|(s, _)| *s));
        for scale in self.scales(&order, shapes, &parts) {
            if !head.is_zero() && w.head != head * &scale {
                continue;
            }
            let mut partials = vec![Partial {
                values: start.clone(),
                used: 0,
            }];
            for &i in &order {
                let (shape, k) = &shapes[i];
                let k = (k * &scale)
                    .recip()
                    .expect("a compiled pattern has no zero coefficient");
                partials = self.extend(partials, &parts, |part, values| {
                    self.scaled(*shape, &(&part.1 * &k), &part.0, values)
                });
            }
            found.extend(partials.into_iter().map(|p| {
                let mut rest_head = Number::ZERO;
                let mut rest = Parts::new();
                for (i, (value, k)) in parts
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| p.used >> i & 1 == 0)
                {
                    match value {
                        Value::Class(id) => rest.push((*id, k.clone())),
                        Value::Sum(..) | Value::Product(..) | Value::Bag(..) => {
                            rest_head = k.clone()
                        }
                    }
                    debug_assert!(i < PARTS_PER_NODE);
                }
                rest.extend(
                    ids.iter()
                        .copied()
                        .zip(w.each.iter().cloned())
                        .skip(PARTS_PER_NODE),
                );
                Match {
                    values: p.values,
                    rest: Rest::Sum {
                        scale: scale.clone(),
                        head: rest_head,
                        parts: rest,
                    },
                }
            }));
            if found.len() > MATCHES_PER_NODE {
                break;
            }
        }
        found
    }

    /// Common factors to try: fixed by the first part that cannot absorb one, else 1.
    fn scales(
        &self,
        order: &[usize],
        shapes: &[(ShapeId, Number)],
        parts: &[(Value, Number)],
    ) -> Vec<Number> {
        let Some(&fixed) = order.iter().find(|i| !self.absorbs(shapes[**i].0)) else {
            return vec![Number::ONE];
        };
        let k = shapes[fixed]
            .1
            .recip()
            .expect("a compiled pattern has no zero coefficient");
        let mut scales: Vec<Number> = Vec::new();
        for (_, c) in parts.iter().filter(|(_, c)| !c.is_zero()) {
            let scale = c * &k;
            if !scales.contains(&scale) {
                scales.push(scale);
            }
        }
        scales
    }

    fn root_product(
        &self,
        head: &Number,
        shapes: &[(ShapeId, Exponent)],
        w: &Weights,
        ids: &[Id],
        start: Bindings,
    ) -> Vec<Match> {
        let rest_head = if head.is_one() {
            w.head.clone()
        } else if w.head == *head {
            Number::ONE
        } else if *head == Number::MINUS_ONE && w.head.signum() < 0 {
            -&w.head
        } else {
            return Vec::new();
        };
        let factors: Parts = language::parts(w, ids)
            .into_iter()
            .take(PARTS_PER_NODE)
            .collect();
        let partials = self.factors(shapes, &factors, start, false);
        partials
            .into_iter()
            .map(|p| {
                let unused = factors
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| p.used >> i & 1 == 0);
                let mut parts: Parts = unused.map(|(_, f)| f.clone()).collect();
                parts.extend(language::parts(w, ids).into_iter().skip(PARTS_PER_NODE));
                Match {
                    values: p.values,
                    rest: Rest::Product {
                        head: rest_head.clone(),
                        parts,
                    },
                }
            })
            .collect()
    }

    fn root_call(&self, op: Op, shapes: &[ShapeId], ids: &[Id], start: Bindings) -> Vec<Match> {
        if !is_bag(op) {
            return self
                .arguments(op, shapes, ids, vec![start])
                .into_iter()
                .map(|values| Match {
                    values,
                    rest: Rest::Nothing,
                })
                .collect();
        }
        let parts: Vec<(Value, Number)> = ids
            .iter()
            .take(PARTS_PER_NODE)
            .map(|id| (Value::Class(*id), Number::ONE))
            .collect();
        let mut partials = vec![Partial {
            values: start,
            used: 0,
        }];
        for &i in &self.by_tightness(shapes.iter().copied()) {
            partials = self.extend(partials, &parts, |part, values| {
                self.scaled(shapes[i], &part.1, &part.0, values)
            });
        }
        partials
            .into_iter()
            .map(|p| {
                let unused = ids
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i >= PARTS_PER_NODE || p.used >> i & 1 == 0);
                Match {
                    values: p.values,
                    rest: Rest::Bag(op, unused.map(|(_, id)| *id).collect()),
                }
            })
            .collect()
    }

    /// `base^exponent` with an exponent that is not a number, against a pattern of one power.
    fn root_power(
        &self,
        shapes: &[(ShapeId, Exponent)],
        ids: &[Id],
        start: Bindings,
    ) -> Vec<Match> {
        let [(base, Exponent::Shape(exponent))] = shapes else {
            return Vec::new();
        };
        self.arguments(Op::Pow, &[*base, *exponent], ids, vec![start])
            .into_iter()
            .map(|values| Match {
                values,
                rest: Rest::Nothing,
            })
            .collect()
    }
}
