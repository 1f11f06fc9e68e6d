//! Observations from CSV: a column of times, columns named after states or `let`s, empty cells where nothing was measured.
//!
//! Several runs stand in several files, or apart by an empty line, or told apart by a column `trajectory`.

use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_compiler::model::nearest;
use ansatz_runtime::discover::observations::{Observations, Observed, Trajectory};

use crate::columns::{self, Row, TableError};
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
        runs.extend(File::open(path)?.runs(path, program, &mut table)?);
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

/// After so many mistakes reading stops.
const MAX_MISTAKES: usize = 100;

struct File {
    text: columns::Table,
    columns: Vec<Column>,
}

impl File {
    fn open(path: &Path) -> Result<File, Failure> {
        Ok(File {
            text: columns::Table::open(path)?,
            columns: Vec::new(),
        })
    }

    fn runs(
        mut self,
        path: &Path,
        program: &Program,
        table: &mut Table,
    ) -> Result<Vec<Run>, Failure> {
        self.read_header(program, table)?;
        let mut runs: Vec<Run> = Vec::new();
        let mut problems = Vec::new();
        let mut is_apart = true;
        for row in self.text.rows() {
            is_apart |= row.is_apart;
            if problems.len() >= MAX_MISTAKES {
                break;
            }
            // Where files were joined, the header comes again.
            if row.cells == self.text.header {
                continue;
            }
            match self.add_row(path, &row, &mut runs, is_apart) {
                Ok(()) => is_apart = false,
                Err(problem) => problems.push(problem),
            }
        }
        for problem in problems {
            self.text.diagnostics.push(problem);
        }
        self.text.stop_on_errors()?;
        if let [one] = &mut runs[..] {
            one.name = path.display().to_string();
        }
        Ok(runs)
    }

    fn read_header(&mut self, program: &Program, table: &mut Table) -> Result<(), Failure> {
        for name in &self.text.header {
            let column = match observed(program, name) {
                _ if TIME.contains(&name.as_str()) => Column::Time,
                _ if name == RUN => Column::Run,
                Some(observed) => Column::Measured(position(table, name, observed)),
                None => {
                    table.ignored.push(name.clone());
                    Column::Ignored
                }
            };
            self.columns.push(column);
        }
        let has = |wanted: fn(&Column) -> bool| self.columns.iter().any(wanted);
        let at = self.text.header_place().into();
        if !has(|c| matches!(c, Column::Time)) {
            self.text.diagnostics.push(TableError::NoTimes { at });
        } else if !has(|c| matches!(c, Column::Measured(_))) {
            let states = program.states.iter().map(|s| s.name.as_str());
            let lets = program.observables.iter().map(|o| o.name.as_str());
            let known = states.chain(lets).collect::<Vec<&str>>().join(", ");
            let problem = TableError::NothingMeasured { known, at };
            self.text.diagnostics.push(problem);
        }
        self.text.stop_on_errors()
    }

    fn add_row(
        &self,
        path: &Path,
        row: &Row<'_>,
        runs: &mut Vec<Run>,
        is_apart: bool,
    ) -> Result<(), TableError> {
        if let Some(problem) = self.text.raggedness(row) {
            return Err(problem);
        }
        let (mut t, mut key, mut values) = (None, "", Vec::new());
        for (k, column) in self.columns.iter().enumerate() {
            match column {
                Column::Time => t = self.text.number(row, k)?,
                Column::Run => key = &row.cells[k],
                Column::Measured(c) => values.extend(self.text.number(row, k)?.map(|v| (*c, v))),
                Column::Ignored => {}
            }
        }
        let at = self.text.place(row, "").into();
        let t = t.ok_or(TableError::NoTime { at })?;
        let found = match is_apart {
            true => None,
            false => runs.iter().rposition(|run| run.key == key),
        };
        let at = found.unwrap_or_else(|| {
            let number = runs.len() + 1;
            runs.push(Run {
                name: format!("run {number} of {}", path.display()),
                key: key.to_owned(),
                times: Vec::new(),
                rows: Vec::new(),
            });
            runs.len() - 1
        });
        runs[at].times.push(t);
        runs[at].rows.push(values);
        Ok(())
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
