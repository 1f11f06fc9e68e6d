//! Trajectories as observations.

use ansatz_runtime::discover::observations::{Observations, Observed, Trajectory};

use super::system::{END, SAMPLES};

/// The samples as observations of the states.
pub fn observations(data: &[Vec<f64>]) -> Observations {
    let step = END / (SAMPLES - 1) as f64;
    Observations {
        columns: (0..data.len()).map(Observed::State).collect(),
        trajectories: vec![Trajectory {
            name: "train".into(),
            times: (0..SAMPLES).map(|i| step * i as f64).collect(),
            values: (0..SAMPLES)
                .flat_map(|i| data.iter().map(move |c| c[i]))
                .collect(),
        }],
    }
}
