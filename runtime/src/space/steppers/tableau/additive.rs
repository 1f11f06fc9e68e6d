//! Additive Runge-Kutta methods, implicit in the linear part (IMEX).
//!
//! # References
//! - [KC03] C. A. Kennedy, M. H. Carpenter, *Additive Runge–Kutta schemes for convection–diffusion–reaction equations*, Appl. Numer. Math.
//!   44 (2003) 139–181, doi:10.1016/S0168-9274(02)00138-1.

use super::super::number::Number;
use super::{Plan, Row, Vector};

/// A pair of an explicit tableau for `N` and one for `L` that is diagonally implicit with the same `γ` in all stages but the first,
/// stiffly accurate, and has the same weights `b`.
#[derive(Debug)]
pub struct Additive {
    /// Name in the literature.
    pub name: &'static str,
    /// Order.
    pub order: u32,
    /// Order of the embedded method.
    pub embedded_order: u32,
    /// One line.
    pub about: &'static str,
    /// Short form of the paper.
    pub reference: &'static str,
    /// Times of the stages.
    pub c: &'static [f64],
    /// Diagonal of the implicit tableau.
    pub gamma: f64,
    /// Rows of the explicit tableau below the diagonal, from the second on.
    pub explicit: &'static [&'static [f64]],
    /// Rows of the implicit tableau below the diagonal, from the second on.
    pub implicit: &'static [&'static [f64]],
    /// Weights of the result.
    pub b: &'static [f64],
    /// Weights of the embedded result.
    pub b_hat: &'static [f64],
}

const GAMMA_3: f64 = 1767732205903.0 / 4055673282236.0;

/// Order 3 in four stages [KC03, appendix C].
pub const ARK3: Additive = Additive {
    name: "ARK324L2SA",
    order: 3,
    embedded_order: 2,
    about: "linearly implicit Runge-Kutta pair of order 3 in four stages",
    reference: "Kennedy, Carpenter, Appl. Numer. Math. 44 (2003) 139",
    c: &[0.0, 1767732205903.0 / 2027836641118.0, 3.0 / 5.0, 1.0],
    gamma: GAMMA_3,
    explicit: &[
        &[1767732205903.0 / 2027836641118.0],
        &[
            5535828885825.0 / 10492691773637.0,
            788022342437.0 / 10882634858940.0,
        ],
        &[
            6485989280629.0 / 16251701735622.0,
            -4246266847089.0 / 9704473918619.0,
            10755448449292.0 / 10357097424841.0,
        ],
    ],
    implicit: &[
        &[GAMMA_3],
        &[
            2746238789719.0 / 10658868560708.0,
            -640167445237.0 / 6845629431997.0,
        ],
        &[
            1471266399579.0 / 7840856788654.0,
            -4482444167858.0 / 7529755066697.0,
            11266239266428.0 / 11593286722821.0,
        ],
    ],
    b: &[
        1471266399579.0 / 7840856788654.0,
        -4482444167858.0 / 7529755066697.0,
        11266239266428.0 / 11593286722821.0,
        GAMMA_3,
    ],
    b_hat: &[
        2756255671327.0 / 12835298489170.0,
        -10771552573575.0 / 22201958757719.0,
        9247589265047.0 / 10645013368117.0,
        2193209047091.0 / 5459859503100.0,
    ],
};

