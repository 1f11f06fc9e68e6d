//! Fields in space: execution of space programs over grids of one to three dimensions, stepping of semi-discrete partial differential equations, elliptic
//! problems.

mod bank;
mod chebyshev;
mod closing;
mod elliptic;
pub mod execute;
pub mod field;
mod finite;
pub mod flux;
mod iteration;
pub mod layout;
pub mod modes;
pub mod multigrid;
mod prepare;
mod probing;
mod reduce;
pub mod split;
pub mod steppers;
mod steps;
pub mod sweep;
pub mod transform;
mod weno;
