//! `simulate` over fields: programs compiled and given memory (`part`, `setup`), initial values (`start`), a method chosen (`choose`), the
//! equations as solvers see them (`nodes`, `pattern`), rows from states (`observe`), the run (`run`), and what looks wrong on the way (`watch`).

mod choose;
mod nodes;
mod observe;
mod part;
mod pattern;
mod run;
mod setup;
mod start;
mod watch;

pub use choose::{FieldMethod, find_method};
pub use run::FieldRun;
pub use setup::{GivenData, SetupError};
pub use watch::Warning;
