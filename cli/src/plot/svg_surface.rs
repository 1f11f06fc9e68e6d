//! Pictures of fields as SVG: letters and lines as such, the field as embedded PNG.

use std::fmt::Write as _;
use std::io;

use super::color::Scale;
use super::data_url::data_url;
use super::pixels::{encode_png, palette};
use super::surface::{Anchor, LINE, NO_VALUE, Place, Raster, Style, Surface};
use super::svg::{FONT, TEXT, TITLE};

/// Pixels of the embedded picture per pixel of the plot, at most: screens have up to so many.
const DENSITY: f64 = 2.0;
/// From the middle of letters to their foot, in font sizes.
const FOOT: f64 = 0.35;

/// An SVG being drawn.
pub struct SvgSurface {
    text: String,
    palette: Vec<[u8; 3]>,
    error: Option<io::Error>,
}

impl SvgSurface {
    /// An empty picture.
    pub fn new((width, height): (u32, u32), scale: &Scale) -> SvgSurface {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
        );
        SvgSurface {
            text,
            palette: palette(scale),
            error: None,
        }
    }

    /// The whole text.
    ///
    /// # Errors
    /// An embedded picture could not be encoded.
    pub fn finish(mut self) -> io::Result<String> {
        self.text += "</svg>\n";
        self.error.map_or(Ok(self.text), Err)
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        self.text
            .write_fmt(element)
            .expect("text takes what is written");
        self.text.push('\n');
    }
}

impl Surface for SvgSurface {
    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.push(format_args!(
            r#"<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="rgb({LINE},{LINE},{LINE})" stroke-linecap="square"/>"#
        ));
    }

    fn text(&mut self, text: &str, (x, y): (f64, f64), anchor: Anchor, style: Style) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (size, more) = match style {
            Style::Title => (TITLE, r#" font-weight="bold""#.to_owned()),
            Style::Plain => (TEXT, String::new()),
            Style::Grey => (TEXT, format!(r#" fill="rgb({LINE},{LINE},{LINE})""#)),
            Style::Upright => (TEXT, format!(r#" transform="rotate(-90 {x} {y})""#)),
        };
        let y = y + FOOT * size;
        let text = escaped(text);
        // An upright text is moved before it is turned.
        self.push(format_args!(
            r#"<text x="{x}" y="{y}" font-family="{FONT}" font-size="{size}" text-anchor="{anchor}"{more}>{text}</text>"#
        ));
    }

    fn resolution(&self, length: f64) -> usize {
        (DENSITY * length) as usize
    }

    fn image(&mut self, place: Place, raster: &Raster) {
        let indices: Vec<u8> = raster
            .shades
            .iter()
            .map(|shade| shade.unwrap_or(super::pixels::grey(NO_VALUE)))
            .collect();
        match encode_png((raster.width, raster.height), &indices, &self.palette) {
            Ok(png) => {
                let Place {
                    x,
                    y,
                    width,
                    height,
                } = place;
                let data = data_url("image/png", &png);
                self.push(format_args!(
                    r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" href="{data}"/>"#
                ));
            }
            Err(error) => self.error = Some(error),
        }
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
