//! A formula with all its constants, rounded as far as the samples allow.
//!
//! # References
//! - G. Schwarz, *Estimating the dimension of a model*, Ann. Statist. 6 (1978) 461–464.

use ansatz_compiler::terms::{Number, Pool, SymbolId, Term};

use super::batch::Batch;
use super::fit::{Effort, Fit, Fitter, Given, PERFECT};
use super::forest::Forest;
use super::samples::Samples;

/// `offset + Σ coefficient·term`
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    forest: Forest,
    fit: Fit,
    /// Constants as written: those inside of terms, the coefficients, the offset.
    written: Vec<Number>,
    /// In the same order: what it costs to name a simple number, in nats; `None` if it was fitted.
    names: Vec<Option<f64>>,
}

/// A final fit.
pub const EFFORT: Effort = Effort {
    steps: 60,
    progress: 1e-9,
};
/// A fit after the last digits of a constant have been cut.
const ADJUSTMENT: Effort = Effort {
    steps: 4,
    progress: 1e-9,
};
/// What cutting digits may cost, in nats.
const NOTHING: f64 = 0.01;
/// Digits that tell any two `f64` apart.
const ALL_DIGITS: usize = 17;

impl Formula {
    /// Rounds the constants of a fit.
    ///
    /// A constant becomes a simple rational `p/q` if the logarithm of the likelihood, all others fitted again, falls by no more than
    /// `ln(n)/2 - ln(1 + |p|)/2 - ln(q)`: what a fitted constant costs (Schwarz) less what it costs to name the number.
    /// A constant of a perfect fit costs its digits instead, ten of them.
    /// The others are written with as few digits as the likelihood does not tell from more.
    pub fn new(
        forest: Forest,
        fit: Fit,
        given: Given,
        samples: &Samples,
        fitter: &mut Fitter,
    ) -> Formula {
        let n = forest.constants.len() + forest.n_terms() + 1;
        let mut written = vec![None; n];
        written[n - 1] = given.offset.map(|_| Number::ZERO);
        let mut rounding = Rounding {
            given,
            names: written.iter().map(|w| w.as_ref().map(|_| 0.0)).collect(),
            written,
            forest,
            fit,
        };
        // The offset first: that it is 0 is the most likely.
        (0..n)
            .rev()
            .for_each(|k| rounding.simplify(k, samples, fitter));
        let names = rounding.names.clone();
        (0..n).for_each(|k| rounding.shorten(k, samples, fitter));
        Formula {
            forest: rounding.forest,
            fit: rounding.fit,
            written: rounding.written.into_iter().flatten().collect(),
            names,
        }
    }

    /// Mean squared error over the variance of the target.
    pub fn loss(&self) -> f64 {
        self.fit.loss
    }

    /// Number of constants that were fitted.
    pub fn n_fitted(&self) -> usize {
        self.names.iter().filter(|name| name.is_none()).count()
    }

    /// Nats that its simple numbers cost.
    pub fn naming(&self) -> f64 {
        self.names.iter().flatten().sum()
    }

    fn parts(&self) -> impl Iterator<Item = (usize, f64)> {
        let coefficients = self.fit.coefficients.iter().copied().enumerate();
        coefficients.filter(|(_, c)| *c != 0.0)
    }

    /// Complexity of all that is written.
    pub fn complexity(&self) -> u32 {
        let terms = self.forest.terms();
        let weight = |(j, c): (usize, f64)| {
            let factor = if c.abs() == 1.0 { 0 } else { 2 };
            1 + factor + terms[j].complexity()
        };
        let sum: u32 = self.parts().map(weight).sum();
        let offset = if self.fit.offset == 0.0 && sum > 0 {
            0
        } else {
            2
        };
        (sum + offset).saturating_sub(1)
    }

    /// Whether it is a mere number.
    pub fn is_constant(&self) -> bool {
        self.parts().next().is_none()
    }

    /// The values at `inputs[i][k]`, input `i` of sample `k`.
    pub fn values(&self, inputs: &[Vec<f64>], n: usize) -> Vec<f64> {
        let mut columns = Vec::new();
        Batch::default().values(&self.forest, inputs, n, &mut columns);
        let mut out = vec![self.fit.offset; n];
        for (j, c) in self.parts() {
            let column = &columns[j * n..][..n];
            out.iter_mut().zip(column).for_each(|(o, v)| *o += c * v);
        }
        out
    }

