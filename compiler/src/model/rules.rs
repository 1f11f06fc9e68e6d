//! `rule` statements to rewrite rules.

use rustc_hash::FxHashSet;

use super::error::ModelError;
use super::nearest::{did_you_mean, nearest};
use super::nodes::{as_name, children, post_order};
use super::walk::takes;
use crate::diagnostic::Diagnostics;
use crate::source::{Sources, Span};
use crate::stdlib::FIELD_RULES;
use crate::syntax::ast::{self, BinaryOp, Expr, ExprKind, Ident, ItemKind, NameId, UnaryOp};
use crate::syntax::{Ast, parse};
use crate::terms::{Condition, Op, Pattern, PatternNode, Rule};

/// Makes a condition on a pattern.
type MakeCondition = fn(Pattern) -> Condition;

/// The conditions that are written as calls.
const CONDITIONS: &[(&str, MakeCondition)] = &[
    ("nonzero", Condition::NonZero),
    ("positive", Condition::Positive),
    ("nonnegative", Condition::NonNegative),
    ("integer", Condition::Integer),
    ("constant", Condition::Constant),
];

/// The rules of a file. Names in them are pattern variables, but for `pi` and `e`.
pub fn rules(ast: &Ast, diagnostics: &mut Diagnostics) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut seen: rustc_hash::FxHashMap<NameId, Span> = rustc_hash::FxHashMap::default();
    for item in &ast.items {
        let ItemKind::Rule(rule) = &item.kind else {
            continue;
        };
        if let Some(first) = seen.insert(rule.name.name, rule.name.span) {
            diagnostics.push(ModelError::DuplicateName {
                name: ast.name(rule.name.name).into(),
                first: first.into(),
                second: rule.name.span.into(),
            });
        }
        rules.extend(read(ast, rule, diagnostics));
    }
    rules
}

/// The rules of the standard library for products of fields and their derivatives.
///
/// # Panics
/// If a rule does not read: the text is ours.
pub fn field_rules() -> Vec<Rule> {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let source = sources
        .add("fields", FIELD_RULES)
        .expect("the text is short");
    let ast = parse(&source, &mut diagnostics);
    let rules = rules(&ast, &mut diagnostics);
    let problems: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert!(problems.is_empty(), "rules for fields: {problems:?}");
    rules
}

/// One rule; `None` if anything in it was wrong and has been reported.
fn read(ast: &Ast, rule: &ast::Rule, diagnostics: &mut Diagnostics) -> Option<Rule> {
    let lhs = pattern(ast, rule.lhs, None, diagnostics);
    let bound: FxHashSet<String> = variables(ast, rule.lhs);
    let rhs = pattern(ast, rule.rhs, Some(&bound), diagnostics);
    let mut conditions = Some(Vec::new());
    for part in rule.condition.map_or(Vec::new(), |c| conjuncts(ast, c)) {
        let read = condition(ast, part, &bound, diagnostics);
        conditions = conditions.zip(read).map(|(mut all, one)| {
            all.push(one);
            all
        });
    }
    Some(Rule {
        name: ast.name(rule.name.name).into(),
        lhs: lhs?,
        rhs: rhs?,
        conditions: conditions?,
        doc: rule.doc.clone(),
    })
}

/// Splits `a and b and c`.
fn conjuncts(ast: &Ast, root: Expr) -> Vec<Expr> {
    let mut parts = Vec::new();
    let mut stack = vec![root];
    while let Some(e) = stack.pop() {
        if let ExprKind::Binary(BinaryOp::And, a, b) = ast.expr(e).kind {
            stack.extend([b, a]);
        } else {
            parts.push(e);
        }
    }
    parts
}

