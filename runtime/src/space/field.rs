//! An array of nodes and, where axes end at faces, its ghosts: how neighbours are found.

use smallvec::SmallVec;

use super::layout::Shape;

/// Values of an array beyond the faces.
///
/// Ghost rows lie beyond the faces of the second and third axis: first those of the second axis, plane by plane, then whole planes with their own ghost rows.
/// Every row, ghost rows included, has `depth[0]` values beyond its ends.
#[derive(Debug, Clone, Default)]
pub struct Ghosts {
    /// Layers below and above, by axis.
    pub depth: [[usize; 2]; 3],
    /// Ghost rows, each as long as a row.
    pub(super) rows: Vec<f64>,
    /// By row: the values before its start, then those after its end.
    pub(super) ends: Vec<f64>,
}

impl Ghosts {
    /// Room for so many layers; none along periodic axes.
    pub fn new(shape: Shape, depth: [[usize; 2]; 3]) -> Ghosts {
        let [nx, ny, nz] = shape.n;
        let n_rows = (depth[1][0] + depth[1][1]) * nz
            + (depth[2][0] + depth[2][1]) * (ny + depth[1][0] + depth[1][1]);
        Ghosts {
            depth,
            rows: vec![0.0; n_rows * nx],
            ends: vec![0.0; (ny * nz + n_rows) * (depth[0][0] + depth[0][1])],
        }
    }

    /// Sets every ghost to a function of its place [i, j, k], in nodes from the first.
    pub fn fill_with(&mut self, shape: Shape, value: impl Fn([isize; 3]) -> f64) {
        let [nx, ny, nz] = shape.n.map(|n| n as isize);
        let [[left, right], [below, above], [before, behind]] =
            self.depth.map(|sides| sides.map(|n| n as isize));
        for k in -before..nz + behind {
            for j in -below..ny + above {
                let inside = (0..ny).contains(&j) && (0..nz).contains(&k);
                let row = if inside {
                    (j + ny * k) as usize
                } else {
                    self.row(shape, j, k)
                };
                if let Some(ghost) = row.checked_sub((ny * nz) as usize) {
                    let values = &mut self.rows[ghost * nx as usize..][..nx as usize];
                    for (i, out) in (0..nx).zip(values) {
                        *out = value([i, j, k]);
                    }
                }
                let n = (left + right) as usize;
                let ends = self.ends[row * n..(row + 1) * n].iter_mut();
                for (i, out) in (-left..0).chain(nx..nx + right).zip(ends) {
                    *out = value([i, j, k]);
                }
            }
        }
    }

    /// The row at (j, k), at least one of which is beyond a face.
    pub(super) fn row(&self, shape: Shape, j: isize, k: isize) -> usize {
        let [_, ny, nz] = shape.n;
        let [_, [below, above], [before, _]] = self.depth;
        let per_plane = below + above;
        if (0..nz as isize).contains(&k) {
            let layer = if j < 0 {
                below as isize + j
            } else {
                below as isize + j - ny as isize
            };
            assert!(
                (0..per_plane as isize).contains(&layer),
                "a ghost row is missing"
            );
            return ny * nz + k as usize * per_plane + layer as usize;
        }
        let layer = if k < 0 {
            before as isize + k
        } else {
            before as isize + k - nz as isize
        };
        let n_layers = (self.depth[2][0] + self.depth[2][1]) as isize;
        assert!((0..n_layers).contains(&layer), "a ghost plane is missing");
        let j = below as isize + j;
        assert!(
            (0..(ny + per_plane) as isize).contains(&j),
            "a ghost row is missing"
        );
        ny * nz + nz * per_plane + layer as usize * (ny + per_plane) + j as usize
    }

    /// The values beyond the ends of a row.
    pub(super) fn ends(&self, row: usize) -> &[f64] {
        let n = self.depth[0][0] + self.depth[0][1];
        &self.ends[row * n..(row + 1) * n]
    }
}

/// An array and its ghosts.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// One value per node.
    pub nodes: &'a [f64],
    /// `None` where nothing beyond a face is read.
    pub ghosts: Option<&'a Ghosts>,
}

impl<'a> From<&'a [f64]> for Field<'a> {
    fn from(nodes: &'a [f64]) -> Field<'a> {
        Field {
            nodes,
            ghosts: None,
        }
    }
}

