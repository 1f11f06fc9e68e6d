//! Text to [`Ast`]: logos tokens, statements told apart, a lalrpop grammar for each, and the canonical printer (`fmt`).

pub mod amend;
pub mod ast;
mod build;
mod columns;
mod display;
mod display_expr;
mod display_space;
mod error;
mod explain;
mod format;
mod grammar;
mod layout;
mod parse;
mod statement;
#[cfg(test)]
mod tests;
mod token;
mod unit;

pub use ast::Ast;
pub use error::SyntaxError;
pub use format::format;
pub use parse::{is_incomplete, parse, parse_expression};
