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
    /// Species, fixed species and variables, in declared order.
    pub states: Vec<State>,
    /// `let`s, in declared order: fully expanded terms over states, parameters and time.
    pub observables: Vec<Observable>,
    /// Reactions, in order; a reversible one is two.
    pub reactions: Vec<Reaction>,
    /// Right-hand sides from `dt(x) =` and `+=` by state: added to what reactions contribute.
    pub rates: Vec<(StateId, Term)>,
    /// `simulate` experiments, in order.
    pub experiments: Vec<Simulate>,
    /// `discover` experiments, in order.
    pub discoveries: Vec<Discover>,
    /// `plot` statements, in order.
    pub plots: Vec<Plot>,
    /// The user's own rewrite rules.
    pub rules: Vec<crate::terms::Rule>,
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
    /// Initial value, over parameters and other states' symbols (which there mean their initial values); acyclic.
    pub initial: Term,
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
    /// Curves; those of one dimension count in one unit.
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
