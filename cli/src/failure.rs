//! How a command ends when it does not succeed, and the exit status for it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::source::Sources;
use ansatz_runtime::discover::check::DataProblem;
use ansatz_runtime::experiment::SetupError;

use crate::render;

/// Wrong usage of the command line.
pub const USAGE: u8 = 2;
const SUCCESS: u8 = 0;
const WRONG_MODEL: u8 = 1;
const NOT_SUPPORTED: u8 = 3;
const NUMERICS: u8 = 4;
const NOTHING_FOUND: u8 = 5;
const UNSTABLE: u8 = 6;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The model is wrong: diagnostics say how.
    #[error("the model has errors")]
    Model {
        /// What was found.
        diagnostics: Diagnostics,
        /// Where it was found.
        sources: Box<Sources>,
    },
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `fmt --check` found files to format.
    #[error("not formatted: {files}")]
    Unformatted {
        /// Which.
        files: String,
    },
    /// Wrong usage beyond what the argument parser sees.
    #[error("{message}")]
    Usage {
        /// What is wrong and what to do.
        message: String,
    },
    /// A run over fields cannot begin.
    #[error("{0}")]
    Setup(SetupError),
    /// The data are wrong, or do not tell what was asked.
    #[error("{message}")]
    Data {
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// The data show nothing to be found, which has been said.
    #[error("nothing found")]
    NothingFound,
    /// What `discover` found cannot be run.
    #[error("{message}")]
    Unstable {
        /// Where it blows up.
        message: String,
    },
    /// The numerics failed; partial results are kept.
    #[error("{message}")]
    Numerics {
        /// Time, step and worst component, by name.
        message: String,
    },
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Failure {
        Failure::Setup(error)
    }
}

impl Failure {
    /// Could not read `path`.
    pub fn read(path: &Path, source: std::io::Error) -> Failure {
        Failure::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// Could not write `path`.
    pub fn write(path: &Path, source: std::io::Error) -> Failure {
        Failure::Write {
            path: path.to_owned(),
            source,
        }
    }

    /// Data that do not tell what was asked.
    pub fn data(problem: DataProblem) -> Failure {
        Failure::Data {
            message: problem.to_string(),
            help: problem.help(),
        }
    }

    /// Wrong usage: what is wrong and what to do.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::Usage {
            message: message.into(),
        }
    }

    /// Tells the user on standard error and gives the exit status.
    pub fn report(self) -> ExitCode {
        ExitCode::from(match self {
            Failure::Model {
                diagnostics,
                sources,
            } => {
                let only_unsupported = diagnostics
                    .iter()
                    .filter(|d| render::is_error(*d))
                    .all(|d| render::is_not_supported(d));
                render::to_stderr(diagnostics, &sources);
                if only_unsupported {
                    NOT_SUPPORTED
                } else {
                    WRONG_MODEL
                }
            }
            Failure::Usage { message } => {
                eprintln!("error: {message}");
                USAGE
            }
            Failure::Setup(error) => {
                eprintln!("error: {error}");
                WRONG_MODEL
            }
            Failure::Numerics { message } => {
                eprintln!("error: {message}");
                NUMERICS
            }
            Failure::Data { message, help } => {
                eprintln!("error: {message}\n  help: {help}");
                WRONG_MODEL
            }
            Failure::NothingFound => NOTHING_FOUND,
            Failure::Unstable { message } => {
                eprintln!("error: {message}");
                UNSTABLE
            }
            // `ansatz show … | head`: the reader has had enough.
            Failure::Write { source, .. } if source.kind() == ErrorKind::BrokenPipe => SUCCESS,
            Failure::Read { .. } | Failure::Write { .. } | Failure::Unformatted { .. } => {
                eprintln!("error: {self}");
                WRONG_MODEL
            }
        })
    }
}
