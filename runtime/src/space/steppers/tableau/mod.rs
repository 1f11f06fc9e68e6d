//! Tableaus of one-step methods for split equations, and the weights that they give to each mode.
//!
//! A stage is `U_i = P_i(z) u + Σ_j Q_ij(z) N_j` with `N_j = N(t + c_j h, U_j)` and `z = hL`, mode by mode. Exponential methods have
//! entire functions of `z` as weights, linearly implicit ones have rational functions: an additive Runge-Kutta method whose implicit
//! part is linear and diagonal needs no solver, only these weights. So one formula ([`super::runge_kutta`]) serves both.
pub(super) mod additive;
pub(super) mod exponential;

use super::number::Number;
use additive::Additive;
use exponential::Exponential;

/// A one-step method.
#[derive(Debug, Clone, Copy)]
pub(super) enum Tableau {
    /// Weights from the functions `φ_k`.
    Exponential(&'static Exponential),
    /// Weights from an explicit and a diagonally implicit tableau.
    Additive(&'static Additive),
}

/// A vector of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vector {
    /// The state at the beginning.
    Start,
    /// `N` of a stage; the first one is of the beginning.
    Stage(usize),
    /// `N` at the end of the step.
    End,
}

/// A weighted sum: numbers of weights, and what they weigh.
pub(super) type Row = Vec<(usize, Vector)>;

/// What a step computes.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// Times of the stages in units of the step; the first is 0.
    pub(super) times: &'static [f64],
    /// Arguments of the stages after the first.
    pub(super) stages: Vec<Row>,
    /// The state at the end.
    pub(super) end: Row,
    /// The estimate of its error.
    pub(super) error: Row,
    /// Number of different weights.
    pub(super) n_weights: usize,
}

impl Plan {
    /// Whether the error needs `N` at the end of the step, which is then the first stage of the next.
    pub(super) fn first_same_as_last(&self) -> bool {
        self.error.iter().any(|(_, vector)| *vector == Vector::End)
    }
}

impl Tableau {
    /// What a step computes.
    pub(super) fn plan(self) -> Plan {
        match self {
            Tableau::Exponential(tableau) => tableau.plan(),
            Tableau::Additive(tableau) => tableau.plan(),
        }
    }

    /// Calls `put(mode, weights)` with the weights of every mode for a step `h`, in the numbering of the plan; `z(mode)` is `h L`.
    pub(super) fn weights<T: Number>(
        self,
        n_modes: usize,
        h: f64,
        z: impl Fn(usize) -> T,
        put: impl FnMut(usize, &[T]),
    ) {
        match self {
            Tableau::Exponential(tableau) => tableau.weights(n_modes, h, z, put),
            Tableau::Additive(tableau) => tableau.weights(n_modes, h, z, put),
        }
    }
}
