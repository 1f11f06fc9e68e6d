//! The names beside the curves of a plot: how much room they take, and how they keep apart.

use super::figure::{Curve, Figure};
use super::svg::{HEIGHT, SAMPLE, SMALL, TEXT, text_width};

/// Longest name and explanation beside a curve, in letters; the rest is cut.
const MAX_NAME: usize = 28;
const MAX_NOTE: usize = 36;
/// Lines of names stand no closer than this.
const LEAST_ROW: f64 = 12.0;

/// The names beside the curves.
pub struct Names {
    /// Texts, one per curve shown; none for a single curve, whose name is at the ordinate.
    pub list: Vec<(String, String)>,
    /// How many curves have no room for a name.
    pub left_out: usize,
    /// Room they need.
    pub width: f64,
    /// Height of one.
    pub row: f64,
    /// Size of the letters.
    pub font: f64,
}

impl Names {
    pub fn of(figure: &Figure) -> Names {
        let n = if figure.curves.len() > 1 {
            figure.curves.len()
        } else {
            0
        };
        let room = f64::from(HEIGHT) - 110.0;
        let with_notes = figure.curves.iter().any(|c| !c.note.is_empty()) && n as f64 * 36.0 < room;
        let full = if with_notes { 36.0 } else { 19.0 };
        let shown = n.min((room / LEAST_ROW) as usize - 1);
        let row = (room / n.max(1) as f64).clamp(LEAST_ROW, full);
        let font = TEXT.min(row - 1.0);
        let text = |curve: &Curve| {
            let note = if with_notes { curve.note.as_str() } else { "" };
            (cut(&curve.label, MAX_NAME), cut(note, MAX_NOTE))
        };
        let list: Vec<_> = figure.curves.iter().take(shown).map(text).collect();
        let widths = list
            .iter()
            .map(|(name, note)| text_width(name, font).max(text_width(note, SMALL)));
        let widest = widths.fold(0.0, f64::max);
        Names {
            width: if n > 0 { widest + SAMPLE + 32.0 } else { 0.0 },
            left_out: n - shown,
            list,
            row,
            font,
        }
    }
}

/// Heights near those wanted, at least a row apart and within bounds.
pub fn apart(wanted: &[f64], row: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut heights = wanted.to_vec();
    let mut least = top;
    for &k in &order {
        heights[k] = heights[k].max(least);
        least = heights[k] + row;
    }
    let mut most = bottom;
    for &k in order.iter().rev() {
        heights[k] = heights[k].min(most);
        most = heights[k] - row;
    }
    heights
}

/// At most so many letters; an ellipsis for the rest.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_lie_over_one_another() {
        let heights = apart(&[100.0, 101.0, 400.0, 99.0], 20.0, (50.0, 400.0));
        let mut sorted = heights.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(
            sorted.windows(2).all(|w| w[1] - w[0] >= 20.0),
            "{heights:?}"
        );
        assert!(heights[3] < heights[0] && heights[0] < heights[1]);
    }
}
