//! Observations from CSV: a column of times, columns named after states or `let`s, empty cells where nothing was measured.
//!
//! Several runs stand in several files, or apart by an empty line, or told apart by a column `trajectory`.

use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_compiler::model::nearest;
use ansatz_runtime::discover::observations::{Observations, Observed, Trajectory};

use crate::failure::Failure;

/// Names of the column of times.
const TIME: [&str; 3] = ["t", "time", "Time"];
/// Name of the column that tells runs apart.
const RUN: &str = "trajectory";

/// Data with the names of their columns, and what was left out.
pub struct Table {
    pub data: Observations,
    pub names: Vec<String>,
    /// Columns that are nothing in the model.
    pub ignored: Vec<String>,
}

/// Reads all files; a column that one of them lacks is empty there.
pub fn read(paths: &[PathBuf], program: &Program) -> Result<Table, Failure> {
    let mut table = Table {
        data: Observations {
            columns: Vec::new(),
            trajectories: Vec::new(),
        },
        names: Vec::new(),
        ignored: Vec::new(),
    };
    let mut runs: Vec<Run> = Vec::new();
    for path in paths {
        let bytes = std::fs::read(path).map_err(|e| Failure::read(path, e))?;
        let text = String::from_utf8_lossy(&bytes);
        runs.extend(File::new(path).runs(&text, program, &mut table)?);
    }
    let width = table.names.len();
    for run in runs {
        let mut values = Vec::with_capacity(run.times.len() * width);
        for row in &run.rows {
            let at = |column: usize| {
                let found = row.iter().find(|(c, _)| *c == column);
                found.map_or(f64::NAN, |(_, v)| *v)
            };
            values.extend((0..width).map(at));
        }
        table.data.trajectories.push(Trajectory {
            name: run.name,
            times: run.times,
            values,
        });
    }
    Ok(table)
}

/// One run as it is read: by row, the columns with a value.
struct Run {
    name: String,
    key: String,
    times: Vec<f64>,
    rows: Vec<Vec<(usize, f64)>>,
}

/// What a column of a file is.
#[derive(Clone, Copy)]
enum Column {
    Time,
    Run,
    Measured(usize),
    Ignored,
}

struct File<'p> {
    path: &'p Path,
    columns: Vec<Column>,
    header: csv::StringRecord,
}

impl<'p> File<'p> {
    fn new(path: &'p Path) -> File<'p> {
        File {
            path,
            columns: Vec::new(),
            header: csv::StringRecord::new(),
        }
    }

    fn wrong(&self, what: impl std::fmt::Display, help: &str) -> Failure {
        Failure::Data {
            message: format!("{}: {what}", self.path.display()),
            help: help.to_owned(),
        }
    }

    fn runs(
        &mut self,
        text: &str,
        program: &Program,
        table: &mut Table,
    ) -> Result<Vec<Run>, Failure> {
        let mut runs: Vec<Run> = Vec::new();
        let mut is_apart = true;
        for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() {
                is_apart = true;
                continue;
            }
            let record = self.record(line, i)?;
            if self.columns.is_empty() {
                self.read_header(record, program, table)?;
                continue;
            }
            if record == self.header {
                continue;
            }
            self.add_row(&record, i, &mut runs, &mut is_apart)?;
        }
        if let [one] = &mut runs[..] {
            one.name = self.path.display().to_string();
        }
        Ok(runs)
    }

