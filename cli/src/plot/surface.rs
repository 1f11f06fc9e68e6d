//! What pictures of fields are drawn on: SVG text or pixels.

/// A rectangle, from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// Where a text stands at its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Title,
    Plain,
    Grey,
    /// From below to above.
    Upright,
}

/// A picture of colours of the scale, row by row from above; what has none is grey.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    pub width: usize,
    pub height: usize,
    pub shades: Vec<Option<u8>>,
}

/// Darkness of lines, and of places without a value: 0 is black, 255 white.
pub const LINE: u8 = 102;
pub const NO_VALUE: u8 = 190;

/// Something to draw on.
pub trait Surface {
    /// Draws a straight line.
    fn line(&mut self, from: (f64, f64), to: (f64, f64));

    /// Writes a text: `at` is its anchor and half the height of its letters.
    fn text(&mut self, text: &str, at: (f64, f64), anchor: Anchor, style: Style);

    /// Most pixels that are worth drawing along a side.
    fn resolution(&self, length: f64) -> usize;

    /// Puts a picture in its place.
    fn image(&mut self, place: Place, raster: &Raster);
}

impl Place {
    /// Its right end.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Its lower end.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Draws its outline.
    pub fn outline(&self, on: &mut dyn Surface) {
        let corners = [
            (self.x, self.y),
            (self.right(), self.y),
            (self.right(), self.bottom()),
            (self.x, self.bottom()),
        ];
        for k in 0..4 {
            on.line(corners[k], corners[(k + 1) % 4]);
        }
    }
}
