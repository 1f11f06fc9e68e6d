//! The steppers of split equations: orders, exactness, end times, tolerances, and known solutions.

use ansatz_runtime::failure::Failure;
use ansatz_runtime::solution::Outcome;
use ansatz_runtime::space::steppers::{
    METHODS, SplitEquations, SplitError, SplitProblem, StepSize, solve,
};
use ansatz_tests::field_runs::reference;
use ansatz_tests::spectral::{
    Entry, OnLine, Pointwise, allen_cahn, at_nodes, burgers, korteweg_de_vries,
    kuramoto_sivashinsky, two_solitons, two_thirds,
};
use realfft::num_complex::Complex;
use std::f64::consts::TAU;

/// Difference between observed and claimed order.
const ORDER_MARGIN: f64 = 0.2;

type Modes = Vec<Complex<f64>>;
type Saved = Vec<(f64, Modes)>;

fn run(
    method: &str,
    line: &mut OnLine,
    start: &[Complex<f64>],
    step: StepSize<'_>,
    times: &[f64],
) -> (Saved, Outcome) {
    let mut saved = Vec::new();
    let mut problem = SplitProblem {
        equations: line,
        t0: 0.0,
        t_end: *times.last().expect("times"),
        u0: start,
        step,
        max_steps: 100_000,
        save_at: Some(times),
        interrupt: &mut |_| false,
    };
    let outcome = solve(method, &mut problem, &mut |t, u| {
        saved.push((t, u.to_vec()))
    })
    .expect("the run begins");
    (saved, outcome)
}

fn at_end(
    method: &str,
    line: &mut OnLine,
    start: &[Complex<f64>],
    step: StepSize<'_>,
    t_end: f64,
) -> Modes {
    let (saved, outcome) = run(method, line, start, step, &[t_end]);
    assert_eq!(outcome.failure, None, "{method}");
    assert_eq!((saved.len(), saved[0].0), (1, t_end), "{method}");
    saved[0].1.clone()
}

fn distance(a: &[Complex<f64>], b: &[Complex<f64>]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).norm_sqr())
        .sum::<f64>()
        .sqrt()
}

/// Orders between halved steps, against the solution with the smallest tolerance.
fn observed_order(
    method: &str,
    line: &mut OnLine,
    start: &[Complex<f64>],
    t_end: f64,
    steps: [f64; 2],
) -> f64 {
    let atol = vec![1e-14; line.n_fields()];
    let exact = at_end(
        "ETDRK4",
        line,
        start,
        StepSize::Adaptive {
            rtol: 1e-13,
            atol: &atol,
        },
        t_end,
    );
    let [coarse, fine] = steps.map(|n| {
        let u = at_end(method, line, start, StepSize::Fixed(t_end / n), t_end);
        distance(&u, &exact)
    });
    (coarse / fine).ln() / (steps[1] / steps[0]).ln()
}

#[test]
fn every_method_has_its_order_however_stiff_the_linear_part() {
    // Decay rates up to 440 and 28 000; steps are up to 1/64.
    for n in [64, 512] {
        for method in METHODS {
            let (mut line, start) = burgers(n, 0.1);
            let order = observed_order(method.name, &mut line, &start, 0.5, [64.0, 128.0]);
            let claimed = f64::from(method.order);
            assert!(
                (order - claimed).abs() < ORDER_MARGIN,
                "{}, {n} nodes: {order:.2}",
                method.name
            );
        }
    }
}

