//! The entry: text to tree, with everything that is wrong reported.
use super::{Ast, ast::Expr};
use crate::{diagnostic::Diagnostics, source::Source};

/// Parses a file. Statements with errors are left out of the tree; what could be read is in it.
pub fn parse(_source: &Source, _diagnostics: &mut Diagnostics) -> Ast {
    todo!()
}

/// Parses one expression into `ast`.
pub fn parse_expression(
    _source: &Source,
    _ast: &mut Ast,
    _diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    todo!()
}
