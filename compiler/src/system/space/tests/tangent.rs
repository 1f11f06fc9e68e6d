//! `J·v` against difference quotients.

use super::sketch::{Sketch, bump, distance, scalars};
use super::walls::{at, value_is};
use crate::model::entities::{Method, Side};
use crate::system::space::discretise;
use crate::system::space::interpret::Interpreter;
use crate::system::space::tangent::{stencil_jacobian, tangent};

fn sketch(method: Method, periodic: bool) -> Sketch {
    let mut s = Sketch::new(&[(16, 6.0, periodic)], method);
    let (u, w) = (s.field("u"), s.field("w"));
    let (ux, wx) = (s.d("x", u), s.d("x", w));
    let (flux, product) = (s.pool.mul(w, ux), s.pool.product(&[u, u, wx]));
    let (a, b) = (s.d("x", flux), s.d("xx", w));
    let rows = [s.pool.sub(a, product), s.pool.add(b, product)];
    s.evolution.rows.extend(rows);
    if !periodic {
        let (cube, zero) = (s.pool.product(&[u, u, w]), s.pool.int(0));
        for side in [Side::Lower, Side::Upper] {
            value_is(&mut s, at(0, side), u, zero);
            // State-dependent: dx(w) = u²w.
            value_is(&mut s, at(0, side), wx, cube);
        }
    }
    s
}

#[test]
fn tangents_are_derivatives() {
    for (method, periodic) in [
        (Method::Central { order: 2 }, true),
        (Method::Central { order: 4 }, false),
        (Method::Fourier, true),
    ] {
        let mut s = sketch(method, periodic);
        let programs = discretise(&mut s.pool, &s.evolution).unwrap();
        let tangent = tangent(&mut s.pool, &s.evolution).unwrap();
        let x = s.symbol("x");
        let starts: Vec<_> = (0..4).map(|i| bump(&mut s.pool, x, i)).collect();
        let values: Vec<Vec<f64>> = starts
            .iter()
            .map(|t| s.sample(&programs.full, *t))
            .collect();
        let mut along = Interpreter::new(&tangent, &s.pool, &scalars(&s.pool, &tangent));
        let products = along.run(
            &values
                .iter()
                .cloned()
                .map(crate::system::space::interpret::Values::Nodes)
                .collect::<Vec<_>>(),
        );
        let mut full = Interpreter::new(&programs.full, &s.pool, &scalars(&s.pool, &programs.full));
        const STEP: f64 = 1e-5;
        let moved = |sign: f64, k: usize| -> Vec<f64> {
            values[k]
                .iter()
                .zip(&values[k + 2])
                .map(|(u, v)| u + sign * STEP * v)
                .collect()
        };
        let up = full.rates(&[moved(1.0, 0), moved(1.0, 1)]);
        let down = full.rates(&[moved(-1.0, 0), moved(-1.0, 1)]);
        for (k, product) in products.iter().enumerate() {
            let crate::system::space::interpret::Values::Nodes(product) = product else {
                panic!()
            };
            let quotient: Vec<f64> = up[k]
                .iter()
                .zip(&down[k])
                .map(|(a, b)| (a - b) / (2.0 * STEP))
                .collect();
            let inner = if periodic { 0..16 } else { 1..15 };
            let size = product.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            let error = distance(&product[inner.clone()], &quotient[inner]) / size;
            assert!(error < 1e-7, "{method:?} {k}: {error}");
        }
    }
}

#[test]
fn jacobians_of_stencils_have_an_entry_per_read() {
    let mut s = sketch(Method::Central { order: 2 }, false);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let jacobian = stencil_jacobian(&mut s.pool, &programs.full).unwrap();
    // u and w at three nodes in one row, w at three and u at one in the other.
    assert_eq!(jacobian.entries.len(), 10);
    // The fixed node depends on nothing; ghosts do.
    assert!(jacobian.nodes.iter().all(Vec::is_empty));
    assert!(
        jacobian
            .ghosts
            .iter()
            .flatten()
            .all(|ghost| !ghost.is_empty())
    );
}
