//! Where values stand in the workspace of an evaluator.

use std::cmp::Reverse;

use super::fuse::Steps;
use super::kernel::Inputs;
use super::tape::{Slot, Tape};

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
    len: u32,
    /// Results of the parameter tape.
    pub(super) folded: Levels,
    /// Results of the body.
    pub(super) body: Levels,
}

impl Layout {
    /// `parameter_steps` and `body_steps` are those of the tape.
    pub(super) fn new(
        tape: &Tape,
        inputs: &Inputs,
        parameter_steps: &Steps,
        body_steps: &Steps,
    ) -> Layout {
        let constants = ONE + 1;
        let parameters = constants + tape.constants.len() as u32;
        let first_folded = parameters + inputs.parameters.len() as u32;
        let folded = Levels::new(
            parameter_steps,
            Slot::Folded,
            tape.parameter_code.len(),
            first_folded,
        );
        let time = folded.end();
        let states = time + 1;
        let directions = states + inputs.states.len() as u32;
        let first_body = directions + inputs.direction.len() as u32;
        let body = Levels::new(body_steps, Slot::Body, tape.body.len(), first_body);
        let len = first_body + tape.body.len() as u32;
        Layout {
            constants,
            parameters,
            time,
            states,
            directions,
            len,
            folded,
            body,
        }
    }

    /// Length of the workspace: room for each result of the body, whichever tier runs.
    pub(super) fn len(&self) -> usize {
        self.len as usize
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

/// The steps of a piece of code, sorted so that what can run together stands together.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    /// Position of the first result.
    pub(super) start: u32,
    /// Steps in the order of their results, as positions in [`Steps::steps`].
    pub(super) order: Vec<u32>,
    /// `order[ends[k - 1]..ends[k]]` do not use each other.
    pub(super) ends: Vec<u32>,
    /// By instruction: position of its result, if it is computed on its own.
    places: Vec<u32>,
}

impl Levels {
    /// Sorts by level, counted from the outputs (so that a value is computed as late as its users allow), then by kind and position in the tape.
    /// `slot` makes the slot of a result; `n` is the number of instructions.
    fn new(steps: &Steps, slot: fn(u32) -> Slot, n: usize, start: u32) -> Levels {
        let mut height = vec![0u32; n];
        for step in &steps.steps {
            let above = height[step.result as usize] + 1;
            for &operand in steps.operands(step) {
                if let Slot::Folded(k) | Slot::Body(k) = operand
                    && operand == slot(k)
                {
                    height[k as usize] = height[k as usize].max(above);
                }
            }
        }
        let key = |&i: &u32| {
            let step = &steps.steps[i as usize];
            (
                Reverse(height[step.result as usize]),
                step.kind,
                step.result,
            )
        };
        let mut order = (0..steps.steps.len() as u32).collect::<Vec<_>>();
        order.sort_unstable_by_key(key);
        let mut places = vec![u32::MAX; n];
        for (rank, &i) in order.iter().enumerate() {
            places[steps.steps[i as usize].result as usize] = start + rank as u32;
        }
        let mut end = 0;
        let levels = order.chunk_by(|a, b| key(a).0 == key(b).0);
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
