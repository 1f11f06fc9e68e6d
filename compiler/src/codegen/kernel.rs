//! Compiled code as a safe callable. The only `unsafe` of the project is here and in `row/kernel.rs`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use cranelift_codegen::ir::Signature;
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_jit::{JITBuilder, JITMemoryProvider, JITModule, SystemMemoryProvider};
use cranelift_module::{FuncId, Module, default_libcall_names};

use super::fuse::Steps;
use super::layout::Layout;
use super::machine;
use super::schedule::schedule;
use super::tables::Tables;
use super::tape::{Slot, Tape};
use crate::terms::{Outputs, Pool, SymbolId};

/// Which symbol stands where in the arguments of a kernel.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// Time.
    pub time: Option<SymbolId>,
    /// `u[i]`
    pub states: Vec<SymbolId>,
    /// `p[i]`
    pub parameters: Vec<SymbolId>,
    /// `v[i]`, for Jacobian-vector products; empty otherwise.
    pub direction: Vec<SymbolId>,
}

/// How a kernel runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Levelled tables walked by loops: ready at once.
    Tables,
    /// Machine code, compiled before the first evaluation. Tables instead where the operating system refuses executable memory.
    MachineCode,
    /// Tables first, machine code once enough evaluations have been made to pay for compiling. Deterministic: it counts, it does not measure.
    /// Both tiers give the same bits.
    Auto,
}

/// A compiled set of outputs; cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Kernel {
    code: Arc<Code>,
}

struct Code {
    tape: Tape,
    layout: Layout,
    parameter_tables: Tables,
    body_tables: Tables,
    /// Position of each output in the workspace after the tables have run.
    outputs: Vec<u32>,
    n_parameters: usize,
    n_states: usize,
    n_directions: usize,
    /// `Some(None)`: executable memory was refused, so the tables stay.
    machine_code: OnceLock<Option<MachineCode>>,
    /// Evaluations, over all evaluators, before machine code is made.
    patience: Option<u64>,
    /// Evaluations reported by evaluators.
    evaluations: AtomicU64,
}

/// Compiles outputs. Subterms that depend on parameters only are computed once per [`Kernel::evaluator`].
///
/// # Panics
/// If a symbol of the outputs is not among the inputs.
pub fn compile(pool: &Pool, outputs: &Outputs, inputs: &Inputs, tier: Tier) -> Kernel {
    let tape = schedule(pool, outputs, inputs);
    if cfg!(debug_assertions) {
        tape.verify(inputs);
    }
    let (parameter_steps, body_steps) = (Steps::of_parameter_code(&tape), Steps::of_body(&tape));
    let layout = Layout::new(&tape, inputs, &parameter_steps, &body_steps);
    let code = Code {
        parameter_tables: Tables::new(&parameter_steps, &layout, &layout.folded),
        body_tables: Tables::new(&body_steps, &layout, &layout.body),
        outputs: tape
            .outputs
            .iter()
            .map(|&slot| layout.place(slot))
            .collect(),
        patience: patience(tier, Tape::count_operations(&tape.body)),
        tape,
        layout,
        n_parameters: inputs.parameters.len(),
        n_states: inputs.states.len(),
        n_directions: inputs.direction.len(),
        machine_code: OnceLock::new(),
        evaluations: AtomicU64::new(0),
    };
    if code.patience == Some(0) {
        code.make_machine_code();
    }
    Kernel {
        code: Arc::new(code),
    }
}

/// Evaluations in tables before machine code is made: when as much time has been lost in tables as compiling costs (ski rental: at most twice the best
/// possible total). `None`: never.
fn patience(tier: Tier, n_operations: usize) -> Option<u64> {
    match tier {
        Tier::Tables => None,
        Tier::MachineCode => Some(0),
        Tier::Auto if n_operations > LARGEST => None,
        Tier::Auto => {
            let compiling = START_COST + COMPILE_COST * n_operations as f64;
            let saving = CALL_SAVING + OPERATION_SAVING * n_operations as f64;
            Some((compiling / saving) as u64)
        }
    }
}

