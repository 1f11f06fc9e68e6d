//! Means inside equations, observables and rates.

use std::f64::consts::TAU;

use super::sketch::{Sketch, distance, scalars};
use crate::model::entities::{DomainId, Method, Observable};
use crate::system::space::discretise;
use crate::system::space::interpret::{Interpreter, Values};
use crate::terms::{Op, Term};

fn let_be(s: &mut Sketch, name: &str, value: Term, domain: Option<DomainId>) {
    let (name, unit, doc) = (name.to_owned(), None, None);
    s.evolution.observables.push(Observable {
        name,
        value,
        unit,
        doc,
        domain,
    });
}

#[test]
fn observables_and_rates_are_computed() {
    for method in [Method::Fourier, Method::Central { order: 4 }] {
        let mut s = Sketch::new(&[(64, TAU, true)], method);
        let u = s.field("u");
        let (ux, uxx) = (s.d("x", u), s.d("xx", u));
        let mean = s.pool.reduction(Op::Mean, u);
        let advection = s.pool.mul(u, ux);
        let row = s.pool.sub(uxx, advection);
        let row = s.pool.sub(row, mean);
        s.evolution.rows.push(row);
        let square = s.pool.mul(u, u);
        let energy = s.pool.reduction(Op::Integral, square);
        let half = s.pool.symbol("half");
        let half = s.pool.var(half);
        let energy = s.pool.mul(half, energy);
        let_be(&mut s, "energy", energy, None);
        let_be(&mut s, "slope", ux, Some(DomainId(0)));
        let x = s.symbol("x");
        let (sin, cos) = (s.pool.call(Op::Sin, &[x]), s.pool.call(Op::Cos, &[x]));
        let three = s.pool.int(3);
        let exact = s.pool.add(sin, three);
        let programs = discretise(&mut s.pool, &s.evolution).unwrap();
        let [u, slope] = [exact, cos].map(|t| s.sample(&programs.full, t));

        // The mean of sin(x) + 3 is 3.
        let mut full = Interpreter::new(&programs.full, &s.pool, &scalars(&s.pool, &programs.full));
        let rates = full.rates(std::slice::from_ref(&u)).remove(0);
        let at_0 = -3.0 - 3.0; // -(u·ux) - mean at x = 0
        assert!((rates[0] - at_0).abs() < 1e-4, "{method:?} {}", rates[0]);

        let observed = &programs.observed;
        let mut run = Interpreter::new(
            &observed.program,
            &s.pool,
            &scalars(&s.pool, &observed.program),
        );
        let outputs = run.run(&[Values::Nodes(u.clone())]);
        let Values::Nodes(found) = &outputs[0] else {
            panic!()
        };
        assert_eq!(observed.fields, [1]);
        assert!(distance(found, &slope) < 1e-4);
        let integral = run.scalar(observed.program.reductions[0]);
        assert!((integral - TAU * 9.5).abs() < 1e-10, "{integral}");
        assert_eq!(
            s.pool.display(observed.scalars[0].1).to_string(),
            "half*integral(u^2)"
        );

        let rates = &programs.rates;
        let mut run = Interpreter::new(&rates.program, &s.pool, &scalars(&s.pool, &rates.program));
        run.run(&[Values::Nodes(u)]);
        let h = TAU / 64.0;
        assert!((run.scalar(rates.advection.unwrap()) - 4.0 / h).abs() < 1e-9);
        assert!(run.scalar(rates.diffusion.unwrap()) >= 16.0 / 3.0 / (h * h) * 0.999);
    }
}

#[test]
fn constraints_may_use_means() {
    for method in [Method::Fourier, Method::Central { order: 6 }] {
        let mut s = Sketch::new(&[(48, TAU, true)], method);
        let w = s.field("w");
        let psi = super::elliptic::unknown(&mut s, "psi");
        let (psi_xx, mean) = (s.d("xx", psi), s.pool.reduction(Op::Mean, w));
        // psi'' = w - mean(w); the mean of psi then enters the row.
        let excess = s.pool.sub(w, mean);
        s.evolution.solved[0].residual = s.pool.sub(psi_xx, excess);
        let square = s.pool.mul(psi, psi);
        let strength = s.pool.reduction(Op::Mean, square);
        let row = s.pool.add(psi, strength);
        s.evolution.rows.push(row);
        let x = s.symbol("x");
        let (sin, five) = (s.pool.call(Op::Sin, &[x]), s.pool.int(5));
        let start = s.pool.add(sin, five);
        let programs = discretise(&mut s.pool, &s.evolution).unwrap();
        let half = s.pool.number(crate::terms::Number::ratio(1, 2).unwrap());
        let expected = s.pool.sub(half, sin);
        let [start, expected] = [start, expected].map(|t| s.sample(&programs.full, t));
        let mut full = Interpreter::new(&programs.full, &s.pool, &scalars(&s.pool, &programs.full));
        let error = distance(&full.rates(&[start])[0], &expected);
        assert!(error < 1e-6, "{method:?} {error}");
    }
}

#[test]
fn products_are_transformed_as_often_as_needed() {
    let forwards = |rows: fn(&mut Sketch, Term, Term) -> [Term; 2]| {
        let mut s = Sketch::new(&[(16, TAU, true), (16, TAU, true)], Method::Fourier);
        let (u, v) = (s.field("u"), s.field("v"));
        let rows = rows(&mut s, u, v);
        s.evolution.rows.extend(rows);
        let split = discretise(&mut s.pool, &s.evolution)
            .unwrap()
            .split
            .unwrap();
        split
            .nonlinear
            .display(&s.pool)
            .to_string()
            .matches("forward")
            .count()
    };
    // Gray and Scott: u·v² once for both rows.
    let shared = forwards(|s, u, v| {
        let product = s.pool.product(&[u, v, v]);
        let (feed, one) = (s.symbol("F"), s.pool.int(1));
        let rest = s.pool.sub(one, u);
        let feed = s.pool.mul(feed, rest);
        [s.pool.sub(feed, product), s.pool.sub(product, v)]
    });
    assert_eq!(shared, 1);
    // lap(u³) needs u³ once; dx(u² + u·v) needs the sum once.
    let summed = forwards(|s, u, v| {
        let (square, product, cube) = (
            s.pool.mul(u, u),
            s.pool.mul(u, v),
            s.pool.product(&[u, u, u]),
        );
        let sum = s.pool.add(square, product);
        let (xx, yy) = (s.d("xx", cube), s.d("yy", cube));
        [s.pool.add(xx, yy), s.d("x", sum)]
    });
    assert_eq!(summed, 2);
}
