//! One-step methods for split equations: one formula over all tableaus.

use super::super::finite::all_modes_finite;
use super::coefficients::{Group, GroupWeights, WeighModes, combine, groups, same_step};
use super::combine::{Scaled, Weights, add_up};
use super::equations::{Linear, SplitEquations};
use super::integrate::{SplitStepper, Tolerances};
use super::number::Number;
use super::tableau::{Plan, Row, Tableau, Trend, Vector};
use crate::solution::Counts;
use rustfft::num_complex::Complex;
use smallvec::SmallVec;

/// Step sizes whose weights are kept, as long as they are small.
const KEPT: usize = 4;
/// The same for large states.
const KEPT_LARGE: usize = 2;
/// Length of a large state: weights take a few times its memory.
const LARGE: usize = 100_000;

/// What of the second estimate of the error is taken.
const SHARE: f64 = 0.1;

/// A method with its state.
pub(super) struct RungeKutta {
    tableau: Tableau,
    plan: Plan,
    groups: Vec<Group>,
    /// Weights by step size, the last used first.
    kept: Vec<(f64, Vec<GroupWeights>)>,
    /// Memory of weights that are not kept any longer.
    spare: Vec<Vec<f64>>,
    u: Vec<Complex<f64>>,
    u_new: Vec<Complex<f64>>,
    /// Argument of a stage.
    argument: Vec<Complex<f64>>,
    /// `N` of the stages, and at the end of the step for methods that need it.
    n: Vec<Vec<Complex<f64>>>,
    error: Vec<Complex<f64>>,
    /// The second estimate of the error.
    drift: Vec<Complex<f64>>,
    /// Size of the step before, if there was one, and `N` at its beginning.
    before: (Option<f64>, Vec<Complex<f64>>),
    /// Size of the step that was tried.
    h: f64,
    /// Whether `n[0]` is of the beginning of the next step.
    n_known: bool,
}

impl WeighModes for (Tableau, usize) {
    fn n_weights(&self) -> usize {
        self.1
    }

    fn weigh<T: Number>(
        &self,
        n_modes: usize,
        h: f64,
        z: impl Fn(usize) -> T,
        put: impl FnMut(usize, &[T]),
    ) {
        self.0.weights(n_modes, h, z, put);
    }
}

impl RungeKutta {
    /// Begins at `u`.
    pub(super) fn new(tableau: Tableau, linear: &Linear, u: &[Complex<f64>]) -> Self {
        let plan = tableau.plan();
        let zeros = vec![Complex::ZERO; u.len()];
        let evaluations = plan.times.len() + usize::from(plan.first_same_as_last());
        RungeKutta {
            tableau,
            groups: groups(linear),
            kept: Vec::new(),
            spare: Vec::new(),
            u: u.to_vec(),
            u_new: zeros.clone(),
            argument: zeros.clone(),
            n: vec![zeros.clone(); evaluations],
            drift: zeros.clone(),
            before: (None, zeros.clone()),
            h: 0.0,
            error: zeros,
            n_known: false,
            plan,
        }
    }

    /// Brings the weights for a step `h` from `t` to the front.
    fn weights_for(&mut self, t: f64, h: f64, counts: &mut Counts) {
        let most = if self.u.len() > LARGE {
            KEPT_LARGE
        } else {
            KEPT
        };
        match self
            .kept
            .iter()
            .position(|(kept, _)| same_step(t, h, *kept))
        {
            Some(at) => self.kept[..=at].rotate_right(1),
            None => {
                let old = self.kept.split_off(self.kept.len().min(most - 1));
                let old = old.into_iter().flat_map(|(_, weights)| weights).flatten();
                self.spare
                    .extend(old.flatten().filter_map(Weights::into_real));
                let (method, spare) = ((self.tableau, self.plan.n_weights), &mut self.spare);
                let groups = self.groups.iter();
                let weights = groups.map(|group| group.weights(&method, h, spare));
                self.kept.insert(0, (h, weights.collect()));
                counts.factorizations += 1;
            }
        }
    }

    /// Goes on from another state, at which `N` is known.
    pub(super) fn go_on_from(&mut self, u: &[Complex<f64>], n: &[Complex<f64>]) {
        self.u.copy_from_slice(u);
        self.n[0].copy_from_slice(n);
        self.n_known = true;
        self.before.0 = None;
    }

