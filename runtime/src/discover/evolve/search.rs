//! The whole search: islands side by side, a common front, and an end.

use rayon::prelude::*;

use super::choose::{Member, choose, description};
use super::dimension::Dimensions;
use super::fit::Offset;
use super::forest::Forest;
use super::island::{Front, Individual, Island};
use super::samples::Samples;
use super::vary::Alphabet;
use super::white::Neighbours;

/// What to search, and how long. The result depends on this and the samples alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What formulas are made of.
    pub alphabet: Alphabet,
    /// Dimensions, if there are units.
    pub dimensions: Option<Dimensions>,
    /// Seed of all random streams.
    pub seed: u64,
    /// Number of islands.
    pub islands: u64,
    /// Members per island.
    pub population: usize,
    /// Generations between exchanges of what was found.
    pub epoch: usize,
    /// Epochs at most.
    pub epochs: usize,
    /// Epochs without a better formula after which the search ends: when the best leaves nothing, when its residual looks like
    /// noise, and otherwise.
    pub patience: [usize; 3],
    /// Largest complexity of a formula.
    pub max_complexity: u32,
    /// Samples used while searching; the formulas found are fitted to all.
    pub samples: usize,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// A constant and formulas each better than all simpler ones, simplest first.
    pub members: Vec<Member>,
    /// Index of the one to believe: the shortest description.
    pub best: usize,
    /// Evaluations of a node on a sample.
    pub evaluations: u64,
    /// Formulas fitted.
    pub formulas: u64,
}

/// Epochs between migrations.
const MIGRATION: usize = 4;

impl Search {
    /// The defaults for these inputs.
    pub fn new(alphabet: Alphabet, seed: u64) -> Search {
        Search {
            alphabet,
            dimensions: None,
            seed,
            islands: 8,
            population: 64,
            epoch: 2,
            epochs: 300,
            patience: [4, 10, 60],
            max_complexity: 24,
            samples: 256,
        }
    }

    /// Whether formulas may have a constant added.
    pub(super) fn offset(&self) -> Offset {
        match &self.dimensions {
            Some(dimensions) if !dimensions.allow_offset() => Offset::None,
            Some(_) | None => Offset::Fitted,
        }
    }

    pub(super) fn allows(&self, forest: &Forest) -> bool {
        self.dimensions.as_ref().is_none_or(|d| d.allow(forest))
    }
}

/// Searches; `interrupt` is asked between epochs, and ends the search by returning true.
pub fn search(search: &Search, samples: &Samples, interrupt: &mut dyn FnMut() -> bool) -> Found {
    let thinned = samples.thinned(search.samples);
    let few = thinned.as_ref().unwrap_or(samples);
    let neighbours = Neighbours::of(few);
    let mut islands: Vec<Island> = (0..search.islands)
        .into_par_iter()
        .map(|k| Island::new(search, few, k))
        .collect();
    let mut front = Front::default();
    let (mut best, mut idle, mut epochs) = (f64::INFINITY, 0, 0);
    let mut is_white = false;
    while epochs < search.epochs && !interrupt() {
        epochs += 1;
        islands.par_iter_mut().for_each(|island| {
            for _ in 0..search.epoch {
                island.generation(search, few);
            }
        });
        islands.iter().for_each(|island| front.merge(&island.front));
        share_news(&mut islands);
        let members = front.members();
        let scores = members.iter().map(|i| description(i, samples));
        let Some((k, score)) = scores.enumerate().min_by(|a, b| a.1.total_cmp(&b.1)) else {
            continue;
        };
        idle += 1;
        if score < best - 1e-6 {
            (best, idle) = (score, 0);
            is_white = neighbours.is_white(members[k], few);
        }
        let patience = match (few.is_met(members[k].fit.loss), is_white) {
            (true, _) => search.patience[0],
            (false, true) => search.patience[1],
            (false, false) => search.patience[2],
        };
        if idle >= patience {
            break;
        }
        if epochs % MIGRATION == 0 {
            migrate(&mut islands, &front);
        }
    }
    let (members, best) = choose(&front, search.offset(), samples);
    Found {
        members,
        best,
        evaluations: islands.iter().map(Island::evaluations).sum(),
        formulas: islands.iter().map(Island::formulas).sum(),
    }
}

/// Tells each island which shapes the others have fitted.
fn share_news(islands: &mut [Island]) {
    let news: Vec<Vec<u64>> = islands.iter_mut().map(Island::take_news).collect();
    islands.par_iter_mut().enumerate().for_each(|(k, island)| {
        for (other, shapes) in news.iter().enumerate() {
            if other != k {
                island.learn(shapes);
            }
        }
    });
}

/// Each island takes in members of the common front, other ones on each.
fn migrate(islands: &mut [Island], front: &Front) {
    let members: Vec<Individual> = front.members().into_iter().cloned().collect();
    for (k, island) in islands.iter_mut().enumerate() {
        for individual in members.iter().skip(k % 2).step_by(2) {
            island.admit(individual.clone());
        }
    }
}
