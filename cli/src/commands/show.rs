//! `ansatz show`: what the compiler made of a file.

use std::io::Write;
use std::path::Path;

use ansatz_compiler::pipeline::explained;
use ansatz_compiler::show::{STAGES, Stage, show_ast};

use crate::args::ShowArgs;
use crate::failure::Failure;
use crate::study::Study;

pub fn show(args: &ShowArgs) -> Result<(), Failure> {
    let mut study = Study::open(&args.file)?;
    let text = if args.explain {
        explanation(&mut study, args)?
    } else {
        product(&mut study, args)?
    };
    study.print_warnings();
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|e| Failure::write(Path::new("-"), e))
}

fn explanation(study: &mut Study, args: &ShowArgs) -> Result<String, Failure> {
    if stage(args)? != Stage::Simplified {
        let message = "`--explain` goes with `--stage simplified`".to_owned();
        return Err(Failure::Usage { message });
    }
    let model = study.elaborate()?;
    Ok(explained(study.assemble(model)?))
}

fn product(study: &mut Study, args: &ShowArgs) -> Result<String, Failure> {
    let stage = stage(args)?;
    study.stop_on_errors()?;
    let text = show_ast(
        &study.ast,
        stage,
        &mut study.sources,
        &crate::loader::Files,
        &mut study.diagnostics,
    );
    study.stop_on_errors()?;
    Ok(text.expect("a product is missing only when there are errors"))
}

fn stage(args: &ShowArgs) -> Result<Stage, Failure> {
    STAGES
        .iter()
        .find(|(name, _)| *name == args.stage)
        .map(|(_, stage)| *stage)
        .ok_or_else(|| {
            let names: Vec<&str> = STAGES.iter().map(|(name, _)| *name).collect();
            Failure::Usage {
                message: format!(
                    "there is no stage `{}`; there are: {}",
                    args.stage,
                    names.join(", ")
                ),
            }
        })
}
