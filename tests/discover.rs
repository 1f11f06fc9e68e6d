//! Discovery: a term is taken from a known model, data are made of the whole one, and the term must come back.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Form;
use ansatz_runtime::discover::check::{DataProblem, check};
use ansatz_runtime::discover::observations::{Observations, Observed};
use ansatz_runtime::discover::replay::explained;
use ansatz_runtime::experiment::{Finding, discover};
use ansatz_tests::observed::{Overrides, csv, observe, program};
use ansatz_tests::repository;

/// The data of an example: how `obs.csv` was made.
struct Recipe {
    truth: &'static str,
    starts: &'static [Overrides],
    noise: f64,
    seed: u64,
}

/// `UPDATE_DATA=1` writes the files anew.
const RECIPES: &[Recipe] = &[
    Recipe {
        truth: "lorenz/lorenz_truth.model",
        starts: &[&[]],
        noise: 0.05,
        seed: 1,
    },
    Recipe {
        truth: "lotka_volterra/predation_truth.model",
        starts: &[&[], &[("hare", 2.0), ("lynx", 3.0)]],
        noise: 0.01,
        seed: 2,
    },
    Recipe {
        truth: "network/cascade_truth.model",
        starts: &[
            &[],
            &[("L", 0.5), ("R", 2.0), ("K", 0.7), ("S", 1.0), ("P", 0.8)],
            &[
                ("L", 3.0),
                ("R", 0.5),
                ("K", 2.0),
                ("Kp", 0.3),
                ("S", 0.5),
                ("Sp", 1.0),
                ("C", 0.4),
            ],
        ],
        noise: 0.01,
        seed: 3,
    },
];

#[test]
fn data_of_the_examples_are_those_of_their_truths() {
    let update = std::env::var("UPDATE_DATA").is_ok();
    for recipe in RECIPES {
        let path = repository().join("examples/discover").join(recipe.truth);
        let truth = program(&std::fs::read_to_string(&path).unwrap());
        let text = csv(
            &truth,
            &observe(&truth, recipe.starts, recipe.noise, recipe.seed),
        );
        let file = path.with_file_name("obs.csv");
        if update {
            std::fs::write(&file, &text).unwrap();
        }
        let stored = std::fs::read_to_string(&file).unwrap();
        let numbers = |text: &str| -> Vec<f64> {
            text.split(['\n', ','])
                .filter_map(|cell| cell.parse().ok())
                .collect()
        };
        let (stored, made) = (numbers(&stored), numbers(&text));
        assert_eq!(stored.len(), made.len(), "{}", recipe.truth);
        // Six digits are stored; the solver may differ a little from machine to machine.
        let agree = stored
            .iter()
            .zip(&made)
            .all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + b.abs()));
        assert!(agree, "{}: run with UPDATE_DATA=1", recipe.truth);
    }
}

/// What is found, as text with its coefficient: `x*y in z`, or a reaction.
fn found(model: &Program, finding: &Finding) -> Vec<(String, f64)> {
    let experiment = &finding.experiment;
    let text = |candidate: usize| {
        let candidate = &experiment.candidates[candidate];
        let term = &experiment.library[candidate.term as usize].text;
        match &candidate.form {
            Form::Reaction(text) | Form::RateLaw(text) => text.clone(),
            Form::Term => {
                format!(
                    "{term} in {}",
                    model.states[candidate.changes[0].0.0 as usize].name
                )
            }
        }
    };
    finding
        .found
        .iter()
        .map(|f| (text(f.candidate), f.coefficient))
        .collect()
}

fn run(model: &Program, data: &Observations) -> Vec<(String, f64)> {
    let (parameters, _) = model.start();
    let finding = discover(model, &model.discoveries[0], &parameters, data).unwrap();
    assert!(finding.is_stable());
    found(model, &finding)
}

