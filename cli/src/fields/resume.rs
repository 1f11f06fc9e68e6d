//! Checkpoints on disk: `NAME.checkpoint/` holds the rows so far and the state from which a run goes on.
//!
//! Rows are appended; the state, which says how many rows count, is written to another file and then put in its place, so that a
//! kill at any time leaves a checkpoint that is whole. A resumed run writes its results anew from the rows.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ansatz_runtime::experiment::{Checkpoint, Row};
use ansatz_runtime::solution::Counts;

/// A checkpoint folder of a run that goes on.
pub struct CheckpointFolder {
    folder: PathBuf,
    /// What identifies the run: its text and settings.
    run: u64,
    rows: BufWriter<File>,
    n_rows: u64,
    error: Option<io::Error>,
}

/// How many numbers a row has: states, observables, shown ones, and the arrays of every grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowShape {
    pub states: usize,
    pub observables: usize,
    pub shown: usize,
    pub grids: Vec<usize>,
}

/// What a folder holds.
pub struct Kept {
    pub checkpoint: Checkpoint,
    n_rows: u64,
}

impl CheckpointFolder {
    /// A folder without a checkpoint.
    ///
    /// # Errors
    /// It could not be made.
    pub fn create(folder: &Path, run: u64) -> io::Result<CheckpointFolder> {
        fs::create_dir_all(folder)?;
        let state = folder.join("state");
        if state.exists() {
            fs::remove_file(state)?;
        }
        let rows = BufWriter::new(File::create(folder.join("rows"))?);
        Ok(CheckpointFolder {
            folder: folder.to_owned(),
            run,
            rows,
            n_rows: 0,
            error: None,
        })
    }

    /// Goes on with what a folder holds; the rows are given to `replay`.
    ///
    /// # Errors
    /// The files could not be read.
    pub fn resume(
        folder: &Path,
        run: u64,
        kept: &Kept,
        shape: &RowShape,
        replay: &mut dyn FnMut(Row<'_>),
    ) -> io::Result<CheckpointFolder> {
        let path = folder.join("rows");
        let mut reader = BufReader::with_capacity(1 << 16, File::open(&path)?);
        for _ in 0..kept.n_rows {
            let row = read_numbers(&mut reader, shape.len())?;
            let (t, rest) = row.split_first().expect("a row has a time");
            let (states, rest) = rest.split_at(shape.states);
            let (observables, rest) = rest.split_at(shape.observables);
            let (shown, mut rest) = rest.split_at(shape.shown);
            let mut fields = Vec::new();
            for &n in &shape.grids {
                let (grid, others) = rest.split_at(n);
                fields.push(grid);
                rest = others;
            }
            replay(Row {
                t: *t,
                states,
                observables,
                fields: &fields,
                shown,
            });
        }
        let mut file = fs::OpenOptions::new().write(true).open(&path)?;
        file.set_len(kept.n_rows * 8 * shape.len() as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok(CheckpointFolder {
            folder: folder.to_owned(),
            run,
            rows: BufWriter::new(file),
            n_rows: kept.n_rows,
            error: None,
        })
    }

    /// Keeps a row. An error is told by [`CheckpointFolder::finish`].
    pub fn row(&mut self, row: Row<'_>) {
        let time = [row.t];
        let parts = [&time[..], row.states, row.observables, row.shown];
        let mut parts = parts.into_iter().chain(row.fields.iter().copied());
        let written = parts.try_for_each(|part| write_numbers(&mut self.rows, part));
        self.note(written);
        self.n_rows += 1;
    }

    /// Keeps a state.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        let written = self.write_state(checkpoint);
        self.note(written);
    }

    fn write_state(&mut self, checkpoint: &Checkpoint) -> io::Result<()> {
        self.rows.flush()?;
        self.rows.get_ref().sync_data()?;
        let new = self.folder.join("state.new");
        let mut file = BufWriter::new(File::create(&new)?);
        let counts = counts_to_array(&checkpoint.counts);
        let header = [self.run, self.n_rows, checkpoint.state.len() as u64];
        for number in header.iter().chain(&counts) {
            file.write_all(&number.to_le_bytes())?;
        }
        write_numbers(&mut file, &[checkpoint.t])?;
        write_numbers(&mut file, &checkpoint.state)?;
        file.into_inner()?.sync_all()?;
        fs::rename(new, self.folder.join("state"))
    }

    fn note(&mut self, written: io::Result<()>) {
        if let (Err(error), None) = (written, &self.error) {
            self.error = Some(error);
        }
    }

    /// Removes the folder of a run that has come to its end; tells the first error.
    ///
    /// # Errors
    /// Something could not be written, or the folder not be removed.
    pub fn finish(self, is_complete: bool) -> io::Result<()> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if is_complete {
            fs::remove_dir_all(&self.folder)?;
        }
        Ok(())
    }
}

impl RowShape {
    fn len(&self) -> usize {
        let fields: usize = self.grids.iter().sum();
        1 + self.states + self.observables + self.shown + fields
    }
}

/// The checkpoint in a folder; `None` where there is none, or one of another run.
///
/// # Errors
/// The file could not be read.
pub fn kept(folder: &Path, run: u64) -> io::Result<Option<Kept>> {
    let path = folder.join("state");
    if !path.exists() {
        return Ok(None);
    }
    let mut file = BufReader::new(File::open(path)?);
    let mut header = [0; 3 + N_COUNTS];
    for number in &mut header {
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes)?;
        *number = u64::from_le_bytes(bytes);
    }
    if header[0] != run {
        return Ok(None);
    }
    let t = read_numbers(&mut file, 1)?[0];
    let mut state = Vec::new();
    file.read_to_end(&mut state)?;
    let state: Vec<f64> = numbers(&state);
    if state.len() as u64 != header[2] {
        return Ok(None);
    }
    let counts = counts_of_array(header[3..].try_into().expect("the header has counts"));
    Ok(Some(Kept {
        checkpoint: Checkpoint { t, counts, state },
        n_rows: header[1],
    }))
}

const N_COUNTS: usize = 9;

fn counts_to_array(c: &Counts) -> [u64; N_COUNTS] {
    [
        c.steps,
        c.rejected,
        c.rhs,
        c.jacobian,
        c.jvp,
        c.factorizations,
        c.linear_iterations,
        c.newton_iterations,
        c.newton_failures,
    ]
}

fn counts_of_array(array: [u64; N_COUNTS]) -> Counts {
    let [
        steps,
        rejected,
        rhs,
        jacobian,
        jvp,
        factorizations,
        linear_iterations,
        newton_iterations,
        newton_failures,
    ] = array;
    Counts {
        steps,
        rejected,
        rhs,
        jacobian,
        jvp,
        factorizations,
        linear_iterations,
        newton_iterations,
        newton_failures,
    }
}

fn write_numbers(file: &mut impl Write, numbers: &[f64]) -> io::Result<()> {
    numbers
        .iter()
        .try_for_each(|number| file.write_all(&number.to_le_bytes()))
}

fn read_numbers(file: &mut impl Read, n: usize) -> io::Result<Vec<f64>> {
    let mut bytes = vec![0; 8 * n];
    file.read_exact(&mut bytes)?;
    Ok(numbers(&bytes))
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    let numbers = bytes.chunks_exact(8);
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    numbers.map(number).collect()
}
