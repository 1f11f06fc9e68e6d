//! The order in which people write the parts of sums and products: for printing only.
//!
//! It depends on the form of the terms and on the order in which symbols were declared, not on the ids of compound terms: a
//! snapshot does not change when something else is built first.

use std::cmp::{Ordering, Reverse};

use super::{Number, Pool, Term, View};

/// Printed order of the parts of all terms below a root.
pub(super) struct PrintOrder<'a> {
    pub(super) pool: &'a Pool,
    /// A total order of the terms below the root, by term index.
    ranks: Vec<u32>,
    /// Total degree in the symbols, by term index.
    degrees: Vec<f64>,
    /// Start in `positions`, by term index.
    starts: Vec<u32>,
    positions: Vec<u32>,
    /// Number of nodes of the root as a tree, all sharing unfolded.
    pub(super) tree_size: u64,
}

/// A product without its coefficient, as a fraction of factors with positive exponents, in printed order.
pub(super) struct Fraction {
    pub(super) numerator: Vec<(Term, Number)>,
    pub(super) denominator: Vec<(Term, Number)>,
}

impl<'a> PrintOrder<'a> {
    pub(super) fn new(pool: &'a Pool, root: Term) -> Self {
        let terms = pool.reachable(&[root]);
        let size = root.index() + 1;
        let mut order = PrintOrder {
            pool,
            ranks: vec![0; size],
            degrees: vec![0.0; size],
            starts: vec![0; size],
            positions: Vec::new(),
            tree_size: 0,
        };
        order.measure(&terms);
        let mut by_height = order.heights(&terms);
        by_height.sort_by_key(|&(height, _)| height);
        let mut rank = 0;
        for level in by_height.chunk_by_mut(|a, b| a.0 == b.0) {
            for &(_, t) in level.iter() {
                order.sort_parts(t);
            }
            level.sort_by(|a, b| order.compare(a.1, b.1));
            for &(_, t) in level.iter() {
                order.ranks[t.index()] = rank;
                rank += 1;
            }
        }
        order
    }

    /// Positions of the entries of a sum or product in printed order; one past the last entry stands for a sum's constant.
    pub(super) fn parts(&self, t: Term) -> &[u32] {
        let len = match self.pool.view(t) {
            View::Sum(constant, entries) => entries.len() + usize::from(!constant.is_zero()),
            View::Product(_, factors) => factors.len(),
            View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Call(..) => 0,
        };
        let start = self.starts[t.index()] as usize;
        &self.positions[start..start + len]
    }

    /// The factors of a product, or a single one for any other term.
    pub(super) fn fraction(&self, t: Term) -> Fraction {
        let (mut numerator, mut denominator) = (Vec::new(), Vec::new());
        if let View::Product(_, factors) = self.pool.view(t) {
            for &position in self.parts(t) {
                let (base, exponent) = factors[position as usize].clone();
                match exponent.signum() {
                    1 => numerator.push((base, exponent)),
                    _ => denominator.push((base, -exponent)),
                }
            }
            // A number in front of a plain sum would be multiplied into it when read back.
            numerator.sort_by_key(|f| self.is_plain_sum(f));
            denominator.sort_by_key(|f| self.is_plain_sum(f));
        } else {
            numerator.push((t, Number::ONE));
        }
        Fraction {
            numerator,
            denominator,
        }
    }

    /// Whether a factor is a sum to the power 1.
    pub(super) fn is_plain_sum(&self, (base, exponent): &(Term, Number)) -> bool {
        exponent.is_one() && matches!(self.pool.view(*base), View::Sum(..))
    }

    /// Degrees, and the size of the root as a tree.
    fn measure(&mut self, terms: &[Term]) {
        let mut sizes = vec![0_u64; self.ranks.len()];
        for &t in terms {
            let mut size: u64 = 1;
            self.pool
                .for_each_child(t, |child| size = size.saturating_add(sizes[child.index()]));
            sizes[t.index()] = size;
            self.tree_size = size;
            let degree = |t: &Term| self.degrees[t.index()];
            self.degrees[t.index()] = match self.pool.view(t) {
                View::Number(_) | View::Constant(_) | View::Call(..) => 0.0,
                View::Symbol(_) => 1.0,
                View::Sum(_, entries) => entries.iter().map(|(t, _)| degree(t)).fold(0.0, f64::max),
                View::Product(_, factors) => {
                    factors.iter().map(|(b, e)| degree(b) * e.to_f64()).sum()
                }
            };
        }
    }

