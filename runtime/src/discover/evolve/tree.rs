//! Formulas as the search sees them: trees in postfix order, with constants apart.

use ansatz_compiler::terms::{Op, Pool, Term};

/// A function of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unary {
    Neg,
    Square,
    Sqrt,
    Exp,
    Ln,
    Sin,
    Cos,
    Tanh,
    Abs,
}

/// An operator with two arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
}

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// The next of the tree's constants.
    Constant,
    /// Input number `i`.
    Variable(u16),
    /// A function of the node before.
    Unary(Unary),
    /// An operator; the right operand ends just before it, the left one before that.
    Binary(Binary),
}

/// A formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// In postfix order; never empty.
    pub nodes: Vec<Node>,
    /// By order of their nodes.
    pub constants: Vec<f64>,
}

impl Node {
    /// Number of operands.
    pub fn arity(self) -> usize {
        match self {
            Node::Constant | Node::Variable(_) => 0,
            Node::Unary(_) => 1,
            Node::Binary(_) => 2,
        }
    }

    /// How much of a formula's complexity the node is.
    pub fn weight(self) -> u32 {
        match self {
            Node::Constant | Node::Variable(_) => 1,
            Node::Unary(Unary::Neg | Unary::Square | Unary::Abs) => 1,
            Node::Unary(Unary::Sqrt | Unary::Exp | Unary::Ln) => 2,
            Node::Unary(Unary::Sin | Unary::Cos | Unary::Tanh) => 2,
            Node::Binary(Binary::Add | Binary::Sub | Binary::Mul | Binary::Div) => 1,
            Node::Binary(Binary::Pow) => 3,
        }
    }
}

impl Unary {
    /// All of them.
    pub const ALL: [Unary; 9] = [
        Unary::Neg,
        Unary::Square,
        Unary::Sqrt,
        Unary::Exp,
        Unary::Ln,
        Unary::Sin,
        Unary::Cos,
        Unary::Tanh,
        Unary::Abs,
    ];

    /// Its name for users.
    pub fn name(self) -> &'static str {
        match self {
            Unary::Neg => "neg",
            Unary::Square => "square",
            Unary::Sqrt => "sqrt",
            Unary::Exp => "exp",
            Unary::Ln => "ln",
            Unary::Sin => "sin",
            Unary::Cos => "cos",
            Unary::Tanh => "tanh",
            Unary::Abs => "abs",
        }
    }

    /// The value at `a`.
    pub fn value(self, a: f64) -> f64 {
        match self {
            Unary::Neg => -a,
            Unary::Square => a * a,
            Unary::Sqrt => a.sqrt(),
            Unary::Exp => a.exp(),
            Unary::Ln => a.ln(),
            Unary::Sin => a.sin(),
            Unary::Cos => a.cos(),
            Unary::Tanh => a.tanh(),
            Unary::Abs => a.abs(),
        }
    }
}

impl Binary {
    /// All of them.
    pub const ALL: [Binary; 5] = [
        Binary::Add,
        Binary::Sub,
        Binary::Mul,
        Binary::Div,
        Binary::Pow,
    ];

    /// Its name for users.
    pub fn name(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Sub => "-",
            Binary::Mul => "*",
            Binary::Div => "/",
            Binary::Pow => "^",
        }
    }

    /// The value at `a`, `b`.
    pub fn value(self, a: f64, b: f64) -> f64 {
        match self {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
            Binary::Pow => a.powf(b),
        }
    }
}

/// For each node, where its first operand ends; the second ends just before the node.
pub fn first_operands(nodes: &[Node]) -> Vec<usize> {
    let mut stack: Vec<usize> = Vec::with_capacity(nodes.len());
    let mut out = Vec::with_capacity(nodes.len());
    for (i, node) in nodes.iter().enumerate() {
        let below = stack.len() - node.arity();
        out.push(stack.get(below).copied().unwrap_or(usize::MAX));
        stack.truncate(below);
        stack.push(i);
    }
    out
}

impl Tree {
    /// A constant.
    pub fn constant(value: f64) -> Tree {
        Tree {
            nodes: vec![Node::Constant],
            constants: vec![value],
        }
    }

    /// Complexity: the weights of its nodes.
    pub fn complexity(&self) -> u32 {
        self.nodes.iter().map(|n| n.weight()).sum()
    }