/// Order 4 in six stages [KC03, appendix C].
pub const ARK4: Additive = Additive {
    name: "ARK436L2SA",
    order: 4,
    embedded_order: 3,
    about: "linearly implicit Runge-Kutta pair of order 4 in six stages",
    reference: "Kennedy, Carpenter, Appl. Numer. Math. 44 (2003) 139",
    c: &[0.0, 0.5, 83.0 / 250.0, 31.0 / 50.0, 17.0 / 20.0, 1.0],
    gamma: 0.25,
    explicit: &[
        &[0.5],
        &[13861.0 / 62500.0, 6889.0 / 62500.0],
        &[
            -116923316275.0 / 2393684061468.0,
            -2731218467317.0 / 15368042101831.0,
            9408046702089.0 / 11113171139209.0,
        ],
        &[
            -451086348788.0 / 2902428689909.0,
            -2682348792572.0 / 7519795681897.0,
            12662868775082.0 / 11960479115383.0,
            3355817975965.0 / 11060851509271.0,
        ],
        &[
            647845179188.0 / 3216320057751.0,
            73281519250.0 / 8382639484533.0,
            552539513391.0 / 3454668386233.0,
            3354512671639.0 / 8306763924573.0,
            4040.0 / 17871.0,
        ],
    ],
    implicit: &[
        &[0.25],
        &[8611.0 / 62500.0, -1743.0 / 31250.0],
        &[
            5012029.0 / 34652500.0,
            -654441.0 / 2922500.0,
            174375.0 / 388108.0,
        ],
        &[
            15267082809.0 / 155376265600.0,
            -71443401.0 / 120774400.0,
            730878875.0 / 902184768.0,
            2285395.0 / 8070912.0,
        ],
        &[
            82889.0 / 524892.0,
            0.0,
            15625.0 / 83664.0,
            69875.0 / 102672.0,
            -2260.0 / 8211.0,
        ],
    ],
    b: &[
        82889.0 / 524892.0,
        0.0,
        15625.0 / 83664.0,
        69875.0 / 102672.0,
        -2260.0 / 8211.0,
        0.25,
    ],
    b_hat: &[
        4586570599.0 / 29645900160.0,
        0.0,
        178811875.0 / 945068544.0,
        814220225.0 / 1159782912.0,
        -3700637.0 / 11593932.0,
        61727.0 / 225920.0,
    ],
};

/// All of them.
pub const ALL: &[&Additive] = &[&ARK3, &ARK4];

impl Additive {
    /// Weights are numbered stage by stage, then come those of the end (without the state, whose weight is that of the last stage, as
    /// the method is stiffly accurate), then those of the error.
    pub(super) fn plan(&self) -> Plan {
        let (s, mut next) = (self.c.len(), 0);
        let mut number = || {
            next += 1;
            next - 1
        };
        let mut row = |start: bool, stages: usize| -> Row {
            let start = start.then_some(Vector::Start);
            let vectors = start.into_iter().chain((0..stages).map(Vector::Stage));
            vectors.map(|vector| (number(), vector)).collect()
        };
        let stages: Vec<Row> = (1..s).map(|i| row(true, i)).collect();
        let state = stages[s - 2][0];
        let end = [vec![state], row(false, s)].concat();
        let error = row(true, s);
        Plan {
            times: self.c,
            stages,
            end,
            error,
            trend: None,
            n_weights: next,
        }
    }

    pub(super) fn weights<T: Number>(
        &self,
        n_modes: usize,
        h: f64,
        z: impl Fn(usize) -> T,
        mut put: impl FnMut(usize, &[T]),
    ) {
        let s = self.c.len();
        let mut weights: Vec<T> = Vec::new();
        for mode in 0..n_modes {
            let z = z(mode);
            weights.clear();
            // Stage i is `r (u + h Σ_j explicit_ij N_j + z Σ_m implicit_im U_m)`, r = 1/(1 − γ z), with the earlier stages put in.
            let r = T::real(1.0).plus(z.scaled(-self.gamma)).inverse();
            for i in 1..s {
                let (explicit, implicit) = (self.explicit[i - 1], self.implicit[i - 1]);
                let state = self.implicit_sum(implicit, &weights, None).times(z);
                weights.push(state.plus(T::real(1.0)).times(r));
                for (j, a) in explicit.iter().enumerate() {
                    let implicit = self.implicit_sum(implicit, &weights, Some(j));
                    weights.push(implicit.times(z).plus(T::real(h * a)).times(r));
                }
            }
            let stages = weights.len();
            let last = stages - (s - 1);
            for j in 0..s {
                let explicit = self.explicit[s - 2].get(j).copied().unwrap_or(0.0);
                let stage = if j + 1 < s {
                    weights[last + j]
                } else {
                    T::real(0.0)
                };
                weights.push(stage.plus(T::real(h * (self.b[j] - explicit))));
            }
            let difference: Vec<f64> = self
                .b
                .iter()
                .zip(self.b_hat)
                .map(|(b, b_hat)| b - b_hat)
                .collect();
            let state = self.implicit_sum(&difference, &weights[..stages], None);
            weights.push(state.times(z));
            for (j, d) in difference.iter().enumerate() {
                let implicit = self.implicit_sum(&difference, &weights[..stages], Some(j));
                weights.push(implicit.times(z).plus(T::real(h * d)));
            }
            put(mode, &weights);
        }
    }