#[test]
fn exponential_methods_are_exact_without_a_nonlinear_part() {
    for method in METHODS
        .iter()
        .filter(|method| method.name.contains("ETD") || method.name.contains("Exp"))
    {
        for step in [
            StepSize::Fixed(0.7),
            StepSize::Adaptive {
                rtol: 1e-6,
                atol: &[1e-6],
            },
        ] {
            let linear = |k: f64| Complex::new(-k * k, -k.powi(3));
            let mut line = OnLine::new(
                (32, 17, TAU),
                &[(0, 0, &linear)],
                &[&|_| Complex::ZERO],
                |_, _, out| out.fill(0.0),
            );
            let start = line.modes_of(|x| x.sin() + (3.0 * x).cos());
            let u = at_end(method.name, &mut line, &start, step, 1.0);
            for (k, (u, start)) in u.iter().zip(&start).enumerate() {
                let exact = start * linear(k as f64).exp();
                assert!((u - exact).norm() < 1e-14, "{}, mode {k}", method.name);
            }
        }
    }
}

#[test]
fn without_a_linear_part_methods_are_explicit_ones() {
    for method in METHODS {
        // u_t = u cos t at every node.
        let mut line = OnLine::new((8, 5, 1.0), &[], &[&|_| Complex::ONE], |t, u, out| {
            at_nodes(t, u, out, |t, [u]| [u * t.cos()])
        });
        let start = line.modes_of(|x| 1.0 + 0.5 * (TAU * x).cos());
        let error = |line: &mut OnLine, steps: f64| {
            let u = at_end(method.name, line, &start, StepSize::Fixed(2.0 / steps), 2.0);
            let exact: Modes = start.iter().map(|u| u * 2f64.sin().exp()).collect();
            distance(&u, &exact)
        };
        let order = (error(&mut line, 160.0) / error(&mut line, 320.0)).log2();
        assert!(
            (order - f64::from(method.order)).abs() < ORDER_MARGIN,
            "{}: {order:.2}",
            method.name
        );
    }
}

#[test]
fn end_and_saved_times_are_hit_exactly() {
    for method in METHODS {
        let steps = [
            StepSize::Fixed(0.03),
            StepSize::Adaptive {
                rtol: 1e-4,
                atol: &[1e-6],
            },
        ];
        for step in steps
            .into_iter()
            .take(1 + usize::from(method.embedded_order.is_some()))
        {
            let (mut line, start) = burgers(32, 0.1);
            let times = [0.0, 0.1, 0.11, 0.4, 1.0];
            let (saved, outcome) = run(method.name, &mut line, &start, step, &times);
            assert_eq!(saved.iter().map(|(t, _)| *t).collect::<Vec<_>>(), times);
            assert_eq!((outcome.failure, outcome.t), (None, 1.0));
            // Times that fall into steps cost accuracy nowhere.
            let exact = at_end(
                "ETDRK4",
                &mut line,
                &start,
                StepSize::Adaptive {
                    rtol: 1e-11,
                    atol: &[1e-11],
                },
                1.0,
            );
            let error = distance(&saved[4].1, &exact);
            assert!(error < 1e-3, "{}: {error:e}", method.name);
        }
    }
}

#[test]
fn errors_follow_the_tolerance() {
    for method in METHODS
        .iter()
        .filter(|method| method.embedded_order.is_some())
    {
        let (mut line, start) = kuramoto_sivashinsky(128, two_thirds(128));
        let mut solve = |rtol: f64| {
            at_end(
                method.name,
                &mut line,
                &start,
                StepSize::Adaptive {
                    rtol,
                    atol: &[1e-12],
                },
                10.0,
            )
        };
        let exact = solve(1e-12);
        let tolerances = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8];
        let errors = tolerances.map(|rtol| distance(&solve(rtol), &exact));
        let falls = (errors[0] / errors[4]).log10() / 4.0;
        assert!((0.8..1.4).contains(&falls), "{}: {errors:?}", method.name);
        // Growth of perturbations up to t = 10 included.
        assert!(
            errors
                .iter()
                .zip(tolerances)
                .all(|(error, rtol)| *error < 100.0 * rtol),
            "{}: {errors:?}",
            method.name
        );
    }
}

