//! Rewrite rules: pattern trees and the conditions that make them true.
/// `name: lhs => rhs if condition`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Left side, as written: a pattern is a tree and is not made canonical.
    pub lhs: Pattern,
    /// Right side.
    pub rhs: Pattern,
    /// What must hold, as a conjunction.
    pub conditions: Vec<Condition>,
    /// Documentation.
    pub doc: Option<String>,
}

/// A pattern tree in post-order; the last node is the root.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Nodes, children first.
    pub nodes: Vec<PatternNode>,
}

/// A node of a pattern; children are positions in `Pattern::nodes`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PatternNode {
    Number(super::Number),
    Constant(&'static str),
    /// Pattern variable.
    Variable(String),
    Add(u32, u32),
    Sub(u32, u32),
    Mul(u32, u32),
    Div(u32, u32),
    Neg(u32),
    Pow(u32, u32),
    Call(super::Op, Vec<u32>),
}

/// A condition on pattern variables that the simplifier must prove.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Condition {
    NonZero(Pattern),
    Positive(Pattern),
    NonNegative(Pattern),
    Integer(Pattern),
    /// The pattern is a literal number.
    Constant(Pattern),
    /// a < b, proved by intervals.
    Less(Pattern, Pattern),
    /// a <= b
    LessEqual(Pattern, Pattern),
}

#[cfg(test)]
impl Pattern {
    /// The term that it stands for where its variables are given.
    pub(crate) fn term(
        &self,
        pool: &mut super::Pool,
        variable: &mut dyn FnMut(&mut super::Pool, &str) -> super::Term,
    ) -> super::Term {
        let mut done: Vec<super::Term> = Vec::new();
        for node in &self.nodes {
            let at = |i: &u32| done[*i as usize];
            let next = match node {
                PatternNode::Number(n) => pool.number(n.clone()),
                PatternNode::Constant(name) => pool.constant(name),
                PatternNode::Variable(name) => variable(pool, name),
                PatternNode::Add(a, b) => pool.add(at(a), at(b)),
                PatternNode::Sub(a, b) => pool.sub(at(a), at(b)),
                PatternNode::Mul(a, b) => pool.mul(at(a), at(b)),
                PatternNode::Div(a, b) => pool.div(at(a), at(b)),
                PatternNode::Neg(a) => pool.neg(at(a)),
                PatternNode::Pow(a, b) => pool.pow(at(a), at(b)),
                PatternNode::Call(op, args) => {
                    let args: Vec<super::Term> = args.iter().map(at).collect();
                    pool.call(*op, &args)
                }
            };
            done.push(next);
        }
        done.pop().expect("a pattern has a root")
    }
}
