//! Free-form search: symbolic regression by regularised evolution.
//!
//! Islands evolve on their own, each from its own random stream, and exchange members at fixed points: the result does not
//! depend on the number of threads. Every tree is fitted (constants and linear scaling) before it is judged, and trees of
//! one shape are fitted once.
//!
//! # References
//! - E. Real, A. Aggarwal, Y. Huang, Q. V. Le, *Regularized evolution for image classifier architecture search*, AAAI 2019.
//! - M. Cranmer, *Interpretable machine learning for science with PySR and SymbolicRegression.jl*, arXiv:2305.01582.

mod batch;
mod cholesky;
mod choose;
mod dimension;
mod fit;
mod forest;
mod formula;
mod island;
mod samples;
mod search;
mod shape;
mod term;
mod tree;
mod vary;
mod white;

pub use choose::Member;
pub use dimension::{Constants, Dimension, Dimensions};
pub use formula::Formula;
pub use samples::Samples;
pub use search::{Found, Search, search};
pub use tree::{Binary, Unary};
pub use vary::Alphabet;
