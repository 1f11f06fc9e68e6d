//! Which formula of the front to believe, and which constants to round.
//!
//! # References
//! - J. Rissanen, *Modeling by shortest data description*, Automatica 14 (1978) 465–471.

use ansatz_compiler::terms::{Number, Pool, SymbolId, Term};

use super::batch::Batch;
use super::fit::{EXACT, Samples, fit, fit_some};
use super::island::Front;
use super::tree::{Binary, Node, Tree};
use super::vary::joined;

/// A formula with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The formula.
    pub formula: Formula,
    /// Complexity, scaling included.
    pub complexity: u32,
    /// Mean squared error over the variance of the target.
    pub loss: f64,
    /// Description length in nats: the smallest is the one to believe.
    pub score: f64,
}

/// A tree in which all constants stand, scaling included, and some of them are exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// The tree.
    pub tree: Tree,
    /// By constant: its exact value, if it was rounded to one.
    pub exact: Vec<Option<Number>>,
}

/// Steps of a final fit.
const FIT_STEPS: usize = 60;
/// Nats that a node costs: one of about ten symbols.
const NODE: f64 = 2.3;

/// The members of the front with their scores, simplest first.
pub fn choose(front: &Front, samples: &Samples) -> Vec<Member> {
    let members = front.members().into_iter().map(|individual| {
        let mut batch = Batch::default();
        let mut tree = individual.tree.clone();
        let fit = fit(&mut tree, samples, FIT_STEPS, &mut batch);
        let formula = Formula::scaled(tree, fit.slope, fit.offset);
        formula.scored(fit.loss, samples)
    });
    members.collect()
}

impl Formula {
    /// `offset + slope·tree`, without what is 0 or 1 to rounding.
    fn scaled(tree: Tree, slope: f64, offset: f64) -> Formula {
        let mut out = tree;
        if (slope - 1.0).abs() > 1e-12 {
            out = joined(&Tree::constant(slope), &out, Node::Binary(Binary::Mul));
        }
        if offset.abs() > 1e-12 * slope.abs() {
            out = joined(&out, &Tree::constant(offset), Node::Binary(Binary::Add));
        }
        Formula {
            exact: vec![None; out.constants.len()],
            tree: out,
        }
    }

    fn scored(self, loss: f64, samples: &Samples) -> Member {
        let complexity = self.tree.complexity();
        let n = samples.len() as f64;
        let free = self.exact.iter().filter(|e| e.is_none()).count() as f64;
        let score =
            0.5 * n * loss.max(EXACT).ln() + NODE * f64::from(complexity) + 0.5 * free * n.ln();
        Member {
            formula: self,
            complexity,
            loss,
            score,
        }
    }

    /// With constants rounded to simple rational numbers as far as the samples allow, the others fitted again.
    pub fn snapped(formula: &Formula, samples: &Samples) -> Formula {
        let mut batch = Batch::default();
        let mut current = formula.clone();
        let free = |f: &Formula| -> Vec<usize> {
            (0..f.exact.len())
                .filter(|&k| f.exact[k].is_none())
                .collect()
        };
        let everything = free(&current);
        let mut loss = fit_some(
            &mut current.tree,
            &everything,
            samples,
            FIT_STEPS,
            &mut batch,
        )
        .loss;
        for k in 0..current.exact.len() {
            for (value, cost) in simple_values(current.tree.constants[k]) {
                let mut trial = current.clone();
                trial.tree.constants[k] = value.to_f64();
                trial.exact[k] = Some(value);
                let rest = free(&trial);
                let fitted = fit_some(&mut trial.tree, &rest, samples, FIT_STEPS, &mut batch).loss;
                let n = samples.len() as f64;
                let lost = 0.5 * n * (fitted.max(EXACT) / loss.max(EXACT)).ln();
                if lost <= 0.5 * n.ln() - cost {
                    current = trial;
                    loss = fitted;
                    break;
                }
            }
        }
        current
    }

    /// As a term over symbols for the inputs.
    pub fn term(&self, pool: &mut Pool, inputs: &[SymbolId]) -> Term {
        let constants: Vec<Number> = self
            .exact
            .iter()
            .zip(&self.tree.constants)
            .map(|(exact, &value)| exact.clone().unwrap_or_else(|| decimal(value)))
            .collect();
        self.tree.term(pool, inputs, &constants)
    }
}

/// The value as it is printed: six digits.
fn decimal(value: f64) -> Number {
    Number::parse(&format!("{value:.6e}")).unwrap_or(Number::ZERO)
}

/// Rational numbers near a value, simplest first, with the nats that naming them costs.
fn simple_values(value: f64) -> Vec<(Number, f64)> {
    const DENOMINATORS: [i64; 8] = [1, 2, 3, 4, 5, 8, 10, 100];
    let mut out: Vec<(Number, f64)> = Vec::new();
    for q in DENOMINATORS {
        let p = (value * q as f64).round();
        if p.abs() > 1000.0 || (p == 0.0 && value.abs() > 0.05) {
            continue;
        }
        let number = Number::ratio(p as i64, q).expect("denominators are not zero");
        let is_near = (number.to_f64() - value).abs() <= 0.05 * value.abs().max(0.1);
        if is_near && out.iter().all(|(n, _)| *n != number) {
            out.push((number, (1.0 + p.abs()).ln() * 0.5 + (q as f64).ln()));
        }
    }
    out
}
