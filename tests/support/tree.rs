//! Random expression trees: what a user might write, before any canonical form.

use std::fmt;

use ansatz_compiler::terms::{Number, Op, Pool, Term};
use proptest::prelude::*;

use crate::strict::{self, Outcome};

/// Names of the variables of trees.
pub const VARIABLES: [&str; 3] = ["x", "y", "z"];

/// An expression as written.
#[derive(Clone)]
pub enum Tree {
    /// Numerator and denominator.
    Number(i64, i64),
    /// Position in [`VARIABLES`].
    Variable(usize),
    /// a + b
    Add(Box<Tree>, Box<Tree>),
    /// a - b
    Sub(Box<Tree>, Box<Tree>),
    /// a·b
    Mul(Box<Tree>, Box<Tree>),
    /// a/b
    Div(Box<Tree>, Box<Tree>),
    /// A function applied; powers too.
    Call(Op, Vec<Tree>),
}

/// A fixed seed: the same trees in every run.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(2),
        ..ProptestConfig::default()
    }
}

/// A pool whose first symbols are [`VARIABLES`].
pub fn pool() -> Pool {
    let mut pool = Pool::new();
    for name in VARIABLES {
        pool.symbol(name);
    }
    pool
}

impl Tree {
    /// The term, built operation by operation.
    pub fn build(&self, pool: &mut Pool) -> Term {
        match self {
            Tree::Number(n, d) => {
                let number = Number::ratio(*n, *d).expect("denominators are not zero");
                pool.number(number)
            }
            Tree::Variable(i) => {
                let symbol = pool.symbol(VARIABLES[*i]);
                pool.var(symbol)
            }
            Tree::Add(a, b) => {
                let (a, b) = (a.build(pool), b.build(pool));
                pool.add(a, b)
            }
            Tree::Sub(a, b) => {
                let (a, b) = (a.build(pool), b.build(pool));
                pool.sub(a, b)
            }
            Tree::Mul(a, b) => {
                let (a, b) = (a.build(pool), b.build(pool));
                pool.mul(a, b)
            }
            Tree::Div(a, b) => {
                let (a, b) = (a.build(pool), b.build(pool));
                pool.div(a, b)
            }
            Tree::Call(op, args) => {
                let args: Vec<Term> = args.iter().map(|a| a.build(pool)).collect();
                pool.call(*op, &args)
            }
        }
    }

    /// The value at a point.
    pub fn eval(&self, at: &[f64]) -> Outcome {
        let minus = strict::exact(-1.0);
        match self {
            Tree::Number(n, d) => {
                strict::number(&Number::ratio(*n, *d).expect("denominators are not zero"))
            }
            Tree::Variable(i) => strict::exact(at[*i]),
            Tree::Add(a, b) => strict::add(a.eval(at), b.eval(at)),
            Tree::Sub(a, b) => strict::add(a.eval(at), strict::mul(minus, b.eval(at))),
            Tree::Mul(a, b) => strict::mul(a.eval(at), b.eval(at)),
            Tree::Div(a, b) => strict::mul(a.eval(at), strict::pow(b.eval(at), minus)),
            Tree::Call(Op::Pow, args) => match args[1] {
                Tree::Number(n, d) => {
                    strict::power(args[0].eval(at), &Number::ratio(n, d).expect("not zero"))
                }
                _ => strict::pow(args[0].eval(at), args[1].eval(at)),
            },
            Tree::Call(op, args) => {
                strict::call(*op, &args.iter().map(|a| a.eval(at)).collect::<Vec<_>>())
            }
        }
    }

