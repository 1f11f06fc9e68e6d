//! Agreement: interpreter, tables and machine code give the same values for random terms of every operator.

use ansatz_compiler::codegen::{Inputs, Kernel, Tier, compile};
use ansatz_compiler::terms::{Number, Op, Outputs, Pool, SymbolId, Term, View};
use proptest::prelude::{Strategy, any, prop};
use proptest::proptest;

/// Time, three states, two parameters and a direction of three: `symbols[i]` is the value of symbol `i`.
const N_STATES: usize = 3;
const N_PARAMETERS: usize = 2;
const N_SYMBOLS: usize = 1 + N_STATES + N_PARAMETERS + N_STATES;

/// What to build from earlier terms: kind, and which terms.
type Choice = (u8, u16, u16, u16);

fn choices(n: usize) -> impl Strategy<Value = Vec<Choice>> {
    prop::collection::vec(any::<Choice>(), 1..n)
}

fn values() -> impl Strategy<Value = [f64; N_SYMBOLS]> {
    prop::array::uniform9(-2.0..2.0)
}

struct Load {
    pool: Pool,
    inputs: Inputs,
    outputs: Outputs,
}

/// Inputs as symbols 0, 1, 2, … in the order of `N_SYMBOLS`.
fn inputs(pool: &mut Pool) -> Inputs {
    let symbols: Vec<SymbolId> = (0..N_SYMBOLS)
        .map(|i| pool.symbol(&format!("s{i}")))
        .collect();
    let (time, rest) = symbols.split_at(1);
    let (states, rest) = rest.split_at(N_STATES);
    let (parameters, direction) = rest.split_at(N_PARAMETERS);
    Inputs {
        time: Some(time[0]),
        states: states.to_vec(),
        parameters: parameters.to_vec(),
        direction: direction.to_vec(),
    }
}

/// Random terms, each made of earlier ones, and rows that combine them. A term that is undefined, huge or tiny at `values` is an output but is not built upon, so
/// that nests stay meaningful and nothing overflows on the way.
fn load(choices: &[Choice], values: &[f64; N_SYMBOLS]) -> Load {
    let mut pool = Pool::new();
    let inputs = inputs(&mut pool);
    let mut terms: Vec<Term> = (0..N_SYMBOLS as u32)
        .map(|i| pool.var(SymbolId(i)))
        .collect();
    terms.push(pool.constant("pi"));
    let mut wild = Vec::new();
    for &choice in choices {
        let Some(term) = build(&mut pool, &terms, choice, values) else {
            continue;
        };
        let tame = (1e-2..1e2).contains(&pool.eval(&[term], values)[0].abs());
        if tame {
            terms.push(term)
        } else {
            wild.push(term)
        }
    }
    let mut outputs = Outputs::of_terms(&terms);
    for row in choices.windows(5).step_by(3) {
        let entry = |c: &Choice| ((c.1 as usize % terms.len()) as u32, coefficient(c.0));
        outputs.add_row(&row.iter().map(entry).collect::<Vec<_>>());
    }
    for term in wild {
        let value = outputs.add_value(term);
        outputs.add_row(&[(value, Number::ONE)]);
    }
    Load {
        pool,
        inputs,
        outputs,
    }
}

fn coefficient(choice: u8) -> Number {
    let numerators = [1, -1, 1, -1, 2, -3, 4, 5];
    Number::ratio(numerators[choice as usize % 8], 1 + i64::from(choice / 128)).unwrap()
}

/// A term of earlier ones; `None` where rounding would decide its value.
fn build(
    pool: &mut Pool,
    terms: &[Term],
    (kind, a, b, c): Choice,
    values: &[f64; N_SYMBOLS],
) -> Option<Term> {
    let pick = |i: u16| terms[i as usize % terms.len()];
    let (a, b, c) = (pick(a), pick(b), pick(c));
    let n_ops = Op::ALL.len();
    Some(match kind as usize % (n_ops + 12) {
        0..=3 => pool.linear(
            coefficient(kind),
            &[
                (a, coefficient(kind / 3)),
                (b, coefficient(kind / 5)),
                (c, Number::ONE),
            ],
        ),
        4..=7 => pool.product(&[a, b, c]),
        8 => pool.div(a, b),
        9..=11 => {
            let exponents = [(2, 1), (5, 2), (-1, 2), (-3, 1), (1, 3), (7, 1)];
            let (n, d) = exponents[kind as usize % exponents.len()];
            pool.monomial(
                coefficient(kind),
                &[(a, Number::ratio(n, d).unwrap()), (b, Number::ONE)],
            )
        }
        k => {
            let op = Op::ALL[k - 12];
            let (least, most) = op.arity();
            let args = &[a, b, c][..least.max(most.min(3))];
            if rounding_decides(pool, args, values) {
                return None;
            }
            pool.call(op, args)
        }
    })
}

