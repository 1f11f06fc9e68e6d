//! Flux forms, bounds and the text of analyses.

use super::sketch::Sketch;
use crate::model::entities::Method;
use crate::terms::{Number, Term};

fn analysed(mut s: Sketch) -> String {
    let analysis = s.evolution.analyse(&mut s.pool);
    s.evolution.display(&analysis, &s.pool).to_string()
}

fn line() -> (Sketch, Term) {
    let mut s = Sketch::new(&[(16, 1.0, true)], Method::Fourier);
    let u = s.field("u");
    (s, u)
}

#[test]
fn burgers_is_in_flux_form() {
    let (mut s, u) = line();
    let (ux, uxx, nu) = (s.d("x", u), s.d("xx", u), s.symbol("nu"));
    let (advection, diffusion) = (s.pool.mul(u, ux), s.pool.mul(nu, uxx));
    let row = s.pool.sub(diffusion, advection);
    s.evolution.rows.push(row);
    let text = analysed(s);
    assert!(
        text.contains("u: flux along x 0.5*u^2 - nu*dx(u)\n"),
        "{text}"
    );
    assert!(text.contains("u: linear part nu*dxx(u)\n"), "{text}");
    assert!(text.contains("u: rest -u*dx(u) (degree 2)\n"), "{text}");
    assert!(text.contains("speeds along x: u to u\n"), "{text}");
    assert!(text.contains("diffusivity along x: abs(nu)\n"), "{text}");
}

#[test]
fn product_pairs_are_integrated_together() {
    let (mut s, u) = line();
    let w = s.field("w");
    let (ux, wx) = (s.d("x", u), s.d("x", w));
    let (a, b) = (s.pool.mul(u, wx), s.pool.mul(w, ux));
    let row = s.pool.add(a, b);
    let alone = s.pool.neg(a);
    s.evolution.rows.extend([row, alone]);
    let text = analysed(s);
    assert!(text.contains("u: flux along x -u*w\n"), "{text}");
    assert!(
        text.contains("w: no flux form, -u*dx(w) is not a divergence\n"),
        "{text}"
    );
}

#[test]
fn speeds_of_shallow_water_are_exact() {
    let (mut s, h) = line();
    let (q, g) = (s.field("q"), s.symbol("g"));
    let half = s.pool.number(Number::ratio(1, 2).unwrap());
    let (momentum, pressure) = (s.pool.product(&[q, q]), s.pool.product(&[half, g, h, h]));
    let momentum = s.pool.div(momentum, h);
    let flux = s.pool.add(momentum, pressure);
    let (a, b) = (s.d("x", q), s.d("x", flux));
    let rows = [s.pool.neg(a), s.pool.neg(b)];
    s.evolution.rows.extend(rows);
    let analysis = s.evolution.analyse(&mut s.pool);
    let (slow, fast) = analysis.bounds[0].speeds.unwrap();
    let mut values = vec![f64::NAN; s.pool.n_symbols()];
    for (name, value) in [("u", 2.0), ("q", 3.0), ("g", 9.81)] {
        values[s.pool.symbol(name).0 as usize] = value;
    }
    let found = s.pool.eval(&[slow, fast], &values);
    let c = (9.81_f64 * 2.0).sqrt();
    assert!(
        (found[0] - (1.5 - c)).abs() < 1e-12 && (found[1] - (1.5 + c)).abs() < 1e-12,
        "{found:?}"
    );
}
