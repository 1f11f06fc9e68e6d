//! Random trees, and changes of trees.

use super::tree::{Binary, Node, Tree, Unary};
use crate::random::Random;

/// What trees may be made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Alphabet {
    /// Number of inputs.
    pub n_inputs: u16,
    /// Functions.
    pub unary: Vec<Unary>,
    /// Operators; not empty.
    pub binary: Vec<Binary>,
}

impl Alphabet {
    fn leaf(&self, random: &mut Random) -> Tree {
        if random.chance(0.7) {
            Tree {
                nodes: vec![Node::Variable(
                    random.below(usize::from(self.n_inputs)) as u16
                )],
                constants: Vec::new(),
            }
        } else {
            Tree::constant(constant(random))
        }
    }

    fn operator(&self, random: &mut Random) -> Node {
        Node::Binary(self.binary[random.below(self.binary.len())])
    }

    /// A random tree of about this many nodes.
    pub fn random(&self, size: usize, random: &mut Random) -> Tree {
        let mut tree = self.leaf(random);
        while tree.nodes.len() < size {
            tree = self.grown(&tree, random);
        }
        tree
    }

    /// With an operator or a function put over one of the nodes.
    fn grown(&self, tree: &Tree, random: &mut Random) -> Tree {
        let end = random.below(tree.nodes.len());
        let inner = tree.subtree(end);
        let outer = if !self.unary.is_empty() && random.chance(0.25) {
            applied(&inner, self.unary[random.below(self.unary.len())])
        } else {
            let (leaf, op) = (self.leaf(random), self.operator(random));
            if random.chance(0.5) {
                joined(&inner, &leaf, op)
            } else {
                joined(&leaf, &inner, op)
            }
        };
        tree.replaced(end, &outer)
    }

    /// A changed copy.
    pub fn mutated(&self, tree: &Tree, random: &mut Random) -> Tree {
        let end = random.below(tree.nodes.len());
        match random.below(10) {
            0 => self.perturbed(tree, random),
            1 | 2 => self.exchanged(tree, end, random),
            3 | 4 => self.grown(tree, random),
            5 => {
                let (leaf, op) = (self.random(3, random), self.operator(random));
                joined(tree, &leaf, op)
            }
            6 | 7 => hoisted(tree, end, random),
            8 => tree.replaced(end, &self.leaf(random)),
            _ => {
                let size = 1 + random.below(6);
                tree.replaced(end, &self.random(size, random))
            }
        }
    }

    fn perturbed(&self, tree: &Tree, random: &mut Random) -> Tree {
        let mut out = tree.clone();
        if out.constants.is_empty() {
            return self.grown(tree, random);
        }
        let k = random.below(out.constants.len());
        out.constants[k] = if random.chance(0.2) {
            constant(random)
        } else {
            out.constants[k] * (1.0 + 0.5 * random.normal())
        };
        out
    }

    /// Another operator, function or input in the place of one.
    fn exchanged(&self, tree: &Tree, at: usize, random: &mut Random) -> Tree {
        let mut out = tree.clone();
        match out.nodes[at] {
            Node::Constant => return tree.replaced(at, &self.leaf(random)),
            Node::Variable(_) => return tree.replaced(at, &self.leaf(random)),
            Node::Unary(_) => {
                out.nodes[at] = Node::Unary(self.unary[random.below(self.unary.len())])
            }
            Node::Binary(_) => out.nodes[at] = self.operator(random),
        }
        out
    }
}

/// A subtree in the place of its parent, or of the whole.
fn hoisted(tree: &Tree, end: usize, random: &mut Random) -> Tree {
    let start = tree.start(end);
    if start == end || random.chance(0.1) {
        return tree.subtree(end);
    }
    let inner = start + random.below(end - start);
    tree.replaced(end, &tree.subtree(inner))
}

/// The first tree with one of its subtrees replaced by one of the second's.
pub fn crossed(a: &Tree, b: &Tree, random: &mut Random) -> Tree {
    let (i, j) = (random.below(a.nodes.len()), random.below(b.nodes.len()));
    a.replaced(i, &b.subtree(j))
}

/// `op(a, b)`
pub fn joined(a: &Tree, b: &Tree, op: Node) -> Tree {
    let mut out = a.clone();
    out.nodes.extend(&b.nodes);
    out.nodes.push(op);
    out.constants.extend(&b.constants);
    out
}

fn applied(a: &Tree, op: Unary) -> Tree {
    let mut out = a.clone();
    out.nodes.push(Node::Unary(op));
    out
}

/// A constant of either sign around 1.
fn constant(random: &mut Random) -> f64 {
    let size = random.normal().exp();
    if random.chance(0.3) { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_keep_trees_whole() {
        let alphabet = Alphabet {
            n_inputs: 3,
            unary: vec![Unary::Sin, Unary::Exp],
            binary: vec![Binary::Add, Binary::Mul, Binary::Div],
        };
        let mut random = Random::new(5, 0);
        let mut tree = alphabet.random(7, &mut random);
        for _ in 0..2000 {
            let other = alphabet.random(5, &mut random);
            tree = if random.chance(0.3) {
                crossed(&tree, &other, &mut random)
            } else {
                alphabet.mutated(&tree, &mut random)
            };
            assert_eq!(tree.start(tree.nodes.len() - 1), 0);
            let n = tree.nodes.iter().filter(|n| **n == Node::Constant).count();
            assert_eq!(n, tree.constants.len());
            if tree.nodes.len() > 60 {
                tree = other;
            }
        }
    }
}
