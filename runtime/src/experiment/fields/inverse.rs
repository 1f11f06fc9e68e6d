//! `(I − γL)⁻¹` of the constant linear part of a grid's fields, mode by mode: what preconditions Newton's linear systems.

use ansatz_compiler::Program;
use ansatz_compiler::program::space::compile_split;
use ansatz_compiler::system::space::program::Cut;

use super::images::FieldModes;
use super::part::{OPTIONS, parameter_symbols};
use crate::space::layout::Shape;
use crate::space::split::SplitExecutor;
use crate::space::steppers::{ImplicitPart, SplitEquations};
use crate::space::transform::Complex64;

/// The inverse for one `γ` at a time.
pub(super) struct LinearInverse {
    fields: FieldModes,
    part: ImplicitPart,
    modes: Vec<Complex64>,
    solved: Vec<Complex64>,
}

impl LinearInverse {
    /// `None` where not all axes can be transformed, or memory does not suffice.
    pub fn new(
        program: &Program,
        grid: usize,
        parameters: &[f64],
        shape: Shape,
    ) -> Option<LinearInverse> {
        let grid = &program.grids[grid];
        let split = grid.programs.split.as_ref()?;
        let symbols = parameter_symbols(program);
        let code = program.with_pool(|pool| compile_split(pool, split, &symbols, OPTIONS));
        let mut code = code.ok()?;
        // Also of modes that the split cuts: there it is 1.
        code.nonlinear.keep = Cut::All;
        let mut executor = SplitExecutor::new(&code, parameters, None).ok()?;
        let n = executor.n_fields() * executor.n_modes();
        Some(LinearInverse {
            fields: FieldModes::new(executor.transform().clone(), shape, code.mirror.as_ref()),
            part: ImplicitPart::new(&executor.linear()),
            modes: vec![Complex64::default(); n],
            solved: vec![Complex64::default(); n],
        })
    }

    /// Takes another `γ`.
    pub fn set_up(&mut self, gamma: f64) {
        self.part.set_up(gamma);
    }

    /// Applies it to fields in nodes, one behind the other.
    pub fn apply(&mut self, fields: &mut [f64]) {
        self.fields.forward(fields, &mut self.modes);
        self.part.solve(&self.modes, &mut self.solved);
        self.fields.inverse(&self.solved, fields);
    }
}
