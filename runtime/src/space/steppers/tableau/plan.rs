//! What a step of a tableau computes.

use super::super::number::Number;
use super::additive::Additive;
use super::exponential::Exponential;

/// A one-step method.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Tableau {
    /// Weights from the functions `φ_k`.
    Exponential(&'static Exponential),
    /// Weights from an explicit and a diagonally implicit tableau.
    Additive(&'static Additive),
}

/// A vector of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Vector {
    /// The state at the beginning.
    Start,
    /// `N` of a stage; the first one is of the beginning.
    Stage(usize),
    /// `N` at the end of the step.
    End,
}

/// A weighted sum: numbers of weights, and what they weigh.
pub(in super::super) type Row = Vec<(usize, Vector)>;

/// What a step computes.
#[derive(Debug, Clone)]
pub(in super::super) struct Plan {
    /// Times of the stages in units of the step; the first is 0.
    pub(in super::super) times: &'static [f64],
    /// Arguments of the stages after the first.
    pub(in super::super) stages: Vec<Row>,
    /// The state at the end.
    pub(in super::super) end: Row,
    /// The estimate of its error.
    pub(in super::super) error: Row,
    /// What tells how `N` changes from step to step.
    pub(in super::super) trend: Option<Trend>,
    /// Number of different weights.
    pub(in super::super) n_weights: usize,
}

/// Where `N` of the middle of a step enters its end through the curvature of `N` over the step: a weight
/// `w = 2 φ_2 − 4 φ_3` for `h(N_start − 2 N_middle + N_end)`, and the stages whose mean `N_middle` is.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Trend {
    /// Number of the weight.
    pub(in super::super) weight: usize,
    /// The stages.
    pub(in super::super) middle: &'static [usize],
}

impl Plan {
    /// Whether the error needs `N` at the end of the step, which is then the first stage of the next.
    pub(in super::super) fn first_same_as_last(&self) -> bool {
        self.error.iter().any(|(_, vector)| *vector == Vector::End)
    }
}

impl Tableau {
    /// What a step computes.
    pub(in super::super) fn plan(self) -> Plan {
        match self {
            Tableau::Exponential(tableau) => tableau.plan(),
            Tableau::Additive(tableau) => tableau.plan(),
        }
    }

    /// Calls `put(mode, weights)` with the weights of every mode for a step `h`, in the numbering of the plan; `z(mode)` is `h L`.
    pub(in super::super) fn weights<T: Number>(
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
