//! THE table of operators and functions: name, arity, value, derivative, facts.
//!
//! Parsing, printing, canonical folding, derivatives, the interpreter, kernels and the derivative test are driven from it:
//! to add a function, add a variant and a row.

use std::f64::consts::{E, PI};

use super::kummer;
use super::partial as d;
use super::special;
use super::{Number, Pool, Term};

/// What a call node applies. Arithmetic (sums, products, rational powers) has its own node kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Op {
    // elementary functions of one argument
    Exp,
    Ln,
    Log10,
    Log2,
    /// Written by users and by generated code; the pool makes it a power.
    Sqrt,
    Cbrt,
    Abs,
    /// -1, 0 or 1.
    Sign,
    Floor,
    Ceil,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Erf,
    Erfc,
    Gamma,
    LnGamma,
    /// 1 from 0 on, else 0.
    Step,
    /// `3x² - 2x³` between 0 and 1, constant outside.
    Smoothstep,
    /// `exp(x) - 1`
    Expm1,
    /// `ln(1 + x)`
    Ln1p,
    // of two arguments
    Pow,
    /// `atan2(y, x)`
    Atan2,
    /// `a - b·floor(a/b)`: has the sign of `b`.
    Mod,
    /// `besselj(n, x)`, n an integer.
    BesselJ,
    /// `polygamma(n, x)`: the n-th derivative of the digamma function, n = 0, 1, 2, ….
    PolyGamma,
    // of three arguments
    /// `mratio(a, b, z) = M(a+1, b+1, z)/M(a, b, z)`, Kummer's function of neighbouring arguments.
    KummerRatio,
    // n-ary, sorted
    Min,
    Max,
    // comparisons (value 1 or 0) and logic
    Less,
    LessEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Not,
    /// `if(condition, then, else)`; only the chosen branch counts.
    If,
    // of fields; last, so that what is computed point by point stands before
    /// `Partial(f, x)`: the derivative of a field by a coordinate. Higher and mixed ones are nested, the coordinates sorted.
    Partial,
    /// The mean over the domain.
    Mean,
    /// The integral over the domain.
    Integral,
    /// The least value in the domain.
    Minimum,
    /// The greatest value in the domain.
    Maximum,
}

/// What is known of the value where it is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Nothing.
    Any,
    /// ≥ 0
    NonNegative,
    /// > 0
    Positive,
}

/// How a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// `name(a, b)`
    Function,
    /// `a^b`
    Power,
    /// `a < b`
    Comparison,
    /// `a and b`
    Conjunction,
    /// `a or b`
    Disjunction,
    /// `not a`
    Negation,
    /// `if a then b else c`
    Conditional,
    /// `dxy(a)`
    Partial,
}

/// How a call is differentiated.
#[derive(Clone, Copy)]
pub(super) enum Derivative {
    /// Zero almost everywhere.
    Zero,
    /// Chain rule: the partial derivative by argument `i`, given the call and its arguments.
    Chain(fn(&mut Pool, Term, &[Term], usize) -> Term),
    /// One argument is chosen: the derivative from the arguments and their derivatives.
    Choice(fn(&mut Pool, &[Term], &[Term]) -> Term),
}

/// One row of the table.
struct Row {
    op: Op,
    name: &'static str,
    aliases: &'static [&'static str],
    arity: (usize, usize),
    total: bool,
    range: Range,
    notation: Notation,
    value: fn(&[f64]) -> f64,
    /// Exact value at an exact argument, where there is one; functions of one argument only.
    exact: fn(&Number) -> Option<Number>,
    derivative: Derivative,
}

/// The largest number of arguments of `min`, `max`, `and`, `or`.
pub const MANY: usize = u32::MAX as usize;

use Derivative::{Chain, Choice, Zero};
use Notation::{Comparison, Conditional, Conjunction, Disjunction, Negation, Power};
use Op::*;
use Range::{Any, NonNegative, Positive};

/// A function of one argument, defined on part of the line, about which nothing else is known.
const fn unary(
    op: Op,
    name: &'static str,
    value: fn(&[f64]) -> f64,
    derivative: Derivative,
) -> Row {
    Row {
        op,
        name,
        aliases: &[],
        arity: (1, 1),
        total: false,
        range: Any,
        notation: Notation::Function,
        value,
        exact: |_| None,
        derivative,
    }
}

/// A function of two arguments.
const fn binary(
    op: Op,
    name: &'static str,
    value: fn(&[f64]) -> f64,
    derivative: Derivative,
) -> Row {
    Row {
        arity: (2, 2),
        ..unary(op, name, value, derivative)
    }
}

