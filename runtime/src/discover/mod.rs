//! Discovery: finding the terms that a model lacks, from data.
//!
//! Regression works on [`Gram`] matrices alone: they are accumulated in one pass over the samples, so that memory does
//! not depend on their number.

pub mod bagging;
pub mod check;
pub mod constants;
pub mod corrected;
pub mod evolve;
mod exchange;
pub mod filter;
pub mod flow;
pub mod gram;
pub mod library;
pub mod noise;
pub mod observations;
pub mod path;
pub mod rates;
pub mod refit;
pub mod replay;
pub mod residual;
pub mod screen;
pub mod search;
pub mod select;
pub mod shooting;
pub mod smooth;
mod sparse_bayes;
pub mod weak;

pub use exchange::choose_by_exchange;
pub use gram::{Gram, Solution};
pub use path::{Candidate, Path, path};
pub use sparse_bayes::{Posterior, relevance_vector_machine};
