//! Networks as systems, and values of sparse outputs by the reference interpreter.

use std::path::{Path, PathBuf};

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::import::import_net;
use ansatz_compiler::model::elaborate;
use ansatz_compiler::source::Sources;
use ansatz_compiler::system::{System, assemble};
use ansatz_compiler::terms::{Outputs, Pool};

use crate::{Files, files_under, repository};

/// The BioNetGen files of the corpus, sorted.
pub fn corpus() -> Vec<PathBuf> {
    files_under(&repository().join("tests/corpus/net"), "net")
}

/// `examples/egfr_net.net`
pub fn egfr() -> PathBuf {
    repository().join("examples/egfr_net.net")
}

/// The equations of a `.net` file, not simplified.
pub fn system(path: &Path) -> System {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    let mut sources = Sources::new();
    let source = sources
        .add(path.display().to_string(), text)
        .expect("the file is not too long");
    let mut diagnostics = Diagnostics::new();
    let ast = import_net(&source, &mut diagnostics);
    let model = elaborate(&ast, &mut sources, &Files, &mut diagnostics);
    let system = assemble(model, &mut diagnostics);
    let errors: Vec<String> = diagnostics.iter().map(|d| d.to_string()).collect();
    assert!(!diagnostics.has_errors(), "{}: {errors:?}", path.display());
    system
}

/// Values of the rows, and for each the sum of the sizes of its parts, which rounding errors are relative to.
pub fn eval(pool: &Pool, outputs: &Outputs, symbols: &[f64]) -> Vec<(f64, f64)> {
    let values = pool.eval(&outputs.values, symbols);
    (0..outputs.n_rows())
        .map(|i| {
            let parts = outputs
                .row(i)
                .iter()
                .map(|(k, c)| c.to_f64() * values[*k as usize]);
            parts.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()))
        })
        .collect()
}

/// Reproducible numbers between 0.5 and 1.5, by the linear congruences of Knuth's MMIX.
pub fn numbers(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        0.5 + (state >> 11) as f64 / (1u64 << 53) as f64
    };
    (0..n).map(|_| next()).collect()
}
