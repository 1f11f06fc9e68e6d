//! Values and gradients of terms on many samples: a vectorised tape, run block by block so that all of it stays in the first cache.

use super::forest::Forest;
use super::tree::{Binary, Node, Unary, first_operands};

/// Samples in a block: 24 nodes of them are 24 KiB.
pub const BLOCK: usize = 128;

type Column = [f64; BLOCK];

/// Space for the values of all nodes on one block.
#[derive(Debug, Default)]
pub struct Batch {
    values: Vec<Column>,
    adjoints: Vec<Column>,
    first: Vec<usize>,
    /// Whether a constant that is asked for lies in the part that ends at a node.
    varies: Vec<bool>,
}

impl Batch {
    /// The values of each term, one column of `n` after the other.
    pub fn values(&mut self, forest: &Forest, inputs: &[Vec<f64>], n: usize, out: &mut Vec<f64>) {
        self.prepare(forest);
        out.resize(forest.n_terms() * n, 0.0);
        for start in (0..n).step_by(BLOCK) {
            let len = BLOCK.min(n - start);
            self.forward(forest, inputs, start, len);
            for (j, &end) in forest.ends.iter().enumerate() {
                let values = operand(forest, &self.values, inputs, end, start, len);
                out[j * n + start..][..len].copy_from_slice(values);
            }
        }
    }

    /// The derivatives of the sum of the terms with these coefficients by the constants at the nodes `free`, one column each.
    pub fn gradient(
        &mut self,
        forest: &Forest,
        coefficients: &[f64],
        inputs: &[Vec<f64>],
        n: usize,
        free: &[usize],
        out: &mut Vec<f64>,
    ) {
        self.prepare(forest);
        self.mark(forest, free);
        out.resize(free.len() * n, 0.0);
        for start in (0..n).step_by(BLOCK) {
            let len = BLOCK.min(n - start);
            self.forward(forest, inputs, start, len);
            for (&end, &coefficient) in forest.ends.iter().zip(coefficients) {
                self.adjoints[end][..len].fill(coefficient);
            }
            self.backward(forest, inputs, start, len);
            for (k, &i) in free.iter().enumerate() {
                out[k * n + start..][..len].copy_from_slice(&self.adjoints[i][..len]);
            }
        }
    }

    fn prepare(&mut self, forest: &Forest) {
        let n = forest.nodes.len();
        self.first = first_operands(&forest.nodes);
        if self.values.len() < n {
            self.values.resize(n, [0.0; BLOCK]);
            self.adjoints.resize(n, [0.0; BLOCK]);
        }
    }

    fn mark(&mut self, forest: &Forest, free: &[usize]) {
        self.varies.clear();
        for (i, node) in forest.nodes.iter().enumerate() {
            let varies = match node {
                Node::Constant => free.contains(&i),
                Node::Variable(_) => false,
                Node::Unary(_) => self.varies[i - 1],
                Node::Binary(_) => self.varies[i - 1] || self.varies[self.first[i]],
            };
            self.varies.push(varies);
        }
    }

    fn forward(&mut self, forest: &Forest, inputs: &[Vec<f64>], start: usize, len: usize) {
        let mut constants = forest.constants.iter();
        for (i, &node) in forest.nodes.iter().enumerate() {
            let (before, rest) = self.values.split_at_mut(i);
            let out = &mut rest[0][..len];
            match node {
                Node::Constant => out.fill(*constants.next().expect("one per node")),
                Node::Variable(_) => {}
                Node::Unary(op) => {
                    unary(op, operand(forest, before, inputs, i - 1, start, len), out)
                }
                Node::Binary(op) => {
                    let a = operand(forest, before, inputs, self.first[i], start, len);
                    let b = operand(forest, before, inputs, i - 1, start, len);
                    binary(op, a, b, out);
                }
            }
        }
    }

    /// Takes the derivatives by the terms down to the constants.
    fn backward(&mut self, forest: &Forest, inputs: &[Vec<f64>], start: usize, len: usize) {
        for i in (0..forest.nodes.len()).rev().filter(|&i| self.varies[i]) {
            let (below, rest) = self.adjoints.split_at_mut(i);
            let adjoint = &rest[0][..len];
            let value = &self.values[i][..len];
            match forest.nodes[i] {
                Node::Constant | Node::Variable(_) => {}
                Node::Unary(op) => {
                    let a = operand(forest, &self.values, inputs, i - 1, start, len);
                    unary_adjoint(op, a, value, adjoint, &mut below[i - 1][..len]);
                }
                Node::Binary(op) => {
                    let first = self.first[i];
                    let a = operand(forest, &self.values, inputs, first, start, len);
                    let b = operand(forest, &self.values, inputs, i - 1, start, len);
                    if self.varies[first] {
                        left_adjoint(op, a, b, adjoint, &mut below[first][..len]);
                    }
                    if self.varies[i - 1] {
                        right_adjoint(op, (a, b), value, adjoint, &mut below[i - 1][..len]);
                    }
                }
            }
        }
    }
}

/// The values of node `i` on a block.
fn operand<'a>(
    forest: &Forest,
    values: &'a [Column],
    inputs: &'a [Vec<f64>],
    i: usize,
    start: usize,
    len: usize,
) -> &'a [f64] {
    match forest.nodes[i] {
        Node::Variable(k) => &inputs[usize::from(k)][start..start + len],
        Node::Constant | Node::Unary(_) | Node::Binary(_) => &values[i][..len],
    }
}

fn map(a: &[f64], out: &mut [f64], f: impl Fn(f64) -> f64) {
    for (out, &a) in out.iter_mut().zip(a) {
        *out = f(a);
    }
}

