//! Scalars from arrays: integrals, means and extremes over a grid.

use ansatz_compiler::system::space::program::Reduction;

use super::layout::Layout;

/// Reduces an array; sums run along rows first and do not depend on threads.
pub(super) fn reduce(kind: Reduction, nodes: &[f64], layout: &Layout) -> f64 {
    match kind {
        Reduction::Integral => integral(nodes, layout),
        Reduction::Mean => {
            let volume: f64 = layout
                .weights
                .iter()
                .map(|w| w.iter().sum::<f64>())
                .product();
            integral(nodes, layout) / volume
        }
        Reduction::Minimum => {
            nodes.iter().copied().fold(
                f64::INFINITY,
                |a, b| {
                    if a.is_nan() || a < b { a } else { b }
                },
            )
        }
        Reduction::Maximum => {
            nodes.iter().copied().fold(
                f64::NEG_INFINITY,
                |a, b| {
                    if a.is_nan() || a > b { a } else { b }
                },
            )
        }
    }
}

fn integral(nodes: &[f64], layout: &Layout) -> f64 {
    let [nx, ny, _] = layout.shape.n;
    let [x, y, z] = &layout.weights;
    let rows = nodes.chunks_exact(nx).enumerate();
    rows.map(|(row, values)| y[row % ny] * z[row / ny] * dot(x, values))
        .sum()
}

/// In four partial sums, which rustc vectorises.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
