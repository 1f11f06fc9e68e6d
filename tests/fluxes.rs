//! Finite volumes: numerical fluxes against the reference interpreter, the order of WENO5, a shock tube, conservation.

use std::f64::consts::PI;

use ansatz_compiler::system::space::program::{
    ArrayId, ArrayKind, Closure, Flux, NodeKind, NumericalFlux, Side, Step,
};
use ansatz_compiler::terms::{Number, Op};
use ansatz_runtime::space::steppers::{
    BoundedEquations, BoundedProblem, BoundedStep, solve_bounded,
};
use ansatz_tests::field_runs::reference;
use ansatz_tests::fields::Fields;
use ansatz_tests::repository;
use ansatz_tests::space::{Load, load};

/// The ghosts of `array` are its nearest nodes mirrored, times y + t.
fn close(load: &mut Load, array: ArrayId, axis: usize) {
    for side in [Side::Lower, Side::Upper] {
        let inward = if side == Side::Lower { 1 } else { -1 };
        let mut reads = Vec::new();
        let mut ghosts = Vec::new();
        let coordinate = load.program.grid.axes.last().expect("an axis").coordinate;
        for layer in 0..3 {
            let mut offset = [0; 3];
            offset[axis] = inward * layer;
            let (read, value) = load.read(array, offset);
            reads.push(read);
            let (y, t) = (
                load.pool.var(coordinate),
                load.pool.var(load.program.scalars[1]),
            );
            let factor = load.pool.add(y, t);
            ghosts.push(load.pool.mul(factor, value));
        }
        load.program.closures.push(Closure {
            array,
            axis,
            side,
            reads,
            node: None,
            ghosts,
        });
    }
}

/// `u` and `v = sin(u) + u²/2`; fluxes `u·v/2 + y·u` and `v² - u·x + t`, speeds of both signs.
fn two_states(sizes: &[u32], axis: usize, kind: NumericalFlux, periodic: bool) -> Load {
    let axes: Vec<(u32, NodeKind)> = sizes
        .iter()
        .map(|&n| (n, NodeKind::Cells { periodic }))
        .collect();
    let mut load = load(&axes, false);
    let (input, v) = (ArrayId(0), load.array(ArrayKind::Nodes));
    let (read, value) = load.read(input, [0; 3]);
    let sin = load.pool.call(Op::Sin, &[value]);
    let square = load.pool.mul(value, value);
    let half = Number::ratio(1, 2).unwrap();
    let of_u = load
        .pool
        .linear(Number::ZERO, &[(sin, Number::ONE), (square, half.clone())]);
    load.program.steps.push(Step::Pointwise {
        reads: vec![read],
        outputs: vec![(v, of_u)],
    });
    let [(u_read, u), (v_read, v_term)] = [input, v].map(|array| load.read(array, [0; 3]));
    let coordinates = [sizes.len() - 1, 0].map(|axis| load.program.grid.axes[axis].coordinate);
    let [y, x] = coordinates.map(|symbol| load.pool.var(symbol));
    let t = load.pool.var(load.program.scalars[1]);
    let pool = &mut load.pool;
    let (uv, yu, vv, ux) = (
        pool.mul(u, v_term),
        pool.mul(y, u),
        pool.mul(v_term, v_term),
        pool.mul(u, x),
    );
    let first = pool.linear(Number::ZERO, &[(uv, half), (yu, Number::ONE)]);
    let second = pool.linear(
        Number::ZERO,
        &[(vv, Number::ONE), (ux, Number::MINUS_ONE), (t, Number::ONE)],
    );
    let one = pool.int(1);
    let speeds = (pool.sub(u, one), pool.add(u, v_term));
    let to = [0, 1].map(|_| load.array(ArrayKind::Nodes));
    load.program.steps.push(Step::Flux(Flux {
        axis,
        states: vec![u_read, v_read],
        flux: vec![first, second],
        conserved: vec![1, 0],
        kind,
        speeds,
        to: to.to_vec(),
    }));
    load.program.outputs = to.to_vec();
    if !periodic {
        close(&mut load, input, axis);
        close(&mut load, v, axis);
    }
    load
}

