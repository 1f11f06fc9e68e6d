//! `ansatz run`: from a file to trajectories and plots.

use std::path::Path;
use std::time::Instant;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::model::entities::{FieldFormat, Simulate};
use ansatz_compiler::model::{Model, nearest};
use ansatz_compiler::source::Span;
use ansatz_compiler::syntax::ast::{ExprKind, ItemKind, SettingValue};
use ansatz_compiler::{Program, program};
use ansatz_runtime::experiment::{Row, Simulation};
use ansatz_runtime::failure::Failure as Trouble;
use ansatz_runtime::ode::METHODS;
use ansatz_runtime::solution::Outcome;
use ansatz_runtime::space::steppers;

use crate::args::RunArgs;
use crate::csv_out::{CsvOut, create_folder};
use crate::failure::Failure;
use crate::fields::FieldFiles;
use crate::figures::{Figures, Heading};
use crate::overrides;
use crate::progress::{Progress, catch_interrupts};
use crate::study::{Seconds, Study};
use crate::summary::{RunSummary, Summary};

pub fn run(args: &RunArgs) -> Result<(), Failure> {
    run_study(Study::open(&args.file)?, args).map(|_| ())
}

/// Runs the experiments of a study.
pub fn run_study(mut study: Study, args: &RunArgs) -> Result<Vec<RunSummary>, Failure> {
    study.apply(&args.settings)?;
    let mut model = study.elaborate()?;
    overrides::apply(&mut model, &args.set)?;
    check_experiments(&model, args)?;
    check_solvers(&mut study, !model.domains.is_empty())?;
    let heading = Heading::of(&model);
    let system = study.assemble(model)?;
    let system = study.simplify(system);
    if args.quiet {
        study.diagnostics = Default::default();
    }
    study.print_warnings();
    let start = Instant::now();
    let program = program::compile(system, Tier::Auto);
    study.seconds.compile = start.elapsed().as_secs_f64();

    catch_interrupts();
    create_folder(&args.out)?;
    let mut summary = Summary::new(&args.file, &program);
    let mut trouble = None;
    for (index, experiment) in program.experiments.iter().enumerate() {
        if args
            .experiment
            .as_ref()
            .is_some_and(|name| *name != experiment.name)
        {
            continue;
        }
        let run = run_one(&program, &heading, index, experiment, args, study.seconds)?;
        trouble = trouble.or_else(|| run.trouble.clone());
        if !args.quiet && !args.json {
            print!("{run}");
        }
        summary.runs.push(run);
    }
    if args.json {
        println!("{}", summary.to_json());
    }
    match trouble {
        Some(message) => Err(Failure::Numerics { message }),
        None => Ok(summary.runs),
    }
}

fn check_experiments(model: &Model, args: &RunArgs) -> Result<(), Failure> {
    let names: Vec<&str> = model.experiments.iter().map(|e| e.name.as_str()).collect();
    let message = match &args.experiment {
        _ if names.is_empty() => {
            "the file has no experiment: say how long to simulate, e.g. `--until 100`".to_owned()
        }
        Some(name) if !names.contains(&name.as_str()) => {
            format!(
                "there is no experiment `{name}`; the file has: {}",
                names.join(", ")
            )
        }
        _ => return Ok(()),
    };
    Err(Failure::usage(message))
}

/// The compiler does not know which solvers there are.
fn check_solvers(study: &mut Study, has_fields: bool) -> Result<(), Failure> {
    let known = solvers(has_fields);
    for item in &study.ast.items {
        let ItemKind::Simulate(simulate) = &item.kind else {
            continue;
        };
        for setting in &simulate.settings {
            let SettingValue::Expr(value) = setting.value else {
                continue;
            };
            let ExprKind::Name(name) = study.ast.expr(value).kind else {
                continue;
            };
            let name = study.ast.name(name);
            let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(name));
            if study.ast.name(setting.key.name) == "solver" && !is_known {
                let at = study.ast.expr(value).span;
                study.diagnostics.push(UnknownSolver::new(name, at, &known));
            }
        }
    }
    study.stop_on_errors()
}

