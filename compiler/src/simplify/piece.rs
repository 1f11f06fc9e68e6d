//! Pieces: the terms that one e-graph looks at, numbered so that pieces of equal shape are equal.
use super::extract::Extracted;
use super::facts::{Facts, Known};
use super::language::{Children, Node, Weights};
use crate::terms::{Number, Op, Pool, SymbolId, Term, View};
use egg::Id;
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The largest piece, in nodes of its terms written out as trees.
const MAX_PIECE: u64 = 300;

/// Terms with their symbols numbered in order of appearance, and what is known of those symbols.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub terms: Extracted,
    pub known: Vec<Known>,
}

impl PartialEq for Piece {
    fn eq(&self, other: &Piece) -> bool {
        self.terms == other.terms && self.known == other.known
    }
}

impl Eq for Piece {}

impl Hash for Piece {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.terms.hash(state);
        self.known.len().hash(state);
    }
}

/// Where a piece was cut: its terms in the pool and the symbols that its numbers stand for.
pub(super) struct Cut {
    pub roots: Vec<Term>,
    pub symbols: Vec<SymbolId>,
}

/// Numbers the terms of a piece.
pub(super) fn number(pool: &Pool, roots: &[Term], facts: &Facts) -> (Piece, Cut) {
    let mut symbols: Vec<SymbolId> = Vec::new();
    let mut numbers: FxHashMap<SymbolId, u32> = FxHashMap::default();
    let mut at: FxHashMap<Term, Id> = FxHashMap::default();
    let mut nodes: Vec<Node> = Vec::new();
    for t in pool.reachable(roots) {
        let weighted = |head: &Number, parts: &[(Term, Number)]| {
            let ids: Children = parts.iter().map(|(t, _)| at[t]).collect();
            let each = parts.iter().map(|(_, k)| k.clone()).collect();
            (
                Arc::new(Weights {
                    head: head.clone(),
                    each,
                }),
                ids,
            )
        };
        let node = match pool.view(t) {
            View::Number(n) => Node::Number(n.clone()),
            View::Symbol(s) => {
                let next = symbols.len() as u32;
                let n = *numbers.entry(s).or_insert(next);
                if n == next {
                    symbols.push(s);
                }
                Node::Symbol(SymbolId(n))
            }
            View::Constant(name) => Node::Constant(name),
            View::Sum(head, parts) => {
                let (w, ids) = weighted(head, parts);
                Node::Sum(w, ids)
            }
            View::Product(head, parts) => {
                let (w, ids) = weighted(head, parts);
                Node::Product(w, ids)
            }
            View::Call(op, args) => Node::Call(op, args.iter().map(|t| at[t]).collect()),
        };
        at.insert(t, Id::from(nodes.len()));
        nodes.push(node);
    }
    let piece = Piece {
        terms: Extracted {
            nodes,
            roots: roots.iter().map(|t| at[t]).collect(),
        },
        known: symbols.iter().map(|s| facts.of_symbol(*s)).collect(),
    };
    (
        piece,
        Cut {
            roots: roots.to_vec(),
            symbols,
        },
    )
}

/// The terms of nodes in the pool, in order.
pub(super) fn build(pool: &mut Pool, nodes: &[Node], symbols: &[SymbolId]) -> Vec<Term> {
    let mut terms: Vec<Term> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let term = build_one(pool, node, symbols, &|id| terms[usize::from(id)]);
        terms.push(term);
    }
    terms
}

/// The term of one node, given those of its children.
pub(super) fn build_one(
    pool: &mut Pool,
    node: &Node,
    symbols: &[SymbolId],
    at: &dyn Fn(Id) -> Term,
) -> Term {
    let weighted = |w: &Weights, ids: &[Id]| -> Vec<(Term, Number)> {
        let terms = ids.iter().map(|id| at(*id));
        terms.zip(w.each.iter().cloned()).collect()
    };
    match node {
        Node::Number(n) => pool.number(n.clone()),
        Node::Symbol(s) => pool.var(symbols[s.0 as usize]),
        Node::Constant(name) => pool.constant(name),
        Node::Sum(w, ids) => pool.linear(w.head.clone(), &weighted(w, ids)),
        Node::Product(w, ids) => pool.monomial(w.head.clone(), &weighted(w, ids)),
        Node::Call(op, ids) => {
            let args: Vec<Term> = ids.iter().map(|id| at(*id)).collect();
            pool.call(*op, &args)
        }
    }
}

/// Groups of terms, each for one e-graph: terms that can gain, together when they share more than symbols, cut where they are too large.
pub(super) fn cut(pool: &Pool, roots: &[Term]) -> Vec<Vec<Term>> {
    let mut size: Vec<u64> = vec![0; pool.len()];
    let mut gains: Vec<bool> = vec![false; pool.len()];
    for t in pool.reachable(roots) {
        let mut n: u64 = 1;
        let mut child_gains = false;
        pool.for_each_child(t, |c| {
            n = n.saturating_add(size[c.index()]);
            child_gains |= gains[c.index()];
        });
        size[t.index()] = n;
        gains[t.index()] = child_gains || can_gain(pool, t);
    }
    let mut heads: Vec<Term> = Vec::new();
    let mut visited: FxHashSet<Term> = FxHashSet::default();
    let mut stack: Vec<Term> = roots.iter().rev().copied().collect();
    while let Some(t) = stack.pop() {
        if !gains[t.index()] || !visited.insert(t) {
            continue;
        }
        if size[t.index()] <= MAX_PIECE {
            heads.push(t);
        } else {
            pool.for_each_child(t, |c| stack.push(c));
        }
    }
    group(pool, &heads, &size)
}

