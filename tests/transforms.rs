//! Transforms of grids against the sums that define them.

use std::f64::consts::TAU;

use ansatz_runtime::space::layout::Shape;
use ansatz_runtime::space::modes::{Factors, frequencies, multiply};
use ansatz_runtime::space::transform::{Complex64, Transform};

/// Nodes and transformed axes.
const CASES: [([usize; 3], [bool; 3]); 14] = [
    ([1, 1, 1], [true, false, false]),
    ([2, 1, 1], [true, false, false]),
    ([16, 1, 1], [true, false, false]),
    ([15, 1, 1], [true, false, false]),
    ([8, 6, 1], [true, true, false]),
    ([5, 9, 1], [true, true, false]),
    ([20, 12, 1], [true, true, false]),
    ([7, 6, 1], [false, true, false]),
    ([10, 6, 1], [true, false, false]),
    ([4, 6, 5], [true, true, true]),
    ([5, 4, 10], [true, true, true]),
    ([4, 6, 5], [false, true, true]),
    ([4, 6, 5], [true, false, true]),
    ([4, 6, 5], [false, false, true]),
];

fn values(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64 * 12.9898 + 0.3).sin()).collect()
}

fn shape(n: [usize; 3]) -> Shape {
    Shape::new(&n.map(|n| (n, true)))
}

/// What the mode at this place of the array should be: the place along axes that are not transformed, and frequencies along the others.
fn naive(n: [usize; 3], transformed: [bool; 3], nodes: &[f64], at: [f64; 3]) -> Complex64 {
    let mut sum = Complex64::default();
    for (index, &value) in nodes.iter().enumerate() {
        let node = [index % n[0], index / n[0] % n[1], index / n[0] / n[1]];
        let mut phase = 0.0;
        let mut counts = true;
        for axis in 0..3 {
            if transformed[axis] {
                phase -= TAU * at[axis] * node[axis] as f64 / n[axis] as f64;
            } else {
                counts &= node[axis] as f64 == at[axis];
            }
        }
        if counts {
            sum += value * Complex64::from_polar(1.0, phase);
        }
    }
    sum
}

#[test]
fn modes_are_their_sums_and_return() {
    for (n, transformed) in CASES {
        let mut transform = Transform::new(shape(n), transformed);
        let nodes = values(n.iter().product());
        let mut modes = vec![Complex64::default(); transform.n_modes()];
        transform.forward(&nodes, &mut modes);
        let frequencies = frequencies(&transform, shape(n), transformed);
        let mut inner = 1;
        let mut places = [0; 3].map(|_| vec![0; modes.len()]);
        for &(axis, length) in transform.mode_axes() {
            for (mode, place) in places[axis].iter_mut().enumerate() {
                *place = mode / inner % length;
            }
            inner *= length;
        }
        for (mode, &value) in modes.iter().enumerate() {
            let at = [0, 1, 2].map(|axis| {
                if transformed[axis] {
                    frequencies[axis][mode]
                } else {
                    places[axis][mode] as f64
                }
            });
            let expected = naive(n, transformed, &nodes, at);
            assert!(
                (value - expected).norm() < 1e-12 * nodes.len() as f64,
                "{n:?} {at:?}: {value} instead of {expected}"
            );
        }
        let mut back = vec![f64::NAN; nodes.len()];
        transform.inverse(&modes, &mut back);
        for (a, b) in back.iter().zip(&nodes) {
            assert!(
                (a - b).abs() < 1e-13,
                "{n:?} {transformed:?}: {a} instead of {b}"
            );
        }
    }
}

