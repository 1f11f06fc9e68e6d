//! What is written of fields: coordinates, and variables over time, by name.

use std::io;

use ansatz_runtime::experiment::{ArrayOf, FrameGrid};

/// The nodes of an axis, under the name of its dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinate {
    /// Name in the file.
    pub name: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// Where the nodes stand.
    pub nodes: Vec<f64>,
}

/// A variable: time × its shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name in the file.
    pub name: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// Name of its domain.
    pub domain: String,
    /// Names of the axes, slowest first.
    pub dimensions: Vec<String>,
    /// Nodes per axis, slowest first (`[ny, nx]`).
    pub shape: Vec<usize>,
}

/// All that is written, and where its values stand in a row.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// The axes of all grids.
    pub coordinates: Vec<Coordinate>,
    /// Grid by grid.
    pub list: Vec<Variable>,
    /// Per variable: grid, and position among the arrays of the grid.
    places: Vec<(usize, usize)>,
}

impl Variable {
    /// Values in one frame.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Variables {
    /// Fields and `let`s of these grids; what only plots show is left out, and so are grids that have nothing else.
    pub fn of(grids: &[FrameGrid]) -> Variables {
        let mut out = Variables::default();
        for (g, grid) in grids.iter().enumerate() {
            let written = |of: ArrayOf| !matches!(of, ArrayOf::Curve(..));
            let arrays = grid.arrays.iter().enumerate();
            let arrays: Vec<_> = arrays.filter(|(_, a)| written(a.of)).collect();
            if arrays.is_empty() {
                continue;
            }
            let names = dimension_names(grids, grid);
            for (axis, name) in grid.axes.iter().zip(&names) {
                out.coordinates.push(Coordinate {
                    name: name.clone(),
                    unit: axis.unit.as_ref().map_or(String::new(), |u| u.text.clone()),
                    nodes: axis.nodes.clone(),
                });
            }
            for (position, array) in arrays {
                out.list.push(Variable {
                    name: array.name.clone(),
                    unit: array
                        .unit
                        .as_ref()
                        .map_or(String::new(), |u| u.text.clone()),
                    domain: grid.domain.clone(),
                    dimensions: names.iter().rev().cloned().collect(),
                    shape: grid.axes.iter().rev().map(|a| a.nodes.len()).collect(),
                });
                out.places.push((g, position));
            }
        }
        out
    }

    /// The values of each variable in the fields of a row.
    pub fn frame<'a>(&self, fields: &[&'a [f64]]) -> Vec<&'a [f64]> {
        let values = self.list.iter().zip(&self.places);
        values
            .map(|(variable, &(grid, position))| {
                let n = variable.len();
                &fields[grid][position * n..(position + 1) * n]
            })
            .collect()
    }
}

/// Names of the coordinates, `domain.x` where another domain has an `x` too.
fn dimension_names(grids: &[FrameGrid], grid: &FrameGrid) -> Vec<String> {
    let n_grids_with = |name: &str| {
        let has = |g: &&FrameGrid| g.axes.iter().any(|axis| axis.name == name);
        grids.iter().filter(has).count()
    };
    let name = |name: &String| match n_grids_with(name) {
        1 => name.clone(),
        _ => format!("{}.{name}", grid.domain),
    };
    grid.axes.iter().map(|axis| name(&axis.name)).collect()
}

/// A file, or a folder, that grows by a frame per saved time.
pub trait ArrayFile {
    /// Appends a frame: the time, and the values of each variable.
    ///
    /// # Errors
    /// The frame could not be written; those before stay as they are.
    fn frame(&mut self, t: f64, values: &[&[f64]]) -> io::Result<()>;

    /// Completes the file.
    ///
    /// # Errors
    /// The file could not be completed.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Writes values as little-endian bytes.
pub(super) fn write_values(out: &mut impl io::Write, values: &[f64]) -> io::Result<()> {
    const CHUNK: usize = 1024;
    let mut bytes = [0; 8 * CHUNK];
    for chunk in values.chunks(CHUNK) {
        for (slot, value) in bytes.chunks_exact_mut(8).zip(chunk) {
            slot.copy_from_slice(&value.to_le_bytes());
        }
        out.write_all(&bytes[..8 * chunk.len()])?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use ansatz_runtime::experiment::{FrameArray, FrameAxis};

    use super::*;

    /// A grid of nodes 0, 1, 2, … per axis.
    pub fn grid(domain: &str, axes: &[(&str, usize)], arrays: &[(&str, ArrayOf)]) -> FrameGrid {
        let axis = |&(name, n): &(&str, usize)| FrameAxis {
            name: name.into(),
            unit: None,
            ends: [0.0, n as f64],
            nodes: (0..n).map(|i| i as f64).collect(),
            periodic: true,
        };
        let array = |&(name, of): &(&str, ArrayOf)| FrameArray {
            name: name.into(),
            unit: None,
            of,
        };
        FrameGrid {
            domain: domain.into(),
            axes: axes.iter().map(axis).collect(),
            arrays: arrays.iter().map(array).collect(),
        }
    }

    #[test]
    fn variables_are_found_in_rows() {
        let line = grid("line", &[("x", 2)], &[("w", ArrayOf::Field(0))]);
        let arrays = [
            ("u", ArrayOf::Field(1)),
            ("u^2", ArrayOf::Curve(0, 0)),
            ("e", ArrayOf::Let(0)),
        ];
        let square = grid("square", &[("x", 3), ("y", 1)], &arrays);
        let shown = grid("shown", &[("z", 3)], &[("u", ArrayOf::Curve(0, 1))]);
        let variables = Variables::of(&[line, square, shown]);
        let names: Vec<&str> = variables
            .coordinates
            .iter()
            .map(|c| c.name.as_str())
            .collect();
        assert_eq!(names, ["line.x", "square.x", "y"]);
        assert_eq!(variables.list[2].dimensions, ["y", "square.x"]);
        assert_eq!(variables.list[2].shape, [1, 3]);
        let square: Vec<f64> = (0..9).map(f64::from).collect();
        let frame = variables.frame(&[&[5.0, 6.0], &square, &[0.0; 3]]);
        assert_eq!(frame, [&[5.0, 6.0][..], &[0.0, 1.0, 2.0], &[6.0, 7.0, 8.0]]);
    }
}
