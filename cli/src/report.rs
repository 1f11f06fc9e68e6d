//! The report of `ansatz discover` as one HTML file: what was found, how sure it is, and plots, all inside.

use std::fmt::Write;

use ansatz_compiler::model::entities::State;
use ansatz_runtime::discover::replay::Replay;
use ansatz_runtime::experiment::Finding;

use crate::correction::{Line, rounded};
use crate::csv_in::Table;
use crate::plot::{Axis, Curve, Figure, Mark, data_url};

/// States plotted, at most.
const MAX_PLOTS: usize = 6;

/// What the report tells.
pub struct Report<'a> {
    /// Name of the model.
    pub title: &'a str,
    /// Names and kinds of the states.
    pub states: &'a [State],
    /// The data.
    pub table: &'a Table,
    /// What came out.
    pub finding: &'a Finding,
    /// What was found, as text.
    pub lines: &'a [Line],
    /// Sentences on data, noise and evidence.
    pub facts: &'a [String],
    /// Data that nothing was fitted to, and their simulations.
    pub held_out: Option<(&'a Table, &'a [[Replay; 2]])>,
    /// The corrected model.
    pub corrected: &'a str,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;text-align:right}\
td:first-child,th:first-child{text-align:left}img{max-width:100%}pre{background:#f6f6f6;padding:1rem;overflow:auto}";

