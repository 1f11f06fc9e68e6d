//! Tableaus of one-step methods for split equations, and the weights that they give to each mode.
//!
//! A stage is `U_i = P_i(z) u + Σ_j Q_ij(z) N_j` with `N_j = N(t + c_j h, U_j)` and `z = hL`, mode by mode. Exponential methods have
//! entire functions of `z` as weights, linearly implicit ones have rational functions: an additive Runge-Kutta method whose implicit
//! part is linear and diagonal needs no solver, only these weights. So one formula ([`super::runge_kutta`]) serves both.
pub(super) mod additive;
pub(super) mod exponential;
mod plan;
pub(super) use plan::{Plan, Row, Tableau, Trend, Vector};
