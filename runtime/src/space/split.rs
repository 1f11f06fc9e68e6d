//! A split evolution at work: what the steppers of split equations ask for, from compiled programs.

use ansatz_compiler::program::space::SplitCode;

use super::execute::{Executor, with_constants};
use super::layout::{Layout, TooLarge};
use super::modes::{Factors, frequencies};
use super::prepare::{Preparation, kept};
use super::steppers::{Linear, SplitEquations, Symbol};
use super::transform::{Complex64, Transform};

/// A split with its arrays. Scalars beside time stay as they are set.
pub struct SplitExecutor {
    executor: Executor,
    linear: Linear,
    weights: Vec<f64>,
    /// Modes that are stored beside their complex conjugates, with those.
    conjugates: Vec<(u32, u32)>,
    /// How much of each mode is kept.
    kept: Vec<f64>,
    /// By mode, over the highest of the grid, the largest along any axis.
    frequencies: Vec<f64>,
    /// Those of the nonlinear program.
    scalars: Vec<f64>,
    /// Which of them is time.
    time: Option<usize>,
    /// Time as the equations see it stays below this: they jump there.
    limit: f64,
    n_fields: usize,
}

impl SplitExecutor {
    /// Allocates everything; `time` is the position of time among the scalars of the nonlinear program.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn new(
        code: &SplitCode,
        parameters: &[f64],
        time: Option<usize>,
    ) -> Result<SplitExecutor, TooLarge> {
        let mut executor = Executor::new(&code.nonlinear, parameters)?;
        let parameters = with_constants(&code.nonlinear, parameters);
        let layout = executor.layout().clone();
        let preparation = Preparation {
            code: &code.nonlinear,
            parameters: &parameters,
            layout: &layout,
        };
        let transform = executor
            .transform()
            .expect("a split program has a transform");
        let n_fields = code.nonlinear.inputs.len();
        let n_modes = transform.n_modes();
        let factors = preparation.factors(&code.multipliers, &code.keep, transform, false);
        let entries = code.entries.iter().zip(factors);
        let entries = entries.map(|(&(row, column), factors)| (row, column, symbol(factors)));
        let transformed = preparation.transformed();
        let frequencies = frequencies(transform, layout.shape, transformed);
        let kept = (0..n_modes).map(|mode| {
            let axes = (0..3).filter(|&axis| transformed[axis]);
            axes.map(|axis| kept(&code.keep, frequencies[axis][mode], layout.shape.n[axis]))
                .product()
        });
        Ok(SplitExecutor {
            kept: kept.collect(),
            frequencies: (0..n_modes)
                .map(|mode| relative_frequency(&frequencies, &layout, mode))
                .collect(),
            weights: weights(transform, &layout, &frequencies),
            conjugates: conjugates(transform, &layout, transformed),
            linear: Linear {
                n_fields,
                n_modes,
                entries: entries.collect(),
            },
            scalars: vec![0.0; code.nonlinear.scalars.len()],
            time,
            limit: f64::INFINITY,
            n_fields,
            executor,
        })
    }

    /// The grid.
    pub fn layout(&self) -> &Layout {
        self.executor.layout()
    }

    /// From now on the equations are evaluated before this time, also by a step that ends on it.
    pub fn stay_before(&mut self, time: f64) {
        self.limit = time.next_down();
    }

    /// Between nodes and the modes that are stored.
    pub fn transform(&mut self) -> &mut Transform {
        let transform = self.executor.transform();
        transform.expect("a split program has a transform")
    }

    /// How much of each mode is kept.
    pub fn kept(&self) -> &[f64] {
        &self.kept
    }

    /// Of each mode, its frequency over the highest of the grid: the largest along any axis.
    pub fn frequencies(&self) -> &[f64] {
        &self.frequencies
    }

    /// Scalars of the nonlinear program.
    pub fn scalars(&mut self) -> &mut [f64] {
        &mut self.scalars
    }

    /// Modes of fields from their nodes, field after field; modes that are not kept are cut.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn to_modes(&mut self, nodes: &[f64], modes: &mut [Complex64]) {
        let (len, n_modes) = (self.layout().shape.len(), self.linear.n_modes);
        let transform = self.executor.transform();
        let transform = transform.expect("a split program has a transform");
        let fields = nodes.chunks_exact(len).zip(modes.chunks_exact_mut(n_modes));
        for (nodes, modes) in fields {
            transform.forward(nodes, modes);
        }
        self.cut(modes);
    }

    /// Cuts the modes of fields that are not kept.
    pub fn cut(&self, modes: &mut [Complex64]) {
        for modes in modes.chunks_exact_mut(self.linear.n_modes) {
            for (mode, kept) in modes.iter_mut().zip(&self.kept) {
                *mode *= kept;
            }
        }
    }

    /// Nodes of fields from their modes, field after field.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn to_nodes(&mut self, modes: &[Complex64], nodes: &mut [f64]) {
        let (len, n_modes) = (self.layout().shape.len(), self.linear.n_modes);
        let fields = modes.chunks_exact(n_modes).zip(nodes.chunks_exact_mut(len));
        fields.for_each(|(modes, nodes)| self.transform().inverse(modes, nodes));
    }
}

