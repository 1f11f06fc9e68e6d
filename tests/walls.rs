//! Fields between walls: Chebyshev derivatives and elliptic equations, against the reference interpreter and exact solutions.

use std::f64::consts::PI;

use ansatz_runtime::space::steppers::BoundedEquations;
use ansatz_tests::field_runs::reference;
use ansatz_tests::fields::Fields;

/// The rates of a text, after comparing with the reference interpreter.
fn rates(text: &str, t: f64, values: &dyn Fn(usize, [f64; 3]) -> f64) -> (Fields, Vec<f64>) {
    let mut fields = Fields::new(text, f64::INFINITY);
    let u = fields.nodes(values);
    let mut rates = vec![f64::NAN; u.len()];
    fields.rhs(t, &u, &mut rates);
    let reference = fields.reference(t, &u);
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let size = largest(&mut reference.iter().map(|r| r.abs()));
    let error = largest(&mut rates.iter().zip(&reference).map(|(a, b)| (a - b).abs()));
    assert!(
        size > 0.0 && error < 1e-9 * size,
        "{error} of {size}\n{text}"
    );
    (fields, rates)
}

/// The largest error at nodes between the walls.
fn error(fields: &Fields, rates: &[f64], exact: &dyn Fn([f64; 3]) -> f64) -> f64 {
    let exact = fields.nodes(&|_, x| exact(x));
    let inner = rates.iter().zip(&exact).filter(|(rate, _)| **rate != 0.0);
    inner.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn chebyshev_derivatives_are_exact_to_rounding() {
    let text = "
        domain line: x in 0..1.5, 24 points
        field u on line = 0
        dt(u) = dx((1 + u^2)*dx(u)) + x*dx(u)
        at x = 0: u = 1
        at x = 1.5: u = exp(1.5)
        scheme chebyshev";
    let (fields, rates) = rates(text, 0.0, &|_, [x, _, _]| x.exp());
    let exact = |[x, _, _]: [f64; 3]| x.exp() * (1.0 + x) + 3.0 * (3.0 * x).exp();
    let error = error(&fields, &rates, &exact);
    assert!(error < 1e-9, "{error}");
}

#[test]
fn normals_point_out_of_the_domain() {
    let model = |conditions: &str| {
        format!(
            "param h = 2
             domain square: x in 0..1, 8 points; y in 0..2, 9 points
             field u on square = 0
             dt(u) = lap(u)
             {conditions}"
        )
    };
    let written_out = model(
        "at x = 0: -dx(u) = h*(sin(t) - u)
         at x = 1: dx(u) = h*(sin(t) - u)
         at y = 0: -dy(u) = h*(sin(t) - u)
         at y = 2: dy(u) = h*(sin(t) - u)",
    );
    let start = |_: usize, [x, y, _]: [f64; 3]| x * x + (3.0 * y).sin();
    let (_, expected) = rates(&written_out, 0.3, &start);
    let (_, found) = rates(&model("at boundary: dn(u) = h*(sin(t) - u)"), 0.3, &start);
    assert_eq!(found, expected);
}

#[test]
fn chebyshev_stands_beside_fourier() {
    let text = "
        domain channel: x in 0..2*pi, 16 points, periodic; y in -1..1, 17 points
        field u on channel = 0
        dt(u) = u*dx(u) + dxx(u) + dyy(u) + dxy(u)
        at y = -1: u = 0
        at y = 1: u = 0
        scheme x: fourier, y: chebyshev";
    let (fields, rates) = rates(text, 0.0, &|_, [x, y, _]| (PI * y).sin() * x.sin());
    let exact = |[x, y, _]: [f64; 3]| {
        let (s, c) = (PI * y).sin_cos();
        s * s * x.sin() * x.cos() - (1.0 + PI * PI) * s * x.sin() + PI * c * x.cos()
    };
    let error = error(&fields, &rates, &exact);
    assert!(error < 1e-8, "{error}");
}

#[test]
fn chebyshev_along_the_first_axis_of_three() {
    let text = "
        domain slab: x in 0..1, 13 points; y in 0..2*pi, 8 points, periodic; z in 0..2, 11 points
        field u on slab = 0
        dt(u) = dxx(u) + dzz(u) + u*dy(u)
        at x = 0: u = 0
        at x = 1: u = 1 + cos(y)
        at z = 0: u = sin(t)
        at z = 2: u = 0
        scheme x: chebyshev, y: fourier, z: chebyshev";
    rates(text, 0.4, &|_, [x, y, z]| {
        x * (2.0 - x) * (1.0 + y.cos()) * (2.0 - z).exp()
    });
}

/// `lap(psi) = w` with these conditions and more, as the rate of w.
fn poisson(axes: &str, conditions: &str, operator: &str, mean: &str) -> String {
    format!(
        "domain box: {axes}
        field w on box = 0
        field psi on box
        constraint {operator} = w{mean}
        dt(w) = psi
        {conditions}"
    )
}

/// Steps of both kinds, conditions of every kind, mixed derivatives, coefficients that vary.
#[test]
fn elliptic_equations_agree_with_the_reference() {
    let square = "x in 0..1, 9 points; y in 0..2, 8 points";
    let channel = "x in 0..2*pi, 10 points, periodic; y in 0..1, 9 points";
    let cases = [
        (
            "x in 0..3, 20 points",
            "at x = 0: psi = 1 + t\nat x = 3: dx(psi) + 2*psi = 1",
            "dxx(psi)",
            "",
        ),
        (square, "at boundary: psi = x*y", "lap(psi)", ""),
        (
            square,
            "at x = 0, x = 1: dx(psi) = y\nat y = 0: psi = t\nat y = 2: dy(psi) + psi = x",
            "dx((1 + x*y)*dx(psi)) + dyy(psi) + 0.3*dxy(psi) - psi",
            "",
        ),
        (
            channel,
            "at y = 0: psi = 0\nat y = 1: psi = sin(x)",
            "lap(psi)",
            "",
        ),
        (
            channel,
            "at y = 0: psi = 0\nat y = 1: dy(psi) = 0\nscheme central(order = 4)",
            "lap(psi) + 2*dx(psi)",
            "",
        ),
        (
            channel,
            "at y = 0, y = 1: dy(psi) = 0",
            "lap(psi)",
            ", mean(psi) = t",
        ),
        (
            square,
            "at x = 0, x = 1: dx(psi) = y\nat y = 0, y = 2: dy(psi) = 0\nscheme central(order = 2)",
            "lap(psi)",
            ", mean(psi) = 0.5",
        ),
        (
            "x in 0..1, 5 points; y in 0..1, 6 points, periodic; z in 0..1, 5 points",
            "at x = 0, x = 1: psi = 0\nat z = 0: dz(psi) = 1\nat z = 1: psi = y",
            "lap(psi) - (1 + z)*psi",
            "",
        ),
    ];
    for (axes, conditions, operator, mean) in cases {
        let text = poisson(axes, conditions, operator, mean);
        rates(&text, 0.7, &|_, [x, y, z]| {
            (3.0 * x).sin() + (2.0 * y).cos() * (1.0 + z * x)
        });
    }
}

/// psi = sin(πx)·sin(2πy) on the unit square: |1 - exact/discrete eigenvalue|.
#[test]
fn poisson_problems_have_the_error_of_second_differences() {
    for row in reference("poisson_orders") {
        let (n, expected) = (row[0] as usize, row[1]);
        if n > 64 {
            continue;
        }
        let axes = format!("x in 0..1, {} points; y in 0..1, {} points", n + 1, n + 1);
        let conditions = "at boundary: psi = 0\nscheme central(order = 2)";
        let mut fields = Fields::new(&poisson(&axes, conditions, "lap(psi)", ""), f64::INFINITY);
        let mode = |[x, y, _]: [f64; 3]| (PI * x).sin() * (2.0 * PI * y).sin();
        let w = fields.nodes(&|_, x| -5.0 * PI * PI * mode(x));
        let mut psi = vec![0.0; w.len()];
        // Twice: factors are kept.
        fields.rhs(0.0, &w, &mut psi);
        fields.rhs(0.0, &w, &mut psi);
        let error = error(&fields, &psi, &mode);
        assert!((error / expected - 1.0).abs() < 1e-6, "{n}: {error}");
    }
}

/// Fluxes through the walls and sources that do not balance: the difference is spread evenly, and the mean is as asked.
#[test]
fn open_problems_are_balanced() {
    let axes = "x in 0..1, 33 points; y in 0..1, 17 points";
    let conditions = "at x = 0, x = 1: dx(psi) = 0\nat y = 0, y = 1: dy(psi) = 0";
    let text = poisson(axes, conditions, "lap(psi)", ", mean(psi) = 2");
    let mut fields = Fields::new(&text, f64::INFINITY);
    let mode = |[x, y, _]: [f64; 3]| (PI * x).cos() * (PI * y).cos();
    let w = fields.nodes(&|_, x| 7.0 - 2.0 * PI * PI * mode(x));
    let mut psi = vec![0.0; w.len()];
    fields.rhs(0.0, &w, &mut psi);
    let error = error(&fields, &psi, &|x| 2.0 + mode(x));
    assert!(error < 3e-3, "{error}");
}

/// Boxes too large for factors: polynomials of second degree, which differences of any order have exactly.
#[test]
fn boxes_are_solved_by_cycles() {
    let axes = "x in 0..1, 25 points; y in 0..2, 25 points; z in 0..1, 17 points";
    let exact = |[x, y, z]: [f64; 3]| x * x - y * y / 2.0 + 3.0 * z * z + x * y - z;
    let all_values = "at boundary: psi = x^2 - y^2/2 + 3*z^2 + x*y - z";
    let slopes = "at x = 0: dx(psi) = y
        at x = 1: dx(psi) = 2 + y
        at y = 0: dy(psi) = x
        at y = 2: dy(psi) = x - 2
        at z = 0: dz(psi) = -1";
    let one_value = format!("{slopes}\nat z = 1: psi = x^2 - y^2/2 + x*y + 2");
    let no_value = format!("{slopes}\nat z = 1: dz(psi) = 5");
    for order in [2, 4] {
        for (conditions, mean) in [(all_values, false), (&one_value, false), (&no_value, true)] {
            let conditions = format!("{conditions}\nscheme central(order = {order})");
            let set = if mean { ", mean(psi) = 0" } else { "" };
            let text = poisson(axes, &conditions, "2*lap(psi)", set);
            let mut fields = Fields::new(&text, f64::INFINITY);
            let w = fields.nodes(&|_, _| 14.0);
            let mut psi = vec![f64::NAN; w.len()];
            fields.rhs(0.0, &w, &mut psi);
            let shift = if mean { psi[0] - exact([0.0; 3]) } else { 0.0 };
            let exact = fields.nodes(&|_, x| exact(x) + shift);
            let errors = psi.iter().zip(&exact).map(|(a, b)| (a - b).abs());
            let error = errors.fold(0.0, f64::max);
            assert!(error < 1e-8, "{order} {conditions}: {error:e}");
        }
    }
}
