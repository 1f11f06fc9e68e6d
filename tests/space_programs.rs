//! Execution of space programs built by hand: neighbours, transforms, multipliers, boundary conditions, reductions.

use std::f64::consts::TAU;

use ansatz_compiler::system::space::program::{
    ArrayId, ArrayKind, Closure, Cut, Mean, Multiplier, NodeKind, Reduction, Side, Step,
};
use ansatz_compiler::terms::{Number, Op, Pool};
use ansatz_tests::space::{LENGTH, Load, assert_close, load};

/// Adds `to = (cross difference of from)/4`, which reads all four corners.
fn add_cross_difference(load: &mut Load, from: ArrayId) -> ArrayId {
    let mut sum = Vec::new();
    let mut reads = Vec::new();
    for (offset, sign) in [
        ([1, 1, 0], 1),
        ([-1, -1, 0], 1),
        ([1, -1, 0], -1),
        ([-1, 1, 0], -1),
    ] {
        let (read, value) = load.read(from, offset);
        reads.push(read);
        sum.push((value, Number::ratio(sign, 4).unwrap()));
    }
    let term = load.pool.linear(Number::ZERO, &sum);
    let to = load.array(ArrayKind::Nodes);
    load.program.steps.push(Step::Pointwise {
        reads,
        outputs: vec![(to, term)],
    });
    to
}

/// Closes every face by `ghost d = (d + 1)·node 0 - d·node 1`, d = 1, 2, …, which continues linear functions.
fn close_linearly(load: &mut Load, array: ArrayId, depth: i64) {
    for axis in 0..load.program.grid.axes.len() {
        for side in [Side::Lower, Side::Upper] {
            let mut inward = [0; 3];
            inward[axis] = if side == Side::Lower { 1 } else { -1 };
            let (first, a) = load.read(array, [0; 3]);
            let (second, b) = load.read(array, inward);
            let ghost = |pool: &mut Pool, d: i64| {
                let entries = [(a, Number::integer(d + 1)), (b, Number::integer(-d))];
                pool.linear(Number::ZERO, &entries)
            };
            let ghosts = (1..=depth).map(|d| ghost(&mut load.pool, d)).collect();
            load.program.closures.push(Closure {
                array,
                axis,
                side,
                reads: vec![first, second],
                node: None,
                ghosts,
            });
        }
    }
}

#[test]
fn corners_are_closed_axis_after_axis() {
    for kind in [NodeKind::Ends, NodeKind::Cells { periodic: false }] {
        let mut load = load(&[(7, kind), (5, kind)], false);
        close_linearly(&mut load, ArrayId(0), 1);
        let to = add_cross_difference(&mut load, ArrayId(0));
        load.program.outputs = vec![to];
        let mut executor = load.executor();
        let u = Load::nodes(&executor, |x, y, _| 1.0 + x - 2.0 * y + 3.0 * x * y);
        let out = load.run(&mut executor, 0.0, &u);
        let [x, y, _] = &executor.layout().coordinates;
        let expected = 3.0 * (x[1] - x[0]) * (y[1] - y[0]);
        assert_close(&out, &vec![expected; u.len()], 1e-13);
    }
}

#[test]
fn ghosts_of_three_axes_meet_in_corners() {
    let kind = NodeKind::Ends;
    let mut load = load(&[(4, kind), (5, NodeKind::Periodic), (3, kind)], false);
    load.program.grid.axes[1].nodes = kind;
    close_linearly(&mut load, ArrayId(0), 2);
    // u(i+2, j-2, k+1) of a trilinear function, everywhere
    let (read, value) = load.read(ArrayId(0), [2, -2, 1]);
    let to = load.array(ArrayKind::Nodes);
    let outputs = vec![(to, value)];
    load.program.steps.push(Step::Pointwise {
        reads: vec![read],
        outputs,
    });
    load.program.outputs = vec![to];
    let mut executor = load.executor();
    let f = |x: f64, y: f64, z: f64| (1.0 + x) * (2.0 - y) * (0.5 + z) + x * y;
    let u = Load::nodes(&executor, f);
    let [x, y, z] = &executor.layout().coordinates;
    let [hx, hy, hz] = [x[1] - x[0], y[1] - y[0], z[1] - z[0]];
    let expected = Load::nodes(&executor, |x, y, z| f(x + 2.0 * hx, y - 2.0 * hy, z + hz));
    let out = load.run(&mut executor, 0.0, &u);
    assert_close(&out, &expected, 1e-12);
}

