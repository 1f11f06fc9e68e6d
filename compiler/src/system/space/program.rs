//! The space program: whole-array steps that compute what an evolution needs, for any number of grid points.
//!
//! Conventions, binding for every executor:
//! - The first axis is contiguous: node (i, j, k) stands at `i + nx·(j + ny·k)`.
//! - A read with an offset past the end of a periodic axis wraps; past a face it takes the ghost value of the [`Closure`] of
//!   its array there. Ghosts are made axis after axis, the first axis first; those of a later axis cover the ghosts of the
//!   earlier ones, which defines the corners. Coordinates go on beyond the faces.
//! - A [`Multiplier`] at the Nyquist frequency of an axis is the mean of its values at both signs of that wavenumber; so odd
//!   derivatives of real data stay real.
//! - `du/dt` at a node of a field fixed by [`Closure::node`] is 0; its value is put in place before the steps run, and where fields are shown.

pub use crate::model::entities::{NumericalFlux, Side};
use crate::model::entities::{Observable, StateId};
use crate::terms::{Number, SymbolId, Term};

/// Where the values stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// One to three axes, the contiguous one first.
    pub axes: Vec<GridAxis>,
}

/// One direction of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct GridAxis {
    /// Its name, that of the coordinate.
    pub name: String,
    /// The coordinate: the true place of a node, after the map.
    pub coordinate: SymbolId,
    /// Number of nodes.
    pub points: u32,
    /// Where the nodes stand.
    pub nodes: NodeKind,
    /// Lower end, over parameters.
    pub from: Term,
    /// Upper end, over parameters.
    pub to: Term,
    /// Distance of neighbours (in the uniform coordinate); defined in [`SpaceProgram::constants`].
    pub spacing: SymbolId,
    /// Wavenumber, 2πm/(to - from) for integers m; only in multipliers.
    pub wavenumber: SymbolId,
    /// A non-uniform grid: the uniform coordinate, and the true one as a term over it.
    pub map: Option<(SymbolId, Term)>,
    /// Whether `Forward` and `Inverse` transform along this axis.
    pub transformed: bool,
}

/// Placement of the nodes along an axis, n of them over a length L.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Both ends are nodes, spacing L/(n - 1). Integrals by the trapezoidal rule.
    Ends,
    /// The lower end is a node, the upper one is the same node again; spacing L/n.
    Periodic,
    /// Centres of n cells; spacing L/n.
    Cells {
        /// Whether the last cell is a neighbour of the first.
        periodic: bool,
    },
    /// Chebyshev–Lobatto points in ascending order, both ends included: `from + L·(1 - cos(πi/(n - 1)))/2`. Integrals by
    /// Clenshaw and Curtis. `spacing` is that of a uniform grid.
    Lobatto,
}

/// Position in `SpaceProgram::arrays`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArrayId(pub u32);

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayKind {
    /// One real number per node.
    Nodes,
    /// One complex number per mode of the transformed axes and node of the others, half of them along the first transformed
    /// axis (real data). The transform is not scaled; the inverse divides by the number of nodes transformed.
    Modes,
}

/// Whole-array steps from input arrays to output arrays.
#[derive(Debug, Clone, PartialEq)]
pub struct SpaceProgram {
    /// The grid of all arrays.
    pub grid: Grid,
    /// All arrays, by id.
    pub arrays: Vec<ArrayKind>,
    /// Symbols that the caller supplies: time, parameters, scalar states.
    pub scalars: Vec<SymbolId>,
    /// Computed once per run, in order, over parameters and those before: spacings.
    pub constants: Vec<(SymbolId, Term)>,
    /// Arrays that the caller supplies.
    pub inputs: Vec<ArrayId>,
    /// How reads past the faces are closed, and fixed nodes.
    pub closures: Vec<Closure>,
    /// Run once per run: arrays over coordinates and parameters only.
    pub setup: Vec<Step>,
    /// Run in order; each array and symbol is written once.
    pub steps: Vec<Step>,
    /// Arrays that are the result.
    pub outputs: Vec<ArrayId>,
    /// Symbols that are the result, set by `Reduce`.
    pub reductions: Vec<SymbolId>,
}

