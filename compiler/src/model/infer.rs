//! The algebra of units: the unit of every expression, and what does not fit.

mod report;

use rustc_hash::FxHashSet;

use super::entities::{DomainId, PointDataKind};
use super::error::ModelError;
use super::measure::{Exponent, Measure};
use super::nodes::{At, Part, operands};
use super::scope::{EntityId, World};
use super::signature::{Signature, signature};
use super::units::Units;
use super::walk::Algebra;
use crate::diagnostic::Diagnostics;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnitExpr};
use crate::terms::{Number, Op};

/// The unit of a value, and what is known of the value itself, for exponents.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Sort {
    pub measure: Measure,
    pub known: Known,
}

/// What is known of a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Known {
    Nothing,
    Number(Number),
    /// It is the value of this name.
    Entity(EntityId),
}

impl Sort {
    fn of(measure: Measure) -> Sort {
        Sort {
            measure,
            known: Known::Nothing,
        }
    }

    fn as_number(&self) -> Option<&Number> {
        match &self.known {
            Known::Number(n) if self.measure == Measure::ONE || n.is_zero() => Some(n),
            Known::Number(_) | Known::Entity(_) | Known::Nothing => None,
        }
    }

    fn number(n: Number) -> Sort {
        let measure = if n.is_zero() {
            Measure::ANY
        } else {
            Measure::ONE
        };
        Sort {
            measure,
            known: Known::Number(n),
        }
    }
}

/// Where a unit comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// An expression has it.
    Expression(At),
    /// Something declared has it, and where that is mentioned.
    Entity(EntityId, Option<Span>),
    /// It is written there.
    Written(Span),
}

/// Infers units and collects what does not fit.
pub(super) struct Inference<'w, 'a, 'd> {
    pub world: &'w World<'a>,
    pub units: Units,
    /// By entity: the number that a constant always is.
    pub constants: Vec<Option<Number>>,
    pub problems: &'d mut Diagnostics,
    seen: FxHashSet<At>,
    /// The operands that were found wrong.
    seen_operands: FxHashSet<At>,
    calls: Vec<At>,
}

impl<'w, 'a, 'd> Inference<'w, 'a, 'd> {
    pub fn new(world: &'w World<'a>, units: Units, problems: &'d mut Diagnostics) -> Self {
        Inference {
            world,
            units,
            constants: vec![None; world.entities.len()],
            problems,
            seen: FxHashSet::default(),
            seen_operands: FxHashSet::default(),
            calls: Vec::new(),
        }
    }

    /// Forgets the calls of an expression that was given up.
    pub fn reset(&mut self) {
        self.calls.clear();
    }

    /// Reports it if `found` is not what `what` needs.
    pub fn expect(&mut self, what: &str, found: (Measure, Source), needed: (Measure, Source)) {
        if self.units.measures.unify(found.0, needed.0) {
            return;
        }
        let labels = self.labels(found, Some(needed));
        let help = self.help(found, needed);
        let problem = ModelError::WrongUnit {
            what: what.into(),
            found: match self.phrase(found.0) {
                Some(unit) => format!("in {unit}"),
                None => "a pure number".into(),
            },
            needed: self.phrase(needed.0).unwrap_or("a pure number".into()),
            labels,
            help,
        };
        self.problems.push(problem);
    }

    /// The unit that operands of a node have, the first of them number `from`; reports every other unit among them, once.
    fn all_alike(&mut self, at: At, what: &str, operands: &[Measure], from: usize) -> Measure {
        let mut common = (operands[0], 0);
        let mut others: Vec<Measure> = Vec::new();
        for (i, &next) in operands.iter().enumerate().skip(1) {
            if common.0 == Measure::ANY {
                common = (next, i);
            } else if !self.units.measures.unify(common.0, next) {
                let is_new = !others
                    .iter()
                    .any(|&other| self.units.measures.unify(other, next));
                if is_new {
                    others.push(next);
                    self.report_mismatch(at, what, (common.0, from + common.1), (next, from + i));
                }
            }
        }
        match others.is_empty() {
            true => common.0,
            false => Measure::ANY,
        }
    }

