//! Axes with faces: manufactured steady solutions for every kind of condition.

use super::sketch::{Sketch, bump, distance, scalars, span};
use crate::model::entities::{Condition, ConditionKind, DomainId, Face, Method, Side, StateId};
use crate::system::space::discretise;
use crate::system::space::error::SpaceError;
use crate::system::space::interpret::Interpreter;
use crate::terms::{Number, Op, Term};

/// A condition: what is given at the face, from the field; `None` is outflow.
type Given = Option<fn(&mut Sketch, Term) -> Term>;

const VALUE: Given = Some(|_, u| u);
const SLOPE: Given = Some(|s, u| s.d("x", u));
const CURVATURE: Given = Some(|s, u| s.d("xx", u));
const ROBIN: Given = Some(|s, u| {
    let (k, ux) = (s.symbol("k"), s.d("x", u));
    let ku = s.pool.mul(k, u);
    s.pool.add(ux, ku)
});
const RADIATION: Given = Some(|s, u| {
    let ux = s.d("x", u);
    let power = s.pool.product(&[u, u, u, u]);
    s.pool.add(ux, power)
});
const OUTFLOW: Given = None;

struct Case {
    name: &'static str,
    row: fn(&mut Sketch, Term) -> Term,
    lower: &'static [Given],
    upper: &'static [Given],
}

const DIFFUSION: fn(&mut Sketch, Term) -> Term = |s, u| s.d("xx", u);
const VARIABLE: fn(&mut Sketch, Term) -> Term = |s, u| {
    let square = s.pool.mul(u, u);
    let one = s.pool.int(1);
    let (d, ux) = (s.pool.add(one, square), s.d("x", u));
    let flux = s.pool.mul(d, ux);
    s.d("x", flux)
};
const ADVECTION: fn(&mut Sketch, Term) -> Term = |s, u| {
    let ux = s.d("x", u);
    s.pool.neg(ux)
};
const BEAM: fn(&mut Sketch, Term) -> Term = |s, u| {
    let fourth = s.d("xxxx", u);
    s.pool.neg(fourth)
};

const CASES: &[Case] = &[
    Case {
        name: "values",
        row: DIFFUSION,
        lower: &[VALUE],
        upper: &[VALUE],
    },
    Case {
        name: "slope",
        row: DIFFUSION,
        lower: &[SLOPE],
        upper: &[VALUE],
    },
    Case {
        name: "slope above",
        row: DIFFUSION,
        lower: &[VALUE],
        upper: &[SLOPE],
    },
    Case {
        name: "robin",
        row: DIFFUSION,
        lower: &[VALUE],
        upper: &[ROBIN],
    },
    Case {
        name: "radiation",
        row: DIFFUSION,
        lower: &[VALUE],
        upper: &[RADIATION],
    },
    Case {
        name: "variable",
        row: VARIABLE,
        lower: &[SLOPE],
        upper: &[VALUE],
    },
    Case {
        name: "advection",
        row: ADVECTION,
        lower: &[VALUE],
        upper: &[OUTFLOW],
    },
];

const BEAMS: &[Case] = &[
    Case {
        name: "clamped",
        row: BEAM,
        lower: &[VALUE, SLOPE],
        upper: &[VALUE, SLOPE],
    },
    Case {
        name: "supported",
        row: BEAM,
        lower: &[VALUE, CURVATURE],
        upper: &[CURVATURE, VALUE],
    },
];

pub fn at(axis: usize, side: Side) -> Face {
    Face {
        domain: DomainId(0),
        axis,
        side,
    }
}

/// `u = value` at a face.
pub fn value_is(s: &mut Sketch, face: Face, u: Term, value: Term) {
    give(s, face, VALUE, u, value);
}

fn give(s: &mut Sketch, face: Face, given: Given, u: Term, exact: Term) {
    let kind = match given {
        None => ConditionKind::Outflow(StateId(0)),
        Some(given) => {
            let (left, right) = (given(s, u), given(s, exact));
            ConditionKind::Equation(s.pool.sub(left, right))
        }
    };
    s.evolution.conditions.push(Condition {
        face,
        kind,
        span: span(),
    });
}

