//! How sure the choice of terms is: the share of resampled data in which each is chosen.
//!
//! # References
//! U. Fasel, J. N. Kutz, B. W. Brunton, S. L. Brunton, *Ensemble-SINDy*, Proc. R. Soc. A 478 (2022) 20210904,
//! doi:10.1098/rspa.2021.0904.

use rayon::prelude::*;

use super::gram::Gram;
use super::select::Choice;
use crate::random::Random;

/// Number of resampled data sets.
const BAGS: u64 = 40;

/// By column: the share of bags, each drawn from the blocks of data with replacement, in which it is chosen.
pub fn inclusion(
    blocks: &[Gram],
    of_column: &[usize],
    seed: u64,
    choose: impl Fn(&[Gram]) -> Choice + Sync,
) -> Vec<f64> {
    let chosen: Vec<Vec<usize>> = (0..BAGS)
        .into_par_iter()
        .map(|bag| {
            let mut random = Random::new(seed, bag);
            let drawn: Vec<Gram> = (0..blocks.len())
                .map(|_| blocks[random.below(blocks.len())].clone())
                .collect();
            choose(&drawn).correction.candidates
        })
        .collect();
    let share = |column: &usize| {
        let n = chosen.iter().filter(|bag| bag.contains(column)).count();
        n as f64 / BAGS as f64
    };
    of_column.iter().map(share).collect()
}
