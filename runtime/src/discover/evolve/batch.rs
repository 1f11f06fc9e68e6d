//! Values and gradients of trees on many samples: a vectorised tape, run block by block so that all of it stays in cache.

use super::tree::{Binary, Node, Tree, Unary};

/// Samples in a block.
pub const BLOCK: usize = 128;

type Column = [f64; BLOCK];

/// Space for the values of all nodes on one block.
#[derive(Default)]
pub struct Batch {
    values: Vec<Column>,
    adjoints: Vec<Column>,
    first: Vec<usize>,
}

impl Batch {
    /// Calls `visit(block start, values)` for each block of samples; stops when it returns false.
    pub fn for_each_block(
        &mut self,
        tree: &Tree,
        inputs: &[Vec<f64>],
        n: usize,
        mut visit: impl FnMut(usize, &[f64]) -> bool,
    ) {
        self.prepare(tree);
        for start in (0..n).step_by(BLOCK) {
            let len = BLOCK.min(n - start);
            self.forward(tree, inputs, start, len);
            let values = self.values.last().expect("a tree is not empty");
            if !visit(start, &values[..len]) {
                return;
            }
        }
    }

    /// The same with the derivatives by each constant: `visit(block start, values, gradient)`.
    pub fn for_each_gradient(
        &mut self,
        tree: &Tree,
        inputs: &[Vec<f64>],
        n: usize,
        mut visit: impl FnMut(usize, &[f64], &[&[f64]]),
    ) {
        self.prepare(tree);
        let constants: Vec<usize> = (0..tree.nodes.len())
            .filter(|&i| tree.nodes[i] == Node::Constant)
            .collect();
        for start in (0..n).step_by(BLOCK) {
            let len = BLOCK.min(n - start);
            self.forward(tree, inputs, start, len);
            self.backward(tree);
            let gradient: Vec<&[f64]> = constants
                .iter()
                .map(|&i| &self.adjoints[i][..len])
                .collect();
            let values = self.values.last().expect("a tree is not empty");
            visit(start, &values[..len], &gradient);
        }
    }

    fn prepare(&mut self, tree: &Tree) {
        let n = tree.nodes.len();
        self.first = tree.first_operands();
        if self.values.len() < n {
            self.adjoints.resize(n, [0.0; BLOCK]);
        }
        self.values.resize(n, [0.0; BLOCK]);
    }

    fn forward(&mut self, tree: &Tree, inputs: &[Vec<f64>], start: usize, len: usize) {
        let mut constants = tree.constants.iter();
        for (i, &node) in tree.nodes.iter().enumerate() {
            let (before, rest) = self.values.split_at_mut(i);
            let out = &mut rest[0];
            match node {
                Node::Constant => out.fill(*constants.next().expect("one per node")),
                Node::Variable(k) => {
                    out[..len].copy_from_slice(&inputs[usize::from(k)][start..start + len])
                }
                Node::Unary(op) => unary(op, &before[i - 1], out),
                Node::Binary(op) => binary(op, &before[self.first[i]], &before[i - 1], out),
            }
        }
    }

    /// Derivatives of the last node by each node.
    fn backward(&mut self, tree: &Tree) {
        let n = tree.nodes.len();
        self.adjoints[n - 1].fill(1.0);
        for i in (0..n).rev() {
            let (below, rest) = self.adjoints.split_at_mut(i);
            let adjoint = &rest[0];
            let value = &self.values[i];
            match tree.nodes[i] {
                Node::Constant | Node::Variable(_) => {}
                Node::Unary(op) => {
                    unary_adjoint(op, &self.values[i - 1], value, adjoint, &mut below[i - 1])
                }
                Node::Binary(op) => {
                    let first = self.first[i];
                    let (left, right) = below.split_at_mut(i - 1);
                    let operands = (&self.values[first], &self.values[i - 1]);
                    binary_adjoint(
                        op,
                        operands,
                        value,
                        adjoint,
                        &mut left[first],
                        &mut right[0],
                    );
                }
            }
        }
    }
}

fn map(a: &Column, out: &mut Column, f: impl Fn(f64) -> f64) {
    for (out, &a) in out.iter_mut().zip(a) {
        *out = f(a);
    }
}

fn unary(op: Unary, a: &Column, out: &mut Column) {
    match op {
        Unary::Neg => map(a, out, |a| -a),
        Unary::Square => map(a, out, |a| a * a),
        Unary::Sqrt => map(a, out, f64::sqrt),
        Unary::Exp => map(a, out, f64::exp),
        Unary::Ln => map(a, out, f64::ln),
        Unary::Sin => map(a, out, f64::sin),
        Unary::Cos => map(a, out, f64::cos),
        Unary::Tanh => map(a, out, f64::tanh),
        Unary::Abs => map(a, out, f64::abs),
    }
}