/// Operations beyond which machine code, 8 bytes for each, overflows the second-level cache and is no faster than tables: fceri_gamma2, 163,109 operations,
/// takes 63 µs in tables and 65 µs in machine code.
const LARGEST: usize = 100_000;
/// Nanoseconds to start Cranelift and map memory: multisite2, 912 operations, takes 2.9 ms.
const START_COST: f64 = 1e6;
/// Nanoseconds of all threads to compile one operation: 1,900 on BCR, 2,300 on fceri_gamma2.
const COMPILE_COST: f64 = 2000.0;
/// Nanoseconds per evaluation that machine code saves in any kernel: Robertson's equations take 13 instead of 23.
const CALL_SAVING: f64 = 10.0;
/// Nanoseconds per operation that machine code saves: 0.15 on BCR and egfr_net.
const OPERATION_SAVING: f64 = 0.15;

impl Code {
    fn make_machine_code(&self) {
        self.make_machine_code_in(Box::new(SystemMemoryProvider::new()));
    }

    fn make_machine_code_in(&self, memory: Memory) {
        self.machine_code
            .get_or_init(|| MachineCode::new(&self.tape, &self.layout, machine::CHUNK, memory));
    }
}

impl Kernel {
    /// Number of outputs.
    pub fn n_outputs(&self) -> usize {
        self.code.outputs.len()
    }

    /// Operations per evaluation, and per parameter change.
    pub fn operation_counts(&self) -> (usize, usize) {
        let tape = &self.code.tape;
        (
            Tape::count_operations(&tape.body),
            Tape::count_operations(&tape.parameter_code),
        )
    }

    /// Fixes the parameters.
    ///
    /// # Panics
    /// If their number is not that of the inputs.
    pub fn evaluator(&self, parameters: &[f64]) -> Evaluator {
        let workspace = self.code.layout.workspace(&self.code.tape);
        let mut evaluator = Evaluator {
            kernel: self.clone(),
            workspace,
            unreported: 0,
        };
        evaluator.set_parameters(parameters);
        evaluator
    }
}

impl fmt::Display for Kernel {
    /// The tape as stable text (`show --stage kernel`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.tape.fmt(f)
    }
}

/// A kernel with its parameters folded and its scratch space.
pub struct Evaluator {
    kernel: Kernel,
    workspace: Vec<f64>,
    /// Evaluations in tables that the kernel has not been told of.
    unreported: u64,
}

/// Evaluators report to their kernel every so many evaluations: an atomic addition costs as much as a tiny kernel.
const REPORT_EVERY: u64 = 64;

impl Evaluator {
    /// Changes the parameters.
    ///
    /// # Panics
    /// If their number is not that of the inputs.
    pub fn set_parameters(&mut self, parameters: &[f64]) {
        let code = &*self.kernel.code;
        let start = code.layout.parameters();
        self.workspace[start..start + code.n_parameters].copy_from_slice(parameters);
        code.parameter_tables.run(&mut self.workspace);
    }

    /// `out = outputs(t, u)`; `out` has length `n_outputs`.
    ///
    /// # Panics
    /// If a length is wrong, or if the kernel has a direction.
    pub fn eval(&mut self, t: f64, u: &[f64], out: &mut [f64]) {
        self.eval_along(t, u, &[], out);
    }

    /// `out = outputs(t, u, v)` for kernels with a direction.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn eval_along(&mut self, t: f64, u: &[f64], v: &[f64], out: &mut [f64]) {
        let code = &*self.kernel.code;
        assert_eq!(out.len(), code.outputs.len(), "length of `out`");
        let (states, directions) = (code.layout.states(), code.layout.directions());
        self.workspace[code.layout.time()] = t;
        self.workspace[states..states + code.n_states].copy_from_slice(u);
        self.workspace[directions..directions + code.n_directions].copy_from_slice(v);
        match code.machine_code.get() {
            Some(Some(machine_code)) => machine_code.run(code, &mut self.workspace, out),
            Some(None) | None => self.eval_tables(out),
        }
    }

    fn eval_tables(&mut self, out: &mut [f64]) {
        let code = &*self.kernel.code;
        code.body_tables.run(&mut self.workspace);
        for (out, &place) in out.iter_mut().zip(&code.outputs) {
            *out = self.workspace[place as usize];
        }
        self.unreported += 1;
        if self.unreported == REPORT_EVERY {
            self.report();
        }
    }

    /// Tells the kernel of the evaluations made, and has it compiled when they have paid for that.
    fn report(&mut self) {
        let code = &*self.kernel.code;
        let made = std::mem::take(&mut self.unreported);
        let evaluations = code.evaluations.fetch_add(made, Ordering::Relaxed) + made;
        if code.patience.is_some_and(|patience| evaluations > patience) {
            code.make_machine_code();
        }
    }
}

