//! Kernels of a reaction network: time to compile and time per evaluation, in tables and as machine code.
//!
//! The network is the EGF receptor model of the examples; `NETWORK=path/to/other.net cargo bench --bench kernels` measures another.

use ansatz_compiler::codegen::{Inputs, Kernel, Tier, compile};
use ansatz_compiler::diagnostic::Diagnostics;
use ansatz_compiler::model::{Loader, elaborate};
use ansatz_compiler::source::Sources;
use ansatz_compiler::system::System;
use ansatz_compiler::system::jacobian::jacobian;
use ansatz_compiler::terms::Outputs;
use ansatz_compiler::{assemble, pipeline, read};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

const TIERS: [Tier; 2] = [Tier::Tables, Tier::MachineCode];

/// Networks use no other file.
struct NoFiles;

impl Loader for NoFiles {
    fn std_module(&self, _name: &str) -> Option<&'static str> {
        None
    }

    fn file(&self, _path: &str, _from: &str) -> Result<String, std::io::Error> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

/// What compiles to kernels.
struct Load {
    system: System,
    inputs: Inputs,
    right_hand_side: Outputs,
    jacobian: Outputs,
}

fn load() -> Load {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/egfr_net.net");
    let path = std::env::var("NETWORK").unwrap_or_else(|_| shipped.to_owned());
    let text = std::fs::read_to_string(&path).expect("the network can be read");
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::default());
    let source = sources
        .add(path, text)
        .expect("the network is not too long");
    let ast = read(&source, &mut diagnostics);
    let model = elaborate(&ast, &mut sources, &NoFiles, &mut diagnostics);
    let system = assemble(model, &mut diagnostics).expect("the network has no errors");
    let mut system = pipeline::simplified(system);
    let inputs = Inputs {
        time: Some(system.time),
        states: system.states.iter().map(|s| s.symbol).collect(),
        parameters: system.parameters.iter().map(|p| p.symbol).collect(),
        direction: Vec::new(),
    };
    Load {
        inputs,
        right_hand_side: system.right_hand_side(),
        jacobian: jacobian(&mut system).values,
        system,
    }
}

impl Load {
    fn compile(&self, outputs: &Outputs, tier: Tier) -> Kernel {
        compile(&self.system.pool, outputs, &self.inputs, tier)
    }

    fn bench_evaluation(&self, bencher: Bencher, outputs: &Outputs, tier: Tier) {
        let kernel = self.compile(outputs, tier);
        let (parameters, mut u) = self.system.start();
        // Most species start at zero, and arithmetic on zeros would be no measure.
        u.iter_mut().for_each(|u| *u += 0.5);
        let mut evaluator = kernel.evaluator(&parameters);
        let mut out = vec![0.0; kernel.n_outputs()];
        bencher
            .counter(divan::counter::ItemsCount::new(kernel.operation_counts().0))
            .bench_local(|| evaluator.eval(0.0, black_box(&u), &mut out));
    }
}

#[divan::bench(args = TIERS)]
fn compile_right_hand_side(bencher: Bencher, tier: Tier) {
    let load = load();
    bencher.bench_local(|| load.compile(&load.right_hand_side, tier));
}

#[divan::bench(args = TIERS)]
fn evaluate_right_hand_side(bencher: Bencher, tier: Tier) {
    let load = load();
    load.bench_evaluation(bencher, &load.right_hand_side, tier);
}

#[divan::bench(args = TIERS)]
fn compile_jacobian(bencher: Bencher, tier: Tier) {
    let load = load();
    bencher.bench_local(|| load.compile(&load.jacobian, tier));
}

#[divan::bench(args = TIERS)]
fn evaluate_jacobian(bencher: Bencher, tier: Tier) {
    let load = load();
    load.bench_evaluation(bencher, &load.jacobian, tier);
}
