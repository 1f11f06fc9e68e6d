//! Whether numbers are finite.

use pulp::{Arch, Simd, WithSimd, bytemuck};
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;

use super::transform::Complex64;

/// Numbers looked at together: their sums do not wait for each other.
const BLOCK: usize = 32;
/// Numbers that a thread looks at before it asks for more.
const CHUNK: usize = 1 << 15;

/// Whether all values are finite.
pub(super) fn all_finite(values: &[f64]) -> bool {
    Arch::new().dispatch(AllFinite(values))
}

/// Whether all modes are finite, by all threads.
pub(super) fn all_modes_finite(modes: &[Complex64]) -> bool {
    let values: &[f64] = bytemuck::cast_slice(modes);
    if values.len() <= CHUNK {
        return all_finite(values);
    }
    values.par_chunks(CHUNK).all(all_finite)
}

struct AllFinite<'a>(&'a [f64]);

impl WithSimd for AllFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> bool {
        // 0·x is 0, or not a number where x is not finite.
        let (blocks, rest) = self.0.as_chunks::<BLOCK>();
        let mut sums = [0.0; BLOCK];
        for block in blocks {
            for l in 0..BLOCK {
                sums[l] += block[l] * 0.0;
            }
        }
        let rest = rest.iter().map(|x| x * 0.0);
        sums.iter().sum::<f64>() + rest.sum::<f64>() == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_not_finite() {
        for n in [1, 7, 33, 3 * CHUNK / 2] {
            for at in [0, n / 2, n - 1] {
                for bad in [f64::NAN, f64::INFINITY] {
                    let mut modes = vec![Complex64::new(1.0, f64::MAX); n];
                    assert!(all_modes_finite(&modes));
                    modes[at].im = bad;
                    assert!(!all_modes_finite(&modes));
                }
            }
        }
    }
}
