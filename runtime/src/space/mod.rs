//! Fields in space: stepping of semi-discrete partial differential equations.

pub mod multigrid;
pub mod steppers;
