//! Times at which equations jump: comparisons of time with what stays the same during a run.

use rustc_hash::FxHashMap;

use super::System;
use crate::terms::{Op, Pool, SymbolId, Term, View};

/// Terms over parameters: the times at which a comparison with time changes in these terms; each once.
pub fn switch_times(
    pool: &mut Pool,
    time: SymbolId,
    fixed: &[SymbolId],
    roots: &[Term],
) -> Vec<Term> {
    let mut times = Vec::new();
    for part in pool.reachable(roots) {
        let View::Call(op, args) = pool.view(part) else {
            continue;
        };
        let difference = match (op, args) {
            (Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual | Op::Min | Op::Max, &[a, b]) => {
                pool.sub(a, b)
            }
            (Op::Step | Op::Sign | Op::Abs, &[a]) => a,
            _ => continue,
        };
        let time_of = switch_time(pool, time, fixed, difference);
        times.extend(time_of.filter(|t| !times.contains(t)));
    }
    times
}

/// Where `difference`, which depends on time linearly and otherwise on fixed symbols only, is 0.
fn switch_time(
    pool: &mut Pool,
    time: SymbolId,
    fixed: &[SymbolId],
    difference: Term,
) -> Option<Term> {
    let symbols = pool.symbols_in(&[difference]);
    let is_known = |s: &SymbolId| *s == time || fixed.contains(s);
    if !symbols.contains(&time) || !symbols.iter().all(is_known) {
        return None;
    }
    let slope = pool.derivative(difference, time);
    if pool.symbols_in(&[slope]).contains(&time) {
        return None;
    }
    let (t, zero) = (pool.var(time), pool.int(0));
    let map: FxHashMap<Term, Term> = [(t, zero)].into_iter().collect();
    let at_zero = pool.substitute(&[difference], &map)[0];
    let quotient = pool.div(at_zero, slope);
    Some(pool.neg(quotient))
}

impl System {
    /// Times between 0 and `t_end` at which the equations of fields jump, ascending, for these parameters.
    pub fn switch_times(&mut self, parameters: &[f64], states: &[f64], t_end: f64) -> Vec<f64> {
        let mut roots = Vec::new();
        for grid in self.grids() {
            roots.extend(grid.evolution.equations());
        }
        roots.extend(self.scalar_terms().iter().flatten());
        let fixed: Vec<SymbolId> = self.parameters.iter().map(|p| p.symbol).collect();
        let terms = switch_times(&mut self.pool, self.time, &fixed, &roots);
        let times = terms.iter().map(|&t| self.value(t, parameters, states));
        let mut times: Vec<f64> = times.filter(|t| *t > 0.0 && *t < t_end).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Number;

    #[test]
    fn comparisons_with_time_are_found() {
        let mut pool = Pool::new();
        let [t, a, u] = ["t", "a", "u"].map(|name| pool.symbol(name));
        let [time, at, state] = [t, a, u].map(|s| pool.var(s));
        let double = pool.scale(&Number::integer(2), time);
        let known = pool.call(Op::LessEqual, &[at, double]);
        let unknown = pool.call(Op::Less, &[time, state]);
        let sine = pool.call(Op::Sin, &[time]);
        let curved = pool.call(Op::Less, &[sine, at]);
        let root = pool.sum(&[known, unknown, curved]);
        let times = switch_times(&mut pool, t, &[a], &[root]);
        let half = pool.scale(&Number::ratio(1, 2).unwrap(), at);
        assert_eq!(times, [half]);
    }
}
