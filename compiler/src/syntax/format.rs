//! The canonical printer: the same tokens in the same lines, with canonical spaces and indentation.
//!
//! It works on tokens, not on the tree, so that comments, the choice of lines and the user's spelling (`→` or `->`) stay
//! as they are. Runs of blank lines become one, separators that separate nothing go. Comments at the ends of consecutive
//! lines stand in one column, and so does the documentation of consecutive rules.

use logos::Logos;
use miette::Diagnostic;

use super::columns::{Lines, Piece};
use super::parse;
use super::statement::begins_axis;
use super::token::Token;
use crate::diagnostic::Diagnostics;
use crate::source::Sources;

/// Width of one level of indentation.
const INDENT: usize = 4;

/// Deepest level that is still indented.
const MAX_LEVELS: usize = 10;

/// Names after which `(` or `[` begins an expression, not arguments or an index.
const WORDS_BEFORE_EXPRESSIONS: [&str; 9] = [
    "against", "phase", "when", "in", "after", "from", "until", "map", "at",
];

/// Formats a file's text, comments kept; `None` if it has syntax errors. Formatting twice changes nothing.
pub fn format(text: &str) -> Option<String> {
    let source = Sources::new().add("", text)?;
    let mut diagnostics = Diagnostics::new();
    parse(&source, &mut diagnostics);
    diagnostics.iter().all(is_about_support).then(|| {
        let mut printer = Printer::default();
        let tokens: Vec<(Token, &str)> = Token::lexer(text)
            .spanned()
            .map(|(token, range)| (token.unwrap_or(Token::Unknown), &text[range]))
            .collect();
        for (i, &(token, text)) in tokens.iter().enumerate() {
            printer.add(token, text, &tokens[i + 1..]);
        }
        printer.lines.finish()
    })
}

fn is_about_support(d: &(dyn Diagnostic + Send + Sync)) -> bool {
    d.code()
        .is_some_and(|code| code.to_string() == "not_supported")
}

/// The text so far, and what is known of where it stops.
#[derive(Default)]
struct Printer<'a> {
    lines: Lines,
    /// Line ends since the last token.
    newlines: usize,
    /// A `;` that is written only if something follows it on its line.
    separator: bool,
    /// The last token and its text; comments do not count.
    last: Option<(Token, &'a str)>,
    /// Whether the last token is a sign, not an operator between two operands.
    after_sign: bool,
    after_comment: bool,
    /// Whether the statement is a `domain`, whose axes are told apart by `;` even at the end of a line.
    in_domain: bool,
    /// Whether this line begins a rewrite rule.
    is_rule: bool,
    /// Open brackets.
    open: Vec<Token>,
    /// How many of them are `{`.
    braces: usize,
}

