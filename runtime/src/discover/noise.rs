//! The level of noise in samples of a smooth signal, from what polynomials through the neighbours leave of each sample.
//!
//! # References
//! T. Gasser, L. Sroka, C. Jennen-Steinmetz, *Residual variance and residual pattern in nonlinear regression*, Biometrika 73
//! (1986) 625–633, doi:10.1093/biomet/73.3.625.

use super::observations::Observations;

/// Neighbours on each side through which the polynomial goes.
const SIDES: [usize; 5] = [1, 2, 3, 4, 5];
/// Fewest residuals that tell a level.
const FEWEST: usize = 6;

/// Standard deviation of the noise of each column; NaN where the samples are too few to tell.
///
/// A polynomial of low degree leaves some of the signal, one of high degree amplifies rounding: the least estimate is nearest.
pub fn noise_levels(data: &Observations) -> Vec<f64> {
    let width = data.columns.len();
    (0..width)
        .map(|column| {
            let levels = SIDES.iter().map(|&side| level(data, column, side));
            levels.filter(|l| l.is_finite()).fold(f64::NAN, f64::min)
        })
        .collect()
}

fn level(data: &Observations, column: usize, side: usize) -> f64 {
    let (mut sum, mut n) = (0.0, 0);
    for trajectory in &data.trajectories {
        let width = data.columns.len();
        let measured: Vec<(f64, f64)> = (0..trajectory.times.len())
            .map(|i| (trajectory.times[i], trajectory.row(i, width)[column]))
            .filter(|(_, v)| v.is_finite())
            .collect();
        for window in measured.windows(2 * side + 1) {
            sum += pseudo_residual(window, side).powi(2);
            n += 1;
        }
    }
    if n < FEWEST {
        return f64::NAN;
    }
    (sum / n as f64).sqrt()
}

/// The middle sample minus the polynomial through the others, scaled to the variance of one sample.
fn pseudo_residual(window: &[(f64, f64)], middle: usize) -> f64 {
    let (t, value) = window[middle];
    let (mut predicted, mut variance) = (0.0, 1.0);
    for (i, &(t_i, v_i)) in window.iter().enumerate().filter(|(i, _)| *i != middle) {
        let others = window
            .iter()
            .enumerate()
            .filter(|(j, _)| *j != middle && *j != i);
        let weight: f64 = others
            .map(|(_, &(t_j, _))| (t - t_j) / (t_i - t_j))
            .product();
        predicted += weight * v_i;
        variance += weight * weight;
    }
    (value - predicted) / variance.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::observations::{Observed, Trajectory};
    use crate::random::Random;

    fn signal(level: f64) -> Observations {
        let mut random = Random::new(3, 0);
        let times: Vec<f64> = (0..2000).map(|i| f64::from(i) * 0.01).collect();
        let values = times
            .iter()
            .map(|t| (3.0 * t).sin() + level * random.normal());
        Observations {
            columns: vec![Observed::State(0)],
            trajectories: vec![Trajectory {
                name: "test".into(),
                values: values.collect(),
                times,
            }],
        }
    }

    #[test]
    fn the_level_is_found_at_any_size() {
        for level in [1e-1, 1e-3, 1e-8] {
            let found = noise_levels(&signal(level))[0];
            assert!((found / level - 1.0).abs() < 0.1, "{found} for {level}");
        }
        assert!(noise_levels(&signal(0.0))[0] < 1e-13);
    }
}
