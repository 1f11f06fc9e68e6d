//! A compiled program as [`Equations`].

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::system::jacobian::Pattern;

use crate::problem::Equations;

/// The kernels of a program with its parameters fixed. Derivatives are compiled when a solver first asks for them.
pub struct Compiled<'p> {
    program: &'p Program,
    parameters: Vec<f64>,
    rhs: Evaluator,
    jacobian: Option<Evaluator>,
    jvp: Option<Evaluator>,
    time_derivative: Option<Evaluator>,
}

impl<'p> Compiled<'p> {
    /// Fixes the parameters.
    pub fn new(program: &'p Program, parameters: &[f64]) -> Self {
        Compiled {
            program,
            parameters: parameters.to_vec(),
            rhs: program.rhs.evaluator(parameters),
            jacobian: None,
            jvp: None,
            time_derivative: None,
        }
    }
}

impl Equations for Compiled<'_> {
    fn n_states(&self) -> usize {
        self.program.states.len()
    }

    fn rhs(&mut self, t: f64, u: &[f64], du: &mut [f64]) {
        self.rhs.eval(t, u, du);
    }

    fn pattern(&self) -> &Pattern {
        &self.program.jacobian().0
    }

    fn jacobian(&mut self, t: f64, u: &[f64], values: &mut [f64]) {
        let evaluator = self
            .jacobian
            .get_or_insert_with(|| self.program.jacobian().1.evaluator(&self.parameters));
        evaluator.eval(t, u, values);
    }

    fn jvp(&mut self, t: f64, u: &[f64], v: &[f64], jv: &mut [f64]) {
        let evaluator = self.jvp.get_or_insert_with(|| {
            self.program
                .jacobian_vector_product()
                .evaluator(&self.parameters)
        });
        evaluator.eval_along(t, u, v, jv);
    }

    fn time_derivative(&mut self, t: f64, u: &[f64], dfdt: &mut [f64]) -> bool {
        let Some(kernel) = self.program.time_derivative() else {
            return false;
        };
        self.time_derivative
            .get_or_insert_with(|| kernel.evaluator(&self.parameters))
            .eval(t, u, dfdt);
        true
    }
}
