//! Pictures of fields as pixels, for PNG and GIF: numbers of colours in a palette of 256.
//!
//! The letters in `letters.png` are drawn from DejaVu Sans 2.37 at 14 pixels; its licence (Bitstream Vera) allows that.

use std::io;
use std::sync::LazyLock;

use super::color::{SHADES, Scale};
use super::surface::{Anchor, LINE, NO_VALUE, Place, Raster, Style, Surface};

/// Which letters are in `letters.png`, from left to right; its first row marks where each begins.
const LETTERS: &str = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~\
    ¡¢£¤¥¦§¨©ª«¬®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ\
    ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψωϑϕϵ⁰⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉−–…→←∂∇∞√∫≤≥≠≈∅";
/// Written in place of letters that are not there.
const UNKNOWN: char = '?';
/// Row of the feet of the letters, below the mark.
const FOOT: f64 = 14.0;
/// Half the height of a capital.
const HALF: f64 = 5.0;

/// Numbers of pixels across and down.
pub type Size = (usize, usize);

/// A picture being drawn; no two pictures of one size differ in where things stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    pub size: Size,
    /// Colours, row by row from above.
    pub colors: Vec<u8>,
}

/// The picture of all letters.
struct Letters {
    width: usize,
    /// How much of each pixel is covered.
    cover: Vec<u8>,
    /// Where each letter begins, and the last ends.
    starts: Vec<usize>,
}

static DRAWN: LazyLock<Letters> = LazyLock::new(|| {
    let bytes: &[u8] = include_bytes!("letters.png");
    let decoder = png::Decoder::new(io::Cursor::new(bytes));
    let mut reader = decoder.read_info().expect("the file is part of us");
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let mut cover = vec![0; width * height];
    reader
        .next_frame(&mut cover)
        .expect("the file is part of us, eight bits of grey per pixel");
    let marked = (0..width).filter(|&x| cover[x] > 0);
    let starts = marked.chain([width]).collect();
    Letters {
        width,
        cover: cover.split_off(width),
        starts,
    }
});

impl Letters {
    /// First column and width of a letter.
    fn find(&self, letter: char) -> (usize, usize) {
        let position = |c: char| LETTERS.chars().position(|known| known == c);
        let k = position(letter).or_else(|| position(UNKNOWN));
        let k = k.expect("the sign for unknown letters is one of them");
        (self.starts[k], self.starts[k + 1] - self.starts[k])
    }
}

impl Pixels {
    /// A white picture.
    pub fn new((width, height): (u32, u32)) -> Pixels {
        let size = (width as usize, height as usize);
        Pixels {
            size,
            colors: vec![grey(255); size.0 * size.1],
        }
    }

    /// The picture as PNG.
    ///
    /// # Errors
    /// It could not be encoded.
    pub fn to_png(&self, scale: &Scale) -> io::Result<Vec<u8>> {
        encode_png(self.size, &self.colors, &palette(scale))
    }

    /// Darkens a pixel to a grey.
    fn darken(&mut self, x: i64, y: i64, to: u8) {
        let (width, height) = (self.size.0 as i64, self.size.1 as i64);
        if (0..width).contains(&x) && (0..height).contains(&y) {
            let pixel = &mut self.colors[(y * width + x) as usize];
            // Greys come after the colours, from black to white.
            *pixel = match usize::from(*pixel) < SHADES {
                true => grey(to),
                false => grey(to).min(*pixel),
            };
        }
    }

    fn letters(&mut self, text: &str, (x, y): (f64, f64), color: u8, is_upright: bool) {
        let (mut along, foot) = (0, (HALF - FOOT) as i64);
        let (x, y) = (x.round() as i64, y.round() as i64);
        for letter in text.chars() {
            let (start, width) = DRAWN.find(letter);
            for (row, line) in DRAWN.cover.chunks(DRAWN.width).enumerate() {
                for (column, &cover) in line[start..start + width].iter().enumerate() {
                    let (right, down) = (along + column as i64, foot + row as i64);
                    let (x, y) = match is_upright {
                        true => (x + down, y - right),
                        false => (x + right, y + down),
                    };
                    let shade = 255 - u32::from(cover) * u32::from(255 - color) / 255;
                    if cover > 0 {
                        self.darken(x, y, shade as u8);
                    }
                }
            }
            along += width as i64;
        }
    }