    /// `Σ_m a_m` times the weight of `N_j`, or of the state, in stage `m`.
    fn implicit_sum<T: Number>(&self, a: &[f64], weights: &[T], of: Option<usize>) -> T {
        let weight = |m: usize| match of {
            None if m == 0 => Some(T::real(1.0)),
            // The weights of stage m ≥ 1 begin after those of the stages before it, of which stage i has i + 1.
            None => Some(weights[m * (m + 1) / 2 - 1]),
            Some(j) if j < m => Some(weights[m * (m + 1) / 2 + j]),
            Some(_) => None,
        };
        let terms = a
            .iter()
            .enumerate()
            .filter_map(|(m, &a)| Some(weight(m)?.scaled(a)));
        terms.fold(T::real(0.0), T::plus)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Order conditions of additive methods for every mix of the two tableaus, up to order 4.
    #[test]
    fn tableaus_meet_their_order_conditions() {
        for tableau in [&ARK3, &ARK4] {
            let s = tableau.c.len();
            let full = |rows: &[&[f64]], diagonal: f64| -> Vec<Vec<f64>> {
                let mut full = vec![vec![0.0; s]; s];
                for (i, row) in rows.iter().enumerate() {
                    full[i + 1][..row.len()].copy_from_slice(row);
                    full[i + 1][i + 1] = diagonal;
                }
                full
            };
            let matrices = [
                full(tableau.explicit, 0.0),
                full(tableau.implicit, tableau.gamma),
            ];
            let apply = |a: &Vec<Vec<f64>>, v: &[f64]| -> Vec<f64> {
                a.iter()
                    .map(|row| row.iter().zip(v).map(|(a, v)| a * v).sum())
                    .collect()
            };
            let c = tableau.c;
            let squares: Vec<f64> = c.iter().map(|c| c * c).collect();
            let cubes: Vec<f64> = c.iter().map(|c| c * c * c).collect();
            let check = |b: &[f64], v: &[f64], exact: f64, what: &str| {
                let sum: f64 = b.iter().zip(v).map(|(b, v)| b * v).sum();
                assert!(
                    (sum - exact).abs() < 1e-12,
                    "{}, {what}: {sum}",
                    tableau.name
                );
            };
            for a in &matrices {
                for (row, c) in apply(a, &vec![1.0; s]).iter().zip(c) {
                    assert!(
                        (row - c).abs() < 1e-12,
                        "{}: row sum {row} for {c}",
                        tableau.name
                    );
                }
            }
            for (b, order) in [
                (tableau.b, tableau.order),
                (tableau.b_hat, tableau.embedded_order),
            ] {
                check(b, &vec![1.0; s], 1.0, "1");
                check(b, c, 0.5, "c");
                if order < 3 {
                    continue;
                }
                check(b, &squares, 1.0 / 3.0, "c²");
                for a in &matrices {
                    check(b, &apply(a, c), 1.0 / 6.0, "A c");
                }
                if order < 4 {
                    continue;
                }
                check(b, &cubes, 0.25, "c³");
                for a in &matrices {
                    let ac = apply(a, c);
                    let c_ac: Vec<f64> = c.iter().zip(&ac).map(|(c, ac)| c * ac).collect();
                    check(b, &c_ac, 0.125, "c A c");
                    check(b, &apply(a, &squares), 1.0 / 12.0, "A c²");
                    for outer in &matrices {
                        check(b, &apply(outer, &ac), 1.0 / 24.0, "A A c");
                    }
                }
            }
        }
    }

    #[test]
    fn implicit_tableaus_are_stiffly_accurate() {
        for tableau in [&ARK3, &ARK4] {
            let (last, rest) = tableau.b.split_last().expect("stages");
            assert_eq!(
                (*last, rest),
                (tableau.gamma, *tableau.implicit.last().expect("stages"))
            );
        }
    }
}
