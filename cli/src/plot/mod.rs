//! Plots: curves as SVG files, and small in the terminal; fields as heat maps and movies.

mod color;
mod data_url;
mod figure;
mod frame;
mod heat_map;
mod movie;
mod names;
mod pixels;
mod raster;
mod scale;
mod surface;
mod svg;
mod svg_surface;
mod terminal;

pub use data_url::data_url;
pub use figure::{Axis, Curve, Figure, Mark};
pub use heat_map::HeatMap;
pub use movie::{Movie, MovingCurve};
pub use raster::Side;
pub use scale::number;
