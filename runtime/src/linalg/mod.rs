//! Linear algebra over faer: dense and sparse LU with reuse, GMRES with preconditioners.

pub mod dense;
