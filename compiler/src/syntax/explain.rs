//! What the grammar could not read, in words for someone who writes models.

use lalrpop_util::ParseError;

use super::error::SyntaxError;
use super::layout::{Lexeme, shortened};
use super::statement::statement_words;
use super::token::{Start, Token};
use crate::source::Span;

/// A mistake and the address where it starts.
pub type Located = (u32, SyntaxError);

/// The mistake behind an error of the grammar in the statement `text`.
pub fn explain<'a>(
    error: ParseError<u32, Token, SyntaxError>,
    start: Start,
    text: &[Lexeme],
    slice: impl Fn(Lexeme) -> &'a str,
) -> Located {
    let last = text[text.len() - 1];
    match error {
        ParseError::UnrecognizedToken {
            token: (at, _, _),
            expected,
        } => {
            let i = text
                .iter()
                .position(|l| l.start == at)
                .unwrap_or(text.len() - 1);
            let help = help(start, text, i, &expected);
            unexpected(text, i, in_words(&expected), help, slice)
        }
        ParseError::ExtraToken { token: (at, _, _) } => {
            let i = text
                .iter()
                .position(|l| l.start == at)
                .unwrap_or(text.len() - 1);
            unexpected(text, i, "the end of the statement".into(), None, slice)
        }
        ParseError::UnrecognizedEof { expected, .. } => end(in_words(&expected), last.span()),
        ParseError::InvalidToken { location } => {
            end("a statement".into(), Span::new(location, location))
        }
        ParseError::User { error } => (text[0].start, error),
    }
}

/// A missing expression after the address.
pub fn missing_expression(at: u32) -> Located {
    end("an expression".into(), Span::new(at, at))
}

/// A `simulate` or `plot` without its block.
pub fn not_a_block<'a>(
    statement: &[Lexeme],
    brace: usize,
    slice: impl Fn(Lexeme) -> &'a str,
) -> Located {
    let expected = match brace {
        1 => "a name or `{`",
        _ => "`{`",
    };
    if brace < statement.len() {
        return unexpected(statement, brace, expected.into(), None, slice);
    }
    end(expected.into(), statement[statement.len() - 1].span())
}

/// A line that is like no statement.
pub fn not_a_statement<'a>(statement: &[Lexeme], slice: impl Fn(Lexeme) -> &'a str) -> Located {
    let first = statement[0];
    let error = SyntaxError::UnknownStatement {
        at: first.span().into(),
        help: advice_on_statement(statement, slice),
    };
    (first.start, error)
}

fn unexpected<'a>(
    text: &[Lexeme],
    i: usize,
    expected: String,
    help: Option<String>,
    slice: impl Fn(Lexeme) -> &'a str,
) -> Located {
    let found = text[i];
    let error = SyntaxError::UnexpectedToken {
        expected,
        found: describe(found, slice(found)),
        at: found.span().into(),
        help,
    };
    (found.start, error)
}

fn end(expected: String, at: Span) -> Located {
    let error = SyntaxError::UnexpectedEnd {
        expected,
        at: at.into(),
        help: None,
    };
    (at.start, error)
}

/// A token as one would name it.
fn describe(lexeme: Lexeme, text: &str) -> String {
    match lexeme.token {
        Token::Name => format!("the name `{}`", shortened(text)),
        Token::Number => format!("the number `{}`", shortened(text)),
        Token::Text => format!("the text {}", shortened(text)),
        _ => format!("`{}`", shortened(text)),
    }
}

/// Whether the grammar's list of possible tokens has this one.
fn allows(expected: &[String], token: &str) -> bool {
    expected.iter().any(|e| e.trim_matches('"') == token)
}

