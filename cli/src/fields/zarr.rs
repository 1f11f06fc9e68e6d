//! Zarr, version 2: a folder with a chunk per frame and variable. It can be read while the run goes on, and after a run that was
//! killed. Names of dimensions stand where xarray looks for them.
//!
//! # References
//! *Zarr storage specification*, version 2; *xarray internals: Zarr encoding specification*.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::variable::{ArrayFile, Variable, Variables, write_values};

/// A growing Zarr group.
pub struct Zarr {
    folder: PathBuf,
    /// `t`, then the variables.
    variables: Vec<Variable>,
    frames: usize,
}

impl Zarr {
    /// Begins a group; one of an earlier run is replaced.
    ///
    /// # Errors
    /// The folder could not be made.
    pub fn create(folder: &Path, variables: &Variables) -> io::Result<Zarr> {
        if folder.join(".zgroup").exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        fs::write(folder.join(".zgroup"), "{\"zarr_format\": 2}\n")?;
        for coordinate in &variables.coordinates {
            let (name, nodes) = (&coordinate.name, &coordinate.nodes);
            begin(folder, name, &coordinate.unit, vec![name.clone()])?;
            describe(folder, name, &[nodes.len()], &[nodes.len()])?;
            write_chunk(&folder.join(name).join("0"), nodes)?;
        }
        let time = Variable {
            name: "t".into(),
            unit: String::new(),
            domain: String::new(),
            dimensions: Vec::new(),
            shape: Vec::new(),
        };
        let variables: Vec<Variable> = std::iter::once(&time)
            .chain(&variables.list)
            .cloned()
            .collect();
        for variable in &variables {
            let time = std::iter::once("t".to_owned());
            let dimensions = time.chain(variable.dimensions.iter().cloned());
            begin(folder, &variable.name, &variable.unit, dimensions.collect())?;
        }
        let zarr = Zarr {
            folder: folder.to_owned(),
            variables,
            frames: 0,
        };
        zarr.count()?;
        Ok(zarr)
    }

    /// Says in the arrays' descriptions how many frames there are.
    fn count(&self) -> io::Result<()> {
        for variable in &self.variables {
            let of_frames = |n: usize| {
                let shape = variable.shape.iter().copied();
                std::iter::once(n).chain(shape).collect::<Vec<_>>()
            };
            let (shape, chunk) = (of_frames(self.frames), of_frames(1));
            describe(&self.folder, &variable.name, &shape, &chunk)?;
        }
        Ok(())
    }
}

impl ArrayFile for Zarr {
    fn frame(&mut self, t: f64, values: &[&[f64]]) -> io::Result<()> {
        let time = [t];
        let values = std::iter::once(&time[..]).chain(values.iter().copied());
        for (variable, values) in self.variables.iter().zip(values) {
            let chunk = format!("{}{}", self.frames, ".0".repeat(variable.shape.len()));
            write_chunk(&self.folder.join(&variable.name).join(chunk), values)?;
        }
        self.frames += 1;
        self.count()
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

/// Makes the folder of an array, with what is said about it.
fn begin(folder: &Path, name: &str, unit: &str, dimensions: Vec<String>) -> io::Result<()> {
    let mut attributes = json!({ "_ARRAY_DIMENSIONS": dimensions });
    if !unit.is_empty() {
        attributes["units"] = Value::from(unit);
    }
    let array = folder.join(name);
    fs::create_dir_all(&array)?;
    fs::write(array.join(".zattrs"), format!("{attributes:#}\n"))
}

/// Describes an array; in one piece, so that a reader never meets half a description.
fn describe(folder: &Path, name: &str, shape: &[usize], chunk: &[usize]) -> io::Result<()> {
    let description = json!({
        "zarr_format": 2,
        "shape": shape,
        "chunks": chunk,
        "dtype": "<f8",
        "compressor": null,
        "fill_value": "NaN",
        "order": "C",
        "filters": null,
    });
    let array = folder.join(name);
    let new = array.join(".zarray.new");
    fs::write(&new, format!("{description:#}\n"))?;
    fs::rename(new, array.join(".zarray"))
}

fn write_chunk(path: &Path, values: &[f64]) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(path)?);
    write_values(&mut writer, values)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use ansatz_runtime::experiment::ArrayOf;

    use super::super::variable::tests::grid;
    use super::*;

    fn read_json(path: PathBuf) -> Value {
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn read_chunk(path: PathBuf) -> Vec<f64> {
        let bytes = fs::read(path).unwrap();
        let values = bytes.chunks_exact(8);
        values
            .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
            .collect()
    }

    #[test]
    fn a_group_can_be_read_after_each_frame() {
        let folder = std::env::temp_dir().join(format!("ansatz-zarr-{}", std::process::id()));
        let arrays = [("u", ArrayOf::Field(0))];
        let variables = Variables::of(&[grid("square", &[("x", 3), ("y", 2)], &arrays)]);
        let mut zarr = Zarr::create(&folder, &variables).unwrap();
        for k in 1..=3 {
            let values: Vec<f64> = (0..6).map(|i| f64::from(10 * k + i)).collect();
            zarr.frame(f64::from(k), &[&values]).unwrap();
            let description = read_json(folder.join("u/.zarray"));
            assert_eq!(description["shape"], json!([k, 2, 3]));
            assert_eq!(description["chunks"], json!([1, 2, 3]));
            assert_eq!(read_json(folder.join("t/.zarray"))["shape"], json!([k]));
            let frame = read_chunk(folder.join(format!("u/{}.0.0", k - 1)));
            assert_eq!(frame, values);
        }
        let attributes = read_json(folder.join("u/.zattrs"));
        assert_eq!(attributes["_ARRAY_DIMENSIONS"], json!(["t", "y", "x"]));
        assert_eq!(read_chunk(folder.join("x/0")), [0.0, 1.0, 2.0]);
        assert_eq!(read_chunk(folder.join("t/2")), [3.0]);
        // A shorter run leaves nothing of the longer one.
        Zarr::create(&folder, &variables).unwrap();
        assert!(!folder.join("t/2").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
