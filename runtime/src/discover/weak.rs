//! The weak form: equations tested against smooth bumps, so that data are never differentiated.
//!
//! For `u' = f(u) + Σ c·g(u)` and a bump `φ` that vanishes at both ends, `-∫φ'·u - ∫φ·f = Σ c·∫φ·g`. The left side takes the data
//! as they are; `f` and `g` take smoothed ones, because noise in a product does not average out.
//!
//! # References
//! D. A. Messenger, D. M. Bortz, *Weak SINDy: Galerkin-based data-driven model selection*, Multiscale Model. Simul. 19 (2021)
//! 1474–1497, doi:10.1137/20M1343166.

use ansatz_compiler::codegen::Evaluator;

use super::corrected::Corrected;
use super::gram::Gram;
use super::library::Library;
use super::residual::N_FOLDS;

/// A trajectory of complete states.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// Times.
    pub times: Vec<f64>,
    /// Row-major: the states as measured; smoothed where nothing was measured.
    pub raw: Vec<f64>,
    /// Row-major: the states smoothed.
    pub smoothed: Vec<f64>,
}

/// Bumps in half the width of one.
const BUMPS_IN_HALF: f64 = 4.0;
/// Fewest samples under a bump.
const FEWEST: usize = 7;

/// Tests the equations against bumps of this half width (time); one Gram matrix of the pairs for each fold.
///
/// Rows count in units of their noise, whose standard deviations by state are `noise`.
pub fn weak_grams(
    corrected: &Corrected,
    library: &Library,
    tracks: &[Track],
    half_width: f64,
    noise: &[f64],
) -> Vec<Gram> {
    let mut folds = vec![Gram::new(library.pairs.len()); N_FOLDS];
    let bumps: Vec<(usize, f64)> = tracks
        .iter()
        .enumerate()
        .flat_map(|(k, track)| centres(track, half_width).map(move |c| (k, c)))
        .collect();
    let mut current: Option<(usize, Values)> = None;
    for (number, &(k, centre)) in bumps.iter().enumerate() {
        let values = match current.take() {
            Some((at, values)) if at == k => values,
            Some(_) | None => Values::of(corrected, library, &tracks[k], noise.len()),
        };
        let fold = &mut folds[number * N_FOLDS / bumps.len()];
        add_bump(
            fold,
            library,
            &tracks[k],
            &values,
            (centre, half_width),
            noise,
        );
        current = Some((k, values));
    }
    folds
}

fn centres(track: &Track, half_width: f64) -> impl Iterator<Item = f64> {
    let (first, last) = (track.times[0], track.times[track.times.len() - 1]);
    let room = last - first - 2.0 * half_width;
    let n = match room >= 0.0 {
        true => (room / half_width * BUMPS_IN_HALF).floor() as usize + 1,
        false => 0,
    };
    let step = room / (n.saturating_sub(1).max(1)) as f64;
    (0..n).map(move |i| first + half_width + step * i as f64)
}

/// Rates and terms along a smoothed track, row-major.
struct Values {
    rates: Vec<f64>,
    terms: Vec<f64>,
}

impl Values {
    fn of(corrected: &Corrected, library: &Library, track: &Track, n: usize) -> Values {
        let mut rhs: Evaluator = corrected.program.rhs.evaluator(&corrected.parameters);
        let mut terms = corrected
            .program
            .terms_kernel(&library.terms)
            .evaluator(&corrected.parameters);
        let m = library.terms.len();
        let mut out = Values {
            rates: vec![0.0; n * track.times.len()],
            terms: vec![0.0; m * track.times.len()],
        };
        for (i, &t) in track.times.iter().enumerate() {
            let u = &track.smoothed[i * n..(i + 1) * n];
            rhs.eval(t, u, &mut out.rates[i * n..(i + 1) * n]);
            terms.eval(t, u, &mut out.terms[i * m..(i + 1) * m]);
        }
        out
    }
}

/// `(1 - τ²)^4` and its derivative: smooth enough at its ends that sums are integrals.
fn bump(tau: f64) -> (f64, f64) {
    let s = 1.0 - tau * tau;
    (s.powi(4), -8.0 * tau * s.powi(3))
}

fn add_bump(
    gram: &mut Gram,
    library: &Library,
    track: &Track,
    values: &Values,
    (centre, half_width): (f64, f64),
    noise: &[f64],
) {
    let n = noise.len();
    let m = library.terms.len();
    let from = track.times.partition_point(|&t| t <= centre - half_width);
    let to = track.times.partition_point(|&t| t < centre + half_width);
    if to - from.min(to) < FEWEST {
        return;
    }
    let (mut target, mut variance) = (vec![0.0; n], 0.0);
    let mut integrals = vec![0.0; m];
    for i in from..to {
        let last = track.times.len() - 1;
        let weight = 0.5 * (track.times[(i + 1).min(last)] - track.times[i.saturating_sub(1)]);
        let (phi, slope) = bump((track.times[i] - centre) / half_width);
        let (phi, slope) = (weight * phi, weight * slope / half_width);
        variance += slope * slope;
        let raw = &track.raw[i * n..(i + 1) * n];
        let rates = &values.rates[i * n..(i + 1) * n];
        for ((sum, u), rate) in target.iter_mut().zip(raw).zip(rates) {
            *sum -= slope * u + phi * rate;
        }
        for (integral, value) in integrals.iter_mut().zip(&values.terms[i * m..(i + 1) * m]) {
            *integral += phi * value;
        }
    }
    let deviation = variance.sqrt();
    let mut columns = vec![vec![0.0; n]; library.pairs.len()];
    for (column, &(term, state)) in columns.iter_mut().zip(&library.pairs) {
        column[state] = integrals[term] / (noise[state] * deviation);
    }
    for (value, noise) in target.iter_mut().zip(noise) {
        *value /= noise * deviation;
    }
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    gram.add(&columns, &target);
}
