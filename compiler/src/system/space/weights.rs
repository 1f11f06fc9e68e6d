//! Exact finite-difference weights.
//!
//! # References
//! [F88] B. Fornberg, *Generation of finite difference formulas on arbitrarily spaced grids*, Math. Comp. 51 (1988) 699–706,
//! doi:10.1090/S0025-5718-1988-0935077-0.

use crate::terms::Number;

/// The weights at `nodes` of the derivative of this order at `at`, exact for polynomials of degree `nodes.len() - 1`. Spacing 1.
///
/// # Panics
/// If two nodes are equal.
pub fn weights(order: usize, nodes: &[Number], at: &Number) -> Vec<Number> {
    let mut table = vec![vec![Number::ZERO; order + 1]; nodes.len()];
    let mut last_product = Number::ONE;
    table[0][0] = Number::ONE;
    for i in 1..nodes.len() {
        let most = i.min(order);
        let (here, before) = (&nodes[i] - at, &nodes[i - 1] - at);
        let mut product = Number::ONE;
        for j in 0..i {
            let inverse = (&nodes[i] - &nodes[j]).recip().expect("nodes differ");
            product = &product * &(&nodes[i] - &nodes[j]);
            if j == i - 1 {
                let scale = &last_product * &product.recip().expect("nodes differ");
                for k in (0..=most).rev() {
                    let lower = lower_part(&table[j], k); // [F88, (3.9)]
                    let sum = &lower - &(&before * &table[j][k]);
                    table[i][k] = &scale * &sum;
                }
            }
            for k in (0..=most).rev() {
                let sum = &(&here * &table[j][k]) - &lower_part(&table[j], k); // [F88, (3.8)]
                table[j][k] = &sum * &inverse;
            }
        }
        last_product = product;
    }
    table
        .into_iter()
        .map(|mut row| row.swap_remove(order))
        .collect()
}

/// `k·row[k - 1]`
fn lower_part(row: &[Number], k: usize) -> Number {
    match k.checked_sub(1) {
        Some(lower) => &Number::integer(k as i64) * &row[lower],
        None => Number::ZERO,
    }
}

/// The weights of values at `nodes` and of derivatives of `orders` at 0 in the value at `at` of the polynomial that takes all of
/// them; `None` when they do not determine one.
pub fn hermite(nodes: &[Number], orders: &[usize], at: &Number) -> Option<Vec<Number>> {
    let n = nodes.len() + orders.len();
    let power = |x: &Number, k: usize| x.checked_pow(k as i64).expect("distances are small");
    let factorial = |k: usize| Number::integer((1..=k as i64).product());
    let row = |k: usize| {
        let of_nodes = nodes.iter().map(|x| power(x, k));
        let of_slopes = orders
            .iter()
            .map(|q| if *q == k { factorial(k) } else { Number::ZERO });
        of_nodes.chain(of_slopes).chain([power(at, k)]).collect()
    };
    solve((0..n).map(row).collect())
}

/// Gauss elimination; the right-hand side is the last column.
fn solve(mut rows: Vec<Vec<Number>>) -> Option<Vec<Number>> {
    let n = rows.len();
    for k in 0..n {
        let pivot = (k..n).find(|i| !rows[*i][k].is_zero())?;
        rows.swap(k, pivot);
        let inverse = rows[k][k].recip()?;
        let pivot_row: Vec<Number> = rows[k].iter().map(|x| x * &inverse).collect();
        for (i, row) in rows.iter_mut().enumerate() {
            if i == k {
                row.clone_from(&pivot_row);
            } else {
                let factor = row[k].clone();
                row.iter_mut()
                    .zip(&pivot_row)
                    .for_each(|(x, p)| *x = &*x - &(&factor * p));
            }
        }
    }
    rows.into_iter().map(|mut row| row.pop()).collect()
}

/// Where a difference is taken: at a node or half-way to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// At a node.
    Node,
    /// Half a spacing above a node.
    Half,
}

