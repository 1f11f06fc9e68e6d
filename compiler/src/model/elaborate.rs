//! The entry: tree to model.
use super::Model;
use crate::{diagnostic::Diagnostics, source::Sources, syntax::Ast};

/// Finds the text of a used file or stdlib module; the command line does the reading.
pub trait Loader {
    /// Text of `use NAME`.
    fn std_module(&self, name: &str) -> Option<&'static str>;
    /// Text of `use "path"`, relative to the file named `from`.
    fn file(&self, path: &str, from: &str) -> Result<String, std::io::Error>;
}

/// Elaborates a file with all that it uses.
pub fn elaborate(
    _ast: &Ast,
    _sources: &mut Sources,
    _loader: &dyn Loader,
    _diagnostics: &mut Diagnostics,
) -> Model {
    todo!()
}
