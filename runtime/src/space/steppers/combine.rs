//! Weighted sums of vectors of modes, the inner loops of the steppers: every vector is read once and nothing but the result is written.

use pulp::{Arch, Simd, WithSimd, bytemuck};
use rayon::prelude::*;
use rustfft::num_complex::Complex;
use std::ops::Range;

/// Weights of all modes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Weights {
    /// Real ones.
    Real(Vec<f64>),
    /// Complex ones.
    Complex(Vec<Complex<f64>>),
}

impl Weights {
    /// Real ones.
    pub(super) fn into_real(self) -> Option<Vec<f64>> {
        match self {
            Weights::Real(values) => Some(values),
            Weights::Complex(_) => None,
        }
    }
}

/// Terms taken in one pass.
const PASS: usize = 8;
/// Numbers taken at once where values are added up.
const BLOCK: usize = 8;

/// A sum that is collected term by term and computed in as few passes as can be.
pub(super) struct Sum<'a> {
    out: &'a mut [Complex<f64>],
    /// Whether `out` holds a part of the sum.
    begun: bool,
    real: Terms<'a, f64>,
    complex: Terms<'a, Complex<f64>>,
}

/// Terms that wait for their pass: weights for every mode, and the vector they weigh.
struct Terms<'a, W> {
    terms: [(&'a [W], &'a [Complex<f64>]); PASS],
    n: usize,
}

impl<'a> Sum<'a> {
    /// An empty sum.
    pub(super) fn new(out: &'a mut [Complex<f64>]) -> Self {
        Sum {
            out,
            begun: false,
            real: Terms::new(),
            complex: Terms::new(),
        }
    }

    /// Adds a term: these modes of weights and of what they weigh.
    pub(super) fn push(
        &mut self,
        weights: &'a Weights,
        vector: &'a [Complex<f64>],
        modes: Range<usize>,
    ) {
        let Sum {
            out,
            begun,
            real,
            complex,
        } = self;
        let vector = &vector[modes.clone()];
        match weights {
            Weights::Real(weights) => real.push(out, begun, &weights[modes], vector),
            Weights::Complex(weights) => complex.push(out, begun, &weights[modes], vector),
        }
    }

    /// Computes what is left.
    pub(super) fn finish(mut self) {
        self.real.pass(self.out, &mut self.begun);
        self.complex.pass(self.out, &mut self.begun);
        if !self.begun {
            self.out.fill(Complex::ZERO);
        }
    }
}

impl<'a, W: Weight> Terms<'a, W> {
    fn new() -> Self {
        Terms {
            terms: [(&[], &[]); PASS],
            n: 0,
        }
    }

    fn push(
        &mut self,
        out: &mut [Complex<f64>],
        begun: &mut bool,
        weights: &'a [W],
        vector: &'a [Complex<f64>],
    ) {
        self.terms[self.n] = (weights, vector);
        self.n += 1;
        if self.n == PASS {
            self.pass(out, begun);
        }
    }

    fn pass(&mut self, out: &mut [Complex<f64>], begun: &mut bool) {
        match self.n {
            0 => return,
            1 => self.sum::<1>(out, *begun),
            2 => self.sum::<2>(out, *begun),
            3 => self.sum::<3>(out, *begun),
            4 => self.sum::<4>(out, *begun),
            5 => self.sum::<5>(out, *begun),
            6 => self.sum::<6>(out, *begun),
            7 => self.sum::<7>(out, *begun),
            PASS => self.sum::<PASS>(out, *begun),
            n => unreachable!("{n} terms in a pass of {PASS}"),
        }
        *begun = true;
        self.n = 0;
    }

    fn sum<const T: usize>(&self, out: &mut [Complex<f64>], begun: bool) {
        let terms = std::array::from_fn::<_, T, _>(|t| self.terms[t]);
        if begun {
            Arch::new().dispatch(Pass::<W, T, true> { out, terms });
        } else {
            Arch::new().dispatch(Pass::<W, T, false> { out, terms });
        }
    }
}

