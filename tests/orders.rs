//! Every scheme and every stepper of fields converges with the order it claims, on models whose solution is known: a source makes it so.
//!
//! A model says itself how far it is off: by the number `off`.

use std::f64::consts::TAU;

use ansatz_runtime::space::steppers::{METHODS, STRONG_STABILITY};
use ansatz_tests::field_runs::{Saved, run};

/// Difference between observed and nominal order.
const MARGIN: f64 = 0.2;

/// How far a model is off at its end, with N points along every axis.
fn off(model: &str, points: u32) -> f64 {
    let saved = run(&model.replace("N points", &format!("{points} points")));
    assert_eq!(saved.outcome.failure, None, "{model}");
    off_at_end(&saved)
}

fn off_at_end(saved: &Saved) -> f64 {
    saved.number(saved.outcome.t, "off")
}

/// Checks the order between grids whose spacings are in the ratio of these numbers of points less `ends`.
fn check_order(case: &str, model: &str, order: f64, points: [u32; 2], ends: u32) {
    let [coarse, fine] = points.map(|n| off(model, n));
    let ratio = f64::from(points[1] - ends) / f64::from(points[0] - ends);
    let found = (coarse / fine).ln() / ratio.ln();
    assert!(
        (found - order).abs() < MARGIN,
        "{case}: order {found:.2} for {order}, {coarse:e} and {fine:e}"
    );
}

/// Burgers' equation along a ring; the solution is a wave that keeps its form.
fn ring(scheme: &str, solver: &str) -> String {
    format!(
        "param nu = 0.1
         domain line: x in 0..2*pi, N points, periodic
         field u on line = 2 + sin(x)
         let w = sin(x - t), c = cos(x - t)
         dt(u) = -u*dx(u) + nu*dxx(u) + (1 + w)*c + nu*w
         let off = maximum(abs(u - 2 - w))
         scheme {scheme}
         simulate {{ until = 1; save = [1]; solver = {solver}; rtol = 1e-11; atol = 1e-12; fields = none }}"
    )
}

#[test]
fn differences_along_a_ring() {
    let cases = [
        ("central(order = 2)", "ETDRK4", 2.0, [32, 64]),
        ("central(order = 4)", "ETDRK4", 4.0, [32, 64]),
        ("central(order = 6)", "ETDRK4", 6.0, [32, 64]),
        ("upwind(order = 1)", "Vern7", 1.0, [256, 512]),
        ("upwind(order = 3)", "Vern7", 3.0, [64, 128]),
    ];
    for (scheme, solver, order, points) in cases {
        check_order(scheme, &ring(scheme, solver), order, points, 0);
    }
}

/// Third and fourth derivatives, products inside of derivatives, and a map.
#[test]
fn differences_of_high_order_and_along_a_map() {
    let model = |map: &str, order: u32| {
        format!(
            "domain line: x in 0..2*pi, N points, periodic{map}
             field u on line = 2 + sin(x)
             let w = sin(x - t), c = cos(x - t)
             dt(u) = -0.1*dxxxx(u) - 0.1*dxxx(u) + 0.1*dx(u*dx(u)) - c + 0.1*w - 0.1*c + 0.1*((2 + w)*w - c^2)
             let off = maximum(abs(u - 2 - w))
             scheme central(order = {order})
             simulate {{ until = 0.5; save = [0.5]; solver = Rodas5P; rtol = 1e-9; atol = 1e-11; fields = none }}"
        )
    };
    for order in [2, 4, 6] {
        for map in ["", ", map x + sin(x)/4"] {
            let case = format!("{order}{map}");
            check_order(&case, &model(map, order), f64::from(order), [32, 64], 0);
        }
    }
}

/// Burgers' equation between walls with these conditions, whose solution has k radians.
fn walls(scheme: &str, map: &str, k: u32, [lower, upper]: [&str; 2]) -> String {
    format!(
        "param k = {k}
         domain rod: x in 0..1, N points{map}
         field u on rod = sin(k*x + 1)
         let s = exp(-t)*sin(k*x + 1), c = exp(-t)*cos(k*x + 1)
         dt(u) = -u*dx(u) + dxx(u) + (k^2 - 1)*s + k*s*c
         at x = 0: {lower}
         at x = 1: {upper}
         let off = maximum(abs(u - s))
         scheme {scheme}
         simulate {{ until = 0.3; save = [0.3]; solver = Rodas5P; rtol = 1e-11; atol = 1e-13; fields = none }}"
    )
}

