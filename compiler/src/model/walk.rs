//! Evaluating expressions in any algebra (terms, units) without recursion: a stack machine over post-order nodes.
//!
//! A call of a user's function evaluates its body in a frame of its own with the arguments' values; the result is remembered
//! by function and argument values, so that chains of functions do not multiply.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::{SmallVec, smallvec};

use super::error::ModelError;
use super::scope::{EntityId, FileId, Meaning, World};
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::Ast;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, NameId, UnaryOp, UnitExpr};
use crate::terms::{Number, Op};

/// The most nodes of function bodies that one expression may be expanded to.
const MAX_EXPANSION: u64 = 1_000_000;

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub file: FileId,
    pub expr: Expr,
}

/// A term of a sum or a factor of a product, and whether it is subtracted or divided by.
pub(super) type Part<T> = (T, bool);

/// The parts of a sum or product, or plain operands.
pub(super) type Parts<T> = SmallVec<[Part<T>; 4]>;

/// What an expression can be evaluated to: terms, or units.
pub(super) trait Algebra {
    type Value: Clone + PartialEq + Eq + Hash;
    fn number(&mut self, n: &Number) -> Self::Value;
    fn quantity(&mut self, at: At, n: &Number, unit: &UnitExpr) -> Self::Value;
    fn entity(&mut self, at: At, id: EntityId) -> Self::Value;
    fn time(&mut self) -> Self::Value;
    fn constant(&mut self, name: &'static str) -> Self::Value;
    /// What stands for something already reported.
    fn unknown(&mut self) -> Self::Value;
    /// Sums come whole, however they are nested: long ones would cost the square of their length piece by piece.
    fn sum(&mut self, at: At, parts: &[Part<Self::Value>]) -> Self::Value;
    fn product(&mut self, at: At, parts: &[Part<Self::Value>]) -> Self::Value;
    fn power(&mut self, at: At, base: Self::Value, exponent: Self::Value) -> Self::Value;
    fn call(&mut self, at: At, op: Op, args: &[Self::Value]) -> Self::Value;
    /// The value that parameter number `index` of a function takes when `value` is passed.
    fn passed(
        &mut self,
        at: At,
        function: EntityId,
        index: usize,
        value: Self::Value,
    ) -> Self::Value;
    /// The body of a function is going to be evaluated for a call.
    fn enter(&mut self, call: At);
    /// The value of a call, from that of the body.
    fn returned(&mut self, at: At, function: EntityId, value: Self::Value) -> Self::Value;
}

/// The children of an expression, left to right. `dt(x)` is one name and has none.
pub(super) fn children(ast: &Ast, e: Expr) -> SmallVec<[Expr; 3]> {
    match &ast.expr(e).kind {
        ExprKind::Number(_) | ExprKind::Quantity(..) | ExprKind::Name(_) | ExprKind::Error => {
            SmallVec::new()
        }
        ExprKind::Unary(_, a) => SmallVec::from_slice(&[*a]),
        ExprKind::Binary(_, a, b) => SmallVec::from_slice(&[*a, *b]),
        ExprKind::Call(..) if rate_of(ast, e).is_some() => SmallVec::new(),
        ExprKind::Call(_, args) => args.iter().copied().collect(),
        ExprKind::If(c, a, b) => SmallVec::from_slice(&[*c, *a, *b]),
    }
}

/// The name `x` and its place, if the expression is `dt(x)`.
pub(super) fn rate_of(ast: &Ast, e: Expr) -> Option<(NameId, Span)> {
    let ExprKind::Call(function, args) = &ast.expr(e).kind else {
        return None;
    };
    let [arg] = &args[..] else { return None };
    if ast.name(function.name) != "dt" {
        return None;
    }
    as_name(ast, *arg).map(|name| (name.name, name.span))
}

/// The name, if the expression is one.
pub(super) fn as_name(ast: &Ast, e: Expr) -> Option<Ident> {
    let node = ast.expr(e);
    let ExprKind::Name(name) = node.kind else {
        return None;
    };
    Some(Ident {
        name,
        span: node.span,
    })
}

/// What an expression is evaluated from, left to right: all parts of a sum or product, else its children.
pub(super) fn operands(ast: &Ast, e: Expr) -> Parts<Expr> {
    match chain(&ast.expr(e).kind) {
        Some(Chain::Sum) => sum_parts(ast, e),
        Some(Chain::Product) => product_parts(ast, e),
        None => children(ast, e).into_iter().map(|e| (e, false)).collect(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chain {
    Sum,
    Product,
}

fn chain(kind: &ExprKind) -> Option<Chain> {
    match kind {
        ExprKind::Unary(UnaryOp::Neg, _) => Some(Chain::Sum),
        ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => Some(Chain::Sum),
        ExprKind::Binary(BinaryOp::Mul | BinaryOp::Div, ..) => Some(Chain::Product),
        ExprKind::Number(_)
        | ExprKind::Quantity(..)
        | ExprKind::Name(_)
        | ExprKind::Unary(UnaryOp::Not, _)
        | ExprKind::Binary(..)
        | ExprKind::Call(..)
        | ExprKind::If(..)
        | ExprKind::Error => None,
    }
}

fn sum_parts(ast: &Ast, e: Expr) -> Parts<Expr> {
    let mut found = Parts::new();
    let mut stack: Parts<Expr> = smallvec![(e, false)];
    while let Some((e, minus)) = stack.pop() {
        let kind = &ast.expr(e).kind;
        if let ExprKind::Unary(UnaryOp::Neg, a) = *kind {
            stack.push((a, !minus));
        } else if let ExprKind::Binary(op @ (BinaryOp::Add | BinaryOp::Sub), a, b) = *kind {
            stack.push((b, minus ^ (op == BinaryOp::Sub)));
            stack.push((a, minus));
        } else {
            found.push((e, minus));
        }
    }
    found
}

/// A divisor stays whole: `a/(b/c)` is undefined where `c` is zero, `a*c/b` is not.
fn product_parts(ast: &Ast, e: Expr) -> Parts<Expr> {
    let mut found = Parts::new();
    let mut stack: Parts<Expr> = smallvec![(e, false)];
    while let Some((e, below)) = stack.pop() {
        if let ExprKind::Binary(op @ (BinaryOp::Mul | BinaryOp::Div), a, b) = ast.expr(e).kind
            && !below
        {
            stack.push((b, op == BinaryOp::Div));
            stack.push((a, false));
        } else {
            found.push((e, below));
        }
    }
    found
}

/// Appends the nodes of an expression, children before parents.
pub(super) fn post_order(ast: &Ast, root: Expr, out: &mut Vec<Expr>) {
    order(root, out, |e, stack| stack.extend(children(ast, e)));
}

/// Appends the nodes of an expression that are evaluated, operands before what they are evaluated to.
fn evaluation_order(ast: &Ast, root: Expr, out: &mut Vec<Expr>) {
    order(root, out, |e, stack| {
        stack.extend(operands(ast, e).iter().map(|part| part.0))
    });
}

fn order(root: Expr, out: &mut Vec<Expr>, below: impl Fn(Expr, &mut Vec<Expr>)) {
    let start = out.len();
    let mut stack = vec![root];
    // Parents before children, right before left: reversed, that is post-order.
    while let Some(e) = stack.pop() {
        out.push(e);
        below(e, &mut stack);
    }
    out[start..].reverse();
}

/// One body being evaluated.
struct Frame<V> {
    file: FileId,
    /// `None` for the expression itself.
    function: Option<(EntityId, At)>,
    args: SmallVec<[V; 4]>,
    /// Its nodes in `Machine::nodes`, and the next of them.
    start: usize,
    next: usize,
}

type MemoKey<V> = (EntityId, SmallVec<[V; 4]>);

/// The stack machine; keeps what it remembers from one expression to the next.
pub(super) struct Machine<V> {
    memo: FxHashMap<MemoKey<V>, V>,
    /// Functions being evaluated: one that calls itself has been reported and has no value.
    open: FxHashSet<EntityId>,
    nodes: Vec<Expr>,
    values: Vec<V>,
    expanded: u64,
}

impl<V: Clone + PartialEq + Eq + Hash> Machine<V> {
    pub fn new() -> Self {
        Machine {
            memo: FxHashMap::default(),
            open: FxHashSet::default(),
            nodes: Vec::new(),
            values: Vec::new(),
            expanded: 0,
        }
    }

    /// The value of an expression at the top level of a file.
    pub fn evaluate<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        root: At,
        diagnostics: &mut Diagnostics,
    ) -> V {
        if is_leaf(&world.ast(root.file).expr(root.expr).kind) {
            return leaf(algebra, world, root, None);
        }
        self.expanded = 0;
        let mut frames = vec![self.begin(world, root, None, SmallVec::new())];
        while let Some(frame) = frames.last_mut() {
            if let Some(&expr) = self.nodes.get(frame.next) {
                frame.next += 1;
                let at = At {
                    file: frame.file,
                    expr,
                };
                if let Some(inner) = self.step(algebra, world, at, frame) {
                    frames.push(inner);
                }
            } else {
                self.close(algebra, &mut frames);
            }
            if self.expanded > MAX_EXPANSION {
                return self.give_up(algebra, world, root, diagnostics);
            }
        }
        self.values.pop().expect("an expression leaves one value")
    }

    fn begin(
        &mut self,
        world: &World,
        body: At,
        function: Option<(EntityId, At)>,
        args: SmallVec<[V; 4]>,
    ) -> Frame<V> {
        let start = self.nodes.len();
        evaluation_order(world.ast(body.file), body.expr, &mut self.nodes);
        if function.is_some() {
            self.expanded += (self.nodes.len() - start) as u64;
        }
        Frame {
            file: body.file,
            function,
            args,
            start,
            next: start,
        }
    }

    /// Evaluates one node on the value stack; a call that is not remembered opens a frame instead.
    fn step<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        at: At,
        frame: &Frame<V>,
    ) -> Option<Frame<V>> {
        let ast = world.ast(at.file);
        let kind = &ast.expr(at.expr).kind;
        if let Some(chain) = chain(kind) {
            let value = self.chain(algebra, ast, at, chain);
            self.values.push(value);
            return None;
        }
        let value = match kind {
            kind if is_leaf(kind) || rate_of(ast, at.expr).is_some() => {
                leaf(algebra, world, at, Some(frame))
            }
            ExprKind::Unary(..) => {
                let a = self.pop();
                algebra.call(at, Op::Not, &[a])
            }
            ExprKind::Binary(op, ..) => {
                let b = self.pop();
                let a = self.pop();
                binary(algebra, at, *op, a, b)
            }
            ExprKind::If(..) => {
                let first = self.values.len() - 3;
                let args: SmallVec<[V; 4]> = self.values.drain(first..).collect();
                algebra.call(at, Op::If, &args)
            }
            ExprKind::Call(name, args) => {
                let first = self.values.len() - args.len();
                let args: SmallVec<[V; 4]> = self.values.drain(first..).collect();
                if let Some(id) = world.entity_named(at.file, name.name) {
                    return self.call(algebra, world, at, id, args);
                }
                match Op::by_name(ast.name(name.name)) {
                    Some(op) if takes(op, args.len()) => algebra.call(at, op, &args),
                    Some(_) | None => algebra.unknown(),
                }
            }
            ExprKind::Number(_) | ExprKind::Quantity(..) | ExprKind::Name(_) | ExprKind::Error => {
                unreachable!("leaves are evaluated above")
            }
        };
        self.values.push(value);
        None
    }

    /// A whole sum or product, of the values on the stack.
    fn chain<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        ast: &Ast,
        at: At,
        chain: Chain,
    ) -> V {
        let parts = operands(ast, at.expr);
        let values = self.values.drain(self.values.len() - parts.len()..);
        let parts: Parts<V> = values
            .zip(parts)
            .map(|(value, (_, inverse))| (value, inverse))
            .collect();
        match chain {
            Chain::Sum => algebra.sum(at, &parts),
            Chain::Product => algebra.product(at, &parts),
        }
    }

    fn pop(&mut self) -> V {
        self.values.pop().expect("operands come before operators")
    }

    fn call<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        at: At,
        id: EntityId,
        args: SmallVec<[V; 4]>,
    ) -> Option<Frame<V>> {
        let function = world
            .function(id)
            .filter(|f| f.params.len() == args.len() && !self.open.contains(&id));
        let Some(function) = function else {
            let unknown = algebra.unknown();
            self.values.push(unknown);
            return None;
        };
        let passed: SmallVec<[V; 4]> = args
            .into_iter()
            .enumerate()
            .map(|(i, v)| algebra.passed(at, id, i, v))
            .collect();
        let key = (id, passed);
        if let Some(known) = self.memo.get(&key) {
            self.values.push(known.clone());
            return None;
        }
        let body = At {
            file: world.entity(id).file,
            expr: function.body,
        };
        algebra.enter(at);
        self.open.insert(id);
        Some(self.begin(world, body, Some((id, at)), key.1))
    }

