//! Row kernels: what stands where, how they are compiled, and the calls of vectorised and of machine code.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use cranelift_codegen::ir::Signature;
use cranelift_jit::SystemMemoryProvider;
use smallvec::SmallVec;

use super::assemble;
use super::blocks::{Block, Buffers, Context, run_block};
use super::evaluator::RowEvaluator;
use super::tape::{Operand, RowTape};
use super::vector::vectorise;
use crate::codegen::kernel::{Executable, Tier};
use crate::codegen::machine::target;
use crate::terms::{Pool, SymbolId, Term};

/// A value at a node or at a neighbour along the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowRead {
    /// Its name in the outputs.
    pub symbol: SymbolId,
    /// Position of its row in the argument of [`RowEvaluator::run`].
    pub row: u32,
    /// In nodes along the row.
    pub offset: i32,
}

/// Which symbol stands where.
#[derive(Debug, Clone, Default)]
pub struct RowInputs {
    /// Stay for many sweeps.
    pub parameters: Vec<SymbolId>,
    /// Stay during a sweep: time, scalar states, reductions.
    pub scalars: Vec<SymbolId>,
    /// Stay along a row: coordinates of the other axes.
    pub coordinates: Vec<SymbolId>,
    /// Vary along a row: fields, and the coordinate along it.
    pub reads: Vec<RowRead>,
}

/// How numbers are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// The bits of scalar kernels: no fused operations, functions of the operator table.
    Exact,
    /// Fused multiply-add, sums in any order, `exp`, `ln`, `sin`, `cos` and `tanh` by polynomials good to 1-2 units in the last place. Processors without fused
    /// multiply-add compute as in `Exact`.
    Fast,
}

/// How rows are computed.
#[derive(Debug, Clone, Copy)]
pub struct RowOptions {
    /// Rounding.
    pub arithmetic: Arithmetic,
    /// Engine; `Tables` are blocks here. The bits do not depend on it.
    pub tier: Tier,
}

/// A compiled row; cheap to clone, shared between threads.
#[derive(Clone)]
pub struct RowKernel {
    code: Arc<Code>,
}

pub(super) struct Code {
    pub(super) tape: RowTape,
    pub(super) arithmetic: Arithmetic,
    pub(super) reads: Vec<RowRead>,
    n_rows: usize,
    pub(super) margin: (usize, usize),
    pub(super) varies_by_row: bool,
    /// Fixed values that the body or an output uses.
    pub(super) used: Vec<u32>,
    /// By fixed value: position in `used`.
    pub(super) places: Vec<u32>,
    pub(super) buffers: Buffers,
    /// `None` inside: executable memory was refused.
    machine_code: OnceLock<Option<MachineCode>>,
    /// Nodes computed in blocks before machine code is made; `None`: never.
    patience: Option<u64>,
    /// Nodes computed in blocks.
    nodes: AtomicU64,
}

/// Compiles outputs. What is the same along a row is computed once per change of what it depends on.
///
/// # Panics
/// If a symbol of the outputs is not among the inputs.
pub fn compile_rows(
    pool: &Pool,
    outputs: &[Term],
    inputs: &RowInputs,
    options: RowOptions,
) -> RowKernel {
    let arithmetic = if has_fma() {
        options.arithmetic
    } else {
        Arithmetic::Exact
    };
    let tape = RowTape::new(pool, outputs, inputs, arithmetic);
    let (used, places) = used_fixed(&tape);
    let offsets = inputs.reads.iter().map(|read| read.offset);
    let code = Code {
        arithmetic,
        n_rows: inputs
            .reads
            .iter()
            .map(|r| r.row as usize + 1)
            .max()
            .unwrap_or(0),
        margin: (
            -offsets.clone().min().unwrap_or(0).min(0) as usize,
            offsets.max().unwrap_or(0).max(0) as usize,
        ),
        reads: inputs.reads.clone(),
        varies_by_row: tape.varies_by_row(),
        buffers: Buffers::assign(&tape),
        used,
        places,
        machine_code: OnceLock::new(),
        patience: patience(options.tier, tape.body.len()).filter(|_| can_assemble()),
        nodes: AtomicU64::new(0),
        tape,
    };
    if code.patience == Some(0) {
        code.make_machine_code();
    }
    RowKernel {
        code: Arc::new(code),
    }
}

