//! Linear equations for an array, compiled as the residual that a solution brings to 0.

use super::{Compiler, Unsupported};
use crate::codegen::Kernel;
use crate::codegen::row::Stencil;
use crate::system::space::program::{ArrayId, Read, Solve};
use crate::terms::{Number, Pool, Term};

/// `operator(unknown) = right-hand side` with the closures of the unknown.
#[derive(Clone)]
pub struct SolveCode {
    /// The right-hand side less the operator of the unknown; its arrays are positions in `arrays`.
    pub residual: Stencil,
    /// What is read.
    pub arrays: Vec<ArrayId>,
    /// The unknown.
    pub to: ArrayId,
    /// How far from a node the unknown counts there, by axis, closures included.
    pub reach: [usize; 3],
    /// The mean of the unknown, where the operator leaves it open.
    pub mean: Option<Kernel>,
}

impl Compiler<'_> {
    pub(super) fn solve(&self, solve: &Solve) -> Result<SolveCode, Unsupported> {
        let mut pool = self.pool.clone();
        let coefficients: Vec<Term> = solve.operator.iter().map(|entry| entry.1).collect();
        if self.varies(&pool, &coefficients) || self.walls_vary(&mut pool, solve.to) {
            return Err(Unsupported {
                kind: "elliptic equations whose operator changes in time",
            });
        }
        let mut read = |array: ArrayId, offset: [i8; 3]| Read {
            symbol: pool.symbol(&format!("a{}{offset:?}", array.0)),
            array,
            offset,
        };
        let mut reads = vec![read(solve.from, [0; 3])];
        reads.extend(
            solve
                .operator
                .iter()
                .map(|(offset, _)| read(solve.to, *offset)),
        );
        let values: Vec<Term> = reads.iter().map(|read| pool.var(read.symbol)).collect();
        let mut sum = vec![(values[0], Number::ONE)];
        for (value, coefficient) in values[1..].iter().zip(coefficients) {
            sum.push((pool.mul(*value, coefficient), Number::MINUS_ONE));
        }
        let residual = pool.linear(Number::ZERO, &sum);
        let (residual, arrays) = self.stencil(&pool, &reads, &[residual]);
        Ok(SolveCode {
            residual,
            arrays,
            to: solve.to,
            reach: self.reach(solve),
            mean: solve.mean.map(|mean| self.of_scalars(mean)),
        })
    }

    /// Whether terms change during a run.
    fn varies(&self, pool: &Pool, terms: &[Term]) -> bool {
        let symbols = pool.symbols_in(terms);
        symbols.iter().any(|symbol| self.scalars.contains(symbol))
    }

    /// Whether the weights with which an array counts in its own closures change during a run.
    fn walls_vary(&self, pool: &mut Pool, array: ArrayId) -> bool {
        let closures = self.program.closures.iter().filter(|c| c.array == array);
        let mut weights = Vec::new();
        for closure in closures {
            let own = closure.reads.iter().filter(|read| read.array == array);
            for read in own {
                let ghosts = closure.ghosts.iter();
                weights.extend(ghosts.map(|ghost| pool.derivative(*ghost, read.symbol)));
            }
        }
        self.varies(pool, &weights)
    }

    fn reach(&self, solve: &Solve) -> [usize; 3] {
        let mut reach = [0; 3];
        let mut widen = |offset: &[i8; 3]| {
            for (reach, offset) in reach.iter_mut().zip(offset) {
                *reach = usize::from(offset.unsigned_abs()).max(*reach);
            }
        };
        solve.operator.iter().for_each(|(offset, _)| widen(offset));
        let closures = self.program.closures.iter();
        let reads = closures
            .filter(|c| c.array == solve.to)
            .flat_map(|c| &c.reads);
        reads.for_each(|read| widen(&read.offset));
        reach
    }
}