/// Demands these terms and no others, their coefficients to a relative accuracy.
fn demand(found: &[(String, f64)], expected: &[(&str, f64)], accuracy: f64) {
    let names: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
    let wanted: Vec<&str> = expected.iter().map(|e| e.0).collect();
    assert_eq!(names, wanted, "{found:?}");
    for ((_, c), (name, truth)) in found.iter().zip(expected) {
        assert!(
            (c / truth - 1.0).abs() < accuracy,
            "{name}: {c} instead of {truth}"
        );
    }
}

const OSCILLATOR: &str = "var x = 2, y = 0\ndt(x) = y\ndt(y) = -x + 0.8*y - 0.8*x^2*y\nsimulate { until = 12; save = points(300); rtol = 1e-12; atol = 1e-12 }\n";
const OSCILLATOR_GAP: &str =
    "var x = 2, y = 0\ndt(x) = y\ndt(y) = -x\ndiscover { library = polynomials(x, y, 3) }\n";

#[test]
fn clean_data_give_coefficients_to_many_digits() {
    let (truth, gap) = (program(OSCILLATOR), program(OSCILLATOR_GAP));
    let data = observe(&truth, &[&[]], 0.0, 1);
    demand(
        &run(&gap, &data),
        &[("y in y", 0.8), ("x^2*y in y", -0.8)],
        1e-7,
    );
}

#[test]
fn noisy_data_give_the_same_terms() {
    let (truth, gap) = (program(OSCILLATOR), program(OSCILLATOR_GAP));
    let data = observe(&truth, &[&[]], 0.03, 1);
    demand(
        &run(&gap, &data),
        &[("y in y", 0.8), ("x^2*y in y", -0.8)],
        0.03,
    );
}

#[test]
fn gaps_in_the_data_are_no_hindrance() {
    let (truth, gap) = (program(OSCILLATOR), program(OSCILLATOR_GAP));
    let mut data = observe(&truth, &[&[]], 0.03, 2);
    let values = &mut data.trajectories[0].values;
    values
        .iter_mut()
        .skip(3)
        .step_by(7)
        .for_each(|v| *v = f64::NAN);
    demand(
        &run(&gap, &data),
        &[("y in y", 0.8), ("x^2*y in y", -0.8)],
        0.03,
    );
}

#[test]
fn every_method_finds_the_terms() {
    let truth = program(OSCILLATOR);
    let data = observe(&truth, &[&[]], 0.0, 1);
    for method in ["rvm", "ard", "stlsq"] {
        let text = OSCILLATOR_GAP.replace("3) }", &format!("3); method = {method} }}"));
        demand(
            &run(&program(&text), &data),
            &[("y in y", 0.8), ("x^2*y in y", -0.8)],
            1e-7,
        );
    }
}

#[test]
fn constraints_are_kept() {
    let truth = "var x = 1\ndt(x) = -0.5*x - x^2\nsimulate { until = 5; rtol = 1e-10 }\n";
    let data = observe(&program(truth), &[&[]], 0.01, 1);
    let gap = |more: &str| {
        let text = format!("var x = 1\ndt(x) = 0\ndiscover {{ library = powers(x, 3){more} }}\n");
        run(&program(&text), &data)
    };
    demand(&gap(""), &[("x in x", -0.5), ("x^2 in x", -1.0)], 0.1);
    let bounded = gap("; constraints = [x^2 >= -0.2]");
    let squares = bounded.iter().filter(|(name, _)| name == "x^2 in x");
    assert!(squares.clone().all(|(_, c)| *c >= -0.2), "{bounded:?}");
    assert!(!bounded.is_empty());
}

#[test]
fn a_complete_model_lacks_nothing() {
    let truth = program(OSCILLATOR);
    let complete = OSCILLATOR.replace(
        "simulate",
        "discover { library = polynomials(x, y, 3) }\nsimulate",
    );
    for seed in 1..4 {
        let data = observe(&truth, &[&[]], 0.02, seed);
        assert_eq!(run(&program(&complete), &data), []);
    }
}

