//! Space programs with their terms compiled: what the runtime executes.

mod flux;
mod keep;
mod solve;
mod split;

use crate::codegen::row::{
    Neighbour, RowInputs, RowKernel, RowOptions, RowRead, Stencil, StencilInputs, compile_rows,
    compile_stencil,
};
use crate::codegen::{Inputs, Kernel, Tier, compile};
use crate::system::space::program::{
    ArrayId, ArrayKind, Closure, Cut, GridAxis, Mean, Multiplier, NodeKind, Read, Reduction, Side,
    SpaceProgram, Step,
};
use crate::terms::{Outputs, Pool, SymbolId, Term};

pub use flux::FluxCode;
pub use solve::SolveCode;
pub use split::{SplitCode, compile_split};

/// A compiled space program. Every kernel has as parameters those of the model, then the constants of the program; as scalars those that the caller
/// supplies beside the parameters, then the reductions; as coordinates the true ones of all axes, then the uniform ones of mapped axes.
#[derive(Clone)]
pub struct SpaceCode {
    /// The axes, the contiguous one first.
    pub axes: Vec<AxisCode>,
    /// What each array holds.
    pub arrays: Vec<ArrayKind>,
    /// Arrays that the caller supplies.
    pub inputs: Vec<ArrayId>,
    /// Arrays that are the result.
    pub outputs: Vec<ArrayId>,
    /// Scalars that the caller supplies, in order: those of the program that are no parameters.
    pub scalars: Vec<SymbolId>,
    /// Which modes matter: the others are 0 in all arrays, or become 0 before anything else uses them.
    pub keep: Cut,
    /// Number of reductions.
    pub n_reductions: usize,
    /// Reductions that are the result, by number.
    pub results: Vec<usize>,
    /// Constants, each from the parameters and the constants before.
    pub constants: Vec<Kernel>,
    /// `from` and `to` of every axis, from parameters and constants.
    pub ends: Kernel,
    /// Formulas beyond the faces.
    pub faces: Vec<FaceCode>,
    /// Run once.
    pub setup: Vec<StepCode>,
    /// Run every time.
    pub steps: Vec<StepCode>,
}

/// One axis.
#[derive(Clone)]
pub struct AxisCode {
    /// Number of nodes.
    pub points: usize,
    /// Where they stand.
    pub nodes: NodeKind,
    /// Whether the last is a neighbour of the first.
    pub periodic: bool,
    /// Whether transforms run along it.
    pub transformed: bool,
    /// The true coordinate from the uniform one, the only row.
    pub map: Option<RowKernel>,
}

/// The closure of an array at one face. Reads are the first rows of a kernel. Along the first axis kernels run over all rows at once: coordinates of the
/// other axes are the next rows, those of the first are fixed. Along the others they run over a row: coordinates of the first axis
/// are the next rows, the others are fixed.
#[derive(Clone)]
pub struct FaceCode {
    /// Of which array.
    pub array: ArrayId,
    /// The axis that ends.
    pub axis: usize,
    /// Which end.
    pub side: Side,
    /// Array and offset along the axis from the node next to the face, in the direction of the index.
    pub reads: Vec<(ArrayId, i8)>,
    /// The node next to the face, when it is given.
    pub node: Option<RowKernel>,
    /// Ghosts, nearest first.
    pub ghosts: RowKernel,
}