/// A whole-array step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// At every node: terms over reads, coordinates, scalars, constants and reductions.
    Pointwise {
        /// Values of arrays at the node and its neighbours.
        reads: Vec<Read>,
        /// What is computed.
        outputs: Vec<(ArrayId, Term)>,
    },
    /// Nodes to modes over all transformed axes.
    Forward {
        /// Nodes.
        from: ArrayId,
        /// Modes.
        to: ArrayId,
    },
    /// Modes to nodes over all transformed axes.
    Inverse {
        /// Modes.
        from: ArrayId,
        /// Nodes.
        to: ArrayId,
    },
    /// `to = Σ multiplier·array`, mode by mode.
    Diagonal {
        /// What is summed.
        terms: Vec<(ArrayId, Multiplier)>,
        /// Modes.
        to: ArrayId,
        /// Which modes are kept.
        keep: Cut,
        /// What becomes of the constant mode.
        mean: Mean,
    },
    /// Derivative along a Lobatto axis by its differentiation matrix; then nodes that closures of the result give.
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
    /// `to[s] = -(F[s] at the upper cell face - F[s] at the lower)/spacing`.
    Flux(Flux),
    /// A scalar from an array.
    Reduce {
        /// Nodes.
        from: ArrayId,
        /// How.
        kind: Reduction,
        /// The scalar.
        to: SymbolId,
    },
    /// An elliptic equation that is not diagonal.
    Solve(Solve),
}

/// The value of an array at a neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Read {
    /// Its name in terms.
    pub symbol: SymbolId,
    /// Of which array.
    pub array: ArrayId,
    /// In nodes, by axis; 0 beyond the last axis.
    pub offset: [i8; 3],
}

/// A Fourier multiplier `re + i·im`: terms over wavenumbers, constants and parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Multiplier {
    /// Real part.
    pub re: Term,
    /// Imaginary part.
    pub im: Term,
}

/// The constant mode of a [`Step::Diagonal`], given as the mean over all nodes; it has no wavenumber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mean {
    /// As the multipliers say.
    Computed,
    /// As the multipliers say, plus this.
    Raised(Term),
    /// This, whatever the multipliers say (they may be undefined there).
    Set(Term),
}

/// Which modes are kept; the others become 0.
#[derive(Debug, Clone, PartialEq)]
pub enum Cut {
    /// All.
    All,
    /// Those with |m| < fraction·n/2 along every transformed axis: 2/3 for quadratic products, 1/2 for cubic ones.
    Fraction(Number),
    /// All, times `exp(-36·η^order)`, η = |m|/(n/2), along every transformed axis: for nonlinearities that are not polynomial.
    Filter {
        /// The order.
        order: u32,
    },
}

/// Finite-volume fluxes along one axis: WENO5 reconstruction of every state on both sides of every cell face, then a
/// numerical flux.
///
/// # References
/// G.-S. Jiang, C.-W. Shu, *Efficient implementation of weighted ENO schemes*, J. Comput. Phys. 126 (1996) 202–228, doi:10.1006/jcph.1996.0130.
#[derive(Debug, Clone, PartialEq)]
pub struct Flux {
    /// The axis.
    pub axis: usize,
    /// What is reconstructed, and its name in `flux` and `speeds`. Offsets are 0. Depth of reads: 3.
    pub states: Vec<Read>,
    /// The physical flux of each result; coordinates are those of the face.
    pub flux: Vec<Term>,
    /// The conserved quantity of each result (a position in `states`), whose jump the numerical flux damps.
    pub conserved: Vec<usize>,
    /// Which numerical flux: `(F(l) + F(r) - a·(r - l))/2` with a the largest |speed| of both sides (local Lax–Friedrichs, Rusanov),
    /// or that of Harten, Lax and van Leer, *SIAM Rev.* 25 (1983) 35–61, doi:10.1137/1025002, with the least of the smallest and the
    /// greatest of the largest speeds.
    pub kind: NumericalFlux,
    /// Smallest and largest characteristic speed.
    pub speeds: (Term, Term),
    /// The results, `-∂F/∂x`.
    pub to: Vec<ArrayId>,
}

/// How an array becomes a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    /// Integral over volume.
    Mean,
    /// With the weights of each axis' nodes (and the map).
    Integral,
    /// Smallest value.
    Minimum,
    /// Largest value.
    Maximum,
}

/// `operator(to) = from` with the closures of `to`.
#[derive(Debug, Clone, PartialEq)]
pub struct Solve {
    /// The right-hand side.
    pub from: ArrayId,
    /// The unknown.
    pub to: ArrayId,
    /// The linear operator: offset and coefficient over coordinates, constants and parameters.
    pub operator: Vec<([i8; 3], Term)>,
    /// The mean of the solution, when the operator does not determine it.
    pub mean: Option<Term>,
}

