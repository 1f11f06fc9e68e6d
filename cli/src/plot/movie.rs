//! Animated GIFs: a field over the plane, or a curve over its coordinate, at one time after another.

use std::fs::File;
use std::io::{self, BufWriter};
use std::ops::Range;
use std::path::Path;

use gif::{Encoder, Repeat};

use super::color::Scale;
use super::frame::Frame;
use super::heat_map::HeatMap;
use super::pixels::{Pixels, palette};
use super::raster::Side;
use super::scale::range;
use super::surface::Place;

/// Largest size of the moving part, in pixels.
const MAP: (f64, f64) = (360.0, 360.0);
const CURVE: (f64, f64) = (480.0, 300.0);
/// Time that a whole movie takes if its frames allow, and the least and longest time for one, in hundredths of a second.
const WHOLE: usize = 800;
const DELAY: Range<usize> = 4..20;

/// Frames of a movie: what is written under the title, and the values.
pub struct Movie {
    /// By frame.
    pub frames: Vec<(String, Vec<f64>)>,
}

/// A curve that moves.
pub struct MovingCurve {
    /// Title.
    pub title: String,
    /// Horizontal axis, with the nodes of the values.
    pub x: Side,
    /// What stands at the ordinate.
    pub label: String,
}

impl Movie {
    /// Writes a map with these values.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn write_map(&self, path: &Path, mut map: HeatMap) -> io::Result<()> {
        let scale = Scale::of(self.values());
        map.titles[1] = self.longest_subtitle();
        let mut drawing = map.drawing(scale, MAP);
        self.write(path, &scale, &mut |subtitle, values| {
            drawing.frame.set_subtitle(subtitle);
            let mut pixels = Pixels::new(drawing.frame.size);
            drawing.draw(&mut pixels, values);
            pixels
        })
    }

    /// Writes a curve with these values.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn write_curve(&self, path: &Path, curve: &MovingCurve) -> io::Result<()> {
        let shown = range(self.values().filter(|v| v.is_finite()), false, 0.04);
        let y = Side {
            label: curve.label.clone(),
            ends: [shown.start, shown.end],
            ..Side::default()
        };
        let sides = [&curve.x, &y];
        let longest = self.longest_subtitle();
        let titles = [curve.title.as_str(), longest.as_str()];
        let mut frame = Frame::new(titles, sides, CURVE, 0.0);
        self.write(path, &Scale::of([]), &mut |subtitle, values| {
            frame.set_subtitle(subtitle);
            let mut pixels = Pixels::new(frame.size);
            frame.draw(&mut pixels);
            let points = curve.x.nodes.iter().zip(values);
            let points = points.map(|(&x, &v)| v.is_finite().then(|| on(frame.place, sides, x, v)));
            pixels.curve(&points.collect::<Vec<_>>(), frame.place);
            pixels
        })
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        let frames = self.frames.iter().flat_map(|(_, values)| values);
        frames.copied()
    }

    fn longest_subtitle(&self) -> String {
        let subtitles = self.frames.iter().map(|(subtitle, _)| subtitle);
        let longest = subtitles.max_by_key(|subtitle| subtitle.chars().count());
        longest.map_or(String::new(), String::clone)
    }

    fn write(
        &self,
        path: &Path,
        scale: &Scale,
        draw: &mut dyn FnMut(&str, &[f64]) -> Pixels,
    ) -> io::Result<()> {
        let mut begun: Option<(Encoder<BufWriter<File>>, Pixels)> = None;
        let delay = (WHOLE / self.frames.len().max(1)).clamp(DELAY.start, DELAY.end) as u16;
        for (subtitle, values) in &self.frames {
            let pixels = draw(subtitle, values);
            let frame = changed(begun.as_ref().map(|b| &b.1), &pixels, delay);
            let mut encoder = match begun {
                Some((encoder, _)) => encoder,
                None => begin(path, &pixels, scale)?,
            };
            encoder.write_frame(&frame).map_err(io::Error::other)?;
            begun = Some((encoder, pixels));
        }
        Ok(())
    }
}

fn begin(path: &Path, pixels: &Pixels, scale: &Scale) -> io::Result<Encoder<BufWriter<File>>> {
    let out = BufWriter::new(File::create(path)?);
    let (width, height) = (pixels.size.0 as u16, pixels.size.1 as u16);
    let colors = palette(scale).concat();
    let mut encoder = Encoder::new(out, width, height, &colors).map_err(io::Error::other)?;
    let repeated = encoder.set_repeat(Repeat::Infinite);
    repeated.map_err(io::Error::other)?;
    Ok(encoder)
}