/// A compiled step.
#[derive(Clone)]
pub enum StepCode {
    /// At every node.
    Pointwise {
        /// Its arrays are positions in `arrays`.
        stencil: Stencil,
        /// What is read.
        arrays: Vec<ArrayId>,
        /// What is computed.
        outputs: Vec<ArrayId>,
    },
    /// Nodes to modes.
    Forward {
        /// Nodes.
        from: ArrayId,
        /// Modes.
        to: ArrayId,
    },
    /// Modes to nodes.
    Inverse {
        /// Modes.
        from: ArrayId,
        /// Nodes.
        to: ArrayId,
    },
    /// A sum of modes times multipliers.
    Diagonal {
        /// What is summed.
        arrays: Vec<ArrayId>,
        /// Real and imaginary part of the multiplier of each.
        multipliers: RowKernel,
        /// Modes.
        to: ArrayId,
        /// Which modes are kept.
        keep: Cut,
        /// What becomes of the constant mode.
        mean: MeanCode,
    },
    /// A derivative along an axis of Lobatto points.
    Along {
        /// The axis.
        axis: usize,
        /// Nodes.
        from: ArrayId,
        /// Nodes.
        to: ArrayId,
        /// How often to differentiate.
        order: u32,
    },
    /// Fluxes through cell faces.
    Flux(FluxCode),
    /// A linear equation for an array.
    Solve(SolveCode),
    /// A scalar from an array.
    Reduce {
        /// Nodes.
        from: ArrayId,
        /// How.
        kind: Reduction,
        /// Number of the reduction.
        to: usize,
    },
}

/// The constant mode; kernels compute a mean over nodes, with scalars as states.
#[derive(Clone)]
pub enum MeanCode {
    /// As the multipliers say.
    Computed,
    /// Plus this.
    Raised(Kernel),
    /// This.
    Set(Kernel),
}

impl SpaceCode {
    /// Whether its results are the same over a run: no step reads an input or a scalar that the caller supplies.
    pub fn is_constant(&self) -> bool {
        let reads_input = |step: &StepCode| match step {
            StepCode::Pointwise { arrays, .. }
            | StepCode::Diagonal { arrays, .. }
            | StepCode::Solve(SolveCode { arrays, .. })
            | StepCode::Flux(FluxCode { states: arrays, .. }) => {
                arrays.iter().any(|array| self.inputs.contains(array))
            }
            StepCode::Forward { from, .. }
            | StepCode::Inverse { from, .. }
            | StepCode::Along { from, .. }
            | StepCode::Reduce { from, .. } => self.inputs.contains(from),
        };
        self.scalars.is_empty() && !self.steps.iter().any(reads_input)
    }
}

/// A step that the runtime cannot execute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("steps of this kind cannot be executed yet: {kind}")]
pub struct Unsupported {
    /// Which.
    pub kind: &'static str,
}

/// Compiles a program whose scalars include these parameters.
///
/// # Errors
/// If it has a step that cannot be executed.
pub fn compile_space(
    pool: &Pool,
    program: &SpaceProgram,
    parameters: &[SymbolId],
    options: RowOptions,
) -> Result<SpaceCode, Unsupported> {
    let reductions = program.setup.iter().chain(&program.steps);
    let reductions: Vec<SymbolId> = reductions.filter_map(reduction).collect();
    let is_parameter = |symbol: &SymbolId| parameters.contains(symbol);
    let scalars: Vec<SymbolId> = program
        .scalars
        .iter()
        .copied()
        .filter(|symbol| !is_parameter(symbol))
        .collect();
    let constants = program.constants.iter().map(|(symbol, _)| *symbol);
    let compiler = Compiler {
        pool,
        program,
        parameters: parameters.iter().copied().chain(constants).collect(),
        scalars: [&scalars[..], &reductions].concat(),
        n_supplied: scalars.len(),
        options,
    };
    let results = program
        .reductions
        .iter()
        .map(|&symbol| compiler.reduction(symbol));
    Ok(SpaceCode {
        axes: program
            .grid
            .axes
            .iter()
            .map(|axis| compiler.axis(axis))
            .collect(),
        arrays: program.arrays.clone(),
        inputs: program.inputs.clone(),
        outputs: program.outputs.clone(),
        results: results.collect(),
        keep: keep::keep(program, &Cut::All),
        n_reductions: reductions.len(),
        constants: compiler.constants(parameters.len()),
        ends: compiler.ends(),
        faces: program
            .closures
            .iter()
            .map(|closure| compiler.face(closure))
            .collect(),
        setup: compiler.steps(&program.setup)?,
        steps: compiler.steps(&program.steps)?,
        scalars,
    })
}