/// Whether an operator that jumps at integers or where its arguments meet (`floor`, `<`, `mod`, the order of `besselj`)
/// would be asked right at a jump by a rounded value: `floor(x*(1/x))` has no one answer, and no nudge of `x` shows it.
fn rounding_decides(pool: &Pool, args: &[Term], values: &[f64; N_SYMBOLS]) -> bool {
    let near_integer = |v: f64| (v - v.round()).abs() < 1e-9;
    let computed: Vec<(f64, bool)> = args
        .iter()
        .zip(pool.eval(args, values))
        .map(|(&arg, value)| (value, is_rounded(pool, arg)))
        .collect();
    let pairs = computed.iter().zip(&computed[1..]);
    computed
        .iter()
        .any(|&(v, rounded)| rounded && near_integer(v))
        || pairs
            .into_iter()
            .any(|(a, b)| (a.1 || b.1) && near_integer(a.0 / b.0))
}

/// Whether a value comes out of arithmetic, not as it was given and not as the exact result of a comparison or a step.
fn is_rounded(pool: &Pool, t: Term) -> bool {
    use Op::{And, Ceil, Equal, Floor, Less, LessEqual, Not, NotEqual, Or, Sign, Step};
    match pool.view(t) {
        View::Number(_) | View::Symbol(_) | View::Constant(_) => false,
        View::Sum(..) | View::Product(..) => true,
        View::Call(op, _) => {
            let exact = [
                And, Ceil, Equal, Floor, Less, LessEqual, Not, NotEqual, Or, Sign, Step,
            ];
            !exact.contains(&op)
        }
    }
}

fn evaluate(kernel: &Kernel, values: &[f64; N_SYMBOLS]) -> Vec<f64> {
    let (u, rest) = values[1..].split_at(N_STATES);
    let (p, v) = rest.split_at(N_PARAMETERS);
    let mut evaluator = kernel.evaluator(p);
    let mut out = vec![0.0; kernel.n_outputs()];
    evaluator.eval_along(values[0], u, v, &mut out);
    let first = out.clone();
    evaluator.eval_along(values[0], u, v, &mut out);
    assert!(same_bits(&first, &out), "an evaluation changes the next");
    out
}

