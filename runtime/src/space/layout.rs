//! Sizes of grids, where their nodes stand, and how much memory they take.

use std::f64::consts::PI;

use ansatz_compiler::program::space::SpaceCode;
use ansatz_compiler::system::space::program::NodeKind;

/// Numbers of nodes; axes that a grid does not have have one node and are periodic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// By axis, the contiguous one first.
    pub n: [usize; 3],
    /// Whether the first node of an axis follows the last.
    pub periodic: [bool; 3],
}

impl Shape {
    /// Of one to three axes: nodes, and whether they are periodic.
    pub fn new(axes: &[(usize, bool)]) -> Shape {
        let mut shape = Shape {
            n: [1; 3],
            periodic: [true; 3],
        };
        for (i, &(n, periodic)) in axes.iter().enumerate() {
            shape.n[i] = n;
            shape.periodic[i] = periodic;
        }
        shape
    }

    /// Number of nodes.
    #[expect(clippy::len_without_is_empty, reason = "a grid has nodes")]
    pub fn len(&self) -> usize {
        self.n.iter().product()
    }

    /// The node at a position that may lie beyond the ends; stays there unless the axis is periodic.
    pub(crate) fn wrap(&self, axis: usize, i: isize) -> isize {
        let n = self.n[axis] as isize;
        if self.periodic[axis] && !(0..n).contains(&i) {
            i.rem_euclid(n)
        } else {
            i
        }
    }
}

/// A coordinate at the nodes of its axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinate {
    /// The axis.
    pub axis: usize,
    /// By node.
    pub values: Vec<f64>,
    /// Half-way between nodes in the uniform coordinate, from before the first to after the last.
    pub faces: Vec<f64>,
}

/// A grid with numbers for everything.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Numbers of nodes.
    pub shape: Shape,
    /// True coordinates of the nodes, by axis.
    pub coordinates: [Vec<f64>; 3],
    /// True coordinates of the lower and upper end, by axis.
    pub ends: [[f64; 2]; 3],
    /// Every coordinate that terms may name: true ones of all axes, then uniform ones of mapped axes.
    pub named: Vec<Coordinate>,
    /// Weights of the nodes in integrals, by axis; 1 along axes that the grid does not have.
    pub weights: [Vec<f64>; 3],
}

impl Layout {
    /// The grid of a program; `parameters` are those of the model, then the constants.
    pub fn new(code: &SpaceCode, parameters: &[f64]) -> Layout {
        let sizes: Vec<(usize, bool)> = code.axes.iter().map(|a| (a.points, a.periodic)).collect();
        let mut ends = vec![0.0; 2 * code.axes.len()];
        code.ends.evaluator(parameters).eval(0.0, &[], &mut ends);
        let mut layout = Layout {
            shape: Shape::new(&sizes),
            coordinates: [const { Vec::new() }; 3].map(|_: Vec<f64>| vec![0.0]),
            ends: [[0.0, 1.0]; 3],
            named: Vec::new(),
            weights: [const { Vec::new() }; 3].map(|_: Vec<f64>| vec![1.0]),
        };
        for (i, (axis, ends)) in code.axes.iter().zip(ends.chunks_exact(2)).enumerate() {
            let (n, from, to) = (axis.points, ends[0], ends[1]);
            let mapped = |uniform: Vec<f64>| match &axis.map {
                None => uniform,
                Some(map) => {
                    let mut out = vec![0.0; uniform.len()];
                    map.evaluator(parameters).run(&[&uniform], &mut [&mut out]);
                    out
                }
            };
            let place = |i: f64| place(axis.nodes, n, from, to, i);
            let uniform: Vec<f64> = (0..n).map(|i| place(i as f64)).collect();
            let uniform_faces: Vec<f64> = (0..=n).map(|i| place(i as f64 - 0.5)).collect();
            let coordinate = Coordinate {
                axis: i,
                values: mapped(uniform.clone()),
                faces: mapped(uniform_faces.clone()),
            };
            layout.coordinates[i] = coordinate.values.clone();
            let faces = coordinate.faces.clone();
            layout.named.insert(i, coordinate);
            if axis.map.is_some() {
                layout.named.push(Coordinate {
                    axis: i,
                    values: uniform,
                    faces: uniform_faces,
                });
            }
            layout.ends[i] = [from, to];
            layout.weights[i] = match axis.nodes {
                NodeKind::Lobatto => clenshaw_curtis(n, to - from),
                NodeKind::Ends => trapezoidal(&layout.coordinates[i]),
                NodeKind::Periodic | NodeKind::Cells { .. } => {
                    faces.windows(2).map(|pair| pair[1] - pair[0]).collect()
                }
            };
        }
        layout
    }
}

