//! BioNetGen `.net` files, read line by line.
//!
//! Rates are kept as the file has them: factors for identical reactants and compartment volumes are in them already,
//! so that reactions are not `combinatoric`. Rate laws follow BioNetGen's `run_network`.
//!
//! # References
//! [BNG] L. A. Harris et al., *BioNetGen 2.2: advances in rule-based modeling*, Bioinformatics 32 (2016) 3366–3368,
//! doi:10.1093/bioinformatics/btw469; `Network3/src/network.cpp` and `rateExpressions/` of its source.
use rustc_hash::{FxHashMap, FxHashSet};

use super::error::ImportError;
use super::expression::{Scope, parse};
use super::lines::{Section, Word, sections};
use super::names::{Names, identifier};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Span};
use crate::syntax::Ast;
use crate::syntax::ast::{
    BinaryOp, DeclKind, Declaration, Expr, ExprKind, Ident, Item, ItemKind, NameId,
};
use crate::terms::Number;

/// Reads a `.net` file. Species are named after their pattern when it is a plain name, else `S` and their number.
pub fn import_net(source: &Source, diagnostics: &mut Diagnostics) -> Ast {
    let sections = sections(source);
    let named = |name: &'static str| {
        let found = sections.iter().filter(move |s| s.name == name);
        found.flat_map(|s: &Section| s.body.lines())
    };
    let mut import = Import::new(diagnostics);
    import.model_name(source);
    let n_lines = |s: &Section| s.body.text.bytes().filter(|&b| b == b'\n').count();
    import.ast.items.reserve(sections.iter().map(n_lines).sum());
    if !sections.iter().any(|s| s.name == "species") {
        import.missing_section(source, "species");
    }
    import.parameters(named("parameters"));
    import.declare_functions(named("functions"));
    import.declare_groups(named("groups"));
    import.name_species(named("species"));
    import.species(named("species"));
    import.reactions(named("reactions"));
    import.groups(named("groups"));
    import.functions(named("functions"));
    import.ast
}

/// What is known while reading.
pub(super) struct Import<'a, 'd> {
    pub(super) ast: Ast,
    pub(super) diagnostics: &'d mut Diagnostics,
    pub(super) names: Names,
    pub(super) parameters: FxHashMap<&'a str, NameId>,
    pub(super) functions: FxHashMap<&'a str, NameId>,
    pub(super) groups: FxHashMap<&'a str, NameId>,
    /// Identifier of species 1, 2, ….
    pub(super) species: Vec<NameId>,
    /// Rate constants already in the arena, by text.
    pub(super) rates: FxHashMap<&'a str, Expr>,
}

impl<'a, 'd> Import<'a, 'd> {
    fn new(diagnostics: &'d mut Diagnostics) -> Self {
        Import {
            ast: Ast::new(),
            diagnostics,
            names: Names::default(),
            parameters: FxHashMap::default(),
            functions: FxHashMap::default(),
            groups: FxHashMap::default(),
            species: Vec::new(),
            rates: FxHashMap::default(),
        }
    }

    fn model_name(&mut self, source: &Source) {
        let file = source.name.rsplit(['/', '\\']).next().unwrap_or("");
        let stem = file.strip_suffix(".net").unwrap_or(file);
        let span = Span::new(source.base, source.base);
        let name = Ident {
            name: self.ast.intern(&identifier(stem)),
            span,
        };
        let doc = Some(format!("imported from BioNetGen, {file}"));
        self.item(ItemKind::Model { name, doc }, span);
    }

    fn missing_section(&mut self, source: &Source, section: &'static str) {
        let at = Span::new(source.base, source.base).into();
        let problem = ImportError::MissingSection { section, at };
        self.diagnostics.push(problem);
    }

    /// `1 k1 2*k0`
    fn parameters(&mut self, lines: impl Iterator<Item = Word<'a>>) {
        for line in lines {
            let Some((name, text)) = self.numbered_name(line, "parameters") else {
                continue;
            };
            let Some(id) = self.declare(name, "_parameter", |s| &mut s.parameters) else {
                continue;
            };
            let value = self.constant(text);
            self.declaration(DeclKind::Param, id, name, line, Some(value), None);
        }
    }

    /// `1 rate() k/(K+G)`: names only, they may be used before their line.
    fn declare_functions(&mut self, lines: impl Iterator<Item = Word<'a>>) {
        for line in lines {
            if let Some((name, _)) = self.numbered_name(line, "functions") {
                let name = name.split(b'(').0;
                self.declare(name, "_function", |s| &mut s.functions);
            }
        }
    }

