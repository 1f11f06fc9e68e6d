//! Right-hand sides and steps of compiled fields, beside the transforms that they contain.
//!
//! `cargo bench -p ansatz-runtime --bench fields` prints a row per case, or for those with a word in their name (after `--`). `RAYON_NUM_THREADS=1` for times of one thread:
//! with more, processor time is that of one of them.

mod timing;

use std::hint::black_box;
use std::time::Instant;

use ansatz_runtime::experiment::{GivenError, Simulation};
use ansatz_runtime::space::layout::Shape;
use ansatz_runtime::space::steppers::{
    BoundedEquations, SplitEquations, SplitProblem, StepSize, solve,
};
use ansatz_runtime::space::transform::{Complex64, Transform};
use ansatz_tests::field_runs::{program, run};
use ansatz_tests::fields::{Fields, Model, nodes};

/// Seconds of measuring per case.
const SECONDS: f64 = 1.0;

fn main() {
    // This thread is one of those that compute: its processor time counts, and it waits for no other.
    let threads = rayon::ThreadPoolBuilder::new().use_current_thread();
    threads.build_global().expect("the pool is built once");
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with("--"));
    let is_wanted = |name: &str| only.as_ref().is_none_or(|only| name.contains(only));
    println!("{:34} {:>12} {:>10}", "case", "µs", "ns/node");
    for (name, text) in RIGHT_HAND_SIDES.iter().filter(|case| is_wanted(case.0)) {
        right_hand_side(name, text);
    }
    println!("{:34} {:>12} {:>10}", "from text to end", "ms", "error");
    for (name, text, exact) in WHOLE.iter().filter(|case| is_wanted(case.0)) {
        whole(name, text, *exact);
    }
    println!("{:34} {:>12} {:>10}", "step of a model", "µs", "ns/node");
    for (name, text, n_nodes) in EXPLICIT.iter().filter(|case| is_wanted(case.0)) {
        explicit_step(name, text, *n_nodes);
    }
    println!(
        "{:34} {:>12} {:>10} {:>10} {:>6}",
        "ETDRK4", "step µs", "FFTs µs", "N µs", "ratio"
    );
    for (name, text, n_transforms) in SPLIT.iter().filter(|case| is_wanted(case.0)) {
        step(name, text, *n_transforms);
    }
}

const RIGHT_HAND_SIDES: &[(&str, &str)] = &[
    (
        "WENO5 Burgers 256²",
        "domain d: x in 0..1, 256 points, periodic; y in 0..1, 256 points, periodic
        field u on d = 0
        dt(u) = -dx(u^2/2) - dy(u^2/2)
        scheme weno(order = 5, flux = lax_friedrichs)",
    ),
    (
        "WENO5 Burgers 1024",
        "domain d: x in 0..1, 1024 points, periodic
        field u on d = 0
        dt(u) = -dx(u^2/2)
        scheme weno(order = 5, flux = lax_friedrichs)",
    ),
    (
        "WENO5 Euler 1024",
        "const gamma = 7/5
        domain d: x in 0..1, 1024 points, periodic
        field rho on d = 1, m on d = 0, E on d = 1
        let v = m/rho, p = (gamma - 1)*(E - m*v/2)
        dt(rho) + div(m) = 0
        dt(m) + div(m*v + p) = 0
        dt(E) + dx((E + p)*v) = 0
        scheme weno(order = 5, flux = hll)",
    ),
    (
        "Brusselator 32²",
        "domain d: x in 0..1, 32 points, periodic; y in 0..1, 32 points, periodic
        field u on d = 0, v on d = 0
        dt(u) = 10*lap(u) + 1 + u^2*v - 4.4*u
        dt(v) = 10*lap(v) + 3.4*u - u^2*v
        scheme central(order = 2)",
    ),
    (
        "Brusselator 256²",
        "domain d: x in 0..1, 256 points, periodic; y in 0..1, 256 points, periodic
        field u on d = 0, v on d = 0
        dt(u) = 10*lap(u) + 1 + u^2*v - 4.4*u
        dt(v) = 10*lap(v) + 3.4*u - u^2*v
        scheme central(order = 2)",
    ),
    (
        "Brusselator 256², no flux",
        "domain d: x in 0..1, 256 points; y in 0..1, 256 points
        field u on d = 0, v on d = 0
        dt(u) = 10*lap(u) + 1 + u^2*v - 4.4*u
        dt(v) = 10*lap(v) + 3.4*u - u^2*v
        at x = 0, x = 1: dx(u) = 0, dx(v) = 0
        at y = 0, y = 1: dy(u) = 0, dy(v) = 0
        scheme central(order = 2)",
    ),
    (
        "Chebyshev 256 x 64",
        "domain d: x in 0..1, 256 points, periodic; y in 0..1, 64 points
        field u on d = 0
        dt(u) = dyy(u) + dxx(u)
        at y = 0, y = 1: u = 0
        scheme x: fourier, y: chebyshev",
    ),
    (
        "Poisson 129²",
        "domain d: x in 0..1, 129 points; y in 0..1, 129 points
        field w on d = 0
        field psi on d
        constraint lap(psi) = w
        at boundary: psi = 0
        dt(w) = psi
        scheme central(order = 2)",
    ),
    (
        "Poisson 257²",
        "domain d: x in 0..1, 257 points; y in 0..1, 257 points
        field w on d = 0
        field psi on d
        constraint lap(psi) = w
        at boundary: psi = 0
        dt(w) = psi
        scheme central(order = 2)",
    ),
];

