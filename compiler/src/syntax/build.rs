//! What the grammar's actions do: they put nodes and statements into the tree.

use super::Ast;
use super::ast::{
    Arrow, Axis, BinaryOp, Declaration, Expr, ExprKind, Ident, Item, ItemKind, Participant, Plot,
    Reaction, Setting, SettingValue, UnitExpr,
};
use super::error::SyntaxError;
use super::layout::shortened;
use super::unit::unit_of;
use crate::source::{Source, Span};
use crate::terms::Number;

/// What stands in the list after the ends of an axis.
pub enum AxisOption {
    /// `periodic`
    Word(Expr),
    /// `64 points`
    Points(Expr),
    /// `map x^2`
    Map(Expr),
}

/// The tree as it grows, and what is known of the statement being read.
pub struct Builder<'a> {
    pub ast: Ast,
    pub source: &'a Source,
    /// The whole statement.
    pub span: Span,
    /// Whether reactions are in a block with factorials in their rates.
    pub combinatoric: bool,
    /// The settings read since this was emptied last.
    pub settings: Vec<Setting>,
    /// The plot read at present.
    pub plot: Plot,
    /// The side of a reaction read at present.
    pub side: Vec<Participant>,
    /// The expression read last.
    pub expression: Option<Expr>,
}

impl<'a> Builder<'a> {
    pub fn new(source: &'a Source, ast: Ast) -> Self {
        Builder {
            ast,
            source,
            span: Span::default(),
            combinatoric: true,
            settings: Vec::new(),
            plot: Plot::default(),
            side: Vec::new(),
            expression: None,
        }
    }

    pub fn item(&mut self, kind: ItemKind) {
        self.ast.items.push(Item {
            kind,
            span: self.span,
        });
    }

    /// The content of a quoted text: `\"` and `\\` are the only escapes.
    pub fn text(&self, start: u32, end: u32) -> String {
        let quoted = self.source.slice(start, end);
        let inner = &quoted[1..quoted.len() - 1];
        if !inner.contains('\\') {
            return inner.to_owned();
        }
        let mut text = String::with_capacity(inner.len());
        let mut escaped = false;
        for c in inner.chars() {
            if escaped && !matches!(c, '"' | '\\') {
                text.push('\\');
            }
            escaped = c == '\\' && !escaped;
            if !escaped {
                text.push(c);
            }
        }
        text
    }

    pub fn ident(&mut self, start: u32, end: u32) -> Ident {
        let text = self.source.slice(start, end);
        let name = match text.strip_prefix('∂') {
            Some(coordinates) => self.ast.intern(&format!("d{coordinates}")),
            None => self.ast.intern(text),
        };
        Ident {
            name,
            span: Span::new(start, end),
        }
    }

    pub fn number(&self, start: u32, end: u32) -> Result<Number, SyntaxError> {
        let text = self.source.slice(start, end);
        if let Ok(integer) = text.parse() {
            return Ok(Number::integer(integer));
        }
        Number::parse(text).ok_or_else(|| SyntaxError::MalformedNumber {
            text: shortened(text),
            at: Span::new(start, end).into(),
        })
    }

    pub fn derivative_order(&self, start: u32, end: u32) -> Result<u8, SyntaxError> {
        match self.source.slice(start, end) {
            "dt" | "∂t" => Ok(1),
            "dtt" | "∂tt" => Ok(2),
            found => Err(SyntaxError::UnexpectedToken {
                expected: "`dt` or `dtt`".into(),
                found: format!("`{}`", shortened(found)),
                at: Span::new(start, end).into(),
                help: None,
            }),
        }
    }

    /// The name after `as`.
    pub fn alias(&self, word: Ident, name: Ident) -> Result<Ident, SyntaxError> {
        match self.ast.name(word.name) {
            "as" => Ok(name),
            found => Err(SyntaxError::UnexpectedToken {
                expected: "`as`".into(),
                found: format!("`{}`", shortened(found)),
                at: word.span.into(),
                help: None,
            }),
        }
    }

    pub fn axis_option(&self, mut axis: Axis, option: AxisOption) -> Result<Axis, SyntaxError> {
        match option {
            AxisOption::Map(map) => axis.map = Some(map),
            AxisOption::Points(n) => axis.points = Some(n),
            AxisOption::Word(e) => {
                let node = self.ast.expr(e);
                let is_periodic =
                    matches!(node.kind, ExprKind::Name(name) if self.ast.name(name) == "periodic");
                if !is_periodic {
                    return Err(SyntaxError::UnexpectedToken {
                        expected: "`64 points`, `periodic` or `map …`".into(),
                        found: "an expression".into(),
                        at: node.span.into(),
                        help: Some("the axes of a domain are told apart by `;`".into()),
                    });
                }
                axis.periodic = true;
            }
        }
        Ok(axis)
    }

