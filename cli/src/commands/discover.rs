//! `ansatz discover`: from an imperfect model and data to a corrected model.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::model::discovery::{Discover, Form};
use ansatz_compiler::model::entities::State;
use ansatz_compiler::model::nearest;
use ansatz_compiler::{Program, program};
use ansatz_runtime::discover::check;
use ansatz_runtime::discover::replay::{Replay, explained};
use ansatz_runtime::experiment::{Finding, discover, held_out};

use crate::args::DiscoverArgs;
use crate::correction::{Line, corrected_text, lines, place, rounded};
use crate::csv_in::{self, Table};
use crate::failure::Failure;
use crate::overrides;
use crate::report::Report;
use crate::say::say;
use crate::study::Study;

/// Where the corrected model goes when nothing says it.
const DEFAULT_OUTPUT: &str = "corrected.model";

pub fn run(args: &DiscoverArgs) -> Result<(), Failure> {
    let mut study = Study::open(&args.file)?;
    let mut model = study.elaborate()?;
    overrides::apply(&mut model, &args.set)?;
    let system = study.assemble(model)?;
    let system = study.simplify(system);
    study.print_warnings();
    let program = program::compile(system, Tier::Auto);
    let experiment = experiment(&program, args)?;
    if !program.grids.is_empty() {
        return super::discover_fields::run(&study, &program, experiment, args);
    }
    let table = read_data(&program, experiment, args)?;
    let begin = Instant::now();
    let names = &table.names;
    check::check(&table.data, names, 1).map_err(Failure::data)?;
    let (parameters, _) = program.start();
    let finding =
        discover(&program, experiment, &parameters, &table.data).map_err(Failure::data)?;
    let seconds = begin.elapsed().as_secs_f64();
    let lines = lines(&study.ast, &program.states, &finding);
    print(&table, &program.states, &finding, &lines, seconds);
    if lines.is_empty() {
        return Err(Failure::NothingFound);
    }
    let held = read_held_out(&program, experiment, args)?;
    let held = held.map(|held| {
        let replays = held_out(&program, &parameters, &finding, &held.data);
        let columns = held.data.column_of_states(program.states.len());
        let sentence = format!("Held out: {}.", replayed(&held, &replays, &columns));
        say!("{sentence}");
        (held, replays, sentence)
    });
    if !finding.is_stable() {
        return Err(unstable(&table, &finding));
    }
    let source = study.sources.file_at(0).expect("the file was read").clone();
    let mut facts = facts(experiment, &table, &finding, args);
    facts.extend(held.iter().map(|(.., sentence)| sentence.clone()));
    let text = corrected_text(
        &source,
        &study.ast,
        &program.states,
        &finding.experiment,
        &lines,
        facts.clone(),
    );
    let path = output(experiment, args);
    std::fs::write(&path, &text).map_err(|e| Failure::write(&path, e))?;
    let report = Report {
        title: &program.name,
        states: &program.states,
        table: &table,
        finding: &finding,
        lines: &lines,
        facts: &facts,
        held_out: held
            .as_ref()
            .map(|(table, replays, _)| (table, &replays[..])),
        corrected: &text,
    };
    let page = path.with_extension("html");
    let written = report.html().and_then(|html| std::fs::write(&page, html));
    written.map_err(|e| Failure::write(&page, e))?;
    verify(&path, text)?;
    say!("wrote {} and {}", path.display(), page.display());
    Ok(())
}

fn experiment<'p>(program: &'p Program, args: &DiscoverArgs) -> Result<&'p Discover, Failure> {
    let names = || program.discoveries.iter().map(|d| d.name.as_str());
    let Some(name) = &args.experiment else {
        return match &program.discoveries[..] {
            [] => Err(Failure::usage(
                "the file has no `discover`: say what may be missing, e.g. `discover { data = \"obs.csv\"; library = polynomials(x, y, 2) }`",
            )),
            [one] => Ok(one),
            _ => Err(Failure::usage(format!(
                "the file has several `discover`: name one of {}",
                names().collect::<Vec<_>>().join(", ")
            ))),
        };
    };
    let found = program.discoveries.iter().find(|d| d.name == *name);
    found.ok_or_else(|| {
        let hint =
            nearest(name, names()).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        Failure::usage(format!("there is no `discover {name}`{hint}"))
    })
}