/// Equal bit for bit; any NaN equals any other, since the sign and payload of NaN mean nothing.
fn same_bits(a: &[f64], b: &[f64]) -> bool {
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// Rows by the interpreter, and for each the error that rounding may have made: 1e-13 of the values around it, or what inputs that differ by 1e-14 lead to.
/// Pi is such an input too: `tan(100*pi^2)` is as badly conditioned as `tan(100*x^2)`.
fn interpret(load: &Load, values: &[f64; N_SYMBOLS]) -> Vec<(f64, f64)> {
    let mut pool = load.pool.clone();
    let (pi, stand_in) = (pool.constant("pi"), pool.symbol("stand_in_for_pi"));
    let map = [(pi, pool.var(stand_in))].into_iter().collect();
    let nudgeable = pool.substitute(&load.outputs.values, &map);
    let rows = |terms: &[Term], values: &[f64]| {
        let shared = pool.eval(terms, values);
        let row = |i| {
            load.outputs
                .row(i)
                .iter()
                .map(|(k, c)| c.to_f64() * shared[*k as usize])
                .sum::<f64>()
        };
        (0..load.outputs.n_rows()).map(row).collect::<Vec<f64>>()
    };
    let values = [values.as_slice(), &[std::f64::consts::PI]].concat();
    let exact = rows(&load.outputs.values, &values);
    let mut error: Vec<f64> = exact.iter().map(|v| 1e-13 * (v.abs() + 100.0)).collect();
    for pattern in 0..8u32 {
        let nudge = |i: usize| {
            if pattern >> (i % 3) & 1 == 0 {
                1.0 + 1e-14
            } else {
                1.0 - 1e-14
            }
        };
        let nudged: Vec<f64> = values
            .iter()
            .enumerate()
            .map(|(i, v)| v * nudge(i))
            .collect();
        for ((error, nudged), exact) in error.iter_mut().zip(rows(&nudgeable, &nudged)).zip(&exact)
        {
            let spread = 1000.0 * (nudged - exact).abs();
            // Whether such a value is defined is decided by rounding.
            let undecided = nudged.is_finite() != exact.is_finite();
            *error = if undecided {
                f64::INFINITY
            } else {
                error.max(spread)
            };
        }
    }
    exact.into_iter().zip(error).collect()
}

fn agrees(value: f64, (exact, error): (f64, f64)) -> bool {
    let both_undefined = !value.is_finite() && !exact.is_finite();
    both_undefined || error == f64::INFINITY || (value - exact).abs() <= error
}

proptest! {
    #[test]
    fn all_tiers_agree(choices in choices(120), values in values()) {
        let load = load(&choices, &values);
        let tables = evaluate(&compile(&load.pool, &load.outputs, &load.inputs, Tier::Tables), &values);
        let machine_code = evaluate(&compile(&load.pool, &load.outputs, &load.inputs, Tier::MachineCode), &values);
        assert!(same_bits(&tables, &machine_code), "{tables:?}\n{machine_code:?}");
        for (i, (&value, reference)) in tables.iter().zip(interpret(&load, &values)).enumerate() {
            assert!(agrees(value, reference), "row {i}: {value} instead of {reference:?}\n{}", compile(&load.pool, &load.outputs, &load.inputs, Tier::Tables));
        }
    }
}

/// `du = (k·x·y - m·x)·(1 + exp(-t))` and friends: enough for what follows.
fn small() -> Load {
    let mut pool = Pool::new();
    let inputs = inputs(&mut pool);
    let terms: Vec<Term> = (0..N_SYMBOLS as u32)
        .map(|i| pool.var(SymbolId(i)))
        .collect();
    let &[t, x, y, z, k, m, ..] = &terms[..] else {
        unreachable!()
    };
    let forward = pool.product(&[k, x, y]);
    let backward = pool.product(&[m, k, z]);
    let net = pool.sub(forward, backward);
    let decay = pool.call(Op::Exp, &[t]);
    let rate = pool.div(net, decay);
    let outputs = Outputs::of_terms(&[rate, net, x, k]);
    Load {
        pool,
        inputs,
        outputs,
    }
}

/// The outputs of `small` by hand.
fn small_values(t: f64, u: &[f64], p: &[f64]) -> Vec<f64> {
    let net = p[0] * u[0] * u[1] - p[1] * p[0] * u[2];
    vec![net / t.exp(), net, u[0], p[0]]
}

fn assert_close(values: &[f64], reference: &[f64]) {
    let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-14 * b.abs().max(1.0);
    assert!(
        values.iter().zip(reference).all(close),
        "{values:?} instead of {reference:?}"
    );
}

#[test]
fn changed_parameters_count() {
    let load = small();
    let u = [1.5, 0.25, 3.0];
    let mut out = [0.0; 4];
    for tier in [Tier::Tables, Tier::MachineCode, Tier::Auto] {
        let mut evaluator =
            compile(&load.pool, &load.outputs, &load.inputs, tier).evaluator(&[1.0, 2.0]);
        for p in [[1.0, 2.0], [0.5, -3.0], [7.0, 0.0]] {
            evaluator.set_parameters(&p);
            evaluator.eval_along(0.5, &u, &[0.0; 3], &mut out);
            assert_close(&out, &small_values(0.5, &u, &p));
        }
    }
}

#[test]
fn threads_share_a_kernel_that_gets_hot() {
    let load = small();
    let kernel = compile(&load.pool, &load.outputs, &load.inputs, Tier::Auto);
    let run = |p: [f64; 2]| {
        let mut evaluator = kernel.evaluator(&p);
        let mut first = [0.0; 4];
        evaluator.eval_along(0.5, &[1.5, 0.25, 3.0], &[0.0; 3], &mut first);
        assert_close(&first, &small_values(0.5, &[1.5, 0.25, 3.0], &p));
        let mut out = [0.0; 4];
        for _ in 0..100_000 {
            evaluator.eval_along(0.5, &[1.5, 0.25, 3.0], &[0.0; 3], &mut out);
            assert_eq!(out, first, "the tier changes the bits");
        }
    };
    std::thread::scope(|scope| {
        for p in [[1.0, 2.0], [3.0, 4.0], [0.1, 0.2]] {
            let run = &run;
            scope.spawn(move || run(p));
        }
    });
}

#[test]
fn an_empty_kernel_has_nothing_to_do() {
    let kernel = compile(
        &Pool::new(),
        &Outputs::new(),
        &Inputs::default(),
        Tier::MachineCode,
    );
    kernel.evaluator(&[]).eval(0.0, &[], &mut []);
    assert_eq!(kernel.operation_counts(), (0, 0));
}