/// A given node: `u = t·y` on the lower x face, and the neighbour of the node sees it.
#[test]
fn given_nodes_are_put_in_place() {
    let mut load = load(&[(6, NodeKind::Ends), (4, NodeKind::Periodic)], false);
    close_linearly(&mut load, ArrayId(0), 1);
    load.program.closures.truncate(2);
    let (t, y) = (
        load.program.scalars[1],
        load.program.grid.axes[1].coordinate,
    );
    let (t, y) = (load.pool.var(t), load.pool.var(y));
    load.program.closures[0].node = Some(load.pool.mul(t, y));
    let (read, value) = load.read(ArrayId(0), [-1, 0, 0]);
    let to = load.array(ArrayKind::Nodes);
    load.program.steps.push(Step::Pointwise {
        reads: vec![read],
        outputs: vec![(to, value)],
    });
    load.program.outputs = vec![to];
    let mut executor = load.executor();
    let mut u = Load::nodes(&executor, |x, y, _| 1.0 + x + y);
    let out = load.run(&mut executor, 3.0, &u);
    let y = executor.layout().coordinates[1].clone();
    for (j, row) in out.chunks_exact(6).enumerate() {
        assert_eq!(row[0], 0.0);
        assert_eq!(row[1], 3.0 * y[j]);
        assert_eq!(row[2], u[j * 6 + 1]);
    }
    executor.fix_nodes(&[3.0], &mut u);
    assert_eq!(u[0], 0.0);
    assert_eq!(u[6], 3.0 * y[1]);
}

/// du = ∂x u + ∂y² u of a product of sines by transforms, with the highest third cut; the mean set.
#[test]
fn derivatives_by_transforms() {
    let mut load = load(&[(24, NodeKind::Periodic), (16, NodeKind::Periodic)], true);
    let (hat, sum, to) = (
        load.array(ArrayKind::Modes),
        load.array(ArrayKind::Modes),
        load.array(ArrayKind::Nodes),
    );
    let wavenumbers = [0, 1].map(|axis: usize| load.program.grid.axes[axis].wavenumber);
    let [kx, ky] = wavenumbers.map(|symbol| load.pool.var(symbol));
    let square = load.pool.mul(ky, ky);
    let re = load.pool.neg(square);
    let t = load.program.scalars[1];
    let mean = load.pool.var(t);
    load.program.steps = vec![
        Step::Forward {
            from: ArrayId(0),
            to: hat,
        },
        Step::Diagonal {
            terms: vec![(hat, Multiplier { re, im: kx })],
            to: sum,
            keep: Cut::Fraction(Number::ratio(2, 3).unwrap()),
            mean: Mean::Set(mean),
        },
        Step::Inverse { from: sum, to },
    ];
    load.program.outputs = vec![to];
    let mut executor = load.executor();
    let k = TAU / LENGTH;
    let u = Load::nodes(&executor, |x, y, _| {
        (3.0 * k * x).sin() * (2.0 * k * y).cos() + (9.0 * k * x).sin() + 5.0
    });
    let expected = Load::nodes(&executor, |x, y, _| {
        let (s, c) = (3.0 * k * x).sin_cos();
        (3.0 * k * c - 4.0 * k * k * s) * (2.0 * k * y).cos() + 0.75
    });
    let out = load.run(&mut executor, 0.75, &u);
    assert_close(&out, &expected, 1e-11);
}