#[test]
fn truncated_transforms_leave_out_high_modes() {
    for (n, transformed) in CASES {
        let mut whole = Transform::new(shape(n), transformed);
        let mut truncated = Transform::truncated(shape(n), transformed, 3);
        let half = whole.half_axis();
        let low = frequencies(&whole, shape(n), transformed)[half].clone();
        let nodes = values(n.iter().product());
        let [mut all, mut few] =
            [whole.n_modes(), truncated.n_modes()].map(|n| vec![Complex64::default(); n]);
        whole.forward(&nodes, &mut all);
        truncated.forward(&nodes, &mut few);
        let kept = all.iter().zip(&low).filter(|(_, m)| **m < 3.0);
        assert_eq!(kept.map(|(mode, _)| *mode).collect::<Vec<_>>(), few);
        for (mode, m) in all.iter_mut().zip(&low) {
            if *m >= 3.0 {
                *mode = Complex64::default();
            }
        }
        let [mut expected, mut found] = [nodes.clone(), nodes];
        whole.inverse(&all, &mut expected);
        truncated.inverse(&few, &mut found);
        assert_eq!(found, expected, "{n:?} {transformed:?}");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let (n, transformed) = ([130, 150, 3], [true; 3]);
    let nodes = values(n.iter().product());
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build();
        pool.unwrap().install(|| {
            let mut transform = Transform::new(shape(n), transformed);
            let mut modes = vec![Complex64::default(); transform.n_modes()];
            transform.forward(&nodes, &mut modes);
            let mut back = vec![0.0; nodes.len()];
            transform.inverse(&modes, &mut back);
            (modes, back)
        })
    };
    let one = run(1);
    assert!([2, 5].into_iter().all(|n_threads| run(n_threads) == one));
    assert!(one.1.iter().zip(&nodes).all(|(a, b)| (a - b).abs() < 1e-13));
}

#[test]
fn a_derivative_is_a_multiplication() {
    let n = [48, 32, 1];
    let (shape, transformed) = (shape(n), [true, true, false]);
    let mut transform = Transform::new(shape, transformed);
    let place = |i: usize| {
        (
            TAU * (i % n[0]) as f64 / n[0] as f64,
            TAU * (i / n[0]) as f64 / n[1] as f64,
        )
    };
    let nodes: Vec<f64> = (0..shape.len())
        .map(place)
        .map(|(x, y)| (3.0 * x).sin() * y.cos())
        .collect();
    let mut modes = vec![Complex64::default(); transform.n_modes()];
    transform.forward(&nodes, &mut modes);
    let [kx, ky, _] = frequencies(&transform, shape, transformed);
    let squares: Vec<f64> = kx.iter().zip(&ky).map(|(x, y)| -x * x - y * y).collect();
    let zero = vec![0.0; squares.len()];
    let (dx, lap) = (
        Factors::new(zero.clone(), kx),
        Factors::new(squares.clone(), zero),
    );
    let both = Factors::new(squares.clone(), squares);
    assert!(matches!(
        (&dx, &lap, &both),
        (Factors::Imaginary(_), Factors::Real(_), Factors::Complex(_))
    ));
    // ∂x u + ∇²u = (3 cot 3x - 10) u
    let mut sum = modes.clone();
    multiply(&[(&dx, &modes), (&lap, &modes)], &mut sum);
    let mut out = vec![0.0; nodes.len()];
    transform.inverse(&sum, &mut out);
    for (i, &value) in out.iter().enumerate() {
        let (x, y) = place(i);
        let expected = 3.0 * (3.0 * x).cos() * y.cos() - 10.0 * nodes[i];
        assert!(
            (value - expected).abs() < 1e-12,
            "{value} instead of {expected}"
        );
    }
    let mut complex = modes.clone();
    multiply(&[(&both, &modes), (&lap, &modes)], &mut complex);
    for ((z, factor), mode) in complex.iter().zip(&both_of(&both)).zip(&modes) {
        assert!((z - mode * (factor + factor.re)).norm() < 1e-9);
    }
    multiply(&[], &mut complex);
    assert!(complex.iter().all(|z| *z == Complex64::default()));
}

fn both_of(factors: &Factors) -> Vec<Complex64> {
    match factors {
        Factors::Complex(factors) => factors.clone(),
        Factors::Real(_) | Factors::Imaginary(_) => Vec::new(),
    }
}
