//! Derivatives match difference quotients, and no pass over terms recurses.

use ansatz_compiler::terms::{Number, Op, Pool, SymbolId, Term};
use ansatz_tests::strict::{self, Outcome};
use ansatz_tests::tree;
use proptest::prelude::*;

/// Points at which the arguments of every function of the table can be taken, by number of arguments.
const POINTS: [[f64; 3]; 4] = [
    [0.317, 0.713, 0.449],
    [0.913, 0.227, -0.631],
    [1.717, 2.619, 1.213],
    [-0.437, 1.109, 2.311],
];

/// Fourth-order central difference of `f` by variable `i`.
fn difference(
    f: &dyn Fn(&[f64; 3]) -> Option<f64>,
    at: &[f64; 3],
    i: usize,
    h: f64,
) -> Option<f64> {
    let moved = |steps: f64| {
        let mut at = *at;
        at[i] += steps * h;
        f(&at)
    };
    Some((8.0 * (moved(1.0)? - moved(-1.0)?) - (moved(2.0)? - moved(-2.0)?)) / (12.0 * h))
}

/// Compares a derivative with difference quotients, where those of three step sizes agree. Whether it could.
fn check(pool: &Pool, term: Term, derivative: Term, i: usize, at: &[f64; 3]) -> bool {
    let f = |at: &[f64; 3]| match strict::eval(pool, term, at) {
        Outcome::Value(value, error) if error < 1e-12 * (1.0 + value.abs()) => Some(value),
        Outcome::Value(..) | Outcome::Undefined | Outcome::Unclear => None,
    };
    let steps = [2e-3, 1.37e-3, 1e-3].map(|h| difference(&f, at, i, h));
    let [Some(coarse), Some(middle), Some(fine)] = steps else {
        return false;
    };
    let Outcome::Value(value, _) = strict::eval(pool, derivative, at) else {
        return false;
    };
    let scale = 1.0 + value.abs() + f(at).unwrap_or(0.0).abs();
    if (coarse - fine).abs().max((middle - fine).abs()) > 1e-7 * scale {
        return false;
    }
    assert!(
        (value - fine).abs() < 1e-6 * scale,
        "{value} is not {fine} at {at:?}: {}",
        pool.display(term)
    );
    true
}

fn symbols() -> (Pool, [SymbolId; 3], [Term; 3]) {
    let mut pool = tree::pool();
    let ids = tree::VARIABLES.map(|name| pool.symbol(name));
    let terms = ids.map(|s| pool.var(s));
    (pool, ids, terms)
}

#[test]
fn every_row_of_the_table() {
    for &op in Op::ALL {
        let (mut pool, ids, mut args) = symbols();
        let n_args = op.arity().1.min(3);
        // Differentiation by orders and by Kummer's parameters is not defined.
        let first = match op {
            Op::BesselJ | Op::PolyGamma => 1,
            Op::KummerRatio => 2,
            _ => 0,
        };
        for (order, arg) in args.iter_mut().enumerate().take(first) {
            *arg = pool.int(2 + order as i64);
        }
        let call = pool.call(op, &args[..n_args]);
        for (i, &by) in ids.iter().enumerate().take(n_args).skip(first) {
            let derivative = pool.derivative(call, by);
            let checked = POINTS
                .iter()
                .filter(|at| check(&pool, call, derivative, i, at))
                .count();
            assert!(checked > 0, "no point for `{}`, argument {i}", op.name());
        }
    }
}

#[test]
fn orders_have_no_derivative() {
    for op in [Op::BesselJ, Op::PolyGamma] {
        let (mut pool, ids, args) = symbols();
        let call = pool.call(op, &args[..2]);
        let derivative = pool.derivative(call, ids[0]);
        assert!(pool.eval(&[derivative], &[2.0, 1.0, 0.0])[0].is_nan());
    }
}

