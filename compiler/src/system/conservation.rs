//! Conserved totals (moieties): the left null space of the stoichiometric matrix, found by propagating compositions.
//!
//! A weight vector w is conserved if `Σ w[s]·N[s, r] = 0` for every reaction r. Weights are unknown linear forms over free
//! weights ("elements"): a reaction with a single species of unknown composition determines it, as a complex has the
//! composition of its parts. When no reaction does, the first species without a composition becomes an element. A reaction
//! between known species is a check: if it does not balance it relates the elements, and one of them is eliminated. Each
//! element that remains gives one total; together they are a basis, and all arithmetic is exact.
use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::equations::System;
use crate::model::entities::StateKind;
use crate::terms::{Columns, Number, Outputs};

/// `Σ weight·u[state]` does not change along any solution.
#[derive(Debug, Clone, PartialEq)]
pub struct ConservedTotal {
    /// Position of the state, and weight. Small integers where possible.
    pub weights: Vec<(u32, f64)>,
}

/// Finds a basis of conserved totals exactly. Only states that nothing but reactions changes take part.
pub fn conserved_totals(system: &System) -> Vec<ConservedTotal> {
    let mut networks = system.networks();
    let (Some(network), None) = (networks.next(), networks.next()) else {
        return Vec::new();
    };
    let scalars = system.scalar_terms();
    let takes_part: Vec<bool> = (0..system.states.len())
        .map(|i| {
            let held = system.states[i].kind == StateKind::FixedSpecies;
            !held && scalars[i].is_empty() && !network.row(i).is_empty()
        })
        .collect();
    let mut propagation = Propagation::new(network, &takes_part);
    propagation.run();
    propagation.totals()
}

/// A composition: elements, ascending, and how much of each.
type Composition = Vec<(u32, Number)>;

struct Propagation<'a> {
    network: &'a Outputs,
    columns: Columns,
    /// Reactions that another one before equals or reverses.
    is_repeated: Vec<bool>,
    /// By state; `None`: not known yet.
    compositions: Vec<Option<Composition>>,
    /// By reaction: how many of its species are not known yet.
    n_unknown: Vec<u32>,
    /// Reactions with one unknown species.
    ready: VecDeque<u32>,
    /// Elements that turned out to depend on others: by element, what it equals, in elements that are free.
    eliminated: Vec<Option<Composition>>,
    /// Scratch: amounts by element.
    amounts: Vec<Number>,
}

impl<'a> Propagation<'a> {
    fn new(network: &'a Outputs, takes_part: &[bool]) -> Self {
        let mut columns = Columns::of(network);
        columns.orient();
        let is_repeated = repeated(&columns);
        let compositions = takes_part
            .iter()
            .map(|&t| if t { None } else { Some(Vec::new()) })
            .collect();
        let n_unknown: Vec<u32> = (0..columns.len())
            .map(|r| {
                columns
                    .column(r)
                    .iter()
                    .filter(|(s, _)| takes_part[*s as usize])
                    .count() as u32
            })
            .collect();
        let ready = (0..columns.len() as u32)
            .filter(|&r| n_unknown[r as usize] == 1)
            .collect();
        Propagation {
            network,
            columns,
            is_repeated,
            compositions,
            n_unknown,
            ready,
            eliminated: Vec::new(),
            amounts: Vec::new(),
        }
    }

    fn run(&mut self) {
        for state in 0..self.compositions.len() {
            self.drain();
            if self.compositions[state].is_none() {
                let element = self.eliminated.len() as u32;
                self.eliminated.push(None);
                self.amounts.push(Number::ZERO);
                self.know(state, vec![(element, Number::ONE)]);
            }
        }
        self.drain();
    }

    /// Determines species by reactions in which they are the only unknown ones.
    fn drain(&mut self) {
        while let Some(reaction) = self.ready.pop_front() {
            let column = self.columns.column(reaction as usize);
            let unknown = column
                .iter()
                .find(|(s, _)| self.compositions[*s as usize].is_none());
            let Some((state, coefficient)) = unknown.cloned() else {
                continue; // another reaction determined it first; it became a check then
            };
            let balance = self.balance(reaction as usize);
            let scale = coefficient
                .recip()
                .expect("stoichiometries in the matrix are not zero");
            let composition = balance
                .into_iter()
                .map(|(e, n)| (e, -(&n * &scale)))
                .collect();
            // The reaction balances now: it need not be checked.
            self.is_repeated[reaction as usize] = true;
            self.know(state as usize, composition);
        }
    }

    fn know(&mut self, state: usize, composition: Composition) {
        self.compositions[state] = Some(composition);
        for (reaction, _) in self.network.row(state) {
            let n = &mut self.n_unknown[*reaction as usize];
            *n -= 1;
            match *n {
                1 => self.ready.push_back(*reaction),
                0 if !self.is_repeated[*reaction as usize] => self.check(*reaction as usize),
                _ => {}
            }
        }
    }

