//! Fields over a domain: equations analysed, then lowered by a scheme to a program of whole-array steps.
//!
//! Discretising costs the same for any number of grid points: a field is one array, an equation one term, neighbours are
//! reads with an offset.

pub mod analysis;
mod block;
mod builder;
pub mod choose;
mod closure;
pub mod conditions;
mod coupling;
pub mod error;
pub mod evolution;
mod extent;
pub mod facts;
pub mod flux;
pub mod forms;
pub mod forms_chosen;
mod gather;
mod hoist;
mod hyperbolic;
mod initial;
pub mod interpret;
mod lower;
mod metric;
pub mod mirror;
mod multiplier;
mod near_constant;
mod observe;
pub mod principal;
pub mod program;
mod program_text;
mod program_verify;
mod reads;
pub mod reductions;
pub mod setting;
mod slopes;
mod spectral;
mod spectral_rows;
pub mod stage;
mod stencil;
mod stencil_rows;
pub mod tangent;
pub mod weights;

pub use block::GridBlock;
pub(crate) use coupling::couple;
pub use gather::evolutions;
pub use initial::initial;
pub use lower::discretise;
pub use observe::values;

#[cfg(test)]
mod tests;
