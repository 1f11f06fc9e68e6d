//! Which statement it is: read from its leading words and its shape, so that no word is reserved elsewhere.

use super::layout::Lexeme;
use super::token::{Start, Token};

/// A kind of statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Read by the grammar from this start on.
    Grammar(Start),
    /// `simulate NAME { … }`
    Simulate,
    /// `discover NAME { … }`
    Discover,
    /// `plot NAME { … }`
    Plot,
    /// Part of the language, but not built yet.
    Unsupported(&'static str),
    /// Nothing that is known.
    Unknown,
}

/// The leading words of statements that the grammar reads.
const WORDS: [(&str, Start); 17] = [
    ("model", Start::Model),
    ("use", Start::Use),
    ("const", Start::Const),
    ("param", Start::Param),
    ("species", Start::Species),
    ("fixed", Start::FixedSpecies),
    ("var", Start::Var),
    ("let", Start::Let),
    ("unit", Start::Unit),
    ("fn", Start::Function),
    ("init", Start::Init),
    ("rule", Start::Rule),
    ("domain", Start::Domain),
    ("field", Start::Field),
    ("at", Start::At),
    ("constraint", Start::Constraint),
    ("scheme", Start::Scheme),
];

/// The leading words of statements with a block that is read here.
const BLOCKS: [(&str, Kind); 3] = [
    ("simulate", Kind::Simulate),
    ("discover", Kind::Discover),
    ("plot", Kind::Plot),
];

/// The leading words of what is not built yet, and how it is named in a message.
const UNSUPPORTED: [(&str, &str); 11] = [
    ("noise", "noise terms (`noise`) are"),
    ("when", "events (`when`) are"),
    ("every", "repeated events (`every`) are"),
    ("module", "modules (`module`) are"),
    ("compartment", "compartments (`compartment`) are"),
    ("for", "loops (`for`) are"),
    ("ensemble", "`ensemble` is"),
    ("scan", "`scan` is"),
    ("steady", "`steady` is"),
    ("sensitivity", "`sensitivity` is"),
    ("fit", "`fit` is"),
];

/// All words that can begin a statement.
pub fn statement_words() -> impl Iterator<Item = &'static str> {
    let grammar = WORDS.iter().map(|w| w.0);
    let blocks = BLOCKS.iter().map(|w| w.0);
    let unsupported = UNSUPPORTED.iter().map(|w| w.0);
    grammar
        .chain(blocks)
        .chain(["reactions"])
        .chain(unsupported)
}

/// Whether a line may begin a statement with this word.
pub fn is_statement_word(word: &str) -> bool {
    statement_words().any(|w| w == word)
}

/// Number of tokens in the statement that starts `lexemes`: it goes to the end of its line, past line ends inside
/// brackets and after whatever must go on, or to a `;`, or past the block that closes it. At least 1.
pub fn statement_length<'a>(lexemes: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> usize {
    let mut depth = 0usize;
    let mut line = 0;
    let mut has_relation = false;
    let is_domain = begins_domain(lexemes, &text);
    for (i, lexeme) in lexemes.iter().enumerate() {
        let token = lexeme.token;
        if depth == 0 && i > 0 {
            let is_separator = |i: usize| {
                is_domain
                    && lexemes[i].token == Token::Semicolon
                    && begins_axis(tokens(&lexemes[i + 1..], &text))
            };
            if is_separator(i) || is_separator(i - 1) {
                continue;
            }
            let goes_on = lexemes[i - 1].token.continues() || token.continues_previous_line();
            let is_end = match lexeme.starts_line {
                true => !goes_on || begins_statement(&lexemes[i..], &text),
                false => matches!(token, Token::Semicolon | Token::CloseBrace),
            };
            if is_end || token == Token::CloseBrace {
                return i;
            }
            if lexeme.starts_line {
                line = i;
            }
        }
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth = depth.saturating_sub(1);
            if depth == 0 && token == Token::CloseBrace {
                return i + 1;
            }
        } else if depth == 0
            && (token.is_arrow() || matches!(token, Token::Equals | Token::PlusEquals))
        {
            // After an operator at the end of a line, a second statement shows by its own arrow or `=`.
            let is_list = line > 0 && lexemes[line - 1].token == Token::Comma && !token.is_arrow();
            if has_relation && line > 0 && !is_list {
                return line;
            }
            has_relation = true;
        }
    }
    lexemes.len()
}

