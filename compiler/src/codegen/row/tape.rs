//! The code of a row kernel: what is the same along a row, computed before the loop, and the loop body, both as instructions of fixed arity.
//!
//! All that is constant along a row (literals, parameters, scalars, outer coordinates) is scheduled as if it were a parameter, so that products and sums
//! gather it into one value. Sums become chains; in fast arithmetic a product that only a sum uses is added by a fused multiply-add.

use std::fmt;

use super::kernel::{Arithmetic, RowInputs};
use crate::codegen::kernel::Inputs;
use crate::codegen::schedule::schedule;
use crate::codegen::tape::{self, LANES, Slot, Tape, is_interleaved};
use crate::terms::{Op, Outputs, Pool, Term};

/// Where an operand is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Operand {
    /// The same along a row: literals, parameters, scalars, coordinates, then results of the code before the loop.
    Fixed(u32),
    /// Position in `RowInputs::reads`.
    Read(u32),
    /// Result of an instruction of the body.
    Body(u32),
}

/// One instruction; its result is the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instruction {
    Neg(Operand),
    Sqrt(Operand),
    Add(Operand, Operand),
    Sub(Operand, Operand),
    Mul(Operand, Operand),
    Div(Operand, Operand),
    /// `a·b + c`, rounded once.
    MulAdd(Operand, Operand, Operand),
    /// `c - a·b`, rounded once.
    NegMulAdd(Operand, Operand, Operand),
    /// `if condition ≠ 0 then a else b`
    Select(Operand, Operand, Operand),
    Call1(Op, Operand),
    Call2(Op, Operand, Operand),
    Call3(Op, [Operand; 3]),
}

impl Instruction {
    pub(super) fn for_each_operand(self, mut visit: impl FnMut(Operand)) {
        match self {
            Instruction::Neg(a) | Instruction::Sqrt(a) | Instruction::Call1(_, a) => visit(a),
            Instruction::Add(a, b)
            | Instruction::Sub(a, b)
            | Instruction::Mul(a, b)
            | Instruction::Div(a, b)
            | Instruction::Call2(_, a, b) => [a, b].into_iter().for_each(visit),
            Instruction::MulAdd(a, b, c)
            | Instruction::NegMulAdd(a, b, c)
            | Instruction::Select(a, b, c)
            | Instruction::Call3(_, [a, b, c]) => [a, b, c].into_iter().for_each(visit),
        }
    }
}

/// How often a fixed value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Parameters,
    Scalars,
    Coordinates,
}

/// Instructions in an order where operands come before their users.
#[derive(Debug, Clone, Default)]
pub(super) struct RowTape {
    pub(super) constants: Vec<f64>,
    /// Position of the first parameter among the fixed values; scalars and coordinates follow.
    pub(super) parameters: usize,
    /// Position of the first scalar.
    pub(super) scalars: usize,
    /// Position of the first coordinate.
    pub(super) coordinates: usize,
    /// Position of the first result of `before`.
    pub(super) results: usize,
    /// Run before the loop; result `i` is `Fixed(results + i)`.
    pub(super) before: Vec<(Level, Instruction)>,
    pub(super) body: Vec<Instruction>,
    pub(super) outputs: Vec<Operand>,
}

impl RowTape {
    /// # Panics
    /// If a symbol of the outputs is not among the inputs.
    pub(super) fn new(
        pool: &Pool,
        outputs: &[Term],
        inputs: &RowInputs,
        arithmetic: Arithmetic,
    ) -> RowTape {
        let fixed = [&inputs.parameters[..], &inputs.scalars, &inputs.coordinates].concat();
        let scheduled = Inputs {
            time: None,
            states: inputs.reads.iter().map(|read| read.symbol).collect(),
            parameters: fixed,
            direction: Vec::new(),
        };
        let tape = schedule(pool, &Outputs::of_terms(outputs), &scheduled);
        if cfg!(debug_assertions) {
            tape.verify(&scheduled);
        }
        let mut translation = Translation::new(&tape, inputs, arithmetic);
        translation.before();
        translation.body();
        translation.row
    }