fn condition(
    ast: &Ast,
    e: Expr,
    bound: &FxHashSet<String>,
    diagnostics: &mut Diagnostics,
) -> Option<Condition> {
    let node = ast.expr(e);
    let mut read = |e| pattern(ast, e, Some(bound), diagnostics);
    if let ExprKind::Binary(op, a, b) = node.kind {
        match op {
            BinaryOp::Less => return Some(Condition::Less(read(a)?, read(b)?)),
            BinaryOp::Greater => return Some(Condition::Less(read(b)?, read(a)?)),
            BinaryOp::LessEqual => return Some(Condition::LessEqual(read(a)?, read(b)?)),
            BinaryOp::GreaterEqual => return Some(Condition::LessEqual(read(b)?, read(a)?)),
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Pow
            | BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::And
            | BinaryOp::Or => {}
        }
    }
    if let ExprKind::Call(name, args) = &node.kind
        && let [arg] = &args[..]
    {
        let make = named_condition(ast, *name, diagnostics)?;
        return pattern(ast, *arg, Some(bound), diagnostics).map(make);
    }
    diagnostics.push(ModelError::InvalidRule {
        what: "this condition".into(),
        help: "conditions are `nonzero(x)`, `positive(x)`, `nonnegative(x)`, `integer(x)`, `constant(x)` and comparisons with `<`, `<=`, `>`, `>=`, joined by `and`",
        at: node.span.into(),
    });
    None
}

fn named_condition(ast: &Ast, name: Ident, diagnostics: &mut Diagnostics) -> Option<MakeCondition> {
    let text = ast.name(name.name);
    let found = CONDITIONS.iter().find(|(known, _)| *known == text);
    if found.is_none() {
        diagnostics.push(ModelError::UnknownFunction {
            name: text.into(),
            at: name.span.into(),
            help: did_you_mean(nearest(text, CONDITIONS.iter().map(|(known, _)| *known))),
        });
    }
    found.map(|(_, make)| *make)
}

fn variables(ast: &Ast, root: Expr) -> FxHashSet<String> {
    let mut nodes = Vec::new();
    post_order(ast, root, &mut nodes);
    let mut names = FxHashSet::default();
    for e in nodes {
        names.extend(as_name(ast, e).map(|name| ast.name(name.name).to_owned()));
        names.extend(differentiated_by(ast, e));
    }
    names
}

/// The coordinates of a derivative such as `dx(a)` or `dxy(a)`: pattern variables of one letter, from the inside out.
fn differentiated_by(ast: &Ast, e: Expr) -> Vec<String> {
    let ExprKind::Call(name, args) = &ast.expr(e).kind else {
        return Vec::new();
    };
    let text = ast.name(name.name);
    match text.strip_prefix('d') {
        Some(letters) if args.len() == 1 && Op::by_name(text).is_none() => {
            letters.chars().map(String::from).collect()
        }
        Some(_) | None => Vec::new(),
    }
}

/// The pattern of an expression, as written. With `bound`, only those variables may occur.
fn pattern(
    ast: &Ast,
    root: Expr,
    bound: Option<&FxHashSet<String>>,
    diagnostics: &mut Diagnostics,
) -> Option<Pattern> {
    let mut order = Vec::new();
    post_order(ast, root, &mut order);
    let mut nodes: Vec<PatternNode> = Vec::with_capacity(order.len());
    // Positions of finished nodes that wait for their parent.
    let mut waiting: Vec<u32> = Vec::new();
    let mut all_fine = true;
    for e in order {
        let first = waiting.len() - children(ast, e).len();
        let args: Vec<u32> = waiting.split_off(first);
        let read = match differentiated_by(ast, e).as_slice() {
            [] => node(ast, e, &args, bound),
            by => derivative(ast, e, args[0], by, bound, &mut nodes),
        };
        match read {
            Ok(node) => nodes.push(node),
            Err(problem) => {
                diagnostics.push(problem);
                all_fine = false;
                nodes.push(PatternNode::Constant("pi"));
            }
        }
        waiting.push(nodes.len() as u32 - 1);
    }
    all_fine.then_some(Pattern { nodes })
}

