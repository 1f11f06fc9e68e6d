//! Observations of fields from NumPy archives: `t`, and an array time × (z ×) (y ×) x for every field, as runs write them.

use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_runtime::experiment::discovery::observations::{FieldData, Frames};
use ansatz_runtime::experiment::{GivenError, SetupError};

use super::given::read_frames;
use crate::failure::Failure;

/// Reads files, each a run. Frames with a value that is not finite are left out; gives their number, too.
///
/// # Errors
/// A file cannot be read, lacks an array, or is of another grid.
pub fn read(paths: &[PathBuf], program: &Program) -> Result<(FieldData, usize), Failure> {
    let evolution = &program.grids[0].evolution;
    let sizes: Vec<usize> = evolution.axes.iter().map(|a| a.points as usize).collect();
    let mut data = FieldData {
        n_fields: evolution.fields.len(),
        len: sizes.iter().product(),
        runs: Vec::new(),
    };
    let mut n_left_out = 0;
    for path in paths {
        let times = array(path, "t", &[])?;
        let fields = evolution.fields.iter();
        let fields = fields.map(|field| array(path, &field.name, &sizes));
        let fields: Vec<Vec<f64>> = fields.collect::<Result<_, _>>()?;
        let mut run = Frames {
            name: path.display().to_string(),
            times: Vec::new(),
            values: Vec::new(),
        };
        for (i, &t) in times.iter().enumerate() {
            let frame = |field: &Vec<f64>| {
                field
                    .get(i * data.len..(i + 1) * data.len)
                    .map(<[f64]>::to_vec)
            };
            let frame: Option<Vec<Vec<f64>>> = fields.iter().map(frame).collect();
            let Some(frame) = frame else {
                return Err(misaligned(path, times.len()));
            };
            let frame = frame.concat();
            if t.is_finite() && frame.iter().all(|v| v.is_finite()) {
                run.times.push(t);
                run.values.extend(frame);
            } else {
                n_left_out += 1;
            }
        }
        data.runs.push(run);
    }
    Ok((data, n_left_out))
}

fn array(path: &Path, name: &str, sizes: &[usize]) -> Result<Vec<f64>, Failure> {
    read_frames(path, name, sizes).map_err(|why| {
        Failure::from(SetupError::Data {
            path: path.display().to_string(),
            variable: name.to_owned(),
            why,
        })
    })
}

fn misaligned(path: &Path, n_times: usize) -> Failure {
    Failure::from(SetupError::Data {
        path: path.display().to_string(),
        variable: "t".into(),
        why: GivenError::Unreadable {
            why: format!("there are {n_times} times, but fewer frames"),
        },
    })
}
