//! Between the nodes of fields and their modes, which may be those of a grid that goes on to the mirror images of its walls.

use ansatz_compiler::system::space::program::{Mirror, Parity};

use crate::space::layout::Shape;
use crate::space::transform::{Complex64, Transform};

/// The transform of fields, node arrays one behind the other.
#[derive(Clone)]
pub(super) struct FieldModes {
    transform: Transform,
    images: Option<Images>,
    /// Nodes per field.
    len: usize,
}

/// A grid and the one with its images.
#[derive(Clone)]
struct Images {
    shape: Shape,
    mirror: Mirror,
    /// Nodes of a field with its images.
    nodes: Vec<f64>,
    /// Per axis and node of the grid with images: the node it is the image of.
    sources: [Vec<usize>; 3],
}

impl FieldModes {
    /// `shape`: that of the grid without images.
    pub fn new(transform: Transform, shape: Shape, mirror: Option<&Mirror>) -> FieldModes {
        let images = mirror.map(|mirror| Images::new(shape, mirror.clone()));
        FieldModes {
            transform,
            images,
            len: shape.len(),
        }
    }

    /// Modes per field.
    pub fn n_modes(&self) -> usize {
        self.transform.n_modes()
    }

    /// Modes of all fields from their nodes.
    pub fn forward(&mut self, nodes: &[f64], modes: &mut [Complex64]) {
        let n_modes = self.n_modes();
        let fields = nodes.chunks_exact(self.len);
        for (field, (nodes, modes)) in fields.zip(modes.chunks_exact_mut(n_modes)).enumerate() {
            match &mut self.images {
                Some(images) => {
                    images.unfold(field, nodes);
                    self.transform.forward(&images.nodes, modes);
                }
                None => self.transform.forward(nodes, modes),
            }
        }
    }

    /// Nodes of all fields from their modes.
    pub fn inverse(&mut self, modes: &[Complex64], nodes: &mut [f64]) {
        let fields = modes.chunks_exact(self.n_modes());
        for (modes, nodes) in fields.zip(nodes.chunks_exact_mut(self.len)) {
            match &mut self.images {
                Some(images) => {
                    self.transform.inverse(modes, &mut images.nodes);
                    images.fold(nodes);
                }
                None => self.transform.inverse(modes, nodes),
            }
        }
    }
}

impl Images {
    fn new(shape: Shape, mirror: Mirror) -> Images {
        let sources = [0, 1, 2].map(|axis| {
            let n = shape.n[axis];
            let images = (1..n.saturating_sub(1)).rev().filter(|_| mirror.axes[axis]);
            (0..n).chain(images).collect::<Vec<_>>()
        });
        Images {
            nodes: vec![0.0; sources.iter().map(Vec::len).product()],
            shape,
            mirror,
            sources,
        }
    }

    /// What a node of an axis has of its source: the sign, or 0 where odd fields cross it.
    fn factors(&self, field: usize, axis: usize) -> Vec<f64> {
        let n = self.shape.n[axis];
        let is_odd = self.mirror.axes[axis] && self.mirror.parities[field][axis] == Parity::Odd;
        let factor = |i: usize| match i {
            _ if !is_odd => 1.0,
            i if i == 0 || i == n - 1 => 0.0,
            i if i < n => 1.0,
            _ => -1.0,
        };
        (0..self.sources[axis].len()).map(factor).collect()
    }

    fn unfold(&mut self, field: usize, from: &[f64]) {
        let factors = [0, 1, 2].map(|axis| self.factors(field, axis));
        let [nx, ny, _] = self.shape.n;
        let mut to = self.nodes.iter_mut();
        for (&k, fz) in self.sources[2].iter().zip(&factors[2]) {
            for (&j, fy) in self.sources[1].iter().zip(&factors[1]) {
                let row = &from[nx * (j + ny * k)..][..nx];
                let values = self.sources[0].iter().zip(&factors[0]);
                for ((&i, fx), to) in values.zip(&mut to) {
                    *to = fx * fy * fz * row[i];
                }
            }
        }
    }

    fn fold(&self, to: &mut [f64]) {
        let [nx, ny, _] = self.shape.n;
        let [mx, my, _] = [0, 1, 2].map(|axis| self.sources[axis].len());
        for (row, to) in to.chunks_exact_mut(nx).enumerate() {
            let start = mx * (row % ny + my * (row / ny));
            to.copy_from_slice(&self.nodes[start..start + nx]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_even_or_odd() {
        let shape = Shape::new(&[(4, false), (3, true)]);
        let mirror = Mirror {
            axes: [true, false, false],
            parities: vec![[Parity::Odd, Parity::Even, Parity::Even], [Parity::Even; 3]],
        };
        let mut images = Images::new(shape, mirror);
        let nodes: Vec<f64> = (1..=12).map(f64::from).collect();
        images.unfold(1, &nodes);
        assert_eq!(images.nodes[..6], [1.0, 2.0, 3.0, 4.0, 3.0, 2.0]);
        images.unfold(0, &nodes);
        assert_eq!(images.nodes[6..12], [0.0, 6.0, 7.0, 0.0, -7.0, -6.0]);
        let mut back = [f64::NAN; 12];
        images.fold(&mut back);
        assert_eq!(back[4..8], [0.0, 6.0, 7.0, 0.0]);
    }
}
