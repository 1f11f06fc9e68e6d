//! The fields of a model text, ready to run.

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::codegen::row::{Arithmetic, RowOptions};
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::program::space::{SpaceCode, compile_space, compile_split};
use ansatz_compiler::source::Sources;
use ansatz_compiler::system::System;
use ansatz_compiler::system::space::interpret::Interpreter;
use ansatz_compiler::system::space::program::{SpaceProgram, SpacePrograms};
use ansatz_compiler::system::space::stage::stage;
use ansatz_compiler::terms::{Pool, SymbolId};
use ansatz_compiler::{assemble, model, read};
use ansatz_runtime::space::execute::Executor;
use ansatz_runtime::space::layout::Layout;
use ansatz_runtime::space::split::SplitExecutor;
use ansatz_runtime::space::steppers::{BoundedEquations, Stage};

use super::Files;

/// A model with fields on one domain.
pub struct Model {
    system: System,
    symbols: Vec<SymbolId>,
    numbers: Vec<f64>,
}

/// `du/dt = f(t, u)` of all fields of a model.
pub struct Fields {
    pub executor: Executor,
    pub program: SpaceProgram,
    pub pool: Pool,
    parameters: Vec<(SymbolId, f64)>,
    n_fields: usize,
    largest_step: f64,
}

const OPTIONS: RowOptions = RowOptions {
    arithmetic: Arithmetic::Fast,
    tier: Tier::Auto,
};

impl Model {
    pub fn new(text: &str) -> Model {
        let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::new());
        let source = sources.add("fields.model", text);
        let source = source.expect("the text is not too long");
        let ast = read(&source, &mut diagnostics);
        let model = model::elaborate(&ast, &mut sources, &Files, &mut diagnostics);
        let system = assemble(model, &mut diagnostics);
        let mistakes = super::rendered(diagnostics, &sources);
        let system = system.unwrap_or_else(|| panic!("{mistakes}"));
        let mut values = vec![f64::NAN; system.pool.n_symbols()];
        for parameter in &system.parameters {
            values[parameter.symbol.0 as usize] = system.pool.eval(&[parameter.value], &values)[0];
        }
        let symbols: Vec<SymbolId> = system.parameters.iter().map(|p| p.symbol).collect();
        let numbers = symbols.iter().map(|s| values[s.0 as usize]).collect();
        Model {
            system,
            symbols,
            numbers,
        }
    }

    fn programs(&self) -> &SpacePrograms {
        let block = self.system.grids().next();
        &block.expect("the model has fields").programs
    }

    /// The compiled program of rates.
    pub fn code(&self) -> SpaceCode {
        let full = &self.programs().full;
        let code = compile_space(&self.system.pool, full, &self.symbols, OPTIONS);
        code.expect("steps are known")
    }

    /// The split equations, if the model has them; without scalars.
    pub fn split(&self) -> SplitExecutor {
        let split = self.programs().split.as_ref();
        let split = split.expect("the model is periodic");
        let code = compile_split(&self.system.pool, split, &self.symbols, OPTIONS);
        let code = code.expect("steps are known");
        SplitExecutor::new(&code, &self.numbers, None).expect("the grid is small")
    }
}

impl Fields {
    /// From a text; steps may have any length up to the largest.
    pub fn new(text: &str, largest_step: f64) -> Fields {
        let model = Model::new(text);
        let (program, code) = (model.programs().full.clone(), model.code());
        Fields {
            executor: Executor::new(&code, &model.numbers).expect("the grid is small"),
            parameters: model.symbols.into_iter().zip(model.numbers).collect(),
            n_fields: program.inputs.len(),
            program,
            pool: model.system.pool,
            largest_step,
        }
    }

    /// A stage of an explicit method by its own program.
    pub fn run_stage(&mut self, t: f64, u: &[f64], of: Stage<'_>, out: &mut [f64]) {
        let made = stage(&mut self.pool, &self.program, of.keep != 0.0);
        let (symbols, numbers): (Vec<_>, Vec<_>) = self.parameters.iter().copied().unzip();
        let code = compile_space(&self.pool, &made.program, &symbols, OPTIONS);
        let code = code.expect("steps are known");
        let mut executor = Executor::new(&code, &numbers).expect("the grid is small");
        let scalars = code.scalars.iter().map(|symbol| match symbol {
            step if *step == made.step => of.step,
            keep if Some(*keep) == made.keep => of.keep,
            _ => t,
        });
        let start = if of.keep == 0.0 { &[][..] } else { of.start };
        executor.run_on(&scalars.collect::<Vec<_>>(), [u, start], out);
    }

    fn parameter(&self, symbol: SymbolId) -> Option<f64> {
        let known = self.parameters.iter().find(|p| p.0 == symbol);
        known.map(|p| p.1)
    }

    /// Values of all fields, field after field.
    pub fn nodes(&self, values: &dyn Fn(usize, [f64; 3]) -> f64) -> Vec<f64> {
        nodes(self.executor.layout(), self.n_fields, values)
    }

    /// The rates of the reference interpreter.
    pub fn reference(&self, t: f64, u: &[f64]) -> Vec<f64> {
        let scalars = self.program.scalars.iter();
        let scalars: Vec<f64> = scalars.map(|&s| self.parameter(s).unwrap_or(t)).collect();
        let mut interpreter = Interpreter::new(&self.program, &self.pool, &scalars);
        let fields = u.chunks_exact(u.len() / self.n_fields);
        let fields: Vec<Vec<f64>> = fields.map(<[f64]>::to_vec).collect();
        interpreter.rates(&fields).concat()
    }
}

/// Values of fields at all nodes, field after field.
pub fn nodes(
    layout: &Layout,
    n_fields: usize,
    values: &dyn Fn(usize, [f64; 3]) -> f64,
) -> Vec<f64> {
    let [x, y, z] = &layout.coordinates;
    let mut nodes = Vec::new();
    for field in 0..n_fields {
        for &z in z {
            for &y in y {
                nodes.extend(x.iter().map(|&x| values(field, [x, y, z])));
            }
        }
    }
    nodes
}

impl BoundedEquations for Fields {
    fn n_states(&self) -> usize {
        self.n_fields * self.executor.layout().shape.len()
    }

    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        let scalars = self.program.scalars.iter();
        let n_scalars = scalars.filter(|&&s| self.parameter(s).is_none()).count();
        let scalars = vec![t; n_scalars];
        self.executor.run(&scalars, u, du);
    }

    fn largest_step(&mut self, _: f64, _: &[f64]) -> f64 {
        self.largest_step
    }

    fn limiting_state(&mut self, _: f64, _: &[f64]) -> usize {
        0
    }
}
