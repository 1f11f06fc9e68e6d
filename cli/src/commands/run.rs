//! `ansatz run`: from a file to trajectories and plots.

use std::time::Instant;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::model::{Model, nearest};
use ansatz_compiler::program;
use ansatz_compiler::source::Span;
use ansatz_compiler::syntax::ast::{ExprKind, ItemKind, SettingValue};
use ansatz_runtime::ode::METHODS;
use ansatz_runtime::space::steppers;

use crate::args::RunArgs;
use crate::csv_out::create_folder;
use crate::experiment::run_experiment;
use crate::failure::Failure;
use crate::figures::Heading;
use crate::overrides;
use crate::progress::catch_interrupts;
use crate::say::say;
use crate::study::Study;
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
        let run = run_experiment(&program, &heading, index, experiment, args, study.seconds)?;
        trouble = trouble.or_else(|| run.trouble.clone());
        if !args.quiet && !args.json {
            crate::say::print(format_args!("{run}"));
        }
        summary.runs.push(run);
    }
    if args.json {
        say!("{}", summary.to_json());
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
