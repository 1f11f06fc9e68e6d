//! Explicit Runge-Kutta pairs with dense output.
//!
//! Adding a method: one constant with its reference, listed in [`ALL`]. The tests below then check its order conditions.

/// An explicit pair: `u_new = u + h Σ b_i k_i` with `k_i = f(t + c_i h, u + h Σ a_ij k_j)`, an embedded formula for the error, and a
/// continuous extension `u(t + θh) = u + h Σ b_i(θ) k_i`.
pub struct Explicit {
    /// Name in the literature.
    pub name: &'static str,
    /// One line for lists.
    pub about: &'static str,
    /// Order of the formula that carries the solution on.
    pub order: u32,
    /// Order of the embedded formula.
    pub embedded_order: u32,
    /// Order of the continuous extension: its local error is `O(h^(dense_order + 1))`.
    pub dense_order: u32,
    /// Nodes, one per stage; those after the stages of `b` serve dense output only and are evaluated when it is asked for.
    pub c: &'static [f64],
    /// Strictly lower triangle, one row per stage.
    pub a: &'static [&'static [f64]],
    /// Weights.
    pub b: &'static [f64],
    /// Weights of the embedded formula.
    pub b_hat: &'static [f64],
    /// Row i: coefficients of θ, θ², … in `b_i(θ)`; empty rows are zero.
    pub dense: &'static [&'static [f64]],
    /// The stage that equals `f(t + h, u_new)` and so begins the next step (its row of `a` is `b`).
    pub at_end: usize,
    /// Two stages of the step at the same node: from the difference of their values the stiffness is estimated [HW96, IV.2].
    pub twins: (usize, usize),
    /// Length of the stability interval on the negative real axis.
    pub stability: f64,
}

/// All explicit methods.
pub const ALL: &[&Explicit] = &[&TSIT5, &VERN7];

