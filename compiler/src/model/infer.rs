//! The algebra of units: the unit of every expression, and what does not fit.

use miette::LabeledSpan;
use rustc_hash::FxHashSet;

use super::error::ModelError;
use super::measure::{Exponent, Measure};
use super::scope::{EntityId, Meaning, World};
use super::signature::{Signature, signature};
use super::units::Units;
use super::walk::{Algebra, Arithmetic, At, children, post_order};
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

    /// The unit that both operands have; reports it, once, if they differ.
    fn alike(&mut self, at: At, what: &str, a: (Measure, Expr), b: (Measure, Expr)) -> Measure {
        if self.units.measures.unify(a.0, b.0) {
            return if a.0 == Measure::ANY { b.0 } else { a.0 };
        }
        if self.seen.insert(at) {
            let place = |expr| Source::Expression(At { expr, ..at });
            let (left, right) = ((a.0, place(a.1)), (b.0, place(b.1)));
            let labels = self.labels(left, Some(right));
            let help = self.help(left, right);
            let problem = ModelError::UnitMismatch {
                what: what.into(),
                left: self.text(a.0),
                right: self.text(b.0),
                labels,
                help,
            };
            self.problems.push(problem);
        }
        Measure::ANY
    }

    /// Whether the value is a pure number; reports it, once, if not.
    fn is_number(&mut self, at: At, what: &str, found: (Measure, Expr)) -> bool {
        if self.units.measures.unify(found.0, Measure::ONE) {
            return true;
        }
        if !self.seen.insert(at) {
            return false;
        }
        let place = At {
            expr: found.1,
            ..at
        };
        let labels = self.labels((found.0, Source::Expression(place)), None);
        let problem = ModelError::NotDimensionless {
            what: what.into(),
            unit: self.text(found.0),
            labels,
        };
        self.problems.push(problem);
        false
    }

    pub fn text(&mut self, m: Measure) -> String {
        let m = self.units.measures.resolve(m);
        self.units.measures.text(m)
    }

    /// The unit in backticks; `None` for a pure number.
    fn phrase(&mut self, m: Measure) -> Option<String> {
        let text = self.text(m);
        (text != "1").then(|| format!("`{text}`"))
    }

    /// Both places, and the declarations that brought the units in.
    fn labels(
        &mut self,
        one: (Measure, Source),
        other: Option<(Measure, Source)>,
    ) -> Vec<LabeledSpan> {
        let mut labels: Vec<LabeledSpan> = Vec::new();
        let mut origins: Vec<EntityId> = Vec::new();
        for (measure, source) in [Some(one), other].into_iter().flatten() {
            let text = Some(format!("`{}`", self.text(measure)));
            let (span, origin) = match source {
                Source::Expression(at) => (Some(self.span(at)), self.origin(at)),
                Source::Entity(id, mention) => (mention, Some(id)),
                Source::Written(span) => (Some(span), None),
            };
            origins.extend(origin);
            if let Some(span) = span {
                labels.push(match labels.is_empty() {
                    true => LabeledSpan::new_primary_with_span(text, span),
                    false => LabeledSpan::new_with_span(text, span),
                });
            }
        }
        origins.dedup();
        for id in origins {
            let name = self.world.name(id).into_owned();
            let unit = self.text(self.units.of[id.0 as usize]);
            let text = format!("`{name}` is in `{unit}`");
            labels.push(LabeledSpan::new_with_span(Some(text), self.world.span(id)));
        }
        if let Some(&call) = self.calls.last() {
            let span = self.span(call);
            labels.push(LabeledSpan::new_with_span(
                Some("in this call".into()),
                span,
            ));
        }
        labels
    }

    fn span(&self, at: At) -> Span {
        self.world.ast(at.file).expr(at.expr).span
    }

    /// The first name in an expression that has a unit.
    fn origin(&self, at: At) -> Option<EntityId> {
        let ast = self.world.ast(at.file);
        let mut nodes = Vec::new();
        post_order(ast, at.expr, &mut nodes);
        nodes.into_iter().find_map(|e| {
            let ExprKind::Name(name) = ast.expr(e).kind else {
                return None;
            };
            let Meaning::Entity(id) = self.world.meaning(at.file, name) else {
                return None;
            };
            let measure = self.units.of[id.0 as usize];
            (measure != Measure::ONE && measure != Measure::ANY).then_some(id)
        })
    }

    /// What would mend a mismatch.
    fn help(&mut self, found: (Measure, Source), needed: (Measure, Source)) -> Option<String> {
        for (one, other) in [(found, needed), (needed, found)] {
            if let Source::Expression(at) = one.1
                && let ExprKind::Number(n) = &self.world.ast(at.file).expr(at.expr).kind
            {
                let unit = self.text(other.0);
                return Some(format!(
                    "write `{n} [{unit}]` if the number is meant in this unit"
                ));
            }
        }
        let factor = self.units.measures.quotient(needed.0, found.0);
        let factor = self.text(factor);
        Some(format!("the two differ by a factor in `{factor}`"))
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
        let operands = operands(self.world, at);
        let [base_at, exponent_at] = operands.as_slice() else {
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
fn operands(world: &World, at: At) -> Vec<Expr> {
    let ast = world.ast(at.file);
    match ast.expr(at.expr).kind {
        ExprKind::Binary(BinaryOp::Greater | BinaryOp::GreaterEqual, a, b) => vec![b, a],
        _ => children(ast, at.expr).to_vec(),
    }
}

fn fold(op: Arithmetic, a: &Known, b: &Known) -> Option<Number> {
    let (Known::Number(a), Known::Number(b)) = (a, b) else {
        return None;
    };
    match op {
        Arithmetic::Add => Some(a + b),
        Arithmetic::Sub => Some(a - b),
        Arithmetic::Mul => a.checked_mul(b),
        Arithmetic::Div => a.checked_mul(&b.recip()?),
        Arithmetic::Pow => a.checked_pow(b.as_i64()?),
    }
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

    fn time(&mut self) -> Sort {
        Sort::of(self.units.time)
    }

    fn constant(&mut self, _name: &'static str) -> Sort {
        Sort::of(Measure::ONE)
    }

    fn unknown(&mut self) -> Sort {
        Sort::of(Measure::ANY)
    }

    fn negate(&mut self, a: Sort) -> Sort {
        Sort {
            measure: a.measure,
            known: match a.known {
                Known::Number(n) => Known::Number(-n),
                Known::Entity(_) | Known::Nothing => Known::Nothing,
            },
        }
    }

    fn arithmetic(&mut self, at: At, op: Arithmetic, a: Sort, b: Sort) -> Sort {
        if a.measure == Measure::ONE
            && b.measure == Measure::ONE
            && let Some(n) = fold(op, &a.known, &b.known)
        {
            return Sort::number(n);
        }
        Sort::of(match op {
            Arithmetic::Add | Arithmetic::Sub => {
                let places = operands(self.world, at);
                let (a, b) = ((a.measure, places[0]), (b.measure, places[1]));
                self.alike(at, "the terms of a sum", a, b)
            }
            Arithmetic::Mul => self.units.measures.product(a.measure, b.measure),
            Arithmetic::Div => self.units.measures.quotient(a.measure, b.measure),
            Arithmetic::Pow => self.pow(at, a, b),
        })
    }

    fn call(&mut self, at: At, op: Op, args: &[Sort]) -> Sort {
        let places = operands(self.world, at);
        let placed: Vec<(Measure, Expr)> = places
            .iter()
            .zip(args)
            .map(|(place, arg)| (arg.measure, *place))
            .collect();
        let all_alike = |this: &mut Self, what: &str, placed: &[(Measure, Expr)]| {
            let mut measure = placed[0];
            for &next in &placed[1..] {
                measure = (this.alike(at, what, measure, next), measure.1);
            }
            measure.0
        };
        Sort::of(match signature(op) {
            Signature::Numbers => {
                for &arg in &placed {
                    let what = format!("the argument of `{}`", op.name());
                    self.is_number(at, &what, arg);
                }
                Measure::ONE
            }
            Signature::Alike => {
                all_alike(self, &format!("the arguments of `{}`", op.name()), &placed)
            }
            Signature::AlikeToNumber => {
                all_alike(self, "what is compared", &placed);
                Measure::ONE
            }
            Signature::SignToNumber => Measure::ONE,
            Signature::Root(degree) => {
                let exponent = Number::ratio(1, degree).expect("degrees are not zero");
                self.power(at, args[0].measure, &exponent)
            }
            Signature::Power => self.pow(at, args[0].clone(), args[1].clone()),
            Signature::Choice => all_alike(self, "the branches of `if`", &placed[1..]),
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
            expr: operands(self.world, at)[index],
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
        self.calls.pop();
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
}
