//! The path of models from many terms to none, each scored on samples that it was not fitted to.
//!
//! Cross-validation costs no second pass: the Gram matrix of the other folds is a sum of theirs.

use super::gram::Gram;

/// One model of the path.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its columns, ascending.
    pub columns: Vec<usize>,
    /// Coefficients fitted to all samples.
    pub coefficients: Vec<f64>,
    /// Mean squared error on held-out samples, over that of no model.
    pub held_out: f64,
    /// Standard error of `held_out` over the folds.
    pub deviation: f64,
}

/// The models, largest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// All of them.
    pub models: Vec<Candidate>,
    /// Position of the chosen one: the smallest that is as good as the best.
    pub chosen: usize,
}

/// How much worse than the best, relative to it, a smaller model may be.
const TOLERANCE: f64 = 0.02;

/// Backward elimination from these columns: in each step the column goes whose loss costs least on all samples.
///
/// # Panics
/// If there are no folds.
pub fn path(folds: &[Gram], columns: &[usize]) -> Path {
    let mut all = folds[0].clone();
    folds[1..].iter().for_each(|fold| all.merge(fold));
    let mut current = independent(&all, columns);
    let mut models = vec![candidate(folds, &all, &current)];
    while !current.is_empty() {
        let without = |k: usize| {
            let mut rest = current.clone();
            rest.remove(k);
            rest
        };
        let cost = |k: usize| all.solve(&without(k)).map_or(f64::INFINITY, |s| s.residual);
        let costs: Vec<f64> = (0..current.len()).map(cost).collect();
        let least =
            (0..costs.len()).fold(0, |best, k| if costs[k] < costs[best] { k } else { best });
        current = without(least);
        models.push(candidate(folds, &all, &current));
    }
    let chosen = choose(&models);
    Path { models, chosen }
}

/// The columns in order, without those that depend on earlier ones.
fn independent(all: &Gram, columns: &[usize]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for &column in columns {
        kept.push(column);
        if all.solve(&kept).is_none() {
            kept.pop();
        }
    }
    kept.sort_unstable();
    kept
}

fn candidate(folds: &[Gram], all: &Gram, columns: &[usize]) -> Candidate {
    let errors: Vec<f64> = (0..folds.len())
        .filter_map(|k| held_out(folds, k, columns))
        .collect();
    let n = errors.len() as f64;
    let mean = errors.iter().sum::<f64>() / n;
    let variance = errors.iter().map(|e| (e - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let fit = all.solve(columns);
    Candidate {
        columns: columns.to_vec(),
        coefficients: fit.map_or(Vec::new(), |s| s.coefficients),
        held_out: if errors.is_empty() {
            f64::INFINITY
        } else {
            mean
        },
        deviation: (variance / n).sqrt(),
    }
}

/// Error on fold `k` of what the other folds give, relative to no model; `None` for a fold that cannot tell.
fn held_out(folds: &[Gram], k: usize, columns: &[usize]) -> Option<f64> {
    let mut others = folds
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != k)
        .map(|(_, f)| f);
    let mut training = match others.next() {
        Some(first) => first.clone(),
        None => folds[k].clone(),
    };
    others.for_each(|fold| training.merge(fold));
    let solution = training.solve(columns)?;
    let target = folds[k].target();
    (target > 0.0).then(|| folds[k].residual(columns, &solution.coefficients) / target)
}

/// The smallest model that is not worse than the best by more than the tolerance or one standard error.
fn choose(models: &[Candidate]) -> usize {
    let best = models
        .iter()
        .map(|m| m.held_out)
        .fold(f64::INFINITY, f64::min);
    let at_best = models.iter().position(|m| m.held_out == best).unwrap_or(0);
    let limit = best * (1.0 + TOLERANCE) + models[at_best].deviation.min(0.5 * best);
    models
        .iter()
        .rposition(|m| m.held_out <= limit)
        .unwrap_or(at_best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_sufficient_model_is_chosen() {
        let columns: Vec<Vec<f64>> = (1..=5)
            .map(|k| (0..240).map(|i| (f64::from(i * k) * 0.37).sin()).collect())
            .collect();
        let wobble = |i: usize| 0.01 * (i as f64 * 12.9898).sin();
        let y: Vec<f64> = (0..240)
            .map(|i| 1.5 * columns[1][i] - 0.3 * columns[4][i] + wobble(i))
            .collect();
        let folds: Vec<Gram> = (0..4)
            .map(|f| {
                let part = 60 * f..60 * (f + 1);
                let mut gram = Gram::new(5);
                let slices: Vec<&[f64]> = columns.iter().map(|c| &c[part.clone()]).collect();
                gram.add(&slices, &y[part.clone()]);
                gram
            })
            .collect();
        let path = path(&folds, &[0, 1, 2, 3, 4]);
        let chosen = &path.models[path.chosen];
        assert_eq!(chosen.columns, [1, 4]);
        assert!((chosen.coefficients[0] - 1.5).abs() < 0.01);
        assert_eq!(path.models.len(), 6);
        assert!(path.models[5].columns.is_empty() && (path.models[5].held_out - 1.0).abs() < 1e-12);
    }
}
