//! Whether anything is left in a residual: neighbours in the space of the inputs must not agree on it.

use super::fit::Fitter;
use super::island::Individual;
use super::samples::Samples;

/// For each sample the one whose inputs are nearest.
pub struct Neighbours {
    nearest: Vec<usize>,
}

/// Standard errors that the correlation of white neighbours may have. Its variance is at most `2/n`: every pair may count twice.
const ERRORS: f64 = 2.0;

impl Neighbours {
    /// Finds them, each input scaled by its range.
    pub fn of(samples: &Samples) -> Neighbours {
        let n = samples.count();
        let scales: Vec<f64> = samples.inputs.iter().map(|c| scale(c)).collect();
        let distance = |i: usize, j: usize| -> f64 {
            let inputs = samples.inputs.iter().zip(&scales);
            inputs.map(|(c, s)| ((c[i] - c[j]) * s).powi(2)).sum()
        };
        let nearest = |i: usize| {
            let others = (0..n).filter(|&j| j != i);
            others
                .min_by(|&a, &b| distance(i, a).total_cmp(&distance(i, b)))
                .unwrap_or(i)
        };
        Neighbours {
            nearest: (0..n).map(nearest).collect(),
        }
    }

    /// Whether the residual of a fit looks like noise.
    pub fn is_white(&self, individual: &Individual, samples: &Samples) -> bool {
        let residual = Fitter::default().residual(&individual.forest, &individual.fit, samples);
        let squares: f64 = residual.iter().map(|r| r * r).sum();
        let pairs = residual.iter().zip(&self.nearest);
        let product: f64 = pairs.map(|(r, &j)| r * residual[j]).sum();
        product < ERRORS * (2.0 / residual.len() as f64).sqrt() * squares
    }
}

fn scale(column: &[f64]) -> f64 {
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high > low { 1.0 / (high - low) } else { 0.0 }
}
