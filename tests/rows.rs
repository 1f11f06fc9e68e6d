//! Agreement: row kernels give the bits of scalar kernels in exact arithmetic, the same bits in both engines, and in fast arithmetic what the interpreter gives up to rounding.

use ansatz_compiler::codegen::row::{
    Arithmetic, RowInputs, RowKernel, RowOptions, RowRead, compile_rows,
};
use ansatz_compiler::codegen::{Inputs, Tier, compile};
use ansatz_compiler::terms::{Number, Op, Outputs, Pool, SymbolId, Term};
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::proptest;

/// Symbols: a parameter, a scalar, a coordinate, then reads of two rows at offsets.
const READS: [(u32, i32); 5] = [(0, -1), (0, 0), (0, 2), (1, 0), (1, 1)];
const MARGIN: (usize, usize) = (1, 2);
const FIXED: [f64; 3] = [1.5, -0.4, 0.8];

struct Load {
    pool: Pool,
    inputs: RowInputs,
    outputs: Vec<Term>,
}

fn inputs(pool: &mut Pool) -> RowInputs {
    let [parameter, scalar, coordinate] = ["p", "s", "y"].map(|name| pool.symbol(name));
    let read = |(row, offset): (u32, i32)| RowRead {
        symbol: pool.symbol(&format!("r{row}{offset}")),
        row,
        offset,
    };
    RowInputs {
        reads: READS.map(read).to_vec(),
        parameters: vec![parameter],
        scalars: vec![scalar],
        coordinates: vec![coordinate],
    }
}

/// Random terms over every operator, each made of earlier ones.
fn load(choices: &[(u8, u16, u16, u16)]) -> Load {
    let mut pool = Pool::new();
    let inputs = inputs(&mut pool);
    let mut terms: Vec<Term> = (0..pool.n_symbols() as u32)
        .map(|i| pool.var(SymbolId(i)))
        .collect();
    for &(kind, a, b, c) in choices {
        let pick = |i: u16| terms[i as usize % terms.len()];
        let (a, b, c) = (pick(a), pick(b), pick(c));
        let term = match kind as usize % (Op::ALL.len() + 16) {
            0..=5 => {
                let entries = [
                    (a, coefficient(kind)),
                    (b, coefficient(kind / 3)),
                    (c, Number::ONE),
                ];
                pool.linear(coefficient(kind / 7), &entries)
            }
            6..=10 => pool.product(&[a, b, c]),
            11 => pool.div(a, b),
            12..=15 => {
                let exponents = [(2, 1), (5, 2), (-1, 2), (-3, 1)];
                let (n, d) = exponents[kind as usize % 4];
                pool.monomial(
                    coefficient(kind),
                    &[(a, Number::ratio(n, d).unwrap()), (b, Number::ONE)],
                )
            }
            k => {
                let op = Op::ALL[k - 16];
                let (least, most) = op.arity();
                pool.call(op, &[a, b, c][..least.max(most.min(3))])
            }
        };
        terms.push(term);
    }
    // A long sum, as of wide stencils.
    let entries: Vec<_> = terms
        .iter()
        .enumerate()
        .map(|(i, &t)| (t, coefficient(i as u8)))
        .collect();
    terms.push(pool.linear(Number::ONE, &entries));
    Load {
        pool,
        inputs,
        outputs: terms,
    }
}

fn coefficient(choice: u8) -> Number {
    Number::integer([1, -1, 2, -3][choice as usize % 4])
}

/// Rows without a pattern, with a few special values.
fn rows(n: usize) -> [Vec<f64>; 2] {
    let special = [0.0, -0.0, 1.0, f64::INFINITY, f64::NAN, 1e300, -5e-324, 3e7];
    let value = |i: usize, a: f64| match i % 31 {
        17 => special[i / 31 % special.len()],
        _ => (i as f64 * a + 0.3).sin() * 3.0,
    };
    let len = n + MARGIN.0 + MARGIN.1;
    [12.9898, 78.233].map(|a| (0..len).map(|i| value(i, a)).collect())
}

fn run(load: &Load, kernel: &RowKernel, rows: &[Vec<f64>; 2], n: usize) -> Vec<Vec<f64>> {
    let mut evaluator = kernel.evaluator(&[0.0]);
    let mut out = vec![vec![f64::NAN; n]; load.outputs.len()];
    let rows: Vec<&[f64]> = rows
        .iter()
        .map(|row| &row[..n + MARGIN.0 + MARGIN.1])
        .collect();
    for fixed in [[7.0; 3], FIXED] {
        evaluator.set_parameters(&fixed[..1]);
        evaluator.set_scalars(&fixed[1..2]);
        evaluator.set_coordinates(&fixed[2..]);
        let mut out: Vec<&mut [f64]> = out.iter_mut().map(|out| &mut out[..]).collect();
        evaluator.run(&rows, &mut out);
    }
    out
}

impl Load {
    fn kernel(&self, arithmetic: Arithmetic, tier: Tier) -> RowKernel {
        compile_rows(
            &self.pool,
            &self.outputs,
            &self.inputs,
            RowOptions { arithmetic, tier },
        )
    }

    /// What stands in the reads at node i.
    fn reads(rows: &[Vec<f64>; 2], i: usize) -> Vec<f64> {
        let place = |offset: i32| (i as i32 + MARGIN.0 as i32 + offset) as usize;
        READS
            .map(|(row, offset)| rows[row as usize][place(offset)])
            .to_vec()
    }

