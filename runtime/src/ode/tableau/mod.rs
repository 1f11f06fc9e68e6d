//! Tables of coefficients, with the tests that they meet their order conditions.
pub mod explicit;
pub mod rosenbrock;
#[cfg(test)]
mod trees;