    /// A second estimate of the error, in `drift`: `N` over the step is taken for a parabola, and this is what the step before has against it.
    ///
    /// The embedded result has the same parabola. Where the linear part damps fast what the state has at the beginning, `N` changes within a
    /// small part of the step; all stages come after that, and agree. The parabola through the beginnings of both steps and the end of this one
    /// differs from that through beginning, middle and end by `(r + 1/2) s (s − 1)` times the divided difference of `N` over all four, where `r` is
    /// the size of the step before in units of this one; `φ`-weighted, `s (s − 1)` is `−w/2`. In `u' = λu` with equal small steps a third
    /// of it is the embedded estimate; less is taken, so that this one decides only where it has to. The first step has no such neighbour; there the parabola is held against a line.
    fn estimate_drift(&mut self, Trend { weight, middle }: Trend, h: f64) {
        let share = 1.0 / middle.len() as f64;
        let end = self.plan.times.len();
        let (of_start, of_middle, of_end, before) = match self.before.0 {
            None => (1.0, -2.0, 1.0, None),
            Some(h_before) => {
                let r = h_before / h;
                // 1/Π(s_i − s_j) over the places −r, 0, 1/2, 1.
                let factor = -0.5 * SHARE * (r + 0.5);
                (
                    factor * 2.0 / r,
                    -factor * 4.0 / (r + 0.5),
                    factor * 2.0 / (r + 1.0),
                    Some(-factor / (r * (r + 0.5) * (r + 1.0))),
                )
            }
        };
        let middle = middle
            .iter()
            .map(|&stage| (of_middle * share, &self.n[stage][..]));
        let mut terms: SmallVec<[Scaled<'_>; 5]> = middle.collect();
        terms.push((of_start, &self.n[0]));
        terms.push((of_end, &self.n[end]));
        terms.extend(before.map(|factor| (factor, &self.before.1[..])));
        add_up(&terms, &mut self.argument);
        let argument = std::iter::once((weight, &self.argument[..]));
        combine(&self.groups, &self.kept[0].1, argument, &mut self.drift);
    }

    fn know_n(&mut self, equations: &mut dyn SplitEquations, t: f64, counts: &mut Counts) {
        if !self.n_known {
            equations.nonlinear(t, &self.u, &mut self.n[0]);
            counts.rhs += 1;
            self.n_known = true;
        }
    }
}

/// `out = row`, of the state at the beginning and of `N` at the stages.
fn combine_row(
    row: &Row,
    (u, n): (&[Complex<f64>], &[Vec<Complex<f64>>]),
    (groups, weights): (&[Group], &[GroupWeights]),
    out: &mut [Complex<f64>],
) {
    let get = |vector: Vector| match vector {
        Vector::Start => u,
        Vector::Stage(i) => &n[i],
        Vector::End => n.last().expect("stages"),
    };
    let terms = row.iter().map(|&(weight, vector)| (weight, get(vector)));
    combine(groups, weights, terms, out);
}

impl SplitStepper for RungeKutta {
    fn attempt(
        &mut self,
        equations: &mut dyn SplitEquations,
        (t, h): (f64, f64),
        tolerances: Option<&Tolerances<'_>>,
        counts: &mut Counts,
    ) -> f64 {
        self.h = h;
        self.weights_for(t, h, counts);
        self.know_n(equations, t, counts);
        let stages = self.plan.times.len();
        let linear = (&self.groups[..], &self.kept[0].1[..]);
        for (i, row) in self.plan.stages.iter().enumerate() {
            combine_row(row, (&self.u, &self.n), linear, &mut self.argument);
            let t = t + self.plan.times[i + 1] * h;
            equations.nonlinear(t, &self.argument, &mut self.n[i + 1]);
        }
        counts.rhs += stages as u64 - 1;
        combine_row(&self.plan.end, (&self.u, &self.n), linear, &mut self.u_new);
        if self.plan.first_same_as_last() {
            equations.nonlinear(t + h, &self.u_new, &mut self.n[stages]);
            counts.rhs += 1;
        }
        let Some(tolerances) = tolerances else {
            return if all_modes_finite(&self.u_new) {
                0.0
            } else {
                f64::NAN
            };
        };
        combine_row(
            &self.plan.error,
            (&self.u, &self.n),
            linear,
            &mut self.error,
        );
        let embedded = tolerances.norm(&self.error, &self.u, &self.u_new);
        let Some(trend) = self.plan.trend else {
            return embedded;
        };
        self.estimate_drift(trend, h);
        let drift = tolerances.norm(&self.drift, &self.u, &self.u_new);
        if drift <= embedded || embedded.is_nan() {
            return embedded;
        }
        std::mem::swap(&mut self.error, &mut self.drift);
        drift
    }

    fn accept(&mut self) {
        std::mem::swap(&mut self.u, &mut self.u_new);
        self.n_known = self.plan.first_same_as_last();
        if self.n_known {
            std::mem::swap(&mut self.before.1, &mut self.n[0]);
            self.before.0 = Some(self.h);
            self.n.swap(0, self.plan.times.len());
        }
    }

    fn u(&self) -> &[Complex<f64>] {
        &self.u
    }

    fn u_mut(&mut self) -> &mut [Complex<f64>] {
        &mut self.u
    }

    fn rate(
        &mut self,
        equations: &mut dyn SplitEquations,
        t: f64,
        counts: &mut Counts,
    ) -> &[Complex<f64>] {
        self.know_n(equations, t, counts);
        &self.n[0]
    }

    fn tried(&self) -> (&[Complex<f64>], &[Complex<f64>]) {
        (&self.u_new, &self.error)
    }
}
