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

/// So many errors, and so many warnings, are shown in full.
const MAX_SHOWN: usize = 20;

/// Prints the first diagnostics with their source lines, and how many more there are.
pub fn to_stderr(diagnostics: Diagnostics, sources: &Sources) {
    // The whole text goes out in one write: many diagnostics must not cost as many system calls.
    let mut text = String::new();
    let sources = Arc::new(sources.clone());
    let (mut errors, mut warnings) = (0, 0);
    for diagnostic in diagnostics.into_vec() {
        let count = match is_error(diagnostic.as_ref()) {
            true => &mut errors,
            false => &mut warnings,
        };
        *count += 1;
        if *count <= MAX_SHOWN {
            let report = miette::Report::new_boxed(diagnostic).with_source_code(sources.clone());
            text += &format!("{report:?}\n");
        }
    }
    for (count, what) in [(errors, "error"), (warnings, "warning")] {
        if let Some(more) = usize::checked_sub(count, MAX_SHOWN).filter(|&more| more > 0) {
            let plural = if more == 1 { "" } else { "s" };
            text += &format!("and {} more {what}{plural}\n", grouped(more));
        }
    }
    // Nothing is left to do when standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// `99,980`
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn counts_are_grouped_by_thousands() {
        let texts = [1, 980, 99_980, 1_234_567].map(grouped);
        assert_eq!(texts, ["1", "980", "99,980", "1,234,567"]);
    }
}
