//! The plots of an experiment that show fields: what they need is kept while it runs, files are written at its end.

use std::path::{Path, PathBuf};

use ansatz_compiler::model::entities::{Plot, PlotKind};
use ansatz_runtime::experiment::{ArrayOf, FrameGrid, Row};

use super::kept::{Nearest, Thinned};
use super::picture::{Picture, write};
use super::shown::Shown;
use crate::failure::Failure;
use crate::figures::Heading;

/// Most rows of a space-time plot: what is seen, about twice.
const SPACE_TIME_ROWS: usize = 1000;
/// Most nodes of it.
const SPACE_TIME_NODES: usize = 1200;
/// Most frames of a movie.
const MOVIE_FRAMES: usize = 200;
/// Most nodes along an axis of a movie: with so many frames, 105 MB.
const MOVIE_NODES: usize = 256;
/// Most nodes along an axis of a heat map, which is kept once.
const MAP_NODES: usize = 2048;

/// The pictures of one experiment.
pub struct Pictures<'p> {
    list: Vec<Filling<'p>>,
    heading: Heading,
}

/// One plot, with what it keeps of the run.
pub struct Filling<'p> {
    /// What is drawn.
    pub plot: &'p Plot,
    /// Its arrays, by curve.
    pub shown: Vec<Shown>,
    /// What is kept of them.
    pub kept: Kept,
}

/// What the kinds of pictures keep.
pub enum Kept {
    /// The last row.
    Map(f64, Vec<f64>),
    /// Rows over time.
    SpaceTime(Thinned),
    /// By wanted time and curve.
    Lines(Vec<Vec<Nearest>>),
    /// Frames.
    Movie(Thinned),
}

impl<'p> Pictures<'p> {
    /// These plots, with their positions in `Program::plots`, of what is on `grids`.
    pub fn new(
        plots: Vec<(usize, &'p Plot)>,
        grids: &[FrameGrid],
        heading: &Heading,
    ) -> Pictures<'p> {
        let list = plots.into_iter();
        Pictures {
            list: list
                .filter_map(|(k, plot)| Filling::new(k, plot, grids))
                .collect(),
            heading: heading.clone(),
        }
    }

    /// Takes in a saved row.
    pub fn add(&mut self, row: Row<'_>) {
        for filling in &mut self.list {
            filling.add(row);
        }
    }

    /// Writes them, each beginning with the path that `stem` gives its plot.
    ///
    /// # Errors
    /// The first file that could not be written.
    pub fn finish(
        self,
        stem: &dyn Fn(&Plot) -> PathBuf,
        paths: &mut Vec<PathBuf>,
    ) -> Result<(), Failure> {
        for filling in self.list {
            let stem: &Path = &stem(filling.plot);
            for picture in Picture::of(filling, &self.heading) {
                write(&picture, stem, paths)?;
            }
        }
        Ok(())
    }
}

