//! One population: tournaments choose parents, the oldest make room.

use rustc_hash::FxHashSet;

use super::batch::Batch;
use super::fit::{EXACT, Fit, Samples, fit};
use super::search::Search;
use super::shape::shape;
use super::tree::Tree;
use super::vary::crossed;
use crate::random::Random;

/// A fitted tree.
#[derive(Debug, Clone)]
pub struct Individual {
    /// The tree, with fitted constants.
    pub tree: Tree,
    /// How it fits.
    pub fit: Fit,
    /// Its complexity.
    pub complexity: u32,
}

/// The best individual of each complexity.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// By complexity.
    pub best: Vec<Option<Individual>>,
}

impl Front {
    /// Takes an individual in if none of its complexity fits better; returns whether it did.
    pub fn offer(&mut self, individual: &Individual) -> bool {
        let k = individual.complexity as usize;
        if self.best.len() <= k {
            self.best.resize(k + 1, None);
        }
        let is_better = self.best[k]
            .as_ref()
            .is_none_or(|b| individual.fit.loss < b.fit.loss);
        if is_better {
            self.best[k] = Some(individual.clone());
        }
        is_better
    }

    /// Those that fit better than everything simpler.
    pub fn members(&self) -> Vec<&Individual> {
        let mut best = f64::INFINITY;
        let improves = |i: &&Individual| {
            let is_better = i.fit.loss < best;
            best = best.min(i.fit.loss);
            is_better
        };
        self.best.iter().flatten().filter(improves).collect()
    }
}

/// A population with its random stream.
pub struct Island {
    random: Random,
    /// Oldest first from `oldest` on, cyclic.
    population: Vec<Individual>,
    oldest: usize,
    /// Members by complexity.
    counts: Vec<f64>,
    seen: FxHashSet<u64>,
    batch: Batch,
    /// The best it has found.
    pub front: Front,
}

/// Members of a tournament.
const TOURNAMENT: usize = 8;
/// What a unit of complexity costs, in logarithms of the loss.
const PARSIMONY: f64 = 0.02;
/// How much a complexity as common as all others together would cost.
const CROWDING: f64 = 4.0;
/// Steps of the fit of a new tree.
const FIT_STEPS: usize = 8;
/// Attempts at a child of a new shape.
const ATTEMPTS: usize = 12;

impl Island {
    /// A random population.
    pub fn new(search: &Search, samples: &Samples, number: u64) -> Island {
        let mut island = Island {
            random: Random::new(search.seed, number),
            population: Vec::new(),
            oldest: 0,
            counts: vec![0.0; search.max_complexity as usize + 1],
            seen: FxHashSet::default(),
            batch: Batch::default(),
            front: Front::default(),
        };
        while island.population.len() < search.population {
            let size = 1 + island.random.below(7);
            let tree = search.alphabet.random(size, &mut island.random);
            if let Some(individual) = island.judged(tree, search, samples) {
                island.counts[individual.complexity as usize] += 1.0;
                island.population.push(individual);
            }
        }
        island
    }

    /// As many births as the population has members.
    pub fn generation(&mut self, search: &Search, samples: &Samples) {
        for _ in 0..self.population.len() {
            if let Some(child) = self.child(search, samples) {
                self.admit(child);
            }
        }
    }

    /// Puts an individual in the place of the oldest.
    pub fn admit(&mut self, individual: Individual) {
        let slot = &mut self.population[self.oldest];
        self.counts[slot.complexity as usize] -= 1.0;
        self.counts[individual.complexity as usize] += 1.0;
        *slot = individual;
        self.oldest = (self.oldest + 1) % self.population.len();
    }

    /// Starts to count shapes anew, so that constants get another chance.
    pub fn forget(&mut self) {
        self.seen.clear();
    }

    fn child(&mut self, search: &Search, samples: &Samples) -> Option<Individual> {
        for _ in 0..ATTEMPTS {
            let parent = self.tournament();
            let tree = if self.random.chance(0.3) {
                let other = self.tournament();
                crossed(
                    &self.population[parent].tree,
                    &self.population[other].tree,
                    &mut self.random,
                )
            } else {
                search
                    .alphabet
                    .mutated(&self.population[parent].tree, &mut self.random)
            };
            if let Some(child) = self.judged(tree, search, samples) {
                return Some(child);
            }
        }
        None
    }

    /// The tree fitted, if it is allowed, of a new shape, and has finite values.
    fn judged(&mut self, mut tree: Tree, search: &Search, samples: &Samples) -> Option<Individual> {
        let complexity = tree.complexity();
        if complexity > search.max_complexity || !search.allows(&tree) {
            return None;
        }
        if self.seen.len() < MAX_SHAPES && !self.seen.insert(shape(&tree)) {
            return None;
        }
        let fit = fit(&mut tree, samples, FIT_STEPS, &mut self.batch);
        if !fit.loss.is_finite() {
            return None;
        }
        let individual = Individual {
            tree,
            fit,
            complexity,
        };
        self.front.offer(&individual);
        Some(individual)
    }

    fn tournament(&mut self) -> usize {
        let mut best = self.random.below(self.population.len());
        for _ in 1..TOURNAMENT {
            let other = self.random.below(self.population.len());
            if self.cost(other) < self.cost(best) {
                best = other;
            }
        }
        best
    }

    fn cost(&self, i: usize) -> f64 {
        let individual = &self.population[i];
        let crowd = self.counts[individual.complexity as usize] / self.population.len() as f64;
        individual.fit.loss.max(EXACT).ln()
            + PARSIMONY * f64::from(individual.complexity)
            + CROWDING * crowd
    }
}

/// Shapes remembered per island between migrations; beyond it trees may be fitted again.
const MAX_SHAPES: usize = 2_000_000;
