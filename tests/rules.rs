//! Soundness of every standard rewrite rule, and of the simplifier as a whole.

use std::collections::BTreeMap;

use ansatz_compiler::pipeline::standard_rules;
use ansatz_compiler::simplify::agree::{self, Measured, agree};
use ansatz_compiler::terms::{Condition, Op, Pattern, PatternNode, Rule};
use ansatz_tests::random::Random;
use ansatz_tests::text::read_rules;

/// Points tried per rule.
const POINTS: usize = 1500;
/// Points at which a rule must have been judged, or the test says nothing about it.
const LEAST_JUDGED: usize = 15;

type Point = BTreeMap<String, f64>;

/// What a test found out about a rule.
#[derive(Debug, Default)]
struct Verdict {
    judged: usize,
    /// The first point at which the sides differ, with their values.
    counterexample: Option<(Point, Measured, Measured)>,
}

/// Both sides agree, or are both undefined, wherever the condition holds.
#[test]
fn standard_rules_are_sound() {
    let rules = standard_rules();
    assert!(rules.len() >= 60);
    for rule in &rules {
        let verdict = judge(rule);
        assert!(
            verdict.counterexample.is_none(),
            "{}: {verdict:?}",
            rule.name
        );
        assert!(
            verdict.judged >= LEAST_JUDGED,
            "{}: only {} points",
            rule.name,
            verdict.judged
        );
    }
}

/// The test above can fail: rules that hold almost everywhere are found out.
#[test]
fn unsound_rules_are_caught() {
    let wrong = [
        "x/x => 1",
        "sqrt(x^2) => x",
        "ln(a) + ln(b) => ln(a*b)",
        "exp(ln(x)) => x",
        "ln(x^2) => 2*ln(x)",
        "abs(x) => x",
        "x^m*x^n => x^(m + n)",
        "(x^m)^n => x^(m*n)",
        "sqrt(x)*sqrt(x) => x",
        "x*sign(x)/x => sign(x)",
        "sin(asin(x)) => x",
        "1/(1/x) => x",
        "floor(a + b) => floor(a) + floor(b)",
        "max(a*c, b*c) => max(a, b)*c",
        "atan(tan(x)) => x",
        "cos(x)*tan(x) => cos(x)",
        "min(a, b) => a",
        "sign(x)^2 => 1",
        "ln(a/b) => ln(a) - ln(b)",
        "(a*b)^n => a^n*b^n",
    ];
    for text in wrong {
        let rules = read_rules(&format!("rule wrong: {text}\n"));
        assert!(
            judge(&rules[0]).counterexample.is_some(),
            "{text} was not caught"
        );
    }
}

fn judge(rule: &Rule) -> Verdict {
    let names = variables(rule);
    let mut random = Random::new(0x5eed);
    let mut verdict = Verdict::default();
    for _ in 0..POINTS {
        let point: Point = names
            .iter()
            .map(|n| (n.clone(), sample(&mut random)))
            .collect();
        if !rule.conditions.iter().all(|c| holds(c, &point)) {
            continue;
        }
        let (left, right) = (value(&rule.lhs, &point), value(&rule.rhs, &point));
        match agree(left, right) {
            None => {}
            Some(true) => verdict.judged += 1,
            Some(false) => {
                verdict.judged += 1;
                verdict.counterexample.get_or_insert((point, left, right));
            }
        }
    }
    verdict
}

fn variables(rule: &Rule) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for node in &rule.lhs.nodes {
        if let PatternNode::Variable(name) = node
            && !names.contains(name)
        {
            names.push(name.clone());
        }
    }
    names
}

/// Reals of all sizes and signs, with zero, units, integers and halves often.
fn sample(random: &mut Random) -> f64 {
    const NOTABLE: [f64; 14] = [
        0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 1e-8, -1e-8, 1e6, -1e6, 4.0,
    ];
    match random.below(8) {
        0..3 => NOTABLE[random.below(NOTABLE.len())],
        3 => random.below(11) as f64 - 5.0,
        4 => random.uniform(0.0, 1.0),
        5 => random.uniform(-1.0, 1.0),
        6 => random.uniform(0.0, 5.0),
        _ => random.uniform(-10.0, 10.0),
    }
}

/// Whether a condition certainly holds.
fn holds(condition: &Condition, point: &Point) -> bool {
    let certain = |p: &Pattern, test: &dyn Fn(f64) -> bool| match value(p, point) {
        Measured::Value(x, error) => [x - error, x, x + error].into_iter().all(test),
        Measured::Undefined | Measured::Unclear => false,
    };
    let ordered = |a: &Pattern, b: &Pattern, strict: bool| match (value(a, point), value(b, point))
    {
        (Measured::Value(a, a_error), Measured::Value(b, b_error)) => {
            let (high, low) = (a + a_error, b - b_error);
            high < low || (!strict && high == low)
        }
        _ => false,
    };
    match condition {
        Condition::NonZero(p) => certain(p, &|x| x != 0.0),
        Condition::Positive(p) => certain(p, &|x| x > 0.0),
        Condition::NonNegative(p) => certain(p, &|x| x >= 0.0),
        Condition::Integer(p) => certain(p, &|x| x.fract() == 0.0),
        Condition::Constant(_) => true,
        Condition::Less(a, b) => ordered(a, b, true),
        Condition::LessEqual(a, b) => ordered(a, b, false),
    }
}

/// The value of a pattern as written, at a point.
fn value(pattern: &Pattern, point: &Point) -> Measured {
    let minus = Measured::Value(-1.0, 0.0);
    let mut done: Vec<Measured> = Vec::with_capacity(pattern.nodes.len());
    for node in &pattern.nodes {
        let at = |i: &u32| done[*i as usize];
        let next = match node {
            PatternNode::Number(n) => agree::number(n),
            PatternNode::Constant(name) => agree::constant(name),
            PatternNode::Variable(name) => Measured::Value(point[name], 0.0),
            PatternNode::Add(a, b) => agree::add(at(a), at(b)),
            PatternNode::Sub(a, b) => agree::add(at(a), agree::multiply(minus, at(b))),
            PatternNode::Mul(a, b) => agree::multiply(at(a), at(b)),
            PatternNode::Div(a, b) => agree::multiply(at(a), agree::power(at(b), minus)),
            PatternNode::Neg(a) => agree::multiply(minus, at(a)),
            PatternNode::Pow(a, b) => agree::power(at(a), at(b)),
            PatternNode::Call(Op::Sqrt, args) => {
                agree::power(at(&args[0]), Measured::Value(0.5, 0.0))
            }
            PatternNode::Call(op, args) => {
                let args: Vec<Measured> = args.iter().map(at).collect();
                agree::call(*op, &args)
            }
        };
        done.push(next);
    }
    done.pop().expect("a pattern has a node")
}
