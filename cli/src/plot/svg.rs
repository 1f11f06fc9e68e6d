//! Plots as SVG: curves in a frame, their names beside it on the right, where they cover nothing.

use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, Circle, Color, DashedLineSeries, DrawingArea,
    DrawingAreaErrorKind, DrawingBackend, FontStyle, IntoDrawingArea, IntoFont, IntoLogRange,
    IntoTextStyle, LineSeries, PathElement, RGBColor, Ranged, SVGBackend, Text, TextStyle, WHITE,
};

use super::figure::{Figure, Mark};
use super::names::{Names, apart};
use super::scale::{number, tick};

/// Size of a plot, in pixels.
const WIDTH: u32 = 800;
pub(super) const HEIGHT: u32 = 500;
/// Colours told apart also by colour-blind readers: Okabe & Ito, *Color universal design*, 2008, but for the yellow, which is too
/// pale for lines on white.
const COLORS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];
/// Length and gap of dashes, one after the other when all colours are in use.
const DASHES: [(u32, u32); 4] = [(8, 4), (2, 3), (12, 6), (5, 8)];
/// Font sizes.
pub(super) const TITLE: f64 = 17.0;
pub(super) const TEXT: f64 = 14.0;
pub(super) const SMALL: f64 = 11.5;
/// Mean width of a letter, in font sizes.
pub(super) const LETTER: f64 = 0.56;
/// Length of the piece of line before a name.
pub(super) const SAMPLE: f64 = 24.0;
pub(super) const FONT: &str = "sans-serif";
/// Radius of a dot.
const DOT: i32 = 3;
const GREY: RGBColor = RGBColor(102, 102, 102);
const GRID: RGBColor = RGBColor(232, 232, 232);

type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
type Area<DB> = DrawingArea<DB, Shift>;

impl Figure {
    /// The plot as SVG.
    ///
    /// # Errors
    /// What the drawing library could not do.
    pub fn to_svg(&self) -> Result<String, std::io::Error> {
        let mut text = String::new();
        let backend = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT));
        self.draw(&backend.into_drawing_area())
            .map_err(|e| std::io::Error::other(e.to_string()))?;
        Ok(text)
    }

    fn draw<DB: DrawingBackend>(&self, root: &Area<DB>) -> Drawn<DB> {
        root.fill(&WHITE)?;
        let names = Names::of(self);
        let (frame, _) = root.split_horizontally(f64::from(WIDTH) - names.width.max(14.0));
        let (x, y) = (self.x_range(), self.y_range());
        let mut builder = ChartBuilder::on(&frame);
        builder
            .margin(12)
            .margin_top(if self.subtitle.is_empty() { 40 } else { 59 })
            .x_label_area_size(42)
            .y_label_area_size(if self.y.label.is_empty() { 56 } else { 76 });
        match (self.x.log, self.y.log) {
            (false, false) => self.chart(root, &names, builder.build_cartesian_2d(x, y)?),
            (true, false) => {
                self.chart(root, &names, builder.build_cartesian_2d(x.log_scale(), y)?)
            }
            (false, true) => {
                self.chart(root, &names, builder.build_cartesian_2d(x, y.log_scale())?)
            }
            (true, true) => self.chart(
                root,
                &names,
                builder.build_cartesian_2d(x.log_scale(), y.log_scale())?,
            ),
        }?;
        root.present()
    }

    fn chart<'a, DB, X, Y>(
        &self,
        root: &Area<DB>,
        names: &Names,
        mut chart: ChartContext<'a, DB, Cartesian2d<X, Y>>,
    ) -> Drawn<DB>
    where
        DB: DrawingBackend + 'a,
        X: Ranged<ValueType = f64> + ValueFormatter<f64>,
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let (x, y) = (self.x_range(), self.y_range());
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(GRID)
            .x_desc(self.x.label.as_str())
            .y_desc(self.y.label.as_str())
            .x_label_formatter(&|v| number(tick(*v, &x, self.x.log)))
            .y_label_formatter(&|v| number(tick(*v, &y, self.y.log)))
            .label_style((FONT, TEXT))
            .draw()?;
        for k in 0..self.curves.len() {
            self.curve(&mut chart, k)?;
        }
        let (columns, rows) = chart.plotting_area().get_pixel_range();
        self.titles(root, columns.start)?;
        let wanted: Vec<f64> = (0..names.list.len())
            .map(|k| {
                let end = self.points(k).flatten().last();
                end.filter(|_| self.runs_right() && names.left_out == 0)
                    .map_or(rows.start, |end| chart.backend_coord(&end).1)
                    .into()
            })
            .collect();
        let bounds = (f64::from(rows.start) + names.row / 2.0, f64::from(rows.end));
        self.names(root, names, columns.end, &apart(&wanted, names.row, bounds))?;
        if self.is_empty() {
            let middle = (
                (columns.start + columns.end) / 2,
                (rows.start + rows.end) / 2,
            );
            root.draw(&Text::new(self.excuse(), middle, centred(TEXT)))?;
        }
        Ok(())
    }

    /// A curve, in pieces where it has gaps; a point alone is a dot.
    fn curve<'a, DB, X, Y>(
        &self,
        chart: &mut ChartContext<'a, DB, Cartesian2d<X, Y>>,
        k: usize,
    ) -> Drawn<DB>
    where
        DB: DrawingBackend + 'a,
        X: Ranged<ValueType = f64>,
        Y: Ranged<ValueType = f64>,
    {
        let points: Vec<_> = self.points(k).collect();
        if self.curves[k].mark == Mark::Dots {
            let dots = points.iter().flatten();
            let dots = dots.map(|&dot| Circle::new(dot, DOT, color(k).filled()));
            chart.draw_series(dots)?;
            return Ok(());
        }
        for piece in points.split(Option::is_none) {
            let piece: Vec<(f64, f64)> = piece.iter().flatten().copied().collect();
            let style = color(k).stroke_width(2);
            match (&piece[..], dash(k)) {
                ([], _) => {}
                ([dot], _) => {
                    chart.draw_series([Circle::new(*dot, DOT, color(k).filled())])?;
                }
                (_, None) => {
                    chart.draw_series(LineSeries::new(piece, style))?;
                }
                (_, Some((length, gap))) => {
                    chart.draw_series(DashedLineSeries::new(piece, length, gap, style))?;
                }
            }
        }
        Ok(())
    }

    fn titles<DB: DrawingBackend>(&self, root: &Area<DB>, left: i32) -> Drawn<DB> {
        let title = (FONT, TITLE, FontStyle::Bold).into_text_style(root);
        root.draw(&Text::new(self.title.as_str(), (left, 13), title))?;
        let subtitle = (FONT, TEXT, &GREY).into_text_style(root);
        root.draw(&Text::new(self.subtitle.as_str(), (left, 35), subtitle))
    }

    /// The names of the curves, each as near as may be to the right end of its curve.
    fn names<DB: DrawingBackend>(
        &self,
        root: &Area<DB>,
        names: &Names,
        right: i32,
        heights: &[f64],
    ) -> Drawn<DB> {
        let x = right + 10;
        let text_x = x + SAMPLE as i32 + 6;
        let name_style = (FONT, names.font).into_text_style(root);
        let note_style = (FONT, SMALL, &GREY).into_text_style(root);
        for (k, ((name, note), y)) in names.list.iter().zip(heights).enumerate() {
            let y = y.round() as i32;
            let (length, gap) = dash(k).map_or((SAMPLE as i32, 1), |(l, g)| (l as i32, g as i32));
            for from in (0..SAMPLE as i32).step_by((length + gap) as usize) {
                let to = (from + length).min(SAMPLE as i32);
                let piece = [(x + from, y), (x + to, y)];
                root.draw(&PathElement::new(piece, color(k).stroke_width(2)))?;
            }
            let top = y - (0.6 * names.font) as i32;
            root.draw(&Text::new(name.as_str(), (text_x, top), name_style.clone()))?;
            root.draw(&Text::new(
                note.as_str(),
                (text_x, top + 16),
                note_style.clone(),
            ))?;
        }
        if names.left_out > 0 {
            let more = format!("and {} more", names.left_out);
            let last = heights.last().copied().unwrap_or(0.0);
            root.draw(&Text::new(
                more,
                (x, (last + 0.7 * names.row) as i32),
                name_style,
            ))?;
        }
        Ok(())
    }

    /// Why there is no curve.
    fn excuse(&self) -> &'static str {
        if self.x.log || self.y.log {
            "no positive values to show on a logarithmic axis"
        } else {
            "no finite values to show"
        }
    }
}

