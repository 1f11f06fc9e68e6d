//! Where a run starts: values of parameters and initial values, by the reference interpreter.

use super::System;
use crate::terms::{SymbolId, Term, View};

impl System {
    /// Values of all parameters, and of all states at time 0.
    pub fn start(&self) -> (Vec<f64>, Vec<f64>) {
        let mut values = vec![f64::NAN; self.pool.n_symbols()];
        values[self.time.0 as usize] = 0.0;
        let parameters: Vec<_> = self
            .parameters
            .iter()
            .map(|p| (p.symbol, p.value))
            .collect();
        let states: Vec<_> = self.states.iter().map(|s| (s.symbol, s.initial)).collect();
        (
            self.define(&parameters, &mut values),
            self.define(&states, &mut values),
        )
    }

    /// The value of a term at time 0 for these parameters and states.
    pub fn value(&self, term: Term, parameters: &[f64], states: &[f64]) -> f64 {
        let mut values = vec![f64::NAN; self.pool.n_symbols()];
        values[self.time.0 as usize] = 0.0;
        let known = self.parameters.iter().map(|p| p.symbol).zip(parameters);
        for (symbol, &value) in known.chain(self.states.iter().map(|s| s.symbol).zip(states)) {
            values[symbol.0 as usize] = value;
        }
        self.pool.eval(&[term], &values)[0]
    }

    /// Evaluates definitions that may use each other (acyclic, any order); enters the results in `values` and returns them in order.
    ///
    /// Most definitions are a number or a name; the others are evaluated together, those whose symbols are known first.
    fn define(&self, definitions: &[(SymbolId, Term)], values: &mut [f64]) -> Vec<f64> {
        let mut pending: Vec<(SymbolId, Term)> = Vec::new();
        for &(symbol, term) in definitions {
            match self.pool.view(term) {
                View::Number(n) => values[symbol.0 as usize] = n.to_f64(),
                _ => pending.push((symbol, term)),
            }
        }
        while !pending.is_empty() {
            let mut waits = vec![false; values.len()];
            for (symbol, _) in &pending {
                waits[symbol.0 as usize] = true;
            }
            let (ready, rest): (Vec<_>, Vec<_>) = pending
                .iter()
                .partition(|(_, term)| !self.uses_any(*term, &waits));
            if ready.is_empty() {
                break; // a cycle, which elaboration has reported: the values stay undefined
            }
            let terms: Vec<Term> = ready.iter().map(|(_, term)| *term).collect();
            for ((symbol, _), value) in ready.iter().zip(self.pool.eval(&terms, values)) {
                values[symbol.0 as usize] = value;
            }
            pending = rest;
        }
        definitions
            .iter()
            .map(|(symbol, _)| values[symbol.0 as usize])
            .collect()
    }

    fn uses_any(&self, term: Term, marked: &[bool]) -> bool {
        if let View::Symbol(s) = self.pool.view(term) {
            return marked[s.0 as usize];
        }
        self.pool
            .symbols_in(&[term])
            .iter()
            .any(|s| marked[s.0 as usize])
    }
}
