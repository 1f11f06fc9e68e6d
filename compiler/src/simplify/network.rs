//! Network factoring: group fluxes by net stoichiometry up to sign, factor each group's sum by its most frequent factor.
use rustc_hash::FxHashMap;

use super::factor::Factoring;
use crate::terms::{Columns, Number, Outputs, Pool, SymbolId};

/// Rewrites `du = N·v` into an equal, much cheaper one. `is_state` tells species from parameters: on a tie a species is factored out before
/// a parameter, so that sums of parameters stay inside and are folded once per run.
///
/// Values that go to the same rows with the same coefficients, or with all of them negated, become one value. Its sum is
/// factored by [`Factoring`], and equal inner sums of different groups are one term. Time is linear in the size of the network.
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
    for members in groups.members() {
        for k in members {
            let k = k as usize;
            factoring.add(network.values[k], turned[k]);
        }
        let (total, is_negative) = factoring.finish();
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
    /// The values of each group, in order.
    fn members(&self) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.firsts.len()];
        for (k, &group) in self.of_value.iter().enumerate() {
            if group != NO_GROUP {
                members[group as usize].push(k as u32);
            }
        }
        members
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
