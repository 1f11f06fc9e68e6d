//! Equal forms of rows: how many transforms are left, and that values stay what they were.

use std::f64::consts::TAU;

use super::elliptic::unknown;
use super::sketch::{Sketch, distance, scalars};
use crate::diagnostic::Diagnostics;
use crate::model::entities::Method;
use crate::model::{field_rules, rules};
use crate::source::Sources;
use crate::syntax::parse;
use crate::system::space::discretise;
use crate::system::space::forms_chosen::rewritten;
use crate::system::space::interpret::{Interpreter, Values};
use crate::terms::{Condition, Number, Op, Pattern, PatternNode, Pool, Rule, SymbolId, Term};

/// Rows over the fields.
type Equations = fn(&mut Sketch, &[Term]) -> Vec<Term>;

/// What is tested: name, number of axes, names of fields, rows, transforms of the nonlinear program as written and as found.
const CASES: &[(&str, usize, &[&str], Equations, usize)] = &[
    ("burgers", 1, &["u"], |s, f| vec![steepening(s, f[0], 1)], 2),
    (
        "korteweg de vries",
        1,
        &["u"],
        |s, f| {
            let dispersion = s.d("xxx", f[0]);
            let steepening = steepening(s, f[0], 6);
            vec![s.pool.add(steepening, dispersion)]
        },
        2,
    ),
    (
        "kuramoto sivashinsky by slope",
        1,
        &["u"],
        |s, f| {
            let (a, b, c) = (steepening(s, f[0], 1), s.d("xx", f[0]), s.d("xxxx", f[0]));
            vec![s.pool.sum(&[a, b, c])]
        },
        2,
    ),
    (
        "kuramoto sivashinsky by height",
        1,
        &["u"],
        |s, f| {
            let ux = s.d("x", f[0]);
            vec![s.pool.mul(ux, ux)]
        },
        2,
    ),
    (
        "modified korteweg de vries",
        1,
        &["u"],
        |s, f| {
            let ux = s.d("x", f[0]);
            vec![s.pool.product(&[f[0], f[0], ux])]
        },
        2,
    ),
    (
        "cahn hilliard",
        1,
        &["u"],
        |s, f| {
            let cube = s.pool.product(&[f[0], f[0], f[0]]);
            vec![s.d("xx", cube)]
        },
        2,
    ),
    (
        "swift hohenberg",
        2,
        &["u"],
        |s, f| {
            let cube = s.pool.product(&[f[0], f[0], f[0]]);
            let square = s.pool.mul(f[0], f[0]);
            let lap = [s.d("xx", f[0]), s.d("yy", f[0])];
            let lap = s.pool.sum(&lap);
            let sum = [s.pool.neg(cube), square, lap];
            vec![s.pool.sum(&sum)]
        },
        2,
    ),
    (
        "shallow water",
        1,
        &["h", "u"],
        |s, f| {
            let (hx, ux) = (s.d("x", f[0]), s.d("x", f[1]));
            let (a, b, c) = (
                s.pool.mul(f[0], ux),
                s.pool.mul(f[1], hx),
                s.pool.mul(f[1], ux),
            );
            vec![s.pool.add(a, b), s.pool.add(c, hx)]
        },
        4,
    ),
    (
        "nonlinear diffusion",
        1,
        &["u"],
        |s, f| {
            let (ux, uxx) = (s.d("x", f[0]), s.d("xx", f[0]));
            let (a, b) = (s.pool.mul(ux, ux), s.pool.mul(f[0], uxx));
            vec![s.pool.add(a, b)]
        },
        2,
    ),
    (
        "wind that depends on place",
        1,
        &["u"],
        |s, f| {
            let (x, ux) = (s.symbol("x"), s.d("x", f[0]));
            let wind = s.pool.call(Op::Sin, &[x]);
            vec![s.pool.mul(wind, ux)]
        },
        2,
    ),
    (
        "vorticity",
        2,
        &["w"],
        |s, f| vec![vorticity(s, f[0], 0)],
        4,
    ),
    (
        "vorticity in flux form",
        2,
        &["w"],
        |s, f| {
            let psi = stream(s, f[0], 0);
            let (u, v) = (s.d("y", psi), s.d("x", psi));
            let (a, b) = (s.pool.mul(u, f[0]), s.pool.mul(v, f[0]));
            let (a, b) = (s.d("x", a), s.d("y", b));
            vec![s.pool.sub(b, a)]
        },
        4,
    ),
    (
        "quasi-geostrophic vorticity",
        2,
        &["q"],
        |s, f| vec![vorticity(s, f[0], 3)],
        4,
    ),
    (
        "curl of a cross product",
        3,
        &["u", "v", "w"],
        |s, f| {
            let cross = |s: &mut Sketch, a: usize, b: usize| {
                let (of_b, of_a) = (["x", "y", "z"][a], ["x", "y", "z"][b]);
                let (first, second) = (s.d(of_b, f[b]), s.d(of_a, f[a]));
                s.pool.sub(first, second)
            };
            let rotation = [cross(s, 1, 2), cross(s, 2, 0), cross(s, 0, 1)];
            let mut rows = Vec::new();
            for (a, b) in [(1, 2), (2, 0), (0, 1)] {
                let (first, second) =
                    (s.pool.mul(f[a], rotation[b]), s.pool.mul(f[b], rotation[a]));
                rows.push(s.pool.sub(first, second));
            }
            rows
        },
        9,
    ),
];

