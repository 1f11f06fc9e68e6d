//! Heat maps: a field over the plane, or over space and time, with axes and a colour bar.

use std::io;

use super::color::Scale;
use super::frame::{Bar, Frame, Ticks};
use super::pixels::Pixels;
use super::raster::{Side, raster};
use super::surface::{Raster, Surface};
use super::svg_surface::SvgSurface;

/// Largest size of the map itself, in pixels.
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 420.0;
/// A map of equal scales is not made narrower or lower than this; one that would be has scales of its own.
const LEAST: f64 = 120.0;

/// A heat map with its data.
#[derive(Debug, Clone, Default)]
pub struct HeatMap {
    /// Title, and a line below it.
    pub titles: [String; 2],
    /// What the colours show.
    pub label: String,
    /// Horizontal axis.
    pub x: Side,
    /// Vertical axis.
    pub y: Side,
    /// Whether both axes have one scale, where that is possible.
    pub is_equal: bool,
    /// A row per node of `y`, the lowest first.
    pub values: Vec<f64>,
}

/// A heat map without values, ready to be drawn with any.
pub struct Drawing<'a> {
    /// Where everything stands.
    pub frame: Frame,
    sides: [&'a Side; 2],
    scale: Scale,
    bar: Bar,
}

impl HeatMap {
    /// The picture as SVG.
    ///
    /// # Errors
    /// It could not be encoded.
    pub fn to_svg(&self) -> io::Result<String> {
        let scale = Scale::of(self.values.iter().copied());
        let drawing = self.drawing(scale, (WIDTH, HEIGHT));
        let mut svg = SvgSurface::new(drawing.frame.size, &scale);
        drawing.draw(&mut svg, &self.values);
        svg.finish()
    }

    /// The picture as PNG.
    ///
    /// # Errors
    /// It could not be encoded.
    pub fn to_png(&self) -> io::Result<Vec<u8>> {
        let scale = Scale::of(self.values.iter().copied());
        let drawing = self.drawing(scale, (WIDTH, HEIGHT));
        let mut pixels = Pixels::new(drawing.frame.size);
        drawing.draw(&mut pixels, &self.values);
        pixels.to_png(&scale)
    }

    /// The map without values, at most so large.
    pub fn drawing(&self, scale: Scale, most: (f64, f64)) -> Drawing<'_> {
        let size = match self.is_equal {
            true => equal(&self.x, &self.y, most).unwrap_or(most),
            false => most,
        };
        let ticks = Ticks::new(&self.label, [scale.low, scale.high], size.1, 45.0);
        let titles = [self.titles[0].as_str(), self.titles[1].as_str()];
        let frame = Frame::new(titles, [&self.x, &self.y], size, Bar::room(&ticks));
        Drawing {
            bar: Bar::beside(frame.place, ticks),
            frame,
            sides: [&self.x, &self.y],
            scale,
        }
    }
}

/// The largest size with one scale for both axes, if their lengths do not differ too much.
fn equal(x: &Side, y: &Side, (width, height): (f64, f64)) -> Option<(f64, f64)> {
    let [across, up] = [x, y].map(|side| side.ends[1] - side.ends[0]);
    let scale = (width / across).min(height / up);
    let size = (scale * across, scale * up);
    (size.0 >= LEAST && size.1 >= LEAST).then_some(size)
}

impl Drawing<'_> {
    /// Draws it with values.
    pub fn draw(&self, on: &mut dyn Surface, values: &[f64]) {
        let ([x, y], place) = (self.sides, self.frame.place);
        let size = (
            x.pixels(place.width, on.resolution(place.width)),
            y.pixels(place.height, on.resolution(place.height)),
        );
        on.image(place, &raster(x, y, values, &self.scale, size));
        self.frame.draw(on);
        let colors = self.colors(on);
        self.bar.draw(on, &colors);
    }

    /// All colours, the highest above.
    fn colors(&self, on: &dyn Surface) -> Raster {
        let place = self.bar.place;
        let (width, height) = (place.width as usize, on.resolution(place.height));
        let (low, high) = (self.scale.low, self.scale.high);
        let value = |share: f64| low * (1.0 - share) + high * share;
        let shade = |row: usize| {
            let share = 1.0 - (row as f64 + 0.5) / height as f64;
            self.scale.shade(value(share))
        };
        let rows = (0..height).map(shade);
        Raster {
            width,
            height,
            shades: rows.flat_map(|s| std::iter::repeat_n(s, width)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(label: &str, to: f64, n: usize) -> Side {
        Side {
            label: label.into(),
            ends: [0.0, to],
            nodes: (0..n).map(|i| to * i as f64 / n as f64).collect(),
            periodic: true,
        }
    }

    fn waves(to: [f64; 2]) -> HeatMap {
        HeatMap {
            titles: ["waves & wind < storms".into(), "t = 1".into()],
            label: "u".into(),
            x: side("x", to[0], 40),
            y: side("y", to[1], 30),
            is_equal: true,
            values: (0..1200).map(|i| f64::from(i % 40).sin()).collect(),
        }
    }

    /// The attribute of the first element of a kind.
    fn attribute(svg: &str, element: &str, name: &str) -> f64 {
        let (_, rest) = svg.split_once(&format!("<{element} ")).unwrap();
        let (_, rest) = rest.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    }

    #[test]
    fn axes_of_one_unit_have_one_scale() {
        let svg = waves([2.0, 1.0]).to_svg().unwrap();
        let sides = ["width", "height"].map(|name| attribute(&svg, "image", name));
        assert_eq!(sides, [560.0, 280.0]);
        // A map of 1000 × 1 would be a line.
        let svg = waves([1000.0, 1.0]).to_svg().unwrap();
        assert_eq!(attribute(&svg, "image", "height"), HEIGHT);
        assert!(svg.contains("waves &amp; wind &lt; storms"));
    }

    #[test]
    fn the_map_stands_inside_its_frame() {
        let map = waves([1.0, 1.0]);
        let scale = Scale::of(map.values.iter().copied());
        let drawing = map.drawing(scale, (100.0, 100.0));
        let mut pixels = Pixels::new(drawing.frame.size);
        drawing.draw(&mut pixels, &map.values);
        let place = drawing.frame.place;
        let at = |x: f64, y: f64| pixels.colors[y as usize * pixels.size.0 + x as usize];
        assert!(usize::from(at(place.x + 50.0, place.y + 50.0)) < super::super::color::SHADES);
        assert_eq!(
            at(place.x + 50.0, place.y - 2.0),
            super::super::pixels::grey(255)
        );
        let edge = |x: f64| (0..pixels.size.1).map(move |y| (x, y as f64));
        let right = edge(pixels.size.0 as f64 - 1.0);
        assert!(
            right
                .chain(edge(0.0))
                .all(|(x, y)| at(x, y) == super::super::pixels::grey(255))
        );
    }

    #[test]
    fn missing_values_are_drawn_too() {
        let mut map = waves([1.0, 1.0]);
        map.values.fill(f64::NAN);
        assert!(!map.to_svg().unwrap().contains("NaN"));
        assert_eq!(&map.to_png().unwrap()[1..4], b"PNG");
    }
}
