//! NumPy's `.npz`: a zip archive of one `.npy` per coordinate and variable, `t` first.
//!
//! Variables grow side by side in `NAME.npz.parts/`, each a `.npy` that can be read at any time, also after the process was killed;
//! [`ArrayFile::finish`] joins them.
//!
//! # References
//! NumPy Enhancement Proposal 1, *A simple file format for NumPy arrays*.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::variable::{ArrayFile, Variables, write_values};

/// Bytes of a `.npy` header, so many that its length does not depend on the number of frames; a multiple of 64, as NumPy aligns data.
const HEADER: usize = 192;

/// A growing `.npz`.
pub struct Npz {
    path: PathBuf,
    folder: PathBuf,
    /// `t`, then the variables.
    parts: Vec<Part>,
    /// Names and numbers of nodes.
    coordinates: Vec<(String, usize)>,
    frames: usize,
}

/// A growing `.npy`.
struct Part {
    name: String,
    /// Of one frame.
    shape: Vec<usize>,
    file: File,
}

impl Npz {
    /// Begins an archive.
    ///
    /// # Errors
    /// A part file could not be created.
    pub fn create(path: &Path, variables: &Variables) -> io::Result<Npz> {
        let mut folder = path.as_os_str().to_owned();
        folder.push(".parts");
        let folder = PathBuf::from(folder);
        fs::create_dir_all(&folder)?;
        let mut npz = Npz {
            path: path.to_owned(),
            folder,
            parts: Vec::new(),
            coordinates: Vec::new(),
            frames: 0,
        };
        npz.begin("t", &[])?;
        for variable in &variables.list {
            npz.begin(&variable.name, &variable.shape)?;
        }
        for coordinate in &variables.coordinates {
            let (name, nodes) = (&coordinate.name, &coordinate.nodes);
            let mut file = File::create(npz.part_path(name))?;
            file.write_all(&header(&[nodes.len()]))?;
            write_values(&mut file, nodes)?;
            npz.coordinates.push((name.clone(), nodes.len()));
        }
        Ok(npz)
    }

    fn part_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.npy"))
    }

    fn begin(&mut self, name: &str, shape: &[usize]) -> io::Result<()> {
        let mut part = Part {
            name: name.to_owned(),
            shape: shape.to_vec(),
            file: File::create(self.part_path(name))?,
        };
        part.count(0)?;
        self.parts.push(part);
        Ok(())
    }
}

impl ArrayFile for Npz {
    fn frame(&mut self, t: f64, values: &[&[f64]]) -> io::Result<()> {
        let time = [t];
        let values = std::iter::once(&time[..]).chain(values.iter().copied());
        for (part, values) in self.parts.iter_mut().zip(values) {
            part.file
                .seek(SeekFrom::Start(part.bytes(self.frames) as u64))?;
            write_values(&mut BufWriter::new(&part.file), values)?;
            part.count(self.frames + 1)?;
        }
        self.frames += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        // A frame that could not be written whole counts for no variable.
        for part in &mut self.parts {
            part.count(self.frames)?;
        }
        let archive = BufWriter::with_capacity(1 << 16, File::create(&self.path)?);
        let mut archive = ZipWriter::new(archive);
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        let grown = self.parts.iter().map(|p| (&p.name, p.bytes(self.frames)));
        let fixed = self.coordinates.iter().map(|c| (&c.0, HEADER + 8 * c.1));
        for (name, bytes) in grown.chain(fixed) {
            archive.start_file(format!("{name}.npy"), options)?;
            let file = File::open(self.part_path(name))?;
            io::copy(&mut file.take(bytes as u64), &mut archive)?;
        }
        archive.finish()?.flush()?;
        fs::remove_dir_all(&self.folder)
    }
}

impl Part {
    /// Size of the file with so many frames.
    fn bytes(&self, frames: usize) -> usize {
        HEADER + 8 * frames * self.shape.iter().product::<usize>()
    }

    /// Says in the header how many frames there are.
    fn count(&mut self, frames: usize) -> io::Result<()> {
        let shape = std::iter::once(frames).chain(self.shape.iter().copied());
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&header(&shape.collect::<Vec<_>>()))
    }
}

