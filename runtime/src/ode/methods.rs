//! The table of methods, and the one entry.
use crate::{
    problem::{Problem, Sink},
    solution::Outcome,
};

/// A row of the table.
pub struct Method {
    /// Name as users write it (`Tsit5`); matched without regard to case.
    pub name: &'static str,
    /// Order of convergence.
    pub order: u32,
    /// One line.
    pub about: &'static str,
}

/// All methods; `auto` is not one of them.
pub const METHODS: &[Method] = &[];

/// Solves with the method of this name or `auto`; saved states go to `sink`. `None`: no method of this name.
pub fn solve(_method: &str, _problem: &mut Problem<'_>, _sink: &mut Sink<'_>) -> Option<Outcome> {
    todo!()
}