    fn record(&self, line: &str, i: usize) -> Result<csv::StringRecord, Failure> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .trim(csv::Trim::All)
            .from_reader(line.as_bytes());
        let mut record = csv::StringRecord::new();
        match reader.read_record(&mut record) {
            Ok(_) => Ok(record),
            Err(e) => Err(self.wrong(
                format!("line {}: {e}", i + 1),
                "write one row a line, cells apart by commas",
            )),
        }
    }

    fn read_header(
        &mut self,
        record: csv::StringRecord,
        program: &Program,
        table: &mut Table,
    ) -> Result<(), Failure> {
        for name in &record {
            let column = match observed(program, name) {
                _ if TIME.contains(&name) => Column::Time,
                _ if name == RUN => Column::Run,
                Some(observed) => Column::Measured(position(table, name, observed)),
                None => {
                    table.ignored.push(name.to_owned());
                    Column::Ignored
                }
            };
            self.columns.push(column);
        }
        if !self.columns.iter().any(|c| matches!(c, Column::Time)) {
            return Err(self.wrong(
                "no column `t` or `time`",
                "the first line names the columns: `t,x,y`",
            ));
        }
        if !self
            .columns
            .iter()
            .any(|c| matches!(c, Column::Measured(_)))
        {
            let known = program.states.iter().map(|s| s.name.as_str());
            let known: Vec<&str> = known
                .chain(program.observables.iter().map(|o| o.name.as_str()))
                .collect();
            let help = format!(
                "columns are named after states and `let`s: {}",
                known.join(", ")
            );
            return Err(self.wrong("no column is named after anything in the model", &help));
        }
        self.header = record;
        Ok(())
    }

    fn add_row(
        &self,
        record: &csv::StringRecord,
        i: usize,
        runs: &mut Vec<Run>,
        is_apart: &mut bool,
    ) -> Result<(), Failure> {
        let (mut t, mut key, mut row) = (None, String::new(), Vec::new());
        if record.len() != self.columns.len() {
            let what = format!(
                "line {} has {} cells, not {}",
                i + 1,
                record.len(),
                self.columns.len()
            );
            return Err(self.wrong(what, "leave a cell empty where nothing was measured"));
        }
        for (column, cell) in self.columns.iter().zip(record) {
            match column {
                Column::Time => t = self.number(cell, i)?,
                Column::Run => cell.clone_into(&mut key),
                Column::Measured(c) => row.extend(self.number(cell, i)?.map(|v| (*c, v))),
                Column::Ignored => {}
            }
        }
        let Some(t) = t else {
            return Err(self.wrong(format!("line {} has no time", i + 1), "every row needs one"));
        };
        let found = match *is_apart {
            true => None,
            false => runs.iter().rposition(|run| run.key == key),
        };
        *is_apart = false;
        let at = match found {
            Some(at) => at,
            None => {
                let number = runs.len() + 1;
                runs.push(Run {
                    name: format!("run {number} of {}", self.path.display()),
                    key,
                    times: Vec::new(),
                    rows: Vec::new(),
                });
                runs.len() - 1
            }
        };
        runs[at].times.push(t);
        runs[at].rows.push(row);
        Ok(())
    }

    /// `None` for an empty cell and for `NaN`, `NA`, `nan`.
    fn number(&self, cell: &str, i: usize) -> Result<Option<f64>, Failure> {
        if cell.is_empty() || ["nan", "na", "null"].contains(&cell.to_lowercase().as_str()) {
            return Ok(None);
        }
        match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            Ok(_) => Ok(None),
            Err(_) => Err(self.wrong(
                format!("line {}: `{cell}` is not a number", i + 1),
                "leave a cell empty where nothing was measured",
            )),
        }
    }
}

fn observed(program: &Program, name: &str) -> Option<Observed> {
    let state = program.states.iter().position(|s| s.name == name);
    let observable = || program.observables.iter().position(|o| o.name == name);
    state
        .map(Observed::State)
        .or_else(|| observable().map(Observed::Observable))
}

/// The column of the table; a new one if it is not there.
fn position(table: &mut Table, name: &str, observed: Observed) -> usize {
    let known = table.data.columns.iter().position(|c| *c == observed);
    known.unwrap_or_else(|| {
        table.data.columns.push(observed);
        table.names.push(name.to_owned());
        table.names.len() - 1
    })
}

/// What to say of columns that were left out.
pub fn note_on_ignored(table: &Table, program: &Program) -> Option<String> {
    let first = table.ignored.first()?;
    let known = program.states.iter().map(|s| s.name.as_str());
    let known = known.chain(program.observables.iter().map(|o| o.name.as_str()));
    let hint =
        nearest(first, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    Some(format!(
        "nothing in the model is called `{}`{hint}",
        table.ignored.join("`, `")
    ))
}
