//! Conserved totals (moieties): the left null space of the stoichiometric matrix.
use super::equations::System;

/// `Σ weight·u[state]` does not change along any solution.
#[derive(Debug, Clone, PartialEq)]
pub struct ConservedTotal {
    /// Position of the state, and weight. Small integers where possible.
    pub weights: Vec<(u32, f64)>,
}

/// Finds a basis of conserved totals exactly.
pub fn conserved_totals(_system: &System) -> Vec<ConservedTotal> {
    todo!()
}
