//! What a model is made of.
//!
//! Values are kept in the unit in which they were declared; every conversion is an exact factor inside a term.

use super::discovery::Discover;
use super::unit::Unit;
use crate::source::Span;
use crate::terms::{Number, Pool, SymbolId, Term};

/// A checked model.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Its documentation.
    pub doc: Option<String>,
    /// All terms.
    pub pool: Pool,
    /// The symbol of time.
    pub time: Option<SymbolId>,
    /// The unit of time, when the model has units.
    pub time_unit: Option<Unit>,
    /// Constants and parameters, in declared order; a value may use those before it.
    pub parameters: Vec<Parameter>,
    /// Domains, in declared order.
    pub domains: Vec<Domain>,
    /// Species, fixed species, variables and fields, in declared order; a vector field is one state per component.
    pub states: Vec<State>,
    /// Fields that constraints determine, in declared order: they have a symbol as states have, but no rate.
    pub solved: Vec<State>,
    /// `let`s, in declared order: fully expanded terms over states, parameters and time.
    pub observables: Vec<Observable>,
    /// Reactions, in order; a reversible one is two.
    pub reactions: Vec<Reaction>,
    /// Right-hand sides from `dt(x) =` and `+=` by state: added to what reactions contribute.
    pub rates: Vec<(StateId, Term)>,
    /// `diffusion =` of species on a domain, in declared order: `div(D·grad(u))` is added to their rates.
    pub diffusion: Vec<(StateId, Term)>,
    /// What holds on the faces of domains, in order.
    pub conditions: Vec<Condition>,
    /// What determines the fields in `solved`.
    pub constraints: Vec<Constraint>,
    /// `scheme`s, in order.
    pub schemes: Vec<Scheme>,
    /// Symbols in initial values that stand for random numbers or data, one value per grid node.
    pub point_data: Vec<PointData>,
    /// `simulate` experiments, in order.
    pub experiments: Vec<Simulate>,
    /// `discover` experiments, in order.
    pub discoveries: Vec<Discover>,
    /// `plot` statements, in order.
    pub plots: Vec<Plot>,
    /// The user's own rewrite rules.
    pub rules: Vec<crate::terms::Rule>,
}

/// Position in `Model::domains`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainId(pub u32);

/// Where fields live: a box of one to three axes.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// Its axes, in order; components of vectors and the letters in `dxy` follow them.
    pub axes: Vec<Axis>,
    /// Where it was declared.
    pub span: Span,
}

/// One axis of a domain.
#[derive(Debug, Clone)]
pub struct Axis {
    /// Name of the coordinate.
    pub name: String,
    /// Its symbol.
    pub coordinate: SymbolId,
    /// Lower end, over parameters.
    pub from: Term,
    /// Upper end, over parameters.
    pub to: Term,
    /// Number of grid points.
    pub points: u32,
    /// Whether the ends are one.
    pub periodic: bool,
    /// Takes the uniformly spaced coordinate (its symbol) to the true one; increasing, keeps the ends.
    pub map: Option<Term>,
    /// Unit of the coordinate.
    pub unit: Option<Unit>,
    /// Where it was declared.
    pub span: Span,
}

/// An end of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// At `Axis::from`.
    Lower,
    /// At `Axis::to`.
    Upper,
}

/// A face of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Face {
    /// The domain.
    pub domain: DomainId,
    /// Position of the axis.
    pub axis: usize,
    /// Which end.
    pub side: Side,
}

/// What holds on a face.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Where.
    pub face: Face,
    /// What.
    pub kind: ConditionKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of boundary conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionKind {
    /// This is 0 on the face: over fields, their derivatives, coordinates, parameters, scalar states and time.
    Equation(Term),
    /// `outflow(u)`: nothing comes in from outside.
    Outflow(StateId),
}

/// `constraint residual = 0`, solved for a field inside every right-hand side.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// Position in `Model::solved` of what it determines.
    pub unknown: usize,
    /// Is 0 everywhere.
    pub residual: Term,
    /// The mean of the unknown, where the residual leaves it open.
    pub mean: Option<Term>,
    /// Where it stands.
    pub span: Span,
}

