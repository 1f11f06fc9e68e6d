//! Gradient, divergence, curl, Laplacian and products of vectors as partial derivatives, sums and products of components.

use smallvec::SmallVec;

use super::SpaceError;
use super::calculus::{Calculus, Of, Value};
use crate::model::entities::Side;
use crate::model::nodes::{Part, Parts};
use crate::model::scope::EntityId;
use crate::model::walk::Algebra;
use crate::terms::Op;

impl<A: Algebra> Calculus<'_, '_, '_, A> {
    pub(super) fn coordinates(&self) -> SmallVec<[EntityId; 3]> {
        match self.domain {
            Some(domain) => {
                let entry = &self.world.space.domains[domain];
                entry.coordinates.iter().copied().collect()
            }
            None => SmallVec::new(),
        }
    }

    pub(super) fn coordinate_values(&mut self) -> Vec<A::Value> {
        let coordinates = self.coordinates();
        coordinates
            .iter()
            .map(|&c| self.algebra.entity(self.at, c))
            .collect()
    }

    pub(super) fn partial(&mut self, f: A::Value, coordinates: &[EntityId]) -> A::Value {
        coordinates.iter().fold(f, |f, &coordinate| {
            let by = self.algebra.entity(self.at, coordinate);
            self.algebra.call(self.at, Op::Partial, &[f, by])
        })
    }

    fn add(&mut self, parts: &[Part<A::Value>]) -> A::Value {
        match parts {
            [(only, false)] => only.clone(),
            _ => self.algebra.sum(self.at, parts),
        }
    }

    fn times(&mut self, a: &A::Value, b: &A::Value) -> A::Value {
        let factors = [(a.clone(), false), (b.clone(), false)];
        self.algebra.product(self.at, &factors)
    }

    /// A vector, or a number where there is one coordinate.
    fn vector(&self, parts: Vec<A::Value>) -> Of<A> {
        match parts.as_slice() {
            [one] => Value::Scalar(one.clone()),
            _ => Value::Vector(parts.into()),
        }
    }

    pub(super) fn gradient(&mut self, f: &Of<A>) -> Of<A> {
        let coordinates = self.coordinates();
        let mut rows = Vec::with_capacity(9);
        for &by in &coordinates {
            for part in f.parts() {
                rows.push(self.partial(part.clone(), &[by]));
            }
        }
        match f {
            Value::Scalar(_) | Value::Unknown(_) => self.vector(rows),
            Value::Vector(_) => Value::Tensor(rows.into()),
            Value::Tensor(_) => {
                let span = self.operand(0);
                self.vector_for_scalar("what `grad` takes", "write the derivatives out", span)
            }
        }
    }

    /// The derivative along the outer normal of the face that the condition is about.
    pub(super) fn normal(&mut self, f: &Of<A>) -> Of<A> {
        let span = self.world.ast(self.at.file).expr(self.at.expr).span;
        let Some((axis, side)) = self.face else {
            return self.fail(SpaceError::NormalElsewhere { at: span.into() });
        };
        let Some(&coordinate) = self.coordinates().get(axis) else {
            return self.unknown();
        };
        f.map(|_, v| {
            let along = self.partial(v.clone(), &[coordinate]);
            match side {
                Side::Lower => self.algebra.sum(self.at, &[(along, true)]),
                Side::Upper => along,
            }
        })
    }

    pub(super) fn divergence(&mut self, f: &Of<A>) -> Of<A> {
        let coordinates = self.coordinates();
        let n = coordinates.len();
        let parts = f.parts();
        let n_columns = match f {
            Value::Scalar(_) if n > 1 => {
                return self.scalar_for_vector(
                    "what `div` takes",
                    "the Laplacian of a number is `lap(u)`",
                );
            }
            Value::Scalar(_) | Value::Unknown(_) | Value::Vector(_) => 1,
            Value::Tensor(_) => n,
        };
        if parts.len() != n * n_columns {
            return self.unknown();
        }
        let columns = (0..n_columns).map(|j| {
            let terms: Parts<A::Value> = (0..n)
                .map(|i| {
                    let part = parts[i * n_columns + j].clone();
                    (self.partial(part, &[coordinates[i]]), false)
                })
                .collect();
            self.add(&terms)
        });
        let columns: Vec<A::Value> = columns.collect();
        self.vector(columns)
    }

    pub(super) fn curl(&mut self, f: &Of<A>) -> Of<A> {
        let coordinates = self.coordinates();
        let span = self.world.ast(self.at.file).expr(self.at.expr).span;
        let difference = |this: &mut Self, a: (&A::Value, usize), b: (&A::Value, usize)| {
            let a = this.partial(a.0.clone(), &[coordinates[a.1]]);
            let b = this.partial(b.0.clone(), &[coordinates[b.1]]);
            this.algebra.sum(this.at, &[(a, false), (b, true)])
        };
        match (coordinates.len(), f) {
            (2, Value::Scalar(v)) => {
                let along_x = self.partial(v.clone(), &[coordinates[1]]);
                let by_x = self.partial(v.clone(), &[coordinates[0]]);
                let along_y = self.algebra.sum(self.at, &[(by_x, true)]);
                Value::Vector([along_x, along_y].into())
            }
            (2, Value::Vector(v)) if v.len() == 2 => {
                Value::Scalar(difference(self, (&v[1], 0), (&v[0], 1)))
            }
            (3, Value::Vector(v)) if v.len() == 3 => Value::Vector(
                [
                    difference(self, (&v[2], 1), (&v[1], 2)),
                    difference(self, (&v[0], 2), (&v[2], 0)),
                    difference(self, (&v[1], 0), (&v[0], 1)),
                ]
                .into(),
            ),
            (3, Value::Scalar(_)) => self.scalar_for_vector(
                "what `curl` takes",
                "in three dimensions only a vector has a curl",
            ),
            (2 | 3, Value::Vector(_) | Value::Tensor(_)) => {
                self.vector_for_scalar("what `curl` takes", "it takes a number or a vector", span)
            }
            (_, Value::Unknown(_)) => self.unknown(),
            (_, _) => self.fail(SpaceError::CurlDimension { at: span.into() }),
        }
    }

    pub(super) fn laplacian(&mut self, f: A::Value) -> A::Value {
        let terms: Parts<A::Value> = self
            .coordinates()
            .iter()
            .map(|&c| (self.partial(f.clone(), &[c, c]), false))
            .collect();
        self.add(&terms)
    }

    /// `a·b`; a vector times a gradient of a vector is the derivative along it, `Σ aᵢ ∂ᵢb`.
    pub(super) fn dot(&mut self, a: &Of<A>, b: &Of<A>) -> Of<A> {
        let n = a.parts().len();
        match (a, b) {
            (Value::Scalar(x), Value::Scalar(y)) if self.coordinates().len() < 2 => {
                Value::Scalar(self.times(x, y))
            }
            (Value::Vector(x), Value::Vector(y)) if x.len() == y.len() => {
                Value::Scalar(self.contract(x.iter().zip(y)))
            }
            (Value::Vector(x), Value::Tensor(t)) if t.len() == n * n => {
                let column = |j: usize| x.iter().zip(t.iter().skip(j).step_by(n));
                let columns: Vec<A::Value> = (0..n).map(|j| self.contract(column(j))).collect();
                Value::Vector(columns.into())
            }
            (Value::Tensor(t), Value::Vector(x)) if t.len() == x.len() * x.len() => {
                let rows: Vec<A::Value> = t
                    .chunks(x.len())
                    .map(|row| self.contract(row.iter().zip(x)))
                    .collect();
                Value::Vector(rows.into())
            }
            (Value::Unknown(_), _) | (_, Value::Unknown(_)) => self.unknown(),
            (Value::Scalar(_), _) | (_, Value::Scalar(_)) => {
                let help = "two numbers are multiplied with `*`";
                self.scalar_for_vector("what `dot` takes", help)
            }
            (Value::Vector(_) | Value::Tensor(_), Value::Vector(_) | Value::Tensor(_)) => {
                let (expected, found) = (a.describe(), b.describe());
                let span = self.operand(1);
                self.mismatch("the first argument of `dot`".into(), expected, found, span)
            }
        }
    }

    fn contract<'v>(
        &mut self,
        pairs: impl Iterator<Item = (&'v A::Value, &'v A::Value)>,
    ) -> A::Value
    where
        A::Value: 'v,
    {
        let terms: Parts<A::Value> = pairs.map(|(x, y)| (self.times(x, y), false)).collect();
        self.add(&terms)
    }
}
