//! Plots as SVG: curves in a frame, their names beside it on the right, where they cover nothing.

use std::fmt::Write;

use super::figure::Figure;
use super::names::{Names, apart};
use super::scale::{Label, Scale, Ticks, signed};

/// Size of a plot, in pixels.
const WIDTH: f64 = 800.0;
pub(super) const HEIGHT: f64 = 500.0;
/// Colours told apart also by colour-blind readers: Okabe & Ito, *Color universal design*, 2008, but for the yellow, which is too
/// pale for lines on white.
const COLORS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
];
/// Dashes, one after the other when all colours are in use.
const DASHES: [&str; 5] = ["", "8 4", "2 3", "10 3 2 3", "16 5"];
/// Font sizes.
const TITLE: f64 = 17.0;
pub(super) const TEXT: f64 = 14.0;
pub(super) const SMALL: f64 = 11.5;
const EXPONENT: f64 = 10.5;
/// Mean width of a letter, in font sizes.
const LETTER: f64 = 0.56;
/// Length of the piece of line before a name.
pub(super) const SAMPLE: f64 = 24.0;
/// Points closer than this to the one before, in pixels, make no difference.
const INVISIBLE: f64 = 0.3;

impl Figure {
    /// The plot as SVG.
    pub fn to_svg(&self) -> String {
        let (x, y) = (self.x_scale(), self.y_scale());
        let (x_ticks, y_ticks) = (x.ticks(8), y.ticks(7));
        let names = Names::of(self);
        let mut drawing = Drawing {
            svg: String::new(),
            frame: frame(self, &y_ticks, &names),
            scales: (x, y),
        };
        drawing.open(self);
        drawing.x_axis(&x_ticks, self);
        drawing.y_axis(&y_ticks, self);
        for k in 0..self.curves.len() {
            drawing.curve(self, k);
        }
        drawing.names(self, &names);
        if self.is_empty() {
            drawing.excuse(self);
        }
        drawing.svg += "</svg>\n";
        drawing.svg
    }
}

/// Where the curves are, in pixels from the upper left corner.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

fn frame(figure: &Figure, y_ticks: &Ticks, names: &Names) -> Frame {
    let labels = y_ticks.major.iter().map(|(_, label)| label_width(label));
    let y_label = if figure.y.label.is_empty() { 0.0 } else { 26.0 };
    let subtitle = if figure.subtitle.is_empty() {
        0.0
    } else {
        19.0
    };
    let factor = if y_ticks.factor.is_some() { 18.0 } else { 0.0 };
    Frame {
        left: 22.0 + y_label + labels.fold(0.0, f64::max),
        right: WIDTH - names.width.max(26.0),
        top: 44.0 + subtitle + factor,
        bottom: HEIGHT - 56.0,
    }
}

/// Which part of a label stands where it is put.
#[derive(Debug, Clone, Copy)]
enum Align {
    Start,
    Middle,
    End,
}

impl Align {
    fn name(self) -> &'static str {
        match self {
            Align::Start => "start",
            Align::Middle => "middle",
            Align::End => "end",
        }
    }
}

struct Drawing {
    svg: String,
    frame: Frame,
    scales: (Scale, Scale),
}

impl Drawing {
    fn add(&mut self, piece: std::fmt::Arguments<'_>) {
        self.svg.write_fmt(piece).expect("a string takes any text");
    }

    fn x(&self, place: f64) -> f64 {
        self.frame.left + place * (self.frame.right - self.frame.left)
    }

    fn y(&self, place: f64) -> f64 {
        self.frame.bottom - place * (self.frame.bottom - self.frame.top)
    }

