//! Dimensional analysis: a term whose parts cannot have one dimension is rejected outright.

use super::forest::Forest;
use super::tree::{Binary, Node, Unary};

/// Exponents of the base units of the language, in twelfths.
pub type Dimension = [i32; 8];

/// Dimensions of the inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Dimensions {
    /// By input.
    pub inputs: Vec<Dimension>,
}

const NUMBER: Dimension = [0; 8];

impl Dimensions {
    /// Whether each term has a dimension. Constants may have any, so that a factor of its own frees a term.
    pub fn allow(&self, forest: &Forest) -> bool {
        let mut stack: Vec<Option<Dimension>> = Vec::new();
        for &node in &forest.nodes {
            let value = match node {
                Node::Constant => Some(None),
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
        true
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

    #[test]
    fn sums_and_functions_need_one_dimension() {
        let length = [12, 0, 0, 0, 0, 0, 0, 0];
        let time = [0, 0, 12, 0, 0, 0, 0, 0];
        let dimensions = Dimensions {
            inputs: vec![length, time],
        };
        let allow = |nodes: &[Node], constants: &[f64]| {
            dimensions.allow(&Forest {
                nodes: nodes.to_vec(),
                constants: constants.to_vec(),
                ends: vec![nodes.len() - 1],
            })
        };
        let (x, t, c) = (Node::Variable(0), Node::Variable(1), Node::Constant);
        let (add, mul, div) = (
            Node::Binary(Binary::Add),
            Node::Binary(Binary::Mul),
            Node::Binary(Binary::Div),
        );
        let (sin, root) = (Node::Unary(Unary::Sin), Node::Unary(Unary::Sqrt));
        assert!(!allow(&[x, t, add], &[]));
        assert!(allow(&[x, c, t, mul, add], &[2.0]));
        assert!(!allow(&[t, sin], &[]));
        assert!(allow(&[t, t, div, sin], &[]));
        assert!(allow(&[x, root], &[]));
    }
}