/// With the first number at the end.
const WHOLE: &[(&str, &str, f64)] = &[(
    "Brusselator 256² to t = 0.2",
    "param A = 3.4, B = 1, alpha = 10
        domain d: x in 0..256/255, 256 points, periodic; y in 0..256/255, 256 points, periodic
        let source = if (x - 0.3)^2 + (y - 0.6)^2 <= 0.1^2 and t >= 1.1 then 5 else 0
        field u on d = 22*(y*max(1 - y, 0))^1.5, v on d = 27*(x*max(1 - x, 0))^1.5
        dt(u) = B + u^2*v - (A + 1)*u + alpha*lap(u) + source
        dt(v) = A*u - u^2*v + alpha*lap(v)
        let mean_u = mean(u)
        scheme central(order = 2)
        simulate { until = 0.2; save = [0.2]; rtol = 1e-3; atol = 1e-9; fields = none }",
    1.411_777_043,
)];

/// With the number of nodes.
const EXPLICIT: &[(&str, &str, usize)] = &[
    (
        "Gray-Scott 256², Euler",
        "param F = 0.04, k = 0.06
        domain d: x in 0..256, 256 points, periodic; y in 0..256, 256 points, periodic
        field u on d = 1 - 0.5*exp(-((x - 128)^2 + (y - 128)^2)/1000)
        field v on d = 0.25*exp(-((x - 128)^2 + (y - 128)^2)/1000)
        dt(u) = 0.2*lap(u) + F*(1 - u) - u*v^2
        dt(v) = 0.1*lap(v) - (F + k)*v + u*v^2
        scheme central(order = 2)
        simulate { until = 1e9; save = points(1); solver = Euler; dt = 1; fields = none }",
        256 * 256,
    ),
    (
        "WENO5 Burgers 256², SSPRK3",
        "domain d: x in 0..1, 256 points, periodic; y in 0..1, 256 points, periodic
        field u on d = 1 + sin(2*pi*(x + y))
        dt(u) = -dx(u^2/2) - dy(u^2/2)
        scheme weno(order = 5, flux = lax_friedrichs)
        simulate { until = 1e9; save = points(1); solver = SSPRK3; fields = none }",
        256 * 256,
    ),
];

/// With the transforms of a step.
const SPLIT: &[(&str, &str, usize)] = &[
    (
        "Kuramoto-Sivashinsky 1024",
        "domain d: x in 0..32*pi, 1024 points, periodic
        field u on d = 0
        dt(u) = -u*dx(u) - dxx(u) - dxxxx(u)
        scheme fourier",
        8,
    ),
    (
        "Allen-Cahn 256²",
        "domain d: x in 0..1, 256 points, periodic; y in 0..1, 256 points, periodic
        field u on d = 0
        dt(u) = 0.001*lap(u) + u - u^3
        scheme fourier",
        8,
    ),
    (
        "Navier-Stokes vorticity 256²",
        "domain d: x in 0..2*pi, 256 points, periodic; y in 0..2*pi, 256 points, periodic
        field w on d = 0
        field psi on d
        constraint lap(psi) = -w, mean(psi) = 0
        dt(w) = -dy(psi)*dx(w) + dx(psi)*dy(w) + 0.001*lap(w)
        scheme fourier",
        20,
    ),
    (
        "Brusselator 256² by differences",
        "domain d: x in 0..1, 256 points, periodic; y in 0..1, 256 points, periodic
        field u on d = 0, v on d = 0
        dt(u) = 0.01*lap(u) + 1 + u^2*v - 4.4*u
        dt(v) = 0.01*lap(v) + 3.4*u - u^2*v
        scheme central(order = 2)",
        16,
    ),
];

fn smooth(field: usize, [x, y, _]: [f64; 3]) -> f64 {
    1.0 + 0.3 * (x + 2.0 * y).sin() + 0.1 * field as f64
}

fn right_hand_side(name: &str, text: &str) {
    let mut fields = Fields::new(text, f64::INFINITY);
    let u = fields.nodes(&smooth);
    let mut du = vec![0.0; u.len()];
    let n = fields.executor.layout().shape.len();
    let best = time(n > LONG, || fields.rhs(0.0, black_box(&u), &mut du));
    println!("{name:34} {best:12.1} {:10.3}", best * 1e3 / n as f64);
}

