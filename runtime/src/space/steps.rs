//! The steps of a compiled space program, and how each runs.

use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::system::space::program::{ArrayKind, Reduction};
use smallvec::SmallVec;

use super::bank::{Bank, Taken};
use super::chebyshev::Differentiation;
use super::closing::{Face, Formula};
use super::elliptic::Elliptic;
use super::field::{Field, Ghosts};
use super::flux::FluxSweep;
use super::layout::Layout;
use super::modes::{Factors, multiply};
use super::reduce::reduce;
use super::sweep::Sweep;
use super::transform::{Complex64, Transform};

/// A step with numbers in place of terms.
pub(super) enum Prepared {
    Pointwise {
        sweep: Sweep,
        arrays: Vec<usize>,
        outputs: Vec<usize>,
        /// Arrays whose ghosts are made first.
        close: Vec<usize>,
    },
    Forward {
        from: usize,
        to: usize,
    },
    Inverse {
        from: usize,
        to: usize,
    },
    Diagonal {
        arrays: Vec<usize>,
        factors: Vec<Factors>,
        to: usize,
        mean: Constant,
    },
    Along {
        derivative: Differentiation,
        from: usize,
        to: usize,
    },
    Flux {
        sweep: FluxSweep,
        arrays: Vec<usize>,
        outputs: Vec<usize>,
        /// Arrays whose ghosts are made first.
        close: Vec<usize>,
    },
    Solve(Box<Elliptic>),
    Reduce {
        from: usize,
        kind: Reduction,
        to: usize,
    },
}

/// What becomes of the constant mode.
pub(super) enum Constant {
    Computed,
    Raised(Evaluator),
    Set(Evaluator),
}

/// One run.
pub(super) struct Run<'a> {
    pub(super) nodes: Bank<'a, f64>,
    pub(super) modes: Bank<'a, Complex64>,
    pub(super) kinds: &'a [ArrayKind],
    pub(super) ghosts: &'a mut [Option<Ghosts>],
    pub(super) faces: &'a mut [(usize, Face)],
    pub(super) scalars: &'a mut [f64],
    pub(super) n_supplied: usize,
    pub(super) layout: &'a Layout,
    pub(super) transform: Option<&'a mut Transform>,
}

impl Run<'_> {
    pub(super) fn step(&mut self, step: &mut Prepared) {
        match step {
            Prepared::Pointwise {
                sweep,
                arrays,
                outputs,
                close,
            } => {
                self.sweep(close, arrays, outputs, |scalars, fields, out| {
                    sweep.run(scalars, fields, out);
                });
            }
            Prepared::Along {
                derivative,
                from,
                to,
            } => {
                let mut target = self.nodes.take(*to);
                derivative.run(self.nodes.get(*from), target.values());
                for (_, face) in self.faces.iter_mut().filter(|(array, _)| array == to) {
                    let field = |i: usize| Field::from(self.nodes.get(i));
                    face.compute(Formula::Node, self.scalars, field, [[0; 2]; 3]);
                    face.write_nodes(target.values());
                }
                self.nodes.put(*to, target);
            }
            Prepared::Flux {
                sweep,
                arrays,
                outputs,
                close,
            } => {
                self.sweep(close, arrays, outputs, |scalars, fields, out| {
                    sweep.run(scalars, fields, out);
                });
            }
            &mut Prepared::Forward { from, to } => {
                let mut target = self.modes.take(to);
                let transform = self.transform.as_deref_mut();
                let transform = transform.expect("programs with modes have a transform");
                transform.forward(self.nodes.get(from), target.values());
                self.modes.put(to, target);
            }
            &mut Prepared::Inverse { from, to } => {
                let mut target = self.nodes.take(to);
                let transform = self.transform.as_deref_mut();
                let transform = transform.expect("programs with modes have a transform");
                transform.inverse(self.modes.get(from), target.values());
                self.nodes.put(to, target);
            }
            Prepared::Solve(elliptic) => self.solve(elliptic),
            Prepared::Diagonal {
                arrays,
                factors,
                to,
                mean,
            } => self.diagonal(arrays, factors, *to, mean),
            &mut Prepared::Reduce { from, kind, to } => {
                let value = reduce(kind, self.nodes.get(from), self.layout);
                self.scalars[self.n_supplied + to] = value;
            }
        }
    }

    /// Computes arrays from arrays and scalars, after making the ghosts of those to be closed.
    fn sweep(
        &mut self,
        close: &[usize],
        arrays: &[usize],
        outputs: &[usize],
        run: impl FnOnce(&[f64], &[Field], &mut [&mut [f64]]),
    ) {
        self.close(close);
        let take = |&array: &usize| self.nodes.take(array);
        let mut targets: SmallVec<[Taken<f64>; 8]> = outputs.iter().map(take).collect();
        {
            let field = |&array: &usize| Field {
                nodes: self.nodes.get(array),
                ghosts: self.ghosts[array].as_ref(),
            };
            let fields: SmallVec<[Field; 16]> = arrays.iter().map(field).collect();
            let mut out: SmallVec<[&mut [f64]; 8]> =
                targets.iter_mut().map(Taken::values).collect();
            run(self.scalars, &fields, &mut out);
        }
        for (&array, target) in outputs.iter().zip(targets) {
            self.nodes.put(array, target);
        }
    }

    /// Makes the ghosts of arrays, axis after axis.
    pub(super) fn close(&mut self, arrays: &[usize]) {
        for axis in 0..3 {
            for (array, face) in self.faces.iter_mut() {
                if face.axis != axis || !arrays.contains(array) {
                    continue;
                }
                let depth = self.ghosts[*array]
                    .as_ref()
                    .map_or([[0; 2]; 3], |g| g.depth);
                let (nodes, ghosts) = (&self.nodes, &self.ghosts);
                let field = |array: usize| Field {
                    nodes: nodes.get(array),
                    ghosts: ghosts[array].as_ref(),
                };
                face.compute(Formula::Ghosts, self.scalars, field, depth);
                if let Some(ghosts) = &mut self.ghosts[*array] {
                    face.write_ghosts(ghosts);
                }
            }
        }
    }

    fn diagonal(&mut self, arrays: &[usize], factors: &[Factors], to: usize, mean: &mut Constant) {
        let mut target = self.modes.take(to);
        {
            let terms = factors.iter().zip(arrays);
            let terms: SmallVec<[(&Factors, &[Complex64]); 8]> = terms
                .map(|(factors, &array)| (factors, self.modes.get(array)))
                .collect();
            multiply(&terms, target.values());
        }
        let mut value = [0.0];
        let n = self.layout.shape.len() as f64;
        match mean {
            Constant::Computed => {}
            Constant::Raised(evaluator) => {
                evaluator.eval(0.0, self.scalars, &mut value);
                target.values()[0] += value[0] * n;
            }
            Constant::Set(evaluator) => {
                evaluator.eval(0.0, self.scalars, &mut value);
                target.values()[0] = Complex64::from(value[0] * n);
            }
        }
        self.modes.put(to, target);
    }
}
