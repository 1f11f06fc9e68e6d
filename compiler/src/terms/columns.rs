//! The columns of sparse outputs: which rows each shared value goes to.

use super::{Number, Outputs};

/// An [`Outputs`] seen by value: `entries[starts[k]..starts[k + 1]]` are the rows that value `k` goes to, ascending, with coefficients.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Length: values + 1.
    pub starts: Vec<u32>,
    /// Row and coefficient.
    pub entries: Vec<(u32, Number)>,
}

impl Columns {
    /// Transposes by counting: linear in the number of entries.
    pub fn of(outputs: &Outputs) -> Self {
        let n = outputs.values.len();
        let mut starts = vec![0u32; n + 1];
        for (k, _) in &outputs.entries {
            starts[*k as usize + 1] += 1;
        }
        for k in 0..n {
            starts[k + 1] += starts[k];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, Number::ZERO); outputs.entries.len()];
        for i in 0..outputs.n_rows() {
            for (k, coefficient) in outputs.row(i) {
                let position = &mut next[*k as usize];
                entries[*position as usize] = (i as u32, coefficient.clone());
                *position += 1;
            }
        }
        Columns { starts, entries }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of value `k`.
    pub fn column(&self, k: usize) -> &[(u32, Number)] {
        &self.entries[self.starts[k] as usize..self.starts[k + 1] as usize]
    }

    /// Negates columns whose first coefficient is negative; returns which.
    pub fn orient(&mut self) -> Vec<bool> {
        let turned: Vec<bool> = (0..self.len())
            .map(|k| self.column(k).first().is_some_and(|(_, c)| c.signum() < 0))
            .collect();
        for (k, _) in turned.iter().enumerate().filter(|(_, turned)| **turned) {
            let range = self.starts[k] as usize..self.starts[k + 1] as usize;
            for (_, coefficient) in &mut self.entries[range] {
                *coefficient = -&*coefficient;
            }
        }
        turned
    }
}
