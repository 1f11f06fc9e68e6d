//! Exponential Runge-Kutta methods, also called exponential time differencing.
//!
//! # References
//! - [CM02] S. M. Cox, P. C. Matthews, *Exponential time differencing for stiff systems*, J. Comput. Phys. 176 (2002) 430–455,
//!   doi:10.1006/jcph.2002.6995.
//! - [K05] S. Krogstad, *Generalized integrating factor methods for stiff PDEs*, J. Comput. Phys. 203 (2005) 72–88,
//!   doi:10.1016/j.jcp.2004.08.006.
//! - [HO05] M. Hochbruck, A. Ostermann, *Explicit exponential Runge–Kutta methods for semilinear parabolic problems*,
//!   SIAM J. Numer. Anal. 43 (2005) 1069–1090, doi:10.1137/040611434.
//! - [WBM15] P. Whalen, M. Brio, J. V. Moloney, *Exponential time-differencing with embedded Runge–Kutta adaptive step control*,
//!   J. Comput. Phys. 280 (2015) 579–601, doi:10.1016/j.jcp.2014.09.038.

use super::super::number::Number;
use super::{Plan, Row, Trend, Vector};

/// `weight·φ_k(c z)` as `(k, c, weight)`, summed.
type Sum = &'static [(usize, f64, f64)];

/// An exponential method.
#[derive(Debug)]
pub struct Exponential {
    /// Name in the literature.
    pub name: &'static str,
    /// Order where `N` is smooth and `L` is mild; on stiff problems it may be lower.
    pub order: u32,
    /// Order of the embedded method.
    pub embedded_order: u32,
    /// One line.
    pub about: &'static str,
    /// Short form of the paper.
    pub reference: &'static str,
    /// Times of the stages.
    pub c: &'static [f64],
    /// Weights of `h N_j` in the stages after the first.
    pub a: &'static [&'static [(usize, Sum)]],
    /// Weights of `h N_j` at the end.
    pub b: &'static [(usize, Sum)],
    /// Weights of `h N_j` in the error estimate; the stage after the last is the end of the step.
    pub error: &'static [(usize, Sum)],
    /// The stages in the middle of the step from which the end takes its curvature.
    pub middle: &'static [usize],
}

const HALF_PHI_1: Sum = &[(1, 0.5, 0.5)];
const B_FIRST: Sum = &[(1, 1.0, 1.0), (2, 1.0, -3.0), (3, 1.0, 4.0)];
const B_MIDDLE: Sum = &[(2, 1.0, 2.0), (3, 1.0, -4.0)];
const B_LAST: Sum = &[(2, 1.0, -1.0), (3, 1.0, 4.0)];
const MINUS_B_LAST: Sum = &[(2, 1.0, 1.0), (3, 1.0, -4.0)];
const B_END: &[(usize, Sum)] = &[(0, B_FIRST), (1, B_MIDDLE), (2, B_MIDDLE), (3, B_LAST)];
/// The last stage and the end of the step have the same time, so that the embedded result may use either [WBM15].
const B_ERROR: &[(usize, Sum)] = &[(3, B_LAST), (4, MINUS_B_LAST)];

/// The method of Cox and Matthews [CM02, eqs. (26)–(29)]. Its third stage there is
/// `e^(z/2) U_2 + h/2 φ_1(z/2) (2 N_3 − N_1)`; with `2 φ_1(z) = (e^(z/2) + 1) φ_1(z/2)` that is the row here.
///
/// Imaginary `L` needs no more: on two solitons of Korteweg-de Vries to t = 200, with steps of 0.01 to 0.05, the energy falls by 3e-7 to
/// 1e-3 and never grows; damping moved into `L` and given back in `N` only makes it fall faster.
pub const ETDRK4: Exponential = Exponential {
    name: "ETDRK4",
    order: 4,
    embedded_order: 3,
    about: "exponential method of Cox and Matthews, the default where the linear part is diagonal",
    reference: "Cox, Matthews, J. Comput. Phys. 176 (2002) 430",
    c: &[0.0, 0.5, 0.5, 1.0],
    a: &[
        &[(0, HALF_PHI_1)],
        &[(1, HALF_PHI_1)],
        &[(0, &[(1, 1.0, 1.0), (1, 0.5, -1.0)]), (2, &[(1, 0.5, 1.0)])],
    ],
    b: B_END,
    error: B_ERROR,
    middle: &[1, 2],
};

/// The method of Krogstad [K05, eq. (51)].
pub const ETDRK4_KROGSTAD: Exponential = Exponential {
    name: "ETDRK4Krogstad",
    order: 4,
    embedded_order: 3,
    about: "exponential method of Krogstad: smaller errors than ETDRK4 where N is stiff too, one more vector per stage",
    reference: "Krogstad, J. Comput. Phys. 203 (2005) 72",
    c: &[0.0, 0.5, 0.5, 1.0],
    a: &[
        &[(0, HALF_PHI_1)],
        &[(0, &[(1, 0.5, 0.5), (2, 0.5, -1.0)]), (1, &[(2, 0.5, 1.0)])],
        &[(0, &[(1, 1.0, 1.0), (2, 1.0, -2.0)]), (2, &[(2, 1.0, 2.0)])],
    ],
    b: B_END,
    error: B_ERROR,
    middle: &[1, 2],
};