fn centred(size: f64) -> TextStyle<'static> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    TextStyle::from((FONT, size).into_font()).pos(Pos::new(HPos::Center, VPos::Center))
}

fn color(k: usize) -> RGBColor {
    COLORS[k % COLORS.len()]
}

/// Length and gap of the dashes of curve number `k`; the first curves have none.
fn dash(k: usize) -> Option<(u32, u32)> {
    let round = k / COLORS.len();
    (round > 0).then(|| DASHES[(round - 1) % DASHES.len()])
}

pub(super) fn text_width(text: &str, font: f64) -> f64 {
    text.chars().count() as f64 * LETTER * font
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, Curve};
    use super::*;

    fn figure(curves: &[&[f64]], log: bool) -> Figure {
        Figure {
            title: "a < b & c".into(),
            abscissas: (0..4).map(f64::from).collect(),
            y: Axis {
                label: String::new(),
                log,
            },
            curves: curves
                .iter()
                .enumerate()
                .map(|(k, values)| Curve {
                    label: format!("curve {k}"),
                    note: String::new(),
                    values: values.to_vec(),
                    mark: Mark::Line,
                })
                .collect(),
            ..Figure::default()
        }
    }

    #[test]
    fn gaps_split_a_curve_and_a_point_alone_is_a_dot() {
        let svg = figure(&[&[1.0, f64::NAN, 2.0, 3.0]], false)
            .to_svg()
            .unwrap();
        assert_eq!(svg.matches("<circle").count(), 1);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(svg.contains("a &lt; b &amp; c"));
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let nothing = [f64::NAN, f64::INFINITY, f64::NAN, f64::NAN];
        let svg = figure(&[&nothing], false).to_svg().unwrap();
        assert!(svg.contains("no finite values"));
        let svg = figure(&[&[0.0, -1.0, 0.0, 0.0]], true).to_svg().unwrap();
        assert!(svg.contains("no positive values"));
    }

    #[test]
    fn many_curves_are_named_as_far_as_there_is_room() {
        let curve: &[f64] = &[1.0, 2.0, 3.0, 4.0];
        let svg = figure(&vec![curve; 100], false).to_svg().unwrap();
        assert!(svg.contains("more"));
        assert!(svg.contains("curve 20") && !svg.contains("curve 99"));
    }
}
