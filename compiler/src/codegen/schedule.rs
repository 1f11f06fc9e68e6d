//! From a graph of terms to a [`Tape`]: n-ary sums and products become instructions in an order that keeps operands near their users.
//!
//! Terms are visited depth first from the outputs. A product is its factors from left to right, then its fixed part (numbers and parameters, folded into one
//! value), then one division by the product of its denominators; a denominator that several products share becomes one reciprocal. Integer and half-integer
//! powers are multiplications and square roots.

use super::emit::{Emitter, SignedSum};
use super::kernel::Inputs;
use super::tape::{Instruction, Slot, Tape};
use crate::terms::{CONSTANTS, Number, Op, Outputs, Pool, SymbolId, Term, View};

/// Greatest integer exponent that is computed by multiplication: its rounding errors stay below 1e-14.
const MAX_EXPANDED_POWER: i64 = 64;

/// Turns outputs into straight-line code.
///
/// # Panics
/// If a symbol of the outputs is not among the inputs.
pub(super) fn schedule(pool: &Pool, outputs: &Outputs, inputs: &Inputs) -> Tape {
    let reachable = pool.reachable(&outputs.values);
    let mut scheduler = Scheduler {
        pool,
        emitter: Emitter::with_capacity(reachable.len()),
        symbols: place_symbols(pool, inputs),
        slots: vec![None; pool.len()],
        shared_denominator: shared_denominators(pool, &reachable),
    };
    for i in 0..outputs.n_rows() {
        let slot = scheduler.row(outputs, i);
        scheduler.emitter.tape.outputs.push(slot);
    }
    scheduler.emitter.tape
}

fn place_symbols(pool: &Pool, inputs: &Inputs) -> Vec<Option<Slot>> {
    let mut slots = vec![None; pool.n_symbols()];
    let mut place = |symbols: &[SymbolId], slot: fn(u32) -> Slot| {
        for (i, symbol) in symbols.iter().enumerate() {
            slots[symbol.0 as usize] = Some(slot(i as u32));
        }
    };
    place(&inputs.parameters, Slot::Parameter);
    place(&inputs.states, Slot::State);
    place(&inputs.direction, Slot::Direction);
    place(inputs.time.as_slice(), |_| Slot::Time);
    slots
}

/// For each term, whether at least two of the products among `terms` divide by a power of it.
fn shared_denominators(pool: &Pool, terms: &[Term]) -> Vec<bool> {
    let mut uses = vec![0u8; pool.len()];
    for &term in terms {
        if let View::Product(_, factors) = pool.view(term) {
            for (base, _) in factors.iter().filter(|(_, exponent)| exponent.signum() < 0) {
                uses[base.index()] = uses[base.index()].saturating_add(1);
            }
        }
    }
    uses.into_iter().map(|n| n > 1).collect()
}

struct Scheduler<'a> {
    pool: &'a Pool,
    emitter: Emitter,
    /// By `SymbolId`.
    symbols: Vec<Option<Slot>>,
    /// By `Term::index`: where the value is, once emitted.
    slots: Vec<Option<Slot>>,
    /// By `Term::index`.
    shared_denominator: Vec<bool>,
}