/// Whether this is `domain NAME: …`.
fn begins_domain<'a>(lexemes: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> bool {
    matches!(lexemes, [word, name, colon, ..] if text(*word) == "domain"
        && name.token == Token::Name
        && colon.token == Token::Colon)
}

fn tokens<'a>(
    lexemes: &[Lexeme],
    text: impl Fn(Lexeme) -> &'a str,
) -> impl Iterator<Item = (Token, &'a str)> {
    lexemes.iter().map(move |&l| (l.token, text(l)))
}

/// Whether another axis of a domain follows a `;`: `y in`, `y: um in`.
pub fn begins_axis<'a>(mut tokens: impl Iterator<Item = (Token, &'a str)>) -> bool {
    let is_in = |token: Option<(Token, &str)>| token == Some((Token::Name, "in"));
    if tokens.next().is_none_or(|(token, _)| token != Token::Name) {
        return false;
    }
    let second = tokens.next();
    if second.is_none_or(|(token, _)| token != Token::Colon) {
        return is_in(second);
    }
    let is_unit = |&(token, text): &(Token, &str)| {
        let is_name = token == Token::Name && text != "in";
        let is_bracket = matches!(token, Token::OpenParen | Token::CloseParen);
        is_name || is_bracket || token.is_operator() || token == Token::Number
    };
    is_in(tokens.find(|token| !is_unit(token)))
}

/// What a token is in its place, given what stands before it: words that are names elsewhere, `=` between the sides of an
/// equation. The grammar's other statements, and their messages, know nothing of these.
pub fn in_context(start: Start, token: Token, text: &str, before: Option<Token>) -> Token {
    match token {
        Token::Name => word_in_context(start, text, before),
        // Texts in the brackets of a setting are files.
        Token::Text if start == Start::Setting && before == Some(Token::Comma) => token,
        Token::Text if matches!(before, Some(Token::OpenParen | Token::Comma)) => Token::Argument,
        Token::Equals if matches!(start, Start::Balance | Start::At | Start::Constraint) => {
            Token::Relates
        }
        token => token,
    }
}

fn word_in_context(start: Start, word: &str, before: Option<Token>) -> Token {
    let ends_operand = matches!(
        before,
        Some(Token::Name | Token::Number | Token::CloseParen)
    );
    match (start, word) {
        (Start::Domain, "in") if ends_operand => Token::In,
        (Start::Domain, "points") if ends_operand => Token::Points,
        (Start::PlotLine, "at") if ends_operand => Token::When,
        (Start::Domain, "map") if before == Some(Token::Comma) => Token::Map,
        (Start::Field | Start::Species | Start::FixedSpecies, "on") if ends_operand => Token::On,
        _ => Token::Name,
    }
}

/// Whether a line can only be the beginning of a statement: `param k`.
fn begins_statement<'a>(line: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> bool {
    line.len() > 1
        && line[0].token == Token::Name
        && line[1].token == Token::Name
        && is_statement_word(text(line[0]))
}

/// The kind of the statement made of `lexemes`; `text` gives the text of a token.
pub fn classify<'a>(lexemes: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> Kind {
    let token = |i: usize| lexemes.get(i).map(|l| l.token);
    match token(0) {
        Some(Token::Name) => {}
        Some(Token::Number) if token(1) == Some(Token::Equals) && !is_balance(lexemes, &text) => {
            return Kind::Unsupported("algebraic constraints (`0 = …`) are");
        }
        _ => return by_shape(lexemes, &text),
    }
    let word = text(lexemes[0]);
    // `species -> X`, `init: A -> B`, `at = 3`: here the word is a name.
    let is_name = token(1).is_some_and(|t| {
        t.is_arrow() || t.is_operator() || matches!(t, Token::Colon | Token::PlusEquals)
    });
    if !is_name && let Some(kind) = by_word(word, lexemes, &text) {
        return kind;
    }
    if matches!(word, "dt" | "dtt" | "∂t" | "∂tt") && token(1) == Some(Token::OpenParen) {
        return equation(lexemes);
    }
    if token(1) == Some(Token::Colon)
        && token(2) == Some(Token::Name)
        && token(3) == Some(Token::OpenParen)
    {
        return Kind::Unsupported("instances of modules (`name: Module(…)`) are");
    }
    by_shape(lexemes, &text)
}

