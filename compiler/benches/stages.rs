//! Time per stage on networks: `examples/egfr_net.net`, and larger ones by path in `ANSATZ_NETWORKS` (separated by `:`).
//!
//! `ANSATZ_NETWORKS=BCR.net:fceri_gamma2.net cargo bench -p ansatz-compiler --bench stages`

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::{Loader, Model, elaborate};
use ansatz_compiler::pipeline::simplified;
use ansatz_compiler::simplify::factor_network;
use ansatz_compiler::source::{Source, Sources};
use ansatz_compiler::syntax::{Ast, parse};
use ansatz_compiler::system::conservation::conserved_totals;
use ansatz_compiler::system::equations::Block;
use ansatz_compiler::system::jacobian::{jacobian, jacobian_vector_product};
use ansatz_compiler::system::{System, assemble};
use ansatz_compiler::{import, stdlib};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

static PATHS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut paths = vec![examples.join("egfr_net.net")];
    if let Some(more) = std::env::var_os("ANSATZ_NETWORKS") {
        paths.extend(std::env::split_paths(&more));
    }
    paths
});

/// Names of the networks, for the table.
fn networks() -> impl Iterator<Item = String> {
    let stem = |p: &PathBuf| {
        p.file_stem()
            .expect("a file")
            .to_string_lossy()
            .into_owned()
    };
    PATHS.iter().map(stem)
}

struct NoFiles;

impl Loader for NoFiles {
    fn std_module(&self, name: &str) -> Option<&'static str> {
        stdlib::module(name)
    }

    fn file(&self, _: &str, _: &str) -> Result<String, std::io::Error> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

fn source(network: &str) -> (Source, Sources) {
    let path = PATHS
        .iter()
        .find(|p| p.file_stem().is_some_and(|s| s == network));
    let path = path.expect("the names come from the paths");
    let text = std::fs::read_to_string(path).expect("the network can be read");
    add(path.display().to_string(), text)
}

fn add(name: String, text: String) -> (Source, Sources) {
    let mut sources = Sources::new();
    let source = sources
        .add(name, text)
        .expect("the network is not too long");
    (source, sources)
}

fn imported(network: &str) -> (Ast, Sources) {
    let (source, sources) = source(network);
    (
        import::import_net(&source, &mut Diagnostics::new()),
        sources,
    )
}

fn elaborated(network: &str) -> Model {
    let (ast, mut sources) = imported(network);
    elaborate(&ast, &mut sources, &NoFiles, &mut Diagnostics::new())
}

fn assembled(network: &str) -> System {
    assemble(elaborated(network), &mut Diagnostics::new())
}

#[divan::bench(args = networks())]
fn a_import(bencher: Bencher, network: &str) {
    let (source, _) = source(network);
    bencher.bench_local(|| import::import_net(black_box(&source), &mut Diagnostics::new()));
}

/// The same network as `.model` text.
#[divan::bench(args = networks())]
fn b_parse(bencher: Bencher, network: &str) {
    let text = import::to_model_text(&imported(network).0);
    let (source, _) = add("network.model".into(), text);
    bencher.bench_local(|| parse(black_box(&source), &mut Diagnostics::new()));
}

#[divan::bench(args = networks())]
fn c_elaborate(bencher: Bencher, network: &str) {
    let (ast, sources) = imported(network);
    let mut sources = sources;
    bencher.bench_local(|| {
        elaborate(
            black_box(&ast),
            &mut sources,
            &NoFiles,
            &mut Diagnostics::new(),
        )
    });
}

/// Conserved totals included.
#[divan::bench(args = networks())]
fn d_assemble(bencher: Bencher, network: &str) {
    let model = elaborated(network);
    bencher
        .with_inputs(|| model.clone())
        .bench_local_values(|model| assemble(model, &mut Diagnostics::new()));
}

#[divan::bench(args = networks())]
fn e_conserved_totals(bencher: Bencher, network: &str) {
    let system = assembled(network);
    bencher.bench_local(|| conserved_totals(black_box(&system)));
}

#[divan::bench(args = networks())]
fn f_factor(bencher: Bencher, network: &str) {
    let system = assembled(network);
    let mut is_state = vec![false; system.pool.n_symbols()];
    for state in &system.states {
        is_state[state.symbol.0 as usize] = true;
    }
    bencher
        .with_inputs(|| system.clone())
        .bench_local_refs(|system| {
            let Some(Block::Network(network)) = system.blocks.first() else {
                return None;
            };
            let is_state = |s: ansatz_compiler::terms::SymbolId| is_state[s.0 as usize];
            Some(factor_network(&mut system.pool, network, &is_state))
        });
}

/// Equality saturation of the rate laws, then factoring.
#[divan::bench(args = networks())]
fn g_simplify(bencher: Bencher, network: &str) {
    let system = assembled(network);
    bencher
        .with_inputs(|| system.clone())
        .bench_local_values(simplified);
}

#[divan::bench(args = networks())]
fn h_jacobian(bencher: Bencher, network: &str) {
    let system = simplified(assembled(network));
    bencher
        .with_inputs(|| system.clone())
        .bench_local_refs(jacobian);
}

#[divan::bench(args = networks())]
fn i_jacobian_vector_product(bencher: Bencher, network: &str) {
    let system = simplified(assembled(network));
    bencher
        .with_inputs(|| system.clone())
        .bench_local_refs(jacobian_vector_product);
}
