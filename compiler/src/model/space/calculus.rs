//! Vectors and vector calculus, over any algebra of numbers: everything becomes sums, products and partial derivatives of components.

use smallvec::SmallVec;

use super::{SpaceCall, SpaceError};
use crate::model::entities::{DomainId, PointDataKind, Side};
use crate::model::nodes::{At, Parts, operands};
use crate::model::scope::World;
use crate::model::walk::Algebra;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};
use crate::terms::Op;

/// A number, a vector, or the gradient of a vector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value<V> {
    Scalar(V),
    /// Stands for something already reported: it is a number where one is wanted, and fits wherever a vector is.
    Unknown(V),
    /// One component per coordinate of its domain, of which there are two or three.
    Vector(Box<[V]>),
    /// Row by row: the derivatives of all components by the first coordinate come first.
    Tensor(Box<[V]>),
}

impl<V: Clone> Value<V> {
    /// Its components; itself for a number.
    pub fn parts(&self) -> &[V] {
        match self {
            Value::Scalar(v) | Value::Unknown(v) => std::slice::from_ref(v),
            Value::Vector(parts) | Value::Tensor(parts) => parts,
        }
    }

    /// The number, if it is one.
    pub fn as_scalar(&self) -> Option<&V> {
        match self {
            Value::Scalar(v) => Some(v),
            Value::Unknown(_) | Value::Vector(_) | Value::Tensor(_) => None,
        }
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Value::Unknown(_))
    }

    /// Whether it has so many components.
    pub fn fits(&self, n: usize) -> bool {
        self.is_unknown() || self.parts().len() == n
    }

    /// One value of each component, of the same form.
    pub fn map<W>(&self, mut f: impl FnMut(usize, &V) -> W) -> Value<W> {
        let mut all = |parts: &[V]| parts.iter().enumerate().map(|(i, v)| f(i, v)).collect();
        match self {
            Value::Scalar(v) => Value::Scalar(f(0, v)),
            Value::Unknown(v) => Value::Unknown(f(0, v)),
            Value::Vector(parts) => Value::Vector(all(parts)),
            Value::Tensor(parts) => Value::Tensor(all(parts)),
        }
    }

    fn is_like(&self, other: &Value<V>) -> bool {
        let same_form = std::mem::discriminant(self) == std::mem::discriminant(other);
        same_form && self.parts().len() == other.parts().len()
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Value::Scalar(_) | Value::Unknown(_) => "no components".into(),
            Value::Vector(parts) => format!("{} components", parts.len()),
            Value::Tensor(_) => "rows of components".into(),
        }
    }
}

/// The parts as numbers, if none is a vector.
fn numbers<V: Clone>(parts: &[(Value<V>, bool)]) -> Option<Parts<V>> {
    let number = |(value, inverse): &(Value<V>, bool)| match value {
        Value::Scalar(v) | Value::Unknown(v) => Some((v.clone(), *inverse)),
        Value::Vector(_) | Value::Tensor(_) => None,
    };
    parts.iter().map(number).collect()
}

/// Computes with vectors at one node of an expression.
pub struct Calculus<'c, 'w, 'a, A: Algebra> {
    pub algebra: &'c mut A,
    pub world: &'w World<'a>,
    pub at: At,
    /// The domain that the expression is about.
    pub domain: Option<usize>,
    /// The face that it is about: an axis and its end.
    pub face: Option<(usize, Side)>,
    pub problems: &'c mut Vec<(At, SpaceError)>,
}

pub(super) type Of<A> = Value<<A as Algebra>::Value>;

