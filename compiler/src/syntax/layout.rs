//! Tokens with their lines and brackets set right, so that statements can be told apart before the grammar sees them.
//!
//! Brackets are matched here, with a stack of their own: one that is never closed, or closes nothing, is reported and
//! becomes [`Token::Reported`], which leaves the rest balanced. A mistake in one statement thus cannot reach the next.

use logos::Logos;

use super::error::{Errors, SyntaxError, mismatched, unclosed, unknown_character, unmatched};
use super::statement::is_statement_word;
use super::token::Token;
use crate::source::{Source, Span};

/// A token where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Lexeme {
    /// What it is.
    pub token: Token,
    /// Whether it is the first on its line.
    pub starts_line: bool,
    /// Address of its first byte.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
}

impl Lexeme {
    /// Where it stands.
    pub fn span(self) -> Span {
        Span::new(self.start, self.end)
    }
}

/// Reads all tokens of a text; comments are left out.
pub fn read(source: &Source, errors: &mut Errors) -> Vec<Lexeme> {
    let mut layout = Layout {
        source,
        errors,
        lexemes: Vec::with_capacity(source.text.len() / 5),
        open: Vec::new(),
        braces: vec![Inside::default()],
        line: 0,
        reported_line: usize::MAX,
    };
    let mut starts_line = true;
    for (token, range) in Token::lexer(&source.text).spanned() {
        let token = token.unwrap_or(Token::Unknown);
        match token {
            Token::Newline => starts_line = true,
            Token::Comment => {}
            token => {
                let (start, end) = (range.start as u32, range.end as u32);
                layout.add(Lexeme {
                    token,
                    starts_line,
                    start: source.base + start,
                    end: source.base + end,
                });
                starts_line = false;
            }
        }
    }
    while !layout.open.is_empty() {
        layout.close_unclosed();
        layout.close_unclosed_brace();
    }
    layout.lexemes
}

/// How many brackets of each kind are open since the last `{`.
#[derive(Default)]
struct Inside {
    parens: u32,
    brackets: u32,
}

struct Layout<'a> {
    source: &'a Source,
    errors: &'a mut Errors,
    lexemes: Vec<Lexeme>,
    /// Positions of the open brackets.
    open: Vec<u32>,
    /// One entry per open `{`, and one for the file; never empty.
    braces: Vec<Inside>,
    /// Position of the first token of this line.
    line: usize,
    /// The line on which a strange character was reported last.
    reported_line: usize,
}

