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
mod choose;
mod dimension;
mod fit;
mod island;
mod search;
mod shape;
mod tree;
mod vary;

pub use choose::{Formula, Member};
pub use dimension::{Dimension, Dimensions};
pub use fit::Samples;
pub use search::{Search, search};
pub use tree::{Binary, Node, Tree, Unary};
pub use vary::Alphabet;
