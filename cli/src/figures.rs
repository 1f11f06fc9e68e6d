//! The plots of an experiment: data collected while it runs, files at its end.

use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::model::Model;
use ansatz_compiler::model::entities::{self as plotted, Plot};
use ansatz_compiler::model::unit::Unit;
use ansatz_compiler::terms::Term;
use ansatz_runtime::experiment::Row;

use crate::failure::Failure;
use crate::plot::{Axis, Curve, Figure, Mark};

/// What all plots of a model show.
pub struct Heading {
    title: String,
    subtitle: String,
    time_unit: Option<Unit>,
}

impl Heading {
    /// The name of a model, what it says of itself, and its unit of time.
    pub fn of(model: &Model) -> Heading {
        Heading {
            title: model.name.clone(),
            subtitle: model.doc.as_deref().map_or(String::new(), str::to_owned),
            time_unit: model.time_unit.clone(),
        }
    }
}

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
    pub fn new(
        program: &'p Program,
        index: usize,
        parameters: &[f64],
        heading: &Heading,
    ) -> Figures<'p> {
        let plots = program
            .plots
            .iter()
            .filter(|p| p.of.is_none_or(|of| of == index));
        Figures {
            fillings: plots
                .map(|plot| Filling::new(program, plot, parameters, heading))
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
            let written = filling
                .figure
                .to_svg()
                .and_then(|svg| std::fs::write(&path, svg));
            written.map_err(|e| Failure::write(&path, e))?;
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
    fn new(
        program: &Program,
        plot: &'p Plot,
        parameters: &[f64],
        heading: &Heading,
    ) -> Filling<'p> {
        let shown = plot.curves.iter().chain(&plot.against);
        let terms: Vec<Term> = shown.map(|curve| curve.value).collect();
        let evaluator = program.terms_kernel(&terms).evaluator(parameters);
        Filling {
            plot,
            evaluator,
            values: vec![0.0; terms.len()],
            figure: empty_figure(heading, plot),
        }
    }

    fn add(&mut self, row: Row<'_>) {
        self.evaluator.eval(row.t, row.states, &mut self.values);
        let n = self.figure.curves.len();
        self.figure
            .abscissas
            .push(self.values.get(n).copied().unwrap_or(row.t));
        for (curve, &value) in self.figure.curves.iter_mut().zip(&self.values) {
            curve.values.push(value);
        }
    }
}

/// The figure of a plot, without data. Units stand at the ordinate where all curves share one, else with each name.
fn empty_figure(heading: &Heading, plot: &Plot) -> Figure {
    let (title, subtitle) = match &plot.title {
        Some(title) => (title.clone(), String::new()),
        None => (heading.title.clone(), heading.subtitle.clone()),
    };
    let x_label = match &plot.against {
        Some(x) => described(x),
        None => with_unit("t", heading.time_unit.as_ref()),
    };
    let first = plot.curves.first().and_then(|c| c.unit.as_ref());
    let is_shared = plot.curves.iter().all(|c| c.unit.as_ref() == first);
    let y_label = match &plot.curves[..] {
        [only] => described(only),
        _ => first
            .filter(|unit| is_shared && !unit.is_one())
            .map_or(String::new(), |unit| unit.text.clone()),
    };
    let curve = |c: &plotted::Curve| Curve {
        label: with_unit(&c.label, c.unit.as_ref().filter(|_| !is_shared)),
        note: c.doc.as_deref().map_or(String::new(), str::to_owned),
        values: Vec::new(),
        mark: Mark::Line,
    };
    Figure {
        title,
        subtitle,
        x: Axis {
            label: x_label,
            log: plot.log_x,
        },
        y: Axis {
            label: y_label,
            log: plot.log_y,
        },
        abscissas: Vec::new(),
        curves: plot.curves.iter().map(curve).collect(),
    }
}

/// `C (uM)`
fn with_unit(name: &str, unit: Option<&Unit>) -> String {
    match unit.filter(|unit| !unit.is_one()) {
        Some(unit) => format!("{name} ({})", unit.text),
        None => name.to_owned(),
    }
}

/// `C, cyclin (uM)`
fn described(curve: &plotted::Curve) -> String {
    let doc = curve.doc.as_ref();
    let name = doc.map_or(curve.label.clone(), |doc| format!("{}, {doc}", curve.label));
    with_unit(&name, curve.unit.as_ref())
}