/// A field with the given row whose steady state is known.
fn sketch(points: u32, method: Method, case: &Case) -> (Sketch, Term) {
    let mut s = Sketch::new(&[(points, 1.5, false)], method);
    let (u, x) = (s.field("u"), s.symbol("x"));
    // All derivatives have one sign, so that errors do not cancel.
    let exact = s.pool.call(Op::Exp, &[x]);
    let (row, source) = ((case.row)(&mut s, u), (case.row)(&mut s, exact));
    let row = s.pool.sub(row, source);
    s.evolution.rows.push(row);
    for (side, given) in [(Side::Lower, case.lower), (Side::Upper, case.upper)] {
        given
            .iter()
            .for_each(|g| give(&mut s, at(0, side), *g, u, exact));
    }
    (s, exact)
}

/// The largest error of the discrete steady state, by Newton's method with difference quotients.
fn error(points: u32, method: Method, case: &Case) -> f64 {
    let (s, exact) = sketch(points, method, case);
    steady_error(s, exact)
}

fn steady_error(mut s: Sketch, exact: Term) -> f64 {
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let exact = s.sample(&programs.full, exact);
    let mut interpreter =
        Interpreter::new(&programs.full, &s.pool, &scalars(&s.pool, &programs.full));
    let mut u: Vec<f64> = exact.iter().map(|v| v + 0.01).collect();
    loop {
        let rates = interpreter.rates(&[u.clone()]).remove(0);
        u = interpreter.inputs()[0].to_vec();
        let n = u.len();
        let mut rows = vec![vec![0.0; n + 1]; n];
        for j in 0..n {
            const STEP: f64 = 1e-6;
            let mut moved = u.clone();
            moved[j] += STEP;
            for (row, (a, b)) in rows
                .iter_mut()
                .zip(interpreter.rates(&[moved])[0].iter().zip(&rates))
            {
                row[j] = (a - b) / STEP;
            }
        }
        for (i, row) in rows.iter_mut().enumerate() {
            if row.iter().all(|v| *v == 0.0) {
                row[i] = 1.0; // fixed
            }
            row[n] = -rates[i];
        }
        let step = crate::system::space::interpret::eliminate(rows);
        let size = step.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
        u.iter_mut().zip(step).for_each(|(u, d)| *u += d);
        if size < 1e-6 {
            return distance(&u, &exact);
        }
    }
}

#[test]
fn mapped_axes_have_the_order_of_the_scheme() {
    let mapped = |points: u32, order: u32, case: &Case| {
        let (mut s, exact) = sketch(points, Method::Central { order }, case);
        // Finer towards the lower end: x = ξ(1 + ξ)/2.5 keeps 0 and 1.5.
        let (x, one) = (s.symbol("x"), s.pool.int(1));
        let sum = s.pool.add(one, x);
        let fifth = Number::ratio(2, 5).unwrap();
        s.evolution.axes[0].map = Some(s.pool.monomial(fifth, &[(x, 1.into()), (sum, 1.into())]));
        steady_error(s, exact)
    };
    for case in CASES
        .iter()
        .filter(|c| ["slope", "robin", "variable"].contains(&c.name))
    {
        for order in [2, 4] {
            let errors = [33, 65].map(|n| mapped(n, order, case));
            let observed = (errors[0] / errors[1]).log2();
            assert!(
                observed > f64::from(order) - 0.2,
                "{} {order}: {observed} {errors:?}",
                case.name
            );
        }
    }
}

/// The observed order is at least that of the scheme.
fn check_order(order: u32, cases: &[Case], [coarse, fine]: [u32; 2]) {
    for case in cases {
        let errors = [coarse, fine].map(|n| error(n, Method::Central { order }, case));
        let refined = f64::from(fine - 1) / f64::from(coarse - 1);
        let observed = (errors[0] / errors[1]).ln() / refined.ln();
        assert!(
            observed > f64::from(order) - 0.2,
            "{} {order}: {observed} {errors:?}",
            case.name
        );
    }
}

#[test]
fn steady_states_have_the_order_of_the_scheme() {
    for order in [2, 4, 6] {
        check_order(order, CASES, [17, 33]);
    }
}

#[test]
fn beams_have_the_order_of_the_scheme() {
    check_order(2, BEAMS, [17, 33]);
    check_order(4, BEAMS, [17, 65]);
    check_order(6, BEAMS, [9, 17]); // round-off shows on finer grids
}