#[test]
fn a_missing_reaction_is_found_as_a_reaction() {
    let network =
        "species A = 1, B = 0.2, C = 0, D = 0\nA + B -> C @ 1.5\nC -> A + D @ 0.7\nD -> B @ 0.4\n";
    let truth = program(&format!(
        "{network}simulate {{ until = 10; save = points(50); rtol = 1e-10; atol = 1e-12 }}\n"
    ));
    let gap = network.replace("C -> A + D @ 0.7\n", "");
    let gap = program(&format!(
        "{gap}discover {{ library = reactions(A, B, C, D) }}\n"
    ));
    let starts: &[Overrides] = &[&[], &[("B", 1.5)], &[("C", 1.0), ("A", 0.3)]];
    let data = observe(&truth, starts, 0.01, 4);
    demand(&run(&gap, &data), &[("C -> A + D", 0.7)], 0.02);
}

#[test]
fn a_state_that_is_not_measured_is_no_hindrance() {
    let truth = program(OSCILLATOR);
    let mut data = observe(&truth, &[&[]], 0.02, 1);
    data.columns.truncate(1);
    let run = &mut data.trajectories[0];
    run.values = run.values.iter().step_by(2).copied().collect();
    let gap = program(&OSCILLATOR_GAP.replace("3) }", "3); target = y }"));
    demand(
        &self::run(&gap, &data),
        &[("y in y", 0.8), ("x^2*y in y", -0.8)],
        0.05,
    );
}

#[test]
fn an_expression_is_measured_instead_of_the_states() {
    let with_sum = |text: &str| format!("let s = x + 2*y\n{text}");
    let truth = program(&with_sum(OSCILLATOR));
    let mut data = observe(&truth, &[&[]], 0.01, 1);
    data.columns = vec![Observed::Observable(0)];
    let run = &mut data.trajectories[0];
    let states = run.values.chunks_exact(2);
    run.values = states.map(|u| u[0] + 2.0 * u[1]).collect();
    let gap = with_sum(&OSCILLATOR_GAP.replace(
        "3) }",
        "3); target = y; assimilate = smoother(members = 30, cycles = 2) }",
    ));
    demand(
        &self::run(&program(&gap), &data),
        &[("y in y", 0.8), ("x^2*y in y", -0.8)],
        0.05,
    );
}

#[test]
fn noise_that_hides_all_and_samples_too_far_apart_are_told() {
    let problem = |until: &str, noise: f64| {
        let truth = program(&OSCILLATOR.replace("until = 12", until));
        let data = observe(&truth, &[&[]], noise, 1);
        let gap = program(OSCILLATOR_GAP);
        let (parameters, _) = gap.start();
        discover(&gap, &gap.discoveries[0], &parameters, &data)
    };
    assert!(problem("until = 12", 0.1).is_ok());
    let noise = problem("until = 12", 20.0).map(|_| ()).unwrap_err();
    assert!(
        matches!(noise, DataProblem::HopelessNoise { .. }),
        "{noise}"
    );
    let apart = problem("until = 950", 0.01).map(|_| ()).unwrap_err();
    assert!(
        matches!(apart, DataProblem::IntervalTooLong { .. }),
        "{apart}"
    );
    assert!(apart.help().contains("every 0.32"), "{}", apart.help());
}

#[test]
fn bad_data_are_refused_with_what_is_missing() {
    let truth = program(OSCILLATOR);
    let good = observe(&truth, &[&[]], 0.0, 1);
    let names = ["x".to_owned(), "y".to_owned()];
    let problem = |change: &dyn Fn(&mut Observations)| {
        let mut data = good.clone();
        change(&mut data);
        check(&data, &names, 10).unwrap_err()
    };
    let few = problem(&|data| {
        data.trajectories[0].times.truncate(6);
        data.trajectories[0].values.truncate(12);
    });
    assert!(
        matches!(few, DataProblem::TooFewSamples { found: 5, .. }),
        "{few}"
    );
    assert!(few.help().contains("more"), "{}", few.help());
    let constant = problem(&|data| {
        data.trajectories[0]
            .values
            .iter_mut()
            .step_by(2)
            .for_each(|v| *v = 1.0)
    });
    assert!(
        matches!(constant, DataProblem::ConstantColumn { .. }),
        "{constant}"
    );
    let empty = problem(&|data| {
        data.trajectories[0]
            .values
            .iter_mut()
            .step_by(2)
            .for_each(|v| *v = f64::NAN)
    });
    assert!(matches!(empty, DataProblem::EmptyColumn { .. }), "{empty}");
    let times = problem(&|data| data.trajectories[0].times.swap(3, 4));
    assert!(
        matches!(times, DataProblem::TimesDoNotAscend { .. }),
        "{times}"
    );
}

