//! Loops over vectors, written with independent partial sums so that they vectorise.

const LANES: usize = 8;

/// `Σ a·b`
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a8, b8) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let mut total: f64 = a8
        .remainder()
        .iter()
        .zip(b8.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a8.zip(b8) {
        for k in 0..LANES {
            sums[k] += x[k] * y[k];
        }
    }
    for s in sums {
        total += s;
    }
    total
}

/// Euclidean norm.
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `√(Σ (v·w)²/n)`
pub fn weighted_rms(v: &[f64], w: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (v8, w8) = (v.chunks_exact(LANES), w.chunks_exact(LANES));
    let mut total: f64 = v8
        .remainder()
        .iter()
        .zip(w8.remainder())
        .map(|(x, y)| (x * y) * (x * y))
        .sum();
    for (x, y) in v8.zip(w8) {
        for k in 0..LANES {
            let p = x[k] * y[k];
            sums[k] += p * p;
        }
    }
    for s in sums {
        total += s;
    }
    (total / v.len() as f64).sqrt()
}

/// `y += a·x`
pub fn axpy(a: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// `y = a·x`
pub fn scale_into(a: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = a * x;
    }
}
