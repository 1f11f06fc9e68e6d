//! A model with some candidates added, their coefficients and the constants inside of their terms set.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::{Candidate, Discover};
use ansatz_compiler::terms::{Pool, Term};
use rustc_hash::FxHashMap;

use super::flow::Forcing;
use ansatz_compiler::system::space::error::SpaceError;

/// Candidates with coefficients.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Correction {
    /// Positions among the candidates, ascending.
    pub candidates: Vec<usize>,
    /// Their coefficients.
    pub coefficients: Vec<f64>,
    /// The constants inside of their terms.
    pub constants: Vec<Vec<f64>>,
}

impl Correction {
    /// Constants where their search begins.
    pub fn of(discover: &Discover, candidates: Vec<usize>, coefficients: Vec<f64>) -> Correction {
        let first = |&k: &usize| {
            let term = &discover.library[discover.candidates[k].term as usize];
            term.constants.iter().map(|c| c.value).collect()
        };
        Correction {
            constants: candidates.iter().map(first).collect(),
            candidates,
            coefficients,
        }
    }

    /// Constants as they were in another correction, where it has the candidate.
    pub fn with_constants_of(mut self, other: &Correction) -> Correction {
        for (k, constants) in self.candidates.iter().zip(&mut self.constants) {
            if let Some(at) = other.candidates.iter().position(|c| c == k) {
                constants.clone_from(&other.constants[at]);
            }
        }
        self
    }

    /// The coefficient of every candidate.
    pub fn all_coefficients(&self, n_candidates: usize) -> Vec<f64> {
        let mut out = vec![0.0; n_candidates];
        for (&k, &c) in self.candidates.iter().zip(&self.coefficients) {
            out[k] = c;
        }
        out
    }

    /// Coefficients, then constants: all that is fitted.
    pub fn unknowns(&self) -> Vec<f64> {
        let constants = self.constants.iter().flatten();
        self.coefficients.iter().chain(constants).copied().collect()
    }

    /// Sets what [`Correction::unknowns`] gives.
    pub fn set(&mut self, unknowns: &[f64]) {
        let constants = self.constants.iter_mut().flatten();
        let all = self.coefficients.iter_mut().chain(constants);
        all.zip(unknowns).for_each(|(own, value)| *own = *value);
    }
}

/// A compiled model with its parameters.
pub struct Corrected {
    /// The program.
    pub program: Program,
    /// Its parameters: the model's own, the coefficients, the constants.
    pub parameters: Vec<f64>,
    /// What the unknowns do, in their order, as terms over the parameters of the program.
    pub columns: Vec<Column>,
    n_own: usize,
}

/// The derivative of the rates by an unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What is added to the rates.
    pub term: Term,
    /// States whose rates change, and how much.
    pub changes: Vec<(usize, f64)>,
    /// Position of its candidate in the correction.
    pub of: usize,
}

impl Corrected {
    /// Compiles a model of numbers with these candidates.
    ///
    /// # Panics
    /// If there are fields.
    pub fn new(
        program: &Program,
        parameters: &[f64],
        discover: &Discover,
        correction: &Correction,
    ) -> Corrected {
        let corrected = Corrected::of_fields(program, parameters, discover, correction);
        corrected.expect("equations of numbers are not discretised")
    }

    /// Compiles a model with these candidates.
    ///
    /// # Errors
    /// Its fields cannot be discretised.
    pub fn of_fields(
        program: &Program,
        parameters: &[f64],
        discover: &Discover,
        correction: &Correction,
    ) -> Result<Corrected, Vec<SpaceError>> {
        let chosen: Vec<&Candidate> = correction
            .candidates
            .iter()
            .map(|&k| &discover.candidates[k])
            .collect();
        let program = program.extended(discover, &chosen)?;
        let n_own = parameters.len();
        let mut corrected = Corrected {
            columns: program.with_pool(|pool| columns(pool, &program, n_own, discover, &chosen)),
            program,
            parameters: parameters.to_vec(),
            n_own,
        };
        corrected.set(&correction.unknowns());
        Ok(corrected)
    }

    /// Other values of the unknowns.
    pub fn set(&mut self, unknowns: &[f64]) {
        self.parameters.truncate(self.n_own);
        self.parameters.extend_from_slice(unknowns);
    }

    /// The terms of the columns.
    pub fn terms(&self) -> Vec<Term> {
        self.columns.iter().map(|column| column.term).collect()
    }

    /// A forcing for each column, whose terms stand from `first` on.
    pub fn forcings(&self, first: usize) -> Vec<Forcing> {
        let columns = self.columns.iter().enumerate();
        let forcing = |(k, column): (usize, &Column)| Forcing {
            term: first + k,
            changes: column.changes.clone(),
        };
        columns.map(forcing).collect()
    }
}

/// The term of each candidate, then `coefficient·∂term/∂constant` for each of its constants.
fn columns(
    pool: &mut Pool,
    program: &Program,
    n_own: usize,
    discover: &Discover,
    chosen: &[&Candidate],
) -> Vec<Column> {
    let unknowns = &program.parameters[n_own..];
    let (coefficients, mut constants) = unknowns.split_at(chosen.len());
    let (mut out, mut inside) = (Vec::new(), Vec::new());
    for (of, candidate) in chosen.iter().enumerate() {
        let library = &discover.library[candidate.term as usize];
        let (own, rest) = constants.split_at(library.constants.len());
        constants = rest;
        let mut names = FxHashMap::default();
        for (constant, parameter) in library.constants.iter().zip(own) {
            let there = pool.var(constant.symbol);
            names.insert(there, pool.var(parameter.symbol));
        }
        let term = pool.substitute(&[library.term], &names)[0];
        let changes = candidate.changes.iter();
        let changes: Vec<(usize, f64)> = changes
            .map(|(s, share)| (s.0 as usize, share.to_f64()))
            .collect();
        let column = |term| Column {
            term,
            changes: changes.clone(),
            of,
        };
        out.push(column(term));
        for parameter in own {
            let coefficient = pool.var(coefficients[of].symbol);
            let by = pool.derivative(term, parameter.symbol);
            inside.push(column(pool.mul(coefficient, by)));
        }
    }
    out.extend(inside);
    out
}
