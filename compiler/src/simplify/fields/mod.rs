//! Equal forms of sums of products of fields and their derivatives, for a lowering to choose from.
//!
//! An e-graph that says for every subset of a sum in which of many ways its parts are written explodes. So the e-graph holds factors
//! and products only ([`growth`]): rules and constraints make factors one class; what a rule says of a product is kept as an
//! equation `product = Σ number·∂^orders product`. Sums are then vectors over differentiated products ([`table`]), the equations span what may be
//! added to them, and a form that needs few factors and products is found by elimination ([`elimination`], [`search`]).

mod elimination;
mod growth;
mod kinds;
mod proof;
mod search;
mod table;

pub use search::{FieldRules, FieldSums};
