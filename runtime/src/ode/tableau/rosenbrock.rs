//! Rosenbrock-Wanner methods with stiffly accurate weights and dense output.
//!
//! # References
//! - [HW96] E. Hairer, G. Wanner, *Solving Ordinary Differential Equations II*, 2nd ed., Springer 1996, IV.7.

/// A method in the transformed variables `U = Γ k` of [HW96, eq. (IV.7.25)], which need no product with the Jacobian:
/// `(I/(hγ) - J) U_i = f(t + c_i h, u + Σ a_ij U_j) + Σ (C_ij/h) U_j + h d_i ∂f/∂t`.
/// The new state is the last stage's argument plus the last `U`, which is also the error estimate.
pub struct Rosenbrock {
    /// Name in the literature.
    pub name: &'static str,
    /// One line for lists.
    pub about: &'static str,
    /// Order of the formula that carries the solution on.
    pub order: u32,
    /// Order of the embedded formula.
    pub embedded_order: u32,
    /// Order of dense output on non-stiff problems.
    pub dense_order: u32,
    /// The diagonal coefficient γ.
    pub gamma: f64,
    /// Strictly lower triangle, one row per stage.
    pub a: &'static [&'static [f64]],
    /// Strictly lower triangle `C` (upper-case in [HW96]).
    pub c_lower: &'static [&'static [f64]],
    /// Nodes.
    pub c: &'static [f64],
    /// Weights of `h ∂f/∂t`.
    pub d: &'static [f64],
    /// Rows `H_l` of dense output: with `K_l = Σ_j H_lj U_j`,
    /// `u(t + θh) = (1 - θ) u_old + θ (u_new + (1 - θ)(K_1 + θ (K_2 + θ K_3)))`.
    pub dense: [&'static [f64]; 3],
}

/// All Rosenbrock methods.
pub const ALL: &[&Rosenbrock] = &[&RODAS5P];

