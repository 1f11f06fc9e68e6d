//! Equal forms of rows: how many transforms are left, and that the values stay.

use std::f64::consts::TAU;

use super::sketch::{Sketch, span};
use crate::model::entities::Method;
use crate::system::space::discretise;
use crate::system::space::evolution::Solved;
use crate::terms::Term;

/// A field with `lap(field) = -source`.
fn stream(s: &mut Sketch, name: &str, source: Term) -> Term {
    let symbol = s.pool.symbol(name);
    let coordinates = s.coordinates();
    s.pool.set_dependence(symbol, &coordinates);
    let psi = s.pool.var(symbol);
    let parts = [s.d("xx", psi), s.d("yy", psi), source];
    let residual = s.pool.sum(&parts);
    s.evolution.solved.push(Solved {
        symbol,
        name: name.to_owned(),
        residual,
        mean: None,
        span: span(),
    });
    psi
}

fn vorticity(points: u32) -> Sketch {
    let mut s = Sketch::new(&[(points, TAU, true), (points, TAU, true)], Method::Fourier);
    let w = s.field("w");
    let psi = stream(&mut s, "psi", w);
    let (u, v) = (s.d("y", psi), s.d("x", psi));
    let (wx, wy) = (s.d("x", w), s.d("y", w));
    let (a, b) = (s.pool.mul(u, wx), s.pool.mul(v, wy));
    let nu = s.symbol("nu");
    let lap = [s.d("xx", w), s.d("yy", w)];
    let lap = s.pool.sum(&lap);
    let diffusion = s.pool.mul(nu, lap);
    let advection = s.pool.sub(b, a);
    let row = s.pool.add(diffusion, advection);
    s.evolution.rows.push(row);
    s
}

#[test]
fn vorticity_takes_four_transforms() {
    let mut s = vorticity(32);
    let start = std::time::Instant::now();
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    eprintln!("{:?}", start.elapsed());
    let split = programs.split.unwrap();
    eprintln!("{}", split.nonlinear.display(&s.pool));
    for r in &programs.rewritten {
        eprintln!("{}", s.pool.display(r.sum));
        for (rule, t) in &r.steps { eprintln!("   {rule:<24} {}", s.pool.display(*t)); }
    }
    assert_eq!(split.nonlinear.n_transforms(), 4);
}
