//! The simplifier keeps the value of random terms, never makes them dearer, is deterministic, and can prove each step.

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::pipeline::{self, standard_rules};
use ansatz_compiler::simplify::agree::{agree, measure};
use ansatz_compiler::simplify::{Facts, Simplifier, cost};
use ansatz_compiler::source::Sources;
use ansatz_compiler::system::System;
use ansatz_compiler::terms::{Number, Op, Pool, SymbolId, Term};
use ansatz_tests::random::Random;
use ansatz_tests::{Files, files_under, repository};

/// Random terms tried.
const TERMS: u64 = 300;
/// Sample points per term.
const POINTS: usize = 12;

/// What is known of each symbol of the random terms: low, high, whether zero is excluded, whether it is fixed.
const SYMBOLS: [(f64, f64, bool, bool); 6] = [
    (f64::NEG_INFINITY, f64::INFINITY, false, false),
    (f64::NEG_INFINITY, f64::INFINITY, true, false),
    (0.0, f64::INFINITY, false, false),
    (0.0, f64::INFINITY, true, true),
    (-1.0, 1.0, false, false),
    (f64::NEG_INFINITY, f64::INFINITY, false, true),
];

const FUNCTIONS: [Op; 12] = [
    Op::Exp,
    Op::Ln,
    Op::Sin,
    Op::Cos,
    Op::Tanh,
    Op::Sinh,
    Op::Cosh,
    Op::Abs,
    Op::Sign,
    Op::Floor,
    Op::Atan,
    Op::Sqrt,
];

struct Case {
    pool: Pool,
    facts: Facts,
    symbols: Vec<SymbolId>,
    terms: Vec<Term>,
    random: Random,
}

impl Case {
    /// Two random terms over a few symbols.
    fn new(seed: u64) -> Case {
        let mut case = Case::empty(seed);
        case.grow();
        case
    }

    fn empty(seed: u64) -> Case {
        let random = Random::new(seed);
        let mut pool = Pool::new();
        let mut facts = Facts::default();
        let symbols: Vec<SymbolId> = (0..SYMBOLS.len())
            .map(|i| pool.symbol(&format!("s{i}")))
            .collect();
        for (symbol, (low, high, nonzero, fixed)) in symbols.iter().zip(SYMBOLS) {
            facts.bounds.insert(*symbol, (low, high, nonzero));
            if fixed {
                facts.fixed.insert(*symbol);
            }
        }
        let terms = Vec::new();
        Case {
            pool,
            facts,
            symbols,
            terms,
            random,
        }
    }

    /// Adds two random terms, built from parts that they share.
    fn grow(&mut self) {
        let (pool, random) = (&mut self.pool, &mut self.random);
        let mut parts: Vec<Term> = self.symbols.iter().map(|s| pool.var(*s)).collect();
        for n in [-1, 0, 1, 2] {
            parts.push(pool.int(n));
        }
        for _ in 0..6 + random.below(20) {
            let next = grow(pool, &parts, random);
            parts.push(next);
        }
        self.terms.extend(parts.split_off(parts.len() - 2));
    }

    /// A point at which the facts hold.
    fn point(&mut self) -> Vec<f64> {
        let random = &mut self.random;
        SYMBOLS
            .iter()
            .map(|(low, high, nonzero, _)| {
                let x = match random.below(4) {
                    0 => random.below(7) as f64 - 3.0,
                    1 => random.uniform(-1.0, 1.0),
                    _ => random.uniform(-4.0, 4.0),
                };
                let x = if x < *low || x > *high {
                    (x.abs() / 4.0).max(*low)
                } else {
                    x
                };
                if *nonzero && x == 0.0 { 0.5 } else { x }
            })
            .collect()
    }

    /// Fails if two terms differ at some point.
    fn assert_equal(&mut self, old: Term, new: Term, context: &str) {
        for _ in 0..POINTS {
            let point = self.point();
            let at = |s: SymbolId| {
                point[self
                    .symbols
                    .iter()
                    .position(|t| *t == s)
                    .expect("one of ours")]
            };
            let (left, right) = (measure(&self.pool, old, &at), measure(&self.pool, new, &at));
            assert_ne!(
                agree(left, right),
                Some(false),
                "{context}: {} is {left:?}, {} is {right:?} at {point:?}",
                self.pool.display(old),
                self.pool.display(new)
            );
        }
    }
}

/// A new term from earlier ones, the last ones more often.
fn grow(pool: &mut Pool, parts: &[Term], random: &mut Random) -> Term {
    let pick = |random: &mut Random| {
        let recent = parts.len().min(5);
        match random.below(2) {
            0 => parts[random.below(parts.len())],
            _ => parts[parts.len() - 1 - random.below(recent)],
        }
    };
    let (a, b, c) = (pick(random), pick(random), pick(random));
    match random.below(12) {
        0..2 => pool.add(a, b),
        2 => pool.sub(a, b),
        3..6 => pool.mul(a, b),
        6 => pool.div(a, b),
        7 => {
            let exponents = [(2, 1), (3, 1), (-1, 1), (1, 2), (-2, 1), (3, 2)];
            let (n, d) = exponents[random.below(exponents.len())];
            let e = pool.number(Number::ratio(n, d).expect("not zero"));
            pool.pow(a, e)
        }
        8 => {
            let choice = [Op::Min, Op::Max][random.below(2)];
            pool.call(choice, &[a, b])
        }
        9 => {
            let condition = pool.call([Op::Less, Op::LessEqual][random.below(2)], &[a, b]);
            pool.call(Op::If, &[condition, b, c])
        }
        _ => pool.call(FUNCTIONS[random.below(FUNCTIONS.len())], &[a]),
    }
}

