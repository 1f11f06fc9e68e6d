//! The last four stages of the method of order 4: what they must do after the stages of the recurrence, so that all conditions of order hold.
//!
//! For equations that are not linear, order 4 has conditions for the eight rooted trees of up to four nodes, not only for the stability
//! polynomial. The weights that the recurrence gives to the trees are known, so those that the last stages must add are too [A02].
//!
//! # References
//! - [A02] A. Abdulle, *Fourth order Chebyshev methods with recurrence relation*, SIAM J. Sci. Comput. 23 (2002) 2041–2054,
//!   doi:10.1137/S1064827500379549.
//! - [HNW93] E. Hairer, S. P. Nørsett, G. Wanner, *Solving Ordinary Differential Equations I*, 2nd ed., Springer 1993, II.1 and II.2.

use super::polynomial::solve_linear;

/// Weights of a value for the trees `•`, `[•]`, `[••]`, `[[•]]`, `[•••]`, `[•[•]]`, `[[••]]`, `[[[•]]]`.
type Trees = [f64; 8];

/// Weights of the exact solution, one over the density of the tree [HNW93, table II.2.1].
const EXACT: Trees = [
    1.0,
    1.0 / 2.0,
    1.0 / 3.0,
    1.0 / 6.0,
    1.0 / 4.0,
    1.0 / 8.0,
    1.0 / 12.0,
    1.0 / 24.0,
];

/// Weight of the rate at the end of the step in the error estimate, in units of the time that the last stages cover.
const ERROR_AT_END: f64 = 0.4;
/// Times of the second and third of the last stages in units of the time that they cover. Free; these keep all weights small.
const TIMES: [f64; 2] = [0.3, 0.5];
/// Iterations for the time of the last stage; 4 to 6 are enough.
const MAX_ITERATIONS: usize = 50;

/// Four stages after the recurrence: with its result `g`, `k_i = f(g + h Σ_j a_ij k_j)` and `u = g + h Σ_i b_i k_i`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finish {
    /// Rows below the diagonal, from the second stage on.
    pub(super) a: [[f64; 3]; 3],
    pub(super) b: [f64; 4],
    /// Weights of the error estimate; the last is of the rate at the end.
    pub(super) error: [f64; 5],
}

/// Weights of `f` of a value with these weights: the product over the branches [HNW93, theorem II.2.11].
fn rate(y: &Trees) -> Trees {
    [
        1.0,
        y[0],
        y[0] * y[0],
        y[1],
        y[0].powi(3),
        y[0] * y[1],
        y[2],
        y[3],
    ]
}

/// Weights of the last value of a recurrence `(μ_j, κ_j)`.
fn weights(recurrence: &[(f64, f64)]) -> Trees {
    let (mut before, mut value) = ([0.0; 8], [0.0; 8]);
    for &(mu, kappa) in recurrence {
        let f = rate(&value);
        let next =
            std::array::from_fn(|t| mu * f[t] + (1.0 + kappa) * value[t] - kappa * before[t]);
        (before, value) = (value, next);
    }
    value
}

impl Finish {
    /// After this recurrence.
    pub(super) fn after(recurrence: &[(f64, f64)]) -> Self {
        let p = weights(recurrence);
        // What is left for Σb, Σbc, Σbc², ΣbAc, Σbc³, ΣbcAc, ΣbAc², ΣbAAc, times and stages being counted from the recurrence's end.
        let mut left = EXACT;
        (0..8).for_each(|t| left[t] -= p[t]);
        let one = left[0];
        let c = left[1] - p[0] * one;
        let cc = left[2] - p[0] * p[0] * one - 2.0 * p[0] * c;
        let ac = left[3] - p[1] * one - p[0] * c;
        let ccc = left[4] - p[0].powi(3) * one - 3.0 * p[0] * p[0] * c - 3.0 * p[0] * cc;
        let cac = left[5] - p[0] * p[1] * one - (p[0] * p[0] + p[1]) * c - p[0] * cc - p[0] * ac;
        let acc = left[6] - p[2] * one - p[0] * p[0] * c - 2.0 * p[0] * ac;
        let aac = left[7] - p[3] * one - p[1] * c - p[0] * ac;
        let moments = [one, c, cc, ccc];
        let finish = |last: f64| {
            Self::with_times(
                [TIMES[0] * one, TIMES[1] * one, last],
                moments,
                [ac, cac, acc],
            )
        };
        let miss = |(finish, x): &(Self, f64)| finish.b[3] * finish.a[2][2] * x - aac;
        // Seven conditions are linear once the times of the stages are chosen; the eighth fixes the last time, which for the classical
        // method is the end. By the secant method.
        let (mut before, mut time) = (0.9 * one, one);
        let mut miss_before = miss(&finish(before));
        for _ in 0..MAX_ITERATIONS {
            let miss_now = miss(&finish(time));
            if miss_now == miss_before {
                break;
            }
            let next = time - miss_now * (time - before) / (miss_now - miss_before);
            (before, miss_before, time) = (time, miss_now, next);
        }
        let (mut finish, _) = finish(time);
        finish.error = finish.error_weights(one, c);
        finish
    }

