//! Mistakes found in foreign files.
use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

/// A mistake in a foreign file.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ImportError {
    #[error("malformed line in section `{section}`")]
    #[diagnostic(code(malformed_line), help("expected {expected}"))]
    MalformedLine {
        section: &'static str,
        expected: &'static str,
        #[label("here")]
        at: SourceSpan,
    },

    #[error("malformed expression")]
    #[diagnostic(code(malformed_expression), help("expected {expected}"))]
    MalformedExpression {
        expected: &'static str,
        #[label("here")]
        at: SourceSpan,
    },

    #[error("unknown name `{name}`")]
    #[diagnostic(
        code(unknown_imported_name),
        help("it is neither a parameter nor a function nor a group of this file")
    )]
    UnknownName {
        name: String,
        #[label("not declared")]
        at: SourceSpan,
    },

    #[error("no species has the number {number}")]
    #[diagnostic(code(unknown_species_number))]
    UnknownSpeciesNumber {
        number: String,
        #[label("not declared")]
        at: SourceSpan,
    },

    #[error("`{name}` is declared twice")]
    #[diagnostic(code(duplicate_imported_name))]
    DuplicateName {
        name: String,
        #[label("second declaration")]
        at: SourceSpan,
    },

    #[error("function `{name}` is not supported in imported files")]
    #[diagnostic(code(unsupported_function))]
    UnsupportedFunction {
        name: String,
        #[label("used here")]
        at: SourceSpan,
    },

    #[error("`{name}` does not take {found} arguments")]
    #[diagnostic(code(imported_argument_count))]
    ArgumentCount {
        name: String,
        found: usize,
        #[label("called here")]
        at: SourceSpan,
    },

    #[error("the file has no section `{section}`")]
    #[diagnostic(code(missing_section), help("is it a BioNetGen `.net` file?"))]
    MissingSection {
        section: &'static str,
        #[label("file")]
        at: SourceSpan,
    },
}
