//! The normal form of a term: a product without factors of its own, in which every sum has one part without a coefficient.

use super::tree::{Binary, Node, Tree, Unary, first_operands};

/// Part of a sum.
pub struct Summand {
    /// Without its coefficient; `None` for a constant.
    pub tree: Option<Tree>,
    /// Its coefficient, or the constant.
    pub coefficient: f64,
    /// Whether there are constants in the coefficient; otherwise it is 1 or -1.
    pub is_free: bool,
}

/// With every part that has no variable as one constant, and no division by a constant.
pub fn folded(tree: &Tree) -> Tree {
    let mut out = Tree {
        nodes: Vec::with_capacity(tree.nodes.len()),
        constants: Vec::with_capacity(tree.constants.len()),
    };
    let mut values: Vec<Option<f64>> = Vec::new();
    let mut constants = tree.constants.iter();
    for &node in &tree.nodes {
        let operands = values.split_off(values.len() - node.arity());
        if let (Node::Binary(Binary::Div), [None, Some(divisor)]) = (node, operands.as_slice()) {
            let last = out.constants.last_mut();
            *last.expect("the divisor is the last node") = divisor.recip();
            out.nodes.push(Node::Binary(Binary::Mul));
            values.push(None);
            continue;
        }
        let value = match (node, operands.as_slice()) {
            (Node::Constant, _) => Some(*constants.next().expect("one per node")),
            (Node::Unary(op), &[Some(a)]) => Some(op.value(a)),
            (Node::Binary(op), &[Some(a), Some(b)]) => Some(op.value(a, b)),
            (Node::Variable(_) | Node::Unary(_) | Node::Binary(_), _) => None,
        };
        match value {
            Some(value) => {
                out.nodes.truncate(out.nodes.len() - operands.len());
                let n = out.constants.len() - operands.len();
                out.constants.truncate(n);
                out.nodes.push(Node::Constant);
                out.constants.push(value);
            }
            None => out.nodes.push(node),
        }
        values.push(value);
    }
    out
}

/// The parts of which a folded tree is a linear combination.
pub fn summands(tree: &Tree) -> Vec<Summand> {
    let first = first_operands(&tree.nodes);
    let constant = |end: usize| match tree.nodes[end] {
        Node::Constant => Some(tree.constants[tree.constants_before(end)]),
        Node::Variable(_) | Node::Unary(_) | Node::Binary(_) => None,
    };
    let mut ends = vec![(tree.nodes.len() - 1, 1.0, false)];
    let mut out = Vec::new();
    while let Some((end, c, is_free)) = ends.pop() {
        let node = tree.nodes[end];
        let operands = match node {
            Node::Binary(Binary::Mul) => (constant(first[end]), constant(end - 1)),
            Node::Constant | Node::Variable(_) | Node::Unary(_) | Node::Binary(_) => (None, None),
        };
        match (node, operands) {
            (Node::Binary(Binary::Add), _) => {
                ends.extend([(end - 1, c, is_free), (first[end], c, is_free)])
            }
            (Node::Binary(Binary::Sub), _) => {
                ends.extend([(end - 1, -c, is_free), (first[end], c, is_free)])
            }
            (Node::Unary(Unary::Neg), _) => ends.push((end - 1, -c, is_free)),
            (_, (Some(a), _)) => ends.push((end - 1, a * c, true)),
            (_, (None, Some(b))) => ends.push((first[end], b * c, true)),
            (_, (None, None)) => {
                let value = constant(end);
                out.push(Summand {
                    tree: value.is_none().then(|| tree.subtree(end)),
                    coefficient: value.unwrap_or(1.0) * c,
                    is_free,
                });
            }
        }
    }
    out
}