/// Data of the command line, else those of the experiment, beside the model.
fn read_data(
    program: &Program,
    experiment: &Discover,
    args: &DiscoverArgs,
) -> Result<Table, Failure> {
    let paths = paths(experiment, args)?;
    let table = csv_in::read(&paths, program)?;
    if let Some(note) = csv_in::note_on_ignored(&table, program) {
        eprintln!("warning: {note}");
    }
    Ok(table)
}

/// The files with data.
pub(super) fn paths(experiment: &Discover, args: &DiscoverArgs) -> Result<Vec<PathBuf>, Failure> {
    let folder = args.file.parent().unwrap_or(Path::new(""));
    let paths: Vec<PathBuf> = match args.data.is_empty() {
        true => experiment
            .data
            .iter()
            .map(|name| folder.join(name))
            .collect(),
        false => args.data.clone(),
    };
    if paths.is_empty() {
        return Err(Failure::usage(
            "no data: write `data = \"obs.csv\"` in the experiment, or `--data obs.csv`",
        ));
    }
    Ok(paths)
}

/// The data that nothing is fitted to, beside the model.
fn read_held_out(
    program: &Program,
    experiment: &Discover,
    args: &DiscoverArgs,
) -> Result<Option<Table>, Failure> {
    if experiment.holdout.is_empty() {
        return Ok(None);
    }
    let folder = args.file.parent().unwrap_or(Path::new(""));
    let names = experiment.holdout.iter();
    let paths: Vec<PathBuf> = names.map(|name| folder.join(name)).collect();
    let table = csv_in::read(&paths, program)?;
    check::check(&table.data, &table.names, 1).map_err(Failure::data)?;
    Ok(Some(table))
}

pub(super) fn output(experiment: &Discover, args: &DiscoverArgs) -> PathBuf {
    let folder = args.file.parent().unwrap_or(Path::new(""));
    match (&args.output, &experiment.write) {
        (Some(path), _) => path.clone(),
        (None, Some(name)) => folder.join(name),
        (None, None) => folder.join(DEFAULT_OUTPUT),
    }
}

fn print(table: &Table, states: &[State], finding: &Finding, lines: &[Line], seconds: f64) {
    say!("data: {}", extent(table));
    let hidden = states
        .iter()
        .zip(&finding.columns)
        .filter(|(_, c)| c.is_none());
    let hidden: Vec<&str> = hidden.map(|(s, _)| s.name.as_str()).collect();
    if !hidden.is_empty() {
        say!(
            "not measured: {}; an ensemble smoother and the likelihood find it",
            hidden.join(", ")
        );
    }
    say!("noise: {}", noise(table, finding));
    print_found(lines);
    say!(
        "simulated: {}",
        replayed(table, &finding.replays, &finding.columns)
    );
    print_indistinct(states, finding);
    say!("{} {seconds:.2} s", evidence(finding));
}

/// What was found, with intervals.
pub(super) fn print_found(lines: &[Line]) {
    for line in lines {
        let (low, high) = line.interval();
        say!(
            "found: {:<24} {:>18}   95 %: {} … {}{}",
            line.what(),
            line.rounded(),
            rounded(low, line.deviation),
            rounded(high, line.deviation),
            resampled(line)
        );
        for constant in &line.constants {
            let (low, high) = constant.interval();
            say!(
                "  with {:<22} {:>18}   95 %: {} … {}",
                constant.name,
                rounded(constant.value, constant.deviation),
                rounded(low, constant.deviation),
                rounded(high, constant.deviation),
            );
        }
    }
    if lines.is_empty() {
        say!("found: nothing that the data make more probable than the model as it is");
    }
}

/// Warns of terms that the data cannot tell apart.
pub(super) fn print_indistinct(states: &[State], finding: &Finding) {
    for &(found, other, correlation) in &finding.indistinct {
        let text = |k: usize| describe(&finding.experiment, states, k);
        say!(
            "warning: the data cannot tell {} from {} (correlation {correlation:.4}): add a run in which they differ",
            text(found),
            text(other)
        );
    }
}