/// A mapped axis: both its coordinates may be named, and integrals follow the map.
#[test]
fn mapped_axes_have_two_coordinates() {
    for kind in [NodeKind::Ends, NodeKind::Cells { periodic: false }] {
        let mut load = load(&[(40, kind), (6, kind)], false);
        let uniform = load.pool.symbol("s");
        let s = load.pool.var(uniform);
        let half = Number::ratio(1, 2).unwrap();
        let square = load.pool.mul(s, s);
        let map = load.pool.scale(&half, square);
        load.program.grid.axes[0].map = Some((uniform, map));
        let coordinates = [0, 1].map(|axis: usize| load.program.grid.axes[axis].coordinate);
        let [x, y] = coordinates.map(|symbol| load.pool.var(symbol));
        let term = load.pool.sum(&[x, s, y]);
        let to = load.array(ArrayKind::Nodes);
        let integral = load.pool.symbol("integral");
        close_linearly(&mut load, ArrayId(0), 1);
        let (read, value) = load.read(ArrayId(0), [-1, 0, 0]);
        let term = load.pool.add(term, value);
        load.program.steps = vec![
            Step::Pointwise {
                reads: vec![read],
                outputs: vec![(to, term)],
            },
            Step::Reduce {
                from: ArrayId(0),
                kind: Reduction::Integral,
                to: integral,
            },
        ];
        load.program.outputs = vec![to];
        load.program.reductions = vec![integral];
        let mut executor = load.executor();
        let u = Load::nodes(&executor, |x, y, _| x + y);
        load.run(&mut executor, 0.0, &u);
        let integral = executor.reductions().next().unwrap();
        // ∫∫ x + y over [0, 2]²
        assert!((integral - 8.0).abs() < 0.01, "{kind:?}: {integral}");
    }
}

#[test]
fn reductions_feed_later_steps() {
    let kinds = [
        NodeKind::Ends,
        NodeKind::Periodic,
        NodeKind::Cells { periodic: true },
        NodeKind::Lobatto,
    ];
    for kind in kinds {
        let mut load = load(&[(33, kind), (21, kind)], false);
        let [mean, integral, least, most] =
            ["mean", "integral", "least", "most"].map(|name| load.pool.symbol(name));
        let kinds = [
            (Reduction::Mean, mean),
            (Reduction::Integral, integral),
            (Reduction::Minimum, least),
            (Reduction::Maximum, most),
        ];
        let reduce = |(kind, to)| Step::Reduce {
            from: ArrayId(0),
            kind,
            to,
        };
        load.program.steps = kinds.map(reduce).to_vec();
        load.program.reductions = vec![integral, least, most];
        let (read, value) = load.read(ArrayId(0), [0; 3]);
        let mean = load.pool.var(mean);
        let term = load.pool.sub(value, mean);
        let to = load.array(ArrayKind::Nodes);
        load.program.steps.push(Step::Pointwise {
            reads: vec![read],
            outputs: vec![(to, term)],
        });
        load.program.outputs = vec![to];
        let mut executor = load.executor();
        let k = TAU / LENGTH;
        let u = Load::nodes(&executor, |x, y, _| {
            1.5 + (k * x).sin() * (2.0 * k * y).cos()
        });
        let out = load.run(&mut executor, 0.0, &u);
        let expected: Vec<f64> = u.iter().map(|u| u - 1.5).collect();
        assert_close(&out, &expected, 1e-12);
        let reductions: Vec<f64> = executor.reductions().collect();
        assert!(
            (reductions[0] - 1.5 * LENGTH * LENGTH).abs() < 1e-12,
            "{kind:?}: {reductions:?}"
        );
        let extremes = [f64::min, f64::max].map(|f| u.iter().copied().reduce(f).unwrap());
        assert_eq!(reductions[1..], extremes);
    }
}

#[test]
fn setup_runs_once_and_outputs_may_be_inputs() {
    let mut load = load(&[(10, NodeKind::Ends)], false);
    let x = load.program.grid.axes[0].coordinate;
    let x = load.pool.var(x);
    let bump = load.pool.call(Op::Exp, &[x]);
    let table = load.array(ArrayKind::Nodes);
    load.program.setup.push(Step::Pointwise {
        reads: Vec::new(),
        outputs: vec![(table, bump)],
    });
    load.program.outputs = vec![table, ArrayId(0)];
    let mut executor = load.executor();
    let u = vec![7.0; 10];
    let out = load.run(&mut executor, 0.0, &u);
    let expected = Load::nodes(&executor, |x, _, _| x.exp());
    assert_close(&out[..10], &expected, 1e-14);
    assert_eq!(out[10..], u);
}
