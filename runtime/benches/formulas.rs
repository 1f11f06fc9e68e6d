//! Free-form search on four tasks, clean and with 1 % noise: how many are solved, and in what time.
//!
//! `cargo bench -p ansatz-runtime --bench formulas [-- TASK]`; solved means that the formula chosen is that of the task: on new points it is off from the
//! noiseless truth by less than 1e-6 (clean) or 0.5 % (noise) of the standard deviation, with at most twice the complexity.

use std::time::Instant;

use ansatz_compiler::terms::Pool;
use ansatz_runtime::discover::evolve::{Alphabet, Binary, Samples, Search, Unary, search};
use ansatz_runtime::random::Random;

struct Task {
    name: &'static str,
    /// Ranges of the inputs.
    inputs: &'static [(&'static str, f64, f64)],
    truth: fn(&[f64]) -> f64,
    unary: &'static [Unary],
    /// Complexity of the truth.
    complexity: u32,
}

const TASKS: &[Task] = &[
    Task {
        name: "x² - x·y + y²",
        inputs: &[("x", -3.0, 3.0), ("y", -3.0, 3.0)],
        truth: |v| v[0] * v[0] - v[0] * v[1] + v[1] * v[1],
        unary: &[Unary::Square, Unary::Sin, Unary::Exp],
        complexity: 9,
    },
    Task {
        name: "Michaelis-Menten with inhibition",
        inputs: &[("S", 0.0, 10.0), ("I", 0.0, 5.0)],
        truth: |v| 2.5 * v[0] / (1.5 * (1.0 + v[1] / 0.8) + v[0]),
        unary: &[Unary::Square, Unary::Exp],
        complexity: 13,
    },
    Task {
        name: "Lorenz, dz/dt",
        inputs: &[("x", -20.0, 20.0), ("y", -25.0, 25.0), ("z", 0.0, 50.0)],
        truth: |v| v[0] * v[1] - 8.0 / 3.0 * v[2],
        unary: &[Unary::Square, Unary::Sin, Unary::Exp],
        complexity: 7,
    },
    Task {
        name: "damped pendulum",
        inputs: &[("theta", -3.0, 3.0), ("omega", -4.0, 4.0)],
        truth: |v| -0.25 * v[1] - 9.81 * v[0].sin(),
        unary: &[Unary::Square, Unary::Sin, Unary::Cos, Unary::Exp],
        complexity: 10,
    },
];

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let (mut solved, mut runs, mut longest) = (0, 0, 0.0_f64);
    let (mut evaluations, mut total) = (0, 0.0);
    for task in TASKS
        .iter()
        .filter(|t| wanted.is_empty() || wanted.iter().any(|w| t.name.contains(w.as_str())))
    {
        for noise in [0.0, 0.01] {
            for seed in 1..=5 {
                let start = Instant::now();
                let (text, error, is_solved, evaluated) = run(task, noise, seed);
                let seconds = start.elapsed().as_secs_f64();
                println!(
                    "{:33} {noise:5} seed {seed} {seconds:6.3} s  error {error:8.1e}  {}  {text}",
                    task.name,
                    if is_solved { "solved" } else { "------" }
                );
                solved += u32::from(is_solved);
                runs += 1;
                longest = longest.max(seconds);
                evaluations += evaluated;
                total += seconds;
            }
        }
    }
    println!("{solved} of {runs} solved, the longest in {longest:.2} s");
    let threads = rayon::current_num_threads();
    println!(
        "{:.0} million evaluations of a node on a sample per second of each of {threads} threads, all else included",
        evaluations as f64 * 1e-6 / total / threads as f64
    );
}

fn run(task: &Task, noise: f64, seed: u64) -> (String, f64, bool, u64) {
    let mut random = Random::new(seed, 1000);
    let (inputs, clean) = points(task, 500, &mut random);
    let deviation = deviation(&clean);
    let target = clean
        .iter()
        .map(|y| y + noise * deviation * random.normal())
        .collect();
    let samples = Samples::new(inputs, target).expect("the target varies");
    let alphabet = Alphabet {
        n_inputs: task.inputs.len() as u16,
        unary: task.unary.to_vec(),
        binary: vec![Binary::Add, Binary::Sub, Binary::Mul, Binary::Div],
    };
    let found = search(&Search::new(alphabet, seed), &samples, &mut || false);
    let best = &found.members[found.best];
    let mut pool = Pool::new();
    let symbols: Vec<_> = task
        .inputs
        .iter()
        .map(|(name, ..)| pool.symbol(name))
        .collect();
    let term = best.formula.term(&mut pool, &symbols);
    let (new, truth) = points(task, 300, &mut random);
    let squares = (0..truth.len()).map(|i| {
        let values: Vec<f64> = new.iter().map(|c| c[i]).collect();
        (pool.eval(&[term], &values)[0] - truth[i]).powi(2)
    });
    let error = (squares.sum::<f64>() / truth.len() as f64).sqrt() / deviation;
    let limit = if noise == 0.0 { 1e-6 } else { 0.005 };
    (
        format!(
            "[{} formulas, {:.0} M evaluations] {}",
            found.formulas,
            found.evaluations as f64 * 1e-6,
            pool.display(term)
        ),
        error,
        error < limit && best.complexity <= 2 * task.complexity,
        found.evaluations,
    )
}

fn points(task: &Task, n: usize, random: &mut Random) -> (Vec<Vec<f64>>, Vec<f64>) {
    let inputs: Vec<Vec<f64>> = task
        .inputs
        .iter()
        .map(|&(_, low, high)| {
            (0..n)
                .map(|_| low + (high - low) * random.uniform())
                .collect()
        })
        .collect();
    let truth = (0..n)
        .map(|i| (task.truth)(&inputs.iter().map(|c| c[i]).collect::<Vec<f64>>()))
        .collect();
    (inputs, truth)
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}