#[test]
fn keeps_values_and_never_costs_more() {
    let simplifier = Simplifier::new(&standard_rules());
    let mut gained = 0;
    for seed in 0..TERMS {
        let mut case = Case::new(seed);
        let old = case.terms.clone();
        let new = simplifier.simplify(&mut case.pool, &old, &case.facts);
        let (before, after) = (
            cost(&case.pool, &old, &case.facts),
            cost(&case.pool, &new, &case.facts),
        );
        assert!(after <= before, "seed {seed}: {before} became {after}");
        gained += usize::from(after < before);
        for (old, new) in old.iter().zip(&new) {
            case.assert_equal(*old, *new, &format!("seed {seed}"));
        }
        let again = simplifier.simplify(&mut case.pool, &new, &case.facts);
        assert!(
            cost(&case.pool, &again, &case.facts) <= after,
            "seed {seed}: dearer the second time"
        );
    }
    assert!(
        gained > TERMS as usize / 5,
        "only {gained} terms became cheaper"
    );
}

#[test]
fn same_result_on_any_number_of_threads() {
    let simplifier = Simplifier::new(&standard_rules());
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads start");
        pool.install(|| {
            let mut case = Case::empty(1);
            (0..40).for_each(|_| case.grow());
            let new = simplifier.simplify(&mut case.pool, &case.terms, &case.facts);
            new.iter()
                .map(|t| case.pool.display(*t).to_string())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn each_step_of_a_proof_keeps_the_value() {
    let simplifier = Simplifier::new(&standard_rules());
    let mut steps = 0;
    for seed in 0..TERMS / 3 {
        let mut case = Case::new(seed);
        let term = case.terms[1];
        let (result, proof) = simplifier.explain(&mut case.pool, term, &case.facts);
        let simplified = simplifier.simplify(&mut case.pool, &[term], &case.facts)[0];
        assert_eq!(result, simplified, "seed {seed}: explained another result");
        assert_eq!(
            proof.terms.last().copied().unwrap_or(term),
            result,
            "seed {seed}"
        );
        let mut before = term;
        for ((rule, _), after) in proof.steps.iter().zip(proof.terms.clone()) {
            case.assert_equal(before, after, &format!("seed {seed}, {rule}"));
            before = after;
            steps += 1;
        }
    }
    assert!(steps > 25, "only {steps} steps");
}

/// The systems of all models of the corpus and of the examples that have one.
fn systems() -> Vec<(String, System)> {
    let folders = ["tests/corpus/stages", "tests/corpus/ode", "examples"];
    let files = folders
        .iter()
        .flat_map(|folder| files_under(&repository().join(folder), "model"));
    let mut systems = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("files of the repository are readable");
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let name = file.to_string_lossy().into_owned();
        let source = sources.add(&*name, text).expect("models are small");
        let ast = ansatz_compiler::read(&source, &mut diagnostics);
        let model = ansatz_compiler::model::elaborate(&ast, &mut sources, &Files, &mut diagnostics);
        let system = ansatz_compiler::assemble(model, &mut diagnostics);
        systems.extend(system.map(|system| (name, system)));
    }
    systems
}

#[test]
fn each_step_for_a_model_keeps_the_value() {
    let mut steps = 0;
    for (name, mut system) in systems() {
        let facts = pipeline::facts(&system);
        for (term, proof) in pipeline::proofs(&mut system) {
            let mut before = term;
            for ((rule, _), &after) in proof.steps.iter().zip(&proof.terms) {
                for seed in 0..POINTS as u64 {
                    let at = |s: SymbolId| within(&facts, s, seed);
                    let values = [before, after].map(|t| measure(&system.pool, t, &at));
                    assert_ne!(
                        agree(values[0], values[1]),
                        Some(false),
                        "{name}, {rule}: {} and {} are {values:?}",
                        system.pool.display(before),
                        system.pool.display(after),
                    );
                }
                before = after;
                steps += 1;
            }
        }
    }
    assert!(steps > 20, "only {steps} steps");
}

/// A value that a symbol may have, the same for each seed.
fn within(facts: &Facts, symbol: SymbolId, seed: u64) -> f64 {
    let x = Random::new(1 + seed + 1000 * u64::from(symbol.0)).uniform(-3.0, 3.0);
    match facts.bounds.get(&symbol) {
        Some(&(low, high, _)) if x < low || x > high => x.abs().clamp(low, high),
        Some(_) | None => x,
    }
}
