//! The experiments of the language, one file each.

mod compiled;
mod frame;
mod simulate;

pub use compiled::Compiled;
pub use frame::{ArrayOf, FrameArray, FrameAxis, FrameGrid};
pub use simulate::{Row, Start, save_times, simulate};
