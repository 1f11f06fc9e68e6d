//! What a term costs: the table of cycles per operation, and the cost of a set of terms with shared parts counted once.
//!
//! The unit is a tenth of a cycle. The table is what `cargo bench --bench cost_table` measures for our own code generator.
use super::facts::Facts;
use crate::terms::{Number, Op, Pool, Term, View};
use rustc_hash::{FxHashMap, FxHashSet};

/// An addition or subtraction.
const ADD: u32 = 10;
/// A multiplication.
const MUL: u32 = 10;
/// A change of sign.
const NEG: u32 = 5;
/// A division.
const DIV: u32 = 45;
/// A square root.
const SQRT: u32 = 60;
/// A call of `pow`.
const POW: u32 = 500;

/// A call of an operator or function; `min` and `max` per argument after the first.
pub(super) fn call(op: Op, n_args: usize) -> u32 {
    let per_argument = |cycles: u32| cycles * (n_args.max(2) as u32 - 1);
    match op {
        Op::Exp => 150,
        Op::Ln | Op::Log10 | Op::Log2 => 180,
        Op::Sqrt => SQRT,
        Op::Cbrt => 300,
        Op::Abs => 5,
        Op::Sign => 30,
        Op::Floor | Op::Ceil => 20,
        Op::Sin | Op::Cos => 220,
        Op::Tan => 350,
        Op::Asin | Op::Acos | Op::Atan => 300,
        Op::Sinh | Op::Cosh | Op::Tanh => 350,
        Op::Asinh | Op::Acosh | Op::Atanh => 400,
        Op::Erf | Op::Erfc => 500,
        Op::Gamma | Op::LnGamma => 1000,
        Op::Step => 15,
        Op::Smoothstep => 60,
        Op::Expm1 | Op::Ln1p => 300,
        Op::Pow => POW,
        Op::Atan2 => 400,
        Op::Mod => 75,
        Op::BesselJ | Op::PolyGamma | Op::KummerRatio => 2000,
        Op::Min | Op::Max => per_argument(15),
        Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual => 15,
        Op::And | Op::Or => per_argument(15),
        Op::Not => 15,
        Op::If => 15,
        Op::Partial => 30,
        Op::Mean | Op::Integral | Op::Minimum | Op::Maximum => 1000,
    }
}

/// What is fixed during a run is computed once: it costs next to nothing, but not nothing, so that shorter is still better.
pub(super) const FIXED: u32 = 1;

/// `head + Σ coefficient·child`, given the children and whether they are fixed: what is fixed is added up once per run.
pub(super) fn sum<'a>(head: &Number, parts: impl Iterator<Item = (&'a Number, bool)>) -> u32 {
    let mut has_fixed = !head.is_zero();
    let mut all_negative = head.signum() <= 0;
    let (mut moving, mut scaled) = (0, 0);
    for (k, fixed) in parts {
        all_negative &= k.signum() < 0;
        if fixed {
            has_fixed = true;
        } else {
            moving += 1;
            scaled += u32::from(!is_unit(k));
        }
    }
    if moving == 0 {
        return FIXED;
    }
    let additions = moving + u32::from(has_fixed) - 1;
    additions * ADD + scaled * MUL + if all_negative && !has_fixed { NEG } else { 0 }
}

/// `head·Π child^exponent`, given the powers of the children and whether they are fixed: what is fixed, on either side of the bar, is one
/// factor; what else is below the bar is multiplied, then divides once.
pub(super) fn product<'a>(head: &Number, parts: impl Iterator<Item = (&'a Number, bool)>) -> u32 {
    let mut has_fixed = !is_unit(head);
    let (mut above, mut below) = (0u32, 0u32);
    for (e, fixed) in parts {
        if fixed {
            has_fixed = true;
        } else if e.signum() < 0 {
            below += 1;
        } else {
            above += 1;
        }
    }
    if above + below == 0 {
        return FIXED;
    }
    let multiplications =
        (above + u32::from(has_fixed)).saturating_sub(1) + below.saturating_sub(1);
    let sign = if *head == Number::MINUS_ONE && !has_fixed {
        NEG
    } else {
        0
    };
    multiplications * MUL + if below > 0 { DIV } else { 0 } + sign
}

