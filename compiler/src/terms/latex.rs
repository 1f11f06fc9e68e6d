//! Terms as LaTeX, for math mode.

use std::fmt;

use super::op::Notation;
use super::order::PrintOrder;
use super::print::{Level, Piece, Style, is_half, joined, write_term};
use super::{Number, Op, Pool, Term, View};

/// A term as LaTeX; see [`Pool::latex`].
pub struct TermLatex<'a> {
    pool: &'a Pool,
    term: Term,
}

impl Pool {
    /// The term for LaTeX's math mode: `\frac{k_{1}\,A}{K + A} - 2\,B`.
    pub fn latex(&self, term: Term) -> TermLatex<'_> {
        TermLatex { pool: self, term }
    }
}

impl fmt::Display for TermLatex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_term::<Latex>(f, self.pool, self.term)
    }
}

/// A name for LaTeX's math mode: `k_on` is `k_{\mathrm{on}}`, `alpha0` is `\alpha_{0}`.
pub fn latex_name(name: &str) -> String {
    let (head, subscript) = name.split_once('_').unwrap_or((name, ""));
    let letters = head.trim_end_matches(|c: char| c.is_ascii_digit());
    let (base, digits) = if is_greek(letters) || letters.chars().count() == 1 {
        (letters, &head[letters.len()..])
    } else {
        (head, "")
    };
    let parts: Vec<String> = [digits, subscript]
        .iter()
        .filter(|s| !s.is_empty())
        .map(|s| upright(s))
        .collect();
    if parts.is_empty() {
        return upright(base);
    }
    format!("{}_{{{}}}", upright(base), parts.join(","))
}

const GREEK: &[&str] = &[
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi",
    "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi",
    "Omega",
];

fn is_greek(name: &str) -> bool {
    GREEK.contains(&name)
}

/// One letter in italics, a Greek letter, digits, or a word in roman type.
fn upright(text: &str) -> String {
    if is_greek(text) {
        return format!("\\{text}");
    }
    let is_plain = text.chars().count() == 1 || text.bytes().all(|b| b.is_ascii_digit());
    if is_plain {
        text.to_string()
    } else {
        format!("\\mathrm{{{}}}", text.replace('_', "\\_"))
    }
}

struct Latex;

impl Style for Latex {
    const PARENTHESES: (&'static str, &'static str) = ("\\left(", "\\right)");

    fn number(f: &mut fmt::Formatter<'_>, n: &Number) -> fmt::Result {
        let text = n.to_string();
        if let Some((mantissa, exponent)) = text.split_once('e') {
            return write!(f, "{mantissa} \\cdot 10^{{{exponent}}}");
        }
        match text.trim_start_matches('-').split_once('/') {
            Some((n, d)) => {
                let sign = if text.starts_with('-') { "-" } else { "" };
                write!(f, "{sign}\\frac{{{n}}}{{{d}}}")
            }
            None => f.write_str(&text),
        }
    }

    fn symbol(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        f.write_str(&latex_name(name))
    }

    fn level(pool: &Pool, t: Term) -> Level {
        match pool.view(t) {
            View::Number(n) if n.signum() < 0 || !n.is_integer() => Level::Product,
            View::Number(_) | View::Symbol(_) | View::Constant(_) => Level::Atom,
            View::Sum(..) => Level::Sum,
            View::Product(c, factors) => match factors {
                [(_, e)] if c.is_one() && is_half(e) => Level::Atom,
                [(_, e)] if c.is_one() && e.signum() > 0 => Level::Power,
                _ => Level::Product,
            },
            View::Call(op, _) => match op.notation() {
                Notation::Function | Notation::Conditional => Level::Atom,
                Notation::Power | Notation::Partial => Level::Power,
                Notation::Comparison => Level::Comparison,
                Notation::Conjunction => Level::And,
                Notation::Disjunction => Level::Or,
                Notation::Negation => Level::Not,
            },
        }
    }

