//! The command line of Ansatz.

mod args;
mod columns;
mod commands;
mod correction;
mod csv_in;
mod csv_out;
mod experiment;
mod failure;
mod fields;
mod figures;
mod loader;
mod overrides;
mod plot;
mod progress;
mod render;
mod repl;
mod report;
mod say;
mod study;
mod summary;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are not mistakes; everything else is wrong usage.
            let code = if error.use_stderr() {
                failure::USAGE
            } else {
                0
            };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    // This thread computes too, instead of waiting for one that does.
    let threads = rayon::ThreadPoolBuilder::new().use_current_thread();
    threads
        .build_global()
        .expect("nothing has used the pool before");
    match commands::dispatch(args.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
