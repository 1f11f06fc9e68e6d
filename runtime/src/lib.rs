//! Ansatz, the runtime: solvers and experiments over compiled programs.

pub mod discover;
pub mod experiment;
pub mod failure;
pub mod linalg;
pub mod ode;
pub mod problem;
pub mod random;
pub mod solution;
pub mod space;
