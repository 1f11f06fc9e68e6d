//! The form of a term up to what does not change which functions it can express: order in sums and products, factors that
//! cancel, and the values of constants.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::tree::{Binary, Node, Unary};

/// What a subtree is as seen from the operator above it.
#[derive(Clone)]
enum Part {
    /// Free of variables.
    Constant,
    /// The parts of a sum, and whether a constant is among them.
    Sum(Vec<u64>, bool),
    /// Factors (with `true`: below the bar), and whether a constant is among them.
    Product(Vec<(u64, bool)>, bool),
    /// Anything else.
    Other(u64),
}

/// What a term is up to what does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Free of variables.
    Constant,
    /// A number that terms of one shape share.
    Form(u64),
}

/// The shape of a term, given in postfix order.
pub fn shape(nodes: &[Node]) -> Shape {
    let mut stack: Vec<Part> = Vec::new();
    for &node in nodes {
        let part = match node {
            Node::Constant => Part::Constant,
            Node::Variable(i) => Part::Other(hash(&(0u8, i))),
            Node::Unary(op) => {
                let a = stack.pop().expect("operands come first");
                unary(op, a)
            }
            Node::Binary(op) => {
                let b = stack.pop().expect("operands come first");
                let a = stack.pop().expect("operands come first");
                binary(op, a, b)
            }
        };
        stack.push(part);
    }
    match stack.pop().expect("a term is not empty") {
        Part::Constant => Shape::Constant,
        part @ (Part::Sum(..) | Part::Product(..) | Part::Other(_)) => Shape::Form(key(part)),
    }
}

fn unary(op: Unary, a: Part) -> Part {
    match (op, a) {
        (_, Part::Constant) => Part::Constant,
        (Unary::Neg, a) => product(a, Part::Constant, false),
        (Unary::Square, a) => product(a.clone(), a, false),
        (op, a) => Part::Other(hash(&(1u8, op, key(a)))),
    }
}

fn binary(op: Binary, a: Part, b: Part) -> Part {
    match (op, a, b) {
        (_, Part::Constant, Part::Constant) => Part::Constant,
        (Binary::Add, a, b) => sum(a, b),
        (Binary::Sub, a, b) => sum(a, product(b, Part::Constant, false)),
        (Binary::Mul, a, b) => product(a, b, false),
        (Binary::Div, a, b) => product(a, b, true),
        (Binary::Pow, a, b) => Part::Other(hash(&(2u8, key(a), key(b)))),
    }
}

fn sum(a: Part, b: Part) -> Part {
    let mut parts = Vec::new();
    let mut constant = false;
    for part in [a, b] {
        match part {
            Part::Constant => constant = true,
            Part::Sum(inner, c) => {
                parts.extend(inner);
                constant |= c;
            }
            other => parts.push(key(other)),
        }
    }
    parts.sort_unstable();
    Part::Sum(parts, constant)
}

fn product(a: Part, b: Part, divides: bool) -> Part {
    let mut factors = Vec::new();
    let mut constant = false;
    for (part, below) in [(a, false), (b, divides)] {
        match part {
            Part::Constant => constant = true,
            Part::Product(inner, c) => {
                factors.extend(inner.into_iter().map(|(f, under)| (f, under != below)));
                constant |= c;
            }
            other => factors.push((key(other), below)),
        }
    }
    factors.sort_unstable();
    cancel(&mut factors);
    match factors.is_empty() {
        true => Part::Constant,
        false => Part::Product(factors, constant),
    }
}

/// Takes out pairs of one factor above and below the bar.
fn cancel(factors: &mut Vec<(u64, bool)>) {
    let pair =
        |f: &[(u64, bool)]| (1..f.len()).find(|&i| f[i].0 == f[i - 1].0 && f[i].1 != f[i - 1].1);
    while let Some(i) = pair(factors) {
        factors.drain(i - 1..=i);
    }
}

fn key(part: Part) -> u64 {
    match part {
        Part::Constant => 1,
        Part::Other(hash) => hash,
        Part::Sum(parts, false) if parts.len() == 1 => parts[0],
        Part::Sum(parts, constant) => hash(&(3u8, parts, constant)),
        Part::Product(factors, false) if factors.len() == 1 && !factors[0].1 => factors[0].0,
        Part::Product(factors, constant) => hash(&(4u8, factors, constant)),
    }
}

/// A number for a value.
pub fn hash(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Node::{Constant, Variable};

    #[test]
    fn order_and_grouping_do_not_matter() {
        let (add, sub, mul, div) = (
            Node::Binary(Binary::Add),
            Node::Binary(Binary::Sub),
            Node::Binary(Binary::Mul),
            Node::Binary(Binary::Div),
        );
        let (x, y, z) = (Variable(0), Variable(1), Variable(2));
        let xyz = shape(&[x, y, add, z, add]);
        assert_eq!(xyz, shape(&[z, y, x, add, add]));
        assert_eq!(
            shape(&[x, y, mul, Constant, add]),
            shape(&[Constant, y, x, mul, add])
        );
        assert_eq!(shape(&[x, y, div, y, mul]), shape(&[x]));
        assert_eq!(shape(&[x, y, div, x, div, y, mul]), Shape::Constant);
        assert_ne!(xyz, shape(&[x, y, add, z, mul]));
        assert_ne!(shape(&[x, y, add]), shape(&[x, y, sub]));
        let square = Node::Unary(Unary::Square);
        assert_eq!(shape(&[x, x, mul]), shape(&[x, square]));
    }
}
