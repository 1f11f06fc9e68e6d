//! The printer that text and LaTeX share: a stack of pieces instead of recursion, signs and parentheses.

use std::fmt::{self, Formatter};

use super::order::PrintOrder;
use super::{Number, Pool, SymbolId, Term, View};

/// Terms with more nodes than this, all sharing unfolded, are not written out: a small DAG can be an astronomic tree.
const MAX_TREE: u64 = 50_000_000;

/// How tightly text binds; text of a lower level than its place asks for goes into parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    If,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Power,
    Atom,
}

/// What remains to be written.
#[derive(Clone)]
pub(super) enum Piece {
    Text(&'static str),
    Number(Number),
    Symbol(SymbolId),
    /// A term, where at least this level is asked for.
    Term(Term, Level),
    /// The parts of a sum from this one in printed order on.
    Sum(Term, usize),
}

/// A notation.
pub(super) trait Style {
    const PARENTHESES: (&'static str, &'static str);
    fn number(f: &mut Formatter<'_>, n: &Number) -> fmt::Result;
    fn symbol(f: &mut Formatter<'_>, name: &str) -> fmt::Result;
    /// How tightly the written term binds.
    fn level(pool: &Pool, t: Term) -> Level;
    /// A number, symbol, constant or call.
    fn pieces(pool: &Pool, t: Term) -> Vec<Piece>;
    /// `|c|·t`, where the coefficient of `t` itself does not count.
    fn push_product(order: &PrintOrder<'_>, pieces: &mut Vec<Piece>, c: &Number, t: Term);
}

/// Writes a term without recursion.
pub(super) fn write_term<S: Style>(f: &mut Formatter<'_>, pool: &Pool, t: Term) -> fmt::Result {
    let order = PrintOrder::new(pool, t);
    if order.tree_size > MAX_TREE {
        return write!(
            f,
            "<a term of {} nodes, too large to print>",
            order.tree_size
        );
    }
    let mut todo = vec![Piece::Term(t, Level::If)];
    while let Some(piece) = todo.pop() {
        match piece {
            Piece::Text(text) => f.write_str(text)?,
            Piece::Number(n) => S::number(f, &n)?,
            Piece::Symbol(s) => S::symbol(f, pool.symbol_name(s))?,
            Piece::Term(t, level) => push_term::<S>(&order, t, level, &mut todo),
            Piece::Sum(t, next) => write_part::<S>(f, &order, t, next, &mut todo)?,
        }
    }
    Ok(())
}

fn push_term<S: Style>(order: &PrintOrder<'_>, t: Term, level: Level, todo: &mut Vec<Piece>) {
    let mut pieces = Vec::new();
    let is_wrapped = S::level(order.pool, t) < level;
    if is_wrapped {
        pieces.push(Piece::Text(S::PARENTHESES.0));
    }
    match order.pool.view(t) {
        View::Sum(..) => pieces.push(Piece::Sum(t, 0)),
        View::Product(c, _) => {
            pieces.extend((c.signum() < 0).then_some(Piece::Text("-")));
            S::push_product(order, &mut pieces, c, t);
        }
        View::Number(_) | View::Symbol(_) | View::Constant(_) | View::Call(..) => {
            pieces.extend(S::pieces(order.pool, t))
        }
    }
    if is_wrapped {
        pieces.push(Piece::Text(S::PARENTHESES.1));
    }
    todo.extend(pieces.into_iter().rev());
}

/// Writes the sign of one part of a sum; stacks up the part and what follows it.
fn write_part<S: Style>(
    f: &mut Formatter<'_>,
    order: &PrintOrder<'_>,
    t: Term,
    next: usize,
    todo: &mut Vec<Piece>,
) -> fmt::Result {
    let (parts, entries, constant) = (order.parts(t), order.pool.entries(t), order.pool.head(t));
    let part = entries.get(parts[next] as usize);
    let c = part.map_or(constant, |p| &p.1);
    f.write_str(match (next == 0, c.signum() < 0) {
        (true, true) => "-",
        (true, false) => "",
        (false, true) => " - ",
        (false, false) => " + ",
    })?;
    let mut pieces = Vec::new();
    match part {
        Some((t, c)) => S::push_product(order, &mut pieces, c, *t),
        None => pieces.push(Piece::Number(c.abs())),
    }
    if next + 1 < parts.len() {
        todo.push(Piece::Sum(t, next + 1));
    }
    todo.extend(pieces.into_iter().rev());
    Ok(())
}

/// The arguments with `separator` between them.
pub(super) fn joined(separator: &[Piece], args: &[Term], level: Level) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity((separator.len() + 1) * args.len());
    for (i, &arg) in args.iter().enumerate() {
        if i > 0 {
            pieces.extend_from_slice(separator);
        }
        pieces.push(Piece::Term(arg, level));
    }
    pieces
}

pub(super) fn is_half(n: &Number) -> bool {
    n.as_ratio() == Some((1, 2))
}

/// Whether the number prints as `n/d`.
pub(super) fn is_written_as_ratio(n: &Number) -> bool {
    !n.is_integer() && n.to_string().contains('/')
}
