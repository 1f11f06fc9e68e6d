//! Rules made ready for the e-graph: left sides as n-ary shapes, right sides and conditions as trees to evaluate.
use super::facts::Known;
use super::language::{self, Graph};
use super::shape::{Shape, shapes_of};
use super::value::{self, Value};
use crate::terms::{Condition, Number, Op, Pattern, PatternNode, Rule};
use rustc_hash::FxHashMap;

/// The largest pattern, in nodes: matching recurses over patterns, never over terms.
pub const MAX_PATTERN_NODES: usize = 256;

/// A pattern tree whose variables are numbered.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub nodes: Vec<TreeNode>,
}

#[derive(Debug, Clone)]
pub(super) enum TreeNode {
    Variable(usize),
    Other(PatternNode),
}

/// A condition over numbered variables.
#[derive(Debug, Clone)]
enum Test {
    NonZero(Tree),
    Positive(Tree),
    NonNegative(Tree),
    Integer(Tree),
    Constant(Tree),
    Less(Op, Tree, Tree),
}

/// A rule ready to be matched.
#[derive(Debug, Clone)]
pub(super) struct CompiledRule {
    pub name: String,
    pub shapes: Vec<Shape>,
    /// Variables in order of first appearance on the left.
    pub n_variables: usize,
    /// The left side as written.
    pub lhs: Tree,
    pub rhs: Tree,
    tests: Vec<Test>,
    /// Levels of operations on the left: how far below a node a change can make it match.
    pub depth: usize,
    /// Variables whose value only one side needs: it must be defined, or one side could be defined where the other is not.
    on_one_side: Vec<usize>,
}

impl CompiledRule {
    /// Compiles a rule; `None` when it could never be applied: the left side is no operation or multiplies by zero, the right side or a
    /// condition has a variable that the left side has not, or a pattern is larger than [`MAX_PATTERN_NODES`].
    pub fn new(rule: &Rule) -> Option<CompiledRule> {
        let mut variables = FxHashMap::default();
        let lhs = Tree::of_left(&rule.lhs, &mut variables);
        let n_variables = variables.len();
        let sizes = rule.lhs.nodes.len().max(rule.rhs.nodes.len());
        if sizes > MAX_PATTERN_NODES {
            return None;
        }
        let rhs = Tree::numbered(&rule.rhs, &variables)?;
        let tests = rule
            .conditions
            .iter()
            .map(|c| Test::new(c, &variables))
            .collect::<Option<Vec<_>>>()?;
        let shapes = shapes_of(&lhs);
        let rewrites_operation = match shapes.last()? {
            Shape::Sum(..) | Shape::Product(..) | Shape::Call(..) => true,
            Shape::Variable(_) | Shape::Number(_) | Shape::Constant(_) => false,
        };
        if !rewrites_operation || shapes.iter().any(Shape::has_zero) {
            return None;
        }
        let (left, right) = (lhs.needed_variables(), rhs.needed_variables());
        let on_one_side = (0..n_variables)
            .filter(|v| left.contains(v) != right.contains(v))
            .collect();
        Some(CompiledRule {
            name: rule.name.clone(),
            shapes,
            n_variables,
            depth: lhs.depth(),
            lhs,
            rhs,
            tests,
            on_one_side,
        })
    }

    pub fn root(&self) -> &Shape {
        self.shapes.last().expect("a pattern has a node")
    }

    /// Whether the conditions are proved for these values of the variables.
    pub fn holds(&self, graph: &Graph, values: &[Option<Value>]) -> bool {
        self.on_one_side
            .iter()
            .all(|v| value::known(graph, &values[*v]).defined)
            && self.tests.iter().all(|t| t.is_proved(graph, values))
    }
}

impl Test {
    fn new(condition: &Condition, variables: &FxHashMap<String, usize>) -> Option<Test> {
        let tree = |p: &Pattern| Tree::numbered(p, variables);
        Some(match condition {
            Condition::NonZero(p) => Test::NonZero(tree(p)?),
            Condition::Positive(p) => Test::Positive(tree(p)?),
            Condition::NonNegative(p) => Test::NonNegative(tree(p)?),
            Condition::Integer(p) => Test::Integer(tree(p)?),
            Condition::Constant(p) => Test::Constant(tree(p)?),
            Condition::Less(a, b) => Test::Less(Op::Less, tree(a)?, tree(b)?),
            Condition::LessEqual(a, b) => Test::Less(Op::LessEqual, tree(a)?, tree(b)?),
        })
    }

    fn is_proved(&self, graph: &Graph, values: &[Option<Value>]) -> bool {
        let known = |t: &Tree| t.known(graph, values);
        match self {
            Test::NonZero(t) => known(t).is_nonzero(),
            Test::Positive(t) => known(t).is_positive(),
            Test::NonNegative(t) => known(t).is_non_negative(),
            Test::Integer(t) => known(t).integer,
            Test::Constant(t) => known(t).constant.is_some(),
            Test::Less(op, a, b) => {
                Known::call(*op, &[&known(a), &known(b)]).constant == Some(Number::ONE)
            }
        }
    }
}

impl Tree {
    fn of_left(pattern: &Pattern, variables: &mut FxHashMap<String, usize>) -> Tree {
        for node in &pattern.nodes {
            if let PatternNode::Variable(name) = node {
                let next = variables.len();
                variables.entry(name.clone()).or_insert(next);
            }
        }
        Tree::numbered(pattern, variables).expect("all its variables were just numbered")
    }

