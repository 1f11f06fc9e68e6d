//! Foreign formats to [`Ast`](crate::syntax::Ast), so that they meet the same checks.

mod bionetgen;

pub use bionetgen::{ImportError, import_net};
