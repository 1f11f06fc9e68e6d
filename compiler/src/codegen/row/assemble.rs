//! Vector code as a loop in x86-64 machine code, four nodes per vector:
//! `fn(fixed: *const [f64; 4], rows: *const *const f64, outputs: *const *mut f64, last: i64, start: i64) -> i64`.
//!
//! The loop runs over groups of nodes from byte position `start` on; the last group ends at the last node and may overlap the one before it, so that there is
//! no scalar tail: no node is computed in two ways. Where a guard finds nodes that are not for this code the position of their group is returned, else -1.
//!
//! Cranelift has vectors of 128 bits only: on the Gray-Scott step (256², 18 operations per node) its loop took 68-80 µs where this one takes 40-50, as C with 256 bits
//! does, and 500 µs to compile.

mod operations;
mod registers;

use super::encode::{
    self, Assembler, EQUAL, Gpr, Jump, Memory, R8, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, Source,
};
use super::kernel::RowRead;
use super::vector::{Value, VectorCode, VectorOp};

/// Nodes per vector.
pub(super) const LANES: usize = 4;
/// Bytes of a vector.
const VECTOR: i32 = 32;
/// Bytes of a value.
const WIDTH: i32 = 8;
/// Vector registers.
const N_REGISTERS: usize = 16;
/// Operations of a body that still becomes two vectors per iteration.
const UNROLLED: usize = 48;

/// Vectors per iteration.
fn unrolled(code: &VectorCode) -> usize {
    if code.ops.len() <= UNROLLED { 2 } else { 1 }
}

/// Nodes per iteration.
pub(super) fn group(code: &VectorCode) -> usize {
    LANES * unrolled(code)
}

/// General registers for pointers to rows and outputs; the first three need not be saved. Pointers beyond these are loaded at each use.
const POINTERS: [Gpr; 9] = [
    Gpr(9),
    Gpr(10),
    Gpr(11),
    RBX,
    RBP,
    Gpr(12),
    Gpr(13),
    Gpr(14),
    Gpr(15),
];
/// Of these, how many callees may change.
const N_VOLATILE: usize = 3;
/// What stays in registers during the loop and callees may change, beside those.
const KEPT: [Gpr; 5] = [RDI, RSI, RDX, RCX, R8];
/// The position in the rows, in bytes.
const POSITION: Gpr = R8;
const LAST: Gpr = RCX;

/// The bytes of the function: the best of several numbers of fixed values kept in registers.
pub(super) fn assemble(
    code: &VectorCode,
    reads: &[RowRead],
    n_rows: usize,
    margin: usize,
) -> Vec<u8> {
    let frame = Frame::new(code, n_rows);
    let mut uses = vec![Vec::new(); code.ops.len()];
    for (i, op) in code.ops.iter().enumerate() {
        op.for_each_operand(|value| uses[value as usize].push(i as u32));
    }
    for &output in &code.outputs {
        uses[output as usize].push(code.ops.len() as u32);
    }
    let mut fixed: Vec<Value> = (0..code.ops.len() as Value)
        .filter(|&i| matches!(code.ops[i as usize], VectorOp::Fixed(_)))
        .collect();
    fixed.sort_by_key(|&value| std::cmp::Reverse(uses[value as usize].len()));
    let most = if frame.calls { 0 } else { fixed.len().min(12) };
    let attempts = (0..=most).step_by(2).chain([most]).map(|n_kept| {
        let mut loop_ = Loop::new(code, reads, margin, &frame, &uses);
        loop_.write(&fixed[..n_kept]);
        loop_
    });
    let best = attempts.min_by_key(|attempt| attempt.moves);
    best.expect("there is an attempt").assembler.bytes
}

/// What stands where on the stack and in general registers.
struct Frame {
    n_pointers: usize,
    n_rows: usize,
    calls: bool,
}

/// Bytes on the stack for arguments of calls and general registers during calls.
const CALL_AREA: i32 = 3 * VECTOR + 8 * WIDTH;

impl Frame {
    fn new(code: &VectorCode, n_rows: usize) -> Frame {
        let is_call = |op: &VectorOp| {
            matches!(
                op,
                VectorOp::Call1(..) | VectorOp::Call2(..) | VectorOp::Call3(..)
            )
        };
        Frame {
            n_pointers: n_rows + code.outputs.len(),
            n_rows,
            calls: code.ops.iter().any(is_call),
        }
    }

    fn saved(&self) -> &'static [Gpr] {
        let n = self.n_pointers.min(POINTERS.len());
        &POINTERS[N_VOLATILE.min(n)..n]
    }
}

