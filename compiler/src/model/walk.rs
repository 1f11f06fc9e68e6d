//! Evaluating expressions in any algebra (terms, units) without recursion: a stack machine over post-order nodes.
//!
//! A call of a user's function evaluates its body in a frame of its own with the arguments' values; the result is remembered
//! by function and argument values, so that chains of functions do not multiply.

use std::hash::Hash;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::entities::{DomainId, PointDataKind, Side};
use super::error::ModelError;
use super::nodes::{At, Chain, Part, Parts, chain, children, evaluation_order, operands, rate_of};
use super::scope::{EntityId, FileId, Meaning, World};
use super::space::{Calculus, SpaceError, Value, domain_at, space_call};
use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnitExpr};
use crate::terms::{Number, Op};

/// The most nodes of function bodies that one expression may be expanded to.
const MAX_EXPANSION: u64 = 1_000_000;

/// What an expression can be evaluated to: terms, or units.
pub(super) trait Algebra {
    type Value: Clone + PartialEq + Eq + Hash;
    fn number(&mut self, n: &Number) -> Self::Value;
    fn quantity(&mut self, at: At, n: &Number, unit: &UnitExpr) -> Self::Value;
    fn entity(&mut self, at: At, id: EntityId) -> Self::Value;
    /// `dt(x)` of a state without a velocity: only an equation about it may hold it.
    fn rate(&mut self, at: At, state: EntityId) -> Self::Value;
    fn time(&mut self) -> Self::Value;
    fn constant(&mut self, name: &'static str) -> Self::Value;
    /// What stands for something already reported.
    fn unknown(&mut self) -> Self::Value;
    /// Sums come whole, however they are nested: long ones would cost the square of their length piece by piece.
    fn sum(&mut self, at: At, parts: &[Part<Self::Value>]) -> Self::Value;
    fn product(&mut self, at: At, parts: &[Part<Self::Value>]) -> Self::Value;
    fn power(&mut self, at: At, base: Self::Value, exponent: Self::Value) -> Self::Value;
    fn call(&mut self, at: At, op: Op, args: &[Self::Value]) -> Self::Value;
    /// The integral over a domain with these coordinates.
    fn integral(&mut self, at: At, of: Self::Value, coordinates: &[Self::Value]) -> Self::Value;
    /// One given value per grid node.
    fn point_data(&mut self, kind: PointDataKind, domain: DomainId) -> Self::Value;
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
    /// The body has been evaluated.
    fn leave(&mut self);
    /// The value of a call, or a component of it, from that of the body.
    fn returned(&mut self, at: At, function: EntityId, value: Self::Value) -> Self::Value;
}

/// One body being evaluated.
struct Frame<V> {
    file: FileId,
    /// `None` for the expression itself.
    function: Option<(EntityId, At)>,
    args: SmallVec<[Value<V>; 4]>,
    /// The domain that it is about, where nothing in it says so.
    domain: Option<usize>,
    /// Its nodes in `Machine::nodes`, and the next of them.
    start: usize,
    next: usize,
}

impl<V> Frame<V> {
    /// The domain that a node is about.
    fn domain_at(&self, world: &World, at: At) -> Option<usize> {
        let function = self.function.and_then(|(id, _)| world.function(id));
        domain_at(world, at, function).or(self.domain)
    }

    /// The domain that the arguments of a call are about: `mean(u)` itself is about none.
    fn domain_of_arguments(&self, world: &World, at: At) -> Option<usize> {
        if world.space.domains.len() < 2 {
            return self.domain;
        }
        let function = self.function.and_then(|(id, _)| world.function(id));
        let mut args = children(world.ast(at.file), at.expr).into_iter();
        let found = args.find_map(|expr| domain_at(world, At { expr, ..at }, function));
        found.or(self.domain)
    }
}

type MemoKey<V> = (
    EntityId,
    Option<usize>,
    Option<(usize, Side)>,
    SmallVec<[Value<V>; 4]>,
);

/// The stack machine; keeps what it remembers from one expression to the next.
pub(super) struct Machine<V> {
    memo: FxHashMap<MemoKey<V>, Value<V>>,
    /// Functions being evaluated: one that calls itself has been reported and has no value.
    open: FxHashSet<EntityId>,
    nodes: Vec<Expr>,
    values: Vec<Value<V>>,
    expanded: u64,
    /// The face that expressions are about, an axis and its end: conditions may hold normal derivatives.
    pub face: Option<(usize, Side)>,
    /// What was wrong with vectors in it.
    problems: Vec<(At, SpaceError)>,
    /// Where vectors have been found wrong before.
    reported: FxHashSet<At>,
}

impl<V: Clone + PartialEq + Eq + Hash> Machine<V> {
    pub fn new() -> Self {
        Machine {
            memo: FxHashMap::default(),
            open: FxHashSet::default(),
            nodes: Vec::new(),
            values: Vec::new(),
            expanded: 0,
            face: None,
            problems: Vec::new(),
            reported: FxHashSet::default(),
        }
    }

