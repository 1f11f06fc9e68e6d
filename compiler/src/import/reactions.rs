//! The reactions of a `.net` file.
use super::bionetgen::{Import, decimal};
use super::expression::{Scope, parse};
use super::lines::Word;
use super::rate_law::{LawText, law_expression, scaled, split_law};
use crate::source::Span;
use crate::syntax::ast::{Arrow, Expr, ExprKind, Ident, ItemKind, Participant, Reaction};
use crate::terms::Number;

impl<'a> Import<'a, '_> {
    /// `1 1,2 7 2*kp1`, `2 3,1 1 Sat k8 K9`
    pub(super) fn reactions(&mut self, lines: impl Iterator<Item = Word<'a>>) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for line in lines {
            let (_, rest) = line.next_word();
            let (reactants, rest) = rest.next_word();
            let (products, rate) = rest.next_word();
            if rate.text.is_empty() {
                self.malformed(
                    "reactions",
                    "its number, its reactants, its products and its rate",
                    line,
                );
                continue;
            }
            if !self.species_list(reactants, &mut left) || !self.species_list(products, &mut right)
            {
                continue;
            }
            self.reaction(line, (reactants, &mut left), (products, &mut right), rate);
        }
    }

    fn reaction(
        &mut self,
        line: Word<'a>,
        (reactants, left): (Word<'a>, &mut [u32]),
        (products, right): (Word<'a>, &mut [u32]),
        rate: Word<'a>,
    ) {
        let known = self.rates.get(rate.text).copied();
        let (arrow, rate) = match known.ok_or_else(|| split_law(rate)) {
            Ok(constant) => (Arrow::MassAction, constant),
            Err(None) => (Arrow::MassAction, self.rate_constant(rate)),
            Err(Some(law)) => (Arrow::Law, self.law(rate, law, left, reactants.span())),
        };
        let reaction = Reaction {
            name: None,
            reactants: self.participants(left, reactants.span()),
            products: self.participants(right, products.span()),
            arrow,
            rates: vec![rate],
            combinatoric: false,
            doc: None,
        };
        self.item(ItemKind::Reaction(reaction), line.span());
    }

    /// Reads `1,2,2` into `numbers`; species 0 is nothing. False, and reported, if one does not exist.
    fn species_list(&mut self, list: Word<'a>, numbers: &mut Vec<u32>) -> bool {
        numbers.clear();
        let mut start = 0;
        for digits in list.text.as_bytes().split(|&b| b == b',') {
            let end = start + digits.len();
            match decimal(digits) {
                Some(0) => {}
                Some(n) if n as usize <= self.species.len() => numbers.push(n),
                Some(_) | None => {
                    self.unknown_species(list.slice(start, end));
                    return false;
                }
            }
            start = end + 1;
        }
        true
    }

    /// The species of one side, each once, with how often it is there. Sorts `numbers`.
    fn participants(&self, numbers: &mut [u32], span: Span) -> Vec<Participant> {
        numbers.sort_unstable();
        let mut participants = Vec::with_capacity(numbers.len());
        participants.extend(numbers.chunk_by(|a, b| a == b).map(|run| Participant {
            stoichiometry: Number::integer(run.len() as i64),
            species: Ident {
                name: self.species[run[0] as usize - 1],
                span,
            },
        }));
        participants
    }

    fn law(&mut self, text: Word<'a>, law: LawText<'a>, reactants: &[u32], at: Span) -> Expr {
        let factor = law.factor.map(|f| self.rate_constant(f));
        let arguments: Vec<Expr> = law
            .arguments
            .iter()
            .map(|&a| self.rate_constant(a))
            .collect();
        let amounts: Vec<Expr> = reactants.iter().map(|&s| self.amount(s, at)).collect();
        let span = text.span();
        match law_expression(&mut self.ast, span, law.kind, &arguments, &amounts) {
            Some(rate) => scaled(&mut self.ast, span, factor, rate),
            None => {
                self.malformed(
                    "reactions",
                    "`Sat k K…`, `MM kcat Km` or `Hill k K n`",
                    text,
                );
                self.ast.push(ExprKind::Error, span)
            }
        }
    }

    /// A rate that multiplies the reactants. Each text is parsed once.
    fn rate_constant(&mut self, text: Word<'a>) -> Expr {
        if let Some(&known) = self.rates.get(text.text) {
            return known;
        }
        let scope = Scope {
            tables: &[&self.functions, &self.parameters, &self.groups],
        };
        let parsed = parse(text, &mut self.ast, &scope);
        let rate = self.parsed(parsed, text);
        self.rates.insert(text.text, rate);
        rate
    }
}
