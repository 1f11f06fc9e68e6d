//! A small plot for the terminal.

use textplots::{Chart, Plot as _, Shape};

use super::figure::{Axis, Figure};

/// More curves cannot be told apart in characters.
const MAX_CURVES: usize = 3;

impl Figure {
    /// A small plot for the terminal: the first curves over one another.
    pub fn to_terminal(&self) -> String {
        let on = |axis: &Axis, v: f64| (if axis.log { v.log10() } else { v }) as f32;
        let shown = self.curves.len().min(MAX_CURVES);
        let curves: Vec<Vec<(f32, f32)>> = (0..shown)
            .map(|k| {
                let points = self.points(k).flatten();
                points
                    .map(|(x, y)| (on(&self.x, x), on(&self.y, y)))
                    .collect()
            })
            .collect();
        let Some((low, high)) = bounds(curves.iter().flatten().map(|p| p.0)) else {
            return String::new();
        };
        let shapes: Vec<Shape<'_>> = curves.iter().map(|c| Shape::Lines(c)).collect();
        let mut chart = Chart::new(120, 40, low, high);
        let mut chart = &mut chart;
        for shape in &shapes {
            chart = chart.lineplot(shape);
        }
        chart.axis();
        chart.figures();
        let names: Vec<&str> = self.curves[..shown]
            .iter()
            .map(|c| c.label.as_str())
            .collect();
        let shown_as = |axis: &Axis, name: &str| match axis.log {
            true => format!("log10 {name}"),
            false => name.to_owned(),
        };
        format!(
            "{chart}{} against {}\n",
            shown_as(&self.y, &names.join(", ")),
            shown_as(&self.x, &self.x.label)
        )
    }
}

fn bounds(values: impl Iterator<Item = f32>) -> Option<(f32, f32)> {
    let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| {
        (l.min(v), h.max(v))
    });
    (low <= high).then_some((low, high))
}