/// `scheme`: how derivatives are discretised.
#[derive(Debug, Clone)]
pub struct Scheme {
    /// The method.
    pub method: Method,
    /// Along which coordinate; along all when `None`.
    pub axis: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// The methods of discretisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `fourier`: pseudo-spectral, on periodic axes.
    Fourier,
    /// `chebyshev`: pseudo-spectral, on axes with ends.
    Chebyshev,
    /// `central(order = 4)`: central differences.
    Central {
        /// 2, 4 or 6.
        order: u32,
    },
    /// `upwind(order = 3)`
    Upwind {
        /// 1 or 3.
        order: u32,
    },
    /// `weno(order = 5, flux = hll)`: finite volumes of order 5.
    Weno {
        /// How two states at a cell's face become a flux.
        flux: NumericalFlux,
    },
}

/// Numerical fluxes of finite volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericalFlux {
    /// `lax_friedrichs`
    LaxFriedrichs,
    /// `hll`: Harten, Lax and van Leer's.
    Hll,
}

/// A symbol that stands for one number per grid node.
#[derive(Debug, Clone)]
pub struct PointData {
    /// The symbol; equal sources are one symbol.
    pub symbol: SymbolId,
    /// Where its values come from.
    pub kind: PointDataKind,
    /// The domain on whose nodes it has values.
    pub domain: DomainId,
}

/// Sources of one number per grid node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PointDataKind {
    /// `noise(seed)`: independent standard normal numbers.
    Normal(u64),
    /// `uniform(seed)`: independent numbers between 0 and 1.
    Uniform(u64),
    /// `data("file.npz", "name")`: an array of the shape of the grid.
    File {
        /// Path, relative to the model's file.
        path: String,
        /// Name of the array in it.
        variable: String,
    },
}

/// Position in `Model::states`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateId(pub u32);

/// A constant or a parameter.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: SymbolId,
    /// Default value: a number, or a term over parameters that stand before it.
    pub value: Term,
    /// A `const`: may not be set from outside.
    pub is_const: bool,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Documentation.
    pub doc: Option<String>,
    /// Where it was declared.
    pub span: Span,
}

/// What kind of state it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// Takes part in reactions; never negative in exact arithmetic.
    Species,
    /// Takes part in reactions but is held: its derivative is zero.
    FixedSpecies,
    /// Any other state.
    Variable,
}

/// A state of the system.
#[derive(Debug, Clone)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: SymbolId,
    /// What kind.
    pub kind: StateKind,
    /// Initial value, over parameters and other states' symbols (which there mean their initial values); acyclic. Of a field
    /// also over coordinates and point data; 0 for what a constraint determines.
    pub initial: Term,
    /// The domain of a field; a scalar has none.
    pub domain: Option<DomainId>,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Documentation.
    pub doc: Option<String>,
    /// Where it was declared.
    pub span: Span,
}

/// A named expression.
#[derive(Debug, Clone)]
pub struct Observable {
    /// Its name.
    pub name: String,
    /// Its definition.
    pub value: Term,
    /// The domain over which it varies; a scalar has none.
    pub domain: Option<DomainId>,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Documentation.
    pub doc: Option<String>,
}

/// A one-way reaction.
#[derive(Debug, Clone)]
pub struct Reaction {
    /// Its name; the reverse of `bind` is `bind_reverse`.
    pub name: Option<String>,
    /// Consumed, with stoichiometry.
    pub reactants: Vec<(StateId, Number)>,
    /// Produced, with stoichiometry.
    pub products: Vec<(StateId, Number)>,
    /// How fast.
    pub rate: Rate,
    /// Where it stands.
    pub span: Span,
}

