//! Cycles per operation of our own code generator, beside what the simplifier's cost table says: `cargo bench -p ansatz-compiler --bench cost_table`.
//!
//! Each operation is applied to 512 independent values by one machine-code kernel; the time of a kernel that only copies them is taken off. A
//! cycle is a quarter of the time of a floating-point addition in a dependent chain, which takes 4 cycles on most current cores
//! (3 on Zen 2 to 4: there all numbers come out larger by a third, and their ratios, which alone matter, the same).

use std::hint::black_box;
use std::time::Instant;

use ansatz_compiler::codegen::{Inputs, Tier, compile};
use ansatz_compiler::simplify::{Facts, cost};
use ansatz_compiler::terms::{Number, Op, Outputs, Pool, Term};

/// Values per kernel.
const N: usize = 512;
/// Runs of which the fastest counts.
const RUNS: usize = 40;
/// Evaluations per run.
const EVALUATIONS: usize = 20;
/// Cycles from an addition to one that uses its result.
const ADDITION_LATENCY: f64 = 4.0;

/// An operation on two values.
type Make = fn(&mut Pool, Term, Term) -> Term;

fn main() {
    let cycle = cycle();
    println!("cycle: {:.3} ns", cycle * 1e9);
    println!("{:<14}{:>10}{:>10}", "operation", "measured", "table");
    let copy = time(|_, a, _| a);
    let arithmetic: [(&str, Make); 9] = [
        ("a + b", |p, a, b| p.add(a, b)),
        ("a - b", |p, a, b| p.sub(a, b)),
        ("a*b", |p, a, b| p.mul(a, b)),
        ("-a", |p, a, _| p.neg(a)),
        ("a/b", |p, a, b| p.div(a, b)),
        ("sqrt(a)", |p, a, _| power(p, a, 1, 2)),
        ("a^3", |p, a, _| power(p, a, 3, 1)),
        ("a^(3/2)", |p, a, _| power(p, a, 3, 2)),
        ("a^(1/3)", |p, a, _| power(p, a, 1, 3)),
    ];
    for (name, make) in arithmetic {
        row(name, make, copy, cycle);
    }
    for op in Op::ALL {
        match op.arity() {
            (1, 1) => row_of(*op, 1, copy, cycle),
            (1, _) | (2, 2) => row_of(*op, 2, copy, cycle),
            (_, _) => row_of(*op, 3, copy, cycle),
        }
    }
}

fn power(pool: &mut Pool, a: Term, n: i64, d: i64) -> Term {
    let exponent = pool.number(Number::ratio(n, d).expect("the denominator is not zero"));
    pool.pow(a, exponent)
}

fn row(name: &str, make: impl Fn(&mut Pool, Term, Term) -> Term, copy: f64, cycle: f64) {
    let mut pool = Pool::new();
    let (a, b) = (pool.symbol("a"), pool.symbol("b"));
    let (a, b) = (pool.var(a), pool.var(b));
    let term = make(&mut pool, a, b);
    let table = cost(&pool, &[term], &Facts::default()) as f64 / 10.0;
    let measured = (time(make) - copy) / (N as f64 * cycle);
    println!("{name:<14}{measured:>10.1}{table:>10.1}");
}

fn row_of(op: Op, n_args: usize, copy: f64, cycle: f64) {
    let make = |pool: &mut Pool, a: Term, b: Term| {
        let order = pool.int(2);
        let args = match op {
            Op::BesselJ | Op::PolyGamma => [order, a, b],
            Op::If => [a, b, a],
            _ => [a, b, a],
        };
        pool.call(op, &args[..n_args])
    };
    row(op.name(), make, copy, cycle);
}

/// Seconds per evaluation of a kernel that applies an operation to `N` pairs of neighbours.
fn time(make: impl Fn(&mut Pool, Term, Term) -> Term) -> f64 {
    let mut pool = Pool::new();
    let symbols: Vec<_> = (0..=N).map(|i| pool.symbol(&format!("u{i}"))).collect();
    let values: Vec<Term> = symbols.iter().map(|s| pool.var(*s)).collect();
    let outputs: Vec<Term> = values
        .windows(2)
        .map(|w| make(&mut pool, w[0], w[1]))
        .collect();
    let inputs = Inputs {
        states: symbols,
        ..Inputs::default()
    };
    let kernel = compile(
        &pool,
        &Outputs::of_terms(&outputs),
        &inputs,
        Tier::MachineCode,
    );
    let mut evaluator = kernel.evaluator(&[]);
    // Between 0 and 1 all functions but `acosh` are defined and take their usual path.
    let u: Vec<f64> = (0..=N)
        .map(|i| 0.1 + 0.8 * (i * 37 % N) as f64 / N as f64)
        .collect();
    let mut out = vec![0.0; N];
    fastest(|| {
        for _ in 0..EVALUATIONS {
            evaluator.eval(0.0, black_box(&u), &mut out);
        }
        black_box(&out);
    }) / EVALUATIONS as f64
}

/// Seconds of a clock cycle.
fn cycle() -> f64 {
    const CHAIN: usize = 100_000;
    let seconds = fastest(|| {
        let mut sum = black_box(1.0);
        let step = black_box(1e-3);
        for _ in 0..CHAIN {
            sum += step;
        }
        black_box(sum);
    });
    seconds / (CHAIN as f64 * ADDITION_LATENCY)
}

fn fastest(mut work: impl FnMut()) -> f64 {
    let runs = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}
