//! What simplification costs a cold process: reading and compiling the rules, then each example: `cargo bench -p ansatz-compiler --bench simplify`.

use std::path::Path;

use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::{Loader, Model, elaborate, field_rules};
use ansatz_compiler::pipeline::simplified;
use ansatz_compiler::pipeline::standard_rules;
use ansatz_compiler::simplify::Simplifier;
use ansatz_compiler::source::Sources;
use ansatz_compiler::stdlib;
use ansatz_compiler::syntax::parse;
use ansatz_compiler::system::{System, assemble};
use divan::Bencher;

fn main() {
    divan::main();
}

/// Reads the standard rules.
#[divan::bench]
fn read_rules() -> usize {
    standard_rules().len()
}

/// Compiles the standard rules.
#[divan::bench]
fn compile_rules(bencher: Bencher) {
    let rules = standard_rules();
    bencher.bench(|| Simplifier::new(&rules));
}

/// Everything that stands between the assembled and the simplified system, rules included.
#[divan::bench(args = examples())]
fn example(bencher: Bencher, name: &str) {
    let system = assembled(name);
    bencher
        .with_inputs(|| system.clone())
        .bench_values(simplified);
}

/// Assembling models with fields: most of it is the search for equal forms and discretising them.
#[divan::bench(args = ["burgers", "kuramoto_sivashinsky", "navier_stokes", "gray_scott_rolls"])]
fn assemble_fields(bencher: Bencher, name: &str) {
    let model = elaborated(&format!("fields/{name}"));
    bencher
        .with_inputs(|| model.clone())
        .bench_values(|model| assemble(model, &mut Diagnostics::new()));
}

/// Reads the rules for fields.
#[divan::bench]
fn read_field_rules() -> usize {
    field_rules().len()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn examples() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).expect("the examples are there");
    let paths = entries.map(|e| e.expect("the folder is readable").path());
    let mut names: Vec<String> = paths
        .filter(|p| p.extension().is_some_and(|e| e == "model"))
        .filter_map(|p| Some(p.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
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

fn assembled(name: &str) -> System {
    assemble(elaborated(name), &mut Diagnostics::new())
}

fn elaborated(name: &str) -> Model {
    let text = std::fs::read_to_string(folder().join(format!("{name}.model")))
        .expect("the example is readable");
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let source = sources.add(name, text).expect("the example is short");
    let ast = parse(&source, &mut diagnostics);
    elaborate(&ast, &mut sources, &NoFiles, &mut diagnostics)
}
