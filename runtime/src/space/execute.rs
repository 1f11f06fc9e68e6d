//! Runs compiled space programs: steps in order, over arrays allocated once.

use ansatz_compiler::program::space::{SpaceCode, StepCode};
use ansatz_compiler::system::space::program::ArrayKind;

use super::bank::{Bank, Inputs, Place};
use super::closing::{Face, Formula};
use super::field::{Field, Ghosts};
use super::iteration;
use super::layout::{Layout, Shape, TooLarge, check_memory};
use super::prepare::Preparation;
use super::steps::{Prepared, Run};
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
    let solves = code.steps.iter().map(|step| match step {
        StepCode::Solve(_) => arrays_of_solve(code),
        StepCode::Pointwise { .. }
        | StepCode::Forward { .. }
        | StepCode::Inverse { .. }
        | StepCode::Diagonal { .. }
        | StepCode::Along { .. }
        | StepCode::Flux(_)
        | StepCode::Reduce { .. } => 0,
    });
    code.arrays.len() + transforms + solves.sum::<usize>()
}

/// Arrays that a linear equation takes: those of its cycles, or the factors of its matrix after the ordering of least fill, in values with their places.
fn arrays_of_solve(code: &SpaceCode) -> usize {
    const OF_CYCLES: usize = 16;
    let mut axes: Vec<(usize, bool)> = code.axes.iter().map(|a| (a.points, a.periodic)).collect();
    if iteration::suits(Shape::new(&axes)) {
        return OF_CYCLES;
    }
    axes.retain(|axis| axis.0 > 1);
    let n = axes.iter().map(|axis| axis.0 as f64).product::<f64>();
    let entries = match axes.len() {
        0 | 1 => 8.0,
        2 => 8.0 * n.log2(),
        _ => 8.0 * n.cbrt(),
    };
    2 * entries as usize
}
