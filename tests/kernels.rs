//! Agreement: interpreter, tables and machine code give the same values for random terms of every operator.

use ansatz_compiler::codegen::{Inputs, Kernel, Tier, compile};
use ansatz_compiler::terms::{Number, Op, Outputs, Pool, SymbolId, Term};
use ansatz_tests::rounding;
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

/// A term is built upon if its value is known to so many parts of itself, and not huge or tiny: nests stay meaningful and nothing overflows on the way.
const WELL_CONDITIONED: f64 = 1e-9;

/// Random terms, each made of earlier ones, and rows that combine them. A term that is undefined, wild or badly conditioned at `values` is an output but is not
/// built upon.
fn load(choices: &[Choice], values: &[f64; N_SYMBOLS]) -> Load {
    let mut pool = Pool::new();
    let inputs = inputs(&mut pool);
    let mut terms: Vec<Term> = (0..N_SYMBOLS as u32)
        .map(|i| pool.var(SymbolId(i)))
        .collect();
    terms.push(pool.constant("pi"));
    let mut wild = Vec::new();
    for &choice in choices {
        let term = build(&mut pool, &terms, choice);
        let rounded = rounding::eval(&pool, &[term], values)[0];
        let size = rounded.value.abs();
        let tame = (1e-2..1e2).contains(&size) && rounded.error <= WELL_CONDITIONED * size;
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

/// A term of earlier ones.
fn build(pool: &mut Pool, terms: &[Term], (kind, a, b, c): Choice) -> Term {
    let pick = |i: u16| terms[i as usize % terms.len()];
    let (a, b, c) = (pick(a), pick(b), pick(c));
    let n_ops = Op::ALL.len();
    match kind as usize % (n_ops + 12) {
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
            pool.call(op, &[a, b, c][..least.max(most.min(3))])
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

proptest! {
    #[test]
    fn all_tiers_agree(choices in choices(120), values in values()) {
        let load = load(&choices, &values);
        let tables = evaluate(&compile(&load.pool, &load.outputs, &load.inputs, Tier::Tables), &values);
        let machine_code = evaluate(&compile(&load.pool, &load.outputs, &load.inputs, Tier::MachineCode), &values);
        assert!(same_bits(&tables, &machine_code), "{tables:?}\n{machine_code:?}");
        for (i, (&value, reference)) in tables.iter().zip(rounding::rows(&load.pool, &load.outputs, &values)).enumerate() {
            assert!(reference.allows(value), "row {i}: {value} instead of {reference:?}\n{}", compile(&load.pool, &load.outputs, &load.inputs, Tier::Tables));
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
