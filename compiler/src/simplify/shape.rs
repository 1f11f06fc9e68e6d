//! Left sides as n-ary trees.
use super::language;
use super::pattern::{Tree, TreeNode};
use crate::terms::{Number, Op, PatternNode};

/// Position in `CompiledRule::shapes`.
pub(super) type ShapeId = usize;

/// Left side of a rule as an n-ary tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Pattern variable.
    Variable(usize),
    Number(Number),
    Constant(&'static str),
    /// `head + Σ coefficient·part`
    Sum(Number, Vec<(ShapeId, Number)>),
    /// `head·Π base^exponent`
    Product(Number, Vec<(ShapeId, Exponent)>),
    Call(Op, Vec<ShapeId>),
}

/// Exponent of a factor in a left side.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Exponent {
    Number(Number),
    Shape(ShapeId),
}

impl Shape {
    /// `0*x`, `x^0`: the canonical form never has these.
    pub fn has_zero(&self) -> bool {
        match self {
            Shape::Sum(_, parts) => parts.iter().any(|(_, k)| k.is_zero()),
            Shape::Product(head, parts) => {
                head.is_zero()
                    || parts
                        .iter()
                        .any(|(_, e)| matches!(e, Exponent::Number(e) if e.is_zero()))
            }
            Shape::Variable(_) | Shape::Number(_) | Shape::Constant(_) | Shape::Call(..) => false,
        }
    }
}

/// The shapes of a tree, parts before wholes.
pub(super) fn shapes_of(tree: &Tree) -> Vec<Shape> {
    let mut compiler = ShapeCompiler::default();
    compiler.compile(tree);
    compiler.shapes
}

/// Builds n-ary shapes bottom-up.
#[derive(Default)]
struct ShapeCompiler {
    shapes: Vec<Shape>,
}

impl ShapeCompiler {
    fn compile(&mut self, tree: &Tree) {
        let mut done: Vec<Shape> = Vec::with_capacity(tree.nodes.len());
        for node in &tree.nodes {
            let at = |i: &u32| done[*i as usize].clone();
            let next = match node {
                TreeNode::Variable(v) => Shape::Variable(*v),
                TreeNode::Other(node) => match node {
                    PatternNode::Number(n) => Shape::Number(n.clone()),
                    PatternNode::Constant(name) => Shape::Constant(name),
                    PatternNode::Variable(_) => {
                        panic!("variables are numbered when a rule is compiled")
                    }
                    PatternNode::Add(a, b) => self.sum(at(a), at(b), &Number::ONE),
                    PatternNode::Sub(a, b) => self.sum(at(a), at(b), &Number::MINUS_ONE),
                    PatternNode::Mul(a, b) => self.product(at(a), at(b)),
                    PatternNode::Div(a, b) => {
                        let inverse = self.power(at(b), &Number::MINUS_ONE);
                        self.product(at(a), inverse)
                    }
                    PatternNode::Neg(a) => self.product(Shape::Number(Number::MINUS_ONE), at(a)),
                    PatternNode::Pow(a, b) => match at(b) {
                        Shape::Number(e) => self.power(at(a), &e),
                        exponent => {
                            let base = self.push(at(a));
                            let exponent = self.push(exponent);
                            Shape::Product(Number::ONE, vec![(base, Exponent::Shape(exponent))])
                        }
                    },
                    PatternNode::Call(Op::Sqrt, args) => {
                        self.power(at(&args[0]), &language::half())
                    }
                    PatternNode::Call(op, args) => {
                        let args = args.iter().map(|a| self.push(at(a))).collect();
                        Shape::Call(*op, args)
                    }
                },
            };
            done.push(next);
        }
        if let Some(root) = done.pop() {
            self.push(root);
        }
    }

    fn push(&mut self, shape: Shape) -> ShapeId {
        self.shapes.push(shape);
        self.shapes.len() - 1
    }

    fn sum(&mut self, a: Shape, b: Shape, k: &Number) -> Shape {
        let (mut head, mut parts) = self.summands(a);
        let (other_head, other) = self.summands(b);
        head += &(&other_head * k);
        parts.extend(other.into_iter().map(|(s, c)| (s, &c * k)));
        if parts.is_empty() {
            Shape::Number(head)
        } else {
            Shape::Sum(head, parts)
        }
    }

    fn summands(&mut self, shape: Shape) -> (Number, Vec<(ShapeId, Number)>) {
        match shape {
            Shape::Number(n) => (n, Vec::new()),
            Shape::Sum(head, parts) => (head, parts),
            Shape::Product(head, parts) => {
                let shape = match parts.as_slice() {
                    [(s, Exponent::Number(e))] if e.is_one() => *s,
                    [..] => self.push(Shape::Product(Number::ONE, parts)),
                };
                (Number::ZERO, vec![(shape, head)])
            }
            Shape::Variable(_) | Shape::Constant(_) | Shape::Call(..) => {
                (Number::ZERO, vec![(self.push(shape), Number::ONE)])
            }
        }
    }

    fn product(&mut self, a: Shape, b: Shape) -> Shape {
        let (head, mut parts) = self.factors(a);
        let (other_head, other) = self.factors(b);
        let head = &head * &other_head;
        parts.extend(other);
        if parts.is_empty() {
            Shape::Number(head)
        } else {
            Shape::Product(head, parts)
        }
    }

    fn factors(&mut self, shape: Shape) -> (Number, Vec<(ShapeId, Exponent)>) {
        match shape {
            Shape::Number(n) => (n, Vec::new()),
            Shape::Product(head, parts) => (head, parts),
            Shape::Variable(_) | Shape::Constant(_) | Shape::Call(..) | Shape::Sum(..) => (
                Number::ONE,
                vec![(self.push(shape), Exponent::Number(Number::ONE))],
            ),
        }
    }

    /// A literal power: taken into the factors when they are plain and it is an integer, as the pool does.
    fn power(&mut self, base: Shape, e: &Number) -> Shape {
        if let Shape::Number(n) = &base
            && let Some(power) = language::exact_power(n, e)
        {
            return Shape::Number(power);
        }
        if let Shape::Product(head, parts) = &base {
            let plain: Option<Vec<_>> = parts
                .iter()
                .map(|(s, f)| match f {
                    Exponent::Number(f) if f.is_one() || f.signum() > 0 && f.is_integer() => {
                        Some((*s, Exponent::Number(f * e)))
                    }
                    Exponent::Number(_) | Exponent::Shape(_) => None,
                })
                .collect();
            if let (Some(parts), Some(head), true) =
                (plain, language::exact_power(head, e), e.is_integer())
            {
                return Shape::Product(head, parts);
            }
        }
        let base = self.push(base);
        Shape::Product(Number::ONE, vec![(base, Exponent::Number(e.clone()))])
    }
}
