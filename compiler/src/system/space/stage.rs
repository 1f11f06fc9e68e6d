//! Stages of explicit methods as programs: the update of the state stands in the step that computes its rate, so that no array of rates is written.

use super::program::{ArrayId, ArrayKind, Read, SpaceProgram, Step};
use crate::terms::{Pool, SymbolId, Term};

/// `keep·u₀ + (1 − keep)·(u + step·f(u))` as a program.
#[derive(Debug, Clone)]
pub struct Stage {
    /// From the fields, then those at the start of the step, if it keeps any of them.
    pub program: SpaceProgram,
    /// The step.
    pub step: SymbolId,
    /// The weight of the start; `None`: 0.
    pub keep: Option<SymbolId>,
}

/// The stage of a program of rates, without the start of the step or with it.
pub fn stage(pool: &mut Pool, full: &SpaceProgram, keeps_start: bool) -> Stage {
    // No name in a model has parentheses.
    let step = pool.symbol("stage(step)");
    let keep = keeps_start.then(|| pool.symbol("stage(keep)"));
    let mut program = full.clone();
    let mut update = Update {
        pool,
        program: &mut program,
        reads: Vec::new(),
        step,
        keep,
    };
    let (mut reads, rates) = update.take_last();
    update.reads.append(&mut reads);
    let outputs = update.outputs(&rates);
    let reads = std::mem::take(&mut update.reads);
    program.outputs = outputs.iter().map(|(array, _)| *array).collect();
    program.steps.push(Step::Pointwise { reads, outputs });
    program.scalars = program.free_symbols(pool);
    if cfg!(debug_assertions) {
        program.verify(pool);
    }
    Stage {
        program,
        step,
        keep,
    }
}

struct Update<'a> {
    pool: &'a mut Pool,
    program: &'a mut SpaceProgram,
    reads: Vec<Read>,
    step: SymbolId,
    keep: Option<SymbolId>,
}

impl Update<'_> {
    /// The last step, if it computes all rates and nothing else: its reads, and the rates as terms. Otherwise reads of their arrays.
    fn take_last(&mut self) -> (Vec<Read>, Vec<Term>) {
        let rates = self.program.outputs.clone();
        if let Some(Step::Pointwise { outputs, .. }) = self.program.steps.last() {
            let term = |rate: &ArrayId| outputs.iter().find(|(array, _)| array == rate);
            let terms: Option<Vec<Term>> = rates.iter().map(|rate| Some(term(rate)?.1)).collect();
            if let Some(terms) = terms.filter(|terms| terms.len() == outputs.len()) {
                let last = self.program.steps.pop();
                let Some(Step::Pointwise { reads, .. }) = last else {
                    unreachable!("the last step was looked at")
                };
                return (reads, terms);
            }
        }
        let terms = rates.iter().map(|rate| self.read(*rate)).collect();
        (Vec::new(), terms)
    }

    /// New states in new arrays.
    fn outputs(&mut self, rates: &[Term]) -> Vec<(ArrayId, Term)> {
        let fields = self.program.inputs.clone();
        let step = self.pool.var(self.step);
        let new = |update: &mut Self, field: ArrayId, rate: Term| {
            let u = update.read(field);
            let change = update.pool.mul(step, rate);
            let moved = update.pool.add(u, change);
            let term = match update.keep {
                None => moved,
                Some(keep) => {
                    let start = update.array();
                    update.program.inputs.push(start);
                    let (start, keep) = (update.read(start), update.pool.var(keep));
                    // moved + keep·(start − moved)
                    let back = update.pool.sub(start, moved);
                    let back = update.pool.mul(keep, back);
                    update.pool.add(moved, back)
                }
            };
            (update.array(), term)
        };
        let pairs = fields.iter().zip(rates);
        pairs
            .map(|(&field, &rate)| new(self, field, rate))
            .collect()
    }

    fn array(&mut self) -> ArrayId {
        self.program.arrays.push(ArrayKind::Nodes);
        ArrayId(self.program.arrays.len() as u32 - 1)
    }

    /// The value of an array at the node.
    fn read(&mut self, array: ArrayId) -> Term {
        let is_it = |read: &&Read| read.array == array && read.offset == [0; 3];
        let symbol = match self.reads.iter().find(is_it) {
            Some(read) => read.symbol,
            None => {
                let symbol = self.pool.symbol(&format!("stage({})", array.0));
                self.reads.push(Read {
                    symbol,
                    array,
                    offset: [0; 3],
                });
                symbol
            }
        };
        self.pool.var(symbol)
    }
}
