//! A model of fields, what may be added to it, and what was measured.

use super::flow::{FieldFlow, Pair};
use super::observations::FieldData;
use crate::discover::corrected::{Corrected, Correction};
use crate::discover::refit::Question;
use crate::experiment::SetupError;

/// A model of fields, what may be added to it, and data.
#[derive(Clone, Copy)]
pub struct FieldQuestion<'a> {
    /// The model and what may be added to it.
    pub question: Question<'a>,
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
        let Question {
            program,
            parameters,
            discover,
            library,
        } = self.question;
        let corrected = Corrected::of_fields(program, parameters, discover, correction);
        let corrected = corrected.map_err(|errors| SetupError::terms(&errors))?;
        let mut pairs: Vec<usize> = candidates
            .iter()
            .flat_map(|&k| library.sums[k].iter().map(|(pair, _)| *pair))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        let place = |pair: usize| pairs.binary_search(&pair).expect("collected from these");
        let sums = candidates.iter().map(|&k| {
            let sum = library.sums[k].iter();
            sum.map(|&(pair, share)| (place(pair), share)).collect()
        });
        let sums = sums.collect();
        let fields = &program.grids[0].programs.fields;
        let of_pair = |&pair: &usize| {
            let (term, state) = library.pairs[pair];
            let field = fields.iter().position(|f| f.0 as usize == state);
            let field = field.expect("candidates change fields");
            Pair { term, field }
        };
        let pairs: Vec<Pair> = pairs.iter().map(of_pair).collect();
        let flow = FieldFlow::new(
            &corrected.program,
            &corrected.parameters,
            &library.terms,
            &pairs,
            tolerance,
        )?;
        Ok(CandidateFlow {
            flow,
            sums,
            n_pairs: pairs.len(),
        })
    }
}
