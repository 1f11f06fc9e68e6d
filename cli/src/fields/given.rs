//! Arrays from NumPy archives, as initial values of fields.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use ansatz_runtime::experiment::GivenError;
use zip::ZipArchive;

/// The array of this name in `path`, whose shape is that of the grid (the contiguous axis first here, last in the file). Of an array with
/// one axis more, as runs write it, the last frame.
///
/// # Errors
/// It cannot be read, or is of another shape.
pub fn read(path: &Path, name: &str, sizes: &[usize]) -> Result<Vec<f64>, GivenError> {
    array(&member(path, name)?, sizes)
}

/// All frames of the array of this name, which has one axis more than the grid; without sizes, numbers.
///
/// # Errors
/// It cannot be read, or is of another shape.
pub fn read_frames(path: &Path, name: &str, sizes: &[usize]) -> Result<Vec<f64>, GivenError> {
    frames(&member(path, name)?, sizes)
}

/// The bytes of a member of an archive.
fn member(path: &Path, name: &str) -> Result<Vec<u8>, GivenError> {
    let unreadable = |e: &dyn std::fmt::Display| GivenError::Unreadable { why: e.to_string() };
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| unreadable(&e))?;
    let member = format!("{name}.npy");
    if archive.index_for_name(&member).is_none() {
        let names = archive.file_names();
        let names = names.map(|name| name.trim_end_matches(".npy").to_owned());
        return Err(GivenError::NoArray {
            there_are: names.collect::<Vec<_>>().join(", "),
        });
    }
    let mut member = archive.by_name(&member).map_err(|e| unreadable(&e))?;
    let mut bytes = Vec::new();
    member.read_to_end(&mut bytes).map_err(|e| unreadable(&e))?;
    Ok(bytes)
}

fn bad(format: &str) -> GivenError {
    GivenError::NotNumbers {
        format: format.to_owned(),
    }
}

/// Header, shape and data of a `.npy` file (NumPy Enhancement Proposal 1).
fn parts(bytes: &[u8]) -> Result<(&str, Vec<usize>, &[u8]), GivenError> {
    let (header, data) = split(bytes).ok_or_else(|| bad("no NumPy array"))?;
    let shape = shape(header).ok_or_else(|| bad("no shape"))?;
    if header.contains("'fortran_order': True") && shape.len() > 1 {
        return Err(bad("columns one behind the other"));
    }
    Ok((header, shape, data))
}

/// The only frame of a `.npy` file, or the last one.
fn array(bytes: &[u8], sizes: &[usize]) -> Result<Vec<f64>, GivenError> {
    let (header, shape, data) = parts(bytes)?;
    let mut wanted: Vec<usize> = sizes.to_vec();
    wanted.reverse();
    let is_frame = shape == wanted;
    let has_frames = shape.len() == wanted.len() + 1 && shape[1..] == wanted[..] && shape[0] > 0;
    if !is_frame && !has_frames {
        return Err(GivenError::Shape {
            found: shape,
            wanted,
        });
    }
    numbers(header, data, sizes.iter().product())
}

/// All frames of a `.npy` file.
fn frames(bytes: &[u8], sizes: &[usize]) -> Result<Vec<f64>, GivenError> {
    let (header, shape, data) = parts(bytes)?;
    let mut wanted = vec![shape.first().copied().unwrap_or(0)];
    wanted.extend(sizes.iter().rev());
    if shape != wanted {
        return Err(GivenError::Shape {
            found: shape,
            wanted,
        });
    }
    numbers(header, data, wanted.iter().product())
}

/// The last n numbers.
fn numbers(header: &str, data: &[u8], n: usize) -> Result<Vec<f64>, GivenError> {
    let values: Vec<f64> = if header.contains("'<f8'") {
        last(data, n, |b: [u8; 8]| f64::from_le_bytes(b))
    } else if header.contains("'<f4'") {
        last(data, n, |b: [u8; 4]| f64::from(f32::from_le_bytes(b)))
    } else {
        return Err(bad("numbers of another kind than <f8 and <f4"));
    };
    if values.len() == n {
        Ok(values)
    } else {
        Err(bad("fewer numbers than its shape says"))
    }
}

/// Header and data.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let version = bytes.strip_prefix(b"\x93NUMPY")?.first()?;
    let (start, len) = match version {
        1 => (
            10,
            u16::from_le_bytes(bytes.get(8..10)?.try_into().ok()?) as usize,
        ),
        _ => (
            12,
            u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?) as usize,
        ),
    };
    let header = std::str::from_utf8(bytes.get(start..start + len)?).ok()?;
    Some((header, &bytes[start + len..]))
}

fn shape(header: &str) -> Option<Vec<usize>> {
    let sizes = header.split_once("'shape': (")?.1.split_once(')')?.0;
    let sizes = sizes.split(',').map(str::trim).filter(|n| !n.is_empty());
    sizes.map(|n| n.parse().ok()).collect()
}

/// The last n numbers.
fn last<const BYTES: usize>(data: &[u8], n: usize, number: fn([u8; BYTES]) -> f64) -> Vec<f64> {
    let numbers = data.chunks_exact(BYTES);
    let skip = numbers.len().saturating_sub(n);
    let number = |bytes: &[u8]| number(bytes.try_into().expect("chunks have this size"));
    numbers.skip(skip).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn the_last_frame_is_read() {
        let data: Vec<u8> = (0..12).flat_map(|i| f64::from(i).to_le_bytes()).collect();
        let last_frame: Vec<f64> = (6..12).map(f64::from).collect();
        assert_eq!(
            array(&npy("<f8", "2, 2, 3", &data), &[3, 2]).unwrap(),
            last_frame
        );
        assert_eq!(
            array(&npy("<f8", "2, 3,", &data[48..]), &[3, 2]).unwrap(),
            last_frame
        );
        let single: Vec<u8> = (0..2).flat_map(|i| (i as f32).to_le_bytes()).collect();
        assert_eq!(array(&npy("<f4", "2,", &single), &[2]).unwrap(), [0.0, 1.0]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let data = [0; 48];
        let found = array(&npy("<f8", "3, 2", &data), &[3, 2]);
        let (found_shape, wanted) = (vec![3, 2], vec![2, 3]);
        let expected = GivenError::Shape {
            found: found_shape,
            wanted,
        };
        assert_eq!(found, Err(expected));
        for bytes in [
            npy("<i8", "2, 3", &data),
            npy("<f8", "2, 3", &data[8..]),
            vec![1, 2],
        ] {
            assert!(matches!(
                array(&bytes, &[3, 2]),
                Err(GivenError::NotNumbers { .. })
            ));
        }
    }
}
