//! Cycles over the grids, and what is asked of them.

use super::grid::{Grid, Wall};
use super::relaxation::Relaxation;

/// The equation `κu − ∇²u = f` between walls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Helmholtz {
    /// Nodes per axis, those on the walls included; 1 for axes that are not there. The first axis is contiguous.
    pub points: [usize; 3],
    /// Length of each axis.
    pub lengths: [f64; 3],
    /// What holds at the lower and upper face of each axis.
    pub walls: [[Wall; 2]; 3],
    /// `κ`, not negative.
    pub shift: f64,
}

/// A hierarchy of grids, kept over a sequence of solutions.
#[derive(Debug, Clone)]
pub struct Multigrid {
    /// The finest first.
    grids: Vec<Grid>,
    relaxation: Relaxation,
}

/// How a solution ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cycles {
    /// Cycles made.
    pub cycles: u32,
    /// Largest residual left.
    pub residual: f64,
    /// Whether it is as small as was asked.
    pub converged: bool,
}

/// Cycles before a solution is given up.
const MAX_CYCLES: u32 = 100;
/// Sweeps on the coarsest grid for each node of its longest axis: enough for it to be solved, with the relaxation factor that is best there.
const COARSEST_SWEEPS: usize = 4;

impl Multigrid {
    /// The grids for an equation.
    pub fn new(equation: Helmholtz, relaxation: Relaxation) -> Self {
        let mut grids = vec![Grid::new(
            equation.points,
            equation.lengths,
            equation.walls,
            equation.shift,
        )];
        while let Some(coarser) = grids.last().expect("the finest").coarser() {
            grids.push(coarser);
        }
        Multigrid { grids, relaxation }
    }

    /// Solves for `u` to a largest residual of `tolerance` times that of `u = 0`. `u` comes with the values given at walls and a guess
    /// elsewhere. Where all slopes are given and `κ = 0`, the mean of `f` is taken out and `u` gets the mean that the guess has.
    pub fn solve(&mut self, f: &[f64], u: &mut [f64], tolerance: f64) -> Cycles {
        let allowed = tolerance * self.load(f, u);
        let mean = self.grids[0].mean(u);
        let mut residual = self.grids[0].compute_residual();
        let (first, mut cycles) = (residual, 0);
        let omega = self.relaxation.factor();
        while residual > allowed && cycles < MAX_CYCLES {
            self.cycle(0, omega);
            residual = self.grids[0].compute_residual();
            cycles += 1;
        }
        if cycles > 0 {
            self.relaxation
                .observe((residual / first).ln() / f64::from(cycles));
        }
        let solved = &mut self.grids[0];
        if solved.is_singular() {
            let shift = mean - solved.mean(&solved.u);
            solved.u.iter_mut().for_each(|u| *u += shift);
        }
        u.copy_from_slice(&solved.u);
        Cycles {
            cycles,
            residual,
            converged: residual <= allowed,
        }
    }

    /// The same without a guess: `u` matters at walls only. Goes up from the coarsest grid with a cycle on each (full multigrid).
    pub fn solve_from_zero(&mut self, f: &[f64], u: &mut [f64], tolerance: f64) -> Cycles {
        self.clear_unknown(u);
        self.load(f, u);
        self.grids[0].compute_residual();
        let omega = self.relaxation.factor();
        let last = self.grids.len() - 1;
        for level in 0..last {
            let (fine, coarse) = self.grids.split_at_mut(level + 1);
            coarse[0].restrict_from(&fine[level]);
            let f = coarse[0].f.clone();
            coarse[0].residual.copy_from_slice(&f);
        }
        self.cycle(last, omega);
        for level in (0..last).rev() {
            let (fine, coarse) = self.grids.split_at_mut(level + 1);
            fine[level].correct_from(&coarse[0]);
            self.cycle(level, omega);
        }
        u.copy_from_slice(&self.grids[0].u);
        self.solve(f, u, tolerance)
    }