/// A comparison or logical operator: 0 or 1.
const fn logic(
    op: Op,
    name: &'static str,
    notation: Notation,
    arity: (usize, usize),
    value: fn(&[f64]) -> f64,
) -> Row {
    Row {
        arity,
        notation,
        total: true,
        range: NonNegative,
        ..unary(op, name, value, Zero)
    }
}

/// A linear operator on fields: it has no value at a single point.
const fn field(
    op: Op,
    name: &'static str,
    derivative: fn(&mut Pool, &[Term], &[Term]) -> Term,
) -> Row {
    Row {
        total: true,
        ..unary(op, name, |_| f64::NAN, Choice(derivative))
    }
}

impl Row {
    const fn total(self, range: Range) -> Row {
        Row {
            total: true,
            range,
            ..self
        }
    }
    const fn exact(self, exact: fn(&Number) -> Option<Number>) -> Row {
        Row { exact, ..self }
    }
    const fn alias(self, aliases: &'static [&'static str]) -> Row {
        Row { aliases, ..self }
    }
    const fn written(self, notation: Notation) -> Row {
        Row { notation, ..self }
    }
    const fn arity(self, arity: (usize, usize)) -> Row {
        Row { arity, ..self }
    }
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    unary(Exp, "exp", |x| x[0].exp(), Chain(|_, this, _, _| this)).total(Positive).exact(zero_to_one),
    unary(Ln, "ln", |x| x[0].ln(), Chain(d::ln)).alias(&["log"]).exact(one_to_zero),
    unary(Log10, "log10", |x| x[0].log10(), Chain(d::log10)).exact(|n| exact_log(n, 10)),
    unary(Log2, "log2", |x| x[0].log2(), Chain(d::log2)).exact(|n| exact_log(n, 2)),
    unary(Sqrt, "sqrt", |x| x[0].sqrt(), Chain(d::sqrt)),
    unary(Cbrt, "cbrt", |x| x[0].cbrt(), Chain(d::cbrt)).total(Any).exact(exact_cbrt),
    unary(Abs, "abs", |x| x[0].abs(), Chain(d::abs)).total(NonNegative).exact(|n| Some(n.abs())),
    unary(Sign, "sign", |x| sign(x[0]), Zero).total(Any).exact(|n| Some(i64::from(n.signum()).into())),
    unary(Floor, "floor", |x| x[0].floor(), Zero).total(Any).exact(|n| Some(n.floor())),
    unary(Ceil, "ceil", |x| x[0].ceil(), Zero).alias(&["ceiling"]).total(Any).exact(|n| Some(-(-n).floor())),
    unary(Sin, "sin", |x| x[0].sin(), Chain(d::sin)).total(Any).exact(zero_to_zero),
    unary(Cos, "cos", |x| x[0].cos(), Chain(d::cos)).total(Any).exact(zero_to_one),
    unary(Tan, "tan", |x| x[0].tan(), Chain(d::tan)).exact(zero_to_zero),
    unary(Asin, "asin", |x| x[0].asin(), Chain(d::asin)).alias(&["arcsin"]).exact(zero_to_zero),
    unary(Acos, "acos", |x| x[0].acos(), Chain(d::acos)).alias(&["arccos"]).exact(one_to_zero),
    unary(Atan, "atan", |x| x[0].atan(), Chain(d::atan)).alias(&["arctan"]).total(Any).exact(zero_to_zero),
    unary(Sinh, "sinh", |x| x[0].sinh(), Chain(d::sinh)).total(Any).exact(zero_to_zero),
    unary(Cosh, "cosh", |x| x[0].cosh(), Chain(d::cosh)).total(Positive).exact(zero_to_one),
    unary(Tanh, "tanh", |x| x[0].tanh(), Chain(d::tanh)).total(Any).exact(zero_to_zero),
    unary(Asinh, "asinh", |x| x[0].asinh(), Chain(d::asinh)).alias(&["arcsinh"]).total(Any).exact(zero_to_zero),
    unary(Acosh, "acosh", |x| x[0].acosh(), Chain(d::acosh)).alias(&["arccosh"]).exact(one_to_zero),
    unary(Atanh, "atanh", |x| x[0].atanh(), Chain(d::atanh)).alias(&["arctanh"]).exact(zero_to_zero),
    unary(Erf, "erf", |x| libm::erf(x[0]), Chain(d::erf)).total(Any).exact(zero_to_zero),
    unary(Erfc, "erfc", |x| libm::erfc(x[0]), Chain(d::erfc)).total(Positive).exact(zero_to_one),
    unary(Gamma, "gamma", |x| libm::tgamma(x[0]), Chain(d::gamma)).exact(factorial),
    unary(LnGamma, "lgamma", |x| libm::lgamma(x[0]), Chain(d::ln_gamma)),
    unary(Step, "step", |x| step(x[0]), Zero).total(NonNegative).exact(|n| Some(i64::from(n.signum() >= 0).into())),
    unary(Smoothstep, "smoothstep", |x| smoothstep(x[0]), Chain(d::smoothstep)).total(NonNegative),
    unary(Expm1, "expm1", |x| x[0].exp_m1(), Chain(d::expm1)).total(Any).exact(zero_to_zero),
    unary(Ln1p, "log1p", |x| x[0].ln_1p(), Chain(d::ln1p)).alias(&["ln1p"]).exact(zero_to_zero),
    binary(Pow, "pow", |x| x[0].powf(x[1]), Chain(d::pow)).written(Power),
    binary(Atan2, "atan2", |x| x[0].atan2(x[1]), Chain(d::atan2)).total(Any),
    binary(Mod, "mod", |x| x[0] - x[1] * (x[0] / x[1]).floor(), Chain(d::modulo)),
    binary(BesselJ, "besselj", |x| special::bessel_j(x[0], x[1]), Chain(d::bessel_j)),
    binary(PolyGamma, "polygamma", |x| special::polygamma(x[0], x[1]), Chain(d::polygamma)),
    unary(KummerRatio, "mratio", |x| kummer::ratio(x[0], x[1], x[2]), Chain(d::kummer_ratio)).arity((3, 3)),
    unary(Min, "min", |x| x.iter().copied().fold(f64::INFINITY, min), Choice(d::min)).arity((1, MANY)).total(Any),
    unary(Max, "max", |x| x.iter().copied().fold(f64::NEG_INFINITY, max), Choice(d::max)).arity((1, MANY)).total(Any),
    logic(Less, "<", Comparison, (2, 2), |x| truth(x[0] < x[1])),
    logic(LessEqual, "<=", Comparison, (2, 2), |x| truth(x[0] <= x[1])),
    logic(Equal, "==", Comparison, (2, 2), |x| truth(x[0] == x[1])),
    logic(NotEqual, "!=", Comparison, (2, 2), |x| truth(x[0] != x[1])),
    logic(And, "and", Conjunction, (1, MANY), |x| truth(x.iter().all(|&a| a != 0.0))),
    logic(Or, "or", Disjunction, (1, MANY), |x| truth(x.iter().any(|&a| a != 0.0))),
    logic(Not, "not", Negation, (1, 1), |x| truth(x[0] == 0.0)).exact(|n| Some(i64::from(n.is_zero()).into())),
    unary(If, "if", |x| if x[0] != 0.0 { x[1] } else { x[2] }, Choice(d::choice)).arity((3, 3)).total(Any).written(Conditional),
    field(Partial, "partial", d::partial).arity((2, 2)).written(Notation::Partial),
    field(Mean, "mean", d::mean),
    field(Integral, "integral", d::integral),
    field(Minimum, "minimum", d::no_derivative),
    field(Maximum, "maximum", d::no_derivative),
];

