//! From compiled space programs to what an executor keeps: sweeps, tables of multipliers, faces, places of arrays.

use ansatz_compiler::codegen::row::{RowKernel, RowSource, Stencil};
use ansatz_compiler::program::space::{FaceCode, MeanCode, SpaceCode, StepCode};
use ansatz_compiler::system::space::program::{ArrayId, ArrayKind, Cut};

use super::bank::Place;
use super::chebyshev::Differentiation;
use super::closing::Face;
use super::elliptic::Elliptic;
use super::field::Ghosts;
use super::flux::FluxSweep;
use super::layout::Layout;
use super::modes::{Factors, frequencies};
use super::steps::{Constant, Prepared};
use super::sweep::Sweep;
use super::transform::Transform;

/// A program and the numbers it is prepared for.
pub(super) struct Preparation<'a> {
    pub(super) code: &'a SpaceCode,
    /// Those of the model, then constants.
    pub(super) parameters: &'a [f64],
    pub(super) layout: &'a Layout,
}

impl Preparation<'_> {
    pub(super) fn transformed(&self) -> [bool; 3] {
        let mut transformed = [false; 3];
        for (axis, transformed) in self.code.axes.iter().zip(&mut transformed) {
            *transformed = axis.transformed;
        }
        transformed
    }

    /// The transform, if the program has modes.
    pub(super) fn transform(&self) -> Option<Transform> {
        let has_modes = self.code.arrays.contains(&ArrayKind::Modes);
        has_modes.then(|| {
            let (shape, transformed) = (self.layout.shape, self.transformed());
            let half = transformed.iter().position(|&is| is).unwrap_or(0);
            let n = shape.n[half];
            let is_stored = |m: &usize| kept(&self.code.keep, *m as f64, n) != 0.0;
            let n_stored = (0..=n / 2).filter(is_stored).count();
            Transform::truncated(shape, transformed, n_stored)
        })
    }

    pub(super) fn faces(&self) -> Vec<(usize, Face)> {
        let face = |face: &FaceCode| {
            let kind = self.code.axes[face.axis].nodes;
            (
                index(face.array),
                Face::new(face, kind, self.layout, self.parameters),
            )
        };
        self.code.faces.iter().map(face).collect()
    }

    /// By array: room for the ghosts of its faces.
    pub(super) fn ghosts(&self, faces: &[(usize, Face)]) -> Vec<Option<Ghosts>> {
        let ghosts = (0..self.code.arrays.len()).map(|array| {
            let mut depth = [[0; 2]; 3];
            for (_, face) in faces.iter().filter(|(a, _)| *a == array) {
                for (most, n) in depth[face.axis].iter_mut().zip(face.depth()) {
                    *most = n.max(*most);
                }
            }
            (depth != [[0; 2]; 3]).then(|| Ghosts::new(self.layout.shape, depth))
        });
        ghosts.collect()
    }

    /// By array: where it is, if it is of this kind.
    pub(super) fn places(&self, kind: ArrayKind, fixed_inputs: &[(usize, usize)]) -> Vec<Place> {
        let code = self.code;
        let written: Vec<usize> = code.steps.iter().flat_map(written).collect();
        let place = |(array, &of): (usize, &ArrayKind)| {
            let is_fixed = fixed_inputs.iter().any(|&(_, fixed)| fixed == array);
            if of != kind || is_fixed {
                return Place::Owned;
            }
            let input = code.inputs.iter().position(|&id| index(id) == array);
            let output = code.outputs.iter().position(|&id| index(id) == array);
            match (input, output) {
                (Some(i), _) => Place::Input(i),
                (None, Some(i)) if written.contains(&array) => Place::Output(i),
                (None, _) => Place::Owned,
            }
        };
        code.arrays.iter().enumerate().map(place).collect()
    }

    /// Outputs that are computed elsewhere: array and position.
    pub(super) fn copies(&self, nodes: &[Place], modes: &[Place]) -> Vec<(usize, usize)> {
        let outputs = self.code.outputs.iter().map(|&id| index(id)).enumerate();
        let elsewhere = outputs.filter(|&(i, array)| {
            let place = match self.code.arrays[array] {
                ArrayKind::Nodes => nodes[array],
                ArrayKind::Modes => modes[array],
            };
            place != Place::Output(i)
        });
        elsewhere.map(|(i, array)| (array, i)).collect()
    }

    pub(super) fn steps(&self, steps: &[StepCode], transform: Option<&Transform>) -> Vec<Prepared> {
        let mut closed = Vec::new();
        steps
            .iter()
            .map(|step| self.step(step, transform, &mut closed))
            .collect()
    }

    fn step(
        &self,
        step: &StepCode,
        transform: Option<&Transform>,
        closed: &mut Vec<usize>,
    ) -> Prepared {
        match step {
            StepCode::Pointwise {
                stencil,
                arrays,
                outputs,
            } => {
                let arrays: Vec<usize> = arrays.iter().copied().map(index).collect();
                let close = self.open_arrays(read_beyond(stencil, &arrays), closed);
                let Layout { shape, named, .. } = self.layout;
                Prepared::Pointwise {
                    sweep: Sweep::new(stencil, *shape, named, self.parameters),
                    arrays,
                    outputs: outputs.iter().copied().map(index).collect(),
                    close,
                }
            }
            &StepCode::Along {
                axis,
                from,
                to,
                order,
            } => {
                let (n, [lower, upper]) = (self.layout.shape.n, self.layout.ends[axis]);
                let stride = n[..axis].iter().product();
                Prepared::Along {
                    derivative: Differentiation::new(n[axis], upper - lower, order, stride),
                    from: index(from),
                    to: index(to),
                }
            }
            StepCode::Flux(code) => {
                let arrays: Vec<usize> = code.states.iter().copied().map(index).collect();
                Prepared::Flux {
                    sweep: FluxSweep::new(code, self.layout, self.parameters),
                    close: self.open_arrays(arrays.clone(), closed),
                    arrays,
                    outputs: code.to.iter().copied().map(index).collect(),
                }
            }
            StepCode::Solve(code) => {
                let arrays: Vec<usize> = code.arrays.iter().copied().map(index).collect();
                let Layout { shape, named, .. } = self.layout;
                let read = read_beyond(&code.residual, &arrays);
                Prepared::Solve(Box::new(Elliptic {
                    residual: Sweep::new(&code.residual, *shape, named, self.parameters),
                    // Later steps make the ghosts of the solution.
                    close: self.open_arrays(read, &mut closed.clone()),
                    arrays,
                    to: index(code.to),
                    reach: code.reach,
                    mean: code
                        .mean
                        .as_ref()
                        .map(|mean| mean.evaluator(self.parameters)),
                    iteration: None,
                    solver: None,
                }))
            }
            &StepCode::Forward { from, to } => Prepared::Forward {
                from: index(from),
                to: index(to),
            },
            &StepCode::Inverse { from, to } => Prepared::Inverse {
                from: index(from),
                to: index(to),
            },
            StepCode::Diagonal {
                arrays,
                multipliers,
                to,
                keep,
                mean,
            } => Prepared::Diagonal {
                arrays: arrays.iter().copied().map(index).collect(),
                factors: {
                    let transform = transform.expect("programs with modes have a transform");
                    self.factors(
                        multipliers,
                        keep,
                        transform,
                        matches!(mean, MeanCode::Set(_)),
                    )
                },
                to: index(*to),
                mean: match mean {
                    MeanCode::Computed => Constant::Computed,
                    MeanCode::Raised(kernel) => Constant::Raised(kernel.evaluator(self.parameters)),
                    MeanCode::Set(kernel) => Constant::Set(kernel.evaluator(self.parameters)),
                },
            },
            &StepCode::Reduce { from, kind, to } => Prepared::Reduce {
                from: index(from),
                kind,
                to,
            },
        }
    }

    /// Those of the arrays and of what their faces read whose ghosts have not been made; they are marked as closed.
    fn open_arrays(&self, mut open: Vec<usize>, closed: &mut Vec<usize>) -> Vec<usize> {
        let mut i = 0;
        while i < open.len() {
            let faces = self
                .code
                .faces
                .iter()
                .filter(|face| index(face.array) == open[i]);
            let read = faces.flat_map(|face| face.reads.iter().map(|&(array, _)| index(array)));
            let new: Vec<usize> = read.filter(|array| !open.contains(array)).collect();
            open.extend(new);
            i += 1;
        }
        let has_faces = |array: &usize| {
            self.code
                .faces
                .iter()
                .any(|face| index(face.array) == *array)
        };
        open.retain(|array| has_faces(array) && !closed.contains(array));
        open.sort_unstable();
        open.dedup();
        closed.extend(&open);
        open
    }

    /// Tables of multipliers over all modes, zero where modes are cut.
    pub(super) fn factors(
        &self,
        multipliers: &RowKernel,
        keep: &Cut,
        transform: &Transform,
        skip_constant: bool,
    ) -> Vec<Factors> {
        if multipliers.n_outputs() == 0 {
            return Vec::new();
        }
        let shape = self.layout.shape;
        let frequencies = frequencies(transform, shape, self.transformed());
        let n = transform.n_modes();
        let unit = |axis: usize| {
            let [from, to] = self.layout.ends[axis];
            std::f64::consts::TAU / (to - from)
        };
        let is_nyquist = |axis: usize, m: f64| m != 0.0 && 2.0 * m == shape.n[axis] as f64;
        let nyquist_axes: Vec<usize> = (0..self.code.axes.len())
            .filter(|&axis| self.code.axes[axis].transformed && shape.n[axis].is_multiple_of(2))
            .collect();
        let mut sums = vec![vec![0.0; n]; multipliers.n_outputs()];
        let mut values = sums.clone();
        let n_signs = 1 << nyquist_axes.len();
        for signs in 0..n_signs {
            let wavenumbers: Vec<Vec<f64>> = (0..self.code.axes.len())
                .map(|axis| {
                    let place = nyquist_axes.iter().position(|&a| a == axis);
                    let flips = place.is_some_and(|place| signs >> place & 1 == 1);
                    let wavenumber = |&m: &f64| {
                        let m = if flips && is_nyquist(axis, m) { -m } else { m };
                        m * unit(axis)
                    };
                    frequencies[axis].iter().map(wavenumber).collect()
                })
                .collect();
            let rows: Vec<&[f64]> = wavenumbers.iter().map(|row| &row[..]).collect();
            let mut out: Vec<&mut [f64]> = values.iter_mut().map(|out| &mut out[..]).collect();
            let rows = &rows[..multipliers.n_rows()];
            multipliers.evaluator(self.parameters).run(rows, &mut out);
            for (sums, values) in sums.iter_mut().zip(&values) {
                let terms = sums.iter_mut().zip(values);
                terms.for_each(|(sum, value)| *sum += value / f64::from(n_signs));
            }
        }
        for mode in 0..n {
            let kept = (0..3)
                .filter(|&axis| self.transformed()[axis])
                .map(|axis| kept(keep, frequencies[axis][mode], shape.n[axis]))
                .product::<f64>();
            let skipped = skip_constant && frequencies.iter().all(|m| m[mode] == 0.0);
            for sums in &mut sums {
                // A multiplier may be undefined where it is not kept.
                sums[mode] = if skipped || kept == 0.0 {
                    0.0
                } else {
                    sums[mode] * kept
                };
            }
        }
        let mut parts = sums.into_iter();
        let mut factors = Vec::new();
        while let (Some(re), Some(im)) = (parts.next(), parts.next()) {
            factors.push(Factors::new(re, im));
        }
        factors
    }
}