/// What an array is at one face.
///
/// Terms are over reads whose offsets count from the node next to the face (node 0 or n - 1) in the direction of the index,
/// and over scalars, constants and coordinates (those of that node; the face itself for a [`NodeKind::Cells`] axis).
#[derive(Debug, Clone, PartialEq)]
pub struct Closure {
    /// Which array.
    pub array: ArrayId,
    /// The axis.
    pub axis: usize,
    /// Which end.
    pub side: Side,
    /// What the terms read; the offset is 0 along the other axes.
    pub reads: Vec<Read>,
    /// The node on the face itself when a condition gives its value; made before the ghosts, which may read it.
    pub node: Option<Term>,
    /// Values beyond the face, nearest first; their number is the depth.
    pub ghosts: Vec<Term>,
}

/// The linear part of an evolution, diagonal in the transform, and the rest: for exponential and implicit-explicit steppers.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// `d û[row]/dt = Σ multiplier·û[column] + N̂[row]`; only multipliers that are not 0, by row and then column.
    pub linear: Vec<(u32, u32, Multiplier)>,
    /// N̂: modes of the fields to modes of the rest. Its grid is the grid of the split.
    pub nonlinear: SpaceProgram,
    /// Which modes the state has: the caller sets the others of the initial state to 0, the program keeps them 0 and relies on it.
    pub keep: Cut,
    /// How the grid of the split goes on beyond walls, where it does: what the caller has is its first half along these axes.
    pub mirror: Option<Mirror>,
}

/// A periodic grid that holds one between walls and its mirror images: n nodes with both ends, and the n - 2 inner ones in reverse order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Axes with images.
    pub axes: [bool; 3],
    /// By field, those of constraints included: what it is about both ends of each axis.
    pub parities: Vec<[Parity; 3]>,
}

/// What a function is about a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parity {
    /// Equal to its image.
    Even,
    /// Minus its image.
    Odd,
}

/// All programs of one evolution; fields in the order of `fields`.
#[derive(Debug, Clone)]
pub struct SpacePrograms {
    /// The fields: positions in `System::states`.
    pub fields: Vec<StateId>,
    /// `du/dt` from u, in nodes.
    pub full: SpaceProgram,
    /// Where all axes can be transformed.
    pub split: Option<Split>,
    /// What bounds an explicit step.
    pub rates: Rates,
    /// `let`s that hold fields or reductions of them.
    pub observed: Observed,
    /// Numbers that others use.
    pub coupling: Coupling,
}

/// Numbers of a domain that equations of numbers and other domains use: the reductions of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct Coupling {
    /// Their symbols, in the order of the reductions.
    pub symbols: Vec<SymbolId>,
    /// Computes them from the fields in nodes.
    pub program: SpaceProgram,
}

/// Largest rates over all nodes, in 1/time: an explicit method is stable while the step times the rate is below a number of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    /// `Σ |speed|/h` over axes, the Courant number of a unit step.
    pub advection: Option<SymbolId>,
    /// The spectral radius of the diffusive part.
    pub diffusion: Option<SymbolId>,
    /// Computes them from the fields in nodes.
    pub program: SpaceProgram,
}

/// Observables of fields.
#[derive(Debug, Clone)]
pub struct Observed {
    /// All of them, in declared order.
    pub observables: Vec<Observable>,
    /// Those that are fields: the outputs of the program, in order.
    pub fields: Vec<usize>,
    /// The others, with terms over the reductions of the program, time, parameters and scalar states.
    pub scalars: Vec<(usize, Term)>,
    /// From the fields in nodes.
    pub program: SpaceProgram,
}

impl GridAxis {
    /// Into how many parts the spacing divides the axis.
    pub fn intervals(&self) -> u32 {
        match self.nodes {
            NodeKind::Periodic | NodeKind::Cells { .. } => self.points,
            NodeKind::Ends | NodeKind::Lobatto => self.points - 1,
        }
    }

    /// Whether the last node is a neighbour of the first.
    pub fn is_periodic(&self) -> bool {
        match self.nodes {
            NodeKind::Periodic | NodeKind::Cells { periodic: true } => true,
            NodeKind::Ends | NodeKind::Cells { periodic: false } | NodeKind::Lobatto => false,
        }
    }
}
