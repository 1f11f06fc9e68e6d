//! The e-graph of factors and products, grown by the rules until nothing new is said or a limit is reached.

use super::super::bindings::{Bindings, Fuel};
use super::super::language::{self, Graph, Knowledge, Node, Parts};
use super::super::matching;
use super::super::pattern::CompiledRule;
use super::super::piece::Piece;
use super::super::saturate::{Changes, plant};
use super::super::value::Value;
use super::kinds::{Kind, Kinds, classes};
use crate::terms::{Number, Op};
use egg::Id;
use rustc_hash::FxHashSet;

/// Rounds of searching and applying.
const MAX_ROUNDS: usize = 12;
/// Nothing is added once there are so many nodes: 2-D vorticity needs 300.
const MAX_NODES: usize = 1500;
/// Comparisons of a pattern with a class.
const MAX_STEPS: u32 = 40_000;

/// Reason for writing out a product with a sum in it.
const EXPAND: &str = "expand";
/// Reason for replacing a factor by what a constraint says it is.
const CONSTRAINT: &str = "constraint";

/// What the rules found.
pub(super) struct Growth {
    pub graph: Graph,
    pub kinds: Kinds,
    pub equalities: Vec<Equality>,
    /// What the symbols are, by local number.
    symbols: Vec<Kind>,
    axes: Vec<Id>,
    known: FxHashSet<(Id, Id)>,
}

/// Two classes of products that are equal.
#[derive(Debug, Clone)]
pub(super) struct Equality {
    pub left: Id,
    pub right: Id,
    pub reason: String,
}

/// What a rule found.
struct Found<'r> {
    rule: &'r CompiledRule,
    class: Id,
    values: Bindings,
}

/// A linear combination that a class is, and why.
#[derive(Clone)]
struct Opening {
    head: Number,
    parts: Parts,
    reason: String,
}

impl Growth {
    /// The graph of a piece, with the classes of its roots. `symbols` and `axes` as in [`Kinds::of`], axes by symbol number.
    pub fn new(piece: &Piece, symbols: Vec<Kind>, axes: &[usize]) -> (Growth, Vec<Id>) {
        let mut graph = Graph::new(Knowledge {
            symbols: piece.known.clone(),
            literal: false,
        });
        let roots = plant(&mut graph, &piece.terms);
        let symbol = |n: &usize| graph.lookup(Node::Symbol(crate::terms::SymbolId(*n as u32)));
        let axes: Vec<Id> = axes.iter().filter_map(symbol).collect();
        graph.rebuild();
        let kinds = Kinds::of(&graph, &symbols, &axes);
        let growth = Growth {
            graph,
            kinds,
            equalities: Vec::new(),
            symbols,
            axes,
            known: FxHashSet::default(),
        };
        (growth, roots)
    }

    /// Makes two linear terms one class.
    pub fn unite(&mut self, a: Id, b: Id) {
        self.graph.union_trusted(a, b, CONSTRAINT);
        self.graph.rebuild();
    }

    /// Applies the rules.
    pub fn grow(&mut self, rules: &[CompiledRule]) {
        let fuel = Fuel::new(MAX_STEPS);
        let depth = rules.iter().map(|rule| rule.depth).max().unwrap_or(0);
        let mut changes = Changes::default();
        for _ in 0..MAX_ROUNDS {
            changes.update(&self.graph);
            self.kinds = Kinds::of(&self.graph, &self.symbols, &self.axes);
            let mut changed = classes(&self.graph);
            changed.retain(|class| changes.below(*class) <= depth);
            if changed.is_empty() || fuel.is_empty() || self.is_full() {
                break;
            }
            let found = self.search(rules, &changed, &changes, &fuel);
            found.into_iter().for_each(|found| self.apply(found));
            for class in changed {
                self.distribute(class);
            }
            self.graph.rebuild();
        }
        self.kinds = Kinds::of(&self.graph, &self.symbols, &self.axes);
    }

    fn is_full(&self) -> bool {
        self.graph.total_size() >= MAX_NODES
    }

