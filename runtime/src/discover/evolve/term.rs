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
    /// Whether nothing stands above the bar of the tree but a 1, in the place of which the coefficient can stand.
    is_reciprocal: bool,
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
    let is_constant = |end: usize| tree.nodes[end] == Node::Constant;
    let value = |end: usize| tree.constants[tree.constants_before(end)];
    let mut ends = vec![(tree.nodes.len() - 1, 1.0, false)];
    let mut out = Vec::new();
    while let Some((end, c, is_free)) = ends.pop() {
        match tree.nodes[end] {
            Node::Binary(Binary::Add) => {
                ends.extend([(end - 1, c, is_free), (first[end], c, is_free)])
            }
            Node::Binary(Binary::Sub) => {
                ends.extend([(end - 1, -c, is_free), (first[end], c, is_free)])
            }
            Node::Unary(Unary::Neg) => ends.push((end - 1, -c, is_free)),
            Node::Binary(Binary::Mul) if is_constant(first[end]) => {
                ends.push((end - 1, value(first[end]) * c, true))
            }
            Node::Binary(Binary::Mul) if is_constant(end - 1) => {
                ends.push((first[end], value(end - 1) * c, true))
            }
            Node::Constant => out.push(Summand {
                tree: None,
                coefficient: value(end) * c,
                is_free,
                is_reciprocal: false,
            }),
            Node::Variable(_) | Node::Unary(_) | Node::Binary(_) => {
                let product = Product::of(&tree.subtree(end));
                out.push(Summand {
                    coefficient: product.coefficient * c,
                    is_free: is_free || product.is_free,
                    is_reciprocal: product.above.is_empty(),
                    tree: Some(product.tree()),
                });
            }
        }
    }
    out
}

/// A term as a product.
struct Product {
    /// Factors above and below the bar, none of them a constant.
    above: Vec<Tree>,
    below: Vec<Tree>,
    /// Product of the constants and signs.
    coefficient: f64,
    /// Whether there are constants.
    is_free: bool,
}

impl Product {
    fn of(term: &Tree) -> Product {
        let first = first_operands(&term.nodes);
        let mut spine = vec![(term.nodes.len() - 1, false)];
        let mut out = Product {
            above: Vec::new(),
            below: Vec::new(),
            coefficient: 1.0,
            is_free: false,
        };
        while let Some((end, is_below)) = spine.pop() {
            match term.nodes[end] {
                Node::Unary(Unary::Neg) => {
                    out.coefficient = -out.coefficient;
                    spine.push((end - 1, is_below));
                }
                Node::Binary(Binary::Mul) => {
                    spine.extend([(end - 1, is_below), (first[end], is_below)])
                }
                Node::Binary(Binary::Div) => {
                    spine.extend([(end - 1, !is_below), (first[end], is_below)])
                }
                Node::Constant => {
                    let c = term.constants[term.constants_before(end)];
                    out.coefficient *= if is_below { c.recip() } else { c };
                    out.is_free = true;
                }
                Node::Variable(_) | Node::Unary(_) | Node::Binary(_) => {
                    let part = if is_below {
                        &mut out.below
                    } else {
                        &mut out.above
                    };
                    part.push(term.subtree(end));
                }
            }
        }
        out
    }

    /// Without the coefficient.
    fn tree(mut self) -> Tree {
        let one = self.above.is_empty().then(|| Tree::constant(1.0));
        let mut out = one.unwrap_or_else(|| self.above.remove(0));
        self.above
            .iter()
            .for_each(|factor| append(&mut out, factor, Binary::Mul));
        self.below
            .iter()
            .for_each(|factor| append(&mut out, factor, Binary::Div));
        out
    }
}

/// A product without constant factors and signs. In each of its sums one part, number `reference` if there are so many, has no
/// coefficient; without a `reference` it is one that has none now, if possible.
pub fn normal(term: &Tree, reference: Option<usize>) -> Tree {
    let mut product = Product::of(term);
    for factor in product.above.iter_mut().chain(&mut product.below) {
        let root = factor.nodes.len() - 1;
        match factor.nodes[root] {
            Node::Binary(Binary::Add | Binary::Sub) => *factor = normal_sum(factor, reference),
            Node::Unary(Unary::Square) => {
                *factor = normal_sum(&factor.subtree(root - 1), reference);
                factor.nodes.push(Node::Unary(Unary::Square));
            }
            Node::Constant | Node::Variable(_) | Node::Unary(_) | Node::Binary(_) => {}
        }
    }
    product.tree()
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
            Some(tree) if part.is_reciprocal => {
                let mut scaled = tree.clone();
                scaled.constants[0] = coefficient;
                append(&mut out, &scaled, Binary::Add);
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
    fn constants_inside_of_products_are_coefficients() {
        let (x, y) = (Variable(0), Variable(1));
        // y·((2·x)·(x + y) - 6)
        let tree = Tree {
            nodes: vec![y, Constant, x, MUL, x, y, ADD, MUL, Constant, SUB, MUL],
            constants: vec![2.0, 6.0],
        };
        let normal = normal(&tree, None);
        let nodes = [y, x, x, y, ADD, MUL, Constant, ADD, MUL];
        assert_eq!(
            (&normal.nodes[..], &normal.constants[..]),
            (&nodes[..], &[-3.0][..])
        );
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
