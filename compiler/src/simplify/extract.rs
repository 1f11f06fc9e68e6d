//! Choosing the cheapest terms of an e-graph as a DAG: shared nodes are paid once.
//!
//! Each class keeps the set of what its best term so far needs, with costs; a node's set is the union of its children's sets.
//! A second pass tries every other node of the classes in the solution and keeps what lowers the cost of all roots together.
//!
//! # References
//! The `faster-greedy-dag` extractor of the extraction-gym, <https://github.com/egraphs-good/extraction-gym>.
use super::cost;
use super::language::{Graph, Node, Weights};
use crate::terms::Number;
use egg::{Id, Language};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Updates per node after which the greedy pass stops: later ones only shuffle ties.
const UPDATES_PER_NODE: usize = 16;
/// Rounds of the second pass.
const ROUNDS: usize = 3;
/// Solutions with more classes are left as the greedy pass found them: trying alternatives is quadratic.
const MAX_IMPROVED: usize = 400;

/// The chosen terms as nodes, children before parents, and the positions of the roots among them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Extracted {
    pub nodes: Vec<Node>,
    pub roots: Vec<Id>,
}

/// Something paid for once: a class, or a power of one.
type Item = u32;
/// Sorted by item.
type CostSet = Vec<(Item, u32)>;

/// The cheapest terms found for the roots; `None` if the greedy pass stopped early with a cyclic choice.
pub(super) fn extract(graph: &Graph, roots: &[Id]) -> Option<Extracted> {
    let mut extractor = Extractor::new(graph);
    extractor.greedy();
    let roots: Vec<usize> = roots.iter().map(|id| extractor.index(*id)).collect();
    extractor.improve(&roots);
    extractor.take(&roots)
}

struct Candidate<'a> {
    node: &'a Node,
    /// Dense class numbers.
    children: Vec<usize>,
    /// What the node itself adds: its own cost comes first, then powers of children.
    own: u32,
    powers: CostSet,
}

struct Extractor<'a> {
    graph: &'a Graph,
    class_of: FxHashMap<Id, usize>,
    classes: Vec<Vec<Candidate<'a>>>,
    parents: Vec<Vec<(usize, usize)>>,
    choice: Vec<Option<usize>>,
    sets: Vec<Option<(u64, CostSet)>>,
}

