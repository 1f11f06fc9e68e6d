//! The body of a row kernel as operations on vectors of nodes, with comparisons as bits and elementary functions taken apart.

use rustc_hash::FxHashMap;

use super::functions::{Lanes, function, reach};
use super::kernel::Arithmetic;
use super::tape::{Instruction, Operand, RowTape};
use crate::terms::Op;

/// The result of an operation, by position.
pub(super) type Value = u32;

/// A comparison; all bits of a lane are set where it holds. With NaN only the last two hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessEqual,
    Greater,
    Equal,
    NotEqual,
    Unordered,
}

/// Towards which integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounding {
    Down,
    Up,
}

/// One operation on all lanes; lanes are numbers or bit patterns of 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VectorOp {
    /// Position in the reads of the kernel.
    Read(u32),
    /// Position in the table of fixed values and literals.
    Fixed(u32),
    Add(Value, Value),
    Sub(Value, Value),
    Mul(Value, Value),
    Div(Value, Value),
    Sqrt(Value),
    /// `a·b + c`
    MulAdd(Value, Value, Value),
    /// `c - a·b`
    NegMulAdd(Value, Value, Value),
    Round(Rounding, Value),
    Compare(Comparison, Value, Value),
    And(Value, Value),
    Or(Value, Value),
    Xor(Value, Value),
    /// Where the bits of the first are set the second, else the third.
    Select(Value, Value, Value),
    AddBits(Value, Value),
    SubBits(Value, Value),
    ShiftLeft(Value, u8),
    ShiftRight(Value, u8),
    /// The operator table, lane by lane.
    Call1(Op, Value),
    Call2(Op, Value, Value),
    Call3(Op, [Value; 3]),
    /// No result: if any bit is set, these nodes are not for this code.
    Guard(Value),
}

impl VectorOp {
    pub(super) fn for_each_operand(self, mut visit: impl FnMut(Value)) {
        use VectorOp::{
            Add, AddBits, And, Call1, Call2, Call3, Compare, Div, Fixed, Guard, Mul, MulAdd,
            NegMulAdd, Or, Read, Round, Select, ShiftLeft, ShiftRight, Sqrt, Sub, SubBits, Xor,
        };
        match self {
            Read(_) | Fixed(_) => {}
            Sqrt(a) | Round(_, a) | ShiftLeft(a, _) | ShiftRight(a, _) | Call1(_, a) | Guard(a) => {
                visit(a);
            }
            Add(a, b)
            | Sub(a, b)
            | Mul(a, b)
            | Div(a, b)
            | Compare(_, a, b)
            | And(a, b)
            | Or(a, b)
            | Xor(a, b)
            | AddBits(a, b)
            | SubBits(a, b)
            | Call2(_, a, b) => [a, b].into_iter().for_each(visit),
            MulAdd(a, b, c) | NegMulAdd(a, b, c) | Select(a, b, c) | Call3(_, [a, b, c]) => {
                [a, b, c].into_iter().for_each(visit);
            }
        }
    }
}

/// Operations in order.
#[derive(Debug, Default)]
pub(super) struct VectorCode {
    pub(super) ops: Vec<VectorOp>,
    pub(super) outputs: Vec<Value>,
    /// Stand behind the fixed values in their table.
    pub(super) literals: Vec<f64>,
}

/// Translates the body of a tape; `places` are those of its fixed values in their table, `n_fixed` their number.
pub(super) fn vectorise(
    tape: &RowTape,
    arithmetic: Arithmetic,
    places: &[u32],
    n_fixed: usize,
) -> VectorCode {
    let mut builder = Builder {
        code: VectorCode::default(),
        arithmetic,
        places,
        n_fixed,
        loads: FxHashMap::default(),
        literals: FxHashMap::default(),
        results: Vec::with_capacity(tape.body.len()),
        masks: FxHashMap::default(),
    };
    for &instruction in &tape.body {
        let value = builder.instruction(instruction);
        builder.results.push(value);
    }
    builder.code.outputs = tape.outputs.iter().map(|&o| builder.value(o)).collect();
    builder.code
}