    /// `1 Dimers 2*8,2*9`: names only, functions use them.
    fn declare_groups(&mut self, lines: impl Iterator<Item = Word<'a>>) {
        for line in lines {
            if let Some((name, _)) = self.numbered_name(line, "groups") {
                self.declare(name, "_obs", |s| &mut s.groups);
            }
        }
    }

    /// Chooses identifiers, before any is used: a plain pattern's name if no other species and nothing else has it.
    fn name_species(&mut self, lines: impl Iterator<Item = Word<'a>> + Clone) {
        let mut seen = FxHashSet::default();
        let mut repeated = FxHashSet::default();
        for line in lines.clone() {
            if let Some(name) = plain_name(line)
                && !seen.insert(name)
            {
                repeated.insert(name);
            }
        }
        for (i, line) in lines.enumerate() {
            let plain = plain_name(line).filter(|name| !repeated.contains(name));
            let named = plain.and_then(|name| self.names.try_claim(&mut self.ast, name));
            let id = named.unwrap_or_else(|| {
                self.names
                    .claim(&mut self.ast, &format!("S{}", i + 1), "_species")
            });
            self.species.push(id);
        }
    }

    /// `1 A(b~P) A_tot`, `2 $B() 1`
    fn species(&mut self, lines: impl Iterator<Item = Word<'a>>) {
        for (i, line) in lines.enumerate() {
            let (number, rest) = line.next_word();
            let (pattern, value) = rest.next_word();
            if number.text.parse() != Ok(i + 1) || value.text.is_empty() {
                self.malformed(
                    "species",
                    "its number, counted from 1, its pattern and its initial amount",
                    line,
                );
                continue;
            }
            let kind = if is_fixed(pattern.text) {
                DeclKind::FixedSpecies
            } else {
                DeclKind::Species
            };
            let value = self.constant(value);
            let doc = Some(pattern.text.to_owned());
            self.declaration(kind, self.species[i], pattern, line, Some(value), doc);
        }
    }

    /// `1 Dimers 2*8,2*9,10`
    fn groups(&mut self, lines: impl Iterator<Item = Word<'a>>) {
        for line in lines {
            let (_, rest) = line.next_word();
            let (name, members) = rest.next_word();
            let Some(&id) = self.groups.get(name.text) else {
                continue;
            };
            let value = self.weighted_sum(members);
            self.declaration(DeclKind::Let, id, name, line, Some(value), None);
        }
    }

    /// `1 rate() k/(K+G)`
    fn functions(&mut self, lines: impl Iterator<Item = Word<'a>>) {
        for line in lines {
            let (_, rest) = line.next_word();
            let (name, body) = rest.next_word();
            let name = name.split(b'(').0;
            let Some(&id) = self.functions.get(name.text) else {
                continue;
            };
            let value = self.expression(body);
            self.declaration(DeclKind::Let, id, name, line, Some(value), None);
        }
    }

    fn weighted_sum(&mut self, members: Word<'a>) -> Expr {
        let mut terms = Vec::new();
        let mut rest = members;
        while !rest.text.is_empty() {
            let (member, after) = rest.split(b',');
            rest = after;
            terms.extend(self.group_member(member.trim()));
        }
        let span = members.span();
        let ast = &mut self.ast;
        let sum = terms
            .into_iter()
            .reduce(|sum, term| ast.push(ExprKind::Binary(BinaryOp::Add, sum, term), span));
        sum.unwrap_or_else(|| self.ast.push(ExprKind::Number(Number::ZERO), span))
    }

    /// `8` or `2*8`
    fn group_member(&mut self, member: Word<'a>) -> Option<Expr> {
        let (weight, number) = match member.split(b'*') {
            (number, rest) if rest.text.is_empty() => (None, number),
            (weight, number) => (Some(weight), number),
        };
        let species = self.species_number(number)?;
        let amount = self.amount(species, number.span());
        let Some(weight) = weight else {
            return Some(amount);
        };
        let small = decimal(weight.text.as_bytes()).map(|n| Number::integer(n.into()));
        let Some(value) = small.or_else(|| Number::parse(weight.text)) else {
            self.malformed("groups", "a number before `*`", member);
            return None;
        };
        let weight = self.ast.push(ExprKind::Number(value), weight.span());
        let product = ExprKind::Binary(BinaryOp::Mul, weight, amount);
        Some(self.ast.push(product, member.span()))
    }

    /// A species of this file, not 0, or a report.
    fn species_number(&mut self, number: Word<'a>) -> Option<u32> {
        let n_species = self.species.len();
        let found = decimal(number.text.as_bytes()).filter(|&n| n >= 1 && n as usize <= n_species);
        if found.is_none() {
            self.unknown_species(number);
        }
        found
    }

