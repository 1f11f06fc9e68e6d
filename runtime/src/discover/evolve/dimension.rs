//! Dimensional analysis: a term whose parts cannot have one dimension is rejected outright.

use super::forest::Forest;
use super::tree::{Binary, Node, Unary};

/// Exponents of the base units of the language, in twelfths.
pub type Dimension = [i32; 8];

/// Dimensions of inputs and constants.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimensions {
    /// By input.
    pub inputs: Vec<Dimension>,
    /// What constants may be.
    pub constants: Constants,
}

/// What constants may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Constants {
    /// Of any dimension, so that a factor of its own frees a term.
    Quantities,
    /// Pure numbers, so that each term must have this dimension, that of the target.
    Numbers(Dimension),
}

const NUMBER: Dimension = [0; 8];

impl Dimensions {
    /// Whether a constant may be added to formulas.
    pub fn allow_offset(&self) -> bool {
        match self.constants {
            Constants::Quantities => true,
            Constants::Numbers(target) => target == NUMBER,
        }
    }

    /// Whether each term has a dimension, and that of the target if it must.
    pub fn allow(&self, forest: &Forest) -> bool {
        let (constant, wanted) = match self.constants {
            Constants::Quantities => (None, None),
            Constants::Numbers(target) => (Some(NUMBER), Some(target)),
        };
        let mut stack: Vec<Option<Dimension>> = Vec::new();
        for &node in &forest.nodes {
            let value = match node {
                Node::Constant => Some(constant),
                Node::Variable(i) => Some(Some(self.inputs[usize::from(i)])),
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
            match value {
                Some(dimension) => stack.push(dimension),
                None => return false,
            }
        }
        wanted.is_none_or(|wanted| stack.iter().all(|d| *d == Some(wanted)))
    }
}

/// The dimension of a value: `None` inside is any; `None` outside is none at all.
fn unary(op: Unary, a: Option<Dimension>) -> Option<Option<Dimension>> {
    match op {
        Unary::Neg | Unary::Abs => Some(a),
        Unary::Square => Some(a.map(|d| d.map(|e| 2 * e))),
        Unary::Sqrt => match a {
            Some(d) if d.iter().any(|e| e % 2 != 0) => None,
            a => Some(a.map(|d| d.map(|e| e / 2))),
        },
        Unary::Exp | Unary::Ln | Unary::Sin | Unary::Cos | Unary::Tanh => {
            is_number(a).then_some(Some(NUMBER))
        }
    }
}

fn binary(op: Binary, a: Option<Dimension>, b: Option<Dimension>) -> Option<Option<Dimension>> {
    let combined = |sign: i32| match (a, b) {
        (Some(a), Some(b)) => Some(std::array::from_fn(|k| a[k] + sign * b[k])),
        (None, _) | (_, None) => None,
    };
    match op {
        Binary::Add | Binary::Sub => match (a, b) {
            (Some(x), Some(y)) => (x == y).then_some(a),
            (None, known) | (known, None) => Some(known),
        },
        Binary::Mul => Some(combined(1)),
        Binary::Div => Some(combined(-1)),
        Binary::Pow => (is_number(a) && is_number(b)).then_some(Some(NUMBER)),
    }
}

fn is_number(a: Option<Dimension>) -> bool {
    a.is_none_or(|d| d == NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Node::{Constant as C, Variable};

    const ADD: Node = Node::Binary(Binary::Add);
    const MUL: Node = Node::Binary(Binary::Mul);
    const DIV: Node = Node::Binary(Binary::Div);
    const SIN: Node = Node::Unary(Unary::Sin);
    const ROOT: Node = Node::Unary(Unary::Sqrt);
    const LENGTH: Dimension = [12, 0, 0, 0, 0, 0, 0, 0];
    const TIME: Dimension = [0, 0, 12, 0, 0, 0, 0, 0];

    /// Whether a term in `x [m]` and `t [s]` is allowed.
    fn allow(constants: Constants, nodes: &[Node]) -> bool {
        let dimensions = Dimensions {
            inputs: vec![LENGTH, TIME],
            constants,
        };
        let n = nodes.iter().filter(|n| **n == C).count();
        dimensions.allow(&Forest {
            nodes: nodes.to_vec(),
            constants: vec![2.0; n],
            ends: vec![nodes.len() - 1],
        })
    }

    #[test]
    fn sums_and_functions_need_one_dimension() {
        let (x, t) = (Variable(0), Variable(1));
        let allow = |nodes: &[Node]| allow(Constants::Quantities, nodes);
        assert!(!allow(&[x, t, ADD]));
        assert!(allow(&[x, C, t, MUL, ADD]));
        assert!(!allow(&[t, SIN]));
        assert!(allow(&[t, t, DIV, SIN]));
        assert!(allow(&[x, ROOT]));
    }

    #[test]
    fn with_pure_constants_terms_have_the_dimension_of_the_target() {
        let (x, t) = (Variable(0), Variable(1));
        let speed = std::array::from_fn(|k| LENGTH[k] - TIME[k]);
        let allow = |nodes: &[Node]| allow(Constants::Numbers(speed), nodes);
        assert!(allow(&[x, t, DIV]));
        assert!(!allow(&[x]));
        assert!(!allow(&[x, t, C, ADD, DIV]));
    }
}
