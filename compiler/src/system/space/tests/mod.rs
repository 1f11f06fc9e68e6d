//! Field equations built by hand, discretised and interpreted.

mod periodic;
mod sketch;
mod walls;