    /// Takes the problem to the finest grid; gives the largest residual of `u = 0`.
    fn load(&mut self, f: &[f64], u: &[f64]) -> f64 {
        let mut zero = u.to_vec();
        self.clear_unknown(&mut zero);
        let grid = &mut self.grids[0];
        grid.f.copy_from_slice(f);
        if grid.is_singular() {
            let mean = grid.mean(f);
            grid.f.iter_mut().for_each(|f| *f -= mean);
        }
        grid.u.copy_from_slice(&zero);
        let size = grid.compute_residual();
        grid.u.copy_from_slice(u);
        size
    }

    fn clear_unknown(&self, u: &mut [f64]) {
        let grid = &self.grids[0];
        let [nx, ny, _] = grid.points;
        for k in grid.unknown(2) {
            for j in grid.unknown(1) {
                u[nx * (j + ny * k)..][grid.unknown(0)].fill(0.0);
            }
        }
    }

    /// A V-cycle from this level down and back.
    fn cycle(&mut self, level: usize, omega: f64) {
        let last = self.grids.len() - 1;
        for at in level..last {
            let (fine, coarse) = self.grids.split_at_mut(at + 1);
            fine[at].smooth(omega);
            fine[at].compute_residual();
            coarse[0].restrict_from(&fine[at]);
        }
        self.solve_coarsest();
        for at in (level..last).rev() {
            let (fine, coarse) = self.grids.split_at_mut(at + 1);
            fine[at].correct_from(&coarse[0]);
            fine[at].smooth(omega);
        }
    }