#[test]
fn kuramoto_sivashinsky_is_that_of_kassam_and_trefethen() {
    let (mut line, start) = kuramoto_sivashinsky(256, two_thirds(256));
    let (times, rows) = ([10.0, 30.0, 50.0], reference("ks_kassam_trefethen"));
    // Perturbations grow: the bounds are those of a solution with steps of 1/64 and the uncertainty of the reference.
    let (saved, _) = run(
        "ETDRK4",
        &mut line,
        &start,
        StepSize::Fixed(1.0 / 64.0),
        &times,
    );
    for ((t, modes), bound) in saved.iter().zip([4e-9, 8e-9, 1.5e-7]) {
        let u = line.nodes_of(modes);
        let rows = rows.iter().filter(|row| row[0] == *t);
        let errors: Vec<f64> = rows
            .enumerate()
            .map(|(i, row)| (u[2 * i] - row[2]).abs())
            .collect();
        assert_eq!(errors.len(), 128);
        let error = errors.into_iter().fold(0.0, f64::max);
        assert!(error < bound, "t = {t}: {error:e}");
    }
}

#[test]
fn solitons_pass_and_keep_the_invariants() {
    let adaptive = StepSize::Adaptive {
        rtol: 1e-6,
        atol: &[1e-9],
    };
    for (step, bound) in [(StepSize::Fixed(0.0025), 5e-5), (adaptive, 5e-6)] {
        let (mut line, start) = korteweg_de_vries(512, |x| two_solitons(0.0, x));
        let (saved, outcome) = run("ETDRK4", &mut line, &start, step, &[3.0, 6.0]);
        assert_eq!(outcome.failure, None);
        for (t, modes) in &saved {
            let u = line.nodes_of(modes);
            let error = u
                .iter()
                .enumerate()
                .map(|(j, u)| (u - two_solitons(*t, 80.0 * j as f64 / 512.0 - 40.0)).abs());
            let error = error.fold(0.0, f64::max);
            assert!(error < bound, "t = {t}: {error:e}");
            let mass = 80.0 * modes[0].re;
            let energy = 80.0 / 512.0 * u.iter().map(|u| u * u).sum::<f64>();
            assert!((mass - 4.0).abs() < 1e-8, "{mass}");
            assert!(
                (energy - 2.0 / 3.0 * (0.8f64.powi(3) + 1.2f64.powi(3))).abs() < 1e-6,
                "{energy}"
            );
        }
    }
}

#[test]
fn a_front_of_allen_cahn_settles() {
    // The standing interface is tanh(x/(√2 ε)); over [−1, 1] periodic there are two.
    let (mut line, _) = allen_cahn(256, 0.05);
    let start = line.modes_of(|x| (TAU * x / 2.0).sin());
    let step = StepSize::Adaptive {
        rtol: 1e-6,
        atol: &[1e-8],
    };
    let u = at_end("ETDRK4", &mut line, &start, step, 20.0);
    let u = line.nodes_of(&u);
    for (j, u) in u[..64].iter().enumerate() {
        let x = 2.0 * j as f64 / 256.0;
        let exact = (x / (2f64.sqrt() * 0.05)).tanh();
        assert!((u - exact).abs() < 1e-5, "x = {x}: {u} for {exact}");
    }
}

