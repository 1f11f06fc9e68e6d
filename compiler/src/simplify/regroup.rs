//! Rewrites that every n-ary algebra needs and no pattern of fixed size can say: flattening and taking out common factors.
use super::language::{self, Children, Graph, Node, Parts, Weights};
use super::value::Value;
use crate::terms::{Number, Op};
use egg::{Id, Language};
use std::sync::Arc;

/// Flattened nodes have at most this many parts.
const MAX_PARTS: usize = 32;
/// Common factors tried per sum, the most frequent first.
const MAX_FACTORS: usize = 6;

/// Name under which flattening a sum, adding up its numbers and its equal parts appear in proofs.
pub(super) const COLLECT: &str = "collect";
/// Name under which flattening a product, multiplying its numbers and its equal bases appear in proofs: `(a*b)^2*a = a^3*b^2`.
const COLLECT_POWERS: &str = "collect_powers";
/// Name under which flattening of other operators appears in proofs: `min(a, min(b, c)) = min(a, b, c)`.
const FLATTEN: &str = "flatten";
/// Name under which taking out a common factor appears in proofs: `a*b + a*c = a*(b + c)`.
pub(super) const FACTOR: &str = "factor";

/// An equality, with the reason that proofs give for it.
pub(super) struct Step {
    /// The node as the step sees it: with the terms of its children that the step makes use of.
    pub old: Id,
    pub new: Id,
    pub reason: &'static str,
}

/// The canonical form of a node given what its children have become: nested sums, products, `min`s and `max`es flattened, equal parts
/// merged, numbers folded. `None` when there is nothing to do.
pub(super) fn canonical(graph: &mut Graph, class: Id, node: &Node) -> Option<Step> {
    let new = collected(graph, class, node)?;
    Some(Step {
        old: opened(graph, class, node),
        new,
        reason: match node {
            Node::Product(..) => COLLECT_POWERS,
            Node::Call(..) => FLATTEN,
            Node::Number(_) | Node::Symbol(_) | Node::Constant(_) | Node::Sum(..) => COLLECT,
        },
    })
}

fn collected(graph: &mut Graph, class: Id, node: &Node) -> Option<Id> {
    match node {
        Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => None,
        Node::Sum(w, ids) => {
            let is_canonical =
                is_sorted(graph, ids) && ids.iter().all(|id| !opens_in_sum(graph, class, *id));
            if is_canonical {
                return None;
            }
            let (head, parts) = flat_sum(graph, class, w, ids);
            (parts.len() <= MAX_PARTS.max(ids.len())).then(|| language::add_sum(graph, head, parts))
        }
        Node::Product(w, ids) => {
            let is_canonical = is_sorted(graph, ids)
                && ids
                    .iter()
                    .zip(w.each.iter())
                    .all(|(id, e)| !opens_in_product(graph, class, *id, e));
            if is_canonical {
                return None;
            }
            let (head, parts) = flat_product(graph, class, w, ids);
            (parts.len() <= MAX_PARTS.max(ids.len()))
                .then(|| language::add_product(graph, head, parts))
        }
        Node::Call(op @ (Op::Min | Op::Max | Op::And | Op::Or), ids) => {
            let mut args: Vec<Id> = Vec::with_capacity(ids.len());
            for id in ids {
                match inner_bag(graph, class, *op, *id) {
                    Some(inner) => args.extend(inner.children()),
                    None => args.push(*id),
                }
            }
            let changes = args.len() != ids.len() || !is_sorted(graph, ids);
            (changes && args.len() <= MAX_PARTS).then(|| language::add_call(graph, *op, &args))
        }
        Node::Call(..) => None,
    }
}

/// A node with children as [`collected`] opens them; the node itself when nobody will ask for a proof.
fn opened(graph: &mut Graph, class: Id, node: &Node) -> Id {
    if !graph.are_explanations_enabled() {
        return graph.add_uncanonical(node.clone());
    }
    let inner: Vec<Option<Node>> = match node {
        Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => Vec::new(),
        Node::Sum(_, ids) => ids
            .iter()
            .map(|id| inner_sum(graph, class, *id).cloned())
            .collect(),
        Node::Product(w, ids) => ids
            .iter()
            .zip(w.each.iter())
            .map(|(id, e)| inner_product(graph, class, *id, e).map(|(node, ..)| node.clone()))
            .collect(),
        Node::Call(op, ids) => ids
            .iter()
            .map(|id| inner_bag(graph, class, *op, *id).cloned())
            .collect(),
    };
    let mut inner = inner.into_iter();
    let opened = node
        .clone()
        .map_children(|id| match inner.next().flatten() {
            Some(node) if language::constant(graph, id).is_none() => {
                language::with_known_children(graph, &node)
            }
            Some(_) | None => language::known_child(graph, id),
        });
    graph.add_uncanonical(opened)
}

