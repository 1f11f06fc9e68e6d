//! Columns of numbers, read by name from a table in a text file; what is wrong with them is said with its place.

use std::borrow::Cow;
use std::path::Path;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::nearest;
use ansatz_compiler::source::{Source, Sources, Span};

use crate::failure::Failure;

/// A table as text.
pub struct Table {
    pub sources: Sources,
    pub diagnostics: Diagnostics,
    source: Source,
    delimiter: char,
    /// Names of the columns.
    pub header: Vec<String>,
}

/// A row of a table.
pub struct Row<'t> {
    /// Its cells.
    pub cells: Vec<Cow<'t, str>>,
    /// Whether an empty line stands before it.
    pub is_apart: bool,
    /// The line and where it begins.
    line: (usize, &'t str),
}

/// What can be wrong with a table.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TableError {
    #[error("there is no column `t` or `time`")]
    #[diagnostic(
        code(no_times),
        help("the first line names the columns, one of them times: `t,x,y`")
    )]
    NoTimes {
        #[label("the columns")]
        at: miette::SourceSpan,
    },
    #[error("no column is named after anything in the model")]
    #[diagnostic(
        code(nothing_measured),
        help("columns are named after states and `let`s: {known}")
    )]
    NothingMeasured {
        known: String,
        #[label("the columns")]
        at: miette::SourceSpan,
    },
    #[error("this row has no time")]
    #[diagnostic(code(no_time), help("every row needs one"))]
    NoTime {
        #[label("here")]
        at: miette::SourceSpan,
    },
    #[error("there is no column `{name}`")]
    #[diagnostic(code(unknown_column), help("{help}"))]
    UnknownColumn {
        name: String,
        help: String,
        #[label("the columns")]
        at: miette::SourceSpan,
    },
    #[error("`{text}` in column `{column}` is not a number")]
    #[diagnostic(
        code(not_a_number),
        help("leave the cell empty if there is no value, or drop the row")
    )]
    NotANumber {
        text: String,
        column: String,
        #[label("a number is expected")]
        at: miette::SourceSpan,
    },
    #[error("this row has {found} cells instead of {expected}")]
    #[diagnostic(
        code(ragged_row),
        help("every row needs a cell for each column of the header")
    )]
    RaggedRow {
        found: usize,
        expected: usize,
        #[label("here")]
        at: miette::SourceSpan,
    },
    #[error("{left_out} of {rows} rows have no value in one of the columns and are left out")]
    #[diagnostic(code(missing_values), severity(Warning))]
    MissingValues {
        left_out: usize,
        rows: usize,
        #[label("the first of them")]
        at: miette::SourceSpan,
    },
}

/// Cells that say that there is no value, in lower case.
const MISSING: &[&str] = &[
    "", "nan", "na", "n/a", "null", "none", "inf", "-inf", "+inf",
];
/// Characters that may stand between cells.
const DELIMITERS: [char; 3] = [',', ';', '\t'];
/// After so many mistakes reading stops.
const MAX_MISTAKES: usize = 100;

impl Table {
    /// Reads the text and its header.
    pub fn open(path: &Path) -> Result<Table, Failure> {
        let bytes = std::fs::read(path).map_err(|e| Failure::read(path, e))?;
        let not_text = |_| Failure::usage(format!("{} is not UTF-8 text", path.display()));
        let text = String::from_utf8(bytes).map_err(not_text)?;
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or("");
        let count = |c: &char| first.matches(*c).count();
        // The first of those that are equally frequent.
        let delimiter = DELIMITERS.into_iter().rev().max_by_key(count);
        let delimiter = delimiter.unwrap_or(',');
        let mut sources = Sources::new();
        let too_large = || Failure::usage(format!("{} is too large", path.display()));
        let source = sources.add(path.to_string_lossy(), text);
        let source = source.ok_or_else(too_large)?;
        let mut table = Table {
            sources,
            diagnostics: Diagnostics::new(),
            source,
            delimiter,
            header: Vec::new(),
        };
        let first = table.lines().next();
        if let Some(row) = first {
            table.header = row.cells.iter().map(|c| c.to_string()).collect();
        }
        Ok(table)
    }

