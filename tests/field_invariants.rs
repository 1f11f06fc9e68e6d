//! What field equations keep, and what runs over fields guarantee: totals, given nodes, jumps in time, checkpoints, faults.

use ansatz_compiler::model::entities::StateKind;
use ansatz_runtime::experiment::{
    Checkpoint, Checkpoints, GivenError, SetupError, Simulation, Warning,
};
use ansatz_runtime::failure::Failure;
use ansatz_tests::field_runs::{program, run};

/// Largest change of a number over a run, relative to its size.
fn drift(text: &str, name: &str) -> f64 {
    let saved = run(text);
    assert_eq!(saved.outcome.failure, None, "{text}");
    let first = saved.number(0.0, name);
    let values = saved.rows.iter().map(|row| saved.number(row.t, name));
    values.fold(0.0, |most, value| {
        f64::max(most, (value / first - 1.0).abs())
    })
}

/// A conservation law keeps its integral to rounding with every scheme, whatever the flux is.
#[test]
fn flux_forms_keep_their_integral_to_rounding() {
    for scheme in [
        "fourier",
        "central(order = 2)",
        "central(order = 4)",
        "central(order = 6)",
        "upwind(order = 1)",
        "upwind(order = 3)",
        "weno(order = 5)",
        "weno(order = 5, flux = hll)",
    ] {
        let text = format!(
            "domain circle: x in 0..2*pi, 48 points, periodic
             field u on circle = 2 + sin(x)
             dt(u) + dx(u^2/2) = 0
             let total = integral(u)
             scheme {scheme}
             simulate {{ until = 0.5; save = points(5) }}"
        );
        let drift = drift(&text, "total");
        assert!(drift < 1e-13, "{scheme}: {drift:e}");
    }
}

/// Nothing passes insulated walls where what leaves one cell enters the next, or where the flux at faces is what conditions say.
#[test]
fn insulated_walls_keep_what_is_between_them() {
    for scheme in [
        "central(order = 2)",
        "upwind(order = 1)",
        "weno(order = 5)",
        "weno(order = 5, flux = hll)",
        "chebyshev",
    ] {
        for row in ["div((1 + u^2)*grad(u))", "dxx(u + u^3/3)"] {
            let text = format!(
                "domain rod: x in 0..1, 33 points
                 field u on rod = 1 + x^2
                 dt(u) = {row}
                 at boundary: dx(u) = 0
                 let total = integral(u)
                 scheme {scheme}
                 simulate {{ until = 0.2; save = points(4) }}"
            );
            let drift = drift(&text, "total");
            assert!(drift < 1e-12, "{scheme}, {row}: {drift:e}");
        }
    }
}

/// Reactions that turn one species into another keep the sum, whatever diffuses.
#[test]
fn reactions_keep_what_they_turn_over() {
    let drift = drift(
        "domain square: x in 0..2*pi, 32 points, periodic; y in 0..2*pi, 16 points, periodic
         species A on square = 1 + sin(x)*cos(y), diffusion = 0.1
         species B on square = 1, diffusion = 0.2
         A <-> B @ 1, 2
         let total = integral(A + B)
         simulate { until = 1; save = points(4) }",
        "total",
    );
    assert!(drift < 1e-13, "{drift:e}");
}

#[test]
fn waves_keep_their_energy() {
    let text = "domain circle: x in 0..2, 64 points, periodic
         field u on circle = sin(pi*x), v on circle = 0
         dt(u) = v
         dt(v) = dxx(u)
         let energy = integral(v^2 + dx(u)^2)/2
         simulate { until = 2; save = points(4); rtol = 1e-9; atol = 1e-10 }";
    let drift = drift(text, "energy");
    assert!(drift < 1e-7, "{drift:e}");
    // A standing wave: cos(πt)·sin(πx).
    let saved = run(text);
    let error = saved
        .array(1.0, "u")
        .iter()
        .zip(saved.array(0.0, "u"))
        .map(|(after, before)| (after + before).abs());
    assert!(error.fold(0.0, f64::max) < 1e-7);
}

