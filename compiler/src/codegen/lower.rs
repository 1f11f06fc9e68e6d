//! A chunk of a tape as a Cranelift function `fn(workspace: *mut f64, outputs: *mut f64)`.
//!
//! Inputs are loaded again at each use, just before it, so that the load becomes a memory operand and occupies no register.
//! Operations come in the order of the tables, so both tiers compute the same bits.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{
    AbiParam, Function, InstBuilder, MemFlagsData, SigRef, Signature, Value,
};
use cranelift_codegen::isa::CallConv;

use super::chunk::{Chunks, in_register};
use super::layout::{ONE, ZERO};
use super::math;
use super::tape::{Instruction, LANES, Slot, is_interleaved};
use crate::terms::Op;

/// Bytes of a value.
const WIDTH: i32 = 8;

/// Signature of the functions.
pub(super) fn signature(call_conv: CallConv) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature.params = vec![AbiParam::new(I64), AbiParam::new(I64)];
    signature
}

/// Translates chunk `n` into `function`, which is empty and has the signature above.
pub(super) fn lower(chunks: &Chunks, n: usize, function: &mut Function) {
    let mut lowering = Lowering::new(chunks, n, function);
    for i in chunks.ranges[n].clone() {
        let value = lowering.instruction(chunks.tape.body[i as usize]);
        lowering.results.push(value);
        if let Some(place) = chunks.passed(i) {
            lowering.store(value, lowering.workspace, place);
        }
        for output in chunks.outputs_of(i) {
            lowering.store(value, lowering.outputs, output);
        }
    }
    lowering.cursor.ins().return_(&[]);
}

struct Lowering<'a> {
    chunks: &'a Chunks<'a>,
    cursor: FuncCursor<'a>,
    workspace: Value,
    outputs: Value,
    /// First instruction of the chunk.
    start: u32,
    /// Results of the chunk so far.
    results: Vec<Value>,
    call1: Option<SigRef>,
    call2: Option<SigRef>,
    call3: Option<SigRef>,
}

impl<'a> Lowering<'a> {
    fn new(chunks: &'a Chunks<'a>, n: usize, function: &'a mut Function) -> Self {
        let block = function.dfg.make_block();
        function.layout.append_block(block);
        let workspace = function.dfg.append_block_param(block, I64);
        let outputs = function.dfg.append_block_param(block, I64);
        let range = &chunks.ranges[n];
        Lowering {
            chunks,
            cursor: FuncCursor::new(function).at_bottom(block),
            workspace,
            outputs,
            start: range.start,
            results: Vec::with_capacity(range.len()),
            call1: None,
            call2: None,
            call3: None,
        }
    }

    fn instruction(&mut self, instruction: Instruction) -> Value {
        match instruction {
            Instruction::Neg(a) => {
                let a = self.value(a);
                self.cursor.ins().fneg(a)
            }
            Instruction::Recip(a) => {
                let one = self.load(ONE);
                let a = self.value(a);
                self.cursor.ins().fdiv(one, a)
            }
            Instruction::Sqrt(a) => {
                let a = self.value(a);
                self.cursor.ins().sqrt(a)
            }
            Instruction::Add(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.cursor.ins().fadd(a, b)
            }
            Instruction::Sub(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.cursor.ins().fsub(a, b)
            }
            Instruction::Mul(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.cursor.ins().fmul(a, b)
            }
            Instruction::Div(a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                self.cursor.ins().fdiv(a, b)
            }
            Instruction::Sum {
                start,
                n_positive,
                n_negative,
            } => self.sum(start, n_positive, n_negative),
            Instruction::Select(condition, a, b) => {
                let condition = self.truth(condition);
                let (a, b) = (self.value(a), self.value(b));
                self.cursor.ins().select(condition, a, b)
            }
            Instruction::Call1(op, a) => self.call1(op, a),
            Instruction::Call2(op, a, b) => self.call2(op, a, b),
            Instruction::Call3(op, a, b, c) => self.call3(op, [a, b, c]),
        }
    }

    fn value(&mut self, slot: Slot) -> Value {
        match slot {
            Slot::Body(i) if in_register(self.start, i, self.start + self.results.len() as u32) => {
                self.results[(i - self.start) as usize]
            }
            Slot::Body(i) => {
                let place = self
                    .chunks
                    .passed(i)
                    .expect("what is not in a register is passed");
                self.load(place)
            }
            Slot::Constant(_)
            | Slot::Parameter(_)
            | Slot::Folded(_)
            | Slot::Time
            | Slot::State(_)
            | Slot::Direction(_) => self.load(self.chunks.layout.place(slot)),
        }
    }

