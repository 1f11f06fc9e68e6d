//! Periodic axes: every operator by differences and by transforms.

use std::f64::consts::TAU;

use super::sketch::{Sketch, bump, distance, scalars};
use crate::model::entities::Method;
use crate::system::space::discretise;
use crate::system::space::interpret::{Interpreter, Values};
use crate::terms::Term;

/// A row in one field.
type Equation = fn(&mut Sketch, Term) -> Term;

/// Equations in one field `u` on a line.
const EQUATIONS: &[(&str, Equation)] = &[
    ("advection", |s, u| s.d("x", u)),
    ("diffusion", |s, u| s.d("xx", u)),
    ("dispersion", |s, u| s.d("xxx", u)),
    ("fourth order", |s, u| s.d("xxxx", u)),
    ("burgers", |s, u| {
        let ux = s.d("x", u);
        s.pool.mul(u, ux)
    }),
    ("flux form", |s, u| {
        let square = s.pool.mul(u, u);
        s.d("x", square)
    }),
    ("nonlinear diffusion", |s, u| {
        let ux = s.d("x", u);
        let flux = s.pool.mul(u, ux);
        s.d("x", flux)
    }),
    ("diffusivity in space", |s, u| {
        let x = s.symbol("x");
        let (d, ux) = (bump(&mut s.pool, x, 2), s.d("x", u));
        let flux = s.pool.mul(d, ux);
        s.d("x", flux)
    }),
    ("cahn hilliard", |s, u| {
        let cube = s.pool.product(&[u, u, u]);
        s.d("xx", cube)
    }),
    ("thin film", |s, u| {
        let uxxx = s.d("xxx", u);
        let flux = s.pool.product(&[u, u, u, uxxx]);
        s.d("x", flux)
    }),
    ("squared slope", |s, u| {
        let ux = s.d("x", u);
        s.pool.mul(ux, ux)
    }),
];

fn line(points: u32, method: Method, equation: Equation) -> (Sketch, Term) {
    let mut s = Sketch::new(&[(points, TAU, true)], method);
    let u = s.field("u");
    let row = equation(&mut s, u);
    s.evolution.rows.push(row);
    let x = s.symbol("x");
    let exact = bump(&mut s.pool, x, 0);
    (s, exact)
}

fn error(points: u32, method: Method, equation: Equation) -> f64 {
    let (mut s, u) = line(points, method, equation);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let (rates, exact) = s.rates(&programs.full, &[u]);
    let size = exact[0].iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    distance(&rates[0], &exact[0]) / size
}

#[test]
fn central_differences_have_their_order() {
    for (name, equation) in EQUATIONS {
        // Coarse enough for round-off not to show.
        for (order, points) in [(2, 128), (4, 96), (6, 64)] {
            let [coarse, fine] =
                [points, 2 * points].map(|n| error(n, Method::Central { order }, *equation));
            let observed = (coarse / fine).log2();
            let expected = f64::from(order);
            assert!(
                (observed - expected).abs() < 0.2,
                "{name} {order}: {observed} {fine}"
            );
        }
    }
}

#[test]
fn transforms_are_exact_when_resolved() {
    for (name, equation) in EQUATIONS {
        let error = error(128, Method::Fourier, *equation);
        assert!(error < 1e-7, "{name}: {error}");
    }
}

#[test]
fn linear_part_and_rest_make_the_whole() {
    for method in [Method::Fourier, Method::Central { order: 4 }] {
        for (name, equation) in EQUATIONS {
            let with_linear = |s: &mut Sketch, u| {
                let (one, dxx) = (s.pool.int(3), s.d("xx", u));
                let row = equation(s, u);
                s.pool.sum(&[row, one, dxx, u])
            };
            let mut s = Sketch::new(&[(40, TAU, true)], method);
            let u = s.field("u");
            let row = with_linear(&mut s, u);
            s.evolution.rows.push(row);
            let x = s.symbol("x");
            let exact = bump(&mut s.pool, x, 0);
            let programs = discretise(&mut s.pool, &s.evolution).unwrap();
            let split = programs.split.unwrap();
            assert!(!split.linear.is_empty(), "{name}");
            let scalars_of = scalars(&s.pool, &split.nonlinear);
            let mut interpreter = Interpreter::new(&split.nonlinear, &s.pool, &scalars_of);
            let u = s.sample(&programs.full, exact);
            let modes = interpreter.to_modes(&u, &split.keep);
            let nodes = interpreter.to_nodes(&modes);
            let rest = interpreter.run(&[Values::Modes(modes.clone())]);
            let Values::Modes(rest) = &rest[0] else {
                panic!()
            };
            let linear = interpreter.multiplied(&modes, &split.linear[0].2);
            let sum: Vec<_> = rest
                .iter()
                .zip(&linear)
                .map(|(a, b)| (a.0 + b.0, a.1 + b.1))
                .collect();
            let sum = interpreter.to_nodes(&sum);
            let full = Interpreter::new(&programs.full, &s.pool, &scalars(&s.pool, &programs.full))
                .rates(&[nodes]);
            let size = full[0].iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            let difference = distance(&sum, &full[0]) / size;
            assert!(difference < 1e-9, "{method:?} {name}: {difference}");
        }
    }
}

