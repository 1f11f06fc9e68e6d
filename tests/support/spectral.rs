//! Periodic fields on a line in Fourier modes, with right-hand sides written by hand, for the tests and benches of steppers.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use ansatz_runtime::space::steppers::{Linear, SplitEquations, Symbol};
use pulp::{Arch, Simd, WithSimd};
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Time; the values of all fields at all nodes, field after field; the same of the result.
pub type Pointwise = fn(f64, &[f64], &mut [f64]);

/// An entry of `L`: row, column, and its value as a function of the wavenumber.
pub type Entry<'a> = (usize, usize, &'a dyn Fn(f64) -> Complex<f64>);

/// `dt(u_f) = Σ_g L_fg u_g + multiplier_f · F[pointwise_f(u)]` on a periodic interval, one multiplier per mode and field.
pub struct OnLine {
    /// Number of nodes.
    pub n: usize,
    /// Modes that are stored: half of all, fewer where the others are zero.
    pub n_modes: usize,
    /// Length of the interval.
    pub length: f64,
    n_fields: usize,
    entries: Vec<(usize, usize, Symbol)>,
    pointwise: Pointwise,
    multiplier: Vec<Complex<f64>>,
    forward: Arc<dyn RealToComplex<f64>>,
    inverse: Arc<dyn ComplexToReal<f64>>,
    modes: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    nodes: Vec<f64>,
    terms: Vec<f64>,
}

impl OnLine {
    /// The functions of the wavenumber: entries of `L`, and the multiplier of every field.
    pub fn new(
        (n, n_modes, length): (usize, usize, f64),
        entries: &[Entry<'_>],
        multipliers: &[&dyn Fn(f64) -> Complex<f64>],
        pointwise: Pointwise,
    ) -> Self {
        let mut planner = RealFftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(n), planner.plan_fft_inverse(n));
        let scratch = forward.get_scratch_len().max(inverse.get_scratch_len());
        let of_modes = |f: &dyn Fn(f64) -> Complex<f64>| -> Vec<Complex<f64>> {
            (0..n_modes).map(|k| f(TAU * k as f64 / length)).collect()
        };
        let entry = |(to, from, f): &Entry<'_>| (*to, *from, Symbol::new(of_modes(*f)));
        let n_fields = multipliers.len();
        // Modes are those of u = Σ û exp(ikx).
        let scaled = |f: &&dyn Fn(f64) -> Complex<f64>| {
            of_modes(*f)
                .into_iter()
                .map(|m| m / n as f64)
                .collect::<Vec<_>>()
        };
        OnLine {
            n,
            n_modes,
            length,
            n_fields,
            entries: entries.iter().map(entry).collect(),
            pointwise,
            multiplier: multipliers.iter().flat_map(scaled).collect(),
            modes: vec![Complex::ZERO; n / 2 + 1],
            scratch: vec![Complex::ZERO; scratch],
            nodes: vec![0.0; n * n_fields],
            terms: vec![0.0; n * n_fields],
            forward,
            inverse,
        }
    }

    /// Modes of a field given by its values.
    pub fn modes_of(&mut self, f: impl Fn(f64) -> f64) -> Vec<Complex<f64>> {
        let mut values: Vec<f64> = (0..self.n)
            .map(|j| f(self.length * j as f64 / self.n as f64))
            .collect();
        self.forward
            .process_with_scratch(&mut values, &mut self.modes, &mut self.scratch)
            .expect("sizes fit");
        self.modes[..self.n_modes]
            .iter()
            .map(|mode| mode / self.n as f64)
            .collect()
    }

    /// Values of a field given by its modes.
    pub fn nodes_of(&mut self, modes: &[Complex<f64>]) -> Vec<f64> {
        let mut values = vec![0.0; self.n];
        self.inverse_transform(modes, &mut values);
        values
    }

