//! The commands, one file each.

mod check;
mod discover;
mod discover_fields;
mod expression;
mod fit_formula;
mod fmt;
mod import;
mod new;
mod repl;
pub mod run;
mod show;

use crate::args::Command;
use crate::failure::Failure;

/// Does what the user asked.
pub fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Check { file } => check::check(&file),
        Command::Discover(args) => discover::run(&args),
        Command::Show(args) => show::show(&args),
        Command::Simplify {
            expression,
            positive,
            explain,
            latex,
        } => expression::simplify(&expression, &positive, explain, latex),
        Command::Diff {
            expression,
            by,
            latex,
        } => expression::diff(&expression, &by, latex),
        Command::FitFormula(args) => fit_formula::fit_formula(&args),
        Command::Import { file, output } => import::import(&file, output.as_deref()),
        Command::Fmt { files, check } => fmt::fmt(&files, check),
        Command::New { name } => new::new(&name),
        Command::Repl { file } => repl::repl(file.as_deref()),
    }
}
