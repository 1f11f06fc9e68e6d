//! Imported networks: factoring, Jacobians and conserved totals agree with the plain equations.

use std::path::Path;

use ansatz_compiler::simplify::{factor_network, operation_count};
use ansatz_compiler::system::System;
use ansatz_compiler::system::equations::Block;
use ansatz_compiler::system::jacobian::{jacobian, jacobian_vector_product, time_derivative};
use ansatz_compiler::terms::{Outputs, SymbolId};
use ansatz_tests::network::{corpus, egfr, eval, numbers, system};

fn all() -> Vec<std::path::PathBuf> {
    let mut files = corpus();
    files.push(egfr());
    files
}

fn states(system: &System) -> Vec<bool> {
    let mut is_state = vec![false; system.pool.n_symbols()];
    for state in &system.states {
        is_state[state.symbol.0 as usize] = true;
    }
    is_state
}

/// The network block, and the same factored.
fn factored(system: &mut System) -> Option<(Outputs, Outputs)> {
    let is_state = states(system);
    let Some(Block::Network(network)) = system.blocks.first() else {
        return None;
    };
    let network = network.clone();
    let is_state = |s: SymbolId| is_state[s.0 as usize];
    let factored = factor_network(&mut system.pool, &network, &is_state);
    Some((network, factored))
}

fn assert_close(path: &Path, found: f64, expected: f64, size: f64, tolerance: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= tolerance * size || found == expected,
        "{}: {found} instead of {expected}",
        path.display()
    );
}

#[test]
fn factoring_keeps_the_values() {
    for path in all() {
        let mut system = system(&path);
        let Some((plain, factored)) = factored(&mut system) else {
            panic!("{} has reactions", path.display());
        };
        for seed in 0..3 {
            let symbols = numbers(system.pool.n_symbols(), seed);
            let expected = eval(&system.pool, &plain, &symbols);
            let found = eval(&system.pool, &factored, &symbols);
            for ((x, _), (y, size)) in found.iter().zip(&expected) {
                assert_close(&path, *x, *y, *size, 1e-12);
            }
        }
    }
}

#[test]
fn egfr_needs_as_few_operations_as_measured() {
    let mut system = system(&egfr());
    let (plain, factored) = factored(&mut system).expect("it has reactions");
    let is_state = states(&system);
    let count = |o| operation_count(&system.pool, o, &|s| is_state[s.0 as usize]);
    assert_eq!(count(&plain), 13_836);
    assert!(count(&factored) <= 10_470, "{}", count(&factored));
}

#[test]
fn jacobians_match_difference_quotients_and_products() {
    for path in all() {
        let mut system = system(&path);
        if let Some((_, factored)) = factored(&mut system) {
            system.blocks[0] = Block::Network(factored);
        }
        let rhs = system.right_hand_side();
        let (jv, direction) = jacobian_vector_product(&mut system);
        let jacobian = jacobian(&mut system);
        let n = system.states.len();
        let mut symbols = numbers(system.pool.n_symbols(), 7);
        let v: Vec<f64> = direction.iter().map(|s| symbols[s.0 as usize]).collect();

        let entries = eval(&system.pool, &jacobian.values, &symbols);
        let mut product = vec![(0.0, 0.0); n];
        let pattern = &jacobian.pattern;
        for (range, v) in pattern.column_starts.windows(2).zip(&v) {
            for k in range[0] as usize..range[1] as usize {
                let row = &mut product[pattern.row_indices[k] as usize];
                let (value, size) = entries[k];
                row.0 += value * v;
                row.1 += size * v.abs();
            }
        }
        for ((found, _), (expected, size)) in eval(&system.pool, &jv, &symbols).iter().zip(&product)
        {
            assert_close(&path, *found, *expected, *size, 1e-11);
        }

        let h = 1e-6;
        let mut shifted = |sign: f64| {
            for (state, v) in system.states.iter().zip(&v) {
                symbols[state.symbol.0 as usize] += sign * h * v;
            }
            eval(&system.pool, &rhs, &symbols)
        };
        let (above, _, below) = (shifted(1.0), shifted(-1.0), shifted(-1.0));
        for i in 0..n {
            let quotient = (above[i].0 - below[i].0) / (2.0 * h);
            let size = product[i].1 + above[i].1;
            assert_close(&path, product[i].0, quotient, size, 1e-7);
        }
    }
}

#[test]
fn only_clocks_make_a_time_derivative() {
    for path in all() {
        let depends = time_derivative(&mut system(&path)).is_some();
        assert!(
            !depends || path.ends_with("test_time.net"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn conserved_totals_are_a_basis_of_the_left_null_space() {
    for path in all() {
        let system = system(&path);
        let columns = columns(&system);
        for total in &system.conserved {
            for column in &columns {
                let balance: f64 = total
                    .weights
                    .iter()
                    .map(|(s, w)| w * column[*s as usize])
                    .sum();
                assert_eq!(balance, 0.0, "{}", path.display());
            }
        }
        let changing = (0..system.states.len()).filter(|&i| columns.iter().any(|c| c[i] != 0.0));
        let expected = changing.count() - rank(columns.clone());
        assert_eq!(system.conserved.len(), expected, "{}", path.display());
        let weights: Vec<Vec<f64>> = system
            .conserved
            .iter()
            .map(|total| dense(&system, total))
            .collect();
        assert_eq!(rank(weights), expected, "{}: independent", path.display());
    }
}

fn dense(
    system: &System,
    total: &ansatz_compiler::system::conservation::ConservedTotal,
) -> Vec<f64> {
    let mut row = vec![0.0; system.states.len()];
    for &(state, weight) in &total.weights {
        row[state as usize] = weight;
    }
    row
}

/// Distinct reactions as vectors of stoichiometries.
fn columns(system: &System) -> Vec<Vec<f64>> {
    let rhs = system.right_hand_side();
    let mut columns = vec![vec![0.0; system.states.len()]; rhs.values.len()];
    for (i, _) in system.states.iter().enumerate() {
        for (k, c) in rhs.row(i) {
            columns[*k as usize][i] += c.to_f64();
        }
    }
    columns.sort_by(|a, b| a.partial_cmp(b).expect("stoichiometries are numbers"));
    columns.dedup();
    columns
}

/// Rank of small integer vectors, modulo a prime.
fn rank(vectors: Vec<Vec<f64>>) -> usize {
    const PRIME: i64 = 1_000_003;
    let mut basis: Vec<(usize, Vec<i64>)> = Vec::new();
    for vector in vectors {
        let mut v: Vec<i64> = vector
            .iter()
            .map(|&x| (x as i64).rem_euclid(PRIME))
            .collect();
        for (pivot, b) in &basis {
            let factor = v[*pivot];
            if factor != 0 {
                v.iter_mut()
                    .zip(b)
                    .for_each(|(x, y)| *x = (*x - factor * y).rem_euclid(PRIME));
            }
        }
        if let Some(pivot) = v.iter().position(|&x| x != 0) {
            let inverse = power(v[pivot], PRIME - 2, PRIME);
            v.iter_mut().for_each(|x| *x = *x * inverse % PRIME);
            basis.push((pivot, v));
        }
    }
    basis.len()
}

fn power(mut base: i64, mut exponent: i64, modulus: i64) -> i64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent /= 2;
    }
    result
}

#[test]
fn totals_of_the_receptor_network_are_its_molecules() {
    let system = system(&egfr());
    assert_eq!(system.conserved.len(), 5);
    let weights = system.conserved.iter().flat_map(|total| &total.weights);
    assert!(weights.clone().all(|(_, w)| *w > 0.0 && w.fract() == 0.0));
}
