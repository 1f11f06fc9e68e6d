//! The frame of a picture of fields: title, axes with ticks, and where everything stands.

use super::names::cut;
use super::raster::Side;
use super::scale::{labels, ticks};
use super::surface::{Anchor, Place, Raster, Style, Surface};
use super::svg::{LETTER, TEXT, TITLE, text_width};

/// Between texts and what they stand at, in pixels.
const GAP: f64 = 8.0;
const TICK: f64 = 5.0;
const MARGIN: f64 = 14.0;
/// Height of a line of text, in pixels.
const LINE: f64 = 20.0;
/// Mean width of a letter of a title, which is bold, over that of others.
const BOLD: f64 = 1.15;
/// A picture is not made wider than this for its title.
const WIDEST: f64 = 760.0;

/// A frame with its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Size of the picture.
    pub size: (u32, u32),
    /// Where the data are.
    pub place: Place,
    /// Title and the line below it, cut to its width.
    titles: [String; 2],
    x: Ticks,
    y: Ticks,
}

/// An axis with its ticks: positions as shares of its length.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// What stands at the axis.
    pub label: String,
    /// Positions and texts.
    pub list: Vec<(f64, String)>,
}

impl Ticks {
    /// Ticks at least so many pixels apart.
    pub fn new(label: &str, ends: [f64; 2], length: f64, apart: f64) -> Ticks {
        let most = (length / apart).clamp(1.0, 10.0) as usize;
        let share = |v: f64| (v / 2.0 - ends[0] / 2.0) / (ends[1] / 2.0 - ends[0] / 2.0);
        let ticks = ticks(ends, most);
        let texts = labels(&ticks);
        let list = ticks.into_iter().map(share).zip(texts).collect();
        Ticks {
            label: label.to_owned(),
            list,
        }
    }

    /// Ticks along a horizontal axis, so few that their texts keep apart.
    fn across(side: &Side, length: f64) -> Ticks {
        let roughly = Ticks::new(&side.label, side.ends, length, 70.0);
        let apart = (roughly.width() + 2.0 * GAP).max(50.0);
        Ticks::new(&side.label, side.ends, length, apart)
    }

    /// Width of the widest text.
    pub fn width(&self) -> f64 {
        let widths = self.list.iter().map(|(_, text)| text_width(text, TEXT));
        widths.fold(0.0, f64::max)
    }
}

impl Frame {
    /// A frame around data of this size, with room on the right for what takes `beside` pixels.
    pub fn new(
        titles: [&str; 2],
        [x, y]: [&Side; 2],
        (width, height): (f64, f64),
        beside: f64,
    ) -> Frame {
        let x = Ticks::across(x, width);
        let y = Ticks::new(&y.label, y.ends, height, 45.0);
        let label = if y.label.is_empty() { 0.0 } else { LINE + GAP };
        let left = MARGIN + label + y.width() + TICK + GAP;
        let title = BOLD * text_width(titles[0], TITLE);
        let needed = left + title.max(text_width(titles[1], TEXT)) + MARGIN;
        // The text of the last tick reaches beyond the axis.
        let right = (x.width() / 2.0).max(MARGIN).max(beside);
        let total = (left + width + right).max(needed.min(WIDEST));
        let lines = titles.iter().filter(|t| !t.is_empty()).count() as f64;
        let top = MARGIN + LINE * lines + GAP;
        let bottom = TICK + LINE + LINE + MARGIN;
        let letters = |font: f64| ((total - left - MARGIN) / (font * LETTER)) as usize;
        Frame {
            size: (total.ceil() as u32, (top + height + bottom).ceil() as u32),
            place: Place {
                x: left.round(),
                y: top,
                width: width.round(),
                height: height.round(),
            },
            titles: [
                cut(titles[0], (letters(TITLE) as f64 / BOLD) as usize),
                cut(titles[1], letters(TEXT)),
            ],
            x,
            y,
        }
    }

    /// Puts another line below the title, not longer than the one for which there is room.
    pub fn set_subtitle(&mut self, text: &str) {
        text.clone_into(&mut self.titles[1]);
    }

    /// Draws titles and axes.
    pub fn draw(&self, on: &mut dyn Surface) {
        let place = self.place;
        place.outline(on);
        let mut y = MARGIN + LINE / 2.0;
        for (title, style) in self.titles.iter().zip([Style::Title, Style::Grey]) {
            if !title.is_empty() {
                on.text(title, (place.x, y), Anchor::Start, style);
                y += LINE;
            }
        }
        for (share, text) in &self.x.list {
            let x = (place.x + share * place.width).round();
            on.line((x, place.bottom()), (x, place.bottom() + TICK));
            let y = place.bottom() + TICK + LINE / 2.0 + 2.0;
            on.text(text, (x, y), Anchor::Middle, Style::Plain);
        }
        for (share, text) in &self.y.list {
            let y = (place.bottom() - share * place.height).round();
            on.line((place.x - TICK, y), (place.x, y));
            let x = place.x - TICK - GAP / 2.0;
            on.text(text, (x, y), Anchor::End, Style::Plain);
        }
        let below = place.bottom() + TICK + 1.5 * LINE + 4.0;
        let middle = place.x + place.width / 2.0;
        let label = cut(&self.x.label, letters_in(f64::from(self.size.0) - place.x));
        on.text(&label, (middle, below), Anchor::Middle, Style::Plain);
        upright(on, &self.y.label, MARGIN + LINE / 2.0, place);
    }
}

/// Writes a text beside a place, from below to above, in its middle.
pub fn upright(on: &mut dyn Surface, text: &str, x: f64, place: Place) {
    // It may be longer than its place by what stands above and below.
    let text = cut(text, letters_in(place.height + 2.0 * LINE));
    let middle = place.y + place.height / 2.0;
    on.text(&text, (x, middle), Anchor::Middle, Style::Upright);
}

fn letters_in(length: f64) -> usize {
    (length / (TEXT * LETTER)) as usize
}

/// A colour bar beside a place.
pub struct Bar {
    /// Where its colours are.
    pub place: Place,
    ticks: Ticks,
}

/// Width of a colour bar, and its distance from what it explains.
const BAR: f64 = 16.0;
const BEFORE_BAR: f64 = 16.0;

impl Bar {
    /// The room it needs.
    pub fn room(ticks: &Ticks) -> f64 {
        let label = if ticks.label.is_empty() {
            0.0
        } else {
            LINE + GAP
        };
        BEFORE_BAR + BAR + TICK + GAP + ticks.width() + label + MARGIN
    }

    /// Right of a place.
    pub fn beside(place: Place, ticks: Ticks) -> Bar {
        let place = Place {
            x: place.right() + BEFORE_BAR,
            width: BAR,
            ..place
        };
        Bar { place, ticks }
    }

    /// Draws it; `colors` are of one column, from below to above.
    pub fn draw(&self, on: &mut dyn Surface, raster: &Raster) {
        let place = self.place;
        on.image(place, raster);
        place.outline(on);
        for (share, text) in &self.ticks.list {
            let y = (place.bottom() - share * place.height).round();
            on.line((place.right(), y), (place.right() + TICK, y));
            let x = place.right() + TICK + GAP / 2.0;
            on.text(text, (x, y), Anchor::Start, Style::Plain);
        }
        let x = place.right() + TICK + GAP + self.ticks.width() + GAP + LINE / 2.0;
        upright(on, &self.ticks.label, x, place);
    }
}
