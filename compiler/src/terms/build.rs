//! Short constructors, powers and calls with their exact cases.

use super::pool::Kind;
use super::{Number, Op, Pool, Term, View};

impl Pool {
    /// An integer.
    pub fn int(&mut self, n: i64) -> Term {
        self.number(n.into())
    }

    /// Σ terms
    pub fn sum(&mut self, terms: &[Term]) -> Term {
        let mut entries = self.buffer();
        entries.extend(terms.iter().map(|&t| (t, Number::ONE)));
        let sum = self.linear(Number::ZERO, &entries);
        self.recycle(entries);
        sum
    }

    /// Π terms
    pub fn product(&mut self, terms: &[Term]) -> Term {
        let mut entries = self.buffer();
        entries.extend(terms.iter().map(|&t| (t, Number::ONE)));
        let product = self.monomial(Number::ONE, &entries);
        self.recycle(entries);
        product
    }

    /// a + b
    pub fn add(&mut self, a: Term, b: Term) -> Term {
        self.linear(Number::ZERO, &[(a, Number::ONE), (b, Number::ONE)])
    }

    /// a - b
    pub fn sub(&mut self, a: Term, b: Term) -> Term {
        self.linear(Number::ZERO, &[(a, Number::ONE), (b, Number::MINUS_ONE)])
    }

    /// a·b
    pub fn mul(&mut self, a: Term, b: Term) -> Term {
        self.monomial(Number::ONE, &[(a, Number::ONE), (b, Number::ONE)])
    }

    /// a/b, that is a·b^-1. Division by a literal 0 gives the term `0/0`, without a value.
    pub fn div(&mut self, a: Term, b: Term) -> Term {
        self.monomial(Number::ONE, &[(a, Number::ONE), (b, Number::MINUS_ONE)])
    }

    /// -a
    pub fn neg(&mut self, a: Term) -> Term {
        self.linear(Number::ZERO, &[(a, Number::MINUS_ONE)])
    }

    /// n·a
    pub fn scale(&mut self, n: &Number, a: Term) -> Term {
        self.linear(Number::ZERO, &[(a, n.clone())])
    }

