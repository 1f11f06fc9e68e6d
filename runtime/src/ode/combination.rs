//! Weighted sums of stages, the inner loops of the one-step methods.

/// One row of a tableau without its zeros: weights with the offsets of their stages among all stage values.
pub struct Combination {
    terms: Vec<(usize, f64)>,
}

/// States summed together: their sums stay in registers, and every stage is read once.
const BLOCK: usize = 4;

impl Combination {
    /// For stages of length `n`, stored one after the other.
    pub fn new(weights: impl IntoIterator<Item = f64>, n: usize) -> Self {
        let weights = weights.into_iter().enumerate();
        Self {
            terms: weights
                .filter(|&(_, w)| w != 0.0)
                .map(|(i, w)| (i * n, w))
                .collect(),
        }
    }

    /// `out = u + h Σ w_j k_j`
    pub fn from(&self, out: &mut [f64], u: &[f64], h: f64, k: &[f64]) {
        let n = out.len();
        assert_eq!(u.len(), n);
        let whole = n - n % BLOCK;
        for i in (0..whole).step_by(BLOCK) {
            let sum = self.block(i, k);
            for l in 0..BLOCK {
                out[i + l] = u[i + l] + h * sum[l];
            }
        }
        for (i, (out, u)) in out.iter_mut().zip(u).enumerate().skip(whole) {
            *out = u + h * self.single(i, k);
        }
    }

    /// `out += h Σ w_j k_j`
    pub fn add_to(&self, out: &mut [f64], h: f64, k: &[f64]) {
        let n = out.len();
        let whole = n - n % BLOCK;
        for i in (0..whole).step_by(BLOCK) {
            let sum = self.block(i, k);
            for l in 0..BLOCK {
                out[i + l] += h * sum[l];
            }
        }
        for (i, out) in out.iter_mut().enumerate().skip(whole) {
            *out += h * self.single(i, k);
        }
    }

    #[inline]
    fn block(&self, i: usize, k: &[f64]) -> [f64; BLOCK] {
        let mut sum = [0.0; BLOCK];
        for &(offset, w) in &self.terms {
            let k = &k[offset + i..][..BLOCK];
            for l in 0..BLOCK {
                sum[l] += w * k[l];
            }
        }
        sum
    }

    #[inline]
    fn single(&self, i: usize, k: &[f64]) -> f64 {
        self.terms
            .iter()
            .map(|&(offset, w)| w * k[offset + i])
            .sum()
    }
}
