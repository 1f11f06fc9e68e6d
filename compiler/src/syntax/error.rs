//! Mistakes found while reading text.
use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

/// A mistake in the text.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SyntaxError {
    #[error("{feature} is not supported yet")]
    #[diagnostic(code(not_supported))]
    NotSupported {
        feature: &'static str,
        #[label("this")]
        at: SourceSpan,
    },
}
