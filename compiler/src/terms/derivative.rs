//! Derivatives, all symbols at once in one forward pass over sparse rows.
//!
//! Each term gets the sparse row of its partial derivatives, made from the rows of its children: forward mode as in
//! A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, doi:10.1137/1.9780898717761, section 7.2.
//! Rows are memoised by term and products of sums stay factored.

use rustc_hash::FxHashMap;

use super::op::Derivative;
use super::{Number, Op, Pool, SymbolId, Term, View};

/// A sparse matrix of terms in compressed row form, columns ascending in each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SparseRows {
    /// Row `i` is `entries[starts[i]..starts[i + 1]]`; length: rows + 1.
    pub starts: Vec<u32>,
    /// Column and value; no value is 0.
    pub entries: Vec<(u32, Term)>,
}

impl SparseRows {
    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The entries of row `i`.
    pub fn row(&self, i: usize) -> &[(u32, Term)] {
        &self.entries[self.starts[i] as usize..self.starts[i + 1] as usize]
    }
}

impl Pool {
    /// `∂t/∂by`
    pub fn derivative(&mut self, t: Term, by: SymbolId) -> Term {
        let rows = self.jacobian(&[t], &[by]);
        match rows.entries.first() {
            Some(&(_, derivative)) => derivative,
            None => self.int(0),
        }
    }

    /// The partial derivatives of each root by the symbols `by`, sorted by symbol; those that are 0 are left out.
    pub fn gradient(&mut self, roots: &[Term], by: &[SymbolId]) -> Vec<Vec<(SymbolId, Term)>> {
        let mut by = by.to_vec();
        by.sort_unstable();
        by.dedup();
        let rows = self.jacobian(roots, &by);
        let row = |i| {
            rows.row(i)
                .iter()
                .map(|&(column, t)| (by[column as usize], t))
                .collect()
        };
        (0..rows.n_rows()).map(row).collect()
    }

    /// `∂rows[i]/∂by[j]`, sparse; `by` has no symbol twice.
    pub fn jacobian(&mut self, rows: &[Term], by: &[SymbolId]) -> SparseRows {
        let one = self.int(1);
        let seeds = by
            .iter()
            .zip(0..)
            .map(|(&s, column)| (s, (column, one)))
            .collect();
        Forward::new(self, seeds).run(rows)
    }

    /// The derivation `D` of each root with `D(x) = directions[x]`, and 0 for symbols not listed: a directional or total derivative.
    /// Products of sums stay factored.
    pub fn derivation(
        &mut self,
        roots: &[Term],
        directions: &FxHashMap<SymbolId, Term>,
    ) -> Vec<Term> {
        let zero = self.int(0);
        let seeds = directions.iter().map(|(&s, &t)| (s, (0, t))).collect();
        let rows = Forward::new(self, seeds).run(roots);
        let of_row = |i| rows.row(i).first().map_or(zero, |&(_, t)| t);
        (0..rows.n_rows()).map(of_row).collect()
    }
}

/// A contribution `coefficient·term` to a column.
type Part = (u32, Term, Number);

struct Forward<'a> {
    pool: &'a mut Pool,
    /// Column and derivative of each symbol that has one.
    seeds: FxHashMap<SymbolId, (u32, Term)>,
    /// Start and end of the row of each term in `entries`.
    spans: Vec<(u32, u32)>,
    entries: Vec<(u32, Term)>,
    parts: Vec<Part>,
}

