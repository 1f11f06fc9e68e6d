//! One grid of the hierarchy: the operator `κ − ∇²` by second differences, its smoother, and the ways to the next coarser grid.

/// What holds at a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wall {
    /// The value at the nodes of the face is given.
    Value,
    /// The slope along the outward normal is given: zero, or added to the right-hand side as `2·slope/h` by the caller.
    Slope,
}

/// Axes are always three; those that a problem lacks have one node.
pub(super) type Axes<T> = [T; 3];

/// A grid with the vectors that live on it.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    pub(super) points: Axes<usize>,
    walls: Axes<[Wall; 2]>,
    /// `1/h²` per axis; 0 for axes of one node.
    weights: Axes<f64>,
    shift: f64,
    /// Whether the axis has half as many intervals on the next coarser grid.
    pub(super) halved: Axes<bool>,
    pub(super) u: Vec<f64>,
    pub(super) f: Vec<f64>,
    pub(super) residual: Vec<f64>,
}

impl Grid {
    /// The finest grid.
    pub(super) fn new(
        points: Axes<usize>,
        lengths: Axes<f64>,
        walls: Axes<[Wall; 2]>,
        shift: f64,
    ) -> Self {
        let weight = |d: usize| match points[d] {
            1 => 0.0,
            n => ((n - 1) as f64 / lengths[d]).powi(2),
        };
        Grid::with_weights(points, walls, [weight(0), weight(1), weight(2)], shift)
    }

    fn with_weights(
        points: Axes<usize>,
        walls: Axes<[Wall; 2]>,
        weights: Axes<f64>,
        shift: f64,
    ) -> Self {
        let size = points.iter().product();
        let divisible = |d: usize| points[d] > 4 && points[d] % 2 == 1;
        // Axes with wider spacing wait: the smoother acts along the strongest coupling only.
        let strongest = (0..3)
            .filter(|&d| divisible(d))
            .map(|d| weights[d])
            .fold(0.0, f64::max);
        Grid {
            points,
            walls,
            weights,
            shift,
            halved: [0, 1, 2].map(|d| divisible(d) && weights[d] > STRONG * strongest),
            u: vec![0.0; size],
            f: vec![0.0; size],
            residual: vec![0.0; size],
        }
    }

    /// The next coarser grid; `None`: no axis can be halved.
    pub(super) fn coarser(&self) -> Option<Self> {
        if self.halved == [false; 3] {
            return None;
        }
        let halve = |d: usize| {
            if self.halved[d] {
                (self.points[d] / 2 + 1, 0.25)
            } else {
                (self.points[d], 1.0)
            }
        };
        let (points, weights) = (
            [0, 1, 2].map(|d| halve(d).0),
            [0, 1, 2].map(|d| self.weights[d] * halve(d).1),
        );
        Some(Grid::with_weights(points, self.walls, weights, self.shift))
    }

    /// Whether constants solve the homogeneous equation.
    pub(super) fn is_singular(&self) -> bool {
        let free = |d: usize| self.points[d] == 1 || self.walls[d] == [Wall::Slope; 2];
        self.shift == 0.0 && (0..3).all(free)
    }

    /// The unknown nodes of an axis.
    pub(super) fn unknown(&self, d: usize) -> std::ops::Range<usize> {
        if self.points[d] == 1 {
            return 0..1;
        }
        let fixed = |side: usize| usize::from(self.walls[d][side] == Wall::Value);
        fixed(0)..self.points[d] - fixed(1)
    }

    /// The neighbours of a node along an axis: beyond a face with given slope stands the mirror image.
    fn neighbours(&self, d: usize, i: usize) -> (usize, usize) {
        let last = self.points[d] - 1;
        if last == 0 {
            return (0, 0);
        }
        (
            if i == 0 { 1 } else { i - 1 },
            if i == last { last - 1 } else { i + 1 },
        )
    }

    fn diagonal(&self) -> f64 {
        self.shift + 2.0 * self.weights.iter().sum::<f64>()
    }

    /// Offsets of the row through nodes `(·, j, k)` and of its four neighbours.
    fn rows(&self, j: usize, k: usize) -> [usize; 5] {
        let [nx, ny, _] = self.points;
        let row = |j: usize, k: usize| nx * (j + ny * k);
        let ((south, north), (below, above)) = (self.neighbours(1, j), self.neighbours(2, k));
        [
            row(j, k),
            row(south, k),
            row(north, k),
            row(j, below),
            row(j, above),
        ]
    }

    /// A sweep of red-black successive over-relaxation.
    pub(super) fn smooth(&mut self, omega: f64) {
        for colour in 0..2 {
            for k in self.unknown(2) {
                for j in self.unknown(1) {
                    self.smooth_row(j, k, (colour + j + k) % 2, omega);
                }
            }
        }
    }

