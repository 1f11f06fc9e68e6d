//! The first engine: the body of a row kernel interpreted over blocks of nodes. Ready at once, and each instruction is one loop that rustc has vectorised.

use super::functions::{One, evaluate, function, reach};
use super::kernel::Arithmetic;
use super::tape::{Instruction, Operand, RowTape};
use crate::terms::Op;

/// Nodes per block: interpreting costs little beside the loops, and the values of a block stay in the first-level cache.
pub(super) const BLOCK: usize = 128;

/// A value at each node of a block.
pub(super) type Block = Box<[f64; BLOCK]>;

/// Which buffer holds which result.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffers {
    /// By instruction of the body.
    places: Vec<u32>,
    /// How many are needed.
    pub(super) n: usize,
}

impl Buffers {
    /// Buffers are used again after the last use of what they hold.
    pub(super) fn assign(tape: &RowTape) -> Buffers {
        let mut last_use = vec![0; tape.body.len()];
        for (i, instruction) in tape.body.iter().enumerate() {
            instruction.for_each_operand(|operand| {
                if let Operand::Body(k) = operand {
                    last_use[k as usize] = i;
                }
            });
        }
        for &output in &tape.outputs {
            if let Operand::Body(k) = output {
                last_use[k as usize] = usize::MAX;
            }
        }
        let mut buffers = Buffers::default();
        let mut free = Vec::new();
        for (i, instruction) in tape.body.iter().enumerate() {
            let place = free.pop().unwrap_or_else(|| {
                buffers.n += 1;
                buffers.n as u32 - 1
            });
            buffers.places.push(place);
            instruction.for_each_operand(|operand| {
                if let Operand::Body(k) = operand
                    && last_use[k as usize] == i
                {
                    // An instruction may use a value twice.
                    last_use[k as usize] = usize::MAX;
                    free.push(buffers.places[k as usize]);
                }
            });
        }
        buffers
    }
}

/// What a block is computed from.
pub(super) struct Context<'a> {
    pub(super) tape: &'a RowTape,
    pub(super) buffers: &'a Buffers,
    pub(super) arithmetic: Arithmetic,
    /// By read: its row, from the read of node 0 on.
    pub(super) reads: &'a [&'a [f64]],
    /// By fixed value: position of its block.
    pub(super) fixed_places: &'a [u32],
    /// Fixed values that the body uses, each repeated over a block.
    pub(super) fixed: &'a [Block],
}

/// Computes the nodes `start..start + len`, len ≤ [`BLOCK`].
#[inline(always)]
pub(super) fn run_block(
    context: &Context,
    blocks: &mut [Block],
    out: &mut [&mut [f64]],
    start: usize,
    len: usize,
) {
    let tape = context.tape;
    for (&instruction, &place) in tape.body.iter().zip(&context.buffers.places) {
        let (before, rest) = blocks.split_at_mut(place as usize);
        let (result, after) = rest
            .split_first_mut()
            .expect("places are below their number");
        let source = Source {
            context,
            before,
            after,
            start,
            len,
        };
        run_instruction(&source, instruction, &mut result[..len]);
    }
    for (out, &output) in out.iter_mut().zip(&tape.outputs) {
        let source = Source {
            context,
            before: blocks,
            after: &[],
            start,
            len,
        };
        out[start..start + len].copy_from_slice(source.get(output));
    }
}

struct Source<'a> {
    context: &'a Context<'a>,
    /// Blocks before and after that of the result.
    before: &'a [Block],
    after: &'a [Block],
    start: usize,
    len: usize,
}

impl<'a> Source<'a> {
    #[inline(always)]
    fn get(&self, operand: Operand) -> &'a [f64] {
        let context = self.context;
        match operand {
            Operand::Fixed(i) => {
                &context.fixed[context.fixed_places[i as usize] as usize][..self.len]
            }
            Operand::Read(i) => &context.reads[i as usize][self.start..self.start + self.len],
            Operand::Body(i) => {
                let place = context.buffers.places[i as usize] as usize;
                let block = match self.before.get(place) {
                    Some(block) => block,
                    None => &self.after[place - self.before.len() - 1],
                };
                &block[..self.len]
            }
        }
    }
}