proptest! {
    #![proptest_config(tree::config(500))]

    #[test]
    fn of_smooth_terms(t in tree::smooth(), at in prop::sample::select(POINTS.to_vec())) {
        let (mut pool, ids, _) = symbols();
        let term = t.build(&mut pool);
        for (i, by) in ids.into_iter().enumerate() {
            let derivative = pool.derivative(term, by);
            check(&pool, term, derivative, i, &at);
        }
    }

    #[test]
    fn of_choices(t in tree::any(), at in prop::sample::select(POINTS.to_vec())) {
        let (mut pool, ids, _) = symbols();
        let term = t.build(&mut pool);
        for (i, by) in ids.into_iter().enumerate() {
            let derivative = pool.derivative(term, by);
            check(&pool, term, derivative, i, &at);
        }
    }

    #[test]
    fn all_at_once_or_one_by_one(a in tree::any(), b in tree::any()) {
        let (mut pool, ids, _) = symbols();
        let roots = [a.build(&mut pool), b.build(&mut pool)];
        let gradient = pool.gradient(&roots, &ids);
        for (root, row) in roots.into_iter().zip(gradient) {
            for s in ids {
                let entry = row.iter().find(|e| e.0 == s).map(|e| e.1);
                let zero = pool.int(0);
                prop_assert_eq!(pool.derivative(root, s), entry.unwrap_or(zero));
            }
        }
    }

    #[test]
    fn along_a_direction(t in tree::algebraic(), at in prop::sample::select(POINTS.to_vec())) {
        let (mut pool, ids, [_, y, z]) = symbols();
        let term = t.build(&mut pool);
        let directions = [(ids[0], y), (ids[1], z)].into_iter().collect();
        let along = pool.derivation(&[term], &directions)[0];
        let (by_x, by_y) = (pool.derivative(term, ids[0]), pool.derivative(term, ids[1]));
        let parts = [pool.mul(by_x, y), pool.mul(by_y, z)];
        let expected = pool.sum(&parts);
        let (a, b) = (strict::eval(&pool, along, &at), strict::eval(&pool, expected, &at));
        if let (Outcome::Value(..), Outcome::Value(..)) = (a, b) {
            strict::assert_agree(a, b, &format!("{t:?}"));
        }
    }
}

#[test]
fn of_powers_at_zero() {
    let (mut pool, ids, [x, y, z]) = symbols();
    let power = pool.pow(x, y);
    let scaled = pool.mul(power, z);
    let by_base = pool.derivative(scaled, ids[0]);
    let by_exponent = pool.derivative(scaled, ids[1]);
    // base, exponent, and the derivatives: n·x^(n - 1) and the limit of x^n·ln(x).
    let cases = [
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 1.0, 1.0, 0.0),
        (0.0, 0.5, f64::INFINITY, 0.0),
        (1.0, 3.0, 3.0, 0.0),
        (std::f64::consts::E, 1.0, 1.0, std::f64::consts::E),
    ];
    for (base, exponent, slope, by) in cases {
        let values = pool.eval(&[by_base, by_exponent], &[base, exponent, 1.0]);
        assert_eq!(values, [slope, by], "{base}^{exponent}");
    }
    let below_zero = pool.eval(&[by_exponent], &[-1.0, 0.5, 1.0])[0];
    assert!(below_zero.is_nan(), "undefined stays undefined");
}

/// Depth of the nests below; the stack of a thread would not hold a call per level.
const DEPTH: usize = 100_000;

/// Each pass over a nest of 100,000 levels, made by `wrap`.
fn check_deep(wrap: impl Fn(&mut Pool, Term, Term) -> Term) {
    let (mut pool, ids, [x, y, _]) = symbols();
    let mut nest = y;
    for _ in 0..DEPTH {
        nest = wrap(&mut pool, nest, x);
    }
    assert!(pool.reachable(&[nest]).len() >= DEPTH);
    assert_eq!(pool.symbols_in(&[nest]).last(), Some(&ids[1]));
    let expanded = pool.expand(nest).expect("nothing grows");
    let gradient = pool.gradient(&[nest, expanded], &ids);
    let z = pool.symbol("z");
    let z = pool.var(z);
    let substituted = pool.substitute(&[nest, gradient[0][0].1], &[(y, z)].into_iter().collect());
    let at = [0.5, 0.25, 0.25];
    let values = pool.eval(&[nest, substituted[0], expanded], &at);
    assert!((values[0] - values[1]).abs() < 1e-9 && (values[0] - values[2]).abs() < 1e-9);
    assert!(pool.display(nest).to_string().len() > DEPTH);
    assert!(pool.latex(nest).to_string().len() > DEPTH);
}

#[test]
fn deep_functions() {
    check_deep(|pool, t, _| pool.call(Op::Sin, &[t]));
}

#[test]
fn deep_sums_and_products() {
    check_deep(|pool, t, x| {
        let below = pool.linear(Number::ONE, &[(t, Number::ONE)]);
        pool.div(x, below)
    });
}

#[test]
fn deep_powers_and_choices() {
    check_deep(|pool, t, x| {
        let one = pool.int(1);
        let less = pool.call(Op::Less, &[x, one]);
        let power = pool.pow(x, t);
        pool.call(Op::If, &[less, power, x])
    });
}

#[test]
fn long_sums_and_products() {
    let (mut pool, ids, [x, ..]) = symbols();
    let entries: Vec<_> = (1..=DEPTH as i64)
        .map(|k| (pool.monomial(Number::ONE, &[(x, k.into())]), Number::ONE))
        .collect();
    let sum = pool.linear(Number::ZERO, &entries);
    let derivative = pool.derivative(sum, ids[0]);
    assert_eq!(
        pool.eval(&[derivative], &[1.0, 0.0, 0.0])[0],
        5_000_050_000.0
    );
    assert!(
        pool.display(derivative)
            .to_string()
            .starts_with("100000*x^99999 + 99999*x^99998")
    );
}
