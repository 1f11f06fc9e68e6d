//! Terms to machine code: a [`Kernel`] that computes outputs from time, state, parameters and a direction.
//!
//! Terms become a tape (`schedule`): straight-line code in two parts, one run per parameter change and one per evaluation. Two tiers run it and give the same bits:
//! `tables` at once, walked by loops; `machine` after Cranelift has compiled it, for kernels that are evaluated so often that this pays. Both keep the order of
//! additions that the tape fixes, use no fused multiply-add, and call the functions of the operator table.
//!
//! Loops over grids are the work of [`row`]. Deliberately absent: optimisation across terms (the work of `simplify`).

mod chunk;
mod emit;
mod fuse;
mod kernel;
mod layout;
mod lower;
mod machine;
mod math;
pub mod row;
mod schedule;
mod tables;
mod tape;

pub use kernel::{Evaluator, Inputs, Kernel, Tier, compile};
