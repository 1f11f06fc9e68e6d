//! Matching left sides in the e-graph modulo associativity and commutativity.
//!
//! At the root a sum (product, `min`, …) may have more parts than the pattern: what is left over is carried along. Sums also match up to
//! a common factor, `3*sin(x)^2 + 3*cos(x)^2` as `3*(sin(x)^2 + cos(x)^2)`. Below the root all parts must be used; there a lone
//! variable of the pattern takes all that the other parts of the pattern leave. The number of matches per node is bounded.
use super::language::{self, Graph, Kind, Node, Parts, Weights};
use super::pattern::{CompiledRule, Exponent, Shape, ShapeId, Value};
use crate::terms::{Number, Op};
use egg::Id;
use smallvec::{SmallVec, smallvec};
use std::cell::Cell;

/// Matches kept per node and rule.
const MATCHES_PER_NODE: usize = 64;
/// Longer sums and products are matched by their first parts only.
const PARTS_PER_NODE: usize = 48;

type Bindings = SmallVec<[Option<Value>; 4]>;

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

struct Matcher<'a> {
    graph: &'a Graph,
    rule: &'a CompiledRule,
    fuel: &'a Fuel,
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
    fn step(&self) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        left > 0
    }
}

/// Parts of a node that a partial match has not used yet.
#[derive(Clone)]
struct Partial {
    values: Bindings,
    /// Bit i: part i is used.
    used: u64,
}

