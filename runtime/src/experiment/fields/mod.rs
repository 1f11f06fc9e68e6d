//! `simulate` over fields: programs compiled and given memory (`part`, `setup`), initial values (`start`), a method chosen (`choose`), the
//! equations as solvers see them (`nodes`, `pattern`, `images`, `inverse`), rows from states (`observe`), the run (`run`), where it can be taken up again (`checkpoint`), and what looks wrong on the way (`watch`).

mod checkpoint;
mod choose;
mod images;
mod inverse;
mod nodes;
mod observe;
mod part;
mod pattern;
mod run;
mod setup;
mod start;
mod watch;

pub use checkpoint::{Checkpoint, Checkpoints};
pub use choose::{FieldMethod, find_method};
pub(crate) use part::{Numbers, OPTIONS, Part, Source, parameter_symbols, sources};
pub use run::FieldRun;
pub use setup::{GivenData, GivenError, SetupError};
pub use watch::Warning;