impl<'p> Filling<'p> {
    /// `None` for a plot that shows no field.
    fn new(position: usize, plot: &'p Plot, grids: &[FrameGrid]) -> Option<Filling<'p>> {
        let (most, kept) = match &plot.kind {
            PlotKind::Curves => return None,
            PlotKind::Heatmap => (MAP_NODES, Kept::Map(0.0, Vec::new())),
            PlotKind::SpaceTime => (
                SPACE_TIME_NODES,
                Kept::SpaceTime(Thinned::new(SPACE_TIME_ROWS)),
            ),
            PlotKind::Movie => (MOVIE_NODES, Kept::Movie(Thinned::new(MOVIE_FRAMES))),
            PlotKind::Lines(times) => {
                let times = times.iter().map(|&t| Nearest::to(t));
                let lines = times.map(|nearest| vec![nearest; plot.curves.len()]);
                (usize::MAX, Kept::Lines(lines.collect()))
            }
        };
        let curves = plot.curves.iter().enumerate();
        let shown = curves.map(|(k, curve)| {
            let of = ArrayOf::Curve(position, k);
            Shown::find(grids, of, curve, most).expect("what pictures show is saved")
        });
        Some(Filling {
            plot,
            shown: shown.collect(),
            kept,
        })
    }

    fn add(&mut self, row: Row<'_>) {
        match &mut self.kept {
            Kept::Map(t, values) => {
                *t = row.t;
                *values = self.shown[0].values(row);
            }
            Kept::SpaceTime(rows) | Kept::Movie(rows) => {
                rows.add(row.t, self.shown[0].values(row));
            }
            Kept::Lines(times) => {
                for line in times {
                    for (nearest, shown) in line.iter_mut().zip(&self.shown) {
                        nearest.add(row.t, shown.all(row));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use ansatz_compiler::model::Model;
    use ansatz_compiler::model::entities::{self as plotted};
    use ansatz_compiler::terms::Pool;

    use super::super::variable::tests::grid;
    use super::*;

    /// A curve of this name; what it is a term of does not matter here.
    pub fn curve(label: &str) -> plotted::Curve {
        plotted::Curve {
            label: label.into(),
            value: Pool::default().number(1.into()),
            unit: None,
            doc: None,
        }
    }

    fn plot(name: &str, kind: PlotKind, curves: &[&str]) -> Plot {
        Plot {
            name: name.into(),
            kind,
            curves: curves.iter().map(|label| curve(label)).collect(),
            against: None,
            log_x: false,
            log_y: false,
            of: None,
            title: None,
        }
    }

    /// Draws a plot of one run over these grids, `values` at each of `times`; gives the files.
    pub fn draw(
        name: &str,
        plot: &Plot,
        grids: &[FrameGrid],
        times: &[f64],
        values: &dyn Fn(f64) -> Vec<f64>,
    ) -> Vec<PathBuf> {
        let folder = std::env::temp_dir().join(format!("ansatz-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let model = Model {
            name: "Waves".into(),
            doc: Some("a made-up field".into()),
            ..Model::default()
        };
        let heading = Heading::of(&model);
        let mut pictures = Pictures::new(vec![(0, plot)], grids, &heading);
        for &t in times {
            pictures.add(Row {
                t,
                states: &[],
                observables: &[],
                fields: &[&values(t)],
                shown: &[],
            });
        }
        let mut paths = Vec::new();
        let stem = |plot: &Plot| folder.join(&plot.name);
        pictures.finish(&stem, &mut paths).unwrap();
        paths
    }

    fn times(n: u32, end: f64) -> Vec<f64> {
        (0..=n).map(|k| end * f64::from(k) / f64::from(n)).collect()
    }

    /// The size that a GIF or PNG says it has.
    fn names(paths: &[PathBuf]) -> Vec<String> {
        let names = paths.iter().filter_map(|path| path.file_name());
        names
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    fn text(path: &Path) -> String {
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_heat_map_shows_the_end() {
        let plot = plot("map", PlotKind::Heatmap, &["u"]);
        let grids = [grid(
            "square",
            &[("x", 64), ("y", 48)],
            &[("u", ArrayOf::Curve(0, 0))],
        )];
        let wave = |t: f64| {
            let at = |i: i32, j: i32| (f64::from(i) / 9.0 + t).sin() * (f64::from(j) / 7.0).cos();
            (0..48)
                .flat_map(|j| (0..64).map(move |i| at(i, j)))
                .collect()
        };
        let paths = draw("heat", &plot, &grids, &times(4, 20.0), &wave);
        assert_eq!(names(&paths), ["map.svg", "map.png"]);
        assert!(text(&paths[0]).contains(">t = 20<"));
    }

    #[test]
    fn a_space_time_plot_runs_over_all_times() {
        let plot = plot("space", PlotKind::SpaceTime, &["u"]);
        let grids = [grid("line", &[("x", 100)], &[("u", ArrayOf::Curve(0, 0))])];
        let wave = |t: f64| {
            (0..100)
                .map(|i| (f64::from(i) / 9.0 - t / 9.0).sin().exp())
                .collect()
        };
        let paths = draw("space", &plot, &grids, &times(3000, 150.0), &wave);
        assert_eq!(names(&paths), ["space.svg", "space.png"]);
        assert!(text(&paths[0]).contains(">140<"), "a tick of the time");
    }

    #[test]
    fn lines_name_the_times_that_were_saved() {
        let plot = plot("lines", PlotKind::Lines(vec![0.0, 1.3, 2.0]), &["u", "v"]);
        let arrays = [("u", ArrayOf::Curve(0, 0)), ("v", ArrayOf::Curve(0, 1))];
        let grids = [grid("line", &[("x", 50)], &arrays)];
        let wave = |t: f64| {
            let at = |phase: f64| (0..50).map(move |i| (f64::from(i) / 9.0 - t + phase).sin());
            at(0.0).chain(at(2.0)).collect()
        };
        let paths = draw("lines", &plot, &grids, &times(4, 2.0), &wave);
        let svg = text(&paths[0]);
        for label in ["u, t = 0", "v, t = 1.5", "saved nearest to 1.3", "u, t = 2"] {
            assert!(svg.contains(label), "{label}");
        }
    }

    #[test]
    fn movies_are_of_planes_and_of_curves() {
        let plot = plot("movie", PlotKind::Movie, &["u"]);
        let arrays = [("u", ArrayOf::Curve(0, 0))];
        let boxes = [grid("box", &[("x", 40), ("y", 20), ("z", 3)], &arrays)];
        let spots = |t: f64| {
            let at = move |i: i32| (f64::from(i % 40) / 5.0 + t).sin() + f64::from(i / 40) / 20.0;
            (0..2400).map(at).collect()
        };
        let paths = draw("movie", &plot, &boxes, &times(6, 3.0), &spots);
        assert_eq!(names(&paths), ["movie.gif"]);
        let lines = [grid("line", &[("x", 100)], &arrays)];
        let wave = |t: f64| (0..100).map(|i| (f64::from(i) / 9.0 - t).sin()).collect();
        let paths = draw("curve", &plot, &lines, &times(6, 3.0), &wave);
        assert_eq!(names(&paths), ["movie.gif"]);
    }

    #[test]
    fn what_pictures_keep_is_bounded() {
        let plots = [PlotKind::Movie, PlotKind::SpaceTime, PlotKind::Heatmap];
        let plots = plots.map(|kind| plot("bounded", kind, &["u"]));
        let arrays = [0, 1, 2].map(|k| ("u", ArrayOf::Curve(k, 0)));
        let grids = [grid("line", &[("x", 5000), ("y", 1)], &arrays)];
        let model = Model::default();
        let numbered = plots.iter().enumerate().collect();
        let mut pictures = Pictures::new(numbered, &grids, &Heading::of(&model));
        let values = vec![1.0; 15_000];
        for k in 0..1500 {
            pictures.add(Row {
                t: f64::from(k),
                states: &[],
                observables: &[],
                fields: &[&values],
                shown: &[],
            });
        }
        let counts = pictures.list.into_iter().map(|filling| match filling.kept {
            Kept::Map(_, values) => values.len(),
            Kept::Lines(_) => 0,
            Kept::SpaceTime(rows) | Kept::Movie(rows) => {
                rows.finish().iter().map(|(_, values)| values.len()).sum()
            }
        });
        let counts: Vec<usize> = counts.collect();
        assert!(counts[0] <= (MOVIE_FRAMES + 1) * MOVIE_NODES, "{counts:?}");
        assert!(
            counts[1] <= (SPACE_TIME_ROWS + 1) * SPACE_TIME_NODES,
            "{counts:?}"
        );
        assert!(counts[2] <= MAP_NODES, "{counts:?}");
    }
}
