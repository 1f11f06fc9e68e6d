//! Columns of numbers, read by name from a table in a text file; what is wrong with them is said with its place.

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
    delimiter: u8,
    /// Names of the columns.
    pub header: Vec<String>,
}

/// What can be wrong with a table.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum TableError {
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
        let delimiter = delimiter.map_or(b',', |c| c as u8);
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
        let mut header = csv::StringRecord::new();
        let mut reader = table.reader();
        // Text in memory cannot fail to be read, and rows of any length are taken.
        let _ = reader.read_record(&mut header);
        table.header = header.iter().map(str::to_owned).collect();
        Ok(table)
    }

    fn reader(&self) -> csv::Reader<&[u8]> {
        let mut builder = csv::ReaderBuilder::new();
        builder.delimiter(self.delimiter).has_headers(false);
        builder.flexible(true).trim(csv::Trim::All);
        builder.comment(Some(b'#'));
        builder.from_reader(self.source.text.as_bytes())
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
        let (mut row, mut record) = (vec![0.0; names.len()], csv::StringRecord::new());
        let (mut n_mistakes, mut rows, mut first_missing) = (0, 0, None);
        let mut reader = self.reader();
        let mut problems = Vec::new();
        let mut is_header = true;
        while n_mistakes < MAX_MISTAKES && reader.read_record(&mut record).unwrap_or(false) {
            if std::mem::take(&mut is_header) {
                continue;
            }
            rows += 1;
            if record.len() != self.header.len() {
                n_mistakes += 1;
                problems.push(TableError::RaggedRow {
                    found: record.len(),
                    expected: self.header.len(),
                    at: self.place(&record, "").into(),
                });
                continue;
            }
            let mut is_complete = true;
            for (value, &k) in row.iter_mut().zip(&indices) {
                let text = &record[k];
                match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => *value = number,
                    Ok(_) => is_complete = false,
                    Err(_) if MISSING.contains(&text.to_lowercase().as_str()) => {
                        is_complete = false
                    }
                    Err(_) => {
                        n_mistakes += 1;
                        problems.push(TableError::NotANumber {
                            text: text.to_owned(),
                            column: self.header[k].clone(),
                            at: self.place(&record, text).into(),
                        });
                    }
                }
            }
            if is_complete {
                out.iter_mut().zip(&row).for_each(|(c, v)| c.push(*v));
            } else {
                first_missing.get_or_insert_with(|| self.place(&record, ""));
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
            let end = self.source.text.lines().next().map_or(0, str::len);
            let at = Span::new(self.source.base, self.source.base + end as u32);
            self.diagnostics.push(TableError::UnknownColumn {
                name: name.to_owned(),
                help,
                at: at.into(),
            });
        }
        index
    }

    /// Where a cell stands in its row; the row for an empty one.
    fn place(&self, record: &csv::StringRecord, cell: &str) -> Span {
        let start = record.position().map_or(0, |p| p.byte() as usize);
        // The position may be that of the line break before, or of comments.
        let skipped = self.source.text[start..]
            .split_inclusive('\n')
            .take_while(|line| line.trim().is_empty() || line.starts_with('#'));
        let start = start + skipped.map(str::len).sum::<usize>();
        let line = self.source.text[start..].lines().next().unwrap_or("");
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
