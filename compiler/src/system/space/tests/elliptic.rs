//! Constraints: `lap(psi) = w` inside a right-hand side.

use super::sketch::{Sketch, distance, span};
use super::walls::{at, value_is};
use crate::model::entities::{Method, Side};
use crate::system::space::discretise;
use crate::system::space::evolution::Solved;
use crate::terms::{Number, Op, Term};

/// `dt(w) = psi` with `lap(psi) = w`, on the unit square with psi = 0 around it or a periodic one of side 2.
fn poisson(points: u32, periodic: bool, method: Method) -> (Sketch, Term) {
    let length = if periodic { 2.0 } else { 1.0 };
    let mut s = Sketch::new(
        &[(points, length, periodic), (points, length, periodic)],
        method,
    );
    let w = s.field("w");
    let psi = unknown(&mut s, "psi");
    let lap = laplacian(&mut s, psi);
    s.evolution.solved[0].residual = s.pool.sub(lap, w);
    s.evolution.rows.push(psi);
    (s, psi)
}

pub fn unknown(s: &mut Sketch, name: &str) -> Term {
    let symbol = s.pool.symbol(name);
    let coordinates = s.coordinates();
    s.pool.set_dependence(symbol, &coordinates);
    let residual = s.pool.int(0);
    s.evolution.solved.push(Solved {
        symbol,
        name: name.to_owned(),
        residual,
        mean: None,
        span: span(),
    });
    s.pool.var(symbol)
}

fn laplacian(s: &mut Sketch, t: Term) -> Term {
    let (xx, yy) = (s.d("xx", t), s.d("yy", t));
    s.pool.add(xx, yy)
}

/// `sin(πx)·sin(2πy)`
fn mode(s: &mut Sketch) -> Term {
    let pi = s.pool.constant("pi");
    let factors = [("x", 1), ("y", 2)].map(|(name, n)| {
        let coordinate = s.symbol(name);
        let angle = s
            .pool
            .monomial(n.into(), &[(pi, Number::ONE), (coordinate, Number::ONE)]);
        s.pool.call(Op::Sin, &[angle])
    });
    s.pool.mul(factors[0], factors[1])
}

fn error(points: u32, periodic: bool, method: Method) -> f64 {
    let (mut s, psi) = poisson(points, periodic, method);
    if !periodic {
        let zero = s.pool.int(0);
        for (axis, side) in [
            (0, Side::Lower),
            (0, Side::Upper),
            (1, Side::Lower),
            (1, Side::Upper),
        ] {
            value_is(&mut s, at(axis, side), psi, zero);
        }
    }
    let exact = mode(&mut s);
    let right = laplacian(&mut s, exact);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let psi = s.sample(&programs.full, exact);
    let (rates, _) = s.rates(&programs.full, &[right]);
    distance(&rates[0], &psi)
}

/// Exact errors from discrete eigenvalues, of `data/pde/poisson_orders.csv` (made for this project): intervals, orders 2, 4, 6.
const ORDERS: &[(u32, [f64; 3])] = &[
    (8, [0.04476185092, 0.003263985623, 0.0003060328625]),
    (16, [0.01098931492, 0.0002118379676, 5.135373942e-06]),
];

#[test]
fn periodic_poisson_has_the_exact_discrete_error() {
    for (n, errors) in ORDERS {
        for (order, expected) in [2, 4, 6].into_iter().zip(errors) {
            // The mode is largest at nodes: sin(π/2) on both axes.
            let found = error(2 * n, true, Method::Central { order });
            assert!(
                (found / expected - 1.0).abs() < 1e-6,
                "{n} {order}: {found} {expected}"
            );
        }
    }
    let spectral = error(16, true, Method::Fourier);
    assert!(spectral < 1e-12, "{spectral}");
}

#[test]
fn walls_have_the_exact_discrete_error() {
    let found = error(9, false, Method::Central { order: 2 });
    assert!((found / ORDERS[0].1[0] - 1.0).abs() < 1e-6, "{found}");
}

#[test]
fn vorticity_needs_four_transforms() {
    let mut s = Sketch::new(&[(16, 2.0, true), (16, 2.0, true)], Method::Fourier);
    let w = s.field("w");
    let psi = unknown(&mut s, "psi");
    let lap = laplacian(&mut s, psi);
    s.evolution.solved[0].residual = s.pool.add(lap, w);
    let (psi_y, psi_x) = (s.d("y", psi), s.d("x", psi));
    let (w_x, w_y) = (s.d("x", w), s.d("y", w));
    let (a, b) = (s.pool.mul(psi_y, w_x), s.pool.mul(psi_x, w_y));
    let (nu, viscous) = (s.symbol("nu"), laplacian(&mut s, w));
    let viscous = s.pool.mul(nu, viscous);
    let row = s.pool.linear(
        Number::ZERO,
        &[(a, (-1).into()), (b, 1.into()), (viscous, 1.into())],
    );
    s.evolution.rows.push(row);
    let split = discretise(&mut s.pool, &s.evolution)
        .unwrap()
        .split
        .unwrap();
    let text = split.nonlinear.display(&s.pool).to_string();
    assert_eq!(
        text.matches("inverse").count() + text.matches("forward").count(),
        4,
        "{text}"
    );
    assert_eq!(split.keep.to_string(), "2/3");
}
