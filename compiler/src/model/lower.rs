//! Expressions to terms.
//!
//! Every value is a term and the unit in which it counts. Values of one unit combine as they are; a factor enters only
//! where units of different sizes meet, and where a value is wanted in a unit of another size.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::check_units::is_bare;
use super::entities::{DomainId, PointData, PointDataKind, Side};
use super::error::ModelError;
use super::measure::{Exponent, Measure};
use super::nodes::{At, Part, operands};
use super::scope::{EntityId, World};
use super::signature::{Signature, signature};
use super::space::{SpaceError, Value};
use super::units::Units;
use super::walk::{Algebra, Machine};
use crate::diagnostic::Diagnostics;
use crate::syntax::ast::{ExprKind, UnitExpr};
use crate::terms::{Number, Op, Pool, SymbolId, Term};

/// A term, and the unit in which it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Amount {
    pub term: Term,
    pub measure: Measure,
}

/// Turns expressions into terms; the values of entities are filled in as they become known.
pub(super) struct Lowering<'w, 'a> {
    world: &'w World<'a>,
    machine: Machine<Amount>,
    pub terms: Terms<'w, 'a>,
}

/// The algebra of terms.
pub(super) struct Terms<'w, 'a> {
    world: &'w World<'a>,
    pub pool: Pool,
    pub units: Units,
    /// By entity: its symbol, or its expanded definition.
    pub values: Vec<Option<Amount>>,
    /// Constants whose value is a literal number: as exponents they are that number.
    pub literals: FxHashMap<Term, Number>,
    time: Term,
    /// By state: what `dt(x)` stands for in the equation being read.
    pub rates: FxHashMap<EntityId, Amount>,
    /// Symbols that stand for one given value per grid node.
    pub point_data: Vec<PointData>,
    /// Divisions by zero not yet reported, with the calls they are in, and all ever found.
    zero_divisors: Vec<(At, Option<At>)>,
    seen_divisors: FxHashSet<At>,
    /// The calls being expanded, innermost last.
    calls: Vec<At>,
}

impl<'w, 'a> Lowering<'w, 'a> {
    pub fn new(world: &'w World<'a>, pool: Pool, time: Term) -> Self {
        Lowering {
            world,
            machine: Machine::new(),
            terms: Terms {
                world,
                pool,
                units: Units::off(world),
                values: vec![None; world.entities.len()],
                literals: FxHashMap::default(),
                time,
                rates: FxHashMap::default(),
                point_data: Vec::new(),
                zero_divisors: Vec::new(),
                seen_divisors: FxHashSet::default(),
                calls: Vec::new(),
            },
        }
    }

    /// The term of an expression that is a number, in its own unit.
    pub fn amount(&mut self, at: At, diagnostics: &mut Diagnostics) -> Amount {
        match self.value(at, diagnostics) {
            Value::Scalar(amount) | Value::Unknown(amount) => amount,
            Value::Vector(_) | Value::Tensor(_) => {
                diagnostics.push(SpaceError::VectorForScalar {
                    what: "the value here".into(),
                    help: "take one of its components, like `v.x`".into(),
                    at: self.world.ast(at.file).expr(at.expr).span.into(),
                });
                self.terms.unknown()
            }
        }
    }

    /// The terms of an expression, each in its own unit.
    pub fn value(&mut self, at: At, diagnostics: &mut Diagnostics) -> Value<Amount> {
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

    /// The face that the expressions to come are about.
    pub fn set_face(&mut self, face: Option<(usize, Side)>) {
        self.machine.face = face;
    }

    /// The term of an expression, in the unit wanted.
    pub fn term_in(&mut self, at: At, wanted: Measure, diagnostics: &mut Diagnostics) -> Term {
        let amount = self.amount(at, diagnostics);
        self.terms.convert(amount, wanted)
    }

    /// The term of a given value: a bare number is in the unit wanted already.
    pub fn given(&mut self, at: At, wanted: Measure, diagnostics: &mut Diagnostics) -> Term {
        let amount = self.amount(at, diagnostics);
        self.in_given(at, amount, wanted)
    }

    /// The terms of a given value, whose bare numbers are in the unit wanted already.
    pub fn given_value(
        &mut self,
        at: At,
        wanted: Measure,
        diagnostics: &mut Diagnostics,
    ) -> Value<Term> {
        let value = self.value(at, diagnostics);
        let parts: SmallVec<[At; 4]> = match &self.world.ast(at.file).expr(at.expr).kind {
            ExprKind::Tuple(parts) => parts.iter().map(|&expr| At { expr, ..at }).collect(),
            _ => SmallVec::new(),
        };
        value.map(|i, &amount| {
            let part = parts.get(i).copied().unwrap_or(at);
            self.in_given(part, amount, wanted)
        })
    }

    fn in_given(&mut self, at: At, amount: Amount, wanted: Measure) -> Term {
        if amount.measure == wanted || is_bare(self.world, at) {
            return amount.term;
        }
        self.terms.convert(amount, wanted)
    }
}

impl Terms<'_, '_> {
    /// The term in another unit of the same dimension.
    pub fn convert(&mut self, amount: Amount, wanted: Measure) -> Term {
        if amount.measure == wanted {
            return amount.term;
        }
        let scale = self.units.measures.conversion(amount.measure, wanted);
        scale.apply(&mut self.pool, amount.term)
    }

