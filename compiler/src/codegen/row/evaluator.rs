//! A row kernel at work: fixed values computed, scratch space at hand, rows handed to blocks or machine code.

use std::sync::Arc;

use smallvec::SmallVec;

use super::assemble::LANES;
use super::blocks::{BLOCK, Block, Context};
use super::kernel::{Code, MachineCode, N_OUTPUTS, N_ROWS, RowRead, check, run_vectorised};
use super::tape::{Instruction, Level, Operand};

/// A row kernel with its fixed values and scratch space. Scalars and coordinates are 0 until set.
pub struct RowEvaluator {
    code: Arc<Code>,
    /// All fixed values.
    fixed: Vec<f64>,
    /// The used ones and the literals of functions, each over a vector, for machine code.
    table: Vec<[f64; LANES]>,
    /// The used ones, each over a block.
    fixed_blocks: Vec<Block>,
    /// Results of instructions.
    blocks: Vec<Block>,
    /// Rows and outputs that are shorter than what machine code computes at once.
    short: Vec<f64>,
    stale: Stale,
}

/// Whether fixed values changed after they were spread.
struct Stale {
    table: bool,
    blocks: bool,
}

impl RowEvaluator {
    pub(super) fn new(code: Arc<Code>, parameters: &[f64]) -> RowEvaluator {
        let mut fixed = vec![0.0; code.tape.n_fixed()];
        fixed[..code.tape.constants.len()].copy_from_slice(&code.tape.constants);
        let mut evaluator = RowEvaluator {
            code,
            fixed,
            table: Vec::new(),
            fixed_blocks: Vec::new(),
            blocks: Vec::new(),
            short: Vec::new(),
            stale: Stale {
                table: true,
                blocks: true,
            },
        };
        evaluator.set_parameters(parameters);
        evaluator
    }

    /// Changes the parameters.
    ///
    /// # Panics
    /// If their number is not that of the inputs.
    pub fn set_parameters(&mut self, parameters: &[f64]) {
        let tape = &self.code.tape;
        self.fixed[tape.parameters..tape.scalars].copy_from_slice(parameters);
        self.refresh(Level::Parameters);
    }

    /// Changes the scalars.
    ///
    /// # Panics
    /// If their number is not that of the inputs.
    pub fn set_scalars(&mut self, scalars: &[f64]) {
        let tape = &self.code.tape;
        self.fixed[tape.scalars..tape.coordinates].copy_from_slice(scalars);
        self.refresh(Level::Scalars);
    }

    /// Changes the coordinates of the row.
    ///
    /// # Panics
    /// If their number is not that of the inputs.
    pub fn set_coordinates(&mut self, coordinates: &[f64]) {
        let tape = &self.code.tape;
        self.fixed[tape.coordinates..tape.results].copy_from_slice(coordinates);
        if self.code.varies_by_row {
            self.refresh(Level::Coordinates);
        }
    }

    /// Computes what changes at least as often as `level`.
    fn refresh(&mut self, level: Level) {
        let tape = &self.code.tape;
        for (i, &(changes, instruction)) in tape.before.iter().enumerate() {
            if changes >= level {
                self.fixed[tape.results + i] = scalar(instruction, &self.fixed);
            }
        }
        self.stale = Stale {
            table: true,
            blocks: true,
        };
    }

    /// Computes the outputs at n nodes: `rows[k][margin.0 + i]` is the value of row k at node i.
    ///
    /// # Panics
    /// Unless all rows have length `n + margin.0 + margin.1` and all outputs n.
    pub fn run(&mut self, rows: &[&[f64]], out: &mut [&mut [f64]]) {
        let code = self.code.clone();
        let n = check(&code, rows, out);
        match code.machine_code() {
            None => {
                self.run_blocks(&code, rows, out, 0, n);
                code.count(n);
            }
            Some(machine_code) if n >= machine_code.group => {
                self.spread_table(&code, machine_code);
                self.run_machine_code(&code, machine_code, rows, out, n);
            }
            Some(machine_code) if n > 0 => self.run_short(&code, machine_code.group, rows, out, n),
            Some(_) => {}
        }
    }

    fn spread_table(&mut self, code: &Code, machine_code: &MachineCode) {
        if self.table.is_empty() {
            self.table = vec![[0.0; LANES]; code.used.len()];
            let literals = machine_code.literals.iter();
            self.table.extend(literals.map(|&x| [x; LANES]));
        }
        if std::mem::take(&mut self.stale.table) {
            for (entry, &i) in self.table.iter_mut().zip(&code.used) {
                *entry = [self.fixed[i as usize]; LANES];
            }
        }
    }

