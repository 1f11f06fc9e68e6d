//! Terms to loops over rows of grid nodes: a [`RowKernel`] that computes outputs at n consecutive nodes from values there and at neighbours.
//!
//! Terms become a row tape (`tape`): code before the loop and a loop body, independent of n. Two engines run it and give the same bits: `blocks` at once, over
//! blocks of nodes; machine code (`assemble`), on x86-64 with AVX2, for kernels that compute so many nodes that this pays. In exact arithmetic both give the bits
//! of scalar kernels; in fast arithmetic they fuse multiplications into additions and evaluate elementary functions by polynomials (`functions`).

mod assemble;
mod blocks;
mod encode;
mod evaluator;
mod functions;
mod kernel;
mod stencil;
mod tape;
mod vector;

pub use evaluator::RowEvaluator;
pub use kernel::{Arithmetic, RowInputs, RowKernel, RowOptions, RowRead, compile_rows};
pub use stencil::{Neighbour, RowSource, Stencil, StencilInputs, compile_stencil};