    fn load(&mut self, place: u32) -> Value {
        self.cursor.ins().load(
            F64,
            MemFlagsData::trusted(),
            self.workspace,
            place as i32 * WIDTH,
        )
    }

    fn store(&mut self, value: Value, base: Value, place: u32) {
        self.cursor
            .ins()
            .store(MemFlagsData::trusted(), value, base, place as i32 * WIDTH);
    }

    fn sum(&mut self, start: u32, n_positive: u32, n_negative: u32) -> Value {
        let (positive, negative) = self.chunks.tape.sum_operands(start, n_positive, n_negative);
        let operands = positive
            .iter()
            .map(|&s| (s, false))
            .chain(negative.iter().map(|&s| (s, true)));
        if !is_interleaved(n_positive + n_negative) {
            return self.chain(operands).expect("a sum has operands");
        }
        let lanes: [Value; LANES] = std::array::from_fn(|lane| {
            let operands = operands.clone().skip(lane).step_by(LANES);
            self.chain(operands)
                .expect("an interleaved sum has an operand for each lane")
        });
        let first = self.cursor.ins().fadd(lanes[0], lanes[1]);
        let second = self.cursor.ins().fadd(lanes[2], lanes[3]);
        self.cursor.ins().fadd(first, second)
    }

    /// Adds, or subtracts where marked, from left to right.
    fn chain(&mut self, operands: impl Iterator<Item = (Slot, bool)>) -> Option<Value> {
        let mut sum = None;
        for (slot, negative) in operands {
            let value = self.value(slot);
            sum = Some(match (sum, negative) {
                (None, false) => value,
                (None, true) => self.cursor.ins().fneg(value),
                (Some(sum), false) => self.cursor.ins().fadd(sum, value),
                (Some(sum), true) => self.cursor.ins().fsub(sum, value),
            });
        }
        sum
    }

    /// Whether a value is not zero, as an integer.
    fn truth(&mut self, slot: Slot) -> Value {
        let value = self.value(slot);
        let zero = self.load(ZERO);
        self.cursor.ins().fcmp(FloatCC::NotEqual, value, zero)
    }

    /// 1 or 0
    fn indicator(&mut self, condition: Value) -> Value {
        let (one, zero) = (self.load(ONE), self.load(ZERO));
        self.cursor.ins().select(condition, one, zero)
    }

    fn call1(&mut self, op: Op, a: Slot) -> Value {
        let call_conv = self.cursor.func.signature.call_conv;
        let signature = *self.call1.get_or_insert_with(|| {
            self.cursor
                .func
                .import_signature(math::signature(call_conv, 1))
        });
        let a = self.value(a);
        self.call(op, signature, math::call1 as *const () as usize, &[a])
    }

    fn call2(&mut self, op: Op, a: Slot, b: Slot) -> Value {
        if let Some(&(_, comparison)) = COMPARISONS.iter().find(|(known, _)| *known == op) {
            let (a, b) = (self.value(a), self.value(b));
            let condition = self.cursor.ins().fcmp(comparison, a, b);
            return self.indicator(condition);
        }
        let call_conv = self.cursor.func.signature.call_conv;
        let signature = *self.call2.get_or_insert_with(|| {
            self.cursor
                .func
                .import_signature(math::signature(call_conv, 2))
        });
        let (a, b) = (self.value(a), self.value(b));
        self.call(op, signature, math::call2 as *const () as usize, &[a, b])
    }

    fn call3(&mut self, op: Op, args: [Slot; 3]) -> Value {
        let call_conv = self.cursor.func.signature.call_conv;
        let signature = *self.call3.get_or_insert_with(|| {
            self.cursor
                .func
                .import_signature(math::signature(call_conv, 3))
        });
        let args = args.map(|slot| self.value(slot));
        self.call(op, signature, math::call3 as *const () as usize, &args)
    }

    fn call(&mut self, op: Op, signature: SigRef, address: usize, args: &[Value]) -> Value {
        let code = self.cursor.ins().iconst(I64, math::code(op));
        let callee = self.cursor.ins().iconst(I64, address as i64);
        let call = self
            .cursor
            .ins()
            .call_indirect(signature, callee, &[&[code], args].concat());
        self.cursor.func.dfg.first_result(call)
    }
}

/// Comparisons and their condition codes: with NaN all but "not equal" are false, as in the operator table.
const COMPARISONS: [(Op, FloatCC); 4] = [
    (Op::Less, FloatCC::LessThan),
    (Op::LessEqual, FloatCC::LessThanOrEqual),
    (Op::Equal, FloatCC::Equal),
    (Op::NotEqual, FloatCC::NotEqual),
];
