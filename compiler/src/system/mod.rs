//! [`Model`](crate::model::Model) to [`System`]: what is integrated, as blocks of equations.

mod assemble;
pub mod conservation;
mod display;
pub mod equations;
mod extend;
pub mod jacobian;
pub mod space;
mod start;
pub mod switches;

pub use assemble::assemble;
pub use equations::System;
