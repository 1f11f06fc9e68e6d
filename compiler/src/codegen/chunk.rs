//! Cuts the body of a tape into pieces of machine code, and decides what passes between them through memory.

use std::ops::Range;

use super::layout::Layout;
use super::tape::{Slot, Tape};

/// How the body is cut.
pub(super) struct Chunks<'a> {
    pub(super) tape: &'a Tape,
    pub(super) layout: &'a Layout,
    /// Instructions of each chunk.
    pub(super) ranges: Vec<Range<u32>>,
    /// By instruction: position in the workspace of its result, if a later chunk needs it.
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
                        passed[k as usize] |= k < range.start;
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

    /// Position in the workspace of the result of instruction `i`, if a later chunk needs it.
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