/// `-n·u·dx(u)`
fn steepening(s: &mut Sketch, u: Term, n: i64) -> Term {
    let ux = s.d("x", u);
    let product = s.pool.mul(u, ux);
    s.pool.scale(&Number::integer(-n), product)
}

/// psi with `lap(psi) - friction*psi = -w`.
fn stream(s: &mut Sketch, w: Term, friction: i64) -> Term {
    let psi = unknown(s, "psi");
    let (xx, yy) = (s.d("xx", psi), s.d("yy", psi));
    let one = Number::ONE;
    let parts = [
        (xx, one.clone()),
        (yy, one.clone()),
        (w, one),
        (psi, Number::integer(-friction)),
    ];
    s.evolution.solved[0].residual = s.pool.linear(Number::ZERO, &parts);
    psi
}

fn vorticity(s: &mut Sketch, w: Term, friction: i64) -> Term {
    let psi = stream(s, w, friction);
    let (u, v) = (s.d("y", psi), s.d("x", psi));
    let (wx, wy) = (s.d("x", w), s.d("y", w));
    let (a, b) = (s.pool.mul(u, wx), s.pool.mul(v, wy));
    s.pool.sub(b, a)
}

fn sketch(
    n_axes: usize,
    points: u32,
    fields: &[&str],
    equations: Equations,
) -> (Sketch, Vec<Term>) {
    let axes = vec![(points, TAU, true); n_axes];
    let mut s = Sketch::new(&axes, Method::Fourier);
    let fields: Vec<Term> = fields.iter().map(|name| s.field(name)).collect();
    let rows = equations(&mut s, &fields);
    s.evolution.rows.extend(rows);
    (s, fields)
}

#[test]
fn few_transforms_are_found() {
    for (name, n_axes, fields, equations, expected) in CASES {
        let (mut s, _) = sketch(*n_axes, 8, fields, *equations);
        let programs = discretise(&mut s.pool, &s.evolution).unwrap();
        let nonlinear = programs.split.unwrap().nonlinear;
        let text = nonlinear.display(&s.pool).to_string();
        assert_eq!(nonlinear.n_transforms(), *expected, "{name}: {text}");
    }
}

/// A trigonometric polynomial of the coordinates with few modes: products of them are resolved exactly.
fn wave(s: &mut Sketch, n_axes: usize, shift: i64) -> Term {
    let mut sum = Vec::new();
    for mode in 1..3 {
        let mut angle = vec![s.pool.int(shift * mode)];
        for (axis, name) in ["x", "y", "z"][..n_axes].iter().enumerate() {
            let coordinate = s.symbol(name);
            let k = Number::integer(1 + (mode + axis as i64 + shift) % 2);
            angle.push(s.pool.scale(&k, coordinate));
        }
        let angle = s.pool.sum(&angle);
        sum.push(s.pool.call(Op::Sin, &[angle]));
    }
    s.pool.sum(&sum)
}

/// Each program gives the exact right-hand side as the equations are written, constraints included.
#[test]
fn values_stay() {
    for (name, n_axes, fields, equations, _) in CASES {
        let points = if *n_axes == 3 { 16 } else { 32 };
        let (mut s, _) = sketch(*n_axes, points, fields, *equations);
        let mut exact: Vec<Term> = (0..fields.len() as i64)
            .map(|i| wave(&mut s, *n_axes, i))
            .collect();
        if let [solved] = &s.evolution.solved[..] {
            // The field that the constraint determines is a wave; the other one follows.
            let residual = solved.residual;
            let (psi, w) = (
                s.pool.var(solved.symbol),
                s.pool.var(s.evolution.fields[0].symbol),
            );
            let stream = wave(&mut s, *n_axes, 0);
            let w_alone = s.pool.sub(w, residual);
            let map = [(psi, stream)].into_iter().collect();
            exact = s.pool.substitute(&[w_alone], &map);
            exact.push(stream);
        }
        let programs = discretise(&mut s.pool, &s.evolution).unwrap();
        let rates = s.exact(&exact);
        let inputs: Vec<Vec<f64>> = exact[..fields.len()]
            .iter()
            .map(|t| s.sample(&programs.full, *t))
            .collect();
        let expected: Vec<Vec<f64>> = rates.iter().map(|t| s.sample(&programs.full, *t)).collect();
        let of_full = scalars(&s.pool, &programs.full);
        let found = Interpreter::new(&programs.full, &s.pool, &of_full).rates(&inputs);
        let split = programs.split.unwrap();
        let of_split = scalars(&s.pool, &split.nonlinear);
        let mut interpreter = Interpreter::new(&split.nonlinear, &s.pool, &of_split);
        let modes: Vec<_> = inputs
            .iter()
            .map(|u| interpreter.to_modes(u, &split.keep))
            .collect();
        let rest = interpreter.run(&modes.iter().cloned().map(Values::Modes).collect::<Vec<_>>());
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let size = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            let error = distance(found, expected) / size;
            assert!(error < 1e-9, "{name} {i}: {error}");
            let Values::Modes(rest) = &rest[i] else {
                panic!()
            };
            let mut sum = rest.clone();
            for (_, column, multiplier) in split.linear.iter().filter(|l| l.0 == i as u32) {
                let linear = interpreter.multiplied(&modes[*column as usize], multiplier);
                sum.iter_mut()
                    .zip(&linear)
                    .for_each(|(a, b)| *a = (a.0 + b.0, a.1 + b.1));
            }
            let error = distance(&interpreter.to_nodes(&sum), expected) / size;
            assert!(error < 1e-9, "{name} {i}, split: {error}");
        }
    }
}

