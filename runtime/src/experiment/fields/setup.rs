//! Why a run over fields cannot begin, and data given from outside.

use ansatz_compiler::program::space::Unsupported;
use ansatz_compiler::system::space::error::SpaceError;

use crate::space::layout::TooLarge;
use crate::space::steppers::SplitError;

/// Why a run over fields cannot begin.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SetupError {
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    #[error(transparent)]
    Split(#[from] SplitError),
    #[error("there is no method `{method}`")]
    UnknownMethod { method: String },
    #[error("`{method}` cannot solve these equations: {why}")]
    Unsuitable {
        method: &'static str,
        why: &'static str,
    },
    #[error("`{variable}` in `{path}` cannot be read: {why}")]
    Data {
        path: String,
        variable: String,
        why: GivenError,
    },
    #[error("the steps of these equations cannot be differentiated")]
    NoTangents,
    #[error("a term cannot be computed: {why}")]
    Terms { why: String },
    #[error("the initial value of `{field}` is not finite at {place}")]
    NotFinite { field: String, place: String },
}

impl SetupError {
    /// Terms that the schemes of their domain cannot compute.
    pub(in crate::experiment) fn terms(errors: &[SpaceError]) -> SetupError {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        SetupError::Terms {
            why: texts.join("; "),
        }
    }
}

/// Why an array cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum GivenError {
    #[error("{why}")]
    Unreadable { why: String },
    #[error("there is no such array; there are: {there_are}")]
    NoArray { there_are: String },
    #[error("its shape is {found:?}, the grid's {wanted:?}")]
    Shape {
        found: Vec<usize>,
        wanted: Vec<usize>,
    },
    #[error("it holds {format}")]
    NotNumbers { format: String },
}

/// Reads an array of this shape (the contiguous axis first) from a file: path and name of the array.
pub type GivenData<'a> = dyn FnMut(&str, &str, &[usize]) -> Result<Vec<f64>, GivenError> + 'a;