    /// A reaction between known species: what does not balance must be nothing.
    fn check(&mut self, reaction: usize) {
        let mut relation = self.balance(reaction);
        // The youngest element goes; the first ones are usually the building blocks.
        let Some((element, amount)) = relation.pop() else {
            return;
        };
        let scale = amount.recip().expect("zero amounts are not kept");
        let equals: Composition = relation
            .into_iter()
            .map(|(e, n)| (e, -(&n * &scale)))
            .collect();
        self.eliminated[element as usize] = Some(equals);
        for i in 0..self.eliminated.len() {
            let Some(old) = self.eliminated[i].take() else {
                continue;
            };
            let affected = old.iter().any(|(e, _)| *e == element);
            self.eliminated[i] = Some(if affected { self.reduced(&old) } else { old });
        }
    }

    /// Σ coefficient·composition over the known species of a reaction, in free elements.
    fn balance(&mut self, reaction: usize) -> Composition {
        let mut touched = Vec::new();
        for (state, coefficient) in self.columns.column(reaction) {
            if let Some(composition) = &self.compositions[*state as usize] {
                let (amounts, eliminated) = (&mut self.amounts, &self.eliminated);
                accumulate(amounts, eliminated, &mut touched, composition, coefficient);
            }
        }
        collect(&mut self.amounts, touched)
    }

    fn reduced(&mut self, composition: &Composition) -> Composition {
        let mut touched = Vec::new();
        let (amounts, eliminated) = (&mut self.amounts, &self.eliminated);
        accumulate(amounts, eliminated, &mut touched, composition, &Number::ONE);
        collect(&mut self.amounts, touched)
    }

    /// One total per free element.
    fn totals(mut self) -> Vec<ConservedTotal> {
        let mut weights: Vec<Vec<(u32, Number)>> = vec![Vec::new(); self.eliminated.len()];
        let compositions = std::mem::take(&mut self.compositions);
        for (state, composition) in compositions.into_iter().enumerate() {
            let Some(composition) = composition else {
                continue;
            };
            for (element, n) in self.reduced(&composition) {
                weights[element as usize].push((state as u32, n));
            }
        }
        weights.retain(|w| !w.is_empty());
        weights
            .iter()
            .map(|w| ConservedTotal {
                weights: integers(w),
            })
            .collect()
    }
}

/// Adds `scale·composition` to the amounts, with eliminated elements replaced by what they equal.
fn accumulate(
    amounts: &mut [Number],
    eliminated: &[Option<Composition>],
    touched: &mut Vec<u32>,
    composition: &Composition,
    scale: &Number,
) {
    let mut add = |element: u32, n: &Number| {
        let amount = &mut amounts[element as usize];
        if amount.is_zero() {
            touched.push(element);
        }
        *amount = &*amount + n;
    };
    for (element, n) in composition {
        let n = n * scale;
        match &eliminated[*element as usize] {
            None => add(*element, &n),
            Some(equals) => equals.iter().for_each(|(e, m)| add(*e, &(m * &n))),
        }
    }
}

/// Takes the amounts that are not zero, by element.
fn collect(amounts: &mut [Number], mut touched: Vec<u32>) -> Composition {
    touched.sort_unstable();
    touched.dedup();
    touched
        .into_iter()
        .map(|e| (e, std::mem::replace(&mut amounts[e as usize], Number::ZERO)))
        .filter(|(_, n)| !n.is_zero())
        .collect()
}

fn repeated(columns: &Columns) -> Vec<bool> {
    let mut seen: FxHashMap<&[(u32, Number)], ()> = FxHashMap::default();
    (0..columns.len())
        .map(|r| seen.insert(columns.column(r), ()).is_some())
        .collect()
}

/// The weights times their common denominator over their common divisor, the first one positive.
fn integers(weights: &[(u32, Number)]) -> Vec<(u32, f64)> {
    let scale = common_scale(weights).unwrap_or(Number::ONE);
    let scale = if weights[0].1.signum() < 0 {
        -scale
    } else {
        scale
    };
    weights
        .iter()
        .map(|(state, w)| (*state, (w * &scale).to_f64()))
        .collect()
}

/// `None` if a weight does not fit machine integers.
fn common_scale(weights: &[(u32, Number)]) -> Option<Number> {
    let (mut divisor, mut denominator) = (0i64, 1i64);
    for (_, w) in weights {
        let (n, d) = w.as_ratio()?;
        divisor = num_integer::gcd(divisor, n);
        denominator = (denominator / num_integer::gcd(denominator, d)).checked_mul(d)?;
    }
    Number::ratio(denominator, divisor)
}
