//! What a stepper may know of split equations: sizes, symbols of the linear part, the rest.

use rustfft::num_complex::Complex;

/// `du/dt = L u + N(t, u)` in modes. States are field after field, `n_modes` values each.
pub trait SplitEquations {
    /// Number of fields.
    fn n_fields(&self) -> usize;
    /// Modes per field; of a half-complex layout only those that are stored.
    fn n_modes(&self) -> usize;
    /// The linear part. The same over a run.
    fn linear(&self) -> Linear;
    /// Factors, one per mode, with which `Σ weight·|û|²` is the mean square of the field over space: a stored mode that stands for its
    /// complex conjugate too has twice the weight.
    fn weights(&self) -> Vec<f64>;
    /// Takes away what no real field has: modes that are stored beside their complex conjugates may drift apart by rounding, and where `L` makes
    /// waves grow the difference, which `N` does not see, grows without bound.
    fn make_real(&self, _modes: &mut [Complex<f64>]) {}
    /// `out = N(t, modes)`; both of length `n_fields·n_modes`.
    fn nonlinear(&mut self, t: f64, modes: &[Complex<f64>], out: &mut [Complex<f64>]);
}

/// A linear part that couples no two modes: of every mode, a matrix of fields by fields.
#[derive(Debug, Clone)]
pub struct Linear {
    /// Number of fields.
    pub n_fields: usize,
    /// Modes per field.
    pub n_modes: usize,
    /// The entries that are not zero: row, column, and their values over the modes.
    pub entries: Vec<(usize, usize, Symbol)>,
}

/// Values over the modes.
#[derive(Debug, Clone, PartialEq)]
pub enum Symbol {
    /// Real ones, as derivatives of even order have.
    Real(Vec<f64>),
    /// Complex ones.
    Complex(Vec<Complex<f64>>),
}

impl Symbol {
    /// The values, stored as real ones if they are.
    pub fn new(values: Vec<Complex<f64>>) -> Self {
        if values.iter().all(|value| value.im == 0.0) {
            Symbol::Real(values.iter().map(|value| value.re).collect())
        } else {
            Symbol::Complex(values)
        }
    }

    /// The value of a mode.
    pub fn at(&self, mode: usize) -> Complex<f64> {
        match self {
            Symbol::Real(values) => values[mode].into(),
            Symbol::Complex(values) => values[mode],
        }
    }

    /// Whether all values are zero.
    pub fn is_zero(&self) -> bool {
        match self {
            Symbol::Real(values) => values.iter().all(|&value| value == 0.0),
            Symbol::Complex(values) => values.iter().all(|&value| value == Complex::ZERO),
        }
    }
}

impl Linear {
    /// The fields that depend on each other through the linear part, group by group.
    pub fn groups(&self) -> Vec<Vec<usize>> {
        let mut group: Vec<usize> = (0..self.n_fields).collect();
        for (row, column, symbol) in &self.entries {
            let (a, b) = (group[*row], group[*column]);
            if a != b && !symbol.is_zero() {
                group.iter_mut().filter(|g| **g == b).for_each(|g| *g = a);
            }
        }
        let members = |first| (0..self.n_fields).filter(|&f| group[f] == first).collect();
        let groups = (0..self.n_fields).map(members);
        groups
            .filter(|group: &Vec<usize>| !group.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_grouped_by_coupling() {
        let entry = |row, column, value| (row, column, Symbol::Real(vec![value, value]));
        let linear = Linear {
            n_fields: 4,
            n_modes: 2,
            entries: vec![entry(0, 0, 1.0), entry(0, 3, 2.0), entry(1, 2, 0.0)],
        };
        assert_eq!(linear.groups(), [vec![0, 3], vec![1], vec![2]]);
    }
}
