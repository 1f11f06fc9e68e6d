//! Straight-line code over value slots: what both tiers execute, and the text of a kernel.

use std::fmt;

use super::kernel::Inputs;
use crate::terms::Op;

/// Where a value lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Slot {
    /// A literal of the tape.
    Constant(u32),
    /// An argument that stays for many evaluations.
    Parameter(u32),
    /// Result of an instruction of the parameter tape.
    Folded(u32),
    /// Time.
    Time,
    /// `u[i]`
    State(u32),
    /// `v[i]`
    Direction(u32),
    /// Result of an instruction of the body.
    Body(u32),
}

impl Slot {
    /// Whether the value is known once the parameters are.
    pub(super) fn is_fixed(self) -> bool {
        match self {
            Slot::Constant(_) | Slot::Parameter(_) | Slot::Folded(_) => true,
            Slot::Time | Slot::State(_) | Slot::Direction(_) | Slot::Body(_) => false,
        }
    }
}

/// One instruction; its result is the slot of its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Instruction {
    Neg(Slot),
    /// `1/x`
    Recip(Slot),
    Sqrt(Slot),
    Add(Slot, Slot),
    Sub(Slot, Slot),
    Mul(Slot, Slot),
    Div(Slot, Slot),
    /// At least three operands of the tape's operand list, the first `n_positive` (≥ 1) of them added and the others subtracted,
    /// in the order that [`Tape::is_interleaved`] says.
    Sum {
        start: u32,
        n_positive: u32,
        n_negative: u32,
    },
    /// `if condition ≠ 0 then a else b`
    Select(Slot, Slot, Slot),
    /// A function of one argument.
    Call1(Op, Slot),
    /// An operator or function of two arguments.
    Call2(Op, Slot, Slot),
    /// A function of three arguments.
    Call3(Op, Slot, Slot, Slot),
}

/// Sums of at least this many operands run as [`LANES`] interleaved partial sums: one chain of dependent additions would cost its whole latency.
const INTERLEAVED_SUM: u32 = 24;
/// Partial sums of an interleaved sum: latency (3-4 cycles) times throughput (about one indexed addition per cycle).
pub(super) const LANES: usize = 4;

/// Whether a sum of `n` operands is computed as interleaved partial sums; otherwise from left to right.
///
/// Interleaved: partial sum `k` adds (or subtracts) the operands `k`, `k + 4`, `k + 8`, … of the added operands followed by the subtracted ones, each from
/// left to right and starting from its first operand; the result is `(s0 + s1) + (s2 + s3)`.
pub(super) fn is_interleaved(n: u32) -> bool {
    n >= INTERLEAVED_SUM
}

/// Instructions in an order where operands come before their users.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape {
    /// Literals.
    pub(super) constants: Vec<f64>,
    /// Run once per parameter change; position `i` is `Slot::Folded(i)`.
    pub(super) parameter_code: Vec<Instruction>,
    /// Run at each evaluation; position `i` is `Slot::Body(i)`.
    pub(super) body: Vec<Instruction>,
    /// Operands of sums.
    pub(super) operands: Vec<Slot>,
    /// `out[i]`
    pub(super) outputs: Vec<Slot>,
}

impl Tape {
    /// Added and subtracted operands of a sum.
    pub(super) fn sum_operands(
        &self,
        start: u32,
        n_positive: u32,
        n_negative: u32,
    ) -> (&[Slot], &[Slot]) {
        let start = start as usize;
        self.operands[start..start + (n_positive + n_negative) as usize]
            .split_at(n_positive as usize)
    }

    /// Calls `visit` for each operand of an instruction.
    pub(super) fn for_each_operand(&self, instruction: Instruction, mut visit: impl FnMut(Slot)) {
        match instruction {
            Instruction::Neg(a)
            | Instruction::Recip(a)
            | Instruction::Sqrt(a)
            | Instruction::Call1(_, a) => visit(a),
            Instruction::Add(a, b)
            | Instruction::Sub(a, b)
            | Instruction::Mul(a, b)
            | Instruction::Div(a, b)
            | Instruction::Call2(_, a, b) => {
                visit(a);
                visit(b);
            }
            Instruction::Select(a, b, c) | Instruction::Call3(_, a, b, c) => {
                visit(a);
                visit(b);
                visit(c);
            }
            Instruction::Sum {
                start,
                n_positive,
                n_negative,
            } => {
                let n = (n_positive + n_negative) as usize;
                self.operands[start as usize..start as usize + n]
                    .iter()
                    .copied()
                    .for_each(visit);
            }
        }
    }

    /// Floating-point operations: a sum of `n` operands counts `n - 1`.
    pub(super) fn count_operations(code: &[Instruction]) -> usize {
        code.iter()
            .map(|instruction| match *instruction {
                Instruction::Sum {
                    n_positive,
                    n_negative,
                    ..
                } => (n_positive + n_negative - 1) as usize,
                Instruction::Neg(_)
                | Instruction::Recip(_)
                | Instruction::Sqrt(_)
                | Instruction::Add(..)
                | Instruction::Sub(..)
                | Instruction::Mul(..)
                | Instruction::Div(..)
                | Instruction::Select(..)
                | Instruction::Call1(..)
                | Instruction::Call2(..)
                | Instruction::Call3(..) => 1,
            })
            .sum()
    }

