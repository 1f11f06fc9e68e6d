//! The e-graph's language: n-ary nodes like those of the pool, and the constructors that keep them canonical.
//!
//! A sum is one node `head + Σ weight·child`, a product one node `head·Π child^weight`, with children sorted by class.
//! Equal children are merged and constants folded on construction, so no rule has to know that `+` and `*` are
//! associative and commutative; [`super::matching`] matches patterns modulo both.
use super::facts::Known;
use crate::terms::{Number, Op, SymbolId};
use egg::{Analysis, DidMerge, EGraph, Id, Language};
use smallvec::SmallVec;
use std::sync::Arc;

/// Children of a node.
pub(super) type Children = SmallVec<[Id; 4]>;
/// Children with their coefficients (of a sum) or exponents (of a product).
pub(super) type Parts = Vec<(Id, Number)>;
/// Equal terms, and what is known of them.
pub(super) type Graph = EGraph<Node, Knowledge>;

/// Head and weights of a sum or product: `head + Σ weight·child` or `head·Π child^weight`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Weights {
    pub head: Number,
    pub each: Box<[Number]>,
}

/// A node of the e-graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Node {
    Number(Number),
    Symbol(SymbolId),
    Constant(&'static str),
    Sum(Arc<Weights>, Children),
    Product(Arc<Weights>, Children),
    Call(Op, Children),
}

/// What a node is, without its children: the e-graph finds classes by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Number,
    Symbol,
    Constant,
    Sum,
    Product,
    Call(Op),
}

impl Language for Node {
    type Discriminant = Kind;

    fn discriminant(&self) -> Kind {
        match self {
            Node::Number(_) => Kind::Number,
            Node::Symbol(_) => Kind::Symbol,
            Node::Constant(_) => Kind::Constant,
            Node::Sum(..) => Kind::Sum,
            Node::Product(..) => Kind::Product,
            Node::Call(op, _) => Kind::Call(*op),
        }
    }

    fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Node::Number(a), Node::Number(b)) => a == b,
            (Node::Symbol(a), Node::Symbol(b)) => a == b,
            (Node::Constant(a), Node::Constant(b)) => a == b,
            (Node::Sum(a, _), Node::Sum(b, _)) | (Node::Product(a, _), Node::Product(b, _)) => {
                a == b
            }
            (Node::Call(f, a), Node::Call(g, b)) => f == g && a.len() == b.len(),
            (Node::Number(_) | Node::Symbol(_) | Node::Constant(_), _)
            | (Node::Sum(..) | Node::Product(..) | Node::Call(..), _) => false,
        }
    }

    fn children(&self) -> &[Id] {
        match self {
            Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => &[],
            Node::Sum(_, children) | Node::Product(_, children) | Node::Call(_, children) => {
                children
            }
        }
    }

    fn children_mut(&mut self) -> &mut [Id] {
        match self {
            Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => &mut [],
            Node::Sum(_, children) | Node::Product(_, children) | Node::Call(_, children) => {
                children
            }
        }
    }
}

/// The e-class analysis.
#[derive(Debug, Clone, Default)]
pub(super) struct Knowledge {
    /// What is known of the symbols, by symbol number.
    pub symbols: Vec<Known>,
    /// Whether the constructors below take terms as they stand and use nothing that is known of classes: so a proof shows the left side of a rule.
    pub literal: bool,
}

/// What a constructor in literal mode knows of a class.
static NOTHING: Known = Known::NOTHING;

/// What the constructors may use of what is known of a class.
pub(super) fn usable(graph: &Graph, id: Id) -> &Known {
    match graph.analysis.literal {
        true => &NOTHING,
        false => &graph[id].data,
    }
}

/// The number that a class is, if the constructors may put it into a node.
fn foldable(graph: &Graph, id: Id) -> Option<&Number> {
    constant(graph, id).filter(|_| !graph.analysis.literal)
}

impl Analysis<Node> for Knowledge {
    type Data = Known;

    fn make(graph: &mut Graph, node: &Node, _: Id) -> Known {
        let known = |id: &Id| &graph[*id].data;
        match node {
            Node::Number(n) => Known::number(n),
            Node::Symbol(s) => graph.analysis.symbols[s.0 as usize].clone(),
            Node::Constant(_) => Known::named_constant(),
            Node::Sum(w, ids) => Known::sum(&w.head, w.each.iter().zip(ids.iter().map(known))),
            Node::Product(w, ids) => {
                Known::product(&w.head, w.each.iter().zip(ids.iter().map(known)))
            }
            Node::Call(op, ids) => {
                let args: SmallVec<[&Known; 4]> = ids.iter().map(known).collect();
                Known::call(*op, &args)
            }
        }
    }

