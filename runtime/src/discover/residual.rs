//! One-interval residuals: what the data do in an interval and the model does not, with the pushed library.
//!
//! Of consecutive samples `a` and `b` the model is run from `a`; `(b - model)/D` is the error that it makes per unit of time,
//! and the columns are the derivatives of what the model did by the coefficients that it lacks.

use super::corrected::Corrected;
use super::flow::{Flow, Forcing, TIGHT};
use super::gram::Gram;
use super::library::Library;
use super::observations::{Observations, Trajectory};

/// Parts of the data that are held out in turn.
pub const N_FOLDS: usize = 10;

/// Runs the model over all intervals with both ends complete; gives one Gram matrix of the pairs for each fold.
///
/// `column_of` says where each state is in the data, `scales` how much each state counts. Intervals that the model cannot
/// cross are left out. Memory does not depend on the number of samples.
pub fn one_interval_grams(
    corrected: &Corrected,
    library: &Library,
    data: &Observations,
    column_of: &[usize],
    scales: &[f64],
) -> Vec<Gram> {
    let forcings: Vec<Forcing> = library.pair_forcings();
    let n_intervals: usize = data
        .trajectories
        .iter()
        .map(|t| t.times.len().saturating_sub(1))
        .sum();
    let mut folds = vec![Gram::new(forcings.len()); N_FOLDS];
    let mut flow = Flow::new(
        &corrected.program,
        &corrected.parameters,
        &library.terms,
        &forcings,
        false,
        scales,
        TIGHT,
    );
    let mut interval = 0;
    for trajectory in &data.trajectories {
        let width = data.columns.len();
        for i in 1..trajectory.times.len() {
            let fold = (interval * N_FOLDS / n_intervals.max(1)).min(N_FOLDS - 1);
            interval += 1;
            let a = states(trajectory, i - 1, width, column_of);
            let b = states(trajectory, i, width, column_of);
            if a.iter().chain(&b).all(|v| v.is_finite()) {
                let times = [trajectory.times[i - 1], trajectory.times[i]];
                add_interval(&mut flow, &mut folds[fold], times, &a, &b, scales);
            }
        }
    }
    folds
}

/// The states of a sample.
fn states(trajectory: &Trajectory, i: usize, width: usize, column_of: &[usize]) -> Vec<f64> {
    let row = trajectory.row(i, width);
    column_of.iter().map(|&c| row[c]).collect()
}

fn add_interval(
    flow: &mut Flow<'_>,
    gram: &mut Gram,
    times: [f64; 2],
    a: &[f64],
    b: &[f64],
    scales: &[f64],
) {
    let n = a.len();
    let per_time = 1.0 / (times[1] - times[0]);
    let mut columns = vec![Vec::with_capacity(n); gram.n_columns()];
    let mut target = Vec::with_capacity(n);
    let done = flow.run(&times, a, &mut |k, pushed| {
        if k == 0 {
            return;
        }
        for i in 0..n {
            let weight = per_time / scales[i];
            target.push((b[i] - pushed.state[i]) * weight);
            for (column, tangent) in columns.iter_mut().zip(pushed.tangents.chunks_exact(n)) {
                column.push(tangent[i] * weight);
            }
        }
    });
    if done.is_ok() && target.len() == n {
        let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        gram.add(&columns, &target);
    }
}