fn reduction(step: &Step) -> Option<SymbolId> {
    match step {
        Step::Reduce { to, .. } => Some(*to),
        Step::Pointwise { .. }
        | Step::Forward { .. }
        | Step::Inverse { .. }
        | Step::Diagonal { .. }
        | Step::Along { .. }
        | Step::Flux(_)
        | Step::Solve(_) => None,
    }
}

struct Compiler<'a> {
    pool: &'a Pool,
    program: &'a SpaceProgram,
    /// Parameters, then constants.
    parameters: Vec<SymbolId>,
    /// Supplied scalars, then reductions.
    scalars: Vec<SymbolId>,
    n_supplied: usize,
    options: RowOptions,
}

impl Compiler<'_> {
    fn reduction(&self, symbol: SymbolId) -> usize {
        let place = self.scalars[self.n_supplied..]
            .iter()
            .position(|&s| s == symbol);
        place.expect("reductions are made by a step")
    }

    fn constants(&self, n_parameters: usize) -> Vec<Kernel> {
        let constants = self.program.constants.iter().enumerate();
        let compile = |(i, &(_, value))| self.scalar(&[value], n_parameters + i, &[]);
        constants.map(compile).collect()
    }

    fn ends(&self) -> Kernel {
        let axes = self.program.grid.axes.iter();
        let ends: Vec<Term> = axes.flat_map(|axis| [axis.from, axis.to]).collect();
        self.scalar(&ends, self.parameters.len(), &[])
    }

    /// From the first so many parameters, with states.
    fn scalar(&self, outputs: &[Term], n_parameters: usize, states: &[SymbolId]) -> Kernel {
        let inputs = Inputs {
            parameters: self.parameters[..n_parameters].to_vec(),
            states: states.to_vec(),
            ..Inputs::default()
        };
        compile(
            self.pool,
            &Outputs::of_terms(outputs),
            &inputs,
            Tier::Tables,
        )
    }

    fn axis(&self, axis: &GridAxis) -> AxisCode {
        AxisCode {
            points: axis.points as usize,
            nodes: axis.nodes,
            periodic: axis.is_periodic(),
            transformed: axis.transformed,
            map: axis
                .map
                .map(|(uniform, term)| self.rows(self.pool, &[term], &[uniform], &[])),
        }
    }

    /// A kernel whose reads are the rows, in order.
    fn rows(
        &self,
        pool: &Pool,
        outputs: &[Term],
        rows: &[SymbolId],
        fixed: &[SymbolId],
    ) -> RowKernel {
        let reads = rows.iter().enumerate().map(|(row, &symbol)| RowRead {
            symbol,
            row: row as u32,
            offset: 0,
        });
        let inputs = RowInputs {
            parameters: self.parameters.clone(),
            scalars: self.scalars.clone(),
            coordinates: fixed.to_vec(),
            reads: reads.collect(),
        };
        compile_rows(pool, outputs, &inputs, self.options)
    }

    /// True coordinates of all axes, then uniform ones of mapped axes.
    fn coordinates(&self) -> Vec<(usize, SymbolId)> {
        let axes = || self.program.grid.axes.iter().enumerate();
        let uniform = axes().filter_map(|(i, axis)| axis.map.map(|(symbol, _)| (i, symbol)));
        let coordinates = axes().map(|(i, axis)| (i, axis.coordinate));
        coordinates.chain(uniform).collect()
    }

    /// Coordinates of axes along which rows run, and the others.
    fn coordinates_along(&self, is_along: impl Fn(usize) -> bool) -> [Vec<SymbolId>; 2] {
        let coordinates = self.coordinates().into_iter();
        let (along, fixed): (Vec<_>, Vec<_>) = coordinates.partition(|(axis, _)| is_along(*axis));
        [along, fixed].map(|part| part.into_iter().map(|(_, symbol)| symbol).collect())
    }

    fn face(&self, closure: &Closure) -> FaceCode {
        // Kernels of the first axis run along the others.
        let [along, fixed] = self.coordinates_along(|axis| (axis == 0) != (closure.axis == 0));
        let reads = closure.reads.iter().map(|read| read.symbol);
        let rows: Vec<SymbolId> = reads.chain(along).collect();
        let compile = |outputs: &[Term]| self.rows(self.pool, outputs, &rows, &fixed);
        let offset = |read: &Read| (read.array, read.offset[closure.axis]);
        FaceCode {
            array: closure.array,
            axis: closure.axis,
            side: closure.side,
            reads: closure.reads.iter().map(offset).collect(),
            node: closure.node.map(|node| compile(&[node])),
            ghosts: compile(&closure.ghosts),
        }
    }

    fn steps(&self, steps: &[Step]) -> Result<Vec<StepCode>, Unsupported> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&self, step: &Step) -> Result<StepCode, Unsupported> {
        Ok(match step {
            Step::Pointwise { reads, outputs } => self.pointwise(reads, outputs),
            &Step::Forward { from, to } => StepCode::Forward { from, to },
            &Step::Inverse { from, to } => StepCode::Inverse { from, to },
            Step::Diagonal {
                terms,
                to,
                keep,
                mean,
            } => StepCode::Diagonal {
                arrays: terms.iter().map(|(array, _)| *array).collect(),
                multipliers: self.multipliers(terms.iter().map(|(_, multiplier)| multiplier)),
                to: *to,
                keep: keep.clone(),
                mean: match *mean {
                    Mean::Computed => MeanCode::Computed,
                    Mean::Raised(term) => MeanCode::Raised(self.of_scalars(term)),
                    Mean::Set(term) => MeanCode::Set(self.of_scalars(term)),
                },
            },
            &Step::Reduce { from, kind, to } => StepCode::Reduce {
                from,
                kind,
                to: self.reduction(to),
            },
            &Step::Along {
                axis,
                from,
                to,
                order,
            } => StepCode::Along {
                axis,
                from,
                to,
                order,
            },
            Step::Flux(flux) => StepCode::Flux(self.flux(flux)),
            Step::Solve(solve) => StepCode::Solve(self.solve(solve)?),
        })
    }

    fn of_scalars(&self, term: Term) -> Kernel {
        self.scalar(&[term], self.parameters.len(), &self.scalars)
    }

    fn pointwise(&self, reads: &[Read], outputs: &[(ArrayId, Term)]) -> StepCode {
        let terms: Vec<Term> = outputs.iter().map(|(_, term)| *term).collect();
        let (stencil, arrays) = self.stencil(self.pool, reads, &terms);
        StepCode::Pointwise {
            stencil,
            arrays,
            outputs: outputs.iter().map(|(array, _)| *array).collect(),
        }
    }

    /// A stencil, and its arrays by their position there.
    fn stencil(&self, pool: &Pool, reads: &[Read], outputs: &[Term]) -> (Stencil, Vec<ArrayId>) {
        let mut arrays = Vec::new();
        let mut neighbours = Vec::new();
        for read in reads {
            let known = arrays.iter().position(|&array| array == read.array);
            let place = known.unwrap_or_else(|| {
                arrays.push(read.array);
                arrays.len() - 1
            });
            neighbours.push(Neighbour {
                symbol: read.symbol,
                array: place as u32,
                offset: read.offset,
            });
        }
        let inputs = StencilInputs {
            parameters: self.parameters.clone(),
            scalars: self.scalars.clone(),
            coordinates: self.coordinates(),
            reads: neighbours,
        };
        let stencil = compile_stencil(pool, outputs, &inputs, self.options);
        (stencil, arrays)
    }

    /// Real and imaginary parts over the wavenumbers of all axes, as rows. Tables are made once, so they are computed exactly and in blocks.
    fn multipliers<'m>(&self, multipliers: impl Iterator<Item = &'m Multiplier>) -> RowKernel {
        split::multiplier_kernel(
            self.pool,
            multipliers,
            &self.program.grid.axes,
            &self.parameters,
        )
    }
}