impl Matcher<'_> {
    fn shape(&self, id: ShapeId) -> &Shape {
        &self.rule.shapes[id]
    }

    fn is_free(&self, shape: ShapeId, values: &Bindings) -> bool {
        matches!(self.shape(shape), Shape::Variable(v) if values[*v].is_none())
    }

    // ---- roots ----

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

    // ---- below the root ----

    /// Extends bindings so that `shape` is an element of class `id`.
    fn class(&self, shape: ShapeId, id: Id, values: Bindings) -> Vec<Bindings> {
        if !self.fuel.step() {
            return Vec::new();
        }
        let class = &self.graph[id];
        match self.shape(shape) {
            Shape::Variable(v) => self.bind(*v, Value::Class(id), values),
            Shape::Number(n) if language::constant(self.graph, id) == Some(n) => vec![values],
            Shape::Constant(name) if class.nodes.contains(&Node::Constant(name)) => vec![values],
            Shape::Number(_) | Shape::Constant(_) => Vec::new(),
            Shape::Sum(head, shapes) => self.any_node(id, |node| match node {
                Node::Sum(w, ids) => self.whole_sum(head, shapes, w, ids, values.clone()),
                _ => Vec::new(),
            }),
            Shape::Product(head, shapes) => {
                self.product_class(head, shapes, &Number::ONE, id, values)
            }
            Shape::Call(op, shapes) => self.any_node(id, |node| match node {
                Node::Call(f, ids) if f == op && is_bag(*op) => {
                    self.whole_bag(*op, shapes, ids, values.clone())
                }
                Node::Call(f, ids) if f == op => {
                    self.arguments(*op, shapes, ids, vec![values.clone()])
                }
                _ => Vec::new(),
            }),
        }
    }

    fn any_node(&self, id: Id, mut found_in: impl FnMut(&Node) -> Vec<Bindings>) -> Vec<Bindings> {
        let mut found = Vec::new();
        for node in language::acyclic_nodes(self.graph, id) {
            found.append(&mut found_in(node));
            if found.len() > MATCHES_PER_NODE {
                break;
            }
        }
        found
    }

    fn arguments(
        &self,
        op: Op,
        shapes: &[ShapeId],
        ids: &[Id],
        start: Vec<Bindings>,
    ) -> Vec<Bindings> {
        if shapes.len() != ids.len() {
            return Vec::new();
        }
        let in_order = |ids: &[Id], start: Vec<Bindings>| {
            shapes.iter().zip(ids).fold(start, |found, (shape, id)| {
                found
                    .into_iter()
                    .flat_map(|values| self.class(*shape, *id, values))
                    .collect()
            })
        };
        let mut found = in_order(ids, start.clone());
        if let (true, [a, b]) = (op.is_symmetric(), ids) {
            found.extend(in_order(&[*b, *a], start));
        }
        found
    }

    /// `shape` against `k·value`.
    fn scaled(
        &self,
        shape: ShapeId,
        k: &Number,
        value: &Value,
        values: &Bindings,
    ) -> Vec<Bindings> {
        match (self.shape(shape), value) {
            (Shape::Variable(v), Value::Class(id)) if !k.is_one() => self.bind(
                *v,
                Value::Product(k.clone(), vec![(*id, Number::ONE)]),
                values.clone(),
            ),
            (Shape::Variable(v), Value::Product(one, _)) => {
                self.bind(*v, Value::number(k * one), values.clone())
            }
            (Shape::Product(head, shapes), Value::Class(id)) => {
                self.product_class(head, shapes, k, *id, values.clone())
            }
            (_, Value::Class(id)) if k.is_one() => self.class(shape, *id, values.clone()),
            _ => Vec::new(),
        }
    }

    /// All of a sum: the last free variable takes what the others leave.
    fn whole_sum(
        &self,
        head: &Number,
        shapes: &[(ShapeId, Number)],
        w: &Weights,
        ids: &[Id],
        start: Bindings,
    ) -> Vec<Bindings> {
        if ids.len() > PARTS_PER_NODE {
            return Vec::new();
        }
        let parts = self.sum_parts(w, ids, head.is_zero());
        if parts.len() < shapes.len() || (!head.is_zero() && w.head != *head) {
            return Vec::new();
        }
        let mut order = self.by_tightness(shapes.iter().map(|(s, _)| *s));
        let collector = order
            .last()
            .copied()
            .filter(|i| matches!(self.shape(shapes[*i].0), Shape::Variable(_)));
        if collector.is_some() {
            order.pop();
        } else if parts.len() != shapes.len() {
            return Vec::new();
        }
        let mut partials = vec![Partial {
            values: start,
            used: 0,
        }];
        for &i in &order {
            let (shape, k) = &shapes[i];
            let k = k
                .recip()
                .expect("a compiled pattern has no zero coefficient");
            partials = self.extend(partials, &parts, |part, values| {
                self.scaled(*shape, &(&part.1 * &k), &part.0, values)
            });
        }
        let mut found = Vec::new();
        for p in partials {
            let Some(i) = collector else {
                found.push(p.values);
                continue;
            };
            let (shape, k) = &shapes[i];
            let k = k
                .recip()
                .expect("a compiled pattern has no zero coefficient");
            let mut rest = (Number::ZERO, Parts::new());
            for (_, (value, c)) in parts
                .iter()
                .enumerate()
                .filter(|(i, _)| p.used >> i & 1 == 0)
            {
                match value {
                    Value::Class(id) => rest.1.push((*id, c * &k)),
                    Value::Sum(..) | Value::Product(..) | Value::Bag(..) => rest.0 = c * &k,
                }
            }
            if let Shape::Variable(v) = self.shape(*shape) {
                found.extend(self.bind(*v, Value::Sum(rest.0, rest.1), p.values));
            }
        }
        found
    }

    /// A product pattern against `k·class`.
    fn product_class(
        &self,
        head: &Number,
        shapes: &[(ShapeId, Exponent)],
        k: &Number,
        id: Id,
        values: Bindings,
    ) -> Vec<Bindings> {
        let mut found = Vec::new();
        for node in language::acyclic_nodes(self.graph, id) {
            match node {
                Node::Product(w, ids) if ids.len() <= PARTS_PER_NODE => {
                    let parts = language::parts(w, ids);
                    found.extend(self.whole_product(
                        head,
                        shapes,
                        &(k * &w.head),
                        &parts,
                        values.clone(),
                    ));
                }
                Node::Call(Op::Pow, ids) if k == head => {
                    if let [(base, Exponent::Shape(e))] = shapes {
                        found.extend(self.arguments(
                            Op::Pow,
                            &[*base, *e],
                            ids,
                            vec![values.clone()],
                        ));
                    }
                }
                Node::Call(..) | Node::Sum(..) | Node::Product(..) => {}
                Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => {}
            }
            if found.len() > MATCHES_PER_NODE {
                return found;
            }
        }
        if let [(base, e)] = shapes
            && let Shape::Variable(v) = self.shape(*base)
            && *head == Number::MINUS_ONE
            && k.is_one()
            && is_one(e)
        {
            found.extend(
                self.negated_sums(id)
                    .into_iter()
                    .flat_map(|value| self.bind(*v, value, values.clone())),
            );
        }
        // The class as a product of itself and 1.
        if shapes.len() > 1 || !k.is_one() || !head.is_one() {
            found.extend(self.whole_product(head, shapes, k, &[(id, Number::ONE)], values));
        }
        found
    }

    /// What a pattern `-x` binds to in a class of sums: `b - a` is `-(a - b)` when its first part has a negative coefficient, so
    /// that `abs(a - b)` and `abs(b - a)` become one.
    fn negated_sums(&self, id: Id) -> Vec<Value> {
        let sums = language::acyclic_nodes(self.graph, id).filter_map(|node| match node {
            Node::Sum(w, ids) if w.each[0].signum() < 0 => {
                let parts = language::parts(w, ids)
                    .into_iter()
                    .map(|(id, k)| (id, -k))
                    .collect();
                Some(Value::Sum(-&w.head, parts))
            }
            Node::Sum(..)
            | Node::Product(..)
            | Node::Call(..)
            | Node::Number(_)
            | Node::Symbol(_)
            | Node::Constant(_) => None,
        });
        sums.collect()
    }

    /// All of a product: the last free variable with exponent 1 takes what the others leave, which may be just the number.
    fn whole_product(
        &self,
        head: &Number,
        shapes: &[(ShapeId, Exponent)],
        k: &Number,
        factors: &[(Id, Number)],
        start: Bindings,
    ) -> Vec<Bindings> {
        let k = if *head == Number::MINUS_ONE && k.signum() >= 0 {
            return Vec::new();
        } else {
            k * &head.recip().expect("a compiled pattern has no zero factor")
        };
        let collector = shapes
            .iter()
            .rposition(|(s, e)| is_one(e) && self.is_free(*s, &start));
        let Some(collector) = collector else {
            if !k.is_one() {
                return Vec::new();
            }
            let all = (1u64 << factors.len()) - 1;
            let partials = self.factors(shapes, factors, start, true);
            return partials
                .into_iter()
                .filter(|p| p.used == all)
                .map(|p| p.values)
                .collect();
        };
        let mut others = shapes.to_vec();
        let (collector, _) = others.remove(collector);
        let mut found = Vec::new();
        // `a*b` is no match for `x = x*1`, but `a/b` is for `1/x`.
        let needs_rest = others
            .iter()
            .all(|(s, e)| is_one(e) && self.is_free(*s, &start));
        for p in self.factors(&others, factors, start, true) {
            if needs_rest && k.is_one() && p.used.count_ones() as usize == factors.len() {
                continue;
            }
            let unused = factors
                .iter()
                .enumerate()
                .filter(|(i, _)| p.used >> i & 1 == 0);
            let rest: Parts = unused.map(|(_, f)| f.clone()).collect();
            if let Shape::Variable(v) = self.shape(collector) {
                found.extend(self.bind(*v, Value::Product(k.clone(), rest), p.values));
            }
        }
        found
    }

    /// Ways to find each factor of the pattern among `factors`.
    fn factors(
        &self,
        shapes: &[(ShapeId, Exponent)],
        factors: &[(Id, Number)],
        start: Bindings,
        whole: bool,
    ) -> Vec<Partial> {
        if factors.len() < shapes.len() {
            return Vec::new();
        }
        let mut partials = vec![Partial {
            values: start,
            used: 0,
        }];
        for &i in &self.by_tightness(shapes.iter().map(|(s, _)| *s)) {
            let (shape, exponent) = &shapes[i];
            partials = self.extend(partials, factors, |(id, f), values| {
                self.factor(*shape, exponent, *id, f, values, whole)
            });
        }
        partials
    }

    /// `shape^exponent` against `class^f`.
    fn factor(
        &self,
        shape: ShapeId,
        exponent: &Exponent,
        id: Id,
        f: &Number,
        values: &Bindings,
        whole: bool,
    ) -> Vec<Bindings> {
        match exponent {
            Exponent::Number(e) if e == f => self.class(shape, id, values.clone()),
            Exponent::Number(e) => {
                // `b^e` against `x^(n·e)`: b = x^n. At the root this would only split powers.
                let quotient = f * &e.recip().expect("a compiled pattern has no zero exponent");
                match self.shape(shape) {
                    Shape::Variable(v)
                        if e.is_one()
                            || whole
                                && e.is_integer()
                                && quotient.signum() > 0
                                && quotient.is_integer() =>
                    {
                        self.bind(
                            *v,
                            Value::Product(Number::ONE, vec![(id, quotient)]),
                            values.clone(),
                        )
                    }
                    _ => Vec::new(),
                }
            }
            Exponent::Shape(e) => {
                let mut found = Vec::new();
                // A lone factor is no power: `x^n` does not match `x`, or every product would be a product of powers.
                let powers = if f.is_one() {
                    Vec::new()
                } else {
                    self.class(shape, id, values.clone())
                };
                for values in powers {
                    match self.shape(*e) {
                        Shape::Variable(v) => {
                            found.extend(self.bind(*v, Value::number(f.clone()), values))
                        }
                        Shape::Number(n) if n == f => found.push(values),
                        _ => {}
                    }
                }
                if f.is_one() {
                    found.extend(self.any_node(id, |node| match node {
                        Node::Call(Op::Pow, ids) => {
                            self.arguments(Op::Pow, &[shape, *e], ids, vec![values.clone()])
                        }
                        _ => Vec::new(),
                    }));
                }
                found
            }
        }
    }

    fn whole_bag(&self, op: Op, shapes: &[ShapeId], ids: &[Id], start: Bindings) -> Vec<Bindings> {
        if ids.len() < shapes.len() || ids.len() > PARTS_PER_NODE {
            return Vec::new();
        }
        let parts: Vec<(Value, Number)> = ids
            .iter()
            .map(|id| (Value::Class(*id), Number::ONE))
            .collect();
        let mut order = self.by_tightness(shapes.iter().copied());
        let Some(last) = order.pop() else {
            return Vec::new();
        };
        let mut partials = vec![Partial {
            values: start,
            used: 0,
        }];
        for &i in &order {
            partials = self.extend(partials, &parts, |part, values| {
                self.scaled(shapes[i], &part.1, &part.0, values)
            });
        }
        let mut found = Vec::new();
        for p in partials {
            let rest: Vec<Id> = ids
                .iter()
                .enumerate()
                .filter(|(i, _)| p.used >> i & 1 == 0)
                .map(|(_, id)| *id)
                .collect();
            match (self.shape(shapes[last]), rest.as_slice()) {
                (_, [id]) => found.extend(self.class(shapes[last], *id, p.values)),
                (Shape::Variable(v), [_, _, ..]) => {
                    found.extend(self.bind(*v, Value::Bag(op, rest), p.values))
                }
                _ => {}
            }
        }
        found
    }

    // ---- bindings ----

    /// Binds a variable, or compares with what it is bound to.
    fn bind(&self, variable: usize, value: Value, mut values: Bindings) -> Vec<Bindings> {
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
    fn normal(&self, value: Value) -> Value {
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

    // ---- choosing parts ----

    /// Parts of a sum; its constant is one more, a number, when the pattern has none of its own.
    fn sum_parts(&self, w: &Weights, ids: &[Id], with_head: bool) -> Vec<(Value, Number)> {
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
    fn by_tightness(&self, shapes: impl Iterator<Item = ShapeId>) -> SmallVec<[usize; 4]> {
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
    fn absorbs(&self, shape: ShapeId) -> bool {
        match self.shape(shape) {
            Shape::Variable(_) => true,
            Shape::Product(_, parts) => parts
                .iter()
                .any(|(s, e)| is_one(e) && matches!(self.shape(*s), Shape::Variable(_))),
            Shape::Number(_) | Shape::Constant(_) | Shape::Sum(..) | Shape::Call(..) => false,
        }
    }

    /// Extends each partial match by each unused part that `fits`.
    fn extend<P>(
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

fn is_one(exponent: &Exponent) -> bool {
    matches!(exponent, Exponent::Number(e) if e.is_one())
}

fn is_bag(op: Op) -> bool {
    matches!(op, Op::Min | Op::Max | Op::And | Op::Or)
}