/// Values, slopes, mixed conditions that are linear in the field or not, all of them changing with time.
const CONDITIONS: [[&str; 2]; 4] = [
    ["u = exp(-t)*sin(1)", "u = exp(-t)*sin(k + 1)"],
    ["dx(u) = k*exp(-t)*cos(1)", "u = exp(-t)*sin(k + 1)"],
    [
        "u = exp(-t)*sin(1)",
        "dx(u) + 2*u = exp(-t)*(k*cos(k + 1) + 2*sin(k + 1))",
    ],
    [
        "dx(u) = u^2 + k*exp(-t)*cos(1) - exp(-2*t)*sin(1)^2",
        "dx(u) + 2*u = exp(-t)*(k*cos(k + 1) + 2*sin(k + 1))",
    ],
];

/// Checks the order from a grid to one twice as fine. The error of closures at walls is of one order more, but the larger one on some
/// grids: what is seen lies between.
fn check_between_walls(case: &str, order: u32, coarse: f64, fine: f64) {
    let found = (coarse / fine).log2();
    let nominal = f64::from(order) - MARGIN..f64::from(order + 1) + MARGIN;
    assert!(
        nominal.contains(&found),
        "{case}: order {found:.2} for {order}, {coarse:e} and {fine:e}"
    );
}

#[test]
fn differences_between_walls() {
    for conditions in CONDITIONS {
        for map in ["", ", map (x + x^2)/2"] {
            for (order, k, points) in [(2, 3, [33, 65]), (4, 3, [65, 129]), (6, 5, [65, 129])] {
                let model = walls(&format!("central(order = {order})"), map, k, conditions);
                let [coarse, fine] = points.map(|n| off(&model, n));
                check_between_walls(&format!("{map} {conditions:?}"), order, coarse, fine);
            }
        }
    }
}

/// Few nodes suffice where the solution is smooth, whatever the conditions.
#[test]
fn chebyshev_between_walls() {
    for conditions in CONDITIONS {
        let [coarse, fine] = [8, 18].map(|n| off(&walls("chebyshev", "", 3, conditions), n));
        assert!(
            fine < 1e-9 && fine < 1e-3 * coarse,
            "{conditions:?}: {coarse:e} and {fine:e}"
        );
    }
    for second in BEAM {
        let [coarse, fine] = [12, 24].map(|n| off(&beam("chebyshev", second), n));
        assert!(
            fine < 1e-7 && fine < 1e-3 * coarse,
            "{second}: {coarse:e} and {fine:e}"
        );
    }
}

