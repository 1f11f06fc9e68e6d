//! The plots of an experiment: data collected while it runs, files at its end.

use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::model::entities::Plot;
use ansatz_compiler::terms::Term;
use ansatz_runtime::experiment::Row;

use crate::failure::Failure;
use crate::plot::Figure;

/// One plot being filled.
struct Filling<'p> {
    plot: &'p Plot,
    evaluator: Evaluator,
    values: Vec<f64>,
    figure: Figure,
}

/// The plots of one experiment.
pub struct Figures<'p> {
    fillings: Vec<Filling<'p>>,
}

impl<'p> Figures<'p> {
    /// The plots that show experiment `index`.
    pub fn new(program: &'p Program, index: usize, parameters: &[f64]) -> Figures<'p> {
        let plots = program
            .plots
            .iter()
            .filter(|p| p.of.is_none_or(|of| of == index));
        Figures {
            fillings: plots
                .map(|plot| Filling::new(program, plot, parameters))
                .collect(),
        }
    }

    /// Takes in a saved row.
    pub fn add(&mut self, row: Row<'_>) {
        for filling in &mut self.fillings {
            filling.add(row);
        }
    }

    /// Writes `FOLDER/EXPERIMENT_PLOT.svg` (`EXPERIMENT.svg` for an only plot); returns the paths and the first plot for the terminal.
    pub fn finish(
        self,
        folder: &Path,
        experiment: &str,
        terminal: bool,
    ) -> Result<(Vec<PathBuf>, String), Failure> {
        let mut paths = Vec::new();
        let only = self.fillings.len() == 1;
        for filling in &self.fillings {
            let name = if only {
                format!("{experiment}.svg")
            } else {
                format!("{experiment}_{}.svg", filling.plot.name)
            };
            let path = folder.join(name);
            filling.figure.write_svg(&path)?;
            paths.push(path);
        }
        let first = self.fillings.first().filter(|_| terminal);
        Ok((
            paths,
            first.map_or(String::new(), |f| f.figure.to_terminal()),
        ))
    }
}

impl<'p> Filling<'p> {
    fn new(program: &Program, plot: &'p Plot, parameters: &[f64]) -> Filling<'p> {
        let against = plot.against.iter().map(|(_, term)| *term);
        let terms: Vec<Term> = plot
            .curves
            .iter()
            .map(|(_, term)| *term)
            .chain(against)
            .collect();
        let figure = Figure {
            title: plot.title.clone().unwrap_or_else(|| program.name.clone()),
            x_label: plot
                .against
                .as_ref()
                .map_or("t".to_owned(), |(label, _)| label.clone()),
            log_x: plot.log_x,
            log_y: plot.log_y,
            x: Vec::new(),
            curves: plot
                .curves
                .iter()
                .map(|(label, _)| (label.clone(), Vec::new()))
                .collect(),
        };
        let evaluator = program.terms_kernel(&terms).evaluator(parameters);
        Filling {
            plot,
            evaluator,
            values: vec![0.0; terms.len()],
            figure,
        }
    }

    fn add(&mut self, row: Row<'_>) {
        self.evaluator.eval(row.t, row.states, &mut self.values);
        let n = self.figure.curves.len();
        self.figure
            .x
            .push(self.values.get(n).copied().unwrap_or(row.t));
        for (curve, &value) in self.figure.curves.iter_mut().zip(&self.values) {
            curve.1.push(value);
        }
    }
}
