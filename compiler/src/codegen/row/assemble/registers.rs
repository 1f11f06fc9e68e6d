//! Which value is in which register: given out in one pass, what is needed last leaves first.
//!
//! Reads and fixed values are in memory already and need not be saved; results go to the stack.
//!
//! # References
//! L. A. Belady, *A study of replacement algorithms for a virtual-storage computer*, IBM Syst. J. 5 (1966) 78–101, doi:10.1147/sj.52.0078.

use super::super::encode::{self, Memory, RDI, RSP, Source};
use super::super::vector::{Value, VectorOp};
use super::{CALL_AREA, Loop, N_REGISTERS, VECTOR, WIDTH};

impl Loop<'_> {
    /// Whether nothing after an operation with these operands uses a value.
    pub(super) fn dies(&self, value: Value, operands: &[Value]) -> bool {
        let uses_here = operands.iter().filter(|&&operand| operand == value).count();
        self.done[value as usize] + uses_here == self.uses[value as usize].len()
    }

    /// The register of a value, loaded if it has none.
    pub(super) fn register(&mut self, value: Value) -> u8 {
        let register = self.registers[value as usize].unwrap_or_else(|| {
            let register = self.free_register();
            self.load(value, register);
            register
        });
        self.pinned[register as usize] = true;
        register
    }

    /// A value as the last operand of an instruction: in memory if this is its last use.
    pub(super) fn source(&mut self, value: Value) -> Source {
        let is_last = self.done[value as usize] + 1 >= self.uses[value as usize].len();
        if self.registers[value as usize].is_none() && is_last {
            self.moves += 1;
            return self.home(value);
        }
        Source::Register(self.register(value))
    }

    pub(super) fn load(&mut self, value: Value, register: u8) {
        let from = self.home(value);
        self.assembler.vector(encode::MOVE_LOAD, register, 0, from);
        self.put(value, register);
        self.moves += 1;
    }

    /// Where a value that is in no register is.
    pub(super) fn home(&mut self, value: Value) -> Source {
        match self.code.ops[value as usize] {
            VectorOp::Read(i) => {
                let read = self.reads[i as usize];
                let place = self.margin as i32 + read.offset;
                self.at(read.row as usize, place * WIDTH)
            }
            VectorOp::Fixed(place) => Source::Memory(Memory {
                base: RDI,
                index: None,
                displacement: place as i32 * VECTOR,
            }),
            _ => {
                let slot = self.slots[value as usize];
                self.slot(slot.expect("a result that left its register is on the stack"))
            }
        }
    }

    pub(super) fn slot(&self, slot: i32) -> Source {
        let area = if self.frame.calls { CALL_AREA } else { 0 };
        Source::Memory(Memory {
            base: RSP,
            index: None,
            displacement: area + slot * VECTOR,
        })
    }

    /// Marks a use of a value as done; after the last its register is free.
    pub(super) fn finish(&mut self, value: Value) {
        self.done[value as usize] += 1;
        if self.done[value as usize] < self.uses[value as usize].len() {
            return;
        }
        if let Some(register) = self.registers[value as usize]
            && !self.kept[register as usize]
        {
            self.registers[value as usize] = None;
            self.holds[register as usize] = None;
        }
    }

    /// A register for a result, perhaps that of an operand: an instruction reads before it writes.
    pub(super) fn allocate(&mut self, result: Value) -> u8 {
        self.pinned = [false; N_REGISTERS];
        let register = self.free_register();
        self.put(result, register);
        register
    }

    pub(super) fn put(&mut self, value: Value, register: u8) {
        self.holds[register as usize] = Some(value);
        self.registers[value as usize] = Some(register);
    }

    /// A register that holds nothing: if there is none, what is needed last leaves.
    pub(super) fn free_register(&mut self) -> u8 {
        let usable = |this: &Self, register: usize| !this.kept[register] && !this.pinned[register];
        let free = (0..N_REGISTERS).find(|&r| usable(self, r) && self.holds[r].is_none());
        if let Some(register) = free {
            return register as u8;
        }
        let next_use = |register: &usize| {
            let value = self.holds[*register].expect("no register is free") as usize;
            self.uses[value].get(self.done[value]).copied()
        };
        let taken = (0..N_REGISTERS).filter(|&r| usable(self, r));
        let register = taken.max_by_key(next_use);
        let register = register.expect("operations have fewer operands than there are registers");
        self.evict(register as u8);
        register as u8
    }

    /// Empties a register; results are saved on the stack.
    pub(super) fn evict(&mut self, register: u8) {
        let Some(value) = self.holds[register as usize].take() else {
            return;
        };
        self.registers[value as usize] = None;
        let in_memory = matches!(
            self.code.ops[value as usize],
            VectorOp::Read(_) | VectorOp::Fixed(_)
        );
        if !in_memory && self.slots[value as usize].is_none() {
            let slot = self.n_slots;
            self.n_slots += 1;
            self.most_slots = self.most_slots.max(self.n_slots);
            self.slots[value as usize] = Some(slot);
            let to = self.slot(slot);
            self.assembler.vector(encode::MOVE_STORE, register, 0, to);
            self.moves += 2;
        }
    }
}