/// Names of solvers; some are for fields only.
fn solvers(has_fields: bool) -> Vec<&'static str> {
    let of_numbers = METHODS.iter().map(|m| m.name);
    let of_modes = steppers::METHODS.iter().map(|m| m.name);
    let bounded = steppers::STRONG_STABILITY.iter().map(|m| m.name);
    let of_fields = of_modes.chain(bounded).filter(|_| has_fields);
    std::iter::once("auto")
        .chain(of_numbers)
        .chain(of_fields)
        .collect()
}

/// A solver that there is not.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("unknown solver `{name}`")]
#[diagnostic(code(unknown_solver), help("{help}"))]
struct UnknownSolver {
    name: String,
    #[label("no solver has this name")]
    at: miette::SourceSpan,
    help: String,
}

impl UnknownSolver {
    fn new(name: &str, at: Span, known: &[&'static str]) -> UnknownSolver {
        let help = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.join(", ")),
        };
        UnknownSolver {
            name: name.to_owned(),
            at: at.into(),
            help,
        }
    }
}

fn run_one(
    program: &Program,
    heading: &Heading,
    index: usize,
    experiment: &Simulate,
    args: &RunArgs,
    before: Seconds,
) -> Result<RunSummary, Failure> {
    let mut seconds = before;
    let begin = Instant::now();
    let mut simulation = Simulation::new(program, experiment, &mut |_, _, _| {
        Err("arrays cannot be read from files yet".to_owned())
    })?;
    seconds.compile += begin.elapsed().as_secs_f64();
    let (observables, shown) = simulation.numbers();
    let start = simulation.start();
    let mut csv = CsvOut::create(
        args.out.join(format!("{}.csv", experiment.name)),
        program,
        &observables,
        experiment,
    )?;
    let format = experiment.fields.unwrap_or(FieldFormat::Npz);
    let mut fields = FieldFiles::create(simulation.grids(), &experiment.name, &args.out, format)?;
    let grids = simulation.grids();
    let mut figures = Figures::new(program, index, &start.parameters, &shown, heading, grids);
    let mut progress = Progress::new(start.t_end, !args.quiet && !args.json);
    let mut writing = 0.0;
    let begin = Instant::now();
    let mut sink = |row: Row<'_>| {
        let begin = Instant::now();
        csv.write(row);
        fields.write(row);
        figures.add(row);
        writing += begin.elapsed().as_secs_f64();
    };
    let outcome = simulation
        .run(&mut sink, &mut |t| progress.reached(t))?
        .expect("the names of solvers were checked");
    seconds.solve = begin.elapsed().as_secs_f64() - writing;
    drop(progress);
    let begin = Instant::now();
    let rows = csv.rows;
    // Both are completed before an error of one is told.
    let (csv, fields) = (csv.finish(), fields.finish());
    let (csv, fields) = (csv?, fields?);
    let (plots, terminal) =
        figures.finish(&args.out, &experiment.name, !args.quiet && !args.json)?;
    seconds.write = writing + begin.elapsed().as_secs_f64();
    let trouble = outcome
        .failure
        .as_ref()
        .map(|f| message(&simulation, &outcome, f, &csv));
    Ok(RunSummary {
        name: experiment.name.clone(),
        outcome,
        seconds,
        rows,
        csv,
        fields,
        plots,
        terminal,
        trouble,
    })
}

/// What went wrong, with the name of the worst component and where the partial solution is.
fn message(
    simulation: &Simulation<'_>,
    outcome: &Outcome,
    trouble: &Trouble,
    csv: &Path,
) -> String {
    let worst = trouble.worst_state().map_or(String::new(), |i| {
        format!("; worst component: `{}`", simulation.component(i))
    });
    let hint = trouble.hint();
    format!(
        "{trouble}{worst} ({}, after {} steps)\n  {hint}\n  the solution up to t = {} is in {}",
        outcome.method,
        outcome.counts.steps,
        outcome.t,
        csv.display()
    )
}