#[test]
fn the_cut_comes_from_the_degree() {
    let cut = |name: &str| {
        let (_, equation) = EQUATIONS.iter().find(|e| e.0 == name).unwrap();
        let (mut s, _) = line(32, Method::Fourier, *equation);
        discretise(&mut s.pool, &s.evolution)
            .unwrap()
            .split
            .unwrap()
            .keep
            .to_string()
    };
    assert_eq!(cut("diffusion"), "all");
    assert_eq!(cut("burgers"), "2/3");
    assert_eq!(cut("cahn hilliard"), "0.5");
    assert_eq!(cut("thin film"), "0.4");
    assert_eq!(cut("diffusivity in space"), "2/3");
}

#[test]
fn flux_forms_keep_mass() {
    for name in [
        "flux form",
        "nonlinear diffusion",
        "cahn hilliard",
        "thin film",
        "diffusivity in space",
    ] {
        let (_, equation) = EQUATIONS.iter().find(|e| e.0 == name).unwrap();
        for method in [2, 4, 6]
            .map(|order| Method::Central { order })
            .into_iter()
            .chain([Method::Fourier])
        {
            let (mut s, u) = line(24, method, *equation);
            let programs = discretise(&mut s.pool, &s.evolution).unwrap();
            let (rates, _) = s.rates(&programs.full, &[u]);
            let total: f64 = rates[0].iter().sum();
            let size: f64 = rates[0].iter().map(|r| r.abs()).sum();
            assert!(
                total.abs() < 1e-13 * size,
                "{name} {method:?}: {total} of {size}"
            );
        }
    }
}

#[test]
fn second_order_conservative_diffusion_is_compact() {
    let (_, equation) = EQUATIONS
        .iter()
        .find(|e| e.0 == "nonlinear diffusion")
        .unwrap();
    let (mut s, _) = line(24, Method::Central { order: 2 }, *equation);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let text = programs.full.display(&s.pool).to_string();
    assert!(
        text.contains("u[-1] = a0[-1], u[0] = a0, u[+1] = a0[+1]\n"),
        "{text}"
    );
}

#[test]
fn what_depends_on_place_only_is_computed_once() {
    let (_, equation) = EQUATIONS
        .iter()
        .find(|e| e.0 == "diffusivity in space")
        .unwrap();
    let (mut s, _) = line(24, Method::Central { order: 2 }, *equation);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    assert_eq!(programs.full.setup.len(), 1);
    let terms = programs.full.pointwise_terms();
    let text = s.pool.display(terms[0]).to_string();
    assert!(!text.contains("exp"), "{text}");
}

#[test]
fn burgers_takes_two_transforms_in_modes() {
    let (_, equation) = EQUATIONS.iter().find(|e| e.0 == "burgers").unwrap();
    let (mut s, _) = line(24, Method::Fourier, *equation);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    assert_eq!(programs.split.unwrap().nonlinear.n_transforms(), 2);
}

#[test]
fn multipliers_of_even_operators_are_real() {
    for method in [Method::Fourier, Method::Central { order: 4 }] {
        let (_, equation) = EQUATIONS.iter().find(|e| e.0 == "fourth order").unwrap();
        let (mut s, _) = line(24, method, *equation);
        let split = discretise(&mut s.pool, &s.evolution)
            .unwrap()
            .split
            .unwrap();
        assert_eq!(s.pool.display(split.linear[0].2.im).to_string(), "0");
    }
}
