//! Stability polynomials of orders 2 and 4 that stay small over an interval as long as can be.
//!
//! Such a polynomial is `w(x) P(x)`, where `w` has a pair of complex zeros for each two orders, and `P` belongs to the family that is
//! orthogonal with the weight `w²/√(1−x²)`: then `w P` ripples evenly, and `P` has a recurrence of three terms, which becomes one of
//! stages [AM01]. The zeros of `w` follow from as many equations: the conditions of order at `x = 1`, where `z = 0`, and the height of
//! the ripples. The published methods have tables of the zeros for some numbers of stages; here Newton's iteration finds them for any
//! number, as scaled by the square of the number of stages they hardly change.
//!
//! # References
//! - [AM01] A. Abdulle, A. A. Medovikov, *Second order Chebyshev methods based on orthogonal polynomials*, Numer. Math. 90 (2001) 1–18,
//!   doi:10.1007/s002110100292.
//! - [A02] A. Abdulle, *Fourth order Chebyshev methods with recurrence relation*, SIAM J. Sci. Comput. 23 (2002) 2041–2054,
//!   doi:10.1137/S1064827500379549.

/// Height of the ripples at the far end of the interval. They grow toward `z = 0`: with these values to 0.95 at most, so that all
/// stiff parts are damped.
const RIPPLES_2: f64 = 0.95;
const RIPPLES_4: f64 = 0.89;
/// Zeros of `w` for many stages: `s²(1 − Re x)` and `s² Im x`, where Newton's iteration begins.
const ZEROS_2: [f64; 2] = [3.33, 3.40];
const ZEROS_4: [f64; 4] = [1.74, 20.4, 14.2, 7.5];
/// Iterations; 3 to 6 are enough from there.
const MAX_ITERATIONS: usize = 30;
/// Residual of the conditions that ends the iteration; rounding leaves 1e-13.
const TOLERANCE: f64 = 1e-11;
/// Difference quotient of Newton's iteration, relative to the zeros.
const QUOTIENT: f64 = 1e-6;

/// A stability polynomial.
#[derive(Debug, Clone)]
pub(super) struct Polynomial {
    /// `P_1 = 1 + μ_1 z`, and for every further degree `P_j = (1 + κ_j + μ_j z) P_(j−1) − κ_j P_(j−2)`: pairs `(μ_j, κ_j)`.
    pub(super) recurrence: Vec<(f64, f64)>,
    /// Factors `1 + 2σz + τz²` of `w`: pairs `(σ, τ)`.
    pub(super) factors: Vec<(f64, f64)>,
    /// The polynomial is damped for `z` from `−length` to near 0.
    pub(super) length: f64,
}

impl Polynomial {
    /// Of order 2 with `s ≥ 3` stages.
    pub(super) fn order_2(s: usize) -> Self {
        solved(s, ZEROS_2, RIPPLES_2)
    }

    /// Of order 4 with `s ≥ 5` stages.
    pub(super) fn order_4(s: usize) -> Self {
        solved(s, ZEROS_4, RIPPLES_4)
    }
}

/// Solves for the `ORDER` real unknowns of the zeros.
fn solved<const ORDER: usize>(s: usize, mut zeros: [f64; ORDER], ripples: f64) -> Polynomial {
    for _ in 0..MAX_ITERATIONS {
        let residual = Candidate::new(s, zeros).residual(ripples);
        if residual.iter().all(|r| r.abs() < TOLERANCE) {
            break;
        }
        let mut system = [[0.0; ORDER]; ORDER];
        for j in 0..ORDER {
            let mut moved = zeros;
            moved[j] += QUOTIENT * zeros[j];
            let moved = Candidate::new(s, moved).residual(ripples);
            for i in 0..ORDER {
                system[i][j] = (moved[i] - residual[i]) / (QUOTIENT * zeros[j]);
            }
        }
        let step = solve_linear(system, residual);
        // Few stages lie far from the start: no step changes a zero by more than a fifth.
        let largest = zeros
            .iter()
            .zip(&step)
            .map(|(x, d)| (d / x).abs())
            .fold(0.0, f64::max);
        let damping = (0.2 / largest).min(1.0);
        (0..ORDER).for_each(|j| zeros[j] -= damping * step[j]);
    }
    Candidate::new(s, zeros).polynomial()
}

