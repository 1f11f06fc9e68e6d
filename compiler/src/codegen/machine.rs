//! The second tier: machine code for the body of a tape, chunk by chunk and in parallel.
//!
//! Cranelift optimises nothing here: a tape has no common subexpressions and no dead code. What counts is register allocation. Measured on the right-hand side of
//! BCR (24,869 operations, one thread, CPU time to compile and time per evaluation; the tables take 9.6 µs):
//!
//! | | compile | run |
//! |---|---|---|
//! | backtracking allocator, values kept for [6 instructions](super::chunk), chunks of 500 | 46 ms | 6.0 µs |
//! | values kept for the whole chunk | 58 ms | 6.1 µs |
//! | the same, optimised for speed | 82 ms | 6.7 µs |
//! | single-pass allocator | 29 ms | 7.5-8.4 µs |
//! | chunks of 100 | 50 ms | 8.2 µs |
//! | chunks of 250, 1000, 2000 | 44-45 ms | 6.3-6.8 µs |

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::chunk::Chunks;
use super::layout::Layout;
use super::lower::lower;
pub(super) use super::lower::signature;
use super::tape::Tape;

/// Operations per function; see above.
pub(super) const CHUNK: usize = 500;

/// Settings for this processor.
pub(super) fn target() -> OwnedTargetIsa {
    let mut flags = settings::builder();
    let mut set = |name, value| flags.set(name, value).expect("the setting exists");
    set("opt_level", "none");
    set(
        "enable_verifier",
        if cfg!(debug_assertions) {
            "true"
        } else {
            "false"
        },
    );
    set("unwind_info", "false");
    set("is_pic", "false");
    let isa = cranelift_native::builder().expect("Cranelift knows this processor");
    isa.finish(settings::Flags::new(flags))
        .expect("the settings fit this processor")
}

/// The bytes of each chunk's function.
pub(super) fn assemble(
    tape: &Tape,
    layout: &Layout,
    target: &OwnedTargetIsa,
    size: usize,
) -> Vec<Vec<u8>> {
    let chunks = Chunks::new(tape, layout, size);
    (0..chunks.ranges.len())
        .into_par_iter()
        .map_init(Context::new, |context, n| {
            assemble_chunk(&chunks, n, target, context)
        })
        .collect()
}

fn assemble_chunk(
    chunks: &Chunks,
    n: usize,
    target: &OwnedTargetIsa,
    context: &mut Context,
) -> Vec<u8> {
    context.clear();
    context.func.signature = signature(target.default_call_conv());
    lower(chunks, n, &mut context.func);
    let code = context
        .compile(&**target, &mut ControlPlane::default())
        .expect("straight-line code compiles");
    assert!(
        code.buffer.relocs().is_empty(),
        "chunks refer to nothing outside themselves"
    );
    code.code_buffer().to_vec()
}
