//! Non-uniform axes: derivatives by the true coordinate x = X(ξ) become `1/X'(ξ)` times derivatives by the uniform one.
//!
//! No scheme knows of maps. Second derivatives become nested first ones, which differences take between half-way points.

use rustc_hash::FxHashMap;

use super::program::GridAxis;
use crate::terms::{Number, Op, Pool, SymbolId, Term, View};

/// The coordinates that schemes use: uniform ones on mapped axes.
pub(super) fn uniform_coordinates(axes: &[GridAxis]) -> Vec<SymbolId> {
    let of = |axis: &GridAxis| axis.map.map_or(axis.coordinate, |(uniform, _)| uniform);
    axes.iter().map(of).collect()
}

/// Rewrites terms over the true coordinates to the uniform ones; `fields` will depend on these.
pub(super) fn to_uniform(
    pool: &mut Pool,
    axes: &[GridAxis],
    fields: &[SymbolId],
    roots: &mut [Term],
) {
    let mut maps: FxHashMap<SymbolId, (SymbolId, Term, Term)> = FxHashMap::default();
    for axis in axes {
        if let Some((uniform, map)) = axis.map {
            pool.set_dependence(uniform, &[uniform]);
            let slope = pool.derivative(map, uniform);
            let inverse = pool.monomial(Number::ONE, &[(slope, Number::MINUS_ONE)]);
            maps.insert(axis.coordinate, (uniform, map, inverse));
        }
    }
    if maps.is_empty() {
        return;
    }
    for field in fields {
        let mut coordinates = pool.dependence(*field).to_vec();
        let of_maps = axes
            .iter()
            .filter_map(|axis| axis.map)
            .map(|(uniform, _)| uniform);
        coordinates.extend(of_maps);
        coordinates.sort_unstable();
        coordinates.dedup();
        pool.set_dependence(*field, &coordinates);
    }
    let mut memo: FxHashMap<Term, Term> = FxHashMap::default();
    for t in pool.reachable(roots) {
        let by = match pool.view(t) {
            View::Call(Op::Partial, &[inner, coordinate]) => {
                let map = pool.as_symbol(coordinate).and_then(|c| maps.get(&c));
                map.map(|(uniform, _, inverse)| (inner, *uniform, *inverse))
            }
            View::Number(_)
            | View::Symbol(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Product(..)
            | View::Call(..) => None,
        };
        let own = pool.as_symbol(t).and_then(|symbol| maps.get(&symbol));
        let rewritten = match (by, own) {
            (Some((inner, uniform, inverse)), _) => {
                let derivative = pool.partial(memo[&inner], uniform);
                pool.mul(inverse, derivative)
            }
            (None, Some((_, map, _))) => *map,
            // The coordinate of an unmapped derivative stays as it is.
            (None, None) => pool.rebuild(t, |child| memo[&child]),
        };
        memo.insert(t, rewritten);
    }
    roots.iter_mut().for_each(|t| *t = memo[t]);
}
