//! Relaxation factors of the multigrid smoother: fixed ones against the one learned over a sequence of solves.
//!
//! `cargo bench -p ansatz-runtime --bench multigrid` prints, for sequences of 40 Poisson problems as a time stepper makes them (each
//! begins at the solution before it), the cycles and the time of a solve.

use std::time::Instant;

use ansatz_runtime::space::multigrid::{Helmholtz, Multigrid, Relaxation, Wall};

/// Solves of a sequence.
const SOLVES: u32 = 40;
/// Fall of the residual asked for.
const TOLERANCE: f64 = 1e-8;

fn main() {
    println!(
        "{:14} {:>6} {:>8} {:>12}",
        "nodes", "omega", "cycles", "ms a solve"
    );
    for points in [[129, 129, 1], [257, 129, 1], [33, 33, 33]] {
        for wall in [Wall::Value, Wall::Slope] {
            let equation = Helmholtz {
                points,
                lengths: [1.0; 3],
                walls: [[wall; 2]; 3],
                shift: 0.0,
            };
            for factor in [1.0, 1.06, 1.12, 1.18, 1.24, 1.3] {
                measure(equation, &format!("{factor}"), Relaxation::Fixed(factor));
            }
            measure(equation, "learned", Relaxation::learned());
        }
    }
}

fn measure(equation: Helmholtz, name: &str, relaxation: Relaxation) {
    let [nx, ny, nz] = equation.points;
    let mut multigrid = Multigrid::new(equation, relaxation);
    let mut u = vec![0.0; nx * ny * nz];
    let (mut cycles, mut seconds) = (0, 0.0);
    for step in 0..SOLVES {
        let shift = 0.1 * f64::from(step);
        let value = |at: usize| {
            let (x, y, z) = (at % nx, at / nx % ny, at / (nx * ny));
            (0.2 * x as f64 + shift).sin() * (0.3 * y as f64).cos()
                + (0.1 * z as f64 + 0.07 * (x * y) as f64).sin()
        };
        let f: Vec<f64> = (0..u.len()).map(value).collect();
        let begin = Instant::now();
        let solved = multigrid.solve(&f, &mut u, TOLERANCE);
        seconds += begin.elapsed().as_secs_f64();
        assert!(solved.converged);
        cycles += solved.cycles;
    }
    let solves = f64::from(SOLVES);
    println!(
        "{:14} {name:>6} {:8.2} {:12.3}",
        format!("{nx}x{ny}x{nz}"),
        f64::from(cycles) / solves,
        1e3 * seconds / solves
    );
}
