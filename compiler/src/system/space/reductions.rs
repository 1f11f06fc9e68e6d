//! Means, integrals and extrema in equations become symbols that a step computes.

use rustc_hash::FxHashMap;

use super::program::Reduction;
use crate::terms::{Op, Pool, SymbolId, Term, View};

/// A scalar computed from a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduced {
    /// Its name.
    pub symbol: SymbolId,
    /// How.
    pub kind: Reduction,
    /// Over fields, and the symbols of reductions before it.
    pub of: Term,
}

/// Replaces reductions by symbols, inner ones first.
pub(super) fn take_out(pool: &mut Pool, roots: &mut [Term]) -> Vec<Reduced> {
    take_out_of(pool, roots, |_, _| true)
}

/// The same for the reductions whose argument is wanted.
pub(super) fn take_out_of(
    pool: &mut Pool,
    roots: &mut [Term],
    is_wanted: impl Fn(&Pool, Term) -> bool,
) -> Vec<Reduced> {
    let mut reduced = Vec::new();
    let mut memo: FxHashMap<Term, Term> = FxHashMap::default();
    for t in pool.reachable(roots) {
        let rebuilt = pool.rebuild(t, |child| memo[&child]);
        let (kind, of) = match pool.view(rebuilt) {
            View::Call(Op::Mean, args) => (Reduction::Mean, args[0]),
            View::Call(Op::Integral, args) => (Reduction::Integral, args[0]),
            View::Call(Op::Minimum, args) => (Reduction::Minimum, args[0]),
            View::Call(Op::Maximum, args) => (Reduction::Maximum, args[0]),
            View::Number(_)
            | View::Symbol(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Product(..)
            | View::Call(..) => {
                memo.insert(t, rebuilt);
                continue;
            }
        };
        if !is_wanted(pool, of) {
            memo.insert(t, rebuilt);
            continue;
        }
        let name = pool.display(t).to_string();
        let symbol = pool.symbol(&name);
        reduced.push(Reduced { symbol, kind, of });
        let value = pool.var(symbol);
        memo.insert(t, value);
    }
    roots.iter_mut().for_each(|t| *t = memo[t]);
    reduced
}
