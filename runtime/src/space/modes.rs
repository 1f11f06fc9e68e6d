//! Arithmetic on modes: wavenumbers, dealiasing, multiplication by diagonal tables.

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::layout::Shape;
use super::transform::{Complex64, Transform};

/// By axis, for every mode in order: the integer m of its wavenumber 2πm/L, from -n/2 to n/2; 0 along axes that are not transformed.
/// At even n the Nyquist mode is n/2.
pub fn frequencies(transform: &Transform, shape: Shape, transformed: [bool; 3]) -> [Vec<f64>; 3] {
    let half = transform.half_axis();
    let mut out = [const { Vec::new() }; 3];
    for (axis, out) in out.iter_mut().enumerate() {
        let place = transform.mode_axes().iter().position(|&(a, _)| a == axis);
        let place = place.expect("every axis has a place");
        let inner: usize = transform.mode_axes()[..place].iter().map(|a| a.1).product();
        let (n, length) = (shape.n[axis], transform.mode_axes()[place].1);
        let frequency = |i: usize| {
            if !transformed[axis] {
                0.0
            } else if axis == half || i <= n / 2 {
                i as f64
            } else {
                i as f64 - n as f64
            }
        };
        *out = (0..transform.n_modes())
            .map(|mode| frequency(mode / inner % length))
            .collect();
    }
    out
}

/// A factor for every mode.
#[derive(Debug, Clone, PartialEq)]
pub enum Factors {
    /// Real ones.
    Real(Vec<f64>),
    /// Imaginary ones: `i` times these.
    Imaginary(Vec<f64>),
    /// Both parts.
    Complex(Vec<Complex64>),
}

impl Factors {
    /// From real and imaginary parts; a part that is 0 everywhere costs nothing later.
    pub fn new(re: Vec<f64>, im: Vec<f64>) -> Factors {
        if im.iter().all(|&x| x == 0.0) {
            Factors::Real(re)
        } else if re.iter().all(|&x| x == 0.0) {
            Factors::Imaginary(im)
        } else {
            let pairs = re.into_iter().zip(im);
            Factors::Complex(pairs.map(|(re, im)| Complex64::new(re, im)).collect())
        }
    }

    /// Number of modes.
    #[expect(clippy::len_without_is_empty, reason = "a transform has modes")]
    pub fn len(&self) -> usize {
        match self {
            Factors::Real(factors) | Factors::Imaginary(factors) => factors.len(),
            Factors::Complex(factors) => factors.len(),
        }
    }

    /// `out = factors·modes`, or `out += factors·modes`, for modes from `start` on.
    fn apply(&self, start: usize, modes: &[Complex64], out: &mut [Complex64], adds: Adds) {
        let end = start + out.len();
        let modes = &modes[start..end];
        match (self, adds) {
            (Factors::Real(f), Adds::No) => each(out, &f[start..end], modes, |_, f, z| z * f),
            (Factors::Real(f), Adds::Yes) => each(out, &f[start..end], modes, |o, f, z| o + z * f),
            (Factors::Imaginary(f), Adds::No) => {
                each(out, &f[start..end], modes, |_, f, z| {
                    Complex64::new(-f * z.im, f * z.re)
                });
            }
            (Factors::Imaginary(f), Adds::Yes) => {
                each(out, &f[start..end], modes, |o, f, z| {
                    Complex64::new(o.re - f * z.im, o.im + f * z.re)
                });
            }
            (Factors::Complex(f), Adds::No) => each(out, &f[start..end], modes, |_, f, z| z * f),
            (Factors::Complex(f), Adds::Yes) => {
                each(out, &f[start..end], modes, |o, f, z| o + z * f);
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Adds {
    No,
    Yes,
}

fn each<F: Copy>(
    out: &mut [Complex64],
    factors: &[F],
    modes: &[Complex64],
    compute: impl Fn(Complex64, F, Complex64) -> Complex64,
) {
    for ((out, &factor), &mode) in out.iter_mut().zip(factors).zip(modes) {
        *out = compute(*out, factor, mode);
    }
}

/// Modes per piece: what is summed stays in the first-level cache.
const PIECE: usize = 512;
/// Modes from which on pieces run in parallel.
const PARALLEL: usize = 16384;

/// `out = Σ factors·modes`; zero for an empty sum.
///
/// # Panics
/// If lengths differ.
pub fn multiply(terms: &[(&Factors, &[Complex64])], out: &mut [Complex64]) {
    let n = out.len();
    assert!(terms.iter().all(|(f, z)| f.len() == n && z.len() == n));
    let piece = |i: usize, out: &mut [Complex64]| {
        let Some(((factors, modes), rest)) = terms.split_first() else {
            return out.fill(Complex64::default());
        };
        factors.apply(i * PIECE, modes, out, Adds::No);
        for (factors, modes) in rest {
            factors.apply(i * PIECE, modes, out, Adds::Yes);
        }
    };
    if n < PARALLEL {
        let pieces = out.chunks_mut(PIECE).enumerate();
        pieces.for_each(|(i, out)| piece(i, out));
    } else {
        let pieces = out.par_chunks_mut(PIECE).enumerate();
        pieces.with_min_len(8).for_each(|(i, out)| piece(i, out));
    }
}
