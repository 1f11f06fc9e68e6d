//! `ansatz show`
use crate::args::ShowArgs;
use crate::failure::Failure;
pub fn show(_: &ShowArgs) -> Result<(), Failure> {
    Err(Failure::Usage {
        message: "not yet".to_owned(),
    })
}
