//! The level of white noise in frames of fields, from the quietest modes (a smooth field has nothing there), and the modes above it.

use ansatz_compiler::terms::Number;

use super::observations::FieldData;
use crate::space::layout::Shape;
use crate::space::modes::frequencies;
use crate::space::transform::{Complex64, Transform};

/// What the modes of the data tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Standard deviation of the noise of each field at a node; where the fields have structure at all scales, an upper bound.
    pub noise: Vec<f64>,
    /// A share of the modes that holds all in which a field is more than noise.
    pub band: Number,
}

/// The share of the classes of frequencies, the quietest, that tells the level.
const QUIET: f64 = 0.25;
/// A class with so many times the power of the noise has a signal.
const SIGNAL: f64 = 2.0;
/// The power of rounding over that of the strongest class, and some.
const ROUNDING: f64 = 1e-27;

impl Spectrum {
    /// Of all frames on a periodic grid of this shape, over all its modes.
    pub fn of(shape: Shape, data: &FieldData) -> Spectrum {
        let n_classes = (shape.n.iter().copied().max().unwrap_or(0) / 2).max(1);
        let class = |frequency: f64| (frequency * n_classes as f64).round() as usize;
        let mut transform = Transform::new(shape, shape.n.map(|n| n > 1));
        let relative = relative_frequencies(&transform, shape);
        let mut modes = vec![Complex64::default(); transform.n_modes()];
        let scale = (data.len as f64).powi(-2);
        let mut sums = vec![vec![0.0; n_classes + 1]; data.n_fields];
        let mut counts = vec![vec![0_usize; n_classes + 1]; data.n_fields];
        for (run, frames) in data.runs.iter().enumerate() {
            for frame in 0..frames.times.len() {
                let fields = data.frame(run, frame).chunks_exact(data.len);
                for (field, nodes) in fields.enumerate() {
                    transform.forward(nodes, &mut modes);
                    for (mode, &frequency) in modes.iter().zip(&relative) {
                        sums[field][class(frequency)] += scale * mode.norm_sqr();
                        counts[field][class(frequency)] += 1;
                    }
                }
            }
        }
        let mut spectrum = Spectrum {
            noise: Vec::new(),
            band: Number::ZERO,
        };
        let mut highest = 0;
        for (sums, counts) in sums.iter().zip(&counts) {
            let known: Vec<usize> = (1..=n_classes).filter(|&c| counts[c] > 0).collect();
            let power = |c: usize| sums[c] / counts[c] as f64;
            let mut powers: Vec<f64> = known.iter().map(|&c| power(c)).collect();
            powers.sort_by(f64::total_cmp);
            powers.truncate((QUIET * powers.len() as f64).ceil() as usize);
            let floor = powers.iter().sum::<f64>() / powers.len().max(1) as f64;
            spectrum.noise.push((floor * data.len as f64).sqrt());
            let largest = known.iter().map(|&c| power(c)).fold(0.0, f64::max);
            let limit = (SIGNAL * floor).max(ROUNDING * largest);
            let own = known.iter().rev().find(|&&c| power(c) > limit);
            highest = highest.max(own.copied().unwrap_or(0));
        }
        let share = Number::ratio(2 * highest as i64 + 1, 2 * n_classes as i64);
        spectrum.band = share.expect("an axis has nodes");
        spectrum
    }
}

/// By mode: its frequency over the highest of the grid, the largest along any axis.
fn relative_frequencies(transform: &Transform, shape: Shape) -> Vec<f64> {
    let waves = frequencies(transform, shape, shape.n.map(|n| n > 1));
    let of_axis = |axis: usize, mode: usize| 2.0 * waves[axis][mode].abs() / shape.n[axis] as f64;
    let largest = |mode: usize| (0..3).map(|axis| of_axis(axis, mode)).fold(0.0, f64::max);
    (0..transform.n_modes()).map(largest).collect()
}

/// Coordinates, of all fields, of modes below a frequency.
pub fn coordinates_below(frequencies: &[f64], n_fields: usize, band: f64) -> Vec<usize> {
    let n = frequencies.len();
    let below = (0..n).filter(|&i| frequencies[i] < band);
    let below: Vec<usize> = below.collect();
    let of_field = |field: usize| below.iter().map(move |i| field * n + i);
    (0..n_fields).flat_map(of_field).collect()
}
