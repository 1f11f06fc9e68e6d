//! The first choice among all candidates, by regression alone.

use ansatz_compiler::model::discovery::{Discover, Form};

use crate::discover::bagging::inclusion;
use crate::discover::corrected::Correction;
use crate::discover::gram::{Gram, Solution};
use crate::discover::library::Library;
use crate::discover::screen::screen;
use crate::discover::select::{Choice, choose};

/// A choice and what it was made from.
pub(super) struct FirstChoice {
    /// All samples, a column for each candidate.
    pub all: Gram,
    /// What was chosen.
    pub choice: Choice,
    /// Candidates worth looking at.
    kept: Vec<usize>,
    /// Parts of the samples, a column for each of these.
    folds: Vec<Gram>,
}

impl FirstChoice {
    /// Screens the candidates, then chooses; the folds have a column for each pair of the library.
    pub fn of(discover: &Discover, library: &Library, pairs: &[Gram]) -> FirstChoice {
        let candidates = &discover.candidates;
        let allows = |k: usize, sign: f64| match sign > 0.0 {
            true => candidates[k].upper > 0.0,
            false => candidates[k].lower < 0.0,
        };
        let all = merged(pairs).combined(&library.sums);
        let kept = screen(&all, &allows);
        let sums: Vec<Vec<(usize, f64)>> = kept.iter().map(|&k| library.sums[k].clone()).collect();
        let folds: Vec<Gram> = pairs.iter().map(|fold| fold.combined(&sums)).collect();
        FirstChoice {
            choice: choose(&folds, &kept, discover),
            all,
            kept,
            folds,
        }
    }

    /// Notes how often resampled data lead to each term that was worth looking at.
    pub fn resample(&mut self, discover: &Discover) {
        let shares = inclusion(&self.folds, &self.kept, discover.seed, |drawn| {
            choose(drawn, &self.kept, discover)
        });
        self.choice.inclusion = self.kept.iter().copied().zip(shares).collect();
    }
}

/// A single term that leaves at most so many times what the choice leaves is worth a search of its own.
const NEARLY_AS_GOOD: f64 = 30.0;

/// The choice, and the best single term when it is nearly as good: two terms often add up to the true one.
pub(super) fn starts(discover: &Discover, all: &Gram, choice: &Correction) -> Vec<Correction> {
    let mut starts = vec![choice.clone()];
    let Some(chosen) = all.solve(&choice.candidates) else {
        return starts;
    };
    let singles = (0..all.n_columns()).filter_map(|k| Some((k, all.solve(&[k])?)));
    let is_allowed = |(k, single): &(usize, Solution)| {
        let candidate = &discover.candidates[*k];
        (candidate.lower..=candidate.upper).contains(&single.coefficients[0])
    };
    let best = singles
        .filter(is_allowed)
        .min_by(|a, b| a.1.residual.total_cmp(&b.1.residual));
    if let Some((k, single)) = best
        && choice.candidates != [k]
        && single.residual < NEARLY_AS_GOOD * chosen.residual
    {
        starts.push(Correction::of(discover, vec![k], single.coefficients));
    }
    starts
}

/// Columns with a correlation above this are one column to any regression.
const INDISTINCT: f64 = 0.999;

/// Found candidates that another one equals but for a factor, in these data.
pub(super) fn indistinct(
    discover: &Discover,
    all: &Gram,
    found: &[usize],
) -> Vec<(usize, usize, f64)> {
    let form = |k: usize| &discover.candidates[k].form;
    // Other starts of the same rate are no other candidates.
    let is_other = |k: usize, j: usize| *form(k) == Form::Term || form(k) != form(j);
    let mut out = Vec::new();
    for &k in found {
        for other in (0..all.n_columns()).filter(|j| !found.contains(j)) {
            let norms = all.between(k, k) * all.between(other, other);
            let correlation = all.between(k, other) / norms.sqrt();
            if norms > 0.0 && correlation.abs() > INDISTINCT && is_other(k, other) {
                out.push((k, other, correlation));
            }
        }
    }
    out
}

pub(super) fn merged(folds: &[Gram]) -> Gram {
    let mut all = folds[0].clone();
    folds[1..].iter().for_each(|fold| all.merge(fold));
    all
}
