//! Every method converges with the order it claims, and meets the tolerance asked on reference problems.

use ansatz_compiler::Program;
use ansatz_runtime::failure::Failure;
use ansatz_runtime::ode::{METHODS, Method, Order};
use ansatz_tests::reference::{
    NON_STIFF, Reference, STIFF, Tolerances, Trajectory, compiled, corpus_model, run,
};
use ansatz_tests::snapshot::run_trials;
use libtest_mimic::{Failed, Trial};

/// Difference between observed and claimed order.
const ORDER_MARGIN: f64 = 0.2;
/// Up to this order, the tight tolerances of some problems take more steps than any run should.
const LOW_ORDER: u32 = 4;
/// Limit on steps; no run that suits its problem comes near.
const MAX_STEPS: u64 = 20_000;

fn main() {
    let mut trials = Vec::new();
    for method in METHODS {
        let name = method.name;
        trials.push(Trial::test(format!("order::{name}"), || {
            has_its_order(method)
        }));
        trials.push(Trial::test(
            format!("saved_times_do_not_steer::{name}"),
            || saved_times_do_not_steer(name),
        ));
        trials.push(Trial::test(format!("blow_up_is_reported::{name}"), || {
            blow_up_is_reported(name)
        }));
    }
    trials.push(Trial::test("saved_times_do_not_steer::auto", || {
        saved_times_do_not_steer("auto")
    }));
    trials.push(Trial::test("blow_up_is_reported::auto", || {
        blow_up_is_reported("auto")
    }));
    trials.push(Trial::test(
        "auto_switches_and_says_why",
        auto_switches_and_says_why,
    ));
    for name in METHODS.iter().map(|method| method.name).chain(["auto"]) {
        trials.push(Trial::test(format!("totals_are_kept::{name}"), || {
            totals_are_kept(name)
        }));
    }
    for reference in NON_STIFF {
        for method in METHODS {
            let name = method.name;
            let trial = match method.order {
                Order::Fixed(order) if order > LOW_ORDER => meets_the_tolerance,
                Order::Fixed(_) => meets_the_tolerance_or_runs_out_of_steps,
                Order::UpTo(_) => continue,
            };
            trials.push(Trial::test(
                format!("reference::{}::{name}", reference.name),
                move || trial(reference, name),
            ));
        }
        {
            let name = "auto";
            let trial = move || meets_the_tolerance(reference, name);
            trials.push(Trial::test(
                format!("reference::{}::{name}", reference.name),
                trial,
            ));
        }
        trials.push(Trial::test(
            format!("reference::{}::BDF", reference.name),
            || follows_the_tolerance(reference, "BDF"),
        ));
    }
    for reference in STIFF {
        for name in METHODS.iter().map(|method| method.name).chain(["auto"]) {
            let trial = move || meets_the_tolerance_or_runs_out_of_steps(reference, name);
            trials.push(Trial::test(
                format!("reference::{}::{name}", reference.name),
                trial,
            ));
        }
    }
    run_trials(trials)
}

fn meets_the_tolerance(reference: &Reference, method: &str) -> Result<(), Failed> {
    let (trajectory, outcome) = reference.run(&reference.program(), method, MAX_STEPS);
    check(outcome.failure.is_none(), || {
        format!("{:?}", outcome.failure)
    })?;
    check(trajectory.len() == reference.solution().len(), || {
        "not all times were saved".into()
    })?;
    let (error, bound) = (
        reference.error(&trajectory),
        reference.growth * reference.rtol,
    );
    check(error <= bound, || {
        format!("error {error:e} above {bound:e}")
    })
}

