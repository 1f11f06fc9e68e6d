//! BioNetGen expressions (muParser's grammar) into the expression arena, by operator precedence and without recursion.
use rustc_hash::FxHashMap;

use super::error::ImportError;
use super::lines::Word;
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOp, Expr, ExprKind, Ident, NameId, UnaryOp};
use crate::terms::{Number, Op};

/// What names mean: the identifiers they became, searched table by table.
pub(super) struct Scope<'s, 'a> {
    /// Foreign names and their identifiers.
    pub tables: &'s [&'s FxHashMap<&'a str, NameId>],
}

/// Parses one expression.
///
/// # Errors
/// The first mistake in the text.
pub(super) fn parse(text: Word, ast: &mut Ast, scope: &Scope) -> Result<Expr, ImportError> {
    let mut parser = Parser {
        text,
        position: 0,
        ast,
        scope,
        operands: Vec::new(),
        pending: Vec::new(),
    };
    parser.run()
}

/// An operator that waits for its right operand, or an open bracket.
enum Pending<'a> {
    Unary(UnaryOp, Span),
    Binary(BinaryOp),
    Bracket,
    Call { name: Word<'a>, n_args: usize },
}

/// Binding strength of prefix operators: `-x^2` is `-(x^2)`.
const UNARY_STRENGTH: u8 = 6;

fn strength(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Less
        | BinaryOp::LessEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterEqual
        | BinaryOp::Equal
        | BinaryOp::NotEqual => 3,
        BinaryOp::Add | BinaryOp::Sub => 4,
        BinaryOp::Mul | BinaryOp::Div => 5,
        BinaryOp::Pow => 7,
    }
}

/// Infix operators as written; longer ones first.
const INFIX: &[(&str, BinaryOp)] = &[
    ("<=", BinaryOp::LessEqual),
    (">=", BinaryOp::GreaterEqual),
    ("==", BinaryOp::Equal),
    ("!=", BinaryOp::NotEqual),
    ("~=", BinaryOp::NotEqual),
    ("&&", BinaryOp::And),
    ("||", BinaryOp::Or),
    ("<", BinaryOp::Less),
    (">", BinaryOp::Greater),
    ("+", BinaryOp::Add),
    ("-", BinaryOp::Sub),
    ("*", BinaryOp::Mul),
    ("/", BinaryOp::Div),
    ("^", BinaryOp::Pow),
];

struct Parser<'p, 's, 'a> {
    text: Word<'p>,
    position: usize,
    ast: &'p mut Ast,
    scope: &'p Scope<'s, 'a>,
    operands: Vec<Expr>,
    pending: Vec<Pending<'p>>,
}

impl<'p> Parser<'p, '_, '_> {
    fn run(&mut self) -> Result<Expr, ImportError> {
        loop {
            self.operand()?;
            while self.accept(")") {
                self.close()?;
            }
            self.skip_space();
            if self.position == self.text.text.len() {
                return self.finish();
            }
            self.infix()?;
        }
    }

    /// Prefix operators and opening brackets up to and including one operand.
    fn operand(&mut self) -> Result<(), ImportError> {
        loop {
            self.skip_space();
            let start = self.position;
            let rest = &self.text.text[start..];
            let Some(first) = rest.chars().next() else {
                return Err(self.expected("a number, a name or `(`"));
            };
            if self.accept("(") {
                self.pending.push(Pending::Bracket);
            } else if self.accept("-") {
                let op = Pending::Unary(UnaryOp::Neg, self.span_from(start));
                self.pending.push(op);
            } else if self.accept("!") || self.accept("~") {
                let op = Pending::Unary(UnaryOp::Not, self.span_from(start));
                self.pending.push(op);
            } else if self.accept("+") {
            } else if first.is_ascii_digit() || first == '.' {
                return self.number();
            } else if first.is_alphabetic() || first == '_' {
                let name = self.take_while(|c| c.is_alphanumeric() || c == '_');
                if !self.accept("(") {
                    return self.name(name);
                }
                self.pending.push(Pending::Call { name, n_args: 0 });
                if self.accept(")") {
                    return self.close_call(name, 0);
                }
            } else {
                return Err(self.expected("a number, a name or `(`"));
            }
        }
    }