    /// Makes a symbol depend on the coordinates of a domain.
    pub fn set_dependence(&mut self, symbol: SymbolId, domain: usize) {
        let coordinates = self.world.space.domains[domain].coordinates.iter();
        let symbols: Vec<SymbolId> = coordinates
            .filter_map(|c| self.pool.as_symbol(self.values[c.0 as usize]?.term))
            .collect();
        self.pool.set_dependence(symbol, &symbols);
    }

    fn is_zero(&self, amount: Amount) -> bool {
        self.pool
            .as_number(amount.term)
            .is_some_and(Number::is_zero)
    }

    fn pure(&self, term: Term) -> Amount {
        Amount {
            term,
            measure: Measure::ONE,
        }
    }

    /// The unit in which values combine: that of the first which is not zero.
    fn leading(&self, mut args: impl Iterator<Item = Amount> + Clone) -> Measure {
        let first = args.clone().next();
        let leading = args.find(|a| !self.is_zero(*a)).or(first);
        leading.map_or(Measure::ONE, |a| a.measure)
    }

    /// The values in one unit.
    fn alike(&mut self, args: &[Amount]) -> (SmallVec<[Term; 4]>, Measure) {
        let measure = self.leading(args.iter().copied());
        let terms = args.iter().map(|&a| self.convert(a, measure)).collect();
        (terms, measure)
    }

    /// Notes that part number `index` of a product is a zero divisor.
    fn report_divisor(&mut self, product: At, index: usize) {
        let ast = self.world.ast(product.file);
        let divisor = At {
            expr: operands(ast, product.expr)[index].0,
            ..product
        };
        if self.seen_divisors.insert(divisor) {
            let call = self.calls.last().copied();
            self.zero_divisors.push((divisor, call));
        }
    }
}

fn division_by_zero(world: &World, at: At, call: Option<At>) -> ModelError {
    let ast = world.ast(at.file);
    let node = ast.expr(at.expr);
    ModelError::DivisionByZero {
        at: node.span.into(),
        call: call.map(|call| world.ast(call.file).expr(call.expr).span.into()),
    }
}

impl Algebra for Terms<'_, '_> {
    type Value = Amount;

    fn number(&mut self, n: &Number) -> Amount {
        let term = self.pool.number(n.clone());
        self.pure(term)
    }

    fn quantity(&mut self, at: At, n: &Number, unit: &UnitExpr) -> Amount {
        // Wrong units have been reported by the check.
        let mut unreported = Diagnostics::new();
        let ast = self.world.ast(at.file);
        Amount {
            term: self.pool.number(n.clone()),
            measure: self.units.measure(ast, unit, &mut unreported),
        }
    }

    fn entity(&mut self, _at: At, id: EntityId) -> Amount {
        match self.values[id.0 as usize] {
            Some(value) => value,
            None => self.unknown(),
        }
    }

    fn rate(&mut self, _at: At, state: EntityId) -> Amount {
        match self.rates.get(&state) {
            Some(&rate) => rate,
            None => self.unknown(),
        }
    }

    fn time(&mut self) -> Amount {
        Amount {
            term: self.time,
            measure: self.units.time,
        }
    }

    fn constant(&mut self, name: &'static str) -> Amount {
        let term = self.pool.constant(name);
        self.pure(term)
    }

    fn unknown(&mut self) -> Amount {
        Amount {
            term: self.time,
            measure: Measure::ANY,
        }
    }

    fn sum(&mut self, _at: At, parts: &[Part<Amount>]) -> Amount {
        let first = parts[0].0.measure;
        let agree = parts.iter().all(|(a, _)| a.measure == first);
        let measure = if agree {
            first
        } else {
            self.leading(parts.iter().map(|(a, _)| *a))
        };
        let sign = |minus| {
            if minus {
                Number::MINUS_ONE
            } else {
                Number::ONE
            }
        };
        let terms: SmallVec<[(Term, Number); 4]> = parts
            .iter()
            .map(|&(a, minus)| (self.convert(a, measure), sign(minus)))
            .collect();
        Amount {
            term: self.pool.linear(Number::ZERO, &terms),
            measure,
        }
    }