impl<'a> Printer<'a> {
    fn add(&mut self, token: Token, text: &'a str, rest: &[(Token, &'a str)]) {
        match token {
            Token::Newline => self.newlines += 1,
            Token::Semicolon if self.in_domain && self.axis_follows(rest) => {
                self.lines.push_str(";");
                self.last = Some((token, text));
            }
            Token::Semicolon => self.separator = true,
            Token::Comment => self.comment(text.trim_end()),
            token => self.token(token, text),
        }
    }

    fn axis_follows(&self, rest: &[(Token, &'a str)]) -> bool {
        let is_code = |token: &&(Token, &str)| !matches!(token.0, Token::Newline | Token::Comment);
        !self.separator && begins_axis(rest.iter().filter(is_code).copied())
    }

    fn token(&mut self, token: Token, text: &'a str) {
        if self.begins_statement() {
            self.in_domain = text == "domain";
        }
        if token.closes() && self.open.pop() == Some(Token::OpenBrace) {
            self.braces -= 1;
        }
        let joins_line_before = token == Token::OpenBrace && !self.after_comment;
        if self.lines.is_empty() || (self.newlines > 0 && !joins_line_before) {
            self.start_line(token);
            self.is_rule = text == "rule";
        } else if token == Token::Text && self.is_rule {
            self.lines.begin(Piece::Documentation);
        } else {
            self.separate(token);
        }
        self.lines.push_str(text);
        if token.opens() {
            self.open.push(token);
            self.braces += usize::from(token == Token::OpenBrace);
        }
        self.after_sign = self.is_sign(token);
        self.last = Some((token, text));
        (self.newlines, self.separator, self.after_comment) = (0, false, false);
    }

    fn comment(&mut self, text: &str) {
        if self.lines.is_empty() || self.newlines > 0 {
            self.start_line(Token::Comment);
        } else {
            self.lines.begin(Piece::Comment);
        }
        self.lines.push_str(text);
        (self.newlines, self.separator, self.after_comment) = (0, false, true);
    }

    fn begins_statement(&self) -> bool {
        let goes_on =
            |last: Token| last.continues() || (self.in_domain && last == Token::Semicolon);
        self.separator
            || self.last_token().is_none_or(|last| {
                matches!(last, Token::OpenBrace | Token::CloseBrace)
                    || (self.newlines > 0 && self.open.is_empty() && !goes_on(last))
            })
    }

    fn start_line(&mut self, token: Token) {
        let is_at_block_edge =
            self.last_token() == Some(Token::OpenBrace) || token == Token::CloseBrace;
        if !self.lines.is_empty() && self.newlines > 1 && !is_at_block_edge {
            self.lines.start("");
        }
        let goes_on = !token.closes()
            && (self.open.last().is_some_and(|&t| t != Token::OpenBrace)
                || self
                    .last_token()
                    .is_some_and(|last| last.continues() || last == Token::Semicolon)
                || matches!(token, Token::Then | Token::Else));
        let levels = (self.braces + usize::from(goes_on)).min(MAX_LEVELS);
        self.lines.start(&" ".repeat(INDENT * levels));
    }

    /// Writes what stands between the last token of this line and the next.
    fn separate(&mut self, token: Token) {
        if self.separator && !self.at_block_edge(token) {
            self.lines.push_str(";");
        }
        if self.needs_space(token) {
            self.lines.push_str(" ");
        }
    }

    fn last_token(&self) -> Option<Token> {
        self.last.as_ref().map(|last| last.0)
    }

    fn at_block_edge(&self, token: Token) -> bool {
        token == Token::CloseBrace || self.last_token() == Some(Token::OpenBrace)
    }

    fn needs_space(&self, token: Token) -> bool {
        let Some((last, text)) = self.last else {
            return false;
        };
        if self.separator {
            return !(last == Token::OpenBrace && token == Token::CloseBrace);
        }
        if last.is_nabla() {
            return false;
        }
        if self.after_sign {
            // In text that is not supported anything may follow: `+ ==` must not become `+==`.
            return token.continues() && !is_plus_or_minus(token) && !token.is_nabla();
        }
        match (last, token) {
            (Token::OpenBrace, Token::CloseBrace) => false,
            (Token::OpenParen | Token::OpenBracket, _) => false,
            (_, Token::CloseParen | Token::CloseBracket | Token::Comma | Token::Colon) => false,
            (Token::Number, Token::Range) => text.ends_with('.'),
            (Token::Range, _) | (_, Token::Range) => false,
            (Token::Times | Token::Divide | Token::Power, _) => false,
            (_, Token::Times | Token::Divide | Token::Power) => false,
            (Token::Name, Token::OpenParen | Token::OpenBracket) => {
                WORDS_BEFORE_EXPRESSIONS.contains(&text)
            }
            _ => true,
        }
    }

    /// Whether a `+` or `-` here has no left operand.
    fn is_sign(&self, token: Token) -> bool {
        let follows_operand = self.last.is_some_and(|(last, text)| {
            let is_word = self.in_domain && matches!(text, "in" | "map");
            matches!(
                last,
                Token::Name if !is_word
            ) || matches!(
                last,
                Token::Number
                    | Token::Text
                    | Token::CloseParen
                    | Token::CloseBracket
                    | Token::CloseBrace
            )
        });
        is_plus_or_minus(token) && !follows_operand
    }
}

fn is_plus_or_minus(token: Token) -> bool {
    matches!(token, Token::Plus | Token::Minus)
}