impl Scheduler<'_> {
    fn row(&mut self, outputs: &Outputs, i: usize) -> Slot {
        let mut sum = SignedSum::default();
        for (k, coefficient) in outputs.row(i) {
            let value = self.visit(outputs.values[*k as usize]);
            self.push_scaled(&mut sum, value, coefficient);
        }
        self.emitter.sum(sum)
    }

    /// Emits a term after everything that it needs.
    fn visit(&mut self, root: Term) -> Slot {
        let mut stack = vec![root];
        while let Some(&term) = stack.last() {
            if self.slots[term.index()].is_some() {
                stack.pop();
                continue;
            }
            let n = stack.len();
            self.pool.for_each_child(term, |child| {
                if self.slots[child.index()].is_none() {
                    stack.push(child);
                }
            });
            if stack.len() == n {
                self.slots[term.index()] = Some(self.emit_term(term));
                stack.pop();
            } else {
                // The first operand is computed first.
                stack[n..].reverse();
            }
        }
        self.slot(root)
    }

    fn slot(&self, term: Term) -> Slot {
        self.slots[term.index()].expect("children are emitted before their parents")
    }

    fn emit_term(&mut self, term: Term) -> Slot {
        match self.pool.view(term) {
            View::Number(n) => self.emitter.constant(n.to_f64()),
            View::Symbol(symbol) => self.symbols[symbol.0 as usize].unwrap_or_else(|| {
                panic!(
                    "symbol `{}` is not an input of the kernel",
                    self.pool.symbol_name(symbol)
                )
            }),
            View::Constant(name) => self.emitter.constant(named_constant(name)),
            View::Sum(constant, terms) => self.emit_sum(constant, terms),
            View::Product(coefficient, factors) => self.emit_product(coefficient, factors),
            View::Call(op, args) => self.emit_call(op, args),
        }
    }

    fn emit_sum(&mut self, constant: &Number, terms: &[(Term, Number)]) -> Slot {
        let mut sum = SignedSum::default();
        for (term, coefficient) in terms {
            self.push_scaled(&mut sum, self.slot(*term), coefficient);
        }
        if !constant.is_zero() {
            let value = self.emitter.constant(constant.to_f64().abs());
            sum.push(value, constant.signum() < 0);
        }
        self.emitter.sum(sum)
    }

    /// Adds `coefficient·value`: the sign goes into the sum, and 1 costs no multiplication.
    fn push_scaled(&mut self, sum: &mut SignedSum, value: Slot, coefficient: &Number) {
        let magnitude = coefficient.to_f64().abs();
        let scaled = if magnitude == 1.0 {
            value
        } else {
            let magnitude = self.emitter.constant(magnitude);
            self.emitter.mul(magnitude, value)
        };
        sum.push(scaled, coefficient.signum() < 0);
    }

    fn emit_product(&mut self, coefficient: &Number, factors: &[(Term, Number)]) -> Slot {
        let mut fixed = Fraction::default();
        let mut varying = Fraction::default();
        for (base, exponent) in factors {
            let slot = self.slot(*base);
            let part = if slot.is_fixed() {
                &mut fixed
            } else {
                &mut varying
            };
            let magnitude = if exponent.signum() < 0 {
                -exponent
            } else {
                exponent.clone()
            };
            if exponent.signum() > 0 {
                part.numerator.push(self.power(slot, &magnitude));
            } else if self.shared_denominator[base.index()] {
                let reciprocal = self.emitter.emit(Instruction::Recip(slot));
                part.numerator.push(self.power(reciprocal, &magnitude));
            } else {
                part.denominator.push(self.power(slot, &magnitude));
            }
        }
        let magnitude = coefficient.to_f64().abs();
        if magnitude != 1.0 {
            fixed.numerator.insert(0, self.emitter.constant(magnitude));
        }
        let mut negative = coefficient.signum() < 0;
        if !fixed.numerator.is_empty() || !fixed.denominator.is_empty() {
            let mut value = self.fraction(fixed);
            if std::mem::take(&mut negative) {
                value = self.emitter.emit(Instruction::Neg(value));
            }
            varying.numerator.push(value);
        }
        let value = self.fraction(varying);
        if negative {
            self.emitter.emit(Instruction::Neg(value))
        } else {
            value
        }
    }

    fn fraction(&mut self, fraction: Fraction) -> Slot {
        let numerator = self.product(&fraction.numerator);
        let denominator = self.product(&fraction.denominator);
        match (numerator, denominator) {
            (Some(a), Some(b)) => self.emitter.emit(Instruction::Div(a, b)),
            (Some(a), None) => a,
            (None, Some(b)) => self.emitter.emit(Instruction::Recip(b)),
            (None, None) => self.emitter.constant(1.0),
        }
    }

    fn product(&mut self, factors: &[Slot]) -> Option<Slot> {
        factors
            .iter()
            .copied()
            .reduce(|a, b| self.emitter.mul(a, b))
    }

    /// `base^exponent` for a positive exponent.
    fn power(&mut self, base: Slot, exponent: &Number) -> Slot {
        match exponent.as_ratio() {
            Some((n, 1)) if n <= MAX_EXPANDED_POWER => self.integer_power(base, n),
            Some((n, 2)) if n <= MAX_EXPANDED_POWER => {
                let root = self.emitter.emit(Instruction::Sqrt(base));
                if n == 1 {
                    return root;
                }
                let whole = self.integer_power(base, n / 2);
                self.emitter.mul(whole, root)
            }
            Some(_) | None => {
                let exponent = self.emitter.constant(exponent.to_f64());
                self.emitter
                    .emit(Instruction::Call2(Op::Pow, base, exponent))
            }
        }
    }

    /// `base^n`, n ≥ 1, by repeated squaring.
    fn integer_power(&mut self, base: Slot, n: i64) -> Slot {
        let (mut result, mut square, mut rest) = (None, base, n);
        loop {
            if rest % 2 == 1 {
                result = Some(match result {
                    None => square,
                    Some(r) => self.emitter.mul(r, square),
                });
            }
            rest /= 2;
            match result {
                Some(r) if rest == 0 => return r,
                Some(_) | None => square = self.emitter.mul(square, square),
            }
        }
    }

    fn emit_call(&mut self, op: Op, args: &[Term]) -> Slot {
        match (op, args) {
            (Op::If, &[condition, then, otherwise]) => {
                let select = Instruction::Select(
                    self.slot(condition),
                    self.slot(then),
                    self.slot(otherwise),
                );
                self.emitter.emit(select)
            }
            (Op::Sqrt, &[a]) => self.emitter.emit(Instruction::Sqrt(self.slot(a))),
            (_, &[a]) => self.emitter.emit(Instruction::Call1(op, self.slot(a))),
            (Op::KummerRatio, &[a, b, z]) => {
                let call = Instruction::Call3(op, self.slot(a), self.slot(b), self.slot(z));
                self.emitter.emit(call)
            }
            // Else only `min`, `max`, `and`, `or` take more than two.
            (_, args) => {
                let slots = args.iter().map(|&a| self.slot(a)).collect::<Vec<_>>();
                let combined = slots
                    .into_iter()
                    .reduce(|a, b| self.emitter.emit(Instruction::Call2(op, a, b)));
                combined.expect("every operator has an argument")
            }
        }
    }
}

