//! The fields of a run, in the format the experiment asks for.

use std::io;
use std::path::{Path, PathBuf};

use ansatz_compiler::model::entities::FieldFormat;
use ansatz_runtime::experiment::{FrameGrid, Row};

use super::npz::Npz;
use super::tables::Tables;
use super::variable::{ArrayFile, Variables};
use super::zarr::Zarr;
use crate::failure::Failure;

/// The fields of a run being written.
pub struct FieldFiles {
    path: PathBuf,
    variables: Variables,
    /// None where there is nothing to write.
    file: Option<Box<dyn ArrayFile>>,
    error: Option<io::Error>,
}

impl FieldFiles {
    /// Begins `FOLDER/EXPERIMENT.npz`, `EXPERIMENT.zarr/` or `EXPERIMENT_fields/`; nothing where there are no fields.
    ///
    /// # Errors
    /// It could not be created.
    pub fn create(
        grids: &[FrameGrid],
        experiment: &str,
        folder: &Path,
        format: FieldFormat,
    ) -> Result<FieldFiles, Failure> {
        let variables = Variables::of(grids);
        let ending = match format {
            FieldFormat::Npz => ".npz",
            FieldFormat::Zarr => ".zarr",
            FieldFormat::Csv | FieldFormat::None => "_fields",
        };
        let path = folder.join(format!("{experiment}{ending}"));
        let file = open(&path, &variables, format).map_err(|e| Failure::write(&path, e))?;
        Ok(FieldFiles {
            path,
            variables,
            file,
            error: None,
        })
    }

    /// Writes the fields of a row. An error is kept and reported by [`FieldFiles::finish`]; rows after it are left out.
    pub fn write(&mut self, row: Row<'_>) {
        if let (Some(file), None) = (&mut self.file, &self.error) {
            let frame = self.variables.frame(row.fields);
            self.error = file.frame(row.t, &frame).err();
        }
    }

    /// Completes the file, also one cut short; gives its path.
    ///
    /// # Errors
    /// The first that there was.
    pub fn finish(self) -> Result<Option<PathBuf>, Failure> {
        let Some(file) = self.file else {
            return Ok(None);
        };
        let finished = file.finish();
        match self.error.map_or(finished, Err) {
            Ok(()) => Ok(Some(self.path)),
            Err(error) => Err(Failure::write(&self.path, error)),
        }
    }
}

fn open(
    path: &Path,
    variables: &Variables,
    format: FieldFormat,
) -> io::Result<Option<Box<dyn ArrayFile>>> {
    if variables.list.is_empty() {
        return Ok(None);
    }
    Ok(match format {
        FieldFormat::Npz => Some(Box::new(Npz::create(path, variables)?)),
        FieldFormat::Zarr => Some(Box::new(Zarr::create(path, variables)?)),
        FieldFormat::Csv => Some(Box::new(Tables::create(path, variables)?)),
        FieldFormat::None => None,
    })
}

#[cfg(test)]
mod tests {
    use ansatz_runtime::experiment::ArrayOf;

    use super::super::variable::tests::grid;
    use super::*;

    fn row<'a>(t: f64, fields: &'a [&'a [f64]]) -> Row<'a> {
        Row {
            t,
            states: &[],
            observables: &[],
            fields,
            shown: &[],
        }
    }

    #[test]
    fn every_format_gives_the_path_of_what_it_wrote() {
        let folder = std::env::temp_dir().join(format!("ansatz-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let grids = [grid("line", &[("x", 3)], &[("u", ArrayOf::Field(0))])];
        let formats = [
            (FieldFormat::Npz, Some("run.npz")),
            (FieldFormat::Zarr, Some("run.zarr")),
            (FieldFormat::Csv, Some("run_fields")),
            (FieldFormat::None, None),
        ];
        for (format, name) in formats {
            let mut files = FieldFiles::create(&grids, "run", &folder, format).unwrap();
            files.write(row(0.0, &[&[1.0, 2.0, 3.0]]));
            let path = files.finish().unwrap();
            assert_eq!(path, name.map(|name| folder.join(name)));
            assert!(path.is_none_or(|path| path.exists()));
        }
        let files = FieldFiles::create(&[], "none", &folder, FieldFormat::Npz).unwrap();
        assert!(files.finish().unwrap().is_none());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn an_error_is_told_at_the_end() {
        let folder = std::env::temp_dir().join(format!("ansatz-broken-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let grids = [grid("line", &[("x", 1)], &[("u", ArrayOf::Field(0))])];
        let mut files = FieldFiles::create(&grids, "run", &folder, FieldFormat::Zarr).unwrap();
        files.write(row(0.0, &[&[1.0]]));
        std::fs::remove_dir_all(folder.join("run.zarr")).unwrap();
        files.write(row(1.0, &[&[1.0]]));
        let failure = files.finish().unwrap_err();
        assert!(failure.to_string().contains("run.zarr"), "{failure}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