/// Nodes in blocks before machine code is made: when as much time has been lost as compiling costs (ski rental).
fn patience(tier: Tier, n_instructions: usize) -> Option<u64> {
    match tier {
        Tier::Tables => None,
        Tier::MachineCode => Some(0),
        Tier::Auto if n_instructions > LARGEST => None,
        Tier::Auto => {
            let n = n_instructions.max(1) as f64;
            Some(((START_COST + COMPILE_COST * n) / (SAVING * n)) as u64)
        }
    }
}

/// Instructions beyond which a loop body no longer fits the instruction cache.
const LARGEST: usize = 4000;
/// Nanoseconds to map memory for code.
const START_COST: f64 = 1e5;
/// Nanoseconds to assemble one instruction, several times over.
const COMPILE_COST: f64 = 2000.0;
/// Nanoseconds per node and instruction that machine code saves.
const SAVING: f64 = 0.15;

/// Whether [`assemble`] knows this system: its instructions, and how functions are called.
fn can_assemble() -> bool {
    cfg!(all(target_arch = "x86_64", unix)) && has_fma()
}

fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        cfg!(target_arch = "aarch64")
    }
}

/// Fixed values that the body and the outputs use, and by fixed value its position among them.
fn used_fixed(tape: &RowTape) -> (Vec<u32>, Vec<u32>) {
    let mut places = vec![u32::MAX; tape.n_fixed()];
    let mut used = Vec::new();
    let mut visit = |operand| {
        if let Operand::Fixed(i) = operand
            && places[i as usize] == u32::MAX
        {
            places[i as usize] = used.len() as u32;
            used.push(i);
        }
    };
    tape.body
        .iter()
        .for_each(|instruction| instruction.for_each_operand(&mut visit));
    tape.outputs.iter().for_each(|&output| visit(output));
    (used, places)
}

impl Code {
    fn make_machine_code(&self) {
        self.machine_code.get_or_init(|| MachineCode::new(self));
    }

    /// Machine code, if it has been made.
    pub(super) fn machine_code(&self) -> Option<&MachineCode> {
        self.machine_code.get()?.as_ref()
    }

    /// Counts nodes computed in blocks, and makes machine code when they have paid for that.
    pub(super) fn count(&self, n: usize) {
        let nodes = self.nodes.fetch_add(n as u64, Ordering::Relaxed) + n as u64;
        if self.patience.is_some_and(|patience| nodes > patience) {
            self.make_machine_code();
        }
    }
}

impl RowKernel {
    /// Number of outputs.
    pub fn n_outputs(&self) -> usize {
        self.code.tape.outputs.len()
    }

    /// Number of row arguments.
    pub fn n_rows(&self) -> usize {
        self.code.n_rows
    }

    /// Number of coordinates.
    pub fn n_coordinates(&self) -> usize {
        self.code.tape.results - self.code.tape.coordinates
    }

    /// Nodes of a row that are needed before the first and after the last node.
    pub fn margin(&self) -> (usize, usize) {
        self.code.margin
    }

    /// Whether anything depends on the coordinates; otherwise successive rows can be computed as one.
    pub fn varies_by_row(&self) -> bool {
        self.code.varies_by_row
    }

    /// Instructions per node.
    pub fn n_instructions(&self) -> usize {
        self.code.tape.body.len()
    }

    /// Fixes the parameters.
    ///
    /// # Panics
    /// If their number is not that of the inputs.
    pub fn evaluator(&self, parameters: &[f64]) -> RowEvaluator {
        RowEvaluator::new(self.code.clone(), parameters)
    }
}

impl fmt::Display for RowKernel {
    /// The row tape as stable text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.tape.fmt(f)
    }
}

/// Rows of a kernel for which no memory is allocated.
pub(super) const N_ROWS: usize = 32;
/// Outputs of a kernel for which no memory is allocated.
pub(super) const N_OUTPUTS: usize = 8;

