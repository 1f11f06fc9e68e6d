//! Equality saturation on scalar terms.
use crate::terms::{Pool, Rule, SymbolId, Term};

/// What is known of symbols: closed intervals; absent: any real.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Bounds by symbol, low and high, and whether zero is excluded.
    pub bounds: rustc_hash::FxHashMap<SymbolId, (f64, f64, bool)>,
}

/// Compiled rule set, reusable and shared between threads.
pub struct Simplifier {}

/// How one term was rewritten, for `--explain`.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Rule name (`canonical` for the pool's own step) and the term after it, in order.
    pub steps: Vec<(String, String)>,
}

impl Simplifier {
    /// Compiles the rules.
    pub fn new(_rules: &[Rule]) -> Self {
        todo!()
    }
    /// Simplifies all roots together (sharing counts once), in parallel where independent, deterministic.
    pub fn simplify(&self, _pool: &mut Pool, _roots: &[Term], _facts: &Facts) -> Vec<Term> {
        todo!()
    }
    /// Simplifies one term and says how.
    pub fn explain(&self, _pool: &mut Pool, _term: Term, _facts: &Facts) -> (Term, Proof) {
        todo!()
    }
}