    fn infix(&mut self) -> Result<(), ImportError> {
        if self.accept(",") {
            return self.next_argument();
        }
        let Some(&(_, op)) = INFIX.iter().find(|(text, _)| self.accept(text)) else {
            return Err(self.expected("an operator, `,` or `)`"));
        };
        // `^` binds to the right: an equally strong one that waits is not applied yet.
        let least = strength(op) + u8::from(op == BinaryOp::Pow);
        self.reduce(least);
        self.pending.push(Pending::Binary(op));
        Ok(())
    }

    /// Applies waiting operators that bind at least as strongly as `least`.
    fn reduce(&mut self, least: u8) {
        while let Some(top) = self.pending.last() {
            let applies = match top {
                Pending::Unary(..) => UNARY_STRENGTH >= least,
                Pending::Binary(op) => strength(*op) >= least,
                Pending::Bracket | Pending::Call { .. } => false,
            };
            if !applies {
                return;
            }
            match self.pending.pop() {
                Some(Pending::Unary(op, at)) => {
                    let value = self.pop();
                    let span = at.to(self.ast.expr(value).span);
                    self.push(ExprKind::Unary(op, value), span);
                }
                Some(Pending::Binary(op)) => {
                    let (right, left) = (self.pop(), self.pop());
                    let span = self.ast.expr(left).span.to(self.ast.expr(right).span);
                    self.push(ExprKind::Binary(op, left, right), span);
                }
                Some(Pending::Bracket | Pending::Call { .. }) | None => {}
            }
        }
    }

    fn next_argument(&mut self) -> Result<(), ImportError> {
        self.reduce(0);
        match self.pending.last_mut() {
            Some(Pending::Call { n_args, .. }) => {
                *n_args += 1;
                Ok(())
            }
            Some(Pending::Bracket | Pending::Unary(..) | Pending::Binary(_)) | None => {
                Err(self.expected("an operator"))
            }
        }
    }

    /// A `)` was read.
    fn close(&mut self) -> Result<(), ImportError> {
        self.reduce(0);
        match self.pending.pop() {
            Some(Pending::Bracket) => Ok(()),
            Some(Pending::Call { name, n_args }) => {
                self.pending.push(Pending::Call { name, n_args });
                self.close_call(name, n_args + 1)
            }
            Some(Pending::Unary(..) | Pending::Binary(_)) | None => {
                Err(self.expected("an operator"))
            }
        }
    }

    fn finish(&mut self) -> Result<Expr, ImportError> {
        self.reduce(0);
        match self.pending.pop() {
            None => Ok(self.pop()),
            Some(_) => Err(self.expected("`)`")),
        }
    }

    /// Replaces the arguments on the stack by the call, as far as the language has the function.
    fn close_call(&mut self, name: Word<'p>, n_args: usize) -> Result<(), ImportError> {
        self.pending.pop();
        let args = self.operands.split_off(self.operands.len() - n_args);
        let span = Span::new(name.at, self.text.at + self.position as u32);
        let kind = match (name.text, args.as_slice()) {
            ("if", &[condition, then, otherwise]) => ExprKind::If(condition, then, otherwise),
            ("time", []) => ExprKind::Name(self.ast.intern("t")),
            ("sum", [_, ..]) => {
                self.sum(&args, span);
                return Ok(());
            }
            ("avg", [_, ..]) => {
                self.sum(&args, span);
                let n = ExprKind::Number(Number::integer(n_args as i64));
                let (total, n) = (self.pop(), self.ast.push(n, span));
                ExprKind::Binary(BinaryOp::Div, total, n)
            }
            ("rint", &[x]) => {
                let half = Number::ratio(1, 2).expect("2 is not zero");
                let half = self.ast.push(ExprKind::Number(half), span);
                let shifted = self
                    .ast
                    .push(ExprKind::Binary(BinaryOp::Add, x, half), span);
                self.call("floor", vec![shifted], span)
            }
            _ => return self.other_call(name, args, span),
        };
        self.push(kind, span);
        Ok(())
    }