    fn close<A: Algebra<Value = V>>(&mut self, algebra: &mut A, frames: &mut Vec<Frame<V>>) {
        let Some(frame) = frames.pop() else { return };
        self.nodes.truncate(frame.start);
        if let Some((id, at)) = frame.function {
            self.open.remove(&id);
            let body = self.pop();
            let value = algebra.returned(at, id, body);
            self.memo.insert((id, frame.args), value.clone());
            self.values.push(value);
        }
    }

    fn give_up<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        root: At,
        diagnostics: &mut Diagnostics,
    ) -> V {
        diagnostics.push(ModelError::ExpansionTooLarge {
            at: world.ast(root.file).expr(root.expr).span.into(),
            limit: MAX_EXPANSION,
        });
        self.nodes.clear();
        self.values.clear();
        self.open.clear();
        algebra.unknown()
    }
}

fn is_leaf(kind: &ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Number(_) | ExprKind::Quantity(..) | ExprKind::Name(_) | ExprKind::Error
    )
}

/// Whether an operator takes so many arguments.
pub(super) fn takes(op: Op, n: usize) -> bool {
    let (least, most) = op.arity();
    (least..=most).contains(&n)
}

/// The value of a node without children: in a function's body its parameters come first.
fn leaf<A: Algebra>(
    algebra: &mut A,
    world: &World,
    at: At,
    frame: Option<&Frame<A::Value>>,
) -> A::Value {
    let ast = world.ast(at.file);
    if let Some((name, _)) = rate_of(ast, at.expr) {
        let state = world.entity_named(at.file, name);
        return match state.and_then(|state| world.velocities.get(&state)) {
            Some(&velocity) => algebra.entity(at, velocity),
            None => algebra.unknown(),
        };
    }
    match &ast.expr(at.expr).kind {
        ExprKind::Number(n) => algebra.number(n),
        ExprKind::Quantity(n, unit) => algebra.quantity(at, n, unit),
        ExprKind::Name(name) => {
            let argument = frame.and_then(|f| {
                let (id, _) = f.function?;
                let params = &world.function(id)?.params;
                let i = params.iter().position(|(p, _)| p.name == *name)?;
                f.args.get(i)
            });
            if let Some(value) = argument {
                return value.clone();
            }
            match world.meaning(at.file, *name) {
                Meaning::Time => algebra.time(),
                Meaning::Pi => algebra.constant("pi"),
                Meaning::Euler => algebra.constant("e"),
                Meaning::Entity(id) => algebra.entity(at, id),
                Meaning::Unknown => algebra.unknown(),
            }
        }
        ExprKind::Error
        | ExprKind::Unary(..)
        | ExprKind::Binary(..)
        | ExprKind::Call(..)
        | ExprKind::If(..) => algebra.unknown(),
    }
}

fn binary<A: Algebra>(algebra: &mut A, at: At, op: BinaryOp, a: A::Value, b: A::Value) -> A::Value {
    match op {
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => {
            unreachable!("sums and products are evaluated whole")
        }
        BinaryOp::Pow => algebra.power(at, a, b),
        BinaryOp::Less => algebra.call(at, Op::Less, &[a, b]),
        BinaryOp::LessEqual => algebra.call(at, Op::LessEqual, &[a, b]),
        BinaryOp::Greater => algebra.call(at, Op::Less, &[b, a]),
        BinaryOp::GreaterEqual => algebra.call(at, Op::LessEqual, &[b, a]),
        BinaryOp::Equal => algebra.call(at, Op::Equal, &[a, b]),
        BinaryOp::NotEqual => algebra.call(at, Op::NotEqual, &[a, b]),
        BinaryOp::And => algebra.call(at, Op::And, &[a, b]),
        BinaryOp::Or => algebra.call(at, Op::Or, &[a, b]),
    }
}