    /// The tree with a variable replaced.
    pub fn replace(&self, variable: usize, by: &Tree) -> Tree {
        let go = |t: &Tree| Box::new(t.replace(variable, by));
        match self {
            Tree::Variable(i) if *i == variable => by.clone(),
            Tree::Number(..) | Tree::Variable(_) => self.clone(),
            Tree::Add(a, b) => Tree::Add(go(a), go(b)),
            Tree::Sub(a, b) => Tree::Sub(go(a), go(b)),
            Tree::Mul(a, b) => Tree::Mul(go(a), go(b)),
            Tree::Div(a, b) => Tree::Div(go(a), go(b)),
            Tree::Call(op, args) => Tree::Call(*op, args.iter().map(|t| *go(t)).collect()),
        }
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tree::Number(n, 1) => write!(f, "{n}"),
            Tree::Number(n, d) => write!(f, "({n}/{d})"),
            Tree::Variable(i) => write!(f, "{}", VARIABLES[*i]),
            Tree::Add(a, b) => write!(f, "({a:?} + {b:?})"),
            Tree::Sub(a, b) => write!(f, "({a:?} - {b:?})"),
            Tree::Mul(a, b) => write!(f, "({a:?}*{b:?})"),
            Tree::Div(a, b) => write!(f, "({a:?}/{b:?})"),
            Tree::Call(op, args) => write!(f, "{}{args:?}", op.name()),
        }
    }
}

/// Smooth functions of one argument.
pub const SMOOTH: &[Op] = &[
    Op::Exp,
    Op::Ln,
    Op::Sin,
    Op::Cos,
    Op::Tan,
    Op::Atan,
    Op::Tanh,
    Op::Sqrt,
    Op::Erf,
];

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        (-3_i64..=3).prop_map(|n| Tree::Number(n, 1)),
        (-3_i64..=3, 2_i64..=4).prop_map(|(n, d)| Tree::Number(n, d)),
        (0_usize..3).prop_map(Tree::Variable),
        (0_usize..3).prop_map(Tree::Variable),
        (0_usize..3).prop_map(Tree::Variable),
    ]
}

fn power(base: Tree, n: i64, d: i64) -> Tree {
    Tree::Call(Op::Pow, vec![base, Tree::Number(n, d)])
}

/// Arithmetic, powers and smooth functions.
pub fn smooth() -> BoxedStrategy<Tree> {
    leaf()
        .prop_recursive(5, 24, 2, |t| arithmetic(t, SMOOTH))
        .boxed()
}

/// Arithmetic and rational powers.
pub fn algebraic() -> BoxedStrategy<Tree> {
    leaf()
        .prop_recursive(6, 24, 2, |t| arithmetic(t, &[Op::Sqrt]))
        .boxed()
}

/// All there is.
pub fn any() -> BoxedStrategy<Tree> {
    let unary: Vec<Op> = Op::ALL
        .iter()
        .copied()
        .filter(|op| op.arity().0 == 1)
        .collect();
    let binary: Vec<Op> = Op::ALL
        .iter()
        .copied()
        .filter(|op| op.arity().0 <= 2 && op.arity().1 >= 2)
        .collect();
    leaf()
        .prop_recursive(5, 24, 3, move |t| {
            let pair = (t.clone(), t.clone());
            let two = (prop::sample::select(binary.clone()), pair)
                .prop_map(|(op, (a, b))| Tree::Call(op, vec![a, b]));
            let three = (t.clone(), t.clone(), t.clone())
                .prop_map(|(a, b, c)| Tree::Call(Op::If, vec![a, b, c]));
            prop_oneof![4 => arithmetic(t, &unary), 1 => two, 1 => three]
        })
        .boxed()
}

fn arithmetic(t: BoxedStrategy<Tree>, functions: &[Op]) -> BoxedStrategy<Tree> {
    let pair = || (t.clone().prop_map(Box::new), t.clone().prop_map(Box::new));
    let functions = prop::sample::select(functions.to_vec());
    prop_oneof![
        pair().prop_map(|(a, b)| Tree::Add(a, b)),
        pair().prop_map(|(a, b)| Tree::Sub(a, b)),
        pair().prop_map(|(a, b)| Tree::Mul(a, b)),
        pair().prop_map(|(a, b)| Tree::Div(a, b)),
        (t.clone(), -3_i64..=3).prop_map(|(a, n)| power(a, n, 1)),
        (t.clone(), -3_i64..=3, 2_i64..=3).prop_map(|(a, n, d)| power(a, n, d)),
        (functions, t.clone()).prop_map(|(op, a)| Tree::Call(op, vec![a])),
    ]
    .boxed()
}

/// Points where much is exact and much is undefined.
pub fn exact_points() -> impl Strategy<Value = [f64; 3]> {
    let value = || prop::sample::select(vec![-3.0, -2.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0, 4.0]);
    [value(), value(), value()]
}
