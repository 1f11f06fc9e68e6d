//! What a `discover` experiment is made of: a library of terms, and the changes of the model that they may make.

use super::entities::StateId;
use super::unit::Unit;
use crate::source::Span;
use crate::terms::{Number, SymbolId, Term};

/// A `discover` experiment.
#[derive(Debug, Clone)]
pub struct Discover {
    /// Its name; `discover`, `discover2`, … when not given.
    pub name: String,
    /// Files with observations.
    pub data: Vec<String>,
    /// States whose equations may lack something.
    pub targets: Vec<StateId>,
    /// The library: distinct terms.
    pub library: Vec<LibraryTerm>,
    /// What may be added to the model.
    pub candidates: Vec<Candidate>,
    /// How candidates are chosen.
    pub method: Method,
    /// Standard deviation of the noise as a share of that of each column; `None`: estimated.
    pub noise: Option<f64>,
    /// The filter that finds states; `None`: where states are not measured, one with settings of its own.
    pub assimilate: Option<Assimilate>,
    /// Files with observations that nothing is fitted to.
    pub holdout: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// Where the corrected model goes.
    pub write: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// An ensemble filter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assimilate {
    /// How an analysis is made.
    pub filter: Filter,
    /// Number of members.
    pub members: Option<u32>,
    /// Factor on the variance of each forecast.
    pub inflation: Option<f64>,
    /// Samples over which an analysis is carried back.
    pub lag: Option<u32>,
    /// How often the data are gone through, each time from the first state found last.
    pub cycles: u32,
}

/// Kinds of ensemble filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Perturbed observations.
    Stochastic,
    /// The deterministic ensemble transform.
    Transform,
    /// The same, its analyses carried back.
    Smoother,
}

/// A term that may be missing.
#[derive(Debug, Clone)]
pub struct LibraryTerm {
    /// Over states, parameters, time and its constants.
    pub term: Term,
    /// As a user writes it, constants by their names; a sum stands in parentheses.
    pub text: String,
    /// Numbers inside of it that are to be found, too.
    pub constants: Vec<Constant>,
}

/// A number inside of a library term, like the `K` of `S/(K + S)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Its symbol in the term.
    pub symbol: SymbolId,
    /// Its name in the text: no name of the language.
    pub name: String,
    /// The state whose size says what it may be; `None` for one that has a value.
    pub like: Option<StateId>,
    /// Where the search begins.
    pub value: f64,
}

/// One change of the model with one unknown coefficient: `dt(state) += coefficient·change·term` for each of its changes.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Position in `Discover::library`.
    pub term: u32,
    /// States whose rates it changes, and how much.
    pub changes: Vec<(StateId, Number)>,
    /// How it is written.
    pub form: Form,
    /// Unit of the coefficient.
    pub unit: Option<Unit>,
    /// Least value of the coefficient.
    pub lower: f64,
    /// Greatest value of the coefficient.
    pub upper: f64,
    /// What it must gain in twice the log likelihood beyond the price of its numbers: 0 for what a user lists.
    pub price: f64,
}

/// How a candidate is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// As a term in each equation that it changes.
    Term,
    /// As a reaction by mass action: `A + B -> C`.
    Reaction(String),
    /// As a reaction whose rate is the coefficient times the term: `A => B`.
    RateLaw(String),
}

/// How candidates are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Relevance vector machine.
    RelevanceVectorMachine,
    /// Automatic relevance determination.
    Ard,
    /// Sequentially thresholded least squares.
    Stlsq,
    /// Free-form search: the library says what formulas are made of.
    Evolve,
}

/// Methods by the names that users write.
pub const METHODS: [(&str, Method); 4] = [
    ("rvm", Method::RelevanceVectorMachine),
    ("ard", Method::Ard),
    ("stlsq", Method::Stlsq),
    ("evolve", Method::Evolve),
];

impl Method {
    /// Its name as users write it.
    pub fn name(self) -> &'static str {
        match self {
            Method::RelevanceVectorMachine => "rvm",
            Method::Ard => "ard",
            Method::Stlsq => "stlsq",
            Method::Evolve => "evolve",
        }
    }
}
