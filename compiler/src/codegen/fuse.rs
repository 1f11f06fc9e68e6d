//! Fuses instructions for the tables: a product that one sum alone uses is computed with it and needs no place in memory.
//!
//! The bulk of a network's values are `a·b`, `a·b·c` and `a·b ± c·d·e`; fused they cost about half the loads and stores.

use smallvec::{SmallVec, smallvec};

use super::tape::{Instruction, Slot, Tape};
use crate::terms::Op;

/// What a step of the tables computes from its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Neg,
    Recip,
    Sqrt,
    Call1(Op),
    Div,
    Call2(Op),
    Call3(Op),
    Select,
    /// `a·b`
    Product2,
    /// `a·b·c`
    Product3,
    /// The product of so many operands plus the product of so many.
    Total11,
    Total21,
    Total22,
    Total31,
    Total32,
    Total33,
    /// The product of so many operands minus the product of so many.
    Difference11,
    Difference12,
    Difference13,
    Difference21,
    Difference22,
    Difference23,
    Difference31,
    Difference32,
    Difference33,
    /// A sum: number of added and of subtracted operands.
    Sum(u32, u32),
}

/// A step: kind, the instruction whose result it computes, and where its operands begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) kind: Kind,
    pub(super) result: u32,
    start: u32,
}

/// The steps of a piece of code, last first.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    operands: Vec<Slot>,
}

impl Kind {
    /// Number of operands.
    pub(super) fn arity(self) -> usize {
        match self {
            Kind::Neg | Kind::Recip | Kind::Sqrt | Kind::Call1(_) => 1,
            Kind::Div | Kind::Call2(_) | Kind::Product2 | Kind::Total11 | Kind::Difference11 => 2,
            Kind::Select
            | Kind::Call3(_)
            | Kind::Product3
            | Kind::Total21
            | Kind::Difference12
            | Kind::Difference21 => 3,
            Kind::Total22
            | Kind::Total31
            | Kind::Difference13
            | Kind::Difference22
            | Kind::Difference31 => 4,
            Kind::Total32 | Kind::Difference23 | Kind::Difference32 => 5,
            Kind::Total33 | Kind::Difference33 => 6,
            Kind::Sum(a, b) => (a + b) as usize,
        }
    }
}

impl Steps {
    /// One step per instruction.
    pub(super) fn of_parameter_code(tape: &Tape) -> Steps {
        Fuser {
            tape,
            code: &tape.parameter_code,
            used_once: &|_| false,
            absorbed: Vec::new(),
        }
        .run()
    }

    /// The body, fused.
    pub(super) fn of_body(tape: &Tape) -> Steps {
        let mut uses = vec![0u8; tape.body.len()];
        let mut count = |slot, n: u8| {
            if let Slot::Body(i) = slot {
                uses[i as usize] = uses[i as usize].saturating_add(n);
            }
        };
        tape.outputs.iter().for_each(|&slot| count(slot, 2));
        tape.body
            .iter()
            .for_each(|&instruction| tape.for_each_operand(instruction, |slot| count(slot, 1)));
        Fuser {
            tape,
            code: &tape.body,
            used_once: &|i| uses[i as usize] == 1,
            absorbed: Vec::new(),
        }
        .run()
    }

    /// The operands of a step.
    pub(super) fn operands(&self, step: &Step) -> &[Slot] {
        &self.operands[step.start as usize..][..step.kind.arity()]
    }
}

/// By number of factors of the greater and of the smaller side, less one.
const TOTALS: [[Kind; 3]; 3] = [
    [Kind::Total11, Kind::Total21, Kind::Total31],
    [Kind::Total21, Kind::Total22, Kind::Total32],
    [Kind::Total31, Kind::Total32, Kind::Total33],
];

/// By number of factors of each side, less one.
const DIFFERENCES: [[Kind; 3]; 3] = [
    [Kind::Difference11, Kind::Difference12, Kind::Difference13],
    [Kind::Difference21, Kind::Difference22, Kind::Difference23],
    [Kind::Difference31, Kind::Difference32, Kind::Difference33],
];

struct Fuser<'a> {
    tape: &'a Tape,
    code: &'a [Instruction],
    /// Whether a result is used by one instruction, once, and is no output.
    used_once: &'a dyn Fn(u32) -> bool,
    /// By instruction: whether its user computes it.
    absorbed: Vec<bool>,
}

impl Fuser<'_> {
    fn run(mut self) -> Steps {
        let mut steps = Steps::default();
        self.absorbed.resize(self.code.len(), false);
        // Users come before what they use.
        for (i, &instruction) in self.code.iter().enumerate().rev() {
            if !self.absorbed[i] {
                let start = steps.operands.len() as u32;
                let kind = self.fuse(instruction, &mut steps.operands);
                steps.steps.push(Step {
                    kind,
                    result: i as u32,
                    start,
                });
            }
        }
        steps
    }

    fn fuse(&mut self, instruction: Instruction, operands: &mut Vec<Slot>) -> Kind {
        let kind = match instruction {
            Instruction::Add(a, b) => {
                let (mut a, mut b) = (self.factors(a), self.factors(b));
                if a.len() < b.len() {
                    std::mem::swap(&mut a, &mut b);
                }
                operands.extend(a.iter().chain(&b));
                return TOTALS[a.len() - 1][b.len() - 1];
            }
            Instruction::Sub(a, b) => {
                let (a, b) = (self.factors(a), self.factors(b));
                operands.extend(a.iter().chain(&b));
                return DIFFERENCES[a.len() - 1][b.len() - 1];
            }
            Instruction::Mul(a, b) => {
                let factors = self.factors_of(a, b);
                operands.extend(&factors);
                return if factors.len() == 2 {
                    Kind::Product2
                } else {
                    Kind::Product3
                };
            }
            Instruction::Neg(_) => Kind::Neg,
            Instruction::Recip(_) => Kind::Recip,
            Instruction::Sqrt(_) => Kind::Sqrt,
            Instruction::Div(..) => Kind::Div,
            Instruction::Select(..) => Kind::Select,
            Instruction::Call1(op, _) => Kind::Call1(op),
            Instruction::Call2(op, ..) => Kind::Call2(op),
            Instruction::Call3(op, ..) => Kind::Call3(op),
            Instruction::Sum {
                n_positive,
                n_negative,
                ..
            } => Kind::Sum(n_positive, n_negative),
        };
        self.tape
            .for_each_operand(instruction, |slot| operands.push(slot));
        kind
    }

    /// A value as a product of one to three factors, from left to right.
    fn factors(&mut self, slot: Slot) -> SmallVec<[Slot; 3]> {
        match self.absorb(slot) {
            Some((a, b)) => self.factors_of(a, b),
            None => smallvec![slot],
        }
    }

    /// `a·b`, with one of them taken apart if it is a product of its own.
    fn factors_of(&mut self, a: Slot, b: Slot) -> SmallVec<[Slot; 3]> {
        if let Some((c, d)) = self.absorb(a) {
            smallvec![c, d, b]
        } else if let Some((c, d)) = self.absorb(b) {
            smallvec![c, d, a]
        } else {
            smallvec![a, b]
        }
    }

    /// The factors of a product that nobody else uses; it will not be computed on its own.
    fn absorb(&mut self, slot: Slot) -> Option<(Slot, Slot)> {
        let Slot::Body(i) = slot else { return None };
        let Instruction::Mul(a, b) = self.code[i as usize] else {
            return None;
        };
        if !(self.used_once)(i) {
            return None;
        }
        self.absorbed[i as usize] = true;
        Some((a, b))
    }
}
