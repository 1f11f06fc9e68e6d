//! The interactive session: a model that grows statement by statement.

mod commands;
mod complete;
mod session;
mod start;

pub use commands::COMMANDS;
pub use complete::Editing;
pub use session::{Answer, Session};
