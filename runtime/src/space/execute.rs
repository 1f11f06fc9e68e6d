//! Runs compiled space programs: steps in order, over arrays allocated once.

use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::program::space::{SpaceCode, StepCode};
use ansatz_compiler::system::space::program::{ArrayKind, Reduction};
use smallvec::SmallVec;

use super::bank::{Bank, Inputs, Place, Taken};
use super::chebyshev::Differentiation;
use super::closing::{Face, Formula};
use super::elliptic::Elliptic;
use super::field::{Field, Ghosts};
use super::flux::FluxSweep;
use super::layout::{Layout, TooLarge, check_memory};
use super::modes::{Factors, multiply};
use super::prepare::Preparation;
use super::reduce::reduce;
use super::sweep::Sweep;
use super::transform::{Complex64, Transform};

/// A space program with its arrays.
pub struct Executor {
    layout: Layout,
    n_modes: usize,
    /// Supplied scalars, then reductions.
    scalars: Vec<f64>,
    n_supplied: usize,
    results: Vec<usize>,
    kinds: Vec<ArrayKind>,
    node_places: Vec<Place>,
    mode_places: Vec<Place>,
    nodes: Vec<Vec<f64>>,
    modes: Vec<Vec<Complex64>>,
    /// By array.
    ghosts: Vec<Option<Ghosts>>,
    faces: Vec<(usize, Face)>,
    /// Arrays that are copied to an output at the end of a run.
    copies: Vec<(usize, usize)>,
    /// Inputs with given nodes: number of the input, array.
    fixed_inputs: Vec<(usize, usize)>,
    transform: Option<Transform>,
    steps: Vec<Prepared>,
}

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