/// The grammar's list of possible tokens, gathered into ideas.
fn in_words(expected: &[String]) -> String {
    let can_be = |token| allows(expected, token);
    let begins_expression = can_be("a name") && can_be("a number") && can_be("(");
    let mut ideas: Vec<String> = Vec::new();
    if begins_expression {
        ideas.push("an expression".into());
    } else if can_be("a name") && can_be("∅") {
        ideas.push("a species".into());
    } else {
        let kinds = ["a name", "a number"];
        ideas.extend(kinds.iter().filter(|k| can_be(k)).map(|k| (*k).to_owned()));
    }
    if can_be("->") && can_be("<=>") {
        ideas.push("an arrow (`->`, `<->`, `=>`, `<=>`)".into());
    }
    let can_multiply = can_be("*") && can_be("/");
    if can_multiply {
        let operators = if can_be("+") {
            "an operator"
        } else {
            "`*`, `/`"
        };
        ideas.push(operators.into());
    }
    const PUNCTUATION: [&str; 19] = [
        "=>", "=", "= ", "+=", ":", "@", "then", "else", "if", "in", "..", "points", "at", ",",
        ";", "(", ")", "]", "}",
    ];
    for mark in PUNCTUATION {
        let is_arrow = mark == "=>" && can_be("->");
        let is_part = (begins_expression || can_multiply) && matches!(mark, "(" | "if");
        if can_be(mark) && !is_part && !is_arrow {
            ideas.push(format!("`{}`", mark.trim_end()));
        }
    }
    if ideas.is_empty() && can_be("[") {
        ideas.push("`[`".into());
    }
    if ideas.is_empty() || (can_be("text in quotes") && ideas.len() < 3) {
        ideas.push(match can_be("text in quotes") {
            true => "text in quotes".into(),
            false => "the end of the statement".into(),
        });
    }
    match ideas.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The likely fix for an unexpected token at position `i`.
fn help(start: Start, text: &[Lexeme], i: usize, expected: &[String]) -> Option<String> {
    let before = i.checked_sub(1).map(|k| text[k].token);
    let advice = match text[i].token {
        Token::Equals if start == Start::Setting => "separate settings with `;` or a new line",
        Token::Equals if allows(expected, "==") => "values are compared with `==`",
        Token::EqualEqual if allows(expected, "=") => "a definition has a single `=`",
        Token::Times if before == Some(Token::Times) => "a power is written `^`",
        Token::Divide if before == Some(Token::Divide) => "comments start with `#`",
        Token::Less | Token::LessEqual | Token::Greater | Token::GreaterEqual
            if !allows(expected, "a number") =>
        {
            "comparisons do not chain; write `a < b and b < c`"
        }
        Token::If if before.is_some_and(Token::is_operator) => {
            "put the whole `if … then … else …` in parentheses"
        }
        Token::Name if start == Start::Field && i == 2 => {
            "write `field u on line = …`, where `line` is a `domain`"
        }
        Token::Minus if start == Start::Reaction => {
            "the arrows are `->`, `<->`, `=>` and `<=>`; a rate stands behind the reaction: `A -> B @ k`"
        }
        Token::Comma | Token::Number | Token::Name
            if start == Start::Reaction && allows(expected, "@") =>
        {
            "a rate stands behind `@`: `A -> B @ k`"
        }
        Token::Comma if start == Start::Reaction && allows(expected, "->") => {
            "a rate stands behind the reaction: `A -> B @ k`"
        }
        Token::Number | Token::Name | Token::OpenParen if allows(expected, "*") => {
            "if a product is meant, write `*` before this"
        }
        Token::Arrow | Token::LawArrow if start != Start::Reaction => {
            "only reactions and rules have arrows"
        }
        _ => return None,
    };
    Some(advice.into())
}

/// What may have been meant by a line that is like no statement.
fn advice_on_statement<'a>(
    statement: &[Lexeme],
    slice: impl Fn(Lexeme) -> &'a str,
) -> Option<String> {
    let token = |i: usize| statement.get(i).map(|l| l.token);
    let word = slice(statement[0]);
    let advice = match (token(0)?, token(1)) {
        (Token::Name, Some(Token::Equals | Token::PlusEquals | Token::Colon)) => {
            format!("write `param {word} = …`, `let {word} = …` or `dt({word}) = …`")
        }
        (Token::Name, _) if word == "fixed" => "write `fixed species …`".into(),
        (Token::Name, Some(Token::Name)) if foreign_word(word).is_some() => {
            foreign_word(word)?.into()
        }
        (Token::Name, Some(Token::Name | Token::OpenBrace | Token::OpenParen)) => {
            let nearest = nearest_word(word)?;
            format!("did you mean `{nearest}`?")
        }
        (Token::Name, Some(Token::Divide))
            if statement.iter().any(|l| l.token == Token::Equals) =>
        {
            "a derivative is written `dt(x) = …`".into()
        }
        (token, _) if token.is_operator() || token == Token::CloseParen => {
            "a line goes on only after an operator: put it at the end of the line before".into()
        }
        _ => return None,
    };
    Some(advice)
}

/// How to write what other languages write with this word.
fn foreign_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "def" | "func" | "function" => "a function is written `fn f(x) = …`",
        "parameter" | "parameters" => "parameters are written `param k = 1, n = 2`",
        "variable" | "variables" | "state" | "real" | "float" | "double" => {
            "variables are written `var x = 1, y = 0`"
        }
        "constant" | "define" => "constants are written `const c = …`",
        "import" | "include" | "from" => {
            "modules and files are used by `use kinetics` or `use \"parts/gene.model\"`"
        }
        "reaction" => "a reaction is written `name: A + B -> C @ k`",
        _ => return None,
    })
}

/// The statement word most like `word`, if one is within two edits.
fn nearest_word(word: &str) -> Option<&'static str> {
    if word.len() > 20 {
        return None;
    }
    let distances = statement_words().map(|w| (edit_distance(word, w), w));
    let (distance, nearest) = distances.min_by_key(|d| d.0)?;
    (distance <= 2 && distance < word.len()).then_some(nearest)
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