struct Builder<'a> {
    code: VectorCode,
    arithmetic: Arithmetic,
    places: &'a [u32],
    n_fixed: usize,
    loads: FxHashMap<VectorOpKey, Value>,
    /// By bits.
    literals: FxHashMap<u64, Value>,
    results: Vec<Value>,
    /// By position of an instruction: its comparison as bits.
    masks: FxHashMap<u32, Value>,
}

/// What is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum VectorOpKey {
    Read(u32),
    Fixed(u32),
}

impl Builder<'_> {
    fn emit(&mut self, op: VectorOp) -> Value {
        self.code.ops.push(op);
        self.code.ops.len() as Value - 1
    }

    fn load(&mut self, key: VectorOpKey) -> Value {
        if let Some(&value) = self.loads.get(&key) {
            return value;
        }
        let value = self.emit(match key {
            VectorOpKey::Read(i) => VectorOp::Read(i),
            VectorOpKey::Fixed(i) => VectorOp::Fixed(i),
        });
        self.loads.insert(key, value);
        value
    }

    fn value(&mut self, operand: Operand) -> Value {
        match operand {
            Operand::Body(i) => self.results[i as usize],
            Operand::Read(i) => self.load(VectorOpKey::Read(i)),
            Operand::Fixed(i) => self.load(VectorOpKey::Fixed(self.places[i as usize])),
        }
    }

    fn bits(&mut self, pattern: u64) -> Value {
        self.constant(f64::from_bits(pattern))
    }

    fn instruction(&mut self, instruction: Instruction) -> Value {
        match instruction {
            Instruction::Neg(a) => {
                let (a, sign) = (self.value(a), self.bits(1 << 63));
                self.xor(a, sign)
            }
            Instruction::Sqrt(a) => {
                let a = self.value(a);
                self.emit(VectorOp::Sqrt(a))
            }
            Instruction::Add(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.add(a, b)
            }
            Instruction::Sub(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.sub(a, b)
            }
            Instruction::Mul(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.mul(a, b)
            }
            Instruction::Div(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.div(a, b)
            }
            Instruction::MulAdd(a, b, c) => {
                let (a, b, c) = (self.value(a), self.value(b), self.value(c));
                self.mul_add(a, b, c)
            }
            Instruction::NegMulAdd(a, b, c) => {
                let (a, b, c) = (self.value(a), self.value(b), self.value(c));
                self.emit(VectorOp::NegMulAdd(a, b, c))
            }
            Instruction::Select(condition, a, b) => {
                let mask = self.truth(condition);
                let (a, b) = (self.value(a), self.value(b));
                self.select(mask, a, b)
            }
            Instruction::Call1(op, a) => {
                let a = self.value(a);
                self.call1(op, a)
            }
            Instruction::Call2(op, a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.call2(op, a, b)
            }
            Instruction::Call3(op, args) => {
                let args = args.map(|operand| self.value(operand));
                self.emit(VectorOp::Call3(op, args))
            }
        }
    }

    /// All bits set where a value is not zero.
    fn truth(&mut self, operand: Operand) -> Value {
        if let Operand::Body(i) = operand
            && let Some(&mask) = self.masks.get(&i)
        {
            return mask;
        }
        let value = self.value(operand);
        self.nonzero(value)
    }

    fn nonzero(&mut self, value: Value) -> Value {
        let zero = self.constant(0.0);
        self.compare(Comparison::NotEqual, value, zero)
    }

    fn compare(&mut self, comparison: Comparison, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Compare(comparison, a, b))
    }

    /// 1 or 0, for the instruction under construction.
    fn indicator(&mut self, mask: Value) -> Value {
        self.masks.insert(self.results.len() as u32, mask);
        let one = self.constant(1.0);
        self.and(mask, one)
    }

    fn magnitude(&mut self, a: Value) -> Value {
        let rest = self.bits(!(1 << 63));
        self.and(a, rest)
    }

    fn call1(&mut self, op: Op, a: Value) -> Value {
        match op {
            Op::Abs => self.magnitude(a),
            Op::Floor => self.emit(VectorOp::Round(Rounding::Down, a)),
            Op::Ceil => self.emit(VectorOp::Round(Rounding::Up, a)),
            Op::Not => {
                let zero = self.constant(0.0);
                let mask = self.compare(Comparison::Equal, a, zero);
                self.indicator(mask)
            }
            _ => match (self.arithmetic, reach(op)) {
                (Arithmetic::Fast, Some(limit)) => {
                    if limit < f64::INFINITY {
                        let (magnitude, limit) = (self.magnitude(a), self.constant(limit));
                        let beyond = self.compare(Comparison::Greater, magnitude, limit);
                        let undefined = self.compare(Comparison::Unordered, a, a);
                        let mask = self.or(beyond, undefined);
                        self.emit(VectorOp::Guard(mask));
                    }
                    function(self, op, a)
                }
                (Arithmetic::Fast | Arithmetic::Exact, _) => self.emit(VectorOp::Call1(op, a)),
            },
        }
    }

    fn call2(&mut self, op: Op, a: Value, b: Value) -> Value {
        let mask = match op {
            Op::Less => self.compare(Comparison::Less, a, b),
            Op::LessEqual => self.compare(Comparison::LessEqual, a, b),
            Op::Equal => self.compare(Comparison::Equal, a, b),
            Op::NotEqual => self.compare(Comparison::NotEqual, a, b),
            Op::And => {
                let (a, b) = (self.nonzero(a), self.nonzero(b));
                self.and(a, b)
            }
            Op::Or => {
                let (a, b) = (self.nonzero(a), self.nonzero(b));
                self.or(a, b)
            }
            Op::Min => return self.choose(Comparison::Less, a, b),
            Op::Max => return self.choose(Comparison::Greater, a, b),
            _ => return self.emit(VectorOp::Call2(op, a, b)),
        };
        self.indicator(mask)
    }

    /// `a` where it is NaN or the comparison holds, else `b`.
    fn choose(&mut self, comparison: Comparison, a: Value, b: Value) -> Value {
        let first = self.compare(comparison, a, b);
        let undefined = self.compare(Comparison::Unordered, a, a);
        let mask = self.or(first, undefined);
        self.select(mask, a, b)
    }
}