/// The number of nodes; panics unless all lengths fit it.
pub(super) fn check(code: &Code, rows: &[&[f64]], out: &[&mut [f64]]) -> usize {
    let n = out.first().map_or(0, |out| out.len());
    let len = n + code.margin.0 + code.margin.1;
    assert_eq!(rows.len(), code.n_rows, "number of rows");
    assert_eq!(out.len(), code.tape.outputs.len(), "number of outputs");
    assert!(rows.iter().all(|row| row.len() == len), "lengths of rows");
    assert!(out.iter().all(|out| out.len() == n), "lengths of outputs");
    n
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_block_avx2(
    context: &Context,
    blocks: &mut [Block],
    out: &mut [&mut [f64]],
    start: usize,
    len: usize,
) {
    run_block(context, blocks, out, start, len);
}

/// `run_block` with the vector instructions of this processor.
#[expect(unsafe_code, reason = "rustc cannot know the processor")]
pub(super) fn run_vectorised(
    context: &Context,
    blocks: &mut [Block],
    out: &mut [&mut [f64]],
    start: usize,
    len: usize,
) {
    #[cfg(target_arch = "x86_64")]
    if has_fma() {
        // SAFETY: the processor has the features that the function needs, which was just checked.
        return unsafe { run_block_avx2(context, blocks, out, start, len) };
    }
    run_block(context, blocks, out, start, len);
}

/// `(fixed, rows, outputs, last, start)`, gives where it stopped or -1
type Row = unsafe extern "C" fn(
    *const [f64; assemble::LANES],
    *const *const f64,
    *const *mut f64,
    i64,
    i64,
) -> i64;

/// Machine code in executable memory.
pub(super) struct MachineCode {
    row: Row,
    /// Stand behind the fixed values in their table.
    pub(super) literals: Vec<f64>,
    /// Nodes per iteration of the loop.
    pub(super) group: usize,
    _memory: Executable,
}

#[expect(
    unsafe_code,
    reason = "calling machine code that was made at run time cannot be checked by rustc"
)]
impl MachineCode {
    fn new(code: &Code) -> Option<MachineCode> {
        let vector = vectorise(&code.tape, code.arithmetic, &code.places, code.used.len());
        let bytes = assemble::assemble(&vector, &code.reads, code.n_rows, code.margin.0);
        // Cranelift only places the bytes; a signature of its own is no part of them.
        let (memory, addresses) = Executable::new(
            &[bytes],
            target(),
            Signature::new,
            Box::new(SystemMemoryProvider::new()),
        )?;
        Some(MachineCode {
            // SAFETY: the address is that of a function with exactly this signature and calling convention; it lives as long as `memory`, which stands beside it.
            row: unsafe { std::mem::transmute::<*const u8, Row>(addresses[0]) },
            group: assemble::group(&vector),
            literals: vector.literals,
            _memory: memory,
        })
    }

    /// Computes the nodes from `start` on, at most n - `group`; gives the first of a group that is not for this code, where it stopped.
    pub(super) fn run(
        &self,
        code: &Code,
        table: &[[f64; assemble::LANES]],
        rows: &[&[f64]],
        out: &mut [&mut [f64]],
        start: usize,
    ) -> Option<usize> {
        let n = check(code, rows, out);
        assert!(n >= self.group && start <= n - self.group);
        assert_eq!(table.len(), code.used.len() + self.literals.len());
        let rows: SmallVec<[*const f64; N_ROWS]> = rows.iter().map(|row| row.as_ptr()).collect();
        let out: SmallVec<[*mut f64; N_OUTPUTS]> =
            out.iter_mut().map(|out| out.as_mut_ptr()).collect();
        let bytes = |n: usize| (n * size_of::<f64>()) as i64;
        let (last, start) = (bytes(n - self.group), bytes(start));
        let (table, from, to) = (table.as_ptr(), rows.as_ptr(), out.as_ptr());
        // SAFETY: the code reads the table of used values and literals, whose length was just checked; of each row the nodes `margin.0 + offset + i` with
        // 0 ≤ i < n, which lie within its checked length because -margin.0 ≤ offset ≤ margin.1; and it writes the nodes `i` of each output, whose
        // length is n and which are exclusively borrowed. Positions i begin at `start`, grow by at most `group` up to n - group, and each iteration
        // touches `group` nodes from there. The processor has the instructions: `can_assemble`.
        let stopped = unsafe { (self.row)(table, from, to, last, start) };
        usize::try_from(stopped)
            .ok()
            .map(|bytes| bytes / size_of::<f64>())
    }
}