    fn search<'r>(
        &self,
        rules: &'r [CompiledRule],
        changed: &[Id],
        changes: &Changes,
        fuel: &Fuel,
    ) -> Vec<Found<'r>> {
        let mut found = Vec::new();
        let has_fields = |class: &Id| self.kinds.kind(&self.graph, *class) >= Kind::Linear;
        for &class in changed.iter().filter(|class| has_fields(class)) {
            let nodes = language::acyclic_nodes(&self.graph, class);
            for node in nodes.filter(|node| !is_multiple(node)) {
                for rule in rules.iter().filter(|r| changes.below(class) <= r.depth) {
                    let matches = matching::whole_matches(&self.graph, rule, node, fuel);
                    let holds = |values: &Bindings| rule.holds(&self.graph, values);
                    let of = |values| Found {
                        rule,
                        class,
                        values,
                    };
                    found.extend(matches.into_iter().filter(holds).map(of));
                }
            }
        }
        found
    }

    fn apply(&mut self, found: Found) {
        if self.is_full() {
            return;
        }
        let right = found.rule.rhs.instantiate(&mut self.graph, &found.values);
        let (head, parts) = right.into_sum(&mut self.graph);
        let right = language::add_sum(&mut self.graph, head, parts);
        self.equate(found.class, right, &found.rule.name);
    }

    /// Factors become one class; what is known of products is written down.
    fn equate(&mut self, left: Id, right: Id, reason: &str) {
        let (left, right) = (self.graph.find(left), self.graph.find(right));
        if left == right {
            return;
        }
        if self.kinds.kind(&self.graph, left) == Kind::Linear {
            self.graph.union_trusted(left, right, reason);
        } else if self.known.insert((left, right)) {
            let reason = reason.to_owned();
            self.equalities.push(Equality {
                left,
                right,
                reason,
            });
        }
    }

    /// Derivatives of sums, and products of them.
    fn distribute(&mut self, class: Id) {
        let nodes: Vec<Node> = language::acyclic_nodes(&self.graph, class)
            .cloned()
            .collect();
        for node in nodes {
            if self.is_full() {
                return;
            }
            match &node {
                Node::Call(Op::Partial, ids)
                    if self.kinds.kind(&self.graph, class) == Kind::Linear =>
                {
                    self.distribute_derivative(class, ids[0], ids[1]);
                }
                Node::Product(w, ids) if ids.len() > 1 => {
                    let factors = language::parts(w, ids);
                    for i in (0..factors.len()).filter(|i| factors[*i].1.is_one()) {
                        self.distribute_product(class, &w.head, &factors, i);
                    }
                }
                Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => {}
                Node::Sum(..) | Node::Product(..) | Node::Call(..) => {}
            }
        }
    }

    fn distribute_derivative(&mut self, class: Id, inner: Id, coordinate: Id) {
        for opening in self.openings(inner) {
            let mut parts = Parts::new();
            for (part, k) in opening.parts {
                parts.push((
                    language::add_call(&mut self.graph, Op::Partial, &[part, coordinate]),
                    k,
                ));
            }
            let right = language::add_sum(&mut self.graph, Number::ZERO, parts);
            self.equate(class, right, &opening.reason);
        }
    }

    fn distribute_product(&mut self, class: Id, head: &Number, factors: &Parts, i: usize) {
        for opening in self.openings(factors[i].0) {
            let mut others = factors.clone();
            others.remove(i);
            let mut sum = Value::Sum(Number::ZERO, Parts::new());
            for (part, k) in &opening.parts {
                let part = self.as_factors(*part);
                let others = Value::Product(Number::ONE, others.clone());
                let product = others.times(part, &mut self.graph);
                sum = sum.plus(product, &(k * head), &mut self.graph);
            }
            if !opening.head.is_zero() {
                let others = Value::Product(opening.head.clone(), others);
                sum = sum.plus(others, head, &mut self.graph);
            }
            let (head, parts) = sum.into_sum(&mut self.graph);
            let right = language::add_sum(&mut self.graph, head, parts);
            self.equate(class, right, &opening.reason);
        }
    }

    /// The linear combinations that a factor is known to be.
    fn openings(&self, class: Id) -> Vec<Opening> {
        let class = self.graph.find(class);
        let nodes = || language::acyclic_nodes(&self.graph, class);
        let is_sum = |node: &Node| matches!(node, Node::Sum(..));
        let reason = if nodes().all(is_sum) {
            EXPAND
        } else {
            CONSTRAINT
        };
        let sums = nodes().filter_map(|node| match node {
            Node::Sum(w, ids) => Some(Opening {
                head: w.head.clone(),
                parts: language::parts(w, ids),
                reason: reason.to_owned(),
            }),
            Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => None,
            Node::Product(..) | Node::Call(..) => None,
        });
        let mut openings: Vec<Opening> = sums.collect();
        for equality in self.equalities.iter().filter(|e| e.left == class) {
            let (head, parts) = self.combination(equality.right);
            let reason = equality.reason.clone();
            openings.push(Opening {
                head,
                parts,
                reason,
            });
        }
        openings
    }

    /// A class as the linear combination that it is written as.
    pub fn combination(&self, class: Id) -> (Number, Parts) {
        for node in language::acyclic_nodes(&self.graph, class) {
            match node {
                Node::Number(n) => return (n.clone(), Parts::new()),
                Node::Sum(w, ids) => return (w.head.clone(), language::parts(w, ids)),
                Node::Product(w, ids) if ids.len() == 1 && w.each[0].is_one() => {
                    return (Number::ZERO, vec![(ids[0], w.head.clone())]);
                }
                Node::Product(..) | Node::Symbol(_) | Node::Constant(_) | Node::Call(..) => {}
            }
        }
        (Number::ZERO, vec![(self.graph.find(class), Number::ONE)])
    }

    /// A product as its factors, so that a product of it is flat.
    fn as_factors(&self, class: Id) -> Value {
        let mut nodes = language::acyclic_nodes(&self.graph, class);
        let product = nodes.find_map(|node| match node {
            Node::Product(w, ids) => Some(Value::Product(w.head.clone(), language::parts(w, ids))),
            Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => None,
            Node::Sum(..) | Node::Call(..) => None,
        });
        match product {
            Some(product) if self.kinds.kind(&self.graph, class) == Kind::Product => product,
            Some(_) | None => Value::Class(class),
        }
    }
}

/// Whether a node is a number times one factor: what rules say of the factor is enough.
fn is_multiple(node: &Node) -> bool {
    match node {
        Node::Product(w, ids) => ids.len() == 1 && w.each[0].is_one(),
        Node::Number(_) | Node::Symbol(_) | Node::Constant(_) => false,
        Node::Sum(..) | Node::Call(..) => false,
    }
}