    fn solve_coarsest(&mut self) {
        let grid = self.grids.last_mut().expect("the finest at least");
        if grid.is_singular() {
            let mean = grid.mean(&grid.f);
            grid.f.iter_mut().for_each(|f| *f -= mean);
        }
        let longest = grid.points.iter().copied().max().expect("three axes");
        // Best for a Poisson problem of that size [TOS01, 2.1].
        let omega = 2.0 / (1.0 + (std::f64::consts::PI / longest as f64).sin());
        for _ in 0..COARSEST_SWEEPS * longest {
            grid.smooth(omega);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    const VALUES: [Wall; 2] = [Wall::Value; 2];
    const SLOPES: [Wall; 2] = [Wall::Slope; 2];

    /// Values of a function at the nodes.
    fn at_nodes(equation: &Helmholtz, f: impl Fn([f64; 3]) -> f64) -> Vec<f64> {
        let [nx, ny, nz] = equation.points;
        let x = |d: usize, i: usize| match equation.points[d] {
            1 => 0.0,
            n => equation.lengths[d] * i as f64 / (n - 1) as f64,
        };
        let nodes =
            (0..nx * ny * nz).map(|at| [x(0, at % nx), x(1, at / nx % ny), x(2, at / (nx * ny))]);
        nodes.map(f).collect()
    }

    fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn the_error_is_that_of_second_differences() {
        // Eigenvectors: the errors are |1 − exact/discrete eigenvalue|.
        for (n, expected) in [(16, 0.01098931492), (64, 0.0006829683938)] {
            let equation = Helmholtz {
                points: [n + 1, n + 1, 1],
                lengths: [1.0; 3],
                walls: [VALUES; 3],
                shift: 0.0,
            };
            let exact = at_nodes(&equation, |[x, y, _]| (PI * x).sin() * (2.0 * PI * y).sin());
            let f: Vec<f64> = exact.iter().map(|u| 5.0 * PI * PI * u).collect();
            let mut u = vec![0.0; exact.len()];
            let cycles =
                Multigrid::new(equation, Relaxation::usual(2)).solve_from_zero(&f, &mut u, 1e-10);
            assert!(cycles.converged && cycles.cycles <= 10, "{cycles:?}");
            let error = largest_difference(&u, &exact);
            assert!(
                (error / expected - 1.0).abs() < 1e-6,
                "{error} for {expected}"
            );
        }
    }

    #[test]
    fn walls_of_both_kinds_and_axes_of_unequal_spacing() {
        // u = (1 + x²) cos(πy), with its values at x = 0 and 2 and slopes 0 at y = 0 and 1.
        let exact = |[x, y, _]: [f64; 3]| (1.0 + x * x) * (PI * y).cos();
        let source = |[x, y, _]: [f64; 3]| {
            (3.0 * (1.0 + x * x) - 2.0 + PI * PI * (1.0 + x * x)) * (PI * y).cos()
        };
        let error = |n: usize| {
            let equation = Helmholtz {
                points: [n + 1, 4 * n + 1, 1],
                lengths: [2.0, 1.0, 1.0],
                walls: [VALUES, SLOPES, VALUES],
                shift: 3.0,
            };
            let (exact, f) = (at_nodes(&equation, exact), at_nodes(&equation, source));
            let mut u = exact.clone();
            let mut multigrid = Multigrid::new(equation, Relaxation::usual(2));
            let cycles = multigrid.solve_from_zero(&f, &mut u, 1e-9);
            assert!(cycles.converged && cycles.cycles <= 14, "{n}: {cycles:?}");
            largest_difference(&u, &exact)
        };
        let order = (error(16) / error(32)).log2();
        assert!((order - 2.0).abs() < 0.2, "{order}");
    }

    #[test]
    fn slopes_alone_leave_the_mean_as_it_was() {
        let equation = Helmholtz {
            points: [33, 33, 33],
            lengths: [1.0; 3],
            walls: [SLOPES; 3],
            shift: 0.0,
        };
        let exact = at_nodes(&equation, |[x, y, z]| {
            0.3 + (PI * x).cos() * (PI * y).cos() * (PI * z).cos()
        });
        // A source with a mean has no solution; the mean is taken out.
        let f: Vec<f64> = exact
            .iter()
            .map(|u| 3.0 * PI * PI * (u - 0.3) + 7.0)
            .collect();
        let mut u = vec![0.3; exact.len()];
        let cycles = Multigrid::new(equation, Relaxation::usual(3)).solve(&f, &mut u, 1e-8);
        assert!(cycles.converged && cycles.cycles <= 14, "{cycles:?}");
        let error = largest_difference(&u, &exact);
        assert!(error < 1e-3, "{error}");
    }

    #[test]
    fn any_number_of_nodes_is_solved() {
        for points in [[2, 5, 1], [20, 1, 1], [13, 26, 1], [7, 8, 9]] {
            let equation = Helmholtz {
                points,
                lengths: [1.0; 3],
                walls: [VALUES; 3],
                shift: 1.0,
            };
            // Linear functions have no error: walls are not zero.
            let exact = at_nodes(&equation, |[x, y, z]| 1.0 + x - 2.0 * y + 3.0 * z);
            let mut u = exact.clone();
            let mut multigrid = Multigrid::new(equation, Relaxation::usual(2));
            let cycles = multigrid.solve_from_zero(&exact, &mut u, 1e-10);
            assert!(cycles.converged, "{points:?}: {cycles:?}");
            assert!(largest_difference(&u, &exact) < 1e-8, "{points:?}");
        }
    }

    #[test]
    fn the_bandit_settles_on_a_factor_as_good_as_the_best() {
        let equation = Helmholtz {
            points: [65, 65, 1],
            lengths: [1.0; 3],
            walls: [VALUES; 3],
            shift: 0.0,
        };
        let total = |relaxation: Relaxation, solves: u32| -> u32 {
            let mut multigrid = Multigrid::new(equation, relaxation);
            let solve = |step: u32| {
                let f = at_nodes(&equation, |[x, y, _]| {
                    (f64::from(step) * x + 3.0 * y).sin() + (40.0 * x * y).cos()
                });
                multigrid.solve(&f, &mut vec![0.0; f.len()], 1e-8).cycles
            };
            (1..=solves).map(solve).sum()
        };
        let best = [1.0, 1.06, 1.12, 1.18]
            .map(|factor| total(Relaxation::Fixed(factor), 5))
            .into_iter()
            .min();
        let best = 4 * best.expect("four");
        let learned = total(Relaxation::learned(), 20);
        assert!(
            f64::from(learned) < 1.2 * f64::from(best),
            "{learned} cycles, the best factor takes {best}"
        );
    }
}
