//! The plots of an experiment: data collected while it runs, files at its end.

use std::path::{Path, PathBuf};

use ansatz_compiler::Program;
use ansatz_compiler::codegen::Evaluator;
use ansatz_compiler::model::Model;
use ansatz_compiler::model::entities::{self as plotted, Plot, PlotKind};
use ansatz_compiler::model::unit::Unit;
use ansatz_compiler::terms::Term;
use ansatz_runtime::experiment::{FrameGrid, Row};

use crate::failure::Failure;
use crate::fields::Pictures;
use crate::plot::{Axis, Curve, Figure, Mark, number};

/// What all plots of a model show.
#[derive(Clone)]
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

    /// Title of a plot, and the line below it.
    pub fn titles(&self, plot: &Plot) -> [String; 2] {
        match &plot.title {
            Some(title) => [title.clone(), String::new()],
            None => [self.title.clone(), self.subtitle.clone()],
        }
    }

    /// What stands at an axis of time.
    pub fn time_label(&self) -> String {
        with_unit("t", self.time_unit.as_ref())
    }

    /// `t = 20 s`
    pub fn time(&self, t: f64) -> String {
        value("t", t, self.time_unit.as_ref())
    }
}

/// One plot being filled.
struct Filling<'p> {
    plot: &'p Plot,
    evaluator: Evaluator,
    /// Values that are computed from fields: position among the curves, and among the shown numbers of rows.
    shown: Vec<(usize, usize)>,
    values: Vec<f64>,
    figure: Figure,
}

/// The plots of one experiment.
pub struct Figures<'p> {
    fillings: Vec<Filling<'p>>,
    pictures: Pictures<'p>,
    n_plots: usize,
}

impl<'p> Figures<'p> {
    /// The plots that show experiment `index`; fields are on `grids`.
    pub fn new(
        program: &'p Program,
        index: usize,
        parameters: &[f64],
        shown: &[(usize, usize)],
        heading: &Heading,
        grids: &[FrameGrid],
    ) -> Figures<'p> {
        let plots = program.plots.iter().enumerate();
        let plots = plots.filter(|(_, p)| p.of.is_none_or(|of| of == index));
        let (curves, pictures): (Vec<_>, Vec<_>) =
            plots.partition(|(_, p)| p.kind == PlotKind::Curves);
        let filling = |(i, plot)| {
            let curves = shown.iter().enumerate().filter(|(_, shown)| shown.0 == i);
            let curves = curves.map(|(place, &(_, curve))| (curve, place)).collect();
            Filling::new(program, plot, parameters, curves, heading)
        };
        Figures {
            n_plots: curves.len() + pictures.len(),
            fillings: curves.into_iter().map(filling).collect(),
            pictures: Pictures::new(pictures, grids, heading),
        }
    }

    /// Takes in a saved row.
    pub fn add(&mut self, row: Row<'_>) {
        for filling in &mut self.fillings {
            filling.add(row);
        }
        self.pictures.add(row);
    }

    /// Writes `FOLDER/EXPERIMENT_PLOT.svg` (`EXPERIMENT.svg` for an only plot); returns the paths and the first plot for the terminal.
    pub fn finish(
        self,
        folder: &Path,
        experiment: &str,
        terminal: bool,
    ) -> Result<(Vec<PathBuf>, String), Failure> {
        let mut paths = Vec::new();
        let stem = |plot: &Plot| match self.n_plots {
            1 => folder.join(experiment),
            _ => folder.join(format!("{experiment}_{}", plot.name)),
        };
        for filling in &self.fillings {
            let path = with_ending(&stem(filling.plot), ".svg");
            let written = filling
                .figure
                .to_svg()
                .and_then(|svg| std::fs::write(&path, svg));
            written.map_err(|e| Failure::write(&path, e))?;
            paths.push(path);
        }
        self.pictures.finish(&stem, &mut paths)?;
        let first = self.fillings.first().filter(|_| terminal);
        Ok((
            paths,
            first.map_or(String::new(), |f| f.figure.to_terminal()),
        ))
    }
}

/// A path with more at its end; names may have dots.
pub fn with_ending(stem: &Path, ending: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

impl<'p> Filling<'p> {
    fn new(
        program: &Program,
        plot: &'p Plot,
        parameters: &[f64],
        shown: Vec<(usize, usize)>,
        heading: &Heading,
    ) -> Filling<'p> {
        let all = plot.curves.iter().chain(&plot.against);
        let mut terms: Vec<Term> = all.map(|curve| curve.value).collect();
        for &(curve, _) in &shown {
            terms[curve] = program.with_pool(|pool| pool.int(0));
        }
        let evaluator = program.terms_kernel(&terms).evaluator(parameters);
        Filling {
            plot,
            evaluator,
            shown,
            values: vec![0.0; terms.len()],
            figure: empty_figure(heading, plot),
        }
    }

    fn add(&mut self, row: Row<'_>) {
        self.evaluator.eval(row.t, row.states, &mut self.values);
        for &(curve, place) in &self.shown {
            self.values[curve] = row.shown[place];
        }
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
pub fn empty_figure(heading: &Heading, plot: &Plot) -> Figure {
    let [title, subtitle] = heading.titles(plot);
    let x_label = match &plot.against {
        Some(x) => described(x),
        None => heading.time_label(),
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

/// `z = 0.5 um`
pub fn value(name: &str, value: f64, unit: Option<&Unit>) -> String {
    let unit = unit.filter(|unit| !unit.is_one());
    let unit = unit.map_or(String::new(), |unit| format!(" {}", unit.text));
    format!("{name} = {}{unit}", number(value))
}

/// `C (uM)`
pub fn with_unit(name: &str, unit: Option<&Unit>) -> String {
    match unit.filter(|unit| !unit.is_one()) {
        Some(unit) => format!("{name} ({})", unit.text),
        None => name.to_owned(),
    }
}

/// `C, cyclin (uM)`
pub fn described(curve: &plotted::Curve) -> String {
    let doc = curve.doc.as_ref();
    let name = doc.map_or(curve.label.clone(), |doc| format!("{}, {doc}", curve.label));
    with_unit(&name, curve.unit.as_ref())
}