/// The narrowest symmetric formula of even accuracy for a derivative: distances in half spacings, ascending, and weights;
/// `sources` says whether the values stand on whole or half spacings away.
pub fn central(order: usize, accuracy: usize, sources: Place) -> Vec<(i32, Number)> {
    let distances: Vec<i32> = match sources {
        Place::Node => {
            let reach = (order.div_ceil(2) + accuracy / 2).saturating_sub(1) as i32;
            (-reach..=reach).map(|d| 2 * d).collect()
        }
        Place::Half => {
            let pairs = (order / 2 + accuracy / 2) as i32;
            (-pairs..pairs).map(|d| 2 * d + 1).collect()
        }
    };
    formula(order, &distances)
}

/// The formula over these distances (in half spacings), without weights that are 0.
pub fn formula(order: usize, distances: &[i32]) -> Vec<(i32, Number)> {
    let half = |d: &i32| Number::ratio((*d).into(), 2).expect("2 is not 0");
    let nodes: Vec<Number> = distances.iter().map(half).collect();
    let weights = weights(order, &nodes, &Number::ZERO);
    let pairs = distances.iter().copied().zip(weights);
    pairs.filter(|(_, w)| !w.is_zero()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratios(formula: &[(i32, Number)]) -> Vec<(i32, i64, i64)> {
        let ratio = |w: &Number| w.as_ratio().expect("small");
        formula
            .iter()
            .map(|(d, w)| (*d, ratio(w).0, ratio(w).1))
            .collect()
    }

    #[test]
    fn known_formulas() {
        let of = |order, accuracy, place| ratios(&central(order, accuracy, place));
        assert_eq!(of(1, 2, Place::Node), [(-2, -1, 2), (2, 1, 2)]);
        assert_eq!(of(2, 2, Place::Node), [(-2, 1, 1), (0, -2, 1), (2, 1, 1)]);
        let fourth = [(-4, -1, 12), (-2, 4, 3), (0, -5, 2), (2, 4, 3), (4, -1, 12)];
        assert_eq!(of(2, 4, Place::Node), fourth);
        assert_eq!(of(4, 2, Place::Node).len(), 5);
        assert_eq!(
            of(3, 2, Place::Node),
            [(-4, -1, 2), (-2, 1, 1), (2, -1, 1), (4, 1, 2)]
        );
        assert_eq!(of(0, 4, Place::Node), [(0, 1, 1)]);
        assert_eq!(of(1, 2, Place::Half), [(-1, -1, 1), (1, 1, 1)]);
        assert_eq!(of(0, 2, Place::Half), [(-1, 1, 2), (1, 1, 2)]);
        let fourth = [(-3, 1, 24), (-1, -9, 8), (1, 9, 8), (3, -1, 24)];
        assert_eq!(of(1, 4, Place::Half), fourth);
        assert_eq!(
            of(0, 4, Place::Half),
            [(-3, -1, 16), (-1, 9, 16), (1, 9, 16), (3, -1, 16)]
        );
        let upwind = [(-4, 1, 6), (-2, -1, 1), (0, 1, 2), (2, 1, 3)];
        assert_eq!(ratios(&formula(1, &[-4, -2, 0, 2])), upwind);
    }

    #[test]
    fn formulas_are_exact_on_polynomials() {
        for order in 0..7_usize {
            for accuracy in [2, 4, 6] {
                for place in [Place::Node, Place::Half] {
                    let formula = central(order, accuracy, place);
                    for degree in 0..(order + accuracy) as i64 {
                        let power = |d: i32| {
                            Number::ratio(d.into(), 2)
                                .unwrap()
                                .checked_pow(degree)
                                .unwrap()
                        };
                        let sum = formula
                            .iter()
                            .fold(Number::ZERO, |s, (d, w)| &s + &(w * &power(*d)));
                        let exact = if degree == order as i64 {
                            (1..=degree).product()
                        } else {
                            0
                        };
                        assert_eq!(
                            sum,
                            Number::integer(exact),
                            "{order} {accuracy} {place:?} {degree}"
                        );
                    }
                }
            }
        }
    }
}
