//! Semi-implicit backward differentiation formulas: implicit in `L`, extrapolated in `N`, one evaluation per step.
//!
//! # References
//! - [ARW95] U. M. Ascher, S. J. Ruuth, B. T. R. Wetton, *Implicit-explicit methods for time-dependent partial differential equations*,
//!   SIAM J. Numer. Anal. 32 (1995) 797–823, doi:10.1137/0732037.

use super::super::finite::all_modes_finite;
use super::coefficients::{Group, GroupWeights, WeighModes, combine, groups, same_step};
use super::equations::{Linear, SplitEquations};
use super::integrate::{SplitStepper, Tolerances};
use super::number::Number;
use super::runge_kutta::RungeKutta;
use super::tableau::Tableau;
use super::tableau::additive::ARK4;
use crate::solution::Counts;
use rustfft::num_complex::Complex;

/// `lead·u_(n+1) − h L u_(n+1) = Σ_j (past_j u_(n−j) + h rate_j N_(n−j))` [ARW95, eqs. (21), (22) and the one of order 4 after them].
#[derive(Debug)]
pub struct Multistep {
    /// Name in the literature.
    pub name: &'static str,
    /// Order, and number of steps that it looks back.
    pub order: u32,
    /// One line.
    pub about: &'static str,
    /// Short form of the paper.
    pub reference: &'static str,
    lead: f64,
    past: &'static [f64],
    rate: &'static [f64],
}

const REFERENCE: &str = "Ascher, Ruuth, Wetton, SIAM J. Numer. Anal. 32 (1995) 797";

/// Orders 2 to 4.
pub const ALL: &[&Multistep] = &[
    &Multistep {
        name: "SBDF2",
        order: 2,
        about: "semi-implicit formula of order 2 for a fixed step",
        reference: REFERENCE,
        lead: 3.0 / 2.0,
        past: &[2.0, -1.0 / 2.0],
        rate: &[2.0, -1.0],
    },
    &Multistep {
        name: "SBDF3",
        order: 3,
        about: "semi-implicit formula of order 3 for a fixed step",
        reference: REFERENCE,
        lead: 11.0 / 6.0,
        past: &[3.0, -3.0 / 2.0, 1.0 / 3.0],
        rate: &[3.0, -3.0, 1.0],
    },
    &Multistep {
        name: "SBDF4",
        order: 4,
        about: "semi-implicit formula of order 4 for a fixed step",
        reference: REFERENCE,
        lead: 25.0 / 12.0,
        past: &[4.0, -3.0, 4.0 / 3.0, -1.0 / 4.0],
        rate: &[4.0, -6.0, 4.0, -1.0],
    },
];

/// Weights of the states, newest first, then of `N`.
impl WeighModes for Multistep {
    fn n_weights(&self) -> usize {
        2 * self.past.len()
    }

    fn weigh<T: Number>(
        &self,
        n_modes: usize,
        h: f64,
        z: impl Fn(usize) -> T,
        mut put: impl FnMut(usize, &[T]),
    ) {
        let mut weights = vec![T::real(0.0); self.n_weights()];
        for mode in 0..n_modes {
            let inverse = T::real(self.lead).plus(z(mode).scaled(-1.0)).inverse();
            let factors = self
                .past
                .iter()
                .copied()
                .chain(self.rate.iter().map(|rate| h * rate));
            for (weight, factor) in weights.iter_mut().zip(factors) {
                *weight = inverse.scaled(factor);
            }
            put(mode, &weights);
        }
    }
}

/// A formula with its history. It begins, also after a step of another size, with steps of the Runge-Kutta method of order 4.
pub(super) struct MultistepStepper {
    formula: &'static Multistep,
    groups: Vec<Group>,
    /// The step of the history, and weights for it.
    h: f64,
    weights: Vec<GroupWeights>,
    begin: RungeKutta,
    /// Newest first; only the first `known` hold states of equally spaced times.
    history: Vec<Point>,
    known: usize,
    u_new: Vec<Complex<f64>>,
}

/// A state, and `N` there.
#[derive(Clone)]
struct Point {
    u: Vec<Complex<f64>>,
    n: Vec<Complex<f64>>,
}

impl MultistepStepper {
    /// Begins at `u`.
    pub(super) fn new(formula: &'static Multistep, linear: &Linear, u: &[Complex<f64>]) -> Self {
        let point = Point {
            u: u.to_vec(),
            n: vec![Complex::ZERO; u.len()],
        };
        MultistepStepper {
            formula,
            groups: groups(linear),
            h: 0.0,
            weights: Vec::new(),
            begin: RungeKutta::new(Tableau::Additive(&ARK4), linear, u),
            history: vec![point; formula.past.len()],
            known: 1,
            u_new: u.to_vec(),
        }
    }
}

impl SplitStepper for MultistepStepper {
    fn attempt(
        &mut self,
        equations: &mut dyn SplitEquations,
        (t, h): (f64, f64),
        tolerances: Option<&Tolerances<'_>>,
        counts: &mut Counts,
    ) -> f64 {
        if !same_step(t, h, self.h) {
            self.known = 1;
            self.h = h;
            self.weights.clear();
        }
        self.rate(equations, t, counts);
        if self.known < self.history.len() {
            let newest = &self.history[0];
            self.begin.go_on_from(&newest.u, &newest.n);
            let error = self.begin.attempt(equations, (t, h), tolerances, counts);
            self.u_new.copy_from_slice(self.begin.tried().0);
            return error;
        }
        if self.weights.is_empty() {
            self.weights = self
                .groups
                .iter()
                .map(|group| group.weights(self.formula, h, &mut Vec::new()))
                .collect();
            counts.factorizations += 1;
        }
        let states = self.history.iter().map(|point| &point.u[..]);
        let rates = self.history.iter().map(|point| &point.n[..]);
        combine(
            &self.groups,
            &self.weights,
            states.chain(rates).enumerate(),
            &mut self.u_new,
        );
        if all_modes_finite(&self.u_new) {
            0.0
        } else {
            f64::NAN
        }
    }

    fn accept(&mut self) {
        self.known = (self.known + 1).min(self.history.len());
        self.history.rotate_right(1);
        std::mem::swap(&mut self.history[0].u, &mut self.u_new);
    }

    fn u(&self) -> &[Complex<f64>] {
        &self.history[0].u
    }

    fn u_mut(&mut self) -> &mut [Complex<f64>] {
        &mut self.history[0].u
    }

    fn rate(
        &mut self,
        equations: &mut dyn SplitEquations,
        t: f64,
        counts: &mut Counts,
    ) -> &[Complex<f64>] {
        let newest = &mut self.history[0];
        equations.nonlinear(t, &newest.u, &mut newest.n);
        counts.rhs += 1;
        &newest.n
    }

    fn tried(&self) -> (&[Complex<f64>], &[Complex<f64>]) {
        (&self.u_new, &self.u_new)
    }
}
