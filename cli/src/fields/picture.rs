//! From what was kept of a run to files of pictures.

use std::io;
use std::path::{Path, PathBuf};

use ansatz_compiler::model::entities::Plot;

use super::kept::{Nearest, Timed};
use super::pictures::{Filling, Kept};
use super::shown::Shown;
use crate::failure::Failure;
use crate::figures::{Heading, empty_figure, with_ending};
use crate::plot::{Curve, Figure, HeatMap, Mark, Movie, MovingCurve, Side, number};

/// A picture, ready to be drawn.
pub enum Picture {
    /// As SVG and PNG.
    Map(HeatMap),
    /// As SVG, with what is added to the name of the file.
    Lines(Figure, String),
    /// As GIF.
    MapMovie(Movie, HeatMap),
    /// As GIF.
    CurveMovie(Movie, MovingCurve),
}

impl Picture {
    /// What to draw of a plot; nothing if there was no row.
    pub fn of(filling: Filling<'_>, heading: &Heading) -> Vec<Picture> {
        let Filling { plot, shown, kept } = filling;
        match kept {
            Kept::Map(_, values) if values.is_empty() => Vec::new(),
            Kept::Map(t, values) => {
                let subtitle = subtitle(heading, t, &shown[0]);
                vec![Picture::Map(map(
                    plot, heading, &shown[0], subtitle, values,
                ))]
            }
            Kept::SpaceTime(rows) => {
                let rows = rows.finish();
                let picture = space_time(plot, heading, &shown[0], rows);
                picture.map(Picture::Map).into_iter().collect()
            }
            Kept::Movie(rows) => movie(plot, heading, &shown[0], rows.finish()),
            Kept::Lines(times) => lines(plot, heading, &shown, &times),
        }
    }
}

/// Writes the files of a picture, which begin with `stem`.
pub fn write(picture: &Picture, stem: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let mut write = |ending: &str, write: &dyn Fn(&Path) -> io::Result<()>| {
        let path = with_ending(stem, ending);
        write(&path).map_err(|e| Failure::write(&path, e))?;
        paths.push(path);
        Ok(())
    };
    match picture {
        Picture::Map(map) => {
            write(".svg", &|path| std::fs::write(path, map.to_svg()?))?;
            write(".png", &|path| std::fs::write(path, map.to_png()?))
        }
        Picture::Lines(figure, name) => write(&format!("{name}.svg"), &|path| {
            std::fs::write(path, figure.to_svg()?)
        }),
        Picture::MapMovie(movie, map) => write(".gif", &|path| movie.write_map(path, map.clone())),
        Picture::CurveMovie(movie, curve) => write(".gif", &|path| movie.write_curve(path, curve)),
    }
}

/// `t = 20 s, z = 0.5 um`
fn subtitle(heading: &Heading, t: f64, shown: &Shown) -> String {
    let time = heading.time(t);
    match shown.plane.as_str() {
        "" => time,
        plane => format!("{time}, {plane}"),
    }
}

fn map(
    plot: &Plot,
    heading: &Heading,
    shown: &Shown,
    subtitle: String,
    values: Vec<f64>,
) -> HeatMap {
    let [title, _] = heading.titles(plot);
    HeatMap {
        titles: [title, subtitle],
        label: shown.label.clone(),
        x: shown.sides[0].clone(),
        y: shown.sides[1].clone(),
        is_equal: shown.is_equal,
        values,
    }
}

/// Time runs upwards; `None` if none has passed.
fn space_time(plot: &Plot, heading: &Heading, shown: &Shown, rows: Vec<Timed>) -> Option<HeatMap> {
    let (first, last) = (rows.first()?.0, rows.last()?.0);
    let (times, values): (Vec<f64>, Vec<Vec<f64>>) = rows.into_iter().unzip();
    let ends = match first < last {
        true => [first, last],
        false => [first - 0.5, first + 0.5],
    };
    Some(HeatMap {
        titles: heading.titles(plot),
        label: shown.label.clone(),
        x: shown.sides[0].clone(),
        y: Side {
            label: heading.time_label(),
            ends,
            nodes: times,
            periodic: false,
        },
        is_equal: false,
        values: values.concat(),
    })
}

fn movie(plot: &Plot, heading: &Heading, shown: &Shown, rows: Vec<Timed>) -> Vec<Picture> {
    if rows.is_empty() {
        return Vec::new();
    }
    let frames = rows.into_iter();
    let frames = frames.map(|(t, values)| (subtitle(heading, t, shown), shown.closed(values)));
    let movie = Movie {
        frames: frames.collect(),
    };
    let [title, _] = heading.titles(plot);
    vec![match &shown.sides[..] {
        [x] => {
            let mut x = x.clone();
            x.nodes = shown.closed_nodes();
            let label = shown.label.clone();
            Picture::CurveMovie(movie, MovingCurve { title, x, label })
        }
        _ => {
            let map = map(plot, heading, shown, String::new(), Vec::new());
            Picture::MapMovie(movie, map)
        }
    }]
}

/// One figure per domain: most often one.
fn lines(plot: &Plot, heading: &Heading, shown: &[Shown], times: &[Vec<Nearest>]) -> Vec<Picture> {
    let mut grids: Vec<usize> = shown.iter().map(|s| s.grid).collect();
    grids.dedup();
    let name = |k: usize| match k {
        0 => String::new(),
        k => format!("_{}", k + 1),
    };
    let figures = grids.iter().enumerate();
    let figures = figures.map(|(k, &grid)| {
        let figure = lines_on(plot, heading, shown, times, grid);
        Picture::Lines(figure, name(k))
    });
    figures.collect()
}

fn lines_on(
    plot: &Plot,
    heading: &Heading,
    shown: &[Shown],
    times: &[Vec<Nearest>],
    grid: usize,
) -> Figure {
    let mut figure = empty_figure(heading, plot);
    let named = std::mem::take(&mut figure.curves);
    let is_only = named.len() == 1;
    for line in times {
        let curves = line.iter().zip(shown).zip(&named);
        for ((nearest, shown), curve) in curves.filter(|((_, shown), _)| shown.grid == grid) {
            let Some((t, values)) = &nearest.row else {
                continue;
            };
            let time = heading.time(*t);
            let is_at = number(*t) == number(nearest.wanted);
            figure.curves.push(Curve {
                mark: Mark::Line,
                label: match is_only {
                    true => time,
                    false => format!("{}, {time}", curve.label),
                },
                note: match is_at {
                    true => String::new(),
                    false => format!("saved nearest to {}", number(nearest.wanted)),
                },
                values: shown.closed(values.clone()),
            });
        }
    }
    // The name of an only curve is at the ordinate: its time goes to the title.
    if let ([only], true) = (&figure.curves[..], is_only) {
        figure.subtitle = only.label.clone();
    }
    if let Some(shown) = shown.iter().find(|shown| shown.grid == grid) {
        figure.x.label.clone_from(&shown.sides[0].label);
        figure.abscissas = shown.closed_nodes();
    }
    figure
}
