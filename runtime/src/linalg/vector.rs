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

/// The largest `|v·w|`; not a number if one of them is.
pub fn weighted_max(v: &[f64], w: &[f64]) -> f64 {
    let mut largest = [0.0f64; LANES];
    let (v8, w8) = (v.chunks_exact(LANES), w.chunks_exact(LANES));
    let rest = v8.remainder().iter().zip(w8.remainder());
    let mut all = rest.fold(0.0, |largest, (v, w)| larger(largest, v * w));
    for (v, w) in v8.zip(w8) {
        for k in 0..LANES {
            largest[k] = larger(largest[k], v[k] * w[k]);
        }
    }
    for x in largest {
        all = larger(all, x);
    }
    all
}

/// Keeps what is not a number, other than `f64::max`.
fn larger(largest: f64, x: f64) -> f64 {
    if x.abs() > largest || x.is_nan() {
        x.abs()
    } else {
        largest
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_agree_with_their_definitions_at_every_length() {
        for n in 0..40 {
            let v: Vec<f64> = (0..n).map(|i| (i as f64 * 1.7).sin()).collect();
            let w: Vec<f64> = (0..n).map(|i| 1.0 + (i as f64 * 0.3).cos().abs()).collect();
            let products = || v.iter().zip(&w).map(|(v, w)| v * w);
            let squares: f64 = products().map(|x| x * x).sum();
            assert!((dot(&v, &w) - products().sum::<f64>()).abs() < 1e-12);
            assert_eq!(
                weighted_max(&v, &w),
                products().fold(0.0, |m: f64, x| m.max(x.abs()))
            );
            if n > 0 {
                assert!((weighted_rms(&v, &w) - (squares / n as f64).sqrt()).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn the_largest_keeps_what_is_not_a_number() {
        for at in [0, 3, 17, 18] {
            let mut v = vec![1.0; 19];
            v[at] = f64::NAN;
            assert!(weighted_max(&v, &[1.0; 19]).is_nan());
        }
    }
}