/// Nothing passes insulated ends, and what is there spreads evenly however long it takes.
#[test]
fn chebyshev_keeps_what_is_between_insulated_walls() {
    let saved = run("domain rod: x in 0..2, 25 points
        field u on rod = exp(-4*x)
        dt(u) = div((1 + u^2)*grad(u))
        at boundary: dx(u) = 0
        let total = integral(u), range = maximum(u) - minimum(u)
        scheme chebyshev
        simulate { until = 1000; save = points(4); fields = none }");
    assert_eq!(saved.outcome.failure, None);
    let total = |t: f64| saved.number(t, "total");
    for row in &saved.rows {
        assert!((total(row.t) / total(0.0) - 1.0).abs() < 1e-12, "{}", row.t);
    }
    assert!(saved.number(1000.0, "range") < 1e-7);
}

/// A beam, clamped or held, whose solution has seven radians.
const BEAM: [&str; 2] = [
    "dx(u) = 7*exp(-t)*cos(7*x + 1)",
    "dxx(u) = -49*exp(-t)*sin(7*x + 1)",
];

fn beam(scheme: &str, second: &str) -> String {
    format!(
        "domain rod: x in 0..1, N points
         field u on rod = sin(7*x + 1)
         let s = exp(-t)*sin(7*x + 1)
         dt(u) = -dxxxx(u) + 2400*s
         at boundary: u = exp(-t)*sin(7*x + 1), {second}
         let off = maximum(abs(u - s))
         scheme {scheme}
         simulate {{ until = 0.1; save = [0.1]; solver = Rodas5P; rtol = 1e-9; atol = 1e-11; fields = none }}"
    )
}

#[test]
fn fourth_derivatives_between_walls() {
    for second in BEAM {
        for order in [2, 4] {
            let model = beam(&format!("central(order = {order})"), second);
            check_order(second, &model, f64::from(order), [33, 65], 1);
        }
    }
}

/// Sines and cosines that decay: fields between walls that go on as their mirror images, in modes.
#[test]
fn differences_in_sine_and_cosine_modes() {
    for (wave, conditions) in [("sin", "u = 0"), ("cos", "dx(u) = 0")] {
        for order in [2, 4, 6] {
            let model = format!(
                "domain rod: x in 0..1, N points
                 field u on rod = {wave}(pi*x) + {wave}(2*pi*x)
                 dt(u) = dxx(u)
                 at boundary: {conditions}
                 let off = maximum(abs(u - exp(-pi^2*t)*{wave}(pi*x) - exp(-4*pi^2*t)*{wave}(2*pi*x)))
                 scheme central(order = {order})
                 simulate {{ until = 0.05; save = [0.05]; solver = ETDRK4; rtol = 1e-10; atol = 1e-12; fields = none }}"
            );
            check_order(wave, &model, f64::from(order), [17, 33], 1);
        }
    }
}

/// What flows in at one end and out at the other.
#[test]
fn differences_with_inflow_and_outflow() {
    for (scheme, order, points) in [
        ("central(order = 2)", 2.0, [65, 129]),
        ("central(order = 4)", 4.0, [65, 129]),
        ("upwind(order = 1)", 1.0, [129, 257]),
        ("upwind(order = 3)", 3.0, [65, 129]),
    ] {
        let model = format!(
            "domain pipe: x in 0..1, N points
             field u on pipe = sin(3*x)
             dt(u) = -dx(u)
             at x = 0: u = sin(-3*t)
             at x = 1: outflow(u)
             let off = maximum(abs(u - sin(3*(x - t))))
             scheme {scheme}
             simulate {{ until = 0.6; save = [0.6]; solver = Vern7; rtol = 1e-10; atol = 1e-12; fields = none }}"
        );
        check_order(scheme, &model, order, points, 1);
    }
}

/// Mixed derivatives, a condition of another kind on every side, and the corners between them.
#[test]
fn differences_on_a_square() {
    for order in [2, 4] {
        let model = format!(
            "domain square: x in 0..1, N points; y in 0..1, N points
             field u on square = sin(x + 2*y + 1)
             let s = exp(-t)*sin(x + 2*y + 1), c = exp(-t)*cos(x + 2*y + 1)
             dt(u) = lap(u) + dxy(u) + 6*s
             at x = 0: u = s
             at x = 1: dx(u) = c
             at y = 0: dy(u) - u = 2*c - s
             at y = 1: u = s
             let off = maximum(abs(u - s))
             scheme central(order = {order})
             simulate {{ until = 0.2; save = [0.2]; solver = ROCK4; rtol = 1e-8; atol = 1e-9; fields = none }}"
        );
        let [coarse, fine] = [13, 25].map(|n| off(&model, n));
        check_between_walls("square", order, coarse, fine);
    }
}

/// The error falls by the same factor with every point: `ln(error)` is a line whose slope is that of the coefficients of the solution.
fn check_decay(case: &str, model: &str, rate: f64, points: [u32; 2]) {
    let [coarse, fine] = points.map(|n| off(model, n));
    let found = (coarse / fine).ln() / f64::from(points[1] - points[0]);
    assert!(
        (found / rate - 1.0).abs() < MARGIN && fine < 1e-6,
        "{case}: {found:.3} for {rate:.3} a point, {coarse:e} and {fine:e}"
    );
}

/// `1/(a - cos x)` has Fourier coefficients like `(a - √(a² - 1))^k`, up to k = N/2.
#[test]
fn fourier_series_converge_geometrically() {
    let model = "domain line: x in 0..2*pi, N points, periodic
        field u on line = 1/(1.5 - cos(x))
        dt(u) = -dx(u)
        let off = maximum(abs(u - 1/(1.5 - cos(x - t))))
        scheme fourier
        simulate { until = 1; save = [1]; fields = none }";
    let rate = -(1.5 - 1.25_f64.sqrt()).ln() / 2.0;
    check_decay("fourier", model, rate, [24, 40]);
}

/// `1/(a - x)` has Chebyshev coefficients like `(a + √(a² - 1))^-k`, up to k = N - 1.
#[test]
fn chebyshev_series_converge_geometrically() {
    let model = "domain rod: x in -1..1, N points
        field u on rod = 1/(2 - x)
        dt(u) = dxx(u) - exp(-t)*(1/(2 - x) + 2/(2 - x)^3)
        at x = -1: u = exp(-t)/3
        at x = 1: u = exp(-t)
        let off = maximum(abs(u - exp(-t)/(2 - x)))
        scheme chebyshev
        simulate { until = 0.5; save = [0.5]; solver = Rodas5P; rtol = 1e-11; atol = 1e-12; fields = none }";
    check_decay("chebyshev", model, (2.0 + 3_f64.sqrt()).ln(), [8, 14]);
}

/// Cell averages of Burgers' equation before its shock, from the characteristics.
fn averages(n: usize, t: f64) -> Vec<f64> {
    let start = |x: f64| 2.0 + x.sin();
    // The integral of u over x up to the characteristic that starts at s.
    let integral = |s: f64| 2.0 * s - s.cos() + t * start(s).powi(2) / 2.0;
    let h = TAU / n as f64;
    let foot = |x: f64| {
        let mut s = x - t * start(x);
        for _ in 0..50 {
            s -= (s + t * start(s) - x) / (1.0 + t * s.cos());
        }
        s
    };
    let face = |i: usize| integral(foot(i as f64 * h));
    (0..n).map(|i| (face(i + 1) - face(i)) / h).collect()
}

#[test]
fn finite_volumes_have_order_five() {
    for flux in ["lax_friedrichs", "hll"] {
        let error = |n: u32| {
            let saved = run(&format!(
                "param h = 2*pi/{n}
                 domain line: x in 0..2*pi, {n} points, periodic
                 field u on line = 2 + sin(x)*sin(h/2)/(h/2)
                 dt(u) = -dx(u^2/2)
                 scheme weno(order = 5, flux = {flux})
                 simulate {{ until = 0.1; save = [0.1]; solver = Vern7; rtol = 1e-11; atol = 1e-12 }}"
            ));
            assert_eq!(saved.outcome.failure, None);
            let exact = averages(n as usize, 0.1);
            let errors = saved.array(0.1, "u").iter().zip(exact);
            errors.map(|(u, exact)| (u - exact).abs()).sum::<f64>() / f64::from(n)
        };
        let [coarse, fine] = [80, 160].map(error);
        let found = (coarse / fine).log2();
        assert!((found - 5.0).abs() < MARGIN, "{flux}: {found:.2}");
    }
}

/// A stiff linear part, a product, and a source that changes with time.
const STEPPED: &str = "param nu = 0.1
    domain line: x in 0..2*pi, 48 points, periodic
    field u on line = sin(x)
    let w = sin(x - 2*t), c = cos(x - 2*t)
    dt(u) = -u*dx(u) + nu*dxx(u) + w*c - 2*c + nu*w
    let off = maximum(abs(u - w))
    scheme fourier";

#[test]
fn steps_of_equal_length() {
    let split = METHODS.iter().map(|method| (method.name, method.order));
    let bounded = STRONG_STABILITY.iter();
    let bounded = bounded.map(|method| (method.name, method.order));
    for (solver, order) in split.chain(bounded) {
        let error = |steps: f64| {
            let dt = 1.0 / steps;
            let saved = run(&format!(
                "{STEPPED}
                 simulate {{ until = 1; save = [1]; solver = {solver}; dt = {dt}; fields = none }}"
            ));
            assert_eq!(saved.outcome.failure, None, "{solver}");
            off_at_end(&saved)
        };
        let [coarse, fine] = [80.0, 160.0].map(error);
        let found = (coarse / fine).log2();
        assert!(
            (found - f64::from(order)).abs() < MARGIN,
            "{solver}: order {found:.2} for {order}, {coarse:e} and {fine:e}"
        );
    }
}

/// The error at the end and the number of steps of a method that chooses them.
fn by_tolerance(solver: &str, rtol: f64) -> (f64, f64) {
    let saved = run(&format!(
        "{STEPPED}
         simulate {{ until = 3; save = [3]; solver = {solver}; rtol = {rtol:e}; atol = {rtol:e}; fields = none }}"
    ));
    assert_eq!(saved.outcome.failure, None, "{solver}");
    (off_at_end(&saved), saved.outcome.counts.steps as f64)
}

/// The error falls with the number of steps to the power of the order.
#[test]
fn steps_of_chosen_length() {
    for (solver, order) in [
        ("ROCK2", 2.0),
        ("ROCK4", 4.0),
        ("ETDRK4", 4.0),
        ("ARK436L2SA", 4.0),
        ("Rodas5P", 5.0),
    ] {
        let [(coarse, few), (fine, many)] = [1e-6, 1e-9].map(|rtol| by_tolerance(solver, rtol));
        let found = (coarse / fine).ln() / (many / few).ln();
        assert!(
            (found - order).abs() < MARGIN,
            "{solver}: order {found:.2} for {order}, {coarse:e} and {fine:e} in {few} and {many} steps"
        );
    }
}

/// The order of BDF varies; its error follows the tolerance.
#[test]
fn steps_of_varying_order() {
    for solver in ["BDF", "BDF_Krylov"] {
        let [(coarse, _), (fine, _)] = [1e-5, 1e-9].map(|rtol| by_tolerance(solver, rtol));
        let found = (coarse / fine).log10() / 4.0;
        assert!(
            (found - 1.0).abs() < MARGIN,
            "{solver}: {found:.2}, {coarse:e} and {fine:e}"
        );
    }
}
