//! What a formula should reproduce.

use super::cholesky::dot;
use super::fit::{EXACT, PERFECT};

/// Inputs and target.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// `inputs[i]` is input `i` of all samples.
    pub inputs: Vec<Vec<f64>>,
    /// The value wanted for each.
    pub target: Vec<f64>,
    /// Roots of the weights, whose mean is 1; `None` when all weigh the same.
    roots: Option<Vec<f64>>,
    /// Weighted variance of `target`; positive.
    pub variance: f64,
    /// Variance of the noise of the target, if it is known.
    noise: Option<f64>,
}

impl Samples {
    /// Samples that have a variance; `None` for a constant target.
    pub fn new(inputs: Vec<Vec<f64>>, target: Vec<f64>) -> Option<Samples> {
        Samples::with_roots(inputs, target, None)
    }

    /// Samples with weights (inverse variances, up to a factor); `None` for a constant target, or weights that are not positive.
    pub fn weighted(inputs: Vec<Vec<f64>>, target: Vec<f64>, weights: &[f64]) -> Option<Samples> {
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let is_good = mean.is_finite() && weights.iter().all(|&w| w > 0.0);
        let roots = weights.iter().map(|w| (w / mean).sqrt()).collect();
        is_good.then(|| Samples::with_roots(inputs, target, Some(roots)))?
    }

    fn with_roots(
        inputs: Vec<Vec<f64>>,
        target: Vec<f64>,
        roots: Option<Vec<f64>>,
    ) -> Option<Samples> {
        let mut out = Samples {
            inputs,
            target,
            roots,
            variance: 0.0,
            noise: None,
        };
        let mut deviations = out.target.clone();
        out.level(&mut deviations, true);
        out.variance = dot(&deviations, &deviations) / out.count() as f64;
        (out.variance.is_finite() && out.variance > 0.0).then_some(out)
    }

    /// With noise of a known standard deviation, which must be positive, in the target (where it has the mean weight).
    pub fn with_noise(mut self, deviation: f64) -> Samples {
        self.noise = Some(deviation * deviation);
        self
    }

    /// What a residual of this loss takes to describe, in nats, but for a constant: the negative logarithm of its likelihood.
    pub fn misfit(&self, loss: f64) -> f64 {
        let n = self.count() as f64;
        match self.noise {
            Some(noise) => 0.5 * n * loss * self.variance / noise,
            None => 0.5 * n * loss.max(EXACT).ln(),
        }
    }

    /// Whether a loss leaves nothing to explain: no more than rounding, or than noise that is known.
    pub fn is_met(&self, loss: f64) -> bool {
        loss < PERFECT
            || self
                .noise
                .is_some_and(|noise| loss * self.variance <= noise)
    }

    /// Takes the weighted mean off a column if asked to, and weights it; returns the mean.
    pub fn level(&self, column: &mut [f64], is_centred: bool) -> f64 {
        let mean = match (&self.roots, is_centred) {
            (_, false) => 0.0,
            (None, true) => column.iter().sum::<f64>() / column.len() as f64,
            (Some(roots), true) => {
                let weighted = column.iter().zip(roots).map(|(v, r)| v * r * r);
                weighted.sum::<f64>() / column.len() as f64
            }
        };
        column.iter_mut().for_each(|v| *v -= mean);
        if let Some(roots) = &self.roots {
            column.iter_mut().zip(roots).for_each(|(v, r)| *v *= r);
        }
        mean
    }

    /// Number of samples.
    pub fn count(&self) -> usize {
        self.target.len()
    }

    /// At most this many of the samples, spread evenly over them; `None` if these have a constant target.
    pub fn thinned(&self, most: usize) -> Option<Samples> {
        let n = self.count();
        if n <= most {
            return Some(self.clone());
        }
        // The golden ratio's multiples hit every stretch of the samples, and no period of theirs.
        let mut rows: Vec<usize> = (0..n).collect();
        let order = |i: usize| (i as f64 * 0.618_033_988_749_894_9).fract();
        rows.sort_by(|&a, &b| order(a).total_cmp(&order(b)));
        rows.truncate(most);
        rows.sort_unstable();
        let pick = |column: &Vec<f64>| rows.iter().map(|&i| column[i]).collect();
        let thinned = Samples::with_roots(
            self.inputs.iter().map(pick).collect(),
            pick(&self.target),
            self.roots.as_ref().map(pick),
        );
        thinned.map(|samples| Samples {
            noise: self.noise,
            ..samples
        })
    }
}
