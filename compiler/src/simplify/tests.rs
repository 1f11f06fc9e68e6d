//! Tests of the simplifier as a whole, on terms written as text.
use super::*;
use crate::pipeline::standard_rules;
use crate::terms::{Pool, Term};

/// Reads a term: the left side of a rule whose variables are symbols.
fn term(pool: &mut Pool, text: &str) -> Term {
    let mut sources = crate::source::Sources::new();
    let mut diagnostics = crate::diagnostic::Diagnostics::new();
    let source = sources
        .add("test", format!("rule test: {text} => 1\n"))
        .unwrap();
    let ast = crate::syntax::parse(&source, &mut diagnostics);
    let rules = crate::model::rules(&ast, &mut diagnostics);
    assert!(
        diagnostics.is_empty(),
        "{text}: {:?}",
        diagnostics.into_vec()
    );
    let mut variable = |pool: &mut Pool, name: &str| {
        let symbol = pool.symbol(name);
        pool.var(symbol)
    };
    rules[0].lhs.term(pool, &mut variable)
}

/// Species `A B C ≥ 0`, parameters `k K n > 0`, any `w x y z`.
fn facts(pool: &mut Pool) -> Facts {
    let mut facts = Facts::default();
    for name in ["A", "B", "C"] {
        facts
            .bounds
            .insert(pool.symbol(name), (0.0, f64::INFINITY, false));
    }
    for name in ["k", "K", "n"] {
        facts
            .bounds
            .insert(pool.symbol(name), (0.0, f64::INFINITY, true));
        facts.fixed.insert(pool.symbol(name));
    }
    facts
}

#[test]
fn simplifies() {
    let cases = [
        ("sin(x)^2 + cos(x)^2", "1"),
        ("3*y + 2*sin(x)^2 + 2*cos(x)^2", "3*y + 2"),
        ("exp(x)*y*exp(z)*w", "y*w*exp(x + z)"),
        ("A*K/K", "A"),
        ("ln(exp(x + y)) + 3", "x + y + 3"),
        ("exp(ln(K))*y", "K*y"),
        ("sqrt(x^2)", "abs(x)"),
        ("sqrt(A^2)*y", "A*y"),
        ("x*y + x*z", "x*(y + z)"),
        ("w*x^3 + y*x^2 + z*x + 5", "x*(x*(w*x + y) + z) + 5"),
        ("x*(1 - y) + x*y", "x"),
        ("1/(1 + A/K)", "K/(A + K)"),
        ("A/x + B/y", "(A*y + B*x)/(x*y)"),
        ("exp(-x)*exp(x)", "1"),
        ("abs(x - y) + abs(y - x)", "2*abs(x - y)"),
        ("if x < y then y*z else x*z", "z*max(x, y)"),
        ("max(A, 0)", "A"),
        ("min(x, max(x, y))", "x"),
        ("if A < 0 then x else y", "y"),
        ("sin(x + pi/2)", "cos(x)"),
        ("sqrt(A)*sqrt(A)", "A"),
        ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", "tanh(x)"),
        ("k*(A - B) + k*B", "k*A"),
        ("x^4 + 2*x^2*y^2 + y^4", "(x^2 + y^2)^2"),
    ];
    let simplifier = Simplifier::new(&standard_rules());
    for (before, after) in cases {
        let mut pool = Pool::new();
        let facts = facts(&mut pool);
        let (before, after) = (term(&mut pool, before), term(&mut pool, after));
        let simplified = simplifier.simplify(&mut pool, &[before], &facts)[0];
        assert_eq!(
            cost(&pool, &[simplified], &facts),
            cost(&pool, &[after], &facts),
            "{} should be {}",
            pool.display(simplified),
            pool.display(after)
        );
    }
}

#[test]
fn unproved_conditions_change_nothing() {
    let simplifier = Simplifier::new(&standard_rules());
    for text in [
        "x/x",
        "exp(ln(A))",
        "ln(x) + ln(y)",
        "sqrt(x)*sqrt(x)",
        "ln(x) - ln(x)",
        "abs(x)",
        "sqrt(A - 1)/sqrt(A - 1)",
    ] {
        let mut pool = Pool::new();
        let facts = facts(&mut pool);
        let t = term(&mut pool, text);
        assert_eq!(simplifier.simplify(&mut pool, &[t], &facts), [t], "{text}");
    }
}

#[test]
fn proofs_name_each_rule() {
    let cases: [(&str, &[&str]); 24] = [
        ("K/K", &["cancel"]),
        ("sin(x)^2 + cos(x)^2 + K/K", &["pythagoras", "cancel"]),
        ("sin(x)^2 + cos(x)^2 + 1", &["pythagoras"]),
        ("A*K/K", &["cancel"]),
        (
            "k*x + sqrt(A^2)*k",
            &["factor", "multiply_positive_exponents"],
        ),
        ("3*y + 2*sin(x)^2 + 2*cos(x)^2", &["pythagoras"]),
        ("exp(x)*y*exp(z)*w", &["exp_product"]),
        ("ln(exp(x + y)) + 3", &["log_of_exp"]),
        ("exp(ln(K))*y", &["exp_of_log"]),
        ("sqrt(x^2)", &["sqrt_of_square"]),
        ("x*y + x*z", &["factor"]),
        ("w*x^3 + y*x^2 + z*x + 5", &["factor", "factor"]),
        ("x*(1 - y) + x*y", &["factor"]),
        ("1/(1 + A/K)", &["add_to_fraction", "collect_powers"]),
        ("A/x + B/y", &["add_fractions"]),
        ("abs(x - y) + abs(y - x)", &["abs_of_negative"]),
        (
            "if x < y then y*z else x*z",
            &["if_common_factor", "if_less_max"],
        ),
        ("max(A, 0)", &["max_is_second"]),
        ("min(x, max(x, y))", &["min_absorbs_max"]),
        ("if A < 0 then x else y", &["fold"]),
        ("sin(x + pi/2)", &["sin_quarter_turn"]),
        ("(exp(x) - exp(-x))/(exp(x) + exp(-x))", &["tanh_from_exp"]),
        ("k*(A - B) + k*B", &["factor"]),
        ("x^4 + 2*x^2*y^2 + y^4", &["complete_square"]),
    ];
    let simplifier = Simplifier::new(&standard_rules());
    let mut wrong = String::new();
    for (text, rules) in cases {
        let mut pool = Pool::new();
        let facts = facts(&mut pool);
        let t = term(&mut pool, text);
        let (_, proof) = simplifier.explain(&mut pool, t, &facts);
        let names: Vec<&str> = proof.steps.iter().map(|s| s.0.as_str()).collect();
        if names != rules {
            wrong += &format!("{text}: {names:?}\n{proof}");
        }
        let mut before = t;
        for &after in &proof.terms {
            for point in 1..5 {
                let at =
                    |s: crate::terms::SymbolId| f64::from((7 * s.0 + 5 * point) % 11) / 3.0 + 0.25;
                let same = agree::agree(
                    agree::measure(&pool, before, &at),
                    agree::measure(&pool, after, &at),
                );
                assert_ne!(same, Some(false), "{text}: {}", pool.display(after));
            }
            before = after;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
