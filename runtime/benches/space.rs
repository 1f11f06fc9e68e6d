//! Sweeps and transforms over grids: time per sweep, per node, and to compile.
//!
//! `cargo bench -p ansatz-runtime --bench space` prints a row per case. `RAYON_NUM_THREADS=1` for times of one thread.

use std::hint::black_box;
use std::time::Instant;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::codegen::row::{
    Arithmetic, Neighbour, RowOptions, StencilInputs, compile_stencil,
};
use ansatz_compiler::terms::{Number, Pool, SymbolId, Term};
use ansatz_runtime::space::field::Field;
use ansatz_runtime::space::layout::Shape;
use ansatz_runtime::space::sweep::Sweep;
use ansatz_runtime::space::transform::{Complex64, Transform};

fn main() {
    println!("{:34} {:>12} {:>10} {:>9}", "case", "µs", "ns/node", "runs");
    for n in [32, 256, 1024] {
        measure(
            &gray_scott(),
            &format!("Gray-Scott Euler step {n}²"),
            &[n, n],
        );
    }
    measure(
        &brusselator(),
        "Brusselator right-hand side 256²",
        &[256, 256],
    );
    measure(&heat(), "heat 64³", &[64, 64, 64]);
    measure(&heat(), "heat 128³", &[128, 128, 128]);
    for n in [32, 1024] {
        first_step(n);
    }
    transforms(&[1024]);
    transforms(&[256, 256]);
    transforms(&[64, 64, 64]);
}

/// A stencil with two-point differences.
struct Load {
    pool: Pool,
    inputs: StencilInputs,
    outputs: Vec<Term>,
    parameters: Vec<f64>,
}

struct Builder {
    pool: Pool,
    inputs: StencilInputs,
    parameters: Vec<f64>,
    n_axes: usize,
}

impl Builder {
    fn new(n_axes: usize) -> Builder {
        Builder {
            pool: Pool::new(),
            inputs: StencilInputs::default(),
            parameters: Vec::new(),
            n_axes,
        }
    }

    fn parameter(&mut self, name: &str, value: f64) -> Term {
        let symbol = self.pool.symbol(name);
        self.inputs.parameters.push(symbol);
        self.parameters.push(value);
        self.pool.var(symbol)
    }

    fn read(&mut self, array: u32, offset: [i8; 3]) -> Term {
        let symbol: SymbolId = self.pool.symbol(&format!("u{array}{offset:?}"));
        self.inputs.reads.push(Neighbour {
            symbol,
            array,
            offset,
        });
        self.pool.var(symbol)
    }

    /// The value of a field and `scale·(sum of neighbours - 2d·value)`.
    fn field(&mut self, array: u32, scale: Term) -> (Term, Term) {
        let value = self.read(array, [0; 3]);
        let mut entries = vec![(value, Number::integer(-2 * self.n_axes as i64))];
        for axis in 0..self.n_axes {
            for step in [-1, 1] {
                let mut offset = [0; 3];
                offset[axis] = step;
                entries.push((self.read(array, offset), Number::ONE));
            }
        }
        let sum = self.pool.linear(Number::ZERO, &entries);
        (value, self.pool.mul(scale, sum))
    }

    fn finish(self, outputs: Vec<Term>) -> Load {
        Load {
            pool: self.pool,
            inputs: self.inputs,
            outputs,
            parameters: self.parameters,
        }
    }
}

/// `u + dt·(Du·∇²u - u·v² + F·(1 - u))` and `v + dt·(Dv·∇²v + u·v² - (F + k)·v)`.
fn gray_scott() -> Load {
    let mut b = Builder::new(2);
    let (du, dv) = (b.parameter("Du", 0.2), b.parameter("Dv", 0.1));
    let (feed, kill) = (b.parameter("F", 0.04), b.parameter("k", 0.06));
    let dt = b.pool.symbol("dt");
    b.inputs.scalars.push(dt);
    let dt = b.pool.var(dt);
    let ((u, lap_u), (v, lap_v)) = (b.field(0, du), b.field(1, dv));
    let pool = &mut b.pool;
    let reaction = pool.product(&[u, v, v]);
    let one = pool.int(1);
    let missing = pool.sub(one, u);
    let inflow = pool.mul(feed, missing);
    let loss = pool.add(feed, kill);
    let loss = pool.mul(loss, v);
    let gain = pool.sum(&[lap_u, inflow]);
    let rate_u = pool.sub(gain, reaction);
    let gain = pool.sum(&[lap_v, reaction]);
    let rate_v = pool.sub(gain, loss);
    let outputs = [(u, rate_u), (v, rate_v)].map(|(value, rate)| {
        let step = pool.mul(dt, rate);
        pool.add(value, step)
    });
    b.finish(outputs.to_vec())
}