impl<'a> Field<'a> {
    fn ghosts(&self) -> &'a Ghosts {
        self.ghosts
            .expect("arrays that are read beyond a face have ghosts")
    }

    /// The number of the row that stands so many rows away from row (j, k).
    pub(super) fn row(&self, shape: Shape, j: usize, k: usize, offset: [i8; 2]) -> usize {
        let [dj, dk] = offset.map(isize::from);
        self.row_at(shape, j as isize + dj, k as isize + dk)
    }

    /// The number of row (j, k), which may lie beyond a face.
    pub(super) fn row_at(&self, shape: Shape, j: isize, k: isize) -> usize {
        let (j, k) = (shape.wrap(1, j), shape.wrap(2, k));
        let [_, ny, nz] = shape.n;
        if (0..ny as isize).contains(&j) && (0..nz as isize).contains(&k) {
            j as usize + ny * k as usize
        } else {
            self.ghosts().row(shape, j, k)
        }
    }

    /// Successive rows.
    pub(super) fn rows(&self, shape: Shape, row: usize, n: usize) -> &'a [f64] {
        let [nx, ny, nz] = shape.n;
        match row.checked_sub(ny * nz) {
            None => &self.nodes[row * nx..(row + n) * nx],
            Some(row) => &self.ghosts().rows[row * nx..(row + n) * nx],
        }
    }

    /// The value so many nodes before a row, or after it; any number where no ghost was asked for, because nothing uses it.
    fn beyond(&self, row: usize, i: isize) -> f64 {
        let ghost = self.ghosts.and_then(|ghosts| {
            let place = ghosts.depth[0][0] as isize + i;
            ghosts.ends(row).get(usize::try_from(place).ok()?).copied()
        });
        ghost.unwrap_or(0.0)
    }

    /// Few values of each of successive rows, `width` from node `first` on, which may lie beyond the ends.
    pub(super) fn gather_rows(
        &self,
        shape: Shape,
        row: usize,
        first: isize,
        width: usize,
        out: &mut [f64],
    ) {
        let nx = shape.n[0];
        let n_rows = out.len() / width;
        let nodes = self.rows(shape, row, n_rows).chunks_exact(nx);
        // Positions behind those of a row are in its ends. Where no ghost was asked for, nothing uses the value.
        let below = self.ghosts.map_or(0, |ghosts| ghosts.depth[0][0]) as isize;
        let place = |i: isize| match shape.wrap(0, i) {
            i if i < -below => usize::MAX,
            i if i < 0 => (nx as isize + below + i) as usize,
            i if i < nx as isize => i as usize,
            i => (below + i) as usize,
        };
        let places = first..first + width as isize;
        let places: SmallVec<[usize; 16]> = places.map(place).collect();
        let is_within = places.iter().all(|&place| place < nx);
        for (i, (nodes, out)) in nodes.zip(out.chunks_exact_mut(width)).enumerate() {
            if is_within {
                for (out, &place) in out.iter_mut().zip(&places) {
                    *out = nodes[place];
                }
                continue;
            }
            let ends = self.ghosts.map_or(&[][..], |ghosts| ghosts.ends(row + i));
            for (out, &place) in out.iter_mut().zip(&places) {
                *out = match place.checked_sub(nx) {
                    None => nodes[place],
                    Some(place) => ends.get(place).copied().unwrap_or(0.0),
                };
            }
        }
    }

    /// Values of a row from node `first` on, which may lie beyond its ends.
    pub(super) fn gather(&self, shape: Shape, row: usize, first: isize, out: &mut [f64]) {
        let nx = shape.n[0] as isize;
        let values = self.rows(shape, row, 1);
        let value = |i: isize| match shape.wrap(0, i) {
            i if i < 0 => self.beyond(row, i),
            i if i < nx => values[i as usize],
            i => self.beyond(row, i - nx),
        };
        // Most values lie within the row.
        let n = out.len() as isize;
        let (start, end) = ((-first).clamp(0, n), (nx - first).clamp(0, n));
        if start < end {
            let within = &values[(first + start) as usize..(first + end) as usize];
            out[start as usize..end as usize].copy_from_slice(within);
        }
        for i in (0..start).chain(end.max(start)..n) {
            out[i as usize] = value(first + i);
        }
    }
}
