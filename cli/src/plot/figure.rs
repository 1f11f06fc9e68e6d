//! A plot with its data.

use std::ops::Range;

use super::scale::range;

/// An axis.
#[derive(Debug, Default)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// Whether it is logarithmic.
    pub log: bool,
}

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mark {
    /// Its points joined by a line.
    #[default]
    Line,
    /// A dot for each point.
    Dots,
}

/// A curve over the abscissa of its figure.
#[derive(Debug, Default)]
pub struct Curve {
    /// Its name, with its unit if the ordinate does not show it.
    pub label: String,
    /// What it means; empty when nothing says it.
    pub note: String,
    /// One per abscissa.
    pub values: Vec<f64>,
    /// How it is drawn.
    pub mark: Mark,
}

/// A plot with its data.
#[derive(Debug, Default)]
pub struct Figure {
    /// Title.
    pub title: String,
    /// A line below the title; empty for none.
    pub subtitle: String,
    /// Abscissa.
    pub x: Axis,
    /// Ordinate.
    pub y: Axis,
    /// Abscissas of all curves.
    pub abscissas: Vec<f64>,
    /// Curves.
    pub curves: Vec<Curve>,
}

/// Room between curves and frame, as a share of the range.
const MARGIN: f64 = 0.04;

impl Figure {
    /// A point of a curve, if it can be drawn: finite, and positive on logarithmic axes.
    fn point(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let fits = |v: f64, axis: &Axis| v.is_finite() && (!axis.log || v > 0.0);
        (fits(x, &self.x) && fits(y, &self.y)).then_some((x, y))
    }

    /// The points of curve number `k`, with a gap where one cannot be drawn.
    pub(super) fn points(&self, k: usize) -> impl Iterator<Item = Option<(f64, f64)>> {
        let values = self.curves[k].values.iter();
        let pairs = self.abscissas.iter().zip(values);
        pairs.map(|(&x, &y)| self.point(x, y))
    }

    fn all_points(&self) -> impl Iterator<Item = (f64, f64)> {
        (0..self.curves.len()).flat_map(|k| self.points(k).flatten())
    }

    /// Whether there is anything to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.all_points().next().is_none()
    }

    /// Whether every curve runs from left to right, so that it has a right end.
    pub(super) fn runs_right(&self) -> bool {
        self.abscissas.is_sorted()
    }

    pub(super) fn x_range(&self) -> Range<f64> {
        let margin = if self.runs_right() { 0.0 } else { MARGIN };
        range(self.all_points().map(|p| p.0), self.x.log, margin)
    }

    pub(super) fn y_range(&self) -> Range<f64> {
        range(self.all_points().map(|p| p.1), self.y.log, MARGIN)
    }
}
