//! Values on nodes as pixels: linear between nodes, which need not be evenly spaced.

use super::color::Scale;
use super::surface::Raster;

/// A side of a picture, with the nodes along it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Side {
    /// What stands at the axis.
    pub label: String,
    /// Both ends.
    pub ends: [f64; 2],
    /// Where the nodes stand, ascending.
    pub nodes: Vec<f64>,
    /// Whether the upper end is the lower one again.
    pub periodic: bool,
}

/// Where a pixel takes its value from: two nodes, and the share of the second.
type Source = (usize, usize, f64);

impl Side {
    /// For each of `n` pixels, its source.
    fn sources(&self, n: usize) -> Vec<Source> {
        let [from, to] = self.ends;
        let pixel = |i: usize| from + (to - from) * (i as f64 + 0.5) / n as f64;
        (0..n).map(|i| self.source(pixel(i))).collect()
    }

    fn source(&self, x: f64) -> Source {
        let (nodes, last) = (&self.nodes, self.nodes.len() - 1);
        let above = nodes.partition_point(|&node| node <= x);
        let share = |low: f64, high: f64| (x - low) / (high - low);
        let period = self.ends[1] - self.ends[0];
        match above {
            0 if self.periodic => (last, 0, share(nodes[last] - period, nodes[0])),
            0 => (0, 0, 0.0),
            k if k <= last => (k - 1, k, share(nodes[k - 1], nodes[k])),
            _ if self.periodic => (last, 0, share(nodes[last], nodes[0] + period)),
            _ => (last, last, 0.0),
        }
    }

    /// Pixels for a length: not fewer than are seen, not more than there are nodes.
    pub fn pixels(&self, seen: f64, most: usize) -> usize {
        let seen = (seen.round() as usize).max(1);
        self.nodes.len().clamp(seen, most.max(seen))
    }
}

/// The picture of `values` (a row per node of `y`, the lowest first) with so many pixels.
pub fn raster(
    x: &Side,
    y: &Side,
    values: &[f64],
    scale: &Scale,
    (width, height): (usize, usize),
) -> Raster {
    let n = x.nodes.len();
    let (columns, rows) = (x.sources(width), y.sources(height));
    let mut shades = Vec::with_capacity(width * height);
    for &(below, above, up) in rows.iter().rev() {
        let (below, above) = (&values[below * n..][..n], &values[above * n..][..n]);
        for &(left, right, along) in &columns {
            let low = mixed(below[left], below[right], along);
            let high = mixed(above[left], above[right], along);
            shades.push(scale.shade(mixed(low, high, up)));
        }
    }
    Raster {
        width,
        height,
        shades,
    }
}

fn mixed(a: f64, b: f64, share: f64) -> f64 {
    a * (1.0 - share) + b * share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(nodes: &[f64], periodic: bool) -> Side {
        Side {
            ends: [0.0, 4.0],
            nodes: nodes.to_vec(),
            periodic,
            ..Side::default()
        }
    }

    #[test]
    fn pixels_lie_between_nodes() {
        let periodic = side(&[0.0, 1.0, 2.0, 3.0], true).sources(4);
        assert_eq!(
            periodic,
            [(0, 1, 0.5), (1, 2, 0.5), (2, 3, 0.5), (3, 0, 0.5)]
        );
        let cells = side(&[1.0, 3.0], false).sources(4);
        assert_eq!(
            cells,
            [(0, 0, 0.0), (0, 1, 0.25), (0, 1, 0.75), (1, 1, 0.0)]
        );
        let shifted = side(&[1.0, 3.0], true).sources(4);
        assert_eq!(
            shifted,
            [(1, 0, 0.75), (0, 1, 0.25), (0, 1, 0.75), (1, 0, 0.25)]
        );
    }

    #[test]
    fn a_linear_field_stays_linear_on_uneven_nodes() {
        let (x, y) = (side(&[0.0, 0.5, 4.0], false), side(&[0.0, 4.0], false));
        let values: Vec<f64> = [0.0, 4.0]
            .iter()
            .flat_map(|y| [0.0, 0.5, 4.0].map(|x| x + 10.0 * y))
            .collect();
        let scale = Scale::of([0.0, 44.0]);
        let picture = raster(&x, &y, &values, &scale, (8, 2));
        let at = |x: f64, y: f64| scale.shade(x + 10.0 * y);
        assert_eq!(picture.shades[0], at(0.25, 3.0));
        assert_eq!(picture.shades[15], at(3.75, 1.0));
    }

    #[test]
    fn a_missing_value_has_no_colour() {
        let (x, y) = (side(&[0.0, 4.0], false), side(&[0.0, 4.0], false));
        let values = [f64::NAN, 1.0, 1.0, 1.0];
        let picture = raster(&x, &y, &values, &Scale::of([0.0, 1.0]), (2, 2));
        assert_eq!(picture.shades[2], None);
    }
}