/// `α·∇²u + B + u²·v - (A + 1)·u` and `α·∇²v + A·u - u²·v`.
fn brusselator() -> Load {
    let mut b = Builder::new(2);
    let alpha = b.parameter("alpha", 0.1);
    let (a, constant) = (b.parameter("A", 3.4), b.parameter("B", 1.0));
    let dt = b.pool.symbol("dt");
    b.inputs.scalars.push(dt);
    let ((u, lap_u), (v, lap_v)) = (b.field(0, alpha), b.field(1, alpha));
    let pool = &mut b.pool;
    let reaction = pool.product(&[u, u, v]);
    let one = pool.int(1);
    let factor = pool.add(a, one);
    let (loss, gain) = (pool.mul(factor, u), pool.mul(a, u));
    let sum = pool.sum(&[lap_u, constant, reaction]);
    let rate_u = pool.sub(sum, loss);
    let sum = pool.sum(&[lap_v, gain]);
    let rate_v = pool.sub(sum, reaction);
    b.finish(vec![rate_u, rate_v])
}

/// `D·∇²u` in three dimensions.
fn heat() -> Load {
    let mut b = Builder::new(3);
    let d = b.parameter("D", 0.1);
    let dt = b.pool.symbol("dt");
    b.inputs.scalars.push(dt);
    let (_, rate) = b.field(0, d);
    b.finish(vec![rate])
}

impl Load {
    fn sweep(&self, shape: Shape, tier: Tier) -> Sweep {
        let options = RowOptions {
            arithmetic: Arithmetic::Fast,
            tier,
        };
        let stencil = compile_stencil(&self.pool, &self.outputs, &self.inputs, options);
        Sweep::new(&stencil, shape, &[], &self.parameters)
    }

    fn arrays(&self, len: usize) -> Vec<Vec<f64>> {
        let n = self
            .inputs
            .reads
            .iter()
            .map(|read| read.array as usize + 1)
            .max();
        let value = |i: usize| 0.5 + 0.25 * (i as f64 * 0.37).sin();
        (0..n.unwrap_or(0))
            .map(|_| (0..len).map(value).collect())
            .collect()
    }
}

fn shape(n: &[usize]) -> Shape {
    Shape::new(&n.iter().map(|&n| (n, true)).collect::<Vec<_>>())
}

fn measure(load: &Load, name: &str, n: &[usize]) {
    let shape = shape(n);
    let mut sweep = load.sweep(shape, Tier::MachineCode);
    let arrays = load.arrays(shape.len());
    let fields: Vec<Field> = arrays.iter().map(|array| Field::from(&array[..])).collect();
    let mut out = vec![vec![0.0; shape.len()]; load.outputs.len()];
    let (best, runs) = least(|| {
        let mut out: Vec<&mut [f64]> = out.iter_mut().map(|out| &mut out[..]).collect();
        sweep.run(&[1e-3], black_box(&fields), &mut out);
    });
    report(name, best, shape.len(), runs);
}

/// From terms to the result of the first sweep.
fn first_step(n: usize) {
    let load = gray_scott();
    let shape = shape(&[n, n]);
    let arrays = load.arrays(shape.len());
    let fields: Vec<Field> = arrays.iter().map(|array| Field::from(&array[..])).collect();
    let mut out = vec![vec![0.0; shape.len()]; load.outputs.len()];
    for tier in [Tier::Tables, Tier::MachineCode] {
        let (compile, runs) = least(|| drop(black_box(load.sweep(shape, tier))));
        report(
            &format!("compile {n}² {tier:?}"),
            compile,
            shape.len(),
            runs,
        );
    }
    let (best, runs) = least(|| {
        let mut out: Vec<&mut [f64]> = out.iter_mut().map(|out| &mut out[..]).collect();
        load.sweep(shape, Tier::Auto)
            .run(&[1e-3], &fields, &mut out);
    });
    report(&format!("first step {n}²"), best, shape.len(), runs);
}

fn transforms(n: &[usize]) {
    let shape = shape(n);
    let mut transform = Transform::new(shape, [0, 1, 2].map(|axis| axis < n.len()));
    let mut nodes: Vec<f64> = (0..shape.len()).map(|i| (i as f64).sin()).collect();
    let mut modes = vec![Complex64::default(); transform.n_modes()];
    let (forward, runs) = least(|| transform.forward(black_box(&nodes), &mut modes));
    report(&format!("forward {n:?}"), forward, shape.len(), runs);
    let (inverse, runs) = least(|| transform.inverse(black_box(&modes), &mut nodes));
    report(&format!("inverse {n:?}"), inverse, shape.len(), runs);
}

/// Seconds of measuring per case.
const SECONDS: f64 = 0.3;

/// The shortest time of many runs, in seconds: others use this machine too.
fn least(mut run: impl FnMut()) -> (f64, usize) {
    let (start, mut best, mut runs) = (Instant::now(), f64::INFINITY, 0);
    while runs < 5 || start.elapsed().as_secs_f64() < SECONDS {
        let begin = Instant::now();
        run();
        best = best.min(begin.elapsed().as_secs_f64());
        runs += 1;
    }
    (best, runs)
}

fn report(name: &str, seconds: f64, n_nodes: usize, runs: usize) {
    let per_node = seconds * 1e9 / n_nodes as f64;
    println!("{name:34} {:12.1} {per_node:10.3} {runs:9}", seconds * 1e6);
}