const SATURATING: &str = "species A = 5, E = 1, B = 0\nE -> 0 @ 0.1\nB -> 0 @ 0.3\n";

#[test]
fn a_saturating_rate_is_found_with_its_constant() {
    let truth = program(&format!(
        "{SATURATING}E + A => E + B @ 2*E*A/(1.5 + A)\nsimulate {{ until = 8; save = points(60); rtol = 1e-10; atol = 1e-12 }}\n"
    ));
    let gap = program(&format!(
        "{SATURATING}discover {{ library = reactions(A, B, E, michaelis_menten) }}\n"
    ));
    let starts: &[Overrides] = &[&[], &[("A", 1.0)], &[("A", 3.0), ("E", 0.3), ("B", 1.0)]];
    for (noise, accuracy) in [(0.0, 1e-4), (0.01, 0.1)] {
        let data = observe(&truth, starts, noise, 2);
        let (parameters, _) = gap.start();
        let finding = discover(&gap, &gap.discoveries[0], &parameters, &data).unwrap();
        demand(&found(&gap, &finding), &[("A + E => E + B", 2.0)], accuracy);
        let (half, deviation) = finding.found[0].constants[0];
        assert!((half / 1.5 - 1.0).abs() < accuracy, "{half} ± {deviation}");
        assert!(
            (half - 1.5).abs() < 4.0 * deviation + 1e-6,
            "{half} ± {deviation}"
        );
    }
}

#[test]
fn a_formula_is_found_for_what_is_missing() {
    let model = "species hare = 5, lynx = 1\nhare -> 2 hare @ 1.5\nlynx -> 0 @ 1\n";
    let truth = program(&format!(
        "{model}hare + lynx => 2 lynx @ hare*lynx/(1 + hare/4)\nsimulate {{ until = 8; save = points(80); rtol = 1e-10; atol = 1e-10 }}\n"
    ));
    let gap = program(&format!(
        "{model}discover {{ method = evolve; conserve = hare + lynx }}\n"
    ));
    let data = observe(&truth, &[&[], &[("hare", 2.0), ("lynx", 3.0)]], 0.01, 2);
    let (parameters, _) = gap.start();
    let finding = discover(&gap, &gap.discoveries[0], &parameters, &data).unwrap();
    // As one fraction or as two terms: `-hare*lynx/(1 + hare/4)`.
    let rate = |hare: f64, lynx: f64| -> f64 {
        let terms = finding.found.iter().map(|found| {
            let experiment = &finding.experiment;
            let candidate = &experiment.candidates[found.candidate];
            let term = &experiment.library[candidate.term as usize];
            let value = gap.with_pool(|pool| {
                let mut values = vec![0.0; pool.n_symbols()];
                values[gap.states[0].symbol.0 as usize] = hare;
                values[gap.states[1].symbol.0 as usize] = lynx;
                for (constant, (value, _)) in term.constants.iter().zip(&found.constants) {
                    values[constant.symbol.0 as usize] = *value;
                }
                pool.eval(&[term.term], &values)[0]
            });
            found.coefficient * value
        });
        terms.sum()
    };
    for (hare, lynx) in [(1.0, 1.0), (4.0, 2.0), (9.0, 0.5)] {
        let truth = -hare * lynx / (1.0 + hare / 4.0);
        let found = rate(hare, lynx);
        assert!((found / truth - 1.0).abs() < 0.03, "{found} for {truth}");
    }
    let shares = finding.replays.iter().zip(&data.trajectories);
    for ([_, after], trajectory) in shares {
        let share = explained(after, trajectory, &finding.columns, 2).unwrap();
        assert!(share > 0.995, "{share}");
    }
}
