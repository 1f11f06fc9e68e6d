//! `Ast` to [`Model`]: names resolved, units checked, functions inlined, defaults known.
//!
//! In reading order: files are loaded (`load`), names get their meanings (`scope`, `names`), definitions their order
//! (`definitions`) and everything its unit (`units`, `check_units`); then expressions become terms (`walk`, `lower`) and
//! the parts of the model are built.

mod assimilate;
mod check_units;
mod definitions;
mod discover;
pub mod discovery;
mod display;
mod elaborate;
pub mod entities;
mod equation;
mod error;
mod experiment;
mod infer;
mod library;
mod load;
mod lower;
mod measure;
mod names;
mod nearest;
mod nodes;
mod plot;
mod proposal;
mod reaction;
mod rules;
mod scope;
mod signature;
mod space;
mod symbols;
#[cfg(test)]
mod tests;
pub mod unit;
mod unit_names;
mod units;
mod values;
mod walk;
mod warnings;

pub use elaborate::{Loader, elaborate};
pub use entities::Model;
pub use error::ModelError;
pub use nearest::nearest;
pub use rules::{field_rules, rules};
pub use space::SpaceError;
