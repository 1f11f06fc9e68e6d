//! Ansatz, the compiler: from model text to compiled right-hand sides and Jacobians.
//!
//! One way through the house:
//! ```text
//! text ─parse→ Ast ─elaborate→ Model ─assemble→ System ─simplify→ System ─compile→ Program
//! ```

pub mod codegen;
pub mod diagnostic;
pub mod import;
pub mod model;
pub mod program;
pub mod simplify;
pub mod source;
pub mod stdlib;
pub mod syntax;
pub mod system;
pub mod terms;

pub use program::Program;