// The work of the loops stands in `with_simd`, as closures would not always be compiled for the instruction set found.

/// `out = Σ w v`, or added to what is there.
struct Pass<'a, 'b, W, const T: usize, const ADD: bool> {
    out: &'a mut [Complex<f64>],
    terms: [(&'b [W], &'b [Complex<f64>]); T],
}

impl<W: Weight, const T: usize, const ADD: bool> WithSimd for Pass<'_, '_, W, T, ADD> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        W::pass::<S, T, ADD>(simd, self.out, self.terms);
    }
}

/// What weights are made of.
trait Weight: Copy {
    /// `out = Σ w v`, or added to what is there.
    fn pass<S: Simd, const T: usize, const ADD: bool>(
        simd: S,
        out: &mut [Complex<f64>],
        terms: [(&[Self], &[Complex<f64>]); T],
    );
}

/// Modes with real weights that are taken at once.
const GROUP: usize = 4;

impl Weight for f64 {
    #[inline(always)]
    fn pass<S: Simd, const T: usize, const ADD: bool>(
        _simd: S,
        out: &mut [Complex<f64>],
        terms: [(&[Self], &[Complex<f64>]); T],
    ) {
        let (out, out_rest) = out.as_chunks_mut::<GROUP>();
        let (n, n_rest) = (out.len(), out_rest.len());
        let whole = terms.map(|(w, v)| {
            (
                &w.as_chunks::<GROUP>().0[..n],
                &v.as_chunks::<GROUP>().0[..n],
            )
        });
        for (i, out) in out.iter_mut().enumerate() {
            let mut sum = [0.0; 2 * GROUP];
            if ADD {
                for l in 0..GROUP {
                    (sum[2 * l], sum[2 * l + 1]) = (out[l].re, out[l].im);
                }
            }
            for (w, v) in &whole {
                let (w, v) = (&w[i], &v[i]);
                for l in 0..GROUP {
                    sum[2 * l] += w[l] * v[l].re;
                    sum[2 * l + 1] += w[l] * v[l].im;
                }
            }
            for l in 0..GROUP {
                out[l] = Complex::new(sum[2 * l], sum[2 * l + 1]);
            }
        }
        let rest = terms.map(|(w, v)| {
            (
                &w.as_chunks::<GROUP>().1[..n_rest],
                &v.as_chunks::<GROUP>().1[..n_rest],
            )
        });
        for (i, out) in out_rest.iter_mut().enumerate() {
            let start = if ADD { *out } else { Complex::ZERO };
            *out = rest.iter().fold(start, |sum, (w, v)| sum + v[i] * w[i]);
        }
    }
}

impl Weight for Complex<f64> {
    #[inline(always)]
    fn pass<S: Simd, const T: usize, const ADD: bool>(
        simd: S,
        out: &mut [Complex<f64>],
        terms: [(&[Self], &[Complex<f64>]); T],
    ) {
        let (out, out_rest) = S::as_mut_simd_c64s(out);
        let (n, n_rest) = (out.len(), out_rest.len());
        let whole = terms.map(|(w, v)| (&S::as_simd_c64s(w).0[..n], &S::as_simd_c64s(v).0[..n]));
        for (i, out) in out.iter_mut().enumerate() {
            let mut sum = if ADD {
                *out
            } else {
                simd.splat_c64s(Complex::ZERO)
            };
            for (w, v) in &whole {
                sum = simd.mul_add_e_c64s(w[i], v[i], sum);
            }
            *out = sum;
        }
        let rest = terms.map(|(w, v)| {
            (
                &S::as_simd_c64s(w).1[..n_rest],
                &S::as_simd_c64s(v).1[..n_rest],
            )
        });
        for (i, out) in out_rest.iter_mut().enumerate() {
            let start = if ADD { *out } else { Complex::ZERO };
            *out = rest.iter().fold(start, |sum, (w, v)| sum + w[i] * v[i]);
        }
    }
}

/// Modes that a thread takes at once; vectors no longer than that are not worth a second thread.
pub(super) const CHUNK: usize = 1 << 14;

