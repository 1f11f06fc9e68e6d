//! Terms to machine code: a [`Kernel`] that computes outputs from time, state, parameters and a direction.

mod kernel;

pub use kernel::{Evaluator, Inputs, Kernel, Tier, compile};