/// `w P` for given zeros of `w`.
struct Candidate<const ORDER: usize> {
    /// `(Re x − 1, Im x)` of a zero of each pair.
    zeros: Vec<(f64, f64)>,
    /// The family in monic form: `p_(k+1) = (x − α_k) p_k − β_k p_(k−1)`.
    family: Vec<(f64, f64)>,
    /// Derivatives of `w P` at 1 over its value, from the first on.
    derivatives: [f64; ORDER],
}

impl<const ORDER: usize> Candidate<ORDER> {
    fn new(s: usize, scaled: [f64; ORDER]) -> Self {
        let square = (s * s) as f64;
        let pairs = scaled.chunks_exact(2);
        let zeros: Vec<(f64, f64)> = pairs
            .map(|pair| (-pair[0] / square, pair[1] / square))
            .collect();
        let family = orthogonal(s - ORDER, s + ORDER, &zeros);
        let mut candidate = Candidate {
            zeros,
            family,
            derivatives: [0.0; ORDER],
        };
        candidate.derivatives = candidate.derivatives_at_end();
        candidate
    }

    /// Conditions of order, `R^(k) R^(k−1)… = 1` free of the scale of `z`, and the ripples at the far end.
    fn residual(&self, ripples: f64) -> [f64; ORDER] {
        let first = self.derivatives[0];
        std::array::from_fn(|k| {
            if k + 1 < ORDER {
                self.derivatives[k + 1] / first.powi(k as i32 + 2) - 1.0
            } else {
                (self.far_end().abs() / ripples).ln()
            }
        })
    }

    /// Value at −1 over that at 1.
    fn far_end(&self) -> f64 {
        let w = |x: f64| {
            self.zeros
                .iter()
                .map(|(re, im)| (x - 1.0 - re).powi(2) + im * im)
                .product::<f64>()
        };
        let (mut before, mut p) = (0.0, 1.0);
        for (ratio, alpha, kappa) in self.normalised() {
            (before, p) = (p, ratio * (-1.0 - alpha) * p - kappa * before);
        }
        w(-1.0) / w(1.0) * p
    }

    /// The recurrence of `p_k(x)/p_k(1)`: `(r_k, α_k, κ_k)` with `P_(k+1) = r_k (x − α_k) P_k − κ_k P_(k−1)`.
    fn normalised(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let mut ratio = 0.0;
        self.family.iter().map(move |&(alpha, beta)| {
            let before = ratio;
            ratio = 1.0 / (1.0 - alpha - beta * before);
            (ratio, alpha, beta * ratio * before)
        })
    }

    fn derivatives_at_end(&self) -> [f64; ORDER] {
        let mut before = [0.0; 5];
        let mut product = [1.0, 0.0, 0.0, 0.0, 0.0];
        for (ratio, alpha, kappa) in self.normalised() {
            let next = std::array::from_fn(|k| {
                let lower = if k > 0 {
                    k as f64 * product[k - 1]
                } else {
                    0.0
                };
                ratio * ((1.0 - alpha) * product[k] + lower) - kappa * before[k]
            });
            (before, product) = (product, next);
        }
        for (re, im) in &self.zeros {
            let factor = [re * re + im * im, -2.0 * re, 2.0];
            let leibniz = |k: usize| {
                let term = |i: usize| {
                    [1.0, k as f64, (k * k.saturating_sub(1)) as f64 / 2.0][i]
                        * factor[i]
                        * product[k - i]
                };
                (0..=k.min(2)).map(term).sum::<f64>()
            };
            product = std::array::from_fn(leibniz);
        }
        std::array::from_fn(|k| product[k + 1] / product[0])
    }

    fn polynomial(&self) -> Polynomial {
        // x = 1 + z/slope makes the first derivative in z one.
        let slope = self.derivatives[0];
        let factor = |(re, im): &(f64, f64)| {
            let square = (re * re + im * im) * slope;
            (-re / square, 1.0 / (square * slope))
        };
        Polynomial {
            recurrence: self
                .normalised()
                .map(|(ratio, _, kappa)| (ratio / slope, kappa))
                .collect(),
            factors: self.zeros.iter().map(factor).collect(),
            length: 2.0 * slope,
        }
    }
}