    /// Draws a curve of the darkest colour of the scale through points, where they can be drawn.
    pub fn curve(&mut self, points: &[Option<(f64, f64)>], place: Place) {
        for pair in points.windows(2) {
            let [Some(from), Some(to)] = *pair else {
                continue;
            };
            let length = (to.0 - from.0).abs().max((to.1 - from.1).abs());
            let n_steps = (2.0 * length).ceil().max(1.0) as usize;
            for k in 0..=n_steps {
                let share = k as f64 / n_steps as f64;
                let x = from.0 + share * (to.0 - from.0);
                let y = from.1 + share * (to.1 - from.1);
                self.dot(x, y, place);
            }
        }
    }

    /// A dot of two pixels, inside a place.
    fn dot(&mut self, x: f64, y: f64, place: Place) {
        for (dx, dy) in [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)] {
            let (x, y) = ((x + dx).round(), (y + dy).round());
            let is_inside = x > place.x && x < place.right() && y > place.y && y < place.bottom();
            if is_inside {
                self.colors[y as usize * self.size.0 + x as usize] = CURVE;
            }
        }
    }
}

/// The colour of curves: rather dark in viridis.
const CURVE: u8 = (SHADES / 4) as u8;

impl Surface for Pixels {
    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(|v| v.round() as i64);
        for y in y1.min(y2)..=y1.max(y2) {
            for x in x1.min(x2)..=x1.max(x2) {
                self.darken(x, y, LINE);
            }
        }
    }

    fn text(&mut self, text: &str, (x, y): (f64, f64), anchor: Anchor, style: Style) {
        let width: usize = text.chars().map(|c| DRAWN.find(c).1).sum();
        let before = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width as f64 / 2.0,
            Anchor::End => width as f64,
        };
        match style {
            Style::Title => {
                self.letters(text, (x - before, y), 0, false);
                self.letters(text, (x - before + 1.0, y), 0, false);
            }
            Style::Plain => self.letters(text, (x - before, y), 0, false),
            Style::Grey => self.letters(text, (x - before, y), LINE, false),
            Style::Upright => self.letters(text, (x, y + before), 0, true),
        }
    }

    fn resolution(&self, length: f64) -> usize {
        length.round() as usize
    }

    fn image(&mut self, place: Place, raster: &Raster) {
        let (left, top) = (place.x.round() as usize, place.y.round() as usize);
        for (row, shades) in raster.shades.chunks(raster.width).enumerate() {
            let start = (top + row) * self.size.0 + left;
            for (pixel, shade) in self.colors[start..].iter_mut().zip(shades) {
                *pixel = shade.unwrap_or(grey(NO_VALUE));
            }
        }
    }
}

/// The colours of a scale, and greys from black to white.
pub fn palette(scale: &Scale) -> Vec<[u8; 3]> {
    let n_greys = 256 - SHADES;
    let greys = (0..n_greys).map(|i| [(255 * i / (n_greys - 1)) as u8; 3]);
    scale.colors().into_iter().chain(greys).collect()
}

/// The number of a grey in a palette.
pub fn grey(level: u8) -> u8 {
    let last = 255 - SHADES;
    (SHADES + (usize::from(level) * last + 127) / 255) as u8
}

/// A PNG of numbers of colours.
///
/// # Errors
/// It could not be encoded.
pub fn encode_png(size: Size, colors: &[u8], palette: &[[u8; 3]]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.0 as u32, size.1 as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_palette(palette.as_flattened().to_vec());
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(colors).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_drawn() {
        assert_eq!(DRAWN.starts.len(), LETTERS.chars().count() + 1);
        for letter in LETTERS.chars().filter(|&c| c != ' ') {
            let (start, width) = DRAWN.find(letter);
            let covered = DRAWN.cover.chunks(DRAWN.width);
            let covered = covered.flat_map(|row| &row[start..start + width]);
            assert!(covered.copied().max() > Some(60), "{letter}");
        }
        assert_eq!(DRAWN.find('你'), DRAWN.find('?'));
    }

    #[test]
    fn what_is_outside_is_cut() {
        let mut pixels = Pixels::new((20, 20));
        pixels.text("wide text", (10.0, 3.0), Anchor::Middle, Style::Upright);
        pixels.line((-5.0, 10.0), (50.0, 10.0));
        assert!(pixels.colors.contains(&grey(LINE)));
    }

    #[test]
    fn a_png_can_be_read_back() {
        let scale = Scale::of([0.0, 1.0]);
        let mut pixels = Pixels::new((3, 2));
        pixels.colors[4] = 7;
        let bytes = pixels.to_png(&scale).unwrap();
        let mut decoder = png::Decoder::new(io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut colors = vec![0; 18];
        reader.next_frame(&mut colors).unwrap();
        assert_eq!(colors[12..15], scale.colors()[7]);
        assert_eq!(colors[..3], [255; 3]);
    }
}