    /// Whether the value is a pure number; reports it, once, if not.
    fn is_number(&mut self, at: At, what: &str, found: (Measure, Expr)) -> bool {
        if self.units.measures.unify(found.0, Measure::ONE) {
            return true;
        }
        let place = At {
            expr: found.1,
            ..at
        };
        if !self.seen_operands.insert(place) {
            return false;
        }
        let labels = self.labels((found.0, Source::Expression(place)), None);
        let problem = ModelError::NotDimensionless {
            what: what.into(),
            unit: self.text(found.0),
            labels,
        };
        self.problems.push(problem);
        false
    }

    fn power(&mut self, at: At, base: Measure, exponent: &Number) -> Measure {
        match self.units.measures.power(base, exponent) {
            Some(power) => power,
            None => {
                if self.seen.insert(at) {
                    let problem = ModelError::InvalidUnit {
                        unit: format!("({})^{exponent}", self.text(base)),
                        problem: "the exponent is too large",
                        at: self.span(at).into(),
                    };
                    self.problems.push(problem);
                }
                Measure::ANY
            }
        }
    }

    fn pow(&mut self, at: At, base: Sort, exponent: Sort) -> Measure {
        let places = places(self.world, at);
        let [base_at, exponent_at] = places.as_slice() else {
            return Measure::ANY;
        };
        if !self.is_number(at, "an exponent", (exponent.measure, *exponent_at)) {
            return Measure::ANY;
        }
        match exponent.known {
            Known::Number(n) => self.power(at, base.measure, &n),
            Known::Entity(id) => {
                let exponent = Exponent::Entity(id);
                self.units.measures.open_power(base.measure, exponent).0
            }
            Known::Nothing => {
                let what = "the base of a power with a computed exponent";
                match self.is_number(at, what, (base.measure, *base_at)) {
                    true => Measure::ONE,
                    false => Measure::ANY,
                }
            }
        }
    }
}

/// The operands of a node, in the order in which the machine hands them over.
fn places(world: &World, at: At) -> Vec<Expr> {
    let ast = world.ast(at.file);
    if let ExprKind::Binary(op, a, b) = ast.expr(at.expr).kind
        && matches!(op, BinaryOp::Greater | BinaryOp::GreaterEqual)
    {
        return vec![b, a];
    }
    operands(ast, at.expr).iter().map(|part| part.0).collect()
}

/// The number that a sum of numbers is.
fn total(parts: &[Part<Sort>]) -> Option<Number> {
    let mut total = Number::ZERO;
    for (sort, minus) in parts {
        let n = sort.as_number()?;
        total = if *minus { &total - n } else { &total + n };
    }
    Some(total)
}

/// The number that a product of numbers is.
fn product(parts: &[Part<Sort>]) -> Option<Number> {
    let mut product = Number::ONE;
    for (sort, below) in parts {
        let n = sort.as_number()?;
        product = match below {
            true => product.checked_mul(&n.recip()?)?,
            false => product.checked_mul(n)?,
        };
    }
    Some(product)
}

