//! Emits instructions, each different one once, into the part of the tape where its operands belong.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::tape::{Instruction, Slot, Tape};

/// Operands of a sum under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct SignedSum {
    pub(super) positive: Vec<Slot>,
    pub(super) negative: Vec<Slot>,
}

impl SignedSum {
    /// Adds `slot`, or subtracts it.
    pub(super) fn push(&mut self, slot: Slot, negative: bool) {
        if negative {
            self.negative.push(slot)
        } else {
            self.positive.push(slot)
        }
    }

    fn len(&self) -> usize {
        self.positive.len() + self.negative.len()
    }

    /// Moves the operands for which `keep` is false to another sum.
    fn split_off(&mut self, moves: impl Fn(Slot) -> bool) -> SignedSum {
        let mut moved = SignedSum::default();
        for (from, to) in [
            (&mut self.positive, &mut moved.positive),
            (&mut self.negative, &mut moved.negative),
        ] {
            to.extend(from.iter().copied().filter(|&s| moves(s)));
            from.retain(|&s| !moves(s));
        }
        moved
    }
}

/// A tape under construction.
#[derive(Debug, Default)]
pub(super) struct Emitter {
    pub(super) tape: Tape,
    constants: FxHashMap<u64, Slot>,
    emitted: FxHashMap<Instruction, Slot>,
    /// By the hashes of added and of subtracted operands: where the operands start, and the sum.
    sums: FxHashMap<[u64; 2], (u32, Slot)>,
}

impl Emitter {
    /// With room for about `n` instructions.
    pub(super) fn with_capacity(n: usize) -> Emitter {
        let mut emitter = Emitter::default();
        emitter.emitted.reserve(n);
        emitter.tape.body.reserve(n);
        emitter
    }

    pub(super) fn constant(&mut self, value: f64) -> Slot {
        let constants = &mut self.tape.constants;
        *self.constants.entry(value.to_bits()).or_insert_with(|| {
            constants.push(value);
            Slot::Constant(constants.len() as u32 - 1)
        })
    }

    /// The slot of an instruction, which is not a sum.
    pub(super) fn emit(&mut self, instruction: Instruction) -> Slot {
        if let Some(&slot) = self.emitted.get(&instruction) {
            return slot;
        }
        let slot = self.append(instruction);
        self.emitted.insert(instruction, slot);
        slot
    }

    pub(super) fn mul(&mut self, a: Slot, b: Slot) -> Slot {
        self.emit(Instruction::Mul(a.min(b), a.max(b)))
    }

    /// `Σ positive - Σ negative`; what is fixed in it is summed apart, in the parameter tape.
    pub(super) fn sum(&mut self, mut sum: SignedSum) -> Slot {
        let fixed = sum.split_off(Slot::is_fixed);
        if sum.len() == 0 {
            return self.plain_sum(&fixed);
        }
        if fixed.len() > 1 {
            sum.positive.push(self.plain_sum(&fixed));
        } else {
            sum.positive.extend(fixed.positive);
            sum.negative.extend(fixed.negative);
        }
        self.plain_sum(&sum)
    }

    fn plain_sum(&mut self, sum: &SignedSum) -> Slot {
        match (&sum.positive[..], &sum.negative[..]) {
            ([], []) => self.constant(0.0),
            (&[a], []) => a,
            (&[a, b], []) => self.emit(Instruction::Add(a.min(b), a.max(b))),
            (&[a], &[b]) => match self.emitted.get(&Instruction::Sub(b, a)) {
                Some(&opposite) => self.emit(Instruction::Neg(opposite)),
                None => self.emit(Instruction::Sub(a, b)),
            },
            ([], negative) => {
                let sum = self.plain_sum(&SignedSum {
                    positive: negative.to_vec(),
                    negative: Vec::new(),
                });
                self.emit(Instruction::Neg(sum))
            }
            (positive, negative) => self.long_sum(positive, negative),
        }
    }

    /// A sum of at least three operands: an earlier equal one, the negation of an earlier opposite one, or a new one.
    fn long_sum(&mut self, positive: &[Slot], negative: &[Slot]) -> Slot {
        let hashes = [positive, negative].map(|slots| FxBuildHasher.hash_one(slots));
        if let Some(slot) = self.earlier_sum(hashes, positive, negative) {
            return slot;
        }
        if let Some(opposite) = self.earlier_sum([hashes[1], hashes[0]], negative, positive) {
            return self.emit(Instruction::Neg(opposite));
        }
        let start = self.tape.operands.len() as u32;
        self.tape.operands.extend_from_slice(positive);
        self.tape.operands.extend_from_slice(negative);
        let (n_positive, n_negative) = (positive.len() as u32, negative.len() as u32);
        let slot = self.append(Instruction::Sum {
            start,
            n_positive,
            n_negative,
        });
        self.sums.insert(hashes, (start, slot));
        slot
    }

    /// Sums of equal hash and different operands are not worth a search: they are merely not shared.
    fn earlier_sum(&self, hashes: [u64; 2], positive: &[Slot], negative: &[Slot]) -> Option<Slot> {
        let &(start, slot) = self.sums.get(&hashes)?;
        let known = &self.tape.operands[start as usize..];
        let operands = positive.iter().chain(negative);
        let equal = known.len() >= positive.len() + negative.len()
            && operands.eq(&known[..positive.len() + negative.len()]);
        equal.then_some(slot)
    }

    fn append(&mut self, instruction: Instruction) -> Slot {
        let mut fixed = true;
        self.tape
            .for_each_operand(instruction, |s| fixed &= s.is_fixed());
        let (code, slot): (_, fn(u32) -> Slot) = if fixed {
            (&mut self.tape.parameter_code, Slot::Folded)
        } else {
            (&mut self.tape.body, Slot::Body)
        };
        code.push(instruction);
        slot(code.len() as u32 - 1)
    }
}
