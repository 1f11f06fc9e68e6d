//! Derivatives of programs: `J·v` as a program, and the Jacobian of a stencil entry by entry.

use rustc_hash::FxHashMap;

use super::evolution::{Evolution, Field, Solved};
use super::lower::{Entry, Goal, Lowering};
use super::program::{Closure, Read, SpaceProgram, Step};
use crate::model::entities::{Condition, ConditionKind, StateId};
use crate::terms::{Pool, SymbolId, Term};

/// `J·v`: from the fields and then a direction for each, in nodes. `None` for schemes that look at the wind, which are not
/// differentiable.
///
/// The equations are differentiated before they are discretised; differences and transforms are linear, so that this is the
/// derivative of the discrete equations, too.
pub fn tangent(pool: &mut Pool, evolution: &Evolution) -> Option<SpaceProgram> {
    let n = evolution.fields.len();
    let doubled = doubled(pool, evolution);
    let mut lowering = Lowering::new(pool, &doubled).ok()?;
    if lowering.looks_at_wind() {
        return None;
    }
    let (terms, reduced) = (lowering.rows[n..].to_vec(), lowering.reduced.clone());
    let goal = Goal {
        entry: Entry::Nodes,
        rows: true,
        terms,
        reduced,
        solve: true,
    };
    lowering.program(&goal).ok()
}

/// The derivative of the part of a split that is not linear: from the modes of the fields and then of a direction for each, to modes.
/// `None` where there is no split.
pub fn split_tangent(pool: &mut Pool, evolution: &Evolution) -> Option<SpaceProgram> {
    let n = evolution.fields.len();
    let doubled = doubled(pool, evolution);
    let mut lowering = Lowering::new(pool, &doubled).ok()?;
    if lowering.looks_at_wind() || !lowering.is_periodic() {
        return None;
    }
    let rows = match lowering.is_spectral() {
        true => lowering.rows.clone(),
        false => lowering.rests(),
    };
    let goal = Goal {
        entry: Entry::Modes,
        rows: true,
        terms: rows[n..].to_vec(),
        reduced: lowering.reduced.clone(),
        solve: true,
    };
    lowering.program(&goal).ok()
}

/// The evolution of fields and of small changes of them.
fn doubled(pool: &mut Pool, evolution: &Evolution) -> Evolution {
    let mut directions = FxHashMap::default();
    let mut changes = Vec::new();
    for symbol in evolution.symbols() {
        // No name in a model has parentheses.
        let name = format!("d({})", pool.symbol_name(symbol));
        let change = pool.symbol(&name);
        let coordinates = pool.dependence(symbol).to_vec();
        pool.set_dependence(change, &coordinates);
        directions.insert(symbol, pool.var(change));
        changes.push((change, name));
    }
    let along = |pool: &mut Pool, t: Term| pool.derivation(&[t], &directions)[0];
    let (n, mut doubled) = (evolution.fields.len(), evolution.clone());
    let change_of = |i: usize| StateId(u32::MAX - i as u32);
    for (i, (field, (symbol, name))) in evolution.fields.iter().zip(&changes).enumerate() {
        let (symbol, name) = (*symbol, name.clone());
        doubled.fields.push(Field {
            state: change_of(i),
            symbol,
            name,
            span: field.span,
        });
    }
    for row in &evolution.rows {
        doubled.rows.push(along(pool, *row));
    }
    for (solved, (symbol, name)) in evolution.solved.iter().zip(&changes[n..]) {
        let (symbol, name) = (*symbol, name.clone());
        let (residual, span) = (along(pool, solved.residual), solved.span);
        doubled.solved.push(Solved {
            symbol,
            name,
            residual,
            mean: None,
            span,
        });
    }
    for condition in &evolution.conditions {
        let kind = match condition.kind {
            ConditionKind::Equation(residual) => ConditionKind::Equation(along(pool, residual)),
            ConditionKind::Outflow(state) => {
                let field = evolution.fields.iter().position(|f| f.state == state);
                ConditionKind::Outflow(field.map_or(state, change_of))
            }
        };
        doubled.conditions.push(Condition {
            kind,
            ..condition.clone()
        });
    }
    doubled.observables.clear();
    doubled
}

/// The Jacobian of a program of one pointwise step: what a sparse matrix is assembled from.
#[derive(Debug, Clone, PartialEq)]
pub struct StencilJacobian {
    /// Position of the output, the read that it changes with, and by how much: over the reads of the step.
    pub entries: Vec<(u32, Read, Term)>,
    /// By closure of the program, by ghost layer: the inner reads that it changes with, and by how much.
    pub ghosts: Vec<Vec<Vec<(Read, Term)>>>,
    /// By closure: the same of its fixed node.
    pub nodes: Vec<Vec<(Read, Term)>>,
}

/// `None` for programs with other steps.
pub fn stencil_jacobian(pool: &mut Pool, program: &SpaceProgram) -> Option<StencilJacobian> {
    let [Step::Pointwise { reads, outputs }] = program.steps.as_slice() else {
        return None;
    };
    let mut entries = Vec::new();
    for ((_, term), row) in outputs.iter().zip(0..) {
        let of_row = gradient(pool, *term, reads);
        entries.extend(of_row.into_iter().map(|(read, by)| (row, read, by)));
    }
    let mut of_closure = |closure: &Closure| -> Vec<Vec<(Read, Term)>> {
        let ghosts = closure.ghosts.iter();
        ghosts
            .map(|ghost| gradient(pool, *ghost, &closure.reads))
            .collect()
    };
    let ghosts = program.closures.iter().map(&mut of_closure).collect();
    let nodes = program
        .closures
        .iter()
        .map(|c| c.node.map_or(Vec::new(), |t| gradient(pool, t, &c.reads)));
    Some(StencilJacobian {
        entries,
        ghosts,
        nodes: nodes.collect(),
    })
}

fn gradient(pool: &mut Pool, t: Term, reads: &[Read]) -> Vec<(Read, Term)> {
    let symbols: Vec<SymbolId> = reads.iter().map(|read| read.symbol).collect();
    let rows = pool.jacobian(&[t], &symbols);
    rows.entries
        .iter()
        .map(|&(column, by)| (reads[column as usize], by))
        .collect()
}
