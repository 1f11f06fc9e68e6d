//! One experiment: from a program to files.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::time::Instant;

use ansatz_compiler::Program;
use ansatz_compiler::model::entities::{FieldFormat, Simulate};
use ansatz_runtime::experiment::{Checkpoints, FrameGrid, Row, Simulation};
use ansatz_runtime::failure::Failure as Trouble;
use ansatz_runtime::solution::Outcome;

use crate::args::RunArgs;
use crate::csv_out::CsvOut;
use crate::failure::Failure;
use crate::fields::resume::{CheckpointFolder, RowShape, kept};
use crate::fields::{FieldFiles, given};
use crate::figures::{Figures, Heading};
use crate::progress::Progress;
use crate::study::Seconds;
use crate::summary::RunSummary;

/// Runs an experiment, the one at `index` of the program, and writes what it gives.
pub fn run_experiment(
    program: &Program,
    heading: &Heading,
    index: usize,
    experiment: &Simulate,
    args: &RunArgs,
    before: Seconds,
) -> Result<RunSummary, Failure> {
    let mut seconds = before;
    let begin = Instant::now();
    let mut simulation = simulation(program, experiment, args)?;
    seconds.compile += begin.elapsed().as_secs_f64();
    let (observables, shown) = simulation.numbers();
    let grids: Vec<FrameGrid> = simulation.grids().to_vec();
    let start = simulation.start();
    let path = args.out.join(format!("{}.csv", experiment.name));
    let mut csv = CsvOut::create(path, program, &observables, experiment)?;
    let format = experiment.fields.unwrap_or(FieldFormat::Npz);
    let mut fields = FieldFiles::create(&grids, &experiment.name, &args.out, format)?;
    let mut figures = Figures::new(program, index, &start.parameters, &shown, heading, &grids);
    let mut progress = Progress::new(start.t_end, !args.quiet && !args.json);
    let mut writing = 0.0;
    let mut write = |row: Row<'_>| {
        let begin = Instant::now();
        csv.write(row);
        fields.write(row);
        figures.add(row);
        writing += begin.elapsed().as_secs_f64();
    };
    let shape = RowShape {
        states: program.states.len() + program.couplings.len(),
        observables: observables.len(),
        shown: shown.len(),
        grids: grids.iter().map(|g| g.arrays.len() * g.len()).collect(),
    };
    let folder = args.out.join(format!("{}.checkpoint", experiment.name));
    let keeper = keeper(&mut simulation, args, &folder, &shape, &mut write)
        .map_err(|e| Failure::write(&folder, e))?;
    let keeper = RefCell::new(keeper);
    let mut keep = |checkpoint: &_| {
        if let Some(keeper) = &mut *keeper.borrow_mut() {
            keeper.checkpoint(checkpoint);
        }
    };
    let begin = Instant::now();
    let mut sink = |row: Row<'_>| {
        write(row);
        if let Some(keeper) = &mut *keeper.borrow_mut() {
            keeper.row(row);
        }
    };
    let checkpoints = args.checkpoint.map(|every| Checkpoints {
        every,
        keep: &mut keep,
    });
    let outcome = simulation
        .run(&mut sink, &mut |t| progress.reached(t), checkpoints)?
        .expect("the names of solvers were checked");
    seconds.solve = begin.elapsed().as_secs_f64() - writing;
    drop(progress);
    let begin = Instant::now();
    if let Some(keeper) = keeper.into_inner() {
        keeper
            .finish(outcome.failure.is_none())
            .map_err(|e| Failure::write(&folder, e))?;
    }
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
    let warnings = simulation.warnings();
    Ok(RunSummary {
        name: experiment.name.clone(),
        warnings: warnings.iter().map(ToString::to_string).collect(),
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

fn simulation<'p>(
    program: &'p Program,
    experiment: &'p Simulate,
    args: &RunArgs,
) -> Result<Simulation<'p>, Failure> {
    if (args.checkpoint.is_some() || args.resume) && program.grids.is_empty() {
        let message = "checkpoints are for models with fields: others run in less time than it takes to write one";
        return Err(Failure::usage(message));
    }
    if args.resume && args.checkpoint.is_none() {
        let message = "`--resume` goes with the `--checkpoint` of the run that was interrupted";
        return Err(Failure::usage(message));
    }
    if args
        .checkpoint
        .is_some_and(|every| !(every > 0.0 && every.is_finite()))
    {
        return Err(Failure::usage("`--checkpoint` is a time above 0"));
    }
    let folder = args.file.parent().unwrap_or(Path::new(""));
    let mut read =
        |path: &str, name: &str, sizes: &[usize]| given::read(&folder.join(path), name, sizes);
    Ok(Simulation::new(program, experiment, &mut read)?)
}

/// Where checkpoints go, if they are wanted; a resumed run has taken up the last one.
fn keeper(
    simulation: &mut Simulation<'_>,
    args: &RunArgs,
    folder: &Path,
    shape: &RowShape,
    write: &mut dyn FnMut(Row<'_>),
) -> io::Result<Option<CheckpointFolder>> {
    if args.checkpoint.is_none() {
        return Ok(None);
    }
    let run = fingerprint(args)?;
    let kept = if args.resume {
        kept(folder, run)?
    } else {
        None
    };
    let kept = kept.filter(|kept| simulation.resume(&kept.checkpoint));
    if args.resume && !args.quiet {
        match &kept {
            Some(kept) => eprintln!("resumed at t = {}", kept.checkpoint.t),
            None => eprintln!(
                "no checkpoint of this run in {}: it starts anew",
                folder.display()
            ),
        }
    }
    match kept {
        Some(kept) => CheckpointFolder::resume(folder, run, &kept, shape, write).map(Some),
        None => CheckpointFolder::create(folder, run).map(Some),
    }
}

/// What makes a run what it is: the text of the model, and what the command line changes of it.
fn fingerprint(args: &RunArgs) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    std::fs::read(&args.file)?.hash(&mut hasher);
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    format!("{:?} {:?} {:?}", args.set, args.settings, args.checkpoint).hash(&mut hasher);
    Ok(hasher.finish())
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
