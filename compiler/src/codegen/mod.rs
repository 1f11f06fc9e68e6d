//! Terms to machine code: a [`Kernel`] that computes outputs from time, state, parameters and a direction.

mod chunk;
mod emit;
mod fuse;
mod kernel;
mod layout;
mod lower;
mod machine;
mod math;
mod schedule;
mod tables;
mod tape;

pub use kernel::{Evaluator, Inputs, Kernel, Tier, compile};
