//! Values of pattern variables and of right sides.
use super::facts::Known;
use super::language::{self, Graph, Parts};
use crate::terms::{Number, Op};
use egg::Id;

/// What a pattern variable stands for, and what a right side becomes: built up without adding nodes until it is needed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Class(Id),
    /// `head + Σ coefficient·class`
    Sum(Number, Parts),
    /// `head·Π class^exponent`; a number when there are no factors.
    Product(Number, Parts),
    /// Arguments taken from `min`, `max`, `and`, `or`: two or more.
    Bag(Op, Vec<Id>),
}

impl Value {
    pub fn number(n: Number) -> Value {
        Value::Product(n, Vec::new())
    }

    /// The value as a class of the e-graph.
    pub fn add(self, graph: &mut Graph) -> Id {
        match self {
            Value::Class(id) => id,
            Value::Sum(head, parts) => language::add_sum(graph, head, parts),
            Value::Product(head, parts) => language::add_product(graph, head, parts),
            Value::Bag(op, ids) => language::add_call(graph, op, &ids),
        }
    }

    pub fn as_number(&self, graph: &Graph) -> Option<Number> {
        match self {
            Value::Class(id) => language::constant(graph, *id).cloned(),
            Value::Sum(head, parts) | Value::Product(head, parts) if parts.is_empty() => {
                Some(head.clone())
            }
            Value::Sum(..) | Value::Product(..) | Value::Bag(..) => None,
        }
    }

    /// As `head + Σ coefficient·class`.
    pub fn into_sum(self, graph: &mut Graph) -> (Number, Parts) {
        match self {
            Value::Sum(head, parts) => (head, parts),
            Value::Product(head, parts) if parts.is_empty() => (head, parts),
            Value::Product(head, parts) => {
                let id = language::add_product(graph, Number::ONE, parts);
                (Number::ZERO, vec![(id, head)])
            }
            Value::Class(_) | Value::Bag(..) => {
                (Number::ZERO, vec![(self.add(graph), Number::ONE)])
            }
        }
    }

    /// As `head·Π class^exponent`.
    pub fn into_product(self, graph: &mut Graph) -> (Number, Parts) {
        match self {
            Value::Product(head, parts) => (head, parts),
            Value::Sum(head, parts) if parts.is_empty() => (head, parts),
            Value::Class(_) | Value::Bag(..) | Value::Sum(..) => {
                (Number::ONE, vec![(self.add(graph), Number::ONE)])
            }
        }
    }

    /// `self + k·other`
    pub fn plus(self, other: Value, k: &Number, graph: &mut Graph) -> Value {
        let (mut head, mut parts) = self.into_sum(graph);
        let (other_head, other_parts) = other.into_sum(graph);
        head += &(&other_head * k);
        parts.extend(other_parts.into_iter().map(|(id, c)| (id, &c * k)));
        Value::Sum(head, parts)
    }

    /// `self·other`
    pub fn times(self, other: Value, graph: &mut Graph) -> Value {
        let (head, mut parts) = self.into_product(graph);
        let (other_head, other_parts) = other.into_product(graph);
        parts.extend(other_parts);
        Value::Product(&head * &other_head, parts)
    }

    /// `k·self`; a sum is scaled term by term, as the pool does.
    pub fn scaled(self, k: &Number, graph: &mut Graph) -> Value {
        match self {
            Value::Sum(head, parts) => {
                let parts = parts.into_iter().map(|(id, c)| (id, &c * k)).collect();
                Value::Sum(&head * k, parts)
            }
            Value::Class(_) | Value::Product(..) | Value::Bag(..) => {
                let (head, parts) = self.into_product(graph);
                Value::Product(&head * k, parts)
            }
        }
    }

    /// `self^exponent`, taken into the factors where that is an equality.
    pub fn power(self, exponent: &Number, graph: &mut Graph) -> Value {
        if exponent.is_one() {
            return self;
        }
        if exponent.is_zero() {
            // `x^0` is 1 only where `x` is defined.
            return Value::Sum(Number::ONE, vec![(self.add(graph), Number::ZERO)]);
        }
        let (head, parts) = self.into_product(graph);
        let composed: Option<Parts> = parts
            .iter()
            .map(|(id, e)| {
                if e.is_one() && (exponent.is_integer() || parts.len() == 1) {
                    return Some((*id, exponent.clone()));
                }
                let e = language::compose(language::usable(graph, *id), e, exponent)?;
                (exponent.is_integer() || parts.len() == 1).then_some((*id, e))
            })
            .collect();
        match (language::exact_power(&head, exponent), composed) {
            (Some(head), Some(parts)) => Value::Product(head, parts),
            (Some(_) | None, Some(_) | None) => {
                let id = language::add_product(graph, head, parts);
                Value::Product(Number::ONE, vec![(id, exponent.clone())])
            }
        }
    }

    pub fn call(op: Op, args: Vec<Value>, graph: &mut Graph) -> Value {
        if op == Op::Sqrt
            && let Some(arg) = args.first()
        {
            return arg.clone().power(&language::half(), graph);
        }
        let mut ids = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                // `min(min(a, b), c)` is one bag.
                Value::Bag(inner, more) if inner == op => ids.extend(more),
                arg => ids.push(arg.add(graph)),
            }
        }
        match op {
            Op::Min | Op::Max | Op::And | Op::Or => Value::Bag(op, ids),
            _ => Value::Class(language::add_call(graph, op, &ids)),
        }
    }
}

/// What is known of a bound variable.
pub(super) fn known(graph: &Graph, value: &Option<Value>) -> Known {
    let value = value
        .as_ref()
        .expect("a match binds all variables of the left side");
    let data = |(id, k): &(Id, Number)| (k.clone(), graph[*id].data.clone());
    match value {
        Value::Class(id) => graph[*id].data.clone(),
        Value::Sum(head, parts) => {
            let parts: Vec<_> = parts.iter().map(data).collect();
            Known::sum(head, parts.iter().map(|(k, d)| (k, d)))
        }
        Value::Product(head, parts) => {
            let parts: Vec<_> = parts.iter().map(data).collect();
            Known::product(head, parts.iter().map(|(k, d)| (k, d)))
        }
        Value::Bag(op, ids) => {
            let args: Vec<&Known> = ids.iter().map(|id| &graph[*id].data).collect();
            Known::call(*op, &args)
        }
    }
}
