//! Rates of change of measured columns: local polynomials in a window that the noise and the signal choose.
//!
//! # References
//! - [SG64] A. Savitzky, M. J. E. Golay, *Smoothing and differentiation of data by simplified least squares procedures*, Anal. Chem.
//!   36 (1964) 1627–1639, doi:10.1021/ac60214a047.

use super::gram::Gram;
use super::observations::Trajectory;
use super::smooth::smooth;

/// One column of a trajectory smoothed, with its rate of change, at the trajectory's times; NaN where nothing was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// Smoothed values.
    pub values: Vec<f64>,
    /// Their rates.
    pub rates: Vec<f64>,
    /// Standard deviations that the rates would have if their errors were independent.
    pub errors: Vec<f64>,
}

/// Noise below this share of the deviation needs no smoothing.
const CLEAN: f64 = 1e-7;
/// Half the window without noise, in samples.
const CLEAN_WINDOW: usize = 4;
/// Least error of the rates without noise, as a share of their size.
const CLEAN_ERROR: f64 = 1e-6;
/// The widest half window of a derivative, as a share of the samples.
const WIDEST: usize = 8;
/// Degree of the polynomial of a derivative.
const DEGREE: usize = 5;
/// How much worse a derivative is at the edge of its window than in the middle.
const EDGE: f64 = 8.0;

/// The rates of a column with noise of this standard deviation; `deviation` is that of the column.
pub fn rates(
    trajectory: &Trajectory,
    width: usize,
    column: usize,
    noise: f64,
    deviation: f64,
) -> Rate {
    let all = (0..trajectory.times.len()).map(|i| trajectory.row(i, width)[column]);
    let all: Vec<f64> = all.collect();
    let there: Vec<usize> = (0..all.len()).filter(|&i| all[i].is_finite()).collect();
    let samples = Samples {
        times: there.iter().map(|&i| trajectory.times[i]).collect(),
        values: there.iter().map(|&i| all[i]).collect(),
    };
    let unknown = vec![f64::NAN; all.len()];
    let mut out = Rate {
        values: unknown.clone(),
        rates: unknown.clone(),
        errors: unknown,
    };
    if there.len() < 2 {
        return out;
    }
    let found = match noise < CLEAN * deviation {
        true => samples.clean(),
        false => samples.noisy(trajectory, width, column, noise, &there),
    };
    for (k, &i) in there.iter().enumerate() {
        out.values[i] = found.values[k];
        out.rates[i] = found.rates[k];
        out.errors[i] = found.errors[k];
    }
    out
}

struct Samples {
    times: Vec<f64>,
    values: Vec<f64>,
}

impl Samples {
    fn n(&self) -> usize {
        self.times.len()
    }

    fn clean(&self) -> Rate {
        let slope = |i, degree| self.slope(i, CLEAN_WINDOW, degree);
        let slopes = |degree| Vec::from_iter((0..self.n()).map(|i| slope(i, degree)));
        let (rates, worse) = (slopes(2 * CLEAN_WINDOW), slopes(2 * CLEAN_WINDOW - 2));
        let square = rates.iter().map(|r| r * r).sum::<f64>() / rates.len() as f64;
        let pairs = rates.iter().zip(&worse);
        Rate {
            errors: pairs
                .map(|(a, b)| (a - b).abs() + CLEAN_ERROR * square.sqrt())
                .collect(),
            rates,
            values: self.values.clone(),
        }
    }

    fn noisy(
        &self,
        trajectory: &Trajectory,
        width: usize,
        column: usize,
        noise: f64,
        there: &[usize],
    ) -> Rate {
        let n = self.n();
        let step = (self.times[n - 1] - self.times[0]) / (n - 1) as f64;
        let smoothed = smooth(trajectory, width, column, noise);
        let window = (smoothed.half_width / step).round() as usize;
        let window = window.clamp(DEGREE, (n / WIDEST).max(DEGREE));
        let rates = (0..n).map(|i| self.slope(i, window, DEGREE));
        // The variance of the slope of a quintic in n = 2w + 1 samples is 57.4 σ²/(n w²) [SG64]; w/3 samples have one error.
        let w = window as f64;
        let slope = noise * (57.4 / (2.0 * w + 1.0)).sqrt() / (w * step);
        let slope = slope * (w / 3.0).max(1.0).sqrt();
        let error = |i: usize| {
            let to_end = i.min(n - 1 - i) as f64;
            slope * (1.0 + EDGE * (1.0 - to_end / w).max(0.0))
        };
        Rate {
            rates: rates.collect(),
            values: there.iter().map(|&i| smoothed.values[i]).collect(),
            errors: (0..n).map(error).collect(),
        }
    }

    /// The slope at sample `i` of the polynomial through so many samples on each side, at the ends on one side.
    fn slope(&self, i: usize, window: usize, degree: usize) -> f64 {
        let window = window.min((self.n() - 1) / 2);
        let from = i.saturating_sub(window).min(self.n() - 2 * window - 1);
        let rows = from..(from + 2 * window + 1).max((from + 2).min(self.n()));
        let degree = degree.min(rows.len() - 1);
        let about = self.times[i];
        let reach = rows.clone().map(|j| (self.times[j] - about).abs());
        let reach = reach.fold(f64::MIN_POSITIVE, f64::max);
        let columns: Vec<Vec<f64>> = (0..=degree)
            .map(|p| {
                let scaled = rows.clone().map(|j| (self.times[j] - about) / reach);
                scaled.map(|x| x.powi(p as i32)).collect()
            })
            .collect();
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        // About the middle value, so that little is lost where the signal is small against its mean.
        let target: Vec<f64> = rows.map(|j| self.values[j] - self.values[i]).collect();
        let mut gram = Gram::new(degree + 1);
        gram.add(&columns, &target);
        let all: Vec<usize> = (0..=degree).collect();
        let solution = gram.solve(&all);
        solution.map_or(f64::NAN, |s| s.coefficients[1] / reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn sine(noise: f64) -> (Trajectory, Vec<f64>) {
        let mut random = Random::new(2, 0);
        let times: Vec<f64> = (0..400).map(|i| f64::from(i) * 0.02).collect();
        let values = times.iter().map(|t| t.sin() + noise * random.normal());
        let slopes = times.iter().map(|t| t.cos()).collect();
        let trajectory = Trajectory {
            name: "test".into(),
            values: values.collect(),
            times,
        };
        (trajectory, slopes)
    }

    #[test]
    fn rates_are_slopes_and_errors_are_their_size() {
        for (noise, most) in [(0.0, 1e-6), (0.02, 0.1)] {
            let (mut trajectory, slopes) = sine(noise);
            trajectory.values[77] = f64::NAN;
            let found = rates(&trajectory, 1, 0, noise, 0.7);
            assert!(found.rates[77].is_nan());
            for (i, slope) in slopes.iter().enumerate().filter(|(i, _)| *i != 77) {
                let error = (found.rates[i] - slope).abs();
                assert!(error < 5.0 * found.errors[i] + 1e-9, "sample {i}: {error}");
                let is_inside = (40..360).contains(&i);
                assert!(!is_inside || error < most, "sample {i}: {error}");
            }
        }
    }
}
