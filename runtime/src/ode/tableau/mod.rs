//! Tables of coefficients, with the tests that they meet their order conditions.
pub mod explicit;
#[cfg(test)]
mod trees;
