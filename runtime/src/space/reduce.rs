//! Scalars from arrays: integrals, means and extremes over a grid.

use ansatz_compiler::system::space::program::Reduction;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSlice;

use super::layout::Layout;

/// Nodes that a thread reduces before it asks for more.
const CHUNK: usize = 1 << 15;
/// Numbers compared at once.
const LANES: usize = 8;

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
        Reduction::Minimum => extreme(nodes, f64::INFINITY, |a, b| a < b),
        Reduction::Maximum => extreme(nodes, f64::NEG_INFINITY, |a, b| a > b),
    }
}

fn integral(nodes: &[f64], layout: &Layout) -> f64 {
    let [nx, ny, _] = layout.shape.n;
    let [x, y, z] = &layout.weights;
    let of_row = |row: usize, values: &[f64]| y[row % ny] * z[row / ny] * dot(x, values);
    if nodes.len() <= CHUNK {
        let rows = nodes.chunks_exact(nx).enumerate();
        return rows.map(|(row, values)| of_row(row, values)).sum();
    }
    let rows = nodes.par_chunks_exact(nx).with_min_len(CHUNK.div_ceil(nx));
    let sums: Vec<f64> = rows
        .enumerate()
        .map(|(row, values)| of_row(row, values))
        .collect();
    sums.iter().sum()
}

/// The value that beats all others; not a number if there is one that is not.
fn extreme(nodes: &[f64], start: f64, beats: impl Fn(f64, f64) -> bool + Sync) -> f64 {
    let better = |a: f64, b: f64| if a.is_nan() || beats(a, b) { a } else { b };
    let of_chunk = |chunk: &[f64]| {
        let (blocks, rest) = chunk.as_chunks::<LANES>();
        let mut best = [start; LANES];
        for block in blocks {
            for lane in 0..LANES {
                best[lane] = better(best[lane], block[lane]);
            }
        }
        best.iter().chain(rest).copied().fold(start, better)
    };
    if nodes.len() <= CHUNK {
        return of_chunk(nodes);
    }
    let chunks = nodes.par_chunks(CHUNK).map(of_chunk);
    chunks.reduce(|| start, better)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_of_any_length_show_what_is_not_a_number() {
        for n in [1, 7, 100, 3 * CHUNK] {
            let mut values: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let maximum = |values: &[f64]| extreme(values, f64::NEG_INFINITY, |a, b| a > b);
            assert_eq!(maximum(&values), largest);
            values[n / 2] = f64::NAN;
            assert!(maximum(&values).is_nan(), "{n}");
        }
    }
}