/// The outermost of nested derivatives; the others are added to `nodes`.
fn derivative(
    ast: &Ast,
    e: Expr,
    mut inner: u32,
    by: &[String],
    bound: Option<&FxHashSet<String>>,
    nodes: &mut Vec<PatternNode>,
) -> Result<PatternNode, ModelError> {
    let mut outermost = None;
    for name in by {
        if bound.is_some_and(|b| !b.contains(name)) {
            return Err(unbound(name, ast.expr(e).span));
        }
        if let Some(node) = outermost.take() {
            nodes.push(node);
            inner = nodes.len() as u32 - 1;
        }
        nodes.push(PatternNode::Variable(name.clone()));
        let coordinate = nodes.len() as u32 - 1;
        outermost = Some(PatternNode::Call(Op::Partial, vec![inner, coordinate]));
    }
    Ok(outermost.expect("a derivative has a coordinate"))
}

fn unbound(name: &str, at: Span) -> ModelError {
    ModelError::InvalidRule {
        what: format!("the new name `{name}`"),
        help: "what the rule does not match on its left side it cannot use elsewhere",
        at: at.into(),
    }
}

fn node(
    ast: &Ast,
    e: Expr,
    args: &[u32],
    bound: Option<&FxHashSet<String>>,
) -> Result<PatternNode, ModelError> {
    let node = ast.expr(e);
    Ok(match (&node.kind, args) {
        (ExprKind::Number(n), _) => PatternNode::Number(n.clone()),
        (ExprKind::Name(name), _) => match ast.name(*name) {
            "pi" | "π" => PatternNode::Constant("pi"),
            "e" => PatternNode::Constant("e"),
            text if bound.is_none_or(|b| b.contains(text)) => PatternNode::Variable(text.into()),
            text => return Err(unbound(text, node.span)),
        },
        (ExprKind::Unary(UnaryOp::Neg, _), [a]) => PatternNode::Neg(*a),
        (ExprKind::Unary(UnaryOp::Not, _), [a]) => PatternNode::Call(Op::Not, vec![*a]),
        (ExprKind::Binary(op, ..), [a, b]) => binary(*op, *a, *b),
        (ExprKind::If(..), args) => PatternNode::Call(Op::If, args.to_vec()),
        (ExprKind::Call(name, _), args) => {
            PatternNode::Call(operator(ast, *name, args.len())?, args.to_vec())
        }
        (
            ExprKind::Quantity(..)
            | ExprKind::Tuple(_)
            | ExprKind::Text(_)
            | ExprKind::Error
            | ExprKind::Unary(..)
            | ExprKind::Binary(..),
            _,
        ) => {
            return Err(ModelError::InvalidRule {
                what: "a quantity with a unit".into(),
                help: "rules hold for numbers; write the number alone",
                at: node.span.into(),
            });
        }
    })
}

fn operator(ast: &Ast, name: Ident, found: usize) -> Result<Op, ModelError> {
    let text = ast.name(name.name);
    match Op::by_name(text) {
        Some(op) if takes(op, found) => Ok(op),
        Some(op) => {
            let (least, most) = op.arity();
            let expected = super::names::count(least, most);
            Err(super::names::wrong_count(
                text, expected, found, name.span, None,
            ))
        }
        None => Err(ModelError::UnknownFunction {
            name: text.into(),
            at: name.span.into(),
            help: did_you_mean(nearest(text, Op::ALL.iter().map(|op| op.name()))),
        }),
    }
}

fn binary(op: BinaryOp, a: u32, b: u32) -> PatternNode {
    let call = |op, args| PatternNode::Call(op, args);
    match op {
        BinaryOp::Add => PatternNode::Add(a, b),
        BinaryOp::Sub => PatternNode::Sub(a, b),
        BinaryOp::Mul => PatternNode::Mul(a, b),
        BinaryOp::Div => PatternNode::Div(a, b),
        BinaryOp::Pow => PatternNode::Pow(a, b),
        BinaryOp::Less => call(Op::Less, vec![a, b]),
        BinaryOp::LessEqual => call(Op::LessEqual, vec![a, b]),
        BinaryOp::Greater => call(Op::Less, vec![b, a]),
        BinaryOp::GreaterEqual => call(Op::LessEqual, vec![b, a]),
        BinaryOp::Equal => call(Op::Equal, vec![a, b]),
        BinaryOp::NotEqual => call(Op::NotEqual, vec![a, b]),
        BinaryOp::And => call(Op::And, vec![a, b]),
        BinaryOp::Or => call(Op::Or, vec![a, b]),
    }
}
