//! `ansatz repl`.
use std::path::Path;

use crate::failure::Failure;

pub fn repl(_file: Option<&Path>) -> Result<(), Failure> {
    Err(Failure::Usage {
        message: "not yet".to_owned(),
    })
}
