//! `ansatz discover` on a model of fields.

use std::time::Instant;

use ansatz_compiler::Program;
use ansatz_compiler::model::discovery::Discover;
use ansatz_runtime::experiment::discovery::observations::FieldData;
use ansatz_runtime::experiment::discovery::replay::explained;
use ansatz_runtime::experiment::{Finding, discover_fields};

use super::discover::{evidence, levels, output, paths, print_found, print_indistinct, verify};
use crate::args::DiscoverArgs;
use crate::correction::{corrected_text, lines};
use crate::failure::Failure;
use crate::fields::observed;
use crate::say::say;
use crate::study::Study;

/// Finds what the equations of fields lack, and writes the corrected model.
pub fn run(
    study: &Study,
    program: &Program,
    experiment: &Discover,
    args: &DiscoverArgs,
) -> Result<(), Failure> {
    let paths = paths(experiment, args)?;
    let (data, n_left_out) = observed::read(&paths, program)?;
    if n_left_out > 0 {
        eprintln!(
            "warning: {n_left_out} frames have values that are not finite; they are left out"
        );
    }
    let begin = Instant::now();
    let (parameters, _) = program.start();
    let finding =
        discover_fields(program, experiment, &parameters, &data).map_err(Failure::data)?;
    let seconds = begin.elapsed().as_secs_f64();
    let lines = lines(&study.ast, &program.states, &finding);
    let facts = vec![
        format!("data: {}", extent(program, &data)),
        format!("noise: {}", noise(program, &data, &finding)),
    ];
    facts.iter().for_each(|fact| say!("{fact}"));
    print_found(&lines);
    say!("simulated: {}", replayed(&data, &finding));
    print_indistinct(&program.states, &finding);
    say!("{} {seconds:.2} s", evidence(&finding));
    if lines.is_empty() {
        return Err(Failure::NothingFound);
    }
    if !finding.is_stable() {
        return Err(Failure::Unstable {
            message: "the corrected model blows up when it is simulated from the first frame\n  help: nothing was written; more data, less noise or `constraints` on the signs of terms may help".into(),
        });
    }
    let files: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    let mut provenance = vec![format!(
        "Found by `ansatz discover` ({}) in {}:",
        experiment.name,
        files.join(", ")
    )];
    provenance.extend(facts);
    provenance.push(evidence(&finding));
    let source = study.sources.file_at(0).expect("the file was read").clone();
    let text = corrected_text(
        &source,
        &study.ast,
        &program.states,
        experiment,
        &lines,
        provenance,
    );
    let path = output(experiment, args);
    std::fs::write(&path, &text).map_err(|e| Failure::write(&path, e))?;
    verify(&path, text)?;
    say!("wrote {}", path.display());
    Ok(())
}

/// `20 frames of u (128 nodes) in 1 run`
fn extent(program: &Program, data: &FieldData) -> String {
    let fields = program.grids[0].evolution.fields.iter();
    let names: Vec<&str> = fields.map(|f| f.name.as_str()).collect();
    let plural = if data.runs.len() == 1 { "" } else { "s" };
    format!(
        "{} frames of {} ({} nodes) in {} run{plural}",
        data.n_frames(),
        names.join(", "),
        data.len,
        data.runs.len()
    )
}

/// `u 1.00 %`
fn noise(program: &Program, data: &FieldData, finding: &Finding) -> String {
    let fields = program.grids[0].evolution.fields.iter();
    let names = fields.map(|field| field.name.as_str());
    levels(names, &finding.noise, &data.deviations())
}

/// How much of the data simulations from the first frame explain, before and after.
fn replayed(data: &FieldData, finding: &Finding) -> String {
    let text = |which: usize| {
        let runs = finding.replays.iter().map(|replays| &replays[which]);
        if runs.clone().any(|replay| !replay.is_stable) {
            return "blows up".to_owned();
        }
        let shares: Vec<f64> = runs
            .enumerate()
            .filter_map(|(run, replay)| explained(replay, data, run))
            .collect();
        format!(
            "R² {:.5}",
            shares.iter().sum::<f64>() / shares.len().max(1) as f64
        )
    };
    format!("{} before, {} after", text(0), text(1))
}