/// Sums equal to the node in which a factor common to several parts is taken out.
pub(super) fn factored(graph: &mut Graph, w: &Weights, ids: &[Id]) -> Vec<Step> {
    let terms: Vec<Parts> = ids.iter().map(|id| factors(graph, *id)).collect();
    let candidates = candidates(graph, &terms);
    if candidates.is_empty() {
        return Vec::new();
    }
    let old = written_out(graph, w, ids, &terms);
    let step = |(base, e): (Id, Number)| Step {
        old,
        new: take_out(graph, w, ids, &terms, base, &e),
        reason: FACTOR,
    };
    candidates.into_iter().map(step).collect()
}

/// A sum whose parts are the products of these factors; the sum itself when nobody will ask for a proof.
fn written_out(graph: &mut Graph, w: &Weights, ids: &[Id], terms: &[Parts]) -> Id {
    let mut children = Children::from_slice(ids);
    if graph.are_explanations_enabled() {
        for (child, factors) in children.iter_mut().zip(terms) {
            *child = match factors.as_slice() {
                [(_, e)] if e.is_one() => language::known_child(graph, *child),
                [..] => {
                    let (weights, ids) = language::split(Number::ONE, factors.clone());
                    let product = Node::Product(weights, ids);
                    language::with_known_children(graph, &product)
                }
            };
        }
    }
    graph.add_uncanonical(Node::Sum(Arc::new(w.clone()), children))
}

/// A class as factors: those of its first product without a number in front, else the class itself.
fn factors(graph: &Graph, id: Id) -> Parts {
    let product = language::acyclic_nodes(graph, id).find_map(|node| match node {
        Node::Product(w, ids) if w.head.is_one() => Some(language::parts(w, ids)),
        Node::Product(..)
        | Node::Number(_)
        | Node::Symbol(_)
        | Node::Constant(_)
        | Node::Sum(..)
        | Node::Call(..) => None,
    });
    product.unwrap_or_else(|| vec![(id, Number::ONE)])
}

/// Bases that stand in at least two terms with exponents of one sign, with the exponent nearest to zero.
fn candidates(graph: &Graph, terms: &[Parts]) -> Parts {
    let mut all: Vec<(Id, bool, Number, usize)> = Vec::new();
    for (base, e) in terms.iter().flatten() {
        let base = graph.find(*base);
        let negative = e.signum() < 0;
        match all
            .iter_mut()
            .find(|(b, n, _, _)| *b == base && *n == negative)
        {
            Some((_, _, least, count)) => {
                if e.abs() < least.abs() {
                    *least = e.clone();
                }
                *count += 1;
            }
            None => all.push((base, negative, e.clone(), 1)),
        }
    }
    all.retain(|(_, _, e, count)| *count > 1 && !e.is_zero());
    all.sort_by(|a, b| b.3.cmp(&a.3).then(a.0.cmp(&b.0)).then(a.1.cmp(&b.1)));
    all.truncate(MAX_FACTORS);
    all.into_iter().map(|(base, _, e, _)| (base, e)).collect()
}

/// `base^e·(Σ what is left of the parts that have it) + the other parts`. One of the parts has exactly this power, so the sum is
/// undefined wherever `base^e` is, and nothing changes where it is.
fn take_out(
    graph: &mut Graph,
    w: &Weights,
    ids: &[Id],
    terms: &[Parts],
    base: Id,
    e: &Number,
) -> Id {
    let mut inside = Parts::new();
    let mut inside_head = Number::ZERO;
    let mut outside = Parts::new();
    for ((id, k), factors) in ids.iter().zip(w.each.iter()).zip(terms) {
        let at = factors.iter().position(|(b, f)| {
            graph.find(*b) == base && f.signum() == e.signum() && f.abs() >= e.abs()
        });
        let Some(at) = at else {
            outside.push((*id, k.clone()));
            continue;
        };
        let mut left = factors.clone();
        left[at].1 = &left[at].1 - e;
        if left[at].1.is_zero() {
            left.remove(at);
        }
        if left.is_empty() {
            inside_head += k;
        } else {
            inside.push((language::add_product(graph, Number::ONE, left), k.clone()));
        }
    }
    let content = content(&inside_head, &inside);
    if !content.is_one()
        && let Some(inverse) = content.recip()
    {
        inside_head = &inside_head * &inverse;
        inside.iter_mut().for_each(|(_, k)| *k = &*k * &inverse);
    }
    let sum = language::add_sum(graph, inside_head, inside);
    let product = language::add_product(
        graph,
        Number::ONE,
        vec![(base, e.clone()), (sum, Number::ONE)],
    );
    outside.push((product, content));
    language::add_sum(graph, w.head.clone(), outside)
}

