//! Which numbers of a row a picture shows: an array, of three coordinates a plane through the middle, of many nodes some.

use std::ops::Range;

use ansatz_compiler::model::entities::Curve;
use ansatz_runtime::experiment::{ArrayOf, FrameAxis, FrameGrid, Row};

use crate::figures::{described, value, with_unit};
use crate::plot::Side;

/// An array that is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Position of its grid.
    pub grid: usize,
    /// Where it stands among the values of its grid, without what is outside the plane.
    values: Range<usize>,
    /// Nodes per row of the array.
    row: usize,
    /// Every so many nodes one is shown, along both axes.
    strides: [usize; 2],
    /// One or two axes, with the nodes that are shown.
    pub sides: Vec<Side>,
    /// Whether a length is the same along both axes.
    pub is_equal: bool,
    /// The plane: `z = 0.5 um`; empty for fewer than three coordinates.
    pub plane: String,
    /// Its name, its meaning and its unit.
    pub label: String,
}

impl Shown {
    /// Finds an array; of its nodes at most about `most` are shown along an axis.
    pub fn find(grids: &[FrameGrid], of: ArrayOf, curve: &Curve, most: usize) -> Option<Shown> {
        let arrays = grids.iter().enumerate();
        let mut found = arrays.filter_map(|(g, grid)| {
            let position = grid.arrays.iter().position(|array| array.of == of)?;
            Some((g, grid, position))
        });
        let (g, grid, position) = found.next()?;
        let counts = |k: usize| grid.axes.get(k).map_or(1, |axis| axis.nodes.len());
        let plane = counts(0) * counts(1);
        let middle = counts(2) / 2;
        let start = position * grid.len() + middle * plane;
        let strides = [counts(0), counts(1)].map(|n| n.div_ceil(most));
        let sides = grid.axes.iter().zip(strides);
        let unit = |k: usize| grid.axes.get(k).map(|axis| &axis.unit);
        Some(Shown {
            grid: g,
            values: start..start + plane,
            row: counts(0),
            strides,
            sides: sides.map(|(axis, stride)| side(axis, stride)).collect(),
            is_equal: unit(0) == unit(1),
            plane: grid.axes.get(2).map_or(String::new(), |axis| {
                value(&axis.name, axis.nodes[middle], axis.unit.as_ref())
            }),
            label: described(curve),
        })
    }

    /// Its values in a row of the run.
    pub fn all<'a>(&self, row: Row<'a>) -> &'a [f64] {
        &row.fields[self.grid][self.values.clone()]
    }

    /// Whether a curve over its nodes ends before it is back at its beginning.
    fn is_open(&self) -> bool {
        let [x] = &self.sides[..] else {
            return false;
        };
        x.periodic && x.nodes.first() == Some(&x.ends[0])
    }

    /// The nodes along the first axis, the upper end of a periodic one included.
    pub fn closed_nodes(&self) -> Vec<f64> {
        let mut nodes = self.sides[0].nodes.clone();
        nodes.extend(self.is_open().then_some(self.sides[0].ends[1]));
        nodes
    }

    /// Values along these nodes.
    pub fn closed(&self, mut values: Vec<f64>) -> Vec<f64> {
        values.extend(values.first().copied().filter(|_| self.is_open()));
        values
    }

    /// Those at the nodes that are shown.
    pub fn values(&self, row: Row<'_>) -> Vec<f64> {
        let [along, up] = self.strides;
        let rows = self.all(row).chunks(self.row).step_by(up);
        let values = rows.flat_map(|row| row.iter().step_by(along));
        values.copied().collect()
    }
}

fn side(axis: &FrameAxis, stride: usize) -> Side {
    Side {
        label: with_unit(&axis.name, axis.unit.as_ref()),
        ends: axis.ends,
        nodes: axis.nodes.iter().copied().step_by(stride).collect(),
        periodic: axis.periodic,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pictures::tests::curve;
    use super::super::variable::tests::grid;
    use super::*;

    #[test]
    fn of_three_coordinates_the_middle_plane_is_shown() {
        let of = ArrayOf::Curve(0, 0);
        let arrays = [("v", ArrayOf::Field(0)), ("u", of)];
        let grids = [grid("box", &[("x", 4), ("y", 3), ("z", 5)], &arrays)];
        let shown = Shown::find(&grids, of, &curve("u"), 2).unwrap();
        assert_eq!(shown.plane, "z = 2");
        assert_eq!(shown.sides.len(), 2);
        assert_eq!(shown.sides[0].nodes, [0.0, 2.0]);
        let values: Vec<f64> = (0..120).map(f64::from).collect();
        let row = Row {
            t: 0.0,
            states: &[],
            observables: &[],
            fields: &[&values],
            shown: &[],
        };
        assert_eq!(shown.all(row), (84..96).map(f64::from).collect::<Vec<_>>());
        assert_eq!(shown.values(row), [84.0, 86.0, 92.0, 94.0]);
    }
}
