//! Plots as SVG files and, small, in the terminal.

use std::path::Path;

use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use textplots::{Chart, Plot as _, Shape};

use crate::failure::Failure;

/// Size of an SVG plot, in pixels.
const SIZE: (u32, u32) = (800, 500);
/// Most curves a plot names in its legend.
const MAX_LEGEND: usize = 12;
/// Colours told apart also by colour-blind readers: Okabe & Ito, *Color universal design*, 2008.
const COLORS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(148, 148, 60),
];

/// A plot with its data.
pub struct Figure {
    pub title: String,
    pub x_label: String,
    pub log_x: bool,
    pub log_y: bool,
    pub x: Vec<f64>,
    pub curves: Vec<(String, Vec<f64>)>,
}

impl Figure {
    /// Points of curve `k` that can be drawn: finite, and positive on logarithmic axes.
    fn points(&self, k: usize) -> Vec<(f64, f64)> {
        let drawable = |v: f64, log: bool| v.is_finite() && (!log || v > 0.0);
        let pairs = self.x.iter().zip(&self.curves[k].1).map(|(&x, &y)| (x, y));
        pairs
            .filter(|&(x, y)| drawable(x, self.log_x) && drawable(y, self.log_y))
            .collect()
    }

    /// Writes the plot.
    pub fn write_svg(&self, path: &Path) -> Result<(), Failure> {
        let mut text = String::new();
        self.draw(SVGBackend::with_string(&mut text, SIZE))
            .map_err(|e| Failure::write(path, std::io::Error::other(e.to_string())))?;
        std::fs::write(path, text).map_err(|e| Failure::write(path, e))
    }

    fn draw(
        &self,
        backend: SVGBackend<'_>,
    ) -> Result<(), DrawingAreaErrorKind<<SVGBackend<'_> as DrawingBackend>::ErrorType>> {
        let root = backend.into_drawing_area();
        root.fill(&WHITE)?;
        let (x, y) = (self.x_range(), self.y_range());
        let mut builder = ChartBuilder::on(&root);
        builder
            .caption(&self.title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(42)
            .y_label_area_size(72);
        match (self.log_x, self.log_y) {
            (false, false) => self.curves_on(builder.build_cartesian_2d(x.0..x.1, y.0..y.1)?),
            (true, false) => {
                self.curves_on(builder.build_cartesian_2d((x.0..x.1).log_scale(), y.0..y.1)?)
            }
            (false, true) => {
                self.curves_on(builder.build_cartesian_2d(x.0..x.1, (y.0..y.1).log_scale())?)
            }
            (true, true) => self.curves_on(
                builder.build_cartesian_2d((x.0..x.1).log_scale(), (y.0..y.1).log_scale())?,
            ),
        }?;
        root.present()
    }

    fn curves_on<'a, DB, X, Y>(
        &self,
        mut chart: ChartContext<'a, DB, Cartesian2d<X, Y>>,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>>
    where
        DB: DrawingBackend + 'a,
        X: Ranged<ValueType = f64> + ValueFormatter<f64>,
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let y_label = if self.curves.len() == 1 {
            self.curves[0].0.as_str()
        } else {
            ""
        };
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc(self.x_label.as_str())
            .y_desc(y_label)
            .x_label_formatter(&|v| short(*v))
            .y_label_formatter(&|v| short(*v))
            .label_style(("sans-serif", 14))
            .draw()?;
        for k in 0..self.curves.len() {
            let color = COLORS[k % COLORS.len()];
            let series =
                chart.draw_series(LineSeries::new(self.points(k), color.stroke_width(2)))?;
            if self.curves.len() > 1 && k < MAX_LEGEND {
                series
                    .label(self.curves[k].0.as_str())
                    .legend(move |(x, y)| {
                        PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                    });
            }
        }
        if self.curves.len() > 1 {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperRight)
                .background_style(WHITE.mix(0.85))
                .border_style(RGBColor(180, 180, 180))
                .label_font(("sans-serif", 14))
                .draw()?;
        }
        Ok(())
    }

    fn x_range(&self) -> (f64, f64) {
        range(
            (0..self.curves.len())
                .flat_map(|k| self.points(k))
                .map(|p| p.0),
            self.log_x,
            0.0,
        )
    }

    fn y_range(&self) -> (f64, f64) {
        range(
            (0..self.curves.len())
                .flat_map(|k| self.points(k))
                .map(|p| p.1),
            self.log_y,
            0.04,
        )
    }

    /// A small plot for the terminal: the first curves over one another.
    pub fn to_terminal(&self) -> String {
        let log = |v: f64, is_log: bool| if is_log { v.log10() } else { v };
        let curves: Vec<Vec<(f32, f32)>> = (0..self.curves.len().min(3))
            .map(|k| {
                self.points(k)
                    .iter()
                    .map(|&(x, y)| (log(x, self.log_x) as f32, log(y, self.log_y) as f32))
                    .collect()
            })
            .collect();
        let Some((low, high)) = bounds(curves.iter().flatten().map(|p| f64::from(p.0))) else {
            return String::new();
        };
        let shapes: Vec<Shape<'_>> = curves.iter().map(|c| Shape::Lines(c)).collect();
        let mut chart = Chart::new(120, 40, low as f32, high as f32);
        let mut chart = &mut chart;
        for shape in &shapes {
            chart = chart.lineplot(shape);
        }
        chart.axis();
        chart.figures();
        let names: Vec<&str> = self
            .curves
            .iter()
            .take(shapes.len())
            .map(|c| c.0.as_str())
            .collect();
        let log_note = |name: &str, is_log: bool| {
            if is_log {
                format!("log10 {name}")
            } else {
                name.to_owned()
            }
        };
        format!(
            "{chart}{} against {}\n",
            log_note(&names.join(", "), self.log_y),
            log_note(&self.x_label, self.log_x)
        )
    }
}

/// Number labels: plain near 1, powers of ten far from it.
fn short(v: f64) -> String {
    let size = v.abs();
    if v == 0.0 || (1e-3..1e5).contains(&size) {
        let text = format!("{v:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        let text = format!("{v:.3e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        format!(
            "{}e{exponent}",
            mantissa.trim_end_matches('0').trim_end_matches('.')
        )
    }
}

fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    (low <= high).then_some((low, high))
}

/// The axis range: bounds of the data, opened where they coincide, with a margin.
fn range(values: impl Iterator<Item = f64>, log: bool, margin: f64) -> (f64, f64) {
    let Some((low, high)) = bounds(values) else {
        return if log { (0.1, 1.0) } else { (0.0, 1.0) };
    };
    if log {
        return if low == high {
            (low / 2.0, high * 2.0)
        } else {
            (low, high * 1.1)
        };
    }
    let width = if low == high {
        low.abs().max(1.0)
    } else {
        high - low
    };
    if low == high {
        (low - 0.5 * width, high + 0.5 * width)
    } else {
        (low - margin * width, high + margin * width)
    }
}
