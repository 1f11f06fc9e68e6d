//! The fields of one domain as a block of a system.

use std::fmt::{self, Display, Formatter};

use super::analysis::Analysis;
use super::error::SpaceError;
use super::evolution::Evolution;
use super::lower::discretise;
use super::program::{SpaceProgram, SpacePrograms, Step};
use crate::terms::{Pool, Term};

/// Equations, what is known of them, and the programs that compute them.
#[derive(Debug, Clone)]
pub struct GridBlock {
    /// The equations.
    pub evolution: Evolution,
    /// What is known of them.
    pub analysis: Analysis,
    /// Over whole arrays.
    pub programs: SpacePrograms,
}

impl GridBlock {
    /// Analyses and discretises.
    ///
    /// # Errors
    /// As [`discretise`].
    pub fn new(pool: &mut Pool, evolution: Evolution) -> Result<GridBlock, Vec<SpaceError>> {
        let programs = discretise(pool, &evolution)?;
        let analysis = evolution.analyse(pool);
        Ok(GridBlock {
            evolution,
            analysis,
            programs,
        })
    }

    /// Checks the programs.
    ///
    /// # Panics
    /// As [`SpaceProgram::verify`].
    pub fn verify(&self, pool: &Pool) {
        self.programs.all().for_each(|program| program.verify(pool));
    }

    /// The equations and what is known of them.
    pub fn display<'a>(&'a self, pool: &'a Pool) -> impl Display + 'a {
        self.evolution.display(&self.analysis, pool)
    }
}

impl SpacePrograms {
    /// Every program.
    pub fn all(&self) -> impl Iterator<Item = &SpaceProgram> {
        let split = self.split.iter().map(|split| &split.nonlinear);
        [&self.full].into_iter().chain(split).chain([
            &self.rates.program,
            &self.observed.program,
            &self.coupling.program,
        ])
    }

    /// Every program, to change.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut SpaceProgram> {
        let split = self.split.iter_mut().map(|split| &mut split.nonlinear);
        let others = [
            &mut self.rates.program,
            &mut self.observed.program,
            &mut self.coupling.program,
        ];
        [&mut self.full].into_iter().chain(split).chain(others)
    }

    /// All programs as text.
    pub fn display<'a>(&'a self, pool: &'a Pool) -> impl Display + 'a {
        ProgramsText {
            programs: self,
            pool,
        }
    }
}

impl SpaceProgram {
    /// How many arrays are transformed in a run.
    pub fn n_transforms(&self) -> usize {
        let is_transform =
            |step: &&Step| matches!(step, Step::Forward { .. } | Step::Inverse { .. });
        self.steps.iter().filter(is_transform).count()
    }

    /// The terms of all pointwise steps, in order.
    pub fn pointwise_terms(&self) -> Vec<Term> {
        let outputs = self.steps.iter().flat_map(|step| match step {
            Step::Pointwise { outputs, .. } => outputs.as_slice(),
            Step::Forward { .. }
            | Step::Inverse { .. }
            | Step::Diagonal { .. }
            | Step::Along { .. }
            | Step::Flux(_)
            | Step::Reduce { .. }
            | Step::Solve(_) => &[],
        });
        outputs.map(|(_, term)| *term).collect()
    }

    /// Changes the terms of all pointwise steps, in order.
    pub fn replace_pointwise_terms(&mut self, mut change: impl FnMut(&mut Term)) {
        for step in &mut self.steps {
            if let Step::Pointwise { outputs, .. } = step {
                outputs.iter_mut().for_each(|(_, term)| change(term));
            }
        }
    }
}

struct ProgramsText<'a> {
    programs: &'a SpacePrograms,
    pool: &'a Pool,
}

impl Display for ProgramsText<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "full program")?;
        write!(f, "{}", self.programs.full.display(self.pool))?;
        if let Some(split) = &self.programs.split {
            writeln!(f, "split program")?;
            write!(f, "{}", split.display(self.pool))?;
        }
        Ok(())
    }
}