impl<A: Algebra> Calculus<'_, '_, '_, A> {
    /// Σ of numbers, or of vectors of one size.
    pub fn sum(&mut self, parts: &[(Of<A>, bool)]) -> Of<A> {
        let first = &parts[0].0;
        if let Some(numbers) = numbers(parts) {
            return Value::Unknown(self.algebra.sum(self.at, &numbers));
        }
        if parts.iter().any(|(value, _)| value.is_unknown()) {
            return self.unknown();
        }
        if let Some(i) = parts.iter().position(|(value, _)| !value.is_like(first)) {
            let what = "what stands before it in this sum".into();
            let at = self.operand(i);
            let expected = first.describe();
            let found = parts[i].0.describe();
            return self.mismatch(what, expected, found, at);
        }
        let (algebra, at) = (&mut *self.algebra, self.at);
        first.map(|k, _| {
            let terms: Parts<A::Value> = parts
                .iter()
                .map(|(value, minus)| (value.parts()[k].clone(), *minus))
                .collect();
            algebra.sum(at, &terms)
        })
    }

    /// Π of numbers and of at most one vector.
    pub fn product(&mut self, parts: &[(Of<A>, bool)]) -> Of<A> {
        if let Some(numbers) = numbers(parts) {
            return Value::Unknown(self.algebra.product(self.at, &numbers));
        }
        if parts.iter().any(|(value, _)| value.is_unknown()) {
            return self.unknown();
        }
        let mut vectors = (0..parts.len()).filter(|&i| parts[i].0.as_scalar().is_none());
        let vector = vectors.next();
        let second = vectors.next();
        if let Some(i) = (0..parts.len()).find(|&i| parts[i].1 && parts[i].0.as_scalar().is_none())
        {
            let span = self.operand(i);
            return self.vector_for_scalar(
                "a divisor",
                "divide by one of its components, or by its length `sqrt(dot(a, a))`",
                span,
            );
        }
        if let Some(i) = second {
            let error = SpaceError::VectorProduct {
                at: self.operand(i).into(),
            };
            return self.fail(error);
        }
        let (algebra, at) = (&mut *self.algebra, self.at);
        let place = vector.unwrap_or(0);
        parts[place].0.map(|k, _| {
            let part = |i: usize| if i == place { k } else { 0 };
            let factors: Parts<A::Value> = parts
                .iter()
                .enumerate()
                .map(|(i, (value, below))| (value.parts()[part(i)].clone(), *below))
                .collect();
            algebra.product(at, &factors)
        })
    }

    /// base^exponent
    pub fn power(&mut self, base: Of<A>, exponent: Of<A>) -> Of<A> {
        match (base, exponent) {
            (Value::Scalar(base), Value::Scalar(exponent)) => {
                Value::Scalar(self.algebra.power(self.at, base, exponent))
            }
            (
                Value::Scalar(base) | Value::Unknown(base),
                Value::Scalar(exponent) | Value::Unknown(exponent),
            ) => Value::Unknown(self.algebra.power(self.at, base, exponent)),
            (Value::Unknown(_), _) | (_, Value::Unknown(_)) => self.unknown(),
            (Value::Scalar(_), Value::Vector(_) | Value::Tensor(_)) => {
                let span = self.operand(1);
                self.vector_for_scalar("an exponent", "take one of its components", span)
            }
            (Value::Vector(_) | Value::Tensor(_), _) => {
                let span = self.operand(0);
                self.vector_for_scalar(
                    "the base of a power",
                    "the square of a vector's length is `dot(a, a)`",
                    span,
                )
            }
        }
    }

    /// An operator or function of numbers; `if` chooses between vectors too.
    pub fn call(&mut self, op: Op, args: &[Of<A>]) -> Of<A> {
        let (algebra, at) = (&mut *self.algebra, self.at);
        if let (Op::If, [Value::Scalar(condition), then, otherwise]) = (op, args)
            && then.is_like(otherwise)
        {
            return then.map(|k, part| {
                let branches = [
                    condition.clone(),
                    part.clone(),
                    otherwise.parts()[k].clone(),
                ];
                algebra.call(at, op, &branches)
            });
        }
        let mut numbers: SmallVec<[A::Value; 4]> = SmallVec::new();
        for (i, arg) in args.iter().enumerate() {
            match arg {
                Value::Scalar(v) | Value::Unknown(v) => numbers.push(v.clone()),
                Value::Vector(_) | Value::Tensor(_) => {
                    let what = format!("an operand of `{}`", op.name());
                    let span = self.operand(i);
                    return self.vector_for_scalar(&what, "take one of its components", span);
                }
            }
        }
        let value = algebra.call(at, op, &numbers);
        match args.iter().any(Value::is_unknown) {
            true => Value::Unknown(value),
            false => Value::Scalar(value),
        }
    }

    /// `(a, b)`
    pub fn tuple(&mut self, parts: &[Of<A>]) -> Of<A> {
        let mut numbers = Vec::with_capacity(parts.len());
        for (i, part) in parts.iter().enumerate() {
            match part {
                Value::Scalar(v) | Value::Unknown(v) => numbers.push(v.clone()),
                Value::Vector(_) | Value::Tensor(_) => {
                    let span = self.operand(i);
                    return self.vector_for_scalar("a component", "components are numbers", span);
                }
            }
        }
        let n_axes = self.coordinates().len();
        let fits = match (self.domain, self.world.space.domains.len()) {
            (Some(_), _) => n_axes == numbers.len() && n_axes > 1,
            (None, n_domains) => n_domains > 0,
        };
        if !fits {
            let expected = match n_axes {
                0 | 1 => "no components".to_owned(),
                n => format!("{n} components, one per coordinate"),
            };
            let what = match self.domain {
                Some(_) => "a vector on this domain",
                None => "a value without a domain",
            };
            let found = format!("{} components", numbers.len());
            let span = self.world.ast(self.at.file).expr(self.at.expr).span;
            return self.mismatch(what.into(), expected, found, span);
        }
        Value::Vector(numbers.into())
    }

    /// A call about space.
    pub fn space(&mut self, call: &SpaceCall, args: &[Of<A>]) -> Of<A> {
        let is_unknown = args.iter().any(Value::is_unknown) && !call.is_point_data();
        if is_unknown || (call.needs_domain() && self.domain.is_none()) {
            return self.unknown();
        }
        match (call, args) {
            (SpaceCall::Partial(coordinates), [f]) => {
                f.map(|_, v| self.partial(v.clone(), coordinates))
            }
            (SpaceCall::Gradient, [f]) => self.gradient(f),
            (SpaceCall::Divergence, [f]) => self.divergence(f),
            (SpaceCall::Curl, [f]) => self.curl(f),
            (SpaceCall::Laplacian, [f]) => f.map(|_, v| self.laplacian(v.clone())),
            (SpaceCall::Normal, [f]) => self.normal(f),
            (SpaceCall::Dot, [a, b]) => self.dot(a, b),
            (SpaceCall::Reduction(Op::Integral), [f]) => {
                let coordinates: Vec<A::Value> = self.coordinate_values();
                let (algebra, at) = (&mut *self.algebra, self.at);
                f.map(|_, v| algebra.integral(at, v.clone(), &coordinates))
            }
            (SpaceCall::Reduction(op), [f]) => {
                let (algebra, at) = (&mut *self.algebra, self.at);
                f.map(|_, v| algebra.call(at, *op, std::slice::from_ref(v)))
            }
            (SpaceCall::Noise | SpaceCall::Uniform | SpaceCall::Data, _) => self.point_data(call),
            (
                SpaceCall::Partial(_)
                | SpaceCall::Gradient
                | SpaceCall::Divergence
                | SpaceCall::Curl
                | SpaceCall::Laplacian
                | SpaceCall::Normal
                | SpaceCall::Dot
                | SpaceCall::Reduction(_),
                _,
            ) => self.unknown(),
        }
    }

    fn point_data(&mut self, call: &SpaceCall) -> Of<A> {
        let ast = self.world.ast(self.at.file);
        let ExprKind::Call(function, args) = &ast.expr(self.at.expr).kind else {
            return self.unknown();
        };
        let seed = || match &ast.expr(args[0]).kind {
            ExprKind::Number(n) => n.as_i64().and_then(|n| u64::try_from(n).ok()),
            _ => None,
        };
        let text = |i: usize| match &ast.expr(args[i]).kind {
            ExprKind::Text(text) => Some(text.to_string()),
            _ => None,
        };
        let kind = match call {
            SpaceCall::Noise => seed().map(PointDataKind::Normal),
            SpaceCall::Uniform => seed().map(PointDataKind::Uniform),
            SpaceCall::Data => text(0)
                .zip(text(1))
                .map(|(path, variable)| PointDataKind::File { path, variable }),
            SpaceCall::Partial(_)
            | SpaceCall::Gradient
            | SpaceCall::Divergence
            | SpaceCall::Curl
            | SpaceCall::Laplacian
            | SpaceCall::Normal
            | SpaceCall::Dot
            | SpaceCall::Reduction(_) => None,
        };
        let Some((kind, domain)) = kind.zip(self.domain) else {
            let error = SpaceError::InvalidPointData {
                function: ast.name(function.name).into(),
                expected: if *call == SpaceCall::Data {
                    "write `data(\"file.npz\", \"name\")`: a file and the name of an array in it"
                } else {
                    "the seed is a whole number, not negative: `noise(42)`"
                },
                at: ast.expr(self.at.expr).span.into(),
            };
            return self.fail(error);
        };
        Value::Scalar(self.algebra.point_data(kind, DomainId(domain as u32)))
    }

    /// The text of operand number `i`.
    pub(super) fn operand(&self, i: usize) -> Span {
        let ast = self.world.ast(self.at.file);
        let operands = operands(ast, self.at.expr);
        let e: Expr = operands.get(i).map_or(self.at.expr, |part| part.0);
        ast.expr(e).span
    }

    pub(super) fn unknown(&mut self) -> Of<A> {
        Value::Unknown(self.algebra.unknown())
    }

    pub(super) fn fail(&mut self, error: SpaceError) -> Of<A> {
        self.problems.push((self.at, error));
        self.unknown()
    }

    pub(super) fn mismatch(
        &mut self,
        what: String,
        expected: String,
        found: String,
        at: Span,
    ) -> Of<A> {
        self.fail(SpaceError::ComponentCount {
            what,
            expected,
            found,
            at: at.into(),
            help: None,
        })
    }

    pub(super) fn vector_for_scalar(&mut self, what: &str, help: &str, at: Span) -> Of<A> {
        self.fail(SpaceError::VectorForScalar {
            what: what.into(),
            help: help.into(),
            at: at.into(),
        })
    }

    pub(super) fn scalar_for_vector(&mut self, what: &str, help: &str) -> Of<A> {
        let at = self.operand(0).into();
        self.fail(SpaceError::ScalarForVector {
            what: what.into(),
            help: help.into(),
            at,
        })
    }
}