/// `a_52 = φ_2(z/2)/2 − φ_3(z) + φ_2(z)/4 − φ_3(z/2)/2` [HO05, eq. (5.19)].
const A_52: Sum = &[
    (2, 0.5, 0.5),
    (3, 1.0, -1.0),
    (2, 1.0, 0.25),
    (3, 0.5, -0.5),
];

/// The method of Hochbruck and Ostermann, of order 4 also on stiff problems [HO05, eq. (5.19)].
pub const EXPRK4_HOCHBRUCK_OSTERMANN: Exponential = Exponential {
    name: "ExpRK4HochbruckOstermann",
    order: 4,
    embedded_order: 3,
    about: "exponential method of five stages that keeps order 4 with stiff data at boundaries",
    reference: "Hochbruck, Ostermann, SIAM J. Numer. Anal. 43 (2005) 1069",
    c: &[0.0, 0.5, 0.5, 1.0, 0.5],
    a: &[
        &[(0, HALF_PHI_1)],
        &[(0, &[(1, 0.5, 0.5), (2, 0.5, -1.0)]), (1, &[(2, 0.5, 1.0)])],
        &[
            (0, &[(1, 1.0, 1.0), (2, 1.0, -2.0)]),
            (1, &[(2, 1.0, 1.0)]),
            (2, &[(2, 1.0, 1.0)]),
        ],
        &[
            // φ_1(z/2)/2 − 2 a_52 − a_54 with a_54 = φ_2(z/2)/4 − a_52.
            (
                0,
                &[
                    (1, 0.5, 0.5),
                    (2, 0.5, -0.75),
                    (3, 1.0, 1.0),
                    (2, 1.0, -0.25),
                    (3, 0.5, 0.5),
                ],
            ),
            (1, A_52),
            (2, A_52),
            (
                3,
                &[
                    (2, 0.5, -0.25),
                    (3, 1.0, 1.0),
                    (2, 1.0, -0.25),
                    (3, 0.5, 0.5),
                ],
            ),
        ],
    ],
    b: &[
        (0, B_FIRST),
        (3, B_LAST),
        (4, &[(2, 1.0, 4.0), (3, 1.0, -8.0)]),
    ],
    error: &[(3, B_LAST), (5, MINUS_B_LAST)],
    middle: &[4],
};

/// All of them.
pub const ALL: &[&Exponential] = &[&ETDRK4, &ETDRK4_KROGSTAD, &EXPRK4_HOCHBRUCK_OSTERMANN];

impl Exponential {
    /// The different weights: of the state (`φ_0`), and of `h N_j`.
    fn sums(&self) -> Vec<Sum> {
        let ends: [Sum; 2] = [&[(0, 1.0, 1.0)], &[(0, 0.5, 1.0)]];
        let mut sums = ends.to_vec();
        let rows = self.a.iter().copied().chain([self.b, self.error]);
        for (_, sum) in rows.flatten().chain([&(0, B_MIDDLE)]) {
            if !sums.contains(sum) {
                sums.push(sum);
            }
        }
        sums
    }

    pub(super) fn plan(&self) -> Plan {
        let sums = self.sums();
        let number = |sum: &Sum| {
            sums.iter()
                .position(|other| other == sum)
                .expect("collected")
        };
        let terms = |row: &[(usize, Sum)]| -> Row {
            let vector = |j| {
                if j < self.c.len() {
                    Vector::Stage(j)
                } else {
                    Vector::End
                }
            };
            row.iter()
                .map(|(j, sum)| (number(sum), vector(*j)))
                .collect()
        };
        let from_start = |c: f64, row| {
            let power = (usize::from(c != 1.0), Vector::Start);
            [vec![power], terms(row)].concat()
        };
        Plan {
            times: self.c,
            stages: self.c[1..]
                .iter()
                .zip(self.a)
                .map(|(&c, row)| from_start(c, row))
                .collect(),
            end: from_start(1.0, self.b),
            error: terms(self.error),
            trend: Some(Trend {
                weight: number(&B_MIDDLE),
                middle: self.middle,
            }),
            n_weights: sums.len(),
        }
    }

    pub(super) fn weights<T: Number>(
        &self,
        n_modes: usize,
        h: f64,
        z: impl Fn(usize) -> T,
        mut put: impl FnMut(usize, &[T]),
    ) {
        let sums = self.sums();
        let mut weights = vec![T::real(0.0); sums.len()];
        for mode in 0..n_modes {
            let z = z(mode);
            let [half, whole] = z.phi_of_half_and_whole();
            for (weight, sum) in weights.iter_mut().zip(&sums) {
                *weight = T::real(0.0);
                for &(k, c, factor) in *sum {
                    let phi = if c == 1.0 { whole[k] } else { half[k] };
                    let step = if k == 0 { 1.0 } else { h };
                    *weight = weight.plus(phi.scaled(factor * step));
                }
            }
            put(mode, &weights);
        }
    }
}
