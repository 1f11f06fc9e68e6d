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
const WORDS: [(&str, Start); 12] = [
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
];

/// The leading words of statements with a block that is read here.
const BLOCKS: [(&str, Kind); 3] = [
    ("simulate", Kind::Simulate),
    ("discover", Kind::Discover),
    ("plot", Kind::Plot),
];

/// The leading words of what is not built yet, and how it is named in a message.
const UNSUPPORTED: [(&str, &str); 16] = [
    ("domain", "domains (`domain`) are"),
    ("field", "fields (`field`) are"),
    ("scheme", "the choice of a discretisation (`scheme`) is"),
    ("constraint", "constraints (`constraint`) are"),
    ("noise", "noise terms (`noise`) are"),
    ("when", "events (`when`) are"),
    ("at", "timed events and boundary conditions (`at`) are"),
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
    for (i, lexeme) in lexemes.iter().enumerate() {
        let token = lexeme.token;
        if depth == 0 && i > 0 {
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
        Some(Token::Number) if token(1) == Some(Token::Equals) => {
            return Kind::Unsupported("algebraic constraints (`0 = …`) are");
        }
        _ => return by_shape(lexemes),
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
    by_shape(lexemes)
}

fn by_word<'a>(word: &str, lexemes: &[Lexeme], text: impl Fn(Lexeme) -> &'a str) -> Option<Kind> {
    let next = lexemes.get(1);
    let is_species = next.is_some_and(|&l| l.token == Token::Name && text(l) == "species");
    if let Some(&(_, start)) = WORDS.iter().find(|w| w.0 == word) {
        return match start {
            Start::FixedSpecies if is_species => Some(Kind::Grammar(start)),
            Start::FixedSpecies => None,
            Start::Species
                if lexemes
                    .get(2)
                    .is_some_and(|l| l.token == Token::Name && text(*l) == "on") =>
            {
                Some(Kind::Unsupported("species on a domain are"))
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
    match matches!(more, Some(Token::Plus | Token::Minus)) && next != Some(Token::Equals) {
        true => Kind::Unsupported("equations with more than `dt(x)` on the left are"),
        false => Kind::Grammar(Start::Equation),
    }
}

fn by_shape(lexemes: &[Lexeme]) -> Kind {
    match lexemes
        .iter()
        .any(|l| l.token.is_arrow() || l.token == Token::At)
    {
        true => Kind::Grammar(Start::Reaction),
        false => Kind::Unknown,
    }
}

/// What in an expression is part of the language but not built yet, with the token that shows it.
pub fn unsupported_expression<'a>(
    lexemes: &[Lexeme],
    text: impl Fn(Lexeme) -> &'a str,
) -> Option<(Lexeme, &'static str)> {
    for (i, &lexeme) in lexemes.iter().enumerate() {
        let token = |k: usize| lexemes.get(i + k).map(|l| l.token);
        match (lexeme.token, token(1)) {
            (Token::Nabla, _) => return Some((lexeme, "vector calculus is")),
            (Token::Range, _) => return Some((lexeme, "ranges (`a..b`) are")),
            (Token::Name, Some(Token::OpenBracket)) => {
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
