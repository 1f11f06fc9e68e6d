//! What every space program must keep.

use super::program::{ArrayId, ArrayKind, Closure, Flux, Mean, Read, SpaceProgram, Step};
use crate::terms::{Pool, SymbolId, Term};

impl SpaceProgram {
    /// Checks what executors rely on.
    ///
    /// # Panics
    /// If an array is read before it is written, written twice or of the wrong kind, or a term has a symbol without a value.
    pub fn verify(&self, pool: &Pool) {
        assert!((1..=3).contains(&self.grid.axes.len()), "one to three axes");
        let mut check = Check {
            program: self,
            pool,
            written: vec![false; self.arrays.len()],
            known: vec![false; pool.n_symbols()],
        };
        check.know_all(&self.scalars);
        for (symbol, term) in &self.constants {
            check.symbols(&[*term], &[]);
            check.know(*symbol);
        }
        for axis in &self.grid.axes {
            check.symbols(&[axis.from, axis.to], &[]);
            check.know(axis.coordinate);
            axis.map
                .iter()
                .for_each(|(uniform, _)| check.know(*uniform));
        }
        for step in &self.setup {
            check.step(step);
        }
        self.inputs
            .iter()
            .for_each(|a| check.write(*a, self.kind(*a)));
        for step in &self.steps {
            check.step(step);
        }
        for closure in &self.closures {
            check.closure(closure);
        }
        for array in &self.outputs {
            check.read(*array, self.kind(*array));
        }
    }

    /// The symbols in terms that nothing in the program defines: what the caller has to supply, sorted.
    pub(super) fn free_symbols(&self, pool: &Pool) -> Vec<SymbolId> {
        let mut defined = vec![false; pool.n_symbols()];
        let mut define = |symbol: SymbolId| defined[symbol.0 as usize] = true;
        self.constants
            .iter()
            .for_each(|(symbol, _)| define(*symbol));
        let mut terms: Vec<Term> = self.constants.iter().map(|c| c.1).collect();
        for axis in &self.grid.axes {
            define(axis.coordinate);
            define(axis.wavenumber);
            terms.extend([axis.from, axis.to]);
            if let Some((uniform, map)) = axis.map {
                define(uniform);
                terms.push(map);
            }
        }
        for closure in &self.closures {
            closure.reads.iter().for_each(|read| define(read.symbol));
            terms.extend(closure.node.iter().chain(&closure.ghosts));
        }
        for step in self.setup.iter().chain(&self.steps) {
            match step {
                Step::Pointwise { reads, outputs } => {
                    reads.iter().for_each(|read| define(read.symbol));
                    terms.extend(outputs.iter().map(|o| o.1));
                }
                Step::Forward { .. } | Step::Inverse { .. } | Step::Along { .. } => {}
                Step::Diagonal {
                    terms: of, mean, ..
                } => {
                    terms.extend(of.iter().flat_map(|(_, m)| [m.re, m.im]));
                    match mean {
                        Mean::Computed => {}
                        Mean::Raised(mean) | Mean::Set(mean) => terms.push(*mean),
                    }
                }
                Step::Flux(flux) => {
                    flux.states.iter().for_each(|read| define(read.symbol));
                    terms.extend(&flux.flux);
                    terms.extend([flux.speeds.0, flux.speeds.1]);
                }
                Step::Reduce { to, .. } => define(*to),
                Step::Solve(solve) => {
                    terms.extend(solve.operator.iter().map(|o| o.1));
                    terms.extend(solve.mean);
                }
            }
        }
        let mut symbols = pool.symbols_in(&terms);
        symbols.retain(|symbol| !defined[symbol.0 as usize]);
        symbols
    }

    /// What an array holds.
    pub fn kind(&self, array: ArrayId) -> ArrayKind {
        self.arrays[array.0 as usize]
    }
}

struct Check<'a> {
    program: &'a SpaceProgram,
    pool: &'a Pool,
    written: Vec<bool>,
    known: Vec<bool>,
}

