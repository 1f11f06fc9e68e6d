//! A tree as what it is linear in: a sum of terms, each with a coefficient of its own, and an offset.
//!
//! Coefficients and offset are not part of the search: least squares gives them. So `x·y - 8/3·z` is the pair of terms `x·y`, `z`.

use super::shape::{Shape, hash, shape};
use super::term::{folded, normal, summands};
use super::tree::{Binary, Node, Tree, first_operands};

/// Most terms of a sum.
pub const MAX_TERMS: usize = 12;

/// Terms one after the other, each in postfix order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forest {
    /// The nodes of all terms.
    pub nodes: Vec<Node>,
    /// Constants inside of terms, by order of their nodes.
    pub constants: Vec<f64>,
    /// The last node of each term.
    pub ends: Vec<usize>,
}

impl Forest {
    /// The terms of a tree without factors of their own, each once, in an order that does not depend on that of the tree;
    /// with a number that tells forests of one shape. `None` if there is no term with a variable, or there are too many.
    /// The terms have their normal form for this `reference`.
    pub fn of(tree: &Tree, reference: Option<usize>) -> Option<(Forest, u64)> {
        let mut terms: Vec<(u64, Tree)> = Vec::new();
        let summands = summands(&folded(tree)).into_iter();
        for term in summands.filter_map(|s| s.tree) {
            let term = normal(&term, reference);
            match shape(&term.nodes) {
                Shape::Constant => {}
                Shape::Form(key) => {
                    let is_known = |(k, t): &(u64, Tree)| *k == key && t.constants.is_empty();
                    if !terms.iter().any(is_known) {
                        terms.push((key, term));
                    }
                }
            }
        }
        if terms.is_empty() || terms.len() > MAX_TERMS {
            return None;
        }
        terms.sort_by_key(|(key, term)| (term.nodes.len(), *key));
        let keys: Vec<u64> = terms.iter().map(|(key, _)| *key).collect();
        let mut forest = Forest {
            nodes: Vec::new(),
            constants: Vec::new(),
            ends: Vec::new(),
        };
        for (_, term) in terms {
            forest.nodes.extend(term.nodes);
            forest.constants.extend(term.constants);
            forest.ends.push(forest.nodes.len() - 1);
        }
        Some((forest, hash(&keys)))
    }

    /// The sum of the terms as a tree; its constants are those of the forest.
    pub fn tree(&self) -> Tree {
        let mut nodes = Vec::with_capacity(self.nodes.len() + self.ends.len());
        let mut start = 0;
        for (k, &end) in self.ends.iter().enumerate() {
            nodes.extend(&self.nodes[start..=end]);
            start = end + 1;
            if k > 0 {
                nodes.push(Node::Binary(Binary::Add));
            }
        }
        Tree {
            nodes,
            constants: self.constants.clone(),
        }
    }

    /// Number of terms.
    pub fn n_terms(&self) -> usize {
        self.ends.len()
    }

    /// Complexity, without coefficients and offset.
    pub fn complexity(&self) -> u32 {
        let nodes: u32 = self.nodes.iter().map(|n| n.weight()).sum();
        nodes + self.ends.len() as u32 - 1
    }

    /// The terms, one tree each.
    pub fn terms(&self) -> Vec<Tree> {
        let mut start = 0;
        let mut constants = self.constants.iter();
        let mut terms = Vec::new();
        for &end in &self.ends {
            let nodes = self.nodes[start..=end].to_vec();
            let n = nodes.iter().filter(|n| **n == Node::Constant).count();
            start = end + 1;
            terms.push(Tree {
                nodes,
                constants: constants.by_ref().take(n).copied().collect(),
            });
        }
        terms
    }
}

/// Which constants of a term are not mere factors of it, by node.
pub fn free_nodes(nodes: &[Node], ends: &[usize]) -> Vec<usize> {
    let first = first_operands(nodes);
    let mut is_factor = vec![false; nodes.len()];
    let mut spine = ends.to_vec();
    while let Some(end) = spine.pop() {
        is_factor[end] = true;
        if let Node::Binary(Binary::Mul | Binary::Div) = nodes[end] {
            spine.extend([end - 1, first[end]]);
        }
    }
    (0..nodes.len())
        .filter(|&i| nodes[i] == Node::Constant && !is_factor[i])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree::Unary;
    use super::*;
    use Node::{Constant, Variable};

    const ADD: Node = Node::Binary(Binary::Add);
    const SUB: Node = Node::Binary(Binary::Sub);
    const MUL: Node = Node::Binary(Binary::Mul);
    const DIV: Node = Node::Binary(Binary::Div);

    fn forest(nodes: &[Node]) -> (Forest, u64) {
        let n = nodes.iter().filter(|n| **n == Constant).count();
        Forest::of(
            &Tree {
                nodes: nodes.to_vec(),
                constants: vec![2.0; n],
            },
            None,
        )
        .unwrap()
    }

    #[test]
    fn factors_signs_order_and_offsets_are_not_part_of_the_terms() {
        let (x, y) = (Variable(0), Variable(1));
        let (a, key) = forest(&[x, y, MUL, x, SUB]);
        // 2·(2 - (x·2)·y) + x/2
        let nodes = [
            Constant, Constant, x, Constant, MUL, y, MUL, SUB, MUL, x, Constant, DIV, ADD,
        ];
        let (b, same) = forest(&nodes);
        assert_eq!((a.n_terms(), a.nodes.len(), key), (2, 4, same));
        assert_eq!(b.constants, []);
        assert_eq!(a.tree().nodes, [x, x, y, MUL, ADD]);
        // x + x is x, 2/x keeps a 1 that is not free, exp(2·x) has a free constant.
        assert_eq!(forest(&[x, x, ADD]).0.n_terms(), 1);
        let (inverse, _) = forest(&[Constant, x, DIV]);
        assert_eq!(inverse.constants, [1.0]);
        assert_eq!(free_nodes(&inverse.nodes, &inverse.ends), []);
        let (exponential, _) = forest(&[Constant, x, MUL, Node::Unary(Unary::Exp)]);
        assert_eq!(free_nodes(&exponential.nodes, &exponential.ends), [0]);
    }

    #[test]
    fn what_cancels_is_no_term() {
        let x = Variable(0);
        let tree = Tree {
            nodes: vec![x, x, DIV],
            constants: vec![],
        };
        assert_eq!(Forest::of(&tree, None), None);
    }
}
