//! Candidates of an experiment as contributions to rates: pairs of a library term and a state.

use ansatz_compiler::model::discovery::Discover;
use ansatz_compiler::terms::Term;

use super::flow::Forcing;

/// A library as solvers see it. Many candidates, reactions above all, are sums of few pairs of a term and a state.
#[derive(Debug, Clone, PartialEq)]
pub struct Library {
    /// The terms.
    pub terms: Vec<Term>,
    /// Pairs of a term and a state, each a forcing of its own.
    pub pairs: Vec<(usize, usize)>,
    /// By candidate: its pairs and their shares.
    pub sums: Vec<Vec<(usize, f64)>>,
}

impl Library {
    /// The library of an experiment.
    pub fn of(discover: &Discover) -> Library {
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for candidate in &discover.candidates {
            let changed = candidate.changes.iter();
            pairs.extend(changed.map(|(s, _)| (candidate.term as usize, s.0 as usize)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let position = |pair: (usize, usize)| {
            let found = pairs.binary_search(&pair);
            found.expect("pairs are collected from the candidates")
        };
        let sums = discover.candidates.iter().map(|candidate| {
            let changed = candidate.changes.iter();
            let sum = changed.map(|(s, share)| {
                let pair = (candidate.term as usize, s.0 as usize);
                (position(pair), share.to_f64())
            });
            sum.collect()
        });
        Library {
            terms: discover.library.iter().map(|t| t.term).collect(),
            sums: sums.collect(),
            pairs,
        }
    }

    /// One forcing for each pair.
    pub fn pair_forcings(&self) -> Vec<Forcing> {
        self.pairs
            .iter()
            .map(|&(term, state)| Forcing {
                term,
                changes: vec![(state, 1.0)],
            })
            .collect()
    }

    /// One forcing for each of these candidates.
    pub fn forcings(&self, candidates: &[usize]) -> Vec<Forcing> {
        candidates.iter().map(|&k| self.forcing(k)).collect()
    }

    fn forcing(&self, candidate: usize) -> Forcing {
        let sum = &self.sums[candidate];
        Forcing {
            term: self.pairs[sum[0].0].0,
            changes: sum
                .iter()
                .map(|&(pair, share)| (self.pairs[pair].1, share))
                .collect(),
        }
    }
}
