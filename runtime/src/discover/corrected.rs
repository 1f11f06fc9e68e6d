//! A model with some candidates added, their coefficients set.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::{Candidate, Discover};

/// Candidates with coefficients.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Correction {
    /// Positions among the candidates, ascending.
    pub candidates: Vec<usize>,
    /// Their coefficients.
    pub coefficients: Vec<f64>,
}

impl Correction {
    /// The coefficient of every candidate.
    pub fn all_coefficients(&self, n_candidates: usize) -> Vec<f64> {
        let mut out = vec![0.0; n_candidates];
        for (&k, &c) in self.candidates.iter().zip(&self.coefficients) {
            out[k] = c;
        }
        out
    }
}

/// A compiled model with its parameters.
pub struct Corrected {
    /// The program.
    pub program: Program,
    /// Its parameters, those of the candidates last.
    pub parameters: Vec<f64>,
    n_own: usize,
}

impl Corrected {
    /// Compiles the model with these candidates.
    pub fn new(
        program: &Program,
        parameters: &[f64],
        discover: &Discover,
        correction: &Correction,
    ) -> Corrected {
        let chosen: Vec<&Candidate> = correction
            .candidates
            .iter()
            .map(|&k| &discover.candidates[k])
            .collect();
        let mut corrected = Corrected {
            program: program.extended(discover, &chosen),
            parameters: parameters.to_vec(),
            n_own: parameters.len(),
        };
        corrected.set(&correction.coefficients);
        corrected
    }

    /// Other coefficients.
    pub fn set(&mut self, coefficients: &[f64]) {
        self.parameters.truncate(self.n_own);
        self.parameters.extend_from_slice(coefficients);
    }
}
