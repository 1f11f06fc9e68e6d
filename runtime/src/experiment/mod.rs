//! The experiments of the language, one file each.

mod compiled;
mod simulate;

pub use compiled::Compiled;
pub use simulate::{Row, Start, save_times, simulate};