    fn inverse_transform(&mut self, modes: &[Complex<f64>], nodes: &mut [f64]) {
        self.modes[..self.n_modes].copy_from_slice(modes);
        self.modes[self.n_modes..].fill(Complex::ZERO);
        self.modes[0].im = 0.0;
        if self.n_modes == self.modes.len() {
            self.modes[self.n_modes - 1].im = 0.0;
        }
        self.inverse
            .process_with_scratch(&mut self.modes, nodes, &mut self.scratch)
            .expect("sizes fit");
    }

    /// The transforms of one evaluation and nothing else, for comparison; between the same arrays as in an evaluation.
    pub fn transform_only(&mut self) {
        let n = self.n;
        for field in 0..self.n_fields {
            let (nodes, terms) = (
                &mut self.nodes[field * n..][..n],
                &mut self.terms[field * n..][..n],
            );
            self.modes[0].im = 0.0;
            self.modes[n / 2].im = 0.0;
            self.inverse
                .process_with_scratch(&mut self.modes, nodes, &mut self.scratch)
                .expect("sizes fit");
            self.forward
                .process_with_scratch(terms, &mut self.modes, &mut self.scratch)
                .expect("sizes fit");
        }
    }
}

impl SplitEquations for OnLine {
    fn n_fields(&self) -> usize {
        self.n_fields
    }

    fn n_modes(&self) -> usize {
        self.n_modes
    }

    fn linear(&self) -> Linear {
        Linear {
            n_fields: self.n_fields,
            n_modes: self.n_modes,
            entries: self.entries.clone(),
        }
    }

    fn weights(&self) -> Vec<f64> {
        let alone = |k: usize| k == 0 || 2 * k == self.n;
        (0..self.n_modes)
            .map(|k| if alone(k) { 1.0 } else { 2.0 })
            .collect()
    }

    fn nonlinear(&mut self, t: f64, modes: &[Complex<f64>], out: &mut [Complex<f64>]) {
        let (n, n_modes) = (self.n, self.n_modes);
        let (mut nodes, mut terms) = (
            std::mem::take(&mut self.nodes),
            std::mem::take(&mut self.terms),
        );
        for (modes, nodes) in modes.chunks_exact(n_modes).zip(nodes.chunks_exact_mut(n)) {
            self.inverse_transform(modes, nodes);
        }
        (self.pointwise)(t, &nodes, &mut terms);
        let multipliers = self.multiplier.chunks_exact(n_modes);
        for ((terms, out), multiplier) in terms
            .chunks_exact_mut(n)
            .zip(out.chunks_exact_mut(n_modes))
            .zip(multipliers)
        {
            self.forward
                .process_with_scratch(terms, &mut self.modes, &mut self.scratch)
                .expect("sizes fit");
            Arch::new().dispatch(Multiply(&self.modes, multiplier, out));
        }
        (self.nodes, self.terms) = (nodes, terms);
    }
}

/// Product of two vectors, and the third for the result.
struct Multiply<'a>(
    &'a [Complex<f64>],
    &'a [Complex<f64>],
    &'a mut [Complex<f64>],
);

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for ((out, a), b) in self.2.iter_mut().zip(self.0).zip(self.1) {
            *out = a * b;
        }
    }
}

/// Square of a vector, and the second for the result.
struct Square<'a>(&'a [f64], &'a mut [f64]);

impl WithSimd for Square<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.1
            .iter_mut()
            .zip(self.0)
            .for_each(|(out, u)| *out = u * u);
    }
}

/// A function of time and of the values of all fields at one node, applied to every node.
pub fn at_nodes<const F: usize>(
    t: f64,
    u: &[f64],
    out: &mut [f64],
    f: fn(f64, [f64; F]) -> [f64; F],
) {
    let n = u.len() / F;
    for j in 0..n {
        let values = f(t, std::array::from_fn(|field| u[field * n + j]));
        (0..F).for_each(|field| out[field * n + j] = values[field]);
    }
}

fn square(_t: f64, u: &[f64], out: &mut [f64]) {
    Arch::new().dispatch(Square(u, out));
}

