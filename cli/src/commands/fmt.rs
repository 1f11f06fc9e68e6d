//! `ansatz fmt`: the canonical layout.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use ansatz_compiler::syntax::format;

use crate::failure::Failure;
use crate::study::Study;

pub fn fmt(files: &[PathBuf], check: bool) -> Result<(), Failure> {
    let mut changed = Vec::new();
    for file in files {
        if file.as_os_str() == "-" {
            format_standard_input()?;
            continue;
        }
        let text = std::fs::read_to_string(file).map_err(|e| Failure::read(file, e))?;
        let formatted = formatted(file, &text)?;
        if formatted == text {
            continue;
        }
        changed.push(file.display().to_string());
        if !check {
            std::fs::write(file, formatted).map_err(|e| Failure::write(file, e))?;
        }
    }
    if check && !changed.is_empty() {
        return Err(Failure::Unformatted {
            files: changed.join(", "),
        });
    }
    Ok(())
}

fn format_standard_input() -> Result<(), Failure> {
    let name = Path::new("-");
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|e| Failure::read(name, e))?;
    let formatted = formatted(name, &text)?;
    std::io::stdout()
        .write_all(formatted.as_bytes())
        .map_err(|e| Failure::write(name, e))
}

fn formatted(file: &Path, text: &str) -> Result<String, Failure> {
    if let Some(formatted) = format(text) {
        return Ok(formatted);
    }
    Study::of_text(&file.to_string_lossy(), text.to_owned())?.stop_on_errors()?;
    Ok(text.to_owned())
}
