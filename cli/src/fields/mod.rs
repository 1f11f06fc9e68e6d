//! Fields on disk: as NumPy archive, Zarr store or tables, written while the run goes on.
//!
//! Nothing here holds more than one frame, so that the size of the output is not bounded by memory.

mod files;
mod npz;
mod tables;
mod variable;
mod zarr;

pub use files::FieldFiles;