const N_POINTWISE: usize = If as usize + 1;
const OPS: [Op; N_POINTWISE] = {
    let mut all = [Exp; N_POINTWISE];
    let mut i = 0;
    while i < N_POINTWISE {
        all[i] = TABLE[i].op;
        i += 1;
    }
    all
};

impl Op {
    /// Every operator whose value at a point follows from the values of its arguments there, in table order.
    pub const ALL: &'static [Op] = &OPS;

    /// What takes a field to a number.
    pub const REDUCTIONS: &'static [Op] = &[Mean, Integral, Minimum, Maximum];

    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The name users write.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Looks a function up by the name users write (`log` is `ln`); those of fields have names only where there is a domain.
    pub fn by_name(name: &str) -> Option<Op> {
        let row = TABLE[..N_POINTWISE]
            .iter()
            .find(|r| r.name == name || r.aliases.contains(&name));
        row.map(|r| r.op)
    }

    /// Least and greatest number of arguments; the greatest is [`MANY`] when there is no limit.
    pub fn arity(self) -> (usize, usize) {
        self.row().arity
    }

    /// The value, as the reference interpreter defines it. Comparisons with NaN are false, `min` and `max` hand NaN on.
    pub fn apply(self, args: &[f64]) -> f64 {
        (self.row().value)(args)
    }

