//! What works along whole lines: quadrature weights and Chebyshev differentiation.

use std::f64::consts::PI;

use super::interpreter::Interpreter;
use crate::system::space::program::NodeKind;

impl Interpreter<'_> {
    /// Weights of the nodes of an axis in integrals.
    pub(super) fn quadrature(&self, axis: usize) -> Vec<f64> {
        let grid_axis = &self.axes()[axis];
        let n = grid_axis.points as usize;
        let h = self.scalar(grid_axis.spacing);
        let mut weights = match grid_axis.nodes {
            NodeKind::Periodic | NodeKind::Cells { .. } => vec![h; n],
            NodeKind::Ends => {
                let mut weights = vec![h; n];
                weights[0] = h / 2.0;
                weights[n - 1] = h / 2.0;
                weights
            }
            NodeKind::Lobatto => clenshaw_curtis(n, h * (n - 1) as f64),
        };
        if let Some((symbol, map)) = grid_axis.map {
            let mut pool = self.pool.clone();
            let slope = pool.derivative(map, symbol);
            let mut symbols = self.symbols.clone();
            for (i, weight) in weights.iter_mut().enumerate() {
                symbols[symbol.0 as usize] = self.coordinate(axis, i as f64).1;
                *weight *= pool.eval(&[slope], &symbols)[0];
            }
        }
        weights
    }

    /// The derivative along a Lobatto axis.
    pub(super) fn along(&self, axis: usize, values: &[f64], order: u32) -> Vec<f64> {
        let grid_axis = &self.axes()[axis];
        let n = grid_axis.points as usize;
        let length = self.scalar(grid_axis.spacing) * (n - 1) as f64;
        let matrix = differentiation(n, length);
        let stride: usize = self.sizes()[..axis].iter().product();
        let mut values = values.to_vec();
        for _ in 0..order {
            let of = |i: usize| {
                let m = i / stride % n;
                let start = i - m * stride;
                (0..n)
                    .map(|j| matrix[m][j] * values[start + j * stride])
                    .sum()
            };
            values = (0..values.len()).map(of).collect();
        }
        values
    }
}

/// The differentiation matrix at `L(1 - cos(πi/(n - 1)))/2`, rows summing to 0.
///
/// # References
/// L. N. Trefethen, *Spectral Methods in MATLAB*, SIAM 2000, doi:10.1137/1.9780898719598, chapter 6.
fn differentiation(n: usize, length: f64) -> Vec<Vec<f64>> {
    let x = |i: usize| -(PI * i as f64 / (n - 1) as f64).cos();
    let c = |i: usize| if i == 0 || i == n - 1 { 2.0 } else { 1.0 };
    let sign = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
    let mut matrix = vec![vec![0.0; n]; n];
    for (i, row) in matrix.iter_mut().enumerate() {
        for j in (0..n).filter(|j| *j != i) {
            row[j] = 2.0 / length * c(i) / c(j) * sign(i + j) / (x(i) - x(j));
        }
        row[i] = -row.iter().sum::<f64>();
    }
    matrix
}

/// Clenshaw–Curtis weights.
///
/// # References
/// As above, chapter 12.
fn clenshaw_curtis(n: usize, length: f64) -> Vec<f64> {
    let last = n - 1;
    let weight = |i: usize| {
        let angle = PI * i as f64 / last as f64;
        let ends = if i == 0 || i == last { 1.0 } else { 2.0 };
        let part = |k: usize| {
            let b = if 2 * k == last { 1.0 } else { 2.0 };
            b * (2.0 * k as f64 * angle).cos() / (4 * k * k - 1) as f64
        };
        let sum: f64 = (1..=last / 2).map(part).sum();
        length / 2.0 * ends / last as f64 * (1.0 - sum)
    };
    (0..n).map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_functions_are_differentiated_and_integrated() {
        for n in [16, 17] {
            let x: Vec<f64> = (0..n)
                .map(|i| 1.0 - (PI * i as f64 / (n - 1) as f64).cos())
                .collect();
            let matrix = differentiation(n, 2.0);
            for (row, x_i) in matrix.iter().zip(&x) {
                let slope: f64 = row.iter().zip(&x).map(|(d, x)| d * x.exp()).sum();
                assert!((slope - x_i.exp()).abs() < 1e-10);
            }
            let weights = clenshaw_curtis(n, 2.0);
            let integral: f64 = weights.iter().zip(&x).map(|(w, x)| w * x.exp()).sum();
            assert!(
                (integral - (2f64.exp() - 1.0)).abs() < 1e-13,
                "{n} {integral}"
            );
        }
    }
}
