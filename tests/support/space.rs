//! Space programs built by hand, and their runs compared with the reference interpreter.

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::codegen::row::{Arithmetic, RowOptions};
use ansatz_compiler::program::space::compile_space;
use ansatz_compiler::system::space::interpret::{Interpreter, Values};
use ansatz_compiler::system::space::program::{
    ArrayId, ArrayKind, Grid, GridAxis, NodeKind, Read, SpaceProgram,
};
use ansatz_compiler::terms::{Number, Pool, SymbolId, Term};
use ansatz_runtime::space::execute::Executor;

const NAMES: [&str; 3] = ["x", "y", "z"];

/// A program under construction.
pub struct Load {
    pub pool: Pool,
    pub program: SpaceProgram,
    pub parameters: Vec<SymbolId>,
}

/// A grid over 0..`length` along every axis, one input array of nodes, a parameter `length` and a scalar `t`; no steps.
pub fn load(axes: &[(u32, NodeKind)], transformed: bool) -> Load {
    let mut pool = Pool::new();
    let (length, t) = (pool.symbol("length"), pool.symbol("t"));
    let (zero, to) = (pool.int(0), pool.var(length));
    let mut constants = Vec::new();
    let axes = axes.iter().zip(NAMES).map(|(&(points, nodes), name)| {
        let spacing = pool.symbol(&format!("h{name}"));
        let n = match nodes {
            NodeKind::Ends | NodeKind::Lobatto => points - 1,
            NodeKind::Periodic | NodeKind::Cells { .. } => points,
        };
        let per = Number::ratio(1, i64::from(n)).unwrap();
        constants.push((spacing, pool.scale(&per, to)));
        GridAxis {
            name: name.to_owned(),
            coordinate: pool.symbol(name),
            points,
            nodes,
            from: zero,
            to,
            spacing,
            wavenumber: pool.symbol(&format!("k{name}")),
            map: None,
            transformed,
        }
    });
    let grid = Grid {
        axes: axes.collect(),
    };
    let program = SpaceProgram {
        grid,
        arrays: vec![ArrayKind::Nodes],
        scalars: vec![length, t],
        constants,
        inputs: vec![ArrayId(0)],
        closures: Vec::new(),
        setup: Vec::new(),
        steps: Vec::new(),
        outputs: Vec::new(),
        reductions: Vec::new(),
    };
    Load {
        pool,
        program,
        parameters: vec![length],
    }
}

impl Load {
    /// One more array.
    pub fn array(&mut self, kind: ArrayKind) -> ArrayId {
        self.program.arrays.push(kind);
        ArrayId(self.program.arrays.len() as u32 - 1)
    }

    /// A read and its term.
    pub fn read(&mut self, array: ArrayId, offset: [i8; 3]) -> (Read, Term) {
        let symbol = self.pool.symbol(&format!("r{}_{offset:?}", array.0));
        let read = Read {
            symbol,
            array,
            offset,
        };
        (read, self.pool.var(symbol))
    }

    /// The program, ready to run.
    pub fn executor(&self) -> Executor {
        let options = RowOptions {
            arithmetic: Arithmetic::Fast,
            tier: Tier::Auto,
        };
        let code = compile_space(&self.pool, &self.program, &self.parameters, options).unwrap();
        Executor::new(&code, &[LENGTH]).unwrap()
    }

    /// Runs the program, after comparing with the reference interpreter.
    pub fn run(&self, executor: &mut Executor, t: f64, u: &[f64]) -> Vec<f64> {
        let len = u.len();
        let mut out = vec![f64::NAN; self.program.outputs.len() * len];
        executor.run(&[t], u, &mut out);
        let mut interpreter = Interpreter::new(&self.program, &self.pool, &[LENGTH, t]);
        let outputs = if self.program.outputs.len() == 1 {
            interpreter.rates(&[u.to_vec()])
        } else {
            let nodes = |values| match values {
                Values::Nodes(nodes) => nodes,
                Values::Modes(_) => panic!("results are nodes"),
            };
            let inputs = [Values::Nodes(u.to_vec())];
            interpreter.run(&inputs).into_iter().map(nodes).collect()
        };
        for (out, expected) in out.chunks_exact(len).zip(outputs) {
            assert_close(out, &expected, 1e-11);
        }
        out
    }

    /// Values of a function at all nodes.
    pub fn nodes(executor: &Executor, f: impl Fn(f64, f64, f64) -> f64) -> Vec<f64> {
        let [x, y, z] = &executor.layout().coordinates;
        let mut out = Vec::new();
        for &z in z {
            for &y in y {
                out.extend(x.iter().map(|&x| f(x, y, z)));
            }
        }
        out
    }
}

/// Value of the parameter `length`.
pub const LENGTH: f64 = 2.0;

/// Equal up to a tolerance.
pub fn assert_close(values: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(values.len(), expected.len());
    for (i, (a, b)) in values.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "node {i}: {a} instead of {b}");
    }
}
