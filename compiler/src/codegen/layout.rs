//! Where values stand in the workspace of an evaluator.

use std::cmp::Reverse;

use super::tape::{Instruction, Slot, Tape};
use crate::terms::Op;

/// Position of `-0.0`, which may be added to any value without changing it.
pub(super) const MINUS_ZERO: u32 = 0;
/// Position of `0.0`, which may be subtracted from any value without changing it.
pub(super) const ZERO: u32 = 1;
/// Position of `1.0`.
pub(super) const ONE: u32 = 2;

/// Literals, parameters, results of the parameter tape, time, states, direction and results of the body, one after the other.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    constants: u32,
    parameters: u32,
    time: u32,
    states: u32,
    directions: u32,
    /// Results of the parameter tape.
    pub(super) folded: Levels,
    /// Results of the body.
    pub(super) body: Levels,
}

impl Layout {
    pub(super) fn new(
        tape: &Tape,
        n_parameters: usize,
        n_states: usize,
        n_directions: usize,
    ) -> Layout {
        let constants = ONE + 1;
        let parameters = constants + tape.constants.len() as u32;
        let folded = Levels::new(
            tape,
            &tape.parameter_code,
            Slot::Folded,
            parameters + n_parameters as u32,
        );
        let time = folded.end();
        let states = time + 1;
        let directions = states + n_states as u32;
        let body = Levels::new(
            tape,
            &tape.body,
            Slot::Body,
            directions + n_directions as u32,
        );
        Layout {
            constants,
            parameters,
            time,
            states,
            directions,
            folded,
            body,
        }
    }

    /// Length of the workspace.
    pub(super) fn len(&self) -> usize {
        self.body.end() as usize
    }

    /// A workspace with the literals in place.
    pub(super) fn workspace(&self, tape: &Tape) -> Vec<f64> {
        let mut workspace = vec![0.0; self.len()];
        workspace[MINUS_ZERO as usize] = -0.0;
        workspace[ONE as usize] = 1.0;
        let start = self.constants as usize;
        workspace[start..start + tape.constants.len()].copy_from_slice(&tape.constants);
        workspace
    }

    /// First position of the parameters.
    pub(super) fn parameters(&self) -> usize {
        self.parameters as usize
    }

    /// Position of time.
    pub(super) fn time(&self) -> usize {
        self.time as usize
    }

    /// First position of the states.
    pub(super) fn states(&self) -> usize {
        self.states as usize
    }

    /// First position of the direction.
    pub(super) fn directions(&self) -> usize {
        self.directions as usize
    }

    /// Position of a value.
    pub(super) fn place(&self, slot: Slot) -> u32 {
        match slot {
            Slot::Constant(i) => self.constants + i,
            Slot::Parameter(i) => self.parameters + i,
            Slot::Folded(i) => self.folded.places[i as usize],
            Slot::Time => self.time,
            Slot::State(i) => self.states + i,
            Slot::Direction(i) => self.directions + i,
            Slot::Body(i) => self.body.places[i as usize],
        }
    }
}

/// The results of a piece of code, sorted so that what can run together stands together.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    /// Position of the first result.
    pub(super) start: u32,
    /// Instructions in the order of their results.
    pub(super) order: Vec<u32>,
    /// `order[ends[k - 1]..ends[k]]` do not use each other.
    pub(super) ends: Vec<u32>,
    /// By instruction: position of its result.
    places: Vec<u32>,
}

impl Levels {
    /// Sorts by level, counted from the outputs (so that a value is computed as late as its users allow), then by kind, shape and position.
    /// `slot` makes the slot of a result.
    fn new(tape: &Tape, code: &[Instruction], slot: fn(u32) -> Slot, start: u32) -> Levels {
        let mut height = vec![0u32; code.len()];
        for (i, &instruction) in code.iter().enumerate().rev() {
            let above = height[i] + 1;
            tape.for_each_operand(instruction, |operand| {
                if let Slot::Folded(k) | Slot::Body(k) = operand
                    && operand == slot(k)
                {
                    height[k as usize] = height[k as usize].max(above);
                }
            });
        }
        let mut order = (0..code.len() as u32).collect::<Vec<_>>();
        order.sort_by_cached_key(|&i| (Reverse(height[i as usize]), sort_key(code[i as usize]), i));
        let mut places = vec![0; code.len()];
        for (rank, &i) in order.iter().enumerate() {
            places[i as usize] = start + rank as u32;
        }
        let mut end = 0;
        let levels = order.chunk_by(|&a, &b| height[a as usize] == height[b as usize]);
        let ends = levels
            .map(|level| {
                end += level.len() as u32;
                end
            })
            .collect();
        Levels {
            start,
            order,
            ends,
            places,
        }
    }

    fn end(&self) -> u32 {
        self.start + self.order.len() as u32
    }
}

/// Brings equal kinds together, and sums of similar shape.
fn sort_key(instruction: Instruction) -> (u8, Option<Op>, u32, u32) {
    match instruction {
        Instruction::Neg(_) => (0, None, 0, 0),
        Instruction::Recip(_) => (1, None, 0, 0),
        Instruction::Sqrt(_) => (2, None, 0, 0),
        Instruction::Add(..) => (3, None, 0, 0),
        Instruction::Sub(..) => (4, None, 0, 0),
        Instruction::Mul(..) => (5, None, 0, 0),
        Instruction::Div(..) => (6, None, 0, 0),
        Instruction::Select(..) => (7, None, 0, 0),
        Instruction::Call1(op, _) => (8, Some(op), 0, 0),
        Instruction::Call2(op, ..) => (9, Some(op), 0, 0),
        Instruction::Sum {
            n_positive,
            n_negative,
            ..
        } => (10, None, n_positive, n_negative),
    }
}
