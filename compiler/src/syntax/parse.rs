//! The entry: text to tree, with everything that is wrong reported.
//!
//! Statements are told apart before the grammar reads them, one by one: a mistake costs its own statement and nothing
//! else. The error recovery of LR tables was considered and rejected: for every token that it skips it simulates every
//! state on the stack, which is quadratic in the nesting, and an open bracket takes the next statements with it.

use logos::Logos;

use super::ast::{Ast, Expr, Ident, Item, ItemKind, PlotForm, Simulate};
use super::build::Builder;
use super::error::{Errors, SyntaxError};
use super::explain::{explain, missing_expression, not_a_block, not_a_statement};
use super::grammar::TextParser;
use super::layout::{Lexeme, read};
use super::statement::{
    Kind, classify, in_context, is_statement_word, statement_length, unsupported_expression,
};
use super::token::{Start, Token};
use crate::{diagnostic::Diagnostics, source::Source};

/// Parses a file. Statements with errors are left out of the tree; what could be read is in it.
pub fn parse(source: &Source, diagnostics: &mut Diagnostics) -> Ast {
    let mut errors = Errors::default();
    let lexemes = read(source, &mut errors);
    let mut reader = Reader::new(source, Ast::new(), &lexemes, errors);
    reader.statements();
    reader.errors.report(diagnostics);
    reader.builder.ast
}

/// Parses one expression into `ast`.
pub fn parse_expression(
    source: &Source,
    ast: &mut Ast,
    diagnostics: &mut Diagnostics,
) -> Option<Expr> {
    let mut errors = Errors::default();
    let lexemes = read(source, &mut errors);
    let mut reader = Reader::new(source, std::mem::take(ast), &lexemes, errors);
    reader.grammar(Start::Expression, &lexemes);
    reader.errors.report(diagnostics);
    *ast = reader.builder.ast;
    reader.builder.expression
}

/// Whether the text stops in the middle of a statement, so that a prompt should ask for another line: a bracket is
/// open, an operator has no right side, or an `if` has no `else`.
pub fn is_incomplete(text: &str) -> bool {
    let is_rule = text.trim_start().starts_with("rule");
    let (mut open, mut ifs, mut last) = (0, 0, Token::Newline);
    for token in Token::lexer(text).flatten() {
        match token {
            Token::Newline | Token::Comment => continue,
            Token::If if !is_rule => ifs += 1,
            Token::Else if !is_rule => ifs -= 1,
            _ if token.opens() => open += 1,
            _ if token.closes() => open -= 1,
            _ => {}
        }
        last = token;
    }
    open > 0 || ifs > 0 || last.continues()
}

/// So many names of a statement that could not be read are noted.
const MAX_UNREAD: usize = 100;

/// Walks over the tokens of a text, statement by statement.
struct Reader<'a> {
    lexemes: &'a [Lexeme],
    at: usize,
    builder: Builder<'a>,
    parser: TextParser,
    errors: Errors,
    /// What `combinatoric` was outside each open `reactions` block.
    blocks: Vec<bool>,
}

impl<'a> Reader<'a> {
    fn new(source: &'a Source, ast: Ast, lexemes: &'a [Lexeme], errors: Errors) -> Self {
        Reader {
            lexemes,
            at: 0,
            builder: Builder::new(source, ast),
            parser: TextParser::new(),
            errors,
            blocks: Vec::new(),
        }
    }

