//! Finds right-hand sides: sparse regression on libraries and free-form search propose, simulation decides.

use ansatz_compiler::terms::Pool;
use ansatz_runtime::discover::evolve::{Alphabet, Binary, Samples, Search, Unary, search};
use ansatz_runtime::discover::noise::noise_levels;
use ansatz_runtime::discover::observations::Observations;
use ansatz_runtime::discover::rates::{Rate, rates};
use ansatz_runtime::experiment::discover;

use super::observed::observations;
use super::system::{Model, SAMPLES, name};

/// Windows in which candidates are simulated.
const WINDOWS: usize = 8;
/// Formulas of a free-form search that are tried in simulations.
const PROPOSALS: usize = 3;
/// Epochs that a search goes on without success: many searches are made, and simulation decides.
const PATIENCE: [usize; 3] = [12, 15, 25];
/// Nats that a word of a formula costs.
const WORD: f64 = 2.3;
/// Right-hand sides of no more words that fit perfectly are taken at once.
const FEW_WORDS: usize = 24;
/// What a window in which the simulation fails counts, in variances of the data.
const FAILED: f64 = 10.0;
/// A mean squared error over the variance below this is as good as none.
const PERFECT: f64 = 1e-11;

/// What there is to learn from.
pub struct Finder<'d> {
    data: &'d [Vec<f64>],
    observations: Observations,
    smoothed: Vec<Rate>,
    seed: u64,
}