fn zip(a: &Column, b: &Column, out: &mut Column, f: impl Fn(f64, f64) -> f64) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

fn binary(op: Binary, a: &Column, b: &Column, out: &mut Column) {
    match op {
        Binary::Add => zip(a, b, out, |a, b| a + b),
        Binary::Sub => zip(a, b, out, |a, b| a - b),
        Binary::Mul => zip(a, b, out, |a, b| a * b),
        Binary::Div => zip(a, b, out, |a, b| a / b),
        Binary::Pow => zip(a, b, out, f64::powf),
    }
}

/// The adjoint of the operand, from operand, value and the adjoint of the node.
fn unary_adjoint(op: Unary, a: &Column, value: &Column, adjoint: &Column, out: &mut Column) {
    let mut each = |f: &dyn Fn(f64, f64) -> f64| {
        for k in 0..BLOCK {
            out[k] = adjoint[k] * f(a[k], value[k]);
        }
    };
    match op {
        Unary::Neg => each(&|_, _| -1.0),
        Unary::Square => each(&|a, _| 2.0 * a),
        Unary::Sqrt => each(&|_, v| 0.5 / v),
        Unary::Exp => each(&|_, v| v),
        Unary::Ln => each(&|a, _| 1.0 / a),
        Unary::Sin => each(&|a, _| a.cos()),
        Unary::Cos => each(&|a, _| -a.sin()),
        Unary::Tanh => each(&|_, v| 1.0 - v * v),
        Unary::Abs => each(&|a, _| a.signum()),
    }
}

fn binary_adjoint(
    op: Binary,
    (a, b): (&Column, &Column),
    value: &Column,
    adjoint: &Column,
    left: &mut Column,
    right: &mut Column,
) {
    for k in 0..BLOCK {
        let w = adjoint[k];
        (left[k], right[k]) = match op {
            Binary::Add => (w, w),
            Binary::Sub => (w, -w),
            Binary::Mul => (w * b[k], w * a[k]),
            Binary::Div => (w / b[k], -w * value[k] / b[k]),
            Binary::Pow => (w * b[k] * a[k].powf(b[k] - 1.0), w * value[k] * a[k].ln()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One tree with every operator, on more samples than a block.
    #[test]
    fn gradients_are_difference_quotients() {
        use Node::{Constant, Variable};
        let op = |o| Node::Binary(o);
        let f = |u| Node::Unary(u);
        let tree = Tree {
            nodes: vec![
                Variable(0),
                Constant,
                op(Binary::Pow),
                Constant,
                f(Unary::Sin),
                op(Binary::Mul),
                Constant,
                f(Unary::Exp),
                op(Binary::Add),
                Variable(1),
                Constant,
                op(Binary::Div),
                f(Unary::Tanh),
                op(Binary::Sub),
                Constant,
                f(Unary::Square),
                f(Unary::Sqrt),
                f(Unary::Ln),
                f(Unary::Cos),
                op(Binary::Mul),
                Constant,
                f(Unary::Neg),
                f(Unary::Abs),
                op(Binary::Add),
            ],
            constants: vec![1.3, 0.7, -0.4, 2.1, 1.7, 0.3],
        };
        let n = 300;
        let inputs = vec![
            (0..n)
                .map(|i| 0.5 + f64::from(i) / 100.0)
                .collect::<Vec<f64>>(),
            (0..n).map(|i| (f64::from(i) * 0.3).sin()).collect(),
        ];
        let mut batch = Batch::default();
        let values = |tree: &Tree| {
            let mut out = Vec::new();
            Batch::default().for_each_block(tree, &inputs, n as usize, |_, v| {
                out.extend_from_slice(v);
                true
            });
            out
        };
        let mut gradient = vec![Vec::new(); 6];
        batch.for_each_gradient(&tree, &inputs, n as usize, |_, _, g| {
            gradient
                .iter_mut()
                .zip(g)
                .for_each(|(all, part)| all.extend_from_slice(part));
        });
        for k in 0..6 {
            let (mut up, mut down) = (tree.clone(), tree.clone());
            up.constants[k] += 1e-6;
            down.constants[k] -= 1e-6;
            let (up, down) = (values(&up), values(&down));
            for i in 0..n as usize {
                let quotient = (up[i] - down[i]) / 2e-6;
                assert!(
                    (gradient[k][i] - quotient).abs() < 1e-6 * (1.0 + quotient.abs()),
                    "constant {k} sample {i}"
                );
            }
        }
    }
}
