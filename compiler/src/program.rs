//! What leaves the compiler: kernels, layout, initial values, experiments: all that a solver needs.

pub mod space;

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::codegen::{self, Inputs, Kernel, Tier};
use crate::model::discovery::{Candidate, Discover};
use crate::model::entities::{Observable, Parameter, Plot, Simulate, State};
use crate::system::System;
use crate::system::conservation::ConservedTotal;
use crate::system::equations::Block;
use crate::system::jacobian::{self, Pattern};
use crate::system::space::GridBlock;
use crate::system::space::error::SpaceError;
use crate::terms::{Number, Outputs, Pool, SymbolId, Term};

/// A compiled model. Kernels beyond the right-hand side are derived and compiled when first asked for.
pub struct Program {
    /// Model name.
    pub name: String,
    /// Parameters; `p[i]`.
    pub parameters: Vec<Parameter>,
    /// States; `u[i]`.
    pub states: Vec<State>,
    /// Named expressions, in order.
    pub observables: Vec<Observable>,
    /// Conserved totals.
    pub conserved: Vec<ConservedTotal>,
    /// `simulate` experiments.
    pub experiments: Vec<Simulate>,
    /// `discover` experiments.
    pub discoveries: Vec<Discover>,
    /// Plots.
    pub plots: Vec<Plot>,
    /// The fields of each domain: equations and programs over whole arrays, in the terms of [`Program::with_pool`].
    pub grids: Vec<GridBlock>,
    /// Numbers that grids compute for equations of numbers and for each other: they follow the states in the arguments of every kernel.
    pub couplings: Vec<SymbolId>,
    /// Time.
    pub time: SymbolId,
    /// `du = f(t, u, p)` of the scalar states; rows of fields are empty.
    pub rhs: Kernel,
    tier: Tier,
    inputs: Inputs,
    system: Mutex<System>,
    jacobian: OnceLock<(Pattern, Kernel)>,
    jvp: OnceLock<Kernel>,
    time_derivative: OnceLock<Option<Kernel>>,
    observable_kernel: OnceLock<Kernel>,
}

/// Compiles the right-hand side of a simplified system.
pub fn compile(system: System, tier: Tier) -> Program {
    let states = system.states.iter().map(|s| s.symbol);
    let inputs = Inputs {
        time: Some(system.time),
        states: states.chain(system.couplings.iter().copied()).collect(),
        parameters: system.parameters.iter().map(|p| p.symbol).collect(),
        direction: Vec::new(),
    };
    Program {
        name: system.name.clone(),
        parameters: system.parameters.clone(),
        states: system.states.clone(),
        observables: system.observables.clone(),
        conserved: system.conserved.clone(),
        experiments: system.experiments.clone(),
        discoveries: system.discoveries.clone(),
        plots: system.plots.clone(),
        grids: system.grids().cloned().collect(),
        couplings: system.couplings.clone(),
        time: system.time,
        rhs: codegen::compile(&system.pool, &system.right_hand_side(), &inputs, tier),
        tier,
        inputs,
        system: Mutex::new(system),
        jacobian: OnceLock::new(),
        jvp: OnceLock::new(),
        time_derivative: OnceLock::new(),
        observable_kernel: OnceLock::new(),
    }
}

impl Program {
    /// Non-zeros of `∂f/∂u` in pattern order, and where they stand.
    pub fn jacobian(&self) -> &(Pattern, Kernel) {
        self.jacobian.get_or_init(|| {
            let jacobian = self.with_system(jacobian::jacobian);
            let kernel = self.compile_outputs(&jacobian.values, &self.inputs);
            (jacobian.pattern, kernel)
        })
    }

    /// `J·v`
    pub fn jacobian_vector_product(&self) -> &Kernel {
        self.jvp.get_or_init(|| {
            let (outputs, direction) = self.with_system(jacobian::jacobian_vector_product);
            self.compile_outputs(
                &outputs,
                &Inputs {
                    direction,
                    ..self.inputs.clone()
                },
            )
        })
    }

    /// `∂f/∂t`; `None` when the system is autonomous.
    pub fn time_derivative(&self) -> Option<&Kernel> {
        self.time_derivative
            .get_or_init(|| {
                let outputs = self.with_system(jacobian::time_derivative)?;
                Some(self.compile_outputs(&outputs, &self.inputs))
            })
            .as_ref()
    }

    /// All observables, in order.
    pub fn observables(&self) -> &Kernel {
        self.observable_kernel.get_or_init(|| {
            let terms: Vec<Term> = self.observables.iter().map(|o| o.value).collect();
            self.terms_kernel(&terms)
        })
    }

    /// A kernel for terms of this program (plot curves).
    pub fn terms_kernel(&self, terms: &[Term]) -> Kernel {
        self.compile_outputs(&Outputs::of_terms(terms), &self.inputs)
    }

    /// Values of all parameters and initial values of all states, by the reference interpreter.
    pub fn start(&self) -> (Vec<f64>, Vec<f64>) {
        self.with_system(|system| system.start())
    }

    /// The value of a term at time 0 for these parameters and states (an end time).
    pub fn value(&self, term: Term, parameters: &[f64], states: &[f64]) -> f64 {
        self.with_system(|system| system.value(term, parameters, states))
    }

    /// Times between 0 and `t_end` at which the equations of fields jump, ascending.
    pub fn switch_times(&self, parameters: &[f64], states: &[f64], t_end: f64) -> Vec<f64> {
        self.with_system(|system| system.switch_times(parameters, states, t_end))
    }

    /// Works with the terms of this program (those of [`Program::grids`]).
    pub fn with_pool<T>(&self, f: impl FnOnce(&mut Pool) -> T) -> T {
        self.with_system(|system| f(&mut system.pool))
    }

    /// The program, of which extensions keep at least this share of the modes of fields, however many factors products have.
    pub fn keeping(&self, share: &Number) -> Program {
        let mut system = self.with_system(|system| system.clone());
        for block in &mut system.blocks {
            if let Block::Grid(grid) = block {
                grid.evolution.least_kept = Some(share.clone());
            }
        }
        compile(system, self.tier)
    }

    /// The program with candidates of a `discover` experiment: one parameter more for each, then one for each constant of their
    /// terms, 0 at first, after all others.
    ///
    /// # Errors
    /// Fields with the candidates cannot be discretised.
    pub fn extended(
        &self,
        discover: &Discover,
        candidates: &[&Candidate],
    ) -> Result<Program, Vec<SpaceError>> {
        let mut system = self.with_system(|system| system.clone());
        system.extend(discover, candidates)?;
        Ok(compile(system, self.tier))
    }

    fn compile_outputs(&self, outputs: &Outputs, inputs: &Inputs) -> Kernel {
        self.with_system(|system| codegen::compile(&system.pool, outputs, inputs, self.tier))
    }

    fn with_system<T>(&self, f: impl FnOnce(&mut System) -> T) -> T {
        // Terms are only ever added to the pool: a panic elsewhere leaves it usable.
        f(&mut self.system.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