impl<'d> Finder<'d> {
    pub fn new(data: &'d [Vec<f64>], seed: u64) -> Finder<'d> {
        let observations = observations(data);
        let noise = noise_levels(&observations);
        let deviations = observations.deviations();
        let trajectory = &observations.trajectories[0];
        let smooth = |k: usize| rates(trajectory, data.len(), k, noise[k], deviations[k]);
        Finder {
            smoothed: (0..data.len()).map(smooth).collect(),
            data,
            observations,
            seed,
        }
    }

    /// The right-hand sides that describe the data in the fewest nats.
    pub fn find(&self) -> Vec<String> {
        let sparse = self.libraries().into_iter().filter_map(|l| self.sparse(&l));
        let mut systems: Vec<Vec<String>> = sparse.collect();
        let is_perfect = |system: &&Vec<String>| {
            let losses = self.losses(system).into_iter().flatten();
            let is_short = system.iter().all(|rate| words(rate) <= FEW_WORDS);
            is_short && losses.fold(0.0, f64::max) < PERFECT
        };
        if let Some(perfect) = systems.iter().find(is_perfect) {
            return perfect.clone();
        }
        let mut proposals: Vec<Vec<String>> = (0..self.data.len()).map(|k| self.free(k)).collect();
        let firsts = proposals.iter().map(|list| list[0].clone());
        systems.push(firsts.collect());
        for system in &systems {
            for (list, rate) in proposals.iter_mut().zip(system) {
                list.push(rate.clone());
            }
        }
        let mut best = (f64::INFINITY, systems[0].clone());
        for system in systems {
            let score = self.score(&system);
            if score < best.0 {
                best = (score, system);
            }
        }
        for (k, list) in proposals.iter().enumerate() {
            for rate in list {
                let mut trial = best.1.clone();
                trial[k].clone_from(rate);
                let score = self.score(&trial);
                if score < best.0 {
                    best = (score, trial);
                }
            }
        }
        best.1
    }

    fn libraries(&self) -> Vec<String> {
        let names: Vec<String> = (0..self.data.len()).map(name).collect();
        let all = names.join(", ");
        let waves: Vec<String> = names
            .iter()
            .map(|x| format!("sin({x}), cos({x})"))
            .collect();
        vec![
            format!("[1, polynomials({all}, 3)]"),
            format!("[1, polynomials({all}, 2), {}]", waves.join(", ")),
        ]
    }

    /// A sparse combination of a library.
    fn sparse(&self, library: &str) -> Option<Vec<String>> {
        let nothing = vec!["0".to_owned(); self.data.len()];
        let model = Model::compile(&nothing, Some(library))?;
        let experiment = model.program.discoveries.first()?;
        let (parameters, _) = model.program.start();
        let finding = discover(&model.program, experiment, &parameters, &self.observations).ok()?;
        let mut rates = nothing;
        for found in &finding.found {
            let candidate = &experiment.candidates[found.candidate];
            let term = &experiment.library[candidate.term as usize].text;
            for (state, change) in &candidate.changes {
                let c = found.coefficient * change.to_f64();
                rates[state.0 as usize] += &format!(" + ({c:.10e})*{term}");
            }
        }
        Some(rates)
    }

    /// The best formulas for one rate; at least one.
    fn free(&self, k: usize) -> Vec<String> {
        let inputs: Vec<Vec<f64>> = self.smoothed.iter().map(|s| s.values.clone()).collect();
        let errors = &self.smoothed[k].errors;
        let weights: Vec<f64> = errors.iter().map(|e| 1.0 / (e * e)).collect();
        let mean = weights.iter().sum::<f64>() / weights.len() as f64;
        let target = self.smoothed[k].rates.clone();
        let Some(samples) = Samples::weighted(inputs, target, &weights) else {
            return vec!["0".to_owned()];
        };
        let samples = samples.with_noise(mean.recip().sqrt());
        let alphabet = Alphabet {
            n_inputs: self.data.len() as u16,
            unary: vec![Unary::Square, Unary::Sin, Unary::Cos, Unary::Exp, Unary::Ln],
            binary: vec![Binary::Add, Binary::Sub, Binary::Mul, Binary::Div],
        };
        let plan = Search {
            patience: PATIENCE,
            ..Search::new(alphabet, self.seed)
        };
        let found = search(&plan, &samples, &mut || false);
        let mut order: Vec<usize> = (0..found.members.len()).collect();
        order.sort_by(|&a, &b| found.members[a].score.total_cmp(&found.members[b].score));
        let text = |&m: &usize| {
            let mut pool = Pool::new();
            let symbols: Vec<_> = (0..self.data.len())
                .map(|i| pool.symbol(&name(i)))
                .collect();
            let term = found.members[m].formula.term(&mut pool, &symbols);
            pool.display(term).to_string()
        };
        order.iter().take(PROPOSALS).map(text).collect()
    }

    /// Length of the description of the data, in nats: what simulations leave, and the formulas.
    fn score(&self, rates: &[String]) -> f64 {
        let Some(losses) = self.losses(rates) else {
            return f64::INFINITY;
        };
        let misfit = losses.iter().map(|loss| loss.max(PERFECT).ln());
        let words = rates.iter().map(|rate| words(rate)).sum::<usize>();
        0.5 * SAMPLES as f64 * misfit.sum::<f64>() + WORD * words as f64
    }

    /// By component, the mean squared error of simulations in windows over the variance; `None` if the text is no model.
    fn losses(&self, rates: &[String]) -> Option<Vec<f64>> {
        let model = Model::compile(rates, None)?;
        let length = SAMPLES / WINDOWS;
        let mut losses = vec![0.0; self.data.len()];
        for start in (0..SAMPLES).step_by(length) {
            let from: Vec<f64> = self.smoothed.iter().map(|s| s.values[start]).collect();
            let Some(run) = model.run(&from, Some(length)) else {
                losses.iter_mut().for_each(|loss| *loss += FAILED);
                continue;
            };
            for ((loss, run), data) in losses.iter_mut().zip(&run).zip(self.data) {
                let pairs = run.iter().zip(&data[start..]);
                let squares: f64 = pairs.map(|(a, b)| (a - b).powi(2)).sum();
                let variance = deviations(data).max(f64::MIN_POSITIVE);
                *loss += (squares / variance).min(FAILED);
            }
        }
        Some(losses)
    }
}

/// Names, numbers and operators of a formula.
fn words(text: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let names = text.split(|c| !is_part(c)).filter(|w| !w.is_empty());
    names.count() + text.matches(['+', '-', '*', '/', '^']).count()
}

/// Sum of squared deviations from the mean.
fn deviations(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|v| (v - mean).powi(2)).sum()
}

/// `1 - Σ(y - f)²/Σ(y - ȳ)²`, sums over samples and components.
pub fn r_squared(run: &[Vec<f64>], truth: &[Vec<f64>]) -> f64 {
    let squares = |(a, b): (&Vec<f64>, &Vec<f64>)| {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>()
    };
    let left: f64 = run.iter().zip(truth).map(squares).sum();
    let total: f64 = truth.iter().map(|t| deviations(t)).sum();
    1.0 - left / total
}