    fn smooth_row(&mut self, j: usize, k: usize, parity: usize, omega: f64) {
        let [x, y, z] = self.weights;
        let factor = omega / self.diagonal();
        let [row, south, north, below, above] = self.rows(j, k);
        let range = self.unknown(0);
        let start = range.start + (range.start + parity) % 2;
        for i in (start..range.end).step_by(2) {
            let (west, east) = self.neighbours(0, i);
            let u = &self.u;
            let sum = x * (u[row + west] + u[row + east])
                + y * (u[south + i] + u[north + i])
                + z * (u[below + i] + u[above + i]);
            self.u[row + i] = (1.0 - omega) * u[row + i] + factor * (self.f[row + i] + sum);
        }
    }

    /// Fills the residual, zero where values are given; gives its largest absolute value.
    pub(super) fn compute_residual(&mut self) -> f64 {
        let ([x, y, z], diagonal) = (self.weights, self.diagonal());
        let mut largest = 0.0f64;
        self.residual.fill(0.0);
        for k in self.unknown(2) {
            for j in self.unknown(1) {
                let [row, south, north, below, above] = self.rows(j, k);
                for i in self.unknown(0) {
                    let (west, east) = self.neighbours(0, i);
                    let u = &self.u;
                    let sum = x * (u[row + west] + u[row + east])
                        + y * (u[south + i] + u[north + i])
                        + z * (u[below + i] + u[above + i]);
                    let residual = self.f[row + i] + sum - diagonal * u[row + i];
                    self.residual[row + i] = residual;
                    largest = if residual.abs() <= largest {
                        largest
                    } else {
                        residual.abs()
                    };
                }
            }
        }
        largest
    }

    /// Full weighting of the residual of a finer grid as the right-hand side here; the correction starts from zero.
    pub(super) fn restrict_from(&mut self, fine: &Grid) {
        let [nx, ny, _] = self.points;
        let ranges = [0, 1, 2].map(|d| self.unknown(d));
        self.f.fill(0.0);
        self.u.fill(0.0);
        for k in ranges[2].clone() {
            let ks = fine.parents(2, k);
            for j in ranges[1].clone() {
                let js = fine.parents(1, j);
                for i in ranges[0].clone() {
                    let mut sum = 0.0;
                    for (k, wk) in ks {
                        for (j, wj) in js {
                            let row = fine.points[0] * (j + fine.points[1] * k);
                            for (i, wi) in fine.parents(0, i) {
                                sum += wk * wj * wi * fine.residual[row + i];
                            }
                        }
                    }
                    self.f[i + nx * (j + ny * k)] = sum;
                }
            }
        }
    }

    /// Nodes here that a node of the next coarser grid averages, and their weights.
    fn parents(&self, d: usize, coarse: usize) -> Axes<(usize, f64)> {
        if !self.halved[d] {
            return [(coarse, 1.0), (coarse, 0.0), (coarse, 0.0)];
        }
        let (before, after) = self.neighbours(d, 2 * coarse);
        [(before, 0.25), (2 * coarse, 0.5), (after, 0.25)]
    }

    /// Adds the linear interpolation of what stands on a coarser grid.
    pub(super) fn correct_from(&mut self, coarse: &Grid) {
        let [nx, ny, _] = self.points;
        let ranges = [0, 1, 2].map(|d| self.unknown(d));
        for k in ranges[2].clone() {
            let ks = self.children(2, k);
            for j in ranges[1].clone() {
                let js = self.children(1, j);
                for i in ranges[0].clone() {
                    let mut sum = 0.0;
                    for (k, wk) in ks {
                        for (j, wj) in js {
                            let row = coarse.points[0] * (j + coarse.points[1] * k);
                            for (i, wi) in self.children(0, i) {
                                sum += wk * wj * wi * coarse.u[row + i];
                            }
                        }
                    }
                    self.u[i + nx * (j + ny * k)] += sum;
                }
            }
        }
    }

    /// Nodes of the next coarser grid between which a node lies, and their weights.
    fn children(&self, d: usize, i: usize) -> [(usize, f64); 2] {
        match (self.halved[d], i % 2) {
            (false, _) => [(i, 1.0), (i, 0.0)],
            (true, 0) => [(i / 2, 1.0), (i / 2, 0.0)],
            (true, _) => [(i / 2, 0.5), (i / 2 + 1, 0.5)],
        }
    }

    /// Mean over the domain by the trapezoidal rule.
    pub(super) fn mean(&self, values: &[f64]) -> f64 {
        let [nx, ny, nz] = self.points;
        let weight = |d: usize, i: usize| {
            let last = self.points[d] - 1;
            if last == 0 {
                1.0
            } else {
                (if i == 0 || i == last { 0.5 } else { 1.0 }) / last as f64
            }
        };
        let mut sum = 0.0;
        for k in 0..nz {
            for j in 0..ny {
                let row = &values[nx * (j + ny * k)..][..nx];
                let along: f64 = row
                    .iter()
                    .enumerate()
                    .map(|(i, value)| weight(0, i) * value)
                    .sum();
                sum += weight(1, j) * weight(2, k) * along;
            }
        }
        sum
    }
}

/// An axis is halved if its coupling is more than this part of the strongest one.
const STRONG: f64 = 0.4;
