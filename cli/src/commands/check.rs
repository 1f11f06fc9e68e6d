//! `ansatz check`: everything that can be wrong without running.

use std::path::Path;

use crate::failure::Failure;
use crate::say::say;
use crate::study::Study;

pub fn check(file: &Path) -> Result<(), Failure> {
    let mut study = Study::open(file)?;
    let model = study.elaborate()?;
    let (states, reactions) = (model.states.len(), model.reactions.len());
    study.assemble(model)?;
    study.print_warnings();
    say!(
        "{}: no errors ({states} states, {reactions} reactions)",
        file.display()
    );
    Ok(())
}
