//! What the printer writes, the parser reads as the same term.

use std::collections::HashMap;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_compiler::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use ansatz_compiler::syntax::{Ast, parse_expression};
use ansatz_compiler::terms::{Op, Pool, Term};
use ansatz_tests::tree;
use proptest::prelude::*;

proptest! {
    #![proptest_config(tree::config(1000))]

    #[test]
    fn text_reads_back(t in tree::any()) {
        let mut pool = tree::pool();
        let term = t.build(&mut pool);
        let text = pool.display(term).to_string();
        let again = read(&mut pool, &text);
        prop_assert_eq!(pool.display(again).to_string(), text.clone());
        prop_assert_eq!(again, term, "{}", text);
    }
}

/// Reads an expression with the language's parser, operation by operation.
fn read(pool: &mut Pool, text: &str) -> Term {
    let (mut ast, mut diagnostics) = (Ast::new(), Diagnostics::new());
    let source = Sources::new().add("term", text).expect("short");
    let root = parse_expression(&source, &mut ast, &mut diagnostics);
    assert!(
        diagnostics.is_empty(),
        "{text}: {:?}",
        diagnostics
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    );
    let root = root.expect("an expression");
    let mut terms = HashMap::new();
    for e in (0..=root.0).map(Expr) {
        let of = |e: &_| terms[e];
        let term = match &ast.expr(e).kind {
            ExprKind::Number(n) => pool.number(n.clone()),
            ExprKind::Name(name) if ast.name(*name) == "pi" => pool.constant("pi"),
            ExprKind::Name(name) => {
                let symbol = pool.symbol(ast.name(*name));
                pool.var(symbol)
            }
            ExprKind::Unary(UnaryOp::Neg, a) => pool.neg(of(a)),
            ExprKind::Unary(UnaryOp::Not, a) => pool.call(Op::Not, &[of(a)]),
            ExprKind::Binary(op, a, b) => binary(pool, *op, of(a), of(b)),
            ExprKind::If(a, b, c) => pool.call(Op::If, &[of(a), of(b), of(c)]),
            ExprKind::Call(function, args) => {
                let args: Vec<Term> = args.iter().map(of).collect();
                pool.call(
                    Op::by_name(ast.name(function.name)).expect("a function"),
                    &args,
                )
            }
            ExprKind::Quantity(..) | ExprKind::Tuple(_) | ExprKind::Text(_) | ExprKind::Error => {
                panic!("not written by the printer: {text}")
            }
        };
        terms.insert(e, term);
    }
    terms[&root]
}

fn binary(pool: &mut Pool, op: BinaryOp, a: Term, b: Term) -> Term {
    match op {
        BinaryOp::Add => pool.add(a, b),
        BinaryOp::Sub => pool.sub(a, b),
        BinaryOp::Mul => pool.mul(a, b),
        BinaryOp::Div => pool.div(a, b),
        BinaryOp::Pow => pool.pow(a, b),
        BinaryOp::Less => pool.call(Op::Less, &[a, b]),
        BinaryOp::LessEqual => pool.call(Op::LessEqual, &[a, b]),
        BinaryOp::Greater => pool.greater(a, b),
        BinaryOp::GreaterEqual => pool.greater_equal(a, b),
        BinaryOp::Equal => pool.call(Op::Equal, &[a, b]),
        BinaryOp::NotEqual => pool.call(Op::NotEqual, &[a, b]),
        BinaryOp::And => pool.call(Op::And, &[a, b]),
        BinaryOp::Or => pool.call(Op::Or, &[a, b]),
    }
}