/// A loop under construction.
struct Loop<'a> {
    code: &'a VectorCode,
    reads: &'a [RowRead],
    margin: usize,
    frame: &'a Frame,
    uses: &'a [Vec<u32>],
    assembler: Assembler,
    /// By register: what it holds.
    holds: [Option<Value>; N_REGISTERS],
    /// Registers that are not to be given away: fixed values for the whole loop, and operands of the operation under construction.
    kept: [bool; N_REGISTERS],
    pinned: [bool; N_REGISTERS],
    /// By value: its register, its place on the stack, uses that are done.
    registers: Vec<Option<u8>>,
    slots: Vec<Option<i32>>,
    done: Vec<usize>,
    n_slots: i32,
    most_slots: i32,
    /// Bytes from the position to the vector under construction.
    shift: i32,
    /// Guards that jump out.
    guards: Vec<Jump>,
    /// Moves between registers and memory in the loop, those of the stack counted twice.
    moves: usize,
}

impl<'a> Loop<'a> {
    fn new(
        code: &'a VectorCode,
        reads: &'a [RowRead],
        margin: usize,
        frame: &'a Frame,
        uses: &'a [Vec<u32>],
    ) -> Self {
        let n = code.ops.len();
        Loop {
            code,
            reads,
            margin,
            frame,
            uses,
            assembler: Assembler::default(),
            holds: [None; N_REGISTERS],
            kept: [false; N_REGISTERS],
            pinned: [false; N_REGISTERS],
            registers: vec![None; n],
            slots: vec![None; n],
            done: vec![0; n],
            n_slots: 0,
            most_slots: 0,
            shift: 0,
            guards: Vec::new(),
            moves: 0,
        }
    }

    fn write(&mut self, kept: &[Value]) {
        for &register in self.frame.saved() {
            self.assembler.push(register);
        }
        self.assembler.add_immediate(RSP, 0);
        let frame_size = self.assembler.bytes.len() - 4;
        for (i, &register) in POINTERS.iter().enumerate().take(self.frame.n_pointers) {
            let from = self.pointer(i);
            self.assembler.load(register, from);
        }
        for (i, &value) in kept.iter().enumerate() {
            let register = (N_REGISTERS - 1 - i) as u8;
            self.load(value, register);
            self.kept[register as usize] = true;
        }
        self.moves = 0;
        let top = self.assembler.bytes.len();
        let n_vectors = unrolled(self.code) as i32;
        for vector in 0..n_vectors {
            self.shift = vector * VECTOR;
            self.body();
        }
        self.assembler.compare(POSITION, LAST);
        let done = self.assembler.jump_if(EQUAL);
        self.assembler.add_immediate(POSITION, n_vectors * VECTOR);
        self.assembler.compare(POSITION, LAST);
        self.assembler.copy_if_greater(POSITION, LAST);
        self.assembler.jump_back(top);
        self.assembler.land(done);
        self.assembler.set_small(POSITION, -1);
        for guard in std::mem::take(&mut self.guards) {
            self.assembler.land(guard);
        }
        self.assembler.copy(RAX, POSITION);
        // The stack is aligned to 16 bytes at calls: there stand the return address, the saved registers and the frame.
        let mut size = self.most_slots * VECTOR + if self.frame.calls { CALL_AREA } else { 0 };
        if self.frame.saved().len().is_multiple_of(2) {
            size += WIDTH;
        }
        self.assembler.bytes[frame_size..frame_size + 4].copy_from_slice(&(-size).to_le_bytes());
        self.assembler.add_immediate(RSP, size);
        for &register in self.frame.saved().iter().rev() {
            self.assembler.pop(register);
        }
        self.assembler.zero_upper();
        self.assembler.return_();
    }

    /// Where pointer i stands in the tables of the caller.
    fn pointer(&self, i: usize) -> Memory {
        let (base, i) = match i.checked_sub(self.frame.n_rows) {
            None => (RSI, i),
            Some(i) => (RDX, i),
        };
        Memory {
            base,
            index: None,
            displacement: i as i32 * WIDTH,
        }
    }

    /// So many bytes from where pointer i points at, at the position of the loop.
    fn at(&mut self, i: usize, displacement: i32) -> Source {
        let base = match POINTERS.get(i) {
            Some(&register) => register,
            None => {
                let from = self.pointer(i);
                self.assembler.load(RAX, from);
                RAX
            }
        };
        Source::Memory(Memory {
            base,
            index: Some(POSITION),
            displacement: displacement + self.shift,
        })
    }

    fn body(&mut self) {
        self.done.fill(0);
        self.slots.fill(None);
        self.n_slots = 0;
        for (register, holds) in self.holds.iter_mut().enumerate() {
            if !self.kept[register]
                && let Some(value) = holds.take()
            {
                self.registers[value as usize] = None;
            }
        }
        for i in 0..self.code.ops.len() {
            self.pinned = [false; N_REGISTERS];
            self.operation(i as Value, self.code.ops[i]);
        }
        for (i, &output) in self.code.outputs.iter().enumerate() {
            self.pinned = [false; N_REGISTERS];
            let register = self.register(output);
            let to = self.at(self.frame.n_rows + i, 0);
            self.assembler.vector(encode::MOVE_STORE, register, 0, to);
            self.finish(output);
        }
    }
}
