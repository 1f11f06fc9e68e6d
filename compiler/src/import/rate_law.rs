//! BioNetGen's named rate laws as expressions of the reactants' amounts.
use super::lines::Word;
use crate::source::Span;
use crate::syntax::ast::{Ast, BinaryOp, Expr, ExprKind, Ident};
use crate::terms::Number;

/// The laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LawKind {
    /// `Sat k K…`: k·Π x / Π (K + x), one factor below for each K, in the order of the reactants; `Sat k` is just k.
    Saturation,
    /// `MM kcat Km`: kcat·E·S/(Km + S), with the free substrate S of the total quasi-steady state.
    MichaelisMenten,
    /// `Hill k K n`: k·x^n/(K^n + x^n) of the first reactant, times the others.
    Hill,
}

/// A rate field that names a law.
pub(super) struct LawText<'a> {
    /// Statistical factor: `2*Sat …`.
    pub factor: Option<Word<'a>>,
    pub kind: LawKind,
    pub arguments: Vec<Word<'a>>,
}

/// Recognises `Sat k K`, `2*MM kcat Km`; `None` for plain expressions.
pub(super) fn split_law(rate: Word) -> Option<LawText> {
    let (head, mut rest) = rate.next_word();
    let (factor, name) = match head.text.rfind('*') {
        Some(i) => (Some(head.slice(0, i)), &head.text[i + 1..]),
        None => (None, head.text),
    };
    let kind = match name {
        "Sat" => LawKind::Saturation,
        "MM" => LawKind::MichaelisMenten,
        "Hill" => LawKind::Hill,
        _ => return None,
    };
    let mut arguments = Vec::new();
    while !rest.text.is_empty() {
        let (argument, after) = rest.next_word();
        arguments.push(argument);
        rest = after;
    }
    Some(LawText {
        factor,
        kind,
        arguments,
    })
}

/// The law over `amounts`, one per reactant; `None` if the numbers of arguments or reactants do not fit it.
pub(super) fn law_expression(
    ast: &mut Ast,
    span: Span,
    kind: LawKind,
    arguments: &[Expr],
    amounts: &[Expr],
) -> Option<Expr> {
    let mut e = Builder { ast, span };
    match (kind, arguments, amounts) {
        (LawKind::Saturation, &[k], _) => Some(k),
        (LawKind::Saturation, &[k, ref halves @ ..], amounts) => e.saturation(k, halves, amounts),
        (LawKind::MichaelisMenten, &[kcat, km], &[substrate, ref enzymes @ ..]) => {
            e.michaelis_menten(kcat, km, substrate, enzymes)
        }
        (LawKind::Hill, &[k, half, n], &[first, ref others @ ..]) => {
            let power = e.binary(BinaryOp::Pow, first, n);
            let half_power = e.binary(BinaryOp::Pow, half, n);
            let denominator = e.binary(BinaryOp::Add, half_power, power);
            let product = e.binary(BinaryOp::Mul, k, power);
            let activated = e.binary(BinaryOp::Div, product, denominator);
            Some(e.times(activated, others))
        }
        (LawKind::Saturation | LawKind::MichaelisMenten | LawKind::Hill, _, _) => None,
    }
}

/// `factor·rate`
pub(super) fn scaled(ast: &mut Ast, span: Span, factor: Option<Expr>, rate: Expr) -> Expr {
    match factor {
        Some(factor) => Builder { ast, span }.binary(BinaryOp::Mul, factor, rate),
        None => rate,
    }
}

struct Builder<'a> {
    ast: &'a mut Ast,
    span: Span,
}

impl Builder<'_> {
    fn saturation(&mut self, k: Expr, halves: &[Expr], amounts: &[Expr]) -> Option<Expr> {
        if halves.len() > amounts.len() {
            return None;
        }
        let mut rate = self.times(k, amounts);
        for (&half, &amount) in halves.iter().zip(amounts) {
            let denominator = self.binary(BinaryOp::Add, half, amount);
            rate = self.binary(BinaryOp::Div, rate, denominator);
        }
        Some(rate)
    }

    /// b = S_t - Km - E_t, S = (b + √(b² + 4·S_t·Km))/2, rate = kcat·E_t·S/(Km + S).
    fn michaelis_menten(
        &mut self,
        kcat: Expr,
        km: Expr,
        substrate: Expr,
        enzymes: &[Expr],
    ) -> Option<Expr> {
        let (&first, others) = enzymes.split_first()?;
        let mut enzyme = first;
        for &other in others {
            enzyme = self.binary(BinaryOp::Add, enzyme, other);
        }
        let (two, four) = (self.number(2), self.number(4));
        let excess = self.binary(BinaryOp::Sub, substrate, km);
        let b = self.binary(BinaryOp::Sub, excess, enzyme);
        let b_squared = self.binary(BinaryOp::Pow, b, two);
        let four_km = self.binary(BinaryOp::Mul, four, km);
        let product = self.binary(BinaryOp::Mul, four_km, substrate);
        let discriminant = self.binary(BinaryOp::Add, b_squared, product);
        let root = self.sqrt(discriminant);
        let twice_free = self.binary(BinaryOp::Add, b, root);
        let free = self.binary(BinaryOp::Div, twice_free, two);
        let maximal = self.binary(BinaryOp::Mul, kcat, enzyme);
        let numerator = self.binary(BinaryOp::Mul, maximal, free);
        let denominator = self.binary(BinaryOp::Add, km, free);
        Some(self.binary(BinaryOp::Div, numerator, denominator))
    }

    fn times(&mut self, first: Expr, factors: &[Expr]) -> Expr {
        let mut product = first;
        for &factor in factors {
            product = self.binary(BinaryOp::Mul, product, factor);
        }
        product
    }

    fn binary(&mut self, op: BinaryOp, left: Expr, right: Expr) -> Expr {
        self.ast.push(ExprKind::Binary(op, left, right), self.span)
    }

    fn number(&mut self, n: i64) -> Expr {
        self.ast
            .push(ExprKind::Number(Number::integer(n)), self.span)
    }

    fn sqrt(&mut self, x: Expr) -> Expr {
        let name = Ident {
            name: self.ast.intern("sqrt"),
            span: self.span,
        };
        self.ast
            .push(ExprKind::Call(name, Box::new([x])), self.span)
    }
}
