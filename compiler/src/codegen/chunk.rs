//! Cuts the body of a tape into pieces of machine code, and decides what passes between them through memory.

use std::ops::Range;

use super::layout::Layout;
use super::tape::{Slot, Tape};

/// A value stays in its register for so many instructions; later users load it from memory. Short lives make register allocation cheap (a quarter less
/// time to compile than keeping values for a whole chunk) and leave no spills.
const NEAR: u32 = 6;

/// How the body is cut.
pub(super) struct Chunks<'a> {
    pub(super) tape: &'a Tape,
    pub(super) layout: &'a Layout,
    /// Instructions of each chunk.
    pub(super) ranges: Vec<Range<u32>>,
    /// By instruction: position in the workspace of its result, if it is needed after its register is given up.
    passed: Vec<Option<u32>>,
    /// Output and the instruction that computes it, by instruction.
    outputs: Vec<(u32, u32)>,
}

impl<'a> Chunks<'a> {
    /// Cuts into chunks of about `size` operations.
    pub(super) fn new(tape: &'a Tape, layout: &'a Layout, size: usize) -> Chunks<'a> {
        let ranges = cut(tape, size);
        let mut passed = vec![false; tape.body.len()];
        for range in &ranges {
            for i in range.clone() {
                tape.for_each_operand(tape.body[i as usize], |slot| {
                    if let Slot::Body(k) = slot {
                        passed[k as usize] |= !in_register(range.start, k, i);
                    }
                });
            }
        }
        let mut next = layout.body.start;
        let place = |is_passed: bool| {
            next += u32::from(is_passed);
            is_passed.then(|| next - 1)
        };
        let passed = passed.into_iter().map(place).collect();
        let mut outputs = Vec::new();
        for (output, &slot) in tape.outputs.iter().enumerate() {
            if let Slot::Body(i) = slot {
                outputs.push((i, output as u32));
            }
        }
        outputs.sort_unstable();
        Chunks {
            tape,
            layout,
            ranges,
            passed,
            outputs,
        }
    }

    /// Position in the workspace of the result of instruction `i`, if it is needed after its register is given up.
    pub(super) fn passed(&self, i: u32) -> Option<u32> {
        self.passed[i as usize]
    }

    /// The outputs that instruction `i` computes.
    pub(super) fn outputs_of(&self, i: u32) -> impl Iterator<Item = u32> + '_ {
        let start = self
            .outputs
            .partition_point(|&(instruction, _)| instruction < i);
        self.outputs[start..]
            .iter()
            .take_while(move |&&(instruction, _)| instruction == i)
            .map(|&(_, output)| output)
    }
}

fn cut(tape: &Tape, size: usize) -> Vec<Range<u32>> {
    let (mut ranges, mut start, mut operations) = (Vec::new(), 0, 0);
    for (i, instruction) in tape.body.iter().enumerate() {
        operations += Tape::count_operations(std::slice::from_ref(instruction));
        if operations >= size || i + 1 == tape.body.len() {
            let end = i as u32 + 1;
            ranges.push(start..end);
            (start, operations) = (end, 0);
        }
    }
    ranges
}

/// Whether instruction `user` finds the result of instruction `i` in a register; `start` is the first instruction of the user's chunk.
pub(super) fn in_register(start: u32, i: u32, user: u32) -> bool {
    i >= start && user - i <= NEAR
}
