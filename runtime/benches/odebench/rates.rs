//! Rates of change from samples: local polynomials in a window that the noise and the signal choose.

use ansatz_runtime::discover::Gram;
use ansatz_runtime::discover::observations::{Observations, Trajectory};
use ansatz_runtime::discover::smooth::smooth;

use super::system::{END, SAMPLES};

/// One component smoothed, with its rate of change.
pub struct Rate {
    pub values: Vec<f64>,
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

/// Smooths component `k`, whose noise has this standard deviation.
pub fn rate(data: &Observations, k: usize, noise: f64, deviation: f64) -> Rate {
    let trajectory = &data.trajectories[0];
    let values: Vec<f64> = data.values_of(k).collect();
    if noise < CLEAN * deviation {
        let slope = |i, degree| fitted(&values, i, CLEAN_WINDOW, degree)[1];
        let slopes = |degree| Vec::from_iter((0..values.len()).map(|i| slope(i, degree)));
        let (rates, worse) = (slopes(2 * CLEAN_WINDOW), slopes(2 * CLEAN_WINDOW - 2));
        let square = rates.iter().map(|r| r * r).sum::<f64>() / rates.len() as f64;
        let pairs = rates.iter().zip(&worse);
        return Rate {
            errors: pairs
                .map(|(a, b)| (a - b).abs() + CLEAN_ERROR * square.sqrt())
                .collect(),
            rates,
            values,
        };
    }
    let step = END / (SAMPLES - 1) as f64;
    let smoothed = smooth(trajectory, data.columns.len(), k, noise);
    let window = (smoothed.half_width / step).round() as usize;
    let window = window.clamp(DEGREE, WIDEST);
    let rates = (0..values.len()).map(|i| fitted(&values, i, window, DEGREE)[1]);
    // The variance of the slope of a quintic in n = 2w + 1 samples is 57.4 σ²/(n w²); w/3 samples have one error.
    let w = window as f64;
    let slope = noise * (57.4 / (2.0 * w + 1.0)).sqrt() / (w * step);
    let slope = slope * (w / 3.0).max(1.0).sqrt();
    let error = |i: usize| {
        let to_end = i.min(SAMPLES - 1 - i) as f64;
        slope * (1.0 + EDGE * (1.0 - to_end / w).max(0.0))
    };
    Rate {
        rates: rates.collect(),
        values: smoothed.values,
        errors: (0..SAMPLES).map(error).collect(),
    }
}

/// The widest half window of a derivative, in samples.
const WIDEST: usize = SAMPLES / 8;
/// Degree of the polynomial of a derivative.
const DEGREE: usize = 5;
/// How much worse a derivative is at the edge of its window than in the middle.
const EDGE: f64 = 8.0;

/// The polynomial about sample `i`: value and derivative there.
fn fitted(values: &[f64], i: usize, window: usize, degree: usize) -> [f64; 2] {
    let from = i.saturating_sub(window).min(values.len() - 2 * window - 1);
    let rows = from..from + 2 * window + 1;
    let scaled = |j: usize| (j as f64 - i as f64) / window as f64;
    let columns: Vec<Vec<f64>> = (0..=degree)
        .map(|p| rows.clone().map(|j| scaled(j).powi(p as i32)).collect())
        .collect();
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    // About the middle value, so that little is lost where the signal is small against its mean.
    let target: Vec<f64> = rows.map(|j| values[j] - values[i]).collect();
    let mut gram = Gram::new(degree + 1);
    gram.add(&columns, &target);
    let all: Vec<usize> = (0..=degree).collect();
    let solution = gram
        .solve(&all)
        .expect("powers of different degree are independent");
    let step = END / (SAMPLES - 1) as f64;
    let [value, slope] = [0, 1].map(|p| solution.coefficients[p]);
    [values[i] + value, slope / (window as f64 * step)]
}

/// The samples as observations of the states.
pub fn observations(data: &[Vec<f64>]) -> Observations {
    use ansatz_runtime::discover::observations::Observed;
    let step = END / (SAMPLES - 1) as f64;
    Observations {
        columns: (0..data.len()).map(Observed::State).collect(),
        trajectories: vec![Trajectory {
            name: "train".into(),
            times: (0..SAMPLES).map(|i| step * i as f64).collect(),
            values: (0..SAMPLES)
                .flat_map(|i| data.iter().map(move |c| c[i]))
                .collect(),
        }],
    }
}
