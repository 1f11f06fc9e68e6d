//! Upwind differences and WENO finite volumes.

use std::f64::consts::TAU;

use super::sketch::{Sketch, bump, distance, scalars};
use crate::model::entities::{Method, NumericalFlux};
use crate::system::space::discretise;
use crate::system::space::interpret::Interpreter;
use crate::terms::{Op, Term};

const WENO: Method = Method::Weno {
    flux: NumericalFlux::LaxFriedrichs,
};
const WENO_HLL: Method = Method::Weno {
    flux: NumericalFlux::Hll,
};

fn error(points: u32, method: Method, equation: fn(&mut Sketch, Term) -> Term) -> f64 {
    let mut s = Sketch::new(&[(points, TAU, true)], method);
    let u = s.field("u");
    let row = equation(&mut s, u);
    s.evolution.rows.push(row);
    let x = s.symbol("x");
    let exact = bump(&mut s.pool, x, 0);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let (rates, exact) = s.rates(&programs.full, &[exact]);
    distance(&rates[0], &exact[0])
}

fn order(method: Method, equation: fn(&mut Sketch, Term) -> Term) -> f64 {
    let [coarse, fine] = [64, 128].map(|n| error(n, method, equation));
    (coarse / fine).log2()
}

#[test]
fn upwind_has_its_order_with_and_against_the_wind() {
    let along: fn(&mut Sketch, Term) -> Term = |s, u| {
        let ux = s.d("x", u);
        s.pool.neg(ux)
    };
    let against: fn(&mut Sketch, Term) -> Term = |s, u| s.d("x", u);
    let burgers: fn(&mut Sketch, Term) -> Term = |s, u| {
        let ux = s.d("x", u);
        let product = s.pool.mul(u, ux);
        s.pool.neg(product)
    };
    let varying: fn(&mut Sketch, Term) -> Term = |s, u| {
        let (x, ux) = (s.symbol("x"), s.d("x", u));
        let wind = s.pool.call(Op::Sin, &[x]);
        let squared = s.pool.mul(ux, wind);
        let cube = s.pool.product(&[u, u, squared]);
        s.pool.sum(&[cube, squared])
    };
    for equation in [along, against, burgers, varying] {
        for claimed in [1, 3] {
            let observed = order(Method::Upwind { order: claimed }, equation);
            assert!(
                (observed - f64::from(claimed)).abs() < 0.2,
                "{claimed}: {observed}"
            );
        }
    }
}

#[test]
fn weno_is_of_order_5_on_smooth_data() {
    let advection: fn(&mut Sketch, Term) -> Term = |s, u| {
        let ux = s.d("x", u);
        s.pool.neg(ux)
    };
    for method in [WENO, WENO_HLL] {
        let observed = order(method, advection);
        assert!((observed - 5.0).abs() < 0.3, "{method:?} {observed}");
    }
}

#[test]
fn fluxes_keep_mass_and_steps_stay_monotone() {
    for method in [WENO, WENO_HLL, Method::Upwind { order: 3 }] {
        let mut s = Sketch::new(&[(32, 1.0, true)], method);
        let u = s.field("u");
        let square = s.pool.mul(u, u);
        let row = s.d("x", square);
        s.evolution.rows.push(row);
        let programs = discretise(&mut s.pool, &s.evolution).unwrap();
        let step: Vec<f64> = (0..32)
            .map(|i| if (8..20).contains(&i) { 1.0 } else { -0.5 })
            .collect();
        let scalars = scalars(&s.pool, &programs.full);
        let rates = Interpreter::new(&programs.full, &s.pool, &scalars)
            .rates(&[step])
            .remove(0);
        let size: f64 = rates.iter().map(|r| r.abs()).sum();
        assert!(
            rates.iter().sum::<f64>().abs() < 1e-12 * size && size > 1.0,
            "{method:?}"
        );
    }
}

#[test]
fn viscous_parts_stay_with_differences() {
    let mut s = Sketch::new(&[(32, 1.0, true)], WENO);
    let u = s.field("u");
    let (square, uxx) = (s.pool.mul(u, u), s.d("xx", u));
    let advection = s.d("x", square);
    let row = s.pool.sub(uxx, advection);
    s.evolution.rows.push(row);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let text = programs.full.display(&s.pool).to_string();
    assert!(text.contains("flux lax_friedrichs along axis 0 of u[0] = a0, speeds 2*u[0] to 2*u[0]\n  a1 from u[0] by u[0]^2\n"), "{text}");
    assert!(text.contains("a2 = flux(u, x)[0] + "), "{text}");
}
