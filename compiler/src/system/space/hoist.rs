//! What depends on place and parameters only is computed once per run, into arrays.

use rustc_hash::FxHashMap;

use super::program::{ArrayId, ArrayKind, Read, SpaceProgram, Step};
use crate::terms::{Number, Pool, SymbolId, Term, View};

/// What a subterm depends on.
#[derive(Debug, Clone, Copy, Default)]
struct Dependence {
    /// On coordinates.
    place: bool,
    /// On anything that changes during a run: reads, time, scalar states, reductions.
    changes: bool,
    /// Whether it is worth an array: calls, roots and quotients take longer than a read.
    costly: bool,
}

/// Moves such parts of pointwise steps to the set-up. `changing`: time, scalar states.
pub(super) fn hoist(pool: &mut Pool, program: &mut SpaceProgram, changing: &[SymbolId]) {
    let coordinates: Vec<SymbolId> = program
        .grid
        .axes
        .iter()
        .flat_map(|axis| [Some(axis.coordinate), axis.map.map(|(uniform, _)| uniform)])
        .flatten()
        .collect();
    let reductions = program.steps.iter().filter_map(|step| match step {
        Step::Reduce { to, .. } => Some(*to),
        Step::Pointwise { .. }
        | Step::Forward { .. }
        | Step::Inverse { .. }
        | Step::Diagonal { .. }
        | Step::Along { .. }
        | Step::Flux(_)
        | Step::Solve(_) => None,
    });
    let changing: Vec<SymbolId> = changing.iter().copied().chain(reductions).collect();
    let mut once: Vec<(ArrayId, Term)> = Vec::new();
    let mut steps = std::mem::take(&mut program.steps);
    for step in &mut steps {
        let Step::Pointwise { reads, outputs } = step else {
            continue;
        };
        let terms: Vec<Term> = outputs.iter().map(|o| o.1).collect();
        let changes =
            |symbol| changing.contains(&symbol) || reads.iter().any(|r| r.symbol == symbol);
        let mut map = FxHashMap::default();
        for part in parts(pool, &terms, &coordinates, &changes) {
            let array = match once.iter().find(|(_, t)| *t == part) {
                Some((array, _)) => *array,
                None => {
                    program.arrays.push(ArrayKind::Nodes);
                    let array = ArrayId(program.arrays.len() as u32 - 1);
                    once.push((array, part));
                    array
                }
            };
            let symbol = pool.symbol(&format!("a{}[0]", array.0));
            reads.push(Read {
                symbol,
                array,
                offset: [0; 3],
            });
            map.insert(part, pool.var(symbol));
        }
        for ((_, term), new) in outputs.iter_mut().zip(pool.substitute(&terms, &map)) {
            *term = new;
        }
    }
    program.steps = steps;
    if !once.is_empty() {
        program.setup.push(Step::Pointwise {
            reads: Vec::new(),
            outputs: once,
        });
    }
}

/// The largest parts that depend on place only and are worth it.
fn parts(
    pool: &Pool,
    roots: &[Term],
    coordinates: &[SymbolId],
    changes: &dyn Fn(SymbolId) -> bool,
) -> Vec<Term> {
    let order = pool.reachable(roots);
    let mut found: FxHashMap<Term, Dependence> = FxHashMap::default();
    for &t in &order {
        let mut all = Dependence::default();
        pool.for_each_child(t, |child| {
            let child = found[&child];
            all.place |= child.place;
            all.changes |= child.changes;
            all.costly |= child.costly;
        });
        match pool.view(t) {
            View::Symbol(symbol) => {
                all.place = coordinates.contains(&symbol);
                all.changes = changes(symbol);
            }
            View::Call(..) => all.costly = true,
            View::Product(_, factors) => {
                let is_plain = |n: &Number| n.is_integer() && n.signum() > 0;
                all.costly |= factors
                    .iter()
                    .any(|(base, n)| found[base].place && !is_plain(n));
            }
            View::Number(_) | View::Constant(_) | View::Sum(..) => {}
        }
        found.insert(t, all);
    }
    let is_part = |t: Term| found[&t].place && !found[&t].changes && found[&t].costly;
    // From the roots down, not into parts.
    let (mut stack, mut parts) = (roots.to_vec(), Vec::new());
    let mut seen = rustc_hash::FxHashSet::default();
    while let Some(t) = stack.pop() {
        if !seen.insert(t) {
            continue;
        }
        if is_part(t) {
            parts.push(t);
        } else {
            pool.for_each_child(t, |child| stack.push(child));
        }
    }
    parts.sort_unstable();
    parts
}
