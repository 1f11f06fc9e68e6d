//! Discovery on fields: a term is taken from a known equation, data are made of the whole one, and the term must come back.

use ansatz_compiler::terms::Number;
use ansatz_runtime::discover::corrected::Correction;
use ansatz_runtime::discover::library::Library;
use ansatz_runtime::discover::refit::Question;
use ansatz_runtime::experiment::discovery::flow::{Pushed, distance};
use ansatz_runtime::experiment::discovery::observations::FieldData;
use ansatz_runtime::experiment::discovery::question::FieldQuestion;
use ansatz_runtime::experiment::{Finding, discover_fields};
use ansatz_tests::field_runs::program;
use ansatz_tests::observed_fields::{Samples, observe};

/// Kuramoto and Sivashinsky with these terms.
fn kuramoto_sivashinsky(terms: &str, rest: &str) -> String {
    format!(
        "domain line: x in 0..32*pi, 192 points, periodic\n\
         field u on line = cos(x/16)*(1 + sin(x/16)) + 0.5*sin(3*x/16 + 1)\n\
         dt(u) = {terms}\n{rest}"
    )
}

const LIBRARY: &str = "discover { library = [powers(u, 4), powers(u, 0, 4)*derivatives(u, 4)] }\n";
const TRUTH: &str = "-u*dx(u) - dxx(u) - dxxxx(u)";

fn data(noise: f64) -> FieldData {
    let experiment = "simulate { until = 56; dt = 0.0025; save = every(0.01) }\n";
    let truth = program(&kuramoto_sivashinsky(TRUTH, experiment));
    let samples = Samples {
        from: 40.0,
        every: 3.0,
        interval: 0.01,
        per_group: 2,
    };
    observe(&truth, &samples, noise, 1)
}

fn found(gap: &str, data: &FieldData) -> (Vec<(String, f64)>, Finding) {
    let model = program(&kuramoto_sivashinsky(gap, LIBRARY));
    let experiment = &model.discoveries[0];
    let (parameters, _) = model.start();
    let finding = discover_fields(&model, experiment, &parameters, data).unwrap();
    let found = finding.found.iter().map(|f| {
        let candidate = &experiment.candidates[f.candidate];
        let text = experiment.library[candidate.term as usize].text.clone();
        (text, f.coefficient)
    });
    (found.collect(), finding)
}

fn agree(found: &[(String, f64)], expected: &[(&str, f64)], tolerance: f64) {
    let close = |((name, c), (wanted, truth)): (&(String, f64), &(&str, f64))| {
        name == wanted && (c - truth).abs() < tolerance * truth.abs()
    };
    let all = found.len() == expected.len() && found.iter().zip(expected).all(close);
    assert!(all, "{found:?}");
}

#[test]
fn each_term_of_kuramoto_and_sivashinsky_comes_back() {
    let data = data(0.0);
    for (gap, terms) in [
        ("-dxx(u) - dxxxx(u)", &[("u*dx(u)", -1.0)][..]),
        (
            "-0.5*dxx(u) - 2*dxxxx(u)",
            &[("dxx(u)", -0.5), ("dxxxx(u)", 1.0), ("u*dx(u)", -1.0)],
        ),
    ] {
        let (found, finding) = found(gap, &data);
        agree(&found, terms, 1e-8);
        assert!(finding.is_stable());
    }
}

#[test]
fn tangents_are_derivatives_of_the_step() {
    let data = data(0.0);
    let model = program(&kuramoto_sivashinsky(
        "-0.5*u*dx(u) - dxx(u) - dxxxx(u)",
        "discover { library = [u*dx(u), u^2*dxx(u), dxxxx(u), u^2] }\n",
    ));
    let (parameters, _) = model.start();
    let discover = &model.discoveries[0];
    let library = Library::of(&model, discover);
    let question = FieldQuestion {
        question: Question {
            program: &model.keeping(&Number::ratio(2, 3).unwrap()),
            parameters: &parameters,
            discover,
            library: &library,
        },
        data: &data,
    };
    let times = [data.runs[0].times[0], data.runs[0].times[1]];
    let mut pushed = Pushed::default();
    let mut pushing = question
        .flow(&Correction::default(), &[0, 1, 2, 3], 1e-10)
        .unwrap();
    let start = pushing.flow.coordinates(data.frame(0, 0));
    pushing.flow.run(times, &start, &mut pushed);
    for k in 0..4 {
        let reached = |by: f64| {
            let correction = Correction::of(discover, vec![k], vec![by]);
            let mut flow = question.flow(&correction, &[], 1e-10).unwrap().flow;
            let mut pushed = Pushed::default();
            flow.run_state(times, &start, &mut pushed);
            pushed.state().to_vec()
        };
        let (up, down) = (reached(1e-4), reached(-1e-4));
        let quotient: Vec<f64> = up.iter().zip(&down).map(|(a, b)| (a - b) / 2e-4).collect();
        let tangent = pushed.tangent(pushing.sums[k][0].0);
        let size = distance(&quotient, &vec![0.0; quotient.len()]);
        let error = distance(&quotient, tangent) / size;
        assert!(error < 1e-8, "{}: {error:e}", discover.library[k].text);
    }
}
