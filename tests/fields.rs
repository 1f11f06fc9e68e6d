//! Examples with fields against their reference solutions, and invariants of field equations.

use ansatz_tests::field_runs::{Saved, example, reference, run};

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
    for row in reference("ns_two_mode") {
        let node = saved.node(&row[..2]).expect("the grid has these nodes");
        let error = (saved.array(5.0, "w")[node] - row[2]).abs();
        assert!(error < 1e-7, "{row:?}: {error:e}");
    }
    assert_eq!(saved.warnings, []);
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