impl SplitEquations for SplitExecutor {
    fn n_fields(&self) -> usize {
        self.n_fields
    }

    fn n_modes(&self) -> usize {
        self.linear.n_modes
    }

    fn linear(&self) -> Linear {
        self.linear.clone()
    }

    fn weights(&self) -> Vec<f64> {
        self.weights.clone()
    }

    fn make_real(&self, modes: &mut [Complex64]) {
        for modes in modes.chunks_exact_mut(self.linear.n_modes) {
            for &(i, j) in &self.conjugates {
                let (a, b) = (modes[i as usize], modes[j as usize]);
                let mean = (a + b.conj()) / 2.0;
                modes[i as usize] = mean;
                modes[j as usize] = mean.conj();
            }
        }
    }

    fn nonlinear(&mut self, t: f64, modes: &[Complex64], out: &mut [Complex64]) {
        if let Some(time) = self.time {
            self.scalars[time] = t.min(self.limit);
        }
        self.executor.run_modes(&self.scalars, modes, out);
    }
}

fn relative_frequency(frequencies: &[Vec<f64>; 3], layout: &Layout, mode: usize) -> f64 {
    let axes = frequencies.iter().zip(layout.shape.n);
    axes.map(|(of_modes, n)| 2.0 * of_modes[mode].abs() / n as f64)
        .fold(0.0, f64::max)
}

fn symbol(factors: Factors) -> Symbol {
    match factors {
        Factors::Real(values) => Symbol::Real(values),
        Factors::Imaginary(values) => Symbol::Complex(
            values
                .into_iter()
                .map(|im| Complex64::new(0.0, im))
                .collect(),
        ),
        Factors::Complex(values) => Symbol::Complex(values),
    }
}

/// Pairs of modes of opposite wavenumbers, of which both are stored; a mode that is its own partner is real.
fn conjugates(transform: &Transform, layout: &Layout, transformed: [bool; 3]) -> Vec<(u32, u32)> {
    let (half, n) = (transform.half_axis(), layout.shape.n);
    let axes = transform.mode_axes();
    let mut pairs = Vec::new();
    for mode in 0..transform.n_modes() {
        let (mut rest, mut stride, mut partner) = (mode, 1, 0);
        let mut is_stored = true;
        for &(axis, length) in axes {
            let i = rest % length;
            rest /= length;
            let opposite = match axis == half {
                true => {
                    is_stored &= i == 0 || 2 * i == n[axis];
                    i
                }
                false if transformed[axis] => (length - i) % length,
                false => i,
            };
            partner += stride * opposite;
            stride *= length;
        }
        if is_stored && mode <= partner {
            pairs.push((mode as u32, partner as u32));
        }
    }
    pairs
}

/// Mean square of a field from its modes: those that are stored for their complex conjugates too count twice.
fn weights(transform: &Transform, layout: &Layout, frequencies: &[Vec<f64>; 3]) -> Vec<f64> {
    let half = transform.half_axis();
    let n = layout.shape.n[half] as f64;
    let scale = (layout.shape.len() as f64).powi(-2);
    let single = |m: f64| m == 0.0 || 2.0 * m == n;
    let weight = |&m: &f64| if single(m) { scale } else { 2.0 * scale };
    frequencies[half].iter().map(weight).collect()
}