    /// Number of values that are the same along a row.
    pub(super) fn n_fixed(&self) -> usize {
        self.results + self.before.len()
    }

    /// Whether anything depends on a coordinate.
    pub(super) fn varies_by_row(&self) -> bool {
        let is_coordinate = |operand| match operand {
            Operand::Fixed(i) => (self.coordinates..self.results).contains(&(i as usize)),
            Operand::Read(_) | Operand::Body(_) => false,
        };
        let mut found = self.outputs.iter().any(|&o| is_coordinate(o));
        let before = self.before.iter().map(|(_, instruction)| instruction);
        for instruction in before.chain(&self.body) {
            instruction.for_each_operand(|operand| found |= is_coordinate(operand));
        }
        found
    }
}

/// From the tape of the scheduler to that of a row.
struct Translation<'a> {
    tape: &'a Tape,
    arithmetic: Arithmetic,
    row: RowTape,
    /// By instruction of the tape's parameter code and body: where its value is; `None` for a product that waits for the sum that uses it.
    folded: Vec<Option<Operand>>,
    values: Vec<Option<Operand>>,
    /// By instruction of the tape's body: whether it is a product to be fused into the sum that uses it.
    fusable: Vec<bool>,
    /// Position of the literal 1.
    one: Operand,
    /// Which part is under construction.
    part: Part,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Before,
    Body,
}

impl<'a> Translation<'a> {
    fn new(tape: &'a Tape, inputs: &RowInputs, arithmetic: Arithmetic) -> Self {
        let mut constants = tape.constants.clone();
        constants.push(1.0);
        let parameters = constants.len();
        let scalars = parameters + inputs.parameters.len();
        let coordinates = scalars + inputs.scalars.len();
        Translation {
            tape,
            arithmetic,
            one: Operand::Fixed(parameters as u32 - 1),
            row: RowTape {
                constants,
                parameters,
                scalars,
                coordinates,
                results: coordinates + inputs.coordinates.len(),
                ..RowTape::default()
            },
            folded: Vec::with_capacity(tape.parameter_code.len()),
            values: Vec::with_capacity(tape.body.len()),
            fusable: fusable(tape, arithmetic),
            part: Part::Before,
        }
    }

    fn before(&mut self) {
        for &instruction in &self.tape.parameter_code {
            let value = self.translate(instruction);
            self.folded.push(Some(value));
        }
    }

    fn body(&mut self) {
        self.part = Part::Body;
        for (i, &instruction) in self.tape.body.iter().enumerate() {
            let value = (!self.fusable[i]).then(|| self.translate(instruction));
            self.values.push(value);
        }
        let outputs = self.tape.outputs.iter();
        self.row.outputs = outputs.map(|&slot| self.value(slot)).collect();
    }

    fn translate(&mut self, instruction: tape::Instruction) -> Operand {
        use tape::Instruction as From;
        let instruction = match instruction {
            From::Add(a, b) => return self.chain(&[(a, false), (b, false)], 1),
            From::Sub(a, b) => return self.chain(&[(a, false), (b, true)], 1),
            From::Sum {
                start,
                n_positive,
                n_negative,
            } => return self.sum(start, n_positive, n_negative),
            From::Neg(a) => Instruction::Neg(self.value(a)),
            From::Recip(a) => Instruction::Div(self.one, self.value(a)),
            From::Sqrt(a) => Instruction::Sqrt(self.value(a)),
            From::Mul(a, b) => Instruction::Mul(self.value(a), self.value(b)),
            From::Div(a, b) => Instruction::Div(self.value(a), self.value(b)),
            From::Select(c, a, b) => {
                Instruction::Select(self.value(c), self.value(a), self.value(b))
            }
            From::Call1(op, a) => Instruction::Call1(op, self.value(a)),
            From::Call2(op, a, b) => Instruction::Call2(op, self.value(a), self.value(b)),
            From::Call3(op, a, b, c) => {
                Instruction::Call3(op, [a, b, c].map(|slot| self.value(slot)))
            }
        };
        self.emit(instruction)
    }

