//! Fixed steps of a state together with its tangents: one set of weights for all of them, kept from run to run.

use super::coefficients::{Group, GroupWeights, combine, groups, same_step};
use super::equations::Linear;
use super::tableau::{Plan, Tableau, Vector, exponential};
use rustfft::num_complex::Complex;

/// Step sizes whose weights are kept.
const KEPT: usize = 8;

/// Steps columns, each `n_fields·n_modes` long: the state first, then its tangents. A tangent obeys the linear part of the equations and a
/// rest that is linear in it, so that the formula of the method, applied to each column, is the derivative of the very step.
pub struct TangentStepper {
    tableau: Tableau,
    plan: Plan,
    groups: Vec<Group>,
    length: usize,
    kept: Vec<(f64, Vec<GroupWeights>)>,
    /// Rests at the stages.
    n: Vec<Vec<Complex<f64>>>,
    argument: Vec<Complex<f64>>,
}

/// The rests of all columns at a time: time, columns, where they go.
pub type Rests<'a> = dyn FnMut(f64, &[Complex<f64>], &mut [Complex<f64>]) + 'a;

impl TangentStepper {
    /// ETDRK4 with this linear part.
    pub fn new(linear: &Linear) -> TangentStepper {
        let tableau = Tableau::Exponential(&exponential::ETDRK4);
        let plan = tableau.plan();
        TangentStepper {
            groups: groups(linear),
            length: linear.n_fields * linear.n_modes,
            kept: Vec::new(),
            n: vec![Vec::new(); plan.times.len()],
            argument: Vec::new(),
            tableau,
            plan,
        }
    }

    /// One step from `t` of size `h`.
    pub fn step(&mut self, t: f64, h: f64, u: &mut [Complex<f64>], rests: &mut Rests<'_>) {
        self.weights_for(t, h);
        self.argument.resize(u.len(), Complex::ZERO);
        self.n
            .iter_mut()
            .for_each(|n| n.resize(u.len(), Complex::ZERO));
        rests(t, u, &mut self.n[0]);
        for i in 0..self.plan.stages.len() {
            self.combine_row(Some(i), u);
            let t = t + self.plan.times[i + 1] * h;
            rests(t, &self.argument, &mut self.n[i + 1]);
        }
        self.combine_row(None, u);
        u.copy_from_slice(&self.argument);
    }

    fn weights_for(&mut self, t: f64, h: f64) {
        let known = |(kept, _): &(f64, Vec<GroupWeights>)| same_step(t, h, *kept);
        match self.kept.iter().position(known) {
            Some(at) => self.kept[..=at].rotate_right(1),
            None => {
                self.kept.truncate(KEPT - 1);
                let method = (self.tableau, self.plan.n_weights);
                let groups = self.groups.iter();
                let weights = groups.map(|group| group.weights(&method, h, &mut Vec::new()));
                self.kept.insert(0, (h, weights.collect()));
            }
        }
    }

    /// The argument of a stage after the first, or the end of the step.
    fn combine_row(&mut self, stage: Option<usize>, u: &[Complex<f64>]) {
        let row = stage.map_or(&self.plan.end, |i| &self.plan.stages[i]);
        let weights = &self.kept[0].1[..];
        let columns = self.argument.chunks_exact_mut(self.length).enumerate();
        for (column, out) in columns {
            let range = column * self.length..(column + 1) * self.length;
            let get = |vector: Vector| match vector {
                Vector::Start => &u[range.clone()],
                Vector::Stage(i) => &self.n[i][range.clone()],
                Vector::End => unreachable!("only error estimates look at the end"),
            };
            let terms = row.iter().map(|&(weight, vector)| (weight, get(vector)));
            combine(&self.groups, weights, terms, out);
        }
    }
}
