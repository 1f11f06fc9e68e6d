//! The instructions of one operation.

use super::super::encode::{self, Memory, NOT_EQUAL, RAX, RCX, RDI, RDX, RSI, RSP, Source, Vector};
use super::super::vector::{Comparison, Rounding, Value, VectorOp};
use super::{KEPT, Loop, N_REGISTERS, N_VOLATILE, POINTERS, WIDTH};
use crate::codegen::math;

impl Loop<'_> {
    pub(super) fn operation(&mut self, result: Value, op: VectorOp) {
        if self.uses[result as usize].is_empty() && !matches!(op, VectorOp::Guard(_)) {
            // A comparison of which only the bits are used, not the number.
            return op.for_each_operand(|operand| self.finish(operand));
        }
        match op {
            // Loaded where they are needed.
            VectorOp::Read(_) | VectorOp::Fixed(_) => {}
            VectorOp::Add(a, b) => self.commutative(encode::ADD, result, a, b),
            VectorOp::Mul(a, b) => self.commutative(encode::MUL, result, a, b),
            VectorOp::And(a, b) => self.commutative(encode::AND, result, a, b),
            VectorOp::Or(a, b) => self.commutative(encode::OR, result, a, b),
            VectorOp::Xor(a, b) => self.commutative(encode::XOR, result, a, b),
            VectorOp::AddBits(a, b) => self.commutative(encode::ADD_BITS, result, a, b),
            VectorOp::Sub(a, b) => self.binary(encode::SUB, result, a, b, None),
            VectorOp::Div(a, b) => self.binary(encode::DIV, result, a, b, None),
            VectorOp::SubBits(a, b) => self.binary(encode::SUB_BITS, result, a, b, None),
            VectorOp::Compare(comparison, a, b) => {
                let code = comparison_code(comparison);
                self.binary(encode::COMPARE, result, a, b, Some(code));
            }
            VectorOp::Sqrt(a) => self.unary(encode::SQRT, result, a, None),
            VectorOp::Round(rounding, a) => {
                // Bit 3 suppresses the exception for inexact results.
                let code = match rounding {
                    Rounding::Down => 0b1001,
                    Rounding::Up => 0b1010,
                };
                self.unary(encode::ROUND, result, a, Some(code));
            }
            VectorOp::ShiftLeft(a, n) => self.shift(6, result, a, n),
            VectorOp::ShiftRight(a, n) => self.shift(2, result, a, n),
            VectorOp::Select(mask, a, b) => self.select(result, mask, a, b),
            VectorOp::MulAdd(a, b, c) => self.multiply_add(0, result, [a, b, c]),
            VectorOp::NegMulAdd(a, b, c) => self.multiply_add(1, result, [a, b, c]),
            VectorOp::Call1(op, a) => self.call(result, math::code(op), &[a]),
            VectorOp::Call2(op, a, b) => self.call(result, math::code(op), &[a, b]),
            VectorOp::Call3(op, args) => self.call(result, math::code(op), &args),
            VectorOp::Guard(a) => self.guard(a),
        }
    }

    fn commutative(&mut self, instruction: Vector, result: Value, a: Value, b: Value) {
        // The operand that may stay in memory comes second.
        let (a, b) = if self.registers[a as usize].is_none() && self.registers[b as usize].is_some()
        {
            (b, a)
        } else {
            (a, b)
        };
        self.binary(instruction, result, a, b, None);
    }

    fn binary(
        &mut self,
        instruction: Vector,
        result: Value,
        a: Value,
        b: Value,
        immediate: Option<u8>,
    ) {
        let first = self.register(a);
        let second = self.source(b);
        self.finish(a);
        self.finish(b);
        let to = self.allocate(result);
        self.assembler.vector(instruction, to, first, second);
        self.assembler.bytes.extend(immediate);
    }

    fn unary(&mut self, instruction: Vector, result: Value, a: Value, immediate: Option<u8>) {
        let from = self.source(a);
        self.finish(a);
        let to = self.allocate(result);
        self.assembler.vector(instruction, to, 0, from);
        self.assembler.bytes.extend(immediate);
    }

    fn shift(&mut self, direction: u8, result: Value, a: Value, n: u8) {
        let from = self.register(a);
        self.finish(a);
        let to = self.allocate(result);
        let from = Source::Register(from);
        self.assembler
            .vector_immediate(encode::SHIFT_BITS, direction, to, from, n);
    }

    fn select(&mut self, result: Value, mask: Value, a: Value, b: Value) {
        let (mask_register, otherwise) = (self.register(mask), self.register(b));
        let then = self.source(a);
        [mask, a, b]
            .into_iter()
            .for_each(|value| self.finish(value));
        let to = self.allocate(result);
        self.assembler
            .vector_immediate(encode::BLEND, to, otherwise, then, mask_register << 4);
    }

    /// `a·b + c`, or `-(a·b) + c` for kind 1. The result overwrites an operand: one that is not needed any more, or a copy.
    fn multiply_add(&mut self, kind: usize, result: Value, [a, b, c]: [Value; 3]) {
        let (sum, product) = (encode::MUL_ADD_231[kind], encode::MUL_ADD_213[kind]);
        let operands = [a, b, c];
        let dying = |this: &Self, value| {
            this.dies(value, &operands)
                && this.registers[value as usize].is_some_and(|r| !this.kept[r as usize])
        };
        let ends_in_factor = if dying(self, c) {
            None
        } else if dying(self, a) {
            Some((a, b))
        } else if dying(self, b) {
            Some((b, a))
        } else {
            None
        };
        let (to, instruction, second, third) = match ends_in_factor {
            Some((overwritten, factor)) => {
                let to = self.register(overwritten);
                let second = self.register(factor);
                (to, product, second, self.source(c))
            }
            None => {
                let to = if dying(self, c) {
                    self.register(c)
                } else {
                    self.copy(c)
                };
                self.pinned[to as usize] = true;
                let (a, b) = if self.registers[a as usize].is_none() {
                    (b, a)
                } else {
                    (a, b)
                };
                let second = self.register(a);
                (to, sum, second, self.source(b))
            }
        };
        operands.into_iter().for_each(|value| self.finish(value));
        self.assembler.vector(instruction, to, second, third);
        self.put(result, to);
    }

    /// A copy of a value in a register of its own, which holds nothing yet.
    fn copy(&mut self, value: Value) -> u8 {
        let from = match self.registers[value as usize] {
            Some(register) => {
                self.pinned[register as usize] = true;
                Source::Register(register)
            }
            None => {
                self.moves += 1;
                self.home(value)
            }
        };
        let to = self.free_register();
        let instruction = match from {
            Source::Register(_) => encode::MOVE,
            Source::Memory(_) => encode::MOVE_LOAD,
        };
        self.assembler.vector(instruction, to, 0, from);
        to
    }

    fn guard(&mut self, a: Value) {
        let from = self.register(a);
        self.finish(a);
        let from = Source::Register(from);
        self.assembler.vector(encode::SIGNS, RAX.0, 0, from);
        self.assembler.test(RAX);
        let jump = self.assembler.jump_if(NOT_EQUAL);
        self.guards.push(jump);
    }

    /// Calls the operator table for all lanes. Everything in vector registers goes to the stack, as callees may change them.
    fn call(&mut self, result: Value, op: i64, operands: &[Value]) {
        let area = |i: i32| Memory {
            base: RSP,
            index: None,
            displacement: i * WIDTH,
        };
        for (i, &value) in operands.iter().enumerate() {
            let register = self.register(value);
            let to = Source::Memory(area(4 * i as i32));
            self.assembler.vector(encode::MOVE_STORE, register, 0, to);
        }
        operands.iter().for_each(|&value| self.finish(value));
        for register in 0..N_REGISTERS as u8 {
            self.evict(register);
        }
        let kept = KEPT.iter().chain(&POINTERS[..N_VOLATILE]);
        let kept = || kept.clone().zip(12..);
        kept().for_each(|(&register, i)| self.assembler.store(area(i), register));
        self.assembler.set_small(RDI, op as i32);
        self.assembler.address(RSI, area(0));
        let registers = [RDX, RCX].into_iter().zip([area(4), area(8)]);
        for (register, operand) in registers.take(operands.len() - 1) {
            self.assembler.address(register, operand);
        }
        let address = match operands.len() {
            1 => math::vector1 as *const () as usize,
            2 => math::vector2 as *const () as usize,
            _ => math::vector3 as *const () as usize,
        };
        self.assembler.zero_upper();
        self.assembler.set(RAX, address as u64);
        self.assembler.call(RAX);
        kept().for_each(|(&register, i)| self.assembler.load(register, area(i)));
        let to = self.allocate(result);
        let from = Source::Memory(area(0));
        self.assembler.vector(encode::MOVE_LOAD, to, 0, from);
    }
}

/// The predicate of a comparison: ordered and quiet, but for "not equal".
fn comparison_code(comparison: Comparison) -> u8 {
    match comparison {
        Comparison::Equal => 0x00,
        Comparison::Unordered => 0x03,
        Comparison::NotEqual => 0x04,
        Comparison::Less => 0x11,
        Comparison::LessEqual => 0x12,
        Comparison::Greater => 0x1E,
    }
}