    /// Panics unless every operand is computed before its use and exists.
    pub(super) fn verify(&self, inputs: &Inputs) {
        let exists = |slot: Slot, n_folded: usize, n_body: usize| match slot {
            Slot::Constant(i) => (i as usize) < self.constants.len(),
            Slot::Parameter(i) => (i as usize) < inputs.parameters.len(),
            Slot::Folded(i) => (i as usize) < n_folded,
            Slot::Time => true,
            Slot::State(i) => (i as usize) < inputs.states.len(),
            Slot::Direction(i) => (i as usize) < inputs.direction.len(),
            Slot::Body(i) => (i as usize) < n_body,
        };
        for (i, &instruction) in self.parameter_code.iter().enumerate() {
            self.for_each_operand(instruction, |s| {
                assert!(s.is_fixed() && exists(s, i, 0), "q[{i}] uses {s} too early")
            });
        }
        let n_folded = self.parameter_code.len();
        for (i, &instruction) in self.body.iter().enumerate() {
            self.for_each_operand(instruction, |s| {
                assert!(exists(s, n_folded, i), "v{i} uses {s} too early")
            });
        }
        for &slot in &self.outputs {
            assert!(
                exists(slot, n_folded, self.body.len()),
                "an output is {slot}, which does not exist"
            );
        }
    }

    fn write_instruction(
        &self,
        f: &mut fmt::Formatter<'_>,
        result: Slot,
        instruction: Instruction,
    ) -> fmt::Result {
        write!(f, "  {result} = ")?;
        match instruction {
            Instruction::Neg(a) => writeln!(f, "neg {}", self.show(a)),
            Instruction::Recip(a) => writeln!(f, "recip {}", self.show(a)),
            Instruction::Sqrt(a) => writeln!(f, "sqrt {}", self.show(a)),
            Instruction::Add(a, b) => writeln!(f, "add {}, {}", self.show(a), self.show(b)),
            Instruction::Sub(a, b) => writeln!(f, "sub {}, {}", self.show(a), self.show(b)),
            Instruction::Mul(a, b) => writeln!(f, "mul {}, {}", self.show(a), self.show(b)),
            Instruction::Div(a, b) => writeln!(f, "div {}, {}", self.show(a), self.show(b)),
            Instruction::Select(c, a, b) => writeln!(
                f,
                "select {}, {}, {}",
                self.show(c),
                self.show(a),
                self.show(b)
            ),
            Instruction::Call1(op, a) => writeln!(f, "{} {}", op.name(), self.show(a)),
            Instruction::Call2(op, a, b) => {
                writeln!(f, "{} {}, {}", op.name(), self.show(a), self.show(b))
            }
            Instruction::Call3(op, a, b, c) => {
                let [a, b, c] = [a, b, c].map(|slot| self.show(slot));
                writeln!(f, "{} {a}, {b}, {c}", op.name())
            }
            Instruction::Sum {
                start,
                n_positive,
                n_negative,
            } => {
                let (positive, negative) = self.sum_operands(start, n_positive, n_negative);
                write!(f, "sum {}", self.show(positive[0]))?;
                positive[1..]
                    .iter()
                    .try_for_each(|&s| write!(f, " + {}", self.show(s)))?;
                negative
                    .iter()
                    .try_for_each(|&s| write!(f, " - {}", self.show(s)))?;
                writeln!(f)
            }
        }
    }

    /// Literals are shown by value.
    fn show(&self, slot: Slot) -> impl fmt::Display + '_ {
        fmt::from_fn(move |f| match slot {
            Slot::Constant(i) => write!(f, "{:?}", self.constants[i as usize]),
            other => write!(f, "{other}"),
        })
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slot::Constant(i) => write!(f, "c[{i}]"),
            Slot::Parameter(i) => write!(f, "p[{i}]"),
            Slot::Folded(i) => write!(f, "q[{i}]"),
            Slot::Time => write!(f, "t"),
            Slot::State(i) => write!(f, "u[{i}]"),
            Slot::Direction(i) => write!(f, "v[{i}]"),
            Slot::Body(i) => write!(f, "x{i}"),
        }
    }
}

impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "parameters")?;
        for (i, &instruction) in self.parameter_code.iter().enumerate() {
            self.write_instruction(f, Slot::Folded(i as u32), instruction)?;
        }
        writeln!(f, "body")?;
        for (i, &instruction) in self.body.iter().enumerate() {
            self.write_instruction(f, Slot::Body(i as u32), instruction)?;
        }
        writeln!(f, "outputs")?;
        for (i, &slot) in self.outputs.iter().enumerate() {
            writeln!(f, "  out[{i}] = {}", self.show(slot))?;
        }
        Ok(())
    }
}