impl Algebra for Inference<'_, '_, '_> {
    type Value = Sort;

    fn number(&mut self, n: &Number) -> Sort {
        Sort::number(n.clone())
    }

    fn quantity(&mut self, at: At, _n: &Number, unit: &UnitExpr) -> Sort {
        let ast = self.world.ast(at.file);
        Sort::of(self.units.measure(ast, unit, self.problems))
    }

    fn entity(&mut self, _at: At, id: EntityId) -> Sort {
        Sort {
            measure: self.units.of[id.0 as usize],
            known: match &self.constants[id.0 as usize] {
                Some(n) => Known::Number(n.clone()),
                None => Known::Entity(id),
            },
        }
    }

    fn rate(&mut self, _at: At, state: EntityId) -> Sort {
        let of = self.units.of[state.0 as usize];
        Sort::of(self.units.measures.quotient(of, self.units.time))
    }

    fn time(&mut self) -> Sort {
        Sort::of(self.units.time)
    }

    fn constant(&mut self, _name: &'static str) -> Sort {
        Sort::of(Measure::ONE)
    }

    fn unknown(&mut self) -> Sort {
        Sort::of(Measure::ANY)
    }

    fn sum(&mut self, at: At, parts: &[Part<Sort>]) -> Sort {
        if let Some(n) = total(parts) {
            return Sort::number(n);
        }
        let measures: Vec<Measure> = parts.iter().map(|(sort, _)| sort.measure).collect();
        Sort::of(self.all_alike(at, "the terms of a sum", &measures, 0))
    }

    fn product(&mut self, _at: At, parts: &[Part<Sort>]) -> Sort {
        if let Some(n) = product(parts) {
            return Sort::number(n);
        }
        let measures = &mut self.units.measures;
        let whole = parts
            .iter()
            .fold(Measure::ONE, |whole, (sort, below)| match below {
                true => measures.quotient(whole, sort.measure),
                false => measures.product(whole, sort.measure),
            });
        Sort::of(whole)
    }

    fn power(&mut self, at: At, base: Sort, exponent: Sort) -> Sort {
        Sort::of(self.pow(at, base, exponent))
    }

    fn call(&mut self, at: At, op: Op, args: &[Sort]) -> Sort {
        let measures: Vec<Measure> = args.iter().map(|arg| arg.measure).collect();
        Sort::of(match signature(op) {
            Signature::Numbers => {
                let what = format!("the argument of `{}`", op.name());
                for (place, measure) in places(self.world, at).into_iter().zip(measures) {
                    self.is_number(at, &what, (measure, place));
                }
                Measure::ONE
            }
            Signature::Alike => {
                let what = format!("the arguments of `{}`", op.name());
                self.all_alike(at, &what, &measures, 0)
            }
            Signature::AlikeToNumber => {
                self.all_alike(at, "what is compared", &measures, 0);
                Measure::ONE
            }
            Signature::SignToNumber => Measure::ONE,
            Signature::Root(degree) => {
                let exponent = Number::ratio(1, degree).expect("degrees are not zero");
                self.power(at, args[0].measure, &exponent)
            }
            Signature::Power => self.pow(at, args[0].clone(), args[1].clone()),
            Signature::Quotient => self.units.measures.quotient(measures[0], measures[1]),
            Signature::Choice => self.all_alike(at, "the branches of `if`", &measures[1..], 1),
        })
    }

    fn integral(&mut self, _at: At, of: Sort, coordinates: &[Sort]) -> Sort {
        let measures = &mut self.units.measures;
        let measure = coordinates.iter().fold(of.measure, |whole, coordinate| {
            measures.product(whole, coordinate.measure)
        });
        Sort::of(measure)
    }

    fn point_data(&mut self, kind: PointDataKind, _domain: DomainId) -> Sort {
        Sort::of(match kind {
            PointDataKind::Normal(_) | PointDataKind::Uniform(_) => Measure::ONE,
            PointDataKind::File { .. } => Measure::ANY,
        })
    }

    fn passed(&mut self, at: At, function: EntityId, index: usize, value: Sort) -> Sort {
        let Some(f) = self.world.function(function) else {
            return value;
        };
        let (name, unit) = &f.params[index];
        let Some(unit) = unit else { return value };
        let ast = self.world.ast(self.world.entity(function).file);
        let declared = self.units.measure(ast, unit, self.problems);
        let what = format!(
            "argument `{}` of `{}`",
            ast.name(name.name),
            self.world.name(function)
        );
        let arg = At {
            expr: places(self.world, at)[index],
            ..at
        };
        let needed = (declared, Source::Written(unit.span));
        self.expect(&what, (value.measure, Source::Expression(arg)), needed);
        value
    }

    fn enter(&mut self, call: At) {
        self.calls.push(call);
    }

    fn returned(&mut self, at: At, function: EntityId, value: Sort) -> Sort {
        let Some(f) = self.world.function(function) else {
            return value;
        };
        let Some(unit) = &f.unit else { return value };
        let file = self.world.entity(function).file;
        let declared = self
            .units
            .measure(self.world.ast(file), unit, self.problems);
        if self.seen.insert(at) {
            let what = format!("the result of `{}`", self.world.name(function));
            let body = At { file, expr: f.body };
            let needed = (declared, Source::Written(unit.span));
            self.expect(&what, (value.measure, Source::Expression(body)), needed);
        }
        Sort::of(declared)
    }

    fn leave(&mut self) {
        self.calls.pop();
    }
}