    fn merge(&mut self, a: &mut Known, b: Known) -> DidMerge {
        let (first, second) = a.merge(&b);
        DidMerge(first, second)
    }

    /// A class whose value is an exact number everywhere gets that number as a node.
    fn modify(graph: &mut Graph, id: Id) {
        let class = &graph[id];
        if !class.data.defined || class.nodes.iter().any(|n| matches!(n, Node::Number(_))) {
            return;
        }
        let Some(n) = class.data.constant.clone() else {
            return;
        };
        let number = graph.add_uncanonical(Node::Number(n.clone()));
        if graph.are_explanations_enabled() {
            let mut nodes = graph[id].nodes.clone().into_iter();
            let witness =
                nodes.find(|node| Self::make(graph, node, id).constant.as_ref() == Some(&n));
            if let Some(node) = witness {
                let literal = with_known_children(graph, &node);
                graph.union_trusted(literal, number, "fold");
            }
        }
        graph.union_trusted(id, number, "fold");
    }
}

/// The node with its children as what is known of them: numbers where they are, else one term for each class. It is equal to the node by the proofs of its children.
pub(super) fn with_known_children(graph: &mut Graph, node: &Node) -> Id {
    let literal = node.clone().map_children(|id| known_child(graph, id));
    graph.add_uncanonical(literal)
}

/// A class as the number that it is, else as the one term that stands for it.
pub(super) fn known_child(graph: &mut Graph, id: Id) -> Id {
    match constant(graph, id).cloned() {
        Some(n) => graph.add_uncanonical(Node::Number(n)),
        None => graph.find(id),
    }
}

/// `head + Σ coefficient·child`, with constants folded and equal children merged.
pub(super) fn add_sum(graph: &mut Graph, mut head: Number, parts: Parts) -> Id {
    let mut kept: Parts = Vec::with_capacity(parts.len());
    for (id, k) in parts {
        match foldable(graph, id).and_then(|n| n.checked_mul(&k)) {
            Some(n) => head += &n,
            None => kept.push((id, k)),
        }
    }
    kept.sort_by_key(|(id, _)| graph.find(*id));
    kept.dedup_by(|next, first| {
        let same = graph.find(next.0) == graph.find(first.0);
        if same {
            first.1 += &next.1;
        }
        same
    });
    // `0·ln(x)` is zero only where `ln(x)` is defined.
    kept.retain(|(id, k)| !k.is_zero() || !usable(graph, *id).defined);
    match kept.as_slice() {
        [] => graph.add_uncanonical(Node::Number(head)),
        [(id, k)] if head.is_zero() && k.is_one() => *id,
        [_] if head.is_zero() => {
            let (id, k) = kept.remove(0);
            add_product(graph, k, vec![(id, Number::ONE)])
        }
        [..] => {
            let (weights, children) = split(head, kept);
            graph.add_uncanonical(Node::Sum(weights, children))
        }
    }
}

/// `head·Π child^exponent`, with constants folded and the exponents of equal children added where that is an equality.
pub(super) fn add_product(graph: &mut Graph, mut head: Number, parts: Parts) -> Id {
    let mut kept: Parts = Vec::with_capacity(parts.len());
    for (id, e) in parts {
        match foldable(graph, id).and_then(|n| exact_power(n, &e)?.checked_mul(&head)) {
            Some(n) => head = n,
            None => kept.push((id, e)),
        }
    }
    kept.sort_by(|a, b| (graph.find(a.0), &a.1).cmp(&(graph.find(b.0), &b.1)));
    let mut merged: Parts = Vec::with_capacity(kept.len());
    for (id, e) in kept {
        if let Some((last, f)) = merged.last_mut()
            && graph.find(*last) == graph.find(id)
            && add_exponents(usable(graph, id), f, &e)
        {
            if f.is_zero() {
                merged.pop();
            }
        } else {
            merged.push((id, e));
        }
    }
    if head.is_zero()
        && merged
            .iter()
            .all(|(id, e)| usable(graph, *id).power(e).defined)
    {
        merged.clear();
    }
    match merged.as_slice() {
        [] => graph.add_uncanonical(Node::Number(head)),
        [(id, e)] if head.is_one() && e.is_one() => *id,
        [..] => {
            let (weights, children) = split(head, merged);
            graph.add_uncanonical(Node::Product(weights, children))
        }
    }
}

