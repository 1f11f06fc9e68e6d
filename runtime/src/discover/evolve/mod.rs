//! Free-form search: symbolic regression by regularised evolution.
//!
//! [`search`] finds formulas of given columns for a target, with weights, units and a seed:
//! ```
//! use ansatz_compiler::terms::Pool;
//! use ansatz_runtime::discover::evolve::{Alphabet, Binary, Samples, Search, search};
//!
//! let x: Vec<f64> = (0..40).map(f64::from).collect();
//! let y = x.iter().map(|x| 3.0 * x - 1.0).collect();
//! let samples = Samples::new(vec![x], y).expect("the target varies");
//! let alphabet = Alphabet {
//!     n_inputs: 1,
//!     unary: vec![],
//!     binary: vec![Binary::Add, Binary::Mul],
//! };
//! let found = search(&Search::new(alphabet, 1), &samples, &mut || false);
//! let mut pool = Pool::new();
//! let inputs = [pool.symbol("x")];
//! let term = found.members[found.best].formula.term(&mut pool, &inputs);
//! assert_eq!(pool.display(term).to_string(), "3*x - 1");
//! ```
//! Islands evolve on their own, each from its own random stream, and exchange members at fixed points: the result does not
//! depend on the number of threads. A formula is a sum of terms with coefficients from linear least squares; it is fitted before
//! it is judged, and sums of one shape are fitted once.
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

pub use choose::{Member, NODE};
pub use dimension::{Constants, Dimension, Dimensions};
pub use formula::{Formula, Summand};
pub use samples::Samples;
pub use search::{Found, Search, search};
pub use tree::{Binary, Unary};
pub use vary::Alphabet;
