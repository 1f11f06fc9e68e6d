//! Factoring a sum of monomials by its most frequent factor.
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::terms::{Number, Pool, SymbolId, Term, View};

/// Exponents up to this are taken apart into single factors; higher powers stay one factor.
const MAX_UNIT_FACTORS: i64 = 8;

/// Factors sums one after the other, sharing what it learns about factors.
///
/// S = f·S₁ + S₂, where f is the factor that most monomials have, a state before a parameter and then the oldest term;
/// S₁ and S₂ are factored in the same way until no factor is repeated.
pub(super) struct Factoring<'a> {
    pool: &'a mut Pool,
    is_state: &'a dyn Fn(SymbolId) -> bool,
    /// Whether a factor depends on states, as far as asked.
    depends: FxHashMap<Term, bool>,
    monomials: Vec<Monomial>,
    /// Scratch: factors of several monomials.
    counted: Vec<Term>,
}

/// `coefficient·Π factors`; a factor stands as often as its exponent says.
struct Monomial {
    coefficient: Number,
    factors: SmallVec<[Term; 4]>,
}

/// `Π multiplier · (constant + Σ terms)`, a term of its parent.
struct Node {
    parent: usize,
    multiplier: SmallVec<[Term; 4]>,
    constant: Number,
    terms: Vec<(Term, Number)>,
}

impl<'a> Factoring<'a> {
    pub fn new(pool: &'a mut Pool, is_state: &'a dyn Fn(SymbolId) -> bool) -> Self {
        Factoring {
            pool,
            is_state,
            depends: FxHashMap::default(),
            monomials: Vec::new(),
            counted: Vec::new(),
        }
    }

    /// The factored sum of terms, of which some are to be subtracted; and whether the result has the opposite sign.
    pub fn total(&mut self, terms: &[(Term, bool)]) -> (Term, bool) {
        if self.shares_nothing(terms) {
            let signed: SmallVec<[(Term, Number); 2]> = terms
                .iter()
                .map(|&(t, negative)| (t, unit(negative)))
                .collect();
            let sum = self.pool.linear(Number::ZERO, &signed);
            return positive(self.pool, sum);
        }
        for &(term, negative) in terms {
            self.add(term, negative);
        }
        self.finish()
    }

