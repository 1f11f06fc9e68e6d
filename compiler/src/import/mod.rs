//! Foreign formats to [`Ast`](crate::syntax::Ast), so that they meet the same checks.

mod bionetgen;
mod error;
mod expression;
mod lines;
mod model_text;
mod names;
mod rate_law;
mod reactions;
#[cfg(test)]
mod tests;

pub use bionetgen::import_net;
pub use error::ImportError;
pub use model_text::to_model_text;
