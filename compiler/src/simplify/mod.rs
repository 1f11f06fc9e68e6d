//! Terms to cheaper equal terms, with a proof.
//!
//! Layers: the canonical form (in `terms`), equality saturation ([`simplify`]), network factoring ([`factor_network`]).

mod network;
mod saturate;

pub use network::factor_network;
pub use saturate::{Facts, Proof, Simplifier};