/// `Σ weight·|v|²`, in an order that does not depend on the machine. Weights come twice, for the real and the imaginary part.
pub(super) fn weighted_square(weights: &[f64], vector: &[Complex<f64>]) -> f64 {
    let of = |weights: &[f64], vector: &[Complex<f64>]| {
        Arch::new().dispatch(WeightedSquare(weights, bytemuck::cast_slice(vector)))
    };
    if vector.len() <= CHUNK {
        return of(weights, vector);
    }
    let chunks = weights.par_chunks(2 * CHUNK).zip(vector.par_chunks(CHUNK));
    let sums: Vec<f64> = chunks
        .map(|(weights, vector)| of(weights, vector))
        .collect();
    sums.iter().sum()
}

/// Modes that stay in the first-level cache while several vectors are added up.
const PIECE: usize = 256;

/// A factor and a vector.
pub(super) type Scaled<'a> = (f64, &'a [Complex<f64>]);

/// `out = Σ factor·vector`.
pub(super) fn add_up(terms: &[Scaled<'_>], out: &mut [Complex<f64>]) {
    let piece = |(at, out): (usize, &mut [Complex<f64>])| {
        out.fill(Complex::ZERO);
        for (factor, vector) in terms {
            let vector = &vector[at * PIECE..][..out.len()];
            for (out, value) in out.iter_mut().zip(vector) {
                *out += value * factor;
            }
        }
    };
    if out.len() <= CHUNK {
        out.chunks_mut(PIECE).enumerate().for_each(piece);
    } else {
        let pieces = out.par_chunks_mut(PIECE).enumerate();
        pieces.with_min_len(CHUNK / PIECE).for_each(piece);
    }
}

struct WeightedSquare<'a>(&'a [f64], &'a [f64]);

impl WithSimd for WeightedSquare<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        let (weights, weights_rest) = self.0.as_chunks::<BLOCK>();
        let (blocks, rest) = self.1.as_chunks::<BLOCK>();
        let mut sums = [0.0; BLOCK];
        for (w, x) in weights.iter().zip(blocks) {
            for l in 0..BLOCK {
                sums[l] += w[l] * x[l] * x[l];
            }
        }
        let rest = weights_rest.iter().zip(rest).map(|(w, x)| w * x * x);
        sums.iter().sum::<f64>() + rest.sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(n: usize, seed: f64) -> Vec<Complex<f64>> {
        (0..n)
            .map(|i| Complex::new((seed + i as f64).sin(), (seed * i as f64).cos()))
            .collect()
    }

    #[test]
    fn sums_of_any_length_and_number_of_terms() {
        for n in [1, 3, 4, 7, 32, 33] {
            for n_terms in 0..=19 {
                let vectors: Vec<_> = (0..n_terms).map(|t| vector(n, f64::from(t))).collect();
                let weights: Vec<_> = (0..n_terms)
                    .map(|t| match t % 3 {
                        0 => Weights::Complex(vector(n, 0.3 + f64::from(t))),
                        _ => Weights::Real(vector(n, f64::from(t)).iter().map(|w| w.im).collect()),
                    })
                    .collect();
                let mut out = vector(n, 0.5);
                let mut sum = Sum::new(&mut out);
                for (weights, vector) in weights.iter().zip(&vectors) {
                    sum.push(weights, vector, 0..n);
                }
                sum.finish();
                for (i, out) in out.iter().enumerate() {
                    let terms = weights.iter().zip(&vectors).map(|(w, v)| match w {
                        Weights::Real(w) => w[i] * v[i],
                        Weights::Complex(w) => w[i] * v[i],
                    });
                    assert!((out - terms.sum::<Complex<f64>>()).norm() < 1e-13);
                }
            }
        }
    }

    #[test]
    fn squares_show_what_is_not_finite() {
        for at in 0..7 {
            for bad in [f64::NAN, f64::INFINITY] {
                let mut values = vector(7, 1.0);
                values[at].im = bad;
                assert!(!weighted_square(&[1.0; 14], &values).is_finite());
            }
        }
    }
}