/// The rate of a reaction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// Mass action: `constant · Π reactant^stoichiometry`, factorials (combinatoric) and unit factors already in the constant.
    MassAction {
        /// The rate constant as it multiplies the plain product of amounts.
        constant: Term,
        /// Whether factorials were divided out, for jump interpretation.
        combinatoric: bool,
    },
    /// The whole rate law.
    Law(Term),
}

/// A `simulate` experiment.
#[derive(Debug, Clone)]
pub struct Simulate {
    /// Its name; `simulate`, `simulate2`, … when not given.
    pub name: String,
    /// End time, over parameters, in the model's time unit.
    pub until: Term,
    /// Which times to save.
    pub save: Save,
    /// `auto` or a method's name as written; the runtime knows the list.
    pub solver: String,
    /// Relative tolerance.
    pub rtol: f64,
    /// Absolute tolerance, for states without their own.
    pub atol: f64,
    /// Absolute tolerances of single states.
    pub atol_of: Vec<(StateId, f64)>,
    /// Limit on steps.
    pub max_steps: Option<u64>,
    /// What to write, by name, in order; empty: all states, then all lets.
    pub outputs: Vec<String>,
    /// A fixed step, in the model's time unit, where the user wants one.
    pub dt: Option<f64>,
    /// How to write fields, where the user says.
    pub fields: Option<FieldFormat>,
}

impl Simulate {
    /// An experiment with default settings.
    pub fn new(name: String, until: Term) -> Simulate {
        Simulate {
            name,
            until,
            save: Save::Points(DEFAULT_POINTS),
            solver: "auto".to_owned(),
            rtol: DEFAULT_RTOL,
            atol: DEFAULT_ATOL,
            atol_of: Vec::new(),
            max_steps: None,
            outputs: Vec::new(),
            dt: None,
            fields: None,
        }
    }
}

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFormat {
    /// One NumPy archive.
    Npz,
    /// A Zarr store.
    Zarr,
    /// One table per domain and time.
    Csv,
    /// Not at all.
    None,
}

/// Default relative tolerance of `simulate`.
pub const DEFAULT_RTOL: f64 = 1e-6;
/// Default absolute tolerance of `simulate`.
pub const DEFAULT_ATOL: f64 = 1e-9;

/// Default of `save`: so many equal intervals.
pub const DEFAULT_POINTS: u32 = 100;

/// Which times a run saves. Saved times never steer the steps.
#[derive(Debug, Clone, PartialEq)]
pub enum Save {
    /// `points(n)`: n equal intervals after the start, start and end included (n + 1 rows).
    Points(u32),
    /// `every(dt)`
    Every(f64),
    /// `log(from, to, n)`
    Log(f64, f64, u32),
    /// `[t1, t2, …]`
    List(Vec<f64>),
    /// `steps`: the solver's own.
    Steps,
}

/// A `plot` statement.
#[derive(Debug, Clone)]
pub struct Plot {
    /// Its name; `plot`, `plot2`, … when not given.
    pub name: String,
    /// What it shows of the curves.
    pub kind: PlotKind,
    /// Curves; those of one dimension count in one unit. One field where the kind asks for one.
    pub curves: Vec<Curve>,
    /// Abscissa; `None` is time.
    pub against: Option<Curve>,
    /// Logarithmic abscissa.
    pub log_x: bool,
    /// Logarithmic ordinate.
    pub log_y: bool,
    /// Position of the experiment it shows; all when `None`.
    pub of: Option<usize>,
    /// Title.
    pub title: Option<String>,
}

/// What a plot shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PlotKind {
    /// Scalars against time or another scalar.
    #[default]
    Curves,
    /// `heatmap u`: a field over two coordinates at the end.
    Heatmap,
    /// `space u`: a field over its coordinate and time.
    SpaceTime,
    /// `line u at [0, 1, 5]`: fields over their coordinate at these times.
    Lines(Vec<f64>),
    /// `movie u`: a field at all saved times.
    Movie,
}

/// What a plot shows along an axis.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Its text.
    pub label: String,
    /// Term over states, parameters and time.
    pub value: Term,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Documentation of the name it is.
    pub doc: Option<String>,
}