    /// As a term over symbols for the inputs.
    pub fn term(&self, pool: &mut Pool, inputs: &[SymbolId]) -> Term {
        let inputs: Vec<Term> = inputs.iter().map(|&s| pool.var(s)).collect();
        let (inside, rest) = self.written.split_at(self.forest.constants.len());
        let (coefficients, offset) = rest.split_at(self.forest.n_terms());
        let inside: Vec<Term> = inside.iter().map(|n| pool.number(n.clone())).collect();
        let mut inside = &inside[..];
        let mut sum = pool.number(offset[0].clone());
        for (tree, coefficient) in self.forest.terms().iter().zip(coefficients) {
            let (constants, rest) = inside.split_at(tree.constants.len());
            inside = rest;
            let term = tree.term(pool, &inputs, constants);
            if !coefficient.is_zero() {
                let scaled = pool.scale(coefficient, term);
                sum = pool.add(sum, scaled);
            }
        }
        sum
    }

    /// Its terms, one by one, with names for the constants inside of them that are not 0; the offset is a term, too.
    pub fn summands(
        &self,
        pool: &mut Pool,
        inputs: &[Term],
        name: &mut dyn FnMut() -> String,
    ) -> Vec<Summand> {
        let (inside, rest) = self.written.split_at(self.forest.constants.len());
        let (coefficients, offset) = rest.split_at(self.forest.n_terms());
        let mut inside = inside;
        let mut out = Vec::new();
        for (tree, coefficient) in self.forest.terms().iter().zip(coefficients) {
            let (own, rest) = inside.split_at(tree.constants.len());
            inside = rest;
            if coefficient.is_zero() {
                continue;
            }
            let mut constants = Vec::new();
            let mut named = Vec::new();
            for value in own {
                named.push(match value.is_zero() {
                    true => pool.number(Number::ZERO),
                    false => {
                        let name = name();
                        let symbol = pool.symbol(&name);
                        constants.push((name, symbol, value.to_f64()));
                        pool.var(symbol)
                    }
                });
            }
            out.push(Summand {
                coefficient: coefficient.to_f64(),
                term: tree.term(pool, inputs, &named),
                constants,
                complexity: tree.complexity(),
            });
        }
        if !offset[0].is_zero() {
            out.push(Summand {
                coefficient: offset[0].to_f64(),
                term: pool.number(Number::ONE),
                constants: Vec::new(),
                complexity: 1,
            });
        }
        out
    }
}

/// A term of a formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Summand {
    /// What it is multiplied by.
    pub coefficient: f64,
    /// The term, over the inputs and the symbols of its constants.
    pub term: Term,
    /// Names, symbols and values of the constants inside of it.
    pub constants: Vec<(String, SymbolId, f64)>,
    /// Complexity of the term.
    pub complexity: u32,
}

/// A fit of which some constants are written already.
#[derive(Clone)]
struct Rounding {
    forest: Forest,
    fit: Fit,
    given: Given,
    written: Vec<Option<Number>>,
    names: Vec<Option<f64>>,
}

impl Rounding {
    fn value(&self, k: usize) -> f64 {
        let inside = &self.forest.constants;
        let all = inside.iter().chain(&self.fit.coefficients);
        all.copied().nth(k).unwrap_or(self.fit.offset)
    }

    /// With a constant written, the others fitted again.
    fn with(
        &self,
        k: usize,
        value: &Number,
        samples: &Samples,
        effort: Effort,
        fitter: &mut Fitter,
    ) -> Option<Rounding> {
        let mut out = self.clone();
        let (inside, terms) = (self.forest.constants.len(), self.forest.n_terms());
        if k < inside {
            out.forest.constants[k] = value.to_f64();
            out.given.inside[k] = true;
        } else if k < inside + terms {
            out.given.coefficients[k - inside] = Some(value.to_f64());
        } else {
            out.given.offset = Some(value.to_f64());
        }
        out.written[k] = Some(value.clone());
        out.fit = fitter.fit(&mut out.forest, &out.given, samples, effort)?;
        Some(out)
    }

    /// How much the logarithm of the likelihood has fallen since `before`.
    fn lost(&self, before: &Rounding, samples: &Samples) -> f64 {
        samples.misfit(self.fit.loss) - samples.misfit(before.fit.loss)
    }