/// How much of the modes of frequency m along an axis of n nodes is kept.
pub(super) fn kept(keep: &Cut, m: f64, n: usize) -> f64 {
    let relative = m.abs() / (n as f64 / 2.0);
    match keep {
        Cut::All => 1.0,
        Cut::Fraction(fraction) if relative < fraction.to_f64() => 1.0,
        Cut::Fraction(_) => 0.0,
        Cut::Filter { order } => (-36.0 * relative.powi(*order as i32)).exp(),
    }
}

/// Arrays read at neighbours.
fn read_beyond(stencil: &Stencil, arrays: &[usize]) -> Vec<usize> {
    let along = stencil.kernel.margin() != (0, 0);
    let mut read = Vec::new();
    for row in &stencil.rows {
        if let RowSource::Array { array, offset } = *row
            && (along || offset != [0, 0])
        {
            read.push(arrays[array as usize]);
        }
    }
    read
}

/// Arrays that a step writes.
fn written(step: &StepCode) -> Vec<usize> {
    match step {
        StepCode::Pointwise { outputs, .. } => outputs.iter().copied().map(index).collect(),
        StepCode::Flux(code) => code.to.iter().copied().map(index).collect(),
        StepCode::Solve(code) => vec![index(code.to)],
        StepCode::Along { to, .. }
        | StepCode::Forward { to, .. }
        | StepCode::Inverse { to, .. }
        | StepCode::Diagonal { to, .. } => {
            vec![index(*to)]
        }
        StepCode::Reduce { .. } => Vec::new(),
    }
}

fn index(array: ArrayId) -> usize {
    array.0 as usize
}
