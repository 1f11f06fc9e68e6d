//! How a term was rewritten: egg's explanation, flattened to whole expressions and the rule between each two.
use super::cost::cost;
use super::extract::Extracted;
use super::facts::Facts;
use super::language::Node;
use super::pattern::CompiledRule;
use super::piece::{self, Cut, Piece};
use super::saturate::{self, Reasons, Saturated, saturate};
use super::simplifier::replace_piece;
use crate::terms::{Pool, Term};
use egg::{FlatExplanation, FlatTerm, Id, Language, RecExpr};
use rustc_hash::FxHashMap;

/// How many times larger the limits may be when a proof is looked for.
const MAX_GENEROSITY: usize = 16;

/// Name of the step that brings a term into the pool's own form.
const CANONICAL: &str = "canonical";

/// How one term was rewritten, for `--explain`.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// Rule name (`canonical` for the pool's own step) and the term after it, in order.
    pub steps: Vec<(String, String)>,
    /// The terms of the steps in the pool.
    pub terms: Vec<Term>,
}

/// Simplifies a term; each step of the proof names the rule and shows the whole term after it.
pub(super) fn explain(
    rules: &[CompiledRule],
    pool: &mut Pool,
    term: Term,
    facts: &Facts,
) -> (Term, Proof) {
    let steps = steps(rules, pool, term, facts);
    let last = steps.last().map_or(term, |s| s.1);
    if cost(pool, &[last], facts) >= cost(pool, &[term], facts) {
        return (term, Proof::default());
    }
    let terms = steps.iter().map(|s| s.1).collect();
    let steps = steps
        .into_iter()
        .map(|(rule, t)| (rule, pool.display(t).to_string()))
        .collect();
    (last, Proof { steps, terms })
}

/// The steps as terms, piece by piece.
fn steps(
    rules: &[CompiledRule],
    pool: &mut Pool,
    term: Term,
    facts: &Facts,
) -> Vec<(String, Term)> {
    let mut new: FxHashMap<Term, Term> = FxHashMap::default();
    let mut all: Vec<(String, Term)> = Vec::new();
    for group in piece::cut(pool, &[term]) {
        let (shape, cut) = piece::number(pool, &group, facts);
        let Some(best) = saturate::solve(rules, &shape) else {
            continue;
        };
        let mut now = new.clone();
        replace_piece(pool, &best, &cut, facts, &mut new);
        if new.len() == now.len() {
            continue;
        }
        let proofs = explanations(rules, &shape, &best);
        for (root, proof) in cut.roots.iter().zip(proofs) {
            for flat in &proof {
                let part = in_pool(pool, flat, &cut);
                now.insert(*root, part);
                all.extend(
                    rule_of(flat).map(|rule| (rule, piece::replace(pool, &[term], &now)[0])),
                );
            }
        }
        all.push((
            CANONICAL.to_string(),
            piece::replace(pool, &[term], &new)[0],
        ));
    }
    let mut before = term;
    all.retain(|(_, after)| std::mem::replace(&mut before, *after) != *after);
    all
}

/// For each root of a piece, the terms between it and the best one found, each one rewrite from the next.
fn explanations(
    rules: &[CompiledRule],
    piece: &Piece,
    best: &Extracted,
) -> Vec<FlatExplanation<Node>> {
    // Keeping reasons takes nodes of its own, so that the limits of the search, which found `best`, may be too small here.
    let mut generosity = 2;
    loop {
        let Saturated { mut graph, roots } = saturate(rules, piece, Reasons::Kept, generosity);
        let targets: Vec<Id> = best
            .roots
            .iter()
            .map(|root| graph.add_expr_uncanonical(&subterm(&best.nodes, *root)))
            .collect();
        graph.rebuild();
        let proved = roots
            .iter()
            .zip(&targets)
            .all(|(a, b)| graph.find(*a) == graph.find(*b));
        if !proved && generosity < MAX_GENEROSITY {
            generosity *= 2;
            continue;
        }
        let pairs = roots.into_iter().zip(targets);
        return pairs
            .map(
                |(root, target)| match graph.find(root) == graph.find(target) {
                    true => graph
                        .explain_id_equivalence(root, target)
                        .make_flat_explanation()
                        .clone(),
                    false => Vec::new(),
                },
            )
            .collect();
    }
}

/// The term rooted at one of the nodes.
fn subterm(nodes: &[Node], root: Id) -> RecExpr<Node> {
    let mut expr = RecExpr::default();
    for node in &nodes[..=usize::from(root)] {
        expr.add(node.clone());
    }
    expr
}

/// A term of the proof in the pool.
fn in_pool(pool: &mut Pool, flat: &FlatTerm<Node>, cut: &Cut) -> Term {
    let mut nodes: Vec<Node> = Vec::new();
    let mut done: Vec<Id> = Vec::new();
    let mut stack: Vec<(&FlatTerm<Node>, bool)> = vec![(flat, false)];
    while let Some((term, children_done)) = stack.pop() {
        if children_done {
            let mut children = done.split_off(done.len() - term.children.len()).into_iter();
            let node = term
                .node
                .clone()
                .map_children(|id| children.next().unwrap_or(id));
            done.push(Id::from(nodes.len()));
            nodes.push(node);
        } else {
            stack.push((term, true));
            stack.extend(term.children.iter().rev().map(|c| (c, false)));
        }
    }
    let terms = piece::build(pool, &nodes, &cut.symbols);
    terms.last().copied().expect("a term has a node")
}

/// The rule that made this term from the one before it, or the other way round.
fn rule_of(flat: &FlatTerm<Node>) -> Option<String> {
    let mut stack = vec![flat];
    while let Some(term) = stack.pop() {
        if let Some(rule) = &term.forward_rule {
            return Some(rule.to_string());
        }
        if let Some(rule) = &term.backward_rule {
            return Some(format!("{rule} (backwards)"));
        }
        stack.extend(&term.children);
    }
    None
}

impl std::fmt::Display for Proof {
    /// One line per step: the rule, then the term after it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.steps
            .iter()
            .try_for_each(|(rule, term)| writeln!(f, "  {rule:<24} {term}"))
    }
}