#[test]
fn corners_are_as_good_as_edges() {
    let error = |points: u32, order: u32| {
        let mut s = Sketch::new(
            &[(points, 1.0, false), (points, 1.0, false)],
            Method::Central { order },
        );
        let u = s.field("u");
        let row = s.d("xy", u);
        let (uxx, uyy) = (s.d("xx", u), s.d("yy", u));
        let row = s.pool.sum(&[row, uxx, uyy]);
        s.evolution.rows.push(row);
        let (x, y) = (s.symbol("x"), s.symbol("y"));
        let (a, b) = (bump(&mut s.pool, x, 2), bump(&mut s.pool, y, 1));
        let exact = s.pool.mul(a, b);
        let slope_y: Given = Some(|s, u| s.d("y", u));
        give(&mut s, at(0, Side::Lower), SLOPE, u, exact);
        give(&mut s, at(0, Side::Upper), VALUE, u, exact);
        give(&mut s, at(1, Side::Lower), slope_y, u, exact);
        give(&mut s, at(1, Side::Upper), slope_y, u, exact);
        let programs = discretise(&mut s.pool, &s.evolution).unwrap();
        let (rates, exact) = s.rates(&programs.full, &[exact]);
        // Rates of fixed nodes are 0.
        let pairs = rates[0].iter().zip(&exact[0]).filter(|(r, _)| **r != 0.0);
        pairs.map(|(r, e)| (r - e).abs()).fold(0.0, f64::max)
    };
    for order in [2, 4] {
        let [coarse, fine] = [17, 33].map(|n| error(n, order));
        let observed = (coarse / fine).log2();
        // Ghost values of order p + 1 in second derivatives.
        assert!(
            observed > f64::from(order) - 1.2,
            "{order}: {observed} {fine}"
        );
    }
}

#[test]
fn walls_without_flux_keep_mass() {
    let mut s = Sketch::new(&[(20, 1.0, false)], Method::Central { order: 2 });
    let u = s.field("u");
    let row = VARIABLE(&mut s, u);
    s.evolution.rows.push(row);
    let zero = s.pool.int(0);
    for side in [Side::Lower, Side::Upper] {
        give(&mut s, at(0, side), SLOPE, u, zero);
    }
    let x = s.symbol("x");
    let start = bump(&mut s.pool, x, 0);
    let programs = discretise(&mut s.pool, &s.evolution).unwrap();
    let (rates, _) = s.rates(&programs.full, &[start]);
    let rates = &rates[0];
    let ends = (rates[0] + rates[19]) / 2.0;
    let total = ends + rates[1..19].iter().sum::<f64>();
    let size: f64 = rates.iter().map(|r| r.abs()).sum();
    assert!(total.abs() < 1e-14 * size, "{total} of {size}");
}

#[test]
fn conditions_are_counted() {
    let errors =
        |row: fn(&mut Sketch, Term) -> Term, lower: &[Given], upper: &[Given], periodic| {
            let mut s = Sketch::new(&[(16, 1.0, periodic)], Method::Central { order: 2 });
            let u = s.field("u");
            let row = row(&mut s, u);
            s.evolution.rows.push(row);
            let zero = s.pool.int(0);
            for (side, given) in [(Side::Lower, lower), (Side::Upper, upper)] {
                given
                    .iter()
                    .for_each(|g| give(&mut s, at(0, side), *g, u, zero));
            }
            discretise(&mut s.pool, &s.evolution)
                .err()
                .unwrap_or_default()
        };
    assert_eq!(errors(DIFFUSION, &[VALUE], &[SLOPE], false), []);
    let missing = errors(DIFFUSION, &[VALUE], &[], false);
    assert!(
        matches!(&missing[..], [SpaceError::MissingCondition { field, face, .. }] if field == "u" && face == "the upper end of `x`")
    );
    let surplus = errors(DIFFUSION, &[VALUE, SLOPE], &[VALUE], false);
    assert!(matches!(
        &surplus[..],
        [SpaceError::SurplusCondition { .. }]
    ));
    assert_eq!(errors(BEAM, &[VALUE], &[VALUE, SLOPE], false).len(), 1);
    assert_eq!(errors(ADVECTION, &[VALUE], &[], false).len(), 1);
    let high = errors(DIFFUSION, &[VALUE], &[CURVATURE], false);
    assert!(
        matches!(&high[..], [SpaceError::ConditionOrder { .. }]),
        "{high:?}"
    );
    let dispersion: fn(&mut Sketch, Term) -> Term = |s, u| s.d("xxx", u);
    assert_eq!(errors(dispersion, &[VALUE], &[VALUE, SLOPE], false), []);
    assert!(matches!(
        &errors(dispersion, &[VALUE], &[VALUE], false)[..],
        [SpaceError::OddConditions { .. }]
    ));
}