/// Functions in executable memory, freed when dropped.
pub(super) struct Executable {
    /// Owner of the memory; taken when dropped. Locked never; the mutex makes it shareable.
    module: Mutex<Option<JITModule>>,
}

#[expect(unsafe_code, reason = "executable memory has no safe owner")]
impl Executable {
    /// Places functions of one signature in memory; their addresses are valid as long as the result lives. `None` if the memory cannot be had or made executable.
    pub(super) fn new(
        functions: &[Vec<u8>],
        target: OwnedTargetIsa,
        signature: fn(CallConv) -> Signature,
        memory: Memory,
    ) -> Option<(Executable, Vec<*const u8>)> {
        let mut builder = JITBuilder::with_isa(target, default_libcall_names());
        builder.memory_provider(memory);
        let mut module = JITModule::new(builder);
        let Some(ids) = define(&mut module, functions, signature) else {
            // SAFETY: nothing points into the memory yet.
            unsafe { module.free_memory() };
            return None;
        };
        let addresses = ids.into_iter().map(|id| module.get_finalized_function(id));
        let addresses = addresses.collect();
        let module = Mutex::new(Some(module));
        Some((Executable { module }, addresses))
    }
}

/// Puts code into memory that it can run from, if there is any.
fn define(
    module: &mut JITModule,
    functions: &[Vec<u8>],
    signature: fn(CallConv) -> Signature,
) -> Option<Vec<FuncId>> {
    let signature = signature(module.isa().default_call_conv());
    let mut ids = Vec::with_capacity(functions.len());
    for bytes in functions {
        let id = module.declare_anonymous_function(&signature).ok()?;
        module.define_function_bytes(id, 1, bytes, &[]).ok()?;
        ids.push(id);
    }
    module.finalize_definitions().ok()?;
    Some(ids)
}

#[expect(unsafe_code, reason = "executable memory has no safe owner")]
impl Drop for Executable {
    fn drop(&mut self) {
        let module = self.module.get_mut().ok().and_then(Option::take);
        if let Some(module) = module {
            // SAFETY: whoever keeps an address keeps the owner beside it, and calls nothing after dropping it.
            unsafe { module.free_memory() };
        }
    }
}

/// Machine code in executable memory.
struct MachineCode {
    chunks: Vec<Chunk>,
    /// Outputs that are inputs or fixed, and their position in the workspace.
    copied: Vec<(u32, u32)>,
    _memory: Executable,
}

/// Where code comes to stand.
pub(super) type Memory = Box<dyn JITMemoryProvider + Send>;

/// `(workspace, outputs)`
type Chunk = unsafe extern "C" fn(*mut f64, *mut f64);

#[expect(
    unsafe_code,
    reason = "calling machine code that was made at run time cannot be checked by rustc"
)]
impl MachineCode {
    /// `None` if the memory cannot be had or made executable.
    fn new(tape: &Tape, layout: &Layout, chunk_size: usize, memory: Memory) -> Option<MachineCode> {
        let target = machine::target();
        let pieces = machine::assemble(tape, layout, &target, chunk_size);
        let (memory, addresses) = Executable::new(&pieces, target, machine::signature, memory)?;
        let chunk = |address| {
            // SAFETY: the address is that of a function with exactly this signature and calling convention; it lives as long as `memory`, which stands beside it.
            unsafe { std::mem::transmute::<*const u8, Chunk>(address) }
        };
        let outputs = tape
            .outputs
            .iter()
            .enumerate()
            .filter(|(_, slot)| !matches!(slot, Slot::Body(_)));
        let copied = outputs
            .map(|(i, &slot)| (i as u32, layout.place(slot)))
            .collect();
        Some(MachineCode {
            chunks: addresses.into_iter().map(chunk).collect(),
            copied,
            _memory: memory,
        })
    }

