//! The product: states, parameters and blocks of equations.
//!
//! A system is a list of blocks and is never scalarised: a network stays monomials and a sparse stoichiometric matrix.
//! Grid blocks (fields over a domain) will be a third kind.

use crate::model::entities::{Observable, Parameter, Plot, Simulate, State, StateId};
use crate::terms::{Outputs, Pool, SymbolId, Term};

/// `du/dt` = the sum of what the blocks contribute.
#[derive(Debug, Clone)]
pub struct System {
    /// Model name.
    pub name: String,
    /// All terms.
    pub pool: Pool,
    /// Time.
    pub time: SymbolId,
    /// Constants and parameters.
    pub parameters: Vec<Parameter>,
    /// The integrated states, in declared order, then nothing else: fixed species are parameters of the equations with `StateKind::FixedSpecies` and zero rows.
    pub states: Vec<State>,
    /// Who contributes.
    pub blocks: Vec<Block>,
    /// `let`s.
    pub observables: Vec<Observable>,
    /// Conserved totals found from the stoichiometry.
    pub conserved: Vec<super::conservation::ConservedTotal>,
    /// Experiments and plots, unchanged.
    pub experiments: Vec<Simulate>,
    /// Plots.
    pub plots: Vec<Plot>,
}

/// A part of the right-hand side.
#[derive(Debug, Clone)]
pub enum Block {
    /// One term per listed state.
    Scalar(Vec<(StateId, Term)>),
    /// `du = N·v`, one row per state of the system: before simplification one flux per reaction, afterwards one per group of
    /// reactions with equal net stoichiometry, factored.
    Network(Outputs),
}

impl System {
    /// All blocks as one set of outputs, one row per state: what `codegen` compiles as the right-hand side.
    pub fn right_hand_side(&self) -> Outputs {
        todo!()
    }
}
