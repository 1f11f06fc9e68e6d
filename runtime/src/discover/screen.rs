//! Screening of large libraries: greedy forward selection leaves the candidates that a finer method should look at.
//!
//! # References
//! Y. C. Pati, R. Rezaiifar, P. S. Krishnaprasad, *Orthogonal matching pursuit*, Proc. 27th Asilomar Conf. (1993) 40–44,
//! doi:10.1109/ACSSC.1993.342465.

use super::gram::Gram;

/// Libraries up to this size are not screened.
const SMALL: usize = 120;
/// Steps of the pursuit.
const STEPS: usize = 24;
/// In each step, so many of the best are kept.
const KEPT_EACH: usize = 6;
/// The share of a column's norm (squared) that must be left by those chosen before.
const INDISTINCT: f64 = 1e-9;

/// Columns worth looking at, ascending. `allows` says whether a column may have a coefficient of this sign.
pub fn screen(gram: &Gram, allows: &dyn Fn(usize, f64) -> bool) -> Vec<usize> {
    let n = gram.n_columns();
    if n <= SMALL {
        return (0..n).collect();
    }
    let mut pursuit = Pursuit::new(gram);
    let mut kept = vec![false; n];
    for _ in 0..STEPS {
        let ranked = pursuit.ranked(allows);
        ranked.iter().take(KEPT_EACH).for_each(|&k| kept[k] = true);
        let Some(&best) = ranked.first() else { break };
        pursuit.take(best);
    }
    (0..n).filter(|&k| kept[k]).collect()
}

/// All columns and the target, orthogonal to those taken.
struct Pursuit<'g> {
    gram: &'g Gram,
    /// Norm squared of what is left of each column.
    left: Vec<f64>,
    /// Its product with what is left of the target.
    with_target: Vec<f64>,
    /// By column taken: products of its orthonormal part with all columns.
    rows: Vec<Vec<f64>>,
}

impl<'g> Pursuit<'g> {
    fn new(gram: &'g Gram) -> Self {
        let n = gram.n_columns();
        Pursuit {
            gram,
            left: (0..n).map(|k| gram.between(k, k)).collect(),
            with_target: (0..n).map(|k| gram.with_target(k)).collect(),
            rows: Vec::new(),
        }
    }

    /// Columns by what they would explain, best first.
    fn ranked(&self, allows: &dyn Fn(usize, f64) -> bool) -> Vec<usize> {
        let is_left = |&k: &usize| self.left[k] > INDISTINCT * self.gram.between(k, k);
        let mut ranked: Vec<(f64, usize)> = (0..self.left.len())
            .filter(is_left)
            .filter(|&k| allows(k, self.with_target[k]))
            .map(|k| (self.with_target[k].powi(2) / self.left[k], k))
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.into_iter().map(|(_, k)| k).collect()
    }

    fn take(&mut self, column: usize) {
        let norm = self.left[column].sqrt();
        let target = self.with_target[column] / norm;
        let row: Vec<f64> = (0..self.left.len())
            .map(|k| {
                let before = self
                    .rows
                    .iter()
                    .map(|row| row[column] * row[k])
                    .sum::<f64>();
                (self.gram.between(column, k) - before) / norm
            })
            .collect();
        for (k, &product) in row.iter().enumerate() {
            self.left[k] -= product * product;
            self.with_target[k] -= product * target;
        }
        self.left[column] = 0.0;
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn what_matters_is_kept() {
        let mut random = Random::new(11, 0);
        let columns: Vec<Vec<f64>> = (0..300)
            .map(|_| (0..400).map(|_| random.normal()).collect())
            .collect();
        let target: Vec<f64> = (0..400)
            .map(|i| columns[17][i] - 0.4 * columns[250][i] + 0.1 * random.normal())
            .collect();
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let mut gram = Gram::new(300);
        gram.add(&slices, &target);
        let kept = screen(&gram, &|_, _| true);
        assert!(kept.contains(&17) && kept.contains(&250));
        assert!(kept.len() <= STEPS * KEPT_EACH);
        let kept = screen(&gram, &|_, sign| sign > 0.0);
        assert!(kept.contains(&17) && !kept.contains(&250));
    }
}
