//! Text to [`Ast`]: logos tokens, lalrpop grammar with error recovery, and the canonical printer (`fmt`).

pub mod ast;
mod error;
mod format;
mod parse;

pub use ast::Ast;
pub use error::SyntaxError;
pub use format::format;
pub use parse::{parse, parse_expression};