    fn text(&mut self, (x, y): (f64, f64), size: f64, attributes: &str, text: &str) {
        let text = escaped(text);
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" {attributes}>{text}</text>\n"
        ));
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), style: &str) {
        self.add(format_args!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" {style}/>\n",
            from.0, from.1, to.0, to.1
        ));
    }

    fn open(&mut self, figure: &Figure) {
        let title = escaped(&figure.title);
        self.add(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" fill=\"#222\">\n\
             <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
        ));
        let x = self.frame.left;
        self.text((x, 28.0), TITLE, "font-weight=\"bold\"", &figure.title);
        if !figure.subtitle.is_empty() {
            self.text((x, 47.0), TEXT, "fill=\"#666\"", &figure.subtitle);
        }
    }

    fn x_axis(&mut self, ticks: &Ticks, figure: &Figure) {
        let Frame {
            left,
            right,
            top,
            bottom,
        } = self.frame;
        for &(place, ref label) in &ticks.major {
            let x = self.x(place);
            self.line((x, top), (x, bottom), GRID);
            self.line((x, bottom), (x, bottom + 5.0), AXIS);
            self.label((x, bottom + 21.0), Align::Middle, label);
        }
        for &place in &ticks.minor {
            let x = self.x(place);
            self.line((x, bottom), (x, bottom + 3.0), AXIS);
        }
        self.line((left, bottom), (right, bottom), AXIS);
        let middle = (left + right) / 2.0;
        self.text(
            (middle, bottom + 44.0),
            TEXT,
            "text-anchor=\"middle\"",
            &figure.x.label,
        );
        if let Some(e) = ticks.factor {
            self.label((right, bottom + 40.0), Align::End, &times_ten_to(e));
        }
    }

    fn y_axis(&mut self, ticks: &Ticks, figure: &Figure) {
        let Frame {
            left,
            right,
            top,
            bottom,
        } = self.frame;
        for &(place, ref label) in &ticks.major {
            let y = self.y(place);
            self.line((left, y), (right, y), GRID);
            self.line((left - 5.0, y), (left, y), AXIS);
            self.label((left - 9.0, y + 5.0), Align::End, label);
        }
        for &place in &ticks.minor {
            let y = self.y(place);
            self.line((left - 3.0, y), (left, y), AXIS);
        }
        self.line((left, top), (left, bottom), AXIS);
        if let Some(e) = ticks.factor {
            self.label((left, top - 9.0), Align::Start, &times_ten_to(e));
        }
        if !figure.y.label.is_empty() {
            let (x, y) = (21.0, (top + bottom) / 2.0);
            let turned = format!("text-anchor=\"middle\" transform=\"rotate(-90 {x:.1} {y:.1})\"");
            self.text((x, y), TEXT, &turned, &figure.y.label);
        }
    }

    /// A label whose exponent stands apart: not all viewers align text in pieces.
    fn label(&mut self, (x, y): (f64, f64), align: Align, label: &Label) {
        let exponent = label
            .exponent
            .map_or(String::new(), |e| signed(e.to_string()));
        let (base, raised) = (
            text_width(&label.text, TEXT),
            text_width(&exponent, EXPONENT),
        );
        let between = match align {
            Align::Start => x + base,
            Align::Middle => x + (base - raised) / 2.0,
            Align::End => x - raised,
        };
        if exponent.is_empty() {
            let anchor = format!("text-anchor=\"{}\"", align.name());
            return self.text((x, y), TEXT, &anchor, &label.text);
        }
        self.text((between, y), TEXT, "text-anchor=\"end\"", &label.text);
        self.text((between, y - 6.0), EXPONENT, "", &exponent);
    }

    /// A curve, in pieces where it has gaps; a point alone is a dot.
    fn curve(&mut self, figure: &Figure, k: usize) {
        let mut path = String::new();
        let mut dots = Vec::new();
        let mut piece: Vec<(f64, f64)> = Vec::new();
        for point in figure.points(k).chain([None]) {
            match point {
                Some((x, y)) => {
                    let (x, y) = (
                        self.x(self.scales.0.place(x)),
                        self.y(self.scales.1.place(y)),
                    );
                    piece.push((x, y));
                }
                None => {
                    if let [dot] = piece[..] {
                        dots.push(dot);
                    }
                    add_piece(&mut path, &piece);
                    piece.clear();
                }
            }
        }
        if !path.is_empty() {
            self.add(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke-linejoin=\"round\" {}/>\n",
                stroke(k)
            ));
        }
        for (x, y) in dots {
            let color = COLORS[k % COLORS.len()];
            self.add(format_args!(
                "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"3\" fill=\"{color}\"/>\n"
            ));
        }
    }

    /// The names of the curves, each as near as may be to the right end of its curve.
    fn names(&mut self, figure: &Figure, names: &Names) {
        let x = self.frame.right + 10.0;
        let heights = self.name_heights(figure, names);
        for (k, ((name, note), y)) in names.list.iter().zip(heights).enumerate() {
            self.line((x, y), (x + SAMPLE, y), &stroke(k));
            let x = x + SAMPLE + 6.0;
            self.text((x, y + 0.35 * names.font), names.font, "", name);
            if !note.is_empty() {
                self.text(
                    (x, y + 0.35 * names.font + 14.0),
                    SMALL,
                    "fill=\"#666\"",
                    note,
                );
            }
        }
        if names.left_out > 0 {
            let more = format!("and {} more", names.left_out);
            let y = self.frame.top + names.row * (names.list.len() as f64 + 0.7);
            self.text((x, y), names.font, "", &more);
        }
    }

    fn name_heights(&self, figure: &Figure, names: &Names) -> Vec<f64> {
        let Frame { top, bottom, .. } = self.frame;
        let wanted = |k: usize| {
            let last = figure.points(k).flatten().last();
            last.filter(|_| figure.runs_right() && names.left_out == 0)
                .map_or(top, |(_, y)| self.y(self.scales.1.place(y)))
        };
        let wanted: Vec<f64> = (0..names.list.len()).map(wanted).collect();
        apart(&wanted, names.row, (top + names.row / 2.0, bottom))
    }

    /// Says why there is no curve.
    fn excuse(&mut self, figure: &Figure) {
        let Frame {
            left,
            right,
            top,
            bottom,
        } = self.frame;
        let middle = ((left + right) / 2.0, (top + bottom) / 2.0);
        let excuse = if figure.x.log || figure.y.log {
            "no positive values to show on a logarithmic axis"
        } else {
            "no finite values to show"
        };
        self.text(middle, TEXT, "text-anchor=\"middle\"", excuse);
    }
}

