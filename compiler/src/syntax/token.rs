//! Text to tokens. A token is a kind and a range of bytes; its text is never copied.

use logos::{Lexer, Logos};

/// The kinds of tokens. Words that only mean something at the start of a statement (`param`, `init`, …) are
/// names here: `parse` looks at them where they stand, so that they stay free as names everywhere else.
#[derive(Logos, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[logos(skip(r"[ \t\r\f\u{a0}\u{2009}\u{202f}\u{feff}]+"))]
pub enum Token {
    #[token("\n")]
    Newline,
    #[regex(r"#[^\n]*", allow_greedy = true)]
    Comment,

    /// A name, perhaps qualified: `k`, `K_m`, `gene.k`.
    /// (Unicode counts `·` to the characters of names; here it multiplies.)
    #[regex(r"[\p{XID_Start}_][\p{XID_Continue}--·\u{387}]*(\.[\p{XID_Start}_][\p{XID_Continue}--·\u{387}]*)*")]
    /// `∂t`, `∂xy` are other spellings of `dt`, `dxy`.
    #[regex(r"∂[\p{XID_Start}_][\p{XID_Continue}--·\u{387}]*")]
    Name,
    #[regex(r"[0-9]", number)]
    #[regex(r"\.[0-9]", number)]
    Number,
    #[regex(r#""([^"\\\n]|\\[^\n])*""#)]
    Text,

    #[token("if")]
    If,
    #[token("then")]
    Then,
    #[token("else")]
    Else,
    #[token("and")]
    And,
    #[token("or")]
    Or,
    #[token("not")]
    Not,

    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("*")]
    #[token("·")]
    #[token("⋅")]
    #[token("\u{387}")]
    Times,
    #[token("/")]
    Divide,
    #[token("^")]
    Power,
    #[token("<")]
    Less,
    #[token("<=")]
    #[token("≤")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    #[token("≥")]
    GreaterEqual,
    #[token("==")]
    EqualEqual,
    #[token("!=")]
    #[token("≠")]
    NotEqual,
    #[token("=")]
    Equals,
    #[token("+=")]
    PlusEquals,

    #[token("->")]
    #[token("→")]
    Arrow,
    #[token("<->")]
    #[token("⇌")]
    #[token("⇄")]
    #[token("↔")]
    ReversibleArrow,
    #[token("=>")]
    #[token("⇒")]
    LawArrow,
    #[token("<=>")]
    #[token("⇔")]
    ReversibleLawArrow,
    #[token("∅")]
    Nothing,

    #[token("@")]
    At,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    #[token(";")]
    Semicolon,
    #[token("..")]
    Range,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token("{")]
    OpenBrace,
    #[token("}")]
    CloseBrace,

    #[token("∇")]
    Gradient,
    #[token("∇·")]
    #[token("∇⋅")]
    Divergence,
    #[token("∇×")]
    Curl,
    #[token("∇²")]
    Laplacian,

    // What is wrong as it stands.
    #[token("\"", unclosed_text)]
    UnclosedText,
    /// `1e`, `1.2.3`, `1__0`
    MalformedNumber,
    #[regex(r".", priority = 0)]
    Unknown,

    // Never read from text; see `layout` and `parse`.
    /// A token that was reported already; its statement is left out.
    Reported,
    /// `{` without `}`: reported already.
    UnclosedBrace,
    // What a token is in its place; see `statement::in_context`.
    /// `on` before a domain.
    On,
    /// `in` before the ends of an axis.
    In,
    /// `points` after their number.
    Points,
    /// `map` before an expression.
    Map,
    /// `at` before times.
    When,
    /// Text as an argument.
    Argument,
    /// `=` between the sides of an equation.
    Relates,
    /// Takes the place of a statement's leading words and tells the grammar what to expect.
    Start(Start),
}

/// What a piece of text given to the grammar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    Model,
    Use,
    Const,
    Param,
    Species,
    FixedSpecies,
    Var,
    Let,
    Unit,
    Function,
    Reaction,
    Equation,
    Balance,
    Init,
    Rule,
    Domain,
    Field,
    At,
    Constraint,
    Scheme,
    Setting,
    PlotOf,
    PlotTitle,
    PlotPhase,
    PlotField,
    PlotLine,
    PlotCurves,
    Expression,
}

impl Start {
    /// Whether the statement gives names a meaning.
    pub fn declares(self) -> bool {
        match self {
            Start::Use
            | Start::Const
            | Start::Param
            | Start::Species
            | Start::FixedSpecies
            | Start::Var
            | Start::Let
            | Start::Unit
            | Start::Function
            | Start::Domain
            | Start::Field => true,
            Start::Model
            | Start::Reaction
            | Start::Equation
            | Start::Balance
            | Start::Init
            | Start::Rule
            | Start::At
            | Start::Constraint
            | Start::Scheme
            | Start::Setting
            | Start::PlotOf
            | Start::PlotTitle
            | Start::PlotPhase
            | Start::PlotField
            | Start::PlotLine
            | Start::PlotCurves
            | Start::Expression => false,
        }
    }

