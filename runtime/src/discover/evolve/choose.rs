//! Which formula of the front to believe.
//!
//! # References
//! - J. Rissanen, *Modeling by shortest data description*, Automatica 14 (1978) 465–471.

use super::fit::{EXACT, Fitter, Given, Offset};
use super::forest::Forest;
use super::formula::{EFFORT, Formula};
use super::island::{Front, Individual};
use super::samples::Samples;

/// A formula with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The formula.
    pub formula: Formula,
    /// Complexity of all that is written.
    pub complexity: u32,
    /// Mean squared error over the variance of the target.
    pub loss: f64,
    /// Length of the description of formula and residual, in nats: the smallest is the one to believe.
    pub score: f64,
}

/// Nats that a node costs: one of about ten symbols.
pub const NODE: f64 = 2.3;

/// Description length of a fit before any constant is rounded.
pub fn description(individual: &Individual, samples: &Samples) -> f64 {
    let forest = &individual.forest;
    let free = forest.constants.len() + forest.n_terms() + 1;
    let loss = individual.fit.loss;
    score(loss, individual.complexity, free, samples)
}

/// The residual's description, and 2.3 nats for each node, `ln(n)/2` for each constant that was fitted.
fn score(loss: f64, complexity: u32, free: usize, samples: &Samples) -> f64 {
    let constants = 0.5 * free as f64 * (samples.count() as f64).ln();
    samples.misfit(loss) + NODE * f64::from(complexity) + constants
}

/// A constant and the members of the front, fitted to all samples and rounded, simplest first; and which to believe.
pub fn choose(front: &Front, offset: Offset, samples: &Samples) -> (Vec<Member>, usize) {
    let mut fitter = Fitter::default();
    let mut members = Vec::from_iter(member(Forest::default(), offset, samples, &mut fitter));
    for individual in front.members() {
        let forms = forms(&individual.forest).into_iter();
        let members_of = forms.filter_map(|forest| member(forest, offset, samples, &mut fitter));
        members.extend(members_of.min_by(|a, b| a.score.total_cmp(&b.score)));
    }
    members.sort_by(|a, b| {
        a.complexity
            .cmp(&b.complexity)
            .then(a.loss.total_cmp(&b.loss))
    });
    let mut least = f64::INFINITY;
    members.retain(|m| {
        let is_better = m.loss.max(EXACT) < least;
        least = least.min(m.loss.max(EXACT));
        is_better
    });
    let scores = members.iter().map(|m| m.score).enumerate();
    let best = scores.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |b| b.0);
    (members, best)
}

/// Parts of a sum that are tried as the one without a coefficient.
const REFERENCES: usize = 3;

/// The same terms with coefficients on other parts of their sums.
fn forms(forest: &Forest) -> Vec<Forest> {
    let tree = forest.tree();
    let mut out = vec![forest.clone()];
    for reference in 0..REFERENCES {
        let other = Forest::of(&tree, Some(reference)).map(|(forest, _)| forest);
        out.extend(other.filter(|o| out.iter().all(|f| f.nodes != o.nodes)));
    }
    out
}

fn member(
    mut forest: Forest,
    offset: Offset,
    samples: &Samples,
    fitter: &mut Fitter,
) -> Option<Member> {
    let given = Given::only(offset, &forest);
    let fit = fitter.fit(&mut forest, &given, samples, EFFORT)?;
    let formula = Formula::new(forest, fit, given, samples, fitter);
    let (complexity, loss) = (formula.complexity(), formula.loss());
    let score = score(loss, complexity, formula.n_fitted(), samples) + formula.naming();
    Some(Member {
        formula,
        complexity,
        loss,
        score,
    })
}