/// `x^|exponent|`, given x: by repeated squaring, with a square root for halves.
pub(super) fn power(exponent: &Number) -> u32 {
    let e = exponent.abs();
    let Some((p, q)) = e.as_ratio() else {
        return POW;
    };
    match q {
        1 => chain(p) * MUL,
        2 if p == 1 => SQRT,
        2 => SQRT + MUL + chain(p / 2) * MUL,
        _ => POW,
    }
}

/// Multiplications that make `x^n`.
fn chain(n: i64) -> u32 {
    match n {
        0 | 1 => 0,
        n => n.ilog2() + n.count_ones() - 1,
    }
}

/// 1 or -1
pub(super) fn is_unit(n: &Number) -> bool {
    n.is_one() || *n == Number::MINUS_ONE
}

/// The cost of terms, counted one after the other: what an earlier one computed is free for a later one.
pub(super) struct Tally<'a> {
    facts: &'a Facts,
    /// Terms seen so far, and whether they are fixed.
    seen: FxHashMap<Term, bool>,
    powers: FxHashSet<(Term, Number)>,
    /// The cost so far.
    pub total: u64,
}

/// What one term added to a tally.
#[derive(Default)]
struct Addition {
    price: u64,
    terms: Vec<Term>,
    powers: Vec<(Term, Number)>,
}

impl<'a> Tally<'a> {
    pub fn new(facts: &'a Facts) -> Self {
        Tally {
            facts,
            seen: FxHashMap::default(),
            powers: FxHashSet::default(),
            total: 0,
        }
    }

    /// Adds a term.
    pub fn add(&mut self, pool: &Pool, root: Term) {
        self.total += self.visit(pool, root).price;
    }

    /// What a term would add.
    pub fn price(&mut self, pool: &Pool, root: Term) -> u64 {
        let new = self.visit(pool, root);
        for t in &new.terms {
            self.seen.remove(t);
        }
        for p in &new.powers {
            self.powers.remove(p);
        }
        new.price
    }

    fn visit(&mut self, pool: &Pool, root: Term) -> Addition {
        let mut new = Addition::default();
        let mut stack = vec![root];
        while let Some(&t) = stack.last() {
            if self.seen.contains_key(&t) {
                stack.pop();
                continue;
            }
            let n = stack.len();
            let mut fixed = true;
            pool.for_each_child(t, |child| match self.seen.get(&child) {
                Some(f) => fixed &= f,
                None => stack.push(child),
            });
            if stack.len() > n {
                continue;
            }
            stack.pop();
            if let View::Symbol(s) = pool.view(t) {
                fixed = self.facts.fixed.contains(&s);
            }
            self.seen.insert(t, fixed);
            new.terms.push(t);
            new.price += u64::from(self.node(pool, t, fixed, &mut new.powers));
        }
        new
    }

    /// The cost of one node; its powers are paid if they are new.
    fn node(&mut self, pool: &Pool, t: Term, fixed: bool, new: &mut Vec<(Term, Number)>) -> u32 {
        match pool.view(t) {
            View::Number(_) | View::Symbol(_) | View::Constant(_) => 0,
            View::Sum(head, parts) => sum(head, parts.iter().map(|(t, k)| (k, self.seen[t]))),
            View::Product(head, parts) => {
                let mut price = product(head, parts.iter().map(|(t, k)| (k, self.seen[t])));
                for (b, e) in parts.iter().filter(|(_, e)| !is_unit(e)) {
                    let item = (*b, e.abs());
                    if self.powers.insert(item.clone()) {
                        price += if self.seen[b] { FIXED } else { power(e) };
                        new.push(item);
                    }
                }
                price
            }
            View::Call(..) if fixed => FIXED,
            View::Call(op, args) => call(op, args.len()),
        }
    }
}

/// The cost of terms, shared parts counted once, in tenths of a cycle.
pub fn cost(pool: &Pool, roots: &[Term], facts: &Facts) -> u64 {
    let mut tally = Tally::new(facts);
    for root in roots {
        tally.add(pool, *root);
    }
    tally.total
}