    /// The stages with times `c_2, c_3, c_4`, and `Σ_j a_3j c_j`.
    fn with_times(
        [c2, c3, c4]: [f64; 3],
        moments: [f64; 4],
        [ac, cac, acc]: [f64; 3],
    ) -> (Self, f64) {
        let times = [0.0, c2, c3, c4];
        let b = solve_linear(
            std::array::from_fn(|k| times.map(|c| c.powi(k as i32))),
            moments,
        );
        // x = Σ a_3j c_j and y = Σ a_4j c_j from b_3 x + b_4 y = ac and b_3 c_3 x + b_4 c_4 y = cac.
        let x = (cac - c4 * ac) / (b[2] * (c3 - c4));
        let y = (ac - b[2] * x) / b[3];
        let a32 = x / c2;
        let a43 = ((acc - c2 * b[2] * x) / b[3] - c2 * y) / (c3 * (c3 - c2));
        let a42 = (y - a43 * c3) / c2;
        let a = [
            [c2, 0.0, 0.0],
            [c3 - a32, a32, 0.0],
            [c4 - a42 - a43, a42, a43],
        ];
        (
            Finish {
                a,
                b,
                error: [0.0; 5],
            },
            x,
        )
    }

    /// Weights that vanish for the trees of up to three nodes: the embedded result has order 3.
    fn error_weights(&self, one: f64, c_at_end: f64) -> [f64; 5] {
        let c: [f64; 5] = [
            0.0,
            self.a[0][0],
            self.a[1].iter().sum(),
            self.a[2].iter().sum(),
            one,
        ];
        let inner = |row: [f64; 3]| row[1] * c[1] + row[2] * c[2];
        let ac = [0.0, 0.0, inner(self.a[1]), inner(self.a[2]), c_at_end];
        let rows: [[f64; 5]; 4] = [[1.0; 5], c, c.map(|c| c * c), ac];
        let last = ERROR_AT_END * one;
        let [d1, d2, d3, d4] = solve_linear(
            rows.map(|row| [row[0], row[1], row[2], row[3]]),
            rows.map(|row| -last * row[4]),
        );
        [d1, d2, d3, d4, last]
    }
}

#[cfg(test)]
mod tests {
    use super::super::polynomial::Polynomial;
    use super::*;

    #[test]
    fn all_conditions_up_to_order_4_hold() {
        for s in 5..=152 {
            let polynomial = Polynomial::order_4(s);
            let p = weights(&polynomial.recurrence);
            let finish = Finish::after(&polynomial.recurrence);
            let mut rates: Vec<Trees> = vec![rate(&p)];
            for row in &finish.a {
                let stage = std::array::from_fn(|t| {
                    p[t] + rates.iter().zip(row).map(|(k, a)| a * k[t]).sum::<f64>()
                });
                rates.push(rate(&stage));
            }
            let end: Trees = std::array::from_fn(|t| {
                p[t] + rates
                    .iter()
                    .zip(finish.b)
                    .map(|(k, b)| b * k[t])
                    .sum::<f64>()
            });
            for (weight, exact) in end.iter().zip(EXACT) {
                assert!((weight - exact).abs() < 1e-10, "{s} stages: {end:?}");
            }
            rates.push(rate(&end));
            for t in 0..4 {
                let error: f64 = rates.iter().zip(finish.error).map(|(k, d)| d * k[t]).sum();
                assert!(error.abs() < 1e-10, "{s} stages, tree {t}: {error}");
            }
            // The last stages have the polynomial w, and no large weights.
            let tall = finish.b[3] * finish.a[2][2] * finish.a[1][1] * finish.a[0][0];
            let exact: f64 = polynomial.factors.iter().map(|(_, tau)| tau).product();
            assert!(
                (tall - exact).abs() < 1e-9 * exact.abs().max(1e-9),
                "{s} stages: {tall} for {exact}"
            );
            let largest = finish
                .a
                .as_flattened()
                .iter()
                .chain(&finish.b)
                .fold(0.0, |m: f64, x| m.max(x.abs()));
            assert!(largest < 2.0, "{s} stages: {finish:?}");
        }
    }
}
