//! Agreement: sweeps over grids give what a loop over nodes gives, for every dimension, kind of end, and number of threads.

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::codegen::row::{
    Arithmetic, Neighbour, RowOptions, Stencil, StencilInputs, compile_stencil,
};
use ansatz_compiler::terms::{Op, Pool, SymbolId, Term};
use ansatz_runtime::space::field::{Field, Ghosts};
use ansatz_runtime::space::layout::{Coordinate, Shape};
use ansatz_runtime::space::sweep::Sweep;

/// Offsets read: of array 0, then of array 1.
type Offsets = [Vec<[i8; 3]>; 2];

struct Load {
    pool: Pool,
    inputs: StencilInputs,
    outputs: Vec<Term>,
}

/// Two outputs that weigh every read differently; `with_coordinates` multiplies by functions of all of them.
fn load(offsets: &Offsets, with_coordinates: bool) -> Load {
    let mut pool = Pool::new();
    let coordinates = ["x", "y", "z"].map(|name| pool.symbol(name));
    let (k, t) = (pool.symbol("k"), pool.symbol("t"));
    let mut reads = Vec::new();
    for (array, offsets) in offsets.iter().enumerate() {
        for offset in offsets {
            reads.push(Neighbour {
                symbol: pool.symbol(&format!("r{array}_{offset:?}")),
                array: array as u32,
                offset: *offset,
            });
        }
    }
    let variables: Vec<Term> = reads.iter().map(|read| pool.var(read.symbol)).collect();
    let mut weighted = vec![pool.var(t)];
    for (i, &variable) in variables.iter().enumerate() {
        let weight = pool.int(3 + 7 * i as i64 % 11);
        let product = pool.product(&[weight, variable]);
        weighted.push(product);
    }
    let sum = pool.sum(&weighted);
    let parameter = pool.var(k);
    let mut first = pool.product(&[parameter, sum]);
    let wave = pool.call(Op::Sin, &[variables[0]]);
    let mut second = pool.product(&[wave, variables[variables.len() - 1]]);
    if with_coordinates {
        let [x, y, z] = coordinates.map(|symbol| pool.var(symbol));
        let bump = pool.call(Op::Exp, &[y]);
        let shift = pool.sum(&[x, bump]);
        first = pool.mul(first, shift);
        second = pool.sum(&[second, z, y]);
    }
    let inputs = StencilInputs {
        parameters: vec![k],
        scalars: vec![t],
        coordinates: coordinates.into_iter().enumerate().collect(),
        reads,
    };
    Load {
        pool,
        inputs,
        outputs: vec![first, second],
    }
}

const PARAMETER: f64 = 0.7;
const TIME: f64 = -1.3;

impl Load {
    fn stencil(&self, arithmetic: Arithmetic, tier: Tier) -> Stencil {
        let options = RowOptions { arithmetic, tier };
        compile_stencil(&self.pool, &self.outputs, &self.inputs, options)
    }
}

/// Arrays without a pattern.
fn arrays(n: usize) -> [Vec<f64>; 2] {
    let value = |i: usize, a: f64| (i as f64 * a + 0.3).sin() * 2.0;
    [
        (0..n).map(|i| value(i, 12.9898)).collect(),
        (0..n).map(|i| value(i, 78.233)).collect(),
    ]
}

fn coordinates(shape: Shape) -> [Vec<f64>; 3] {
    shape
        .n
        .map(|n| (0..n).map(|i| 0.1 + i as f64 / n as f64).collect())
}

/// Node by node; beyond faces the value is `beyond(array, [i, j, k])`.
fn naive(
    load: &Load,
    shape: Shape,
    arrays: &[Vec<f64>; 2],
    beyond: impl Fn(usize, [isize; 3]) -> f64,
) -> [Vec<f64>; 2] {
    let coordinates = coordinates(shape);
    let [nx, ny, nz] = shape.n;
    let mut out = [vec![0.0; shape.len()], vec![0.0; shape.len()]];
    let mut symbols = vec![0.0; load.pool.n_symbols()];
    let set = |symbol: SymbolId, value, symbols: &mut Vec<f64>| symbols[symbol.0 as usize] = value;
    set(load.inputs.parameters[0], PARAMETER, &mut symbols);
    set(load.inputs.scalars[0], TIME, &mut symbols);
    for (k, j, i) in
        (0..nz).flat_map(|k| (0..ny).flat_map(move |j| (0..nx).map(move |i| (k, j, i))))
    {
        let node = [i, j, k];
        for axis in 0..3 {
            let (_, symbol) = load.inputs.coordinates[axis];
            set(symbol, coordinates[axis][node[axis]], &mut symbols);
        }
        for read in &load.inputs.reads {
            let mut at = [0; 3];
            for axis in 0..3 {
                at[axis] = node[axis] as isize + read.offset[axis] as isize;
                if shape.periodic[axis] {
                    at[axis] = at[axis].rem_euclid(shape.n[axis] as isize);
                }
            }
            let inside = (0..3).all(|axis| (0..shape.n[axis] as isize).contains(&at[axis]));
            let value = if inside {
                let index = at[0] + nx as isize * (at[1] + ny as isize * at[2]);
                arrays[read.array as usize][index as usize]
            } else {
                beyond(read.array as usize, at)
            };
            set(read.symbol, value, &mut symbols);
        }
        let values = load.pool.eval(&load.outputs, &symbols);
        for (out, value) in out.iter_mut().zip(values) {
            out[i + nx * (j + ny * k)] = value;
        }
    }
    out
}

