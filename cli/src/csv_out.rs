//! Trajectories as CSV: one row per saved time, written as they come, so that a failed run keeps what it had.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{Observable, Simulate};
use ansatz_runtime::experiment::Row;

use crate::failure::Failure;

/// Where a column's values come from.
#[derive(Debug, Clone, Copy)]
enum Column {
    State(usize),
    Observable(usize),
}

/// A CSV file being written.
pub struct CsvOut {
    path: PathBuf,
    writer: csv::Writer<BufWriter<File>>,
    columns: Vec<Column>,
    field: Vec<u8>,
    error: Option<csv::Error>,
    /// Rows written.
    pub rows: usize,
}

impl CsvOut {
    /// Creates the file and writes the header: `t`, then the experiment's outputs or all states and all `let`s that are numbers.
    pub fn create(
        path: PathBuf,
        program: &Program,
        observables: &[Observable],
        experiment: &Simulate,
    ) -> Result<CsvOut, Failure> {
        let columns = columns(program, observables, experiment);
        let file = File::create(&path).map_err(|e| Failure::write(&path, e))?;
        let writer = csv::Writer::from_writer(BufWriter::with_capacity(1 << 16, file));
        let mut out = CsvOut {
            path,
            writer,
            columns,
            field: Vec::new(),
            error: None,
            rows: 0,
        };
        let names = out.columns.iter().map(|c| match *c {
            Column::State(i) => program.states[i].name.as_str(),
            Column::Observable(i) => observables[i].name.as_str(),
        });
        let result = out.writer.write_record(std::iter::once("t").chain(names));
        out.note(result);
        Ok(out)
    }

    /// Writes a row. An error is kept and reported by [`CsvOut::finish`].
    pub fn write(&mut self, row: Row<'_>) {
        let mut result = self.write_number(row.t);
        for k in 0..self.columns.len() {
            let value = match self.columns[k] {
                Column::State(i) => row.states[i],
                Column::Observable(i) => row.observables[i],
            };
            result = result.and_then(|()| self.write_number(value));
        }
        let result = result.and_then(|()| self.writer.write_record(None::<&[u8]>));
        self.note(result);
        self.rows += 1;
    }

    fn write_number(&mut self, x: f64) -> Result<(), csv::Error> {
        self.writer.write_field(number(x, &mut self.field))
    }

    fn note(&mut self, result: Result<(), csv::Error>) {
        if let (Err(error), None) = (result, &self.error) {
            self.error = Some(error);
        }
    }

    /// Flushes; reports the first error there was.
    pub fn finish(mut self) -> Result<PathBuf, Failure> {
        let flushed = self.writer.flush();
        match self.error {
            Some(error) => Err(Failure::write(&self.path, error.into())),
            None => flushed
                .map(|()| self.path.clone())
                .map_err(|e| Failure::write(&self.path, e)),
        }
    }
}

/// Shortest text that reads back as the same number.
pub fn number(x: f64, text: &mut Vec<u8>) -> &[u8] {
    text.clear();
    let plain = x == 0.0 || (1e-5..1e16).contains(&x.abs());
    let written = if plain {
        write!(text, "{x}")
    } else {
        write!(text, "{x:e}")
    };
    written.expect("a vector takes what is written");
    text
}

/// Columns for numbers; fields have files of their own.
fn columns(program: &Program, observables: &[Observable], experiment: &Simulate) -> Vec<Column> {
    let is_number = |i: &usize| program.states[*i].domain.is_none();
    if experiment.outputs.is_empty() {
        let states = (0..program.states.len())
            .filter(is_number)
            .map(Column::State);
        return states
            .chain((0..observables.len()).map(Column::Observable))
            .collect();
    }
    let find = |name: &String| {
        let state = program
            .states
            .iter()
            .position(|s| s.name == *name)
            .filter(is_number)
            .map(Column::State);
        state.or_else(|| {
            observables
                .iter()
                .position(|o| o.name == *name)
                .map(Column::Observable)
        })
    };
    experiment.outputs.iter().filter_map(find).collect()
}

/// Makes the folder for results.
pub fn create_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|e| Failure::write(path, e))
}