fn zip(a: &[f64], b: &[f64], out: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

fn unary(op: Unary, a: &[f64], out: &mut [f64]) {
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

fn binary(op: Binary, a: &[f64], b: &[f64], out: &mut [f64]) {
    match op {
        Binary::Add => zip(a, b, out, |a, b| a + b),
        Binary::Sub => zip(a, b, out, |a, b| a - b),
        Binary::Mul => zip(a, b, out, |a, b| a * b),
        Binary::Div => zip(a, b, out, |a, b| a / b),
        Binary::Pow => zip(a, b, out, f64::powf),
    }
}

/// The adjoint of the operand, from operand, value and the adjoint of the node.
fn unary_adjoint(op: Unary, a: &[f64], value: &[f64], adjoint: &[f64], out: &mut [f64]) {
    match op {
        Unary::Neg => map(adjoint, out, |w| -w),
        Unary::Square => zip(adjoint, a, out, |w, a| 2.0 * w * a),
        Unary::Sqrt => zip(adjoint, value, out, |w, v| 0.5 * w / v),
        Unary::Exp => zip(adjoint, value, out, |w, v| w * v),
        Unary::Ln => zip(adjoint, a, out, |w, a| w / a),
        Unary::Sin => zip(adjoint, a, out, |w, a| w * a.cos()),
        Unary::Cos => zip(adjoint, a, out, |w, a| -w * a.sin()),
        Unary::Tanh => zip(adjoint, value, out, |w, v| w * (1.0 - v * v)),
        Unary::Abs => zip(adjoint, a, out, |w, a| w * a.signum()),
    }
}

fn left_adjoint(op: Binary, a: &[f64], b: &[f64], adjoint: &[f64], out: &mut [f64]) {
    match op {
        Binary::Add | Binary::Sub => out.copy_from_slice(adjoint),
        Binary::Mul => zip(adjoint, b, out, |w, b| w * b),
        Binary::Div => zip(adjoint, b, out, |w, b| w / b),
        Binary::Pow => {
            for (k, out) in out.iter_mut().enumerate() {
                *out = adjoint[k] * b[k] * a[k].powf(b[k] - 1.0);
            }
        }
    }
}

fn right_adjoint(
    op: Binary,
    (a, b): (&[f64], &[f64]),
    value: &[f64],
    adjoint: &[f64],
    out: &mut [f64],
) {
    match op {
        Binary::Add => out.copy_from_slice(adjoint),
        Binary::Sub => map(adjoint, out, |w| -w),
        Binary::Mul => zip(adjoint, a, out, |w, a| w * a),
        Binary::Div => {
            for (k, out) in out.iter_mut().enumerate() {
                *out = -adjoint[k] * value[k] / b[k];
            }
        }
        Binary::Pow => {
            for (k, out) in out.iter_mut().enumerate() {
                *out = adjoint[k] * value[k] * a[k].ln();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Node::{Constant, Variable};

    /// Two terms with every operator, on more samples than a block.
    #[test]
    fn gradients_are_difference_quotients() {
        let op = |o| Node::Binary(o);
        let f = |u| Node::Unary(u);
        let mut nodes = vec![Variable(0), Constant, op(Binary::Pow), Constant];
        nodes.extend([f(Unary::Sin), op(Binary::Mul), Constant, f(Unary::Exp)]);
        nodes.extend([op(Binary::Add), Variable(1), Constant, op(Binary::Div)]);
        nodes.extend([f(Unary::Tanh), op(Binary::Sub)]);
        let first_end = nodes.len() - 1;
        nodes.extend([Constant, f(Unary::Square), f(Unary::Sqrt), f(Unary::Ln)]);
        nodes.extend([f(Unary::Cos), Variable(0), op(Binary::Mul), Constant]);
        nodes.extend([f(Unary::Neg), f(Unary::Abs), op(Binary::Add)]);
        let forest = Forest {
            ends: vec![first_end, nodes.len() - 1],
            nodes,
            constants: vec![1.3, 0.7, -0.4, 2.1, 1.7, 0.3],
        };
        let n = 300;
        let inputs = vec![
            (0..n).map(|i| 0.5 + f64::from(i) / 100.0).collect(),
            (0..n).map(|i| (f64::from(i) * 0.3).sin()).collect(),
        ];
        let n = n as usize;
        let coefficients = [2.0, -3.0];
        let sum = |forest: &Forest| {
            let mut columns = Vec::new();
            Batch::default().values(forest, &inputs, n, &mut columns);
            (0..n)
                .map(|i| coefficients[0] * columns[i] + coefficients[1] * columns[n + i])
                .collect::<Vec<f64>>()
        };
        let free: Vec<usize> = (0..forest.nodes.len())
            .filter(|&i| forest.nodes[i] == Constant)
            .collect();
        let mut gradient = Vec::new();
        Batch::default().gradient(&forest, &coefficients, &inputs, n, &free, &mut gradient);
        for k in 0..free.len() {
            let (mut up, mut down) = (forest.clone(), forest.clone());
            up.constants[k] += 1e-6;
            down.constants[k] -= 1e-6;
            let (up, down) = (sum(&up), sum(&down));
            for i in 0..n {
                let quotient = (up[i] - down[i]) / 2e-6;
                let derivative = gradient[k * n + i];
                assert!(
                    (derivative - quotient).abs() < 1e-6 * (1.0 + quotient.abs()),
                    "constant {k} sample {i}: {derivative} {quotient}"
                );
            }
        }
    }
}
