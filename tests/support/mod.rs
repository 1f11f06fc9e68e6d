//! Shared helpers of the tests.

pub mod field_runs;
pub mod fields;
pub mod mistakes;
pub mod network;
pub mod observed;
pub mod observed_fields;
pub mod random;
pub mod reference;
pub mod rounding;
pub mod rust;
pub mod snapshot;
pub mod space;
pub mod spectral;
pub mod strict;
pub mod text;
pub mod tree;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::Loader;
use ansatz_compiler::source::Sources;

/// Reads what a model uses: stdlib modules from the binary, files from disk.
pub struct Files;

impl Loader for Files {
    fn std_module(&self, name: &str) -> Option<&'static str> {
        ansatz_compiler::stdlib::module(name)
    }

    fn file(&self, path: &str, from: &str) -> Result<String, std::io::Error> {
        std::fs::read_to_string(Path::new(from).parent().unwrap_or(Path::new("")).join(path))
    }
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All files below a folder with this extension, sorted by path.
pub fn files_under(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        for path in entries.map(|entry| {
            entry
                .expect("folders of the repository are readable")
                .path()
        }) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Diagnostics as the command line prints them, without colours.
pub fn rendered(diagnostics: Diagnostics, sources: &Sources) -> String {
    let handler =
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
            .with_width(120);
    let sources = Arc::new(sources.clone());
    let mut text = String::new();
    for diagnostic in diagnostics.into_vec() {
        let report = miette::Report::new_boxed(diagnostic).with_source_code(sources.clone());
        handler
            .render_report(&mut text, report.as_ref())
            .expect("writing to a string cannot fail");
    }
    text
}

/// The blocks of a Markdown text that are fenced as this language, with the line they start on.
pub fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take().filter(|block| block.0 > 0)),
            (Some(of), None) => {
                let start = if of == language { index + 2 } else { 0 };
                open = Some((start, String::new()));
            }
            (None, Some((_, block))) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    blocks
}
