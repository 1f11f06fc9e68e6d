//! Free-form search: known formulas are found again from their values, the same ones for any number of threads.

use ansatz_compiler::terms::Pool;
use ansatz_runtime::discover::evolve::{Alphabet, Binary, Found, Samples, Search, Unary, search};
use ansatz_runtime::random::Random;

/// 120 points of a square, with the value of a function there and noise.
fn samples(truth: fn(f64, f64) -> f64, low: f64, high: f64, noise: f64) -> Samples {
    let mut random = Random::new(7, 0);
    let mut column = || -> Vec<f64> {
        let points = (0..120).map(|_| low + (high - low) * random.uniform());
        points.collect()
    };
    let (x, y) = (column(), column());
    let values = x.iter().zip(&y).map(|(&x, &y)| truth(x, y));
    let target = values.map(|v| v + noise * random.normal()).collect();
    Samples::new(vec![x, y], target).unwrap()
}

fn plan(unary: &[Unary], seed: u64) -> Search {
    let binary = vec![Binary::Add, Binary::Sub, Binary::Mul, Binary::Div];
    let alphabet = Alphabet {
        n_inputs: 2,
        unary: unary.to_vec(),
        binary,
    };
    Search {
        islands: 4,
        population: 32,
        ..Search::new(alphabet, seed)
    }
}

fn text(found: &Found) -> String {
    let mut pool = Pool::new();
    let inputs = [pool.symbol("x"), pool.symbol("y")];
    let term = found.members[found.best].formula.term(&mut pool, &inputs);
    pool.display(term).to_string()
}

#[test]
fn a_sum_of_products_is_found_exactly() {
    let samples = samples(|x, y| x * y - 8.0 / 3.0 * y + 0.5, -2.0, 3.0, 0.0);
    let found = search(&plan(&[], 1), &samples, &mut || false);
    let best = &found.members[found.best];
    assert!(best.loss < 1e-26, "{best:?}");
    let values = best.formula.values(&[vec![10.0], vec![20.0]], 1);
    let truth = 200.0 - 160.0 / 3.0 + 0.5;
    assert!((values[0] - truth).abs() < 1e-11, "{}", text(&found));
}

#[test]
fn noise_does_not_hide_a_saturation_nor_add_to_it() {
    let samples = samples(|x, y| 2.0 * x / (x + 3.0 * y + 1.0), 0.0, 6.0, 0.005);
    let found = search(&plan(&[Unary::Exp], 1), &samples, &mut || false);
    assert_eq!(text(&found), "2*x/(x + 3*y + 1)");
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let samples = samples(|x, y| (x - y).sin() * x, -2.0, 2.0, 0.05);
    let plan = Search {
        epochs: 3,
        ..plan(&[Unary::Sin, Unary::Exp], 5)
    };
    let with_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build();
        pool.unwrap()
            .install(|| search(&plan, &samples, &mut || false))
    };
    let one = with_threads(1);
    assert!(one.members.len() > 2 && one.formulas > 500);
    assert_eq!(one, with_threads(3));
    let other = Search {
        seed: 6,
        ..plan.clone()
    };
    assert_ne!(one, search(&other, &samples, &mut || false));
}

#[test]
fn known_noise_decides_what_is_worth_a_term() {
    // The second term is a third of the noise: 120 samples show it only to those who know how little noise there is.
    let truth = |x: f64, y: f64| 2.0 * x + 0.1 * y * y;
    let data = samples(truth, -1.0, 1.0, 0.0);
    let terms = |noise: f64| {
        let known = data.clone().with_noise(noise);
        let found = search(&plan(&[], 1), &known, &mut || false);
        found.members[found.best].complexity
    };
    assert!(terms(0.3) < terms(0.001));
}

#[test]
fn samples_with_little_weight_are_ignored() {
    let (n, x) = (60, Vec::from_iter((0..60).map(|i| f64::from(i) / 10.0)));
    let wrong = |i: usize| i.is_multiple_of(3);
    let target = (0..n).map(|i| if wrong(i) { 9.0 } else { 4.0 * x[i] + 1.0 });
    let weights: Vec<f64> = (0..n).map(|i| if wrong(i) { 1e-24 } else { 1.0 }).collect();
    let y = vec![0.5; n];
    let samples = Samples::weighted(vec![x.clone(), y], target.collect(), &weights);
    let found = search(&plan(&[], 1), &samples.unwrap(), &mut || false);
    assert_eq!(text(&found), "4*x + 1");
}
