//! Terms to cheaper equal terms, with a proof.
//!
//! Layers: the canonical form (in `terms`), equality saturation ([`Simplifier`]), network factoring ([`factor_network`]).
//!
//! Equality saturation works on small *pieces* of the terms (rate laws, right sides of equations), each in an e-graph of its own: pieces
//! of equal shape are solved once, different ones in parallel. An equality here is one of partial functions: both sides have the
//! same value where one is defined, and are undefined at the same points. The e-graph's nodes are n-ary (`language`), patterns
//! match modulo associativity and commutativity (`matching`), conditions are proved from what is known of values (`facts`).
//! Deliberately absent: rules for associativity and commutativity, time limits, and floating-point constants.

pub mod agree;
mod bindings;
mod cost;
mod extract;
mod factor;
mod facts;
mod fields;
mod interval;
mod language;
mod matching;
mod network;
mod operations;
mod pattern;
mod piece;
mod proof;
mod regroup;
mod saturate;
mod shape;
mod simplifier;
mod submatch;

#[cfg(test)]
mod tests;

mod value;

pub use cost::cost;
pub use facts::Facts;
pub use fields::{FieldRules, FieldSums};
pub use network::factor_network;
pub use operations::operation_count;
pub use pattern::MAX_PATTERN_NODES;
pub use proof::Proof;
pub use simplifier::Simplifier;
