//! A compiled program of a grid with the numbers it needs beside its arrays.

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Tier;
use ansatz_compiler::codegen::row::{Arithmetic, RowOptions};
use ansatz_compiler::program::space::{SpaceCode, compile_space};
use ansatz_compiler::system::space::program::SpaceProgram;
use ansatz_compiler::terms::SymbolId;

use super::setup::SetupError;
use crate::space::execute::Executor;

/// How rows are compiled.
pub(crate) const OPTIONS: RowOptions = RowOptions {
    arithmetic: Arithmetic::Fast,
    tier: Tier::Auto,
};

/// Where a scalar comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Time,
    /// Position in `Program::states`.
    State(usize),
    /// Position in `Program::couplings`.
    Coupling(usize),
    /// Position in `Numbers::given`.
    Given(usize),
}

/// Numbers that change during a run and are the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    pub t: f64,
    /// By state of the program; of fields not a number.
    pub states: Vec<f64>,
    pub couplings: Vec<f64>,
    /// What a method gives to the programs of its stages.
    pub given: [f64; 2],
}

impl Numbers {
    pub fn of(program: &Program) -> Numbers {
        Numbers {
            t: 0.0,
            states: vec![f64::NAN; program.states.len()],
            couplings: vec![0.0; program.couplings.len()],
            given: [0.0; 2],
        }
    }

    fn get(&self, source: Source) -> f64 {
        match source {
            Source::Time => self.t,
            Source::State(i) => self.states[i],
            Source::Coupling(i) => self.couplings[i],
            Source::Given(i) => self.given[i],
        }
    }
}

/// Sets what a grid computes for equations of numbers and for other grids, by the program of its coupling.
pub(super) fn couple(
    program: &Program,
    grid: usize,
    coupling: &mut Part,
    numbers: &mut Numbers,
    fields: &[f64],
) {
    coupling.run(numbers, fields, &mut []);
    let symbols = &program.grids[grid].programs.coupling.symbols;
    for (symbol, value) in symbols.iter().zip(coupling.executor.reductions()) {
        let place = program.couplings.iter().position(|known| known == symbol);
        numbers.couplings[place.expect("a coupling of the program")] = value;
    }
}

/// A program with its arrays.
pub(crate) struct Part {
    pub executor: Executor,
    sources: Vec<Source>,
    scalars: Vec<f64>,
    /// Whether its results are the same over a run.
    pub is_constant: bool,
}

impl Part {
    /// Compiles a program and allocates its arrays.
    pub fn new(
        program: &Program,
        space: &SpaceProgram,
        parameters: &[f64],
    ) -> Result<Part, SetupError> {
        Part::with_given(program, space, parameters, &[])
    }

    /// The same with symbols for the given numbers.
    pub fn with_given(
        program: &Program,
        space: &SpaceProgram,
        parameters: &[f64],
        given: &[SymbolId],
    ) -> Result<Part, SetupError> {
        let code = compiled(program, space)?;
        Ok(Part {
            executor: Executor::new(&code, parameters)?,
            sources: sources(program, &code.scalars, given),
            is_constant: code.is_constant(),
            scalars: vec![0.0; code.scalars.len()],
        })
    }

    /// From nodes to nodes.
    pub fn run(&mut self, numbers: &Numbers, inputs: &[f64], outputs: &mut [f64]) {
        self.run_on(numbers, [inputs, &[]], outputs);
    }

    /// The same with the inputs in two parts.
    pub fn run_on(&mut self, numbers: &Numbers, inputs: [&[f64]; 2], outputs: &mut [f64]) {
        self.set(numbers);
        self.executor.run_on(&self.scalars, inputs, outputs);
    }

    /// Puts given nodes in place.
    pub fn fix_nodes(&mut self, numbers: &Numbers, fields: &mut [f64]) {
        self.set(numbers);
        self.executor.fix_nodes(&self.scalars, fields);
    }

    fn set(&mut self, numbers: &Numbers) {
        for (scalar, &source) in self.scalars.iter_mut().zip(&self.sources) {
            *scalar = numbers.get(source);
        }
    }
}

/// Compiles a program of a grid.
pub(super) fn compiled(program: &Program, space: &SpaceProgram) -> Result<SpaceCode, SetupError> {
    let parameters = parameter_symbols(program);
    let code = program.with_pool(|pool| compile_space(pool, space, &parameters, OPTIONS))?;
    Ok(code)
}

pub(crate) fn parameter_symbols(program: &Program) -> Vec<SymbolId> {
    program.parameters.iter().map(|p| p.symbol).collect()
}

/// Where these scalars come from; `given` are the symbols of given numbers.
///
/// # Panics
/// If a symbol is none of the program's.
pub(crate) fn sources(program: &Program, symbols: &[SymbolId], given: &[SymbolId]) -> Vec<Source> {
    let source = |symbol: &SymbolId| {
        if *symbol == program.time {
            return Source::Time;
        }
        let state = program.states.iter().position(|s| s.symbol == *symbol);
        let coupling = || program.couplings.iter().position(|c| c == symbol);
        let found = state
            .map(Source::State)
            .or_else(|| coupling().map(Source::Coupling))
            .or_else(|| {
                let place = given.iter().position(|g| g == symbol);
                place.map(Source::Given)
            });
        found.expect("space programs use time, scalar states and couplings")
    };
    symbols.iter().map(source).collect()
}