/// A product without constant factors and signs. In each of its sums one part, number `reference` if there are so many, has no
/// coefficient; without a `reference` it is one that has none now, if possible.
pub fn normal(term: &Tree, reference: Option<usize>) -> Tree {
    let first = first_operands(&term.nodes);
    let mut spine = vec![(term.nodes.len() - 1, false)];
    let (mut above, mut below): (Vec<Tree>, Vec<Tree>) = (Vec::new(), Vec::new());
    while let Some((end, is_below)) = spine.pop() {
        match term.nodes[end] {
            Node::Constant => {}
            Node::Unary(Unary::Neg) => spine.push((end - 1, is_below)),
            Node::Binary(Binary::Mul) => {
                spine.extend([(end - 1, is_below), (first[end], is_below)])
            }
            Node::Binary(Binary::Div) => {
                spine.extend([(end - 1, !is_below), (first[end], is_below)])
            }
            Node::Unary(Unary::Square) => {
                let mut square = normal_sum(&term.subtree(end - 1), reference);
                square.nodes.push(Node::Unary(Unary::Square));
                if is_below { &mut below } else { &mut above }.push(square);
            }
            Node::Binary(Binary::Add | Binary::Sub) => {
                let sum = normal_sum(&term.subtree(end), reference);
                if is_below { &mut below } else { &mut above }.push(sum);
            }
            Node::Variable(_) | Node::Unary(_) | Node::Binary(_) => {
                if is_below { &mut below } else { &mut above }.push(term.subtree(end));
            }
        }
    }
    let one = above.is_empty().then(|| Tree::constant(1.0));
    let mut out = one.unwrap_or_else(|| above.remove(0));
    above
        .iter()
        .for_each(|factor| append(&mut out, factor, Binary::Mul));
    below
        .iter()
        .for_each(|factor| append(&mut out, factor, Binary::Div));
    out
}

/// A sum up to a factor.
fn normal_sum(sum: &Tree, reference: Option<usize>) -> Tree {
    let parts = summands(sum);
    let with_tree = || parts.iter().enumerate().filter(|(_, p)| p.tree.is_some());
    let chosen = match reference {
        Some(k) => with_tree().nth(k),
        None => with_tree().find(|(_, p)| !p.is_free),
    };
    let Some((chosen, divisor)) = chosen.or_else(|| with_tree().next()) else {
        return sum.clone();
    };
    let mut out = divisor.tree.clone().expect("it was chosen for its tree");
    for (_, part) in parts.iter().enumerate().filter(|(k, _)| *k != chosen) {
        let coefficient = part.coefficient / divisor.coefficient;
        let constant = Tree::constant(coefficient);
        match &part.tree {
            None => append(&mut out, &constant, Binary::Add),
            Some(tree) if !part.is_free && !divisor.is_free => {
                let op = if coefficient < 0.0 {
                    Binary::Sub
                } else {
                    Binary::Add
                };
                append(&mut out, tree, op);
            }
            Some(tree) => {
                let mut scaled = constant;
                append(&mut scaled, tree, Binary::Mul);
                append(&mut out, &scaled, Binary::Add);
            }
        }
    }
    out
}

/// `a = op(a, b)`
fn append(a: &mut Tree, b: &Tree, op: Binary) {
    a.nodes.extend(&b.nodes);
    a.nodes.push(Node::Binary(op));
    a.constants.extend(&b.constants);
}

#[cfg(test)]
mod tests {
    use super::*;
    use Node::{Constant, Variable};

    const ADD: Node = Node::Binary(Binary::Add);
    const SUB: Node = Node::Binary(Binary::Sub);
    const MUL: Node = Node::Binary(Binary::Mul);
    const DIV: Node = Node::Binary(Binary::Div);

    /// x/(-(2·x) - 4·y - 6)
    fn quotient() -> Tree {
        let (x, y) = (Variable(0), Variable(1));
        Tree {
            nodes: vec![
                x,
                x,
                Constant,
                MUL,
                Node::Unary(Unary::Neg),
                Constant,
                y,
                MUL,
                SUB,
                Constant,
                SUB,
                DIV,
            ],
            constants: vec![2.0, 4.0, 6.0],
        }
    }

    #[test]
    fn one_part_of_a_sum_has_no_coefficient() {
        let (x, y) = (Variable(0), Variable(1));
        let nodes = vec![x, x, Constant, y, MUL, ADD, Constant, ADD, DIV];
        let first = normal(&quotient(), None);
        assert_eq!((first.nodes, first.constants), (nodes, vec![2.0, 3.0]));
        let nodes = vec![x, y, Constant, x, MUL, ADD, Constant, ADD, DIV];
        let second = normal(&quotient(), Some(1));
        assert_eq!((second.nodes, second.constants), (nodes, vec![0.5, 1.5]));
    }

    #[test]
    fn parts_without_variables_are_one_constant() {
        let x = Variable(0);
        // (x/2)·sin(3 - 3)
        let tree = Tree {
            nodes: vec![
                x,
                Constant,
                DIV,
                Constant,
                Constant,
                SUB,
                Node::Unary(Unary::Sin),
                MUL,
            ],
            constants: vec![2.0, 3.0, 3.0],
        };
        let folded = folded(&tree);
        assert_eq!(folded.nodes, [x, Constant, MUL, Constant, MUL]);
        assert_eq!(folded.constants, [0.5, 0.0]);
    }
}
