//! Linear equations for an array, with boundary conditions: the matrix is found and factored when it is first needed.

use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::system::jacobian::Pattern;
use ansatz_compiler::system::space::program::Reduction;
use smallvec::SmallVec;

use super::closing::Formula;
use super::field::Field;
use super::iteration::{self, Iteration};
use super::layout::Layout;
use super::probing::{Entry, probe};
use super::reduce::reduce;
use super::steps::Run;
use super::sweep::Sweep;
use crate::linalg::direct::{Direct, Singular};

/// An equation with its solver.
pub(super) struct Elliptic {
    /// The right-hand side less the operator of the unknown.
    pub(super) residual: Sweep,
    /// What it reads.
    pub(super) arrays: Vec<usize>,
    /// Arrays whose ghosts are made before.
    pub(super) close: Vec<usize>,
    /// The unknown.
    pub(super) to: usize,
    pub(super) reach: [usize; 3],
    /// What its mean is, where the operator leaves that open.
    pub(super) mean: Option<Evaluator>,
    /// Where factors would be too large.
    pub(super) iteration: Option<Iteration>,
    pub(super) solver: Option<Solver>,
}

/// Factors of the operator.
pub(super) struct Solver {
    /// Of the matrix with every row divided by its diagonal; of a singular one with the first unknown set to 0.
    factors: Result<Direct, Singular>,
    /// By row, one over the diagonal; 1 where that is 0.
    scales: Vec<f64>,
    /// Of a singular operator: the weights with which right-hand sides that have a solution sum to 0; their own sum is 1.
    balance: Option<Vec<f64>>,
    /// What may be added to a solution to change its mean, where that is given or open.
    shift: Option<Vec<f64>>,
}

impl Solver {
    /// `residual` falls linearly with the unknown; `base` is an array with fixed nodes in place.
    pub(super) fn new(
        layout: &Layout,
        reach: [usize; 3],
        is_fixed: &[bool],
        base: &[f64],
        has_mean: bool,
        mut residual: impl FnMut(&[f64], &mut [f64]),
    ) -> Solver {
        let n = base.len();
        let mut entries = probe(layout.shape, reach, is_fixed, base, |u, out| {
            residual(u, out);
            out.iter_mut().for_each(|out| *out = -*out);
        });
        let fixed = (0..n as u32).filter(|&i| is_fixed[i as usize]);
        entries.extend(fixed.map(|i| (i, i, 1.0)));
        if keeps_constants(n, &entries) {
            return Solver::singular(n, entries);
        }
        let mut solver = Solver::regular(n, entries);
        if has_mean {
            let free = is_fixed.iter().map(|&fixed| if fixed { 0.0 } else { 1.0 });
            let mut shift: Vec<f64> = free.collect();
            solver.solve(&mut shift);
            solver.shift = Some(shift);
        }
        solver
    }

    fn regular(n: usize, mut entries: Vec<Entry>) -> Solver {
        entries.sort_unstable_by_key(|&(column, row, _)| (column, row));
        let mut scales = vec![1.0; n];
        for &(column, row, value) in &entries {
            if column == row && value != 0.0 {
                scales[row as usize] = 1.0 / value;
            }
        }
        Solver {
            factors: factors(n, &entries, &scales),
            scales,
            balance: None,
            shift: None,
        }
    }

    /// Constants solve the homogeneous equation: the first unknown is set to 0 in place of the first equation, which follows from the others where there
    /// is a solution.
    fn singular(n: usize, mut entries: Vec<Entry>) -> Solver {
        // Weights y with yᵀM = 0 and y = 1 in the first row; the others solve y·(M without that row) = -(that row).
        let mut balance = vec![0.0; n];
        for &(column, _, value) in entries.iter().filter(|entry| entry.1 == 0) {
            balance[column as usize] = -value;
        }
        balance[0] = 0.0;
        entries.retain(|&(column, row, _)| row != 0 || column == 0);
        let transposed = entries.iter().map(|&(j, i, value)| (i, j, value));
        Solver::regular(n, transposed.collect()).solve(&mut balance);
        let sum: f64 = balance.iter().sum();
        balance.iter_mut().for_each(|weight| *weight /= sum);
        Solver {
            balance: Some(balance),
            shift: Some(vec![1.0; n]),
            ..Solver::regular(n, entries)
        }
    }

    /// The solution for a right-hand side, in its place; where there is none, that for the part of it that has one. Not a number if the operator is singular in
    /// another way than by constants.
    pub(super) fn solve(&mut self, b: &mut [f64]) {
        if let Some(balance) = &self.balance {
            let excess: f64 = balance.iter().zip(&*b).map(|(weight, b)| weight * b).sum();
            b.iter_mut().for_each(|b| *b -= excess);
            b[0] = 0.0;
        }
        b.iter_mut()
            .zip(&self.scales)
            .for_each(|(b, scale)| *b *= scale);
        match &mut self.factors {
            Ok(factors) => factors.solve(b),
            Err(Singular) => b.fill(f64::NAN),
        }
    }

    /// Gives a solution this mean, if it is open.
    pub(super) fn set_mean(&self, mean: f64, u: &mut [f64], layout: &Layout) {
        if let Some(shift) = &self.shift {
            let mean_of = |values: &[f64]| reduce(Reduction::Mean, values, layout);
            let factor = (mean - mean_of(u)) / mean_of(shift);
            u.iter_mut()
                .zip(shift)
                .for_each(|(u, shift)| *u += factor * shift);
        }
    }
}

