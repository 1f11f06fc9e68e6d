//! Plots: as SVG files, and small in the terminal.

mod figure;
mod names;
mod scale;
mod svg;
mod terminal;

pub use figure::{Axis, Curve, Figure, Mark};
