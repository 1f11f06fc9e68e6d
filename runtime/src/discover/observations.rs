//! Observations: trajectories of some states and observables, with gaps.

/// What a column of the data is a measurement of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// A state, by position.
    State(usize),
    /// A named expression, by position.
    Observable(usize),
}

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Observations {
    /// What the columns are.
    pub columns: Vec<Observed>,
    /// The runs.
    pub trajectories: Vec<Trajectory>,
}

/// One run of the system.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// Where it comes from, for messages.
    pub name: String,
    /// Ascending times.
    pub times: Vec<f64>,
    /// Row-major: one row per time, one value per column; NaN where nothing was measured.
    pub values: Vec<f64>,
}

impl Trajectory {
    /// The row of sample `i` of `width` columns.
    pub fn row(&self, i: usize, width: usize) -> &[f64] {
        &self.values[i * width..(i + 1) * width]
    }
}

impl Observations {
    /// Number of rows in all trajectories.
    pub fn n_rows(&self) -> usize {
        self.trajectories.iter().map(|t| t.times.len()).sum()
    }

    /// Column of each state, if it has one.
    pub fn column_of_states(&self, n_states: usize) -> Vec<Option<usize>> {
        (0..n_states)
            .map(|i| self.columns.iter().position(|c| *c == Observed::State(i)))
            .collect()
    }

    /// All values of a column that were measured.
    pub fn values_of(&self, column: usize) -> impl Iterator<Item = f64> + '_ {
        let width = self.columns.len();
        self.trajectories
            .iter()
            .flat_map(move |t| t.values.iter().skip(column).step_by(width).copied())
            .filter(|v| v.is_finite())
    }

    /// Standard deviation of each column, about the mean of all trajectories.
    pub fn deviations(&self) -> Vec<f64> {
        (0..self.columns.len())
            .map(|c| deviation(&self.values_of(c).collect::<Vec<f64>>()))
            .collect()
    }
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}