/// Once, so that nothing is warm.
fn whole(name: &str, text: &str, exact: f64) {
    let start = timing::cpu_seconds();
    let saved = run(text);
    let end = &saved.rows.last().expect("the end is saved").numbers;
    let seconds = timing::cpu_seconds()
        .zip(start)
        .map_or(f64::NAN, |(b, a)| b - a);
    println!(
        "{name:34} {:12.1} {:10.1e}",
        seconds * 1e3,
        (end[0] / exact - 1.0).abs()
    );
}

fn explicit_step(name: &str, text: &str, n_nodes: usize) {
    let program = program(text);
    let mut no_file = |path: &str, _: &str, _: &[usize]| {
        let why = format!("no file {path}");
        Err(GivenError::Unreadable { why })
    };
    let simulation = Simulation::new(&program, &program.experiments[0], &mut no_file);
    let mut simulation = simulation.expect("the run can begin");
    let mut clock = Clock::new(true);
    // The first steps run on tables, until machine code is worth its while.
    let mut is_enough = |t: f64| t > 0.0 && clock.tick();
    let outcome = simulation.run(&mut |_| {}, &mut is_enough, None);
    outcome.expect("the run begins");
    let best = clock.microseconds();
    println!("{name:34} {best:12.1} {:10.3}", best * 1e3 / n_nodes as f64);
}

fn step(name: &str, text: &str, n_transforms: usize) {
    let mut split = Model::new(text).split();
    let layout = split.layout().clone();
    let u = nodes(&layout, split.n_fields(), &smooth);
    let mut start = vec![Complex64::default(); split.n_modes() * split.n_fields()];
    split.to_modes(&u, &mut start);
    let is_long = layout.shape.len() > LONG;
    let step = time_step(&mut split, &start, is_long);
    let mut out = start.clone();
    let nonlinear = 4.0
        * time(is_long, || {
            split.nonlinear(0.0, black_box(&start), &mut out)
        });
    let transforms = transforms(layout.shape) * n_transforms as f64 / 2.0;
    println!(
        "{name:34} {step:12.2} {transforms:10.2} {nonlinear:10.2} {:6.2}",
        step / transforms
    );
}

/// Microseconds of a step.
fn time_step(split: &mut dyn SplitEquations, start: &[Complex64], is_long: bool) -> f64 {
    let mut clock = Clock::new(is_long);
    let mut problem = SplitProblem {
        equations: split,
        t0: 0.0,
        t_end: 1e6,
        u0: start,
        step: StepSize::Fixed(1e-3),
        max_steps: u64::MAX,
        save_at: Some(&[]),
        // The first step computes coefficients.
        interrupt: &mut |t| t > 0.0 && clock.tick(),
    };
    solve("ETDRK4", &mut problem, &mut |_, _| {}).expect("a row of the table");
    clock.microseconds()
}

/// A transform forth and back.
fn transforms(shape: Shape) -> f64 {
    let mut transform = Transform::new(shape, [0, 1, 2].map(|axis| shape.n[axis] > 1));
    let mut nodes: Vec<f64> = (0..shape.len()).map(|i| (i as f64).sin()).collect();
    let mut modes = vec![Complex64::default(); transform.n_modes()];
    time(shape.len() > LONG, || {
        transform.forward(black_box(&nodes), &mut modes);
        transform.inverse(black_box(&modes), &mut nodes);
    })
}

/// Nodes from which on runs are longer than the time slices of the system.
const LONG: usize = 4096;

/// Times runs of one kind. Others use this machine too: of short runs the shortest counts, of long ones the mean processor time.
struct Clock {
    is_long: bool,
    start: Instant,
    last: Instant,
    processor: Option<f64>,
    runs: u64,
    shortest: f64,
}

impl Clock {
    fn new(is_long: bool) -> Clock {
        let now = Instant::now();
        Clock {
            is_long,
            start: now,
            last: now,
            processor: None,
            runs: 0,
            shortest: f64::INFINITY,
        }
    }

    /// Between two runs: whether it is enough.
    fn tick(&mut self) -> bool {
        let now = Instant::now();
        if self.processor.is_none() {
            (self.start, self.processor) = (now, timing::cpu_seconds());
        } else {
            self.runs += 1;
            self.shortest = self.shortest.min((now - self.last).as_secs_f64());
        }
        self.last = Instant::now();
        self.runs >= 5 && (now - self.start).as_secs_f64() > SECONDS
    }

    fn microseconds(&self) -> f64 {
        let processor = self.processor.zip(timing::cpu_seconds());
        match processor.filter(|_| self.is_long) {
            Some((before, after)) => 1e6 * (after - before) / self.runs as f64,
            None => 1e6 * self.shortest,
        }
    }
}

/// Microseconds of a run.
fn time(is_long: bool, mut run: impl FnMut()) -> f64 {
    if is_long {
        return 1e6 * timing::median_seconds(run);
    }
    let mut clock = Clock::new(is_long);
    run();
    while !clock.tick() {
        run();
    }
    clock.microseconds()
}
