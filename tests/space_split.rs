//! Split programs: linear part and rest as steppers see them.

use std::f64::consts::TAU;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::codegen::row::{Arithmetic, RowOptions};
use ansatz_compiler::program::space::compile_split;
use ansatz_compiler::system::space::program::{
    ArrayId, ArrayKind, Cut, Mean, Multiplier, NodeKind, Split, Step,
};
use ansatz_compiler::terms::Number;
use ansatz_runtime::space::split::SplitExecutor;
use ansatz_runtime::space::steppers::{SplitEquations, Symbol};
use ansatz_runtime::space::transform::Complex64;
use ansatz_tests::space::{LENGTH, assert_close, load};

/// Burgers: `∂x² u` is linear, `-½ ∂x(u²)` is not; two thirds of the modes are kept.
#[test]
fn a_split_knows_its_linear_part_and_the_rest() {
    let mut load = load(&[(32, NodeKind::Periodic), (8, NodeKind::Periodic)], true);
    load.program.arrays[0] = ArrayKind::Modes;
    let (u, square, hat, to) = (
        load.array(ArrayKind::Nodes),
        load.array(ArrayKind::Nodes),
        load.array(ArrayKind::Modes),
        load.array(ArrayKind::Modes),
    );
    let (read, value) = load.read(u, [0; 3]);
    let term = load.pool.mul(value, value);
    let k = load.program.grid.axes[0].wavenumber;
    let k = load.pool.var(k);
    let zero = load.pool.int(0);
    let im = load.pool.scale(&Number::ratio(-1, 2).unwrap(), k);
    let re = load.pool.mul(k, k);
    let re = load.pool.neg(re);
    let keep = Cut::Fraction(Number::ratio(2, 3).unwrap());
    load.program.steps = vec![
        Step::Inverse {
            from: ArrayId(0),
            to: u,
        },
        Step::Pointwise {
            reads: vec![read],
            outputs: vec![(square, term)],
        },
        Step::Forward {
            from: square,
            to: hat,
        },
        Step::Diagonal {
            terms: vec![(hat, Multiplier { re: zero, im })],
            to,
            keep: keep.clone(),
            mean: Mean::Computed,
        },
    ];
    load.program.outputs = vec![to];
    let split = Split {
        linear: vec![(0, 0, Multiplier { re, im: zero })],
        nonlinear: load.program.clone(),
        keep,
    };
    let options = RowOptions {
        arithmetic: Arithmetic::Fast,
        tier: Tier::Auto,
    };
    let code = compile_split(&load.pool, &split, &load.parameters, options).unwrap();
    let mut executor = SplitExecutor::new(&code, &[LENGTH], Some(0)).unwrap();
    let [x, y, _] = executor.layout().coordinates.clone();
    let k = TAU / LENGTH;
    let at = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        let rows = y
            .iter()
            .map(|&y| x.iter().map(|&x| f(x, y)).collect::<Vec<_>>());
        rows.flatten().collect()
    };
    let nodes = at(&|x, y| 0.5 + (2.0 * k * x).sin() + (k * y).cos() + (13.0 * k * x).cos());
    let mut modes = vec![Complex64::default(); executor.n_modes()];
    executor.to_modes(&nodes, &mut modes);
    let kept = at(&|x, y| 0.5 + (2.0 * k * x).sin() + (k * y).cos());
    let mut back = vec![0.0; nodes.len()];
    executor.to_nodes(&modes, &mut back);
    assert_close(&back, &kept, 1e-14);
    let squares = modes.iter().map(|mode| mode.norm_sqr());
    let mean_square: f64 = squares.zip(executor.weights()).map(|(s, w)| s * w).sum();
    assert!((mean_square - 1.25).abs() < 1e-14, "{mean_square}");
    // -u·∂x u
    let expected = at(&|x, y| {
        let (s, c) = (2.0 * k * x).sin_cos();
        -(0.5 + s + (k * y).cos()) * 2.0 * k * c
    });
    let mut out = modes.clone();
    executor.nonlinear(0.0, &modes, &mut out);
    executor.to_nodes(&out, &mut back);
    assert_close(&back, &expected, 1e-13);
    let linear = executor.linear();
    let [(0, 0, Symbol::Real(symbol))] = &linear.entries[..] else {
        panic!("one real entry")
    };
    // ∂x² of the kept modes.
    let product = modes.iter().zip(symbol).map(|(mode, symbol)| mode * symbol);
    executor.to_nodes(&product.collect::<Vec<_>>(), &mut back);
    let expected = at(&|x, _| -4.0 * k * k * (2.0 * k * x).sin());
    // Rounding errors of the modes grow by symbols up to a thousand.
    assert_close(&back, &expected, 1e-11);
}