fn by_word<'a>(word: &str, lexemes: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> Option<Kind> {
    let next = lexemes.get(1);
    let is_species = next.is_some_and(|&l| l.token == Token::Name && text(l) == "species");
    if let Some(&(_, start)) = WORDS.iter().find(|w| w.0 == word) {
        return match start {
            Start::FixedSpecies if is_species => Some(Kind::Grammar(start)),
            Start::FixedSpecies => None,
            Start::At if lexemes.iter().any(|l| l.token == Token::OpenBrace) => {
                Some(Kind::Unsupported("timed events (`at`) are"))
            }
            Start::Domain | Start::Field | Start::At | Start::Constraint | Start::Scheme
                if next.is_some_and(|l| l.token == Token::Equals) =>
            {
                None
            }
            start => Some(Kind::Grammar(start)),
        };
    }
    if let Some(&(_, kind)) = BLOCKS.iter().find(|w| w.0 == word) {
        return Some(kind);
    }
    let unsupported = UNSUPPORTED.iter().find(|w| w.0 == word)?;
    next.is_some_and(|l| l.token != Token::Equals)
        .then_some(Kind::Unsupported(unsupported.1))
}

/// `dt(x) = …`, `dt(x) += …`, or a conservation law `dt(x) + … = 0`.
fn equation(lexemes: &[Lexeme]) -> Kind {
    let more = lexemes.get(4).map(|l| l.token);
    let next = lexemes.get(5).map(|l| l.token);
    let computes = matches!(
        more,
        Some(Token::Plus | Token::Minus | Token::Times | Token::Divide | Token::Power)
    );
    match computes && next != Some(Token::Equals) {
        true => Kind::Grammar(Start::Balance),
        false => Kind::Grammar(Start::Equation),
    }
}

fn by_shape<'a>(lexemes: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> Kind {
    let has_arrow = |l: &Lexeme| l.token.is_arrow() || l.token == Token::At;
    match lexemes.iter().any(has_arrow) {
        true => Kind::Grammar(Start::Reaction),
        false if is_balance(lexemes, text) => Kind::Grammar(Start::Balance),
        false => Kind::Unknown,
    }
}

/// Whether it is an equation with a `dt(x)` somewhere.
fn is_balance<'a>(lexemes: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> bool {
    let is_rate =
        |pair: &[Lexeme]| matches!(text(pair[0]), "dt" | "∂t") && pair[1].token == Token::OpenParen;
    lexemes.iter().any(|l| l.token == Token::Equals) && lexemes.windows(2).any(is_rate)
}

/// What in an expression is part of the language but not built yet, with the token that shows it.
pub fn unsupported_expression<'a>(
    start: Start,
    lexemes: &[Lexeme],
    text: impl Fn(Lexeme) -> &'a str,
) -> Option<(Lexeme, &'static str)> {
    for (i, &lexeme) in lexemes.iter().enumerate() {
        let token = |k: usize| lexemes.get(i + k).map(|l| l.token);
        match (lexeme.token, token(1)) {
            (Token::Range, _) if start != Start::Domain => {
                return Some((lexeme, "ranges (`a..b`) are"));
            }
            (Token::Name, Some(Token::OpenBracket))
                if start != Start::PlotLine || text(lexeme) != "at" =>
            {
                return Some((lexeme, "arrays (`X[i]`) are"));
            }
            (Token::Name, Some(Token::OpenParen)) => match text(lexeme) {
                "interpolate" => return Some((lexeme, "interpolation in tables is")),
                "sum" | "mean"
                    if token(3) == Some(Token::Name) && token(2) == Some(Token::Name) =>
                {
                    return Some((lexeme, "sums and means over indices are"));
                }
                _ => {}
            },
            _ => {}
        }
    }
    None
}
