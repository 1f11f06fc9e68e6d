//! Counting the operations that outputs cost per evaluation.
use rustc_hash::FxHashMap;

use crate::terms::{Number, Outputs, Pool, SymbolId, Term, View};

/// Additions, multiplications and calls of one evaluation.
///
/// What depends only on symbols for which `is_varying` is false is computed once per run and counts nothing: the fixed factors
/// of a product are one factor, together with its coefficient or the one it has in a sum. Products are multiplied from the left,
/// fixed factors first, and equal beginnings are shared: `(k·a)·b` and `(k·a)·c` are three multiplications. Subtracting is adding.
pub fn operation_count(
    pool: &Pool,
    outputs: &Outputs,
    is_varying: &dyn Fn(SymbolId) -> bool,
) -> usize {
    let order = pool.reachable(&outputs.values);
    let mut count = Count {
        pool,
        varies: vec![false; pool.len()],
        needed: vec![false; pool.len()],
        beginnings: FxHashMap::default(),
        fixed: FxHashMap::default(),
        operations: 0,
    };
    for &t in &order {
        count.varies[t.index()] = count.term_varies(t, is_varying);
    }
    outputs.values.iter().for_each(|&t| count.need(t));
    for &t in order.iter().rev() {
        if count.needed[t.index()] && count.varies[t.index()] {
            count.term(t);
        }
    }
    let rows = (0..outputs.n_rows()).map(|i| row_operations(outputs.row(i)));
    count.operations + rows.sum::<usize>()
}

/// The fixed part of a product.
type Fixed<'a> = (Number, Vec<&'a (Term, Number)>);

struct Count<'a> {
    pool: &'a Pool,
    varies: Vec<bool>,
    /// Terms whose own value is used. Filled by parents, which come later in the pool and are visited first.
    needed: Vec<bool>,
    /// Products so far: the product before, and the next factor.
    beginnings: FxHashMap<(u32, Term), u32>,
    /// Numbers of fixed parts, from 1; 0 is the empty product.
    fixed: FxHashMap<Fixed<'a>, u32>,
    operations: usize,
}

impl<'a> Count<'a> {
    fn need(&mut self, t: Term) {
        self.needed[t.index()] = true;
    }

    fn term_varies(&self, t: Term, is_varying: &dyn Fn(SymbolId) -> bool) -> bool {
        match self.pool.view(t) {
            View::Number(_) | View::Constant(_) => false,
            View::Symbol(s) => is_varying(s),
            View::Sum(_, entries) | View::Product(_, entries) => {
                entries.iter().any(|(x, _)| self.varies[x.index()])
            }
            View::Call(_, args) => args.iter().any(|x| self.varies[x.index()]),
        }
    }

    fn term(&mut self, t: Term) {
        match self.pool.view(t) {
            View::Number(_) | View::Constant(_) | View::Symbol(_) => {}
            View::Call(_, args) => {
                self.operations += 1;
                args.iter().for_each(|&x| self.need(x));
            }
            View::Sum(constant, entries) => self.sum(constant, entries),
            View::Product(coefficient, entries) => self.product(coefficient.clone(), entries),
        }
    }

    fn sum(&mut self, constant: &Number, entries: &'a [(Term, Number)]) {
        let mut summands = 0;
        let mut has_fixed = !constant.is_zero();
        for (x, coefficient) in entries {
            if !self.varies[x.index()] {
                has_fixed = true;
                continue;
            }
            summands += 1;
            match self.pool.view(*x) {
                View::Product(own, factors) if !is_unit(coefficient) && self.has_fixed(factors) => {
                    self.product(own * coefficient, factors);
                }
                View::Product(..)
                | View::Number(_)
                | View::Symbol(_)
                | View::Constant(_)
                | View::Sum(..)
                | View::Call(..) => {
                    self.operations += usize::from(!is_unit(coefficient));
                    self.need(*x);
                }
            }
        }
        self.operations += summands + usize::from(has_fixed) - 1;
    }

    fn has_fixed(&self, factors: &[(Term, Number)]) -> bool {
        factors.iter().any(|(x, _)| !self.varies[x.index()])
    }

    fn product(&mut self, coefficient: Number, factors: &'a [(Term, Number)]) {
        let fixed: Vec<_> = factors
            .iter()
            .filter(|(x, _)| !self.varies[x.index()])
            .collect();
        let mut so_far = 0;
        if !is_unit(&coefficient) || !fixed.is_empty() {
            let next = self.fixed.len() as u32 + 1;
            so_far = *self.fixed.entry((coefficient, fixed)).or_insert(next);
        }
        for (x, exponent) in factors {
            if self.varies[x.index()] {
                self.need(*x);
                so_far = self.power(so_far, *x, exponent);
            }
        }
    }

    /// Multiplies by a power as often as it says: x³ three times, 1/x² twice, √x is a call and one factor.
    fn power(&mut self, mut so_far: u32, base: Term, exponent: &Number) -> u32 {
        let times = match exponent.as_i64() {
            Some(n) => n.unsigned_abs(),
            None => {
                self.operations += 1;
                1
            }
        };
        for _ in 0..times {
            /// Ids of beginnings follow those of fixed parts.
            const FIRST: u32 = 1 << 31;
            let next = FIRST + self.beginnings.len() as u32;
            let known = self.beginnings.len();
            let is_first = so_far == 0;
            so_far = *self.beginnings.entry((so_far, base)).or_insert(next);
            self.operations += usize::from(!is_first && self.beginnings.len() > known);
        }
        so_far
    }
}

fn row_operations(row: &[(u32, Number)]) -> usize {
    let scaled = row.iter().filter(|(_, c)| !is_unit(c)).count();
    row.len().saturating_sub(1) + scaled
}

fn is_unit(n: &Number) -> bool {
    n.is_one() || *n == Number::MINUS_ONE
}
