//! Multiple shooting: states at nodes and coefficients together, fitted to all samples by Gauss and Newton through the solver.
//!
//! The run is cut into segments. Each starts at a node with an unknown state; what a segment ends with and the next begins
//! with may differ by a little, the slack, which goes to zero: then it is the likelihood of the whole trajectory. The normal
//! equations are block tridiagonal in the nodes with the coefficients as a border, and the nodes are eliminated one after the
//! other: what is left is the Gram matrix of the coefficients with all states marginalised.
//!
//! # References
//! - [B83] H. G. Bock, *Recent advances in parameter identification techniques for O.D.E.*, in: Numerical Treatment of Inverse
//!   Problems in Differential and Integral Equations, Birkhäuser 1983, 95–121, doi:10.1007/978-1-4684-7324-7_7.
//! - [T06] Y. Trémolet, *Accounting for an imperfect model in 4D-Var*, Q. J. R. Meteorol. Soc. 132 (2006) 2483–2504,
//!   doi:10.1256/qj.05.224.

use faer::linalg::solvers::Solve;
use faer::{Mat, Side};

use super::corrected::Corrected;
use super::flow::{Flow, Forcing, Pushed, TIGHT};
use super::gram::Gram;
use super::observations::Trajectory;
use crate::failure::Failure;
use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::terms::Term;

/// One trajectory with the states at its nodes.
#[derive(Debug, Clone)]
pub struct Run<'d> {
    /// The samples.
    pub trajectory: &'d Trajectory,
    /// Samples at which the nodes stand, ascending; the first is 0, the last one starts the last segment.
    pub nodes: Vec<usize>,
    /// Their states.
    pub states: Vec<Vec<f64>>,
}

/// What is known of the measurement.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// Column of each state, if it is measured.
    pub column_of: Vec<Option<usize>>,
    /// Number of columns.
    pub width: usize,
    /// Standard deviation of the noise, by state.
    pub noise: Vec<f64>,
    /// Size of each state.
    pub scales: Vec<f64>,
    /// Measured expressions of the states.
    pub watched: Vec<Watched>,
    /// How far, in standard deviations of the noise, segments may miss each other.
    pub slack: f64,
}

/// A measured expression of the states.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Position among the observables of the model.
    pub observable: usize,
    /// Its column.
    pub column: usize,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Its size.
    pub scale: f64,
}

/// Trajectories are fitted no better than to this share of their size: beyond it the tolerance of the solver decides.
pub const LEAST_NOISE: f64 = 1e-7;

impl Measurement {
    /// Variance that the solver adds to the residuals of a state or, behind the states, of a watched expression.
    pub fn of_solver(&self, channel: usize) -> f64 {
        let n = self.scales.len();
        let scale = match channel < n {
            true => self.scales[channel],
            false => self.watched[channel - n].scale,
        };
        (LEAST_NOISE * scale).powi(2)
    }

    /// Noise of the same.
    pub fn noise_of(&self, channel: usize) -> f64 {
        let n = self.noise.len();
        match channel < n {
            true => self.noise[channel],
            false => self.watched[channel - n].noise,
        }
    }

    /// Sets the noise of the same.
    pub fn set_noise(&mut self, channel: usize, noise: f64) {
        let n = self.noise.len();
        match channel < n {
            true => self.noise[channel] = noise,
            false => self.watched[channel - n].noise = noise,
        }
    }

    /// Relative tolerance of the solver that noise hides.
    fn rtol(&self) -> f64 {
        /// Errors of the solver over the noise.
        const SHARE: f64 = 1e-4;
        /// The loosest tolerance.
        const LOOSEST: f64 = 1e-6;
        let shares = self.noise.iter().zip(&self.scales).map(|(n, s)| n / s);
        (SHARE * shares.fold(1.0, f64::min)).clamp(TIGHT, LOOSEST)
    }
}