    /// Whether it is defined and finite for all finite real arguments.
    pub fn is_total(self) -> bool {
        self.row().total
    }

    /// What is known of its values.
    pub fn range(self) -> Range {
        self.row().range
    }

    /// Whether the value is always 0 or 1.
    pub fn is_logical(self) -> bool {
        (Less..=Not).contains(&self)
    }

    /// Whether the order of its arguments does not matter.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Min | Max | Equal | NotEqual | And | Or)
    }

    /// The exact value at an exact argument, for functions of one argument that have one there.
    pub fn exact(self, argument: &Number) -> Option<Number> {
        (self.row().exact)(argument)
    }

    pub(super) fn notation(self) -> Notation {
        self.row().notation
    }

    pub(super) fn derivative(self) -> Derivative {
        self.row().derivative
    }
}

/// The named irrational constants: name and value.
pub const CONSTANTS: &[(&str, f64)] = &[("pi", PI), ("e", E)];

/// The value of a constant of the table.
pub(super) fn constant_value(name: &str) -> f64 {
    let row = CONSTANTS.iter().find(|c| c.0 == name);
    row.expect("constants come from the table").1
}

fn truth(x: bool) -> f64 {
    f64::from(u8::from(x))
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

fn step(x: f64) -> f64 {
    if x.is_nan() { x } else { truth(x >= 0.0) }
}

fn smoothstep(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

fn min(a: f64, b: f64) -> f64 {
    if a.is_nan() || a < b { a } else { b }
}

fn max(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn zero_to_zero(n: &Number) -> Option<Number> {
    n.is_zero().then_some(Number::ZERO)
}

fn zero_to_one(n: &Number) -> Option<Number> {
    n.is_zero().then_some(Number::ONE)
}

fn one_to_zero(n: &Number) -> Option<Number> {
    n.is_one().then_some(Number::ZERO)
}

fn exact_cbrt(n: &Number) -> Option<Number> {
    let root = n.abs().exact_root(3)?;
    Some(if n.signum() < 0 { -root } else { root })
}

/// The logarithm of `base^k`, for the powers that fit 64 bits.
fn exact_log(n: &Number, base: i64) -> Option<Number> {
    let (n, d) = n.as_ratio()?;
    let (power, sign) = if d == 1 { (n, 1) } else { (d, -1) };
    if power < 1 || (n != 1 && d != 1) {
        return None;
    }
    let k = power.ilog(base);
    (base.checked_pow(k) == Some(power)).then(|| Number::integer(sign * i64::from(k)))
}

/// `gamma(n) = (n - 1)!` while it fits 64 bits.
fn factorial(n: &Number) -> Option<Number> {
    let n = n.as_i64().filter(|n| (1..=21).contains(n))?;
    Some((1..n).product::<i64>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_order() {
        assert_eq!(TABLE.len(), Maximum as usize + 1);
        for (i, row) in TABLE.iter().enumerate() {
            assert_eq!(row.op as usize, i, "{}", row.name);
        }
    }

    #[test]
    fn names_are_unique() {
        for op in Op::ALL {
            assert_eq!(Op::by_name(op.name()), Some(*op));
        }
        assert_eq!(Op::by_name("log"), Some(Ln));
        assert_eq!(Op::by_name("nothing"), None);
    }

    #[test]
    fn exact_values_are_the_values() {
        let points = [
            "0", "1", "-1", "2", "1000", "1/8", "-27", "2.5", "-2.5", "1/100",
        ];
        for op in Op::ALL.iter().filter(|op| op.arity() == (1, 1)) {
            for text in points {
                let n = match text.split_once('/') {
                    Some((a, b)) => Number::ratio(a.parse().unwrap(), b.parse().unwrap()).unwrap(),
                    None => Number::parse(text).unwrap(),
                };
                if let Some(exact) = op.exact(&n) {
                    let value = op.apply(&[n.to_f64()]);
                    assert!(
                        (exact.to_f64() - value).abs() <= 1e-12 * value.abs(),
                        "{op:?} {n}"
                    );
                }
            }
        }
    }

    #[test]
    fn nan_passes_through() {
        assert!(Min.apply(&[1.0, f64::NAN]).is_nan() && Min.apply(&[f64::NAN, 1.0]).is_nan());
        assert!(Max.apply(&[1.0, f64::NAN]).is_nan() && Max.apply(&[f64::NAN, 1.0]).is_nan());
        assert!(Smoothstep.apply(&[f64::NAN]).is_nan() && Step.apply(&[f64::NAN]).is_nan());
        assert_eq!(Mod.apply(&[-1.0, 3.0]), 2.0);
    }
}
