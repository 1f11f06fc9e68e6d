//! Numbers of one domain that others use: means, integrals and extrema of fields in equations of numbers or on another domain.

use rustc_hash::FxHashSet;

use super::evolution::Evolution;
use super::reductions::{Reduced, take_out_of};
use crate::model::entities::ConditionKind;
use crate::terms::{Pool, SymbolId, Term};

/// Replaces reductions of foreign fields by symbols that the domain of those fields computes: in the equations of every domain, and all
/// reductions in `scalars`, the rows of numbers. Gives the symbols.
pub(crate) fn couple(
    pool: &mut Pool,
    evolutions: &mut [Evolution],
    scalars: &mut [Term],
) -> Vec<SymbolId> {
    let own: Vec<FxHashSet<SymbolId>> = evolutions.iter().map(own_symbols).collect();
    let home = |pool: &Pool, of: Term| {
        let symbols = pool.symbols_in(&[of]);
        own.iter()
            .position(|own| symbols.iter().any(|symbol| own.contains(symbol)))
    };
    let mut coupled: Vec<(usize, Reduced)> = Vec::new();
    for (i, evolution) in evolutions.iter_mut().enumerate() {
        let mut terms = terms_of(evolution);
        let is_foreign = |pool: &Pool, of: Term| home(pool, of).is_some_and(|home| home != i);
        let taken = take_out_of(pool, &mut terms, is_foreign);
        replace(evolution, &terms);
        let symbols = taken.iter().map(|reduced| reduced.symbol);
        evolution.varying.extend(symbols);
        coupled.extend(
            taken
                .into_iter()
                .filter_map(|r| Some((home(pool, r.of)?, r))),
        );
    }
    let taken = take_out_of(pool, scalars, |pool, of| home(pool, of).is_some());
    coupled.extend(
        taken
            .into_iter()
            .filter_map(|r| Some((home(pool, r.of)?, r))),
    );
    let mut symbols = Vec::new();
    for (home, reduced) in coupled {
        if !symbols.contains(&reduced.symbol) {
            symbols.push(reduced.symbol);
            evolutions[home].coupled.push(reduced);
        }
    }
    symbols
}

/// Fields and coordinates.
fn own_symbols(evolution: &Evolution) -> FxHashSet<SymbolId> {
    let coordinates = evolution.axes.iter().map(|axis| axis.coordinate);
    evolution.symbols().into_iter().chain(coordinates).collect()
}

/// Every term of an evolution, in a fixed order.
fn terms_of(evolution: &Evolution) -> Vec<Term> {
    let mut terms = evolution.rows.clone();
    for solved in &evolution.solved {
        terms.push(solved.residual);
        terms.extend(solved.mean);
    }
    for condition in &evolution.conditions {
        if let ConditionKind::Equation(residual) = condition.kind {
            terms.push(residual);
        }
    }
    terms.extend(evolution.observables.iter().map(|o| o.value));
    terms
}

/// Puts terms in the places of [`terms_of`].
fn replace(evolution: &mut Evolution, terms: &[Term]) {
    let mut next = terms.iter().copied();
    let mut take = |place: &mut Term| *place = next.next().expect("one term per place");
    evolution.rows.iter_mut().for_each(&mut take);
    for solved in &mut evolution.solved {
        take(&mut solved.residual);
        solved.mean.iter_mut().for_each(&mut take);
    }
    for condition in &mut evolution.conditions {
        if let ConditionKind::Equation(residual) = &mut condition.kind {
            take(residual);
        }
    }
    let values = evolution.observables.iter_mut();
    values.for_each(|observable| take(&mut observable.value));
}
