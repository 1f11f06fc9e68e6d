//! The arena of hash-consed terms.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use super::facts::Facts;
use super::op::CONSTANTS;
use super::table::Table;
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
    /// `constant + Σ coefficient·term`: terms sorted by id, none of them a number, a sum or a product with coefficient ≠ 1; at least one,
    /// at least two when the constant is 0. A coefficient is 0 only where the term may be undefined.
    Sum(&'a Number, &'a [(Term, Number)]),
    /// `coefficient·Π base^exponent`: bases sorted; exponents non-zero rationals; a base may stand twice when its exponents may not be
    /// merged (`x·x^-1`). A single base with exponent 1 has a coefficient ≠ 1 and is not a sum. A base is a product or a
    /// number only when its power cannot be taken apart or folded (`(x·y)^(1/2)`, `2^(1/2)`). What has no value is `0·0^-1`.
    Product(&'a Number, &'a [(Term, Number)]),
    /// An operator or function applied.
    Call(Op, &'a [Term]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Number,
    Symbol,
    Constant,
    Sum,
    Product,
    Call(Op),
}

/// 12 bytes; the parts lie in `Pool::entries` or `Pool::args`.
#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    facts: Facts,
    /// Start in `entries` (numbers, sums, products) or `args` (calls); index of the symbol or constant.
    start: u32,
    /// Number of entries after the head, or of arguments.
    len: u32,
}

/// Stands in the head of an entry list, whose number is the constant of a sum or the coefficient of a product.
const HEAD: Term = Term(u32::MAX);

