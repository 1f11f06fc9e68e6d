//! The experiments of the language, one file each.

mod compiled;
mod discover;
mod discover_fields;
pub mod discovery;
mod evolved;
pub(crate) mod fields;
mod finding;
mod first_choice;
mod frame;
mod partial;
mod simulate;
mod simulation;

pub use compiled::Compiled;
pub use discover::discover;
pub use discover_fields::discover_fields;
pub use fields::{
    Checkpoint, Checkpoints, FieldMethod, FieldRun, GivenData, GivenError, SetupError, Warning,
    find_method,
};
pub use finding::{Finding, Found, held_out};
pub use frame::{ArrayOf, FrameArray, FrameAxis, FrameGrid};
pub use simulate::{Row, Start, save_times, simulate};
pub use simulation::Simulation;
