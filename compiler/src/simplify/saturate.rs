//! Equality saturation of one small piece: search all rules, apply what they find, until nothing changes or a limit is reached.
//!
//! The limits count nodes and rounds and never look at a clock: the same piece gives the same result on every machine.
use super::bindings::Fuel;
use super::extract::{Extracted, extract};
use super::facts::Known;
use super::language::{Graph, Knowledge, Node, parts};
use super::matching::{self, Match, Rest};
use super::pattern::CompiledRule;
use super::regroup::{self, Step};
use super::value::Value;
use super::{language, piece::Piece};
use egg::{Id, Language};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

/// Rounds of searching and applying.
const MAX_ROUNDS: usize = 8;
/// No rule is applied any more once the e-graph has so many nodes: a start, and some per node of the piece.
const MAX_NODES: (usize, usize) = (100, 4);
/// Comparisons of a pattern with a class over all rounds: a start, and some per node of the piece.
const MAX_STEPS: (usize, usize) = (5_000, 200);
/// Applications of one rule in one round.
const MAX_APPLICATIONS: usize = 200;

/// Whether the e-graph remembers why its terms are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reasons {
    Forgotten,
    Kept,
}

/// When to stop.
struct Limits {
    nodes: usize,
    fuel: Fuel,
}

impl Limits {
    fn are_reached(&self, graph: &Graph) -> bool {
        graph.total_size() >= self.nodes || self.fuel.is_empty()
    }
}

/// A saturated piece.
pub(super) struct Saturated {
    pub graph: Graph,
    /// Classes of the piece's roots, not canonical: with reasons kept, each stands for the root as it was.
    pub roots: Vec<Id>,
}

/// Everything the rules say about a piece, within the limits times `generosity`.
pub(super) fn saturate(
    rules: &[CompiledRule],
    piece: &Piece,
    reasons: Reasons,
    generosity: usize,
) -> Saturated {
    let mut graph = Graph::new(Knowledge {
        symbols: piece.known.clone(),
        literal: false,
    });
    if reasons == Reasons::Kept {
        // The shortest proofs are those that skip steps.
        graph = graph
            .with_explanations_enabled()
            .without_explanation_length_optimization();
    }
    let roots = plant(&mut graph, &piece.terms);
    graph.rebuild();
    let n = piece.terms.nodes.len();
    let limits = Limits {
        nodes: (MAX_NODES.0 + MAX_NODES.1 * n) * generosity,
        fuel: Fuel::new(((MAX_STEPS.0 + MAX_STEPS.1 * n) * generosity) as u32),
    };
    let mut changes = Changes::default();
    for _ in 0..MAX_ROUNDS * generosity {
        changes.update(&graph);
        let learnt = round(&mut graph, rules, &changes, &limits);
        graph.rebuild();
        if !learnt || limits.are_reached(&graph) {
            break;
        }
    }
    Saturated { graph, roots }
}

/// Adds terms to an e-graph; the classes of the roots.
pub(super) fn plant(graph: &mut Graph, terms: &Extracted) -> Vec<Id> {
    let mut at: Vec<Id> = Vec::with_capacity(terms.nodes.len());
    for node in &terms.nodes {
        let node = node.clone().map_children(|id| at[usize::from(id)]);
        at.push(graph.add_uncanonical(sorted(node)));
    }
    terms.roots.iter().map(|id| at[usize::from(*id)]).collect()
}

/// The cheapest terms equal to a piece's roots; `None` when nothing cheaper was found.
pub(super) fn solve(rules: &[CompiledRule], piece: &Piece) -> Option<Extracted> {
    let saturated = saturate(rules, piece, Reasons::Forgotten, 1);
    let best = extract(&saturated.graph, &saturated.roots)?;
    (best != piece.terms).then_some(best)
}

/// One search by all rules and one application of what they found. Returns whether anything new was learnt.
fn round(graph: &mut Graph, rules: &[CompiledRule], changes: &Changes, limits: &Limits) -> bool {
    let mut found: Vec<Found> = Vec::new();
    for rule in rules {
        search(graph, rule, changes, &limits.fuel, &mut found);
    }
    let nodes = compound_nodes(graph, changes);
    // In a proof the name of a rule says more than "collect".
    if graph.are_explanations_enabled() {
        let learnt = apply_all(graph, found, limits);
        graph.rebuild();
        learnt | regroup_all(graph, nodes, limits)
    } else {
        regroup_all(graph, nodes, limits) | apply_all(graph, found, limits)
    }
}

fn regroup_all(graph: &mut Graph, nodes: Vec<(Id, Node)>, limits: &Limits) -> bool {
    let mut learnt = false;
    for (class, node) in nodes {
        if graph.total_size() >= limits.nodes {
            break;
        }
        learnt |= regroup(graph, class, &node);
    }
    learnt
}

fn apply_all(graph: &mut Graph, found: Vec<Found>, limits: &Limits) -> bool {
    let mut learnt = false;
    for found in found {
        if graph.total_size() >= limits.nodes {
            break;
        }
        learnt |= apply(graph, found);
    }
    learnt
}

/// A node that is an instance of the left side of a rule.
struct Found<'r> {
    rule: &'r CompiledRule,
    class: Id,
    node: Node,
    m: Match,
}