/// The place of node i of n from `from` to `to`, before any map; i need not be whole.
fn place(kind: NodeKind, n: usize, from: f64, to: f64, i: f64) -> f64 {
    let (length, n) = (to - from, n as f64);
    match kind {
        NodeKind::Ends => from + length * (i / (n - 1.0)),
        NodeKind::Periodic => from + length * (i / n),
        NodeKind::Cells { .. } => from + length * ((i + 0.5) / n),
        NodeKind::Lobatto => from + length * (1.0 - (PI * i / (n - 1.0)).cos()) / 2.0,
    }
}

/// Half the distance of the neighbours.
fn trapezoidal(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let weight = |i: usize| (x[(i + 1).min(n - 1)] - x[i.saturating_sub(1)]) / 2.0;
    (0..n).map(weight).collect()
}

/// Weights at the Lobatto points of an interval, exact for polynomials below degree n.
///
/// # References
/// C. W. Clenshaw, A. R. Curtis, *A method for numerical integration on an automatic computer*, Numer. Math. 2 (1960) 197–205, doi:10.1007/BF01386223.
fn clenshaw_curtis(n: usize, length: f64) -> Vec<f64> {
    let last = n - 1;
    let weight = |i: usize| {
        let angle = PI * i as f64 / last as f64;
        let mut sum = 1.0;
        for k in 1..=last / 2 {
            let half = if 2 * k == last { 1.0 } else { 2.0 };
            sum -= half * (2.0 * k as f64 * angle).cos() / (4 * k * k - 1) as f64;
        }
        let ends = if i == 0 || i == last { 1.0 } else { 2.0 };
        length / 2.0 * ends * sum / last as f64
    };
    (0..n).map(weight).collect()
}

/// A grid that does not fit into memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the grid needs {} of memory and {} are free",
    Bytes(*.needed),
    Bytes(*.available)
)]
pub struct TooLarge {
    /// Bytes that all arrays take.
    pub needed: u128,
    /// Bytes that the system would give.
    pub available: u128,
}

/// Checks that so many arrays of `len` numbers fit, before any is allocated.
///
/// # Errors
/// If they do not. Where the system does not tell how much is free, anything below [`FALLBACK`] fits.
pub fn check_memory(len: usize, n_arrays: usize) -> Result<(), TooLarge> {
    let needed = len as u128 * n_arrays as u128 * size_of::<f64>() as u128;
    let available = available_memory().unwrap_or(FALLBACK);
    if needed <= available {
        Ok(())
    } else {
        Err(TooLarge { needed, available })
    }
}

/// Bytes assumed where the system does not tell.
const FALLBACK: u128 = 1 << 33;

/// `MemAvailable` of Linux.
fn available_memory() -> Option<u128> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u128 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// A size as people read it.
struct Bytes(u128);

impl std::fmt::Display for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let (mut value, mut unit) = (self.0 as f64, 0);
        while value >= 1024.0 && unit + 1 < UNITS.len() {
            (value, unit) = (value / 1024.0, unit + 1);
        }
        write!(f, "{value:.1} {}", UNITS[unit])
    }
}
