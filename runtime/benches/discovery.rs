//! Acceptance of discovery on ODEs and networks: errors of coefficients, right terms and seconds, over seeds.
//!
//! `cargo bench --bench discovery`; every case is a known model with terms taken out, its data made by our own solver.

use std::time::Instant;

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Form;
use ansatz_runtime::discover::observations::Observations;
use ansatz_runtime::experiment::{Finding, discover};
use ansatz_tests::observed::{Overrides, observe, program};

const LORENZ: &str = "param sigma = 10, rho = 28, beta = 8/3\nvar x = 1, y = 0, z = 0\n\
    dt(x) = sigma*(y - x)\ndt(y) = x*(rho - z) - y\ndt(z) = x*y - beta*z\n\
    simulate { until = 9.998; save = every(0.002); rtol = 1e-12; atol = 1e-12 }\n";
const LORENZ_GAP: &str = "param sigma = 10, rho = 24, beta = 8/3\nvar x = 1, y = 0, z = 0\n\
    dt(x) = sigma*(y - x)\ndt(y) = x*(rho - z) - y\ndt(z) = -beta*z\n\
    discover { library = polynomials(x, y, z, 2) }\n";
const LORENZ_BLANK: &str = "var x = 1, y = 0, z = 0\ndt(x) = 0\ndt(y) = 0\ndt(z) = 0\n\
    discover { library = polynomials(x, y, z, 2) }\n";
const GAP_TERMS: &[(&str, f64)] = &[("x in y", 4.0), ("x*y in z", 1.0)];
const BLANK_TERMS: &[(&str, f64)] = &[
    ("x in x", -10.0),
    ("x in y", 28.0),
    ("y in x", 10.0),
    ("y in y", -1.0),
    ("z in z", -8.0 / 3.0),
    ("x*y in z", 1.0),
    ("x*z in y", -1.0),
];

const SPECIES: &str = "species L = 2, R = 1, C = 0, K = 1.5, Kp = 0, S = 2, Sp = 0, P = 0.3\n";
const REACTIONS: [(&str, f64); 10] = [
    ("L + R -> C", 1.0),
    ("C -> L + R", 0.2),
    ("C + K -> C + Kp", 0.8),
    ("Kp -> K", 0.3),
    ("Kp + S -> Kp + Sp", 0.6),
    ("Sp + P -> S + P", 0.9),
    ("Sp -> Sp + P", 0.15),
    ("P -> 0", 0.25),
    ("C -> 0", 0.1),
    ("0 -> R", 0.05),
];
const STARTS: &[Overrides] = &[
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
];

fn main() {
    println!("Lorenz, 5000 points, dt 0.002: error of all coefficients in %, seeds 1 to n");
    println!("| task | noise | n | median | worst | right terms | s each |");
    println!("|---|---|---|---|---|---|---|");
    for (task, gap, terms) in [
        ("two mistakes", LORENZ_GAP, GAP_TERMS),
        ("everything unknown", LORENZ_BLANK, BLANK_TERMS),
    ] {
        for (noise, n) in [(0.0, 1), (0.01, 5), (0.1, 10)] {
            lorenz(task, gap, terms, noise, n);
        }
    }
    println!("\nA reaction deleted from ten, three time courses of 60 intervals, 1 % noise");
    for seed in 1..=3 {
        network(seed);
    }
}

fn lorenz(task: &str, gap: &str, terms: &[(&str, f64)], noise: f64, n: u64) {
    let (truth, gap) = (program(LORENZ), program(gap));
    let (mut errors, mut n_right, mut seconds) = (Vec::new(), 0, 0.0);
    for seed in 1..=n {
        let data = observe(&truth, &[&[]], noise, seed);
        let begin = Instant::now();
        let found = run(&gap, &data);
        seconds += begin.elapsed().as_secs_f64();
        let names: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
        n_right += u32::from(terms.iter().map(|t| t.0).eq(names.iter().copied()));
        errors.push(100.0 * error(&found, terms));
    }
    errors.sort_by(f64::total_cmp);
    println!(
        "| {task} | {} % | {n} | {:.2e} | {:.2e} | {n_right} | {:.2} |",
        100.0 * noise,
        errors[errors.len() / 2],
        errors[errors.len() - 1],
        seconds / n as f64
    );
}

/// `‖c - c*‖/‖c*‖` over all candidates.
fn error(found: &[(String, f64)], terms: &[(&str, f64)]) -> f64 {
    let of = |name: &str| terms.iter().find(|t| t.0 == name).map_or(0.0, |t| t.1);
    let is_found = |name: &str| found.iter().any(|f| f.0 == name);
    let wrong: f64 = found.iter().map(|(name, c)| (c - of(name)).powi(2)).sum();
    let missed = terms.iter().filter(|t| !is_found(t.0));
    let missed: f64 = missed.map(|t| t.1.powi(2)).sum();
    let all: f64 = terms.iter().map(|t| t.1.powi(2)).sum();
    ((wrong + missed) / all).sqrt()
}

fn run(model: &Program, data: &Observations) -> Vec<(String, f64)> {
    let (parameters, _) = model.start();
    match discover(model, &model.discoveries[0], &parameters, data) {
        Ok(finding) => found(model, &finding),
        Err(problem) => {
            println!("{problem}");
            Vec::new()
        }
    }
}

fn found(model: &Program, finding: &Finding) -> Vec<(String, f64)> {
    let experiment = &model.discoveries[0];
    let text = |k: usize| {
        let candidate = &experiment.candidates[k];
        match &candidate.form {
            Form::Reaction(text) | Form::RateLaw(text) => text.clone(),
            Form::Term => {
                let term = &experiment.library[candidate.term as usize].text;
                let state = &model.states[candidate.changes[0].0.0 as usize].name;
                format!("{term} in {state}")
            }
        }
    };
    let found = finding.found.iter();
    found.map(|f| (text(f.candidate), f.coefficient)).collect()
}

fn network(seed: u64) {
    let lines = |without: usize| -> String {
        let kept = REACTIONS.iter().enumerate().filter(|(i, _)| *i != without);
        kept.map(|(_, (reaction, k))| format!("{reaction} @ {k}\n"))
            .collect()
    };
    let whole = lines(REACTIONS.len());
    let truth = program(&format!(
        "{SPECIES}{whole}simulate {{ until = 15; save = points(60); rtol = 1e-10; atol = 1e-12 }}\n"
    ));
    let data = observe(&truth, STARTS, 0.01, seed);
    let (mut n_right, mut seconds) = (0, 0.0);
    for (i, (reaction, k)) in REACTIONS.iter().enumerate() {
        let gap = program(&format!(
            "{SPECIES}{}discover {{ library = reactions(L, R, C, K, Kp, S, Sp, P) }}\n",
            lines(i)
        ));
        let begin = Instant::now();
        let found = run(&gap, &data);
        seconds += begin.elapsed().as_secs_f64();
        match &found[..] {
            [(name, c)] if name == reaction && (c / k - 1.0).abs() < 0.1 => n_right += 1,
            _ => println!("{reaction} @ {k}: found {found:?}"),
        }
    }
    println!(
        "seed {seed}: {n_right} of 10 alone and right, {:.2} s each",
        seconds / 10.0
    );
}
