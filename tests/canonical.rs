//! The canonical form changes the looks of a term, never its meaning: not its value and not where it is undefined.

use ansatz_compiler::terms::{Number, Pool, Term, View};
use ansatz_tests::strict::{self, Outcome, assert_agree};
use ansatz_tests::tree::{self, Tree};
use proptest::prelude::*;

proptest! {
    #![proptest_config(tree::config(1000))]

    #[test]
    fn keeps_value_and_domain(t in tree::any(), at in tree::exact_points()) {
        let mut pool = tree::pool();
        let term = t.build(&mut pool);
        assert_agree(t.eval(&at), strict::eval(&pool, term, &at), &format!("{t:?} at {at:?} is {}", pool.display(term)));
    }

    #[test]
    fn keeps_value_and_domain_of_powers(t in tree::algebraic(), at in tree::exact_points()) {
        let mut pool = tree::pool();
        let term = t.build(&mut pool);
        assert_agree(t.eval(&at), strict::eval(&pool, term, &at), &format!("{t:?} at {at:?} is {}", pool.display(term)));
    }

    #[test]
    fn interpreter_gives_the_value(t in tree::smooth(), at in tree::exact_points()) {
        let mut pool = tree::pool();
        let term = t.build(&mut pool);
        if let Outcome::Value(..) = strict::eval(&pool, term, &at) {
            assert_agree(strict::eval(&pool, term, &at), Outcome::Value(pool.eval(&[term], &at)[0], 1e-15), &format!("{t:?} at {at:?}"));
        }
    }

    #[test]
    fn is_idempotent(t in tree::any()) {
        let mut pool = tree::pool();
        let term = t.build(&mut pool);
        for t in pool.reachable(&[term]) {
            prop_assert_eq!(again(&mut pool, t), t, "{}", pool.display(t));
        }
    }

    #[test]
    fn order_does_not_matter((terms, shuffled) in shuffled_terms()) {
        let mut pool = tree::pool();
        let build = |pool: &mut Pool, trees: &[Tree]| trees.iter().map(|t| t.build(pool)).collect::<Vec<_>>();
        let (terms, shuffled) = (build(&mut pool, &terms), build(&mut pool, &shuffled));
        let (zero, one) = (pool.int(0), pool.int(1));
        let sum = pool.sum(&terms);
        prop_assert_eq!(pool.sum(&shuffled), sum);
        prop_assert_eq!(shuffled.iter().fold(zero, |s, &t| pool.add(s, t)), sum);
        prop_assert_eq!(shuffled.iter().rev().fold(zero, |s, &t| pool.add(t, s)), sum);
        // A number times a sum is distributed, so that products of sums are only commutative.
        prop_assert_eq!(pool.product(&terms), pool.product(&shuffled));
        let factors: Vec<Term> = terms.into_iter().filter(|&t| !has_sum(&pool, t)).collect();
        let product = pool.product(&factors);
        prop_assert_eq!(factors.iter().fold(one, |s, &t| pool.mul(s, t)), product);
        prop_assert_eq!(factors.iter().rev().fold(one, |s, &t| pool.mul(t, s)), product);
    }

    #[test]
    fn expanding_keeps_the_value(t in tree::algebraic(), at in tree::exact_points()) {
        let mut pool = tree::pool();
        let term = t.build(&mut pool);
        let expanded = pool.expand(term).expect("small");
        prop_assert_eq!(pool.expand(expanded), Some(expanded));
        assert_agree(t.eval(&at), strict::eval(&pool, expanded, &at), &format!("{t:?} at {at:?} is {}", pool.display(expanded)));
    }

    #[test]
    fn substituting_keeps_the_value(t in tree::any(), by in tree::algebraic(), at in tree::exact_points()) {
        let mut pool = tree::pool();
        let (term, x, by_term) = (t.build(&mut pool), Tree::Variable(0).build(&mut pool), by.build(&mut pool));
        let substituted = pool.substitute(&[term], &[(x, by_term)].into_iter().collect())[0];
        let expected = t.replace(0, &by).eval(&at);
        // What cancelled for every real x is gone, also when x becomes undefined.
        if expected != Outcome::Undefined {
            assert_agree(expected, strict::eval(&pool, substituted, &at), &format!("{t:?} with x = {by:?} at {at:?}"));
        }
    }
}

fn shuffled_terms() -> impl Strategy<Value = (Vec<Tree>, Vec<Tree>)> {
    prop::collection::vec(tree::algebraic(), 1..6)
        .prop_flat_map(|terms| (Just(terms.clone()), Just(terms).prop_shuffle()))
}

fn has_sum(pool: &Pool, t: Term) -> bool {
    pool.reachable(&[t])
        .into_iter()
        .any(|t| matches!(pool.view(t), View::Sum(..)))
}

/// The term built once more from its parts.
fn again(pool: &mut Pool, t: Term) -> Term {
    match pool.view(t) {
        View::Number(_) | View::Symbol(_) | View::Constant(_) => t,
        View::Sum(constant, entries) => {
            let (constant, entries) = (constant.clone(), entries.to_vec());
            pool.linear(constant, &entries)
        }
        View::Product(coefficient, factors) => {
            let (coefficient, factors) = (coefficient.clone(), factors.to_vec());
            pool.monomial(coefficient, &factors)
        }
        View::Call(op, args) => {
            let args = args.to_vec();
            pool.call(op, &args)
        }
    }
}

#[test]
fn coefficients_do_not_wrap() {
    let mut pool = tree::pool();
    let x = Tree::Variable(0).build(&mut pool);
    let (one, exponent) = (pool.int(1), pool.int(200));
    let sum = pool.add(x, one);
    let power = pool.pow(sum, exponent);
    let expanded = pool.expand(power).expect("201 terms");
    let middle = pool.monomial(Number::ONE, &[(x, 100.into())]);
    let View::Sum(_, entries) = pool.view(expanded) else {
        panic!("a sum")
    };
    let (_, c) = entries
        .iter()
        .find(|(t, _)| *t == middle)
        .expect("x^100 occurs");
    assert_eq!(entries.len(), 200);
    assert_eq!(
        c.to_string(),
        "90548514656103281165404177077484163874504589675413336841320"
    );
}

#[test]
fn expansions_without_end_are_refused() {
    let mut pool = tree::pool();
    let sum = Tree::Add(Box::new(Tree::Variable(0)), Box::new(Tree::Number(1, 1))).build(&mut pool);
    for exponent in [10_000_000, 1_000_000] {
        let exponent = pool.int(exponent);
        let power = pool.pow(sum, exponent);
        assert_eq!(pool.expand(power), None);
    }
}
