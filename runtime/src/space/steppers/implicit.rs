//! The inverse of `1 − γL`, mode by mode: an implicit step of the linear part alone, and what preconditions Newton's linear systems of
//! equations whose stiff part is `L`.

use super::coefficients::{Group, GroupWeights, WeighModes, combine, groups};
use super::equations::Linear;
use super::number::Number;
use rustfft::num_complex::Complex;

/// `(1 − γL)⁻¹` for one `γ` at a time.
pub struct ImplicitPart {
    groups: Vec<Group>,
    weights: Vec<GroupWeights>,
}

struct Inverse;

impl WeighModes for Inverse {
    fn n_weights(&self) -> usize {
        1
    }

    fn weigh<T: Number>(
        &self,
        n_modes: usize,
        _h: f64,
        z: impl Fn(usize) -> T,
        mut put: impl FnMut(usize, &[T]),
    ) {
        for mode in 0..n_modes {
            put(mode, &[T::real(1.0).plus(z(mode).scaled(-1.0)).inverse()]);
        }
    }
}

impl ImplicitPart {
    /// Of this linear part; the identity until [`ImplicitPart::set_up`].
    pub fn new(linear: &Linear) -> Self {
        let mut part = ImplicitPart {
            groups: groups(linear),
            weights: Vec::new(),
        };
        part.set_up(0.0);
        part
    }

    /// Takes another `γ`.
    pub fn set_up(&mut self, gamma: f64) {
        self.weights = self
            .groups
            .iter()
            .map(|group| group.weights(&Inverse, gamma, &mut Vec::new()))
            .collect();
    }

    /// `out = (1 − γL)⁻¹ b`, in modes, field after field.
    pub fn solve(&self, b: &[Complex<f64>], out: &mut [Complex<f64>]) {
        combine(&self.groups, &self.weights, std::iter::once((0, b)), out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::equations::Symbol;
    use super::*;

    #[test]
    fn it_solves_coupled_and_single_fields() {
        let entry = |row, column, values: [f64; 2]| (row, column, Symbol::Real(values.to_vec()));
        let linear = Linear {
            n_fields: 3,
            n_modes: 2,
            entries: vec![
                entry(0, 0, [-1.0, -4.0]),
                entry(0, 1, [2.0, 2.0]),
                entry(1, 0, [-3.0, 5.0]),
                (2, 2, Symbol::Complex(vec![Complex::I, -Complex::I])),
            ],
        };
        let b: Vec<Complex<f64>> = (0..6)
            .map(|i| Complex::new(1.0 + f64::from(i), 0.5))
            .collect();
        let gamma = 0.3;
        let mut part = ImplicitPart::new(&linear);
        let mut x = vec![Complex::ZERO; 6];
        part.solve(&b, &mut x);
        assert_eq!(x, b);
        part.set_up(gamma);
        part.solve(&b, &mut x);
        for field in 0..3 {
            for mode in 0..2 {
                let of_field = linear.entries.iter().filter(|(row, ..)| *row == field);
                let product: Complex<f64> = of_field
                    .map(|(_, from, symbol)| symbol.at(mode) * x[2 * from + mode])
                    .sum();
                let residual = x[2 * field + mode] - gamma * product - b[2 * field + mode];
                assert!(residual.norm() < 1e-14, "field {field}, mode {mode}");
            }
        }
    }
}