/// Factors above and below the line.
#[derive(Default)]
struct Fraction {
    numerator: Vec<Slot>,
    denominator: Vec<Slot>,
}

fn named_constant(name: &str) -> f64 {
    let constant = CONSTANTS.iter().find(|(known, _)| *known == name);
    constant.expect("every named constant has a value").1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Symbols `t`, states `x y`, parameters `k m`.
    fn inputs(pool: &mut Pool) -> (Inputs, [Term; 5]) {
        let symbols = ["t", "x", "y", "k", "m"].map(|name| pool.symbol(name));
        let terms = symbols.map(|s| pool.var(s));
        let [t, x, y, k, m] = symbols;
        let inputs = Inputs {
            time: Some(t),
            states: vec![x, y],
            parameters: vec![k, m],
            direction: Vec::new(),
        };
        (inputs, terms)
    }

    #[test]
    fn parameters_are_grouped_and_folded() {
        let mut pool = Pool::new();
        let (inputs, [_, x, y, k, m]) = inputs(&mut pool);
        let rate = pool.product(&[k, x, m, y]);
        let shift = pool.sum(&[k, x, m]);
        let quotient = pool.div(rate, shift);
        let tape = schedule(&pool, &Outputs::of_terms(&[quotient]), &inputs);
        let text = tape.to_string();
        assert!(
            text.contains("= mul p[0], p[1]") && text.contains("= add p[0], p[1]"),
            "{text}"
        );
        // x·y, its product with q[0], x + q[1], the quotient
        assert_eq!(tape.body.len(), 4, "{text}");
    }

    #[test]
    fn equal_and_opposite_rows_are_computed_once() {
        let mut pool = Pool::new();
        let (inputs, [t, x, y, ..]) = inputs(&mut pool);
        let mut outputs = Outputs::new();
        let (x, y, t) = (
            outputs.add_value(x),
            outputs.add_value(y),
            outputs.add_value(t),
        );
        let minus_one = Number::MINUS_ONE;
        let row = [(x, Number::ONE), (y, Number::ONE), (t, minus_one.clone())];
        let opposite = row.clone().map(|(value, c)| (value, -&c));
        for row in [&row, &row, &opposite] {
            outputs.add_row(row);
        }
        let tape = schedule(&pool, &outputs, &inputs);
        assert_eq!(tape.outputs, [Slot::Body(0), Slot::Body(0), Slot::Body(1)]);
        assert_eq!(tape.body[1], Instruction::Neg(Slot::Body(0)));
    }

    #[test]
    fn shared_denominators_become_reciprocals() {
        let mut pool = Pool::new();
        let (inputs, [t, x, y, k, _]) = inputs(&mut pool);
        let denominator = pool.add(k, x);
        let quotients = [
            pool.div(x, denominator),
            pool.div(y, denominator),
            pool.div(y, t),
        ];
        let tape = schedule(&pool, &Outputs::of_terms(&quotients), &inputs);
        let count = |f: fn(&Instruction) -> bool| tape.body.iter().filter(|i| f(i)).count();
        assert_eq!(count(|i| matches!(i, Instruction::Recip(_))), 1);
        assert_eq!(count(|i| matches!(i, Instruction::Div(..))), 1);
    }

    #[test]
    fn powers_are_multiplied_out() {
        let mut pool = Pool::new();
        let (inputs, [_, x, ..]) = inputs(&mut pool);
        let exponent = Number::ratio(7, 2).unwrap();
        let power = pool.monomial(Number::ONE, &[(x, exponent)]);
        let tape = schedule(&pool, &Outputs::of_terms(&[power]), &inputs);
        // sqrt x, x², x³, x³·sqrt x
        assert_eq!(tape.body.len(), 4);
        assert!(
            tape.body
                .iter()
                .all(|i| matches!(i, Instruction::Sqrt(_) | Instruction::Mul(..)))
        );
    }

    #[test]
    fn deep_nests_do_not_recurse() {
        let mut pool = Pool::new();
        let (inputs, [_, x, ..]) = inputs(&mut pool);
        let nest = (0..100_000).fold(x, |inner, _| pool.call(Op::Sin, &[inner]));
        let tape = schedule(&pool, &Outputs::of_terms(&[nest]), &inputs);
        assert_eq!(tape.body.len(), 100_000);
    }
}