    fn product(&mut self, at: At, parts: &[Part<Amount>]) -> Amount {
        let mut factors: SmallVec<[(Term, Number); 4]> = SmallVec::new();
        let mut measure = Measure::ONE;
        for (i, &(a, below)) in parts.iter().enumerate() {
            if !below {
                factors.push((a.term, Number::ONE));
                measure = self.units.measures.product(measure, a.measure);
                continue;
            }
            if self.is_zero(a) {
                self.report_divisor(at, i);
                return self.unknown();
            }
            factors.push((a.term, Number::MINUS_ONE));
            measure = self.units.measures.quotient(measure, a.measure);
        }
        Amount {
            term: self.pool.monomial(Number::ONE, &factors),
            measure,
        }
    }

    fn power(&mut self, _at: At, base: Amount, exponent: Amount) -> Amount {
        let exponent = self.convert(exponent, Measure::ONE);
        let literal = self.literals.get(&exponent).cloned();
        let known = self.pool.as_number(exponent).cloned().or(literal);
        if let Some(n) = known {
            let exponent = self.pool.number(n.clone());
            let measure = self.units.measures.power(base.measure, &n);
            return Amount {
                term: self.pool.pow(base.term, exponent),
                measure: measure.unwrap_or(Measure::ANY),
            };
        }
        if base.measure == Measure::ONE {
            let term = self.pool.pow(base.term, exponent);
            return self.pure(term);
        }
        let symbol = Exponent::Term(exponent);
        let (measure, wanted) = self.units.measures.open_power(base.measure, symbol);
        let base = self.convert(base, wanted);
        Amount {
            term: self.pool.pow(base, exponent),
            measure,
        }
    }

    fn call(&mut self, at: At, op: Op, args: &[Amount]) -> Amount {
        match signature(op) {
            Signature::Numbers => {
                let numbers: Vec<Term> = args
                    .iter()
                    .map(|&a| self.convert(a, Measure::ONE))
                    .collect();
                let term = self.pool.call(op, &numbers);
                self.pure(term)
            }
            Signature::Alike => {
                let (terms, measure) = self.alike(args);
                let term = self.pool.call(op, &terms);
                Amount { term, measure }
            }
            Signature::AlikeToNumber => {
                let (terms, _) = self.alike(args);
                let term = self.pool.call(op, &terms);
                self.pure(term)
            }
            Signature::SignToNumber => {
                let terms: Vec<Term> = args.iter().map(|a| a.term).collect();
                let term = self.pool.call(op, &terms);
                self.pure(term)
            }
            Signature::Root(degree) => {
                let exponent = Number::ratio(1, degree).expect("degrees are not zero");
                let measure = self.units.measures.power(args[0].measure, &exponent);
                Amount {
                    term: self.pool.call(op, &[args[0].term]),
                    measure: measure.unwrap_or(Measure::ANY),
                }
            }
            Signature::Power => self.power(at, args[0], args[1]),
            Signature::Quotient => Amount {
                term: self.pool.call(op, &[args[0].term, args[1].term]),
                measure: (self.units.measures).quotient(args[0].measure, args[1].measure),
            },
            Signature::Choice => {
                let (branches, measure) = self.alike(&args[1..]);
                let choice = [args[0].term, branches[0], branches[1]];
                let term = self.pool.call(op, &choice);
                Amount { term, measure }
            }
        }
    }

    fn integral(&mut self, _at: At, of: Amount, coordinates: &[Amount]) -> Amount {
        let measures = &mut self.units.measures;
        let measure = coordinates.iter().fold(of.measure, |whole, coordinate| {
            measures.product(whole, coordinate.measure)
        });
        Amount {
            term: self.pool.call(Op::Integral, &[of.term]),
            measure,
        }
    }

    fn point_data(&mut self, kind: PointDataKind, domain: DomainId) -> Amount {
        let is_it = |known: &&PointData| known.kind == kind && known.domain == domain;
        let symbol = match self.point_data.iter().find(is_it) {
            Some(known) => known.symbol,
            None => {
                let entry = &self.world.space.domains[domain.0 as usize];
                let mut name = kind.to_string();
                if self.world.space.domains.len() > 1 {
                    name = format!("{name} on {}", self.world.name(entry.entity));
                }
                let symbol = self.pool.symbol(&name);
                self.set_dependence(symbol, domain.0 as usize);
                self.point_data.push(PointData {
                    symbol,
                    kind,
                    domain,
                });
                symbol
            }
        };
        let term = self.pool.var(symbol);
        self.pure(term)
    }

    fn passed(&mut self, _at: At, _function: EntityId, _index: usize, value: Amount) -> Amount {
        value
    }

    fn enter(&mut self, call: At) {
        self.calls.push(call);
    }

    fn returned(&mut self, _at: At, _function: EntityId, value: Amount) -> Amount {
        value
    }

    fn leave(&mut self) {
        self.calls.pop();
    }
}