    pub(super) fn unknown_species(&mut self, number: Word) {
        let problem = ImportError::UnknownSpeciesNumber {
            number: number.text.into(),
            at: number.span().into(),
        };
        self.diagnostics.push(problem);
    }

    pub(super) fn amount(&mut self, species: u32, span: Span) -> Expr {
        let name = self.species[species as usize - 1];
        self.ast.push(ExprKind::Name(name), span)
    }

    /// An expression of parameters.
    fn constant(&mut self, text: Word<'a>) -> Expr {
        let scope = Scope {
            tables: &[&self.parameters],
        };
        let parsed = parse(text, &mut self.ast, &scope);
        self.parsed(parsed, text)
    }

    /// An expression of groups, functions and parameters; where a group has the name of a parameter, the group is meant.
    fn expression(&mut self, text: Word<'a>) -> Expr {
        let scope = Scope {
            tables: &[&self.groups, &self.functions, &self.parameters],
        };
        let parsed = parse(text, &mut self.ast, &scope);
        self.parsed(parsed, text)
    }

    pub(super) fn parsed(&mut self, parsed: Result<Expr, ImportError>, text: Word) -> Expr {
        parsed.unwrap_or_else(|problem| {
            self.diagnostics.push(problem);
            self.ast.push(ExprKind::Error, text.span())
        })
    }

    /// `12 name rest`, or a report.
    fn numbered_name(
        &mut self,
        line: Word<'a>,
        section: &'static str,
    ) -> Option<(Word<'a>, Word<'a>)> {
        let (number, rest) = line.next_word();
        let (name, rest) = rest.next_word();
        let is_numbered = number.text.bytes().all(|b| b.is_ascii_digit());
        let needs_rest = section != "groups";
        if !is_numbered || name.text.is_empty() || (needs_rest && rest.text.is_empty()) {
            self.malformed(section, "a number, a name and a definition", line);
            return None;
        }
        Some((name, rest))
    }

    /// Gives a foreign name its identifier; `None`, and reported, if the file declared it before.
    fn declare(
        &mut self,
        name: Word<'a>,
        suffix: &str,
        table: impl Fn(&mut Self) -> &mut FxHashMap<&'a str, NameId>,
    ) -> Option<NameId> {
        if table(self).contains_key(name.text) {
            let problem = ImportError::DuplicateName {
                name: name.text.into(),
                at: name.span().into(),
            };
            self.diagnostics.push(problem);
            return None;
        }
        let id = self.names.claim(&mut self.ast, name.text, suffix);
        table(self).insert(name.text, id);
        Some(id)
    }

    fn declaration(
        &mut self,
        kind: DeclKind,
        id: NameId,
        name: Word,
        line: Word,
        value: Option<Expr>,
        doc: Option<String>,
    ) {
        let declaration = Declaration {
            kind,
            name: Ident {
                name: id,
                span: name.span(),
            },
            unit: None,
            domain: None,
            value,
            diffusion: None,
            doc,
        };
        self.item(ItemKind::Declare(declaration), line.span());
    }

    pub(super) fn item(&mut self, kind: ItemKind, span: Span) {
        self.ast.items.push(Item { kind, span });
    }

    pub(super) fn malformed(&mut self, section: &'static str, expected: &'static str, line: Word) {
        let at = line.span().into();
        let problem = ImportError::MalformedLine {
            section,
            expected,
            at,
        };
        self.diagnostics.push(problem);
    }
}

/// An unsigned number of up to nine digits.
pub(super) fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = digits.iter().map(|digit| u32::from(digit - b'0'));
    Some(digits.fold(0, |n, digit| 10 * n + digit))
}

/// `A` of a line `3 A() 1` or `3 $A 1`: a pattern without sites and compartments.
fn plain_name(line: Word<'_>) -> Option<&str> {
    let pattern = line.next_word().1.next_word().0.text;
    let name = pattern.strip_prefix('$').unwrap_or(pattern);
    let name = name.strip_suffix("()").unwrap_or(name);
    let starts_well = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (starts_well && plain).then_some(name)
}

/// `$A()` or `@PM::$A()` is held constant.
fn is_fixed(pattern: &str) -> bool {
    let without_compartment = match pattern.strip_prefix('@').and_then(|p| p.split_once(':')) {
        Some((_, rest)) => rest.trim_start_matches(':'),
        None => pattern,
    };
    without_compartment.starts_with('$')
}