    fn simplify(&mut self, k: usize, samples: &Samples, fitter: &mut Fitter) {
        if self.written[k].is_some() {
            return;
        }
        let budget = if self.fit.loss < PERFECT {
            -0.5 * PERFECT.ln()
        } else {
            0.5 * (samples.count() as f64).ln()
        };
        for (value, cost) in simple_values(self.value(k)) {
            let trial = self.with(k, &value, samples, EFFORT, fitter);
            if let Some(trial) = trial.filter(|t| t.lost(self, samples) <= budget - cost) {
                *self = trial;
                self.names[k] = Some(cost);
                return;
            }
        }
    }

    fn shorten(&mut self, k: usize, samples: &Samples, fitter: &mut Fitter) {
        if self.written[k].is_some() {
            return;
        }
        let value = self.value(k);
        for digits in 1..=ALL_DIGITS {
            let text = format!("{value:.*e}", digits - 1);
            let number = Number::parse(&text).expect("a finite value is a number");
            let trial = self.with(k, &number, samples, ADJUSTMENT, fitter);
            let is_last = digits == ALL_DIGITS;
            if let Some(trial) = trial.filter(|t| is_last || t.lost(self, samples) < NOTHING) {
                *self = trial;
                return;
            }
        }
        self.written[k] = Some(Number::from_f64(value).expect("fitted values are finite"));
    }
}

/// Denominators of simple numbers.
const DENOMINATORS: [i64; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 100];
/// The largest numerator of a simple number.
const MAX_NUMERATOR: f64 = 1000.0;
/// How far a simple number may be from the value, as a share of it.
const NEAR: f64 = 0.05;

/// Rational numbers near a value, simplest first, with the nats that naming them costs.
fn simple_values(value: f64) -> Vec<(Number, f64)> {
    let mut out: Vec<(Number, f64)> = vec![(Number::ZERO, 0.0)];
    for q in DENOMINATORS {
        let p = (value * q as f64).round();
        if p == 0.0 || p.abs() > MAX_NUMERATOR {
            continue;
        }
        let number = Number::ratio(p as i64, q).expect("denominators are not zero");
        let is_near = (number.to_f64() - value).abs() <= NEAR * value.abs();
        if is_near && out.iter().all(|(n, _)| *n != number) {
            out.push((number, (1.0 + p.abs()).ln() * 0.5 + (q as f64).ln()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::fit::Offset;
    use super::super::tree::{Binary, Node};
    use super::*;
    use crate::random::Random;

    /// The formula that fits `a·x + b·x² + c` best, as text.
    fn text(a: f64, b: f64, c: f64, noise: f64) -> String {
        let mut random = Random::new(1, 0);
        let x: Vec<f64> = (0..300).map(|i| f64::from(i) / 100.0).collect();
        let y = x
            .iter()
            .map(|x| a * x + b * x * x + c + noise * random.normal());
        let samples = Samples::new(vec![x.clone()], y.collect()).unwrap();
        let mut forest = Forest {
            nodes: vec![
                Node::Variable(0),
                Node::Variable(0),
                Node::Variable(0),
                Node::Binary(Binary::Mul),
            ],
            constants: vec![],
            ends: vec![0, 3],
        };
        let mut fitter = Fitter::default();
        let nothing = Given::only(Offset::Fitted, &forest);
        let fit = fitter.fit(&mut forest, &nothing, &samples, EFFORT).unwrap();
        let formula = Formula::new(forest, fit, nothing, &samples, &mut fitter);
        let mut pool = Pool::new();
        let symbols = [pool.symbol("x")];
        let term = formula.term(&mut pool, &symbols);
        pool.display(term).to_string()
    }

    #[test]
    fn exact_data_give_exact_constants() {
        assert_eq!(text(2.0 / 3.0, -1.0, 0.0, 0.0), "2*x/3 - x^2");
        assert_eq!(
            text(9.81, 0.123456, 1.5, 0.0),
            "0.123456*x^2 + 9.81*x + 1.5"
        );
    }

    #[test]
    fn noise_hides_digits_and_what_is_nothing() {
        assert_eq!(text(2.0, -1.0, 0.001, 0.01), "2*x - x^2");
        let text = text(9.8123456, -1.0, 0.0, 0.01);
        assert!(text.len() < 16 && text.starts_with("9.81"), "{text}");
    }
}