    fn pieces(pool: &Pool, t: Term) -> Vec<Piece> {
        match pool.view(t) {
            View::Number(n) => vec![Piece::Number(n.clone())],
            View::Symbol(s) => vec![Piece::Symbol(s)],
            View::Constant("pi") => vec![Piece::Text("\\pi")],
            View::Constant(name) => vec![
                Piece::Text("\\mathrm{"),
                Piece::Text(name),
                Piece::Text("}"),
            ],
            View::Call(Op::Partial, _) => {
                let (field, coordinates) = pool.nested_partial(t);
                let mut pieces = vec![Piece::Text("\\partial_{")];
                pieces.extend(coordinates.into_iter().map(Piece::Symbol));
                pieces.extend([Piece::Text("} "), Piece::Term(field, Level::Atom)]);
                pieces
            }
            View::Call(op, args) => call_pieces(op, args),
            View::Sum(..) | View::Product(..) => Vec::new(),
        }
    }

    fn push_product(order: &PrintOrder<'_>, pieces: &mut Vec<Piece>, c: &Number, t: Term) {
        let fraction = order.fraction(t);
        let (front, divisor) = (c.abs(), Number::ONE);
        let is_plain = fraction.denominator.is_empty();
        let (front, divisor) = if is_plain {
            (front, divisor)
        } else {
            (front.numerator(), front.denominator())
        };
        pieces.extend((!is_plain).then_some(Piece::Text("\\frac{")));
        push_factors(order.pool, pieces, front, &fraction.numerator);
        if !is_plain {
            pieces.push(Piece::Text("}{"));
            push_factors(order.pool, pieces, divisor, &fraction.denominator);
            pieces.push(Piece::Text("}"));
        }
    }
}

/// `n\,b^{e}\,…`; a single sum needs no parentheses where nothing stands beside it.
fn push_factors(pool: &Pool, pieces: &mut Vec<Piece>, n: Number, factors: &[(Term, Number)]) {
    if let [(base, exponent)] = factors
        && n.is_one()
        && exponent.is_one()
    {
        pieces.push(Piece::Term(*base, Level::Sum));
        return;
    }
    let mut is_first = n.is_one() && !factors.is_empty();
    if !is_first {
        pieces.push(Piece::Number(n));
    }
    for (base, exponent) in factors {
        let is_number = pool.as_number(*base).is_some();
        let separator = if is_number { " \\cdot " } else { "\\," };
        pieces.extend((!is_first).then_some(Piece::Text(separator)));
        is_first = false;
        if exponent.is_one() {
            pieces.push(Piece::Term(*base, Level::Power));
        } else if is_half(exponent) {
            pieces.extend([
                Piece::Text("\\sqrt{"),
                Piece::Term(*base, Level::If),
                Piece::Text("}"),
            ]);
        } else {
            let base = Piece::Term(*base, Level::Atom);
            pieces.extend([
                base,
                Piece::Text("^{"),
                Piece::Number(exponent.clone()),
                Piece::Text("}"),
            ]);
        }
    }
}

/// How calls of functions open and close, where not `\operatorname{name}\left(…\right)`.
const DELIMITERS: &[(Op, &str, &str)] = &[
    (Op::Exp, "\\exp\\left(", "\\right)"),
    (Op::Ln, "\\ln\\left(", "\\right)"),
    (Op::Log10, "\\log_{10}\\left(", "\\right)"),
    (Op::Log2, "\\log_{2}\\left(", "\\right)"),
    (Op::Cbrt, "\\sqrt[3]{", "}"),
    (Op::Abs, "\\left|", "\\right|"),
    (Op::Floor, "\\left\\lfloor ", "\\right\\rfloor"),
    (Op::Ceil, "\\left\\lceil ", "\\right\\rceil"),
    (Op::Sin, "\\sin\\left(", "\\right)"),
    (Op::Cos, "\\cos\\left(", "\\right)"),
    (Op::Tan, "\\tan\\left(", "\\right)"),
    (Op::Asin, "\\arcsin\\left(", "\\right)"),
    (Op::Acos, "\\arccos\\left(", "\\right)"),
    (Op::Atan, "\\arctan\\left(", "\\right)"),
    (Op::Sinh, "\\sinh\\left(", "\\right)"),
    (Op::Cosh, "\\cosh\\left(", "\\right)"),
    (Op::Tanh, "\\tanh\\left(", "\\right)"),
    (Op::Gamma, "\\Gamma\\left(", "\\right)"),
    (Op::LnGamma, "\\ln\\Gamma\\left(", "\\right)"),
    (Op::Min, "\\min\\left(", "\\right)"),
    (Op::Max, "\\max\\left(", "\\right)"),
    (Op::Mean, "\\left\\langle ", "\\right\\rangle"),
    (Op::Integral, "\\int\\left(", "\\right)\\,\\mathrm{d}V"),
    (Op::Minimum, "\\min\\left(", "\\right)"),
    (Op::Maximum, "\\max\\left(", "\\right)"),
];