impl<'a> Forward<'a> {
    fn new(pool: &'a mut Pool, seeds: FxHashMap<SymbolId, (u32, Term)>) -> Self {
        Forward {
            pool,
            seeds,
            spans: Vec::new(),
            entries: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn run(mut self, roots: &[Term]) -> SparseRows {
        let order = self.pool.reachable(roots);
        self.spans = vec![(0, 0); order.last().map_or(0, |t| t.index() + 1)];
        for t in order {
            let start = self.entries.len() as u32;
            self.push_row(t);
            self.spans[t.index()] = (start, self.entries.len() as u32);
        }
        let mut rows = SparseRows {
            starts: vec![0],
            entries: Vec::new(),
        };
        for t in roots {
            let (start, end) = self.spans[t.index()];
            rows.entries
                .extend_from_slice(&self.entries[start as usize..end as usize]);
            rows.starts.push(rows.entries.len() as u32);
        }
        rows
    }

    fn span(&self, t: Term) -> std::ops::Range<usize> {
        let (start, end) = self.spans[t.index()];
        start as usize..end as usize
    }

    fn push_row(&mut self, t: Term) {
        match self.pool.view(t) {
            View::Number(_) | View::Constant(_) => {}
            View::Symbol(s) => self.entries.extend(self.seeds.get(&s)),
            View::Sum(_, entries) => {
                for (child, c) in entries {
                    let (start, end) = self.spans[child.index()];
                    let row = &self.entries[start as usize..end as usize];
                    self.parts
                        .extend(row.iter().map(|&(column, d)| (column, d, c.clone())));
                }
                self.collect_parts();
            }
            View::Product(coefficient, factors) => {
                if factors.iter().any(|(b, _)| !self.span(*b).is_empty()) {
                    let (coefficient, mut factors) = (coefficient.clone(), factors.to_vec());
                    self.product_rule(&coefficient, &mut factors);
                }
            }
            View::Call(op, args) => {
                if args.iter().any(|&a| !self.span(a).is_empty()) {
                    let args = args.to_vec();
                    self.call_rule(t, op, &args);
                }
            }
        }
    }

    /// `d(c·Π bᵢ^eᵢ) = Σ c·eᵢ·bᵢ^(eᵢ-1)·dbᵢ·Π_{j≠i} bⱼ^eⱼ`
    fn product_rule(&mut self, coefficient: &Number, factors: &mut Vec<(Term, Number)>) {
        for i in 0..factors.len() {
            let (base, exponent) = factors[i].clone();
            factors[i].1 = &exponent - &Number::ONE;
            for k in self.span(base) {
                let (column, d) = self.entries[k];
                factors.push((d, Number::ONE));
                let part = self.pool.monomial(Number::ONE, factors);
                factors.pop();
                self.parts.push((column, part, coefficient * &exponent));
            }
            factors[i].1 = exponent;
        }
        self.collect_parts();
    }

    fn call_rule(&mut self, call: Term, op: Op, args: &[Term]) {
        match op.derivative() {
            Derivative::Zero => {}
            Derivative::Chain(partial) => {
                for (i, &arg) in args.iter().enumerate() {
                    let row = self.span(arg);
                    if row.is_empty() {
                        continue;
                    }
                    let outer = partial(self.pool, call, args, i);
                    for k in row {
                        let (column, inner) = self.entries[k];
                        let part = self.pool.mul(outer, inner);
                        self.parts.push((column, part, Number::ONE));
                    }
                }
                self.collect_parts();
            }
            Derivative::Choice(choose) => {
                let zero = self.pool.int(0);
                for column in self.columns_of(args) {
                    let inner: Vec<Term> = args
                        .iter()
                        .map(|&a| self.at(a, column).unwrap_or(zero))
                        .collect();
                    let chosen = choose(self.pool, args, &inner);
                    self.parts.push((column, chosen, Number::ONE));
                }
                self.collect_parts();
            }
        }
    }

    /// The columns in which any of `terms` has an entry, sorted.
    fn columns_of(&self, terms: &[Term]) -> Vec<u32> {
        let rows = terms.iter().flat_map(|&t| &self.entries[self.span(t)]);
        let mut columns: Vec<u32> = rows.map(|e| e.0).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    fn at(&self, t: Term, column: u32) -> Option<Term> {
        let row = &self.entries[self.span(t)];
        let found = row.binary_search_by_key(&column, |e| e.0).ok()?;
        Some(row[found].1)
    }

    /// Adds up the parts by column into a new row.
    fn collect_parts(&mut self) {
        let mut parts = std::mem::take(&mut self.parts);
        if !parts.is_sorted_by_key(|p| p.0) {
            parts.sort_by_key(|p| p.0);
        }
        let mut sum = self.pool.buffer();
        for group in parts.chunk_by(|a, b| a.0 == b.0) {
            sum.clear();
            sum.extend(group.iter().map(|(_, t, c)| (*t, c.clone())));
            let total = self.pool.linear(Number::ZERO, &sum);
            if self.pool.as_number(total).is_none_or(|n| !n.is_zero()) {
                self.entries.push((group[0].0, total));
            }
        }
        self.pool.recycle(sum);
        parts.clear();
        self.parts = parts;
    }
}
