//! The arena of hash-consed terms.

use super::{Number, Op};

/// A term in a [`Pool`]. Equal ids are equal terms and, within one pool, the other way round. Children have smaller ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(pub(crate) u32);

/// A named unknown: state, parameter, time, coordinate, or a pattern variable of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SymbolId(pub u32);

impl Term {
    /// Position in the pool: children come before parents, so dense `Vec`s indexed by it serve as memo tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a term is made of.
#[derive(Debug, Clone, Copy)]
pub enum View<'a> {
    /// An exact number.
    Number(&'a Number),
    /// A named unknown.
    Symbol(SymbolId),
    /// The constants π and e and other named irrational constants, by name.
    Constant(&'static str),
    /// `constant + Σ coefficient·term`: terms sorted by id, none of them a number or a sum with coefficient ≠ 1 inside, at least one.
    Sum(&'a Number, &'a [(Term, Number)]),
    /// `coefficient·Π base^exponent`: bases sorted; exponents non-zero rationals; a base may stand twice when its exponents may not be merged (`x·x^-1`).
    Product(&'a Number, &'a [(Term, Number)]),
    /// An operator or function applied.
    Call(Op, &'a [Term]),
}

/// Arena and hash-cons table.
#[derive(Debug, Clone, Default)]
pub struct Pool {}

impl Pool {
    /// An empty pool.
    pub fn new() -> Pool {
        todo!()
    }
    /// Number of terms; all `Term::index()` are below it.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// The symbol of this name, made when new. Symbols with equal names are equal.
    pub fn symbol(&mut self, _name: &str) -> SymbolId {
        todo!()
    }
    /// The name of a symbol.
    pub fn symbol_name(&self, _s: SymbolId) -> &str {
        todo!()
    }
    /// Number of symbols.
    pub fn n_symbols(&self) -> usize {
        todo!()
    }
    /// The term of a symbol.
    pub fn var(&mut self, _s: SymbolId) -> Term {
        todo!()
    }
    /// An exact number.
    pub fn number(&mut self, _n: Number) -> Term {
        todo!()
    }
    /// An integer.
    pub fn int(&mut self, _n: i64) -> Term {
        todo!()
    }
    /// `pi` or `e`.
    pub fn constant(&mut self, _name: &'static str) -> Term {
        todo!()
    }
    /// `constant + Σ coefficient·term`, made canonical.
    pub fn linear(&mut self, _constant: Number, _terms: &[(Term, Number)]) -> Term {
        todo!()
    }
    /// `coefficient·Π base^exponent`, made canonical.
    pub fn monomial(&mut self, _coefficient: Number, _factors: &[(Term, Number)]) -> Term {
        todo!()
    }
    /// Σ terms
    pub fn sum(&mut self, _terms: &[Term]) -> Term {
        todo!()
    }
    /// Π terms
    pub fn product(&mut self, _terms: &[Term]) -> Term {
        todo!()
    }
    /// a + b
    pub fn add(&mut self, _a: Term, _b: Term) -> Term {
        todo!()
    }
    /// a - b
    pub fn sub(&mut self, _a: Term, _b: Term) -> Term {
        todo!()
    }
    /// a·b
    pub fn mul(&mut self, _a: Term, _b: Term) -> Term {
        todo!()
    }
    /// a/b, that is a·b^-1
    pub fn div(&mut self, _a: Term, _b: Term) -> Term {
        todo!()
    }
    /// -a
    pub fn neg(&mut self, _a: Term) -> Term {
        todo!()
    }
    /// n·a
    pub fn scale(&mut self, _n: &Number, _a: Term) -> Term {
        todo!()
    }
    /// a^b: a product with a rational exponent when b is a rational number, else `Call(Pow)`. `sqrt(a)` is `a^(1/2)`.
    pub fn pow(&mut self, _a: Term, _b: Term) -> Term {
        todo!()
    }
    /// An operator or function applied; folds exact cases (`exp(0)`, `min(1,2)`, `if(true,…)`), keeps the rest.
    pub fn call(&mut self, _op: Op, _args: &[Term]) -> Term {
        todo!()
    }
    /// What a term is made of.
    pub fn view(&self, _t: Term) -> View<'_> {
        todo!()
    }
    /// The number, if the term is one.
    pub fn as_number(&self, _t: Term) -> Option<&Number> {
        todo!()
    }
    /// Whether the term is defined and finite for all finite real values of its symbols.
    pub fn is_total(&self, _t: Term) -> bool {
        todo!()
    }
    /// Calls `visit` for each direct child.
    pub fn for_each_child(&self, _t: Term, _visit: impl FnMut(Term)) {
        todo!()
    }
    /// All terms reachable from `roots`, children before parents, each once.
    pub fn reachable(&self, _roots: &[Term]) -> Vec<Term> {
        todo!()
    }
    /// The symbols that occur in any of `roots`, sorted.
    pub fn symbols_in(&self, _roots: &[Term]) -> Vec<SymbolId> {
        todo!()
    }
}
