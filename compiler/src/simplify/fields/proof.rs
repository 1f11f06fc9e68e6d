//! How one form of a sum became another: multiples of what the rules say, added one after the other.

use super::elimination::{Row, coefficient, plus};
use super::table::Table;
use crate::terms::Number;

/// The rows between two forms, each with the name of the rule. `used`: equations and how often they were added.
pub(super) fn steps(table: &Table, from: &Row, used: &[(usize, Number)]) -> Vec<(String, Row)> {
    let mut waiting: Vec<&(usize, Number)> = used.iter().collect();
    let mut now = from.clone();
    let mut steps = Vec::new();
    while !waiting.is_empty() {
        let (equation, times) = waiting.remove(next(table, &now, &waiting));
        let equation = &table.equations[*equation];
        now = plus(&now, &equation.row, times);
        let reason = &table.growth.equalities[equation.equality].reason;
        steps.push((reason.clone(), now.clone()));
    }
    steps
}

/// The step that rewrites all there is of its left side, else the one that leaves the fewest parts.
fn next(table: &Table, now: &Row, waiting: &[&(usize, Number)]) -> usize {
    let rank = |(equation, times): &(usize, Number)| {
        let equation = &table.equations[*equation];
        let left = table.column_number(equation.left);
        let own = left.and_then(|left| coefficient(&equation.row, left));
        let there = left.and_then(|left| coefficient(now, left));
        let rewrites = match (own, there) {
            (Some(own), Some(there)) => (there + &(own * times)).is_zero(),
            (_, _) => false,
        };
        (!rewrites, plus(now, &equation.row, times).len())
    };
    let ranked = waiting.iter().enumerate().map(|(i, step)| (rank(step), i));
    ranked.min().map_or(0, |(_, i)| i)
}
