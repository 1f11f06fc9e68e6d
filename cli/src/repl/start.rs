//! Values of expressions about fields at the start of a run.

use std::path::Path;

use ansatz_compiler::codegen::Tier;
use ansatz_compiler::model::entities::{FieldFormat, Observable, Save, Simulate};
use ansatz_compiler::program;
use ansatz_compiler::system::System;
use ansatz_runtime::experiment::Simulation;

use crate::failure::Failure;
use crate::fields::given;
use crate::study::Study;

/// The `let`s of this name, or its components, that a domain computes.
pub(super) fn on_grids<'a>(system: &'a System, name: &str) -> Vec<&'a Observable> {
    let is_it = |observable: &&Observable| {
        let rest = observable.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let grids = system.grids();
    let all = grids.flat_map(|grid| &grid.programs.observed.observables);
    all.filter(is_it).collect()
}

/// What these `let`s are and their values at the start: a number, or the range of a field. Data are looked for in `folder`.
pub(super) fn values(
    study: &mut Study,
    mut system: System,
    name: &str,
    folder: &Path,
) -> Result<String, Failure> {
    let wanted: Vec<Observable> = on_grids(&system, name).into_iter().cloned().collect();
    let forms = wanted.iter().map(|observable| {
        let form = system.pool.display(observable.value).to_string();
        match observable.name.rsplit_once('.') {
            Some((_, component)) => format!("{component}: {form}"),
            None => form,
        }
    });
    let forms: Vec<String> = forms.collect();
    system.plots.clear();
    system.experiments = vec![Simulate {
        save: Save::List(vec![0.0]),
        fields: Some(FieldFormat::None),
        ..Simulate::new(name.to_owned(), system.pool.int(1))
    }];
    let program = program::compile(study.simplify(system), Tier::Auto);
    let mut read =
        |path: &str, name: &str, sizes: &[usize]| given::read(&folder.join(path), name, sizes);
    let mut simulation = Simulation::new(&program, &program.experiments[0], &mut read)?;
    let (numbers, _) = simulation.numbers();
    let grids = simulation.grids().to_vec();
    let mut values = Vec::new();
    let mut sink = |row: ansatz_runtime::experiment::Row<'_>| {
        values.clear();
        for observable in &wanted {
            let number = numbers.iter().position(|n| n.name == observable.name);
            values.push(match number {
                Some(i) => format!("= {}", row.observables[i]),
                None => {
                    let arrays = grids.iter().zip(row.fields).flat_map(|(grid, all)| {
                        grid.arrays.iter().zip(all.chunks_exact(grid.len()))
                    });
                    let of_name = arrays.filter(|(array, _)| array.name == observable.name);
                    range(of_name.flat_map(|(_, values)| values))
                }
            });
        }
    };
    // No step is taken.
    simulation.run(&mut sink, &mut |_| true, None)?;
    let lines = forms.iter().zip(&values);
    let lines = lines.map(|(form, value)| format!("{form}\n  {value} at the start"));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

fn range<'a>(values: impl Iterator<Item = &'a f64>) -> String {
    let ends = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &value| {
        [low.min(value), high.max(value)]
    });
    format!("from {} to {}", ends[0], ends[1])
}