/// BDF accumulates errors over many steps of low order, and these problems amplify them: at the tolerance it misses the bound of the
/// others, at a hundredth of it no more (or by a factor of two), and the error falls with the tolerance.
fn follows_the_tolerance(reference: &Reference, method: &str) -> Result<(), Failed> {
    let program = reference.program();
    let [coarse, fine] = [1.0, 0.01].map(|factor| {
        let (trajectory, outcome) = reference.run_at(&program, method, factor, 2 * MAX_STEPS);
        assert_eq!(outcome.failure, None);
        reference.error(&trajectory)
    });
    let bound = reference.growth * reference.rtol;
    check(fine <= 2.0 * bound && fine <= 0.05 * coarse, || {
        format!("errors {coarse:e} and {fine:e}, bound {bound:e}")
    })
}

/// Explicit methods cannot solve stiff problems in a reasonable number of steps, nor methods of low order exactly; then they must say so.
fn meets_the_tolerance_or_runs_out_of_steps(
    reference: &Reference,
    method: &str,
) -> Result<(), Failed> {
    let (_, outcome) = reference.run(&reference.program(), method, MAX_STEPS);
    match outcome.failure {
        Some(Failure::TooManySteps { t, .. }) if method != "auto" => {
            check(t == outcome.t && t < reference.until, || {
                format!("stopped at {t}")
            })
        }
        Some(failure) => Err(failure.to_string().into()),
        None => meets_the_tolerance(reference, method),
    }
}

/// On a problem where steps stay equal, errors fall as the step to the power of the order. Where the order varies, they follow the tolerance.
fn has_its_order(method: &Method) -> Result<(), Failed> {
    let program = corpus_model("circular_motion");
    // Times within steps, so that dense output is measured too.
    let times: Vec<f64> = (1..=200).map(|i| f64::from(i) * 0.05).collect();
    let tolerances = match method.order {
        Order::Fixed(order) if order <= LOW_ORDER => [-2.0, -3.0, -4.0, -5.0, -6.0, -7.0],
        Order::Fixed(_) | Order::UpTo(_) => [-5.0, -6.0, -7.0, -8.0, -9.0, -10.0],
    };
    let runs: Vec<Run> = tolerances
        .iter()
        .map(|&e| Run::new(&program, method.name, &times, 10f64.powf(e)))
        .collect();
    let by_step =
        |error: fn(&Run) -> f64| slope(runs.iter().map(|run| (-run.steps.ln(), error(run).ln())));
    match (method.order, method.dense_order) {
        (Order::Fixed(order), Order::Fixed(dense)) => {
            let (at_end, within) = (
                by_step(|run| run.error_at_end),
                by_step(|run| run.error_within),
            );
            let claimed = f64::from(order);
            // Dense output of order q has local errors of order q + 1, beside the global errors of the steps.
            let claimed_within = claimed.min(f64::from(dense + 1));
            check((at_end - claimed).abs() <= ORDER_MARGIN, || {
                format!("order {at_end:.2}, claimed {claimed}")
            })?;
            check((within - claimed_within).abs() <= ORDER_MARGIN, || {
                format!("dense output: order {within:.2}, claimed {claimed_within}")
            })
        }
        (Order::UpTo(_), _) | (_, Order::UpTo(_)) => {
            let exponent = slope(
                runs.iter()
                    .map(|run| (run.rtol.ln(), run.error_within.ln())),
            );
            check((0.75..1.25).contains(&exponent), || {
                format!("errors fall as the tolerance to the power of {exponent:.2}")
            })
        }
    }
}

/// A run on a circle, whose solution is known.
struct Run {
    rtol: f64,
    steps: f64,
    error_at_end: f64,
    error_within: f64,
}

impl Run {
    fn new(program: &Program, method: &str, times: &[f64], rtol: f64) -> Self {
        let tolerances = Tolerances {
            rtol,
            atol: rtol,
            max_steps: MAX_STEPS,
        };
        let end = *times.last().expect("times");
        let (trajectory, outcome) = run(program, method, end, times, tolerances);
        let errors: Vec<f64> = trajectory
            .iter()
            .map(|(t, u)| error_in_circular_motion(*t, u))
            .collect();
        Self {
            rtol,
            steps: outcome.counts.steps as f64,
            error_at_end: *errors.last().expect("saved times"),
            error_within: errors.iter().copied().fold(0.0, f64::max),
        }
    }
}

