//! Reconstruction at cell faces from cell averages, weighted so that it does not look across jumps.
//!
//! # References
//! - [JS96] G.-S. Jiang, C.-W. Shu, *Efficient implementation of weighted ENO schemes*, J. Comput. Phys. 126 (1996) 202–228, doi:10.1006/jcph.1996.0130.

use pulp::{Arch, Simd, WithSimd};

/// Keeps weights finite where data are smooth, [JS96, eq. (2.15)].
const EPSILON: f64 = 1e-6;

/// Reconstructs the values of cells at their upper and lower face. `rows[k][i]` is the average k - 2 cells away from cell i.
///
/// # Panics
/// If lengths differ.
pub(super) fn reconstruct(rows: [&[f64]; 5], upper: &mut [f64], lower: &mut [f64]) {
    let n = upper.len();
    assert!(lower.len() == n && rows.iter().all(|row| row.len() == n));
    Arch::new().dispatch(Reconstruction { rows, upper, lower });
}

struct Reconstruction<'a> {
    rows: [&'a [f64]; 5],
    upper: &'a mut [f64],
    lower: &'a mut [f64],
}

impl WithSimd for Reconstruction<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (upper, upper_rest) = S::as_mut_simd_f64s(self.upper);
        let (lower, lower_rest) = S::as_mut_simd_f64s(self.lower);
        let n = upper.len();
        let rows = self.rows.map(|row| S::as_simd_f64s(row));
        let [a, b, c, d, e] = rows.map(|row| &row.0[..n]);
        for (i, (upper, lower)) in upper.iter_mut().zip(lower).enumerate() {
            [*upper, *lower] = at_faces(simd, [a[i], b[i], c[i], d[i], e[i]]);
        }
        if !upper_rest.is_empty() {
            let rest = rows.map(|row| simd.partial_load_f64s(row.1));
            let [upper, lower] = at_faces(simd, rest);
            simd.partial_store_f64s(upper_rest, upper);
            simd.partial_store_f64s(lower_rest, lower);
        }
    }
}

// Functions rather than closures, which would not always be compiled for the instruction set found.

/// The values of cell c at its upper and lower face. Everything is in differences of neighbours; the three weights of a face stand over a common
/// denominator, so that it takes one division.
#[inline(always)]
fn at_faces<S: Simd>(simd: S, [a, b, c, d, e]: [S::f64s; 5]) -> [S::f64s; 2] {
    let (ab, bc) = (simd.sub_f64s(b, a), simd.sub_f64s(c, b));
    let (cd, de) = (simd.sub_f64s(d, c), simd.sub_f64s(e, d));
    let three = simd.splat_f64s(3.0);
    let rise = simd.sub_f64s(simd.mul_f64s(three, bc), ab);
    let fall = simd.sub_f64s(simd.mul_f64s(three, cd), de);
    let s0 = roughness(simd, simd.sub_f64s(bc, ab), rise);
    let s1 = roughness(simd, simd.sub_f64s(cd, bc), simd.add_f64s(bc, cd));
    let s2 = roughness(simd, simd.sub_f64s(de, cd), fall);
    let w0 = simd.mul_f64s(s1, s2);
    let w1 = simd.mul_f64s(simd.mul_f64s(s0, s2), simd.splat_f64s(6.0));
    let w2 = simd.mul_f64s(s0, s1);
    let up = at_face(simd, [w0, w1, w2], [ab, bc, cd, de]);
    let down = at_face(simd, [w2, w1, w0], [de, cd, bc, ab]);
    [simd.add_f64s(c, up), simd.sub_f64s(c, down)]
}

/// 12/13 of a smoothness indicator and ε, squared [JS96, eqs. (3.2)–(3.4)].
#[inline(always)]
fn roughness<S: Simd>(simd: S, curvature: S::f64s, slope: S::f64s) -> S::f64s {
    let epsilon = simd.splat_f64s(12.0 / 13.0 * EPSILON);
    let square = simd.mul_add_e_f64s(curvature, curvature, epsilon);
    let scaled = simd.mul_f64s(slope, simd.splat_f64s(3.0 / 13.0));
    let sum = simd.mul_add_e_f64s(scaled, slope, square);
    simd.mul_f64s(sum, sum)
}

/// By how much the value at a face differs from that of its cell; the differences ascend towards the face, and 6 is a factor of the second weight.
#[inline(always)]
fn at_face<S: Simd>(simd: S, w: [S::f64s; 3], [ab, bc, cd, de]: [S::f64s; 4]) -> S::f64s {
    let number = |x| simd.splat_f64s(x);
    let last = simd.mul_f64s(w[2], number(3.0));
    let weights = simd.add_f64s(simd.add_f64s(w[0], w[1]), last);
    let far = simd.mul_add_e_f64s(number(5.0 / 6.0), bc, simd.mul_f64s(number(-1.0 / 3.0), ab));
    let middle = simd.mul_add_e_f64s(number(1.0 / 3.0), cd, simd.mul_f64s(number(1.0 / 6.0), bc));
    let near = simd.mul_add_e_f64s(number(2.0 / 3.0), cd, simd.mul_f64s(number(-1.0 / 6.0), de));
    let sum = simd.mul_add_e_f64s(w[1], middle, simd.mul_f64s(w[0], far));
    simd.div_f64s(simd.mul_add_e_f64s(last, near, sum), weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the paper writes it, with a division for every weight.
    fn plain([a, b, c, d, e]: [f64; 5]) -> f64 {
        let candidates = [
            (2.0 * a - 7.0 * b + 11.0 * c) / 6.0,
            (-b + 5.0 * c + 2.0 * d) / 6.0,
            (2.0 * c + 5.0 * d - e) / 6.0,
        ];
        let smoothness = [
            13.0 / 12.0 * (a - 2.0 * b + c).powi(2) + (a - 4.0 * b + 3.0 * c).powi(2) / 4.0,
            13.0 / 12.0 * (b - 2.0 * c + d).powi(2) + (b - d).powi(2) / 4.0,
            13.0 / 12.0 * (c - 2.0 * d + e).powi(2) + (3.0 * c - 4.0 * d + e).powi(2) / 4.0,
        ];
        let weight = |i: usize| [0.1, 0.6, 0.3][i] / (EPSILON + smoothness[i]).powi(2);
        let total: f64 = (0..3).map(weight).sum();
        (0..3).map(|i| weight(i) / total * candidates[i]).sum()
    }

    #[test]
    fn values_are_those_of_the_plain_formula() {
        let value = |i: usize| {
            let smooth = (i as f64 * 0.1).sin();
            let jump = if i % 17 < 5 { 3.0 } else { 0.0 };
            smooth + jump
        };
        let cells: Vec<f64> = (0..64).map(value).collect();
        for n in [1, 3, 4, 31, 60] {
            let rows = [0, 1, 2, 3, 4].map(|k| &cells[k..k + n]);
            let (mut upper, mut lower) = (vec![0.0; n], vec![0.0; n]);
            reconstruct(rows, &mut upper, &mut lower);
            for i in 0..n {
                let mut stencil = [0, 1, 2, 3, 4].map(|k| cells[i + k]);
                assert!((upper[i] - plain(stencil)).abs() < 1e-13);
                stencil.reverse();
                assert!((lower[i] - plain(stencil)).abs() < 1e-13);
            }
        }
    }
}
