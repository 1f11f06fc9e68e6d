//! Mistakes found while giving names and units their meaning.
use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

/// A mistake in a model.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ModelError {
    #[error("unknown name `{name}`")]
    #[diagnostic(code(unknown_name))]
    UnknownName {
        name: String,
        #[label("not declared")]
        at: SourceSpan,
    },
}