    /// Adds a declaration; `diffusion = D` after a species on a domain belongs to that.
    pub fn declare(&mut self, declaration: Declaration, span: Span) {
        let Declaration {
            name,
            unit,
            domain,
            value,
            ..
        } = &declaration;
        let is_plain = unit.is_none() && domain.is_none() && value.is_some();
        if is_plain
            && self.ast.name(name.name) == "diffusion"
            && let Some(last) = self.ast.items.last_mut()
            && let ItemKind::Declare(before) = &mut last.kind
            && before.domain.is_some()
            && before.diffusion.is_none()
            && self.span.to(last.span) == self.span
        {
            before.diffusion = declaration.value;
            before.doc = before.doc.take().or(declaration.doc);
            last.span = last.span.to(span);
            return;
        }
        self.ast.items.push(Item {
            kind: ItemKind::Declare(declaration),
            span,
        });
    }

    pub fn reaction(
        &mut self,
        name: Option<Ident>,
        reactants: Vec<Participant>,
        arrow: Arrow,
        products: Vec<Participant>,
        rates: Vec<Expr>,
        doc: Option<String>,
    ) {
        self.item(ItemKind::Reaction(Reaction {
            name,
            reactants,
            products,
            arrow,
            rates,
            combinatoric: self.combinatoric,
            doc,
        }));
    }

    /// A number alone on one side of a reaction: only 0 says something.
    pub fn nothing(
        &self,
        number: Number,
        start: u32,
        end: u32,
    ) -> Result<Option<Participant>, SyntaxError> {
        match number.is_zero() {
            true => Ok(None),
            false => Err(SyntaxError::UnexpectedToken {
                expected: "a species".into(),
                found: format!(
                    "only a number, `{}`",
                    shortened(self.source.slice(start, end))
                ),
                at: Span::new(start, end).into(),
                help: Some("a reaction from or to nothing is written with `0`".into()),
            }),
        }
    }

    /// The side just read, in a list of just its size: there are two for every reaction.
    pub fn take_side(&mut self) -> Vec<Participant> {
        self.side.drain(..).collect()
    }

    pub fn setting(&mut self, key: Ident, value: SettingValue) {
        self.settings.push(Setting { key, value });
    }

    /// A list of bare names as a setting's value.
    pub fn names(&mut self, first: Expr, rest: Vec<Expr>) -> Result<SettingValue, SyntaxError> {
        let mut names = Vec::with_capacity(rest.len() + 1);
        for e in std::iter::once(first).chain(rest) {
            let node = self.ast.expr(e);
            let ExprKind::Name(name) = node.kind else {
                return Err(SyntaxError::UnexpectedToken {
                    expected: "a name".into(),
                    found: "an expression".into(),
                    at: node.span.into(),
                    help: Some("values stand in brackets: `[1, 2, 5]`".into()),
                });
            };
            names.push(Ident {
                name,
                span: node.span,
            });
        }
        self.ast.exprs.truncate(first.0 as usize);
        Ok(SettingValue::Names(names))
    }

    /// `phase x, y`: the curve `y` against `x`.
    pub fn phase(&mut self, x: Expr, y: Expr) {
        self.plot.against = Some(x);
        self.plot.curves.push(y);
    }

    pub fn push(&mut self, kind: ExprKind, start: u32, end: u32) -> Expr {
        self.ast.push(kind, Span::new(start, end))
    }

    pub fn binary(&mut self, op: BinaryOp, a: Expr, b: Expr) -> Expr {
        let span = self.ast.expr(a).span.to(self.ast.expr(b).span);
        self.ast.push(ExprKind::Binary(op, a, b), span)
    }

    /// `∇u`: a call under another spelling.
    pub fn operator(&mut self, name: (&str, Span), a: Expr, start: u32, end: u32) -> Expr {
        let function = Ident {
            name: self.ast.intern(name.0),
            span: name.1,
        };
        self.push(ExprKind::Call(function, [a].into()), start, end)
    }

    /// `(a, b)`
    pub fn tuple(&mut self, first: Expr, rest: Vec<Expr>, start: u32, end: u32) -> Expr {
        let parts: Vec<Expr> = std::iter::once(first).chain(rest).collect();
        self.push(ExprKind::Tuple(parts.into()), start, end)
    }

    /// Parentheses leave no node; the expression's text includes them.
    pub fn parenthesised(&mut self, e: Expr, start: u32, end: u32) -> Expr {
        self.ast.exprs[e.0 as usize].span = Span::new(start, end);
        e
    }

    /// Takes the expression back out of the arena, as a unit.
    pub fn unit(&mut self, e: Expr) -> Result<Box<UnitExpr>, SyntaxError> {
        let start = first_of(&self.ast, e);
        let unit = unit_of(&self.ast.exprs[start..=e.0 as usize], start as u32)?;
        self.ast.exprs.truncate(start);
        Ok(Box::new(unit))
    }
}

/// Position of the first node of the expression: a parsed expression is contiguous in the arena, and each child of a
/// node ends where the next begins.
fn first_of(ast: &Ast, e: Expr) -> usize {
    let mut first = e;
    loop {
        first = match &ast.expr(first).kind {
            ExprKind::Unary(_, a) | ExprKind::Binary(_, a, _) | ExprKind::If(a, ..) => *a,
            ExprKind::Call(_, args) | ExprKind::Tuple(args) => match args.first() {
                Some(&a) => a,
                None => return first.0 as usize,
            },
            ExprKind::Number(_)
            | ExprKind::Quantity(..)
            | ExprKind::Name(_)
            | ExprKind::Text(_)
            | ExprKind::Error => return first.0 as usize,
        };
    }
}