/// Modes below two thirds: products of two fields then come out exact.
pub fn two_thirds(n: usize) -> usize {
    n.div_ceil(3)
}

/// Kuramoto-Sivashinsky `u_t = −u u_x − u_xx − u_xxxx` on `[0, 32π]` as Kassam and Trefethen have it, and its start.
pub fn kuramoto_sivashinsky(n: usize, n_modes: usize) -> (OnLine, Vec<Complex<f64>>) {
    let linear = |k: f64| Complex::from(k.powi(2) - k.powi(4));
    let mut line = OnLine::new(
        (n, n_modes, 32.0 * PI),
        &[(0, 0, &linear)],
        &[&|k| Complex::new(0.0, -0.5 * k)],
        square,
    );
    let start = line.modes_of(|x| (x / 16.0).cos() * (1.0 + (x / 16.0).sin()));
    (line, start)
}

/// Viscous Burgers `u_t = −u u_x + ν u_xx` on `[−1, 1]` with `u_0 = −sin πx`.
pub fn burgers(n: usize, viscosity: f64) -> (OnLine, Vec<Complex<f64>>) {
    let linear = |k: f64| Complex::from(-viscosity * k * k);
    let mut line = OnLine::new(
        (n, two_thirds(n), 2.0),
        &[(0, 0, &linear)],
        &[&|k| Complex::new(0.0, -0.5 * k)],
        square,
    );
    let start = line.modes_of(|x| (PI * x).sin());
    (line, start)
}

/// Korteweg-de Vries `u_t = −6 u u_x − u_xxx` on `[−40, 40]`; starts from two solitons, as given.
pub fn korteweg_de_vries(n: usize, start: impl Fn(f64) -> f64) -> (OnLine, Vec<Complex<f64>>) {
    let linear = |k: f64| Complex::new(0.0, k.powi(3));
    let mut line = OnLine::new(
        (n, two_thirds(n), 80.0),
        &[(0, 0, &linear)],
        &[&|k| Complex::new(0.0, -3.0 * k)],
        square,
    );
    let start = line.modes_of(|x| start(x - 40.0));
    (line, start)
}

/// Two solitons of Korteweg-de Vries by Hirota, `u = 2 (log F)_xx`, of wavenumbers 0.8 and 1.2.
pub fn two_solitons(t: f64, x: f64) -> f64 {
    let (k, at): ([f64; 2], [f64; 2]) = ([0.8, 1.2], [-12.0, -20.0]);
    let coupling = ((k[0] - k[1]) / (k[0] + k[1])).powi(2);
    let e: [f64; 2] = std::array::from_fn(|i| (k[i] * (x - at[i] - k[i] * k[i] * t)).exp());
    let f = 1.0 + e[0] + e[1] + coupling * e[0] * e[1];
    let f_x = k[0] * e[0] + k[1] * e[1] + coupling * (k[0] + k[1]) * e[0] * e[1];
    let f_xx =
        k[0] * k[0] * e[0] + k[1] * k[1] * e[1] + coupling * (k[0] + k[1]).powi(2) * e[0] * e[1];
    2.0 * (f_xx / f - (f_x / f).powi(2))
}

/// Allen-Cahn `u_t = ε² u_xx + u − u³` on `[−1, 1]`.
pub fn allen_cahn(n: usize, epsilon: f64) -> (OnLine, Vec<Complex<f64>>) {
    let linear = |k: f64| Complex::from(1.0 - (epsilon * k).powi(2));
    let mut line = OnLine::new(
        (n, n / 2, 2.0),
        &[(0, 0, &linear)],
        &[&|_| Complex::from(-1.0)],
        |t, u, out| at_nodes(t, u, out, |_, [u]| [u.powi(3)]),
    );
    let start = line.modes_of(|x| 0.5 * (PI * x).sin() + 0.2 * (2.0 * PI * x).cos());
    (line, start)
}