/// The problem made linear about the present states and coefficients.
pub struct Linearised {
    /// The coefficients, all states eliminated; the target is what the coefficients must still explain.
    pub gram: Gram,
    /// Sum of squares, in units of the noise: of the samples, and of the gaps between segments.
    pub misfit: [f64; 2],
    /// Sum of squared residuals of the samples and their number, by state, then by watched expression.
    pub residuals: Vec<(f64, u64)>,
    runs: Vec<Vec<Eliminated>>,
}

/// A node after the elimination of those before it.
struct Eliminated {
    /// Inverse of its block, times coupling to the next node, border and right side.
    next: Mat<f64>,
    border: Mat<f64>,
    right: Mat<f64>,
}

/// One node's part of the normal equations.
struct Block {
    own: Mat<f64>,
    next: Mat<f64>,
    border: Mat<f64>,
    right: Mat<f64>,
}

/// A state is known beforehand to within so many times its size; keeps blocks of unmeasured states regular.
const PRIOR: f64 = 1e3;

/// Runs all segments with the tangents of these forcings, and eliminates the nodes.
///
/// # Errors
/// Why a segment could not be integrated.
pub fn linearise(
    corrected: &Corrected,
    terms: &[Term],
    forcings: &[Forcing],
    runs: &[Run<'_>],
    measurement: &Measurement,
) -> Result<Linearised, Failure> {
    let k = forcings.len();
    let n = measurement.scales.len();
    let mut sums = Sums {
        products: Mat::zeros(k + 1, k + 1),
        misfit: [0.0; 2],
        residuals: vec![(0.0, 0); n + measurement.watched.len()],
    };
    let mut watch = Watch::new(corrected, measurement);
    let mut flow = Flow::new(
        &corrected.program,
        &corrected.parameters,
        terms,
        forcings,
        true,
        &measurement.scales,
        measurement.rtol(),
    );
    let mut eliminated = Vec::new();
    for run in runs {
        let mut blocks = blocks(run, k, measurement, &mut flow, &mut watch, &mut sums)?;
        eliminated.push(eliminate(&mut blocks, &mut sums.products));
    }
    let n_samples = sums.residuals.iter().map(|r| r.1).sum();
    let products = (0..k + 1).flat_map(|i| (0..k + 1).map(move |j| (i, j)));
    let products = products.map(|(i, j)| sums.products[(i, j)]).collect();
    Ok(Linearised {
        gram: Gram::of_products(k, n_samples, products),
        misfit: sums.misfit,
        residuals: sums.residuals,
        runs: eliminated,
    })
}

/// What is summed over all segments.
struct Sums {
    /// Products of the coefficients' columns, the residual last.
    products: Mat<f64>,
    misfit: [f64; 2],
    residuals: Vec<(f64, u64)>,
}

impl Sums {
    /// Counts what the model leaves of one measurement.
    fn add_left(&mut self, channel: usize, left: f64, weight: f64) {
        self.misfit[0] += (left * weight).powi(2);
        let sum = &mut self.residuals[channel];
        *sum = (sum.0 + left * left, sum.1 + 1);
    }
}

fn blocks(
    run: &Run<'_>,
    k: usize,
    measurement: &Measurement,
    flow: &mut Flow<'_>,
    watch: &mut Watch,
    sums: &mut Sums,
) -> Result<Vec<Block>, Failure> {
    let n = measurement.scales.len();
    let prior = |i: usize, j: usize| match i == j {
        true => (PRIOR * measurement.scales[i]).powi(-2),
        false => 0.0,
    };
    let mut blocks: Vec<Block> = (0..run.nodes.len())
        .map(|_| Block {
            own: Mat::from_fn(n, n, prior),
            next: Mat::zeros(n, n),
            border: Mat::zeros(n, k),
            right: Mat::zeros(n, 1),
        })
        .collect();
    let last_sample = run.trajectory.times.len() - 1;
    let mut row = vec![0.0; n + k];
    for (j, &first) in run.nodes.iter().enumerate() {
        let end = run.nodes.get(j + 1).copied();
        let to = end.unwrap_or(last_sample);
        let times = &run.trajectory.times[first..=to];
        let next_state = run.states.get(j + 1);
        let (head, tail) = blocks.split_at_mut(j + 1);
        let block = &mut head[j];
        flow.run(times, &run.states[j], &mut |s, pushed| {
            let sample = first + s;
            let is_end = end == Some(sample);
            if !is_end {
                let measured = run.trajectory.row(sample, measurement.width);
                add_sample(block, measured, pushed, measurement, &mut row, sums);
                watch.add_sample(block, measured, pushed, measurement, &mut row, sums);
            } else if let (Some(next), Some(state)) = (tail.first_mut(), next_state) {
                add_gap(block, next, state, pushed, measurement, &mut row, sums);
            }
        })?;
    }
    Ok(blocks)
}

/// The tangents of one component: by the start, then by the coefficients.
fn tangent_row(pushed: Pushed<'_>, i: usize, weight: f64, row: &mut [f64]) {
    let n = pushed.state.len();
    for (value, tangent) in row.iter_mut().zip(pushed.tangents.chunks_exact(n)) {
        *value = tangent[i] * weight;
    }
}

fn add_sample(
    block: &mut Block,
    measured: &[f64],
    pushed: Pushed<'_>,
    measurement: &Measurement,
    row: &mut [f64],
    sums: &mut Sums,
) {
    for (i, column) in measurement.column_of.iter().enumerate() {
        let Some(value) = column.map(|c| measured[c]).filter(|v| v.is_finite()) else {
            continue;
        };
        let weight = 1.0 / measurement.noise[i];
        let left = value - pushed.state[i];
        tangent_row(pushed, i, weight, row);
        sums.add_left(i, left, weight);
        add_row(block, row, left * weight, sums);
    }
}

/// Values of watched expressions with their derivatives by the states.
struct Watch {
    evaluator: Option<Evaluator>,
    /// By expression: its value, then its derivatives.
    values: Vec<f64>,
}

impl Watch {
    fn new(corrected: &Corrected, measurement: &Measurement) -> Watch {
        let program = &corrected.program;
        let watched = measurement.watched.iter();
        let terms: Vec<Term> = program.with_pool(|pool| {
            let with_slopes = watched.flat_map(|w| {
                let value = program.observables[w.observable].value;
                let states = program.states.iter();
                let slopes = states.map(|s| pool.derivative(value, s.symbol));
                [value].into_iter().chain(slopes).collect::<Vec<Term>>()
            });
            with_slopes.collect()
        });
        let kernel = (!terms.is_empty()).then(|| program.terms_kernel(&terms));
        Watch {
            evaluator: kernel.map(|kernel| kernel.evaluator(&corrected.parameters)),
            values: vec![0.0; terms.len()],
        }
    }

    fn add_sample(
        &mut self,
        block: &mut Block,
        measured: &[f64],
        pushed: Pushed<'_>,
        measurement: &Measurement,
        row: &mut [f64],
        sums: &mut Sums,
    ) {
        let Some(evaluator) = &mut self.evaluator else {
            return;
        };
        evaluator.eval(pushed.t, pushed.state, &mut self.values);
        let n = pushed.state.len();
        let values = self.values.chunks_exact(n + 1);
        for (k, (watched, values)) in measurement.watched.iter().zip(values).enumerate() {
            let left = measured[watched.column] - values[0];
            if !left.is_finite() {
                continue;
            }
            let weight = 1.0 / watched.noise;
            sums.add_left(n + k, left, weight);
            for (out, tangent) in row.iter_mut().zip(pushed.tangents.chunks_exact(n)) {
                let along = values[1..].iter().zip(tangent).map(|(s, t)| s * t);
                *out = weight * along.sum::<f64>();
            }
            add_row(block, row, left * weight, sums);
        }
    }
}

fn add_gap(
    block: &mut Block,
    next: &mut Block,
    state: &[f64],
    pushed: Pushed<'_>,
    measurement: &Measurement,
    row: &mut [f64],
    sums: &mut Sums,
) {
    let n = state.len();
    for (i, &value) in state.iter().enumerate() {
        let weight = 1.0 / (measurement.slack * measurement.noise[i]);
        let residual = (value - pushed.state[i]) * weight;
        sums.misfit[1] += residual * residual;
        tangent_row(pushed, i, weight, row);
        add_row(block, row, residual, sums);
        next.own[(i, i)] += weight * weight;
        next.right[(i, 0)] -= weight * residual;
        for (a, &value) in row[..n].iter().enumerate() {
            block.next[(a, i)] -= value * weight;
        }
        for (a, &value) in row[n..].iter().enumerate() {
            next.border[(i, a)] -= value * weight;
        }
    }
}

fn add_row(block: &mut Block, row: &[f64], residual: f64, sums: &mut Sums) {
    let n = block.own.nrows();
    let (by_state, by_coefficient) = row.split_at(n);
    let k = by_coefficient.len();
    for (j, &b) in by_state.iter().enumerate() {
        for (i, &a) in by_state.iter().enumerate() {
            block.own[(i, j)] += a * b;
        }
        block.right[(j, 0)] += b * residual;
    }
    for (j, &b) in by_coefficient.iter().enumerate() {
        for (i, &a) in by_state.iter().enumerate() {
            block.border[(i, j)] += a * b;
        }
        let column = sums.products.col_mut(j);
        for (sum, &a) in column.iter_mut().zip(by_coefficient) {
            *sum += a * b;
        }
        sums.products[(k, j)] += b * residual;
        sums.products[(j, k)] += b * residual;
    }
    sums.products[(k, k)] += residual * residual;
}

/// Eliminates the nodes from the first to the last; what they take from the coefficients is subtracted from `products`.
fn eliminate(blocks: &mut [Block], products: &mut Mat<f64>) -> Vec<Eliminated> {
    let mut out = Vec::with_capacity(blocks.len());
    for j in 0..blocks.len() {
        let (head, tail) = blocks.split_at_mut(j + 1);
        let block = &head[j];
        let factors = block
            .own
            .llt(Side::Lower)
            .expect("a prior on every state keeps the blocks positive definite");
        let eliminated = Eliminated {
            next: factors.solve(&block.next),
            border: factors.solve(&block.border),
            right: factors.solve(&block.right),
        };
        let k = block.border.ncols();
        if k > 0 {
            let taken = block.border.transpose() * &eliminated.border;
            let taken_right = block.border.transpose() * &eliminated.right;
            for b in 0..k {
                for a in 0..k {
                    products[(a, b)] -= taken[(a, b)];
                }
                products[(k, b)] -= taken_right[(b, 0)];
                products[(b, k)] -= taken_right[(b, 0)];
            }
        }
        products[(k, k)] -= (block.right.transpose() * &eliminated.right)[(0, 0)];
        if let Some(next) = tail.first_mut() {
            next.own -= block.next.transpose() * &eliminated.next;
            next.border -= block.next.transpose() * &eliminated.border;
            next.right -= block.next.transpose() * &eliminated.right;
        }
        out.push(eliminated);
    }
    out
}

impl Linearised {
    /// How the states of the nodes change when the coefficients change by `step`, by run and node.
    pub fn state_steps(&self, step: &[f64]) -> Vec<Vec<Vec<f64>>> {
        let step = Mat::from_fn(step.len(), 1, |i, _| step[i]);
        self.runs.iter().map(|run| back(run, &step)).collect()
    }
}

fn back(run: &[Eliminated], step: &Mat<f64>) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = Vec::with_capacity(run.len());
    let mut after: Option<Mat<f64>> = None;
    for node in run.iter().rev() {
        let mut change = node.right.clone();
        if step.nrows() > 0 {
            change -= &node.border * step;
        }
        if let Some(after) = &after {
            change -= &node.next * after;
        }
        out.push((0..change.nrows()).map(|i| change[(i, 0)]).collect());
        after = Some(change);
    }
    out.reverse();
    out
}
