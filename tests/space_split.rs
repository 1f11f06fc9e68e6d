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
use ansatz_tests::field_runs::{program, run};
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
        mirror: None,
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

/// Differences of second order at walls are those of the mirror images, so that modes and nodes give the same solution.
#[test]
fn fields_between_walls_go_on_as_their_mirror_images() {
    let cases = [
        // Sines along a line.
        "domain rod: x in 0..1, 21 points
         field u on rod = sin(pi*x) - sin(2*pi*x)/2
         dt(u) = 0.1*dxx(u) + u - u^3
         at boundary: u = 0",
        // Cosines, two fields coupled in the linear part, a term over the other coordinate, numbers of time.
        "domain square: x in 0..1, 12 points, periodic; y in 0..1, 9 points
         field u on square = 1 + cos(pi*y)*sin(2*pi*x), v on square = y
         dt(u) = 0.1*lap(u) + v - u*v^2 + sin(2*pi*x)*cos(t)
         dt(v) = 0.02*lap(v) - u + dot(grad(u), grad(v))
         at boundary: dy(u) = 0, dy(v) = 0",
        // Both kinds, about different axes of a box.
        "domain box: x in 0..1, 7 points; y in 0..1, 6 points, periodic; z in 0..2, 8 points
         field u on box = sin(pi*x)*cos(pi*z/2)*(1 + sin(2*pi*y)/2)
         dt(u) = 0.1*lap(u) + u*dz(u)^2 + dy(u)
         at x = 0, x = 1: u = 0
         at z = 0, z = 2: dz(u) = 0",
        // Vortices in a box with free slip.
        "domain box: x in 0..1, 11 points; y in 0..1, 13 points
         field w on box = 10*sin(pi*x)*sin(2*pi*y) + 3*sin(2*pi*x)*sin(pi*y)
         field psi on box
         constraint lap(psi) = -w
         dt(w) + dot(curl(psi), grad(w)) = 0.05*lap(w)
         at boundary: w = 0, psi = 0",
    ];
    for text in cases {
        let at_end = |solver: &str| {
            let saved = run(&format!(
                "{text}
                 scheme central(order = 2)
                 simulate {{ until = 0.5; save = [0.5]; solver = {solver}; rtol = 1e-9; atol = 1e-10 }}"
            ));
            assert_eq!(saved.outcome.failure, None, "{text}");
            saved.rows[0].fields[0].clone()
        };
        let (modes, nodes) = (at_end("ETDRK4"), at_end("Vern7"));
        let largest = nodes.iter().fold(0.0, |most: f64, u| most.max(u.abs()));
        let errors = modes.iter().zip(&nodes).map(|(a, b)| (a - b).abs());
        let error = errors.fold(0.0, f64::max);
        assert!(
            error < 1e-7 && largest > 0.05,
            "{error:e} of {largest}\n{text}"
        );
    }
}

/// What the images would not be solutions of is left to methods for nodes.
#[test]
fn equations_that_do_not_keep_images_are_not_mirrored() {
    let rod = "domain rod: x in 0..1, 21 points\nfield u on rod = 1\n";
    for (rest, why) in [
        (
            "dt(u) = dxx(u) + 1\nat boundary: u = 0",
            "does not keep it odd",
        ),
        (
            "dt(u) = dxx(u) + u^2\nat boundary: u = 0",
            "does not keep it odd",
        ),
        (
            "dt(u) = dxx(u) - dx(u)\nat boundary: dx(u) = 0",
            "does not keep it even",
        ),
        (
            "dt(u) = dxx(u) + x\nat boundary: dx(u) = 0",
            "does not keep it even",
        ),
        ("dt(u) = dxx(u)\nat boundary: u = 1", "neither odd nor even"),
        (
            "dt(u) = dxx(u)\nat x = 0: u = 0\nat x = 1: dx(u) = 0",
            "neither odd nor even",
        ),
        (
            "dt(u) = dxx(u) - mean(u)\nat boundary: dx(u) = 0",
            "means or extrema",
        ),
    ] {
        let program = program(&format!("{rod}{rest}\nsimulate {{ until = 1 }}"));
        let grid = &program.grids[0];
        assert!(grid.programs.split.is_none(), "{rest}");
        let text = program.with_pool(|pool| grid.display(pool).to_string());
        assert!(text.contains(why), "{rest}: {text}");
    }
}

#[test]
fn coefficients_that_vary_little_leave_their_mean_in_the_linear_part() {
    for row in [
        "D*(1 + sin(x)/4)*dxx(u) - u^3",
        "div(D*(1 + sin(x)/4)*grad(u)) - u*dx(u)",
    ] {
        for scheme in ["fourier", "central(order = 2)"] {
            let at_end = |solver: &str| {
                let saved = run(&format!(
                    "param D = 0.2
                     domain ring: x in 0..2*pi, 40 points, periodic
                     field u on ring = cos(x) + sin(2*x)/2
                     dt(u) = {row}
                     scheme {scheme}
                     simulate {{ until = 0.5; save = [0.5]; solver = {solver}; rtol = 1e-9; atol = 1e-10 }}"
                ));
                assert_eq!(saved.outcome.failure, None, "{row}");
                (saved.rows[0].fields[0].clone(), saved.outcome.method)
            };
            let ((modes, method), (nodes, _)) = (at_end("auto"), at_end("Vern7"));
            assert!(method.starts_with("ETDRK4"), "{row}: {method}");
            let errors = modes.iter().zip(&nodes).map(|(a, b)| (a - b).abs());
            let error = errors.fold(0.0, f64::max);
            assert!(error < 1e-6, "{scheme}, {row}: {error:e}");
        }
    }
    let program = program(
        "domain ring: x in 0..2*pi, 40 points, periodic
         field u on ring = cos(x)
         dt(u) = (1.1 + sin(x))*dxx(u)
         simulate { until = 1 }",
    );
    let split = program.grids[0].programs.split.as_ref();
    assert_eq!(split.expect("the ring is periodic").linear, []);
}

/// Two transforms instead of three, by a rule that only this model has.
#[test]
fn rules_of_users_are_used_for_fields() {
    let transforms = |rule: &str| {
        let program = program(&format!(
            "{rule}
             domain ring: x in 0..2*pi, 32 points, periodic
             field u on ring = cos(x)
             dt(u) = -exp(u)*dx(u) + dxx(u)
             simulate {{ until = 1 }}"
        ));
        let split = program.grids[0].programs.split.as_ref();
        split
            .expect("the ring is periodic")
            .nonlinear
            .n_transforms()
    };
    assert_eq!(transforms(""), 3);
    assert_eq!(transforms("rule chain: exp(a)*dx(a) => dx(exp(a))"), 2);
}
