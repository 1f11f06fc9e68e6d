//! Mistakes found while reading text.

use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

use super::token::Token;
use crate::{diagnostic::Diagnostics, source::Span};

/// A mistake in the text.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SyntaxError {
    #[error("{feature} not supported yet")]
    #[diagnostic(code(not_supported))]
    NotSupported {
        feature: &'static str,
        #[label("this")]
        at: SourceSpan,
    },

    #[error("expected {expected}, found {found}")]
    #[diagnostic(code(unexpected_token))]
    UnexpectedToken {
        expected: String,
        found: String,
        #[label("not expected here")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },

    #[error("the statement stops where {expected} should follow")]
    #[diagnostic(code(unexpected_end))]
    UnexpectedEnd {
        expected: String,
        #[label("something is missing after this")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },

    #[error("`{bracket}` is never closed")]
    #[diagnostic(code(unclosed_bracket), help("add the matching `{closing}`"))]
    UnclosedBracket {
        bracket: char,
        closing: char,
        #[label("opened here")]
        at: SourceSpan,
    },

    #[error("`{bracket}` closes nothing")]
    #[diagnostic(
        code(unmatched_bracket),
        help("remove it, or add the `{opening}` it belongs to")
    )]
    UnmatchedBracket {
        bracket: char,
        opening: char,
        #[label("no open bracket before this")]
        at: SourceSpan,
    },

    #[error("`{opening}` is closed by `{closing}`")]
    #[diagnostic(code(mismatched_bracket), help("close it with `{expected}`"))]
    MismatchedBracket {
        opening: char,
        closing: char,
        expected: char,
        #[label("closed here")]
        at: SourceSpan,
        #[label("opened here")]
        opened: SourceSpan,
    },

    #[error("text without a closing quote")]
    #[diagnostic(
        code(unclosed_text),
        help("add `\"` at its end; text cannot go over several lines")
    )]
    UnclosedText {
        #[label("starts here")]
        at: SourceSpan,
    },

    #[error("malformed number `{text}`")]
    #[diagnostic(
        code(malformed_number),
        help("numbers look like `2`, `0.5`, `3e-7`, `1_000`, with an exponent within ±400")
    )]
    MalformedNumber {
        text: String,
        #[label("not a number")]
        at: SourceSpan,
    },

    #[error("unknown character {character}")]
    #[diagnostic(code(unknown_character))]
    UnknownCharacter {
        character: String,
        #[label("not part of the language")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },

    #[error("this is not a statement")]
    #[diagnostic(code(unknown_statement))]
    UnknownStatement {
        #[label("no statement starts like this")]
        at: SourceSpan,
        #[help]
        help: Option<String>,
    },

    #[error("not a unit: {reason}")]
    #[diagnostic(
        code(malformed_unit),
        help(
            "a unit is a product of powers of named units: `1/(uM*s)`, `kg*m^2/s^2`, `1e-3*mol/L`"
        )
    )]
    MalformedUnit {
        reason: &'static str,
        #[label("this")]
        at: SourceSpan,
    },

    #[error("a plot has one abscissa, but this is its second")]
    #[diagnostic(code(second_abscissa), help("make a second `plot`"))]
    SecondAbscissa {
        #[label("plotted against something else already")]
        at: SourceSpan,
    },

    #[error("a plot shows curves or one picture of a field, but this is more")]
    #[diagnostic(code(second_picture), help("make a second `plot`"))]
    SecondPicture {
        #[label("shows something else already")]
        at: SourceSpan,
    },

    #[error("more than {limit} mistakes, the rest is not shown")]
    #[diagnostic(code(too_many_errors), severity(Advice))]
    TooManyErrors { limit: usize },
}

/// Most mistakes reported for one text: a file of another kind would give one for every line.
const MAX_ERRORS: usize = 200;

/// The mistakes of one text, with where they start.
#[derive(Debug, Default)]
pub(super) struct Errors {
    list: Vec<(u32, SyntaxError)>,
    overflow: bool,
}

impl Errors {
    /// Adds a mistake that starts at address `at`.
    pub fn push(&mut self, at: u32, error: SyntaxError) {
        match self.list.len() < MAX_ERRORS {
            true => self.list.push((at, error)),
            false => self.overflow = true,
        }
    }

    /// Adds them all, in the order of the text.
    pub fn report(mut self, diagnostics: &mut Diagnostics) {
        self.list.sort_by_key(|&(at, _)| at);
        for (_, error) in self.list {
            diagnostics.push(error);
        }
        if self.overflow {
            diagnostics.push(SyntaxError::TooManyErrors { limit: MAX_ERRORS });
        }
    }
}

/// The mistake of an opening bracket that is never closed.
pub(super) fn unclosed(opening: Token, at: Span) -> SyntaxError {
    let (bracket, closing) = bracket_pair(opening);
    SyntaxError::UnclosedBracket {
        bracket,
        closing,
        at: at.into(),
    }
}

/// The mistake of a closing bracket that closes nothing.
pub(super) fn unmatched(closing: Token, at: Span) -> SyntaxError {
    let (opening, bracket) = bracket_pair(closing);
    SyntaxError::UnmatchedBracket {
        bracket,
        opening,
        at: at.into(),
    }
}

/// The mistake of a bracket closed by another kind.
pub(super) fn mismatched(open: (Token, Span), close: (Token, Span)) -> SyntaxError {
    let (opening, expected) = bracket_pair(open.0);
    let (_, closing) = bracket_pair(close.0);
    SyntaxError::MismatchedBracket {
        opening,
        closing,
        expected,
        at: close.1.into(),
        opened: open.1.into(),
    }
}

fn bracket_pair(token: Token) -> (char, char) {
    match token {
        Token::OpenParen | Token::CloseParen => ('(', ')'),
        Token::OpenBracket | Token::CloseBracket => ('[', ']'),
        _ => ('{', '}'),
    }
}

/// The mistake of a character that no token has, with what was probably meant.
pub(super) fn unknown_character(c: char, at: Span) -> SyntaxError {
    let character = match c.is_control() {
        true => format!("U+{:04X}", u32::from(c)),
        false => format!("`{c}`"),
    };
    SyntaxError::UnknownCharacter {
        character,
        at: at.into(),
        help: advice_on_character(c),
    }
}

fn advice_on_character(c: char) -> Option<String> {
    let instead = match c {
        '−' | '–' | '—' | '‐' | '‑' => "-",
        '×' | '∗' | '•' | '∙' => "*",
        '÷' | '∕' | '⁄' => "/",
        '“' | '”' | '„' | '«' | '»' => "\"",
        '⟶' | '➝' | '➔' => "->",
        '⟷' | '⇋' => "<->",
        '⟹' | '⟾' => "=>",
        '：' => ":",
        '，' => ",",
        '；' => ";",
        '（' => "(",
        '）' => ")",
        '＝' => "=",
        '⁰' => "^0",
        '¹' => "^1",
        '²' => "^2",
        '³' => "^3",
        '⁴' => "^4",
        '½' => "1/2",
        '∧' | '&' => "and",
        '∨' | '|' => "or",
        '¬' | '!' => "not",
        '√' => "sqrt(…)",
        '∑' => "sum(…)",
        '\'' => {
            return Some("a derivative is written `dt(x)`, text stands in double quotes".into());
        }
        '?' => return Some("a choice is written `if … then … else …`".into()),
        '%' | '$' | '~' | '`' | '\\' => return Some("comments start with `#`".into()),
        _ => return None,
    };
    Some(format!("write `{instead}`"))
}
