//! How sums became others: multiples of what the rules say, added one after the other.

use super::elimination::{Row, Space, coefficient, plus};
use super::table::Table;
use crate::terms::Number;
use egg::Id;

/// For each sum the rows between two forms of it, each with the name of the rule. `factors`: those that the proof should do without
/// come first.
pub(super) fn steps(
    table: &Table,
    from: &[Row],
    to: &[Row],
    factors: &[Id],
) -> Vec<Vec<(String, Row)>> {
    let mut steps = Vec::new();
    for (from, to) in from.iter().zip(to) {
        let difference = plus(from, to, &Number::MINUS_ONE);
        steps.push(ordered(table, from, &used(table, difference, factors)));
    }
    steps
}

/// Which equations, and how often, have to be added to a row that is 0 to see that: few of them, about few factors.
fn used(table: &Table, zero: Row, factors: &[Id]) -> Vec<(usize, Number)> {
    let mut equations: Vec<usize> = (0..table.equations.len()).collect();
    for factor in factors {
        let is_about = |i: &usize| {
            let mut needs = table.equations[*i].row.iter().map(|(c, _)| table.needs(*c));
            needs.any(|needs| needs.is_some_and(|needs| needs.contains(factor)))
        };
        let fewer: Vec<usize> = equations.iter().copied().filter(|i| !is_about(i)).collect();
        if fewer.len() < equations.len() && solved(table, &zero, &fewer).is_some() {
            equations = fewer;
        }
    }
    for i in equations.clone().into_iter().rev() {
        let fewer: Vec<usize> = equations.iter().copied().filter(|j| *j != i).collect();
        if solved(table, &zero, &fewer).is_some() {
            equations = fewer;
        }
    }
    solved(table, &zero, &equations).expect("forms differ by what the equations say")
}

/// How often these equations have to be added to a row that is 0 to see that.
fn solved(table: &Table, zero: &Row, equations: &[usize]) -> Option<Vec<(usize, Number)>> {
    let n = table.columns.len() as u32;
    let mut space = Space {
        equations: Vec::new(),
        roots: vec![zero.clone()],
    };
    for (i, column) in equations.iter().zip(n..) {
        // A column of its own counts its uses.
        let mut row = table.equations[*i].row.clone();
        row.push((column, Number::ONE));
        space.equations.push(row);
    }
    if !(0..n).all(|column| space.eliminate(column)) {
        return None;
    }
    let uses = space.roots.swap_remove(0).into_iter();
    Some(
        uses.map(|(column, k)| (equations[(column - n) as usize], k))
            .collect(),
    )
}

/// The rows as the equations are added, in an order that reads well.
fn ordered(table: &Table, from: &Row, used: &[(usize, Number)]) -> Vec<(String, Row)> {
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
