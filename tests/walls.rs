//! Fields between walls: Chebyshev derivatives and elliptic equations, against the reference interpreter and exact solutions.

use std::f64::consts::PI;

use ansatz_runtime::space::steppers::BoundedEquations;
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
