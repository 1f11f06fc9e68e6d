//! Fields as they are saved: grids, arrays by name, and their values at one time.

use ansatz_compiler::model::unit::Unit;

/// The grid of a domain and the arrays that are saved on it.
#[derive(Debug, Clone)]
pub struct FrameGrid {
    /// Name of the domain.
    pub domain: String,
    /// One to three axes, the contiguous one first.
    pub axes: Vec<FrameAxis>,
    /// Arrays, in the order of their values.
    pub arrays: Vec<FrameArray>,
}

/// An axis with its nodes.
#[derive(Debug, Clone)]
pub struct FrameAxis {
    /// Name of the coordinate.
    pub name: String,
    /// Unit of the coordinate.
    pub unit: Option<Unit>,
    /// Lower and upper end of the domain.
    pub ends: [f64; 2],
    /// Where the nodes stand, ascending.
    pub nodes: Vec<f64>,
    /// Whether the upper end is the lower one again.
    pub periodic: bool,
}

/// An array on a grid.
#[derive(Debug, Clone)]
pub struct FrameArray {
    /// Its name, or the text of a curve.
    pub name: String,
    /// Its unit.
    pub unit: Option<Unit>,
    /// What it is.
    pub of: ArrayOf,
}

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArrayOf {
    /// A state: position in `Program::states`.
    Field(usize),
    /// A `let`: position in `Program::observables`.
    Let(usize),
    /// What a plot shows: positions in `Program::plots` and in its curves. Shown, not written.
    Curve(usize, usize),
}

impl FrameGrid {
    /// Number of nodes.
    #[expect(clippy::len_without_is_empty, reason = "a grid has nodes")]
    pub fn len(&self) -> usize {
        self.axes.iter().map(|axis| axis.nodes.len()).product()
    }
}
