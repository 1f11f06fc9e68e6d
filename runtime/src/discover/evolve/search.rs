//! The whole search: islands side by side, a common front, and an end.

use rayon::prelude::*;

use super::choose::{Formula, Member, choose};
use super::dimension::Dimensions;
use super::fit::Samples;
use super::island::{Front, Individual, Island};
use super::tree::Tree;
use super::vary::Alphabet;

/// What to search, and how long. The result depends on this and the samples alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What formulas are made of.
    pub alphabet: Alphabet,
    /// Dimensions of the inputs, if they have units.
    pub dimensions: Option<Dimensions>,
    /// Seed of all random streams.
    pub seed: u64,
    /// Number of islands.
    pub islands: u64,
    /// Members per island.
    pub population: usize,
    /// Generations between migrations.
    pub epoch: usize,
    /// Epochs at most.
    pub epochs: usize,
    /// Epochs without a better formula after which the search ends.
    pub patience: usize,
    /// Largest complexity of a formula.
    pub max_complexity: u32,
}

impl Search {
    /// The defaults for these inputs.
    pub fn new(alphabet: Alphabet, seed: u64) -> Search {
        Search {
            alphabet,
            dimensions: None,
            seed,
            islands: 8,
            population: 64,
            epoch: 8,
            epochs: 60,
            patience: 12,
            max_complexity: 24,
        }
    }

    pub(super) fn allows(&self, tree: &Tree) -> bool {
        self.dimensions.as_ref().is_none_or(|d| d.allow(tree))
    }
}

/// Searches; `interrupt` is asked between epochs, and ends the search by returning true.
pub fn search(
    search: &Search,
    samples: &Samples,
    interrupt: &mut dyn FnMut(&[Member]) -> bool,
) -> Vec<Member> {
    let mut islands: Vec<Island> = (0..search.islands)
        .into_par_iter()
        .map(|k| Island::new(search, samples, k))
        .collect();
    let mut front = Front::default();
    let mut best = f64::INFINITY;
    let mut idle = 0;
    for _ in 0..search.epochs {
        islands.par_iter_mut().for_each(|island| {
            for _ in 0..search.epoch {
                island.generation(search, samples);
            }
        });
        for island in &islands {
            island.front.best.iter().flatten().for_each(|i| {
                front.offer(i);
            });
        }
        let members = choose(&front, samples);
        let score = members
            .iter()
            .map(|m| m.score)
            .fold(f64::INFINITY, f64::min);
        idle = if score < best - 1e-9 * best.abs() {
            0
        } else {
            idle + 1
        };
        best = best.min(score);
        if idle >= search.patience || interrupt(&members) {
            break;
        }
        migrate(&mut islands, &front);
    }
    let mut members = choose(&front, samples);
    members
        .iter_mut()
        .for_each(|m| m.formula = Formula::snapped(&m.formula, samples));
    members
}

/// Each island takes in members of the common front, other ones on each.
fn migrate(islands: &mut [Island], front: &Front) {
    let members: Vec<Individual> = front.members().into_iter().cloned().collect();
    for (k, island) in islands.iter_mut().enumerate() {
        for individual in members.iter().skip(k % 2).step_by(2) {
            island.admit(individual.clone());
        }
        island.forget();
    }
}
