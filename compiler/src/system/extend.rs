//! A system with candidates of a `discover` experiment added to it.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::System;
use super::conservation::conserved_totals;
use super::equations::Block;
use super::space::GridBlock;
use super::space::error::SpaceError;
use crate::model::discovery::{Candidate, Discover, LibraryTerm};
use crate::model::entities::{Parameter, StateId};
use crate::model::unit::Unit;
use crate::terms::{Number, SymbolId, Term};

impl System {
    /// Adds a parameter with value 0 for each candidate, then one for each constant of their terms, after all others, and
    /// what the candidates contribute to the rates.
    ///
    /// # Errors
    /// Fields with the candidates cannot be discretised: conditions are missing.
    pub fn extend(
        &mut self,
        discover: &Discover,
        candidates: &[&Candidate],
    ) -> Result<(), Vec<SpaceError>> {
        let mut rows: Vec<SmallVec<[(Term, Number); 2]>> = vec![SmallVec::new(); self.states.len()];
        for (k, candidate) in candidates.iter().enumerate() {
            let coefficient = self.coefficient(k, candidate, discover);
            let term = self.with_constants(k, &discover.library[candidate.term as usize]);
            let flux = self.pool.mul(coefficient, term);
            for (state, share) in &candidate.changes {
                rows[state.0 as usize].push((flux, share.clone()));
            }
        }
        for (k, candidate) in candidates.iter().enumerate() {
            self.declare_constants(k, &discover.library[candidate.term as usize], discover);
        }
        let mut scalars = Vec::new();
        let mut of_fields = Vec::new();
        for (state, row) in (0..).zip(&rows).filter(|(_, row)| !row.is_empty()) {
            let rate = self.pool.linear(Number::ZERO, row);
            match self.states[state as usize].domain {
                None => scalars.push((StateId(state), rate)),
                Some(_) => of_fields.push((StateId(state), rate)),
            }
        }
        if !scalars.is_empty() {
            self.blocks.push(Block::Scalar(scalars));
        }
        self.extend_fields(&of_fields)?;
        self.conserved = conserved_totals(self);
        Ok(())
    }

    /// Adds terms to the equations of fields and discretises these anew.
    fn extend_fields(&mut self, rates: &[(StateId, Term)]) -> Result<(), Vec<SpaceError>> {
        let System { pool, blocks, .. } = self;
        for block in blocks {
            let Block::Grid(grid) = block else { continue };
            let mut evolution = grid.evolution.clone();
            let mut is_changed = false;
            for (field, row) in evolution.fields.iter().zip(&mut evolution.rows) {
                for (_, rate) in rates.iter().filter(|(state, _)| *state == field.state) {
                    *row = pool.sum(&[*row, *rate]);
                    is_changed = true;
                }
            }
            if is_changed {
                **grid = GridBlock::new(pool, evolution)?;
            }
        }
        Ok(())
    }

    /// The new parameter number `k`; a blank in its name keeps it apart from all others.
    fn coefficient(&mut self, k: usize, candidate: &Candidate, discover: &Discover) -> Term {
        let name = format!("coefficient {k}");
        let symbol = self.declare(name, candidate.unit.clone(), discover);
        self.pool.var(symbol)
    }

    /// The term of candidate `k`, its constants by names of their own.
    fn with_constants(&mut self, k: usize, library: &LibraryTerm) -> Term {
        let mut own = FxHashMap::default();
        for (i, constant) in library.constants.iter().enumerate() {
            let symbol = self.pool.symbol(&constant_name(k, i));
            own.insert(self.pool.var(constant.symbol), self.pool.var(symbol));
        }
        self.pool.substitute(&[library.term], &own)[0]
    }

    fn declare_constants(&mut self, k: usize, library: &LibraryTerm, discover: &Discover) {
        for i in 0..library.constants.len() {
            self.declare(constant_name(k, i), None, discover);
        }
    }

    fn declare(&mut self, name: String, unit: Option<Unit>, discover: &Discover) -> SymbolId {
        let symbol = self.pool.symbol(&name);
        self.parameters.push(Parameter {
            name,
            symbol,
            value: self.pool.int(0),
            is_const: false,
            unit,
            doc: None,
            span: discover.span,
        });
        symbol
    }
}

fn constant_name(k: usize, i: usize) -> String {
    format!("constant {i} of {k}")
}
