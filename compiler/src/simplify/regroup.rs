//! Rewrites that every n-ary algebra needs and no pattern of fixed size can say: flattening and taking out common factors.
use super::language::{self, Children, Graph, Node, Parts, Weights};
use super::value::Value;
use crate::terms::{Number, Op};
use egg::{Id, Language};

/// Flattened nodes have at most this many parts.
const MAX_PARTS: usize = 32;
/// Common factors tried per sum, the most frequent first.
const MAX_FACTORS: usize = 6;

/// Name under which flattening and folding appear in proofs.
pub(super) const CANONICAL: &str = "canonical";
/// Name under which taking out a common factor appears in proofs: `a*b + a*c = a*(b + c)`.
pub(super) const FACTOR: &str = "factor";

/// The canonical form of a node given what its children have become: nested sums, products, `min`s and `max`es flattened, equal parts
/// merged, numbers folded. `None` when there is nothing to do.
pub(super) fn canonical(graph: &mut Graph, class: Id, node: &Node) -> Option<Id> {
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
                    Some(inner) => args.extend(inner),
                    None => args.push(*id),
                }
            }
            let changes = args.len() != ids.len() || !is_sorted(graph, ids);
            (changes && args.len() <= MAX_PARTS).then(|| language::add_call(graph, *op, &args))
        }
        Node::Call(..) => None,
    }
}

/// Sums equal to the node in which a factor common to several parts is taken out.
pub(super) fn factored(graph: &mut Graph, w: &Weights, ids: &[Id]) -> Vec<Id> {
    let terms: Vec<Parts> = ids.iter().map(|id| factors(graph, *id)).collect();
    candidates(graph, &terms)
        .into_iter()
        .map(|(base, e)| take_out(graph, w, ids, &terms, base, &e))
        .collect()
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

/// The number and factors of `id^e` when it is a power of a product that may be taken apart.
fn inner_product(graph: &Graph, class: Id, id: Id, e: &Number) -> Option<(Number, Parts)> {
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
            Some((head, parts?))
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
            Some((n, parts)) => match head.checked_mul(&n) {
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

fn inner_bag(graph: &Graph, class: Id, op: Op, id: Id) -> Option<Vec<Id>> {
    language::acyclic_nodes(graph, id).find_map(|node| match node {
        Node::Call(f, ids) if *f == op && !mentions(graph, node, class) => Some(ids.to_vec()),
        Node::Call(..)
        | Node::Number(_)
        | Node::Symbol(_)
        | Node::Constant(_)
        | Node::Sum(..)
        | Node::Product(..) => None,
    })
}

/// Whether a node has the class among its children.
fn mentions(graph: &Graph, node: &Node, class: Id) -> bool {
    node.children().iter().any(|id| graph.find(*id) == class)
}
