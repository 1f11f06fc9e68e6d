//! The program that computes what fields start from.

use rustc_hash::FxHashMap;

use super::builder::Builder;
use super::evolution::Evolution;
use super::program::{ArrayKind, SpaceProgram};
use super::reads::Reads;
use crate::model::entities::State;
use crate::terms::{Pool, Term};

/// From the given arrays (in the order of [`Evolution::given`]) to the fields at time 0, in nodes.
pub fn initial(pool: &mut Pool, evolution: &Evolution, states: &[State]) -> SpaceProgram {
    let mut terms: Vec<Term> = evolution
        .fields
        .iter()
        .map(|field| states[field.state.0 as usize].initial)
        .collect();
    // Initial values may use those of other fields, without circles.
    let values = evolution.fields.iter().zip(&terms);
    let values: FxHashMap<Term, Term> = values
        .map(|(field, &value)| (pool.var(field.symbol), value))
        .collect();
    for _ in &evolution.fields {
        terms = pool.substitute(&terms, &values);
    }
    let mut builder = Builder::new(evolution.grid_axes(pool));
    let mut reads = Reads::default();
    for data in &evolution.given {
        let array = builder.input(ArrayKind::Nodes);
        reads.name(data.symbol, array);
    }
    let outputs = builder.pointwise(pool, &reads, &terms);
    builder.finish(pool, outputs, &evolution.varying)
}
