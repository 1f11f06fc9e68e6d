//! A model of fields, what may be added to it, and what was measured.

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Discover;

use super::flow::{FieldFlow, Pair};
use super::observations::FieldData;
use crate::discover::corrected::{Corrected, Correction};
use crate::discover::library::Library;
use crate::experiment::SetupError;

/// A model and what may be added to it.
#[derive(Clone, Copy)]
pub struct FieldQuestion<'a> {
    /// The model as it is.
    pub program: &'a Program,
    /// Its parameters.
    pub parameters: &'a [f64],
    /// The experiment.
    pub discover: &'a Discover,
    /// Its library.
    pub library: &'a Library,
    /// What was measured.
    pub data: &'a FieldData,
}

/// A flow, and how its tangents make up the columns of candidates.
pub struct CandidateFlow {
    /// The flow, with one tangent for each pair.
    pub flow: FieldFlow,
    /// By candidate asked for: pairs and shares.
    pub sums: Vec<Vec<(usize, f64)>>,
    /// Number of pairs.
    pub n_pairs: usize,
}

impl FieldQuestion<'_> {
    /// The flow of the model with a correction, and the tangents of these candidates.
    ///
    /// # Errors
    /// The corrected model cannot be discretised or does not fit into memory.
    pub fn flow(
        &self,
        correction: &Correction,
        candidates: &[usize],
        tolerance: f64,
    ) -> Result<CandidateFlow, SetupError> {
        let corrected = self.corrected(correction)?;
        let mut pairs: Vec<usize> = candidates
            .iter()
            .flat_map(|&k| self.library.sums[k].iter().map(|(pair, _)| *pair))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let place = |pair: usize| pairs.binary_search(&pair).expect("collected from these");
        let sums = candidates.iter().map(|&k| {
            let sum = self.library.sums[k].iter();
            sum.map(|&(pair, share)| (place(pair), share)).collect()
        });
        let sums = sums.collect();
        let fields = &self.program.grids[0].programs.fields;
        let of_pair = |&pair: &usize| {
            let (term, state) = self.library.pairs[pair];
            let field = fields.iter().position(|f| f.0 as usize == state);
            let field = field.expect("candidates change fields");
            Pair { term, field }
        };
        let pairs: Vec<Pair> = pairs.iter().map(of_pair).collect();
        let flow = FieldFlow::new(
            &corrected.program,
            &corrected.parameters,
            &self.library.terms,
            &pairs,
            tolerance,
        )?;
        Ok(CandidateFlow {
            flow,
            sums,
            n_pairs: pairs.len(),
        })
    }

    /// The model with a correction.
    ///
    /// # Errors
    /// It cannot be discretised.
    pub fn corrected(&self, correction: &Correction) -> Result<Corrected, SetupError> {
        let corrected =
            Corrected::of_fields(self.program, self.parameters, self.discover, correction);
        corrected.map_err(|errors| SetupError::Terms {
            why: errors
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        })
    }
}