    /// Whether no two terms have a factor in common, and none is a sum itself: then there is nothing to factor.
    fn shares_nothing(&mut self, terms: &[(Term, bool)]) -> bool {
        self.counted.clear();
        for &(term, _) in terms {
            match self.pool.view(term) {
                View::Sum(..) => return false,
                View::Product(_, powers) => {
                    self.counted.extend(powers.iter().map(|(base, _)| *base))
                }
                View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Call(..) => {
                    self.counted.push(term);
                }
            }
        }
        self.counted.sort_unstable();
        self.counted.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// Adds `value`, or its negative, to the sum.
    fn add(&mut self, value: Term, negative: bool) {
        let sign = unit(negative);
        let View::Sum(constant, terms) = self.pool.view(value) else {
            self.add_monomial(value, &sign);
            return;
        };
        let (constant, terms) = (constant.clone(), terms.to_vec());
        for (term, coefficient) in terms {
            self.add_monomial(term, &(&coefficient * &sign));
        }
        if !constant.is_zero() {
            self.monomials.push(Monomial {
                coefficient: &constant * &sign,
                factors: SmallVec::new(),
            });
        }
    }

    fn add_monomial(&mut self, term: Term, scale: &Number) {
        let mut factors = SmallVec::new();
        let coefficient = match self.pool.view(term) {
            View::Number(n) => n * scale,
            View::Product(coefficient, powers) => {
                let coefficient = coefficient * scale;
                let powers: SmallVec<[(Term, Number); 4]> = powers.iter().cloned().collect();
                for (base, exponent) in powers {
                    self.unit_factors(base, exponent, &mut factors);
                }
                coefficient
            }
            View::Symbol(_) | View::Constant(_) | View::Sum(..) | View::Call(..) => {
                factors.push(term);
                scale.clone()
            }
        };
        self.monomials.push(Monomial {
            coefficient,
            factors,
        });
    }

    fn unit_factors(&mut self, base: Term, exponent: Number, factors: &mut SmallVec<[Term; 4]>) {
        match exponent.as_i64() {
            Some(n @ 1..=MAX_UNIT_FACTORS) => factors.extend((0..n).map(|_| base)),
            Some(_) | None => factors.push(self.pool.monomial(Number::ONE, &[(base, exponent)])),
        }
    }

    /// The factored sum of what was added, and whether it is to be read with the opposite sign. Forgets the sum.
    fn finish(&mut self) -> (Term, bool) {
        let mut nodes = vec![Node::of(0, SmallVec::new())];
        let mut open: Vec<(usize, Vec<u32>)> =
            vec![(0, (0..self.monomials.len() as u32).collect())];
        while let Some((node, mut set)) = open.pop() {
            let mut is_whole = true;
            while let Some(factor) = self.most_frequent(&set) {
                let (with, without): (Vec<u32>, Vec<u32>) = set
                    .iter()
                    .partition(|&&m| self.monomials[m as usize].divide(factor));
                if is_whole && without.is_empty() {
                    nodes[node].multiplier.push(factor);
                    set = with;
                } else {
                    open.push((nodes.len(), with));
                    nodes.push(Node::of(node, SmallVec::from_slice(&[factor])));
                    set = without;
                    is_whole = false;
                }
            }
            self.close(&mut nodes[node], &set);
        }
        self.monomials.clear();
        self.assemble(nodes)
    }

    /// The factor that most monomials of the set have, if at least two have it.
    fn most_frequent(&mut self, set: &[u32]) -> Option<Term> {
        if set.len() < 2 {
            return None;
        }
        self.counted.clear();
        for &m in set {
            let factors = &self.monomials[m as usize].factors;
            let first_of_its_kind = |i: usize| !factors[..i].contains(&factors[i]);
            self.counted.extend(
                (0..factors.len())
                    .filter(|&i| first_of_its_kind(i))
                    .map(|i| factors[i]),
            );
        }
        self.counted.sort_unstable();
        let counted = std::mem::take(&mut self.counted);
        let mut best: Option<(usize, bool, Term)> = None;
        for run in counted.chunk_by(|a, b| a == b).filter(|run| run.len() > 1) {
            let (count, term) = (run.len(), run[0]);
            if best.is_some_and(|(most, _, _)| count < most) {
                continue;
            }
            let depends = self.depends_on_states(term);
            if best.is_none_or(|(most, state, _)| (count, depends) > (most, state)) {
                best = Some((count, depends, term));
            }
        }
        self.counted = counted;
        best.map(|(_, _, term)| term)
    }

    fn depends_on_states(&mut self, factor: Term) -> bool {
        if let View::Symbol(s) = self.pool.view(factor) {
            return (self.is_state)(s);
        }
        if let Some(&known) = self.depends.get(&factor) {
            return known;
        }
        let symbols = self.pool.symbols_in(&[factor]);
        let depends = symbols.into_iter().any(self.is_state);
        self.depends.insert(factor, depends);
        depends
    }

    /// Monomials without a common factor are terms of the node.
    fn close(&mut self, node: &mut Node, set: &[u32]) {
        for &m in set {
            let monomial = &self.monomials[m as usize];
            if monomial.factors.is_empty() {
                node.constant = &node.constant + &monomial.coefficient;
                continue;
            }
            let term = product(self.pool, &monomial.factors);
            node.terms.push((term, monomial.coefficient.clone()));
        }
    }

    /// Builds the terms of all nodes, children (which come later) before their parents.
    fn assemble(&mut self, mut nodes: Vec<Node>) -> (Term, bool) {
        loop {
            let node = nodes
                .pop()
                .expect("the root is popped last, and then returned");
            let sum = self.pool.linear(node.constant, &node.terms);
            let (sum, negative) = positive(self.pool, sum);
            let mut factors = node.multiplier;
            factors.push(sum);
            let term = product(self.pool, &factors);
            let Some(parent) = nodes.get_mut(node.parent) else {
                return (term, negative);
            };
            parent.terms.push((term, unit(negative)));
        }
    }
}

impl Node {
    fn of(parent: usize, multiplier: SmallVec<[Term; 4]>) -> Self {
        Node {
            parent,
            multiplier,
            constant: Number::ZERO,
            terms: Vec::new(),
        }
    }
}

impl Monomial {
    /// Takes the factor out once; false if it is not there.
    fn divide(&mut self, factor: Term) -> bool {
        let position = self.factors.iter().position(|&f| f == factor);
        if let Some(i) = position {
            self.factors.remove(i);
        }
        position.is_some()
    }
}

/// 1 or -1
fn unit(negative: bool) -> Number {
    if negative {
        Number::MINUS_ONE
    } else {
        Number::ONE
    }
}

fn product(pool: &mut Pool, factors: &[Term]) -> Term {
    let powers: SmallVec<[(Term, Number); 6]> = factors.iter().map(|&f| (f, Number::ONE)).collect();
    pool.monomial(Number::ONE, &powers)
}

/// The term with a positive leading coefficient, and whether that turned its sign: so that S and -S are one shared sum.
fn positive(pool: &mut Pool, term: Term) -> (Term, bool) {
    let leading = match pool.view(term) {
        View::Number(n) => n,
        View::Sum(_, terms) => &terms[0].1,
        View::Product(coefficient, _) => coefficient,
        View::Symbol(_) | View::Constant(_) | View::Call(..) => return (term, false),
    };
    if leading.signum() < 0 {
        (pool.neg(term), true)
    } else {
        (term, false)
    }
}