/// A face that is held follows its time, and the rows show it.
#[test]
fn given_nodes_are_shown_as_given() {
    let saved = run("domain rod: x in 0..1, 21 points
         field u on rod = 0
         dt(u) = dxx(u)
         at x = 0: u = sin(t)
         at x = 1: dx(u) = 0
         simulate { until = 2; save = points(4) }");
    for row in &saved.rows {
        assert_eq!(row.fields[0][0], row.t.sin(), "t = {}", row.t);
    }
}

/// Fields and numbers act on one another: a well-mixed tank before a tube.
#[test]
fn numbers_and_fields_are_integrated_together() {
    let saved = run("domain tube: x in 0..1, 41 points
         field c on tube = 0
         var tank = 1
         dt(c) = 0.1*dxx(c)
         at x = 0: c = tank
         at x = 1: dx(c) = 0
         dt(tank) = -mean(c)
         let m = mean(c)
         simulate { until = 3; save = points(30); rtol = 1e-8; atol = 1e-10 }");
    assert_eq!(saved.outcome.failure, None);
    // The tank's slope, by differences of second order, is minus the mean.
    let tank = |k: usize| saved.rows[k].states[1];
    for k in 5..25 {
        let slope = (tank(k + 1) - tank(k - 1)) / (saved.rows[k + 1].t - saved.rows[k - 1].t);
        let mean = saved.number(saved.rows[k].t, "m");
        assert!(
            (slope + mean).abs() < 2e-3,
            "t = {}: {slope} {mean}",
            saved.rows[k].t
        );
    }
}

/// Two domains that use each other's means.
#[test]
fn domains_meet_in_numbers() {
    let saved = run("domain a: x in 0..1, 16 points, periodic
         domain b: y in 0..1, 12 points, periodic
         field u on a = 1 + sin(2*pi*x), w on b = 3
         dt(u) = mean(w) - u
         dt(w) = mean(u) - w
         let total = mean(u) + mean(w)
         simulate { until = 5; save = points(2); rtol = 1e-9; atol = 1e-10 }");
    for row in &saved.rows {
        let means = row
            .fields
            .iter()
            .map(|f| f.iter().sum::<f64>() / f.len() as f64);
        let total: f64 = means.sum();
        assert!((total - 4.0).abs() < 1e-8, "t = {}: {total}", row.t);
    }
}

/// `u' = 1` from t = 1 on: steps end where the equation jumps, so nothing is lost there.
#[test]
fn equations_may_jump_in_time() {
    for solver in ["auto", "SBDF2", "SSPRK3", "ROCK4"] {
        let dt = if solver == "SBDF2" { "; dt = 0.03" } else { "" };
        let saved = run(&format!(
            "domain circle: x in 0..1, 8 points, periodic
             field u on circle = 0
             dt(u) = dxx(u) + (if t >= 1 then 1 else 0)
             simulate {{ until = 3; save = [1, 3]; solver = {solver}{dt} }}"
        ));
        let value = saved.array(3.0, "u")[0];
        assert!((value - 2.0).abs() < 1e-6, "{solver}: {value}");
        assert_eq!(saved.array(1.0, "u")[0], 0.0, "{solver}");
    }
}

const WAVES: &str = "domain line: x in 0..32*pi, 64 points, periodic
    field u on line = cos(x/16)*(1 + sin(x/16))
    dt(u) = -u*dx(u) - dxx(u) - dxxxx(u)
    simulate { until = 20; save = points(10) }";

/// A run that is taken up from any checkpoint gives the bits of the run that was not interrupted.
#[test]
fn resumed_runs_give_the_same_bits() {
    for text in [
        WAVES.to_owned(),
        WAVES.replace("20; save", "20; solver = BDF; save"),
    ] {
        let program = program(&text);
        let experiment = &program.experiments[0];
        let start = || Simulation::new(&program, experiment, &mut no_file).unwrap();
        let (mut rows, mut checkpoints) = (Vec::new(), Vec::new());
        let mut keep = |checkpoint: &Checkpoint| checkpoints.push(checkpoint.clone());
        let every = 7.0;
        let all = Checkpoints {
            every,
            keep: &mut keep,
        };
        let outcome = start()
            .run(
                &mut |row| rows.push((row.t, row.fields[0].to_vec())),
                &mut |_| false,
                Some(all),
            )
            .unwrap();
        assert_eq!(outcome.unwrap().failure, None);
        assert_eq!(
            checkpoints.iter().map(|c| c.t).collect::<Vec<_>>(),
            [7.0, 14.0]
        );
        for checkpoint in &checkpoints {
            let mut simulation = start();
            assert!(simulation.resume(checkpoint));
            let mut later = Vec::new();
            let again = Checkpoints {
                every,
                keep: &mut |_| {},
            };
            let sink = &mut |row: ansatz_runtime::experiment::Row<'_>| {
                later.push((row.t, row.fields[0].to_vec()));
            };
            simulation.run(sink, &mut |_| false, Some(again)).unwrap();
            let expected = rows.iter().filter(|row| row.0 > checkpoint.t);
            assert_eq!(later, expected.cloned().collect::<Vec<_>>());
        }
    }
}

fn no_file(path: &str, _: &str, _: &[usize]) -> Result<Vec<f64>, GivenError> {
    Err(GivenError::Unreadable {
        why: format!("no file {path}"),
    })
}

#[test]
fn blow_up_is_named_with_the_last_good_state() {
    let saved = run("domain circle: x in 0..1, 16 points, periodic
         field u on circle = 1
         dt(u) = u^2 + dxx(u)
         simulate { until = 2; save = [0.5, 2] }");
    assert!(saved.outcome.failure.is_some());
    let last = saved.rows.last().unwrap();
    assert!((last.t - 1.0).abs() < 1e-2 && last.fields[0].iter().all(|u| u.is_finite()));
}

#[test]
fn steps_beyond_the_courant_number_are_refused() {
    // The wave is fastest at its crest, x = 1/4, where there are 100 cells.
    let saved = run("domain circle: x in 0..1, 100 points, periodic
         field a on circle = 1, u on circle = 1 + sin(2*pi*x)/2
         dt(u) + dx(u^2/2) = 0
         dt(a) = -dx(a)/8
         scheme weno(order = 5)
         simulate { until = 1; save = [1]; dt = 0.5 }");
    let failure = saved.outcome.failure;
    let Some(Failure::StepTooLong { state, largest, .. }) = failure else {
        panic!("{failure:?}")
    };
    assert!([124, 125].contains(&state), "{state}");
    assert!((largest * 150.0 - 1.0).abs() < 0.1, "{largest}");
}

#[test]
fn what_is_not_resolved_or_negative_is_told() {
    let saved = run("param nu = 1e-4
         domain circle: x in -1..1, 64 points, periodic
         field u on circle = -sin(pi*x)
         dt(u) = -u*dx(u) + nu*dxx(u)
         simulate { until = 0.6; save = points(6); max_steps = 20000 }");
    let unresolved = |w: &Warning| matches!(w, Warning::Unresolved { field, .. } if field == "u");
    assert!(
        saved.warnings.iter().any(unresolved),
        "{:?}",
        saved.warnings
    );
    let text = "domain circle: x in 0..1, 64 points, periodic
         species A on circle = if x < 0.5 then 1 else 0
         dt(A) += -dx(A)
         scheme fourier
         simulate { until = 0.2 }";
    let program = program(text);
    assert_eq!(program.states[0].kind, StateKind::Species);
    let negative = |w: &Warning| matches!(w, Warning::Negative { field, .. } if field == "A");
    let saved = run(text);
    assert!(saved.warnings.iter().any(negative), "{:?}", saved.warnings);
}

#[test]
fn grids_beyond_memory_are_refused_with_their_size() {
    let program = program(
        "domain box: x in 0..1, 100000 points, periodic; y in 0..1, 100000 points, periodic; z in 0..1, 1000 points, periodic
         field u on box = 0
         dt(u) = lap(u)
         simulate { until = 1 }",
    );
    let refused = Simulation::new(&program, &program.experiments[0], &mut no_file);
    let Err(SetupError::TooLarge(size)) = refused else {
        panic!("the grid is refused")
    };
    assert!(
        size.needed > 1 << 47 && size.to_string().contains("PiB"),
        "{size}"
    );
}

#[test]
fn a_start_that_is_not_finite_names_its_place() {
    let program = program(
        "domain rod: x in 0..1, 11 points
         field u on rod = 1/x
         dt(u) = dxx(u)
         at boundary: dx(u) = 0
         simulate { until = 1 }",
    );
    let refused = Simulation::new(&program, &program.experiments[0], &mut no_file).err();
    assert!(
        matches!(&refused, Some(SetupError::NotFinite { field, place }) if field == "u" && place.starts_with("x = 0.0")),
        "{refused:?}"
    );
}

/// The same seed gives the same start; another one another.
#[test]
fn noise_is_reproducible() {
    let start = |seed: u32| {
        let saved = run(&format!(
            "domain circle: x in 0..1, 1000 points, periodic
             field u on circle = noise({seed})
             dt(u) = 0*u
             simulate {{ until = 1; save = [0] }}"
        ));
        saved.array(0.0, "u").to_vec()
    };
    let first = start(1);
    assert_eq!(first, start(1));
    assert_ne!(first, start(2));
    let (mean, square) = first
        .iter()
        .fold((0.0, 0.0), |(m, s), u| (m + u / 1e3, s + u * u / 1e3));
    assert!(
        mean.abs() < 0.1 && (square - 1.0).abs() < 0.15,
        "{mean} {square}"
    );
}

/// Waves that grow as much as they may: what rounding adds to modes that are no real field must not grow with them.
#[test]
fn growing_waves_stay_real() {
    let saved = run(
        "domain square: x in 0..25, 24 points, periodic; y in 0..25, 24 points, periodic
         field u on square = 0.1*noise(3)
         dt(u) = u - (u + 2*lap(u) + lap(lap(u))) - u^3
         simulate { until = 60; save = [60]; rtol = 1e-3; atol = 1e-4 }",
    );
    assert_eq!(saved.outcome.failure, None);
    let largest = saved
        .array(60.0, "u")
        .iter()
        .fold(0.0, |m: f64, u| m.max(u.abs()));
    assert!((0.5..2.0).contains(&largest), "{largest}");
}

/// `dxx(a) - a = -(2 + cos(x))` determines its mean by itself: a = 2 + cos(x)/2.
#[test]
fn constraints_that_determine_the_mean_do_so() {
    for scheme in ["fourier", "central(order = 6)"] {
        let saved = run(&format!(
            "domain circle: x in 0..2*pi, 64 points, periodic
             field u on circle = cos(x)
             field a on circle
             dt(u) = a - 2 - u/2
             constraint dxx(a) - a = -(2 + u)
             let shown = a
             scheme {scheme}
             simulate {{ until = 1; save = [1]; rtol = 1e-8; atol = 1e-9 }}"
        ));
        // du/dt = 0 for u = cos(x).
        let values = saved
            .array(1.0, "shown")
            .iter()
            .zip(&saved.grids[0].axes[0].nodes);
        let error = values.map(|(a, x)| (a - 2.0 - x.cos() / 2.0).abs());
        let error = error.fold(0.0, f64::max);
        assert!(error < 1e-6, "{scheme}: {error:e}");
    }
}

/// Diffusion makes the state uniform within a small part of the first step that the reaction would allow; what happens there counts all the same.
#[test]
fn errors_of_a_stiff_start_follow_the_tolerance() {
    let mean = |rtol: f64| {
        let saved = run(&format!(
            "domain circle: x in 0..1, 32 points, periodic
             field u on circle = 22*(x*(1 - x))^1.5
             field v on circle = 27*(x*(1 - x))^1.5
             dt(u) = 1 + u^2*v - 4.4*u + 10*dxx(u)
             dt(v) = 3.4*u - u^2*v + 10*dxx(v)
             let m = mean(u)
             scheme central(order = 2)
             simulate {{ until = 0.2; save = [0.2]; rtol = {rtol}; atol = 1e-11; solver = ETDRK4 }}"
        ));
        (saved.number(0.2, "m"), saved.outcome.counts.steps)
    };
    let (exact, _) = mean(1e-10);
    for rtol in [1e-3, 1e-4, 1e-6] {
        let (m, steps) = mean(rtol);
        let error = (m / exact - 1.0).abs();
        assert!(error < rtol, "{rtol:e}: {error:e} in {steps} steps");
    }
}