fn sweep(shape: Shape, stencil: &Stencil, fields: &[Field]) -> [Vec<f64>; 2] {
    let named = coordinates(shape).into_iter().enumerate();
    let named: Vec<Coordinate> = named
        .map(|(axis, values)| Coordinate {
            axis,
            values,
            faces: Vec::new(),
        })
        .collect();
    let mut sweep = Sweep::new(stencil, shape, &named, &[PARAMETER]);
    let mut out = [vec![f64::NAN; shape.len()], vec![f64::NAN; shape.len()]];
    let [first, second] = &mut out;
    // Twice: a sweep leaves nothing behind.
    sweep.run(&[0.0], fields, &mut [first, second]);
    sweep.run(&[TIME], fields, &mut [first, second]);
    out
}

fn assert_close(values: &[Vec<f64>; 2], expected: &[Vec<f64>; 2], what: &str) {
    for (values, expected) in values.iter().zip(expected) {
        for (i, (a, b)) in values.iter().zip(expected).enumerate() {
            assert!(
                (a - b).abs() <= 1e-12 * (b.abs() + 100.0),
                "{what}, node {i}: {a} instead of {b}"
            );
        }
    }
}

/// Along every axis of a grid of so many dimensions, -2 to 1 nodes, and diagonals.
fn offsets(n_axes: usize) -> Offsets {
    let mut offsets = vec![[0; 3]];
    for axis in 0..n_axes {
        for step in [-2, -1, 1] {
            let mut offset = [0; 3];
            offset[axis] = step;
            offsets.push(offset);
        }
    }
    let mut diagonal = [0; 3];
    diagonal[..n_axes].fill(-1);
    let mut other = diagonal.map(|d: i8| -d);
    other[0] = -2;
    let first = offsets.clone();
    offsets.extend([diagonal, other]);
    [offsets, first]
}

const SHAPES: [(usize, [usize; 3]); 12] = [
    (1, [1, 1, 1]),
    (1, [2, 1, 1]),
    (1, [3, 1, 1]),
    (1, [4, 1, 1]),
    (1, [97, 1, 1]),
    (2, [5, 3, 1]),
    (2, [33, 7, 1]),
    (2, [2, 40, 1]),
    (2, [300, 130, 1]),
    (3, [4, 3, 5]),
    (3, [9, 8, 7]),
    (3, [40, 30, 33]),
];

fn shape(n_axes: usize, n: [usize; 3], periodic: bool) -> Shape {
    let axes: Vec<_> = n[..n_axes].iter().map(|&n| (n, periodic)).collect();
    Shape::new(&axes)
}

#[test]
fn periodic_grids() {
    for (n_axes, n) in SHAPES {
        let shape = shape(n_axes, n, true);
        let arrays = arrays(shape.len());
        let fields = [Field::from(&arrays[0][..]), Field::from(&arrays[1][..])];
        for with_coordinates in [false, true] {
            let load = load(&offsets(n_axes), with_coordinates);
            let expected = naive(&load, shape, &arrays, |_, _| unreachable!());
            let mut exact = Vec::new();
            for arithmetic in [Arithmetic::Exact, Arithmetic::Fast] {
                for tier in [Tier::Tables, Tier::MachineCode] {
                    let stencil = load.stencil(arithmetic, tier);
                    let values = sweep(shape, &stencil, &fields);
                    assert_close(
                        &values,
                        &expected,
                        &format!("{n:?} {arithmetic:?} {tier:?}"),
                    );
                    exact.push(values);
                }
            }
            assert_eq!(exact[0], exact[1], "tiers differ at {n:?}");
            assert_eq!(exact[2], exact[3], "tiers differ at {n:?}");
        }
    }
}

#[test]
fn pointwise_steps_need_no_neighbours() {
    let shape = shape(2, [7, 5, 1], false);
    let arrays = arrays(shape.len());
    let fields = [Field::from(&arrays[0][..]), Field::from(&arrays[1][..])];
    let load = load(&[vec![[0; 3]], vec![[0; 3]]], true);
    let expected = naive(&load, shape, &arrays, |_, _| unreachable!());
    let stencil = load.stencil(Arithmetic::Fast, Tier::Auto);
    assert_close(&sweep(shape, &stencil, &fields), &expected, "pointwise");
}

/// Ghosts set directly: a function of the place.
#[test]
fn ghosts_stand_beyond_the_faces() {
    let beyond = |array: usize, [i, j, k]: [isize; 3]| {
        ((array as isize + 3 * i + 17 * j + 131 * k) as f64 * 0.37).cos()
    };
    for (n_axes, n) in SHAPES {
        let shape = shape(n_axes, n, false);
        let arrays = arrays(shape.len());
        let mut depth = [[0; 2]; 3];
        depth[..n_axes].fill([2, 2]);
        let ghosts = [0, 1].map(|array| {
            let mut ghosts = Ghosts::new(shape, depth);
            ghosts.fill_with(shape, |at| beyond(array, at));
            ghosts
        });
        let field = |array: usize| Field {
            nodes: &arrays[array],
            ghosts: Some(&ghosts[array]),
        };
        let load = load(&offsets(n_axes), true);
        let expected = naive(&load, shape, &arrays, beyond);
        let stencil = load.stencil(Arithmetic::Fast, Tier::MachineCode);
        let values = sweep(shape, &stencil, &[field(0), field(1)]);
        assert_close(&values, &expected, &format!("{n:?}"));
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let shape = shape(2, [300, 400, 1], true);
    let arrays = arrays(shape.len());
    let fields = [Field::from(&arrays[0][..]), Field::from(&arrays[1][..])];
    let load = load(&offsets(2), false);
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build();
        let stencil = load.stencil(Arithmetic::Fast, Tier::Auto);
        pool.unwrap().install(|| sweep(shape, &stencil, &fields))
    };
    let one = run(1);
    for n_threads in [2, 3, 7] {
        assert_eq!(run(n_threads), one, "{n_threads} threads");
    }
}