    fn other_call(&mut self, name: Word, args: Vec<Expr>, span: Span) -> Result<(), ImportError> {
        let count = || ImportError::ArgumentCount {
            name: name.text.into(),
            found: args.len(),
            at: name.span().into(),
        };
        let known = ["if", "time", "sum", "avg", "rint"];
        let kind = if let Some(id) = self.lookup(name.text) {
            if !args.is_empty() {
                return Err(count());
            }
            ExprKind::Name(id)
        } else if let Some(op) = Op::by_name(name.text) {
            let (least, most) = op.arity();
            if args.len() < least || args.len() > most {
                return Err(count());
            }
            self.call(name.text, args, span)
        } else if known.contains(&name.text) {
            return Err(count());
        } else {
            let (name, at) = (name.text.into(), name.span().into());
            return Err(ImportError::UnsupportedFunction { name, at });
        };
        self.push(kind, span);
        Ok(())
    }

    fn call(&mut self, name: &str, args: Vec<Expr>, span: Span) -> ExprKind {
        let name = self.ast.intern(name);
        ExprKind::Call(Ident { name, span }, args.into())
    }

    fn sum(&mut self, args: &[Expr], span: Span) {
        let mut total = args[0];
        for &next in &args[1..] {
            let kind = ExprKind::Binary(BinaryOp::Add, total, next);
            total = self.ast.push(kind, span);
        }
        self.operands.push(total);
    }

    fn number(&mut self) -> Result<(), ImportError> {
        let start = self.position;
        let bytes = self.text.text.as_bytes();
        let mut end = start;
        while let Some(&b) = bytes.get(end) {
            let signed = matches!(b, b'+' | b'-')
                && matches!(bytes[end - usize::from(end > start)], b'e' | b'E');
            if !(b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E') || signed) {
                break;
            }
            end += 1;
        }
        self.position = end;
        let value = Number::parse(&self.text.text[start..end])
            .ok_or_else(|| self.expected_at("a number", start, end))?;
        let span = self.span_from(start);
        self.push(ExprKind::Number(value), span);
        Ok(())
    }

    fn name(&mut self, name: Word) -> Result<(), ImportError> {
        let span = name.span();
        let kind = match (self.lookup(name.text), name.text) {
            (Some(id), _) => ExprKind::Name(id),
            (None, "_pi") => ExprKind::Name(self.ast.intern("pi")),
            (None, "_e") => {
                let one = self.ast.push(ExprKind::Number(Number::ONE), span);
                self.call("exp", vec![one], span)
            }
            (None, "time") => ExprKind::Name(self.ast.intern("t")),
            (None, _) => {
                let (name, at) = (name.text.into(), span.into());
                return Err(ImportError::UnknownName { name, at });
            }
        };
        self.push(kind, span);
        Ok(())
    }

    fn lookup(&self, name: &str) -> Option<NameId> {
        self.scope.tables.iter().find_map(|t| t.get(name).copied())
    }

    fn push(&mut self, kind: ExprKind, span: Span) {
        let e = self.ast.push(kind, span);
        self.operands.push(e);
    }

    fn pop(&mut self) -> Expr {
        self.operands
            .pop()
            .expect("every operator is read between operands")
    }

    fn skip_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    fn accept(&mut self, text: &str) -> bool {
        self.skip_space();
        let found = self.text.text[self.position..].starts_with(text);
        self.position += if found { text.len() } else { 0 };
        found
    }

    fn take_while(&mut self, mut keep: impl FnMut(char) -> bool) -> Word<'p> {
        let start = self.position;
        let rest = &self.text.text[start..];
        let n = rest.find(|c| !keep(c)).unwrap_or(rest.len());
        self.position += n;
        self.text.slice(start, start + n)
    }

    fn span_from(&self, start: usize) -> Span {
        self.text.slice(start, self.position).span()
    }

    fn expected(&self, expected: &'static str) -> ImportError {
        let n = self.text.text.len();
        self.expected_at(expected, self.position.min(n), n)
    }

    fn expected_at(&self, expected: &'static str, start: usize, end: usize) -> ImportError {
        let at = self.text.slice(start, end).span().into();
        ImportError::MalformedExpression { expected, at }
    }
}