/// Tsitouras' 5(4) pair with its free dense output of order 4: the default for non-stiff problems.
///
/// # References
/// Ch. Tsitouras, *Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying assumption*,
/// Comput. Math. Appl. 62 (2011) 770-775, doi:10.1016/j.camwa.2011.06.002.
#[rustfmt::skip]
pub const TSIT5: Explicit = Explicit {
    name: "Tsit5",
    about: "explicit Runge-Kutta 5(4) of Tsitouras, for non-stiff problems",
    order: 5,
    embedded_order: 4,
    dense_order: 4,
    c: &[0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0],
    a: &[
        &[],
        &[0.161],
        &[-0.008480655492356989, 0.335480655492357],
        &[2.8971530571054935, -6.359448489975075, 4.3622954328695815],
        &[5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
        &[5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
        &[0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
    ],
    b: &[0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0.0],
    b_hat: &[0.09468075576583945, 0.009183565540343254, 0.4877705284247616, 1.234297566930479, -2.7077123499835256, 1.866628418170587, 0.015151515151515152],
    dense: &[
        &[1.0, -2.763706197274826, 2.9132554618219126, -1.0530884977290216],
        &[0.0, 0.13169999999999998, -0.2234, 0.1017],
        &[0.0, 3.9302962368947516, -5.941033872131505, 2.490627285651253],
        &[0.0, -12.411077166933676, 30.33818863028232, -16.548102889244902],
        &[0.0, 37.50931341651104, -88.1789048947664, 47.37952196281928],
        &[0.0, -27.896526289197286, 65.09189467479366, -34.87065786149661],
        &[0.0, 1.5, -4.0, 2.5],
    ],
    at_end: 6,
    twins: (5, 6),
    stability: 3.51,
};

/// Verner's "most efficient" 7(6) pair with dense output of order 7 from six more stages. (As published, to 40 digits,
/// the dense output meets the conditions of order 7 to 3e-7 and the lower ones to rounding.)
///
/// # References
/// J. H. Verner, *Numerically optimal Runge-Kutta pairs with interpolants*, Numer. Algorithms 53 (2010) 383-396,
/// doi:10.1007/s11075-009-9290-3.
#[rustfmt::skip]
pub const VERN7: Explicit = Explicit {
    name: "Vern7",
    about: "explicit Runge-Kutta 7(6) of Verner, for non-stiff problems at tight tolerances",
    order: 7,
    embedded_order: 6,
    dense_order: 7,
    c: &[0.0, 0.005, 0.10888888888888888, 0.16333333333333333, 0.4555, 0.6095094489978381, 0.884, 0.925, 1.0, 1.0, 1.0, 0.29, 0.125, 0.25, 0.53, 0.79],
    a: &[
        &[],
        &[0.005],
        &[-1.07679012345679, 1.185679012345679],
        &[0.04083333333333333, 0.0, 0.1225],
        &[0.6389139236255726, 0.0, -2.455672638223657, 2.272258714598084],
        &[-2.6615773750187572, 0.0, 10.804513886456137, -8.3539146573962, 0.820487594956657],
        &[6.067741434696772, 0.0, -24.711273635911088, 20.427517930788895, -1.9061579788166472, 1.006172249242068],
        &[12.054670076253203, 0.0, -49.75478495046899, 41.142888638604674, -4.461760149974004, 2.042334822239175, -0.09834843665406107],
        &[10.138146522881808, 0.0, -42.6411360317175, 35.76384003992257, -4.3480228403929075, 2.0098622683770357, 0.3487490460338272, -0.27143900510483127],
        &[-45.030072034298676, 0.0, 187.3272437654589, -154.02882369350186, 18.56465306347536, -7.141809679295079, 1.3088085781613787, 0.0, 0.0],
        &[0.04715561848627222, 0.0, 0.0, 0.25750564298434153, 0.26216653977412624, 0.15216092656738558, 0.4939969170032485, -0.29430311714032503, 0.08131747232495111, 0.0],
        &[0.0523222769159969, 0.0, 0.0, 0.22495861826705715, 0.017443709248776376, -0.007669379876829393, 0.03435896044073285, -0.0410209723009395, 0.025651133005205617, 0.0, -0.0160443457],
        &[0.053053341257859085, 0.0, 0.0, 0.12195301011401886, 0.017746840737602496, -0.0005928372667681495, 0.008381833970853752, -0.01293369259698612, 0.009412056815253861, 0.0, -0.005353253107275676, -0.06666729992455811],
        &[0.03887903257436304, 0.0, 0.0, -0.0024403203308301317, -0.0013928917214672623, -0.00047446291558680135, 0.00039207932413159514, -0.00040554733285128004, 0.00019897093147716726, 0.0, -0.00010278198793179169, 0.03385661513870267, 0.1814893063199928],
        &[0.05723681204690013, 0.0, 0.0, 0.22265948066761182, 0.12344864200186899, 0.04006332526666491, -0.05269894848581452, 0.04765971214244523, -0.02138895885042213, 0.0, 0.015193891064036402, 0.12060546716289655, -0.022779423016187374, 0.0],
        &[0.051372038802756814, 0.0, 0.0, 0.5414214473439406, 0.350399806692184, 0.14193112269692182, 0.10527377478429423, -0.031081847805874016, -0.007401883149519145, 0.0, -0.006377932504865363, -0.17325495908361865, -0.18228156777622026, 0.0, 0.0],
    ],
    b: &[0.04715561848627222, 0.0, 0.0, 0.25750564298434153, 0.26216653977412624, 0.15216092656738558, 0.4939969170032485, -0.29430311714032503, 0.08131747232495111, 0.0],
    b_hat: &[0.044608606606341174, 0.0, 0.0, 0.26716403785713727, 0.22010183001772932, 0.2188431703143157, 0.22898717054112028, 0.0, 0.0, 0.02029518466335628],
    dense: &[
        &[1.0, -8.413387198332767, 33.675508884490895, -70.80159089484886, 80.64695108301298, -47.19413969837522, 11.133813442539243],
        &[],
        &[],
        &[0.0, 8.754921980674396, -88.4596828699771, 346.9017638429916, -629.2580030059837, 529.6773755604193, -167.35886986514018],
        &[0.0, 8.913387586637922, -90.06081846893218, 353.1807459217058, -640.6476819744374, 539.2646279047156, -170.38809442991547],
        &[0.0, 5.1733120298478, -52.271115900055385, 204.9853867374073, -371.8306118563603, 312.9880934374529, -98.89290352172495],
        &[0.0, 16.79537744079696, -169.70040000059728, 665.4937727009246, -1207.1638892336007, 1016.1291515818546, -321.06001557237494],
        &[0.0, -10.005997536098665, 101.1005433052275, -396.47391512378437, 719.1787707014183, -605.3681033918824, 191.27439892797935],
        &[0.0, 2.764708833638599, -27.934602637390462, 109.54779186137893, -198.7128113064482, 167.26633571640318, -52.85010499525706],
        &[],
        &[0.0, -2.1696320280163506, 22.016696037569876, -86.90152427798948, 159.22388973861476, -135.9618306534588, 43.792401183280006],
        &[0.0, -4.890070188793804, 22.75407737425176, -30.78034218537731, -2.797194317207249, 31.369456637508403, -15.655927320381801],
        &[0.0, 10.862170929551967, -50.542971417827104, 68.37148040407511, 6.213326521632409, -69.68006323194157, 34.776056794509195],
        &[0.0, -11.37286691922923, 130.79058078246717, -488.65113677785604, 832.2148793276441, -664.7743368554426, 201.79288044241662],
        &[0.0, -5.919778732715007, 63.27679965889219, -265.432682088738, 520.1009254140611, -467.412109533902, 155.3868452824017],
        &[0.0, -10.492146197961823, 105.35538525188011, -409.43975011988937, 732.831448907654, -606.3044574733512, 188.0495196316683],
    ],
    at_end: 10,
    twins: (8, 9),
    stability: 4.64,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ode::tableau::trees::{Tree, dot, trees, violation};

    /// Room for 16-digit coefficients.
    const ROUNDING: f64 = 2e-13;
    /// Room for the highest order of dense output; see [`VERN7`].
    const PUBLISHED: f64 = 3e-7;

    fn matrix(method: &Explicit) -> Vec<Vec<f64>> {
        let stages = method.c.len();
        let pad = |row: &&[f64]| {
            row.iter()
                .copied()
                .chain(std::iter::repeat(0.0))
                .take(stages)
                .collect()
        };
        method.a.iter().map(pad).collect()
    }

    fn all_trees(method: &Explicit) -> Vec<Tree> {
        let a = matrix(method);
        trees(method.order + 1, &a, &a)
    }

    #[test]
    fn nodes_are_row_sums() {
        for method in ALL {
            for (row, c) in method.a.iter().zip(method.c) {
                assert!(
                    (row.iter().sum::<f64>() - c).abs() < ROUNDING,
                    "{}",
                    method.name
                );
            }
        }
    }

    #[test]
    fn weights_have_exactly_the_order() {
        for method in ALL {
            let trees = all_trees(method);
            for (b, p) in [
                (method.b, method.order),
                (method.b_hat, method.embedded_order),
            ] {
                for q in 1..=p {
                    let violation = violation(&trees, q, 1.0, b);
                    assert!(
                        violation < ROUNDING,
                        "{} order {q}: {violation:e}",
                        method.name
                    );
                }
                assert!(
                    violation(&trees, p + 1, 1.0, b) > 1e-7,
                    "{} has more than order {p}",
                    method.name
                );
            }
        }
    }

    #[test]
    fn dense_output_has_exactly_the_order() {
        for method in ALL {
            let trees = all_trees(method);
            for theta in [0.1, 0.37, 0.5, 0.81, 1.0] {
                let b: Vec<f64> = method
                    .dense
                    .iter()
                    .map(|row| row.iter().rev().fold(0.0, |sum, c| (sum + c) * theta))
                    .collect();
                for q in 1..=method.dense_order {
                    let violation = violation(&trees, q, theta, &b);
                    let room = if q == method.dense_order {
                        PUBLISHED
                    } else {
                        ROUNDING
                    };
                    assert!(
                        violation < room,
                        "{} θ {theta} order {q}: {violation:e}",
                        method.name
                    );
                }
                let next = violation(&trees, method.dense_order + 1, theta, &b);
                assert!(
                    theta == 1.0 || next > 1e-6,
                    "{} has more: {next:e}",
                    method.name
                );
            }
        }
    }

    #[test]
    fn the_last_stage_is_the_new_state() {
        for method in ALL {
            let row = method.a[method.at_end];
            assert!(
                row.iter().zip(method.b).all(|(a, b)| a == b),
                "{}",
                method.name
            );
        }
    }

    #[test]
    fn stability_interval_is_as_stated() {
        for method in ALL {
            let a = matrix(method);
            let amplification = |z: f64| {
                let mut stage = vec![0.0; method.b.len()];
                for i in 0..stage.len() {
                    stage[i] = 1.0 + z * dot(&a[i], &stage);
                }
                (1.0 + z * dot(method.b, &stage)).abs()
            };
            let length = (1..1000)
                .map(|i| f64::from(i) * 0.01)
                .find(|z| amplification(-z) > 1.0);
            let length = length.expect("explicit methods are not A-stable");
            assert!(
                (length - method.stability).abs() < 0.02,
                "{}: {length}",
                method.name
            );
        }
    }
}
