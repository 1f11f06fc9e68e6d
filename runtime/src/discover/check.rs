//! What can be wrong with observations, said before any computing: what is missing, and how much more is needed.

use super::observations::Observations;

/// Why nothing can be discovered from these data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DataProblem {
    #[error("{name} has {found} complete samples, too few for {unknowns} coefficients")]
    TooFewSamples {
        name: String,
        found: usize,
        unknowns: usize,
    },
    #[error("the column `{column}` has the same value, {value}, everywhere")]
    ConstantColumn { column: String, value: f64 },
    #[error("the times of {name} do not ascend: {later} follows {earlier}")]
    TimesDoNotAscend {
        name: String,
        earlier: f64,
        later: f64,
    },
    #[error("the column `{column}` has no values")]
    EmptyColumn { column: String },
    #[error("no column measures `{state}`")]
    Unobserved { state: String },
    #[error("the model cannot be run from any of the samples: {reason}")]
    ModelDoesNotRun { reason: String },
    #[error(
        "from one sample to the next, {interval:.3} later, the model itself has forgotten where it was: samples are too far apart"
    )]
    IntervalTooLong { interval: f64 },
    #[error(
        "neighbouring samples have nothing to do with each other: even in the best column, noise of {:.0} % of its size hides what the model lacks",
        100.0 * noise
    )]
    HopelessNoise { noise: f64 },
    #[error("discovery on these equations is not supported: {why}")]
    NotSupported { why: &'static str },
}

/// Noise with which most discoveries succeed.
const TENTH: f64 = 0.1;

impl DataProblem {
    /// What the user can do.
    pub fn help(&self) -> String {
        match self {
            DataProblem::TooFewSamples { found, unknowns, .. } => {
                let needed = needed(*unknowns);
                format!(
                    "{needed} are needed: {} more, or a smaller library",
                    needed.saturating_sub(*found)
                )
            }
            DataProblem::ConstantColumn { .. } => {
                "a term cannot be told from a constant: add a run in which it changes, or leave the column out".into()
            }
            DataProblem::TimesDoNotAscend { .. } => {
                "sort the rows, or separate runs by an empty line or a column `trajectory`".into()
            }
            DataProblem::EmptyColumn { .. } => "leave the column out, or fill it".into(),
            DataProblem::Unobserved { .. } => {
                "add a column named after it, or give its start and let a filter follow it".into()
            }
            DataProblem::ModelDoesNotRun { .. } => {
                "look whether columns and units are those of the model".into()
            }
            DataProblem::IntervalTooLong { interval } => format!(
                "sample about ten times within the fastest change that matters: every {:.2} or so, if it takes as long as an interval does now",
                0.1 * interval
            ),
            DataProblem::NotSupported { .. } => {
                "it needs clean data of fields on one domain whose axes are all periodic, in equations without upwinding".into()
            }
            DataProblem::HopelessNoise { noise, .. } => format!(
                "the mean of {} runs from the same start would have noise of a tenth, or {} times as many samples in the same time",
                (noise / TENTH).powi(2).ceil(),
                (noise / TENTH).powi(2).ceil()
            ),
        }
    }
}

/// Samples needed for so many coefficients: a few for each, else chance correlations decide.
fn needed(unknowns: usize) -> usize {
    /// Samples for each coefficient.
    const SAMPLES_EACH: usize = 3;
    (SAMPLES_EACH * unknowns).max(10)
}

/// Looks for what makes data useless; `names` are those of the columns.
///
/// # Errors
/// The first problem found.
pub fn check(data: &Observations, names: &[String], n_unknowns: usize) -> Result<(), DataProblem> {
    for trajectory in &data.trajectories {
        let out_of_order = trajectory
            .times
            .windows(2)
            .find(|w| w[1] <= w[0] || w[0].is_nan());
        if let Some(w) = out_of_order {
            return Err(DataProblem::TimesDoNotAscend {
                name: trajectory.name.clone(),
                earlier: w[0],
                later: w[1],
            });
        }
    }
    for (column, name) in names.iter().enumerate() {
        let mut values = data.values_of(column);
        let Some(first) = values.next() else {
            return Err(DataProblem::EmptyColumn {
                column: name.clone(),
            });
        };
        if values.all(|v| v == first) {
            return Err(DataProblem::ConstantColumn {
                column: name.clone(),
                value: first,
            });
        }
    }
    // Every measured value is an equation; a run gives one less than it has rows.
    let rows: usize = data
        .trajectories
        .iter()
        .map(|t| t.times.len().saturating_sub(1))
        .sum();
    if rows < needed(1) || rows * names.len() < n_unknowns {
        let name = match &data.trajectories[..] {
            [one] => one.name.clone(),
            _ => "the data".into(),
        };
        return Err(DataProblem::TooFewSamples {
            name,
            found: rows,
            unknowns: n_unknowns,
        });
    }
    Ok(())
}