impl Check<'_> {
    fn know(&mut self, symbol: SymbolId) {
        self.known[symbol.0 as usize] = true;
    }

    fn know_all(&mut self, symbols: &[SymbolId]) {
        symbols.iter().for_each(|s| self.know(*s));
    }

    fn read(&self, array: ArrayId, kind: ArrayKind) {
        assert!(
            self.written[array.0 as usize],
            "a{} is read before it is written",
            array.0
        );
        assert_eq!(self.program.kind(array), kind, "kind of a{}", array.0);
    }

    fn write(&mut self, array: ArrayId, kind: ArrayKind) {
        let written = &mut self.written[array.0 as usize];
        assert!(!*written, "a{} is written twice", array.0);
        *written = true;
        assert_eq!(self.program.kind(array), kind, "kind of a{}", array.0);
    }

    /// Every symbol is known or one of the reads.
    fn symbols(&self, terms: &[Term], reads: &[Read]) {
        for symbol in self.pool.symbols_in(terms) {
            let known = self.known[symbol.0 as usize] || reads.iter().any(|r| r.symbol == symbol);
            assert!(known, "`{}` has no value", self.pool.symbol_name(symbol));
        }
    }

    fn reads(&self, reads: &[Read]) {
        let n_axes = self.program.grid.axes.len();
        for read in reads {
            self.read(read.array, ArrayKind::Nodes);
            let beyond = &read.offset[n_axes..];
            assert!(beyond.iter().all(|&o| o == 0), "offset along no axis");
        }
    }

    fn step(&mut self, step: &Step) {
        let axes = &self.program.grid.axes;
        match step {
            Step::Pointwise { reads, outputs } => {
                self.reads(reads);
                for (array, term) in outputs {
                    self.symbols(&[*term], reads);
                    self.write(*array, ArrayKind::Nodes);
                }
            }
            Step::Forward { from, to } => {
                self.read(*from, ArrayKind::Nodes);
                self.write(*to, ArrayKind::Modes);
            }
            Step::Inverse { from, to } => {
                self.read(*from, ArrayKind::Modes);
                self.write(*to, ArrayKind::Nodes);
            }
            Step::Diagonal {
                terms,
                to,
                keep: _,
                mean,
            } => {
                self.diagonal(terms.iter().map(|t| t.0), *to);
                let waves: Vec<SymbolId> = axes.iter().map(|a| a.wavenumber).collect();
                for (_, multiplier) in terms {
                    for symbol in self.pool.symbols_in(&[multiplier.re, multiplier.im]) {
                        let known = waves.contains(&symbol) || self.known[symbol.0 as usize];
                        assert!(known, "`{}` has no value", self.pool.symbol_name(symbol));
                    }
                }
                match mean {
                    Mean::Computed => {}
                    Mean::Raised(mean) | Mean::Set(mean) => self.symbols(&[*mean], &[]),
                }
            }
            Step::Along {
                axis,
                from,
                to,
                order: _,
            } => {
                assert!(*axis < axes.len(), "no such axis");
                self.read(*from, ArrayKind::Nodes);
                self.write(*to, ArrayKind::Nodes);
            }
            Step::Flux(flux) => self.flux(flux),
            Step::Reduce { from, kind: _, to } => {
                self.read(*from, ArrayKind::Nodes);
                self.know(*to);
            }
            Step::Solve(solve) => {
                self.read(solve.from, ArrayKind::Nodes);
                let coefficients: Vec<Term> = solve.operator.iter().map(|o| o.1).collect();
                self.symbols(&coefficients, &[]);
                solve
                    .mean
                    .iter()
                    .for_each(|mean| self.symbols(&[*mean], &[]));
                self.write(solve.to, ArrayKind::Nodes);
            }
        }
    }

    fn diagonal(&mut self, from: impl Iterator<Item = ArrayId>, to: ArrayId) {
        from.for_each(|array| self.read(array, ArrayKind::Modes));
        self.write(to, ArrayKind::Modes);
    }

    fn flux(&mut self, flux: &Flux) {
        assert!(flux.axis < self.program.grid.axes.len(), "no such axis");
        self.reads(&flux.states);
        self.symbols(&flux.flux, &flux.states);
        self.symbols(&[flux.speeds.0, flux.speeds.1], &flux.states);
        assert_eq!(flux.flux.len(), flux.to.len(), "one flux per result");
        assert_eq!(
            flux.conserved.len(),
            flux.to.len(),
            "one quantity per result"
        );
        flux.to
            .iter()
            .for_each(|to| self.write(*to, ArrayKind::Nodes));
    }

    fn closure(&self, closure: &Closure) {
        self.reads(&closure.reads);
        self.symbols(&closure.ghosts, &closure.reads);
        self.symbols(closure.node.as_slice(), &closure.reads);
        let across = closure.reads.iter().all(|read| {
            let offsets = read.offset.iter().enumerate();
            offsets
                .filter(|(axis, _)| *axis != closure.axis)
                .all(|(_, o)| *o == 0)
        });
        assert!(across, "a closure reads along its axis only");
    }
}