#[test]
fn rules_lead_to_the_form_of_basdevant() {
    let (mut s, _) = sketch(2, 8, &["w"], |s, f| vec![vorticity(s, f[0], 0)]);
    let proofs = rewritten(&mut s.pool, &s.evolution);
    let [(sum, proof)] = &proofs[..] else {
        panic!("one sum of products")
    };
    assert_eq!(
        s.pool.display(*sum).to_string(),
        "dy(w)*dx(psi) - dx(w)*dy(psi)"
    );
    let (_, found) = proof.steps.last().unwrap();
    let expected = "dxx(dx(psi)*dy(psi)) - dxy(dx(psi)^2) - dyy(dx(psi)*dy(psi)) + dxy(dy(psi)^2)";
    assert_eq!(found, expected, "{proof}");
    let rules: Vec<&str> = proof.steps.iter().map(|(rule, _)| rule.as_str()).collect();
    for rule in ["constraint", "product_backwards"] {
        assert!(rules.contains(&rule), "{proof}");
    }
}

/// The largest difference of the sides of a rule at some points, for smooth functions of x and y, integers 1 to 3 and both orders of
/// the coordinates; derivatives are exact.
fn error_of_rule(rule: &Rule) -> f64 {
    let mut worst: f64 = 0.0;
    for n in 1..4 {
        for names in [["x", "y"], ["y", "x"]] {
            let mut pool = Pool::new();
            let coordinates = names.map(|name| {
                let symbol = pool.symbol(name);
                pool.set_dependence(symbol, &[symbol]);
                symbol
            });
            let sides =
                [&rule.lhs, &rule.rhs].map(|side| side_of(&mut pool, rule, side, coordinates, n));
            for point in [[0.3, 1.1], [-2.0, 0.4], [5.0, -0.7]] {
                let values = pool.eval(&sides, &point);
                worst = worst.max((values[0] - values[1]).abs() / (1.0 + values[0].abs()));
            }
        }
    }
    worst
}

fn side_of(
    pool: &mut Pool,
    rule: &Rule,
    side: &Pattern,
    coordinates: [SymbolId; 2],
    n: i64,
) -> Term {
    let is_integer = |name: &str| {
        rule.conditions.iter().any(|condition| match condition {
            Condition::Integer(p) => p.nodes == [PatternNode::Variable(name.to_owned())],
            Condition::NonZero(_) | Condition::Positive(_) | Condition::NonNegative(_) => false,
            Condition::Constant(_) | Condition::Less(..) | Condition::LessEqual(..) => false,
        })
    };
    let mut variable = |pool: &mut Pool, name: &str| match name {
        name if is_integer(name) => pool.int(n),
        "x" => pool.var(coordinates[0]),
        "y" => pool.var(coordinates[1]),
        name => {
            let shift = pool.int(name.bytes().map(i64::from).sum());
            let (x, y) = (pool.var(coordinates[0]), pool.var(coordinates[1]));
            let (x, y) = (pool.add(x, shift), pool.mul(y, shift));
            let (a, b) = (pool.call(Op::Sin, &[x]), pool.call(Op::Cos, &[y]));
            let product = pool.mul(a, b);
            pool.call(Op::Exp, &[product])
        }
    };
    side.term(pool, &mut variable)
}

#[test]
fn rules_for_fields_are_sound() {
    let rules = field_rules();
    assert!(rules.len() >= 6);
    for rule in &rules {
        let error = error_of_rule(rule);
        assert!(error < 1e-12, "{}: {error}", rule.name);
    }
}

#[test]
fn wrong_signs_and_factors_are_caught() {
    for text in [
        "dx(a*b) => a*dx(b) - b*dx(a)",
        "a*dx(b) => dx(a*b) + b*dx(a)",
        "a*dx(a) => dx(a^2)",
        "dx(a^n) => n*a^n*dx(a) if integer(n)",
        "dx(dy(a)) => -dy(dx(a))",
    ] {
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let source = sources
            .add("wrong", format!("rule wrong: {text}\n"))
            .unwrap();
        let ast = parse(&source, &mut diagnostics);
        let read = rules(&ast, &mut diagnostics);
        assert_eq!(read.len(), 1, "{text}");
        for rule in read {
            assert!(error_of_rule(&rule) > 1e-3, "{text}");
        }
    }
}