/// The part of a picture in which it differs from the one before.
fn changed(before: Option<&Pixels>, now: &Pixels, delay: u16) -> gif::Frame<'static> {
    let (width, height) = now.size;
    let differs = |&i: &usize| before.is_none_or(|b| b.colors[i] != now.colors[i]);
    let (mut left, mut right, mut top, mut bottom) = (width, 0, height, 0);
    for i in (0..now.colors.len()).filter(differs) {
        let (x, y) = (i % width, i / width);
        (left, right) = (left.min(x), right.max(x + 1));
        (top, bottom) = (top.min(y), bottom.max(y + 1));
    }
    if right == 0 {
        // Nothing moved: a frame needs a pixel.
        (left, right, top, bottom) = (0, 1, 0, 1);
    }
    let rows = now.colors.chunks(width).take(bottom).skip(top);
    let colors: Vec<u8> = rows.flat_map(|row| &row[left..right]).copied().collect();
    let size = ((right - left) as u16, (bottom - top) as u16);
    gif::Frame {
        delay,
        left: left as u16,
        top: top as u16,
        ..gif::Frame::from_indexed_pixels(size.0, size.1, colors, None)
    }
}

/// Where a point stands.
fn on(place: Place, sides: [&Side; 2], x: f64, y: f64) -> (f64, f64) {
    let share = |side: &Side, v: f64| (v - side.ends[0]) / (side.ends[1] - side.ends[0]);
    (
        place.x + share(sides[0], x) * place.width,
        place.bottom() - share(sides[1], y) * place.height,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(n: usize) -> Side {
        Side {
            label: "x".into(),
            ends: [0.0, n as f64],
            nodes: (0..n).map(|i| i as f64).collect(),
            periodic: true,
        }
    }

    /// Size, number of frames and colours of the last picture.
    fn read(path: &Path) -> (u16, u16, usize, Vec<u8>) {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::Indexed);
        let mut decoder = options.read_info(File::open(path).unwrap()).unwrap();
        let (width, height) = (decoder.width(), decoder.height());
        let mut picture = vec![0; usize::from(width) * usize::from(height)];
        let mut n = 0;
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            n += 1;
            let rows = frame.buffer.chunks(usize::from(frame.width));
            for (row, colors) in rows.enumerate() {
                let start =
                    (usize::from(frame.top) + row) * usize::from(width) + usize::from(frame.left);
                picture[start..start + colors.len()].copy_from_slice(colors);
            }
        }
        (width, height, n, picture)
    }

    fn scratch(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("ansatz-{}-{name}.gif", std::process::id()))
    }

    #[test]
    fn frames_of_a_map_add_up_to_the_last_picture() {
        let frame = |k: u16| {
            let values = (0..100).map(|i| f64::from((i + k) % 10)).collect();
            (format!("t = {}", 10u32.pow(k.into())), values)
        };
        let movie = Movie {
            frames: (0..4).map(frame).collect(),
        };
        let map = HeatMap {
            titles: ["waves".into(), String::new()],
            x: side(10),
            y: side(10),
            ..HeatMap::default()
        };
        let path = scratch("map");
        movie.write_map(&path, map.clone()).unwrap();
        let scale = Scale::of([0.0, 9.0]);
        let mut map = map;
        map.titles[1] = "t = 1000".into();
        let drawing = map.drawing(scale, MAP);
        let mut last = Pixels::new(drawing.frame.size);
        drawing.draw(&mut last, &movie.frames[3].1);
        let (width, height, n, picture) = read(&path);
        assert_eq!((usize::from(width), usize::from(height)), last.size);
        assert_eq!(n, 4);
        assert!(picture == last.colors);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_curve_that_stands_still_is_a_movie() {
        let movie = Movie {
            frames: vec![("t = 0".into(), vec![1.0, f64::NAN, 1.0, 1.0]); 3],
        };
        let curve = MovingCurve {
            title: "still".into(),
            x: side(4),
            label: "u".into(),
        };
        let path = scratch("curve");
        movie.write_curve(&path, &curve).unwrap();
        assert_eq!(read(&path).2, 3);
        std::fs::remove_file(path).unwrap();
    }
}