    /// Node by node, by a scalar kernel in which everything fixed is a parameter, as rows are scheduled.
    fn scalar(&self, rows: &[Vec<f64>; 2], n: usize) -> Vec<Vec<f64>> {
        let RowInputs {
            parameters,
            scalars,
            coordinates,
            reads,
        } = &self.inputs;
        let inputs = Inputs {
            parameters: [&parameters[..], scalars, coordinates].concat(),
            states: reads.iter().map(|read| read.symbol).collect(),
            ..Inputs::default()
        };
        let kernel = compile(
            &self.pool,
            &Outputs::of_terms(&self.outputs),
            &inputs,
            Tier::Tables,
        );
        let mut evaluator = kernel.evaluator(&FIXED);
        let mut out = vec![vec![0.0; n]; self.outputs.len()];
        let mut at_node = vec![0.0; self.outputs.len()];
        for i in 0..n {
            evaluator.eval(0.0, &Self::reads(rows, i), &mut at_node);
            for (out, &value) in out.iter_mut().zip(&at_node) {
                out[i] = value;
            }
        }
        out
    }
}

/// Equal bit for bit; any NaN equals any other.
fn same_bits(a: &[Vec<f64>], b: &[Vec<f64>]) -> bool {
    let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    a.iter()
        .zip(b)
        .all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(same))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn both_engines_give_the_bits_of_scalar_kernels(
        choices in prop::collection::vec(any::<(u8, u16, u16, u16)>(), 1..40),
        n in 0usize..150,
    ) {
        let load = load(&choices);
        let rows = rows(n);
        let expected = load.scalar(&rows, n);
        for tier in [Tier::Tables, Tier::MachineCode] {
            let values = run(&load, &load.kernel(Arithmetic::Exact, tier), &rows, n);
            assert!(same_bits(&values, &expected), "{tier:?}\n{values:?}\n{expected:?}");
        }
        let fast = [Tier::Tables, Tier::MachineCode].map(|tier| run(&load, &load.kernel(Arithmetic::Fast, tier), &rows, n));
        assert!(same_bits(&fast[0], &fast[1]), "engines differ\n{:?}\n{:?}", fast[0], fast[1]);
    }
}

/// `p·s·Σ c·r - exp(r)·sin(r)/(2 + cos(r)) + tanh(r)·ln(1 + r²)`: its rounding error is bounded by that of its parts.
#[test]
fn fast_arithmetic_rounds_a_little() {
    let mut pool = Pool::new();
    let inputs = inputs(&mut pool);
    let reads: Vec<Term> = inputs
        .reads
        .iter()
        .map(|read| pool.var(read.symbol))
        .collect();
    let entries: Vec<_> = reads
        .iter()
        .enumerate()
        .map(|(i, &r)| (r, Number::integer(i as i64 - 2)))
        .collect();
    let sum = pool.linear(Number::ZERO, &entries);
    let (p, s) = (pool.var(inputs.parameters[0]), pool.var(inputs.scalars[0]));
    let linear = pool.product(&[p, s, sum]);
    let call = |pool: &mut Pool, op, a| pool.call(op, &[a]);
    let (exp, sin) = (
        call(&mut pool, Op::Exp, reads[0]),
        call(&mut pool, Op::Sin, reads[1]),
    );
    let (cos, tanh) = (
        call(&mut pool, Op::Cos, reads[2]),
        call(&mut pool, Op::Tanh, reads[3]),
    );
    let (one, two) = (pool.int(1), pool.int(2));
    let denominator = pool.add(two, cos);
    let quotient = pool.product(&[exp, sin]);
    let quotient = pool.div(quotient, denominator);
    let square = pool.mul(reads[4], reads[4]);
    let ln = pool.add(one, square);
    let ln = call(&mut pool, Op::Ln, ln);
    let product = pool.product(&[tanh, ln]);
    let difference = pool.sub(linear, quotient);
    let outputs = vec![pool.add(difference, product)];
    let load = Load {
        pool,
        inputs,
        outputs,
    };
    let n = 1000;
    let value = |i: usize, a: f64| (i as f64 * a + 0.3).sin() * 3.0;
    let rows = [12.9898, 78.233].map(|a| (0..n + 3).map(|i| value(i, a)).collect::<Vec<_>>());
    let values = run(
        &load,
        &load.kernel(Arithmetic::Fast, Tier::MachineCode),
        &rows,
        n,
    );
    for (i, &value) in values[0].iter().enumerate() {
        let symbols = [&FIXED[..], &Load::reads(&rows, i)].concat();
        let expected = load.pool.eval(&load.outputs, &symbols)[0];
        // Parts below 20 in sum, and about ten roundings.
        assert!(
            (value - expected).abs() <= 20.0 * 10.0 * f64::EPSILON,
            "{value} instead of {expected}"
        );
    }
}

#[test]
fn a_kernel_that_gets_hot_keeps_its_bits() {
    let load = load(&[(6, 4, 5, 6), (0, 8, 3, 1), (7, 2, 8, 9)]);
    let kernel = load.kernel(Arithmetic::Fast, Tier::Auto);
    let rows = rows(5000);
    let first = run(&load, &kernel, &rows, 5000);
    for _ in 0..200 {
        assert!(same_bits(&run(&load, &kernel, &rows, 5000), &first));
    }
}
