//! Fields of a run: on disk as NumPy archive, Zarr store or tables, and as pictures.
//!
//! Files are written while the run goes on and nothing here holds more than one frame of them; what pictures keep is bounded, too.

mod files;
pub mod given;
mod kept;
mod npz;
pub mod observed;
mod picture;
mod pictures;
pub mod resume;
mod shown;
mod tables;
mod variable;
mod zarr;

pub use files::FieldFiles;
pub use pictures::Pictures;
