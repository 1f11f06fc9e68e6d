//! A system with candidates of a `discover` experiment added to it.

use smallvec::SmallVec;

use super::System;
use super::conservation::conserved_totals;
use super::equations::Block;
use crate::model::discovery::{Candidate, Discover};
use crate::model::entities::{Parameter, StateId};
use crate::terms::{Number, Term};

impl System {
    /// Adds a parameter with value 0 for each candidate, after all others, and what it contributes to the rates.
    pub fn extend(&mut self, discover: &Discover, candidates: &[&Candidate]) {
        let mut rows: Vec<SmallVec<[(Term, Number); 2]>> = vec![SmallVec::new(); self.states.len()];
        for (k, candidate) in candidates.iter().enumerate() {
            let coefficient = self.coefficient(k, candidate, discover);
            let term = discover.library[candidate.term as usize].term;
            let flux = self.pool.mul(coefficient, term);
            for (state, share) in &candidate.changes {
                rows[state.0 as usize].push((flux, share.clone()));
            }
        }
        let mut scalars = Vec::new();
        for (state, row) in (0..).zip(&rows).filter(|(_, row)| !row.is_empty()) {
            let rate = self.pool.linear(Number::ZERO, row);
            scalars.push((StateId(state), rate));
        }
        self.blocks.push(Block::Scalar(scalars));
        self.conserved = conserved_totals(self);
    }

    /// The new parameter number `k`; a blank in its name keeps it apart from all others.
    fn coefficient(&mut self, k: usize, candidate: &Candidate, discover: &Discover) -> Term {
        let name = format!("coefficient {k}");
        let symbol = self.pool.symbol(&name);
        let term = self.pool.var(symbol);
        self.parameters.push(Parameter {
            name,
            symbol,
            value: self.pool.int(0),
            is_const: false,
            unit: candidate.unit.clone(),
            doc: None,
            span: discover.span,
        });
        term
    }
}
