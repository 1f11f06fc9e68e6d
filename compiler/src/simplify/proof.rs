//! How a term was rewritten: egg's explanation, flattened to whole expressions and the rule between each two.
use super::extract::extract;
use super::facts::Facts;
use super::language::Node;
use super::pattern::CompiledRule;
use super::piece::{self, Cut};
use super::saturate::{self, Reasons, saturate};
use super::simplifier::replace_piece;
use crate::terms::{Pool, Term};
use egg::{FlatTerm, Id, Language, RecExpr};
use rustc_hash::FxHashMap;

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
    let terms = steps.iter().map(|s| s.1).collect();
    let steps = steps
        .into_iter()
        .map(|(rule, t)| (rule, pool.display(t).to_string()))
        .collect();
    (last, Proof { steps, terms })
}

/// The steps as terms.
fn steps(
    rules: &[CompiledRule],
    pool: &mut Pool,
    term: Term,
    facts: &Facts,
) -> Vec<(String, Term)> {
    let mut new: FxHashMap<Term, Term> = FxHashMap::default();
    let mut all: Vec<(String, Term)> = Vec::new();
    let mut now = term;
    for group in piece::cut(pool, &[term]) {
        let (shape, cut) = piece::number(pool, &group, facts);
        let Some(best) = saturate::solve(rules, &shape) else {
            continue;
        };
        let before = new.clone();
        replace_piece(pool, &best, &cut, facts, &mut new);
        if new.len() == before.len() {
            continue;
        }
        let mut kept = before;
        let mut saturated = saturate(rules, &shape, Reasons::Kept);
        for (i, root) in best.roots.iter().enumerate() {
            let target = subterm(&best.nodes, *root);
            if saturated.graph.lookup_expr(&target)
                != Some(saturated.graph.find(saturated.roots[i]))
            {
                // The limits cut this run off elsewhere: prove what it found itself.
                debug_assert!(extract(&saturated.graph, &saturated.roots).is_some());
            }
            let target = saturated.graph.add_expr_uncanonical(&target);
            if saturated.graph.find(target) != saturated.graph.find(saturated.roots[i]) {
                continue;
            }
            let mut explanation = saturated
                .graph
                .explain_id_equivalence(saturated.roots[i], target);
            for flat in explanation.make_flat_explanation() {
                let local = whole(pool, flat, &cut);
                kept.insert(cut.roots[i], local);
                let next = piece::replace(pool, &[term], &kept)[0];
                if let Some(rule) = rule_of(flat)
                    && next != now
                {
                    all.push((rule, next));
                    now = next;
                }
            }
        }
    }
    let result = piece::replace(pool, &[term], &new)[0];
    if result != now {
        all.push((super::regroup::CANONICAL.to_string(), result));
    }
    all
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
fn whole(pool: &mut Pool, flat: &FlatTerm<Node>, cut: &Cut) -> Term {
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
