//! The shared algebra: exact numbers, hash-consed terms and the passes over them.
//!
//! Terms live in a [`Pool`] and are canonical on construction: sums and products are n-ary and sorted, so that
//! associativity and commutativity never have to be searched for. Construction only applies equalities that
//! hold for **all** real values of the symbols, undefined values included: `x/x` stays, `log(x) - log(x)` stays as
//! `0*log(x)`; `x - x`, `x*x`, `2*x + x` do not. Everything else is the work of `simplify`, which proves conditions.

mod build;
mod columns;
mod derivative;
mod display;
mod eval;
mod expand;
mod facts;
mod kummer;
mod latex;
mod linear;
mod monomial;
mod number;
mod number_arithmetic;
mod number_text;
mod op;
mod order;
mod outputs;
mod partial;
mod pool;
mod print;
mod rule;
mod space;
mod special;
mod substitute;
mod table;

pub use columns::Columns;
pub use derivative::SparseRows;
pub use display::TermText;
pub use expand::MAX_TERMS;
pub use latex::{TermLatex, latex_name};
pub use number::Number;
pub use op::{CONSTANTS, MANY, Op, Range};
pub use outputs::Outputs;
pub use pool::{Pool, SymbolId, Term, View};
pub use rule::{Condition, Pattern, PatternNode, Rule};