    /// The value of an expression at the top level of a file.
    pub fn evaluate<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        root: At,
        diagnostics: &mut Diagnostics,
    ) -> Value<V> {
        if is_leaf(&world.ast(root.file).expr(root.expr).kind) {
            return leaf(algebra, world, root, None);
        }
        self.expanded = 0;
        let domain = domain_at(world, root, None);
        let mut frames = vec![self.begin(world, root, None, domain, SmallVec::new())];
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
        self.report(diagnostics);
        self.values.pop().expect("an expression leaves one value")
    }

    /// Reports the first thing that is wrong with vectors: what else is wrong may follow from it.
    fn report(&mut self, diagnostics: &mut Diagnostics) {
        let mut problems = std::mem::take(&mut self.problems);
        if !problems.is_empty() {
            let (at, error) = problems.swap_remove(0);
            if self.reported.insert(at) {
                diagnostics.push(error);
            }
        }
    }

    fn begin(
        &mut self,
        world: &World,
        body: At,
        function: Option<(EntityId, At)>,
        domain: Option<usize>,
        args: SmallVec<[Value<V>; 4]>,
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
            domain,
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
            let value = self.chain(algebra, world, at, chain);
            self.values.push(value);
            return None;
        }
        let value = match kind {
            kind if is_leaf(kind) || rate_of(ast, at.expr).is_some() => {
                leaf(algebra, world, at, Some(frame))
            }
            ExprKind::Unary(..) => {
                let a = self.pop();
                self.calculus(algebra, world, at, None).call(Op::Not, &[a])
            }
            ExprKind::Binary(op, ..) => {
                let b = self.pop();
                let a = self.pop();
                match operator(*op) {
                    Operator::Power => self.calculus(algebra, world, at, None).power(a, b),
                    Operator::Call(op) => self.calculus(algebra, world, at, None).call(op, &[a, b]),
                    Operator::Swapped(op) => {
                        self.calculus(algebra, world, at, None).call(op, &[b, a])
                    }
                }
            }
            ExprKind::If(..) => {
                let args = self.pop_many(3);
                self.calculus(algebra, world, at, None).call(Op::If, &args)
            }
            ExprKind::Tuple(parts) => {
                let parts = self.pop_many(parts.len());
                let domain = frame.domain_at(world, at);
                self.calculus(algebra, world, at, domain).tuple(&parts)
            }
            ExprKind::Call(name, args) => {
                let args = self.pop_many(args.len());
                if let Some(id) = world.entity_named(at.file, name.name) {
                    let domain = frame.domain_at(world, at);
                    return self.call(algebra, world, at, id, domain, args);
                }
                let text = ast.name(name.name);
                match Op::by_name(text) {
                    Some(op) if takes(op, args.len()) => {
                        self.calculus(algebra, world, at, None).call(op, &args)
                    }
                    Some(_) => Value::Unknown(algebra.unknown()),
                    None => match space_call(world, text) {
                        Some(call) if call.arity() == args.len() => {
                            let domain = frame.domain_of_arguments(world, at);
                            self.calculus(algebra, world, at, domain)
                                .space(&call, &args)
                        }
                        Some(_) | None => Value::Unknown(algebra.unknown()),
                    },
                }
            }
            ExprKind::Number(_)
            | ExprKind::Quantity(..)
            | ExprKind::Name(_)
            | ExprKind::Text(_)
            | ExprKind::Error => unreachable!("leaves are evaluated above"),
        };
        self.values.push(value);
        None
    }

    /// A whole sum or product, of the values on the stack.
    fn chain<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        at: At,
        chain: Chain,
    ) -> Value<V> {
        let parts = operands(world.ast(at.file), at.expr);
        let first = self.values.len() - parts.len();
        let values = self.values[first..].iter();
        let numbers: Option<Parts<V>> = values
            .zip(&parts)
            .map(|(value, (_, inverse))| Some((value.as_scalar()?.clone(), *inverse)))
            .collect();
        if let Some(numbers) = numbers {
            self.values.truncate(first);
            return Value::Scalar(match chain {
                Chain::Sum => algebra.sum(at, &numbers),
                Chain::Product => algebra.product(at, &numbers),
            });
        }
        let values = self.values.drain(first..);
        let parts: Vec<Part<Value<V>>> = values
            .zip(parts)
            .map(|(value, (_, inverse))| (value, inverse))
            .collect();
        let mut calculus = self.calculus(algebra, world, at, None);
        match chain {
            Chain::Sum => calculus.sum(&parts),
            Chain::Product => calculus.product(&parts),
        }
    }

    fn calculus<'c, 'w, 'a, A: Algebra<Value = V>>(
        &'c mut self,
        algebra: &'c mut A,
        world: &'w World<'a>,
        at: At,
        domain: Option<usize>,
    ) -> Calculus<'c, 'w, 'a, A> {
        Calculus {
            algebra,
            world,
            at,
            domain,
            face: self.face,
            problems: &mut self.problems,
        }
    }

    fn pop(&mut self) -> Value<V> {
        self.values.pop().expect("operands come before operators")
    }

    fn pop_many(&mut self, n: usize) -> SmallVec<[Value<V>; 4]> {
        self.values.drain(self.values.len() - n..).collect()
    }

    fn call<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        at: At,
        id: EntityId,
        domain: Option<usize>,
        args: SmallVec<[Value<V>; 4]>,
    ) -> Option<Frame<V>> {
        let function = world
            .function(id)
            .filter(|f| f.params.len() == args.len() && !self.open.contains(&id));
        let Some(function) = function else {
            let unknown = algebra.unknown();
            self.values.push(Value::Unknown(unknown));
            return None;
        };
        let passed: SmallVec<[Value<V>; 4]> = args
            .iter()
            .enumerate()
            .map(|(i, value)| value.map(|_, v| algebra.passed(at, id, i, v.clone())))
            .collect();
        let key = (id, domain, self.face, passed);
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
        Some(self.begin(world, body, Some((id, at)), domain, key.3))
    }

    fn close<A: Algebra<Value = V>>(&mut self, algebra: &mut A, frames: &mut Vec<Frame<V>>) {
        let Some(frame) = frames.pop() else { return };
        self.nodes.truncate(frame.start);
        if let Some((id, at)) = frame.function {
            self.open.remove(&id);
            let body = self.pop();
            algebra.leave();
            let value = body.map(|_, v| algebra.returned(at, id, v.clone()));
            let key = (id, frame.domain, self.face, frame.args);
            self.memo.insert(key, value.clone());
            self.values.push(value);
        }
    }

    fn give_up<A: Algebra<Value = V>>(
        &mut self,
        algebra: &mut A,
        world: &World,
        root: At,
        diagnostics: &mut Diagnostics,
    ) -> Value<V> {
        diagnostics.push(ModelError::ExpansionTooLarge {
            at: world.ast(root.file).expr(root.expr).span.into(),
            limit: MAX_EXPANSION,
        });
        self.nodes.clear();
        self.values.clear();
        self.open.clear();
        self.problems.clear();
        Value::Unknown(algebra.unknown())
    }
}