const GRID: &str = "stroke=\"#e8e8e8\"";
const AXIS: &str = "stroke=\"#444\"";

fn stroke(k: usize) -> String {
    let color = COLORS[k % COLORS.len()];
    let dash = match DASHES[k / COLORS.len() % DASHES.len()] {
        "" => String::new(),
        dash => format!(" stroke-dasharray=\"{dash}\""),
    };
    format!("stroke=\"{color}\" stroke-width=\"2\"{dash}")
}

fn add_piece(path: &mut String, points: &[(f64, f64)]) {
    let mut before = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (i, &(x, y)) in points.iter().enumerate() {
        let is_near = (x - before.0).abs() < INVISIBLE && (y - before.1).abs() < INVISIBLE;
        if points.len() == 1 || (is_near && i + 1 < points.len()) {
            continue;
        }
        before = (x, y);
        let command = if i == 0 { 'M' } else { 'L' };
        write!(path, "{command}{x:.2} {y:.2}").expect("a string takes any text");
    }
}

fn times_ten_to(exponent: i32) -> Label {
    Label {
        text: "×10".into(),
        exponent: Some(exponent),
    }
}

fn label_width(label: &Label) -> f64 {
    let exponent = label
        .exponent
        .map_or(0.0, |e| text_width(&e.to_string(), EXPONENT));
    text_width(&label.text, TEXT) + exponent
}

pub(super) fn text_width(text: &str, font: f64) -> f64 {
    text.chars().count() as f64 * LETTER * font
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
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
                })
                .collect(),
            ..Figure::default()
        }
    }

    #[test]
    fn gaps_split_a_curve_and_a_point_alone_is_a_dot() {
        let svg = figure(&[&[1.0, f64::NAN, 2.0, 3.0]], false).to_svg();
        assert_eq!(svg.matches("<circle").count(), 1);
        assert_eq!(svg.matches("<path").count(), 1);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(svg.contains("a &lt; b &amp; c"));
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let nothing = [f64::NAN, f64::INFINITY, f64::NAN, f64::NAN];
        assert!(
            figure(&[&nothing], false)
                .to_svg()
                .contains("no finite values")
        );
        assert!(
            figure(&[&[0.0, -1.0, 0.0, 0.0]], true)
                .to_svg()
                .contains("no positive values")
        );
    }

    #[test]
    fn many_curves_are_named_as_far_as_there_is_room() {
        let curve: &[f64] = &[1.0, 2.0, 3.0, 4.0];
        let svg = figure(&vec![curve; 100], false).to_svg();
        assert!(svg.contains("more</text>"));
        assert_eq!(svg.matches("<path").count(), 100);
    }
}