    /// How many leading words it takes the place of.
    pub fn n_words(self) -> usize {
        match self {
            Start::Reaction
            | Start::Equation
            | Start::Balance
            | Start::Setting
            | Start::PlotCurves
            | Start::Expression => 0,
            Start::FixedSpecies => 2,
            Start::Model
            | Start::Use
            | Start::Const
            | Start::Param
            | Start::Species
            | Start::Var
            | Start::Let
            | Start::Unit
            | Start::Function
            | Start::Init
            | Start::Rule
            | Start::Domain
            | Start::Field
            | Start::At
            | Start::Constraint
            | Start::Scheme
            | Start::PlotOf
            | Start::PlotTitle
            | Start::PlotPhase
            | Start::PlotField
            | Start::PlotLine => 1,
        }
    }
}

impl Token {
    /// Whether a line that ends with this token goes on with the next line.
    pub fn continues(self) -> bool {
        self.is_operator()
            || self.is_arrow()
            || self.is_nabla()
            || matches!(
                self,
                Token::Comma
                    | Token::Equals
                    | Token::PlusEquals
                    | Token::At
                    | Token::Colon
                    | Token::If
                    | Token::Then
                    | Token::Else
                    | Token::Not
            )
    }

    /// Whether it stands between two operands.
    pub fn is_operator(self) -> bool {
        matches!(
            self,
            Token::Plus
                | Token::Minus
                | Token::Times
                | Token::Divide
                | Token::Power
                | Token::Less
                | Token::LessEqual
                | Token::Greater
                | Token::GreaterEqual
                | Token::EqualEqual
                | Token::NotEqual
                | Token::And
                | Token::Or
        )
    }

    /// `∇` and its like.
    pub fn is_nabla(self) -> bool {
        matches!(
            self,
            Token::Gradient | Token::Divergence | Token::Curl | Token::Laplacian
        )
    }

    /// Whether it is the arrow of a reaction.
    pub fn is_arrow(self) -> bool {
        matches!(
            self,
            Token::Arrow | Token::ReversibleArrow | Token::LawArrow | Token::ReversibleLawArrow
        )
    }

    /// Whether a line that starts with this token belongs to the line before.
    pub fn continues_previous_line(self) -> bool {
        matches!(
            self,
            Token::Then | Token::Else | Token::OpenBrace | Token::UnclosedBrace
        )
    }

    /// `(`, `[` or `{`.
    pub fn opens(self) -> bool {
        matches!(
            self,
            Token::OpenParen | Token::OpenBracket | Token::OpenBrace
        )
    }

    /// `)`, `]` or `}`.
    pub fn closes(self) -> bool {
        matches!(
            self,
            Token::CloseParen | Token::CloseBracket | Token::CloseBrace
        )
    }
}

/// Reads a number: digits with single `_` between them, a fraction, an exponent. A `..` after it is a range.
fn number(lexer: &mut Lexer<Token>) -> Token {
    let start = lexer.span().start;
    let text = &lexer.source().as_bytes()[start..];
    let (length, well_formed) = scan_number(text);
    lexer.bump(length - lexer.span().len());
    match well_formed {
        true => Token::Number,
        false => Token::MalformedNumber,
    }
}

/// Length of the number at the start of `text`, and whether it is one.
fn scan_number(text: &[u8]) -> (usize, bool) {
    let at = |i: usize| text.get(i).copied().unwrap_or(b' ');
    let (mut i, mut well_formed) = scan_digits(text, 0);
    if at(i) == b'.' && at(i + 1) != b'.' {
        let (end, ok) = scan_digits(text, i + 1);
        well_formed &= ok;
        i = end;
    }
    if matches!(at(i), b'e' | b'E') {
        let sign = usize::from(matches!(at(i + 1), b'+' | b'-'));
        if at(i + 1 + sign).is_ascii_digit() {
            let (end, ok) = scan_digits(text, i + 1 + sign);
            well_formed &= ok;
            i = end;
        } else if sign == 1
            || !(at(i + 1).is_ascii_alphanumeric() || at(i + 1) >= 0x80 || at(i + 1) == b'_')
        {
            well_formed = false;
            i += 1 + sign;
        }
    }
    if at(i) == b'.' && at(i + 1).is_ascii_digit() {
        well_formed = false;
        while at(i).is_ascii_digit() || at(i) == b'.' {
            i += 1;
        }
    }
    (i, well_formed)
}

/// End of the digits from `start` on, and whether every `_` among them stands between two digits.
fn scan_digits(text: &[u8], start: usize) -> (usize, bool) {
    let length = text[start..]
        .iter()
        .take_while(|c| c.is_ascii_digit() || **c == b'_')
        .count();
    let digits = &text[start..start + length];
    let stray = digits.first() == Some(&b'_')
        || digits.last() == Some(&b'_')
        || digits.windows(2).any(|pair| pair == b"__");
    (start + length, !stray)
}

/// Takes the rest of the line: the text has no closing quote there.
fn unclosed_text(lexer: &mut Lexer<Token>) -> Token {
    let rest = lexer.remainder();
    lexer.bump(rest.find('\n').unwrap_or(rest.len()));
    Token::UnclosedText
}