/// Steinebach's L-stable method of order 5(4) with stiffly accurate dense output of order 4: the default for small stiff problems.
///
/// # References
/// G. Steinebach, *Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia Differential Equations
/// package*, BIT Numer. Math. 63 (2023) 27, doi:10.1007/s10543-023-00967-x.
#[rustfmt::skip]
pub const RODAS5P: Rosenbrock = Rosenbrock {
    name: "Rodas5P",
    about: "Rosenbrock-Wanner 5(4) of Steinebach, for stiff problems with few states",
    order: 5,
    embedded_order: 4,
    dense_order: 4,
    gamma: 0.21193756319429014,
    a: &[
        &[],
        &[3.0],
        &[2.849394379747939, 0.45842242204463923],
        &[-6.954028509809101, 2.489845061869568, -10.358996098473584],
        &[2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
        &[-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946],
        &[-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946, 1.0],
        &[-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946, 1.0, 1.0],
    ],
    c_lower: &[
        &[],
        &[-14.155112264123755],
        &[-17.97296035885952, -2.859693295451294],
        &[147.12150275711716, -1.41221402718213, 71.68940251302358],
        &[165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
        &[24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
        &[30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623, -28.087943162872662],
        &[37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002, -54.66780262877968, -9.48861652309627],
    ],
    c: &[0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0],
    d: &[0.21193756319429014, -0.42387512638858027, -0.3384627126235924, 1.8046452872882734, 2.325825639765069, 0.0, 0.0, 0.0],
    dense: [
        &[25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073, 1.1241088310450404, 0.4272876194431874, -0.17202221070155493],
        &[-9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044, 15.98066361424651, -6.789040303419874, -6.710236069923372],
        &[11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654, -59.78993625266729, -0.15582684282751913, 4.883087185713722],
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linalg::dense::DenseLu;
    use crate::ode::tableau::trees::{Tree, dot, trees, violation};

    /// Room for 16-digit coefficients of size 100.
    const ROUNDING: f64 = 2e-12;

    /// The method in its original variables: `α`, `β = α + Γ`, and what takes weights of `U` to weights of `k`.
    struct Original {
        alpha: Vec<Vec<f64>>,
        beta: Vec<Vec<f64>>,
        gamma: Vec<Vec<f64>>,
    }

    impl Original {
        /// `Γ = (I/γ - C)⁻¹`, `α = a Γ` [HW96, eq. (IV.7.25)].
        fn of(method: &Rosenbrock) -> Self {
            let s = method.c.len();
            let mut lu = DenseLu::new(s);
            let fill = |m: &mut [f64]| {
                for i in 0..s {
                    m[i * s + i] = 1.0 / method.gamma;
                    for (j, c) in method.c_lower[i].iter().enumerate() {
                        m[j * s + i] = -c;
                    }
                }
            };
            lu.factor(fill).expect("triangular");
            let mut gamma = vec![vec![0.0; s]; s];
            for j in 0..s {
                let mut column = vec![0.0; s];
                column[j] = 1.0;
                lu.solve(&mut column);
                (0..s).for_each(|i| gamma[i][j] = column[i]);
            }
            let alpha: Vec<Vec<f64>> = method
                .a
                .iter()
                .map(|row| weights_of_k(row, &gamma))
                .collect();
            let sum =
                |(a, g): (&Vec<f64>, &Vec<f64>)| a.iter().zip(g).map(|(a, g)| a + g).collect();
            let beta = alpha.iter().zip(&gamma).map(sum).collect();
            Self { alpha, beta, gamma }
        }

        fn trees(&self, order: u32) -> Vec<Tree> {
            trees(order, &self.alpha, &self.beta)
        }
    }

    fn weights_of_k(row: &[f64], gamma: &[Vec<f64>]) -> Vec<f64> {
        (0..gamma.len())
            .map(|j| row.iter().zip(gamma).map(|(m, g)| m * g[j]).sum())
            .collect()
    }

    /// Weights of `U` in the new state.
    fn weights(method: &Rosenbrock) -> Vec<f64> {
        let last = method.a.last().expect("stages");
        last.iter().copied().chain([1.0]).collect()
    }

    #[test]
    fn nodes_are_row_sums() {
        for method in ALL {
            let original = Original::of(method);
            for i in 0..method.c.len() {
                let (alpha, gamma): (f64, f64) = (
                    original.alpha[i].iter().sum(),
                    original.gamma[i].iter().sum(),
                );
                assert!((alpha - method.c[i]).abs() < ROUNDING, "c_{i}: {alpha}");
                assert!((gamma - method.d[i]).abs() < ROUNDING, "d_{i}: {gamma}");
            }
        }
    }

    #[test]
    fn weights_have_exactly_the_order() {
        for method in ALL {
            let original = Original::of(method);
            let trees = original.trees(method.order + 1);
            let u = weights(method);
            let mut embedded = u.clone();
            *embedded.last_mut().expect("stages") = 0.0;
            for (u, p) in [(u, method.order), (embedded, method.embedded_order)] {
                let b = weights_of_k(&u, &original.gamma);
                for q in 1..=p {
                    let violation = violation(&trees, q, 1.0, &b);
                    assert!(
                        violation < ROUNDING,
                        "{} order {q}: {violation:e}",
                        method.name
                    );
                }
                assert!(
                    violation(&trees, p + 1, 1.0, &b) > 1e-7,
                    "{} has more than {p}",
                    method.name
                );
            }
        }
    }

    #[test]
    fn dense_output_has_exactly_the_order() {
        for method in ALL {
            let original = Original::of(method);
            let trees = original.trees(method.dense_order + 1);
            let m = weights(method);
            for theta in [0.1, 0.37, 0.5, 0.81] {
                let u: Vec<f64> = (0..m.len())
                    .map(|j| dense_weight(method, &m, j, theta))
                    .collect();
                let b = weights_of_k(&u, &original.gamma);
                for q in 1..=method.dense_order {
                    let violation = violation(&trees, q, theta, &b);
                    assert!(
                        violation < ROUNDING,
                        "{} θ {theta} order {q}: {violation:e}",
                        method.name
                    );
                }
                assert!(violation(&trees, method.dense_order + 1, theta, &b) > 1e-6);
            }
        }
    }

    fn dense_weight(method: &Rosenbrock, m: &[f64], j: usize, theta: f64) -> f64 {
        let [k1, k2, k3] = method.dense.map(|row| row[j]);
        theta * (m[j] + (1.0 - theta) * (k1 + theta * (k2 + theta * k3)))
    }

    #[test]
    fn damps_infinitely_stiff_components() {
        for method in ALL {
            // R(∞) = 1 - bᵀβ⁻¹1 = 1 - Σ m_j (C a… ) is zero when the last stages are stiffly accurate; tried at z = -1e8.
            let original = Original::of(method);
            let b = weights_of_k(&weights(method), &original.gamma);
            let z = -1e8;
            let s = b.len();
            let mut lu = DenseLu::new(s);
            let fill = |m: &mut [f64]| {
                for i in 0..s {
                    for j in 0..s {
                        m[j * s + i] = f64::from(u8::from(i == j)) - z * original.beta[i][j];
                    }
                }
            };
            lu.factor(fill).expect("triangular");
            let mut k = vec![1.0; s];
            lu.solve(&mut k);
            assert!((1.0 + z * dot(&b, &k)).abs() < 1e-5, "{}", method.name);
        }
    }
}