/// Arena and hash-cons table.
///
/// Building is amortised constant time per entry; constructors that return an existing term allocate nothing. A sum or product of n
/// parts is one node: make it with one call of [`Pool::sum`], [`Pool::linear`], [`Pool::product`] or [`Pool::monomial`], since
/// adding part by part leaves n intermediate nodes of n²/2 entries in all.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    nodes: Vec<Node>,
    entries: Vec<(Term, Number)>,
    args: Vec<Term>,
    table: Table,
    names: Vec<Box<str>>,
    by_name: FxHashMap<Box<str>, SymbolId>,
    /// Empty buffers that constructors reuse.
    buffers: Vec<Vec<(Term, Number)>>,
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Pool {
        Pool::default()
    }

    /// Number of terms; all `Term::index()` are below it.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether it has no terms.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The symbol of this name, made when new. Symbols with equal names are equal.
    pub fn symbol(&mut self, name: &str) -> SymbolId {
        if let Some(&symbol) = self.by_name.get(name) {
            return symbol;
        }
        let symbol = SymbolId(self.names.len() as u32);
        self.names.push(name.into());
        self.by_name.insert(name.into(), symbol);
        symbol
    }

    /// The name of a symbol.
    pub fn symbol_name(&self, s: SymbolId) -> &str {
        &self.names[s.0 as usize]
    }

    /// Number of symbols.
    pub fn n_symbols(&self) -> usize {
        self.names.len()
    }

    /// The term of a symbol.
    pub fn var(&mut self, s: SymbolId) -> Term {
        self.intern_leaf(Kind::Symbol, s.0, Facts::TOTAL)
    }

    /// `pi` or `e`.
    ///
    /// # Panics
    /// If there is no constant of this name.
    pub fn constant(&mut self, name: &'static str) -> Term {
        let index = CONSTANTS
            .iter()
            .position(|c| c.0 == name)
            .expect("the constant is in the table");
        self.intern_leaf(Kind::Constant, index as u32, Facts::POSITIVE)
    }

    /// An exact number.
    pub fn number(&mut self, n: Number) -> Term {
        self.intern_entries(Kind::Number, n, &[])
    }

    /// What a term is made of.
    pub fn view(&self, t: Term) -> View<'_> {
        let node = &self.nodes[t.index()];
        match node.kind {
            Kind::Number => View::Number(self.head(t)),
            Kind::Symbol => View::Symbol(SymbolId(node.start)),
            Kind::Constant => View::Constant(CONSTANTS[node.start as usize].0),
            Kind::Sum => View::Sum(self.head(t), self.entries_of(node)),
            Kind::Product => View::Product(self.head(t), self.entries_of(node)),
            Kind::Call(op) => View::Call(op, self.args_of(node)),
        }
    }

    /// The number, if the term is one.
    pub fn as_number(&self, t: Term) -> Option<&Number> {
        (self.kind(t) == Kind::Number).then(|| self.head(t))
    }

    /// Whether the term is defined and finite for all finite real values of its symbols.
    pub fn is_total(&self, t: Term) -> bool {
        self.facts(t).is_total()
    }

    /// Whether the term is defined and ≥ 0 for all finite real values of its symbols, as far as its form shows.
    pub fn is_non_negative(&self, t: Term) -> bool {
        self.facts(t).is_non_negative()
    }

    /// Whether the term is defined and > 0 for all finite real values of its symbols, as far as its form shows.
    pub fn is_positive(&self, t: Term) -> bool {
        self.facts(t).is_positive()
    }

    /// Calls `visit` for each direct child.
    pub fn for_each_child(&self, t: Term, mut visit: impl FnMut(Term)) {
        match self.view(t) {
            View::Number(_) | View::Symbol(_) | View::Constant(_) => {}
            View::Sum(_, entries) | View::Product(_, entries) => {
                entries.iter().for_each(|e| visit(e.0))
            }
            View::Call(_, args) => args.iter().for_each(|&a| visit(a)),
        }
    }

    /// All terms reachable from `roots`, children before parents, each once.
    pub fn reachable(&self, roots: &[Term]) -> Vec<Term> {
        let size = roots.iter().map(|t| t.index() + 1).max().unwrap_or(0);
        let mut seen = vec![0_u64; size.div_ceil(64)];
        let mut is_new = |t: Term| {
            let (word, bit) = (&mut seen[t.index() / 64], 1 << (t.index() % 64));
            let is_new = *word & bit == 0;
            *word |= bit;
            is_new
        };
        let mut found: Vec<Term> = roots.iter().copied().filter(|&t| is_new(t)).collect();
        let mut next = 0;
        while let Some(&t) = found.get(next) {
            self.for_each_child(t, |child| {
                if is_new(child) {
                    found.push(child);
                }
            });
            next += 1;
        }
        found.sort_unstable();
        found
    }

    /// The symbols that occur in any of `roots`, sorted.
    pub fn symbols_in(&self, roots: &[Term]) -> Vec<SymbolId> {
        let terms = self.reachable(roots).into_iter();
        let mut symbols: Vec<SymbolId> = terms.filter_map(|t| self.as_symbol(t)).collect();
        symbols.sort_unstable();
        symbols
    }

    /// The symbol, if the term is one.
    pub fn as_symbol(&self, t: Term) -> Option<SymbolId> {
        let node = &self.nodes[t.index()];
        (node.kind == Kind::Symbol).then_some(SymbolId(node.start))
    }

    pub(super) fn kind(&self, t: Term) -> Kind {
        self.nodes[t.index()].kind
    }

    pub(super) fn facts(&self, t: Term) -> Facts {
        self.nodes[t.index()].facts
    }

    /// The number itself, the constant of a sum, the coefficient of a product.
    pub(super) fn head(&self, t: Term) -> &Number {
        &self.entries[self.nodes[t.index()].start as usize].1
    }

    /// The entries of a sum or product.
    pub(super) fn entries(&self, t: Term) -> &[(Term, Number)] {
        self.entries_of(&self.nodes[t.index()])
    }

    fn entries_of(&self, node: &Node) -> &[(Term, Number)] {
        let first = node.start as usize + 1;
        &self.entries[first..first + node.len as usize]
    }

    fn args_of(&self, node: &Node) -> &[Term] {
        let first = node.start as usize;
        &self.args[first..first + node.len as usize]
    }

    /// An empty buffer; give it back with [`Pool::recycle`].
    pub(super) fn buffer(&mut self) -> Vec<(Term, Number)> {
        self.buffers.pop().unwrap_or_default()
    }

    pub(super) fn recycle(&mut self, mut buffer: Vec<(Term, Number)>) {
        buffer.clear();
        self.buffers.push(buffer);
    }

    fn intern_leaf(&mut self, kind: Kind, index: u32, facts: Facts) -> Term {
        let hash = hash_of(|h| (kind, index).hash(h));
        let nodes = &self.nodes;
        let is_same = |t: Term| nodes[t.index()].kind == kind && nodes[t.index()].start == index;
        match self.table.find(hash, is_same) {
            Some(t) => t,
            None => self.push(
                hash,
                Node {
                    kind,
                    facts,
                    start: index,
                    len: 0,
                },
            ),
        }
    }

    /// A number, or a sum or product whose entries are canonical already.
    pub(super) fn intern_entries(
        &mut self,
        kind: Kind,
        head: Number,
        entries: &[(Term, Number)],
    ) -> Term {
        let hash = hash_of(|h| {
            kind.hash(h);
            head.hash(h);
            for (t, n) in entries {
                h.write_u32(t.0);
                n.hash(h);
            }
        });
        let is_same =
            |t: Term| self.kind(t) == kind && *self.head(t) == head && self.entries(t) == entries;
        if let Some(t) = self.table.find(hash, is_same) {
            return t;
        }
        let facts = self.facts_of_entries(kind, &head, entries);
        let start = offset(self.entries.len());
        self.entries.push((HEAD, head));
        self.entries.extend_from_slice(entries);
        self.push(
            hash,
            Node {
                kind,
                facts,
                start,
                len: entries.len() as u32,
            },
        )
    }

    /// A call as it stands.
    pub(super) fn intern_call(&mut self, op: Op, args: &[Term]) -> Term {
        let kind = Kind::Call(op);
        let hash = hash_of(|h| (kind, args).hash(h));
        let is_same = |t: Term| {
            let node = &self.nodes[t.index()];
            node.kind == kind && self.args_of(node) == args
        };
        if let Some(t) = self.table.find(hash, is_same) {
            return t;
        }
        let facts = self.facts_of_call(op, args);
        let start = offset(self.args.len());
        self.args.extend_from_slice(args);
        self.push(
            hash,
            Node {
                kind,
                facts,
                start,
                len: args.len() as u32,
            },
        )
    }

    fn push(&mut self, hash: u32, node: Node) -> Term {
        let term = Term(offset(self.nodes.len()));
        self.nodes.push(node);
        self.table.insert(hash, term);
        term
    }
}

fn offset(len: usize) -> u32 {
    u32::try_from(len).expect("a pool holds less than 2^32 parts")
}

fn hash_of(write: impl FnOnce(&mut FxHasher)) -> u32 {
    let mut hasher = FxHasher::default();
    write(&mut hasher);
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_entries_are_small() {
        assert_eq!((size_of::<Node>(), size_of::<(Term, Number)>()), (12, 24));
    }

    #[test]
    fn reachable_lists_children_first() {
        let mut pool = Pool::new();
        let [x, y] = ["x", "y"].map(|name| pool.symbol(name));
        let (x, y) = (pool.var(x), pool.var(y));
        let product = pool.mul(x, y);
        let sum = pool.add(product, x);
        let root = pool.call(Op::Sin, &[sum]);
        assert_eq!(pool.reachable(&[root, x]), [x, y, product, sum, root]);
        assert_eq!(pool.reachable(&[]), []);
        assert_eq!(pool.symbols_in(&[root]).len(), 2);
    }
}
