//! `simulate` for any program: of numbers, or of fields.

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Observable, Simulate};

use super::fields::{Checkpoint, Checkpoints, FieldRun, GivenData, SetupError, Warning};
use super::frame::FrameGrid;
use super::simulate::{Row, Start, simulate};
use crate::solution::Outcome;

/// A run that is ready to begin.
pub struct Simulation<'p> {
    program: &'p Program,
    experiment: &'p Simulate,
    start: Start,
    fields: Option<FieldRun<'p>>,
}

impl<'p> Simulation<'p> {
    /// Evaluates what the run starts from, and gets ready what fields need.
    ///
    /// # Errors
    /// Memory does not suffice, the method does not fit the equations of fields, or data cannot be read.
    pub fn new(
        program: &'p Program,
        experiment: &'p Simulate,
        data: &mut GivenData<'_>,
    ) -> Result<Simulation<'p>, SetupError> {
        let start = Start::of(program, experiment);
        let fields = (!program.grids.is_empty())
            .then(|| FieldRun::new(program, experiment, &start, data))
            .transpose()?;
        Ok(Simulation {
            program,
            experiment,
            start,
            fields,
        })
    }

    /// Parameters, initial numbers and end time.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// Grids and what is saved on them.
    pub fn grids(&self) -> &[FrameGrid] {
        self.fields.as_ref().map_or(&[], FieldRun::grids)
    }

    /// The observables of rows, in order, and which curves of plots (plot, curve) the shown numbers are.
    pub fn numbers(&self) -> (Vec<Observable>, Vec<(usize, usize)>) {
        match &self.fields {
            Some(fields) => fields.numbers(),
            None => (self.program.observables.clone(), Vec::new()),
        }
    }

    /// What has looked wrong so far.
    pub fn warnings(&self) -> Vec<Warning> {
        let fields = self.fields.as_ref();
        fields.map_or(Vec::new(), FieldRun::warnings)
    }

    /// Name, and place where there is one, of a component that a failure names.
    pub fn component(&self, state: usize) -> String {
        match &self.fields {
            Some(fields) => fields.component(state),
            None => self.program.states[state].name.clone(),
        }
    }

    /// Goes on from a checkpoint of the same run; gives whether it fits.
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> bool {
        let fields = self.fields.as_mut();
        fields.is_some_and(|fields| fields.resume(checkpoint))
    }

    /// Runs to the end time; runs over fields leave checkpoints when asked to. Rows go to `sink` in ascending time, also those before a failure. `None`: no solver has the name asked for.
    ///
    /// # Errors
    /// The run cannot begin.
    pub fn run(
        &mut self,
        sink: &mut dyn FnMut(Row<'_>),
        interrupt: &mut dyn FnMut(f64) -> bool,
        checkpoints: Option<Checkpoints<'_>>,
    ) -> Result<Option<Outcome>, SetupError> {
        match &mut self.fields {
            Some(fields) => fields.run(sink, interrupt, checkpoints).map(Some),
            None => Ok(simulate(
                self.program,
                self.experiment,
                &self.start,
                sink,
                interrupt,
            )),
        }
    }
}
