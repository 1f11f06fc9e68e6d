//! Rules made ready for the e-graph: left sides as n-ary shapes, right sides and conditions as trees to evaluate.
use super::facts::Known;
use super::language::{self, Graph, Parts};
use crate::terms::{Condition, Number, Op, Pattern, PatternNode, Rule};
use egg::Id;
use rustc_hash::FxHashMap;

/// The largest pattern, in nodes: matching recurses over patterns, never over terms.
pub const MAX_PATTERN_NODES: usize = 256;

/// Position in `CompiledRule::shapes`.
pub(super) type ShapeId = usize;

/// Left side of a rule as an n-ary tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Pattern variable.
    Variable(usize),
    Number(Number),
    Constant(&'static str),
    /// `head + Σ coefficient·part`
    Sum(Number, Vec<(ShapeId, Number)>),
    /// `head·Π base^exponent`
    Product(Number, Vec<(ShapeId, Exponent)>),
    Call(Op, Vec<ShapeId>),
}

/// Exponent of a factor in a left side.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Exponent {
    Number(Number),
    Shape(ShapeId),
}

impl Shape {
    /// `0*x`, `x^0`: the canonical form never has these.
    fn has_zero(&self) -> bool {
        match self {
            Shape::Sum(_, parts) => parts.iter().any(|(_, k)| k.is_zero()),
            Shape::Product(head, parts) => {
                head.is_zero()
                    || parts
                        .iter()
                        .any(|(_, e)| matches!(e, Exponent::Number(e) if e.is_zero()))
            }
            Shape::Variable(_) | Shape::Number(_) | Shape::Constant(_) | Shape::Call(..) => false,
        }
    }
}

/// What a pattern variable stands for, and what a right side becomes: built up without adding nodes until it is needed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Class(Id),
    /// `head + Σ coefficient·class`
    Sum(Number, Parts),
    /// `head·Π class^exponent`; a number when there are no factors.
    Product(Number, Parts),
    /// Arguments taken from `min`, `max`, `and`, `or`: two or more.
    Bag(Op, Vec<Id>),
}

/// A pattern tree whose variables are numbered.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    nodes: Vec<TreeNode>,
}

