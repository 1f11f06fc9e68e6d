//! `ansatz import`
use crate::failure::Failure;
use std::path::Path;
pub fn import(_: &Path, _: Option<&Path>) -> Result<(), Failure> {
    Err(Failure::Usage { message: "not yet".to_owned() })
}
