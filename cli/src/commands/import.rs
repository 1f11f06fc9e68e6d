//! `ansatz import`: foreign formats as `.model` text.

use std::io::Write;
use std::path::Path;

use ansatz_compiler::import::to_model_text;

use crate::failure::Failure;
use crate::study::Study;

pub fn import(file: &Path, output: Option<&Path>) -> Result<(), Failure> {
    let mut study = Study::open(file)?;
    study.stop_on_errors()?;
    let text = to_model_text(&study.ast);
    study.print_warnings();
    match output {
        Some(path) => std::fs::write(path, text).map_err(|e| Failure::write(path, e)),
        None => std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|e| Failure::write(Path::new("-"), e)),
    }
}
