//! Fields over a domain: equations analysed, then lowered by a scheme to a program of whole-array steps.
//!
//! Discretising costs the same for any number of grid points: a field is one array, an equation one term, neighbours are
//! reads with an offset.

pub mod program;
mod program_text;
mod program_verify;
pub mod weights;