fn call_pieces(op: Op, args: &[Term]) -> Vec<Piece> {
    use Piece::{Term, Text};
    let infix = |sign, level| joined(&[Text(sign)], args, level);
    match op.notation() {
        Notation::Function | Notation::Partial => function_pieces(op, args),
        Notation::Power => vec![
            Term(args[0], Level::Atom),
            Text("^{"),
            Term(args[1], Level::If),
            Text("}"),
        ],
        Notation::Comparison if op == Op::LessEqual => infix(" \\le ", Level::Sum),
        Notation::Comparison if op == Op::Equal => infix(" = ", Level::Sum),
        Notation::Comparison if op == Op::NotEqual => infix(" \\ne ", Level::Sum),
        Notation::Comparison => infix(" < ", Level::Sum),
        Notation::Conjunction => infix(" \\land ", Level::Comparison),
        Notation::Disjunction => infix(" \\lor ", Level::And),
        Notation::Negation => vec![Text("\\lnot "), Term(args[0], Level::Atom)],
        Notation::Conditional => vec![
            Text("\\begin{cases}"),
            Term(args[1], Level::Or),
            Text(" & \\text{if } "),
            Term(args[0], Level::Or),
            Text(" \\\\ "),
            Term(args[2], Level::If),
            Text(" & \\text{otherwise}\\end{cases}"),
        ],
    }
}

fn function_pieces(op: Op, args: &[Term]) -> Vec<Piece> {
    use Piece::{Term, Text};
    if op == Op::BesselJ {
        let (n, x) = (Term(args[0], Level::If), Term(args[1], Level::If));
        return vec![Text("J_{"), n, Text("}\\left("), x, Text("\\right)")];
    }
    if op == Op::PolyGamma {
        let (n, x) = (Term(args[0], Level::If), Term(args[1], Level::If));
        return vec![Text("\\psi^{("), n, Text(")}\\left("), x, Text("\\right)")];
    }
    let mut pieces = Vec::new();
    let close = match DELIMITERS.iter().find(|d| d.0 == op) {
        Some((_, open, close)) => {
            pieces.push(Text(open));
            *close
        }
        None => {
            pieces.extend([Text("\\operatorname{"), Text(op.name()), Text("}\\left(")]);
            "\\right)"
        }
    };
    pieces.extend(joined(&[Text(", ")], args, Level::If));
    pieces.push(Text(close));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, latex) in [
            ("k", "k"),
            ("k1", "k_{1}"),
            ("k_on", "k_{\\mathrm{on}}"),
            ("alpha0", "\\alpha_{0}"),
            ("mRNA", "\\mathrm{mRNA}"),
            ("x_1_b", "x_{\\mathrm{1\\_b}}"),
        ] {
            assert_eq!(latex_name(name), latex);
        }
    }

    #[test]
    fn fractions_roots_and_cases() {
        let p = &mut Pool::new();
        let [k, a] = ["k1", "A"].map(|name| {
            let symbol = p.symbol(name);
            p.var(symbol)
        });
        let below = p.add(a, k);
        let product = p.mul(k, a);
        let rate = p.div(product, below);
        let root = p.call(Op::Sqrt, &[a]);
        let net = p.linear(
            Number::ZERO,
            &[
                (rate, 1.into()),
                (root, Number::ratio(-1, 3).expect("not zero")),
            ],
        );
        let latex = "\\frac{k_{1}\\,A}{k_{1} + A} - \\frac{1}{3}\\,\\sqrt{A}";
        assert_eq!(p.latex(net).to_string(), latex);
        let (zero, sin) = (p.int(0), p.call(Op::Sin, &[a]));
        let less = p.call(Op::LessEqual, &[a, k]);
        let choice = p.call(Op::If, &[less, sin, zero]);
        let cases = "\\begin{cases}\\sin\\left(A\\right) & \\text{if } A \\le k_{1} \\\\ 0 & \\text{otherwise}\\end{cases}";
        assert_eq!(p.latex(choice).to_string(), cases);
    }
}
