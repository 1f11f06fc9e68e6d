//! Expressions and units as text, with the fewest parentheses.

use std::fmt::{self, Display, Formatter};

use super::ast::{Ast, BinaryOp, Expr, ExprKind, UnaryOp, UnitExpr};
use super::display::{Quoted, Shown, comma};
use crate::terms::Number;

impl Display for Shown<'_, &UnitExpr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, unit) = *self;
        let starts_with_number =
            !unit.factor.is_one() || unit.powers.first().is_none_or(|p| p.1.signum() < 0);
        if starts_with_number {
            write!(f, "{}", unit.factor)?;
        }
        let mut is_first = !starts_with_number;
        let mut in_parentheses = false;
        for (i, (name, exponent)) in unit.powers.iter().enumerate() {
            let negative = |i: usize| unit.powers.get(i).is_some_and(|p| p.1.signum() < 0);
            let opens = negative(i) && negative(i + 1) && !in_parentheses;
            f.write_str(match (is_first, in_parentheses, negative(i), opens) {
                (true, ..) => "",
                (_, _, true, true) => "/(",
                (_, true, ..) | (_, _, false, _) => "*",
                (_, false, true, false) => "/",
            })?;
            is_first = false;
            in_parentheses |= opens;
            f.write_str(ast.name(name.name))?;
            write_exponent(f, exponent)?;
            if in_parentheses && !negative(i + 1) {
                f.write_str(")")?;
                in_parentheses = false;
            }
        }
        Ok(())
    }
}

/// `^k` unless `k` is 1; its sign is shown by `*` or `/`.
fn write_exponent(f: &mut Formatter<'_>, exponent: &Number) -> fmt::Result {
    let size = match exponent.signum() < 0 {
        true => -exponent,
        false => exponent.clone(),
    };
    if size.is_one() {
        return Ok(());
    }
    let text = size.to_string();
    match text.contains('/') {
        true => write!(f, "^({text})"),
        false => write!(f, "^{text}"),
    }
}

/// How tightly a form binds, as in the grammar: an operand that binds less than its place asks is put in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    If,
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Factor,
    Power,
    Atom,
}

/// What is still to be written; the expression may nest deeper than the stack of calls could.
enum Piece {
    Expr(Expr, Level),
    Text(&'static str),
}

impl Display for Shown<'_, Expr> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Shown(ast, root) = *self;
        let mut pieces = vec![Piece::Expr(root, Level::If)];
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Expr(e, level) => {
                    if level_of(ast, e) < level {
                        f.write_str("(")?;
                        pieces.push(Piece::Text(")"));
                    }
                    write_start(f, ast, e, &mut pieces)?;
                }
            }
        }
        Ok(())
    }
}

/// Writes how an expression begins, and leaves the rest in `pieces`.
fn write_start(f: &mut Formatter<'_>, ast: &Ast, e: Expr, pieces: &mut Vec<Piece>) -> fmt::Result {
    match &ast.expr(e).kind {
        ExprKind::Number(n) => write!(f, "{n}"),
        ExprKind::Quantity(n, unit) => write!(f, "{n} [{}]", Shown(ast, &**unit)),
        ExprKind::Name(name) => f.write_str(ast.name(*name)),
        ExprKind::Error => f.write_str("?"),
        ExprKind::Unary(UnaryOp::Neg, a) => {
            pieces.push(Piece::Expr(*a, Level::Factor));
            f.write_str("-")
        }
        ExprKind::Unary(UnaryOp::Not, a) => {
            pieces.push(Piece::Expr(*a, Level::Not));
            f.write_str("not ")
        }
        ExprKind::Binary(op, a, b) => {
            let (text, left, right) = infix(*op);
            pieces.push(Piece::Expr(*b, right));
            pieces.push(Piece::Text(text));
            pieces.push(Piece::Expr(*a, left));
            Ok(())
        }
        ExprKind::If(c, a, b) => {
            pieces.push(Piece::Expr(*b, Level::If));
            pieces.push(Piece::Text(" else "));
            pieces.push(Piece::Expr(*a, Level::If));
            pieces.push(Piece::Text(" then "));
            pieces.push(Piece::Expr(*c, Level::Or));
            f.write_str("if ")
        }
        ExprKind::Call(function, args) => {
            push_list(args, pieces);
            write!(f, "{}(", ast.name(function.name))
        }
        ExprKind::Tuple(parts) => {
            push_list(parts, pieces);
            f.write_str("(")
        }
        ExprKind::Text(text) => write!(f, "{}", Quoted(text)),
    }
}

/// `a, b)`
fn push_list(list: &[Expr], pieces: &mut Vec<Piece>) {
    pieces.push(Piece::Text(")"));
    for (i, &part) in list.iter().enumerate().rev() {
        pieces.push(Piece::Expr(part, Level::If));
        pieces.push(Piece::Text(comma(i)));
    }
}

/// How an operator is written, and what its sides must bind.
fn infix(op: BinaryOp) -> (&'static str, Level, Level) {
    match op {
        BinaryOp::Add => (" + ", Level::Sum, Level::Product),
        BinaryOp::Sub => (" - ", Level::Sum, Level::Product),
        BinaryOp::Mul => ("*", Level::Product, Level::Factor),
        BinaryOp::Div => ("/", Level::Product, Level::Factor),
        BinaryOp::Pow => ("^", Level::Atom, Level::Factor),
        BinaryOp::Less => (" < ", Level::Sum, Level::Sum),
        BinaryOp::LessEqual => (" <= ", Level::Sum, Level::Sum),
        BinaryOp::Greater => (" > ", Level::Sum, Level::Sum),
        BinaryOp::GreaterEqual => (" >= ", Level::Sum, Level::Sum),
        BinaryOp::Equal => (" == ", Level::Sum, Level::Sum),
        BinaryOp::NotEqual => (" != ", Level::Sum, Level::Sum),
        BinaryOp::And => (" and ", Level::And, Level::Not),
        BinaryOp::Or => (" or ", Level::Or, Level::And),
    }
}

fn level_of(ast: &Ast, e: Expr) -> Level {
    match &ast.expr(e).kind {
        // A number that was not read but computed may be a fraction or negative.
        ExprKind::Number(n) if n.signum() < 0 => Level::Factor,
        ExprKind::Number(n) if !n.is_integer() && n.to_string().contains('/') => Level::Product,
        ExprKind::Number(_)
        | ExprKind::Quantity(..)
        | ExprKind::Name(_)
        | ExprKind::Call(..)
        | ExprKind::Tuple(_)
        | ExprKind::Text(_)
        | ExprKind::Error => Level::Atom,
        ExprKind::Unary(UnaryOp::Neg, _) => Level::Factor,
        ExprKind::Unary(UnaryOp::Not, _) => Level::Not,
        ExprKind::If(..) => Level::If,
        ExprKind::Binary(op, ..) => match op {
            BinaryOp::Add | BinaryOp::Sub => Level::Sum,
            BinaryOp::Mul | BinaryOp::Div => Level::Product,
            BinaryOp::Pow => Level::Power,
            BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual
            | BinaryOp::Equal
            | BinaryOp::NotEqual => Level::Comparison,
            BinaryOp::And => Level::And,
            BinaryOp::Or => Level::Or,
        },
    }
}