impl Executor {
    /// Allocates everything and runs the setup; scalars beside the parameters are 0 there.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn new(code: &SpaceCode, parameters: &[f64]) -> Result<Executor, TooLarge> {
        let len: usize = code.axes.iter().map(|axis| axis.points).product();
        check_memory(len, n_arrays(code))?;
        let parameters = with_constants(code, parameters);
        let layout = Layout::new(code, &parameters);
        let preparation = Preparation {
            code,
            parameters: &parameters,
            layout: &layout,
        };
        let transform = preparation.transform();
        let faces = preparation.faces();
        let prepared = |steps: &[StepCode]| preparation.steps(steps, transform.as_ref());
        let (setup, steps) = (prepared(&code.setup), prepared(&code.steps));
        let ghosts = preparation.ghosts(&faces);
        let n_modes = transform.as_ref().map_or(0, Transform::n_modes);
        let fixed_inputs: Vec<(usize, usize)> = code
            .inputs
            .iter()
            .map(|array| array.0 as usize)
            .enumerate()
            .filter(|&(_, array)| {
                faces
                    .iter()
                    .any(|(a, face)| *a == array && face.fixes_node())
            })
            .collect();
        let places = |kind| preparation.places(kind, &fixed_inputs);
        let (node_places, mode_places) = (places(ArrayKind::Nodes), places(ArrayKind::Modes));
        let copies = preparation.copies(&node_places, &mode_places);
        let owned =
            |i: usize, kind, places: &[Place]| code.arrays[i] == kind && places[i] == Place::Owned;
        let all = 0..code.arrays.len();
        let nodes = all.clone().map(|i| {
            vec![
                0.0;
                if owned(i, ArrayKind::Nodes, &node_places) {
                    len
                } else {
                    0
                }
            ]
        });
        let modes = all.map(|i| {
            vec![
                Complex64::default();
                if owned(i, ArrayKind::Modes, &mode_places) {
                    n_modes
                } else {
                    0
                }
            ]
        });
        let mut executor = Executor {
            n_modes,
            scalars: vec![0.0; code.scalars.len() + code.n_reductions],
            n_supplied: code.scalars.len(),
            results: code.results.clone(),
            kinds: code.arrays.clone(),
            nodes: nodes.collect(),
            modes: modes.collect(),
            node_places,
            mode_places,
            copies: Vec::new(),
            ghosts,
            faces,
            fixed_inputs,
            transform,
            steps: setup,
            layout,
        };
        executor.run_steps(Inputs::new(), &mut [], Inputs::new(), &mut []);
        executor.steps = steps;
        executor.copies = copies;
        Ok(executor)
    }

    /// The grid.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of modes of an array; 0 without a transform.
    pub fn n_modes(&self) -> usize {
        self.n_modes
    }

    /// The transform of the grid, if there is one.
    pub fn transform(&mut self) -> Option<&mut Transform> {
        self.transform.as_mut()
    }

    /// Results that are scalars, as the last run left them.
    pub fn reductions(&self) -> impl Iterator<Item = f64> + '_ {
        let values = &self.scalars[self.n_supplied..];
        self.results.iter().map(|&i| values[i])
    }

    /// The node with the largest value of what a result that is a maximum was taken over, as the last run left it.
    pub fn place_of_maximum(&self, result: usize) -> Option<usize> {
        let array = self.steps.iter().find_map(|step| {
            let &Prepared::Reduce { from, to, .. } = step else {
                return None;
            };
            (to == self.results[result]).then_some(from)
        });
        let values = self.nodes[array?].iter().enumerate();
        values
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map(|(node, _)| node)
    }

    /// Runs a program from nodes to nodes; `inputs` and `outputs` hold one array behind the other. Where a node of an input is given by a condition, the output of
    /// that place is 0.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn run(&mut self, scalars: &[f64], inputs: &[f64], outputs: &mut [f64]) {
        self.run_on(scalars, [inputs, &[]], outputs);
    }

    /// The same with the inputs in two parts, the second behind the first.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn run_on(&mut self, scalars: &[f64], inputs: [&[f64]; 2], outputs: &mut [f64]) {
        let len = self.layout.shape.len();
        let inputs: Inputs<f64> = inputs
            .iter()
            .flat_map(|part| part.chunks_exact(len))
            .collect();
        self.scalars[..self.n_supplied].copy_from_slice(scalars);
        self.fix_inputs(&inputs);
        self.run_steps(inputs, outputs, Inputs::new(), &mut []);
        for &(input, array) in &self.fixed_inputs {
            let Some(output) = outputs.get_mut(input * len..(input + 1) * len) else {
                continue;
            };
            let faces = self
                .faces
                .iter()
                .filter(|(a, face)| *a == array && face.fixes_node());
            faces.for_each(|(_, face)| face.clear_nodes(output));
        }
    }

    /// From now on runs look whether the results of the last step are finite.
    ///
    /// # Panics
    /// If that is not a pointwise one.
    pub fn watch_last(&mut self) {
        self.last_sweep().watch();
    }

    /// Whether the results of the last step of the last run are finite, if it looked.
    ///
    /// # Panics
    /// If that is not a pointwise step.
    pub fn is_last_finite(&mut self) -> bool {
        self.last_sweep().is_finite()
    }

    fn last_sweep(&mut self) -> &mut Sweep {
        match self.steps.last_mut() {
            Some(Prepared::Pointwise { sweep, .. }) => sweep,
            _ => unreachable!("the last step is pointwise"),
        }
    }

    /// Runs a program from modes to modes.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn run_modes(&mut self, scalars: &[f64], inputs: &[Complex64], outputs: &mut [Complex64]) {
        self.scalars[..self.n_supplied].copy_from_slice(scalars);
        let inputs = inputs.chunks_exact(self.n_modes.max(1)).collect();
        self.run_steps(Inputs::new(), &mut [], inputs, outputs);
    }

    /// Puts the nodes that conditions give in place, in the caller's array.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn fix_nodes(&mut self, scalars: &[f64], inputs: &mut [f64]) {
        let len = self.layout.shape.len();
        self.scalars[..self.n_supplied].copy_from_slice(scalars);
        self.fix_inputs(&inputs.chunks_exact(len).collect::<Inputs<f64>>());
        for &(input, array) in &self.fixed_inputs {
            inputs[input * len..(input + 1) * len].copy_from_slice(&self.nodes[array]);
        }
    }

    /// Copies inputs that have given nodes, and sets those.
    fn fix_inputs(&mut self, inputs: &[&[f64]]) {
        for &(input, array) in &self.fixed_inputs {
            self.nodes[array].copy_from_slice(inputs[input]);
        }
        for axis in 0..3 {
            for (array, face) in &mut self.faces {
                if face.axis != axis || !face.fixes_node() {
                    continue;
                }
                let (places, nodes) = (&self.node_places, &self.nodes);
                let field = |i: usize| match places[i] {
                    Place::Input(input) => Field::from(inputs[input]),
                    Place::Output(_) | Place::Owned => Field::from(&nodes[i][..]),
                };
                face.compute(Formula::Node, &self.scalars, field, [[0; 2]; 3]);
                face.write_nodes(&mut self.nodes[*array]);
            }
        }
    }

    fn run_steps<'a>(
        &'a mut self,
        inputs: Inputs<'a, f64>,
        outputs: &'a mut [f64],
        mode_inputs: Inputs<'a, Complex64>,
        mode_outputs: &'a mut [Complex64],
    ) {
        let len = self.layout.shape.len();
        let mut run = Run {
            nodes: Bank::new(&self.node_places, &mut self.nodes, len, inputs, outputs),
            modes: Bank::new(
                &self.mode_places,
                &mut self.modes,
                self.n_modes.max(1),
                mode_inputs,
                mode_outputs,
            ),
            kinds: &self.kinds,
            ghosts: &mut self.ghosts,
            faces: &mut self.faces,
            scalars: &mut self.scalars,
            n_supplied: self.n_supplied,
            layout: &self.layout,
            transform: self.transform.as_mut(),
        };
        for step in &mut self.steps {
            run.step(step);
        }
        for &(array, output) in &self.copies {
            match run.kinds[array] {
                ArrayKind::Nodes => run.nodes.copy_out(array, output),
                ArrayKind::Modes => run.modes.copy_out(array, output),
            }
        }
    }
}

/// Parameters, then the constants of the program.
pub(super) fn with_constants(code: &SpaceCode, parameters: &[f64]) -> Vec<f64> {
    let mut values = parameters.to_vec();
    for constant in &code.constants {
        let mut value = [0.0];
        constant.evaluator(&values).eval(0.0, &[], &mut value);
        values.push(value[0]);
    }
    values
}

/// Arrays that a program takes, in numbers of nodes; modes count about as much as their nodes, transforms as two arrays.
fn n_arrays(code: &SpaceCode) -> usize {
    let transforms = if code.axes.iter().any(|axis| axis.transformed) {
        4
    } else {
        0
    };
    code.arrays.len() + transforms
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
    fn step(&mut self, step: &mut Prepared) {
        match step {
            Prepared::Pointwise {
                sweep,
                arrays,
                outputs,
                close,
            } => {
                self.close(close);
                self.sweep(arrays, outputs, |scalars, fields, out| {
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
                self.close(close);
                self.sweep(arrays, outputs, |scalars, fields, out| {
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

    /// Computes arrays from arrays and scalars.
    fn sweep(
        &mut self,
        arrays: &[usize],
        outputs: &[usize],
        run: impl FnOnce(&[f64], &[Field], &mut [&mut [f64]]),
    ) {
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