    fn sum(&mut self, start: u32, n_positive: u32, n_negative: u32) -> Operand {
        let (positive, negative) = self.tape.sum_operands(start, n_positive, n_negative);
        let added = positive.iter().map(|&slot| (slot, false));
        let operands = added
            .chain(negative.iter().map(|&slot| (slot, true)))
            .collect::<Vec<_>>();
        let n_lanes = match self.arithmetic {
            Arithmetic::Exact if is_interleaved(n_positive + n_negative) => LANES,
            Arithmetic::Exact => 1,
            Arithmetic::Fast => (operands.len() / CHAIN).clamp(1, LANES),
        };
        self.chain(&operands, n_lanes)
    }

    /// Adds, or subtracts where marked, in so many interleaved partial sums, each from left to right.
    fn chain(&mut self, operands: &[(Slot, bool)], n_lanes: usize) -> Operand {
        let lanes = (0..n_lanes).map(|lane| {
            let operands = operands.iter().copied().skip(lane).step_by(n_lanes);
            self.lane(operands.collect())
        });
        let mut lanes = lanes.collect::<Vec<_>>();
        while lanes.len() > 1 {
            let pairs = lanes.chunks(2);
            lanes = pairs
                .map(|pair| match *pair {
                    [a, b] => self.emit(Instruction::Add(a, b)),
                    _ => pair[0],
                })
                .collect();
        }
        lanes[0]
    }

    fn lane(&mut self, mut operands: Vec<(Slot, bool)>) -> Operand {
        // Start with what is no product, so that every product is fused.
        let start = operands
            .iter()
            .position(|&(slot, negative)| !negative && self.waiting(slot).is_none())
            .or_else(|| operands.iter().position(|&(_, negative)| !negative));
        let (slot, negative) = operands.remove(start.unwrap_or(0));
        let mut sum = self.value(slot);
        if negative {
            sum = self.emit(Instruction::Neg(sum));
        }
        for (slot, negative) in operands {
            let instruction = match (self.waiting(slot), negative) {
                (Some((a, b)), false) => Instruction::MulAdd(a, b, sum),
                (Some((a, b)), true) => Instruction::NegMulAdd(a, b, sum),
                (None, false) => Instruction::Add(sum, self.value(slot)),
                (None, true) => Instruction::Sub(sum, self.value(slot)),
            };
            sum = self.emit(instruction);
        }
        sum
    }

    /// The factors of a product that waits for its user.
    fn waiting(&mut self, slot: Slot) -> Option<(Operand, Operand)> {
        let Slot::Body(i) = slot else { return None };
        match (self.values[i as usize], self.tape.body[i as usize]) {
            (None, tape::Instruction::Mul(a, b)) => Some((self.value(a), self.value(b))),
            _ => None,
        }
    }

    fn value(&mut self, slot: Slot) -> Operand {
        match slot {
            Slot::Constant(i) => Operand::Fixed(i),
            Slot::Parameter(i) => Operand::Fixed(self.row.parameters as u32 + i),
            Slot::Folded(i) => self.folded[i as usize].expect("folded values do not wait"),
            Slot::State(i) => Operand::Read(i),
            Slot::Body(i) => match self.values[i as usize] {
                Some(value) => value,
                None => {
                    let value = self.translate(self.tape.body[i as usize]);
                    self.values[i as usize] = Some(value);
                    value
                }
            },
            Slot::Time | Slot::Direction(_) => {
                unreachable!("row kernels are scheduled without time and direction")
            }
        }
    }

