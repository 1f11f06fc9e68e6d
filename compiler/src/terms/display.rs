//! Terms as text that the language reads back to the same term.

use std::fmt;

use super::op::Notation;
use super::order::{Fraction, PrintOrder};
use super::print::{Level, Piece, Style, is_half, is_written_as_ratio, joined, write_term};
use super::{Number, Op, Pool, Term, View};

/// A term as text; see [`Pool::display`].
pub struct TermText<'a> {
    pool: &'a Pool,
    term: Term,
}

impl Pool {
    /// The term in infix notation, as people write it and the language reads it: `k1*A/(K + A) - 2*B`. The text depends on the form of
    /// the term and the order in which symbols were made, nothing else.
    pub fn display(&self, term: Term) -> TermText<'_> {
        TermText { pool: self, term }
    }
}

impl fmt::Display for TermText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_term::<Infix>(f, self.pool, self.term)
    }
}

struct Infix;

impl Style for Infix {
    const PARENTHESES: (&'static str, &'static str) = ("(", ")");

    fn number(f: &mut fmt::Formatter<'_>, n: &Number) -> fmt::Result {
        write!(f, "{n}")
    }

    fn symbol(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
        f.write_str(name)
    }

    fn level(pool: &Pool, t: Term) -> Level {
        match pool.view(t) {
            View::Number(n) if n.signum() < 0 || is_written_as_ratio(n) => Level::Product,
            View::Number(_) | View::Symbol(_) | View::Constant(_) => Level::Atom,
            View::Sum(..) => Level::Sum,
            View::Product(c, factors) => match factors {
                [(_, e)] if c.is_one() && is_half(e) => Level::Atom,
                [(_, e)] if c.is_one() && e.signum() > 0 => Level::Power,
                _ => Level::Product,
            },
            View::Call(op, _) => match op.notation() {
                Notation::Function | Notation::Partial => Level::Atom,
                Notation::Power => Level::Power,
                Notation::Comparison => Level::Comparison,
                Notation::Conjunction => Level::And,
                Notation::Disjunction => Level::Or,
                Notation::Negation => Level::Not,
                Notation::Conditional => Level::If,
            },
        }
    }

    fn pieces(pool: &Pool, t: Term) -> Vec<Piece> {
        match pool.view(t) {
            View::Number(n) => vec![Piece::Number(n.clone())],
            View::Symbol(s) => vec![Piece::Symbol(s)],
            View::Constant(name) => vec![Piece::Text(name)],
            View::Call(Op::Partial, _) => {
                let (field, coordinates) = pool.nested_partial(t);
                let mut pieces = vec![Piece::Text("d")];
                pieces.extend(coordinates.into_iter().map(Piece::Symbol));
                pieces.extend([
                    Piece::Text("("),
                    Piece::Term(field, Level::If),
                    Piece::Text(")"),
                ]);
                pieces
            }
            View::Call(op, args) => call_pieces(op, args),
            View::Sum(..) | View::Product(..) => Vec::new(),
        }
    }

    /// Reading left to right must not multiply a number into a sum, which would distribute it: then the rest goes into parentheses.
    fn push_product(order: &PrintOrder<'_>, pieces: &mut Vec<Piece>, c: &Number, t: Term) {
        let fraction = order.fraction(t);
        let mut front = c.abs();
        let mut divisor = Number::ONE;
        let meets_sum = |factors: &[(Term, Number)]| {
            let first = factors.first();
            first.is_some_and(|factor| order.is_plain_sum(factor))
        };
        if is_written_as_ratio(&front) && !meets_sum(&fraction.denominator) {
            divisor = front.denominator();
            front = front.numerator();
        }
        let is_wrapped = meets_sum(&fraction.numerator) && (!front.is_one() || c.signum() < 0);
        if !front.is_one() || fraction.numerator.is_empty() {
            pieces.push(Piece::Number(front));
            pieces.extend((!fraction.numerator.is_empty()).then_some(Piece::Text("*")));
        }
        pieces.extend(is_wrapped.then_some(Piece::Text("(")));
        push_factors(pieces, &fraction.numerator);
        push_denominator(pieces, divisor, &fraction);
        pieces.extend(is_wrapped.then_some(Piece::Text(")")));
    }
}

fn push_denominator(pieces: &mut Vec<Piece>, divisor: Number, fraction: &Fraction) {
    let n_numbers = usize::from(!divisor.is_one());
    let n_divisors = fraction.denominator.len() + n_numbers;
    if n_divisors == 0 {
        return;
    }
    let is_product = n_divisors > 1;
    pieces.push(Piece::Text(if is_product { "/(" } else { "/" }));
    if n_numbers > 0 {
        pieces.push(Piece::Number(divisor));
        pieces.extend(is_product.then_some(Piece::Text("*")));
    }
    push_factors(pieces, &fraction.denominator);
    pieces.extend(is_product.then_some(Piece::Text(")")));
}

/// `b^e*…`, positive exponents.
fn push_factors(pieces: &mut Vec<Piece>, factors: &[(Term, Number)]) {
    for (i, (base, exponent)) in factors.iter().enumerate() {
        pieces.extend((i > 0).then_some(Piece::Text("*")));
        if exponent.is_one() {
            pieces.push(Piece::Term(*base, Level::Power));
        } else if is_half(exponent) {
            pieces.extend([
                Piece::Text("sqrt("),
                Piece::Term(*base, Level::If),
                Piece::Text(")"),
            ]);
        } else {
            let is_ratio = is_written_as_ratio(exponent);
            pieces.push(Piece::Term(*base, Level::Atom));
            pieces.push(Piece::Text(if is_ratio { "^(" } else { "^" }));
            pieces.push(Piece::Number(exponent.clone()));
            pieces.extend(is_ratio.then_some(Piece::Text(")")));
        }
    }
}

