//! `Ast` to [`Model`]: names resolved, units checked, functions inlined, defaults known.

mod elaborate;
pub mod entities;
mod error;
pub mod unit;

pub use elaborate::{Loader, elaborate};
pub use entities::Model;
pub use error::ModelError;