/// Recurrence of the first `m` monic polynomials that are orthogonal with the weight `w²/√(1−x²)`, by the Stieltjes procedure over the
/// nodes of Gauss-Chebyshev quadrature, which is exact for `n > m + deg w`.
fn orthogonal(m: usize, n: usize, zeros: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let nodes = (0..n).map(|i| (std::f64::consts::PI * (i as f64 + 0.5) / n as f64).cos());
    // Node, weight, and the values of two polynomials there, doubled with each degree to keep their size.
    let mut table: Vec<(f64, f64, f64, f64)> = nodes
        .map(|x| {
            let w: f64 = zeros
                .iter()
                .map(|(re, im)| (x - 1.0 - re).powi(2) + im * im)
                .product();
            (x, w * w, 0.0, 1.0)
        })
        .collect();
    let (mut family, mut norm_before) = (Vec::with_capacity(m), f64::INFINITY);
    for _ in 0..m {
        let norm: f64 = table.iter().map(|(_, w, _, p)| w * p * p).sum();
        let mean: f64 = table.iter().map(|(x, w, _, p)| w * x * p * p).sum();
        let (alpha, beta) = (mean / norm, 0.25 * norm / norm_before);
        for (x, _, before, p) in &mut table {
            (*before, *p) = (*p, 2.0 * ((*x - alpha) * *p - 2.0 * beta * *before));
        }
        family.push((alpha, beta));
        norm_before = norm;
    }
    family
}

/// Solves a small system by elimination with row pivoting.
pub(super) fn solve_linear<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for k in 0..N {
        let pivot = (k..N).fold(k, |best, i| {
            if a[i][k].abs() > a[best][k].abs() {
                i
            } else {
                best
            }
        });
        a.swap(k, pivot);
        b.swap(k, pivot);
        let (row, value) = (a[k], b[k]);
        for i in (0..N).filter(|&i| i != k) {
            let factor = a[i][k] / row[k];
            (0..N).for_each(|j| a[i][j] -= factor * row[j]);
            b[i] -= factor * value;
        }
    }
    std::array::from_fn(|k| b[k] / a[k][k])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The polynomial at `z`.
    fn value(polynomial: &Polynomial, z: f64) -> f64 {
        let (mut before, mut p) = (1.0, 1.0);
        for &(mu, kappa) in &polynomial.recurrence {
            (before, p) = (p, (1.0 + kappa + mu * z) * p - kappa * before);
        }
        polynomial
            .factors
            .iter()
            .map(|(sigma, tau)| 1.0 + 2.0 * sigma * z + tau * z * z)
            .product::<f64>()
            * p
    }

    #[test]
    fn they_agree_with_the_exponential_near_zero() {
        for s in [5, 9, 40, 150] {
            for (polynomial, order) in [(Polynomial::order_2(s), 2), (Polynomial::order_4(s), 4)] {
                let error = |z: f64| (value(&polynomial, z) - z.exp()).abs();
                let observed = (error(-0.1) / error(-0.05)).log2();
                assert!(
                    (observed - f64::from(order + 1)).abs() < 0.1,
                    "{s} stages: {observed}"
                );
            }
        }
    }

    #[test]
    fn they_are_damped_over_an_interval_that_grows_as_the_square() {
        let check = |s: usize, polynomial: &Polynomial, least: f64, from: f64| {
            let part = polynomial.length / (s * s) as f64;
            assert!(part > least, "{s} stages: {part}");
            for i in 0..20 * s {
                let angle = i as f64 / (20 * s) as f64 * std::f64::consts::PI;
                let z = -polynomial.length * (0.5 * angle).cos().powi(2);
                let r = value(polynomial, z);
                assert!(
                    r.abs() < 0.955 || (z > from && r.abs() < 1.0),
                    "{s} stages, z = {z}: {r}"
                );
            }
        };
        for s in 3..=200 {
            check(
                s,
                &Polynomial::order_2(s),
                if s < 10 { 0.67 } else { 0.79 },
                -0.3,
            );
        }
        for s in 5..=152 {
            check(
                s,
                &Polynomial::order_4(s),
                if s < 10 { 0.23 } else { 0.32 },
                -0.3,
            );
        }
    }
}
