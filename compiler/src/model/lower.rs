//! Expressions to terms.

use rustc_hash::FxHashSet;

use super::error::ModelError;
use super::scope::{EntityId, World};
use super::walk::{Algebra, Arithmetic, At, Machine};
use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{ExprKind, UnitExpr};
use crate::terms::{Number, Op, Pool, Term};

/// Turns expressions into terms; the values of entities are filled in as they become known.
pub(super) struct Lowering<'w, 'a> {
    world: &'w World<'a>,
    machine: Machine<Term>,
    pub terms: Terms,
}

/// The algebra of terms.
pub(super) struct Terms {
    pub pool: Pool,
    /// By entity: its symbol, or its expanded definition.
    pub values: Vec<Option<Term>>,
    time: Term,
    /// Divisions by zero not yet reported, and all ever found.
    zero_divisors: Vec<(At, Option<At>)>,
    seen_divisors: FxHashSet<At>,
    /// The calls being expanded, innermost last.
    calls: Vec<At>,
}

impl<'w, 'a> Lowering<'w, 'a> {
    pub fn new(world: &'w World<'a>, mut pool: Pool, time: Term) -> Self {
        pool.int(0);
        Lowering {
            world,
            machine: Machine::new(),
            terms: Terms {
                pool,
                values: vec![None; world.entities.len()],
                time,
                zero_divisors: Vec::new(),
                seen_divisors: FxHashSet::default(),
                calls: Vec::new(),
            },
        }
    }

    /// The term of an expression.
    pub fn term(&mut self, at: At, diagnostics: &mut Diagnostics) -> Term {
        let Lowering {
            world,
            machine,
            terms,
        } = self;
        let value = machine.evaluate(terms, world, at, diagnostics);
        terms.calls.clear();
        for (at, call) in terms.zero_divisors.drain(..) {
            diagnostics.push(division_by_zero(world, at, call));
        }
        value
    }
}

fn division_by_zero(world: &World, at: At, call: Option<At>) -> ModelError {
    let ast = world.ast(at.file);
    let node = ast.expr(at.expr);
    let divisor = match node.kind {
        ExprKind::Binary(_, _, divisor) => ast.expr(divisor),
        _ => node,
    };
    ModelError::DivisionByZero {
        at: divisor.span.into(),
        call: call.map(|call| world.ast(call.file).expr(call.expr).span.into()),
    }
}

impl Algebra for Terms {
    type Value = Term;

    fn number(&mut self, n: &Number) -> Term {
        self.pool.number(n.clone())
    }

    fn quantity(&mut self, _at: At, n: &Number, _unit: &UnitExpr) -> Term {
        self.pool.number(n.clone())
    }

    fn entity(&mut self, _at: At, id: EntityId) -> Term {
        match self.values[id.0 as usize] {
            Some(value) => value,
            None => self.unknown(),
        }
    }

    fn time(&mut self) -> Term {
        self.time
    }

    fn constant(&mut self, name: &'static str) -> Term {
        self.pool.constant(name)
    }

    fn unknown(&mut self) -> Term {
        self.time
    }

    fn negate(&mut self, a: Term) -> Term {
        self.pool.neg(a)
    }

    fn arithmetic(&mut self, at: At, op: Arithmetic, a: Term, b: Term) -> Term {
        match op {
            Arithmetic::Add => self.pool.add(a, b),
            Arithmetic::Sub => self.pool.sub(a, b),
            Arithmetic::Mul => self.pool.mul(a, b),
            Arithmetic::Div => {
                let is_zero = self.pool.as_number(b).is_some_and(Number::is_zero);
                if is_zero {
                    if self.seen_divisors.insert(at) {
                        self.zero_divisors.push((at, self.calls.last().copied()));
                    }
                    return self.unknown();
                }
                self.pool.div(a, b)
            }
            Arithmetic::Pow => self.pool.pow(a, b),
        }
    }

    fn call(&mut self, _at: At, op: Op, args: &[Term]) -> Term {
        match (op, args) {
            (Op::Pow, [base, exponent]) => self.pool.pow(*base, *exponent),
            _ => self.pool.call(op, args),
        }
    }

    fn passed(&mut self, _at: At, _function: EntityId, _index: usize, value: Term) -> Term {
        value
    }

    fn enter(&mut self, call: At) {
        self.calls.push(call);
    }

    fn returned(&mut self, _at: At, _function: EntityId, value: Term) -> Term {
        self.calls.pop();
        value
    }
}