    fn numbered(pattern: &Pattern, variables: &FxHashMap<String, usize>) -> Option<Tree> {
        if pattern.nodes.len() > MAX_PATTERN_NODES {
            return None;
        }
        let nodes = pattern.nodes.iter().map(|node| match node {
            PatternNode::Variable(name) => variables.get(name).map(|v| TreeNode::Variable(*v)),
            other => Some(TreeNode::Other(other.clone())),
        });
        Some(Tree {
            nodes: nodes.collect::<Option<Vec<_>>>()?,
        })
    }

    /// Variables that are evaluated whatever the others are: not those that stand only in branches of an `if`.
    fn needed_variables(&self) -> Vec<usize> {
        let mut needed = vec![false; self.nodes.len()];
        if let Some(root) = needed.last_mut() {
            *root = true;
        }
        let mut found = Vec::new();
        for (i, node) in self.nodes.iter().enumerate().rev() {
            if !needed[i] {
                continue;
            }
            match node {
                TreeNode::Variable(v) if !found.contains(v) => found.push(*v),
                TreeNode::Variable(_) => {}
                TreeNode::Other(PatternNode::Call(Op::If, args)) => needed[args[0] as usize] = true,
                TreeNode::Other(other) => children(other, |c| needed[c] = true),
            }
        }
        found
    }

    fn depth(&self) -> usize {
        let mut depths: Vec<usize> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let mut depth = 0;
            if let TreeNode::Other(node) = node {
                children(node, |c| depth = depth.max(depths[c] + 1));
            }
            depths.push(depth);
        }
        depths.pop().unwrap_or(0)
    }

    /// What is known of the value, without adding it to the e-graph.
    fn known(&self, graph: &Graph, values: &[Option<Value>]) -> Known {
        let minus = Number::MINUS_ONE;
        let one = Number::ONE;
        let mut done: Vec<Known> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let at = |i: &u32| &done[*i as usize];
            let next = match node {
                TreeNode::Variable(v) => value::known(graph, &values[*v]),
                TreeNode::Other(node) => match node {
                    PatternNode::Number(n) => Known::number(n),
                    PatternNode::Constant(_) | PatternNode::Variable(_) => Known::named_constant(),
                    PatternNode::Add(a, b) => {
                        Known::sum(&Number::ZERO, [(&one, at(a)), (&one, at(b))].into_iter())
                    }
                    PatternNode::Sub(a, b) => {
                        Known::sum(&Number::ZERO, [(&one, at(a)), (&minus, at(b))].into_iter())
                    }
                    PatternNode::Mul(a, b) => {
                        Known::product(&one, [(&one, at(a)), (&one, at(b))].into_iter())
                    }
                    PatternNode::Div(a, b) => {
                        Known::product(&one, [(&one, at(a)), (&minus, at(b))].into_iter())
                    }
                    PatternNode::Neg(a) => Known::product(&minus, [(&one, at(a))].into_iter()),
                    PatternNode::Pow(a, b) => match &at(b).constant {
                        Some(e) => at(a).power(e),
                        None => Known::call(Op::Pow, &[at(a), at(b)]),
                    },
                    PatternNode::Call(op, args) => {
                        let args: Vec<&Known> = args.iter().map(at).collect();
                        Known::call(*op, &args)
                    }
                },
            };
            done.push(next);
        }
        done.pop().expect("a pattern has a node")
    }

    /// The value of the tree, added to the e-graph as far as needed.
    pub fn instantiate(&self, graph: &mut Graph, values: &[Option<Value>]) -> Value {
        let mut done: Vec<Value> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let at = |i: &u32| done[*i as usize].clone();
            let next = match node {
                TreeNode::Variable(v) => values[*v]
                    .clone()
                    .expect("a match binds all variables of the left side"),
                TreeNode::Other(node) => match node {
                    PatternNode::Number(n) => Value::number(n.clone()),
                    PatternNode::Constant(name) => {
                        Value::Class(graph.add_uncanonical(language::Node::Constant(name)))
                    }
                    PatternNode::Variable(_) => {
                        panic!("variables are numbered when a rule is compiled")
                    }
                    PatternNode::Add(a, b) => at(a).plus(at(b), &Number::ONE, graph),
                    PatternNode::Sub(a, b) => at(a).plus(at(b), &Number::MINUS_ONE, graph),
                    PatternNode::Mul(a, b) => at(a).times(at(b), graph),
                    PatternNode::Div(a, b) => {
                        let inverse = at(b).power(&Number::MINUS_ONE, graph);
                        at(a).times(inverse, graph)
                    }
                    PatternNode::Neg(a) => at(a).scaled(&Number::MINUS_ONE, graph),
                    PatternNode::Pow(a, b) => match at(b).as_number(graph) {
                        Some(e) => at(a).power(&e, graph),
                        None => {
                            let (a, b) = (at(a).add(graph), at(b).add(graph));
                            Value::Class(language::add_call(graph, Op::Pow, &[a, b]))
                        }
                    },
                    PatternNode::Call(op, args) => {
                        let args: Vec<Value> = args.iter().map(at).collect();
                        Value::call(*op, args, graph)
                    }
                },
            };
            done.push(next);
        }
        done.pop().expect("a pattern has a node")
    }
}

fn children(node: &PatternNode, mut visit: impl FnMut(usize)) {
    match node {
        PatternNode::Number(_) | PatternNode::Constant(_) | PatternNode::Variable(_) => {}
        PatternNode::Neg(a) => visit(*a as usize),
        PatternNode::Add(a, b)
        | PatternNode::Sub(a, b)
        | PatternNode::Mul(a, b)
        | PatternNode::Div(a, b)
        | PatternNode::Pow(a, b) => {
            visit(*a as usize);
            visit(*b as usize);
        }
        PatternNode::Call(_, args) => args.iter().for_each(|a| visit(*a as usize)),
    }
}
