//! Examples with fields against their reference solutions, and invariants of field equations.

use ansatz_compiler::program::space::StepCode;
use ansatz_tests::field_runs::{Saved, example, reference, run};
use ansatz_tests::fields::Model;

/// Largest difference to rows `t, x, u` of a reference, at the nodes that the grid has.
fn error(saved: &Saved, rows: &[Vec<f64>], name: &str) -> f64 {
    let (mut largest, mut found) = (0.0, 0);
    for row in rows {
        let Some(node) = saved.node(&row[1..2]) else {
            continue;
        };
        let difference = (saved.array(row[0], name)[node] - row[2]).abs();
        largest = f64::max(largest, difference);
        found += 1;
    }
    assert!(2 * found > rows.len(), "{found} of {} nodes", rows.len());
    largest
}

/// Runs an example to its end and compares its field with a reference.
fn check(model: &str, file: &str, name: &str, bound: f64) {
    let saved = run(&example(model));
    assert_eq!(saved.outcome.failure, None, "{model}");
    let t_end = saved.outcome.t;
    let rows: Vec<_> = reference(file)
        .into_iter()
        .filter(|row| row[0] <= t_end && (row[0] > 0.0 || saved.rows[0].t == 0.0))
        .collect();
    let error = error(&saved, &rows, name);
    assert!(error < bound, "{model}: {error:e}");
    assert_eq!(saved.warnings, [], "{model}");
}

#[test]
fn heat_between_cold_ends() {
    check("heat_dirichlet", "heat_dirichlet", "u", 1e-5);
}

#[test]
fn heat_with_insulation_and_loss() {
    check("heat_robin", "heat_robin", "u", 1e-5);
}

#[test]
fn a_sine_steepens() {
    check("burgers", "burgers_colehopf", "u", 1e-6);
}

#[test]
fn solitons_pass_each_other() {
    check("two_solitons", "kdv_two_soliton", "u", 1e-6);
}

#[test]
fn an_invading_front() {
    check("fisher_kpp", "fisher_kpp", "u", 1e-5);
}

#[test]
fn a_bistable_front() {
    check("allen_cahn_front", "allen_cahn_kink", "u", 1e-5);
}

#[test]
fn a_flame_front() {
    check("kuramoto_sivashinsky", "ks_kassam_trefethen", "u", 1e-6);
}

#[test]
fn a_vortex_array_decays() {
    let saved = run(&example("taylor_green"));
    for row in reference("taylor_green_2d") {
        let [t, energy, enstrophy, largest] = row[..] else {
            panic!("four columns")
        };
        for (name, expected) in [
            ("energy", energy),
            ("enstrophy", enstrophy),
            ("largest", largest),
        ] {
            let error = (saved.number(t, name) - expected).abs();
            assert!(error < 1e-9, "{name} at t = {t}: {error:e}");
        }
    }
}

#[test]
fn vortices_interact() {
    let saved = run(&example("navier_stokes"));
    let rms = saved.number(5.0, "rms");
    assert!((rms - 0.455802357766).abs() < 1e-8, "{rms}");
    let error = saved.difference(5.0, &["w"], &reference("ns_two_mode"));
    assert!(error < 1e-7, "{error:e}");
    assert_eq!(saved.warnings, []);
}

/// By differences of sixth order, as exact as they are on this grid; `slow.rs` has the accuracy of the reference.
#[test]
fn a_spot_grows_into_rolls() {
    let text = example("gray_scott_rolls")
        .replace("rtol = 1e-7; atol = 1e-9", "rtol = 1e-4; atol = 1e-6")
        .replace("plot { heatmap v }", "scheme central(order = 6)");
    let saved = run(&text);
    for (name, expected) in [("mean_u", 0.856810424425), ("mean_v", 0.051323576287)] {
        let error = (saved.number(500.0, name) - expected).abs();
        assert!(error < 5e-5, "{name}: {error:e}");
    }
    let error = saved.difference(500.0, &["u", "v"], &reference("gray_scott_spin2"));
    assert!(error < 4e-3, "{error:e}");
}