    /// Computes the outputs; the inputs stand in the workspace.
    fn run(&self, code: &Code, workspace: &mut [f64], out: &mut [f64]) {
        assert!(workspace.len() == code.layout.len() && out.len() == code.outputs.len());
        for chunk in &self.chunks {
            // SAFETY: the code reads and writes only positions that the layout gave out, all below its length, and outputs below their number (`Tape::verify`);
            // both lengths were just checked, and the slices are exclusively borrowed.
            unsafe { chunk(workspace.as_mut_ptr(), out.as_mut_ptr()) };
        }
        for &(i, place) in &self.copied {
            out[i as usize] = workspace[place as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Term;
    use cranelift_jit::{BranchProtection, JITMemoryKind};
    use cranelift_module::{ModuleError, ModuleResult};

    /// Values that are used near and far, in the same chunk and in later ones.
    fn tape() -> (Pool, Outputs, Inputs) {
        let mut pool = Pool::new();
        let states: Vec<SymbolId> = (0..8).map(|i| pool.symbol(&format!("u{i}"))).collect();
        let mut terms: Vec<Term> = states.iter().map(|&s| pool.var(s)).collect();
        for i in 0..60 {
            let (a, b, c) = (terms[i], terms[i + 3], terms[i + 7]);
            let product = pool.mul(a, b);
            let sum = pool.sub(product, c);
            terms.push(pool.call(crate::terms::Op::Sin, &[sum]));
        }
        let mut outputs = Outputs::of_terms(&terms);
        let all: Vec<_> = (0..terms.len() as u32)
            .map(|k| {
                (
                    k,
                    crate::terms::Number::integer(if k % 3 == 0 { -1 } else { 1 }),
                )
            })
            .collect();
        (5..all.len())
            .step_by(7)
            .for_each(|n| outputs.add_row(&all[..n]));
        (
            pool,
            outputs,
            Inputs {
                states,
                ..Inputs::default()
            },
        )
    }

    #[test]
    fn chunks_of_any_size_agree_with_the_tables() {
        let (pool, outputs, inputs) = tape();
        let kernel = compile(&pool, &outputs, &inputs, Tier::Tables);
        let u = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        let (mut expected, mut out) =
            (vec![0.0; kernel.n_outputs()], vec![0.0; kernel.n_outputs()]);
        let mut evaluator = kernel.evaluator(&[]);
        evaluator.eval(0.0, &u, &mut expected);
        for chunk_size in [1, 2, 3, 7, 50, 1000] {
            let memory = Box::new(SystemMemoryProvider::new());
            let code = &*kernel.code;
            let machine_code =
                MachineCode::new(&code.tape, &code.layout, chunk_size, memory).unwrap();
            evaluator.workspace[kernel.code.layout.states()..][..8].copy_from_slice(&u);
            out.fill(f64::NAN);
            machine_code.run(&kernel.code, &mut evaluator.workspace, &mut out);
            assert_eq!(out, expected, "chunks of {chunk_size}");
        }
    }
    /// Memory as a hardened system gives it: not at all, or never to be executed.
    struct Refusing {
        memory: Option<SystemMemoryProvider>,
    }

    #[expect(unsafe_code, reason = "the trait has an unsafe function")]
    impl JITMemoryProvider for Refusing {
        fn allocate(
            &mut self,
            size: usize,
            align: u64,
            kind: JITMemoryKind,
        ) -> std::io::Result<*mut u8> {
            match &mut self.memory {
                Some(memory) => memory.allocate(size, align, kind),
                None => Err(std::io::ErrorKind::PermissionDenied.into()),
            }
        }

        // SAFETY: asks of the caller what `SystemMemoryProvider::free_memory` asks.
        unsafe fn free_memory(&mut self) {
            if let Some(memory) = &mut self.memory {
                // SAFETY: the caller promises it.
                unsafe { memory.free_memory() }
            }
        }

        fn finalize(&mut self, _: BranchProtection) -> ModuleResult<()> {
            let err = std::io::ErrorKind::PermissionDenied.into();
            Err(ModuleError::Allocation { err })
        }
    }

    #[test]
    fn tables_run_where_executable_memory_is_refused() {
        let (pool, outputs, inputs) = tape();
        let u = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        let values = |kernel: &Kernel| {
            let mut out = vec![0.0; kernel.n_outputs()];
            kernel.evaluator(&[]).eval(0.0, &u, &mut out);
            out
        };
        let expected = values(&compile(&pool, &outputs, &inputs, Tier::MachineCode));
        for memory in [None, Some(SystemMemoryProvider::new())] {
            let kernel = compile(&pool, &outputs, &inputs, Tier::Tables);
            kernel
                .code
                .make_machine_code_in(Box::new(Refusing { memory }));
            assert!(matches!(kernel.code.machine_code.get(), Some(None)));
            assert_eq!(values(&kernel), expected);
        }
    }
}
