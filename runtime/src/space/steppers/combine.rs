//! Weighted sums of vectors of modes, the inner loops of the steppers: every vector is read once and nothing but the result is written.

use super::equations::Symbol;
use pulp::{Arch, Simd, WithSimd};
use rustfft::num_complex::Complex;
use std::ops::Mul;

/// Terms taken in one pass.
const PASS: usize = 8;
/// Modes taken at once, one cache line.
const BLOCK: usize = 4;

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

    /// Adds a term.
    pub(super) fn push(&mut self, weights: &'a Symbol, vector: &'a [Complex<f64>]) {
        let Sum {
            out,
            begun,
            real,
            complex,
        } = self;
        match weights {
            Symbol::Real(weights) => real.push(out, begun, weights, vector),
            Symbol::Complex(weights) => complex.push(out, begun, weights, vector),
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

impl<'a, W: Copy> Terms<'a, W>
where
    Complex<f64>: Mul<W, Output = Complex<f64>>,
{
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

impl<W: Copy, const T: usize, const ADD: bool> WithSimd for Pass<'_, '_, W, T, ADD>
where
    Complex<f64>: Mul<W, Output = Complex<f64>>,
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let whole = self.out.len() / BLOCK;
        let parts = self.terms.map(|(w, v)| {
            (
                &w.as_chunks::<BLOCK>().0[..whole],
                &v.as_chunks::<BLOCK>().0[..whole],
            )
        });
        let (out_blocks, out_rest) = self.out.as_chunks_mut::<BLOCK>();
        for (i, out) in out_blocks[..whole].iter_mut().enumerate() {
            let mut sum = if ADD { *out } else { [Complex::ZERO; BLOCK] };
            for (w, v) in &parts {
                for l in 0..BLOCK {
                    sum[l] += v[i][l] * w[i][l];
                }
            }
            *out = sum;
        }
        for (i, out) in out_rest.iter_mut().enumerate() {
            let mut sum = if ADD { *out } else { Complex::ZERO };
            for (w, v) in &self.terms {
                sum += v[whole * BLOCK + i] * w[whole * BLOCK + i];
            }
            *out = sum;
        }
    }
}

/// `Σ weight·|v|²`, in an order that does not depend on the machine.
pub(super) fn weighted_square(weights: &[f64], vector: &[Complex<f64>]) -> f64 {
    Arch::new().dispatch(WeightedSquare(weights, vector))
}

struct WeightedSquare<'a>(&'a [f64], &'a [Complex<f64>]);

impl WithSimd for WeightedSquare<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> f64 {
        let (weights, weights_rest) = self.0.as_chunks::<BLOCK>();
        let (blocks, rest) = self.1.as_chunks::<BLOCK>();
        let mut sums = [0.0; BLOCK];
        for (w, v) in weights.iter().zip(blocks) {
            for l in 0..BLOCK {
                sums[l] += w[l] * (v[l].re * v[l].re + v[l].im * v[l].im);
            }
        }
        let rest = weights_rest.iter().zip(rest).map(|(w, v)| w * v.norm_sqr());
        sums.iter().sum::<f64>() + rest.sum::<f64>()
    }
}

/// Whether all values are finite.
pub(super) fn all_finite(vector: &[Complex<f64>]) -> bool {
    Arch::new().dispatch(AllFinite(vector))
}

struct AllFinite<'a>(&'a [Complex<f64>]);

impl WithSimd for AllFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> bool {
        // 0·x is 0, or not a number where x is not finite.
        let (blocks, rest) = self.0.as_chunks::<BLOCK>();
        let mut sums = [Complex::ZERO; BLOCK];
        for block in blocks {
            for l in 0..BLOCK {
                sums[l] += block[l] * 0.0;
            }
        }
        let rest: Complex<f64> = rest.iter().map(|x| x * 0.0).sum();
        sums.iter().sum::<Complex<f64>>() + rest == Complex::ZERO
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
                        0 => Symbol::Complex(vector(n, 0.3 + f64::from(t))),
                        _ => Symbol::Real(vector(n, f64::from(t)).iter().map(|w| w.im).collect()),
                    })
                    .collect();
                let mut out = vector(n, 0.5);
                let mut sum = Sum::new(&mut out);
                for (weights, vector) in weights.iter().zip(&vectors) {
                    sum.push(weights, vector);
                }
                sum.finish();
                for (i, out) in out.iter().enumerate() {
                    let terms = weights.iter().zip(&vectors).map(|(w, v)| w.at(i) * v[i]);
                    assert!((out - terms.sum::<Complex<f64>>()).norm() < 1e-13);
                }
            }
        }
    }

    #[test]
    fn finds_what_is_not_finite() {
        for at in 0..7 {
            for bad in [f64::NAN, f64::INFINITY] {
                let mut values = vector(7, 1.0);
                assert!(all_finite(&values));
                values[at].im = bad;
                assert!(!all_finite(&values));
                assert!(!weighted_square(&[1.0; 7], &values).is_finite());
            }
        }
    }
}
