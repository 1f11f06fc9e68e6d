//! A corrected model run in the loop: from the start of each trajectory to its end, beside the data.

use super::corrected::Corrected;
use super::flow::{Flow, LONG};
use super::observations::Trajectory;

/// A simulated trajectory.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Row-major: the states at the times of the trajectory, as far as it came.
    pub states: Vec<f64>,
    /// Whether it came to the end, and stayed in bounds.
    pub is_stable: bool,
}

/// Relative tolerance of a replay.
const RTOL: f64 = 1e-8;
/// A model that leaves the range of the data so many times over blows up.
const RANGE: f64 = 100.0;

/// Runs the model from `start` over the times of a trajectory; `scales` are the sizes of the states.
pub fn replay(
    corrected: &Corrected,
    trajectory: &Trajectory,
    start: &[f64],
    scales: &[f64],
) -> Replay {
    let mut flow = Flow::new(
        &corrected.program,
        &corrected.parameters,
        &[],
        &[],
        false,
        scales,
        RTOL,
    );
    let mut states = Vec::with_capacity(start.len() * trajectory.times.len());
    let mut is_bounded = true;
    let done = flow.run_long(&trajectory.times, start, LONG, &mut |_, pushed| {
        let far = |((u, u0), scale): ((&f64, &f64), &f64)| (u - u0).abs() > RANGE * scale;
        is_bounded &= !pushed.state.iter().zip(start).zip(scales).any(far);
        states.extend_from_slice(pushed.state);
    });
    Replay {
        states,
        is_stable: done.is_ok() && is_bounded,
    }
}

/// Share of the variance of the data that a replay explains; 1 at best, `None` without data.
pub fn explained(
    replay: &Replay,
    trajectory: &Trajectory,
    columns: &[Option<usize>],
    width: usize,
) -> Option<f64> {
    let n = columns.len();
    let (mut left, mut all) = (0.0, 0.0);
    for (state, column) in columns.iter().enumerate() {
        let Some(column) = *column else { continue };
        let pairs: Vec<(f64, f64)> = replay
            .states
            .chunks_exact(n)
            .enumerate()
            .map(|(i, u)| (trajectory.row(i, width)[column], u[state]))
            .filter(|(v, _)| v.is_finite())
            .collect();
        let mean = pairs.iter().map(|p| p.0).sum::<f64>() / pairs.len().max(1) as f64;
        let variance: f64 = pairs.iter().map(|p| (p.0 - mean).powi(2)).sum();
        if variance > 0.0 {
            left += pairs.iter().map(|p| (p.0 - p.1).powi(2)).sum::<f64>() / variance;
            all += 1.0;
        }
    }
    (all > 0.0).then(|| 1.0 - left / all)
}