impl Layout<'_> {
    fn add(&mut self, mut lexeme: Lexeme) {
        if lexeme.starts_line {
            self.line = self.lexemes.len();
        }
        match lexeme.token {
            Token::Unknown | Token::UnclosedText | Token::MalformedNumber => {
                self.strange(&mut lexeme)
            }
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace => self.close(&mut lexeme),
            Token::Name | Token::Equals | Token::PlusEquals | Token::At | Token::Semicolon => {
                self.check_open_line(lexeme);
            }
            token if token.is_arrow() => self.check_open_line(lexeme),
            _ => {}
        }
        if lexeme.token.opens() {
            self.open(lexeme.token);
        }
        self.lexemes.push(lexeme);
    }

    fn text(&self, lexeme: Lexeme) -> &str {
        self.source.slice(lexeme.start, lexeme.end)
    }

    fn inside(&mut self) -> &mut Inside {
        self.braces
            .last_mut()
            .expect("the entry of the file is never removed")
    }

    fn open(&mut self, token: Token) {
        match token {
            Token::OpenParen => self.inside().parens += 1,
            Token::OpenBracket => self.inside().brackets += 1,
            _ => self.braces.push(Inside::default()),
        }
        self.open.push(self.lexemes.len() as u32);
    }

    fn top(&self) -> Option<Token> {
        self.open.last().map(|&i| self.lexemes[i as usize].token)
    }

    fn pop(&mut self) -> Option<usize> {
        let at = self.open.pop()? as usize;
        match self.lexemes[at].token {
            Token::OpenParen => self.inside().parens -= 1,
            Token::OpenBracket => self.inside().brackets -= 1,
            _ => {
                self.braces.pop();
            }
        }
        Some(at)
    }

    /// Reports a token that is wrong in itself; of strange characters only the first on a line.
    fn strange(&mut self, lexeme: &mut Lexeme) {
        let text = self.text(*lexeme);
        let at = lexeme.span();
        let error = match lexeme.token {
            Token::UnclosedText => SyntaxError::UnclosedText {
                at: Span::new(at.start, at.start + 1).into(),
            },
            Token::MalformedNumber => SyntaxError::MalformedNumber {
                text: shortened(text),
                at: at.into(),
            },
            _ => unknown_character(text.chars().next().unwrap_or('\0'), at),
        };
        let line = self.line;
        if lexeme.token != Token::Unknown || self.reported_line != line {
            self.errors.push(at.start, error);
        }
        if lexeme.token == Token::Unknown {
            self.reported_line = line;
        }
        lexeme.token = Token::Reported;
    }

    /// Matches a closing bracket; whatever stands open inside its pair is not closed.
    fn close(&mut self, lexeme: &mut Lexeme) {
        let (opening, is_open) = match lexeme.token {
            Token::CloseParen => (Token::OpenParen, self.inside().parens > 0),
            Token::CloseBracket => (Token::OpenBracket, self.inside().brackets > 0),
            _ => (Token::OpenBrace, self.braces.len() > 1),
        };
        if is_open {
            if self.top() != Some(opening) {
                self.close_unclosed_until(opening);
            }
            self.pop();
            return;
        }
        let error = match self.top() {
            Some(Token::OpenParen | Token::OpenBracket) => {
                let at = self.pop().expect("a bracket is open");
                let open = self.lexemes[at];
                self.lexemes[at].token = Token::Reported;
                mismatched((open.token, open.span()), (lexeme.token, lexeme.span()))
            }
            _ => unmatched(lexeme.token, lexeme.span()),
        };
        self.errors.push(lexeme.start, error);
        lexeme.token = Token::Reported;
    }

    /// Gives up the brackets above the innermost open `opening`; reports the innermost of them.
    fn close_unclosed_until(&mut self, opening: Token) {
        let mut innermost = None;
        while self.top().is_some_and(|top| top != opening) {
            let at = self.pop().expect("a bracket is open");
            innermost = innermost.or(Some(self.lexemes[at]));
            self.lexemes[at].token = Token::Reported;
        }
        if let Some(open) = innermost {
            self.errors
                .push(open.start, unclosed(open.token, open.span()));
        }
    }

    /// Gives up the `(` and `[` open since the last `{`.
    fn close_unclosed(&mut self) {
        self.close_unclosed_until(Token::OpenBrace);
    }

    /// Gives up the innermost `{`.
    fn close_unclosed_brace(&mut self) {
        if let Some(at) = self.pop() {
            let open = self.lexemes[at];
            self.errors
                .push(open.start, unclosed(open.token, open.span()));
            self.lexemes[at].token = Token::UnclosedBrace;
        }
    }

    /// Notices that a new statement has begun although a `(` or `[` of an earlier line is open: such a bracket was
    /// forgotten there, and it is better to say so than to read the rest of the file as its content.
    fn check_open_line(&mut self, lexeme: Lexeme) {
        let Some(&innermost) = self.open.last() else {
            return;
        };
        if self.lexemes[innermost as usize].token == Token::OpenBrace {
            return;
        }
        let begins = lexeme.token == Token::Semicolon
            || ((innermost as usize) < self.line
                && self.line < self.lexemes.len()
                && self.line_begins_statement(lexeme));
        if begins {
            self.close_unclosed();
        }
    }

    /// Whether this line up to `lexeme` can only be the beginning of a statement.
    fn line_begins_statement(&self, lexeme: Lexeme) -> bool {
        let before = self.lexemes[self.line - 1].token;
        let line = &self.lexemes[self.line..];
        let word = || is_statement_word(self.text(line[0]));
        match lexeme.token {
            Token::Name => line.len() == 1 && line[0].token == Token::Name && word(),
            Token::Equals | Token::PlusEquals => {
                let is_assignment =
                    line.len() == 1 || (line.len() == 4 && line[1].token == Token::OpenParen);
                line[0].token == Token::Name
                    && is_assignment
                    && !before.continues()
                    && !before.opens()
            }
            _ => !before.continues() && !before.opens(),
        }
    }
}

/// Longest excerpt of a text shown in a message.
const EXCERPT: usize = 30;

/// The text, or its beginning when it is long.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
