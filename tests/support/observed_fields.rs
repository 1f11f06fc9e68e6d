//! Observations made of a model of fields: its own solver, samples in groups, reproducible noise.

use ansatz_compiler::Program;
use ansatz_runtime::experiment::discovery::observations::{FieldData, Frames};
use ansatz_runtime::random::Random;

use crate::field_runs::run_program;

/// Which of the saved times are samples: groups of some, apart by `interval`, the last at `from`, `from + every`, ….
pub struct Samples {
    /// Last sample of the first group.
    pub from: f64,
    /// From group to group.
    pub every: f64,
    /// Between the samples of a group.
    pub interval: f64,
    /// Samples in a group.
    pub per_group: usize,
}

/// The fields of the first grid at the samples, with normal noise: `noise` times the standard deviation of each field.
///
/// # Panics
/// If a sample was not saved.
pub fn observe(truth: &Program, samples: &Samples, noise: f64, seed: u64) -> FieldData {
    let saved = run_program(truth);
    let end = saved.rows.last().map_or(0.0, |row| row.t);
    let mut frames = Frames {
        name: "test".into(),
        times: Vec::new(),
        values: Vec::new(),
    };
    let grid = &saved.grids[0];
    let n_fields = truth.grids[0].programs.fields.len();
    let n_groups = ((end - samples.from) / samples.every + 1e-9) as usize + 1;
    for group in 0..n_groups {
        for back in (0..samples.per_group).rev() {
            let t = samples.from + group as f64 * samples.every - back as f64 * samples.interval;
            let row = saved.row(t);
            frames.times.push(row.t);
            frames
                .values
                .extend_from_slice(&row.fields[0][..n_fields * grid.len()]);
        }
    }
    let mut data = FieldData {
        n_fields,
        len: grid.len(),
        runs: vec![frames],
    };
    add_noise(&mut data, noise, seed);
    data
}

/// Adds normal noise, `noise` times the standard deviation of each field.
pub fn add_noise(data: &mut FieldData, noise: f64, seed: u64) {
    let deviations = data.deviations();
    let (len, n_fields) = (data.len, data.n_fields);
    let mut random = Random::new(seed, 0);
    for run in &mut data.runs {
        for (i, value) in run.values.iter_mut().enumerate() {
            *value += noise * deviations[i / len % n_fields] * random.normal();
        }
    }
}