/// How much better the equations agree with the data, and how sure that is.
pub(super) fn evidence(finding: &Finding) -> String {
    let [before, after] = finding.residuals;
    let odds = finding.log_odds;
    match before.is_finite() {
        true => format!(
            "Error of the equations {before:.3e} before, {after:.3e} after; log odds {odds:.1}."
        ),
        false => format!("Residual {after:.3} times the noise; log odds {odds:.1}."),
    }
}

/// What was found is not an answer: simulated, it leaves the data behind.
fn unstable(table: &Table, finding: &Finding) -> Failure {
    let runs = table.data.trajectories.iter().zip(&finding.replays);
    let first = runs
        .filter(|(_, [_, after])| !after.is_stable)
        .map(|(t, _)| t.name.as_str())
        .next();
    Failure::Unstable {
        message: format!(
            "the corrected model blows up when it is simulated from the start of {}\n  help: nothing was written; more data, less noise or `constraints` on the signs of terms may help",
            first.unwrap_or("the data")
        ),
    }
}

/// `; in 95 % of resampled data`
fn resampled(line: &Line) -> String {
    line.inclusion.map_or(String::new(), |share| {
        format!("; in {:.0} % of resampled data", 100.0 * share)
    })
}

fn extent(table: &Table) -> String {
    let runs = table.data.trajectories.len();
    let plural = if runs == 1 { "" } else { "s" };
    format!(
        "{} samples of {} in {runs} run{plural}",
        table.data.n_rows(),
        table.names.join(", ")
    )
}

/// `x*y in dt(z)`, or the reaction.
fn describe(experiment: &Discover, states: &[State], candidate: usize) -> String {
    let candidate = &experiment.candidates[candidate];
    let place = place(candidate, states);
    match &candidate.form {
        Form::Reaction(text) | Form::RateLaw(text) => text.clone(),
        Form::Term => format!(
            "{} in {place}",
            experiment.library[candidate.term as usize].text
        ),
    }
}

/// How much of the data whole simulated trajectories explain, before and after.
fn replayed(table: &Table, replays: &[[Replay; 2]], columns: &[Option<usize>]) -> String {
    let width = table.data.columns.len();
    let mean = |which: usize| {
        let runs = table.data.trajectories.iter().zip(replays);
        let shares = runs.filter_map(|(trajectory, replays)| {
            explained(&replays[which], trajectory, columns, width)
        });
        shares.sum::<f64>() / replays.len().max(1) as f64
    };
    let text = |which: usize, digits: usize| match replays.iter().all(|r| r[which].is_stable) {
        true => format!("R² {:.digits$}", mean(which)),
        false => "blows up".to_owned(),
    };
    format!("{} before, {} after", text(0, 3), text(1, 5))
}

/// `x 10.0 %, y 9.8 %`
fn noise(table: &Table, finding: &Finding) -> String {
    let names = table.names.iter().map(String::as_str);
    levels(names, &finding.noise, &table.data.deviations())
}

/// Noise of what is measured, as a share of its standard deviation.
pub(super) fn levels<'a>(
    names: impl Iterator<Item = &'a str>,
    noise: &[f64],
    deviations: &[f64],
) -> String {
    let shares = noise.iter().zip(deviations).map(|(n, d)| 100.0 * n / d);
    let texts = names.zip(shares).map(|(name, share)| match share {
        share if share.is_nan() => format!("{name} unknown"),
        share if share < 0.01 => format!("{name} {share:.0e} %"),
        share => format!("{name} {share:.2} %"),
    });
    texts.collect::<Vec<_>>().join(", ")
}

fn facts(
    experiment: &Discover,
    table: &Table,
    finding: &Finding,
    args: &DiscoverArgs,
) -> Vec<String> {
    let files = match args.data.is_empty() {
        true => experiment.data.join(", "),
        false => args
            .data
            .iter()
            .map(|p| p.display().to_string())
            .collect::<Vec<_>>()
            .join(", "),
    };
    vec![
        format!(
            "Found by `ansatz discover` ({}, {}) in {files}:",
            experiment.name,
            experiment.method.name()
        ),
        format!("{}; noise {}.", extent(table), noise(table, finding)),
        evidence(finding),
    ]
}

/// The corrected model is a model: it reads and its units agree.
pub(super) fn verify(path: &Path, text: String) -> Result<(), Failure> {
    let mut corrected = Study::of_text(&path.to_string_lossy(), text)?;
    corrected.elaborate().map(drop)
}