    /// Groups that are not for machine code are computed in blocks, which give the same bits.
    fn run_machine_code(
        &mut self,
        code: &Code,
        machine_code: &MachineCode,
        rows: &[&[f64]],
        out: &mut [&mut [f64]],
        n: usize,
    ) {
        let (group, mut start) = (machine_code.group, 0);
        while let Some(stopped) = machine_code.run(code, &self.table, rows, out, start) {
            self.run_blocks(code, rows, out, stopped, group);
            if stopped + group == n {
                break;
            }
            start = (stopped + group).min(n - group);
        }
    }

    /// Lengthens the rows by their last value.
    fn run_short(
        &mut self,
        code: &Code,
        group: usize,
        rows: &[&[f64]],
        out: &mut [&mut [f64]],
        n: usize,
    ) {
        let len = group + code.margin.0 + code.margin.1;
        let mut short = std::mem::take(&mut self.short);
        short.resize(rows.len() * len + out.len() * group, 0.0);
        let (inputs, outputs) = short.split_at_mut(rows.len() * len);
        for (short, row) in inputs.chunks_exact_mut(len).zip(rows) {
            short[..row.len()].copy_from_slice(row);
            short[row.len()..].fill(*row.last().expect("there is a node"));
        }
        let inputs: SmallVec<[&[f64]; N_ROWS]> = inputs.chunks_exact(len).collect();
        let mut outputs: SmallVec<[&mut [f64]; N_OUTPUTS]> =
            outputs.chunks_exact_mut(group).collect();
        self.run(&inputs, &mut outputs);
        for (out, short) in out.iter_mut().zip(&outputs) {
            out.copy_from_slice(&short[..n]);
        }
        drop((inputs, outputs));
        self.short = short;
    }

    /// Computes `len` nodes from `start` on.
    fn run_blocks(
        &mut self,
        code: &Code,
        rows: &[&[f64]],
        out: &mut [&mut [f64]],
        start: usize,
        len: usize,
    ) {
        if self.fixed_blocks.len() < code.used.len() || self.blocks.len() < code.buffers.n {
            self.fixed_blocks = vec![Box::new([0.0; BLOCK]); code.used.len()];
            self.blocks = vec![Box::new([0.0; BLOCK]); code.buffers.n];
        }
        if std::mem::take(&mut self.stale.blocks) {
            for (block, &i) in self.fixed_blocks.iter_mut().zip(&code.used) {
                block.fill(self.fixed[i as usize]);
            }
        }
        let read = |read: &RowRead| {
            let first = code.margin.0 as i32 + read.offset;
            &rows[read.row as usize][first as usize..]
        };
        let reads = code.reads.iter().map(read).collect::<SmallVec<[_; 64]>>();
        let context = Context {
            tape: &code.tape,
            buffers: &code.buffers,
            arithmetic: code.arithmetic,
            reads: &reads,
            fixed_places: &code.places,
            fixed: &self.fixed_blocks,
        };
        let end = start + len;
        for start in (start..end).step_by(BLOCK) {
            let len = BLOCK.min(end - start);
            run_vectorised(&context, &mut self.blocks, out, start, len);
        }
    }
}

/// An instruction before the loop.
fn scalar(instruction: Instruction, fixed: &[f64]) -> f64 {
    let get = |operand| match operand {
        Operand::Fixed(i) => fixed[i as usize],
        Operand::Read(_) | Operand::Body(_) => {
            unreachable!("code before the loop uses fixed values only")
        }
    };
    match instruction {
        Instruction::Neg(a) => -get(a),
        Instruction::Sqrt(a) => get(a).sqrt(),
        Instruction::Add(a, b) => get(a) + get(b),
        Instruction::Sub(a, b) => get(a) - get(b),
        Instruction::Mul(a, b) => get(a) * get(b),
        Instruction::Div(a, b) => get(a) / get(b),
        Instruction::MulAdd(a, b, c) => get(a).mul_add(get(b), get(c)),
        Instruction::NegMulAdd(a, b, c) => (-get(a)).mul_add(get(b), get(c)),
        Instruction::Select(c, a, b) => get(if get(c) != 0.0 { a } else { b }),
        Instruction::Call1(op, a) => op.apply(&[get(a)]),
        Instruction::Call2(op, a, b) => op.apply(&[get(a), get(b)]),
        Instruction::Call3(op, args) => op.apply(&args.map(get)),
    }
}