#[test]
fn fluxes_along_any_axis_agree_with_the_reference() {
    let grids: [&[u32]; 4] = [&[37], &[6, 5], &[9, 11], &[5, 6, 7]];
    for sizes in grids {
        for axis in 0..sizes.len() {
            for kind in [NumericalFlux::LaxFriedrichs, NumericalFlux::Hll] {
                for periodic in [true, false] {
                    let load = two_states(sizes, axis, kind, periodic);
                    load.program.verify(&load.pool);
                    let mut executor = load.executor();
                    let u = Load::nodes(&executor, |x, y, z| {
                        let jump = if (x - 0.9).abs() + (y - 0.7).abs() < 0.8 {
                            1.5
                        } else {
                            0.0
                        };
                        0.4 * (PI * (x + 2.0 * y - z)).sin() - 0.3 + jump
                    });
                    // Compares with the interpreter.
                    load.run(&mut executor, 0.3, &u);
                }
            }
        }
    }
}

/// Also between the blocks of rows or planes into which large grids are cut.
#[test]
fn what_leaves_a_cell_enters_its_neighbour() {
    let axes = |sizes: &[usize]| {
        let axes = sizes.iter().zip(["x", "y", "z"]);
        let axes = axes.map(|(n, name)| format!("{name} in 0..1, {n} points, periodic"));
        axes.collect::<Vec<_>>().join("; ")
    };
    for sizes in [&[1024, 64][..], &[64, 32, 40], &[16, 4096]] {
        for flux in ["lax_friedrichs", "hll"] {
            for row in ["-dx(u^2)", "-dy(u^2)", "-dz(u^2)"]
                .iter()
                .take(sizes.len())
            {
                let axes = axes(sizes);
                let text = format!(
                    "domain grid: {axes}\nfield u on grid = 0\ndt(u) = {row}\nscheme weno(order = 5, flux = {flux})\n"
                );
                let mut fields = Fields::new(&text, f64::INFINITY);
                let jump = |x: f64, y: f64| if x < 0.4 && y > 0.2 { 1.5 } else { -0.4 };
                let u = fields.nodes(&|_, [x, y, z]| jump(x, y) + (9.0 * z * (x + y)).sin());
                let mut rates = vec![f64::NAN; u.len()];
                fields.rhs(0.0, &u, &mut rates);
                let size: f64 = rates.iter().map(|rate| rate.abs()).sum();
                let change = rates.iter().sum::<f64>().abs();
                assert!(
                    change < 1e-13 * size && size > 1e3,
                    "{row} {sizes:?}: {change} of {size}"
                );
            }
        }
    }
}

fn solve(fields: &mut Fields, u0: &[f64], t_end: f64, dt: f64) -> Vec<f64> {
    let mut last = Vec::new();
    let mut problem = BoundedProblem {
        equations: fields,
        t0: 0.0,
        t_end,
        u0,
        step: BoundedStep::Fixed(dt),
        max_steps: 100_000,
        save_at: Some(&[t_end]),
        interrupt: &mut |_| false,
    };
    let outcome = solve_bounded("SSPRK3", &mut problem, &mut |_, u| last = u.to_vec());
    let failure = outcome.expect("the method is known").failure;
    assert!(failure.is_none(), "{failure:?}");
    last
}

