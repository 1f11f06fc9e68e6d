//! ODEBench: 63 systems of the literature, each to be found from one trajectory of 512 samples, clean and with 1 % noise, and judged
//! on another initial condition.
//!
//! `ANSATZ_ODEBENCH=PATH/strogatz_extended.json cargo bench -p ansatz-runtime --bench odebench [-- ID …]`. Trajectories are integrated
//! anew from the equations. Noise is normal, 1 % of the standard deviation of each component. A system is found if R², pooled over its
//! components, is above 0.9 on the second initial condition of the file.
//!
//! # References
//! - S. d'Ascoli, S. Becker, A. Mathis, P. Schwaller, N. Kilbertus, *ODEFormer: symbolic regression of dynamical systems with
//!   transformers*, ICLR 2024, arXiv:2310.05573.

mod find;
mod observed;
mod system;

use std::time::Instant;

use ansatz_runtime::random::Random;

use find::{Finder, r_squared};
use system::{Model, System, systems};

/// Above this R² a system counts as found.
const FOUND: f64 = 0.9;

fn main() {
    let Some(path) = std::env::var_os("ANSATZ_ODEBENCH") else {
        println!("ANSATZ_ODEBENCH names no strogatz_extended.json: nothing to run");
        return;
    };
    let wanted: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    let text = std::fs::read_to_string(path).expect("the file is readable");
    let systems: Vec<System> = systems(&text)
        .into_iter()
        .filter(|s| wanted.is_empty() || wanted.contains(&s.id))
        .collect();
    for noise in [0.0, 0.01] {
        let begin = Instant::now();
        let (mut found, mut same) = (0, 0);
        for system in &systems {
            let start = Instant::now();
            let (rates, [train, test]) = run(system, noise);
            let is_found = test > FOUND;
            found += usize::from(is_found);
            same += usize::from(train > FOUND);
            println!(
                "{:3} {noise:4} {} R² {train:8.5} {test:8.5} {:6.2} s  {}",
                system.id,
                if is_found { "found" } else { "-----" },
                start.elapsed().as_secs_f64(),
                rates.join(" | ")
            );
        }
        let share = |n: usize| 100.0 * n as f64 / systems.len() as f64;
        println!(
            "noise {noise}: {found} of {} found ({:.1} %), {same} on the training data ({:.1} %), {:.1} s\n",
            systems.len(),
            share(found),
            share(same),
            begin.elapsed().as_secs_f64()
        );
    }
}

/// What is found, and its R² on the training trajectory without noise and on the new one.
fn run(system: &System, noise: f64) -> (Vec<String>, [f64; 2]) {
    let truth = Model::compile(&system.rates, None).expect("the systems of the file compile");
    let [train, test] = [0, 1].map(|k| {
        let run = truth.run(&system.starts[k], None);
        run.expect("the systems of the file can be integrated")
    });
    let mut random = Random::new(system.id, 0);
    let data: Vec<Vec<f64>> = train
        .iter()
        .map(|component| {
            let sigma = noise * deviation(component);
            let noisy = component.iter().map(|v| v + sigma * random.normal());
            noisy.collect()
        })
        .collect();
    let rates = Finder::new(&data, system.id).find();
    let model = Model::compile(&rates, None);
    let judged = [(&train, 0), (&test, 1)].map(|(trajectory, k)| {
        let run = model.as_ref().and_then(|m| m.run(&system.starts[k], None));
        run.map_or(f64::NEG_INFINITY, |run| r_squared(&run, trajectory))
    });
    (rates, judged)
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}
