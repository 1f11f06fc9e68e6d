//! The functions of exponential integrators, `φ_0(z) = e^z` and `φ_(k+1)(z) = (φ_k(z) − 1/k!)/z`, of numbers and of small matrices.
//!
//! The quotients cancel near 0. There, the Taylor series is as exact as means over a contour [KT05] and cheaper; beyond, the quotients
//! themselves are. The unit test computes the means.
//!
//! # References
//! - [KT05] A.-K. Kassam, L. N. Trefethen, *Fourth-order time-stepping for stiff PDEs*, SIAM J. Sci. Comput. 26 (2005)
//!   1214–1233, doi:10.1137/S1064827502410633.
//! - [SW09] B. Skaflestad, W. M. Wright, *The scaling and modified squaring method for matrix functions related to the
//!   exponential*, Appl. Numer. Math. 59 (2009) 783–799, doi:10.1016/j.apnum.2008.03.035.

use super::number::{Block, Entry, Number};

/// `1/(j + 3)!`: the Taylor coefficients of `φ_3`, to the rounding of 1/6 for arguments up to 1.
const TAYLOR: [f64; 16] = {
    let (mut coefficients, mut factorial, mut j) = ([0.0; 16], 6.0, 0);
    while j < 16 {
        coefficients[j] = 1.0 / factorial;
        j += 1;
        factorial *= (j + 3) as f64;
    }
    coefficients
};

/// Of a number of this absolute value.
pub(super) fn scalar<T: Number>(z: T, size: f64, exp: impl Fn(T) -> T) -> [T; 4] {
    if size < 1.0 {
        return by_series(z);
    }
    let (e, inverse) = (exp(z), z.inverse());
    let phi_1 = e.plus(T::real(-1.0)).times(inverse);
    let phi_2 = phi_1.plus(T::real(-1.0)).times(inverse);
    let phi_3 = phi_2.plus(T::real(-0.5)).times(inverse);
    [e, phi_1, phi_2, phi_3]
}

fn by_series<T: Number>(z: T) -> [T; 4] {
    let zero = T::real(0.0);
    let terms = TAYLOR.iter().rev();
    let phi_3 = terms.fold(zero, |sum, &c| sum.times(z).plus(T::real(c)));
    let phi_2 = z.times(phi_3).plus(T::real(0.5));
    let phi_1 = z.times(phi_2).plus(T::real(1.0));
    [z.times(phi_1).plus(T::real(1.0)), phi_1, phi_2, phi_3]
}

/// Of a matrix, balanced, scaled to norm 1, and doubled back [SW09].
pub(super) fn block<const N: usize, T: Entry>(z: Block<N, T>) -> [Block<N, T>; 4] {
    let (balanced, scale) = balance(z);
    let doublings = balanced.norm().log2().ceil().max(0.0) as i32;
    let mut phi = by_series(balanced.scaled(0.5f64.powi(doublings)));
    for _ in 0..doublings {
        phi = doubled(phi);
    }
    phi.map(|phi| Block::from_fn(|i, j| phi.0[i][j].scaled(scale[i] / scale[j])))
}

/// The functions of `2z` from those of `z` [SW09, eq. (2.7)].
pub(super) fn doubled<T: Number>([e, phi_1, phi_2, phi_3]: [T; 4]) -> [T; 4] {
    [
        e.times(e),
        e.times(phi_1).plus(phi_1).scaled(0.5),
        e.times(phi_2).plus(phi_1).plus(phi_2).scaled(0.25),
        e.times(phi_3)
            .plus(phi_1.scaled(0.5))
            .plus(phi_2)
            .plus(phi_3)
            .scaled(0.125),
    ]
}

/// Sweeps over the rows in balancing; two are enough for matrices this small.
const BALANCE_SWEEPS: usize = 3;