#[derive(Debug, Clone)]
enum TreeNode {
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
        let mut compiler = ShapeCompiler::default();
        compiler.compile(&lhs);
        if matches!(
            compiler.shapes.last()?,
            Shape::Variable(_) | Shape::Number(_) | Shape::Constant(_)
        ) || compiler.shapes.iter().any(Shape::has_zero)
        {
            return None;
        }
        let (left, right) = (lhs.needed_variables(), rhs.needed_variables());
        let on_one_side = (0..n_variables)
            .filter(|v| left.contains(v) != right.contains(v))
            .collect();
        Some(CompiledRule {
            name: rule.name.clone(),
            shapes: compiler.shapes,
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
            .all(|v| known(graph, &values[*v]).defined)
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
                TreeNode::Variable(v) => known(graph, &values[*v]),
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
                    PatternNode::Variable(_) => unreachable_variable(),
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

fn unreachable_variable() -> Value {
    panic!("variables are numbered when a rule is compiled")
}

/// What is known of a bound variable.
fn known(graph: &Graph, value: &Option<Value>) -> Known {
    let value = value
        .as_ref()
        .expect("a match binds all variables of the left side");
    let data = |(id, k): &(Id, Number)| (k.clone(), graph[*id].data.clone());
    match value {
        Value::Class(id) => graph[*id].data.clone(),
        Value::Sum(head, parts) => {
            let parts: Vec<_> = parts.iter().map(data).collect();
            Known::sum(head, parts.iter().map(|(k, d)| (k, d)))
        }
        Value::Product(head, parts) => {
            let parts: Vec<_> = parts.iter().map(data).collect();
            Known::product(head, parts.iter().map(|(k, d)| (k, d)))
        }
        Value::Bag(op, ids) => {
            let args: Vec<&Known> = ids.iter().map(|id| &graph[*id].data).collect();
            Known::call(*op, &args)
        }
    }
}

impl Value {
    pub fn number(n: Number) -> Value {
        Value::Product(n, Vec::new())
    }

    /// The value as a class of the e-graph.
    pub fn add(self, graph: &mut Graph) -> Id {
        match self {
            Value::Class(id) => id,
            Value::Sum(head, parts) => language::add_sum(graph, head, parts),
            Value::Product(head, parts) => language::add_product(graph, head, parts),
            Value::Bag(op, ids) => language::add_call(graph, op, &ids),
        }
    }

    fn as_number(&self, graph: &Graph) -> Option<Number> {
        match self {
            Value::Class(id) => language::constant(graph, *id).cloned(),
            Value::Sum(head, parts) | Value::Product(head, parts) if parts.is_empty() => {
                Some(head.clone())
            }
            Value::Sum(..) | Value::Product(..) | Value::Bag(..) => None,
        }
    }

    /// As `head + Σ coefficient·class`.
    pub fn into_sum(self, graph: &mut Graph) -> (Number, Parts) {
        match self {
            Value::Sum(head, parts) => (head, parts),
            Value::Product(head, parts) if parts.is_empty() => (head, parts),
            Value::Product(head, parts) => {
                let id = language::add_product(graph, Number::ONE, parts);
                (Number::ZERO, vec![(id, head)])
            }
            Value::Class(_) | Value::Bag(..) => {
                (Number::ZERO, vec![(self.add(graph), Number::ONE)])
            }
        }
    }

    /// As `head·Π class^exponent`.
    pub fn into_product(self, graph: &mut Graph) -> (Number, Parts) {
        match self {
            Value::Product(head, parts) => (head, parts),
            Value::Sum(head, parts) if parts.is_empty() => (head, parts),
            Value::Class(_) | Value::Bag(..) | Value::Sum(..) => {
                (Number::ONE, vec![(self.add(graph), Number::ONE)])
            }
        }
    }

    /// `self + k·other`
    pub fn plus(self, other: Value, k: &Number, graph: &mut Graph) -> Value {
        let (mut head, mut parts) = self.into_sum(graph);
        let (other_head, other_parts) = other.into_sum(graph);
        head += &(&other_head * k);
        parts.extend(other_parts.into_iter().map(|(id, c)| (id, &c * k)));
        Value::Sum(head, parts)
    }

    /// `self·other`
    pub fn times(self, other: Value, graph: &mut Graph) -> Value {
        let (head, mut parts) = self.into_product(graph);
        let (other_head, other_parts) = other.into_product(graph);
        parts.extend(other_parts);
        Value::Product(&head * &other_head, parts)
    }

    /// `k·self`; a sum is scaled term by term, as the pool does.
    pub fn scaled(self, k: &Number, graph: &mut Graph) -> Value {
        match self {
            Value::Sum(head, parts) => {
                let parts = parts.into_iter().map(|(id, c)| (id, &c * k)).collect();
                Value::Sum(&head * k, parts)
            }
            Value::Class(_) | Value::Product(..) | Value::Bag(..) => {
                let (head, parts) = self.into_product(graph);
                Value::Product(&head * k, parts)
            }
        }
    }

    /// `self^exponent`, taken into the factors where that is an equality.
    fn power(self, exponent: &Number, graph: &mut Graph) -> Value {
        if exponent.is_one() {
            return self;
        }
        if exponent.is_zero() {
            // `x^0` is 1 only where `x` is defined.
            return Value::Sum(Number::ONE, vec![(self.add(graph), Number::ZERO)]);
        }
        let (head, parts) = self.into_product(graph);
        let composed: Option<Parts> = parts
            .iter()
            .map(|(id, e)| {
                if e.is_one() && (exponent.is_integer() || parts.len() == 1) {
                    return Some((*id, exponent.clone()));
                }
                let e = language::compose(&graph[*id].data, e, exponent)?;
                (exponent.is_integer() || parts.len() == 1).then_some((*id, e))
            })
            .collect();
        match (language::exact_power(&head, exponent), composed) {
            (Some(head), Some(parts)) => Value::Product(head, parts),
            (Some(_) | None, Some(_) | None) => {
                let id = language::add_product(graph, head, parts);
                Value::Product(Number::ONE, vec![(id, exponent.clone())])
            }
        }
    }

    fn call(op: Op, args: Vec<Value>, graph: &mut Graph) -> Value {
        if op == Op::Sqrt
            && let Some(arg) = args.first()
        {
            return arg.clone().power(&language::half(), graph);
        }
        let mut ids = Vec::with_capacity(args.len());
        for arg in args {
            match arg {
                // `min(min(a, b), c)` is one bag.
                Value::Bag(inner, more) if inner == op => ids.extend(more),
                arg => ids.push(arg.add(graph)),
            }
        }
        match op {
            Op::Min | Op::Max | Op::And | Op::Or => Value::Bag(op, ids),
            _ => Value::Class(language::add_call(graph, op, &ids)),
        }
    }
}

/// Builds n-ary shapes bottom-up.
#[derive(Default)]
struct ShapeCompiler {
    shapes: Vec<Shape>,
}

impl ShapeCompiler {
    fn compile(&mut self, tree: &Tree) {
        let mut done: Vec<Shape> = Vec::with_capacity(tree.nodes.len());
        for node in &tree.nodes {
            let at = |i: &u32| done[*i as usize].clone();
            let next = match node {
                TreeNode::Variable(v) => Shape::Variable(*v),
                TreeNode::Other(node) => match node {
                    PatternNode::Number(n) => Shape::Number(n.clone()),
                    PatternNode::Constant(name) => Shape::Constant(name),
                    PatternNode::Variable(_) => {
                        panic!("variables are numbered when a rule is compiled")
                    }
                    PatternNode::Add(a, b) => self.sum(at(a), at(b), &Number::ONE),
                    PatternNode::Sub(a, b) => self.sum(at(a), at(b), &Number::MINUS_ONE),
                    PatternNode::Mul(a, b) => self.product(at(a), at(b)),
                    PatternNode::Div(a, b) => {
                        let inverse = self.power(at(b), &Number::MINUS_ONE);
                        self.product(at(a), inverse)
                    }
                    PatternNode::Neg(a) => self.product(Shape::Number(Number::MINUS_ONE), at(a)),
                    PatternNode::Pow(a, b) => match at(b) {
                        Shape::Number(e) => self.power(at(a), &e),
                        exponent => {
                            let base = self.push(at(a));
                            let exponent = self.push(exponent);
                            Shape::Product(Number::ONE, vec![(base, Exponent::Shape(exponent))])
                        }
                    },
                    PatternNode::Call(Op::Sqrt, args) => {
                        self.power(at(&args[0]), &language::half())
                    }
                    PatternNode::Call(op, args) => {
                        let args = args.iter().map(|a| self.push(at(a))).collect();
                        Shape::Call(*op, args)
                    }
                },
            };
            done.push(next);
        }
        if let Some(root) = done.pop() {
            self.push(root);
        }
    }

    fn push(&mut self, shape: Shape) -> ShapeId {
        self.shapes.push(shape);
        self.shapes.len() - 1
    }

    fn sum(&mut self, a: Shape, b: Shape, k: &Number) -> Shape {
        let (mut head, mut parts) = self.summands(a);
        let (other_head, other) = self.summands(b);
        head += &(&other_head * k);
        parts.extend(other.into_iter().map(|(s, c)| (s, &c * k)));
        if parts.is_empty() {
            Shape::Number(head)
        } else {
            Shape::Sum(head, parts)
        }
    }

    fn summands(&mut self, shape: Shape) -> (Number, Vec<(ShapeId, Number)>) {
        match shape {
            Shape::Number(n) => (n, Vec::new()),
            Shape::Sum(head, parts) => (head, parts),
            Shape::Product(head, parts) => {
                let shape = match parts.as_slice() {
                    [(s, Exponent::Number(e))] if e.is_one() => *s,
                    [..] => self.push(Shape::Product(Number::ONE, parts)),
                };
                (Number::ZERO, vec![(shape, head)])
            }
            Shape::Variable(_) | Shape::Constant(_) | Shape::Call(..) => {
                (Number::ZERO, vec![(self.push(shape), Number::ONE)])
            }
        }
    }

    fn product(&mut self, a: Shape, b: Shape) -> Shape {
        let (head, mut parts) = self.factors(a);
        let (other_head, other) = self.factors(b);
        let head = &head * &other_head;
        parts.extend(other);
        if parts.is_empty() {
            Shape::Number(head)
        } else {
            Shape::Product(head, parts)
        }
    }

    fn factors(&mut self, shape: Shape) -> (Number, Vec<(ShapeId, Exponent)>) {
        match shape {
            Shape::Number(n) => (n, Vec::new()),
            Shape::Product(head, parts) => (head, parts),
            Shape::Variable(_) | Shape::Constant(_) | Shape::Call(..) | Shape::Sum(..) => (
                Number::ONE,
                vec![(self.push(shape), Exponent::Number(Number::ONE))],
            ),
        }
    }

    /// A literal power: taken into the factors when they are plain and it is an integer, as the pool does.
    fn power(&mut self, base: Shape, e: &Number) -> Shape {
        if let Shape::Number(n) = &base
            && let Some(power) = language::exact_power(n, e)
        {
            return Shape::Number(power);
        }
        if let Shape::Product(head, parts) = &base {
            let plain: Option<Vec<_>> = parts
                .iter()
                .map(|(s, f)| match f {
                    Exponent::Number(f) if f.is_one() || f.signum() > 0 && f.is_integer() => {
                        Some((*s, Exponent::Number(f * e)))
                    }
                    Exponent::Number(_) | Exponent::Shape(_) => None,
                })
                .collect();
            if let (Some(parts), Some(head), true) =
                (plain, language::exact_power(head, e), e.is_integer())
            {
                return Shape::Product(head, parts);
            }
        }
        let base = self.push(base);
        Shape::Product(Number::ONE, vec![(base, Exponent::Number(e.clone()))])
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