#[inline(always)]
fn run_instruction(source: &Source, instruction: Instruction, out: &mut [f64]) {
    match instruction {
        Instruction::Neg(a) => unary(source, out, a, |a| -a),
        Instruction::Sqrt(a) => unary(source, out, a, f64::sqrt),
        Instruction::Add(a, b) => binary(source, out, a, b, |a, b| a + b),
        Instruction::Sub(a, b) => binary(source, out, a, b, |a, b| a - b),
        Instruction::Mul(a, b) => binary(source, out, a, b, |a, b| a * b),
        Instruction::Div(a, b) => binary(source, out, a, b, |a, b| a / b),
        Instruction::MulAdd(a, b, c) => ternary(source, out, [a, b, c], f64::mul_add),
        Instruction::NegMulAdd(a, b, c) => {
            ternary(source, out, [a, b, c], |a, b, c| (-a).mul_add(b, c));
        }
        Instruction::Select(c, a, b) => {
            ternary(
                source,
                out,
                [c, a, b],
                |c, a, b| if c != 0.0 { a } else { b },
            );
        }
        Instruction::Call1(op, a) => match (source.context.arithmetic, reach(op)) {
            (Arithmetic::Fast, Some(limit)) => polynomials(source, out, op, a, limit),
            (Arithmetic::Fast | Arithmetic::Exact, _) => call1(source, out, op, a),
        },
        Instruction::Call2(op, a, b) => match op {
            Op::Less => binary(source, out, a, b, |a, b| f64::from(u8::from(a < b))),
            Op::LessEqual => binary(source, out, a, b, |a, b| f64::from(u8::from(a <= b))),
            _ => binary(source, out, a, b, |a, b| op.apply(&[a, b])),
        },
        Instruction::Call3(op, args) => {
            ternary(source, out, args, |a, b, c| op.apply(&[a, b, c]));
        }
    }
}

#[inline(always)]
fn unary(source: &Source, out: &mut [f64], a: Operand, f: impl Fn(f64) -> f64) {
    for (out, &a) in out.iter_mut().zip(source.get(a)) {
        *out = f(a);
    }
}

#[inline(always)]
fn binary(source: &Source, out: &mut [f64], a: Operand, b: Operand, f: impl Fn(f64, f64) -> f64) {
    for ((out, &a), &b) in out.iter_mut().zip(source.get(a)).zip(source.get(b)) {
        *out = f(a, b);
    }
}

#[inline(always)]
fn ternary(
    source: &Source,
    out: &mut [f64],
    [a, b, c]: [Operand; 3],
    f: impl Fn(f64, f64, f64) -> f64,
) {
    let operands = source.get(a).iter().zip(source.get(b)).zip(source.get(c));
    for (out, ((&a, &b), &c)) in out.iter_mut().zip(operands) {
        *out = f(a, b, c);
    }
}

#[inline(always)]
fn call1(source: &Source, out: &mut [f64], op: Op, a: Operand) {
    match op {
        Op::Abs => unary(source, out, a, f64::abs),
        Op::Floor => unary(source, out, a, f64::floor),
        Op::Ceil => unary(source, out, a, f64::ceil),
        _ => unary(source, out, a, |a| op.apply(&[a])),
    }
}

/// One vectorised loop, then what is out of reach, which is rare.
#[inline(always)]
fn polynomials(source: &Source, out: &mut [f64], op: Op, a: Operand, limit: f64) {
    match op {
        Op::Exp => unary(source, out, a, |x| function(&mut One, Op::Exp, x)),
        Op::Ln => unary(source, out, a, |x| function(&mut One, Op::Ln, x)),
        Op::Sin => unary(source, out, a, |x| function(&mut One, Op::Sin, x)),
        Op::Cos => unary(source, out, a, |x| function(&mut One, Op::Cos, x)),
        Op::Tanh => unary(source, out, a, |x| function(&mut One, Op::Tanh, x)),
        _ => unreachable!("functions with a reach have a polynomial"),
    }
    let x = source.get(a);
    if limit < f64::INFINITY && !x.iter().all(|x| x.abs() <= limit) {
        for (out, &x) in out.iter_mut().zip(x) {
            if x.is_nan() || x.abs() > limit {
                *out = evaluate(op, x);
            }
        }
    }
}