fn is_leaf(kind: &ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Number(_)
            | ExprKind::Quantity(..)
            | ExprKind::Name(_)
            | ExprKind::Text(_)
            | ExprKind::Error
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
) -> Value<A::Value> {
    let ast = world.ast(at.file);
    if let Some((name, _)) = rate_of(ast, at.expr) {
        return match world.entity_named(at.file, name) {
            Some(state) => of_parts(world, state, |part| match world.velocities.get(&part) {
                Some(&velocity) => algebra.entity(at, velocity),
                None => algebra.rate(at, part),
            }),
            None => Value::Unknown(algebra.unknown()),
        };
    }
    Value::Scalar(match &ast.expr(at.expr).kind {
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
                Meaning::Entity(id) => {
                    return of_parts(world, id, |part| algebra.entity(at, part));
                }
                Meaning::Unknown => return Value::Unknown(algebra.unknown()),
            }
        }
        ExprKind::Error
        | ExprKind::Text(_)
        | ExprKind::Unary(..)
        | ExprKind::Binary(..)
        | ExprKind::Call(..)
        | ExprKind::If(..)
        | ExprKind::Tuple(_) => return Value::Unknown(algebra.unknown()),
    })
}

/// One value, or one for each component of a vector.
fn of_parts<V>(world: &World, id: EntityId, mut value: impl FnMut(EntityId) -> V) -> Value<V> {
    match world.space.components.get(&id) {
        Some(components) => Value::Vector(components.iter().map(|&part| value(part)).collect()),
        None => Value::Scalar(value(id)),
    }
}

/// What an infix operator stands for.
enum Operator {
    Power,
    Call(Op),
    /// With the operands the other way round.
    Swapped(Op),
}

fn operator(op: BinaryOp) -> Operator {
    match op {
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div => {
            unreachable!("sums and products are evaluated whole")
        }
        BinaryOp::Pow => Operator::Power,
        BinaryOp::Less => Operator::Call(Op::Less),
        BinaryOp::LessEqual => Operator::Call(Op::LessEqual),
        BinaryOp::Greater => Operator::Swapped(Op::Less),
        BinaryOp::GreaterEqual => Operator::Swapped(Op::LessEqual),
        BinaryOp::Equal => Operator::Call(Op::Equal),
        BinaryOp::NotEqual => Operator::Call(Op::NotEqual),
        BinaryOp::And => Operator::Call(Op::And),
        BinaryOp::Or => Operator::Call(Op::Or),
    }
}