/// `base^f·base^e` as `base^f` with a new `f`, where that is an equality.
fn add_exponents(base: &Known, f: &mut Number, e: &Number) -> bool {
    let sum = &*f + e;
    let known = Domain::proved(base);
    let before = Domain::of(f).and(Domain::of(e)).minus(known);
    let equal = before == Domain::of(&sum).minus(known) && (!sum.is_zero() || base.defined);
    if equal {
        *f = sum;
    }
    equal
}

/// An operator or function applied; `sqrt` becomes a power, arguments whose order does not matter are sorted.
pub(super) fn add_call(graph: &mut Graph, op: Op, args: &[Id]) -> Id {
    if op == Op::Sqrt {
        return add_product(graph, Number::ONE, vec![(args[0], half())]);
    }
    let mut args = Children::from_slice(args);
    if op.is_symmetric() {
        args.sort_by_key(|id| graph.find(*id));
    }
    if matches!(op, Op::Min | Op::Max | Op::And | Op::Or) {
        args.dedup_by_key(|id| graph.find(*id));
        if args.len() == 1 && !op.is_logical() {
            return args[0];
        }
    }
    graph.add_uncanonical(Node::Call(op, args))
}

/// 1/2
pub(super) fn half() -> Number {
    Number::ratio(1, 2).expect("2 is not zero")
}

/// The nodes of a class that do not have the class itself as a child, as `x = x^(1/2)*x^(1/2)` has: those lead nowhere.
pub(super) fn acyclic_nodes(graph: &Graph, id: Id) -> impl Iterator<Item = &Node> {
    let class = &graph[id];
    class
        .nodes
        .iter()
        .filter(|node| !node.children().contains(&class.id))
}

/// The exact value of a class that is defined everywhere.
pub(super) fn constant(graph: &Graph, id: Id) -> Option<&Number> {
    let data = &graph[id].data;
    data.constant.as_ref().filter(|_| data.defined)
}

/// `n^exponent` if it is rational.
pub(super) fn exact_power(n: &Number, exponent: &Number) -> Option<Number> {
    let (p, q) = exponent.as_ratio()?;
    if q == 1 {
        n.checked_pow(p)
    } else {
        n.exact_root(u32::try_from(q).ok()?)?.checked_pow(p)
    }
}

/// Sums and products of parts as weights and children.
pub(super) fn split(head: Number, parts: Parts) -> (Arc<Weights>, Children) {
    let (children, each): (Children, Vec<Number>) = parts.into_iter().unzip();
    let each = each.into_boxed_slice();
    (Arc::new(Weights { head, each }), children)
}

/// Weights and children as parts.
pub(super) fn parts(weights: &Weights, children: &[Id]) -> Parts {
    children
        .iter()
        .copied()
        .zip(weights.each.iter().cloned())
        .collect()
}

/// What a power excludes from the domain of its base: negative numbers when the exponent is a fraction, zero when it is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Domain {
    excludes_negative: bool,
    excludes_zero: bool,
}

impl Domain {
    pub fn of(exponent: &Number) -> Domain {
        Domain {
            excludes_negative: !exponent.is_integer(),
            excludes_zero: exponent.signum() < 0,
        }
    }

    /// What the facts exclude already.
    pub fn proved(base: &Known) -> Domain {
        Domain {
            excludes_negative: base.is_non_negative(),
            excludes_zero: base.is_nonzero(),
        }
    }

    pub fn and(self, other: Domain) -> Domain {
        Domain {
            excludes_negative: self.excludes_negative || other.excludes_negative,
            excludes_zero: self.excludes_zero || other.excludes_zero,
        }
    }

    pub fn minus(self, other: Domain) -> Domain {
        Domain {
            excludes_negative: self.excludes_negative && !other.excludes_negative,
            excludes_zero: self.excludes_zero && !other.excludes_zero,
        }
    }
}

/// The exponent of `(base^inner)^outer` as one power, where that is an equality.
pub(super) fn compose(base: &Known, inner: &Number, outer: &Number) -> Option<Number> {
    let product = inner.checked_mul(outer)?;
    let known = Domain::proved(base);
    // An even inner power forgets the sign, which an outer fraction would take for granted: |x|, not x.
    if !outer.is_integer() && !base.is_non_negative() && inner.is_integer() {
        return None;
    }
    let inside = Domain::of(inner);
    let outside = Domain {
        excludes_negative: false,
        excludes_zero: outer.signum() < 0,
    };
    (inside.and(outside).minus(known) == Domain::of(&product).minus(known)).then_some(product)
}