fn call_pieces(op: Op, args: &[Term]) -> Vec<Piece> {
    use Piece::{Term, Text};
    let infix = |level| joined(&[Text(" "), Text(op.name()), Text(" ")], args, level);
    match op.notation() {
        Notation::Function | Notation::Partial => {
            let mut pieces = vec![Text(op.name()), Text("(")];
            pieces.extend(joined(&[Text(", ")], args, Level::If));
            pieces.push(Text(")"));
            pieces
        }
        Notation::Power => joined(&[Text("^")], args, Level::Atom),
        Notation::Comparison => infix(Level::Sum),
        Notation::Conjunction => infix(Level::Comparison),
        Notation::Disjunction => infix(Level::And),
        Notation::Negation => vec![Text("not "), Term(args[0], Level::Atom)],
        Notation::Conditional => vec![
            Text("if "),
            Term(args[0], Level::Or),
            Text(" then "),
            Term(args[1], Level::Or),
            Text(" else "),
            Term(args[2], Level::If),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols<const N: usize>(pool: &mut Pool, names: [&str; N]) -> [Term; N] {
        names.map(|name| {
            let symbol = pool.symbol(name);
            pool.var(symbol)
        })
    }

    #[test]
    fn writes_as_people_do() {
        let p = &mut Pool::new();
        let [k1, k, a, b] = symbols(p, ["k1", "K", "A", "B"]);
        let two = p.int(2);
        let (below, above) = (p.add(a, k), p.mul(a, k1));
        let rate = p.div(above, below);
        let loss = p.mul(two, b);
        let net = p.sub(rate, loss);
        assert_eq!(p.display(net).to_string(), "k1*A/(K + A) - 2*B");
        let difference = p.sub(b, a);
        let flow = p.mul(difference, k);
        assert_eq!(p.display(flow).to_string(), "K*(B - A)");
        let third = p.number(Number::ratio(-1, 3).expect("not zero"));
        let power = p.pow(a, third);
        assert_eq!(p.display(power).to_string(), "1/A^(1/3)");
        let root = p.call(Op::Sqrt, &[net]);
        let scaled = p.product(&[third, root, difference]);
        assert_eq!(
            p.display(scaled).to_string(),
            "-sqrt(k1*A/(K + A) - 2*B)*(B - A)/3"
        );
    }

    #[test]
    fn numbers_do_not_meet_sums() {
        let p = &mut Pool::new();
        let [x, y] = symbols(p, ["x", "y"]);
        let (s, d) = (p.add(x, y), p.sub(x, y));
        let product = p.mul(s, d);
        let scaled = p.scale(&(-2).into(), product);
        assert_eq!(p.display(scaled).to_string(), "-2*((x + y)*(x - y))");
        let quotient = p.div(s, x);
        let shifted = p.sub(y, quotient);
        assert_eq!(p.display(shifted).to_string(), "y - ((x + y)/x)");
    }

    #[test]
    fn logic_and_calls() {
        let p = &mut Pool::new();
        let [x, y] = symbols(p, ["x", "y"]);
        let (one, less) = (p.int(1), p.call(Op::Less, &[x, y]));
        let equal = p.call(Op::Equal, &[x, one]);
        let not = p.call(Op::Not, &[less]);
        let both = p.call(Op::And, &[equal, not]);
        let choice = p.call(Op::If, &[both, x, y]);
        let sum = p.add(choice, one);
        let text = "(if x == 1 and (not (x < y)) then x else y) + 1";
        assert_eq!(p.display(sum).to_string(), text);
        let power = p.pow(x, y);
        let tower = p.pow(power, y);
        let square = p.mul(tower, tower);
        assert_eq!(p.display(square).to_string(), "((x^y)^y)^2");
        let zero = p.int(0);
        let pole = p.div(zero, zero);
        assert_eq!(p.display(pole).to_string(), "0/0");
        let ln = p.call(Op::Ln, &[x]);
        let nothing = p.mul(zero, ln);
        assert_eq!(p.display(nothing).to_string(), "0*ln(x)");
    }

    #[test]
    fn text_does_not_depend_on_ids() {
        let p = &mut Pool::new();
        let [x, y] = symbols(p, ["x", "y"]);
        let q = &mut p.clone();
        let build = |p: &mut Pool| {
            let (sin, exp) = (p.call(Op::Sin, &[x]), p.call(Op::Exp, &[y]));
            let product = p.mul(sin, exp);
            p.sum(&[product, sin, exp])
        };
        let first = build(p);
        q.int(7);
        q.call(Op::Exp, &[y]);
        let second = build(q);
        assert_eq!(p.display(first).to_string(), q.display(second).to_string());
        assert_ne!(first, second);
    }

    #[test]
    fn astronomic_trees_are_named_not_written() {
        let p = &mut Pool::new();
        let [mut t] = symbols(p, ["x"]);
        for _ in 0..100 {
            let sin = p.call(Op::Sin, &[t]);
            t = p.mul(sin, t);
            t = p.call(Op::Exp, &[t]);
        }
        assert!(p.display(t).to_string().contains("too large"));
    }
}
