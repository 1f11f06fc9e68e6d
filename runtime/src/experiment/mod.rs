//! The experiments of the language, one file each.

mod compiled;
mod discover;
mod partial;
mod simulate;

pub use compiled::Compiled;
pub use discover::{Finding, Found, discover};
pub use simulate::{Row, Start, save_times, simulate};
