//! Chebyshev axes, alone and beside Fourier.

use std::f64::consts::TAU;

use super::sketch::{Sketch, bump};
use super::walls::{at, value_is};
use crate::model::entities::{Method, Side};
use crate::system::space::discretise;
use crate::terms::Term;

/// The largest error of rates at nodes that are not fixed.
fn error(mut s: Sketch, u: Term, axis: usize, exact: Term) -> f64 {
    for side in [Side::Lower, Side::Upper] {
        value_is(&mut s, at(axis, side), u, exact);
    }
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    assert!(programs.split.is_none());
    let (rates, exact) = s.rates(&programs.full, &[exact]);
    let inner = rates[0].iter().zip(&exact[0]).filter(|(r, _)| **r != 0.0);
    inner.map(|(r, e)| (r - e).abs()).fold(0.0, f64::max)
}

/// `dx((1 + u²)·dx(u)) + dxx(u)`
fn nonlinear(s: &mut Sketch, u: Term, letter: &str) -> Term {
    let (slope, square, one) = (s.d(letter, u), s.pool.mul(u, u), s.pool.int(1));
    let diffusivity = s.pool.add(one, square);
    let flux = s.pool.mul(diffusivity, slope);
    let divergence = s.d(letter, flux);
    let second = s.d(&letter.repeat(2), u);
    s.pool.add(divergence, second)
}

#[test]
fn smooth_data_is_differentiated_to_round_off() {
    let mut s = Sketch::new(&[(33, 1.5, false)], Method::Chebyshev);
    let (u, x) = (s.field("u"), s.symbol("x"));
    let row = nonlinear(&mut s, u, "x");
    s.evolution.rows.push(row);
    let exact = bump(&mut s.pool, x, 0);
    let error = error(s, u, 0, exact);
    assert!(error < 1e-8, "{error}");
}

#[test]
fn fourier_and_chebyshev_stand_side_by_side() {
    let mut s = Sketch::new(&[(24, TAU, true), (21, 1.0, false)], Method::Fourier);
    s.evolution.choices[1].method = Method::Chebyshev;
    let (u, x, y) = (s.field("u"), s.symbol("x"), s.symbol("y"));
    let (row, uxx, uxy) = (nonlinear(&mut s, u, "y"), s.d("xx", u), s.d("xy", u));
    let product = s.pool.mul(u, uxy);
    let row = s.pool.sum(&[row, uxx, product]);
    s.evolution.rows.push(row);
    let (a, b) = (
        s.pool.call(crate::terms::Op::Sin, &[x]),
        bump(&mut s.pool, y, 0),
    );
    let two = s.pool.int(2);
    let a = s.pool.add(a, two);
    let exact = s.pool.mul(a, b);
    let error = error(s, u, 1, exact);
    assert!(error < 1e-7, "{error}");
}
