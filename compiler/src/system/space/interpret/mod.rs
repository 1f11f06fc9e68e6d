//! The reference interpreter of space programs: what a program means, by plain loops. Compiled kernels must agree with it.

mod flux;
mod interpreter;
mod line;
mod spectrum;

#[cfg(test)]
pub(super) use interpreter::eliminate;
pub use interpreter::{Interpreter, Values};
pub use spectrum::Complex;
