//! `ansatz new`: a study to start from.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::say::say;

const TEMPLATE: &str = include_str!("new.model");

pub fn new(name: &str) -> Result<(), Failure> {
    let is_name = name.chars().next().is_some_and(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_name {
        let message =
            format!("`{name}` cannot name a model: use letters, digits and `_`, a letter first");
        return Err(Failure::Usage { message });
    }
    let path = PathBuf::from(format!("{name}.model"));
    if path.exists() {
        return Err(Failure::Usage {
            message: format!("{} exists already", path.display()),
        });
    }
    std::fs::write(&path, TEMPLATE.replace("Template", name))
        .map_err(|e| Failure::write(&path, e))?;
    say!(
        "wrote {}; try `ansatz run {}`",
        path.display(),
        path.display()
    );
    Ok(())
}