/// `D⁻¹ z D` with rows and columns of like size, and the diagonal of `D` (powers of two): a wave equation written as a system has entries
/// of very different size, and scaling by its norm would lose digits.
fn balance<const N: usize, T: Entry>(mut z: Block<N, T>) -> (Block<N, T>, [f64; N]) {
    let mut scale = [1.0; N];
    for _ in 0..BALANCE_SWEEPS {
        for (i, scale) in scale.iter_mut().enumerate() {
            let others = || (0..N).filter(|&j| j != i);
            let row: f64 = others().map(|j| z.0[i][j].size()).sum();
            let column: f64 = others().map(|j| z.0[j][i].size()).sum();
            if row == 0.0 || column == 0.0 {
                continue;
            }
            let factor = (0.5 * (row / column).log2()).round().exp2();
            *scale *= factor;
            for j in others() {
                z.0[i][j] = z.0[i][j].scaled(1.0 / factor);
                z.0[j][i] = z.0[j][i].scaled(factor);
            }
        }
    }
    (z, scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustfft::num_complex::Complex;
    use std::f64::consts::TAU;

    /// Means over 64 points of a circle around `z` that keeps away from 0 [KT05].
    fn by_contour(z: Complex<f64>) -> [Complex<f64>; 4] {
        let radius = 1.0 + z.norm();
        let mut sums = [Complex::ZERO; 4];
        for j in 0..64 {
            let x = z + Complex::from_polar(radius, TAU * (f64::from(j) + 0.5) / 64.0);
            let e = x.exp();
            let phi_1 = (e - 1.0) / x;
            let phi_2 = (phi_1 - 1.0) / x;
            for (sum, phi) in sums.iter_mut().zip([e, phi_1, phi_2, (phi_2 - 0.5) / x]) {
                *sum += phi / 64.0;
            }
        }
        sums
    }

    #[test]
    fn agrees_with_means_over_a_contour() {
        for k in 0..200 {
            let z = Complex::from_polar(0.01 * f64::from(k), 1.7 * f64::from(k));
            let close = |a: [Complex<f64>; 4], b: [Complex<f64>; 4]| {
                a.iter()
                    .zip(b)
                    .all(|(a, b)| (a - b).norm() < 3e-15 * b.norm())
            };
            // Rounding in the means grows with the largest value on the circle.
            let allowed = |a: [Complex<f64>; 4]| {
                let largest = (2.0 * z.norm() + 1.0).exp();
                a.iter()
                    .zip(by_contour(z))
                    .all(|(a, b)| (a - b).norm() < 1e-15 * largest)
            };
            assert!(allowed(z.phi()), "z = {z}");
            let real = z.re.phi().map(Complex::from);
            assert!(close(Complex::from(z.re).phi(), real), "z = {}", z.re);
        }
    }

    #[test]
    fn large_arguments_have_their_limits() {
        let [e, phi_1, phi_2, phi_3] = (-1e8).phi();
        assert_eq!(e, 0.0);
        for (value, limit) in [(phi_1, 1e-8), (phi_2, 1e-8), (phi_3, 0.5e-8)] {
            assert!((value / limit - 1.0).abs() < 1e-7);
        }
    }

    #[test]
    fn blocks_agree_with_their_eigenvalues() {
        // V·diag(λ)·V⁻¹, from mild to stiff and oscillating.
        let v = Block::<2>([[1.0.into(), 2.0.into()], [Complex::I, 1.0.into()]]);
        for (a, b) in [(-0.3f64, 0.2), (-30.0, 0.1), (-1e5, -2.0), (-40.0, -41.0)] {
            for turned in [Complex::ONE, Complex::I] {
                let eigenvalues = [a * turned, b * turned];
                let diagonal = |values: [Complex<f64>; 2]| {
                    let entry = |i: usize, j: usize| if i == j { values[i] } else { 0.0.into() };
                    v.times(Block::from_fn(entry)).times(v.inverse())
                };
                let phi = block(diagonal(eigenvalues));
                let [first, second] = eigenvalues.map(Number::phi);
                for k in 0..4 {
                    let exact = diagonal([first[k], second[k]]);
                    let error = phi[k].plus(exact.scaled(-1.0)).norm() / exact.norm();
                    // The entries themselves are rounded, which moves the small eigenvalue too.
                    let bound = 1e-14 * (1.0 + a.abs());
                    assert!(error < bound, "φ_{k} of {eigenvalues:?}: {error:e}");
                }
            }
        }
    }

    #[test]
    fn doubling_agrees_with_the_definition() {
        for k in 0..100 {
            let z = -(1.2f64.powi(k - 40));
            let [half, whole] = z.phi_of_half_and_whole();
            let exact = [(0.5 * z).phi(), z.phi()];
            for (a, b) in [half, whole]
                .as_flattened()
                .iter()
                .zip(exact.as_flattened())
            {
                assert!(
                    (a - b).abs() <= 4e-15 * b.abs() * (1.0 + z.abs()),
                    "z = {z}: {a} {b}"
                );
            }
            let pair = |a, b| Block::<2, f64>([[a, 1.0], [b, z]]).phi_of_half_and_whole();
            let complex = Block::<2>([[z.into(), 1.0.into()], [(-2.0).into(), z.into()]]);
            let [_, real] = pair(z, -2.0);
            let [_, complex] = complex.phi_of_half_and_whole();
            for (real, complex) in real.iter().zip(&complex) {
                for (a, b) in real.0.as_flattened().iter().zip(complex.0.as_flattened()) {
                    assert!((b - a).norm() <= 1e-14 * complex.norm(), "z = {z}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn a_wave_equation_as_a_system_keeps_its_digits() {
        // e^A = [[cos w, sin(w)/w], [−w sin w, cos w]]
        let w: f64 = 500.0;
        let entries = [[0.0, 1.0], [-w * w, 0.0]];
        let [e, ..] = block(Block::<2>::from_fn(|i, j| entries[i][j].into()));
        let exact = [[w.cos(), w.sin() / w], [-w * w.sin(), w.cos()]];
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let size = [[1.0, 1.0 / w], [w, 1.0]][i][j];
            let error = (e.0[i][j] - exact[i][j]).norm() / size;
            assert!(error < 1e-12, "entry {i}, {j}: {error:e}");
        }
    }
}
