//! Candidates of an experiment as contributions to rates: pairs of a library term and a state.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::{Discover, LibraryTerm};
use ansatz_compiler::terms::{Number, Pool, Term};
use rustc_hash::FxHashMap;

use super::corrected::Correction;
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
    /// The library of an experiment, constants where their search begins.
    pub fn of(program: &Program, discover: &Discover) -> Library {
        let numeric = program.with_pool(|pool| {
            let terms = discover.library.iter();
            terms.map(|term| numeric(pool, term)).collect::<Vec<Term>>()
        });
        let mut terms: Vec<Term> = Vec::new();
        let mut position_of: FxHashMap<Term, usize> = FxHashMap::default();
        for &term in &numeric {
            position_of.entry(term).or_insert_with(|| {
                terms.push(term);
                terms.len() - 1
            });
        }
        let position = |term: u32| position_of[&numeric[term as usize]];
        let mut pairs: Vec<(usize, usize)> = Vec::new();
        for candidate in &discover.candidates {
            let changed = candidate.changes.iter();
            pairs.extend(changed.map(|(s, _)| (position(candidate.term), s.0 as usize)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let pair = |pair: (usize, usize)| {
            let found = pairs.binary_search(&pair);
            found.expect("pairs are collected from the candidates")
        };
        let sums = discover.candidates.iter().map(|candidate| {
            let changed = candidate.changes.iter();
            let sum = changed.map(|(s, share)| {
                let own = (position(candidate.term), s.0 as usize);
                (pair(own), share.to_f64())
            });
            sum.collect()
        });
        Library {
            sums: sums.collect(),
            terms,
            pairs,
        }
    }

    /// What a correction adds to each pair.
    pub fn of_pairs(&self, correction: &Correction) -> Vec<f64> {
        let mut out = vec![0.0; self.pairs.len()];
        for (&k, c) in correction.candidates.iter().zip(&correction.coefficients) {
            for &(pair, share) in &self.sums[k] {
                out[pair] += share * c;
            }
        }
        out
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
}

/// The term with the values of its constants.
fn numeric(pool: &mut Pool, library: &LibraryTerm) -> Term {
    let mut values = FxHashMap::default();
    for constant in &library.constants {
        let value = Number::from_f64(constant.value).expect("searches begin at finite numbers");
        values.insert(pool.var(constant.symbol), pool.number(value));
    }
    pool.substitute(&[library.term], &values)[0]
}