/// u_t + u_x = 0 over a period of sin(πx) and of its fourth power, SSPRK3, dt = h^(5/3)/2.
#[test]
fn weno_has_the_errors_of_the_literature() {
    let mut rows = reference("weno5_order");
    rows.retain(|row| row[1] < 200.0);
    let both = ["lax_friedrichs", "hll"];
    for (flux, row) in both
        .iter()
        .flat_map(|flux| rows.iter().map(move |row| (flux, row)))
    {
        let (power, n) = (row[0], row[1]);
        let text = format!(
            "domain line: x in -1..1, {n} points, periodic\nfield u on line = 0\ndt(u) = -dx(u)\nscheme weno(order = 5, flux = {flux})\n"
        );
        let mut fields = Fields::new(&text, f64::INFINITY);
        let h = 2.0 / n;
        let integral = |x: f64| match power {
            1.0 => -(PI * x).cos() / PI,
            _ => 0.375 * x - (2.0 * PI * x).sin() / (4.0 * PI) + (4.0 * PI * x).sin() / (32.0 * PI),
        };
        let average = |x: f64| (integral(x + h / 2.0) - integral(x - h / 2.0)) / h;
        let u0 = fields.nodes(&|_, [x, _, _]| average(x));
        let u = solve(&mut fields, &u0, 1.0, 0.5 * h.powf(5.0 / 3.0));
        // Half a period of sin(πx), and one of its fourth power.
        let sign = if power == 1.0 { -1.0 } else { 1.0 };
        let errors = u.iter().zip(&u0).map(|(u, u0)| (u - sign * u0).abs());
        let mean = errors.clone().sum::<f64>() / n;
        let largest = errors.fold(0.0, f64::max);
        for (error, expected) in [(mean, row[2]), (largest, row[4])] {
            assert!(
                (error / expected - 1.0).abs() < 0.01,
                "{flux}, power {power}, {n}: {error:e} for {expected:e}"
            );
        }
    }
}

/// Exact solution of Sod's problem at t = 0.2 (Riemann; `data/pde/sod.csv`, made for this project): x, density, velocity, pressure.
const SOD: &[[f64; 4]] = &[
    [0.12375, 1.0, 0.0, 1.0],
    [
        0.39875,
        0.605880076829732,
        0.564138297183269,
        0.495839750701446,
    ],
    [
        0.59875,
        0.426319428178495,
        0.92745262004895,
        0.303130178050647,
    ],
    [
        0.77375,
        0.265573711705307,
        0.92745262004895,
        0.303130178050647,
    ],
    [0.92375, 0.125, 0.0, 0.1],
];

#[test]
fn a_shock_tube_has_its_waves_where_they_belong() {
    let path = repository().join("tests/corpus/space/sod.model");
    let text = std::fs::read_to_string(path).expect("the corpus can be read");
    let mut fields = Fields::new(&text, f64::INFINITY);
    let left = |x: f64| x < 0.5;
    let u0 = fields.nodes(&|field, [x, _, _]| match field {
        0 => {
            if left(x) {
                1.0
            } else {
                0.125
            }
        }
        1 => 0.0,
        _ => {
            if left(x) {
                2.5
            } else {
                0.25
            }
        }
    });
    let u = solve(&mut fields, &u0, 0.2, 5e-4);
    let n = u.len() / 3;
    let [rho, m, energy] = [0, 1, 2].map(|field| &u[field * n..(field + 1) * n]);
    for &[x, density, velocity, pressure] in SOD {
        let i = (x * n as f64) as usize;
        let v = m[i] / rho[i];
        let p = 0.4 * (energy[i] - m[i] * v / 2.0);
        let found = [rho[i], v, p];
        let exact = [density, velocity, pressure];
        let error = found
            .iter()
            .zip(exact)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(error < 4e-3, "x = {x}: {found:?} for {exact:?}");
    }
    // The shock has gone 0.2·1.752156 and is one or two cells wide.
    let shock = rho
        .iter()
        .rposition(|&rho| rho > 0.1953)
        .expect("there is a shock");
    let place = (shock as f64 + 0.5) / n as f64;
    assert!((place - 0.850431).abs() < 0.004, "{place}");
    // No wave has reached an end, so nothing has left.
    for field in [0, 2] {
        let total = |u: &[f64]| u[field * n..(field + 1) * n].iter().sum::<f64>();
        assert!((total(&u) / total(&u0) - 1.0).abs() < 1e-13);
    }
}
