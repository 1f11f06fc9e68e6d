//! One population: tournaments choose parents, the oldest make room.

use rustc_hash::FxHashMap;

use super::fit::{EXACT, Effort, Fit, Fitter, Given};
use super::forest::Forest;
use super::samples::Samples;
use super::search::Search;
use super::tree::Tree;
use super::vary::crossed;
use crate::random::Random;

/// A fitted sum of terms.
#[derive(Debug, Clone)]
pub struct Individual {
    /// The terms, with fitted constants.
    pub forest: Forest,
    /// How they fit.
    pub fit: Fit,
    /// Their complexity.
    pub complexity: u32,
}

/// The best individual of each complexity.
#[derive(Debug, Clone, Default)]
pub struct Front {
    best: Vec<Option<Individual>>,
}

impl Front {
    /// Takes an individual in if none of its complexity fits better.
    pub fn offer(&mut self, individual: &Individual) {
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
    }

    /// Takes in the individuals of another.
    pub fn merge(&mut self, other: &Front) {
        other.best.iter().flatten().for_each(|i| self.offer(i));
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
    /// Most members.
    size: usize,
    /// Oldest first from `oldest` on, cyclic.
    population: Vec<Individual>,
    oldest: usize,
    /// Members by complexity.
    counts: Vec<f64>,
    /// How often each shape has been fitted, on any island up to the last exchange.
    fitted: FxHashMap<u64, u8>,
    /// Shapes fitted here since then.
    news: Vec<u64>,
    fitter: Fitter,
    /// The best it has found.
    pub front: Front,
}

/// Members of a tournament.
const TOURNAMENT: usize = 8;
/// What a unit of complexity costs, in logarithms of the loss.
const PARSIMONY: f64 = 0.02;
/// How much a complexity as common as all others together would cost.
const CROWDING: f64 = 4.0;
/// The fit of a new forest.
const EFFORT: Effort = Effort {
    steps: 8,
    progress: 1e-3,
};
/// How often constants inside a shape are fitted, each time from another start.
const STARTS: u8 = 3;
/// Random formulas tried for each member of the first population: small alphabets have few small formulas.
const SEEDINGS: usize = 4;
/// Attempts at a child of a new shape.
const ATTEMPTS: usize = 12;
/// Shapes remembered; beyond it forests may be fitted again.
const MAX_SHAPES: usize = 2_000_000;

impl Island {
    /// A random population.
    pub fn new(search: &Search, samples: &Samples, number: u64) -> Island {
        let mut island = Island {
            random: Random::new(search.seed, number),
            size: search.population,
            population: Vec::new(),
            oldest: 0,
            counts: vec![0.0; search.max_complexity as usize + 1],
            fitted: FxHashMap::default(),
            news: Vec::new(),
            fitter: Fitter::default(),
            front: Front::default(),
        };
        for _ in 0..SEEDINGS * search.population {
            if island.population.len() < search.population {
                let seedling = island.seedling(search, samples);
                seedling.into_iter().for_each(|i| island.admit(i));
            }
        }
        island
    }

    /// As many births as the population may have members.
    pub fn generation(&mut self, search: &Search, samples: &Samples) {
        for _ in 0..self.size {
            let child = match self.population.len() {
                0 => self.seedling(search, samples),
                _ => self.child(search, samples),
            };
            child.into_iter().for_each(|child| self.admit(child));
        }
    }

    /// Takes in an individual, in the place of the oldest if there is no room.
    pub fn admit(&mut self, individual: Individual) {
        self.counts[individual.complexity as usize] += 1.0;
        if self.population.len() < self.size {
            self.population.push(individual);
            return;
        }
        let slot = &mut self.population[self.oldest];
        self.counts[slot.complexity as usize] -= 1.0;
        *slot = individual;
        self.oldest = (self.oldest + 1) % self.size;
    }

    fn seedling(&mut self, search: &Search, samples: &Samples) -> Option<Individual> {
        let size = 1 + self.random.below(7);
        let tree = search.alphabet.random(size, &mut self.random);
        self.judged(tree, search, samples)
    }

    /// The shapes fitted since the last time.
    pub fn take_news(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.news)
    }

    /// Learns what other islands have fitted.
    pub fn learn(&mut self, shapes: &[u64]) {
        for &shape in shapes {
            if self.fitted.len() < MAX_SHAPES {
                *self.fitted.entry(shape).or_default() += 1;
            }
        }
    }

    /// Formulas fitted so far.
    pub fn formulas(&self) -> u64 {
        self.fitter.fits
    }

    /// Evaluations of a node on a sample so far.
    pub fn evaluations(&self) -> u64 {
        self.fitter.evaluations
    }

    fn child(&mut self, search: &Search, samples: &Samples) -> Option<Individual> {
        for _ in 0..ATTEMPTS {
            let parent = self.tournament();
            let tree = self.population[parent].forest.tree();
            let tree = if self.random.chance(0.3) {
                let other = self.tournament();
                let other = self.population[other].forest.tree();
                crossed(&tree, &other, &mut self.random)
            } else {
                search.alphabet.mutated(&tree, &mut self.random)
            };
            if let Some(child) = self.judged(tree, search, samples) {
                return Some(child);
            }
        }
        None
    }

    /// The tree fitted, if it is allowed, of a new shape, and has finite values.
    fn judged(&mut self, tree: Tree, search: &Search, samples: &Samples) -> Option<Individual> {
        let (mut forest, shape) = Forest::of(&tree, None)?;
        let complexity = forest.complexity();
        if complexity > search.max_complexity || !search.allows(&forest) {
            return None;
        }
        let starts = if forest.constants.is_empty() {
            1
        } else {
            STARTS
        };
        if self.fitted.len() < MAX_SHAPES {
            let count = self.fitted.entry(shape).or_default();
            if *count >= starts {
                return None;
            }
            *count = count.saturating_add(1);
            self.news.push(shape);
        }
        let given = Given::only(search.offset(), &forest);
        let fit = self.fitter.fit(&mut forest, &given, samples, EFFORT)?;
        let individual = Individual {
            forest,
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
