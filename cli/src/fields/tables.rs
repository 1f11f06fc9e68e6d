//! Fields as CSV: a folder with a table per domain and time, a line per node.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::variable::{ArrayFile, Coordinate, Variable, Variables};
use crate::csv_out::number;

/// A growing folder of tables.
pub struct Tables {
    folder: PathBuf,
    grids: Vec<Grid>,
    frames: usize,
}

/// The variables on one grid.
struct Grid {
    /// Beginning of the names of its files.
    name: String,
    /// The contiguous axis first.
    coordinates: Vec<Coordinate>,
    /// With their positions in a frame.
    variables: Vec<(usize, Variable)>,
}

impl Tables {
    /// Makes the folder; tables of an earlier run are removed.
    ///
    /// # Errors
    /// The folder could not be made.
    pub fn create(folder: &Path, variables: &Variables) -> io::Result<Tables> {
        fs::create_dir_all(folder)?;
        let grids = grids(variables);
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let is_table = |name: &str| grids.iter().any(|grid| grid.has_table(name));
            if path
                .file_name()
                .and_then(|n| n.to_str())
                .is_some_and(is_table)
            {
                fs::remove_file(path)?;
            }
        }
        Ok(Tables {
            folder: folder.to_owned(),
            grids,
            frames: 0,
        })
    }
}

/// Variables of one domain stand one behind the other and share their dimensions.
fn grids(variables: &Variables) -> Vec<Grid> {
    let mut grids: Vec<Grid> = Vec::new();
    for (k, variable) in variables.list.iter().enumerate() {
        let name = &variable.domain;
        if grids.last().is_none_or(|grid| grid.name != *name) {
            let named = |name: &&String| variables.coordinates.iter().find(|c| c.name == **name);
            let names = variable.dimensions.iter().rev();
            grids.push(Grid {
                name: name.clone(),
                coordinates: names.filter_map(|n| named(&n)).cloned().collect(),
                variables: Vec::new(),
            });
        }
        if let Some(grid) = grids.last_mut() {
            grid.variables.push((k, variable.clone()));
        }
    }
    grids
}

impl ArrayFile for Tables {
    fn frame(&mut self, t: f64, values: &[&[f64]]) -> io::Result<()> {
        for grid in &self.grids {
            let path = self.folder.join(grid.table(self.frames));
            let file = BufWriter::with_capacity(1 << 16, File::create(path)?);
            grid.write(csv::Writer::from_writer(file), t, values)?;
        }
        self.frames += 1;
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

impl Grid {
    /// Name of a table.
    fn table(&self, frame: usize) -> String {
        format!("{}_{frame:05}.csv", self.name)
    }

    fn has_table(&self, name: &str) -> bool {
        let number = name
            .strip_suffix(".csv")
            .and_then(|stem| stem.rsplit_once('_'));
        number.is_some_and(|(grid, n)| grid == self.name && n.parse::<usize>().is_ok())
    }

    /// Columns `t`, coordinates, variables.
    fn write<W: io::Write>(
        &self,
        mut table: csv::Writer<W>,
        t: f64,
        values: &[&[f64]],
    ) -> io::Result<()> {
        let coordinates = self.coordinates.iter().map(|c| c.name.as_str());
        let variables = self.variables.iter().map(|(_, v)| v.name.as_str());
        table.write_record(std::iter::once("t").chain(coordinates).chain(variables))?;
        let n: usize = self.coordinates.iter().map(|c| c.nodes.len()).product();
        let mut text = Vec::new();
        let mut node = 0;
        while node < n {
            table.write_field(number(t, &mut text))?;
            let mut rest = node;
            for axis in &self.coordinates {
                let n = axis.nodes.len();
                table.write_field(number(axis.nodes[rest % n], &mut text))?;
                rest /= n;
            }
            for (k, _) in &self.variables {
                table.write_field(number(values[*k][node], &mut text))?;
            }
            table.write_record(None::<&[u8]>)?;
            node += 1;
        }
        table.flush()
    }
}

#[cfg(test)]
mod tests {
    use ansatz_runtime::experiment::ArrayOf;

    use super::super::variable::tests::grid;
    use super::*;

    #[test]
    fn a_table_has_a_line_per_node() {
        let folder = std::env::temp_dir().join(format!("ansatz-tables-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("square_00007.csv"), "of a longer run").unwrap();
        fs::write(folder.join("square_notes.csv"), "of the user").unwrap();
        let line = grid("line", &[("z", 1)], &[("w", ArrayOf::Field(0))]);
        let arrays = [("u", ArrayOf::Field(1)), ("e", ArrayOf::Let(0))];
        let square = grid("square", &[("x", 2), ("y", 2)], &arrays);
        let variables = Variables::of(&[line, square]);
        let mut tables = Tables::create(&folder, &variables).unwrap();
        let frame = [
            &[9.0][..],
            &[1.0, 2.0, 3.0, 4.0],
            &[0.5, 1e-7, f64::NAN, 0.0],
        ];
        tables.frame(0.25, &frame).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(
            read("square_00000.csv"),
            "t,x,y,u,e\n0.25,0,0,1,0.5\n0.25,1,0,2,1e-7\n0.25,0,1,3,NaN\n0.25,1,1,4,0\n"
        );
        assert_eq!(read("line_00000.csv"), "t,z,w\n0.25,0,9\n");
        assert!(!folder.join("square_00007.csv").exists());
        assert!(folder.join("square_notes.csv").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
