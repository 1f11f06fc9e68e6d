//! Choosing terms by posterior odds: from what is relevant, terms are removed, added and exchanged while the model gets more probable.

use ansatz_compiler::model::discovery::Discover;

use super::corrected::Correction;
use super::gram::Gram;
use super::path::path;
use super::select::{Choice, cost_of_a_term, log_odds, within_bounds};
use super::sparse_bayes::relevance_vector_machine;

/// The share of the target's norm squared below which a residual counts as none: of it no term need be found.
const NEGLIGIBLE: f64 = 1e-13;
/// Changes of a model; far more than any search needs.
const MAX_CHANGES: usize = 200;
/// Terms of the largest model that the search begins with.
const MAX_FIRST: usize = 12;

/// Chooses among all candidates, whose columns the folds have.
pub fn choose_by_exchange(folds: &[Gram], discover: &Discover) -> Choice {
    let mut all = folds[0].clone();
    folds[1..].iter().for_each(|fold| all.merge(fold));
    let of_column: Vec<usize> = (0..all.n_columns()).collect();
    let mut first = relevance_vector_machine(&all).columns;
    first.truncate(MAX_FIRST);
    let starts = [first, Vec::new()];
    let best = starts.into_iter().map(|start| search(&all, start));
    let best = best.min_by(|a, b| a.1.total_cmp(&b.1));
    let columns = best.map_or(Vec::new(), |(columns, _)| columns);
    let mut columns = within_bounds(&all, columns, &of_column, &discover.candidates);
    columns.sort_unstable();
    let mut path = path(folds, &columns);
    path.chosen = 0;
    Choice {
        log_odds: log_odds(&all, &columns),
        correction: {
            let coefficients = all.solve(&columns).map_or(Vec::new(), |s| s.coefficients);
            Correction::of(discover, columns, coefficients)
        },
        inclusion: Vec::new(),
        path,
    }
}

/// Twice the negative logarithm of how probable a model is, but for a constant; `None` where columns depend on one another.
fn score(all: &Gram, columns: &[usize]) -> Option<f64> {
    let n = all.n_samples() as f64;
    let residual = match columns.is_empty() {
        true => all.target(),
        false => all.solve(columns)?.residual,
    };
    let left = (residual / all.target()).max(NEGLIGIBLE);
    Some(n * left.ln() + columns.len() as f64 * cost_of_a_term(n, all.n_columns()))
}

/// The change that gains most is made until none does.
fn search(all: &Gram, start: Vec<usize>) -> (Vec<usize>, f64) {
    let mut columns = start;
    let mut best = score(all, &columns).unwrap_or(f64::INFINITY);
    for _ in 0..MAX_CHANGES {
        let scored = neighbours(&columns, all.n_columns()).into_iter();
        let scored = scored.filter_map(|next| Some((score(all, &next)?, next)));
        match scored.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((next_score, next)) if next_score < best => (columns, best) = (next, next_score),
            Some(_) | None => break,
        }
    }
    (columns, best)
}

/// Models with a term less, a term more, a term exchanged, and one term in place of two.
fn neighbours(columns: &[usize], n: usize) -> Vec<Vec<usize>> {
    let others: Vec<usize> = (0..n).filter(|c| !columns.contains(c)).collect();
    let without = |gone: &[usize]| -> Vec<usize> {
        let kept = columns.iter().enumerate();
        kept.filter(|(i, _)| !gone.contains(i))
            .map(|(_, c)| *c)
            .collect()
    };
    let mut out = Vec::new();
    let mut gone: Vec<Vec<usize>> = vec![Vec::new()];
    gone.extend((0..columns.len()).map(|i| vec![i]));
    gone.extend((0..columns.len()).flat_map(|i| (0..i).map(move |j| vec![i, j])));
    for gone in gone {
        let rest = without(&gone);
        out.extend(others.iter().map(|&c| [&rest[..], &[c]].concat()));
        if !gone.is_empty() {
            out.push(rest);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn two_terms_that_add_up_to_one_are_exchanged_for_it() {
        let mut random = Random::new(5, 0);
        let mut column = || (0..300).map(|_| random.normal()).collect::<Vec<f64>>();
        let (a, b, noise) = (column(), column(), column());
        let both: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let target: Vec<f64> = both.iter().zip(&noise).map(|(s, e)| s + 0.1 * e).collect();
        let mut gram = Gram::new(3);
        gram.add(&[&a, &b, &both], &target);
        // All three depend on one another; each pair and the sum alone do not.
        assert_eq!(search(&gram, vec![0, 1]).0, [2]);
        assert_eq!(search(&gram, Vec::new()).0, [2]);
    }
}