/// Klein-Gordon `u_t = v, v_t = u_xx − u − u³` beside a diffusing field; the coupling stands in `L` or in `N`.
fn klein_gordon(coupling_is_linear: bool) -> (OnLine, Modes) {
    let (one, stiff, diffusion) = (
        |_| Complex::ONE,
        |k: f64| Complex::from(-k * k - 1.0),
        |k: f64| Complex::from(-0.1 * k * k),
    );
    let entries: [Entry<'_>; 3] = [(0, 1, &one), (1, 0, &stiff), (2, 2, &diffusion)];
    let (entries, pointwise): (_, Pointwise) = if coupling_is_linear {
        (&entries[..], |t, u, out| {
            at_nodes(t, u, out, |t, [u, _, _]| [0.0, -u.powi(3), t * u])
        })
    } else {
        (&entries[1..], |t, u, out| {
            at_nodes(t, u, out, |t, [u, v, _]| [v, -u.powi(3), t * u])
        })
    };
    let mut line = OnLine::new((32, 16, TAU), entries, &[&one, &one, &one], pointwise);
    let start = [
        line.modes_of(|x| x.cos()),
        line.modes_of(|x| 0.5 * (2.0 * x).sin()),
        line.modes_of(|_| 1.0),
    ]
    .concat();
    (line, start)
}

#[test]
fn coupled_fields_have_their_order_and_one_solution() {
    let step = StepSize::Adaptive {
        rtol: 1e-10,
        atol: &[1e-10; 3],
    };
    let (mut line, start) = klein_gordon(true);
    let together = at_end("ETDRK4", &mut line, &start, step, 2.0);
    let (mut apart, _) = klein_gordon(false);
    let apart = at_end("ETDRK4", &mut apart, &start, step, 2.0);
    assert!(distance(&together, &apart) < 1e-8);
    for method in METHODS {
        let order = observed_order(method.name, &mut line, &start, 2.0, [80.0, 160.0]);
        assert!(
            (order - f64::from(method.order)).abs() < ORDER_MARGIN,
            "{}: {order:.2}",
            method.name
        );
    }
}

#[test]
fn blow_up_is_reported_with_the_last_good_state() {
    for method in METHODS {
        let steps = [
            StepSize::Fixed(0.01),
            StepSize::Adaptive {
                rtol: 1e-6,
                atol: &[1e-6],
            },
        ];
        for step in steps
            .into_iter()
            .take(1 + usize::from(method.embedded_order.is_some()))
        {
            // u_t = u², u = 1/(1 − t)
            let mut line = OnLine::new((8, 5, 1.0), &[], &[&|_| Complex::ONE], |t, u, out| {
                at_nodes(t, u, out, |_, [u]| [u * u])
            });
            let start = line.modes_of(|_| 1.0);
            let times = [0.5, 0.9, 3.0];
            let (saved, outcome) = run(method.name, &mut line, &start, step, &times);
            // Two that were asked for, and the last good one.
            assert_eq!(saved.len(), 3, "{}", method.name);
            assert_eq!(saved[2].0, outcome.t, "{}", method.name);
            let named = matches!(
                outcome.failure,
                Some(Failure::NotFinite { .. } | Failure::StepTooSmall { .. })
            );
            assert!(named, "{}: {:?}", method.name, outcome.failure);
            let late = matches!(step, StepSize::Fixed(_))
                .then_some(0.2)
                .unwrap_or(1e-3);
            assert!(
                (outcome.t - 1.0).abs() < late,
                "{}: stopped at {}",
                method.name,
                outcome.t
            );
        }
    }
}

#[test]
fn what_cannot_run_is_refused() {
    let (mut line, start) = burgers(32, 0.1);
    let mut begin = |method: &str, step| {
        let mut problem = SplitProblem {
            equations: &mut line,
            t0: 0.0,
            t_end: 1.0,
            u0: &start,
            step,
            max_steps: 10,
            save_at: None,
            interrupt: &mut |_| false,
        };
        solve(method, &mut problem, &mut |_, _| {})
    };
    let fixed = StepSize::Fixed(0.5);
    let adaptive = StepSize::Adaptive {
        rtol: 1e-3,
        atol: &[1e-3],
    };
    assert_eq!(
        begin("SBDF2", adaptive).err(),
        Some(SplitError::NeedsFixedStep { method: "SBDF2" })
    );
    assert_eq!(
        begin("Euler", fixed).err(),
        Some(SplitError::UnknownMethod {
            name: "Euler".into()
        })
    );
    assert_eq!(
        begin("etdrk4", StepSize::Fixed(0.0)).err(),
        Some(SplitError::BadStep { dt: 0.0 })
    );
    assert!(begin("etdrk4", fixed).is_ok());
}
