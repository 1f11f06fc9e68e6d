//! Network factoring: group fluxes by net stoichiometry up to sign, factor each group's sum by its most frequent factor.
use rustc_hash::FxHashMap;

use super::factor::Factoring;
use crate::terms::{Columns, Number, Outputs, Pool, SymbolId};

/// Rewrites `du = N·v` into an equal, much cheaper one. `is_state` tells species from parameters: on a tie a species is factored out before
/// a parameter, so that sums of parameters stay inside and are folded once per run.
///
/// Values that go to the same rows with the same coefficients, or with all of them negated, become one value. Its sum is
/// factored by `Factoring`, and equal inner sums of different groups are one term. Time is linear in the size of the network.
pub fn factor_network(
    pool: &mut Pool,
    network: &Outputs,
    is_state: &dyn Fn(SymbolId) -> bool,
) -> Outputs {
    let mut columns = Columns::of(network);
    let turned = columns.orient();
    let groups = group(&columns);
    let mut factoring = Factoring::new(pool, is_state);
    let mut values = Vec::with_capacity(groups.firsts.len());
    let mut flipped = Vec::with_capacity(groups.firsts.len());
    let (starts, members) = groups.members();
    let mut sum = Vec::new();
    for range in starts.windows(2) {
        let members = &members[range[0] as usize..range[1] as usize];
        sum.clear();
        sum.extend(
            members
                .iter()
                .map(|&k| (network.values[k as usize], turned[k as usize])),
        );
        let (total, is_negative) = factoring.total(&sum);
        values.push(total);
        flipped.push(is_negative);
    }
    rows(network, &columns, &groups, values, &flipped)
}

/// Values with equal columns.
struct Groups {
    /// First value of each group, in order.
    firsts: Vec<u32>,
    /// Group of each value; `NO_GROUP` for values that no row uses.
    of_value: Vec<u32>,
}

const NO_GROUP: u32 = u32::MAX;

fn group(columns: &Columns) -> Groups {
    let mut by_column: FxHashMap<&[(u32, Number)], u32> = FxHashMap::default();
    let mut firsts = Vec::new();
    let mut of_value = vec![NO_GROUP; columns.len()];
    for (k, group) in of_value.iter_mut().enumerate() {
        let column = columns.column(k);
        if column.is_empty() {
            continue;
        }
        *group = *by_column.entry(column).or_insert_with(|| {
            firsts.push(k as u32);
            (firsts.len() - 1) as u32
        });
    }
    Groups { firsts, of_value }
}

impl Groups {
    /// The values of all groups, group by group, and where each group starts.
    fn members(&self) -> (Vec<u32>, Vec<u32>) {
        let grouped = || {
            self.of_value
                .iter()
                .zip(0..)
                .filter(|(g, _)| **g != NO_GROUP)
        };
        let mut starts = vec![0u32; self.firsts.len() + 1];
        for (group, _) in grouped() {
            starts[*group as usize + 1] += 1;
        }
        for group in 0..self.firsts.len() {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut members = vec![0u32; starts[self.firsts.len()] as usize];
        for (group, value) in grouped() {
            let position = &mut next[*group as usize];
            members[*position as usize] = value;
            *position += 1;
        }
        (starts, members)
    }
}

/// Each row as a signed sum of group totals: the entries of the network that belong to the first of a group.
fn rows(
    network: &Outputs,
    columns: &Columns,
    groups: &Groups,
    values: Vec<crate::terms::Term>,
    flipped: &[bool],
) -> Outputs {
    let mut entries: Vec<Vec<(u32, Number)>> = vec![Vec::new(); network.n_rows()];
    for (group, &first) in groups.firsts.iter().enumerate() {
        for (row, coefficient) in columns.column(first as usize) {
            let signed = if flipped[group] {
                -coefficient
            } else {
                coefficient.clone()
            };
            entries[*row as usize].push((group as u32, signed));
        }
    }
    let mut out = Outputs::new();
    out.values = values;
    for row in &entries {
        out.add_row(row);
    }
    out
}
