//! The few x86-64 instructions that row kernels are made of, as bytes: AVX2 and FMA on 256-bit registers, and what moves pointers.
//!
//! # References
//! [SDM] Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: VEX prefix (2.3.5), ModR/M and SIB (2.1).

/// A general register by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gpr(pub(super) u8);

pub(super) const RAX: Gpr = Gpr(0);
pub(super) const RCX: Gpr = Gpr(1);
pub(super) const RDX: Gpr = Gpr(2);
pub(super) const RBX: Gpr = Gpr(3);
pub(super) const RSP: Gpr = Gpr(4);
pub(super) const RBP: Gpr = Gpr(5);
pub(super) const RSI: Gpr = Gpr(6);
pub(super) const RDI: Gpr = Gpr(7);
pub(super) const R8: Gpr = Gpr(8);

/// A place in memory: `base + index + displacement`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) base: Gpr,
    pub(super) index: Option<Gpr>,
    pub(super) displacement: i32,
}

/// A vector register or memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Register(u8),
    Memory(Memory),
}

/// Which table an opcode stands in, and its mandatory prefix 66.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Map {
    M0F = 1,
    M0F38 = 2,
    M0F3A = 3,
}

/// An instruction on 256-bit vectors: table, W bit, opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vector(pub(super) Map, pub(super) bool, pub(super) u8);

const fn plain(opcode: u8) -> Vector {
    Vector(Map::M0F, false, opcode)
}

const fn fused(opcode: u8) -> Vector {
    Vector(Map::M0F38, true, opcode)
}

pub(super) const MOVE_LOAD: Vector = plain(0x10);
pub(super) const MOVE_STORE: Vector = plain(0x11);
pub(super) const MOVE: Vector = plain(0x28);
pub(super) const SIGNS: Vector = plain(0x50);
pub(super) const SQRT: Vector = plain(0x51);
pub(super) const AND: Vector = plain(0x54);
pub(super) const OR: Vector = plain(0x56);
pub(super) const XOR: Vector = plain(0x57);
pub(super) const ADD: Vector = plain(0x58);
pub(super) const MUL: Vector = plain(0x59);
pub(super) const SUB: Vector = plain(0x5C);
pub(super) const DIV: Vector = plain(0x5E);
/// With /2 (right) and /6 (left) in place of a register, the result in vvvv.
pub(super) const SHIFT_BITS: Vector = plain(0x73);
pub(super) const COMPARE: Vector = plain(0xC2);
pub(super) const ADD_BITS: Vector = plain(0xD4);
pub(super) const SUB_BITS: Vector = plain(0xFB);
pub(super) const ROUND: Vector = Vector(Map::M0F3A, false, 0x09);
/// The mask in the high bits of the immediate.
pub(super) const BLEND: Vector = Vector(Map::M0F3A, false, 0x4B);
/// `a = b·a + m`, and `a = -(b·a) + m`.
pub(super) const MUL_ADD_213: [Vector; 2] = [fused(0xA8), fused(0xAC)];
/// `a = b·m + a`, and `a = -(b·m) + a`.
pub(super) const MUL_ADD_231: [Vector; 2] = [fused(0xB8), fused(0xBC)];

/// Bytes under construction.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    pub(super) bytes: Vec<u8>,
}

/// A jump whose target is not known yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jump(usize);

/// Condition codes of jumps.
pub(super) const EQUAL: u8 = 0x4;
pub(super) const NOT_EQUAL: u8 = 0x5;

impl Assembler {
    /// `instruction register, second, source`; 0 for what an instruction does not have.
    pub(super) fn vector(&mut self, instruction: Vector, register: u8, second: u8, source: Source) {
        let Vector(map, w, opcode) = instruction;
        let (index, base) = match source {
            Source::Register(r) => (0, r),
            Source::Memory(m) => (m.index.map_or(0, |i| i.0), m.base.0),
        };
        let inverted = |r: u8, bit: u8| u8::from(r < 8) << bit;
        self.bytes.push(0xC4);
        self.bytes
            .push(inverted(register, 7) | inverted(index, 6) | inverted(base, 5) | map as u8);
        // L = 1 for 256 bits, pp = 1 for the prefix 66.
        let w = u8::from(w) << 7;
        self.bytes.push(w | (!second & 15) << 3 | 1 << 2 | 1);
        self.bytes.push(opcode);
        self.operand(register, source);
    }

    /// The same with an immediate byte.
    pub(super) fn vector_immediate(
        &mut self,
        instruction: Vector,
        register: u8,
        second: u8,
        source: Source,
        immediate: u8,
    ) {
        self.vector(instruction, register, second, source);
        self.bytes.push(immediate);
    }