/// The errors of `lap(psi) = w` are those of the symbols of the differences, for each order.
#[test]
fn poisson_equations_by_differences() {
    for row in reference("poisson_orders") {
        let (n, errors) = (row[0], [(2, row[1]), (4, row[2]), (6, row[4])]);
        for (order, expected) in errors {
            let saved = run(&format!(
                "domain square: x in 0..2, {} points, periodic; y in 0..1, {n} points, periodic
                 field w on square = -5*pi^2*sin(pi*x)*sin(2*pi*y)
                 field psi on square
                 constraint lap(psi) = w, mean(psi) = 0
                 dt(w) = 0
                 let off = maximum(abs(psi - sin(pi*x)*sin(2*pi*y)))
                 scheme central(order = {order})
                 simulate {{ until = 1; save = [0] }}",
                2.0 * n
            ));
            let error = saved.number(0.0, "off");
            // Rounding of sums over the grid.
            let slack = 1e-6 * expected + 1e-13;
            assert!(
                (error - expected).abs() < slack,
                "{order}, {n}: {error:e} for {expected:e}"
            );
        }
    }
}

/// Errors are global, those of a step are below the tolerance.
#[test]
fn the_benchmark_brusselator() {
    let text = example("brusselator_2d");
    check_brusselator(&text, 2e-4);
    check_brusselator(&text.replace("rtol = 1e-6", "rtol = 1e-9"), 2e-7);
}

fn check_brusselator(text: &str, bound: f64) {
    let saved = run(text);
    assert_eq!(saved.outcome.failure, None);
    let mut compared = 0;
    for row in reference("sciml_brusselator") {
        let [t, i, j, u, v] = row[..5] else {
            panic!("six columns")
        };
        if !saved.rows.iter().any(|row| row.t == t) {
            continue;
        }
        for (name, expected) in [("u", u), ("v", v)] {
            let values = saved.array(t, name);
            let value = match i {
                0.0 => values.iter().sum::<f64>() / values.len() as f64,
                _ => values[i as usize - 1 + 32 * (j as usize - 1)],
            };
            let error = (value - expected).abs();
            assert!(error < bound, "{name} at t = {t}, ({i}, {j}): {error:e}");
            compared += 1;
        }
    }
    assert!(compared > 20, "{compared}");
}

/// Shocks and contact discontinuities spread over a few cells, so that the error is of the size of a cell.
#[test]
fn a_shock_tube() {
    let saved = run(&example("sod"));
    let rows = reference("sod");
    for (column, name, bound) in [(1, "rho", 2.5e-3), (2, "v", 5e-3), (3, "p", 2e-3)] {
        let values = saved.array(0.2, name).iter().zip(&rows);
        let errors = values.map(|(value, row)| (value - row[column]).abs());
        let mean = errors.sum::<f64>() / rows.len() as f64;
        assert!(mean < bound, "{name}: {mean:e}");
    }
}

/// What is compiled does not depend on the number of points: grids are loops.
#[test]
fn programs_of_large_grids_are_those_of_small_ones() {
    let kernels = |n: usize| {
        let model = Model::new(&format!(
            "domain d: x in 0..1, {n} points, periodic; y in 0..1, {n} points
             field u on d = 0, v on d = 0
             dt(u) = lap(u) + u^2*v
             dt(v) = lap(v) - u^2*v
             at y = 0, y = 1: u = 0, dy(v) = 0
             scheme central(order = 4)"
        ));
        let code = model.code();
        let kernels = code.steps.iter().map(|step| match step {
            StepCode::Pointwise { stencil, .. } => stencil.kernel.to_string(),
            _ => String::new(),
        });
        let faces = code.faces.iter().map(|face| face.ghosts.to_string());
        kernels.chain(faces).collect::<Vec<_>>()
    };
    let small = kernels(32);
    assert!(small.iter().any(|kernel| kernel.len() > 100));
    assert_eq!(small, kernels(1024));
}
