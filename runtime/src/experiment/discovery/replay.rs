//! A corrected model of fields run in the loop: from the first frame of a run on, beside the data.

use super::flow::{FieldFlow, Pushed};
use super::observations::FieldData;
use crate::discover::replay::Replay;

/// Steps after which a replay ends: a model that blows up does so sooner, and a chaotic one has left the data.
const MAX_STEPS: usize = 500;
/// A model that leaves the range of the data so many times over blows up.
const RANGE: f64 = 100.0;

/// Runs the model from the first frame of a run over its times, as far as it pays; frames are of nodes. `scales` are the sizes of the fields.
pub fn replay(flow: &mut FieldFlow, data: &FieldData, run: usize, scales: &[f64]) -> Replay {
    let times = &data.runs[run].times;
    let mut states = data.frame(run, 0).to_vec();
    let mut state = flow.coordinates(&states);
    let mut pushed = Pushed::default();
    let mut nodes = vec![0.0; data.frame_len()];
    let mut steps = 0;
    for pair in times.windows(2) {
        steps += flow.run_state([pair[0], pair[1]], &state, &mut pushed);
        state.copy_from_slice(pushed.state());
        flow.nodes(&state, &mut nodes);
        let far = |(i, u): (usize, &f64)| u.is_nan() || u.abs() > RANGE * scales[i / data.len];
        if nodes.iter().enumerate().any(far) {
            return Replay {
                states,
                is_stable: false,
            };
        }
        states.extend_from_slice(&nodes);
        if steps > MAX_STEPS {
            break;
        }
    }
    Replay {
        states,
        is_stable: true,
    }
}

/// Share of the variance of the data that a replay explains as far as it goes; 1 at best.
pub fn explained(replay: &Replay, data: &FieldData, run: usize) -> Option<f64> {
    let len = data.frame_len();
    let n_frames = replay.states.len() / len;
    let values = &data.runs[run].values[..n_frames * len];
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let left = values.iter().zip(&replay.states).skip(len);
    let left: f64 = left.map(|(v, u)| (v - u).powi(2)).sum();
    let all: f64 = values.iter().skip(len).map(|v| (v - mean).powi(2)).sum();
    (all > 0.0).then(|| 1.0 - left / all)
}
