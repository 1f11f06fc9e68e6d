//! Reads what a model uses: stdlib modules from the binary, files from disk.

use std::path::Path;

use ansatz_compiler::model::Loader;

/// Finds used files next to the file that uses them.
pub struct Files;

impl Loader for Files {
    fn std_module(&self, name: &str) -> Option<&'static str> {
        ansatz_compiler::stdlib::module(name)
    }

    fn file(&self, path: &str, from: &str) -> Result<String, std::io::Error> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        std::fs::read_to_string(folder.join(path))
    }
}