    /// Where the subtree that ends at node `end` begins.
    pub fn start(&self, end: usize) -> usize {
        let mut missing = 1;
        let mut i = end + 1;
        while missing > 0 {
            i -= 1;
            missing = missing + self.nodes[i].arity() - 1;
        }
        i
    }

    /// Number of constants before node `i`.
    pub fn constants_before(&self, i: usize) -> usize {
        self.nodes[..i]
            .iter()
            .filter(|n| **n == Node::Constant)
            .count()
    }

    /// The subtree that ends at node `end`.
    pub fn subtree(&self, end: usize) -> Tree {
        let start = self.start(end);
        let (from, to) = (self.constants_before(start), self.constants_before(end + 1));
        Tree {
            nodes: self.nodes[start..=end].to_vec(),
            constants: self.constants[from..to].to_vec(),
        }
    }

    /// The tree with the subtree that ends at node `end` replaced.
    pub fn replaced(&self, end: usize, by: &Tree) -> Tree {
        let start = self.start(end);
        let (from, to) = (self.constants_before(start), self.constants_before(end + 1));
        let mut out = self.clone();
        out.nodes.splice(start..=end, by.nodes.iter().copied());
        out.constants.splice(from..to, by.constants.iter().copied());
        out
    }

    /// As a term with these inputs and constants.
    pub fn term(&self, pool: &mut Pool, inputs: &[Term], constants: &[Term]) -> Term {
        let mut stack: Vec<Term> = Vec::new();
        let mut constants = constants.iter();
        for &node in &self.nodes {
            let term = match node {
                Node::Constant => *constants.next().expect("one per node"),
                Node::Variable(i) => inputs[usize::from(i)],
                Node::Unary(op) => {
                    let a = stack.pop().expect("operands come first");
                    unary_term(pool, op, a)
                }
                Node::Binary(op) => {
                    let b = stack.pop().expect("operands come first");
                    let a = stack.pop().expect("operands come first");
                    match op {
                        Binary::Add => pool.add(a, b),
                        Binary::Sub => pool.sub(a, b),
                        Binary::Mul => pool.mul(a, b),
                        Binary::Div => pool.div(a, b),
                        Binary::Pow => pool.pow(a, b),
                    }
                }
            };
            stack.push(term);
        }
        stack.pop().expect("a tree is not empty")
    }
}

fn unary_term(pool: &mut Pool, op: Unary, a: Term) -> Term {
    match op {
        Unary::Neg => pool.neg(a),
        Unary::Square => pool.mul(a, a),
        Unary::Sqrt => pool.call(Op::Sqrt, &[a]),
        Unary::Exp => pool.call(Op::Exp, &[a]),
        Unary::Ln => pool.call(Op::Ln, &[a]),
        Unary::Sin => pool.call(Op::Sin, &[a]),
        Unary::Cos => pool.call(Op::Cos, &[a]),
        Unary::Tanh => pool.call(Op::Tanh, &[a]),
        Unary::Abs => pool.call(Op::Abs, &[a]),
    }
}

#[cfg(test)]
mod tests {
    use ansatz_compiler::terms::Number;

    use super::*;

    /// `(x + c) * sin(y)`
    fn tree() -> Tree {
        Tree {
            nodes: vec![
                Node::Variable(0),
                Node::Constant,
                Node::Binary(Binary::Add),
                Node::Variable(1),
                Node::Unary(Unary::Sin),
                Node::Binary(Binary::Mul),
            ],
            constants: vec![2.5],
        }
    }

    #[test]
    fn subtrees_are_found_and_replaced() {
        let tree = tree();
        assert_eq!((tree.start(5), tree.start(2), tree.start(4)), (0, 0, 3));
        assert_eq!(tree.subtree(2).constants, [2.5]);
        assert_eq!(first_operands(&tree.nodes)[5], 2);
        let other = tree.replaced(3, &tree.subtree(2));
        assert_eq!(other.constants, [2.5, 2.5]);
        let mut pool = Pool::new();
        let inputs = ["x", "y"].map(|name| {
            let symbol = pool.symbol(name);
            pool.var(symbol)
        });
        let half = pool.number(Number::ratio(5, 2).expect("not zero"));
        let term = other.term(&mut pool, &inputs, &[half, half]);
        assert_eq!(pool.display(term).to_string(), "sin(x + 2.5)*(x + 2.5)");
    }
}