impl<'a> Extractor<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut ids: Vec<Id> = graph.classes().map(|c| c.id).collect();
        ids.sort_unstable();
        let class_of: FxHashMap<Id, usize> =
            ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let mut extractor = Extractor {
            graph,
            parents: vec![Vec::new(); ids.len()],
            choice: vec![None; ids.len()],
            sets: vec![None; ids.len()],
            classes: Vec::with_capacity(ids.len()),
            class_of,
        };
        let mut power_items: FxHashMap<(usize, Number), Item> = FxHashMap::default();
        for (i, id) in ids.iter().enumerate() {
            let mut nodes: Vec<&Node> = graph[*id].nodes.iter().collect();
            nodes.sort_unstable();
            let mut candidates = Vec::with_capacity(nodes.len());
            for node in nodes {
                let candidate = extractor.candidate(node, ids.len(), &mut power_items);
                if candidate.children.contains(&i) {
                    continue;
                }
                for child in &candidate.children {
                    extractor.parents[*child].push((i, candidates.len()));
                }
                candidates.push(candidate);
            }
            extractor.classes.push(candidates);
        }
        extractor
    }

    fn index(&self, id: Id) -> usize {
        self.class_of[&self.graph.find(id)]
    }

    fn candidate(
        &self,
        node: &'a Node,
        n_classes: usize,
        items: &mut FxHashMap<(usize, Number), Item>,
    ) -> Candidate<'a> {
        let children: Vec<usize> = node.children().iter().map(|id| self.index(*id)).collect();
        let mut powers = CostSet::new();
        let fixed = |id: &Id| self.graph[*id].data.fixed;
        let weighted = |w: &'a Weights, ids: &'a [Id]| w.each.iter().zip(ids.iter().map(fixed));
        let own = match node {
            Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => 0,
            Node::Sum(w, ids) => cost::sum(&w.head, weighted(w, ids)),
            Node::Product(w, ids) => {
                for (child, (e, fixed)) in children.iter().zip(weighted(w, ids)) {
                    let price = if fixed && !cost::is_unit(e) {
                        cost::FIXED
                    } else {
                        cost::power(e)
                    };
                    if price > 0 {
                        let next = (n_classes + items.len()) as Item;
                        let item = *items.entry((*child, e.abs())).or_insert(next);
                        powers.push((item, price));
                    }
                }
                powers.sort_unstable();
                powers.dedup();
                cost::product(&w.head, weighted(w, ids))
            }
            Node::Call(_, args) if args.iter().all(fixed) => cost::FIXED,
            Node::Call(op, args) => cost::call(*op, args.len()),
        };
        Candidate {
            node,
            children,
            own,
            powers,
        }
    }

    /// The set of what node `n` of class `c` needs; `None` while a child has none or needs `c` itself.
    fn cost_set(&self, c: usize, n: usize) -> Option<(u64, CostSet)> {
        let candidate = &self.classes[c][n];
        let item = c as Item;
        let mut set = candidate.powers.clone();
        for child in &candidate.children {
            let (_, needs) = self.sets[*child].as_ref()?;
            if needs.binary_search_by_key(&item, |e| e.0).is_ok() {
                return None;
            }
            set = union(&set, needs);
        }
        let at = set.partition_point(|e| e.0 < item);
        set.insert(at, (item, candidate.own));
        let total = set.iter().map(|e| u64::from(e.1)).sum();
        Some((total, set))
    }

    fn greedy(&mut self) {
        let n_nodes: usize = self.classes.iter().map(Vec::len).sum();
        let mut queue: VecDeque<(usize, usize)> = VecDeque::new();
        let mut queued: Vec<Vec<bool>> =
            self.classes.iter().map(|c| vec![false; c.len()]).collect();
        for (c, candidates) in self.classes.iter().enumerate() {
            for (n, candidate) in candidates.iter().enumerate() {
                if candidate.children.is_empty() {
                    queue.push_back((c, n));
                    queued[c][n] = true;
                }
            }
        }
        let mut budget = UPDATES_PER_NODE * n_nodes;
        while let Some((c, n)) = queue.pop_front() {
            queued[c][n] = false;
            let Some((total, set)) = self.cost_set(c, n) else {
                continue;
            };
            let is_better = match (&self.sets[c], self.choice[c]) {
                (Some((best, _)), Some(chosen)) => (total, n) < (*best, chosen),
                (_, _) => true,
            };
            if !is_better || budget == 0 {
                continue;
            }
            budget -= 1;
            self.sets[c] = Some((total, set));
            self.choice[c] = Some(n);
            for &(p, m) in &self.parents[c] {
                if !queued[p][m] {
                    queued[p][m] = true;
                    queue.push_back((p, m));
                }
            }
        }
    }

    /// Classes that the roots need under the present choices, children before parents, and their cost; `None` if they are cyclic.
    fn solution(&self, roots: &[usize]) -> Option<(u64, Vec<usize>)> {
        const OPEN: u8 = 1;
        const DONE: u8 = 2;
        let mut state = vec![0u8; self.classes.len()];
        let mut order = Vec::new();
        let mut powers: FxHashMap<Item, u32> = FxHashMap::default();
        let mut total = 0u64;
        let mut stack: Vec<usize> = roots.iter().rev().copied().collect();
        while let Some(&c) = stack.last() {
            if state[c] == DONE {
                stack.pop();
                continue;
            }
            let candidate = &self.classes[c][self.choice[c]?];
            if state[c] == OPEN {
                state[c] = DONE;
                order.push(c);
                total += u64::from(candidate.own);
                for (item, price) in &candidate.powers {
                    if powers.insert(*item, *price).is_none() {
                        total += u64::from(*price);
                    }
                }
                stack.pop();
                continue;
            }
            state[c] = OPEN;
            for &child in candidate.children.iter().rev() {
                match state[child] {
                    OPEN => return None,
                    DONE => {}
                    _ => stack.push(child),
                }
            }
        }
        Some((total, order))
    }

    fn improve(&mut self, roots: &[usize]) {
        let Some((mut best, mut order)) = self.solution(roots) else {
            return;
        };
        if order.len() > MAX_IMPROVED {
            return;
        }
        for _ in 0..ROUNDS {
            let before = best;
            for c in order.clone() {
                for n in 0..self.classes[c].len() {
                    let kept = self.choice[c];
                    if kept == Some(n) {
                        continue;
                    }
                    self.choice[c] = Some(n);
                    match self.solution(roots) {
                        Some((total, _)) if total < best => best = total,
                        _ => self.choice[c] = kept,
                    }
                }
            }
            if best == before {
                return;
            }
            if let Some((_, next)) = self.solution(roots) {
                order = next;
            }
        }
    }

    fn take(&self, roots: &[usize]) -> Option<Extracted> {
        let (_, order) = self.solution(roots)?;
        let mut position = vec![Id::from(0); self.classes.len()];
        let mut nodes = Vec::with_capacity(order.len());
        for c in order {
            let candidate = &self.classes[c][self.choice[c]?];
            position[c] = Id::from(nodes.len());
            nodes.push(
                candidate
                    .node
                    .clone()
                    .map_children(|id| position[self.index(id)]),
            );
        }
        let roots = roots.iter().map(|c| position[*c]).collect();
        Some(Extracted { nodes, roots })
    }
}

/// The union of two sorted sets.
fn union(a: &CostSet, b: &CostSet) -> CostSet {
    let mut all = CostSet::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let next = if a[i].0 <= b[j].0 { a[i] } else { b[j] };
        i += usize::from(a[i].0 == next.0);
        j += usize::from(b[j].0 == next.0);
        all.push(next);
    }
    all.extend_from_slice(&a[i..]);
    all.extend_from_slice(&b[j..]);
    all
}
