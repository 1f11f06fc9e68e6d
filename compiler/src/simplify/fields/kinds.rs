//! What classes of the e-graph are to a discretisation: nothing, given, linear in fields, or a product of them.

use super::super::language::{self, Graph, Node};
use crate::terms::{Number, Op};
use egg::Id;
use rustc_hash::FxHashMap;

/// What a class is; the least that one of its nodes shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Zero,
    /// Without fields; bit i: depends on coordinate i.
    Free(u8),
    /// A linear combination of fields and their derivatives with numbers.
    Linear,
    /// Anything else.
    Product,
}

/// The kinds of all classes, and the classes of the coordinates.
#[derive(Debug, Clone, Default)]
pub(super) struct Kinds {
    of: FxHashMap<Id, Kind>,
    axes: Vec<Id>,
}

/// All classes in a fixed order.
pub(super) fn classes(graph: &Graph) -> Vec<Id> {
    let mut ids: Vec<Id> = graph.classes().map(|class| class.id).collect();
    ids.sort_unstable();
    ids
}

impl Kinds {
    /// `symbols`: what the symbols are; `axes`: classes of the coordinates.
    pub fn of(graph: &Graph, symbols: &[Kind], axes: &[Id]) -> Kinds {
        let mut kinds = Kinds {
            of: FxHashMap::default(),
            axes: axes.iter().map(|id| graph.find(*id)).collect(),
        };
        let classes = classes(graph);
        let mut changed = true;
        while changed {
            changed = false;
            for &class in &classes {
                let nodes = language::acyclic_nodes(graph, class);
                let kind = nodes
                    .filter_map(|node| kinds.node(graph, node, symbols))
                    .min();
                if kind.is_some() && kind != kinds.of.get(&class).copied() {
                    kinds.of.extend(kind.map(|kind| (class, kind)));
                    changed = true;
                }
            }
        }
        kinds
    }

    pub fn kind(&self, graph: &Graph, class: Id) -> Kind {
        self.of
            .get(&graph.find(class))
            .copied()
            .unwrap_or(Kind::Product)
    }

    /// Position of a coordinate.
    pub fn axis(&self, graph: &Graph, class: Id) -> Option<usize> {
        let class = graph.find(class);
        self.axes.iter().position(|axis| *axis == class)
    }

    /// `None` while a child has no kind yet.
    fn node(&self, graph: &Graph, node: &Node, symbols: &[Kind]) -> Option<Kind> {
        let known = |id: &Id| self.of.get(&graph.find(*id)).copied();
        Some(match node {
            Node::Number(n) if n.is_zero() => Kind::Zero,
            Node::Number(_) | Node::Constant(_) => Kind::Free(0),
            Node::Symbol(s) => symbols[s.0 as usize],
            Node::Sum(w, ids) => {
                let kinds = ids.iter().map(known).collect::<Option<Vec<_>>>()?;
                sum(&w.head, &kinds)
            }
            Node::Product(w, ids) => {
                let kinds = ids.iter().map(known).collect::<Option<Vec<_>>>()?;
                product(&kinds, &w.each)
            }
            Node::Call(Op::Partial, ids) => match (known(&ids[0])?, self.axis(graph, ids[1])) {
                (Kind::Free(mask), Some(axis)) if mask >> axis & 1 == 0 => Kind::Zero,
                (kind, _) => kind,
            },
            Node::Call(_, ids) => {
                let kinds = ids.iter().map(known).collect::<Option<Vec<_>>>()?;
                free(&kinds).unwrap_or(Kind::Product)
            }
        })
    }
}

/// The kind of a function of these, if it has no fields.
fn free(kinds: &[Kind]) -> Option<Kind> {
    let mask = kinds.iter().try_fold(0, |all, kind| match kind {
        Kind::Zero => Some(all),
        Kind::Free(mask) => Some(all | mask),
        Kind::Linear | Kind::Product => None,
    });
    mask.map(Kind::Free)
}

fn sum(head: &Number, kinds: &[Kind]) -> Kind {
    let is_linear = |kind: &Kind| matches!(kind, Kind::Zero | Kind::Linear);
    match free(kinds) {
        Some(kind) => kind,
        None if head.is_zero() && kinds.iter().all(is_linear) => Kind::Linear,
        None => Kind::Product,
    }
}

fn product(kinds: &[Kind], exponents: &[Number]) -> Kind {
    let vanishes = |(kind, e): (&Kind, &Number)| *kind == Kind::Zero && e.signum() > 0;
    if kinds.iter().zip(exponents).any(vanishes) {
        return Kind::Zero;
    }
    match (kinds, exponents) {
        ([Kind::Linear], [e]) if e.is_one() => Kind::Linear,
        (_, _) => free(kinds).unwrap_or(Kind::Product),
    }
}