    /// ModR/M, SIB and displacement.
    fn operand(&mut self, register: u8, source: Source) {
        let register = (register & 7) << 3;
        let memory = match source {
            Source::Register(r) => return self.bytes.push(0xC0 | register | r & 7),
            Source::Memory(memory) => memory,
        };
        let short = i8::try_from(memory.displacement);
        let mode = if short.is_ok() { 0x40 } else { 0x80 };
        let base = memory.base.0 & 7;
        if memory.index.is_none() && base != RSP.0 {
            self.bytes.push(mode | register | base);
        } else {
            let index = memory.index.map_or(RSP.0, |index| index.0 & 7);
            self.bytes.push(mode | register | RSP.0);
            self.bytes.push(index << 3 | base);
        }
        match short {
            Ok(displacement) => self.bytes.push(displacement as u8),
            Err(_) => self.bytes.extend(memory.displacement.to_le_bytes()),
        }
    }

    /// A 64-bit instruction on general registers; without an index.
    fn general(&mut self, opcode: &[u8], register: Gpr, source: Source) {
        let base = match source {
            Source::Register(r) => r,
            Source::Memory(m) => m.base.0,
        };
        self.bytes.push(0x48 | (register.0 >> 3) << 2 | base >> 3);
        self.bytes.extend(opcode);
        self.operand(register.0, source);
    }

    pub(super) fn load(&mut self, register: Gpr, from: Memory) {
        self.general(&[0x8B], register, Source::Memory(from));
    }

    pub(super) fn store(&mut self, to: Memory, register: Gpr) {
        self.general(&[0x89], register, Source::Memory(to));
    }

    pub(super) fn address(&mut self, register: Gpr, of: Memory) {
        self.general(&[0x8D], register, Source::Memory(of));
    }

    pub(super) fn copy(&mut self, to: Gpr, from: Gpr) {
        self.general(&[0x89], from, Source::Register(to.0));
    }

    /// Sets flags by `a - b`.
    pub(super) fn compare(&mut self, a: Gpr, b: Gpr) {
        self.general(&[0x39], b, Source::Register(a.0));
    }

    /// `a = b` if the flags say greater (signed).
    pub(super) fn copy_if_greater(&mut self, a: Gpr, b: Gpr) {
        self.general(&[0x0F, 0x4F], a, Source::Register(b.0));
    }

    pub(super) fn add_immediate(&mut self, register: Gpr, value: i32) {
        self.general(&[0x81], Gpr(0), Source::Register(register.0));
        self.bytes.extend(value.to_le_bytes());
    }

    /// Sign-extended.
    pub(super) fn set_small(&mut self, register: Gpr, value: i32) {
        self.general(&[0xC7], Gpr(0), Source::Register(register.0));
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn set(&mut self, register: Gpr, value: u64) {
        self.bytes.push(0x48 | register.0 >> 3);
        self.bytes.push(0xB8 | register.0 & 7);
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn push(&mut self, register: Gpr) {
        self.bytes.push(0x40 | register.0 >> 3);
        self.bytes.push(0x50 | register.0 & 7);
    }

    pub(super) fn pop(&mut self, register: Gpr) {
        self.bytes.push(0x40 | register.0 >> 3);
        self.bytes.push(0x58 | register.0 & 7);
    }

    /// Sets flags by the low half of a register.
    pub(super) fn test(&mut self, register: Gpr) {
        self.general(&[0x85], register, Source::Register(register.0));
    }

    pub(super) fn call(&mut self, register: Gpr) {
        self.general(&[0xFF], Gpr(2), Source::Register(register.0));
    }

    /// Leaves the upper halves of vector registers clean for code that knows nothing of them.
    pub(super) fn zero_upper(&mut self) {
        self.bytes.extend([0xC5, 0xF8, 0x77]);
    }

    pub(super) fn return_(&mut self) {
        self.bytes.push(0xC3);
    }

    /// Jumps to a known place.
    pub(super) fn jump_back(&mut self, to: usize) {
        self.bytes.push(0xE9);
        let distance = to as i32 - (self.bytes.len() as i32 + 4);
        self.bytes.extend(distance.to_le_bytes());
    }

    /// Jumps to a place that [`Assembler::land`] will set.
    pub(super) fn jump_if(&mut self, condition: u8) -> Jump {
        self.bytes.extend([0x0F, 0x80 | condition, 0, 0, 0, 0]);
        Jump(self.bytes.len())
    }

    /// Makes a jump end here.
    pub(super) fn land(&mut self, jump: Jump) {
        let distance = (self.bytes.len() - jump.0) as i32;
        self.bytes[jump.0 - 4..jump.0].copy_from_slice(&distance.to_le_bytes());
    }
}