/// The common magnitude of all coefficients, with the sign of all of them; 1 when they differ.
fn content(head: &Number, parts: &Parts) -> Number {
    let mut all = parts
        .iter()
        .map(|p| &p.1)
        .chain((!head.is_zero()).then_some(head));
    let Some(first) = all.next() else {
        return Number::ONE;
    };
    let mut same_sign = true;
    for k in all {
        if k.abs() != first.abs() {
            return Number::ONE;
        }
        same_sign &= k == first;
    }
    if same_sign {
        first.clone()
    } else {
        first.abs()
    }
}

fn is_sorted(graph: &Graph, ids: &Children) -> bool {
    ids.windows(2).all(|w| graph.find(w[0]) < graph.find(w[1]))
}

/// Whether a part of a sum is a number, a sum or has a number in front.
fn opens_in_sum(graph: &Graph, class: Id, id: Id) -> bool {
    language::constant(graph, id).is_some() || inner_sum(graph, class, id).is_some()
}

/// The first sum, or product with a number in front, in a class that is a part of a sum in `class`.
fn inner_sum(graph: &Graph, class: Id, id: Id) -> Option<&Node> {
    let is_open = |node: &&Node| match node {
        Node::Sum(..) => true,
        Node::Product(w, _) => !w.head.is_one(),
        Node::Number(_) | Node::Symbol(_) | Node::Constant(_) | Node::Call(..) => false,
    };
    language::acyclic_nodes(graph, id)
        .filter(is_open)
        .find(|node| !mentions(graph, node, class))
}

fn flat_sum(graph: &mut Graph, class: Id, w: &Weights, ids: &[Id]) -> (Number, Parts) {
    let mut sum = Value::Sum(w.head.clone(), Parts::new());
    for (id, k) in language::parts(w, ids) {
        let value = match inner_sum(graph, class, id) {
            Some(Node::Sum(w, ids)) => Value::Sum(w.head.clone(), language::parts(w, ids)),
            Some(Node::Product(w, ids)) => Value::Product(w.head.clone(), language::parts(w, ids)),
            Some(Node::Number(_) | Node::Symbol(_) | Node::Constant(_) | Node::Call(..)) | None => {
                Value::Class(id)
            }
        };
        sum = sum.plus(value, &k, graph);
    }
    sum.into_sum(graph)
}

fn opens_in_product(graph: &Graph, class: Id, id: Id, e: &Number) -> bool {
    let folds =
        language::constant(graph, id).is_some_and(|n| language::exact_power(n, e).is_some());
    folds || inner_product(graph, class, id, e).is_some()
}

/// The product that `id` is, and the number and factors of `id^e`, when it is a power of a product that may be taken apart.
fn inner_product<'g>(
    graph: &'g Graph,
    class: Id,
    id: Id,
    e: &Number,
) -> Option<(&'g Node, Number, Parts)> {
    if !e.is_integer() {
        return None;
    }
    language::acyclic_nodes(graph, id).find_map(|node| match node {
        Node::Product(w, ids) if !mentions(graph, node, class) => {
            let head = language::exact_power(&w.head, e)?;
            let parts: Option<Parts> = ids
                .iter()
                .zip(w.each.iter())
                .map(|(id, f)| Some((*id, language::compose(&graph[*id].data, f, e)?)))
                .collect();
            Some((node, head, parts?))
        }
        Node::Product(..)
        | Node::Number(_)
        | Node::Symbol(_)
        | Node::Constant(_)
        | Node::Sum(..)
        | Node::Call(..) => None,
    })
}

fn flat_product(graph: &Graph, class: Id, w: &Weights, ids: &[Id]) -> (Number, Parts) {
    let mut head = w.head.clone();
    let mut all = Parts::new();
    for (id, e) in language::parts(w, ids) {
        match inner_product(graph, class, id, &e) {
            Some((_, n, parts)) => match head.checked_mul(&n) {
                Some(product) => {
                    head = product;
                    all.extend(parts);
                }
                None => all.push((id, e)),
            },
            None => all.push((id, e)),
        }
    }
    (head, all)
}

/// The bag of the same operator that `id` is.
fn inner_bag(graph: &Graph, class: Id, op: Op, id: Id) -> Option<&Node> {
    language::acyclic_nodes(graph, id)
        .find(|node| matches!(node, Node::Call(f, _) if *f == op) && !mentions(graph, node, class))
}

/// Whether a node has the class among its children.
fn mentions(graph: &Graph, node: &Node, class: Id) -> bool {
    node.children().iter().any(|id| graph.find(*id) == class)
}