fn search<'r>(
    graph: &Graph,
    rule: &'r CompiledRule,
    changes: &Changes,
    fuel: &Fuel,
    found: &mut Vec<Found<'r>>,
) {
    let kind = matching::root_kind(rule);
    let limit = found.len() + MAX_APPLICATIONS;
    for kind in [Some(kind), matching::second_kind(rule)]
        .into_iter()
        .flatten()
    {
        let Some(classes) = graph.classes_for_op(&kind) else {
            continue;
        };
        for class in classes.filter(|c| changes.below(*c) <= rule.depth) {
            for node in language::acyclic_nodes(graph, class).filter(|n| n.discriminant() == kind) {
                let matches = matching::matches(graph, rule, node, fuel);
                let matches = matches.into_iter().filter(|m| rule.holds(graph, &m.values));
                found.extend(matches.map(|m| Found {
                    rule,
                    class,
                    node: node.clone(),
                    m,
                }));
                if found.len() >= limit {
                    return;
                }
            }
        }
    }
}

/// Which classes changed in the last round, so that nothing else is searched again.
#[derive(Default)]
pub(super) struct Changes {
    /// What each class was at the last update: number of nodes and what was known.
    seen: FxHashMap<Id, (usize, Known)>,
    /// How many levels below each class something changed; absent: nothing that a rule could notice.
    distance: FxHashMap<Id, usize>,
}

impl Changes {
    pub fn update(&mut self, graph: &Graph) {
        self.distance.clear();
        let mut level: Vec<Id> = Vec::new();
        for class in graph.classes() {
            let state = (class.nodes.len(), class.data.clone());
            if self.seen.get(&class.id) != Some(&state) {
                self.seen.insert(class.id, state);
                self.distance.insert(class.id, 0);
                level.push(class.id);
            }
        }
        let mut distance = 0;
        while !level.is_empty() {
            distance += 1;
            let mut next = Vec::new();
            for parent in level.iter().flat_map(|id| graph[*id].parents()) {
                let parent = graph.find(parent);
                if let Entry::Vacant(entry) = self.distance.entry(parent) {
                    entry.insert(distance);
                    next.push(parent);
                }
            }
            level = next;
        }
    }

    pub fn below(&self, class: Id) -> usize {
        self.distance.get(&class).copied().unwrap_or(usize::MAX)
    }
}

/// Sums, products and calls of classes that changed, with their classes.
fn compound_nodes(graph: &Graph, changes: &Changes) -> Vec<(Id, Node)> {
    let classes = graph.classes().filter(|class| changes.below(class.id) <= 1);
    classes
        .flat_map(|class| {
            let nodes = language::acyclic_nodes(graph, class.id).filter(|n| !n.is_leaf());
            nodes.map(|n| (class.id, n.clone()))
        })
        .collect()
}

fn regroup(graph: &mut Graph, class: Id, node: &Node) -> bool {
    let class = graph.find(class);
    let mut learnt = false;
    if let Some(new) = regroup::canonical(graph, class, node) {
        learnt |= unite(graph, new);
    }
    if let Node::Sum(w, ids) = node {
        for new in regroup::factored(graph, w, ids) {
            learnt |= unite(graph, new);
        }
    }
    learnt
}

fn unite(graph: &mut Graph, step: Step) -> bool {
    graph.union_trusted(step.old, step.new, step.reason)
}

/// Adds the right side of a match and unites it with the class in which the left side was found.
fn apply(graph: &mut Graph, found: Found) -> bool {
    let Found {
        rule,
        class,
        node,
        m,
    } = found;
    if !graph.are_explanations_enabled() {
        let rhs = rule.rhs.instantiate(graph, &m.values);
        let new = complete(graph, rhs, &m.rest);
        return graph.union(class, new);
    }
    graph.analysis.literal = true;
    let [old, new] = [&rule.lhs, &rule.rhs].map(|side| {
        let side = side.instantiate(graph, &m.values);
        complete(graph, side, &m.rest)
    });
    graph.analysis.literal = false;
    // The left side differs from the node in the order of its parts, and in which of their equal terms it shows.
    let matched = graph.add_uncanonical(node);
    graph.union_trusted(matched, old, regroup::COLLECT);
    graph.union_trusted(old, new, rule.name.as_str())
}

/// A side of a rule with what the match left over.
fn complete(graph: &mut Graph, side: Value, rest: &Rest) -> Id {
    match rest {
        Rest::Nothing => side.add(graph),
        Rest::Sum { scale, head, parts } => {
            let (side_head, mut all) = side.scaled(scale, graph).into_sum(graph);
            all.extend(parts.iter().cloned());
            language::add_sum(graph, &side_head + head, all)
        }
        Rest::Product { head, parts } => {
            let (side_head, mut all) = side.into_product(graph);
            all.extend(parts.iter().cloned());
            language::add_product(graph, &side_head * head, all)
        }
        Rest::Bag(_, rest) if rest.is_empty() => side.add(graph),
        Rest::Bag(op, rest) => {
            let mut args = rest.clone();
            match side {
                Value::Bag(inner, more) if inner == *op => args.extend(more),
                side => args.push(side.add(graph)),
            }
            language::add_call(graph, *op, &args)
        }
    }
}

/// A node with its parts in the order of their classes.
fn sorted(node: Node) -> Node {
    let sort = |w: &language::Weights, ids: &[Id]| {
        let mut all = parts(w, ids);
        all.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        language::split(w.head.clone(), all)
    };
    match node {
        Node::Sum(w, ids) => {
            let (w, ids) = sort(&w, &ids);
            Node::Sum(w, ids)
        }
        Node::Product(w, ids) => {
            let (w, ids) = sort(&w, &ids);
            Node::Product(w, ids)
        }
        Node::Call(op, mut ids) => {
            if op.is_symmetric() {
                ids.sort_unstable();
            }
            Node::Call(op, ids)
        }
        Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => node,
    }
}