    fn emit(&mut self, instruction: Instruction) -> Operand {
        match self.part {
            Part::Before => {
                let mut level = Level::Parameters;
                instruction.for_each_operand(|operand| level = level.max(self.level(operand)));
                self.row.before.push((level, instruction));
                Operand::Fixed(self.row.n_fixed() as u32 - 1)
            }
            Part::Body => {
                self.row.body.push(instruction);
                Operand::Body(self.row.body.len() as u32 - 1)
            }
        }
    }

    fn level(&self, operand: Operand) -> Level {
        let Operand::Fixed(i) = operand else {
            unreachable!("code before the loop uses fixed values only")
        };
        let (row, i) = (&self.row, i as usize);
        if i >= row.results {
            row.before[i - row.results].0
        } else if i >= row.coordinates {
            Level::Coordinates
        } else if i >= row.scalars {
            Level::Scalars
        } else {
            Level::Parameters
        }
    }
}

/// Fast arithmetic: operands per partial sum. Successive nodes are independent, so only long chains of dependent additions cost their latency.
const CHAIN: usize = 12;

/// By instruction of the body: whether it is a product that nothing but one sum uses, once.
fn fusable(tape: &Tape, arithmetic: Arithmetic) -> Vec<bool> {
    use tape::Instruction::{Add, Mul, Sub, Sum};
    let mut uses = vec![0u8; tape.body.len()];
    let mut count = |slot, n: u8| {
        if let Slot::Body(i) = slot {
            uses[i as usize] = uses[i as usize].saturating_add(n);
        }
    };
    tape.outputs.iter().for_each(|&slot| count(slot, 2));
    for &instruction in &tape.body {
        let is_sum = matches!(instruction, Add(..) | Sub(..) | Sum { .. });
        tape.for_each_operand(instruction, |slot| count(slot, if is_sum { 1 } else { 2 }));
    }
    let code = tape.body.iter().zip(uses);
    code.map(|(i, n)| arithmetic == Arithmetic::Fast && n == 1 && matches!(i, Mul(..)))
        .collect()
}

impl fmt::Display for RowTape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "before")?;
        for (i, (level, instruction)) in self.before.iter().enumerate() {
            let result = Operand::Fixed((self.results + i) as u32);
            self.write(f, result, *instruction)?;
            writeln!(f, "  # {level:?}")?;
        }
        writeln!(f, "body")?;
        for (i, &instruction) in self.body.iter().enumerate() {
            self.write(f, Operand::Body(i as u32), instruction)?;
            writeln!(f)?;
        }
        for (i, &output) in self.outputs.iter().enumerate() {
            writeln!(f, "  out[{i}] = {}", self.show(output))?;
        }
        Ok(())
    }
}

impl RowTape {
    fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        result: Operand,
        instruction: Instruction,
    ) -> fmt::Result {
        let name = match instruction {
            Instruction::Neg(_) => "neg",
            Instruction::Sqrt(_) => "sqrt",
            Instruction::Add(..) => "add",
            Instruction::Sub(..) => "sub",
            Instruction::Mul(..) => "mul",
            Instruction::Div(..) => "div",
            Instruction::MulAdd(..) => "muladd",
            Instruction::NegMulAdd(..) => "negmuladd",
            Instruction::Select(..) => "select",
            Instruction::Call1(op, _) | Instruction::Call2(op, ..) | Instruction::Call3(op, _) => {
                op.name()
            }
        };
        write!(f, "  {} = {name}", self.show(result))?;
        let mut operands = Vec::new();
        instruction.for_each_operand(|operand| operands.push(self.show(operand)));
        write!(f, " {}", operands.join(", "))
    }

    fn show(&self, operand: Operand) -> String {
        match operand {
            Operand::Fixed(i) if (i as usize) < self.constants.len() => {
                format!("{:?}", self.constants[i as usize])
            }
            Operand::Fixed(i) if (i as usize) < self.results => {
                format!("p[{}]", i as usize - self.parameters)
            }
            Operand::Fixed(i) => format!("q[{}]", i as usize - self.results),
            Operand::Read(i) => format!("r[{i}]"),
            Operand::Body(i) => format!("x{i}"),
        }
    }
}