    fn text(&self, lexeme: Lexeme) -> &'a str {
        self.builder.source.slice(lexeme.start, lexeme.end)
    }

    fn is_word(&self, lexeme: Option<&Lexeme>, word: &str) -> bool {
        lexeme.is_some_and(|&l| l.token == Token::Name && self.text(l) == word)
    }

    fn statements(&mut self) {
        while let Some(lexeme) = self.lexemes.get(self.at) {
            match lexeme.token {
                Token::Semicolon => self.at += 1,
                Token::CloseBrace => {
                    self.at += 1;
                    if let Some(outside) = self.blocks.pop() {
                        self.builder.combinatoric = outside;
                    }
                }
                _ => self.statement(),
            }
        }
    }

    fn statement(&mut self) {
        if self.open_reactions() {
            return;
        }
        let statement = self.take_statement();
        match classify(statement, |l| self.text(l)) {
            Kind::Simulate => self.experiment(statement, ItemKind::Simulate),
            Kind::Discover => self.experiment(statement, ItemKind::Discover),
            Kind::Plot => self.plot(statement),
            Kind::Grammar(start) => {
                if !self.grammar(start, statement) && start.declares() {
                    self.note_unread(statement);
                }
            }
            Kind::Unsupported(feature) => {
                self.unsupported(feature, statement[0], statement);
                self.note_unread(statement);
            }
            Kind::Unknown => {
                if !is_reported(statement) {
                    self.report(not_a_statement(statement, |l| self.text(l)));
                }
                self.note_unread(statement);
            }
        }
    }

    fn note_unread(&mut self, statement: &[Lexeme]) {
        let names = statement.iter().filter(|l| l.token == Token::Name);
        for &lexeme in names.take(MAX_UNREAD) {
            let name = self.builder.ast.intern(self.text(lexeme));
            self.builder.ast.unread.push(name);
        }
    }

    /// `reactions combinatoric off {`: its statements follow like all others, until the block closes.
    fn open_reactions(&mut self) -> bool {
        let rest = &self.lexemes[self.at..];
        let is_block = self.is_word(rest.first(), "reactions")
            && self.is_word(rest.get(1), "combinatoric")
            && rest.get(3).is_some_and(|l| l.token == Token::OpenBrace);
        let combinatoric = self.is_word(rest.get(2), "on");
        if !is_block || !(combinatoric || self.is_word(rest.get(2), "off")) {
            return false;
        }
        self.blocks.push(self.builder.combinatoric);
        self.builder.combinatoric = combinatoric;
        self.at += 4;
        true
    }

    /// The tokens of the statement that starts here; goes past them.
    fn take_statement(&mut self) -> &'a [Lexeme] {
        let rest = &self.lexemes[self.at..];
        let statement = &rest[..statement_length(rest, |l| self.text(l))];
        self.at += statement.len();
        if statement.iter().any(|l| l.token == Token::UnclosedBrace) {
            self.skip_unclosed_block();
        }
        statement
    }

    /// After a `{` that is never closed: goes to the next line that surely begins a statement.
    fn skip_unclosed_block(&mut self) {
        while let Some(&lexeme) = self.lexemes.get(self.at) {
            let next = self.lexemes.get(self.at + 1).map(|l| l.token);
            let begins = lexeme.starts_line
                && lexeme.token == Token::Name
                && is_statement_word(self.text(lexeme))
                && matches!(next, Some(Token::Name | Token::OpenBrace));
            if begins {
                return;
            }
            self.at += 1;
        }
    }

    fn report(&mut self, (at, error): (u32, SyntaxError)) {
        self.errors.push(at, error);
    }

    fn unsupported(&mut self, feature: &'static str, at: Lexeme, statement: &[Lexeme]) {
        self.errors.push(
            at.start,
            SyntaxError::NotSupported {
                feature,
                at: at.span().into(),
            },
        );
        self.finish(ItemKind::Unsupported { feature }, statement);
    }

    /// Gives a text to the grammar; its leading words are replaced by the start token. Whether all was right.
    fn grammar(&mut self, start: Start, text: &'a [Lexeme]) -> bool {
        if is_reported(text) {
            return false;
        }
        if let Some((lexeme, feature)) = unsupported_expression(start, text, |l| self.text(l)) {
            self.unsupported(feature, lexeme, text);
            return false;
        }
        let (Some(first), Some(last)) = (text.first(), text.last()) else {
            self.report(missing_expression(self.builder.source.base));
            return false;
        };
        self.builder.span = first.span().to(last.span());
        let ast = &self.builder.ast;
        let (n_items, n_exprs) = (ast.items.len(), ast.exprs.len());
        let source = self.builder.source;
        let mut before = None;
        let tokens = with_separators(&text[start.n_words()..]).map(move |(l, mut token, r)| {
            token = in_context(start, token, source.slice(l, r), before);
            before = Some(token);
            (l, token, r)
        });
        let tokens = std::iter::once((first.start, Token::Start(start), first.start)).chain(tokens);
        let Err(error) = self.parser.parse(&mut self.builder, tokens) else {
            return true;
        };
        self.builder.ast.items.truncate(n_items);
        self.builder.ast.exprs.truncate(n_exprs);
        let explained = explain(error, start, text, |l| self.text(l));
        self.report(explained);
        false
    }

    fn experiment(&mut self, statement: &'a [Lexeme], kind: fn(Simulate) -> ItemKind) {
        let Some((name, inside)) = self.block(statement) else {
            return;
        };
        for part in self.parts(inside) {
            self.grammar(Start::Setting, part);
        }
        let settings = std::mem::take(&mut self.builder.settings);
        self.finish(kind(Simulate { name, settings }), statement);
    }

    fn plot(&mut self, statement: &'a [Lexeme]) {
        let Some((name, inside)) = self.block(statement) else {
            return;
        };
        for part in self.parts(inside) {
            self.plot_entry(part);
        }
        let mut plot = std::mem::take(&mut self.builder.plot);
        plot.name = name;
        self.finish(ItemKind::Plot(plot), statement);
    }

    fn plot_entry(&mut self, part: &'a [Lexeme]) {
        let next = part.get(1).map(|l| l.token);
        match (self.text(part[0]), next) {
            ("logx", None) => self.builder.plot.log_x = true,
            ("logy", None) => self.builder.plot.log_y = true,
            ("of", Some(Token::Equals)) => {
                self.grammar(Start::PlotOf, part);
            }
            ("title", Some(Token::Equals | Token::Text)) => {
                self.grammar(Start::PlotTitle, part);
            }
            ("heatmap", Some(Token::Name)) => self.picture(part, PlotForm::Heatmap),
            ("space", Some(Token::Name)) => self.picture(part, PlotForm::Space),
            ("movie", Some(Token::Name)) => self.picture(part, PlotForm::Movie),
            ("line", Some(Token::Name)) => self.picture(part, PlotForm::Line(Vec::new())),
            ("surface", None | Some(Token::Name)) => {
                self.unsupported("`surface` is", part[0], part);
            }
            ("phase", Some(Token::Name)) => self.curves(part, Start::PlotPhase),
            _ => self.curves(part, Start::PlotCurves),
        }
    }

    /// `heatmap u`, `line u at [0, 1]` and their like: the only curves of their plot.
    fn picture(&mut self, part: &'a [Lexeme], form: PlotForm) {
        let plot = &mut self.builder.plot;
        if !plot.curves.is_empty() {
            let error = SyntaxError::SecondPicture {
                at: part[0].span().into(),
            };
            return self.errors.push(part[0].start, error);
        }
        let start = match form {
            PlotForm::Line(_) => Start::PlotLine,
            PlotForm::Curves | PlotForm::Heatmap | PlotForm::Space | PlotForm::Movie => {
                Start::PlotField
            }
        };
        plot.form = form;
        self.grammar(start, part);
    }

    /// `A, B against t`, or `x, y` of a phase plot.
    fn curves(&mut self, part: &'a [Lexeme], start: Start) {
        let against = part.iter().position(|l| self.is_word(Some(l), "against"));
        let curves = &part[..against.unwrap_or(part.len())];
        let is_second = self.builder.plot.against.is_some();
        if self.builder.plot.form != PlotForm::Curves {
            let error = SyntaxError::SecondPicture {
                at: part[0].span().into(),
            };
            return self.errors.push(part[0].start, error);
        }
        if is_second && (start == Start::PlotPhase || against.is_some()) {
            let at = against.map_or(part[0], |i| part[i]);
            let error = SyntaxError::SecondAbscissa {
                at: at.span().into(),
            };
            return self.errors.push(at.start, error);
        }
        if curves.is_empty() {
            return self.report(missing_expression(part[0].start));
        }
        if !self.grammar(start, curves) {
            return;
        }
        let Some(i) = against else { return };
        if i + 1 == part.len() {
            self.report(missing_expression(part[i].end));
        } else if self.grammar(Start::Expression, &part[i + 1..]) {
            self.builder.plot.against = self.builder.expression;
        }
    }

    /// Name and content of `word NAME { … }`; reports what is wrong with it.
    fn block(&mut self, statement: &'a [Lexeme]) -> Option<(Option<Ident>, &'a [Lexeme])> {
        let name = statement.get(1).filter(|l| l.token == Token::Name);
        let brace = 1 + usize::from(name.is_some());
        let last = statement.len() - 1;
        match statement.get(brace) {
            Some(open)
                if open.token == Token::OpenBrace && statement[last].token == Token::CloseBrace =>
            {
                let name = name.map(|l| self.builder.ident(l.start, l.end));
                Some((name, &statement[brace + 1..last]))
            }
            _ if is_reported(statement) => None,
            _ => {
                self.report(not_a_block(statement, brace, |l| self.text(l)));
                None
            }
        }
    }

    /// The parts of a block, told apart by lines and `;`.
    fn parts(&self, inside: &'a [Lexeme]) -> impl Iterator<Item = &'a [Lexeme]> + use<'a> {
        let source = self.builder.source;
        let mut rest = inside;
        std::iter::from_fn(move || {
            let start = rest.iter().position(|l| l.token != Token::Semicolon)?;
            let length = statement_length(&rest[start..], |l| source.slice(l.start, l.end));
            let (part, after) = rest[start..].split_at(length);
            rest = after;
            Some(part)
        })
    }

    fn finish(&mut self, kind: ItemKind, statement: &[Lexeme]) {
        let span = statement[0]
            .span()
            .to(statement[statement.len() - 1].span());
        self.builder.ast.items.push(Item { kind, span });
    }
}

fn is_reported(text: &[Lexeme]) -> bool {
    text.iter()
        .any(|l| matches!(l.token, Token::Reported | Token::UnclosedBrace))
}

/// The tokens for the grammar; between the entries of a `{ }` a new line becomes a `;`.
fn with_separators(text: &[Lexeme]) -> impl Iterator<Item = (u32, Token, u32)> {
    let (mut inside_braces, mut brackets, mut goes_on) = (false, 0usize, false);
    text.iter().flat_map(move |l| {
        let is_new_entry = inside_braces && l.starts_line && brackets == 0;
        let separates = is_new_entry && !goes_on && !l.token.continues_previous_line();
        match l.token {
            Token::OpenBrace => inside_braces = true,
            Token::CloseBrace => inside_braces = false,
            token if token.opens() => brackets += 1,
            token if token.closes() => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        goes_on = l.token.continues();
        let separator = separates.then_some((l.start, Token::Semicolon, l.start));
        separator.into_iter().chain([(l.start, l.token, l.end)])
    })
}