    fn heights(&self, terms: &[Term]) -> Vec<(u32, Term)> {
        let mut heights = vec![0; self.ranks.len()];
        let height_of = |&t: &Term| {
            let mut height = 0;
            self.pool
                .for_each_child(t, |child| height = height.max(heights[child.index()] + 1));
            heights[t.index()] = height;
            (height, t)
        };
        terms.iter().map(height_of).collect()
    }

    fn sort_parts(&mut self, t: Term) {
        self.starts[t.index()] = self.positions.len() as u32;
        match self.pool.view(t) {
            View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Call(..) => {}
            View::Product(_, factors) => {
                let mut positions: Vec<u32> = (0..factors.len() as u32).collect();
                positions.sort_by(|&i, &j| {
                    self.compare_factors(&factors[i as usize], &factors[j as usize])
                });
                self.positions.extend(positions);
            }
            View::Sum(constant, entries) => {
                let mut positions: Vec<u32> = (0..entries.len() as u32).collect();
                positions.sort_by(|&i, &j| {
                    self.compare_summands(entries[i as usize].0, entries[j as usize].0)
                });
                if !constant.is_zero() {
                    positions.push(entries.len() as u32);
                }
                let number_at = |i: u32| entries.get(i as usize).map_or(constant, |e| &e.1);
                let first = positions.iter().position(|&i| number_at(i).signum() > 0);
                positions[..first.map_or(0, |i| i + 1)].rotate_right(usize::from(first.is_some()));
                self.positions.extend(positions);
            }
        }
    }

    /// Higher degree first, then by factors.
    fn compare_summands(&self, a: Term, b: Term) -> Ordering {
        let degree = |t: Term| self.degrees[t.index()];
        let by_degree = degree(b).total_cmp(&degree(a));
        by_degree.then_with(|| self.compare_products(a, b))
    }

    fn compare_products(&self, a: Term, b: Term) -> Ordering {
        let one = [(a, Number::ONE), (b, Number::ONE)];
        let factors = |i: usize, t: Term| match self.pool.view(t) {
            View::Product(_, factors) => (factors, self.parts(t)),
            View::Number(_)
            | View::Symbol(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Call(..) => (&one[i..=i], &[0][..]),
        };
        let (of_a, of_b) = (factors(0, a), factors(1, b));
        let pairs = of_a.1.iter().zip(of_b.1);
        let differ =
            pairs.map(|(&i, &j)| self.compare_factors(&of_a.0[i as usize], &of_b.0[j as usize]));
        differ
            .fold(Ordering::Equal, Ordering::then)
            .then(of_a.1.len().cmp(&of_b.1.len()))
    }

    /// Numbers, constants, symbols, calls, then sums; of one base higher powers first.
    fn compare_factors(&self, a: &(Term, Number), b: &(Term, Number)) -> Ordering {
        let key = |t: Term| (class(self.pool.view(t)), self.ranks[t.index()]);
        key(a.0).cmp(&key(b.0)).then_with(|| b.1.cmp(&a.1))
    }

    /// Compares two terms of equal height, the ranks of whose children are known.
    fn compare(&self, a: Term, b: Term) -> Ordering {
        let rank = |t: &Term| self.ranks[t.index()];
        match (self.pool.view(a), self.pool.view(b)) {
            (View::Number(x), View::Number(y)) => x.cmp(y),
            (View::Symbol(x), View::Symbol(y)) => x.cmp(&y),
            (View::Constant(x), View::Constant(y)) => x.cmp(y),
            (View::Product(x, _), View::Product(y, _)) => {
                self.compare_products(a, b).then_with(|| x.cmp(y))
            }
            (View::Call(f, x), View::Call(g, y)) => f
                .cmp(&g)
                .then_with(|| x.iter().map(rank).cmp(y.iter().map(rank))),
            (View::Sum(c, x), View::Sum(d, y)) => {
                let parts = |t, entries: &'a [(Term, Number)]| {
                    let positions = self.parts(t).iter();
                    positions.filter_map(move |&i| {
                        entries.get(i as usize).map(|(t, c)| (rank(t), Reverse(c)))
                    })
                };
                parts(a, x).cmp(parts(b, y)).then_with(|| c.cmp(d))
            }
            (x, y) => class(x).cmp(&class(y)),
        }
    }
}

fn class(view: View<'_>) -> u8 {
    match view {
        View::Number(_) => 0,
        View::Constant(_) => 1,
        View::Symbol(_) => 2,
        View::Call(..) => 3,
        View::Product(..) => 4,
        View::Sum(..) => 5,
    }
}
