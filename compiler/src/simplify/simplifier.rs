//! The entry: terms to cheaper equal terms.
use super::cost::{self, Tally};
use super::extract::Extracted;
use super::facts::Facts;
use super::pattern::CompiledRule;
use super::piece::{self, Cut, Piece};
use super::proof::{self, Proof};
use super::saturate;
use crate::terms::{Pool, Rule, Term};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Fewer pieces than this are simplified on the calling thread: starting the others costs more.
const MIN_PARALLEL: usize = 8;

/// Compiled rule set, reusable and shared between threads.
pub struct Simplifier {
    rules: Vec<CompiledRule>,
}

impl Simplifier {
    /// Compiles the rules. Rules whose left side is no operation, or whose right side or condition has a variable that the left
    /// side has not, can never be applied and are left out.
    pub fn new(rules: &[Rule]) -> Self {
        Simplifier {
            rules: rules.iter().filter_map(CompiledRule::new).collect(),
        }
    }

    /// Simplifies all roots together (sharing counts once), in parallel where independent, deterministic. The result never costs more
    /// than the roots do, and is equal to them wherever the symbols are as `facts` says.
    pub fn simplify(&self, pool: &mut Pool, roots: &[Term], facts: &Facts) -> Vec<Term> {
        let new = self.rewrites(pool, roots, facts);
        if new.is_empty() {
            return roots.to_vec();
        }
        let simplified = piece::replace(pool, roots, &new);
        let best = cheaper(pool, roots, simplified, facts);
        if cfg!(debug_assertions) {
            verify(pool, roots, &best, facts);
        }
        best
    }

    /// Simplifies one term and says how.
    pub fn explain(&self, pool: &mut Pool, term: Term, facts: &Facts) -> (Term, Proof) {
        proof::explain(&self.rules, pool, term, facts)
    }

    /// New terms for the subterms for which something cheaper was found.
    fn rewrites(&self, pool: &mut Pool, roots: &[Term], facts: &Facts) -> FxHashMap<Term, Term> {
        let mut shapes: FxHashMap<Piece, usize> = FxHashMap::default();
        let mut pieces: Vec<Piece> = Vec::new();
        let mut cuts: Vec<(usize, Cut)> = Vec::new();
        for group in piece::cut(pool, roots) {
            let (shape, cut) = piece::number(pool, &group, facts);
            let at = *shapes.entry(shape).or_insert_with_key(|shape| {
                pieces.push(shape.clone());
                pieces.len() - 1
            });
            cuts.push((at, cut));
        }
        let solve = |piece: &Piece| saturate::solve(&self.rules, piece);
        let solved: Vec<Option<Extracted>> = if pieces.len() < MIN_PARALLEL {
            pieces.iter().map(solve).collect()
        } else {
            pieces.par_iter().map(solve).collect()
        };
        let mut new = FxHashMap::default();
        for (at, cut) in cuts {
            if let Some(best) = &solved[at] {
                replace_piece(pool, best, &cut, facts, &mut new);
            }
        }
        new
    }
}

/// Notes the new terms of a piece if they are cheaper in the pool's own form.
pub(super) fn replace_piece(
    pool: &mut Pool,
    best: &Extracted,
    cut: &Cut,
    facts: &Facts,
    new: &mut FxHashMap<Term, Term>,
) {
    let terms = piece::build(pool, &best.nodes, &cut.symbols);
    let roots: Vec<Term> = best
        .roots
        .iter()
        .map(|id| terms[usize::from(*id)])
        .collect();
    if cost::cost(pool, &roots, facts) < cost::cost(pool, &cut.roots, facts) {
        new.extend(
            cut.roots
                .iter()
                .copied()
                .zip(roots)
                .filter(|(old, new)| old != new),
        );
    }
}

/// The cheapest mixture found of old and new terms: all new, or root by root what costs less given the roots before it, or all old.
fn cheaper(pool: &Pool, old: &[Term], new: Vec<Term>, facts: &Facts) -> Vec<Term> {
    let before = cost::cost(pool, old, facts);
    if cost::cost(pool, &new, facts) <= before {
        return new;
    }
    let mut tally = Tally::new(facts);
    let mixed: Vec<Term> = old
        .iter()
        .zip(&new)
        .map(|(old, new)| {
            let best = if tally.price(pool, *new) < tally.price(pool, *old) {
                *new
            } else {
                *old
            };
            tally.add(pool, best);
            best
        })
        .collect();
    if tally.total <= before {
        mixed
    } else {
        old.to_vec()
    }
}

/// What must hold whatever the rules are: nothing became dearer, and nothing depends on a symbol that it did not depend on.
///
/// # Panics
/// If it does not hold.
fn verify(pool: &Pool, old: &[Term], new: &[Term], facts: &Facts) {
    assert_eq!(old.len(), new.len());
    assert!(cost::cost(pool, new, facts) <= cost::cost(pool, old, facts));
    let known = pool.symbols_in(old);
    for symbol in pool.symbols_in(new) {
        assert!(
            known.binary_search(&symbol).is_ok(),
            "{} came from nowhere",
            pool.symbol_name(symbol)
        );
    }
}