/// The `.npy` header of an array of this shape, format version 1.0.
fn header(shape: &[usize]) -> [u8; HEADER] {
    let mut sizes = String::new();
    for n in shape {
        sizes += &format!("{n}, ");
    }
    let text = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({sizes}), }}");
    let mut bytes = [b' '; HEADER];
    bytes[..8].copy_from_slice(b"\x93NUMPY\x01\x00");
    bytes[8..10].copy_from_slice(&((HEADER - 10) as u16).to_le_bytes());
    bytes[10..10 + text.len()].copy_from_slice(text.as_bytes());
    bytes[HEADER - 1] = b'\n';
    bytes
}

#[cfg(test)]
mod tests {
    use ansatz_runtime::experiment::ArrayOf;

    use super::super::variable::tests::grid;
    use super::*;

    /// Shape and values of a `.npy`.
    fn read(bytes: &[u8]) -> (Vec<usize>, Vec<f64>) {
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\0");
        let data = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        assert!(data % 64 == 0 && bytes[data - 1] == b'\n');
        let text = std::str::from_utf8(&bytes[10..data]).unwrap();
        assert!(text.contains("'<f8'") && text.contains("'fortran_order': False"));
        let shape = text
            .split_once("'shape': (")
            .unwrap()
            .1
            .split_once(')')
            .unwrap()
            .0;
        let shape = shape.split(',').map(str::trim).filter(|n| !n.is_empty());
        let values = bytes[data..].chunks_exact(8);
        (
            shape.map(|n| n.parse().unwrap()).collect(),
            values
                .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
                .collect(),
        )
    }

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ansatz-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn an_archive_holds_what_was_written() {
        let folder = scratch("npz");
        let path = folder.join("run.npz");
        let arrays = [("u", ArrayOf::Field(0)), ("v.x", ArrayOf::Field(1))];
        let variables = Variables::of(&[grid("square", &[("x", 3), ("y", 2)], &arrays)]);
        let mut npz = Box::new(Npz::create(&path, &variables).unwrap());
        for k in 0..4 {
            let values: Vec<f64> = (0..6).map(|i| f64::from(10 * k + i)).collect();
            npz.frame(f64::from(k) / 2.0, &[&values, &[f64::NAN; 6]])
                .unwrap();
        }
        npz.finish().unwrap();
        assert!(!folder.join("run.npz.parts").exists());
        let mut archive = zip::ZipArchive::new(File::open(&path).unwrap()).unwrap();
        let mut array = |name: &str| {
            let mut bytes = Vec::new();
            let mut member = archive.by_name(&format!("{name}.npy")).unwrap();
            member.read_to_end(&mut bytes).unwrap();
            read(&bytes)
        };
        assert_eq!(array("t"), (vec![4], vec![0.0, 0.5, 1.0, 1.5]));
        assert_eq!(array("x"), (vec![3], vec![0.0, 1.0, 2.0]));
        assert_eq!(array("y"), (vec![2], vec![0.0, 1.0]));
        assert_eq!(array("v.x").0, [4, 2, 3]);
        let (shape, values) = array("u");
        let all = (0..4).flat_map(|k| (0..6).map(move |i| f64::from(10 * k + i)));
        assert_eq!((shape, values), (vec![4, 2, 3], all.collect()));
        assert_eq!(archive.len(), 5);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_parts_can_be_read_after_a_kill() {
        let folder = scratch("parts");
        let variables = Variables::of(&[grid("line", &[("x", 2)], &[("u", ArrayOf::Field(0))])]);
        let mut npz = Npz::create(&folder.join("run.npz"), &variables).unwrap();
        for k in 1..=3 {
            npz.frame(f64::from(k), &[&[f64::from(k); 2]]).unwrap();
            let u = fs::read(folder.join("run.npz.parts/u.npy")).unwrap();
            let values = (1..=k).flat_map(|k| [f64::from(k); 2]).collect();
            assert_eq!(read(&u), (vec![k as usize, 2], values));
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