    /// All rows below the header.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.lines().skip(1)
    }

    /// The rows with the header; empty lines and those that begin with `#` are none.
    fn lines(&self) -> impl Iterator<Item = Row<'_>> {
        let (mut start, mut is_apart) = (0, false);
        let lines = self.source.text.split_inclusive('\n');
        lines.filter_map(move |line| {
            let at = start;
            start += line.len();
            let line = line.trim_end();
            if line.trim().is_empty() {
                is_apart = true;
                return None;
            }
            (!line.starts_with('#')).then(|| Row {
                cells: self.cells(line),
                is_apart: std::mem::take(&mut is_apart),
                line: (at, line),
            })
        })
    }

    fn cells<'t>(&self, line: &'t str) -> Vec<Cow<'t, str>> {
        if !line.contains('"') {
            let cells = line.split(self.delimiter);
            return cells.map(|cell| Cow::Borrowed(cell.trim())).collect();
        }
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(self.delimiter as u8).has_headers(false);
        let mut reader = builder
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(line.as_bytes());
        let mut record = csv::StringRecord::new();
        // Text in memory cannot fail to be read, and rows of any length are taken.
        let _ = reader.read_record(&mut record);
        record.iter().map(|c| Cow::Owned(c.to_owned())).collect()
    }

    /// What is wrong with the length of a row.
    pub fn raggedness(&self, row: &Row<'_>) -> Option<TableError> {
        (row.cells.len() != self.header.len()).then(|| TableError::RaggedRow {
            found: row.cells.len(),
            expected: self.header.len(),
            at: self.place(row, "").into(),
        })
    }

    /// The number in a cell; `None` where there is no value.
    ///
    /// # Errors
    /// It is no number.
    pub fn number(&self, row: &Row<'_>, column: usize) -> Result<Option<f64>, TableError> {
        let text: &str = &row.cells[column];
        match text.parse::<f64>() {
            Ok(number) => Ok(Some(number).filter(|n| n.is_finite())),
            Err(_) if MISSING.contains(&text.to_lowercase().as_str()) => Ok(None),
            Err(_) => Err(TableError::NotANumber {
                text: text.to_owned(),
                column: self.header[column].clone(),
                at: self.place(row, text).into(),
            }),
        }
    }

    /// These columns, in the rows that have a value in each.
    ///
    /// # Errors
    /// What is wrong with the table.
    pub fn numbers(&mut self, names: &[String]) -> Result<Vec<Vec<f64>>, Failure> {
        let indices: Vec<Option<usize>> = names.iter().map(|name| self.index(name)).collect();
        self.stop_on_errors()?;
        let indices: Vec<usize> = indices.into_iter().flatten().collect();
        let mut out = vec![Vec::new(); names.len()];
        let (mut rows, mut first_missing, mut problems) = (0, None, Vec::new());
        for row in self.rows() {
            if problems.len() >= MAX_MISTAKES {
                break;
            }
            rows += 1;
            if let Some(problem) = self.raggedness(&row) {
                problems.push(problem);
                continue;
            }
            let mut values = Vec::with_capacity(indices.len());
            for &k in &indices {
                match self.number(&row, k) {
                    Ok(value) => values.extend(value),
                    Err(problem) => problems.push(problem),
                }
            }
            if values.len() == indices.len() {
                out.iter_mut().zip(&values).for_each(|(c, v)| c.push(*v));
            } else {
                first_missing.get_or_insert_with(|| self.place(&row, ""));
            }
        }
        problems.into_iter().for_each(|p| self.diagnostics.push(p));
        self.stop_on_errors()?;
        if let Some(at) = first_missing {
            self.diagnostics.push(TableError::MissingValues {
                left_out: rows - out[0].len(),
                rows,
                at: at.into(),
            });
        }
        Ok(out)
    }

    /// Where a column is; says if there is none.
    fn index(&mut self, name: &str) -> Option<usize> {
        let index = self.header.iter().position(|h| h == name);
        if index.is_none() {
            let known = self.header.iter().map(String::as_str);
            let help = match nearest(name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", self.header.join(", ")),
            };
            let at = self.header_place();
            self.diagnostics.push(TableError::UnknownColumn {
                name: name.to_owned(),
                help,
                at: at.into(),
            });
        }
        index
    }

    /// Where the header stands.
    pub fn header_place(&self) -> Span {
        let header = self.lines().next();
        header.map_or(Span::new(self.source.base, self.source.base), |row| {
            self.place(&row, "")
        })
    }

    /// Where a cell stands in its row; the row for an empty one.
    pub fn place(&self, row: &Row<'_>, cell: &str) -> Span {
        let (start, line) = row.line;
        let (at, len) = match line.find(cell) {
            Some(at) if !cell.is_empty() => (at, cell.len()),
            Some(_) | None => (0, line.len()),
        };
        let begin = self.source.base + (start + at) as u32;
        Span::new(begin, begin + len as u32)
    }

    /// Ends with what was found if any of it is an error.
    pub fn stop_on_errors(&mut self) -> Result<(), Failure> {
        if !self.diagnostics.has_errors() {
            return Ok(());
        }
        Err(Failure::Model {
            diagnostics: std::mem::take(&mut self.diagnostics),
            sources: Box::new(std::mem::take(&mut self.sources)),
        })
    }
}