impl Run<'_> {
    /// Solves from an array of zeros with fixed nodes in place, which carries all that is given.
    pub(super) fn solve(&mut self, elliptic: &mut Elliptic) {
        let len = self.layout.shape.len();
        let (mut u, mut b) = (vec![0.0; len], vec![0.0; len]);
        let is_fixed = self.fix_nodes(elliptic.to, &mut u);
        if elliptic.solver.is_none() && self.iterate(elliptic, &is_fixed, &mut u) {
            return;
        }
        self.residual(elliptic, &is_fixed, &u, &mut b);
        let mut solver = elliptic.solver.take().unwrap_or_else(|| {
            let (reach, has_mean) = (elliptic.reach, elliptic.mean.is_some());
            Solver::new(self.layout, reach, &is_fixed, &u, has_mean, |u, out| {
                self.residual(elliptic, &is_fixed, u, out);
            })
        });
        solver.solve(&mut b);
        u.iter_mut().zip(&b).for_each(|(u, b)| *u += b);
        let mut mean = [0.0];
        if let Some(evaluator) = &mut elliptic.mean {
            evaluator.eval(0.0, self.scalars, &mut mean);
        }
        solver.set_mean(mean[0], &mut u, self.layout);
        elliptic.solver = Some(solver);
        self.nodes.set(elliptic.to, &u);
    }

    /// Solves by corrections where that suits; `u` is an array of zeros with fixed nodes in place.
    fn iterate(&mut self, elliptic: &mut Elliptic, is_fixed: &[bool], u: &mut [f64]) -> bool {
        let layout = self.layout;
        if !iteration::suits(layout.shape) {
            return false;
        }
        let iteration = elliptic.iteration.take().or_else(|| {
            Iteration::new(layout, is_fixed, u, |u, out| {
                self.residual(elliptic, is_fixed, u, out);
            })
        });
        let Some(mut iteration) = iteration else {
            return false;
        };
        let mut solution = u.to_vec();
        let is_solved = iteration.solve(layout, &mut solution, |u, out| {
            self.residual(elliptic, is_fixed, u, out);
        });
        if !is_solved || (elliptic.mean.is_some() && !iteration.is_singular) {
            return false;
        }
        if iteration.is_singular {
            let mut mean = [0.0];
            if let Some(evaluator) = &mut elliptic.mean {
                evaluator.eval(0.0, self.scalars, &mut mean);
            }
            let shift = mean[0] - reduce(Reduction::Mean, &solution, layout);
            solution.iter_mut().for_each(|u| *u += shift);
        }
        elliptic.iteration = Some(iteration);
        self.nodes.set(elliptic.to, &solution);
        true
    }

    /// What is left of an equation at nodes that are not fixed.
    fn residual(&mut self, elliptic: &mut Elliptic, is_fixed: &[bool], u: &[f64], out: &mut [f64]) {
        self.nodes.set(elliptic.to, u);
        self.close(&elliptic.close);
        let field = |&array: &usize| Field {
            nodes: self.nodes.get(array),
            ghosts: self.ghosts[array].as_ref(),
        };
        let fields: SmallVec<[Field; 4]> = elliptic.arrays.iter().map(field).collect();
        elliptic
            .residual
            .run(self.scalars, &fields, &mut [&mut *out]);
        let fixed = out.iter_mut().zip(is_fixed).filter(|(_, fixed)| **fixed);
        fixed.for_each(|(out, _)| *out = 0.0);
    }

    /// Puts the nodes of an array that conditions give in place; tells which they are.
    fn fix_nodes(&mut self, array: usize, values: &mut [f64]) -> Vec<bool> {
        self.nodes.set(array, values);
        let mut is_fixed = vec![false; values.len()];
        for axis in 0..3 {
            for (of, face) in self.faces.iter_mut() {
                if face.axis != axis || *of != array || !face.fixes_node() {
                    continue;
                }
                let nodes = &self.nodes;
                let field = |array: usize| Field::from(nodes.get(array));
                face.compute(Formula::Node, self.scalars, field, [[0; 2]; 3]);
                face.write_nodes(values);
                face.for_each_node(|i| is_fixed[i] = true);
                self.nodes.set(array, values);
            }
        }
        is_fixed
    }
}

/// Whether all rows sum to 0 up to rounding.
fn keeps_constants(n: usize, entries: &[Entry]) -> bool {
    /// Rounding errors of probing, relative to the sum of sizes: far above them, far below what any boundary condition leaves.
    const ROUNDING: f64 = 1e-9;
    let mut sums = vec![(0.0, 0.0); n];
    for &(_, row, value) in entries {
        let (sum, size): &mut (f64, f64) = &mut sums[row as usize];
        *sum += value;
        *size += value.abs();
    }
    sums.iter().all(|(sum, size)| sum.abs() <= ROUNDING * size)
}

/// Factors of a matrix with scaled rows, by its columns: as `I - J`.
fn factors(n: usize, entries: &[Entry], scales: &[f64]) -> Result<Direct, Singular> {
    let mut pattern = Pattern {
        n,
        column_starts: vec![0; n + 1],
        row_indices: Vec::with_capacity(entries.len()),
    };
    let mut values = Vec::with_capacity(entries.len());
    for &(column, row, value) in entries {
        pattern.column_starts[column as usize + 1] += 1;
        pattern.row_indices.push(row);
        let diagonal = if column == row { 1.0 } else { 0.0 };
        values.push(diagonal - value * scales[row as usize]);
    }
    for column in 0..n {
        pattern.column_starts[column + 1] += pattern.column_starts[column];
    }
    let mut direct = Direct::sparse(&pattern);
    direct.factor(&pattern, &values, 1.0)?;
    Ok(direct)
}