    /// a^b: a product with a rational exponent when b is a rational number, else `Call(Pow)`. `sqrt(a)` is `a^(1/2)`, `e^b` is
    /// `exp(b)`, `ln(a)^0` is `1 + 0*ln(a)`.
    pub fn pow(&mut self, a: Term, b: Term) -> Term {
        if let Some(exponent) = self.as_number(b).cloned() {
            if exponent.is_zero() && !self.is_total(a) {
                return self.linear(Number::ONE, &[(a, Number::ZERO)]);
            }
            return self.monomial(Number::ONE, &[(a, exponent)]);
        }
        match self.view(a) {
            View::Number(n) if n.is_one() && self.is_total(b) => a,
            View::Constant("e") => self.call(Op::Exp, &[b]),
            View::Number(_)
            | View::Symbol(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Product(..)
            | View::Call(..) => self.intern_call(Op::Pow, &[a, b]),
        }
    }

    /// a > b, that is b < a
    pub fn greater(&mut self, a: Term, b: Term) -> Term {
        self.call(Op::Less, &[b, a])
    }

    /// a >= b, that is b <= a
    pub fn greater_equal(&mut self, a: Term, b: Term) -> Term {
        self.call(Op::LessEqual, &[b, a])
    }

    /// An operator or function applied; folds exact cases (`exp(0)`, `min(1,2)`, `if(true,…)`), keeps the rest.
    ///
    /// # Panics
    /// If the number of arguments is outside [`Op::arity`].
    pub fn call(&mut self, op: Op, args: &[Term]) -> Term {
        let (least, most) = op.arity();
        assert!(
            (least..=most).contains(&args.len()),
            "`{}` of {} arguments",
            op.name(),
            args.len()
        );
        match op {
            Op::Sqrt => {
                let half = Number::ratio(1, 2).expect("2 is not zero");
                self.monomial(Number::ONE, &[(args[0], half)])
            }
            Op::Pow => self.pow(args[0], args[1]),
            Op::Min | Op::Max => self.extremum(op, args),
            Op::And | Op::Or => self.connective(op, args),
            Op::Less | Op::LessEqual | Op::Equal | Op::NotEqual => {
                self.comparison(op, args[0], args[1])
            }
            Op::If => self.conditional(args[0], args[1], args[2]),
            Op::Mod => self.modulo(args[0], args[1]),
            Op::Atan2 | Op::BesselJ | Op::PolyGamma | Op::KummerRatio => self.intern_call(op, args),
            Op::Partial => match self.as_symbol(args[1]) {
                Some(coordinate) => self.partial(args[0], coordinate),
                None => self.undefined(),
            },
            Op::Mean | Op::Integral | Op::Minimum | Op::Maximum => self.reduction(op, args[0]),
            Op::Exp
            | Op::Ln
            | Op::Log10
            | Op::Log2
            | Op::Cbrt
            | Op::Abs
            | Op::Sign
            | Op::Floor
            | Op::Ceil
            | Op::Sin
            | Op::Cos
            | Op::Tan
            | Op::Asin
            | Op::Acos
            | Op::Atan
            | Op::Sinh
            | Op::Cosh
            | Op::Tanh
            | Op::Asinh
            | Op::Acosh
            | Op::Atanh
            | Op::Erf
            | Op::Erfc
            | Op::Gamma
            | Op::LnGamma
            | Op::Step
            | Op::Smoothstep
            | Op::Expm1
            | Op::Ln1p
            | Op::Not => match self.as_number(args[0]).and_then(|n| op.exact(n)) {
                Some(value) => self.number(value),
                None => self.intern_call(op, args),
            },
        }
    }

    /// `min` or `max`: nested ones flattened, numbers folded into one, sorted, each once.
    fn extremum(&mut self, op: Op, args: &[Term]) -> Term {
        let mut parts = self.flattened(op, args);
        let numbers = parts
            .iter()
            .filter_map(|&t| self.as_number(t).map(|n| (n, t)));
        let best = if op == Op::Min {
            numbers.min()
        } else {
            numbers.max()
        }
        .map(|(_, t)| t);
        parts.retain(|&t| self.kind(t) != Kind::Number || Some(t) == best);
        match parts.as_slice() {
            [one] => *one,
            _ => self.intern_call(op, &parts),
        }
    }

    /// The arguments with nested calls of the same operator spliced in, sorted, each once.
    fn flattened(&self, op: Op, args: &[Term]) -> Vec<Term> {
        let mut parts = Vec::with_capacity(args.len());
        for &t in args {
            match self.view(t) {
                View::Call(inner, inner_args) if inner == op => parts.extend_from_slice(inner_args),
                View::Number(_)
                | View::Symbol(_)
                | View::Constant(_)
                | View::Sum(..)
                | View::Product(..)
                | View::Call(..) => {
                    parts.push(t);
                }
            }
        }
        parts.sort_unstable();
        parts.dedup();
        parts
    }

    /// `and` or `or` of truth values: any number but 0 is true.
    fn connective(&mut self, op: Op, args: &[Term]) -> Term {
        let mut parts = self.flattened(op, args);
        let decides = |n: &Number| n.is_zero() == (op == Op::And);
        let is_decided = |t: Term| self.as_number(t).is_some_and(decides);
        if parts.iter().any(|&t| is_decided(t)) && parts.iter().all(|&t| self.is_total(t)) {
            return self.int(i64::from(op == Op::Or));
        }
        parts.retain(|&t| self.kind(t) != Kind::Number || is_decided(t));
        match parts.as_slice() {
            [] => self.int(i64::from(op == Op::And)),
            [one] => self.truth_of(*one),
            _ => self.intern_call(op, &parts),
        }
    }

    /// `t != 0`
    fn truth_of(&mut self, t: Term) -> Term {
        if matches!(self.kind(t), Kind::Call(op) if op.is_logical()) {
            return t;
        }
        let zero = self.int(0);
        self.comparison(Op::NotEqual, t, zero)
    }

    fn comparison(&mut self, op: Op, a: Term, b: Term) -> Term {
        let (a, b) = if op.is_symmetric() {
            (a.min(b), a.max(b))
        } else {
            (a, b)
        };
        let holds_for_equal = matches!(op, Op::LessEqual | Op::Equal);
        if a == b && self.is_total(a) {
            return self.int(holds_for_equal.into());
        }
        let (Some(x), Some(y)) = (self.as_number(a), self.as_number(b)) else {
            return self.intern_call(op, &[a, b]);
        };
        let order = x.cmp(y);
        let holds = match op {
            Op::NotEqual => order.is_ne(),
            _ => (holds_for_equal && order.is_eq()) || (op != Op::Equal && order.is_lt()),
        };
        self.int(holds.into())
    }

    fn conditional(&mut self, condition: Term, then: Term, otherwise: Term) -> Term {
        if then == otherwise && self.is_total(condition) {
            return then;
        }
        match self.view(condition) {
            View::Number(n) => {
                if n.is_zero() {
                    otherwise
                } else {
                    then
                }
            }
            View::Call(Op::Not, inner) => {
                let inner = inner[0];
                self.intern_call(Op::If, &[inner, otherwise, then])
            }
            View::Symbol(_)
            | View::Constant(_)
            | View::Sum(..)
            | View::Product(..)
            | View::Call(..) => self.intern_call(Op::If, &[condition, then, otherwise]),
        }
    }

    /// `a - b·floor(a/b)`
    fn modulo(&mut self, a: Term, b: Term) -> Term {
        let (Some(x), Some(y)) = (self.as_number(a), self.as_number(b)) else {
            return self.intern_call(Op::Mod, &[a, b]);
        };
        let Some(inverse) = y.recip() else {
            return self.intern_call(Op::Mod, &[a, b]);
        };
        let value = x - &(y * &(x * &inverse).floor());
        self.number(value)
    }
}
