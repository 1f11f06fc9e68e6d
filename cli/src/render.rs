//! Diagnostics as people read them.

use std::io::Write;
use std::sync::Arc;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use miette::Diagnostic;

/// Code of the diagnostic that names a part of the language that is not built yet.
const NOT_SUPPORTED: &str = "not_supported";

pub use ansatz_compiler::diagnostic::is_error;

/// Whether a diagnostic only says that a feature is not supported.
pub fn is_not_supported(d: &dyn Diagnostic) -> bool {
    d.code()
        .is_some_and(|code| code.to_string() == NOT_SUPPORTED)
}

/// Prints all diagnostics with their source lines.
pub fn to_stderr(diagnostics: Diagnostics, sources: &Sources) {
    // The whole text goes out in one write: thousands of diagnostics must not cost thousands of system calls.
    let mut text = String::new();
    let sources = Arc::new(sources.clone());
    for diagnostic in diagnostics.into_vec() {
        let report = miette::Report::new_boxed(diagnostic).with_source_code(sources.clone());
        text += &format!("{report:?}\n");
    }
    // Nothing is left to do when standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
