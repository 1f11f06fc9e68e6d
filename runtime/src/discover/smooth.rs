//! Smoothing by local polynomials, their window chosen by the noise and the signal alone.
//!
//! # References
//! - [S81] C. M. Stein, *Estimation of the mean of a multivariate normal distribution*, Ann. Statist. 9 (1981) 1135–1151,
//!   doi:10.1214/aos/1176345632: the unbiased estimate of the risk.
//! - [FG96] J. Fan, I. Gijbels, *Local Polynomial Modelling and Its Applications*, Chapman & Hall 1996.

use super::observations::Trajectory;

/// A smoothed column of one trajectory.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// At the trajectory's times.
    pub values: Vec<f64>,
    /// Half the window, in time.
    pub half_width: f64,
}

/// Degrees of the polynomials tried.
const DEGREES: [usize; 3] = [2, 3, 5];
/// Ratio of one window to the next.
const WINDOW_RATIO: f64 = 1.25;
/// Samples in a window for each coefficient, at least.
const SAMPLES_EACH: f64 = 1.4;

/// Smooths a column whose noise has standard deviation `noise`: of all windows and degrees the one with the least estimate of
/// the risk [S81]. Gaps are filled where the window has samples enough.
pub fn smooth(trajectory: &Trajectory, width: usize, column: usize, noise: f64) -> Smoothed {
    let measured: Vec<(f64, f64)> = (0..trajectory.times.len())
        .map(|i| (trajectory.times[i], trajectory.row(i, width)[column]))
        .filter(|(_, v)| v.is_finite())
        .collect();
    let mut best = Fit {
        risk: noise * noise,
        window: 1,
        degree: 0,
    };
    for degree in DEGREES {
        let mut window = (SAMPLES_EACH * (degree + 1) as f64).ceil();
        while window as usize <= measured.len() {
            let fit = risk(&measured, window as usize, degree, noise);
            if fit.risk < best.risk {
                best = fit;
            }
            window = (window * WINDOW_RATIO).ceil();
        }
    }
    let values = trajectory.times.iter().map(|&t| value(&measured, t, best));
    let span = match &measured[..] {
        [first, .., last] => (last.0 - first.0) / (measured.len() - 1) as f64,
        _ => 0.0,
    };
    Smoothed {
        values: values.collect(),
        half_width: 0.5 * span * best.window as f64,
    }
}

#[derive(Debug, Clone, Copy)]
struct Fit {
    risk: f64,
    window: usize,
    degree: usize,
}

/// Mean squared residual + 2σ²·(mean leverage) - σ².
fn risk(measured: &[(f64, f64)], window: usize, degree: usize, noise: f64) -> Fit {
    // The risk is a mean: a few hundred places tell it.
    const PLACES: usize = 400;
    let stride = measured.len().div_ceil(PLACES);
    let (mut sum, mut n) = (0.0, 0);
    for i in (0..measured.len()).step_by(stride) {
        let Some((fitted, leverage)) = local_fit(measured, measured[i].0, window, degree, Some(i))
        else {
            continue;
        };
        sum += (measured[i].1 - fitted).powi(2) + 2.0 * noise * noise * leverage - noise * noise;
        n += 1;
    }
    Fit {
        risk: if n > 0 {
            sum / f64::from(n)
        } else {
            f64::INFINITY
        },
        window,
        degree,
    }
}

fn value(measured: &[(f64, f64)], t: f64, fit: Fit) -> f64 {
    if fit.window <= 1 {
        let found = measured.binary_search_by(|m| m.0.total_cmp(&t));
        return found.map_or(f64::NAN, |i| measured[i].1);
    }
    local_fit(measured, t, fit.window, fit.degree, None).map_or(f64::NAN, |(value, _)| value)
}

/// The polynomial through the nearest `window` samples, weighted by Epanechnikov's kernel, at `t`; and the weight of sample `i` in it.
fn local_fit(
    measured: &[(f64, f64)],
    t: f64,
    window: usize,
    degree: usize,
    sample: Option<usize>,
) -> Option<(f64, f64)> {
    let at = measured.partition_point(|m| m.0 < t);
    let first = at
        .saturating_sub(window / 2)
        .min(measured.len().checked_sub(window)?);
    let near = &measured[first..first + window];
    let reach = (t - near[0].0).max(near[window - 1].0 - t) * (1.0 + 1.0 / window as f64);
    if reach <= 0.0 {
        return None;
    }
    let m = degree + 1;
    let mut normal = [[0.0; 7]; 6];
    let mut leverage_weight = 0.0;
    for (k, &(t_k, v_k)) in near.iter().enumerate() {
        let x = (t_k - t) / reach;
        let weight = 1.0 - x * x;
        if Some(first + k) == sample {
            leverage_weight = weight;
        }
        let mut powers = [1.0; 6];
        for d in 1..m {
            powers[d] = powers[d - 1] * x;
        }
        for i in 0..m {
            for j in 0..m {
                normal[i][j] += weight * powers[i] * powers[j];
            }
            normal[i][6] += weight * powers[i] * v_k;
        }
    }
    let mut unit = normal;
    let value = first_unknown(&mut normal, m)?;
    for (i, row) in unit.iter_mut().enumerate() {
        row[6] = if i == 0 { 1.0 } else { 0.0 };
    }
    let inverse = first_unknown(&mut unit, m)?;
    // The sample stands at t itself, where all powers but the first vanish.
    Some((value, leverage_weight * inverse))
}

/// The first unknown of a symmetric positive definite system with its right side in the last column.
fn first_unknown(a: &mut [[f64; 7]; 6], m: usize) -> Option<f64> {
    // Elimination from the last unknown upwards leaves the first.
    for k in (1..m).rev() {
        let pivot = a[k][k];
        if pivot.is_nan() || pivot <= f64::EPSILON * a[0][0].abs() * 1e-4 {
            return None;
        }
        let row = a[k];
        for above in &mut a[..k] {
            let factor = above[k] / pivot;
            for (value, by) in above.iter_mut().zip(row) {
                *value -= factor * by;
            }
        }
    }
    (a[0][0] > 0.0).then(|| a[0][6] / a[0][0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn noise_goes_and_the_signal_stays() {
        let mut random = Random::new(5, 0);
        let times: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.01).collect();
        let truth: Vec<f64> = times.iter().map(|t| (2.0 * t).sin()).collect();
        let noisy = truth.iter().map(|v| v + 0.1 * random.normal());
        let mut trajectory = Trajectory {
            name: "test".into(),
            values: noisy.collect(),
            times,
        };
        trajectory.values[500] = f64::NAN;
        let smoothed = smooth(&trajectory, 1, 0, 0.1);
        let errors = smoothed
            .values
            .iter()
            .zip(&truth)
            .map(|(a, b)| (a - b).powi(2));
        let error = (errors.sum::<f64>() / 1000.0).sqrt();
        assert!(error < 0.025, "{error}");
        assert!(smoothed.half_width > 0.2, "{}", smoothed.half_width);
    }
}
