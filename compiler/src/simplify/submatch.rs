//! Matching below the root, where all parts of a node must be used.
use super::bindings::{
    Bindings, MATCHES_PER_NODE, Matcher, PARTS_PER_NODE, Partial, is_bag, is_one,
};
use super::language::{self, Node, Parts, Weights};
use super::shape::{Exponent, Shape, ShapeId};
use super::value::Value;
use crate::terms::{Number, Op};
use egg::Id;

impl Matcher<'_> {
    /// Extends bindings so that `shape` is an element of class `id`.
    pub fn class(&self, shape: ShapeId, id: Id, values: Bindings) -> Vec<Bindings> {
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

    pub fn arguments(
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
    pub fn scaled(
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
    pub fn whole_product(
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
    pub fn factors(
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
}
