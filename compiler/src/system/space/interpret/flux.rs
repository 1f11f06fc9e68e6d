//! WENO5 reconstruction and numerical fluxes.

use super::interpreter::Interpreter;
use crate::system::space::program::{Flux, NumericalFlux};
use crate::terms::Term;

impl Interpreter<'_> {
    pub(super) fn flux(&mut self, flux: &Flux) {
        let h = self.scalar(self.axes()[flux.axis].spacing);
        let mut results = vec![Vec::new(); flux.to.len()];
        for place in self.places() {
            let upper = self.face_flux(flux, place);
            let mut before = place;
            before[flux.axis] -= 1;
            let lower = self.face_flux(flux, before);
            for (result, (a, b)) in results.iter_mut().zip(upper.iter().zip(lower)) {
                result.push(-(a - b) / h);
            }
        }
        for (array, result) in flux.to.iter().zip(results) {
            self.set_nodes(*array, result);
        }
    }

    /// The numerical flux at the upper face of a cell.
    fn face_flux(&self, flux: &Flux, place: [i64; 3]) -> Vec<f64> {
        let mut position = place.map(|i| i as f64);
        position[flux.axis] += 0.5;
        let mut sides = [self.symbols.clone(), self.symbols.clone()];
        for symbols in &mut sides {
            self.stand_at(symbols, position);
        }
        for state in &flux.states {
            let near = |d: i64| {
                let mut at = place;
                at[flux.axis] += d;
                self.value(state.array, at)
            };
            let from_below = [-2, -1, 0, 1, 2].map(near);
            let from_above = [3, 2, 1, 0, -1].map(near);
            sides[0][state.symbol.0 as usize] = weno5(from_below);
            sides[1][state.symbol.0 as usize] = weno5(from_above);
        }
        let terms: Vec<Term> = flux
            .flux
            .iter()
            .copied()
            .chain([flux.speeds.0, flux.speeds.1])
            .collect();
        let [left, right] = [0, 1].map(|side| self.pool.eval(&terms, &sides[side]));
        let n = flux.flux.len();
        let (slow, fast) = (left[n].min(right[n]), left[n + 1].max(right[n + 1]));
        let of = |s: usize| {
            let symbol = flux.states[flux.conserved[s]].symbol.0 as usize;
            let jump = sides[1][symbol] - sides[0][symbol];
            match flux.kind {
                NumericalFlux::LaxFriedrichs => {
                    let speed = slow.abs().max(fast.abs());
                    0.5 * (left[s] + right[s] - speed * jump)
                }
                NumericalFlux::Hll if slow >= 0.0 => left[s],
                NumericalFlux::Hll if fast <= 0.0 => right[s],
                NumericalFlux::Hll => {
                    (fast * left[s] - slow * right[s] + slow * fast * jump) / (fast - slow)
                }
            }
        };
        (0..n).map(of).collect()
    }
}

/// The value at the face beyond `v[2]` on the side of `v[3]`, from cell averages. Jiang and Shu (1996), ε = 1e-6.
pub(super) fn weno5(v: [f64; 5]) -> f64 {
    const EPSILON: f64 = 1e-6;
    let [a, b, c, d, e] = v;
    let candidates = [
        (2.0 * a - 7.0 * b + 11.0 * c) / 6.0,
        (-b + 5.0 * c + 2.0 * d) / 6.0,
        (2.0 * c + 5.0 * d - e) / 6.0,
    ];
    let square = |x: f64| x * x;
    let smoothness = [
        13.0 / 12.0 * square(a - 2.0 * b + c) + square(a - 4.0 * b + 3.0 * c) / 4.0,
        13.0 / 12.0 * square(b - 2.0 * c + d) + square(b - d) / 4.0,
        13.0 / 12.0 * square(c - 2.0 * d + e) + square(3.0 * c - 4.0 * d + e) / 4.0,
    ];
    let weight = |i: usize| [0.1, 0.6, 0.3][i] / square(EPSILON + smoothness[i]);
    let total: f64 = (0..3).map(weight).sum();
    (0..3).map(|i| weight(i) / total * candidates[i]).sum()
}