fn error_in_circular_motion(t: f64, u: &[f64]) -> f64 {
    let exact = [t.cos(), t.sin(), (-t.sin()).exp()];
    u.iter()
        .zip(exact)
        .map(|(u, exact)| (u - exact).abs())
        .fold(0.0, f64::max)
}

/// Slope of the line through points by least squares.
fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let n = points.clone().count() as f64;
    let mean = |f: fn((f64, f64)) -> f64| points.clone().map(f).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let (xy, xx) = points.fold((0.0, 0.0), |(xy, xx), p| {
        (xy + (p.0 - x) * (p.1 - y), xx + (p.0 - x).powi(2))
    });
    xy / xx
}

fn saved_times_do_not_steer(method: &str) -> Result<(), Failed> {
    let program = corpus_model("circular_motion");
    let tolerances = Tolerances {
        rtol: 1e-6,
        atol: 1e-6,
        max_steps: MAX_STEPS,
    };
    let few = [0.0, 10.0];
    let many: Vec<f64> = (0..=1000).map(|i| f64::from(i) * 0.01).collect();
    let (few, outcome_few) = run(&program, method, 10.0, &few, tolerances);
    let (many, outcome_many) = run(&program, method, 10.0, &many, tolerances);
    let ends = |trajectory: &Trajectory| (trajectory.first().cloned(), trajectory.last().cloned());
    check(many.len() == 1001, || format!("{} rows", many.len()))?;
    check(ends(&few) == ends(&many), || "the ends differ".into())?;
    check(
        outcome_few.counts.steps == outcome_many.counts.steps,
        || "the steps differ".into(),
    )
}

fn blow_up_is_reported(method: &str) -> Result<(), Failed> {
    // u = 1/(1 - t)
    let program = compiled(
        "blow_up",
        "model BlowUp\nvar u = 1\ndt(u) = u^2\nsimulate { until = 2 }\n".into(),
    );
    let times = [0.5, 0.9, 1.5];
    let tolerances = Tolerances {
        rtol: 1e-6,
        atol: 1e-9,
        max_steps: MAX_STEPS,
    };
    let (trajectory, outcome) = run(&program, method, 2.0, &times, tolerances);
    check(outcome.failure.is_some(), || "no failure".into())?;
    check((outcome.t - 1.0).abs() < 1e-3, || {
        format!("stopped at {}", outcome.t)
    })?;
    check(trajectory.len() == 2, || {
        format!("{} rows before the failure", trajectory.len())
    })?;
    check(trajectory.iter().all(|(_, u)| u[0].is_finite()), || {
        "a value that is not finite".into()
    })
}

/// No atoms are made or lost over eleven powers of ten of time.
fn totals_are_kept(method: &str) -> Result<(), Failed> {
    let robertson = STIFF
        .iter()
        .find(|reference| reference.name == "robertson")
        .expect("in the table");
    let (trajectory, _) = robertson.run(&robertson.program(), method, MAX_STEPS);
    let drift = trajectory
        .iter()
        .map(|(_, u)| (u.iter().sum::<f64>() - 1.0).abs())
        .fold(0.0, f64::max);
    check(drift < 1e-11, || format!("the total drifts by {drift:e}"))
}

fn auto_switches_and_says_why() -> Result<(), Failed> {
    let hires = STIFF
        .iter()
        .find(|reference| reference.name == "hires")
        .expect("in the table");
    let (_, outcome) = hires.run(&hires.program(), "auto", MAX_STEPS);
    check(outcome.method.starts_with("Rodas5P"), || {
        outcome.method.clone()
    })?;
    let told = outcome.reason.starts_with("Tsit5") && outcome.reason.contains("Rodas5P from t = ");
    check(told, || outcome.reason.clone())
}

fn check(holds: bool, message: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message().into()) }
}