/// Joins heads that share a subterm worth sharing, while the group stays small.
fn group(pool: &Pool, heads: &[Term], size: &[u64]) -> Vec<Vec<Term>> {
    let mut group_of: Vec<usize> = Vec::with_capacity(heads.len());
    let mut groups: Vec<(u64, Vec<Term>)> = Vec::new();
    let mut owner: FxHashMap<Term, usize> = FxHashMap::default();
    for (i, &head) in heads.iter().enumerate() {
        let parts = pool.reachable(&[head]);
        let shared = parts
            .iter()
            .filter(|t| is_compound(pool, **t))
            .find_map(|t| owner.get(t));
        let joined = shared
            .map(|j| group_of[*j])
            .filter(|g| groups[*g].0 + size[head.index()] <= MAX_PIECE);
        let g = joined.unwrap_or_else(|| {
            groups.push((0, Vec::new()));
            groups.len() - 1
        });
        groups[g].0 += size[head.index()];
        groups[g].1.push(head);
        group_of.push(g);
        for t in parts {
            owner.entry(t).or_insert(i);
        }
    }
    groups.into_iter().map(|g| g.1).collect()
}

fn is_compound(pool: &Pool, t: Term) -> bool {
    match pool.view(t) {
        View::Sum(..) | View::Product(..) | View::Call(..) => true,
        View::Number(_) | View::Symbol(_) | View::Constant(_) => false,
    }
}

/// Whether some rule could make this node cheaper, given children that cannot gain: monomials, plain sums of them and simple fractions
/// have nothing to gain, and most of a network is made of those.
fn can_gain(pool: &Pool, t: Term) -> bool {
    match pool.view(t) {
        View::Number(_) | View::Symbol(_) | View::Constant(_) => false,
        View::Call(op, args) => match op {
            Op::Exp | Op::Ln | Op::Sin | Op::Cos | Op::Tanh => {
                args.iter().any(|a| is_compound(pool, *a))
            }
            _ => true,
        },
        View::Product(_, factors) => product_can_gain(pool, factors),
        View::Sum(_, parts) => sum_can_gain(pool, parts),
    }
}

fn product_can_gain(pool: &Pool, factors: &[(Term, Number)]) -> bool {
    let repeated = factors.windows(2).any(|w| w[0].0 == w[1].0);
    let calls = factors
        .iter()
        .filter(|(b, _)| matches!(pool.view(*b), View::Call(..)))
        .count();
    let sums = factors
        .iter()
        .filter(|(b, _)| matches!(pool.view(*b), View::Sum(..)))
        .count();
    repeated
        || calls > 1
        || sums > 1
        || factors.iter().any(|(b, e)| {
            !e.is_integer()
                || match pool.view(*b) {
                    // `1/(1 + a/b)`, `1/(a/b)`
                    View::Sum(_, parts) => {
                        e.signum() < 0 && parts.iter().any(|(t, _)| is_fraction(pool, *t))
                    }
                    View::Product(..) => true,
                    View::Call(..) => !e.is_one(),
                    View::Number(_) | View::Symbol(_) | View::Constant(_) => false,
                }
        })
}

fn sum_can_gain(pool: &Pool, parts: &[(Term, Number)]) -> bool {
    let mut bases: FxHashSet<Term> = FxHashSet::default();
    let mut fractions = 0;
    let calls = parts
        .iter()
        .filter(|(t, _)| matches!(pool.view(*t), View::Call(..)))
        .count();
    if calls > 1 {
        return true;
    }
    for (t, _) in parts {
        let is_new = match pool.view(*t) {
            View::Product(_, factors) => {
                fractions += usize::from(is_fraction(pool, *t));
                factors
                    .iter()
                    .fold(true, |all, (b, _)| all & bases.insert(*b))
            }
            View::Number(_)
            | View::Symbol(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Call(..) => bases.insert(*t),
        };
        if !is_new || fractions > 1 {
            return true;
        }
    }
    false
}

fn is_fraction(pool: &Pool, t: Term) -> bool {
    match pool.view(t) {
        View::Product(_, factors) => factors.iter().any(|(_, e)| e.signum() < 0),
        View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Sum(..) | View::Call(..) => {
            false
        }
    }
}

/// Terms with some subterms replaced, rebuilt bottom-up.
pub(super) fn replace(pool: &mut Pool, roots: &[Term], new: &FxHashMap<Term, Term>) -> Vec<Term> {
    let mut done: FxHashMap<Term, Term> = FxHashMap::default();
    for t in pool.reachable(roots) {
        let replaced = match new.get(&t) {
            Some(n) => *n,
            None => rebuilt(pool, t, &done),
        };
        done.insert(t, replaced);
    }
    roots.iter().map(|t| done[t]).collect()
}

fn rebuilt(pool: &mut Pool, t: Term, done: &FxHashMap<Term, Term>) -> Term {
    let mut changed = false;
    pool.for_each_child(t, |c| changed |= done[&c] != c);
    if !changed {
        return t;
    }
    let weighted = |parts: &[(Term, Number)]| -> Vec<(Term, Number)> {
        parts.iter().map(|(t, k)| (done[t], k.clone())).collect()
    };
    match pool.view(t) {
        View::Number(_) | View::Symbol(_) | View::Constant(_) => t,
        View::Sum(head, parts) => {
            let (head, parts) = (head.clone(), weighted(parts));
            pool.linear(head, &parts)
        }
        View::Product(head, parts) => {
            let (head, parts) = (head.clone(), weighted(parts));
            pool.monomial(head, &parts)
        }
        View::Call(op, args) => {
            let args: Vec<Term> = args.iter().map(|a| done[a]).collect();
            pool.call(op, &args)
        }
    }
}