impl Lanes for Builder<'_> {
    type Value = Value;

    fn constant(&mut self, x: f64) -> Value {
        if let Some(&value) = self.literals.get(&x.to_bits()) {
            return value;
        }
        let place = self.n_fixed + self.code.literals.len();
        self.code.literals.push(x);
        let value = self.emit(VectorOp::Fixed(place as u32));
        self.literals.insert(x.to_bits(), value);
        value
    }

    fn add(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Add(a, b))
    }

    fn sub(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Sub(a, b))
    }

    fn mul(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Mul(a, b))
    }

    fn div(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Div(a, b))
    }

    fn mul_add(&mut self, a: Value, b: Value, c: Value) -> Value {
        self.emit(VectorOp::MulAdd(a, b, c))
    }

    fn less(&mut self, a: Value, b: Value) -> Value {
        self.compare(Comparison::Less, a, b)
    }

    fn add_bits(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::AddBits(a, b))
    }

    fn sub_bits(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::SubBits(a, b))
    }

    fn shift_left(&mut self, a: Value, n: u8) -> Value {
        self.emit(VectorOp::ShiftLeft(a, n))
    }

    fn shift_right(&mut self, a: Value, n: u8) -> Value {
        self.emit(VectorOp::ShiftRight(a, n))
    }

    fn and(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::And(a, b))
    }

    fn or(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Or(a, b))
    }

    fn xor(&mut self, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Xor(a, b))
    }

    fn select(&mut self, mask: Value, a: Value, b: Value) -> Value {
        self.emit(VectorOp::Select(mask, a, b))
    }
}
