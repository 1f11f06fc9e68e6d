//! Transforms and multipliers, by sums over all modes.

use std::f64::consts::PI;

use super::interpreter::Interpreter;
use crate::system::space::program::{ArrayId, Cut, GridAxis, Mean, Multiplier};
use crate::terms::Term;

/// Real and imaginary part.
pub type Complex = (f64, f64);

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

fn plus(a: Complex, b: Complex) -> Complex {
    (a.0 + b.0, a.1 + b.1)
}

impl Interpreter<'_> {
    /// Nodes to modes, those that are not kept set to 0.
    pub fn to_modes(&self, nodes: &[f64], keep: &Cut) -> Vec<Complex> {
        let modes = self.forward(nodes).into_iter().zip(self.places());
        modes
            .map(|(mode, place)| {
                let kept = self.kept(keep, &self.frequencies(place));
                (mode.0 * kept, mode.1 * kept)
            })
            .collect()
    }

    /// Modes to nodes.
    pub fn to_nodes(&self, modes: &[Complex]) -> Vec<f64> {
        self.inverse(modes)
    }

    /// Modes times a multiplier.
    pub fn multiplied(&self, modes: &[Complex], multiplier: &Multiplier) -> Vec<Complex> {
        let parts = [multiplier.re, multiplier.im];
        let places = self.places().into_iter().zip(modes);
        places
            .map(|(place, mode)| {
                let frequencies = self.frequencies(place);
                times(self.multipliers(&parts, &frequencies)[0], *mode)
            })
            .collect()
    }

    pub(super) fn forward(&self, nodes: &[f64]) -> Vec<Complex> {
        let mut values: Vec<Complex> = nodes.iter().map(|v| (*v, 0.0)).collect();
        for axis in self.transformed() {
            values = self.transform(&values, axis, -1.0);
        }
        values
    }

    pub(super) fn inverse(&self, modes: &[Complex]) -> Vec<f64> {
        let (mut values, mut n) = (modes.to_vec(), 1.0);
        for axis in self.transformed() {
            values = self.transform(&values, axis, 1.0);
            n *= f64::from(self.axes()[axis].points);
        }
        values.iter().map(|v| v.0 / n).collect()
    }

    fn transformed(&self) -> impl Iterator<Item = usize> + use<'_> {
        let axes = self.axes().iter().enumerate();
        axes.filter(|(_, axis)| axis.transformed).map(|(a, _)| a)
    }

    /// `Σ exp(sign·2πi·jm/n)·value[j]` along an axis.
    fn transform(&self, values: &[Complex], axis: usize, sign: f64) -> Vec<Complex> {
        let (sizes, n) = (self.sizes(), self.sizes()[axis]);
        let stride: usize = sizes[..axis].iter().product();
        let turn = |j: usize| {
            let angle = sign * 2.0 * PI * j as f64 / n as f64;
            (angle.cos(), angle.sin())
        };
        let turns: Vec<Complex> = (0..n).map(turn).collect();
        let of = |i: usize| {
            let m = i / stride % n;
            let start = i - m * stride;
            let parts = (0..n).map(|j| times(turns[j * m % n], values[start + j * stride]));
            parts.fold((0.0, 0.0), plus)
        };
        (0..values.len()).map(of).collect()
    }

    pub(super) fn diagonal(
        &self,
        terms: &[(ArrayId, Multiplier)],
        keep: &Cut,
        mean: &Mean,
    ) -> Vec<Complex> {
        let parts: Vec<Term> = terms.iter().flat_map(|(_, m)| [m.re, m.im]).collect();
        let mut out = Vec::new();
        for (i, place) in self.places().into_iter().enumerate() {
            let frequencies = self.frequencies(place);
            let kept = self.kept(keep, &frequencies);
            let mut sum = (0.0, 0.0);
            if kept != 0.0 {
                let multipliers = self.multipliers(&parts, &frequencies);
                for ((array, _), m) in terms.iter().zip(multipliers) {
                    sum = plus(sum, times(m, self.modes(*array)[i]));
                }
            }
            out.push((sum.0 * kept, sum.1 * kept));
        }
        self.set_mean(&mut out, mean);
        out
    }

    /// Along transformed axes the frequency and the largest one; else nothing.
    fn frequencies(&self, place: [i64; 3]) -> Vec<Option<(i64, f64)>> {
        let axes = self.axes().iter().zip(place);
        let of = |(axis, i): (&GridAxis, i64)| {
            let n = i64::from(axis.points);
            let m = if 2 * i > n { i - n } else { i };
            axis.transformed.then_some((m, n as f64 / 2.0))
        };
        axes.map(of).collect()
    }

    fn kept(&self, keep: &Cut, frequencies: &[Option<(i64, f64)>]) -> f64 {
        let shares = frequencies
            .iter()
            .flatten()
            .map(|(m, most)| m.abs() as f64 / most);
        match keep {
            Cut::All => 1.0,
            Cut::Fraction(fraction) => {
                let most = fraction.to_f64();
                shares
                    .map(|s| if s < most - 1e-12 { 1.0 } else { 0.0 })
                    .product()
            }
            Cut::Filter { order } => shares
                .map(|s| (-36.0 * s.powi(*order as i32)).exp())
                .product(),
        }
    }

    /// The multipliers, at Nyquist frequencies the mean over both signs.
    fn multipliers(&self, parts: &[Term], frequencies: &[Option<(i64, f64)>]) -> Vec<Complex> {
        let mut cases = vec![self.symbols.clone()];
        for (a, frequency) in frequencies.iter().enumerate() {
            let Some((m, most)) = frequency else { continue };
            let axis = &self.axes()[a];
            let ends = self.pool.eval(&[axis.from, axis.to], &self.symbols);
            let k = 2.0 * PI * *m as f64 / (ends[1] - ends[0]);
            let is_nyquist = m.abs() as f64 == *most;
            let signs: &[f64] = if is_nyquist { &[1.0, -1.0] } else { &[1.0] };
            let with = |symbols: &Vec<f64>, sign: f64| {
                let mut symbols = symbols.clone();
                symbols[axis.wavenumber.0 as usize] = sign * k;
                symbols
            };
            cases = cases
                .iter()
                .flat_map(|s| signs.iter().map(|sign| with(s, *sign)))
                .collect();
        }
        let n = cases.len() as f64;
        let mut sums = vec![0.0; parts.len()];
        for case in &cases {
            for (sum, value) in sums.iter_mut().zip(self.pool.eval(parts, case)) {
                *sum += value / n;
            }
        }
        sums.chunks(2).map(|pair| (pair[0], pair[1])).collect()
    }

    fn set_mean(&self, modes: &mut [Complex], mean: &Mean) {
        let axes = self.axes().iter().filter(|axis| axis.transformed);
        let n: f64 = axes.map(|axis| f64::from(axis.points)).product();
        for (mode, place) in modes.iter_mut().zip(self.places()) {
            if self
                .frequencies(place)
                .iter()
                .flatten()
                .any(|(m, _)| *m != 0)
            {
                continue;
            }
            match mean {
                Mean::Computed => {}
                Mean::Raised(by) => mode.0 += n * self.pool.eval(&[*by], &self.symbols)[0],
                Mean::Set(value) => *mode = (n * self.pool.eval(&[*value], &self.symbols)[0], 0.0),
            }
        }
    }
}
