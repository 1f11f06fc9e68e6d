//! The experiments of the language, one file each.

mod compiled;
mod discover;
mod fields;
mod frame;
mod partial;
mod simulate;
mod simulation;

pub use compiled::Compiled;
pub use discover::{Finding, Found, discover};
pub use fields::{
    Checkpoint, Checkpoints, FieldMethod, FieldRun, GivenData, GivenError, SetupError, Warning,
    find_method,
};
pub use frame::{ArrayOf, FrameArray, FrameAxis, FrameGrid};
pub use simulate::{Row, Start, save_times, simulate};
pub use simulation::Simulation;
