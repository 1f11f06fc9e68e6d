//! Weighted sums of stages, the inner loops of the one-step methods.

/// `R` rows of a tableau summed together, without the stages that none of them uses.
pub struct Combination<const R: usize> {
    /// Where a stage begins among all stage values, and its weights.
    terms: Vec<(usize, [f64; R])>,
}

impl<const R: usize> Combination<R> {
    /// For stages of length `n`, stored one after the other.
    pub fn new(rows: [&[f64]; R], n: usize) -> Self {
        let stages = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        let weights = |j: usize| rows.map(|row| row.get(j).copied().unwrap_or(0.0));
        let terms = (0..stages).map(|j| (j * n, weights(j)));
        Self {
            terms: terms.filter(|(_, w)| w.iter().any(|&w| w != 0.0)).collect(),
        }
    }

    /// Calls `put(i, [Σ w_j k_j(i); R])` for every state `i < n`. Blocks of states keep their sums in registers and read every stage once.
    #[inline(always)]
    pub fn each(&self, n: usize, k: &[f64], mut put: impl FnMut(usize, [f64; R])) {
        let mut i = 0;
        while i + 4 <= n {
            self.block::<4>(i, k, &mut put);
            i += 4;
        }
        if i + 2 <= n {
            self.block::<2>(i, k, &mut put);
            i += 2;
        }
        if i < n {
            self.block::<1>(i, k, &mut put);
        }
    }

    #[inline(always)]
    fn block<const B: usize>(&self, i: usize, k: &[f64], put: &mut impl FnMut(usize, [f64; R])) {
        let mut sum = [[0.0; B]; R];
        for &(offset, w) in &self.terms {
            let k = &k[offset + i..][..B];
            for r in 0..R {
                for l in 0..B {
                    sum[r][l] += w[r] * k[l];
                }
            }
        }
        for l in 0..B {
            put(i + l, sum.map(|row| row[l]));
        }
    }
}
