//! Linear equations between walls too large for factors: corrections by multigrid cycles of the narrowest Laplacian.
//!
//! Differences of fourth order are up to 4/3 of those of second order on the same wave; corrections by these, damped, reduce the residual
//! sevenfold each, less where slopes are given. What is reached is measured by the residual of the equation itself. Order 6 is left to factors:
//! its closures are too far from mirror images.

use ansatz_compiler::system::space::program::Reduction;

use super::layout::{Layout, Shape};
use super::multigrid::{Helmholtz, Multigrid, Relaxation, Wall};
use super::reduce::reduce;

/// From so many nodes on along three axes: 33³ nodes take 12 s to factor and 20 ms a solution then, by cycles 6 ms. Along two axes factors cost less
/// than half of that at all sizes that fit into memory (257²: 0.6 s and 7 ms, by cycles 14 ms).
const MANY: usize = 10_000;
/// Fall of the residual that is asked for.
const TOLERANCE: f64 = 1e-10;
/// That of cycles in a correction: they need not be better than it.
const LOOSE: f64 = 0.1;
/// Corrections before it is given up.
const MOST: u32 = 200;
/// Largest ratio of the shortest wave's eigenvalue to that of second differences: above it closures are too far from mirror images.
const LARGEST_RATIO: f64 = 1.4;

/// An equation that is solved so.
pub(super) struct Iteration {
    multigrid: Multigrid,
    /// The factor of the Laplacian.
    scale: f64,
    damping: f64,
    /// Whether constants solve the homogeneous equation.
    pub(super) is_singular: bool,
}

/// Whether equations on a grid are tried to be solved so.
pub(super) fn suits(shape: Shape) -> bool {
    shape.n.iter().all(|&n| n > 4) && shape.periodic == [false; 3] && shape.len() >= MANY
}

impl Iteration {
    /// `residual` falls linearly with the unknown; `base` is an array with fixed nodes in place. `None` where the operator is no Laplacian less a
    /// multiple of the unknown on evenly spaced nodes.
    pub(super) fn new(
        layout: &Layout,
        is_fixed: &[bool],
        base: &[f64],
        mut residual: impl FnMut(&[f64], &mut [f64]),
    ) -> Option<Iteration> {
        let shape = layout.shape;
        let [nx, ny, _] = shape.n;
        let node = |at: [usize; 3]| at[0] + nx * (at[1] + ny * at[2]);
        let middle = shape.n.map(|n| n / 2);
        let is_even = |axis: usize| {
            let (x, [from, to]) = (&layout.coordinates[axis], layout.ends[axis]);
            let h = (to - from) / (x.len() - 1) as f64;
            let places = x.iter().enumerate();
            let mut errors = places.map(|(i, x)| (x - from - i as f64 * h).abs());
            errors.all(|error| error < 1e-9 * (to - from))
        };
        if !(0..3).all(is_even) {
            return None;
        }
        let mut before = vec![0.0; base.len()];
        residual(base, &mut before);
        let mut after = before.clone();
        // What the operator makes of functions of place, at the middle and at most.
        let mut applied = |function: &dyn Fn([f64; 3]) -> f64| {
            let place = |i: usize| {
                let at = [i % nx, i / nx % ny, i / (nx * ny)];
                [0, 1, 2].map(|axis| layout.coordinates[axis][at[axis]])
            };
            let u: Vec<f64> = (0..base.len())
                .map(|i| base[i] + function(place(i)))
                .collect();
            residual(&u, &mut after);
            let changes = before.iter().zip(&after).map(|(a, b)| (a - b).abs());
            (
                before[node(middle)] - after[node(middle)],
                changes.fold(0.0, f64::max),
            )
        };
        let (of_one, most_of_one) = applied(&|_| 1.0);
        let center = [0, 1, 2].map(|axis| layout.coordinates[axis][middle[axis]]);
        let factors =
            [0, 1, 2].map(|axis| applied(&|x: [f64; 3]| (x[axis] - center[axis]).powi(2) / 2.0).0);
        let scale = factors[0];
        let ratios = factors.map(|factor| factor / scale);
        let shift = -of_one / scale;
        let length = |axis: usize| layout.ends[axis][1] - layout.ends[axis][0];
        let size = length(0).powi(-2);
        if ratios.iter().any(|r| !(*r > 0.0 && r.is_finite())) || shift < -1e-9 * size {
            return None;
        }
        let spacing = |axis: usize| length(axis) / (shape.n[axis] - 1) as f64;
        let steps = |x: [f64; 3]| -> f64 {
            let steps = [0, 1, 2].map(|axis| (x[axis] - layout.ends[axis][0]) / spacing(axis));
            steps.iter().map(|steps| steps.round()).sum()
        };
        let shortest = applied(&|x| if steps(x) % 2.0 == 0.0 { 1.0 } else { -1.0 }).0;
        let narrowest: f64 = [0, 1, 2]
            .map(|axis| 4.0 * ratios[axis] / spacing(axis).powi(2))
            .iter()
            .sum();
        let ratio = (shortest / scale).abs() / (narrowest + shift.max(0.0));
        if ratio > LARGEST_RATIO {
            return None;
        }
        let wall = |axis: usize, i: usize| {
            let mut at = middle;
            at[axis] = i;
            if is_fixed[node(at)] {
                Wall::Value
            } else {
                Wall::Slope
            }
        };
        let walls = [0, 1, 2].map(|axis| [wall(axis, 0), wall(axis, shape.n[axis] - 1)]);
        let has_value = walls.as_flattened().contains(&Wall::Value);
        let is_singular = !has_value && most_of_one <= 1e-9 * (scale * size).abs();
        // Without a value and without a shift, conditions make the operator regular in a way that cycles do not know.
        if !has_value && !is_singular && shift < 1e-9 * size {
            return None;
        }
        let equation = Helmholtz {
            points: shape.n,
            lengths: [0, 1, 2].map(|axis| length(axis) / ratios[axis].sqrt()),
            walls,
            shift: shift.max(0.0),
        };
        Some(Iteration {
            multigrid: Multigrid::new(equation, Relaxation::usual(3)),
            scale,
            // Two over the sum of the least and the largest ratio.
            damping: 2.0 / (1.0 + ratio),
            is_singular,
        })
    }

    /// Goes on from `u` until the residual is small; whether it became so. Where the equation is singular, what no solution has is spread evenly.
    pub(super) fn solve(
        &mut self,
        layout: &Layout,
        u: &mut [f64],
        mut residual: impl FnMut(&[f64], &mut [f64]),
    ) -> bool {
        let (mut r, mut change) = (vec![0.0; u.len()], vec![0.0; u.len()]);
        let (mut excess, mut allowed) = (0.0, f64::INFINITY);
        for correction in 0..MOST {
            residual(u, &mut r);
            if self.is_singular {
                excess = reduce(Reduction::Mean, &r, layout);
                r.iter_mut().for_each(|r| *r -= excess);
            }
            let size = r.iter().fold(0.0, |most: f64, r| most.max(r.abs()));
            if correction == 0 {
                allowed = TOLERANCE * (size + f64::abs(excess));
            }
            if size <= allowed {
                return true;
            }
            if !size.is_finite() {
                return false;
            }
            r.iter_mut().for_each(|r| *r /= -self.scale);
            change.fill(0.0);
            self.multigrid.solve(&r, &mut change, LOOSE);
            let changes = u.iter_mut().zip(&change);
            changes.for_each(|(u, change)| *u += self.damping * change);
        }
        false
    }
}
