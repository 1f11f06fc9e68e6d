//! A space program under construction.

use super::hoist::hoist;
use super::program::{ArrayId, ArrayKind, Closure, Grid, GridAxis, Reduction, SpaceProgram, Step};
use super::reads::Reads;
use crate::terms::{Number, Pool, SymbolId, Term};

/// Arrays and steps so far.
#[derive(Debug, Clone)]
pub(super) struct Builder {
    pub grid: Grid,
    pub arrays: Vec<ArrayKind>,
    pub inputs: Vec<ArrayId>,
    pub closures: Vec<Closure>,
    pub steps: Vec<Step>,
    pub reductions: Vec<SymbolId>,
}

impl Builder {
    pub fn new(axes: Vec<GridAxis>) -> Builder {
        Builder {
            grid: Grid { axes },
            arrays: Vec::new(),
            inputs: Vec::new(),
            closures: Vec::new(),
            steps: Vec::new(),
            reductions: Vec::new(),
        }
    }

    pub fn array(&mut self, kind: ArrayKind) -> ArrayId {
        self.arrays.push(kind);
        ArrayId(self.arrays.len() as u32 - 1)
    }

    pub fn input(&mut self, kind: ArrayKind) -> ArrayId {
        let array = self.array(kind);
        self.inputs.push(array);
        array
    }

    pub fn forward(&mut self, from: ArrayId) -> ArrayId {
        let to = self.array(ArrayKind::Modes);
        self.steps.push(Step::Forward { from, to });
        to
    }

    pub fn inverse(&mut self, from: ArrayId) -> ArrayId {
        let to = self.array(ArrayKind::Nodes);
        self.steps.push(Step::Inverse { from, to });
        to
    }

    /// One step that computes terms over reads.
    pub fn pointwise(&mut self, pool: &Pool, reads: &Reads, terms: &[Term]) -> Vec<ArrayId> {
        let to: Vec<ArrayId> = terms.iter().map(|_| self.array(ArrayKind::Nodes)).collect();
        let outputs = to.iter().copied().zip(terms.iter().copied()).collect();
        let reads = reads.used(pool, terms);
        self.steps.push(Step::Pointwise { reads, outputs });
        to
    }

    pub fn reduce(&mut self, from: ArrayId, kind: Reduction, to: SymbolId) {
        self.steps.push(Step::Reduce { from, kind, to });
    }

    /// The program, with the scalars that its terms use; `changing` are those that change during a run.
    pub fn finish(
        self,
        pool: &mut Pool,
        outputs: Vec<ArrayId>,
        changing: &[SymbolId],
    ) -> SpaceProgram {
        let constants = spacings(pool, &self.grid.axes);
        let mut program = SpaceProgram {
            grid: self.grid,
            arrays: self.arrays,
            scalars: Vec::new(),
            constants,
            inputs: self.inputs,
            closures: self.closures,
            setup: Vec::new(),
            steps: self.steps,
            outputs,
            reductions: self.reductions,
        };
        hoist(pool, &mut program, changing);
        program.scalars = program.free_symbols(pool);
        if cfg!(debug_assertions) {
            program.verify(pool);
        }
        program
    }
}

/// The spacing of every axis.
fn spacings(pool: &mut Pool, axes: &[GridAxis]) -> Vec<(SymbolId, Term)> {
    let of = |axis: &GridAxis| {
        let length = pool.sub(axis.to, axis.from);
        let parts = Number::ratio(1, axis.intervals().into()).expect("an axis has intervals");
        (axis.spacing, pool.scale(&parts, length))
    };
    axes.iter().map(of).collect()
}
