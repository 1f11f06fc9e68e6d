//! Linear algebra over faer: dense and sparse LU with reuse, GMRES with preconditioners.

pub mod dense;
pub mod direct;
pub mod gmres;
pub mod ilut;
pub mod pattern_lu;
pub mod sparse;
pub mod sparse_lu;
pub mod vector;