impl Report<'_> {
    /// The page.
    ///
    /// # Errors
    /// A plot could not be drawn.
    pub fn html(&self) -> Result<String, std::io::Error> {
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{0}: discovery</title><style>{STYLE}</style>\n<h1>{0}</h1>\n",
            escaped(self.title)
        );
        for fact in self.facts {
            out += &format!("<p>{}</p>\n", escaped(fact));
        }
        out += &self.found();
        out += "<h2>Path of models</h2>\n<p>Error on held-out samples, over that of no model, by number of terms.</p>\n";
        out += &image(&self.path())?;
        out += "<h2>Simulated</h2>\n<p>The first run from its start to its end: data, and the model before and after.</p>\n";
        for figure in self.simulated() {
            out += &image(&figure)?;
        }
        if let Some((table, replays)) = self.held_out {
            out += "<h2>Held out</h2>\n<p>The first run that nothing was fitted to, from its first row.</p>\n";
            let mut finding = self.finding.clone();
            finding.columns = table.data.column_of_states(self.states.len());
            finding.replays = replays.to_vec();
            let held = Report {
                table,
                finding: &finding,
                ..*self
            };
            for figure in held.simulated() {
                out += &image(&figure)?;
            }
        }
        out += "<h2>Residuals</h2>\n<p>Data minus simulation, over the standard deviation of the data.</p>\n";
        for figure in self.residuals() {
            out += &image(&figure)?;
        }
        out += &format!(
            "<h2>The corrected model</h2>\n<pre>{}</pre>\n</html>\n",
            escaped(self.corrected)
        );
        Ok(out)
    }

    fn found(&self) -> String {
        let mut out = "<h2>Found</h2>\n<table><tr><th>term</th><th>coefficient</th><th>95 % interval</th><th></th><th>in resampled data</th></tr>\n".to_owned();
        for line in self.lines {
            let (low, high) = line.interval();
            let share = line
                .inclusion
                .map_or("–".to_owned(), |p| format!("{:.0} %", 100.0 * p));
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td><td>{} … {}</td><td>{}</td><td>{share}</td></tr>",
                escaped(&line.what()),
                line.rounded(),
                rounded(low, line.deviation),
                rounded(high, line.deviation),
                interval_bar(line)
            );
        }
        out + "</table>\n"
    }

    fn path(&self) -> Figure {
        let models = &self.finding.path.models;
        let values = models.iter().map(|m| m.held_out);
        Figure {
            x: Axis {
                label: "terms".into(),
                log: false,
            },
            y: Axis {
                label: "held-out error".into(),
                log: true,
            },
            abscissas: models.iter().map(|m| m.columns.len() as f64).collect(),
            curves: vec![Curve {
                label: "models".into(),
                values: values.collect(),
                mark: Mark::Dots,
                ..Curve::default()
            }],
            ..Figure::default()
        }
    }

    fn simulated(&self) -> Vec<Figure> {
        let n = self.states.len();
        self.measured()
            .map(|(state, column)| {
                let replay = |which: usize| {
                    let states = &self.finding.replays[0][which].states;
                    self.padded(states.iter().skip(state).step_by(n).copied())
                };
                self.over_time(
                    state,
                    vec![
                        ("data", self.column(column), Mark::Dots),
                        ("before", replay(0), Mark::Line),
                        ("after", replay(1), Mark::Line),
                    ],
                )
            })
            .collect()
    }

    fn residuals(&self) -> Vec<Figure> {
        let n = self.states.len();
        let deviations = self.table.data.deviations();
        self.measured()
            .map(|(state, column)| {
                let left = |which: usize| {
                    let states = &self.finding.replays[0][which].states;
                    let simulated = states.iter().skip(state).step_by(n);
                    let pairs = self.column(column).into_iter().zip(simulated);
                    self.padded(pairs.map(|(v, u)| (v - u) / deviations[column]))
                };
                let curves = vec![
                    ("before", left(0), Mark::Line),
                    ("after", left(1), Mark::Line),
                ];
                self.over_time(state, curves)
            })
            .collect()
    }

    /// States that are measured, with their columns.
    fn measured(&self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.finding.columns.iter().enumerate();
        columns
            .filter_map(|(s, c)| Some((s, (*c)?)))
            .take(MAX_PLOTS)
    }

    /// The first run's values of a column.
    fn column(&self, column: usize) -> Vec<f64> {
        let values = &self.table.data.trajectories[0].values;
        let width = self.table.names.len();
        values.iter().skip(column).step_by(width).copied().collect()
    }

    /// As many values as the first run has times.
    fn padded(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let n = self.table.data.trajectories[0].times.len();
        values.chain(std::iter::repeat(f64::NAN)).take(n).collect()
    }

    /// A plot of curves over the range of the first of them.
    fn over_time(&self, state: usize, curves: Vec<(&str, Vec<f64>, Mark)>) -> Figure {
        let shown = |values: &[f64]| {
            let range = values.iter().filter(|v| v.is_finite()).map(|v| v.abs());
            range.fold(0.0, f64::max)
        };
        // A model that blows up must not flatten the data.
        let limit = 3.0
            * curves
                .iter()
                .map(|c| shown(&c.1))
                .fold(f64::INFINITY, f64::min);
        let curves = curves.into_iter().map(|(label, values, mark)| Curve {
            label: label.to_owned(),
            values: values
                .into_iter()
                .map(|v| if v.abs() > limit { f64::NAN } else { v })
                .collect(),
            mark,
            ..Curve::default()
        });
        Figure {
            x: Axis {
                label: "t".into(),
                log: false,
            },
            y: Axis {
                label: self.states[state].name.clone(),
                log: false,
            },
            abscissas: self.table.data.trajectories[0].times.clone(),
            curves: curves.collect(),
            ..Figure::default()
        }
    }
}

/// The interval on a line with a mark at zero.
fn interval_bar(line: &Line) -> String {
    let (low, high) = line.interval();
    let (from, to) = (low.min(0.0), high.max(0.0));
    if !(to - from).is_finite() || to <= from {
        return String::new();
    }
    let at = |value: f64| 5.0 + 190.0 * (value - from) / (to - from);
    format!(
        "<svg width=\"200\" height=\"16\"><line x1=\"5\" x2=\"195\" y1=\"8\" y2=\"8\" stroke=\"#ddd\"/>\
         <line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"2\" y2=\"14\" stroke=\"#888\"/>\
         <line x1=\"{1:.1}\" x2=\"{2:.1}\" y1=\"8\" y2=\"8\" stroke=\"#06c\" stroke-width=\"6\" stroke-linecap=\"round\"/></svg>",
        at(0.0),
        at(low),
        at(high)
    )
}

fn image(figure: &Figure) -> Result<String, std::io::Error> {
    let svg = figure.to_svg()?;
    Ok(format!(
        "<img alt=\"{}\" src=\"{}\">\n",
        escaped(&figure.y.label),
        data_url("image/svg+xml", svg.as_bytes())
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
