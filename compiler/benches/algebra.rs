//! The algebra kernel on the classic expressions of SymEngine's and Symbolica's benchmarks, and on a network-like load.

use ansatz_compiler::terms::{Number, Pool, SymbolId, Term};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

fn symbols<const N: usize>(pool: &mut Pool, names: [&str; N]) -> ([SymbolId; N], [Term; N]) {
    let symbols = names.map(|name| pool.symbol(name));
    (symbols, symbols.map(|s| pool.var(s)))
}

/// `(x + y + z + w)^n`
#[divan::bench(args = [16, 32])]
fn expand_power_of_sum(bencher: Bencher, n: i64) {
    let mut pool = Pool::new();
    let (_, terms) = symbols(&mut pool, ["x", "y", "z", "w"]);
    let sum = pool.sum(&terms);
    let exponent = pool.int(n);
    let power = pool.pow(sum, exponent);
    bencher
        .with_inputs(|| pool.clone())
        .bench_local_refs(|pool| pool.expand(black_box(power)));
}

/// `expand((x^y + y^z + z^x)^50)` in a pool of its own, and x.
fn powers_of_powers() -> (Pool, Term, SymbolId) {
    let mut pool = Pool::new();
    let (ids, [x, y, z]) = symbols(&mut pool, ["x", "y", "z"]);
    let powers = [(x, y), (y, z), (z, x)].map(|(a, b)| pool.pow(a, b));
    let sum = pool.sum(&powers);
    let exponent = pool.int(50);
    let power = pool.pow(sum, exponent);
    let expanded = pool.expand(power).expect("1,326 terms");
    (pool, expanded, ids[0])
}

#[divan::bench]
fn differentiate_powers_of_powers(bencher: Bencher) {
    let (pool, expanded, x) = powers_of_powers();
    bencher
        .with_inputs(|| pool.clone())
        .bench_local_refs(|pool| pool.derivative(black_box(expanded), x));
}

const N_PRODUCTS: usize = 60_000;
const N_SPECIES: usize = 1_200;
const N_ENTRIES: usize = 150_000;

/// 60,000 products of three symbols and sums with 150,000 entries in all.
fn build_network(pool: &mut Pool) -> Vec<Term> {
    let species: Vec<Term> = (0..N_SPECIES)
        .map(|i| {
            let symbol = pool.symbol(&format!("S{i}"));
            pool.var(symbol)
        })
        .collect();
    let pick = |i: usize, factor: usize| species[i.wrapping_mul(factor) >> 7 & 1023];
    let products: Vec<Term> = (0..N_PRODUCTS)
        .map(|i| pool.product(&[pick(i, 7919), pick(i, 104_729), pick(i, 1_299_709)]))
        .collect();
    let per_sum = N_ENTRIES / N_SPECIES;
    (0..N_SPECIES)
        .map(|s| {
            let entry = |k: usize| {
                (
                    products[(s * 31 + k * 477) % N_PRODUCTS],
                    Number::integer(1 - 2 * (k as i64 % 2)),
                )
            };
            let entries: Vec<_> = (0..per_sum).map(entry).collect();
            pool.linear(Number::ZERO, &entries)
        })
        .collect()
}

#[divan::bench]
fn build_network_load() -> Vec<Term> {
    build_network(&mut Pool::new())
}

#[divan::bench]
fn gradient_of_network_load(bencher: Bencher) {
    let mut pool = Pool::new();
    let rows = build_network(&mut pool);
    let by = pool.symbols_in(&rows);
    bencher
        .with_inputs(|| pool.clone())
        .bench_local_refs(|pool| pool.jacobian(&rows, &by));
}
